"""A lossless view of a JSON text (READING.md, section 2).

A `Value` is a part of a well-formed text. It keeps the order of members, repeated names, and the
spelling of numbers and strings. Its parts are read when they are asked for, one level at a time.
"""

import json
import re

# All repetitions are possessive: a JSON token can be read in one way only. So one match reads any
# length of text without going back.
_SPACE = r"[ \t\n\r]*+"
_STRING = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+"'
_NUMBER = r"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+"
_SCALAR = f"(?:{_STRING}|{_NUMBER}|true|false|null)"
_NAME = f"{_STRING}{_SPACE}:{_SPACE}"
_MORE = f"{_SPACE},{_SPACE}"
_FLAT_LIST = rf"\[{_SPACE}(?:{_SCALAR}(?:{_MORE}{_SCALAR})*+)?+{_SPACE}\]"
_FLAT_OBJECT = rf"\{{{_SPACE}(?:{_NAME}{_SCALAR}(?:{_MORE}{_NAME}{_SCALAR})*+)?+{_SPACE}\}}"
_FLAT = f"(?:{_SCALAR}|{_FLAT_LIST}|{_FLAT_OBJECT})"

SPACE = re.compile(_SPACE)
STRING = re.compile(_STRING)
SCALAR = re.compile(_SCALAR)
NAME = re.compile(_NAME)
COLON = re.compile(f"{_SPACE}:{_SPACE}")
COMMA = re.compile(f"{_SPACE},?+{_SPACE}")
FLAT_MEMBERS = re.compile(f"{_SPACE}(?:{_NAME}{_FLAT}{_MORE})*+")
FLAT_ELEMENTS = re.compile(f"{_SPACE}(?:{_FLAT}{_MORE})*+")
TO_BRACKET = re.compile(r'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
LONE_SURROGATE = re.compile("[\ud800-\udfff]")

CLOSING = {"{": "}", "[": "]"}
KINDS = {"{": "object", "[": "list", '"': "string", "t": "boolean", "f": "boolean", "n": "null"}
SHALLOW = 12  # The ends of objects and lists up to this depth are remembered.


class NotJson(ValueError):
    """The text is not one JSON value."""


class Source:
    """A well-formed JSON text, and where its outer objects and lists end."""

    __slots__ = ("text", "ends")

    def __init__(self, text, ends):
        self.text, self.ends = text, ends

    def end_of(self, start):
        """Return the position behind the value that begins at `start`."""
        if self.text[start] in CLOSING:
            return self.ends.get(start) or _end_of_container(self.text, start)
        return SCALAR.match(self.text, start).end()


class Member:
    """A member of an object: its decoded name, the spelling of the name, and its value."""

    __slots__ = ("name", "token", "value")

    def __init__(self, name, value, token=None):
        self.name, self.value, self.token = name, value, token or encode(name)


class Value:
    """A value in a JSON text."""

    __slots__ = ("source", "start", "end")

    def __init__(self, source, start, end):
        self.source, self.start, self.end = source, start, end

    @property
    def kind(self):
        """Name the JSON type: object, list, string, number, boolean or null."""
        return KINDS.get(self.source.text[self.start], "number")

    def text(self):
        """Return the value as it is spelled."""
        return self.source.text[self.start : self.end]

    def string(self):
        """Return the decoded string, or None for another type or with a lone surrogate."""
        if self.kind != "string":
            return None
        decoded = decode(self.text())
        return None if has_lone_surrogate(decoded) else decoded

    def members(self):
        """Give the members of an object, repeated ones too."""
        text, end_of = self.source.text, self.source.end_of
        at = SPACE.match(text, self.start + 1).end()
        while text[at] != "}":
            name_end = STRING.match(text, at).end()
            start = COLON.match(text, name_end).end()
            value = Value(self.source, start, end_of(start))
            token = text[at:name_end]
            yield Member(decode(token), value, token)
            at = COMMA.match(text, value.end).end()

    def elements(self):
        """Give the elements of a list."""
        text, end_of = self.source.text, self.source.end_of
        at = SPACE.match(text, self.start + 1).end()
        while text[at] != "]":
            value = Value(self.source, at, end_of(at))
            yield value
            at = COMMA.match(text, value.end).end()

    def get(self, name):
        """Return the first value under a name, or None. A value that is no object has none."""
        members = self.members() if self.kind == "object" else ()
        return next((member.value for member in members if member.name == name), None)


def read_json(text):
    """Read a text as one JSON value."""
    value = Value(Source(text, _ends_of_containers(text)), SPACE.match(text).end(), 0)
    value.end = value.source.end_of(value.start)
    return value


def decode(token):
    """Return the string that a JSON string stands for. Lone surrogates stay."""
    return json.loads(token) if "\\" in token else token[1:-1]


def encode(text):
    """Write a string as JSON, with as few escapes as possible (READING.md, section 9)."""
    return json.dumps(text, ensure_ascii=False)


def has_lone_surrogate(text):
    """Tell whether a decoded string has a lone surrogate."""
    return LONE_SURROGATE.search(text) is not None


def is_set(value):
    """Tell whether a member is neither absent nor null."""
    return value is not None and value.kind != "null"


def is_deeper(text, limit):
    """Tell whether more than `limit` brackets are open at once."""
    depth = 0
    for _, bracket in _brackets(text, 0):
        depth += 1 if bracket in CLOSING else -1
        if depth > limit:
            return True
    return False


def _ends_of_containers(text):
    """Check the grammar without recursion, and map the starts of outer containers to ends."""
    ends, starts = {}, []  # `starts` has the objects and lists that are open
    at = _begin_value(text, SPACE.match(text).end(), starts)
    while starts:
        at = SPACE.match(text, at).end() + 1
        sign, closer = text[at - 1 : at], CLOSING[text[starts[-1]]]
        if sign == closer:
            start = starts.pop()
            if len(starts) < SHALLOW:
                ends[start] = at
        elif sign == ",":
            at = _begin_value(text, _begin_item(text, at, closer), starts)
        else:
            raise NotJson(f"unexpected text at {at - 1}")
    if SPACE.match(text, at).end() != len(text):
        raise NotJson(f"unexpected text at {at}")
    return ends


def _begin_value(text, at, starts):
    """Pass a scalar, or the beginnings of objects and lists up to a scalar or an empty one."""
    while text[at : at + 1] in ("{", "["):
        starts.append(at)
        closer = CLOSING[text[at]]
        at = SPACE.match(text, at + 1).end()
        if text[at : at + 1] == closer:
            return at
        at = _begin_item(text, at, closer)
    scalar = SCALAR.match(text, at)
    if scalar is None:
        raise NotJson(f"no value at {at}")
    return scalar.end()


def _begin_item(text, at, closer):
    """Pass members or elements that are flat, and return where the next value begins."""
    if closer == "]":
        return FLAT_ELEMENTS.match(text, at).end()
    at = FLAT_MEMBERS.match(text, at).end()
    name = NAME.match(text, at)
    if name is None:
        raise NotJson(f"no name at {at}")
    return name.end()


def _brackets(text, at):
    """Give each bracket outside of strings, with the position behind it."""
    while True:
        at = TO_BRACKET.match(text, at).end() + 1
        if at > len(text):
            return
        yield at, text[at - 1]


def _end_of_container(text, start):
    """Return the position behind the object or list that begins at `start`."""
    depth = 0
    for at, bracket in _brackets(text, start):
        depth += 1 if bracket in CLOSING else -1
        if depth == 0:
            return at
    raise NotJson("an object or a list has no end")
