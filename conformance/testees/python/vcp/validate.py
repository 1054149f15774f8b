"""The operation `validate` (READING.md, sections 10 to 13)."""

from . import model, rules
from .dialects import OLDER, VERSION_OF, find_dialect
from .faults import ROOT, Fault, Refused
from .json_text import is_set
from .message import Message
from .read import check, check_version, read_text
from .structure import fits_schema

MOST_FINDINGS = 100_000
MOST_BYTES = 64 * 1024 * 1024
RULES = {"reference": rules.REFERENCE, "canonical": rules.CANONICAL}
SEVERITIES = ["info", "warning", "error"]


def validate(data, profile, now):
    """Validate a text, and return the members of the answer."""
    if profile == "structure":
        return {"valid": _has_structure(data)}
    try:
        found = _findings(read_text(data), profile, now)
    except Refused as refusal:
        found = [Fault(refusal.code, refusal.path)]
    found = _limited(sorted(found, key=lambda fault: fault.at))
    valid = all(fault.severity != "error" for fault in found)
    return {"valid": valid, "findings": [_finding(fault) for fault in found]}


def _has_structure(data):
    """Return the verdict of the profile `structure` (section 13)."""
    try:
        return fits_schema(read_text(data))
    except Refused:
        return False


def _findings(root, profile, now):
    """List the findings of a JSON value (section 10, steps 2 to 5)."""
    try:
        dialect = find_dialect(root)
    except Refused:
        dialect = "0.5"
    if dialect in OLDER:
        faults = check(root, model.dialect(dialect))
        return faults + (_older_rules(root, dialect) if profile == "canonical" else [])
    check_version(root)
    faults = check(root, model.dialect("0.5"))
    if all(fault.unlisted for fault in faults):
        message = Message(root)
        for rule in RULES[profile]:
            faults.extend(rule(message, now))
    return faults


def _older_rules(root, dialect):
    """List the findings of the two rules for older messages (section 12)."""
    found = []
    payload, path = root.get("vcp_payload"), ROOT.to("vcp_payload")
    if dialect != "0.4":
        for name in ("consent", "provenance"):
            section = payload and payload.get(name)
            if is_set(section):
                found.append(Fault("VCP_E105", path.to(name), at=section.start))
    holder, path = (root, ROOT) if dialect == "0.3" else (payload, path)
    audit = holder and holder.get("audit")
    version = audit and audit.get("schema_version")
    if version and version.kind == "string" and version.string() != VERSION_OF[dialect]:
        path = path.to("audit").to("schema_version")
        found.append(Fault("VCP_E109", path, "warning", version.start))
    return found


def _limited(found):
    """Replace the findings beyond the limits by one E008 (section 10)."""
    kept, used = 0, 0
    while kept < min(len(found), MOST_FINDINGS) and used < MOST_BYTES:
        used += 512 + sum(_bytes_of(step) for step in found[kept].path.steps())
        kept += 1
    rest = found[kept:]
    if not rest:
        return found
    worst = max((fault.severity for fault in rest), key=SEVERITIES.index)
    return found[:kept] + [Fault("VCP_E008", ROOT, worst)]


def _bytes_of(step):
    """Return what a step of a path uses."""
    return 8 if isinstance(step, int) else len(step.encode("utf-8", "surrogatepass"))


def _finding(fault):
    """Write a finding as in the protocol."""
    return {"code": fault.code, "severity": fault.severity, "field_path": str(fault.path)}
