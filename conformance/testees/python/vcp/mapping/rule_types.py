"""The parts of a rule file, with its named lists and twins written out (RULES.md 6)."""

from dataclasses import dataclass, field, replace

from .conditions import Condition, read_conditions
from .paths import Path, parse_path

COMPUTED = (
    "start_plus_duration",
    "end_minus_start",
    "end_minus_duration",
    "end_time",
    "total_tokens",
)


def as_list(value):
    """Makes a list of a value, a list, or an absent key (RULES.md 2)."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Source:
    """A source of a rule. Its keys are those of RULES.md 6."""

    path: Path | None = None
    constant: str | None = None
    transform: str = "text"
    table: str | None = None
    word: str | None = None
    function: str | None = None
    members: tuple = ()
    rows: tuple = ()
    scale: int = 0
    when: tuple = ()
    exceptions: tuple = ()
    derived: bool = False
    # The number of sources behind it that are the same source at a twin of its path.
    twins_behind: int = 0

    @property
    def is_computed(self):
        """Says whether the source works on other fields (RULES.md 6.4)."""
        return self.transform in COMPUTED

    @property
    def takes_whole_value(self):
        """Says whether the whole member is read (MAPPING.md 3, "Taken")."""
        partly = self.path.has_brackets or self.members or self.transform == "present"
        return not partly


@dataclass(frozen=True)
class Flag:
    """A flag of a rule (RULES.md 6.6)."""

    test: Condition
    replaces: tuple
    by: str


@dataclass(frozen=True)
class Rule:
    """A rule: a target and its sources."""

    to: str
    sources: tuple
    when: tuple
    required: bool
    flags: tuple


@dataclass(frozen=True)
class RowList:
    """A list of rows of a conversation (RULES.md 9.6)."""

    path: Path
    tools: bool
    speechless: bool
    when: tuple


@dataclass
class RuleFile:
    """A rule file of a provider."""

    name: str
    rules: list = field(default_factory=list)
    words: dict = field(default_factory=dict)
    ignored: list = field(default_factory=list)
    models: list = field(default_factory=list)
    transfers: list = field(default_factory=list)
    criteria: list = field(default_factory=list)
    forms: list = field(default_factory=list)


@dataclass(frozen=True)
class Twins:
    """The twins of a rule file (RULES.md 6.5)."""

    of: dict
    first: tuple

    def path(self, path):
        """Returns the path of the twin, or None."""
        for name in sorted(self.of):
            rest = path.text[len(name) :]
            if path.text.startswith(name) and (not rest or rest[0] in ".["):
                return parse_path(self.of[name] + rest)
        return None

    def condition(self, condition):
        """Returns the condition that a source for the twin tests."""
        twin = self.path(condition.path) if condition.path else None
        return replace(condition, path=twin) if twin else condition

    def of_source(self, source):
        """Returns the source, between the two sources for its twin."""
        twin = self.path(source.path) if source.path else None
        if twin is None:
            return [source]
        when = tuple(self.condition(condition) for condition in source.when)
        later = replace(source, path=twin, when=when)
        return [replace(later, when=when + self.first), source, later]

    def of_rows(self, rows):
        """Returns the list of rows, between the two lists of its twin."""
        twin = self.path(rows.path)
        if twin is None:
            return [rows]
        later = replace(rows, path=twin)
        return [replace(later, when=rows.when + self.first), rows, later]

    def of_path(self, path):
        """Returns the path, and the path of its twin."""
        twin = self.path(path)
        return [path] if twin is None else [path, twin]

    def of_flag(self, flag):
        """Returns the flag, and the flag of its twin."""
        return [replace(flag, test=replace(flag.test, path=path)) for path in self.of_path(flag.test.path)]


def read_source(data):
    """Reads one source, without named lists and twins."""
    path, table, function = data.get("path"), data.get("table"), data.get("function")
    usual = "word" if table else "function" if function else "text"
    transform = data.get("as") or usual
    derived = data.get("derived")
    return Source(
        path=parse_path(path) if path is not None else None,
        constant=data.get("value"),
        transform=transform,
        table=table,
        word=data.get("word"),
        function=function,
        members=tuple(parse_path(name) for name in as_list(data.get("members"))),
        rows=read_conditions(data.get("rows")),
        scale=data.get("scale") or 0,
        when=read_conditions(data.get("when")),
        exceptions=tuple(as_list(data.get("except"))),
        derived=transform in COMPUTED or "value" in data if derived is None else derived,
    )


def read_sources(data, lists, twins):
    """Reads the sources of a rule, with named lists and twins written out."""
    sources = []
    for entry in as_list(data):
        for source in named_sources(entry, lists):
            both = twins.of_source(source)
            sources.extend(replace(source, twins_behind=len(both) - 1 - at) for at, source in enumerate(both))
    return tuple(sources)


def named_sources(entry, lists):
    """Returns the sources that an entry stands for (RULES.md 6.5)."""
    if not entry.get("use"):
        return [read_source(entry)]
    when = read_conditions(entry.get("when"))
    changed = [
        {**source, "as": entry["as"]} if entry.get("as") else source
        for source in as_list(lists[entry["use"]])
    ]
    sources = [read_source(source) for source in changed]
    return [replace(source, when=when + source.when) for source in sources]


def read_flag(data):
    """Reads a flag. Its test is a condition."""
    words = as_list(data.get("is"))
    kind = "is" if words else "filled"
    test = Condition("path", path=parse_path(data["path"]), test=kind, words=tuple(words))
    return Flag(test, tuple(as_list(data.get("replaces"))), data["by"])


def read_rule(data, lists, twins):
    """Reads a rule."""
    flags = [read_flag(flag) for flag in as_list(data.get("change"))]
    return Rule(
        to=data["to"],
        sources=read_sources(data.get("from"), lists, twins),
        when=read_conditions(data.get("when")),
        required=bool(data.get("required")),
        flags=tuple(both for flag in flags for both in twins.of_flag(flag)),
    )


def read_rows(data, twins):
    """Reads the lists of rows of a form."""
    lists = []
    for entry in as_list(data):
        rows = RowList(
            parse_path(entry["path"]),
            bool(entry.get("tools")),
            bool(entry.get("speechless")),
            read_conditions(entry.get("when")),
        )
        lists.extend(twins.of_rows(rows))
    return lists
