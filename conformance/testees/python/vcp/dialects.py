"""Finding the dialect of a message (MIGRATION.md, section 1)."""

from .faults import ROOT, Refused
from .json_text import is_set

OLDER = ("0.3", "0.3-production", "0.4")
VERSION_OF = {"0.3": "0.3", "0.3-production": "0.3", "0.4": "0.4", "0.5": "0.5"}


def find_dialect(root):
    """Return the dialect of a JSON value, or refuse it: the checks 3 to 6."""
    version = _version(root)
    if version == "0.5":
        return version
    payload = root.get("vcp_payload")
    inside = payload is not None and is_set(payload.get("audit"))
    outside = is_set(root.get("audit"))
    if inside and outside:
        raise Refused("VCP_E006", ROOT.to("vcp_version"))
    if version == "0.4":
        return version
    is_production = inside or (not outside and is_set(root.get("call_id")))
    return "0.3-production" if is_production else "0.3"


def _version(root):
    """Return the version that a message states: the checks 3 to 5."""
    members = root.members() if root.kind == "object" else []
    stated = [member.value for member in members if member.name == "vcp_version"]
    spellings = {value.text() for value in stated}
    version = stated[0].string() if len(spellings) == 1 else None
    if version not in ("0.3", "0.4", "0.5"):
        raise Refused("VCP_E006", ROOT.to("vcp_version"))
    return version
