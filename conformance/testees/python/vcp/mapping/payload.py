"""A small JSON reader that keeps the spelling of every value (RULES.md 1, "JSON text").

It uses a stack of its own, because the depth of a payload is not limited (MAPPING.md 2).
"""

import json
import re

SPACE = re.compile(r"[ \t\n\r]*")
STRING = re.compile(
    r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"'
)
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
WORD = re.compile(r"true|false|null")
SURROGATE = re.compile("[\ud800-\udfff]")
WORD_KINDS = {"true": "boolean", "false": "boolean", "null": "null"}


class NotJson(Exception):
    """Says that a text is not one JSON value."""


class Node:
    """One JSON value with its place in the text."""

    __slots__ = ("kind", "source", "start", "end", "members", "by_name", "elements", "_string")

    def __init__(self, kind, source, start, end):
        """Makes a value of a kind: object, list, string, number, boolean or null."""
        self.kind, self.source, self.start, self.end = kind, source, start, end
        self.members, self.by_name, self.elements = [], {}, []
        self._string = None

    @property
    def raw(self):
        """Returns the value as the payload spells it."""
        return self.source[self.start : self.end]

    @property
    def spelled(self):
        """Returns the string with its lone surrogates, as the escapes say."""
        if self._string is None:
            self._string = decode(self.raw)
        return self._string

    @property
    def string(self):
        """Returns the string with U+FFFD for each lone surrogate (RULES.md 1)."""
        return without_surrogates(self.spelled)

    @property
    def has_lone_surrogate(self):
        """Says whether a lone surrogate had to be replaced."""
        return SURROGATE.search(self.spelled) is not None

    def get(self, name):
        """Returns the last member with this name, or None (MAPPING.md 1)."""
        return self.by_name.get(name)


def decode(raw):
    """Returns the content of a JSON string."""
    return json.loads(raw) if "\\" in raw else raw[1:-1]


def without_surrogates(text):
    """Replaces each lone surrogate by U+FFFD."""
    return SURROGATE.sub("\ufffd", text)


class Tokens:
    """The tokens of a JSON text, one after the other."""

    def __init__(self, text):
        """Starts before the first token."""
        self.text, self.at = text, 0

    def peek(self):
        """Returns the next character that is not white space, or an empty text."""
        self.at = SPACE.match(self.text, self.at).end()
        return self.text[self.at : self.at + 1]

    def take(self, characters):
        """Takes one of these characters and returns it."""
        found = self.peek()
        if not found or found not in characters:
            raise NotJson()
        self.at += 1
        return found

    def match(self, pattern):
        """Takes what the pattern matches and returns its place."""
        found = pattern.match(self.text, self.at)
        if not found:
            raise NotJson()
        self.at = found.end()
        return found.start(), found.end()

    def name(self):
        """Takes the name of a member and the colon behind it."""
        self.peek()
        start, end = self.match(STRING)
        self.take(":")
        return decode(self.text[start:end])

    def scalar(self):
        """Takes a string, a number, a boolean or null."""
        first = self.peek()
        if first == '"':
            return Node("string", self.text, *self.match(STRING))
        if first and first in "-0123456789":
            return Node("number", self.text, *self.match(NUMBER))
        start, end = self.match(WORD)
        return Node(WORD_KINDS[self.text[start:end]], self.text, start, end)


def read_json(text):
    """Reads a text that is one JSON value, and returns the value."""
    tokens, stack = Tokens(text), []
    while True:
        node = open_value(tokens, stack)
        while node is not None:
            if not stack:
                if tokens.peek():
                    raise NotJson()
                return node
            node = close_value(tokens, stack, node)


def open_value(tokens, stack):
    """Reads a scalar or an empty container, or opens a container and returns None."""
    first = tokens.peek()
    if first not in ("{", "["):
        return tokens.scalar()
    node = Node("object" if first == "{" else "list", tokens.text, tokens.at, tokens.at)
    tokens.take("{[")
    closing = "}" if node.kind == "object" else "]"
    if tokens.peek() == closing:
        tokens.take(closing)
        node.end = tokens.at
        return node
    stack.append((node, tokens.name() if node.kind == "object" else None))
    return None


def close_value(tokens, stack, value):
    """Adds a value to its container, and returns the container if it ends here."""
    node, name = stack[-1]
    if node.kind == "object":
        node.members.append((name, value))
        node.by_name[name] = value
    else:
        node.elements.append(value)
    closing = "}" if node.kind == "object" else "]"
    if tokens.take("," + closing) == closing:
        stack.pop()
        node.end = tokens.at
        return node
    stack[-1] = (node, tokens.name() if node.kind == "object" else None)
    return None
