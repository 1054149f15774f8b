"""Numbers: their exact value, rounding, and notations (READING.md 6 and 9, RULES.md 1 and 7)."""

import re
from fractions import Fraction
from typing import NamedTuple

PARTS = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?")
LONGEST_EXPONENT = 4000  # Python converts no longer texts by default. Nobody writes such numbers.
DIGITS_OF_64_BITS = 19
LARGEST = 2**63 - 1
MOST_DIGITS = 37
MOST_EXPONENT = 100_000


class Exact(NamedTuple):
    """The value ±digits × 10^exponent. The digits begin and end without zeros. Zero has none."""

    negative: bool
    digits: str
    exponent: int


def exact(text):
    """Return the mathematical value of a JSON number, or None if the text is none.

    Equal numbers give equal results.
    """
    found = PARTS.fullmatch(text)
    if found is None:
        return None
    sign, whole, decimals, exponent_sign, exponent = found.groups(default="")
    digits = (whole + decimals).lstrip("0")
    shown = digits.rstrip("0")
    if not shown:
        return Exact(False, "", 0)
    exponent = exponent.lstrip("0") or "0"
    power = int(exponent) if len(exponent) < LONGEST_EXPONENT else 10**LONGEST_EXPONENT
    power = -power if exponent_sign == "-" else power
    return Exact(sign == "-", shown, power - len(decimals) + len(digits) - len(shown))


def integer(token):
    """Return the value of an integer member, or None if it is not an integer of 64 bits."""
    negative, digits, exponent = exact(token)
    if exponent < 0 or len(digits) + exponent > DIGITS_OF_64_BITS:
        return None
    value = int(digits + "0" * exponent) if digits else 0
    value = -value if negative else value
    return value if -LARGEST - 1 <= value <= LARGEST else None


def double(token):
    """Return the value of a float member, or None if it is beyond the range of doubles."""
    value = 0.0 if token == "-0" else float(token)
    return None if value in (float("inf"), float("-inf")) else value


def fraction(text):
    """Return the value of a JSON number, or None if it is none or out of range (RULES.md 1)."""
    number = exact(text)
    if number is None or len(number.digits) > MOST_DIGITS or abs(number.exponent) > MOST_EXPONENT:
        return None
    value = scaled(Fraction(int(number.digits or "0")), number.exponent)
    return -value if number.negative else value


def scaled(number, power):
    """Multiply a fraction by a power of ten."""
    return number * 10**power if power >= 0 else number / 10**-power


def floor_half_up(number):
    """Round to an integer, and a half up."""
    return (2 * number + 1) // 2


def half_up(number, decimals):
    """Round to a number of decimals, and a half up."""
    return Fraction(floor_half_up(number * 10**decimals), 10**decimals)


def rounded(number, decimals=0):
    """Round to a number of decimals, and a half away from zero."""
    amount = half_up(abs(number), decimals)
    return amount if number >= 0 else -amount


def shortest(value):
    """Return sign, digits and x of a double: its first digit stands for 10^x."""
    negative, digits, exponent = exact(repr(value))
    return "-" if negative else "", digits, len(digits) - 1 + exponent


def written(value):
    """Write a double as this suite's SDK does (READING.md, section 9)."""
    if value == 0:
        return repr(value)
    sign, digits, x = shortest(value)
    if not -5 <= x < 16:
        return sign + _with_exponent(digits, x)
    plain = _plain(digits, x)
    return sign + (plain if "." in plain else plain + ".0")


def ecmascript(value):
    """Write a double as ECMAScript does (CHECKSUMS.md, section 2)."""
    if value == 0:
        return "0"
    sign, digits, x = shortest(value)
    return sign + (_plain(digits, x) if -6 <= x <= 20 else _with_exponent(digits, x))


def decimal(number):
    """Write a fraction of at most three decimals, without needless zeros."""
    thousandths = abs(int(number * 1000))
    text = f"{thousandths // 1000}.{thousandths % 1000:03}".rstrip("0").removesuffix(".")
    return "-" + text if number < 0 else text


def _plain(digits, x):
    """Write digits without an exponent."""
    if x < 0:
        return "0." + "0" * (-x - 1) + digits
    whole, fraction = digits[: x + 1].ljust(x + 1, "0"), digits[x + 1 :]
    return f"{whole}.{fraction}" if fraction else whole


def _with_exponent(digits, x):
    """Write digits with an exponent, which has a sign and no leading zeros."""
    point = "." if len(digits) > 1 else ""
    return f"{digits[0]}{point}{digits[1:]}e{x:+d}"
