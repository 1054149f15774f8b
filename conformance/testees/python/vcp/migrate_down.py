"""A downgrade to 0.3 without a return (MIGRATION.md, sections 4.1 and 4.3)."""

from . import model
from .json_text import read_json
from .migrate_up import limited
from .report import in_order, kept_entries, lost_entries, unknown_members
from .reverse_rules import ReverseRules, reverse
from .stash import difference, write_stash
from .tree import List, Object, new_string, opened, opened_by


def plain(message):
    """Downgrade a written message as the published function does (4.1)."""
    root, unknown = opened_message(message)
    rules = ReverseRules(root, "0.3")
    rules.state_version()
    rules.capabilities()
    rules.payload.remove("consent")
    rules.payload.remove("provenance")
    text = root.text()
    entries = [entry for entry in rules.entries if entry.target is not None]
    entries += kept_entries(places_left(root, unknown))
    root.assign("vcp_version", new_string("0.5"))
    operations = difference(read_json(root.text()), message)
    entries += lost_entries(operations, entries, "dropped")
    return limited(text), in_order(entries, message)


def reversible(message):
    """Downgrade a written message to 0.3 with a stash (4.3)."""
    root, unknown = opened_message(message)
    entries = reverse(root, "0.3")[1]
    kept = kept_entries(places_left(root, unknown))
    result = read_json(root.text())
    operations = difference(with_version_of_0_5(result), message)
    moved = lost_entries(operations, entries + kept, "moved")
    with_stash = opened(result)
    write_stash(with_stash, "downgrade", "0.3", operations)
    return limited(with_stash.text()), in_order(entries + moved + kept, message)


def opened_message(message):
    """Open a written message by the model. Return it with its unknown members by place."""
    kind = model.dialect("0.5")
    root = opened_by(message, kind)
    return root, list(unknown_members(root, kind))


def places_left(root, unknown):
    """List the places of the unknown members that are still in a message after the rules."""
    left = {id(member) for member in _all_members(root)}
    return [place for place, member in unknown if id(member) in left]


def with_version_of_0_5(message):
    """Set the versions of a 0.3 message back in a copy (4.3, step 2)."""
    root = opened(message)
    root.assign("vcp_version", new_string("0.5"))
    audit = root.open("audit")
    if audit.get("schema_version").string() == "0.3":
        audit.assign("schema_version", new_string("0.5"))
    return read_json(root.text())


def _all_members(value):
    """Give the members of all objects that were opened."""
    if isinstance(value, List):
        for item in value.items:
            yield from _all_members(item)
    elif isinstance(value, Object):
        for member in value.members():
            yield member
            yield from _all_members(member.value)
