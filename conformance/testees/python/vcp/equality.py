"""Equality of JSON values (MIGRATION.md, section 5)."""

import re

from . import numbers
from .json_text import SCALAR, decode, has_lone_surrogate
from .times import read_timestamp, with_t

TOKEN = re.compile(r"[\[\]{}]|" + SCALAR.pattern)


def same(first, second):
    """Tell whether two JSON texts have equal values."""
    if first == second:
        return True
    known = {}
    return _number(first, known) == _number(second, known)


def _number(text, known):
    """Number a value. Equal values have the same number, whatever the depth of nesting."""
    stack = [("", [])]
    for token in TOKEN.findall(text):
        opener, parts = stack[-1]
        if token in ("{", "["):
            stack.append((token, []))
            continue
        if token in ("}", "]"):
            stack.pop()
            key = _object_key(parts) if opener == "{" else ("list", *parts)
            parts = stack[-1][1]
        elif opener == "{" and len(parts) % 2 == 0:
            parts.append(_name_key(token))
            continue
        else:
            key = _scalar_key(token)
        parts.append(known.setdefault(key, len(known)))
    return stack[0][1][0]


def _object_key(parts):
    """Identify an object by its names and the numbers of their values. Order does not matter."""
    pairs = zip(parts[::2], parts[1::2])
    return ("object", *sorted(pairs, key=lambda pair: pair[0]))


def _name_key(token):
    """Identify a name."""
    name = decode(token)
    return ("spelled", token) if has_lone_surrogate(name) else ("decoded", name)


def _scalar_key(token):
    """Identify a string, a number, a boolean or null."""
    if token in ("true", "false", "null"):
        return ("word", token)
    if token[0] != '"':
        return ("number", numbers.exact(token))
    text = decode(token)
    if has_lone_surrogate(text):
        return ("spelled", token)
    return ("string", with_t(text) if read_timestamp(text) else text)
