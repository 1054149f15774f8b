"""Reading the numbers and the times that members hold (RULES.md 1, 7.1 and 7.2)."""

from ..numbers import LARGEST, fraction, rounded, scaled
from ..texts import trim
from ..times import SECOND, Time, read_timestamp
from .values import Fault, Nothing, invalid, text_of, wrong_type

MOST_SECONDS = 1_000_000_000
MILLISECONDS_FROM = 100_000_000_000


def read_number(node):
    """Reads a number, or a string that holds one. White space gives nothing."""
    text = text_of(node)
    if text is None:
        raise wrong_type()
    if not trim(text):
        raise Nothing()
    number = fraction(trim(text))
    if number is None:
        raise invalid()
    return number


def number_or_none(node):
    """Returns the number that a member holds, or None."""
    try:
        return read_number(node)
    except (Nothing, Fault):
        return None


def read_seconds(node, power=0):
    """Reads seconds as whole nanoseconds, or returns None (MAPPING.md 1)."""
    number = number_or_none(node)
    if number is None:
        return None
    number = scaled(number, power)
    if not 0 <= number <= MOST_SECONDS:
        return None
    return int(rounded(number * SECOND))


def whole_count(number):
    """Returns a number of things: whole, and from 0 to 2^63 - 1."""
    if number.denominator != 1 or not 0 <= number <= LARGEST:
        raise invalid()
    return int(number)


def whole_seconds(number):
    """Returns a length in whole seconds. A negative length is invalid."""
    if number < 0:
        raise invalid()
    return whole_count(rounded(number))


def nearest_double(number):
    """Returns the nearest double of an exact number."""
    try:
        return float(number)
    except OverflowError:
        raise invalid() from None


def read_time(node):
    """Reads a time as the transform `time` does: ISO text, seconds or milliseconds."""
    if node.kind == "string" and "-" in text_of(node) and ":" in text_of(node):
        timestamp = read_timestamp(trim(text_of(node)))
        if timestamp is None:
            raise invalid()
        return checked(timestamp.time())
    number = read_number(node)
    in_seconds = abs(rounded(number)) < MILLISECONDS_FROM
    return time_of_number(number, SECOND if in_seconds else SECOND // 1000)


def time_or_none(node):
    """Returns the time that a member holds, or None."""
    try:
        return read_time(node) if node is not None else None
    except (Nothing, Fault):
        return None


def time_of_number(number, unit):
    """Makes a time of a number of units, which are nanoseconds. Zero is invalid."""
    if number == 0:
        raise invalid()
    return checked(Time(int(rounded(number * unit))))


def checked(time):
    """Returns a time that is in the years 1 to 9999. Any other is invalid."""
    if not time.in_range:
        raise invalid()
    return time
