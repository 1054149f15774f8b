"""The canonical text of the checksum `legacy` (CHECKSUMS.md, section 1).

It is what `json.dumps(…, sort_keys=True)` of Python prints for the published model.
"""

import json

from . import numbers
from .faults import Refused
from .json_text import decode, is_deeper, is_set
from .times import python_text, read_timestamp
from .write import is_modelled, message_members

DEEPEST = 128
PRINTED_NAMES = {"from": "from_"}


def legacy_text(root, kind):
    """Print a message that was read without faults."""
    return _print(root, kind, 0)


def _print(value, kind, level):
    """Print a value of any kind. `level` counts the brackets around it."""
    if kind.name in PRINTERS:
        return PRINTERS[kind.name](value)
    if level >= DEEPEST:
        raise Refused("VCP_E008")
    return CONTAINERS[kind.name](value, kind, level + 1)


def _object(value, kind, level):
    """Print a modelled object with exactly its modelled members (section 1.1)."""
    members, parts = message_members(value, kind), {}
    for name, member in kind.members.items():
        if is_modelled(name, kind) and not _is_checksum(name, kind):
            printed = _member(members.get(name), member, level)
            parts[PRINTED_NAMES.get(name, name)] = printed
    return _joined(parts)


def _is_checksum(name, kind):
    """Tell whether a member is `audit.checksum`, which is left out."""
    return kind.title == "Audit" and name == "checksum"


def _member(value, member, level):
    """Print a member, which may be unset."""
    if is_set(value):
        return _print(value, member.kind, level)
    return json.dumps(member.default)  # null, unless the member has a default


def _map(value, kind, level):
    """Print a map."""
    return _joined({m.name: _print(m.value, kind.content, level) for m in value.members()})


def _list(value, kind, level):
    """Print a list."""
    elements = (_print(element, kind.content, level) for element in value.elements())
    return "[" + ", ".join(elements) + "]"


def _capability(value, kind, level):
    """Print a capability in the form in which it was given."""
    return _text(value) if value.kind == "string" else _object(value, kind.content, level)


def _free_form(value, kind, level):
    """Print free-form data (section 1.6). Its own bracket is counted already."""
    if is_deeper(value, DEEPEST - (level - 1)):
        raise Refused("VCP_E008")
    return _print_python(value)


def _print_python(value):
    """Print free-form data as Python reads it."""
    if value.kind == "object":
        return _joined({name: _print_python(inner) for name, inner in value.by_name().items()})
    if value.kind == "list":
        return "[" + ", ".join(_print_python(element) for element in value.elements()) + "]"
    text = value.text()
    if value.kind == "string":
        return json.dumps(decode(text))
    if value.kind == "number" and set(text) & set(".eE"):
        return json.dumps(float(text))
    return "0" if text == "-0" else text  # an integer of any size, a boolean or null


def _joined(parts):
    """Join members, sorted by the code points of their names."""
    return "{" + ", ".join(f"{json.dumps(name)}: {parts[name]}" for name in sorted(parts)) + "}"


def _text(value):
    """Print a text, a word or a version (section 1.3)."""
    return json.dumps(value.string())


def _time(value):
    """Print a time (section 1.5)."""
    return json.dumps(python_text(read_timestamp(value.string())))


def _integer(value):
    """Print an integer (section 1.4)."""
    return str(numbers.integer(value.text()))


def _float(value):
    """Print a float (section 1.4)."""
    return repr(numbers.double(value.text()))


def _boolean(value):
    """Print a boolean."""
    return value.text()


PRINTERS = {
    "text": _text,
    "word": _text,
    "version": _text,
    "time": _time,
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
}
CONTAINERS = {
    "object": _object,
    "map": _map,
    "list": _list,
    "capability": _capability,
    "free_form": _free_form,
}
