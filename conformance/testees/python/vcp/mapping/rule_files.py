"""Finding and loading the rule files (RULES.md 2 and 3)."""

import json
from functools import lru_cache

from .. import suite
from ..texts import fold
from .conditions import read_conditions
from .forms import read_form
from .paths import parse_path
from .record_types import read_criteria, read_models, read_transfers
from .rule_types import RuleFile, Twins, as_list, read_rows, read_rule
from .secrets import GENERAL_SECRETS
from .tables import Table


class Provider:
    """The description of a provider's deliveries: `provider.json` and its rule files."""

    def __init__(self, data, rule_files):
        """Reads the keys of `provider.json` (RULES.md 3)."""
        self.name = data["provider"]
        self.ways = [Way(way) for way in as_list(data.get("detect"))]
        self.events = {name: Event(name, event) for name, event in data["events"].items()}
        self.lists_of_calls = [parse_path(path) for path in as_list(data.get("lists_of_calls"))]
        self.tables = {name: Table(table) for name, table in (data.get("tables") or {}).items()}
        self.secrets = as_list(data.get("secrets")) + GENERAL_SECRETS
        self.audio = data.get("audio")
        self.ended_reasons = data.get("ended_reasons")
        self.rule_files = rule_files


class Way:
    """A way to recognise a delivery (RULES.md 3.2)."""

    def __init__(self, data):
        """Reads an entry of `detect`."""
        self.has, self.has_any, self.filled, self.lacks = (
            [parse_path(path) for path in as_list(data.get(key))]
            for key in ("has", "has_any", "filled", "lacks")
        )
        self.event = data.get("event") or ""
        self.event_from = parse_path(data["event_from"]) if data.get("event_from") else None
        self.at = place(data.get("at"))

    @property
    def looked_at(self):
        """Returns the members whose presence or word decided (MAPPING.md 3)."""
        from_word = [self.event_from] if self.event_from else []
        return self.has + self.has_any + self.filled + from_word


class Event:
    """An event of a provider (RULES.md 3.3)."""

    def __init__(self, name, data):
        """Reads an entry of `events`."""
        self.name, self.rules = name, data.get("rules")
        self.at = place(data["at"]) if data.get("at") else None
        self.unless = read_conditions(data.get("unless"))
        required = (data.get("schema") or {}).get("required")
        self.required = [parse_path(path) for path in as_list(required)]
        parts = [as_list(part) for part in as_list(data.get("key"))]
        self.key = [[parse_path(path) for path in part] for part in parts]
        self.assembled = bool(data.get("assembled"))
        self.time = [parse_path(path) for path in as_list(data.get("time"))]


def place(at):
    """Returns the names of a place. The root has none."""
    return tuple(at.split(".")) if at else ()


def read_rule_file(data):
    """Reads a rule file (RULES.md 6 and 9)."""
    twins_data = data.get("twins") or {}
    twins = Twins(twins_data.get("of") or {}, read_conditions(twins_data.get("first")))
    lists = data.get("lists") or {}
    forms = as_list(data.get("conversation"))
    return RuleFile(
        name=data["name"],
        rules=[read_rule(rule, lists, twins) for rule in as_list(data.get("rules"))],
        words=read_words(data.get("words") or {}, twins),
        ignored=[parse_path(path) for path in data.get("ignored") or {}],
        models=[read_models(entry) for entry in as_list(data.get("models"))],
        transfers=[read_transfers(entry) for entry in as_list(data.get("transfers"))],
        criteria=[read_criteria(entry) for entry in as_list(data.get("criteria"))],
        forms=[read_form(form, read_rows(form.get("rows"), twins)) for form in forms],
    )


def read_words(data, twins):
    """Reads the known words of members, and of their twins (RULES.md 9.1)."""
    return {path: as_list(words) for key, words in data.items() for path in twins.of_path(parse_path(key))}


def load(path):
    """Reads a JSON file. A null key is the same as an absent one (RULES.md 2)."""
    return without_nulls(json.loads(path.read_text(encoding="utf-8")))


def without_nulls(value):
    """Removes the keys that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(part) for key, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


@lru_cache(maxsize=None)
def provider_folders():
    """Returns the folder of each name of a provider, without regard to case."""
    folders = {}
    for path in suite.provider_files():
        data = load(path)
        for name in [data["provider"]] + as_list(data.get("aliases")):
            folders[fold(name)] = path.parent
    return folders


@lru_cache(maxsize=None)
def load_provider(folder):
    """Reads the files of a provider's folder."""
    paths = [path for path in sorted(folder.glob("*.json")) if path.name != "provider.json"]
    rule_files = [read_rule_file(load(path)) for path in paths]
    return Provider(load(folder / "provider.json"), {file.name: file for file in rule_files})


def find_provider(name):
    """Returns the provider with this name, or None. The name is not trimmed (RULES.md 3.1)."""
    folder = provider_folders().get(fold(name))
    return load_provider(folder) if folder else None
