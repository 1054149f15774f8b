"""Reading and recognising a delivery (MAPPING.md 2, RULES.md 3.2 and 3.3)."""

from ..faults import ROOT, Refused
from ..pointers import pointer_of
from ..read import read_text
from ..texts import trim
from .conditions import passes
from .paths import find, names_of, values_at
from .values import is_filled, string_of, text_of


class NotACall(Exception):
    """Says that a delivery is no call record, and names its event."""

    def __init__(self, event):
        """Keeps the name of the event."""
        super().__init__(event)
        self.event = event


class Delivery:
    """A recognised delivery: its record, its event, and the rules for it."""

    def __init__(self, provider, root, way, event):
        """Finds the record and the rule file of the event."""
        self.provider, self.root, self.way, self.event = provider, root, way, event
        self.rule_file = provider.rule_files[event.rules]
        self.at = way.at if event.at is None else event.at
        self.record = find(root, self.at)

    def start_of(self, path):
        """Returns the value at which a path starts."""
        return self.root if path.from_root else self.record

    def values(self, path):
        """Returns the candidates of a path."""
        start = self.start_of(path)
        return [] if start is None else values_at(start, path)

    def member(self, path):
        """Returns the member of a source: with brackets the first candidate that is filled."""
        values = self.values(path)
        if path.has_brackets:
            values = [value for value in values if is_filled(value)]
        return values[0] if values else None

    def head(self, path):
        """Returns the value of a path up to its first bracket."""
        return find(self.start_of(path), path.head)

    def names(self, path):
        """Returns the names of a path from the root, with `*` for each bracket."""
        return (() if path.from_root else self.at) + names_of(path)

    def head_names(self, path):
        """Returns the names of a path from the root, up to its first bracket."""
        return (() if path.from_root else self.at) + path.head

    def pointer(self, path):
        """Returns the pointer of a path."""
        return pointer_of(self.names(path))

    def head_pointer(self, path):
        """Returns the pointer of a path up to its first bracket."""
        return pointer_of(self.head_names(path))

    def holds(self, conditions, written=()):
        """Says whether all conditions hold, after these targets were written (RULES.md 5)."""
        return all(self.condition_holds(condition, written) for condition in conditions)

    def condition_holds(self, condition, written):
        """Says whether one condition holds."""
        if condition.kind == "event":
            return self.event.name in condition.words
        if condition.kind == "written":
            return all(target in written for target in condition.words)
        if condition.kind == "any_of":
            return any(self.condition_holds(part, written) for part in condition.parts)
        return passes(condition, self.values(condition.path))


def read_body(body):
    """Reads the bytes of a delivery as a JSON object."""
    root = read_text(body)
    if root.kind != "object":
        raise Refused("VCP_E002")
    return root


def recognise(provider, root):
    """Returns the delivery, or raises NotACall or a refusal."""
    way, name = find_event(provider, root)
    event = provider.events.get(name)
    if event is None or event.assembled or not event.rules:
        raise NotACall(name)
    delivery = Delivery(provider, root, way, event)
    if event.unless and delivery.holds(event.unless):
        raise NotACall(name)
    if delivery.record is None or delivery.record.kind != "object":
        raise Refused("VCP_E002", ROOT.down(delivery.at))
    return delivery


def find_event(provider, root):
    """Returns the way that fits and the name of the event (RULES.md 3.2)."""
    way = next((way for way in provider.ways if way_fits(way, root)), None)
    if way is not None and way.event_from is None:
        return way, way.event
    if way is not None:
        word = string_of(find(root, way.event_from.head))
        if word is None:
            raise Refused("VCP_E002", ROOT.down(way.event_from.head))
        if trim(word):
            return way, way.event + trim(word)
    for path in provider.lists_of_calls:
        value = find(root, path.head)
        if value is not None and value.kind == "list":
            raise Refused("VCP_E002", ROOT.down(path.head))
    raise NotACall("unknown")


def way_fits(way, root):
    """Says whether a way of `detect` fits a payload."""
    has_any = any(has(root, path) for path in way.has_any)
    return (
        all(has(root, path) for path in way.has)
        and (has_any or not way.has_any)
        and all(is_filled(find(root, path.head)) for path in way.filled)
        and not any(has(root, path) for path in way.lacks)
    )


def has(root, path):
    """Says whether a member is present. Null is present."""
    return find(root, path.head) is not None


def idempotency_key(delivery):
    """Returns the idempotency key, or None (MAPPING.md 13)."""
    parts = []
    for paths in delivery.event.key:
        texts = [text_of(delivery.member(path)) for path in paths]
        parts.append(next((text for text in texts if text), ""))
    if not parts or not parts[0]:
        return None
    return ":".join([delivery.provider.name, delivery.event.name] + parts)


def missing_members(delivery):
    """Returns the pointers of the required members that are absent (RULES.md 3.3)."""
    return [
        delivery.pointer(path) for path in delivery.event.required if not delivery.values(path)
    ]
