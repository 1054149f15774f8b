//! Rules on contradictions between parts of a message, on references and on telephone numbers.

use super::{Context, audit, payload};
use crate::findings::Findings;
use vcp_schema::{
    CallDirection, Capability, ChannelType, ErrorCode, FieldPath, VcpMessage, VcpVersion,
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

/// Reports `VCP_E119` for each reference to an artifact whose scheme is not known. A reference
/// without a scheme is accepted as a private name.
pub(super) fn reference_scheme(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    const KNOWN: [&str; 7] = ["s3", "gs", "azure", "http", "https", "internal", "local"];
    let mut look = |reference: &str, path: &dyn Fn() -> FieldPath| {
        let scheme = reference.split_once(':').map(|(scheme, _)| scheme).filter(|text| is_scheme(text));
        if scheme.is_some_and(|scheme| !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(scheme))) {
            findings.add(ErrorCode::ReferenceScheme, path, "the scheme of the reference is not known");
        }
    };
    let artifacts = &message.vcp_payload.artifacts;
    for (name, reference) in [
        ("provider_raw_payload_ref", &artifacts.provider_raw_payload_ref),
        ("audio_recording_ref", &artifacts.audio_recording_ref),
        ("transcript_ref", &artifacts.transcript_ref),
        ("system_logs_ref", &artifacts.system_logs_ref),
    ] {
        if let Some(reference) = reference {
            look(reference, &|| payload("artifacts").name(name));
        }
    }
    for (place, references) in
        [("debug_artifacts", &artifacts.debug_artifacts), ("compliance_records", &artifacts.compliance_records)]
    {
        for (name, reference) in references.iter().flat_map(|map| map.iter()) {
            look(reference, &|| payload("artifacts").name(place).name(name.as_str()));
        }
    }
}

/// Returns whether a text can be a scheme (RFC 3986 §3.1). A single letter is not accepted, because
/// it names a drive.
fn is_scheme(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Reports `VCP_E121` if `from` or `to` looks like a telephone number but is not in E.164.
pub(super) fn phone_number(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let call = &message.vcp_payload.call;
    for (place, number) in [("call.from", &call.from), ("call.to", &call.to)] {
        if number.as_deref().is_some_and(|number| is_phone_like(number) && !is_e164(number)) {
            findings.add(ErrorCode::PhoneNumber, || payload(place), "the telephone number is not in E.164");
        }
    }
}

/// Returns whether a text looks like a telephone number. It has at least seven digits and otherwise
/// only characters that people write between digits. Fewer digits are a short code.
fn is_phone_like(text: &str) -> bool {
    const FEWEST: usize = 7;
    text.bytes().all(|byte| byte.is_ascii_digit() || b" ()+.-/".contains(&byte))
        && text.bytes().filter(u8::is_ascii_digit).count() >= FEWEST
}

fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default().as_bytes();
    (2..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) && digits.first() != Some(&b'0')
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

/// Reports `VCP_E125` for each required identifier that is empty. A capability that is only a name
/// has that name as its identifier.
pub(super) fn empty_identifier(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let mut look = |identifier: &str, path: &dyn Fn() -> FieldPath| {
        if identifier.is_empty() {
            findings.add(ErrorCode::EmptyIdentifier, path, "the identifier is empty");
        }
    };
    let part = &message.vcp_payload;
    look(&part.call.call_id, &|| payload("call.call_id"));
    look(&part.call.session_id, &|| payload("call.session_id"));
    look(&part.call.provider, &|| payload("call.provider"));
    for (index, capability) in part.call.capabilities_invoked.iter().enumerate() {
        let at = || payload("call.capabilities_invoked").index(index);
        let is_name = matches!(capability, Capability::Name(_));
        look(capability.id(), &|| if is_name { at() } else { at().name("capability_id") });
    }
    if let Some(record) = &part.consent {
        look(&record.consent_id, &|| payload("consent.consent_id"));
    }
}
