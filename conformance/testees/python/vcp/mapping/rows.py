"""Reading the rows of one list of a conversation (MAPPING.md 5.2)."""

from dataclasses import dataclass, field
from fractions import Fraction

from ..numbers import fraction
from ..texts import fold, trim
from ..times import SECOND, read_timestamp
from .conditions import one_passes
from .paths import find, steps_into, values_at
from .readers import number_or_none, read_seconds, time_or_none
from .report import WordList
from .tool_calls import Moment, read_calls, read_results
from .values import flag_of, string_of, text_of, word_of

SPEAKERS = ("agent", "user", "person")


@dataclass
class Turn:
    """What a speaker said. Times are in nanoseconds, `length` is that of the speech."""

    side: str
    label: str
    text: str
    start: int | None
    end: int | None
    length: object = None


@dataclass
class ListOfRows:
    """What the rows of one list say."""

    turns: list = field(default_factory=list)
    flags: list = field(default_factory=list)
    latencies: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    results: list = field(default_factory=list)


class RowReader:
    """Reads the rows of one list."""

    def __init__(self, form, pointer, report, begins_at):
        """Keeps the form. `begins_at` has the nanoseconds to add to times, or None."""
        self.form, self.pointer, self.report = form, pointer, report
        self.begins_at = begins_at
        self.found = ListOfRows()
        self.unknown_roles, self.unknown_words = WordList(report), WordList(report)
        self.faults = set()

    def read(self, node):
        """Reads all rows."""
        if any(row.kind != "object" for row in node.elements()):
            self.report.problem("VCP_E004", self.pointer)
        for row in in_order(node.elements(), self.form.order_by):
            if row.kind == "object":
                self.read_row(row)
        return self.found

    def fault(self, name):
        """Reports a fault of the list once (MAPPING.md 3, `problems`)."""
        if name not in self.faults:
            self.faults.add(name)
            self.report.problem("VCP_E005", self.pointer + "/*")

    def read_row(self, row):
        """Reads one row."""
        self.check_words(row)
        role, label = self.role_of(row)
        time = self.moment(self.form.start, row)
        if role in SPEAKERS:
            self.read_speech(row, role, label)
        if self.form.calls:
            calls, lacks_name = read_calls(self.form, row, role, time)
            self.found.calls += calls
            if lacks_name:
                self.fault("tool call without a name")
        if self.form.results and not self.form.results.same_row:
            self.found.results += read_results(self.form, row, role, time)

    def check_words(self, row):
        """Reports the unknown words of members (RULES.md 9.6, `words_of`)."""
        for path, words in self.form.words_of.items():
            for node in values_at(row, path):
                word = unknown_word(node, words)
                if word is not None:
                    self.unknown_words.add(f"{self.pointer}/*/" + "/".join(path.head), word)

    def role_of(self, row):
        """Returns the role of a row, and the word that gave it."""
        texts = (text_of(find(row, path.head)) for path in self.form.role)
        label = next((text for text in texts if text is not None and trim(text)), None)
        if self.form.all_rows:
            return self.form.all_rows, label or ""
        if label is None:
            if self.text_of_row(row) is not None:
                self.fault("row without a role")
            return None, ""
        role = self.form.roles.get(fold(trim(label)))
        if role is None:
            self.unknown_roles.add(self.pointer, label)
        return role, label

    def text_of_row(self, row):
        """Returns the text of a row, or None (MAPPING.md 5.2, point 2)."""
        text = string_of(find(row, self.form.text.head)) if self.form.text else None
        if text is not None and trim(text):
            return trim(text)
        parts = text_parts(row, self.form.text_parts)
        return " ".join(parts) if parts else None

    def read_speech(self, row, role, label):
        """Reads the turn, the flag and the latency of a row of a speaker."""
        flag = flag_of(find(row, self.form.cut_off.head)) if self.form.cut_off else None
        is_known = flag or self.form.cut_off_of in (None, role)
        if flag is not None and role != "person" and is_known:
            self.found.flags.append((role, flag))
        seconds = [read_seconds(find(row, path.head)) for path in self.form.latency]
        latency = next((value for value in seconds if value is not None), None)
        if latency is not None:
            self.found.latencies.append(latency)
        text = self.text_of_row(row)
        words = self.times_of_words(row)
        if text is None or text in self.form.silence or (words and words[0] == words[1]):
            return
        if not one_passes(self.form.not_spoken, row):
            start, end = words or self.times_of_row(row)
            self.add_turn(Turn(role, label, text, start, end), row)

    def times_of_row(self, row):
        """Returns the start and the end of a row, by its clocks."""
        return self.nanoseconds(self.form.start, row), self.nanoseconds(self.form.end, row)

    def add_turn(self, turn, row):
        """Adds a turn with the length of its speech (points 3 and 4)."""
        if turn.start is not None and turn.end is not None and turn.end < turn.start:
            turn.end = None
        if turn.start is not None and turn.end is not None:
            turn.length = self.length_of_speech(row, turn.end - turn.start)
        if self.form.continues:
            turn.start, turn.end = self.moved(turn.start), self.moved(turn.end)
        self.found.turns.append(turn)

    def moved(self, time):
        """Returns a time of a form that continues, from the start of the call."""
        if time is None or self.begins_at is None:
            return None
        return time + self.begins_at

    def length_of_speech(self, row, length):
        """Returns the provider's length of speech if it can be right, otherwise the row's."""
        node = find(row, self.form.speech_ms.head) if self.form.speech_ms else None
        given = number_or_none(node)
        if given is None:
            return length
        given = given * (SECOND // 1000)
        return given if Fraction(length, 100) <= given <= length else length

    def times_of_words(self, row):
        """Returns the start of the first word and the end of the last, or None."""
        words = self.form.words
        node = find(row, words.path.head) if words else None
        if node is None or not node.elements():
            return None
        start = read_seconds(find(node.elements()[0], words.start.head))
        end = read_seconds(find(node.elements()[-1], words.end.head))
        return None if start is None or end is None else (start, end)

    def nanoseconds(self, clock, row):
        """Returns the time of a clock in nanoseconds, or None."""
        node = find(row, clock.path.head) if clock else None
        if node is None:
            return None
        if clock.in_call:
            return read_seconds(node, clock.scale)
        time = time_or_none(node)
        return time.nanoseconds if time else None

    def moment(self, clock, row):
        """Returns the time of a tool call or result (point 9)."""
        node = find(row, clock.path.head) if clock else None
        if node is None:
            return None
        if not clock.in_call:
            time = time_or_none(node)
            return Moment(time=time) if time else None
        seconds = read_seconds(node, clock.scale)
        seconds = self.moved(seconds) if self.form.continues else seconds
        return None if seconds is None else Moment(in_call=seconds)


def text_parts(row, paths):
    """Returns the parts of a text: those of the first group that gives any (RULES.md 9.6)."""
    groups = {}
    for path in paths:
        if path.has_brackets:
            groups.setdefault(path.head, []).append(path)
    for head, group in groups.items():
        node = find(row, head)
        elements = node.elements() if node is not None else []
        parts = [part for element in elements for path in group for part in parts_at(element, path)]
        if parts:
            return parts
    return []


def parts_at(element, path):
    """Returns the texts that a path gives for one element of its first list."""
    nodes = [value for value, _ in steps_into([element], path.steps)]
    texts = [trim(string_of(node) or "") for node in nodes]
    return [text for text in texts if text]


def in_order(rows, order_by):
    """Returns the rows, sorted by the members of `order_by` (MAPPING.md 5.2)."""
    if not order_by:
        return rows
    keys, last = [], [None] * len(order_by)
    for row in rows:
        parts = [order_part(find(row, path.head)) for path in order_by]
        last = [before if part is None else part for part, before in zip(parts, last)]
        keys.append([(part is not None, part or 0) for part in last])
    return [rows[index] for index in sorted(range(len(rows)), key=keys.__getitem__)]


def order_part(node):
    """Returns a part of the key of a row: a number times 10^9, or a time in nanoseconds."""
    text = trim(text_of(node) or "")
    number, timestamp = fraction(text), read_timestamp(text)
    if number is not None:
        return number * SECOND
    return None if timestamp is None else timestamp.instant()


def unknown_word(node, words):
    """Returns the text of a value if it is none of the words (RULES.md 9.1), or None."""
    text = word_of(node)
    text = text_of(node) if text is None else text
    if text is None or not trim(text):
        return None
    known = {fold(trim(word)) for word in words}
    return None if fold(trim(text)) in known else text
