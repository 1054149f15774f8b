"""Writing a message of 0.5 that was read without faults (READING.md, section 9)."""

import json

from . import model, numbers
from .json_text import encode, is_set
from .times import with_t


def written(root):
    """Write a whole message."""
    return write(root, model.dialect("0.5"))


def write(value, kind):
    """Write a value of any kind."""
    return WRITERS[kind.name](value, kind)


def call_members(members):
    """Make one field of `from` and `from_` (READING.md, section 6)."""
    name, alias = members.get("from"), members.get("from_")
    if is_set(name) and is_set(alias) and name.string() != alias.string():
        return members
    others = {key: value for key, value in members.items() if key != "from_"}
    return {**others, "from": name if is_set(name) else alias}


def message_members(value, kind):
    """Return the members of a modelled object by name, with one field for `from`."""
    members = {member.name: member.value for member in value.members()}
    return call_members(members) if "from_" in kind.members else members


def is_modelled(name, kind):
    """Tell whether a written object has this name as a modelled member. `from_` is none."""
    return name in kind.members and name != "from_"


def _object(value, kind):
    """Write a modelled object: modelled members in the order of the schema, then the others."""
    members, parts = message_members(value, kind), []
    for name, member in kind.members.items():
        inner = members.get(name) if is_modelled(name, kind) else None
        if is_set(inner):
            parts.append(f"{encode(name)}:{write(inner, member.kind)}")
        elif member.presence == "default":
            parts.append(f"{encode(name)}:{json.dumps(member.default)}")
    for name, inner in members.items():
        if not is_modelled(name, kind):
            parts.append(f"{encode(name)}:{inner.text()}")
    return "{" + ",".join(parts) + "}"


def _map(value, kind):
    """Write a map in the order of the text."""
    parts = [f"{encode(m.name)}:{write(m.value, kind.content)}" for m in value.members()]
    return "{" + ",".join(parts) + "}"


def _list(value, kind):
    """Write a list."""
    return "[" + ",".join(write(element, kind.content) for element in value.elements()) + "]"


def _capability(value, kind):
    """Write a capability in the form in which it was read."""
    return _text(value, kind) if value.kind == "string" else _object(value, kind.content)


def _as_spelled(value, kind):
    """Write free-form data, or a boolean."""
    return value.text()


def _text(value, kind):
    """Write a text, a word or a version."""
    return encode(value.string())


def _time(value, kind):
    """Write a timestamp with `T`."""
    return encode(with_t(value.string()))


def _integer(value, kind):
    """Write an integer in decimal digits."""
    return str(numbers.integer(value.text()))


def _float(value, kind):
    """Write a float with the shortest digits."""
    return numbers.written(numbers.double(value.text()))


WRITERS = {
    "object": _object,
    "map": _map,
    "list": _list,
    "capability": _capability,
    "free_form": _as_spelled,
    "boolean": _as_spelled,
    "text": _text,
    "word": _text,
    "version": _text,
    "time": _time,
    "integer": _integer,
    "float": _float,
}
