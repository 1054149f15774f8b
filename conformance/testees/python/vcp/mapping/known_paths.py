"""The known paths of a provider (MAPPING.md 3, `unread`)."""

from functools import lru_cache

from .conditions import path_conditions
from .secrets import Pattern


class KnownPaths:
    """A tree of the names that the files of a provider name."""

    def __init__(self):
        """Starts without paths."""
        self.below = {}

    def add(self, names):
        """Adds a path."""
        place = self
        for name in names:
            place = place.below.setdefault(name, KnownPaths())

    def get(self, name):
        """Returns the tree below a name, or None if no path goes there."""
        return self.below.get(name)

    @property
    def goes_on(self):
        """Says whether a known path goes on below this place."""
        return bool(self.below)


@lru_cache(maxsize=None)
def known_paths(provider):
    """Returns the tree of all paths that the files of a provider name, for any event."""
    tree = KnownPaths()
    places = [way.at for way in provider.ways]
    for names in root_names(provider):
        tree.add(names)
    for event in provider.events.values():
        add_paths(tree, event_paths(event), places + own_places([event]))
    for rule_file in provider.rule_files.values():
        events = [event for event in provider.events.values() if event.rules == rule_file.name]
        add_paths(tree, rule_file_paths(rule_file), places + own_places(events))
    return tree


def own_places(events):
    """Returns the places that events name for their records."""
    return [event.at for event in events if event.at is not None]


def add_paths(tree, paths, places):
    """Adds paths below every place at which a record can be."""
    for path in paths:
        for place in [()] if path.from_root else places:
            tree.add(place + path.head)


def root_names(provider):
    """Returns the names of the paths that start at the root of the payload."""
    for way in provider.ways:
        yield way.at
        for path in way.looked_at + way.lacks:
            yield path.head
    for event in provider.events.values():
        yield event.at or ()
    for path in provider.lists_of_calls:
        yield path.head
    for text in provider.secrets:
        pattern = Pattern(text)
        if pattern.from_root and "*" not in text:
            yield pattern.outer + (pattern.last,)


def event_paths(event):
    """Returns the paths of an event."""
    yield from event.required
    for part in event.key:
        yield from part
    yield from event.time
    for condition in path_conditions(event.unless):
        yield condition.path


def rule_file_paths(rule_file):
    """Returns the paths of a rule file that start at the record or the root."""
    for condition in record_conditions(rule_file):
        yield condition.path
    for rule in rule_file.rules:
        yield from (source.path for source in rule.sources if source.path)
    yield from rule_file.words
    yield from (models.path for models in rule_file.models)
    yield from (criteria.path for criteria in rule_file.criteria)
    for transfers in rule_file.transfers:
        yield from [transfers.list] if transfers.list else transfer_members(transfers)
    for form in rule_file.forms:
        yield from (rows.path for rows in form.lists)
        if form.begins_at:
            yield form.begins_at


def transfer_members(transfers):
    """Returns the members of a transfer of the record."""
    others = [path for path in (transfers.at, transfers.outcome) if path]
    return [*transfers.to, *others]


def record_conditions(rule_file):
    """Returns the conditions and the tests of flags on members of the record."""
    found = []
    for rule in rule_file.rules:
        found += path_conditions(rule.when)
        found += [flag.test for flag in rule.flags]
        for source in rule.sources:
            found += path_conditions(source.when)
    for transfers in rule_file.transfers:
        if not transfers.list:
            found += path_conditions(transfers.when)
    for form in rule_file.forms:
        for rows in form.lists:
            found += path_conditions(rows.when)
    return found
