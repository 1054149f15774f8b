"""The stash: what the way back of a migration needs (MIGRATION.md, section 3)."""

from typing import NamedTuple, Optional

from .dialects import OLDER
from .equality import same
from .json_text import Value, encode, has_lone_surrogate, read_json
from .pointers import escape, steps_of
from .read import MOST_MEMBERS
from .tree import Object, find, open_at, opened, part, refused

KEY = "vcp_migration"
STASH = "/vcp_payload/custom/experimental/" + KEY
EXPERIMENTAL = ["vcp_payload", "custom", "experimental"]
DEEPEST = 128
EXPERIMENTAL_WAS = "experimental_was"
REQUIRED = {"form", "direction", "dialect", "restore"}


class Operation(NamedTuple):
    """An operation of `restore`. `was` and `value` are None if they are absent."""

    op: str
    path: str
    was: Optional[Value] = None
    value: Optional[Value] = None

    def text(self):
        """Write the operation."""
        parts = [f'"op":"{self.op}"', f'"path":{encode(self.path)}']
        if self.was is not None:
            parts.append(f'"was":{self.was.text()}')
        if self.value is not None:
            parts.append(f'"value":{self.value.text()}')
        return "{" + ",".join(parts) + "}"


class Stash(NamedTuple):
    """A stash that was read. `experimental_was` is None if it is absent."""

    dialect: str
    restore: list
    experimental_was: Optional[Value]


def difference(before, after):
    """List the operations that lead from one value to the other, sorted by path (3.1)."""
    return sorted(_difference(before, after, "", 0), key=lambda o: o.path.encode("utf-8"))


def _difference(before, after, path, level):
    """List the operations at a place and below it."""
    if before.text() == after.text():
        return []
    if level <= DEEPEST and before.kind == after.kind == "object":
        return _of_objects(before, after, path, level)
    if level <= DEEPEST and before.kind == after.kind == "list":
        firsts, seconds = list(before.elements()), list(after.elements())
        if len(firsts) == len(seconds):
            return [
                operation
                for index, pair in enumerate(zip(firsts, seconds))
                for operation in _difference(*pair, f"{path}/{index}", level + 1)
            ]
    if same(before.text(), after.text()):
        return []
    return [Operation("replace", path, before, after)]


def _of_objects(before, after, path, level):
    """List the operations that lead from one object to another."""
    firsts, seconds = _numbered(before), _numbered(after)
    found = []
    for key, value in firsts.items():
        place = f"{path}/{escape(key[0])}"
        if key in seconds:
            found += _difference(value, seconds[key], place, level + 1)
        else:
            found.append(Operation("remove", place, was=value))
    for key, value in seconds.items():
        if key not in firsts:
            found.append(Operation("add", f"{path}/{escape(key[0])}", value=value))
    hinders = any(number or has_lone_surrogate(name) for name, number in [*firsts, *seconds])
    return [Operation("replace", path, before, after)] if found and hinders else found


def _numbered(value):
    """Map each name, with the number of its repetition, to its value."""
    found, counts = {}, {}
    for member in value.members():
        number = counts.get(member.name, 0)
        counts[member.name] = number + 1
        found[member.name, number] = member.value
    return found


def write_stash(root, direction, dialect, operations):
    """Put a stash into a message, an `Object` (3.2)."""
    custom = open_at(root, EXPERIMENTAL[:-1])
    former = custom.get("experimental")
    restore = ",".join(operation.text() for operation in operations)
    text = f'"form":1,"direction":"{direction}","dialect":"{dialect}","restore":[{restore}]'
    if former is None or former.kind != "object":
        text += f',"{EXPERIMENTAL_WAS}":null'
        custom.assign("experimental", Object([]))
    elif former.get(KEY) is not None:
        text += f',"{EXPERIMENTAL_WAS}":{former.text()}'
    experimental = custom.open("experimental")
    experimental.assign(KEY, read_json("{" + text + "}"))
    if len(experimental.members()) > MOST_MEMBERS:
        raise refused("/" + "/".join(EXPERIMENTAL), "VCP_E008")


def read_stash(root, direction):
    """Return the stash of a direction in a message, or None (3.3)."""
    found = find(root, [*EXPERIMENTAL, KEY])
    members = _members_once(found, REQUIRED, {EXPERIMENTAL_WAS})
    if members is None or members["form"].text() != "1":
        return None
    dialect = members["dialect"].string()
    if members["direction"].string() != direction or dialect not in OLDER:
        return None
    operations = _operations(members["restore"])
    was = members.get(EXPERIMENTAL_WAS)
    was_without_key = was is not None and was.kind == "object" and was.get(KEY) is None
    if operations is None or was_without_key:
        return None
    return Stash(dialect, operations, was)


def _members_once(value, required, optional):
    """Return the members of an object by name, or None if it has not exactly these."""
    if value is None or value.kind != "object":
        return None
    members = list(value.members())
    found = {member.name: member.value for member in members}
    fits = required <= set(found) <= required | optional and len(found) == len(members)
    return found if fits else None


def _operations(restore):
    """Read the operations of a stash, or return None."""
    if restore.kind != "list":
        return None
    operations = []
    for element in restore.elements():
        members = _members_once(element, {"op", "path"}, {"was", "value"})
        op = members and members["op"].string()
        path = members and members["path"].string()
        if op not in ("add", "remove", "replace") or path is None:
            return None
        operations.append(Operation(op, path, members.get("was"), members.get("value")))
    return operations


def take_stash(root, stash):
    """Remove a stash from a message, an `Object`, and restore `experimental` (3.3)."""
    custom = open_at(root, EXPERIMENTAL[:-1])
    experimental = custom.open("experimental")
    was = stash.experimental_was
    if was is not None and was.kind == "object":
        experimental.assign(KEY, was.get(KEY))
        return
    experimental.remove(KEY)
    if was is not None and was.kind == "null" and not experimental.members():
        custom.remove("experimental")


def apply_restore(root, operations):
    """Apply operations to a message, an `Object`, and tell for each if it was applied (3.4)."""
    applied = [False] * len(operations)
    tried = set()
    deepest_first = sorted(
        range(len(operations)), key=lambda index: -operations[index].path.count("/")
    )
    for index in deepest_first:
        operation = operations[index]
        if operation.path not in tried:
            tried.add(operation.path)
            applied[index] = _apply(root, operation)
    return applied


def _apply(root, operation):
    """Apply an operation if its condition holds, and tell whether it did."""
    op, path, was, value = operation
    steps = steps_of(path) if path.startswith("/") else []
    if not 0 < len(steps) <= DEEPEST + 1:
        return False
    parent, last = find(root, steps[:-1]), steps[-1]
    if parent is None or parent.kind not in ("object", "list"):
        return False
    if not _holds(op, parent, part(parent, last), was, value):
        return False
    parent = open_at(root, steps[:-1])
    if op == "remove":
        parent.remove(last)
    elif parent.kind == "object":
        parent.assign(last, value)
    else:
        parent.items[int(last)] = opened(value)
    return True


def _holds(op, parent, present, was, value):
    """Tell whether an operation is applicable to the present value."""
    if op == "add":
        return parent.kind == "object" and present is None and value is not None
    is_expected = present is not None and was is not None and same(present.text(), was.text())
    return is_expected and (parent.kind == "object" if op == "remove" else value is not None)
