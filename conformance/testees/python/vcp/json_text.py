"""JSON texts without loss (READING.md, section 2, and RULES.md, section 1).

A `Value` is a part of a well-formed text. It keeps the order of members, repeated names, and the
spelling of numbers and strings.
"""

import json
import re

# All repetitions are possessive: a JSON token can be read in one way only. So one match reads any
# length of text without going back.
_SPACE = r"[ \t\n\r]*+"
_STRING = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+"'
_NUMBER = r"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+"

SPACE = re.compile(_SPACE)
STRING = re.compile(_STRING)
SCALAR = re.compile(f"(?:{_STRING}|{_NUMBER}|true|false|null)")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")

KINDS = {"{": "object", "[": "list", '"': "string", "t": "boolean", "f": "boolean", "n": "null"}
CLOSING = {"object": "}", "list": "]"}


class NotJson(ValueError):
    """The text is not one JSON value."""


class Member:
    """A member of an object: its decoded name, the spelling of the name, and its value."""

    __slots__ = ("name", "token", "value")

    def __init__(self, name, value, token=None):
        self.name, self.value, self.token = name, value, token or encode(name)


class Value:
    """A value in a JSON text.

    `kind` is the JSON type: object, list, string, number, boolean or null. `parts` has the members
    of an object or the elements of a list.
    """

    __slots__ = ("kind", "source", "start", "end", "parts")

    def __init__(self, kind, source, start, end, parts):
        self.kind, self.source, self.start, self.end = kind, source, start, end
        self.parts = parts

    def text(self):
        """Return the value as it is spelled."""
        return self.source[self.start : self.end]

    def string(self):
        """Return the decoded string, or None for another type or with a lone surrogate."""
        if self.kind != "string":
            return None
        decoded = decode(self.text())
        return None if has_lone_surrogate(decoded) else decoded

    def members(self):
        """List the members of an object, repeated ones too. Any other value has none."""
        return self.parts if self.kind == "object" else ()

    def elements(self):
        """List the elements of a list. Any other value has none."""
        return self.parts if self.kind == "list" else ()

    def get(self, name):
        """Return the first value under a name, or None."""
        return next((member.value for member in self.members() if member.name == name), None)

    def by_name(self):
        """Return the values of the members by name. Of a repeated member, the last counts."""
        return {member.name: member.value for member in self.members()}

    def inner_values(self):
        """List the values of all members, or the elements."""
        return [member.value for member in self.members()] or self.elements()


def read_json(text):
    """Read a text as one JSON value."""
    return _Reader(text).read()


class _Reader:
    """Reads a text. The objects and lists that are open are in a list, so any depth is possible."""

    def __init__(self, text):
        self.text, self.at, self.open = text, 0, []

    def read(self):
        """Read the whole text."""
        root = self.value()
        while self.open:
            outer = self.open[-1]
            if self.next() == CLOSING[outer.kind]:
                self.at += 1
                self.open.pop().end = self.at
            else:
                outer.parts.append(self.part(outer))
        if self.next() != "":
            raise NotJson(f"unexpected text at {self.at}")
        return root

    def next(self):
        """Pass white space, and return the character behind it, or an empty text at the end."""
        self.at = SPACE.match(self.text, self.at).end()
        return self.text[self.at : self.at + 1]

    def take(self, sign):
        """Pass a sign that must be next."""
        if self.next() != sign:
            raise NotJson(f"no {sign} at {self.at}")
        self.at += 1

    def token(self, pattern):
        """Pass a token that must be here, and return it."""
        found = pattern.match(self.text, self.at)
        if found is None:
            raise NotJson(f"unexpected text at {self.at}")
        self.at = found.end()
        return found.group()

    def part(self, outer):
        """Read the next member of an object, or the next element of a list."""
        if outer.parts:
            self.take(",")
        if outer.kind == "list":
            return self.value()
        self.next()
        name = self.token(STRING)
        self.take(":")
        return Member(decode(name), self.value(), name)

    def value(self):
        """Read a scalar, or the opening bracket of an object or a list."""
        kind = KINDS.get(self.next(), "number")
        start = self.at
        if kind not in CLOSING:
            self.token(SCALAR)
            return Value(kind, self.text, start, self.at, ())
        self.at += 1
        self.open.append(Value(kind, self.text, start, self.at, []))
        return self.open[-1]


def decode(token):
    """Return the string that a JSON string stands for. Lone surrogates stay."""
    return json.loads(token) if "\\" in token else token[1:-1]


def encode(text):
    """Write a string as JSON, with as few escapes as possible (READING.md, section 9)."""
    return json.dumps(text, ensure_ascii=False)


def has_lone_surrogate(text):
    """Tell whether a decoded string has a lone surrogate."""
    return LONE_SURROGATE.search(text) is not None


def without_surrogates(text):
    """Replace each lone surrogate of a decoded string by U+FFFD."""
    return LONE_SURROGATE.sub("\ufffd", text)


def is_set(value):
    """Tell whether a member is neither absent nor null."""
    return value is not None and value.kind != "null"


def is_deeper(value, limit):
    """Tell whether more than `limit` objects and lists are inside each other."""
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in outer.inner_values()]
    return any(value.kind in CLOSING for value in level)
