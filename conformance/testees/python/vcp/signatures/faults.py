"""The codes of a verification (SIGNATURES.md 8)."""

from ..faults import Refused


class Unsupported(Exception):
    """Says that a request asks for something that is not known."""


def check(holds, code):
    """Raises the code unless a condition holds."""
    if not holds:
        raise Refused(code)
