"""The rules for a message of 0.5 (READING.md, section 11).

Each rule is a function that gives its findings. A value that is unset breaks no rule.
"""

import math
import re

from . import checksums
from .faults import Fault, Refused
from .json_text import is_deeper, is_set
from .message import Place
from .times import SECOND, read_timestamp

DEEPEST = 128
OPPOSITE = {"inbound": "outbound", "outbound": "inbound"}
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):")
KNOWN_SCHEMES = {"s3", "gs", "azure", "http", "https", "internal", "local"}
REFERENCES = [
    "artifacts.provider_raw_payload_ref",
    "artifacts.audio_recording_ref",
    "artifacts.transcript_ref",
    "artifacts.system_logs_ref",
]
LIKE_A_NUMBER = re.compile(r"[0-9 ()+.\-/]*")
E164 = re.compile(r"\+[1-9][0-9]{1,14}")
IDENTIFIERS = ["call.call_id", "call.session_id", "call.provider", "consent.consent_id"]


def finding(code, severity, place):
    """Make a finding at a place."""
    return Fault(code, place.path, severity, place.value.start)


def is_before(first, second):
    """Compare two times, either of which may be unset."""
    return bool(first and second) and first.time() < second.time()


def e101_end_before_start(message, now):
    """Report a call that ends before it starts."""
    end = message.at("call.end_time")
    if is_before(end, message.at("call.start_time")):
        yield finding("VCP_E101", "error", end)


def e102_revoked(message, now):
    """Report consent that was revoked."""
    if message.text("consent.status") == "revoked":
        yield finding("VCP_E102", "error", message.at("consent.status"))


def e103_capability_before_start(message, now):
    """Report each capability that was invoked before the call started."""
    start = message.at("call.start_time")
    for capability in message.inside("call.capabilities_invoked"):
        for member in capability.inside():
            if member.path.step == "invoked_at" and is_before(member, start):
                yield finding("VCP_E103", "warning", member)


def e104_expired(message, now):
    """Report consent that has expired, by its status or else by its time."""
    expires = message.at("consent.expires_at")
    if message.text("consent.status") == "expired":
        yield finding("VCP_E104", "warning", message.at("consent.status"))
    elif now and expires and expires.time() < now.instant():
        yield finding("VCP_E104", "warning", expires)


def e106_score_out_of_range(message, now):
    """Report each number outside of the range 0 to 1."""
    for place in message.all:
        if place.kind.range == "Range: 0 to 1." and not 0 <= place.number() <= 1:
            yield finding("VCP_E106", "error", place)


def e107_negative(message, now):
    """Report each negative number with the range from 0."""
    for place in message.all:
        if place.kind.range == "Range: 0 or more." and place.number() < 0:
            yield finding("VCP_E107", "error", place)


def e108_duration_mismatch(message, now):
    """Report a duration that differs from end minus start by more than a second."""
    duration = message.at("call.duration_sec")
    start, end = message.at("call.start_time"), message.at("call.end_time")
    if not (duration and end):
        return
    length = end.time() - start.time()
    seconds = duration.number()
    if length >= 0 and seconds >= 0 and abs(seconds * SECOND - length) > SECOND:
        yield finding("VCP_E108", "warning", duration)


def e109_schema_version(message, now):
    """Report a schema version other than that of the message."""
    if message.text("audit.schema_version") != "0.5":
        yield finding("VCP_E109", "warning", message.at("audit.schema_version"))


def e110_legacy_channel(message, now):
    """Report a channel that holds a direction."""
    if message.text("call.channel") in OPPOSITE:
        yield finding("VCP_E110", "info", message.at("call.channel"))


def e111_direction_contradiction(message, now):
    """Report a direction that contradicts the legacy channel."""
    direction = message.at("call.direction")
    if direction and direction.text() == OPPOSITE.get(message.text("call.channel")):
        yield finding("VCP_E111", "warning", direction)


def e112_no_scope(message, now):
    """Report a grant without a scope."""
    if message.text("consent.status") == "granted":
        scope = message.at("consent.scope")
        if not any(scope.value.elements()):
            yield finding("VCP_E112", "warning", scope)


def e113_artifact_without_consent(message, now):
    """Report recordings and transcripts although consent was denied."""
    if message.text("consent.status") != "denied":
        return
    artifacts = message.at("artifacts")
    for member in artifacts.value.members():
        names = ("audio_recording_ref", "transcript_ref", "transcript")
        if member.name in names and is_set(member.value):
            path = artifacts.path.to(member.name)
            yield Fault("VCP_E113", path, "warning", member.value.start)


def e114_granted_after_expiry(message, now):
    """Report consent that was granted after it expired."""
    granted = message.at("consent.granted_at")
    if is_before(message.at("consent.expires_at"), granted):
        yield finding("VCP_E114", "warning", granted)


