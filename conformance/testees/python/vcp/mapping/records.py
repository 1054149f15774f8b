"""Reading transfers and criteria (MAPPING.md 9 and 11, RULES.md 9.4 and 9.5)."""

from fractions import Fraction

from ..json_text import is_set
from ..times import time_in_range
from .conditions import all_pass
from .paths import find, values_with_rows
from .readers import nearest_double, number_or_none, read_seconds, read_time, time_or_none
from .report import WordList
from .transforms import number_of_address
from .values import Fault, Nothing, is_filled, string_of, text_of, word_of


class RecordReader:
    """Reads the transfers and the criteria of a delivery."""

    def __init__(self, delivery, fields, report, looked_at):
        """Keeps what is read from and written to."""
        self.delivery, self.fields, self.report = delivery, fields, report
        self.looked_at = looked_at

    def run(self):
        """Reads the transfers, then the criteria."""
        not_used = []
        for keys in self.delivery.rule_file.transfers:
            if keys.list:
                self.read_transfer_list(keys)
            elif self.delivery.holds(keys.when, self.fields.written):
                self.read_transfer_of_record(keys)
            else:
                not_used.append(keys)
        if self.fields.transfers:
            for keys in not_used:
                self.supersede(keys.to)
        for keys in self.delivery.rule_file.criteria:
            self.read_criteria(keys)

    def supersede(self, paths):
        """Notes the members of `to` that are filled and were not used."""
        for path in paths:
            if is_filled(self.delivery.member(path)):
                self.looked_at.look(path)
                self.report.supersede(
                    self.delivery.pointer(path), self.delivery.head_names(path)
                )

    def read_transfer_of_record(self, keys):
        """Reads the one transfer that the record can have."""
        for path in keys.to:
            node, pointer = self.delivery.member(path), self.delivery.pointer(path)
            if not is_filled(node):
                continue
            to = text_of(node)
            if to is None:
                self.report.problem("VCP_E004", pointer)
                continue
            self.fields.sources.add(pointer)
            self.add_transfer(to, self.time_of_record(keys), self.outcome_of_record(keys))
            self.look_at_transfer(keys)
            self.supersede([other for other in keys.to if other is not path])
            return

    def look_at_transfer(self, keys):
        """Notes the members of a transfer that the record gave."""
        for path in (*keys.to, keys.at, keys.outcome):
            if path:
                self.looked_at.look(path)

    def time_of_record(self, keys):
        """Reads the time of a transfer of the record."""
        node = self.delivery.member(keys.at) if keys.at else None
        if not is_filled(node):
            return None
        pointer = self.delivery.pointer(keys.at)
        try:
            time = read_time(node)
        except Nothing:
            return None
        except Fault as fault:
            self.report.problem(fault.code, pointer)
            return None
        self.fields.sources.add(pointer)
        return time

    def outcome_of_record(self, keys):
        """Reads the outcome of a transfer of the record."""
        node = self.delivery.member(keys.outcome) if keys.outcome else None
        if not is_filled(node):
            return None
        pointer = self.delivery.pointer(keys.outcome)
        if text_of(node) is None:
            self.report.problem("VCP_E004", pointer)
        else:
            self.fields.sources.add(pointer)
        return text_of(node)

    def add_transfer(self, to, at, outcome):
        """Adds a transfer. A part that is not known is absent."""
        parts = {"to": number_of_address(to), "at": at, "outcome": outcome}
        known = {name: part for name, part in parts.items() if part is not None}
        self.fields.transfers.append(known)

    def read_transfer_list(self, keys):
        """Reads a list of transfers."""
        self.looked_at.transfers(keys)
        head = self.delivery.head(keys.list)
        if is_set(head) and head.kind != "list":
            self.report.problem("VCP_E004", self.delivery.head_pointer(keys.list))
        lacks_destination = False
        for node, row in values_with_rows(self.delivery.start_of(keys.list), keys.list):
            for element in node.elements():
                if element.kind == "object" and all_pass(keys.when, element):
                    given = self.read_transfer(keys, element, row or element)
                    lacks_destination = lacks_destination or not given
        if lacks_destination:
            self.report.problem("VCP_E005", self.delivery.pointer(keys.list) + "/*")

    def read_transfer(self, keys, element, row):
        """Reads an element of a list of transfers. Says whether it has a destination."""
        members = [find(element, path.head) for path in keys.to]
        texts = [text_of(member) for member in members if is_filled(member)]
        to = next((text for text in texts if text is not None), None)
        if to is None:
            return False
        outcome = find(element, keys.outcome.head) if keys.outcome else None
        at = time_or_none(find(element, keys.at.head) if keys.at else None)
        at = at or self.time_of_row(keys.row_at, row)
        self.add_transfer(to, at, text_of(outcome) if is_filled(outcome) else None)
        return True

    def time_of_row(self, clock, row):
        """Returns the time of the row of a transfer, or None."""
        node = find(row, clock.path.head) if clock else None
        if node is None:
            return None
        if not clock.in_call:
            return time_or_none(node)
        seconds, start = read_seconds(node, clock.scale), self.fields.start_if_read()
        if seconds is None or start is None:
            return None
        return time_in_range(start + seconds)

    def read_criteria(self, keys):
        """Reads a list of criteria, or an object whose members are criteria."""
        self.looked_at.criteria(keys)
        values = self.delivery.values(keys.path)
        node, pointer = values[0] if values else None, self.delivery.pointer(keys.path)
        if not is_set(node):
            return
        entries = list(node.by_name().items()) + [(None, element) for element in node.elements()]
        words, found, lacks_name = WordList(self.report), [], False
        for name, entry in entries:
            if entry.kind == "object":
                criterion = self.criterion(keys, name, entry, words, pointer)
                lacks_name = lacks_name or (criterion is not None and criterion["id"] is None)
                found += [criterion] if criterion and criterion["id"] is not None else []
        if lacks_name:
            self.report.problem("VCP_E005", pointer + "/*")
        if found:
            self.fields.scored_criteria = found

    def criterion(self, keys, name, entry, words, pointer):
        """Reads a criterion, or returns None if its result makes none."""
        word = word_of(find(entry, keys.result.head))
        if word is None:
            return None
        table = self.delivery.provider.tables[keys.table]
        result, known = table.look_up(word)
        if table.reports(known):
            words.add(pointer, word)
        if result not in ("true", "false"):
            return None
        given = string_of(find(entry, keys.id.head)) if keys.id else None
        criterion = {"id": name if given is None else given, "met": result == "true"}
        score = score_of(keys, entry)
        return criterion if score is None else {**criterion, "score": score}


def score_of(keys, entry):
    """Returns the score of a criterion, or None (MAPPING.md 9)."""
    score = number_or_none(find(entry, keys.score.head)) if keys.score else None
    most = number_or_none(find(entry, keys.max_score.head)) if keys.max_score else None
    if score is None:
        return None
    share = Fraction(score) / (most if most is not None and most > 0 else 1)
    return nearest_double(share) if 0 <= share <= 1 else None
