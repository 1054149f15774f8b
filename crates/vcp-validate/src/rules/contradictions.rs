//! Rules on contradictions between parts of a message.

use super::{Context, audit, payload};
use crate::findings::Findings;
use vcp_schema::{
    CallDirection, ChannelType, ErrorCode, VcpMessage, VcpVersion,
    checksum::{ChecksumOptions, Verdict},
    json::string,
};

/// Reports `VCP_E109` if `audit.schema_version` is not the version of the message.
pub(super) fn schema_version(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    if message.audit.schema_version != VcpVersion::V05.as_str() {
        let text = "the schema version is not the version of the message";
        findings.add(ErrorCode::SchemaVersion, || audit("schema_version"), text);
    }
}

/// Reports `VCP_E110` if the channel holds a direction (`DECISIONS.md` 1.10).
pub(super) fn legacy_channel(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    if matches!(message.vcp_payload.call.channel, Some(ChannelType::Inbound | ChannelType::Outbound)) {
        let text = "the channel holds a direction, as older producers wrote it";
        findings.add(ErrorCode::LegacyChannel, || payload("call.channel"), text);
    }
}

/// Reports `VCP_E111` if the channel names another direction than `direction` does.
pub(super) fn channel_contradiction(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let call = &message.vcp_payload.call;
    let contradicts = matches!(
        (&call.channel, &call.direction),
        (Some(ChannelType::Inbound), Some(CallDirection::Outbound))
            | (Some(ChannelType::Outbound), Some(CallDirection::Inbound))
    );
    if contradicts {
        let text = "the channel names another direction than `direction` does";
        findings.add(ErrorCode::ChannelContradiction, || payload("call.direction"), text);
    }
}

/// Reports `VCP_E117` if the summary for people has another outcome than the objective status.
/// Unknown words are not compared.
pub(super) fn status_mismatch(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let part = &message.vcp_payload;
    let (told, is) = (&part.hcr.outcome_status, &part.outcomes.objective.status);
    // An unknown word is reported as VCP_E004 already.
    if told != is && told.is_known() && is.is_known() {
        let text = "the summary has another outcome than the facts";
        findings.add(ErrorCode::StatusMismatch, || payload("hcr.outcome_status"), text);
    }
}

/// Reports `VCP_E118` if the checksum does not match (`DECISIONS.md` 3).
///
/// If the checksum cannot be computed, the result depends on the reason:
/// - Free-form data has a number or a string without a canonical form: `VCP_E118`.
/// - The message exceeds the limits: `VCP_E008`, because it is unknown whether the checksum
///   matches.
/// - The message cannot be written: nothing, because this is reported as `VCP_E124` or as a
///   structural fault.
pub(super) fn checksum_mismatch(message: &VcpMessage, context: &Context, findings: &mut Findings<'_>) {
    let (code, text) = match ChecksumOptions::default().limits(context.limits).verify(message) {
        Ok(Verdict::Match(_) | Verdict::Absent) => return,
        Err(error) if error.code() == ErrorCode::Limit => {
            (ErrorCode::Limit, "the checksum cannot be verified: the message is beyond the limits on depth or members")
        }
        Err(error) if error.path().steps().is_empty() => return,
        Ok(Verdict::Mismatch(_)) | Err(_) => (ErrorCode::ChecksumMismatch, "the checksum does not match the message"),
    };
    findings.add(code, || audit("checksum"), text);
}

/// Reports `VCP_E122` if `from` and `from_` differ. In that case, reading keeps `from_` as an
/// unknown member (`DECISIONS.md` 1.2). A message made by hand can have an equal `from_` there,
/// which is not reported.
pub(super) fn from_contradiction(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let call = &message.vcp_payload.call;
    let (Some(from), Some(alias)) = (&call.from, call.extras.get("from_")) else { return };
    if alias.as_str() != "null" && string::decode(alias.as_str()).as_deref() != Some(from.as_str()) {
        findings.add(ErrorCode::FromContradiction, || payload("call.from_"), "`from_` differs from `from`");
    }
}
