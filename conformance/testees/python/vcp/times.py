"""Timestamps and times (READING.md, section 6, and RULES.md, section 7.2)."""

import datetime
import re
from typing import NamedTuple, Optional

FORM = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
SECOND = 1_000_000_000  # in nanoseconds
DAY = 86_400
FIRST_DAY = datetime.date(1970, 1, 1).toordinal()
LAST_DAY = datetime.date.max.toordinal()
UTC = ("Z", "z", "+00:00", "-00:00")


class Time(NamedTuple):
    """A time in nanoseconds since 1970 in UTC.

    `digits` is the number of digits of its fraction, or None for the fewest.
    """

    nanoseconds: int
    digits: Optional[int] = None

    @property
    def in_range(self):
        """Tell whether the time is in the years 1 to 9999."""
        return 1 <= self.nanoseconds // SECOND // DAY + FIRST_DAY <= LAST_DAY

    def text(self):
        """Write the time in UTC, or return None outside of the years 1 to 9999."""
        if not self.in_range:
            return None
        seconds, fraction = divmod(self.nanoseconds, SECOND)
        days, seconds = divmod(seconds, DAY)
        date = datetime.date.fromordinal(days + FIRST_DAY).isoformat()
        digits = _fewest_digits(fraction) if self.digits is None else self.digits
        point = f".{fraction:09}"[: digits + 1] if digits else ""
        return f"{date}T{_clock(seconds)}{point}Z"


def time_in_range(nanoseconds):
    """Return a time, or None outside of the years 1 to 9999."""
    time = Time(nanoseconds)
    return time if time.in_range else None


class Timestamp(NamedTuple):
    """A timestamp: its local date and time, the digits of its fraction, and its offset."""

    date: datetime.date
    seconds: int
    fraction: str
    offset: str  # empty if there is none

    def instant(self):
        """Return the nanoseconds since 1970 in UTC. Without an offset, the time is UTC."""
        days = self.date.toordinal() - FIRST_DAY
        seconds = days * DAY + self.seconds - _seconds_of(self.offset)
        return seconds * SECOND + int(self.fraction.ljust(9, "0"))

    def time(self):
        """Return the time, which keeps its number of digits."""
        return Time(self.instant(), len(self.fraction))


def read_timestamp(text):
    """Read a timestamp, or return None if the text is none."""
    found = FORM.fullmatch(text)
    if not found:
        return None
    date, hour, minute, second, fraction, offset = found.groups(default="")
    hour, minute, second = int(hour), int(minute), int(second)
    if hour > 23 or minute > 59 or second > 59 or not _is_offset(offset):
        return None
    try:
        date = datetime.date.fromisoformat(date)
    except ValueError:
        return None
    return Timestamp(date, hour * 3600 + minute * 60 + second, fraction, offset)


def with_t(text):
    """Replace the space of a timestamp by `T`. Any other text stays."""
    return text[:10] + "T" + text[11:] if text[10:11] == " " else text


def utc_text(timestamp):
    """Write a timestamp in UTC (MIGRATION.md, section 2.5), or return None beyond year 9999."""
    return Time(timestamp.instant()).text()


def python_text(timestamp):
    """Write a timestamp as the `str` of Python's datetime (CHECKSUMS.md, section 1.5)."""
    micros = timestamp.fraction[:6].ljust(6, "0")
    fraction = "" if micros == "000000" else f".{micros}"
    offset = "+00:00" if timestamp.offset in UTC else timestamp.offset
    return f"{timestamp.date.isoformat()} {_clock(timestamp.seconds)}{fraction}{offset}"


def _is_offset(offset):
    """Tell whether the hours and minutes of an offset are in their ranges."""
    return offset in ("", "Z", "z") or (int(offset[1:3]) < 24 and int(offset[4:]) < 60)


def _seconds_of(offset):
    """Return an offset in seconds."""
    if offset in ("", "Z", "z"):
        return 0
    seconds = int(offset[1:3]) * 3600 + int(offset[4:]) * 60
    return -seconds if offset[0] == "-" else seconds


def _fewest_digits(fraction):
    """Return the fewest of 0, 3, 6 or 9 digits that keep a fraction in nanoseconds."""
    return next(digits for digits in (0, 3, 6, 9) if fraction % 10 ** (9 - digits) == 0)


def _clock(seconds):
    """Write the seconds of a day as hh:mm:ss."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
