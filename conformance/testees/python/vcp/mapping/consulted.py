"""The lists `consulted` and `unknown_words` of members that are only tested (MAPPING.md 3)."""

from ..json_text import is_set
from ..pointers import pointer_of
from .known_paths import record_conditions
from .paths import values_at
from .report import WordList
from .rows import unknown_word
from .values import word_of

MOST_WORDS = 64


def look_at_conditions(delivery, looked_at):
    """Notes every member that a condition or a flag of the rule file tests."""
    for condition in record_conditions(delivery.rule_file):
        looked_at.condition(condition)


def consulted_list(delivery, report, fields, superseded, is_ignored):
    """Returns the entries of `consulted`."""
    tested = tested_words(delivery, is_ignored)
    entries = dict.fromkeys([*report.consulted, *tested])
    return [
        {"source": source} if word is None else {"source": source, "word": word}
        for source, word in entries
        if source not in fields.sources and source not in superseded
    ]


def tested_words(delivery, is_ignored):
    """Returns the members that conditions and the recognition tested, with their words."""
    values, has_word = {}, set()
    for path in delivery.way.looked_at:
        pointer = pointer_of(path.head)
        values[pointer] = values_at(delivery.root, path)
        has_word.add(pointer)
    for condition in record_conditions(delivery.rule_file):
        if is_ignored(delivery.names(condition.path)):
            continue
        pointer = delivery.pointer(condition.path)
        values.setdefault(pointer, delivery.values(condition.path))
        if condition.test == "is":
            has_word.add(pointer)
    found = []
    for pointer, nodes in values.items():
        words = [word_of(node) if pointer in has_word else None for node in nodes if is_set(node)]
        found += [(pointer, word) for word in list(dict.fromkeys(words))[:MOST_WORDS]]
    return found


def check_words(delivery, report):
    """Reports the words of members that are not listed (RULES.md 9.1)."""
    for path, words in delivery.rule_file.words.items():
        found = WordList(report)
        for node in delivery.values(path):
            word = unknown_word(node, words)
            if word is not None:
                found.add(delivery.pointer(path), word)
