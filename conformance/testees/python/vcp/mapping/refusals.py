"""The answers of `map` that are no message (MAPPING.md 2)."""


class Refusal(Exception):
    """Refuses a delivery with a code and the place of the fault."""

    def __init__(self, code, field_path="$"):
        """Keeps the code and the place."""
        super().__init__(code)
        self.code, self.field_path = code, field_path


class NotACall(Exception):
    """Says that a delivery is no call record, and names its event."""

    def __init__(self, event):
        """Keeps the name of the event."""
        super().__init__(event)
        self.event = event


def path_text(names):
    """Writes names as a path from the root, such as `$.call.id`."""
    return ".".join(("$",) + tuple(names))
