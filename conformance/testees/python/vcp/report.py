"""The report of a migration (MIGRATION.md, section 7)."""

from typing import NamedTuple, Optional

from .faults import Refused
from .pointers import escape, steps_of
from .read import LONGEST_TEXT
from .stash import STASH
from .tree import content_of
from .write import is_modelled

PAYLOAD = "/vcp_payload"
MOST_BYTES_OF_KEPT = 4 * LONGEST_TEXT


class Entry(NamedTuple):
    """An entry of the report."""

    kind: str
    source: Optional[str]
    target: Optional[str]

    def answer(self):
        """Return the entry as in the protocol."""
        return {name: value for name, value in self._asdict().items() if value is not None}


def unknown_members(value, kind, pointer="", modelled=is_modelled):
    """Give the pointer and the member of each unknown member of a message."""
    if kind.name == "capability" and value.kind == "object":
        kind = kind.content
    if kind.name in ("object", "map") and value.kind == "object":
        for member in value.members():
            place = f"{pointer}/{escape(member.name)}"
            if kind.name == "object" and not modelled(member.name, kind):
                yield place, member
            else:
                inner = content_of(kind, member.name)
                yield from unknown_members(member.value, inner, place, modelled)
    elif kind.name == "list" and value.kind == "list":
        for index, element in enumerate(value.elements()):
            yield from unknown_members(element, kind.content, f"{pointer}/{index}", modelled)


def kept_entries(places, source_audit="/audit", target_audit="/audit"):
    """Make the entries of unknown members. `audit` may have another place in a message."""
    entries, used = [], 0
    for place in places:
        is_audit = place.startswith("/audit/")
        source = source_audit + place[len("/audit") :] if is_audit else place
        target = target_audit + place[len("/audit") :] if is_audit else place
        used += len(source.encode()) + len(target.encode())
        if used > MOST_BYTES_OF_KEPT:
            raise Refused("VCP_E008")
        entries.append(Entry("kept", source, target))
    return entries


def lost_entries(operations, entries, kind):
    """Make the entries of values that only `restore` holds: moved or dropped (step 3)."""
    sources = {entry.source for entry in entries}
    covering = {entry.source for entry in entries if entry.kind != "renamed"}
    found = []
    for operation in operations:
        path = operation.path
        around = (path[:at] for at, sign in enumerate(path) if sign == "/" and at)
        is_covered = path in sources or any(place in covering for place in around)
        if operation.op == "replace" or (operation.op == "add" and not is_covered):
            found.append(Entry(kind, path, STASH if kind == "moved" else None))
            sources.add(path)
            covering.add(path)
    return found


def restored_entries(operations, applied, rule_entries, audit="/audit"):
    """Return the entries of the rules, and those of what `restore` did to them (step 4).

    `audit` is the place of `audit` in the result.
    """
    by_target, undone, found = {}, set(), []
    for entry in rule_entries:
        by_target.setdefault(entry.target, []).append(entry)
    for index, (operation, was_applied) in enumerate(zip(operations, applied)):
        place, path = f"{STASH}/restore/{index}", operation.path
        if not was_applied:
            found.append(Entry("dropped", place, path))
        elif operation.op != "remove":
            found.append(Entry("moved", place, path))
        elif path in by_target:
            undone.add(path)
            renamed = [entry for entry in by_target[path] if entry.kind == "renamed"]
            found += [Entry("assumed", entry.source, None) for entry in renamed]
        else:
            is_audit = path.startswith(audit + "/")
            source = "/audit" + path[len(audit) :] if is_audit else path
            found.append(Entry("assumed", source, None))
    return [entry for entry in rule_entries if entry.target not in undone], found


def in_order(entries, source):
    """Sort entries by the position of their source in the source document."""
    positions = _Positions(source)
    return sorted(entries, key=lambda entry: positions.of(entry.source or entry.target))


class _Positions:
    """The positions of places in a document."""

    def __init__(self, root):
        self.root = root
        self.known = {}  # for the pointer of an object: the indexes and values of its members

    def of(self, pointer):
        """Return the indexes on the way to a place. An absent member comes last."""
        value, way, at = self.root, [], ""
        for step in steps_of(pointer):
            index, value = self._step(value, at, step)
            way.append(index)
            if value is None:
                break
            at = f"{at}/{escape(step)}"
        return tuple(way)

    def _step(self, value, at, step):
        """Return the index and the value of a member or an element."""
        if at not in self.known:
            self.known[at] = _indexed(value)
        indexed = self.known[at]
        return indexed.get(step, (len(indexed), None))


def _indexed(value):
    """Map each name or index to its position and its value."""
    if value.kind == "object":
        parts = [(member.name, member.value) for member in value.members()]
    elif value.kind == "list":
        parts = [(str(index), element) for index, element in enumerate(value.elements())]
    else:
        parts = []
    found = {}
    for index, (name, inner) in enumerate(parts):
        found.setdefault(name, (index, inner))
    return found
