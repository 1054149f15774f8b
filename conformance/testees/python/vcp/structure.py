"""The profile `structure`: the verdict of the JSON Schema (READING.md, section 13).

The validator knows the keywords that `vcp-0.5.schema.json` has.
"""

from . import numbers, suite
from .json_text import decode

TYPES = {"array": "list"}


def fits_schema(root):
    """Tell whether a value fits the schema of 0.5."""
    schema = suite.schema("0.5")
    return _Validator(schema["$defs"]).fits(root, schema)


class _Validator:
    """A validator for the definitions of one schema."""

    def __init__(self, definitions):
        self.definitions = definitions

    def fits(self, value, schema):
        """Tell whether a value fits a schema."""
        return all(
            getattr(self, "fits_" + keyword.lstrip("$"))(value, argument, schema)
            for keyword, argument in schema.items()
            if hasattr(self, "fits_" + keyword.lstrip("$"))
        )

    def fits_ref(self, value, reference, schema):
        """Follow a reference to a definition."""
        return self.fits(value, self.definitions[reference.rsplit("/", 1)[-1]])

    def fits_anyOf(self, value, branches, schema):
        """Tell whether one of the branches fits."""
        return any(self.fits(value, branch) for branch in branches)

    def fits_type(self, value, types, schema):
        """Tell whether the value has one of the types."""
        types = types if isinstance(types, list) else [types]
        return any(_is_of_type(value, name) for name in types)

    def fits_const(self, value, constant, schema):
        """Tell whether the value is the constant, a string."""
        return value.kind == "string" and decode(value.text()) == constant

    def fits_enum(self, value, words, schema):
        """Tell whether the value is one of the words."""
        return value.kind == "string" and decode(value.text()) in words

    def fits_required(self, value, names, schema):
        """Tell whether an object has all required members."""
        return value.kind != "object" or {m.name for m in value.members()} >= set(names)

    def fits_properties(self, value, properties, schema):
        """Tell whether the named members of an object fit."""
        return value.kind != "object" or all(
            self.fits(member.value, properties[member.name])
            for member in value.members()
            if member.name in properties
        )

    def fits_additionalProperties(self, value, inner, schema):
        """Tell whether the other members of an object fit."""
        named = schema.get("properties", {})
        return inner is True or value.kind != "object" or all(
            self.fits(member.value, inner)
            for member in value.members()
            if member.name not in named
        )

    def fits_items(self, value, inner, schema):
        """Tell whether the elements of a list fit."""
        return value.kind != "list" or all(self.fits(e, inner) for e in value.elements())


def _is_of_type(value, name):
    """Tell whether a value has a type of JSON Schema."""
    if name == "integer":
        return value.kind == "number" and numbers.exact(value.text()).exponent >= 0
    return value.kind == TYPES.get(name, name)
