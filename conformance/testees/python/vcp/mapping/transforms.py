"""The transforms of single values (RULES.md 7)."""

import re
from dataclasses import dataclass

from ..numbers import rounded, scaled
from ..scores import SCORES
from ..texts import fold, trim
from ..times import SECOND
from . import list_transforms
from .functions import FUNCTIONS
from .json_out import Raw
from .readers import (
    nearest_double,
    read_number,
    read_time,
    time_of_number,
    whole_count,
    whole_seconds,
)
from .tables import NONE
from .values import Nothing, invalid, is_empty, string_of, text_of, word_of, wrong_type

_QUOTED_NAME = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
TEXT_TRANSFORMS = ("text", "id", "phone", "sentiment_word")


@dataclass
class Result:
    """What a transform gives: a value, or nothing, and perhaps a word to report."""

    value: object = None
    unknown: str | None = None
    replaced_surrogate: bool = False


def transform(source, node, tables, copy):
    """Applies the transform of a source to a member that is not null.

    `copy` gives the text of a member with its secrets masked.
    Raises Nothing or Fault if there is no value.
    """
    name = source.transform
    if name == "word":
        return word(source, node, tables[source.table])
    if name == "sentiment":
        return sentiment(node)
    if name in TEXT_TRANSFORMS:
        return Result(TEXTS[name](node), replaced_surrogate=was_replaced(node))
    if name in NUMBERS:
        return Result(NUMBERS[name](scaled(read_number(node), source.scale)))
    if name in list_transforms.TRANSFORMS:
        return Result(list_transforms.TRANSFORMS[name](node, source))
    return Result(OTHERS[name](source, node, copy))


def was_replaced(node):
    """Says whether a lone surrogate of a string was replaced."""
    return node.kind == "string" and node.string() is None


def word(source, node, table):
    """Looks up a word, trimmed (RULES.md 3.4)."""
    spelled = word_of(node)
    if spelled is None or (node.kind == "boolean" and not table.knows_booleans):
        raise wrong_type()
    result, known = table.look_up(trim(spelled))
    unknown = spelled if table.reports(known) else None
    value = None if result == NONE else result
    return Result(value, unknown, replaced_surrogate=known and was_replaced(node))


def sentiment(node):
    """Gives the score of a word."""
    if node.kind != "string":
        raise wrong_type()
    spelled = string_of(node)
    shape = fold(trim(spelled))
    if not shape:
        raise Nothing()
    score = SCORES.get(shape)
    return Result(score, unknown=spelled if score is None else None)


def text(node):
    """Gives a string as it is, or a number as it is spelled."""
    found = text_of(node)
    if found is None:
        raise wrong_type()
    return found


def identifier(node):
    """Gives a text that is not the empty string."""
    found = text(node)
    if found == "":
        raise Nothing()
    return found


def phone(node):
    """Gives the number of a SIP address, or the whole text (RULES.md 7.4)."""
    return number_of_address(identifier(node))


def number_of_address(address):
    """Returns the number of a SIP address that has one, or the whole address."""
    rest = address
    if trim(address).startswith('"'):
        name = _QUOTED_NAME.match(trim(address))
        if not name:
            return address
        rest = trim(address)[name.end() :]
    for scheme in ("sip:", "sips:"):
        if scheme in rest:
            rest = rest.split(scheme, 1)[1]
            ends = [rest.index(mark) for mark in "@;>" if mark in rest]
            user = rest[: min(ends)] if ends else ""
            digits = user[1:]
            is_number = user[:1] == "+" and digits.isascii() and digits.isdigit()
            return user if is_number else address
    return address


def sentiment_word(node):
    """Gives the word, unless it says that nothing is known."""
    found = trim(string_of(node) or "")
    if not found or fold(found) == "unknown":
        raise Nothing()
    return found


def present(source, node, _copy):
    """Gives the word of the source if the value is not empty."""
    if is_empty(node):
        raise Nothing()
    return source.word


def json_copy(_source, node, copy):
    """Gives the JSON text of the value, with its secrets masked."""
    return Raw(copy(node))


def function(source, node, _copy):
    """Gives what a function makes of an object (RULES.md 7.5)."""
    if node.kind == "object":
        return FUNCTIONS[source.function](node)
    raise Nothing() if is_empty(node) else wrong_type()


def time(_source, node, _copy):
    """Gives a time."""
    return read_time(node)


def minutes(number):
    """Gives the minutes of a length in seconds."""
    if number < 0:
        raise invalid()
    return nearest_double(number) / 60


TEXTS = {"text": text, "id": identifier, "phone": phone, "sentiment_word": sentiment_word}
NUMBERS = {
    "from_millis": lambda number: whole_seconds(number / 1000),
    "from_seconds": whole_seconds,
    "from_minutes": lambda number: whole_seconds(number * 60),
    "seconds_as_minutes": minutes,
    "count": whole_count,
    "number": nearest_double,
    "round_3": lambda number: nearest_double(rounded(number, 3)),
    "epoch_ms": lambda number: time_of_number(number, SECOND // 1000),
    "epoch_s": lambda number: time_of_number(number, SECOND),
}
OTHERS = {"time": time, "present": present, "json": json_copy, "function": function}
