//! Rules on times.

use super::{Context, audit, payload};
use crate::findings::Findings;
use vcp_schema::{ErrorCode, FieldPath, Timestamp, VcpMessage};

/// Reports `VCP_E101` if the call ends before it starts. Equal times are allowed.
pub(super) fn end_before_start(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let call = &message.vcp_payload.call;
    if call.end_time.is_some_and(|end| end.instant() < call.start_time.instant()) {
        findings.add(ErrorCode::EndBeforeStart, || payload("call.end_time"), "the call ends before it starts");
    }
}

/// Reports `VCP_E103` for each capability that was invoked before the call started. Entries that
/// are only a name have no time and are skipped.
pub(super) fn capability_before_start(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let start = message.vcp_payload.call.start_time.instant();
    for (index, capability) in message.vcp_payload.call.capabilities_invoked.iter().enumerate() {
        if capability.invocation().is_some_and(|invocation| invocation.invoked_at.instant() < start) {
            let path = || payload("call.capabilities_invoked").index(index).name("invoked_at");
            let text = "the capability was invoked before the call started";
            findings.add_with(ErrorCode::CapabilityBeforeStart, path, text, |finding| {
                finding.with("index", index.to_string())
            });
        }
    }
}

/// Reports `VCP_E108` if the duration differs from end minus start by more than a second. Skips a
/// call that ends before it starts (`VCP_E101`) and a negative duration (`VCP_E107`).
pub(super) fn duration_mismatch(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    const SECOND: i128 = 1_000_000_000;
    let call = &message.vcp_payload.call;
    let (Some(end), Some(duration)) = (call.end_time, call.duration_sec) else { return };
    let between = end.unix_nanos() - call.start_time.unix_nanos();
    if between >= 0 && duration >= 0 && (i128::from(duration) * SECOND - between).abs() > SECOND {
        let text = "the duration differs from end minus start by more than a second";
        findings.add_with(
            ErrorCode::DurationMismatch,
            || payload("call.duration_sec"),
            text,
            |finding| finding.with("end_minus_start_ms", (between / 1_000_000).to_string()),
        );
    }
}

/// Reports `VCP_E115` if the record was processed before it was received.
pub(super) fn processed_before_received(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let record = &message.audit;
    if record.processed_at.is_some_and(|processed| processed.instant() < record.received_at.instant()) {
        let text = "the record was processed before it was received";
        findings.add(ErrorCode::ProcessedBeforeReceived, || audit("processed_at"), text);
    }
}

/// Reports `VCP_E120` for each timestamp without an offset (`DECISIONS.md` 1.4).
pub(super) fn no_offset(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let mut look = |time: Option<Timestamp>, path: &dyn Fn() -> FieldPath| {
        if time.is_some_and(|time| !time.has_offset()) {
            findings.add(ErrorCode::NoOffset, path, "the timestamp has no offset and is taken as UTC");
        }
    };
    let part = &message.vcp_payload;
    look(Some(part.call.start_time), &|| payload("call.start_time"));
    look(part.call.end_time, &|| payload("call.end_time"));
    for (index, capability) in part.call.capabilities_invoked.iter().enumerate() {
        let time = capability.invocation().map(|invocation| invocation.invoked_at);
        look(time, &|| payload("call.capabilities_invoked").index(index).name("invoked_at"));
    }
    look(Some(part.model_selection.resolved_at), &|| payload("model_selection.resolved_at"));
    if let Some(record) = &part.consent {
        look(record.granted_at, &|| payload("consent.granted_at"));
        look(record.expires_at, &|| payload("consent.expires_at"));
    }
    look(Some(part.provenance.created_at), &|| payload("provenance.created_at"));
    look(Some(message.audit.received_at), &|| audit("received_at"));
    look(message.audit.processed_at, &|| audit("processed_at"));
}
