"""Paths of the rule files (RULES.md 4)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from ..texts import same_word
from .values import string_of

PATH = re.compile(r"(\$\.)?([^\[\]]*)((?:\[[^\]]*\](?:\.[^\[\]]+)?)*)")
LIST = re.compile(r"\[([^\]]*)\](?:\.([^\[\]]+))?")


@dataclass(frozen=True)
class Step:
    """A bracket of a path. `pick` has the names of a member and the word that it must have."""

    pick: tuple | None
    tail: tuple


@dataclass(frozen=True)
class Path:
    """A path. `head` has the names up to the first bracket."""

    text: str
    from_root: bool
    head: tuple
    steps: tuple

    @property
    def has_brackets(self):
        """Says whether the path goes into a list."""
        return bool(self.steps)


@lru_cache(maxsize=None)
def parse_path(text):
    """Reads a path of a rule file."""
    root, head, lists = PATH.fullmatch(text).groups()
    steps = tuple(parse_step(*found.groups()) for found in LIST.finditer(lists))
    return Path(text, bool(root), tuple(head.split(".")), steps)


def parse_step(inner, tail):
    """Reads a bracket and the names behind it."""
    pick = None
    if inner:
        names, word = inner.split("=", 1)
        pick = (tuple(names.split(".")), word)
    return Step(pick, tuple(tail.split(".")) if tail else ())


def find(node, names):
    """Goes from object to object, and returns the member or None."""
    for name in names:
        if node is None:
            return None
        node = node.by_name().get(name)
    return node


def is_picked(element, pick):
    """Says whether an element of a list has the word by which a path picks."""
    if pick is None:
        return True
    word = string_of(find(element, pick[0]))
    return word is not None and same_word(word, pick[1])


def values_at(start, path):
    """Returns the candidates of a path, in order. Without brackets there is at most one."""
    return [value for value, _ in values_with_rows(start, path)]


def values_with_rows(start, path):
    """Returns pairs of a candidate and the element of the first list that has it."""
    head = find(start, path.head)
    if head is None:
        return []
    if not path.steps:
        return [(head, None)]
    return steps_into(head.elements(), path.steps)


def steps_into(elements, steps):
    """Returns the pairs that the brackets of a path give for the elements of its first list."""
    pairs = [(element, element) for element in elements]
    for index, step in enumerate(steps):
        if index:
            pairs = [(element, row) for value, row in pairs for element in value.elements()]
        picked = [pair for pair in pairs if is_picked(pair[0], step.pick)]
        pairs = [(find(value, step.tail), row) for value, row in picked]
        pairs = [pair for pair in pairs if pair[0] is not None]
    return pairs


def names_of(path):
    """Returns the names of a path, with `*` for each bracket (RULES.md 4)."""
    names = path.head
    for step in path.steps:
        names += ("*",) + step.tail
    return names
