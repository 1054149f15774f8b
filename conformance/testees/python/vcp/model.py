"""The model of a message, made from the JSON Schema of its dialect (READING.md, section 4)."""

import functools
from typing import NamedTuple, Optional

from . import suite

TIME = "An RFC 3339 timestamp."
RANGES = ("Range: 0 to 1.", "Range: 0 or more.")
SIMPLE = {"integer": "integer", "number": "float", "boolean": "boolean"}


class Kind:
    """The kind of a value.

    `name` is one of object, map, list, capability, free_form, text, version, word, time, integer,
    float and boolean.
    """

    def __init__(self, name, schema):
        self.name = name
        self.words = frozenset()  # the listed words; of a map, its listed names
        self.content = None  # the kind of elements or of the values of a map
        self.content_may_be_null = False
        self.members = {}  # the members of a modelled object, in order
        self.title = schema.get("title", "")
        described = schema.get("description", "")
        self.range = next((text for text in RANGES if text in described), None)


class Member(NamedTuple):
    """A member of a modelled object. `presence` is required, optional or default."""

    kind: Kind
    presence: str
    default: Optional[object]


@functools.cache
def dialect(name):
    """Return the kind of a whole message of a dialect."""
    schema = suite.schema(name)
    return _Reader(schema["$defs"]).object(schema)


class _Reader:
    """Makes kinds from the definitions of one schema."""

    def __init__(self, definitions):
        self.definitions = definitions
        self.known = {}

    def kind(self, schema):
        """Return the kind that a schema describes."""
        if "anyOf" in schema:
            branches = [branch for branch in schema["anyOf"] if branch != {"type": "null"}]
            return self.kind(branches[0]) if len(branches) == 1 else self.capability(branches)
        if "$ref" in schema:
            return self.defined(schema["$ref"].rsplit("/", 1)[-1])
        return self.typed(schema, _types(schema)[0])

    def defined(self, name):
        """Return the kind of a definition: a modelled object or a word."""
        if name not in self.known:
            schema = self.definitions[name]
            is_object = "properties" in schema
            self.known[name] = self.object(schema) if is_object else _word(schema)
        return self.known[name]

    def capability(self, branches):
        """Return the kind of a text or a modelled object."""
        kind = Kind("capability", {})
        kind.content = next(self.kind(branch) for branch in branches if "$ref" in branch)
        return kind

    def object(self, schema):
        """Return the kind of a modelled object."""
        kind = Kind("object", schema)
        for name, inner in schema["properties"].items():
            member = Member(self.kind(inner), _presence(name, schema), inner.get("default"))
            kind.members[name] = member
        return kind

    def typed(self, schema, json_type):
        """Return the kind of a value of one JSON type."""
        if json_type == "string":
            return Kind(_kind_of_text(schema), schema)
        if json_type == "array":
            kind = Kind("list", schema)
            kind.content = self.kind(schema["items"])
            return kind
        if json_type == "object":
            is_map = isinstance(schema.get("additionalProperties"), dict)
            return self.map(schema) if is_map else Kind("free_form", schema)
        return Kind(SIMPLE[json_type], schema)

    def map(self, schema):
        """Return the kind of a map."""
        kind, values = Kind("map", schema), schema["additionalProperties"]
        kind.content = self.kind(values)
        kind.content_may_be_null = _allows_null(values)
        if "propertyNames" in schema:
            kind.words = self.kind(schema["propertyNames"]).words
        return kind


def _word(schema):
    """Return the kind of a word."""
    kind = Kind("word", schema)
    kind.words = frozenset(schema["anyOf"][0]["enum"])
    return kind


def _kind_of_text(schema):
    """Tell a version, a timestamp and any other text apart."""
    if "const" in schema:
        return "version"
    return "time" if TIME in schema.get("description", "") else "text"


def _presence(name, schema):
    """Tell whether a member is required, optional or has a default."""
    if name in schema["required"]:
        return "required"
    return "optional" if _allows_null(schema["properties"][name]) else "default"


def _types(schema):
    """List the JSON types of a schema except null."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return [name for name in types if name != "null"]


def _allows_null(schema):
    """Tell whether a schema allows null."""
    if "anyOf" in schema:
        return any(_allows_null(branch) for branch in schema["anyOf"])
    return "null" in schema.get("type", [])
