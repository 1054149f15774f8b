"""The values that are computed from other fields (RULES.md 6.4)."""

from fractions import Fraction

from ..numbers import LARGEST, floor_half_up
from ..times import SECOND, time_in_range
from .fields import METRICS

START, END, DURATION = "call.start_time", "call.end_time", "call.duration_sec"


def start_plus_duration(fields):
    """Adds the duration to a start that was read."""
    start, duration = fields.start_if_read(), fields.value(DURATION)
    if start is None or duration is None:
        return None
    return time_in_range(start + duration * SECOND)


def end_minus_start(fields):
    """Returns the whole seconds between a start and an end that were read."""
    if not fields.was_read(START) or not fields.was_read(END):
        return None
    length = fields.value(END).nanoseconds - fields.value(START).nanoseconds
    return floor_half_up(Fraction(length, SECOND)) if length >= 0 else None


def end_minus_duration(fields):
    """Subtracts the duration from the end."""
    end, duration = fields.value(END), fields.value(DURATION)
    if end is None or duration is None:
        return None
    return time_in_range(end.nanoseconds - duration * SECOND)


def end_time(fields):
    """Returns the end."""
    return fields.value(END)


def total_tokens(fields):
    """Returns the number of all tokens (MAPPING.md 8)."""
    total = fields.value(METRICS + "total_tokens")
    if total is not None:
        return total
    parts = [fields.value(METRICS + name) for name in ("prompt_tokens", "completion_tokens")]
    if None in parts or sum(parts) > LARGEST:
        return None
    return sum(parts)


VALUES = {
    "start_plus_duration": start_plus_duration,
    "end_minus_start": end_minus_start,
    "end_minus_duration": end_minus_duration,
    "end_time": end_time,
    "total_tokens": total_tokens,
}
