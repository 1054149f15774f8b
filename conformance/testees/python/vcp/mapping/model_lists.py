"""Reading lists of models (MAPPING.md 7, RULES.md 9.3)."""

from dataclasses import dataclass, field

from ..json_text import is_set
from ..numbers import rounded, scaled
from ..pointers import escape, pointer_of
from ..texts import trim
from .fields import CHOSEN_ROLES, FIGURE_ROLES, KPIS, METRICS, Value
from .paths import find
from .readers import nearest_double, read_number, whole_count
from .tables import NONE
from .values import Fault, Nothing, invalid, string_of

MOST = 10**12
DECIMALS = 18


@dataclass
class Figures:
    """The sums of the figures of a role, or of a line of costs."""

    minutes: object = None
    cost: object = None
    tokens: int | None = None

    def add(self, name, amount):
        """Adds an amount to a sum."""
        if amount is not None:
            setattr(self, name, (getattr(self, name) or 0) + amount)


@dataclass
class Sums:
    """What the lists of models of a delivery say together."""

    names: dict = field(default_factory=dict)
    roles: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)
    tokens: dict = field(default_factory=dict)
    has_speech: bool = False


class ModelReader:
    """Reads the lists of models of a delivery."""

    def __init__(self, delivery, fields, report, looked_at):
        """Keeps what the lists are read from and written to."""
        self.delivery, self.fields, self.report = delivery, fields, report
        self.looked_at = looked_at
        self.sums, self.last_fault = Sums(), None

    def run(self):
        """Reads all lists, and writes what they say."""
        for keys in self.delivery.rule_file.models:
            self.looked_at.models(keys)
            self.read_list(keys)
        self.write()

    def read_list(self, keys):
        """Reads a list, or an object whose members are models by their names."""
        values = self.delivery.values(keys.path)
        node = values[0] if values else None
        pointer = self.delivery.pointer(keys.path)
        self.last_fault = None
        if not is_set(node):
            return
        if node.kind == "object":
            entries = list(node.by_name().items())
        elif node.kind == "list":
            entries = [(None, element) for element in node.elements()]
        else:
            self.report.problem("VCP_E004", pointer)
            return
        for name, entry in entries:
            if entry.kind == "object":
                self.read_entry(keys, pointer, name, entry)

    def read_entry(self, keys, pointer, member_name, entry):
        """Reads one model: its name, its kind, its role and its figures."""
        name, name_place = self.name_of(keys, pointer, member_name, entry)
        kind = text_at(entry, keys.kind) if keys.kind else name
        if not kind:
            if any(is_set(find(entry, path.head)) for path in keys.cost):
                self.fault(pointer, "kind")
            return
        role = keys.role or self.role_of(keys, pointer, kind)
        if role == "LLM" and name and any(part in name.lower() for part in keys.v2v_names):
            role, self.sums.has_speech = "V2V", True
        if role and name:
            if self.sums.names.setdefault(role, name) != name:
                self.report.supersede(name_place, None)
            self.add_figures(keys, pointer, entry, self.sums.roles.setdefault(role, Figures()))
        else:
            line = self.sums.lines.setdefault(kind, Figures())
            if self.add_costs(keys, pointer, entry, line) and role:
                self.fields.written.add(f"{FIGURE_ROLES}{role}.cost_usd")

    def name_of(self, keys, pointer, member_name, entry):
        """Returns the name of a model, and its place for `superseded`."""
        if not keys.name:
            name = trim(member_name or "")
            return name, pointer + "/" + escape(member_name or "")
        for path in keys.name:
            name = text_at(entry, path)
            if name:
                return name, pointer + "/*" + pointer_of(path.head)
        return None, None

    def role_of(self, keys, pointer, kind):
        """Looks up the role of a kind, and reports an unknown kind (RULES.md 3.4)."""
        table = self.delivery.provider.tables[keys.role_table]
        role, known = table.look_up(kind)
        if table.reports(known) and role is None:
            self.report.unknown(pointer, kind)
        return None if role == NONE else role

    def add_figures(self, keys, pointer, entry, figures):
        """Adds the minutes, the costs and the tokens of a model."""
        minutes = find(entry, keys.minutes.head) if keys.minutes else None
        figures.add("minutes", self.amount(pointer, "minutes", minutes, 0))
        self.add_costs(keys, pointer, entry, figures)
        self.add_tokens(keys, pointer, entry, figures)

    def add_costs(self, keys, pointer, entry, figures):
        """Adds the costs of an entry. Says whether there is one."""
        has_cost = False
        for path in keys.cost:
            cost = self.amount(pointer, "cost", find(entry, path.head), keys.cost_scale)
            figures.add("cost", cost)
            has_cost |= cost is not None
        return has_cost

    def add_tokens(self, keys, pointer, entry, figures):
        """Adds the tokens of an entry to the metrics, and to the figures of its role."""
        for metric in ("prompt_tokens", "completion_tokens"):
            for path in getattr(keys, metric):
                tokens = self.tokens(pointer, find(entry, path.head))
                if tokens is not None:
                    self.sums.tokens[metric] = self.sums.tokens.get(metric, 0) + tokens
                    figures.add("tokens", tokens)

    def amount(self, pointer, figure, node, scale):
        """Reads minutes or a cost. Null is skipped."""
        if not is_set(node):
            return None
        try:
            number = rounded(scaled(read_number(node), scale), DECIMALS)
            if not 0 <= number <= MOST:
                raise invalid()
            return number
        except (Fault, Nothing):
            self.fault(pointer, figure)
            return None

    def tokens(self, pointer, node):
        """Reads a number of tokens. Null is skipped."""
        if not is_set(node):
            return None
        try:
            return whole_count(read_number(node))
        except (Fault, Nothing):
            self.fault(pointer, "tokens")
            return None

    def fault(self, pointer, figure):
        """Reports a fault. Faults of one kind that follow one another are listed once."""
        if self.last_fault != figure:
            self.report.problem("VCP_E001", pointer)
        self.last_fault = figure

    def write(self):
        """Writes names, figures, lines of costs and the metrics of tokens."""
        for role, name in self.sums.names.items():
            self.write_one(f"{CHOSEN_ROLES}{role}.chosen", name)
            figures = self.sums.roles[role]
            self.write_one(f"{FIGURE_ROLES}{role}.minutes", as_double(figures.minutes))
            self.write_one(f"{FIGURE_ROLES}{role}.cost_usd", as_double(figures.cost))
            self.write_one(f"{FIGURE_ROLES}{role}.tokens_processed", figures.tokens)
        if self.sums.has_speech:
            self.close_llm()
        for kind, figures in self.sums.lines.items():
            self.write_one(f"{KPIS}cost_usd.{kind}", as_double(figures.cost))
        for metric, tokens in self.sums.tokens.items():
            self.write_one(METRICS + metric, tokens)

    def close_llm(self):
        """Closes the fields of the role LLM, which the settings give to the V2V as well."""
        self.fields.llm_is_v2v = "LLM" not in self.sums.names
        v2v = self.fields.models["V2V"]
        self.fields.written.update(f"{CHOSEN_ROLES}LLM.{part}" for part in ("chosen", "fallback_used"))
        for figure in ("minutes", "tokens_processed", "cost_usd", "errors"):
            if not self.fields.llm_is_v2v or getattr(v2v, figure) is not None:
                self.fields.written.add(f"{FIGURE_ROLES}LLM.{figure}")

    def write_one(self, target, value):
        """Writes a value if it is known."""
        if value is not None:
            self.fields.write(target, Value(value))


def as_double(number):
    """Returns the nearest double of a sum, or None."""
    return None if number is None else nearest_double(number)


def text_at(entry, path):
    """Returns the string of a member, trimmed, or None if it is absent or empty."""
    text = string_of(find(entry, path.head))
    return trim(text) or None if text is not None else None
