"""Conditions (RULES.md 5)."""

from dataclasses import dataclass

from ..json_text import is_set
from ..texts import same_word
from .paths import Path, parse_path, values_at
from .values import is_filled, word_of


@dataclass(frozen=True)
class Condition:
    """A condition. `kind` is event, written, any_of or path, and `test` the test of a path."""

    kind: str
    path: Path | None = None
    test: str = ""
    words: tuple = ()
    parts: tuple = ()


def read_conditions(data):
    """Reads a condition or a list of conditions."""
    if data is None:
        return ()
    entries = data if isinstance(data, list) else [data]
    return tuple(read_condition(entry) for entry in entries)


def read_condition(data):
    """Reads one condition."""
    for kind in ("event", "written"):
        if data.get(kind) is not None:
            words = data[kind] if isinstance(data[kind], list) else [data[kind]]
            return Condition(kind, words=tuple(words))
    if data.get("any_of") is not None:
        return Condition("any_of", parts=read_conditions(data["any_of"]))
    test, words = read_test(data)
    return Condition("path", path=parse_path(data["path"]), test=test, words=words)


def read_test(data):
    """Returns the test beside a path, and its words."""
    if data.get("is") is not None:
        words = data["is"] if isinstance(data["is"], list) else [data["is"]]
        return ("is", tuple(words)) if words else ("filled", ())
    if data.get("contains") is not None:
        return "contains", (data["contains"],)
    if data.get("present") is not None:
        return ("present" if data["present"] else "absent"), ()
    return ("filled" if data.get("filled", True) is not False else "unfilled"), ()


def passes(condition, values):
    """Says whether the candidates of a path pass its test (the table of RULES.md 5)."""
    test, words = condition.test, condition.words
    if test == "is":
        return any(word_is(value, words) for value in values)
    if test == "contains":
        return any(is_filled(value) and words[0] in value.text() for value in values)
    if test in ("present", "absent"):
        return bool(values) == (test == "present")
    return any(is_filled(value) for value in values) == (test == "filled")


def word_is(value, words):
    """Says whether the word of a value is one of the words, trimmed and case ignored."""
    word = word_of(value)
    return word is not None and any(same_word(word, other) for other in words)


def all_pass(conditions, element):
    """Says whether all conditions on a row or element hold. Null is present."""
    return all(element_passes(condition, element) for condition in conditions)


def element_passes(condition, element):
    """Says whether one condition of `rows` or `when` holds."""
    if condition.kind == "any_of":
        return any(element_passes(part, element) for part in condition.parts)
    return passes(condition, values_at(element, condition.path))


def one_passes(conditions, element, absent=()):
    """Says whether one condition holds. Null and the spellings in `absent` are absent."""
    for condition in conditions:
        if condition.kind == "any_of":
            if one_passes(condition.parts, element, absent):
                return True
            continue
        values = values_at(element, condition.path)
        if passes(condition, [v for v in values if is_set(v) and v.text() not in absent]):
            return True
    return False


def path_conditions(conditions):
    """Returns the conditions on members, those inside `any_of` too."""
    found = []
    for condition in conditions:
        if condition.kind == "path":
            found.append(condition)
        found.extend(path_conditions(condition.parts))
    return found
