"""The lists `unread` and `in_lists`, and the forms of values inside lists (MAPPING.md 3)."""

from ..json_text import without_surrogates
from ..pointers import pointer_of
from .known_paths import known_paths
from .parts import Part, has_form
from .paths import names_of


class UnreadFinder:
    """Goes through a payload and finds what nothing read."""

    def __init__(self, delivery, looked_at, superseded, report):
        """Keeps what was looked at. `superseded` has the pointers and the names of their heads."""
        self.delivery, self.looked_at, self.report = delivery, looked_at, report
        self.parts = looked_at.parts(superseded)
        self.superseded = set(superseded)
        self.superseded_heads = set(superseded.values())
        self.ignored = ignored_names(delivery)
        self.unread, self.in_lists = {}, {}

    def run(self):
        """Visits the payload from its root."""
        self.visit(self.delivery.root, (), known_paths(self.delivery.provider))

    def visit(self, node, place, known):
        """Visits the members of an object of which parts are known."""
        for name, member in node.by_name().items():
            names = place + (name,)
            below = known.get(name)
            if names in self.looked_at.taken:
                continue
            if below is None:
                self.entry(names)
            elif member.kind == "object" and below.goes_on:
                self.visit(member, names, below)
            elif names not in self.looked_at.places:
                self.entry(names)
            elif not self.is_superseded(names):
                part = self.parts.get(names, Part())
                self.inside(part, member, names, below.goes_on)

    def is_superseded(self, names):
        """Says whether a member is superseded, or only superseded sources go into it."""
        if pointer_of(names) in self.superseded:
            return True
        return names in self.superseded_heads and names not in self.parts

    def entry(self, names):
        """Adds an entry to `unread`, unless the member is ignored or superseded."""
        pointer = pointer_of(tuple(without_surrogates(name) for name in names))
        if pointer not in self.superseded and not self.is_ignored(names):
            self.unread[pointer] = None

    def is_ignored(self, names):
        """Says whether a member is one that `ignored` lists, or inside it."""
        return any(names[: len(ignored)] == ignored for ignored in self.ignored)

    def inside(self, part, value, names, goes_on=False):
        """Looks for unread values inside a member, with a stack of its own."""
        stack = [(part, value, names, goes_on)]
        while stack:
            stack.extend(reversed(self.look(*stack.pop())))

    def look(self, part, value, names, goes_on=False):
        """Looks at one value, and returns the values inside it that are to be looked at."""
        if value.kind == "null":
            return []
        if part.form and not (part.members and value.kind == "object"):
            self.count(part, value, names)
            return []
        if value.kind == "object":
            return self.look_at_members(part, value, names)
        if value.kind == "list" and part.elements:
            return self.look_at_elements(part, value, names)
        if value.kind == "list" or part.in_list or part.members or part.elements or goes_on:
            self.entry(names)
        return []

    def look_at_members(self, part, value, names):
        """Returns the members of an object that are read, and adds entries for the others."""
        part = part.for_element(value)
        found = []
        for name, member in value.by_name().items():
            if name in part.members:
                found.append((part.members[name], member, names + (name,)))
            elif part.elements:
                found.append((part.elements, member, names + ("*",)))
            else:
                self.entry(names + (name,))
        return found

    def look_at_elements(self, part, value, names):
        """Returns the elements of a list. A row that is null has an entry."""
        if part.elements.is_rows and any(e.kind == "null" for e in value.elements()):
            self.entry(names + ("*",))
        return [(part.elements, element, names + ("*",)) for element in value.elements()]

    def count(self, part, value, names):
        """Counts a value inside a list, and checks its form."""
        if self.is_ignored(names):
            return
        pointer = pointer_of(names)
        self.in_lists[pointer] = self.in_lists.get(pointer, 0) + 1
        if not has_form(value, part.form):
            self.report.problem("VCP_E004", pointer)


def ignored_names(delivery):
    """Returns the names of the members that `ignored` lists (RULES.md 9.2)."""
    paths = [path for path in delivery.rule_file.ignored if not has_pick(path)]
    return [delivery.names(path) for path in paths if names_of(path)]


def has_pick(path):
    """Says whether a path picks elements by a word."""
    return any(step.pick for step in path.steps)
