"""Applying the rules of a rule file (RULES.md 6)."""

from ..faults import ROOT, Refused
from ..json_text import is_set
from ..texts import same_word
from . import computed
from .fields import INTEGRATIONS, LIST_TARGETS, Value
from .transforms import transform
from .values import Fault, Nothing, is_filled, text_of, word_of

DONE = None


class RuleRunner:
    """Applies the rules to a delivery."""

    def __init__(self, delivery, fields, report, looked_at, copy):
        """Keeps what the rules read and write. `copy` masks the text of a member."""
        self.delivery, self.fields, self.report = delivery, fields, report
        self.looked_at, self.copy = looked_at, copy

    def run(self):
        """Applies all rules, and the postponed ones after the others (RULES.md 6.1)."""
        postponed = []
        for rule in self.delivery.rule_file.rules:
            if self.holds(rule.when):
                self.look_at(rule)
                index = self.apply(rule, 0)
                if index is not DONE:
                    postponed.append((rule, index))
        for rule, index in postponed:
            while index is not DONE:
                index = self.compute(rule, index)

    def look_at(self, rule):
        """Notes the members of sources without conditions."""
        for source in rule.sources:
            if not source.when:
                self.looked_at.source(source)

    def holds(self, conditions):
        """Says whether all conditions hold now."""
        return self.delivery.holds(conditions, self.fields.written)

    def compute(self, rule, index):
        """Tries the computed source at an index. Returns the next computed one, or DONE."""
        source = rule.sources[index]
        value = None
        if self.holds(source.when):
            value = computed.VALUES[source.transform](self.fields)
        if value is None:
            return self.apply(rule, index + 1)
        self.supersede(rule.sources[index + 1 :])
        self.write(rule, source, value)
        return DONE

    def apply(self, rule, index):
        """Applies the sources from an index on. Returns the first computed one, or DONE."""
        if rule.to in LIST_TARGETS:
            return self.apply_to_list(rule, index)
        if rule.to in self.fields.written:
            self.supersede(rule.sources[index:])
            return DONE
        found, value = self.look(rule, index)
        if found is not DONE and value is None:
            return found
        if found is not DONE:
            self.supersede(rule.sources[found + 1 :])
            self.write(rule, rule.sources[found], value)
        elif rule.required:
            self.refuse(rule)
        return DONE

    def apply_to_list(self, rule, index):
        """Adds each different value of all sources, of twins the first (RULES.md 6.3)."""
        seen = []
        found, value = self.look(rule, index)
        while found is not DONE and value is not None:
            if value not in seen:
                self.write(rule, rule.sources[found], value)
                seen.append(value)
            behind = found + 1 + rule.sources[found].twins_behind
            self.supersede(rule.sources[found + 1 : behind])
            found, value = self.look(rule, behind)
        if found is DONE and not seen and rule.required:
            self.refuse(rule)
        return found

    def look(self, rule, index):
        """Returns the index of the next source that gives something, and its value.

        Without a value the source is computed. The index DONE means that no source gives one.
        """
        for place in range(index, len(rule.sources)):
            source = rule.sources[place]
            if not self.holds(source.when):
                continue
            if source.constant is not None:
                return place, source.constant
            if source.is_computed:
                return place, None
            self.looked_at.source(source)
            value = self.value_of(source)
            if value is not None:
                return place, value
        return DONE, None

    def value_of(self, source):
        """Returns the value of the member of a source, or None."""
        self.check_head(source)
        node, pointer = self.delivery.member(source.path), self.delivery.pointer(source.path)
        if not is_set(node):
            return None
        if is_exception(node, source.exceptions):
            return self.nothing(node, pointer)
        try:
            result = transform(source, node, self.delivery.provider.tables, self.copy)
        except Nothing:
            return self.nothing(node, pointer)
        except Fault as fault:
            self.report.problem(fault.code, pointer)
            return None
        if result.unknown is not None:
            self.report.unknown(pointer, result.unknown)
        elif result.value is None:
            return self.nothing(node, pointer)
        if result.replaced_surrogate:
            self.report.problem("VCP_E001", pointer)
        return result.value

    def nothing(self, node, pointer):
        """Notes a member that gave nothing although it is filled (MAPPING.md 3)."""
        if is_filled(node):
            self.report.consult(pointer, word_of(node))

    def check_head(self, source):
        """Reports a path into a list that has another type (RULES.md 4)."""
        if source.path.has_brackets:
            head = self.delivery.head(source.path)
            if is_set(head) and head.kind != "list":
                self.report.problem("VCP_E004", self.delivery.head_pointer(source.path))

    def supersede(self, sources):
        """Notes the filled members of sources (RULES.md 6.1)."""
        for source in sources:
            if source.path is None or not self.holds(source.when):
                continue
            if is_filled(self.delivery.member(source.path)):
                self.looked_at.source(source)
                head = self.delivery.head_names(source.path)
                self.report.supersede(self.delivery.pointer(source.path), head)

    def write(self, rule, source, value):
        """Writes a value, after the flags of the rule have changed its word."""
        pointer = self.delivery.pointer(source.path) if source.path else None
        changed = self.flagged(rule, value)
        derived = source.derived or changed != value
        is_system = rule.to.startswith(INTEGRATIONS) and "." not in rule.to.removeprefix(INTEGRATIONS)
        if is_system and not str(changed).startswith("{"):
            self.report.problem("VCP_E004", pointer or "")
            return
        self.fields.write(rule.to, Value(changed, derived, pointer))

    def flagged(self, rule, word):
        """Returns the word after the flags of a rule (RULES.md 6.6)."""
        for flag in rule.flags:
            if word in flag.replaces and self.delivery.condition_holds(flag.test, ()):
                word = flag.by
        return word

    def refuse(self, rule):
        """Refuses a delivery without a required value (RULES.md 6)."""
        path = next((source.path for source in rule.sources if source.path), None)
        raise Refused("VCP_E005", ROOT.down(self.delivery.head_names(path) if path else ()))


def is_exception(node, exceptions):
    """Says whether the word of a member means no value (RULES.md 6.2)."""
    word = text_of(node)
    word = word_of(node) if word is None else word
    return word is not None and any(same_word(word, text) for text in exceptions)
