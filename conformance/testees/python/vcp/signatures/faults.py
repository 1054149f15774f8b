"""The codes of a verification (SIGNATURES.md 8)."""


class Failed(Exception):
    """Says that a check failed."""

    def __init__(self, code, field_path="$"):
        """Keeps the code and the place of the fault."""
        super().__init__(code)
        self.code, self.field_path = code, field_path


class Unsupported(Exception):
    """Says that a request asks for something that is not known."""


def check(holds, code):
    """Raises the code unless a condition holds."""
    if not holds:
        raise Failed(code)
