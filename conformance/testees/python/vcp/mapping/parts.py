"""The parts of a member that rules read, with the form of each (MAPPING.md 3, `unread`)."""

from .paths import is_picked
from .readers import read_number, read_time
from .values import Fault, Nothing

SCALAR_TRANSFORMS = ("text", "id", "phone")
WORD_TRANSFORMS = ("word", "sentiment_word")
NUMBER_TRANSFORMS = (
    "epoch_ms",
    "epoch_s",
    "from_millis",
    "from_seconds",
    "from_minutes",
    "seconds_as_minutes",
    "count",
    "number",
    "round_3",
)


class Part:
    """A place inside a member. `form` is None if the place is not read as a whole."""

    def __init__(self, in_list=False):
        """Makes a place of which nothing is read yet."""
        self.form = None
        self.in_list = in_list
        self.members = {}
        self.elements = None
        self.is_rows = False
        self.picks = []
        self.is_read_unpicked = False

    def member(self, names):
        """Returns the part of a member, and makes it if needed."""
        part = self
        for name in names:
            part = part.members.setdefault(name, Part(part.in_list))
        return part

    def element(self, pick=None):
        """Returns the part of the elements, and makes it if needed."""
        if self.elements is None:
            self.elements = Part(in_list=True)
        if pick is None:
            self.elements.is_read_unpicked = True
        else:
            self.elements.picks.append(pick)
            self.elements.member(pick[0]).read_as("text")
        return self.elements

    def steps(self, path):
        """Returns the part that the brackets of a path lead to."""
        part = self
        for step in path.steps:
            part = part.element(step.pick).member(step.tail)
        return part

    def at(self, path):
        """Returns the part at a path that starts here."""
        return self.member(path.head).steps(path)

    def read_as(self, form):
        """Gives the place a form. The first form counts, but text replaces scalar."""
        if self.form is None or (self.form == "scalar" and form == "text"):
            self.form = form

    def for_element(self, element):
        """Returns the part that is read of one element, by the words that pick it."""
        if self.is_read_unpicked or not self.picks:
            return self
        if any(is_picked(element, pick) for pick in self.picks):
            return self
        picking = Part(in_list=True)
        for names, _ in self.picks:
            picking.member(names).read_as("text")
        return picking


def form_of_source(source):
    """Returns the form of the end of a source's path into a list, or None."""
    transform = source.transform
    if transform == "present":
        return None
    if transform in SCALAR_TRANSFORMS:
        return "scalar"
    if transform in WORD_TRANSFORMS:
        return "word"
    if transform in NUMBER_TRANSFORMS:
        return "number"
    return "time" if transform == "time" else "any"


def is_number(node):
    """Says whether a value is a number, or a string that holds one or is white space."""
    return node.kind == "number" or not_refused(read_number, node)


def is_time(node):
    """Says whether a value is a number, or a string that `time` does not refuse."""
    return node.kind == "number" or not_refused(read_time, node)


def not_refused(read, node):
    """Says whether a string can be read, or gives nothing."""
    try:
        read(node)
    except Nothing:
        return True
    except Fault:
        return False
    return True


FORMS = {
    "text": lambda node: node.kind == "string",
    "scalar": lambda node: node.kind in ("string", "number"),
    "word": lambda node: node.kind in ("string", "boolean"),
    "flag": lambda node: node.kind == "boolean" or node.text() in ('"true"', '"false"'),
    "number": is_number,
    "time": is_time,
    "key": lambda node: is_number(node) or is_time(node),
    "any": lambda node: True,
}


def has_form(node, form):
    """Says whether a value has a form."""
    return FORMS[form](node)
