"""Numbers and encodings (SIGNATURES.md 5)."""

import re

from ..numbers import LARGEST
from ..texts import base64_bytes

LARGEST_SECONDS = LARGEST // 1000
TRIMMED = " \t\n\f\r"
DIGITS = re.compile(r"[0-9]+")
HEX = re.compile(r"[0-9a-f]*")
PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")


def digits(text, largest=LARGEST):
    """Returns the value of *digits*, or None."""
    if not DIGITS.fullmatch(text):
        return None
    significant = text.lstrip("0") or "0"
    if len(significant) > len(str(LARGEST)) or int(significant) > largest:
        return None
    return int(significant)


def hex_bytes(text, length):
    """Returns the bytes of *hex of n bytes*, or None."""
    if len(text) != 2 * length or not HEX.fullmatch(text):
        return None
    return bytes.fromhex(text)


def base64url_bytes(text, length=None):
    """Returns the bytes of *base64url of n bytes*, or None. Any n without length."""
    if not text.isascii() or "=" in text or "+" in text or "/" in text:
        return None
    standard = text.replace("-", "+").replace("_", "/")
    return base64_bytes(standard + "=" * (-len(standard) % 4), length)


def percent_decoded(value):
    """Replaces `%` and two hexadecimal digits by the byte, once."""
    return PERCENT.sub(lambda found: bytes.fromhex(found[1].decode()), value)


def without_fragment(url):
    """Removes the first `#` and everything behind it."""
    return url.split("#", 1)[0]


def query_pairs(url):
    """Returns the names and the values of the query, as they are (SIGNATURES.md 6.8)."""
    query = without_fragment(url).partition("?")[2]
    return [(name, value) for name, _, value in (p.partition("=") for p in query.split("&"))]
