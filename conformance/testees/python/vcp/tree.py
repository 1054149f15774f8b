"""A message that can be changed, as migrations do, and the places in it.

Objects and lists that were opened can be changed. All other parts stay values of the text, so that
they keep their spelling.
"""

import re

from .faults import ROOT, Refused
from .json_text import Member, Value, encode, is_set, read_json
from .pointers import steps_of

INDEX = re.compile("0|[1-9][0-9]{0,8}")


class Object:
    """An object that can be changed. It keeps the order of members, and repeated names."""

    kind = "object"

    def __init__(self, members):
        self._members = {}  # by the name, or for a repeated member by name and number
        for member in members:
            is_new = member.name not in self._members
            key = member.name if is_new else (member.name, len(self._members))
            self._members[key] = Member(member.name, member.value, member.token)

    def members(self):
        """List the members."""
        return list(self._members.values())

    def string(self):
        """Return None, because an object is no string."""
        return None

    def get(self, name):
        """Return the first value under a name, or None."""
        member = self._members.get(name)
        return member and member.value

    def assign(self, name, value):
        """Replace the value of a member, or add the member."""
        if name in self._members:
            self._members[name].value = value
        else:
            self._members[name] = Member(name, value)

    def remove(self, name):
        """Remove a member, and return its value or None."""
        member = self._members.pop(name, None)
        return member and member.value

    def rename(self, old, new):
        """Rename a member (MIGRATION.md, introduction). Tell whether it is to be reported."""
        if old not in self._members or is_set(self.get(new)):
            return False
        self.remove(new)
        self._members = {new if k == old else k: m for k, m in self._members.items()}
        value = self.get(new)
        self._members[new] = Member(new, value)
        return is_set(value)

    def open(self, name):
        """Make the object or list under a name changeable, and return it. Else return None."""
        member = self._members.get(name)
        if member is None or member.value.kind not in ("object", "list"):
            return None
        member.value = opened(member.value)
        return member.value

    def text(self):
        """Write the object."""
        parts = (f"{member.token}:{member.value.text()}" for member in self._members.values())
        return "{" + ",".join(parts) + "}"


class List:
    """A list that can be changed."""

    kind = "list"

    def __init__(self, items):
        self.items = list(items)

    def elements(self):
        """List the elements."""
        return self.items

    def string(self):
        """Return None, because a list is no string."""
        return None

    def text(self):
        """Write the list."""
        return "[" + ",".join(item.text() for item in self.items) + "]"


def opened(value):
    """Make one level of a value changeable."""
    if not isinstance(value, Value):
        return value
    if value.kind == "object":
        return Object(value.members())
    return List(value.elements()) if value.kind == "list" else value


def opened_by(value, kind):
    """Make all modelled objects, maps and lists of a value changeable."""
    if kind.name == "capability" and value.kind == "object":
        kind = kind.content
    if kind.name not in ("object", "map", "list"):
        return value
    value = opened(value)
    if value.kind == "list":
        value.items = [opened_by(item, kind.content) for item in value.items]
    elif value.kind == "object":
        for member in value.members():
            inner = content_of(kind, member.name)
            member.value = opened_by(member.value, inner) if inner else member.value
    return value


def content_of(kind, name):
    """Return the kind of a member of a modelled object or a map. An unknown member has none."""
    if kind.name == "map":
        return kind.content
    return kind.members[name].kind if name in kind.members else None


def new_string(text):
    """Make a string."""
    return read_json(encode(text))


def is_list(value):
    """Tell whether a value that was opened is a list."""
    return value is not None and value.kind == "list"


def refused(pointer, code="VCP_E003"):
    """Make the refusal of the value at a place that is in no list."""
    return Refused(code, ROOT.down(steps_of(pointer)))


def part(value, step):
    """Return the member or element at a step, or None."""
    if value is not None and value.kind == "object":
        return value.get(step)
    if value is not None and value.kind == "list" and INDEX.fullmatch(step):
        elements = value.elements()
        return elements[int(step)] if int(step) < len(elements) else None
    return None


def find(root, steps):
    """Return the value at the steps of a pointer, or None."""
    value = root
    for step in steps:
        value = part(value, step)
    return value


def open_at(root, steps):
    """Make the objects and lists on the way to an existing place changeable."""
    value = root
    for step in steps:
        if value.kind == "object":
            value = value.open(step)
        else:
            value.items[int(step)] = opened(value.items[int(step)])
            value = value.items[int(step)]
    return value
