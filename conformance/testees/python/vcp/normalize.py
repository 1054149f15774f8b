"""The operation `normalize` (READING.md, section 14, and RULES.md, sections 3.4 and 12).

The function `phone` needs the numbering plans of libphonenumber, so it is not supported.
"""

import math
import string

from . import suite
from .faults import ROOT, Refused
from .white_space import trim

ARGS = ROOT.to("args")
LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
DIRECTIONS = {
    "inbound": "inbound",
    "incoming": "inbound",
    "outbound": "outbound",
    "outgoing": "outbound",
}
SCORES = {
    "very_positive": 1.0,
    "positive": 0.8,
    "slightly_positive": 0.6,
    "neutral": 0.5,
    "slightly_negative": 0.4,
    "negative": 0.2,
    "very_negative": 0.0,
}
OBJECTIVE_VALUES = {"success": 1.0, "partial": 0.5, "timeout": 0.0, "failure": 0.0, "error": 0.0}
GAP_CLASSES = [(0.25, "aligned"), (0.5, "minor_deviation"), (0.75, "major_deviation")]


def direction(args):
    """Return the direction that a word names, or None."""
    return DIRECTIONS.get(trim(text_argument(args, 0)).translate(LOWER))


def sentiment(args):
    """Return the score of a word, or None."""
    return SCORES.get(trim(text_argument(args, 0)).translate(LOWER))


def ended_reason(args):
    """Return the outcome that a provider's reason stands for."""
    name, word = text_argument(args, 0), text_argument(args, 1)
    rules = provider(name)
    table = rules.get("tables", {}).get(rules.get("ended_reasons"), {})
    return look_up(table, trim(word)) or "unknown"


def provider(name):
    """Return the file of a provider, by its name or an alias."""
    for rules in suite.provider_files():
        names = [rules["provider"], *rules.get("aliases", [])]
        if name.translate(LOWER) in [known.translate(LOWER) for known in names]:
            return rules
    raise Refused("VCP_E009")


def look_up(table, word):
    """Look up a word in a table. None is no result."""
    words = table.get("words", {})
    if word == "" or word in words:
        return words.get(word) if word else None
    fold = str.lower if table.get("ignore_case") else str
    word = fold(word)
    for known, result in words.items():
        if fold(known) == word:
            return result
    for beginning, result in table.get("begins", []):
        if word.startswith(fold(beginning)):
            return result
    for parts, result in table.get("contains", []):
        if has_parts(word, fold(parts).split("*")):
            return result
    return table.get("otherwise")


def has_parts(word, parts):
    """Tell whether a word has all parts, one behind the other."""
    at = 0
    for part in parts:
        at = word.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def perception_gap(args):
    """Return the gap between scores and a status, or None (MAPPING.md, section 9)."""
    scores = score_argument(args)
    objective = OBJECTIVE_VALUES.get(text_argument(args, 1))
    if not scores or objective is None:
        return None
    total = 0.0
    for score in scores:
        total += score
    gap = abs(total / len(scores) - objective) * 10_000
    if not math.isfinite(gap):
        return None
    whole = math.floor(gap)
    gap = (whole + 1 if gap - whole >= 0.5 else whole) / 10_000
    classes = (name for limit, name in GAP_CLASSES if gap < limit)
    return {"gap_score": gap, "gap_class": next(classes, "contradictory")}


def text_argument(args, index):
    """Return an argument that must be a string."""
    if index >= len(args):
        raise Refused("VCP_E005", ARGS)
    if not isinstance(args[index], str):
        raise Refused("VCP_E004", ARGS)
    return args[index]


def score_argument(args):
    """Return the scores as doubles. Absent scores are of the wrong type, too."""
    scores = args[0] if args else None
    if not isinstance(scores, list) or not all(type(score) in (int, float) for score in scores):
        raise Refused("VCP_E004", ARGS)
    return [_double(score) for score in scores]


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
