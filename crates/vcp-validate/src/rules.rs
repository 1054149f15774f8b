//! The business rules, one function each. A rule looks at a message that can be read and reports what breaks it.

use crate::Finding;
use chrono::{DateTime, Utc};
use vcp_schema::{ConsentStatus, ErrorCode, FieldPath, VcpMessage};

/// What a rule may know besides the message.
pub(crate) struct Context {
    pub(crate) now: Option<DateTime<Utc>>,
}

type Rule = fn(&VcpMessage, &Context, &mut Vec<Finding>);

/// The rules of the specification's validator (schema-v0.5, "Validation Rules"; decisions 4.4).
pub(crate) const REFERENCE: &[Rule] = &[end_before_start, consent_revoked, capability_before_start, consent_expired];

fn call() -> FieldPath {
    FieldPath::root().name("vcp_payload").name("call")
}

fn consent() -> FieldPath {
    FieldPath::root().name("vcp_payload").name("consent")
}

/// `VCP_E101`.
fn end_before_start(message: &VcpMessage, _: &Context, findings: &mut Vec<Finding>) {
    let call_record = &message.vcp_payload.call;
    if call_record.end_time.is_some_and(|end| end.instant() < call_record.start_time.instant()) {
        findings.push(Finding::new(
            ErrorCode::EndBeforeStart,
            call().name("end_time"),
            "the call ends before it starts",
        ));
    }
}

/// `VCP_E102`.
fn consent_revoked(message: &VcpMessage, _: &Context, findings: &mut Vec<Finding>) {
    if message.vcp_payload.consent.as_ref().is_some_and(|c| c.status == ConsentStatus::Revoked) {
        let text = "consent has been revoked: this message must not be processed";
        findings.push(Finding::new(ErrorCode::ConsentRevoked, consent().name("status"), text));
    }
}

/// `VCP_E103`. Only entries with details have a time.
fn capability_before_start(message: &VcpMessage, _: &Context, findings: &mut Vec<Finding>) {
    let start = message.vcp_payload.call.start_time.instant();
    for (index, capability) in message.vcp_payload.call.capabilities_invoked.iter().enumerate() {
        if capability.invocation().is_some_and(|invocation| invocation.invoked_at.instant() < start) {
            let path = call().name("capabilities_invoked").index(index).name("invoked_at");
            let text = "the capability was invoked before the call started";
            findings.push(Finding::new(ErrorCode::CapabilityBeforeStart, path, text).with("index", index.to_string()));
        }
    }
}

/// `VCP_E104`: the status says so, or the time given says so.
fn consent_expired(message: &VcpMessage, context: &Context, findings: &mut Vec<Finding>) {
    let Some(record) = &message.vcp_payload.consent else { return };
    if record.status == ConsentStatus::Expired {
        findings.push(Finding::new(ErrorCode::ConsentExpired, consent().name("status"), "consent has expired"));
    } else if let (Some(expires), Some(now)) = (record.expires_at, context.now)
        && expires.instant() < now
    {
        findings.push(Finding::new(
            ErrorCode::ConsentExpired,
            consent().name("expires_at"),
            "consent has expired by now",
        ));
    }
}
