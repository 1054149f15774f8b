"""The modelled places of a message, as the rules look at them."""

from . import model, numbers
from .faults import ROOT
from .json_text import is_set
from .times import read_timestamp


class Place:
    """A modelled value that is set, with its kind and its path."""

    __slots__ = ("value", "kind", "path")

    def __init__(self, value, kind, path):
        self.value, self.kind, self.path = value, kind, path

    def text(self):
        """Return the decoded string."""
        return self.value.string()

    def time(self):
        """Return the instant of a timestamp."""
        return read_timestamp(self.text()).instant()

    def number(self):
        """Return the value of an integer or a float."""
        reader = numbers.integer if self.kind.name == "integer" else numbers.double
        return reader(self.value.text())

    def inside(self):
        """Give the places of the modelled members, elements or values that are set."""
        for step, value, kind in _inner(self.value, self.kind):
            if is_set(value):
                yield Place(value, kind, self.path.to(step))


class Message:
    """A message of 0.5 that was read without faults other than unlisted words."""

    def __init__(self, root):
        self.root = root
        self.all = []  # every place, in the order of the text
        self.by_name = {}  # the places outside of lists, by their names
        self._add(Place(root, model.dialect("0.5"), ROOT), ())

    def at(self, dotted):
        """Return a place of the payload or of `audit`, or None if it is unset."""
        names = dotted.split(".")
        names = names if names[0] == "audit" else ["vcp_payload", *names]
        return self.by_name.get(tuple(names))

    def text(self, dotted):
        """Return the string at a place, or None if it is unset."""
        place = self.at(dotted)
        return place and place.text()

    def inside(self, dotted):
        """List the places in an object, a map or a list."""
        place = self.at(dotted)
        return list(place.inside()) if place else []

    def _add(self, place, names):
        """Add a place and all places inside of it. In lists, `names` is None."""
        self.all.append(place)
        if names is not None:
            self.by_name[names] = place
        for inner in place.inside():
            step = inner.path.step
            is_named = names is not None and isinstance(step, str)
            self._add(inner, (*names, step) if is_named else None)


def _inner(value, kind):
    """Give step, value and kind of the modelled parts of a value."""
    if kind.name == "capability" and value.kind == "object":
        kind = kind.content
    if kind.name == "object":
        for member in value.members():
            if member.name in kind.members:
                yield member.name, member.value, kind.members[member.name].kind
    elif kind.name == "map":
        for member in value.members():
            yield member.name, member.value, kind.content
    elif kind.name == "list":
        for index, element in enumerate(value.elements()):
            yield index, element, kind.content
