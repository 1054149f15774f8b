"""An upgrade by the rules (MIGRATION.md, sections 2.1 and 2.3 to 2.5)."""

from . import model
from .faults import ROOT, Refused
from .json_text import read_json
from .read import LONGEST_TEXT, check
from .report import in_order, kept_entries, lost_entries, unknown_members
from .reverse_rules import reverse
from .stash import difference, write_stash
from .tree import content_of, opened, opened_by
from .upgrade_rules import UpgradeRules
from .write import written


def upgraded(source, dialect, now):
    """Upgrade a message of an older dialect. Return the text of the result and the report."""
    refuse_source(source, dialect)
    rules = UpgradeRules(opened(source), dialect, now)
    rules.run()
    copy = read_json(rules.root.text())
    refuse_result(copy, source, dialect)
    message = read_json(written(copy))
    refuse_too_many(message)
    places = [place for place, _ in unknown_members(message, model.dialect("0.5"))]
    entries = rules.entries + kept_entries(places, source_audit=rules.source_audit)
    operations = difference(reversed_text(message, dialect), source)
    entries += lost_entries(operations, entries, "moved")
    result = opened(message)
    write_stash(result, "upgrade", dialect, operations)
    return limited(written(read_json(result.text()))), in_order(entries, source)


def limited(text):
    """Refuse a result that is too long to be read again."""
    if len(text.encode("utf-8")) > LONGEST_TEXT:
        raise Refused("VCP_E008")
    return text


def reversed_text(message, dialect):
    """Apply the reverse rules to a copy of a written message."""
    root = opened_by(message, model.dialect("0.5"))
    reverse(root, dialect)
    return read_json(root.text())


def refuse_source(source, dialect):
    """Refuse a source with a repeated member or with too many members (2.1 and 2.4)."""
    repeated = _first_repeated(source, model.dialect(dialect), ROOT)
    if repeated:
        raise Refused("VCP_E003", repeated)
    for fault in check(source, model.dialect(dialect)):
        if fault.code == "VCP_E008":
            raise Refused(fault.code, fault.path)


def refuse_result(copy, source, dialect):
    """Refuse a copy that is no message of 0.5 after the rules (2.3)."""
    faults = [fault for fault in check(copy, model.dialect("0.5")) if not fault.unlisted]
    if not faults:
        return
    if all(fault.code == "VCP_E008" for fault in faults):
        raise Refused("VCP_E008", faults[0].path)
    in_source = [
        fault
        for fault in check(source, model.dialect(dialect))
        if not fault.unlisted and fault.code != "VCP_E005"
    ]
    raise Refused("VCP_E003", (in_source or faults)[0].path)


def refuse_too_many(message):
    """Refuse a result with too many members and elements (2.4)."""
    for fault in check(message, model.dialect("0.5")):
        if fault.code == "VCP_E008":
            raise Refused(fault.code, fault.path)


def _first_repeated(value, kind, path):
    """Return the path of the first repeated member of modelled objects and maps, or None."""
    if kind.name == "capability":
        kind = kind.content
    inner = []
    if kind.name in ("object", "map") and value.kind == "object":
        seen = set()
        for member in value.members():
            place = path.to(member.name)
            if member.name in seen:
                return place
            seen.add(member.name)
            inner.append((member.value, content_of(kind, member.name), place))
    elif kind.name == "list" and value.kind == "list":
        elements = enumerate(value.elements())
        inner = [(element, kind.content, path.to(index)) for index, element in elements]
    found = (_first_repeated(*part) for part in inner if part[1] is not None)
    return next((place for place in found if place), None)
