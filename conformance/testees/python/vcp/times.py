"""Timestamps (READING.md, section 6)."""

import datetime
import re
from typing import NamedTuple

FORM = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
SECOND = 1_000_000_000  # in nanoseconds
DAY = 86_400
UTC = ("Z", "z", "+00:00", "-00:00")


class Time(NamedTuple):
    """A timestamp: its local date and time, the digits of its fraction, and its offset."""

    date: datetime.date
    seconds: int
    fraction: str
    offset: str  # empty if there is none

    def instant(self):
        """Return the nanoseconds since the year 1 in UTC. Without an offset, the time is UTC."""
        seconds = self.date.toordinal() * DAY + self.seconds - _seconds_of(self.offset)
        return seconds * SECOND + int(self.fraction.ljust(9, "0"))


def read_time(text):
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
    return Time(date, hour * 3600 + minute * 60 + second, fraction, offset)


def with_t(text):
    """Replace the space of a timestamp by `T`. Any other text stays."""
    return text[:10] + "T" + text[11:] if text[10:11] == " " else text


def utc_text(time):
    """Write a time in UTC (MIGRATION.md, section 2.5), or return None beyond the year 9999."""
    seconds, fraction = divmod(time.instant(), SECOND)
    day, seconds = divmod(seconds, DAY)
    if not 1 <= day <= datetime.date.max.toordinal():
        return None
    digits = f"{fraction:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    point = "." if digits else ""
    date = datetime.date.fromordinal(day).isoformat()
    return f"{date}T{_clock(seconds)}{point}{digits}Z"


def python_text(time):
    """Write a time as the `str` of Python's datetime (CHECKSUMS.md, section 1.5)."""
    micros = time.fraction[:6].ljust(6, "0")
    fraction = "" if micros == "000000" else f".{micros}"
    offset = "+00:00" if time.offset in UTC else time.offset
    return f"{time.date.isoformat()} {_clock(time.seconds)}{fraction}{offset}"


def _is_offset(offset):
    """Tell whether the hours and minutes of an offset are in their ranges."""
    return offset in ("", "Z", "z") or (int(offset[1:3]) < 24 and int(offset[4:]) < 60)


def _seconds_of(offset):
    """Return an offset in seconds."""
    if offset in ("", "Z", "z"):
        return 0
    seconds = int(offset[1:3]) * 3600 + int(offset[4:]) * 60
    return -seconds if offset[0] == "-" else seconds


def _clock(seconds):
    """Write the seconds of a day as hh:mm:ss."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
