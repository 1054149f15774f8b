"""What a delivery's rules looked at, for the lists `unread` and `in_lists` (MAPPING.md 3)."""

from . import row_parts
from .parts import Part, form_of_source


class LookedAt:
    """The members that were looked at and taken, by their names from the root."""

    def __init__(self, delivery):
        """Starts with the members that decided how the delivery was recognised."""
        self.delivery = delivery
        self.places = {path.head for path in delivery.way.looked_at}
        self.taken = set()
        self.row_lists, self.conditions, self.transfer_lists = [], [], []
        self.criteria_lists, self.model_lists, self.sources = [], [], {}

    def look(self, path):
        """Notes that a member was looked at, and returns its names."""
        names = self.delivery.head_names(path)
        self.places.add(names)
        return names

    def take(self, path):
        """Notes that a member was read as a whole."""
        self.taken.add(self.look(path))

    def source(self, source):
        """Notes the member of a source."""
        if source.path is None:
            return
        if source.takes_whole_value:
            self.take(source.path)
        else:
            self.look(source.path)
            self.sources[source] = None

    def condition(self, condition):
        """Notes the member that a condition or a flag tests."""
        self.look(condition.path)
        if condition.path.has_brackets:
            self.conditions.append(condition)

    def rows(self, path, form):
        """Notes a list of rows."""
        self.look(path)
        self.row_lists.append((path, form))

    def models(self, keys):
        """Notes a list of models."""
        self.look(keys.path)
        self.model_lists.append(keys)

    def criteria(self, keys):
        """Notes a list of criteria."""
        self.look(keys.path)
        self.criteria_lists.append(keys)

    def transfers(self, keys):
        """Notes a list of transfers."""
        self.look(keys.list)
        self.transfer_lists.append(keys)

    def parts(self, superseded):
        """Returns the parts that are read, by the names of the member that has them.

        The order of the readers is that of the table of forms, because the first form counts.
        """
        tree = PartTree(self.delivery)
        for path, form in self.row_lists:
            tree.rows(path, form)
        for condition in self.conditions:
            tree.condition(condition)
        for keys in self.transfer_lists:
            tree.transfers(keys)
        for keys in self.criteria_lists:
            tree.criteria(keys)
        for keys in self.model_lists:
            tree.models(keys)
        for source in self.sources:
            if self.delivery.pointer(source.path) not in superseded:
                tree.source(source)
        return tree.parts


class PartTree:
    """The parts that are read of members with lists."""

    def __init__(self, delivery):
        """Starts without parts."""
        self.delivery, self.parts = delivery, {}

    def part(self, path):
        """Returns the part at the head of a path."""
        return self.parts.setdefault(self.delivery.head_names(path), Part())

    def source(self, source):
        """Adds the parts that a source reads."""
        if source.path.has_brackets:
            part, form = self.part(source.path).steps(source.path), form_of_source(source)
            if form:
                part.read_as(form)
        elif source.members:
            element = self.part(source.path).element()
            row_parts.read_conditions(element, source.rows)
            row_parts.read_all(element, source.members, "any")

    def condition(self, condition):
        """Adds the part that a condition or a flag reads."""
        form = row_parts.form_of_condition(condition)
        if form:
            self.part(condition.path).steps(condition.path).read_as(form)
        else:
            self.part(condition.path).element(condition.path.steps[0].pick)

    def rows(self, path, form):
        """Adds the parts of a list of rows."""
        element = self.part(path).element()
        element.is_rows = True
        row_parts.read_row(element, form)

    def models(self, keys):
        """Adds the parts of a list of models."""
        element = self.part(keys.path).element()
        row_parts.read_all(element, (*keys.name, keys.kind), "text")
        figures = (keys.minutes, *keys.cost, *keys.prompt_tokens, *keys.completion_tokens)
        row_parts.read_all(element, figures, "number")

    def criteria(self, keys):
        """Adds the parts of a list of criteria."""
        element = self.part(keys.path).element()
        row_parts.read(element, keys.id, "text")
        row_parts.read(element, keys.result, "word")
        row_parts.read_all(element, (keys.score, keys.max_score), "number")

    def transfers(self, keys):
        """Adds the parts of a list of transfers."""
        head = self.part(keys.list)
        element = head.steps(keys.list).element()
        row_parts.read_conditions(element, keys.when)
        row_parts.read_all(element, (*keys.to, keys.outcome), "scalar")
        row_parts.read(element, keys.at, "time")
        row_parts.read_clock(head.element(), keys.row_at)
