"""Times as nanoseconds since 1970, and how they are read and written (RULES.md 7.2)."""

import re
from dataclasses import dataclass
from datetime import date

from .numbers import read_number, rounded
from .values import invalid, trim

SECOND = 1_000_000_000
DAY = 86_400
FIRST_DAY_OF_1970 = date(1970, 1, 1).toordinal()
EARLIEST = (date(1, 1, 1).toordinal() - FIRST_DAY_OF_1970) * DAY * SECOND
LATEST = (date(9999, 12, 31).toordinal() + 1 - FIRST_DAY_OF_1970) * DAY * SECOND - 1
MILLISECONDS_FROM = 100_000_000_000
TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


@dataclass(frozen=True)
class Time:
    """A time. `digits` is the number of digits of its fraction, or None for the fewest."""

    nanoseconds: int
    digits: int | None = None

    @property
    def in_range(self):
        """Says whether the time is in the years 1 to 9999."""
        return EARLIEST <= self.nanoseconds <= LATEST

    def text(self):
        """Writes the time in UTC with `Z` (MAPPING.md 1)."""
        seconds, fraction = divmod(self.nanoseconds, SECOND)
        days, seconds = divmod(seconds, DAY)
        day = date.fromordinal(days + FIRST_DAY_OF_1970)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        digits = fewest_digits(fraction) if self.digits is None else self.digits
        point = f".{fraction:09}"[: digits + 1] if digits else ""
        return f"{day.year:04}-{day.month:02}-{day.day:02}T{clock}{point}Z"


def fewest_digits(fraction):
    """Returns the fewest of 0, 3, 6 or 9 digits that keep a fraction in nanoseconds."""
    for digits in (0, 3, 6):
        if fraction % 10 ** (9 - digits) == 0:
            return digits
    return 9


def parse_timestamp(text):
    """Reads an ISO 8601 text. The result can be outside the years 1 to 9999 in UTC."""
    found = TIMESTAMP.fullmatch(text)
    if not found:
        raise invalid()
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    fraction, offset = found.group(7) or "", found.group(8) or "Z"
    try:
        days = date(year, month, day).toordinal() - FIRST_DAY_OF_1970
    except ValueError:
        raise invalid() from None
    if hour > 23 or minute > 59 or second > 59:
        raise invalid()
    seconds = days * DAY + hour * 3600 + minute * 60 + second - offset_seconds(offset)
    return Time(seconds * SECOND + int(fraction.ljust(9, "0")), len(fraction))


def offset_seconds(offset):
    """Returns the seconds of `Z` or of an offset such as `+02:00`."""
    if offset in "Zz":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 23 or minutes > 59:
        raise invalid()
    return (hours * 3600 + minutes * 60) * (-1 if offset[0] == "-" else 1)


def checked(time):
    """Returns a time that is in the years 1 to 9999. Any other is invalid."""
    if not time.in_range:
        raise invalid()
    return time


def time_of_number(number, unit):
    """Makes a time of a number of units, which are nanoseconds. Zero is invalid."""
    if number == 0:
        raise invalid()
    return checked(Time(int(rounded(number * unit))))


def read_time(node):
    """Reads a time as the transform `time` does: ISO text, seconds or milliseconds."""
    if node.kind == "string" and "-" in node.string and ":" in node.string:
        return checked(parse_timestamp(trim(node.string)))
    number = read_number(node)
    in_seconds = abs(rounded(number)) < MILLISECONDS_FROM
    return time_of_number(number, SECOND if in_seconds else SECOND // 1000)
