//! Rules on consent.

use super::{Context, payload};
use crate::findings::Findings;
use vcp_schema::{ConsentStatus, ErrorCode, VcpMessage};

/// Reports `VCP_E102` if consent has been revoked.
pub(super) fn revoked(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    if message.vcp_payload.consent.as_ref().is_some_and(|record| record.status == ConsentStatus::Revoked) {
        let text = "consent has been revoked: this message must not be processed";
        findings.add(ErrorCode::ConsentRevoked, || payload("consent.status"), text);
    }
}

/// Reports `VCP_E104` if consent has expired, at most once:
/// - at `status`, if that is `expired`,
/// - otherwise at `expires_at`, if that is before the present time.
pub(super) fn expired(message: &VcpMessage, context: &Context, findings: &mut Findings<'_>) {
    let Some(record) = &message.vcp_payload.consent else { return };
    if record.status == ConsentStatus::Expired {
        findings.add(ErrorCode::ConsentExpired, || payload("consent.status"), "consent has expired");
    } else if let (Some(expires), Some(now)) = (record.expires_at, context.now)
        && expires.instant() < now
    {
        findings.add(ErrorCode::ConsentExpired, || payload("consent.expires_at"), "consent has expired by now");
    }
}

/// Reports `VCP_E112` if consent is granted and its scope is empty.
pub(super) fn empty_scope(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let is_empty =
        |record: &vcp_schema::ConsentRecord| record.status == ConsentStatus::Granted && record.scope.is_empty();
    if message.vcp_payload.consent.as_ref().is_some_and(is_empty) {
        findings.add(ErrorCode::EmptyScope, || payload("consent.scope"), "consent is granted with an empty scope");
    }
}

/// Reports `VCP_E113` for each recording or transcript that is present although consent was denied.
pub(super) fn denied_artifact(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let part = &message.vcp_payload;
    if part.consent.as_ref().is_none_or(|record| record.status != ConsentStatus::Denied) {
        return;
    }
    let kept = [
        ("artifacts.audio_recording_ref", part.artifacts.audio_recording_ref.is_some()),
        ("artifacts.transcript_ref", part.artifacts.transcript_ref.is_some()),
        ("artifacts.transcript", part.artifacts.extras.get("transcript").is_some_and(|json| json.as_str() != "null")),
    ];
    for (place, _) in kept.into_iter().filter(|(_, is_there)| *is_there) {
        let text = "there is a recording or transcript though consent was denied";
        findings.add(ErrorCode::DeniedArtifact, || payload(place), text);
    }
}

/// Reports `VCP_E114` if consent was granted after it expired.
pub(super) fn granted_after_expiry(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let Some(record) = &message.vcp_payload.consent else { return };
    if let (Some(granted), Some(expires)) = (record.granted_at, record.expires_at)
        && granted.instant() > expires.instant()
    {
        findings.add(ErrorCode::ConsentTimes, || payload("consent.granted_at"), "consent was granted after it expired");
    }
}