def e115_processed_before_received(message, now):
    """Report a record that was processed before it was received."""
    processed = message.at("audit.processed_at")
    if is_before(processed, message.at("audit.received_at")):
        yield finding("VCP_E115", "warning", processed)


def e116_costs_exceed_total(message, now):
    """Report costs of roles that exceed the total cost."""
    total = message.at("outcomes.model_outcome_attribution.total_cost_usd")
    if not total or total.number() < 0:
        return
    costs = 0.0
    for role in message.inside("outcomes.model_outcome_attribution.roles"):
        for member in role.inside():
            if member.path.step == "cost_usd":
                costs += member.number()
    if math.isfinite(costs) and costs > total.number() + (0.0005 + 1e-9):
        yield finding("VCP_E116", "warning", total)


def e117_status_mismatch(message, now):
    """Report an outcome for people that differs from the objective status."""
    shown, status = message.at("hcr.outcome_status"), message.at("outcomes.objective.status")
    texts = {shown.text(), status.text()}
    if len(texts) == 2 and texts <= status.kind.words:
        yield finding("VCP_E117", "warning", shown)


def e118_checksum(message, now):
    """Report a checksum that does not match, or that is beyond a limit."""
    try:
        result = checksums.verify(message.root)["result"]
    except Refused as refusal:
        result = refusal.code
    if result == "VCP_E008":
        yield finding("VCP_E008", "error", message.at("audit.checksum"))
    elif result not in ("match", "absent"):
        yield finding("VCP_E118", "error", message.at("audit.checksum"))


def e119_reference_scheme(message, now):
    """Report each reference with an unknown scheme."""
    references = [message.at(name) for name in REFERENCES if message.at(name)]
    references += message.inside("artifacts.debug_artifacts")
    references += message.inside("artifacts.compliance_records")
    for reference in references:
        scheme = SCHEME.match(reference.text())
        if scheme and scheme.group(1).lower() not in KNOWN_SCHEMES:
            yield finding("VCP_E119", "info", reference)


def e120_no_offset(message, now):
    """Report each timestamp without an offset."""
    for place in message.all:
        if place.kind.name == "time" and not read_timestamp(place.text()).offset:
            yield finding("VCP_E120", "warning", place)


def e121_not_e164(message, now):
    """Report telephone numbers that are not E.164."""
    for place in (_caller(message), message.at("call.to")):
        text = place.text() if place else ""
        digits = sum(character.isdigit() for character in text)
        if LIKE_A_NUMBER.fullmatch(text) and digits >= 7 and not E164.fullmatch(text):
            yield finding("VCP_E121", "info", place)


def _caller(message):
    """Return the place of `from`, which may have its value from `from_`."""
    caller, alias = message.at("call.from"), message.at("call.from_")
    if caller or not alias:
        return caller
    call = message.at("call")
    null = call.value.get("from")
    return Place(alias.value, alias.kind, call.path.to("from")) if null else alias


def e122_from_contradiction(message, now):
    """Report `from` and `from_` if they differ."""
    caller, alias = message.at("call.from"), message.at("call.from_")
    if caller and alias and caller.text() != alias.text():
        yield finding("VCP_E122", "error", alias)


def e123_deep(message, now):
    """Report free-form data that is nested too deep."""
    for place in message.all:
        if place.kind.name == "free_form" and is_deeper(place.value, DEEPEST):
            yield finding("VCP_E123", "warning", place)


def e125_empty_identifier(message, now):
    """Report identifiers that are the empty text."""
    identifiers = [message.at(name) for name in IDENTIFIERS if message.at(name)]
    for capability in message.inside("call.capabilities_invoked"):
        is_name = capability.value.kind == "string"
        inside = [capability] if is_name else capability.inside()
        identifiers += [p for p in inside if is_name or p.path.step == "capability_id"]
    for place in identifiers:
        if place.text() == "":
            yield finding("VCP_E125", "warning", place)


REFERENCE = [
    e101_end_before_start,
    e102_revoked,
    e103_capability_before_start,
    e104_expired,
]
CANONICAL = [
    *REFERENCE,
    e106_score_out_of_range,
    e107_negative,
    e108_duration_mismatch,
    e109_schema_version,
    e110_legacy_channel,
    e111_direction_contradiction,
    e112_no_scope,
    e113_artifact_without_consent,
    e114_granted_after_expiry,
    e115_processed_before_received,
    e116_costs_exceed_total,
    e117_status_mismatch,
    e118_checksum,
    e119_reference_scheme,
    e120_no_offset,
    e121_not_e164,
    e122_from_contradiction,
    e123_deep,
    e125_empty_identifier,
]
