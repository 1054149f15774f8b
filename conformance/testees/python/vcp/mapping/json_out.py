"""Writing the message as JSON text."""

import json
from fractions import Fraction

from ..numbers import decimal
from ..times import Time


class Raw(str):
    """A JSON text that is written as it is."""


class FreeForm(dict):
    """An object whose content is free-form data (decision 4.7)."""


def write_json(value):
    """Writes a value as compact JSON."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        members = (f"{json.dumps(name)}:{write_json(part)}" for name, part in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write_json(part) for part in value) + "]"
    if isinstance(value, Time):
        return json.dumps(value.text())
    if isinstance(value, Fraction):
        return decimal(value)
    return json.dumps(value, ensure_ascii=False)


def count_parts(value):
    """Counts the members and elements of a message that are built (decision 4.7)."""
    if isinstance(value, (FreeForm, Raw)) or not isinstance(value, (dict, list)):
        return 0
    parts = value.values() if isinstance(value, dict) else value
    return len(value) + sum(count_parts(part) for part in parts)
