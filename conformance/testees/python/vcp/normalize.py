"""The operation `normalize` (READING.md, section 14, and RULES.md, sections 3.4 and 12).

The function `phone` needs the numbering plans of libphonenumber, so it is not supported.
"""

import math

from . import scores
from .faults import ROOT, Refused
from .mapping.rule_files import find_provider
from .texts import fold, trim

ARGS = ROOT.to("args")
DIRECTIONS = {
    "inbound": "inbound",
    "incoming": "inbound",
    "outbound": "outbound",
    "outgoing": "outbound",
}


def direction(args):
    """Return the direction that a word names, or None."""
    return DIRECTIONS.get(fold(trim(text_argument(args, 0))))


def sentiment(args):
    """Return the score of a word, or None."""
    return scores.SCORES.get(fold(trim(text_argument(args, 0))))


def ended_reason(args):
    """Return the outcome that a provider's reason stands for."""
    name, word = text_argument(args, 0), text_argument(args, 1)
    provider = find_provider(name)
    if provider is None:
        raise Refused("VCP_E009")
    table = provider.tables.get(provider.ended_reasons)
    return (table and table.look_up(trim(word))[0]) or "unknown"


def perception_gap(args):
    """Return the gap between scores and a status, or None."""
    return scores.perception_gap(score_argument(args), text_argument(args, 1))


def text_argument(args, index):
    """Return an argument that must be a string."""
    if index >= len(args):
        raise Refused("VCP_E005", ARGS)
    if not isinstance(args[index], str):
        raise Refused("VCP_E004", ARGS)
    return args[index]


def score_argument(args):
    """Return the scores as doubles. Absent scores are of the wrong type, too."""
    given = args[0] if args else None
    if not isinstance(given, list) or not all(type(score) in (int, float) for score in given):
        raise Refused("VCP_E004", ARGS)
    return [_double(score) for score in given]


def _double(number):
    """Return the nearest double. An integer of any size has one, or infinity."""
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


FUNCTIONS = {
    "direction": direction,
    "sentiment": sentiment,
    "ended_reason": ended_reason,
    "perception_gap": perception_gap,
}
