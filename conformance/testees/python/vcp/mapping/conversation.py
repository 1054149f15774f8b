"""Choosing the lists of a conversation and joining them (MAPPING.md 5.1 and 5.3)."""

import re
from dataclasses import dataclass, field

from ..json_text import is_set
from ..texts import trim
from .known_paths import known_paths
from .readers import read_seconds
from .rows import RowReader
from .tool_calls import join_results
from .values import is_filled

_LINE_BREAK = re.compile("[\n-\r\x1c-\x1e\x85\u2028\u2029]")


@dataclass
class Conversation:
    """What the lists of a conversation say together."""

    turns: list = field(default_factory=list)
    flags: list = field(default_factory=list)
    latencies: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    results: list = field(default_factory=list)
    source: str = ""
    can_hold_speech: bool = False
    counts_tools: bool = False

    @property
    def found_anything(self):
        """Says whether a turn, a tool call or a result was found."""
        return bool(self.turns or self.calls or self.results)


class ConversationReader:
    """Reads the conversation of a delivery."""

    def __init__(self, delivery, fields, report, looked_at):
        """Keeps what is read from and written to."""
        self.delivery, self.fields, self.report = delivery, fields, report
        self.looked_at = looked_at
        self.found = Conversation()
        self.lists_read, self.wanted_texts, self.tool_lists = 0, set(), []

    def run(self):
        """Reads the lists of all forms, and returns the conversation."""
        for form in self.delivery.rule_file.forms:
            begins_at = self.begins_at(form)
            lists_before = self.lists_read
            for rows in form.lists:
                if self.delivery.holds(rows.when, self.fields.written):
                    self.looked_at.rows(rows.path, form)
                    continues = form.continues and self.lists_read == lists_before
                    self.read_if_wanted(form, rows, continues, begins_at)
        found = self.found
        found.calls, made = join_results(found.calls, found.results)
        if made:
            self.report.problem("VCP_E002", found.source)
        gave = [gave_any for gave_any in self.tool_lists if gave_any]
        found.counts_tools = bool(gave if found.found_anything else self.tool_lists)
        return found

    def begins_at(self, form):
        """Reads the seconds at which rows that continue begin, in nanoseconds."""
        if form.begins_at is None:
            return None
        self.looked_at.take(form.begins_at)
        node, pointer = self.delivery.member(form.begins_at), self.delivery.pointer(form.begins_at)
        if not is_set(node):
            return None
        seconds = read_seconds(node)
        if seconds is None:
            self.report.problem("VCP_E004", pointer)
        else:
            self.report.consult(pointer, None)
        return seconds

    def read_if_wanted(self, form, rows, continues, begins_at):
        """Reads a list of rows, or skips it (MAPPING.md 5.1)."""
        node, pointer = self.delivery.head(rows.path), self.delivery.pointer(rows.path)
        if self.found.turns and not rows.tools and not continues:
            if is_filled(node):
                self.supersede(rows, pointer)
            return
        if not is_set(node):
            return
        if node.kind != "list":
            if not (node.kind == "object" and self.goes_on(rows.path)):
                self.report.problem("VCP_E004", pointer)
            return
        if not node.elements():
            return
        if node.text() in self.wanted_texts:
            self.supersede(rows, pointer)
            return
        self.wanted_texts.add(node.text())
        self.join(form, rows, pointer, RowReader(form, pointer, self.report, begins_at).read(node))

    def supersede(self, rows, pointer):
        """Notes a list that is not read."""
        self.report.supersede(pointer, self.delivery.head_names(rows.path))

    def goes_on(self, path):
        """Says whether a known path goes on below a list of rows."""
        known = known_paths(self.delivery.provider)
        for name in self.delivery.head_names(path):
            known = known.get(name)
        return known.goes_on

    def join(self, form, rows, pointer, read):
        """Adds what a list says (MAPPING.md 5.3)."""
        found = self.found
        gave_any = bool(read.turns or read.calls or read.results)
        is_first = self.lists_read == 0
        is_better = gave_any and not found.found_anything or read.turns and not found.turns
        if is_first or is_better:
            found.source = pointer
        self.lists_read += 1
        self.fields.sources.add(pointer)
        if rows.tools:
            self.tool_lists.append(gave_any)
        if read.turns or not rows.speechless:
            found.can_hold_speech = True
        if not found.turns:
            found.turns, found.flags, found.latencies = read.turns, read.flags, read.latencies
        elif form.continues:
            found.turns += read.turns
            found.flags += read.flags
            found.latencies += read.latencies
        self.join_tools(read)

    def join_tools(self, read):
        """Adds tool calls and results whose ids no earlier list had."""
        found = self.found
        if not found.calls and not found.results:
            found.calls, found.results = read.calls, read.results
            return
        ids = {call.id for call in found.calls}
        found.calls = found.calls + [
            call for call in read.calls if call.id is not None and call.id not in ids
        ]
        ids = {result.id for result in found.results}
        for result in read.results:
            if result.id is not None and result.id not in ids:
                ids.add(result.id)
                found.results = found.results + [result]


def transcript_of(turns):
    """Writes the transcript (MAPPING.md 5.6)."""
    return "\n".join(f"{name_of(turn)}: {one_line(turn.text)}" for turn in turns)


def name_of(turn):
    """Returns the name of a speaker."""
    if turn.side != "person":
        return turn.side.capitalize()
    label = trim(turn.label or "") or turn.side
    return label[:1].upper() + label[1:]


def one_line(text):
    """Replaces each line break by a space."""
    return _LINE_BREAK.sub(" ", text)
