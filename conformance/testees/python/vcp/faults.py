"""Faults, and the places where they are (READING.md, section 3)."""

import re
from typing import NamedTuple

PLAIN = re.compile("[A-Za-z_][A-Za-z0-9_]*")
TO_ESCAPE = re.compile("[\\\\'\x00-\x1f\x7f-\x9f]")


class Path:
    """A JSONPath. It is a chain of steps, so that only the path of a fault is written out."""

    __slots__ = ("parent", "step")

    def __init__(self, parent, step):
        self.parent, self.step = parent, step

    def to(self, step):
        """Return the path of a member, by its name, or of an element, by its index."""
        return Path(self, step)

    def down(self, steps):
        """Return the path of a place inside, by the steps that lead to it."""
        path = self
        for step in steps:
            path = path.to(step)
        return path

    def steps(self):
        """List the names and indexes from the root on."""
        steps, path = [], self
        while path.parent is not None:
            steps.append(path.step)
            path = path.parent
        return steps[::-1]

    def __str__(self):
        return "$" + "".join(_written(step) for step in self.steps())


ROOT = Path(None, None)


def _written(step):
    """Write a step of a path."""
    if isinstance(step, int):
        return f"[{step}]"
    if PLAIN.fullmatch(step):
        return f".{step}"
    return "['" + TO_ESCAPE.sub(_escaped, step) + "']"


def _escaped(found):
    """Escape a character of a quoted name."""
    character = found.group()
    return "\\" + character if character in "\\'" else f"\\u{ord(character):04x}"


class Fault(NamedTuple):
    """A fault of a message. `at` is its position in the text, by which findings are sorted."""

    code: str
    path: Path
    severity: str = "error"
    at: int = 0
    unlisted: bool = False  # an unlisted word, which does not prevent reading


class Refused(Exception):
    """An operation that ends with an error."""

    def __init__(self, code, path=ROOT):
        super().__init__(code, path)
        self.code, self.path = code, path

    def answer(self):
        """Return the error as an answer of the protocol."""
        return {"error": {"code": self.code, "field_path": str(self.path)}}
