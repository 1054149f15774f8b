//! Rules on identifiers: references to artifacts, telephone numbers and empty identifiers.

use super::{Context, payload};
use crate::findings::Findings;
use vcp_schema::{Capability, ErrorCode, FieldPath, VcpMessage};

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
