"""Exact numbers: reading, rounding and writing (RULES.md 1 and 7)."""

import re
from fractions import Fraction

from .values import Fault, Nothing, invalid, trim, wrong_type

NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?")
MOST_DIGITS = 37
MOST_EXPONENT = 100_000
LARGEST_COUNT = 2**63 - 1
MOST_SECONDS = 1_000_000_000


def parse_number(text):
    """Reads the text of a JSON number exactly. A number out of range is invalid."""
    found = NUMBER.fullmatch(text)
    if not found:
        raise invalid()
    sign, whole, fraction, exponent_sign, exponent = found.groups()
    fraction = fraction or ""
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return Fraction(0)
    exponent = (exponent or "0").lstrip("0") or "0"
    if len(exponent) > 9:
        raise invalid()
    power = int(exponent_sign + exponent if exponent_sign else exponent)
    power += len(digits) - len(digits.rstrip("0")) - len(fraction)
    digits = digits.rstrip("0")
    if len(digits) > MOST_DIGITS or abs(power) > MOST_EXPONENT:
        raise invalid()
    number = scaled(Fraction(int(digits)), power)
    return -number if sign else number


def read_number(node):
    """Reads a number, or a string that holds one. White space gives nothing."""
    if node.kind == "number":
        return parse_number(node.raw)
    if node.kind != "string":
        raise wrong_type()
    text = trim(node.string)
    if not text:
        raise Nothing()
    return parse_number(text)


def number_or_none(node):
    """Returns the number that a member holds, or None."""
    try:
        return read_number(node) if node is not None else None
    except (Nothing, Fault):
        return None


def scaled(number, power):
    """Multiplies a number by a power of ten."""
    return number * 10**power if power >= 0 else number / 10**-power


def floor_half_up(number):
    """Rounds to an integer, and a half up."""
    return (2 * number + 1) // 2


def rounded(number, decimals=0):
    """Rounds to a number of decimals, and a half away from zero."""
    amount = Fraction(floor_half_up(abs(number) * 10**decimals), 10**decimals)
    return amount if number >= 0 else -amount


def half_up(number, decimals):
    """Rounds to a number of decimals, and a half up."""
    return Fraction(floor_half_up(number * 10**decimals), 10**decimals)


def whole_count(number):
    """Returns a number of things: whole, and from 0 to 2^63 - 1."""
    if number.denominator != 1 or not 0 <= number <= LARGEST_COUNT:
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


def read_seconds(node, power=0):
    """Reads seconds as whole nanoseconds, or returns None (MAPPING.md 1)."""
    number = number_or_none(node)
    if number is None:
        return None
    number = scaled(number, power)
    if not 0 <= number <= MOST_SECONDS:
        return None
    return int(rounded(number * 10**9))
