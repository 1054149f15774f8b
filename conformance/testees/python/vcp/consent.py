"""The consent of a message of 0.4 (MIGRATION.md, rule 27 of 2.2)."""

import json

from .json_text import is_set, read_json
from .tree import new_string, refused

CONSENT = "/vcp_payload/consent"


def upgrade_consent(rules):
    """Apply the rule to the payload of `UpgradeRules`."""
    if not is_set(rules.payload.get("consent")):
        return
    consent = rules.section(rules.payload, "consent", CONSENT)
    recording = _boolean(consent, "recording_consent")
    sharing = _boolean(consent, "sharing_allowed")
    status, scope = _status_and_scope(recording, sharing)
    source = None if recording is None else f"{CONSENT}/recording_consent"
    scope_source = source
    if is_set(consent.get("status")) and consent.get("status").string() != "granted":
        scope, scope_source = [], f"{CONSENT}/status"
    call_id = rules.call.get("call_id").string()
    rules.assume(consent, "consent_id", new_string(f"consent_{call_id}"), CONSENT)
    rules.assume(consent, "version", new_string("0.4"), CONSENT)
    _decide(rules, consent, "status", status, source)
    _decide(rules, consent, "scope", scope, scope_source)
    if consent.get("status").string() == "granted":
        rules.rename(consent, "consent_timestamp", "granted_at", CONSENT)


def _decide(rules, consent, name, value, source):
    """Assign a member that is unset: derived from a source, or else assumed."""
    if not is_set(consent.get(name)):
        consent.assign(name, read_json(json.dumps(value)))
        rules.note("derived" if source else "assumed", source, f"{CONSENT}/{name}")


def _status_and_scope(recording, sharing):
    """Return status and scope by the table of the rule."""
    if recording:
        return "granted", ["recording", "sharing"] if sharing else ["recording"]
    return ("pending" if recording is None else "denied"), []


def _boolean(consent, name):
    """Return a boolean, or None if it is unset. Refuse another type."""
    value = consent.get(name)
    if not is_set(value):
        return None
    if value.kind != "boolean":
        raise refused(f"{CONSENT}/{name}")
    return value.text() == "true"
