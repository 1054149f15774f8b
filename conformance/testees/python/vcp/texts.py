"""Texts: white space, case, and bytes (RULES.md, section 1, and READING.md, section 15)."""

import base64
import binascii
import re
import string

# The characters with the Unicode property White_Space.
WHITE_SPACE = "".join(
    map(
        chr,
        [*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)]
        + [0x2028, 0x2029, 0x202F, 0x205F, 0x3000],
    )
)
WHITE_RUN = re.compile(f"[{WHITE_SPACE}]+")
LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def trim(text):
    """Remove white space at both ends."""
    return text.strip(WHITE_SPACE)


def fold(text):
    """Return the text with A-Z as a-z. No other letters are folded."""
    return text.translate(LOWER)


def same_word(one, other):
    """Tell whether two words are equal, once they are trimmed and case is ignored."""
    return fold(trim(one)) == fold(trim(other))


def count_words(text):
    """Count the words that are separated by white space."""
    return len([word for word in WHITE_RUN.split(text) if word])


def raw(text):
    """Return the bytes of a text in UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def base64_bytes(text, length=None):
    """Return the bytes of padded base64, or None. Only the one canonical spelling is accepted.

    With a length, the bytes must have it.
    """
    try:
        value = base64.b64decode(raw(text), validate=True)
    except (binascii.Error, ValueError):
        return None
    if base64.b64encode(value) != raw(text) or length not in (None, len(value)):
        return None
    return value
