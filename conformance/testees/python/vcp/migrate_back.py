"""The ways back: the return to a former dialect, and from 0.3 to 0.5 (MIGRATION.md, 4.4, 6)."""

from . import model
from .dialects import find_dialect
from .equality import same
from .faults import Refused
from .json_text import is_set, read_json
from .migrate_down import opened_message, places_left, reversible
from .migrate_up import limited, upgraded
from .read import parse
from .report import Entry, in_order, kept_entries, restored_entries, unknown_members
from .reverse_rules import reverse
from .stash import apply_restore, read_stash, take_stash
from .times import read_timestamp, utc_text
from .tree import new_string, opened
from .write import written


def returned(message):
    """Return a written message to its former dialect, or give None if that does not hold (4.4)."""
    stash = read_stash(message, "upgrade")
    if stash is None:
        return None
    dialect = stash.dialect
    root, unknown = opened_message(message)
    take_stash(root, stash)
    rule_entries = reverse(root, dialect)[0]
    places = places_left(root, unknown)
    applied = apply_restore(root, stash.restore)
    candidate = read_json(root.text())
    if not _comes_up_again(candidate, message, stash):
        return None
    audit = "/audit" if dialect == "0.3" else "/vcp_payload/audit"
    rule_entries, restored = restored_entries(stash.restore, applied, rule_entries, audit)
    entries = rule_entries + kept_entries(places, target_audit=audit) + restored
    return limited(candidate.text()), in_order(entries, message)


def way_back(source):
    """Bring a downgraded message back to 0.5, or give None if that does not hold (6)."""
    stash = read_stash(source, "downgrade")
    if stash is None:
        return None
    root = opened(source)
    take_stash(root, stash)
    rule_entries = _restate_versions(root)
    applied = apply_restore(root, stash.restore)
    candidate = read_json(root.text())
    try:
        parse(candidate)
        candidate = read_json(written(candidate))
        again = read_json(reversible(candidate)[0])
    except Refused:
        return None
    if not _same_without_stashes(again, source, "downgrade"):
        return None
    unknown = unknown_members(source, model.dialect("0.3"), modelled=_is_in_schema)
    kept = kept_entries(place for place, _ in unknown)
    rule_entries, restored = restored_entries(stash.restore, applied, rule_entries)
    return limited(candidate.text()), in_order(kept + rule_entries + restored, source)


def _is_in_schema(name, kind):
    """Tell whether the schema has a member, `from_` included."""
    return name in kind.members


def _restate_versions(root):
    """Set the versions of a 0.3 message to 0.5, and return the entries (6, step 2)."""
    root.assign("vcp_version", new_string("0.5"))
    entries = [Entry("derived", "/vcp_version", "/vcp_version")]
    audit = root.open("audit")
    version = audit.get("schema_version") if audit and audit.kind == "object" else None
    if is_set(version) and version.string() == "0.3":
        audit.assign("schema_version", new_string("0.5"))
        place = "/audit/schema_version"
        entries.append(Entry("derived", place, place))
    return entries


def _comes_up_again(candidate, message, stash):
    """Tell whether an upgrade of the candidate gives the message (4.4, steps 4 to 6)."""
    try:
        if find_dialect(candidate) != stash.dialect:
            return False
        text = upgraded(candidate, stash.dialect, _now(stash.restore))[0]
    except Refused:
        return False
    return _same_without_stashes(read_json(text), message, "upgrade")


def _same_without_stashes(first, second, direction):
    """Tell whether two messages are equal apart from their stashes of a direction."""
    texts = []
    for message in (first, second):
        root = opened(message)
        take_stash(root, read_stash(message, direction))
        texts.append(root.text())
    return same(*texts)


def _now(operations):
    """Return the `now` of the upgrade that wrote a stash, or None (4.4)."""
    for ending in ("/call/start_time", "/audit/received_at"):
        for operation in operations:
            is_unset = not is_set(operation.value)
            if operation.path.endswith(ending) and is_unset and _time(operation.was):
                return _time(operation.was)
    for operation in operations:
        if operation.path.endswith("/audit") and operation.was is not None:
            return _time(operation.was.get("received_at"))
    return None


def _time(value):
    """Return the time that a value has, in UTC, or None."""
    time = read_timestamp(value.string() or "") if value is not None else None
    return time and utc_text(time)
