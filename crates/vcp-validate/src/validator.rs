//! The validator.

use crate::{
    Finding,
    rules::{self, Context},
};
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use vcp_schema::{
    Limits, VcpMessage,
    structure::{self, Fault},
};

/// Validates messages: structure, and the four rules of the specification's own validator, `VCP_E101`–`VCP_E104` (the
/// *reference* profile of decisions 4.1). Make it once, use it for every message.
#[derive(Debug, Clone, Default)]
pub struct Validator {
    now: Option<DateTime<Utc>>,
    show_values: bool,
    limits: Limits,
}

/// What validation found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// All findings, in document order; a missing member stands at the end of its object.
    pub findings: Vec<Finding>,
    /// The message, when it can be read.
    pub message: Option<VcpMessage>,
}

impl Report {
    /// Whether there is no finding of severity error.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        is_valid(&self.findings)
    }
}

/// Whether there is no finding of severity error.
pub(crate) fn is_valid(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity != vcp_schema::Severity::Error)
}

impl Validator {
    /// Structure and the published rules, no time given, values masked, default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The present, for rules that ask whether something is over. Without it they only look at what the message says.
    #[must_use]
    pub fn now(mut self, now: DateTime<Utc>) -> Self {
        self.now = Some(now);
        self
    }

    /// Puts the offending values into the context of findings. They may be personal data.
    #[must_use]
    pub fn show_values(mut self, show: bool) -> Self {
        self.show_values = show;
        self
    }

    /// The limits on what is read.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Validates a message given as bytes.
    #[must_use]
    pub fn validate_slice(&self, bytes: &[u8]) -> Report {
        match structure::utf8(bytes, &self.limits) {
            Ok(text) => self.validate_json(text),
            Err(error) => {
                let finding = Finding::new(error.code(), error.path().clone(), error.message());
                Report { findings: vec![finding], message: None }
            }
        }
    }

    /// Validates a message given as text.
    ///
    /// The business rules need a message that can be read; a text with structural faults has those findings only.
    #[must_use]
    pub fn validate_json(&self, text: &str) -> Report {
        match VcpMessage::from_json_with(text, &self.limits) {
            Ok(message) => {
                let findings = self.findings(&message, || Cow::Borrowed(text));
                Report { findings, message: Some(message) }
            }
            Err(_) => {
                let findings =
                    structure::check(text, &self.limits).into_iter().map(|fault| self.finding(fault)).collect();
                Report { findings, message: None }
            }
        }
    }

    /// Validates a message that has been read or made. For one without findings this takes no memory.
    #[must_use]
    pub fn validate(&self, message: &VcpMessage) -> Vec<Finding> {
        self.findings(message, || Cow::Owned(message.to_json()))
    }

    /// Whether a message has no finding of severity error.
    #[must_use]
    pub fn is_valid(&self, message: &VcpMessage) -> bool {
        is_valid(&self.validate(message))
    }

    fn rule_findings(&self, message: &VcpMessage) -> Vec<Finding> {
        let context = Context { now: self.now };
        let mut findings = Vec::new();
        for rule in rules::REFERENCE {
            rule(message, &context, &mut findings);
        }
        for finding in &mut findings {
            finding.provider = Some(message.vcp_payload.call.provider.clone());
        }
        findings
    }

    /// The findings of a message, in the order of its text, which is asked for only when there is something to order.
    fn findings<'t>(&self, message: &VcpMessage, text: impl FnOnce() -> Cow<'t, str>) -> Vec<Finding> {
        let rules = self.rule_findings(message);
        let is_plain = message.is_plain();
        if is_plain && rules.len() < 2 {
            return rules;
        }
        let text = &*text();
        let places = structure::locate(text, &rules.iter().map(|finding| &finding.path).collect::<Vec<_>>());
        let places = places.into_iter().map(|place| place.unwrap_or(text.len()));
        let mut placed: Vec<(usize, Finding)> = places.zip(rules).collect();
        if !is_plain {
            let faults = structure::check(text, &self.limits);
            let provider = &message.vcp_payload.call.provider;
            placed.extend(
                faults.into_iter().map(|f| (f.offset, Finding { provider: Some(provider.clone()), ..self.finding(f) })),
            );
        }
        placed.sort_by_key(|(offset, _)| *offset);
        placed.into_iter().map(|(_, finding)| finding).collect()
    }

    fn finding(&self, fault: Fault) -> Finding {
        let keep = |(name, _): &(&'static str, String)| self.show_values || *name != "value";
        let context = fault.context.into_iter().filter(keep).collect();
        Finding { context, ..Finding::new(fault.code, fault.path, fault.message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vcp_schema::ErrorCode;

    const FULL: &str = include_str!("../../vcp-schema/tests/data/full.json");

    fn found(text: &str) -> Vec<String> {
        let validator = Validator::new().now("2026-11-01T00:00:00Z".parse().unwrap());
        let report = validator.validate_json(text);
        let lines: Vec<String> =
            report.findings.iter().map(|f| format!("{} {} {}", f.severity, f.code, f.path)).collect();
        if let Some(message) = report.message {
            assert_eq!(validator.validate(&message).len(), lines.len(), "typed and text agree");
        }
        lines
    }

    #[test]
    fn a_good_message_has_no_finding() {
        assert_eq!(found(FULL), [""; 0]);
    }

    #[test]
    fn the_published_rules() {
        for (from, to, expected) in [
            (
                "2026-10-14T14:13:15.250+02:00",
                "2026-10-14T14:09:59+02:00",
                "error VCP_E101 $.vcp_payload.call.end_time",
            ),
            ("\"granted\"", "\"revoked\"", "error VCP_E102 $.vcp_payload.consent.status"),
            (
                "2026-10-14T12:11:00Z",
                "2026-10-14T12:09:59.9Z",
                "warning VCP_E103 $.vcp_payload.call.capabilities_invoked[1].invoked_at",
            ),
            ("\"granted\"", "\"expired\"", "warning VCP_E104 $.vcp_payload.consent.status"),
            ("2027-10-14T12:10:00Z", "2026-10-31T23:59:59Z", "warning VCP_E104 $.vcp_payload.consent.expires_at"),
        ] {
            assert_eq!(found(&FULL.replace(from, to)), [expected]);
        }
    }

    #[test]
    fn just_not_broken() {
        for (from, to) in [
            ("2026-10-14T14:13:15.250+02:00", "2026-10-14T14:10:00+02:00"),
            ("2026-10-14T12:11:00Z", "2026-10-14T12:10:00Z"),
            ("2027-10-14T12:10:00Z", "2026-11-01T00:00:00Z"),
        ] {
            assert_eq!(found(&FULL.replace(from, to)), [""; 0], "{to}");
        }
    }

    #[test]
    fn findings_stand_in_document_order() {
        let text = FULL
            .replace("\"granted\"", "\"revoked\"")
            .replace("\"inbound\"", "\"sideways\"")
            .replace("2026-10-14T14:13:15.250+02:00", "2026-10-13T00:00:00Z");
        assert_eq!(
            found(&text),
            [
                "error VCP_E101 $.vcp_payload.call.end_time",
                "error VCP_E004 $.vcp_payload.call.direction",
                "error VCP_E102 $.vcp_payload.consent.status",
            ]
        );
    }

    #[test]
    fn values_are_masked_unless_asked_for() {
        let text = FULL.replace("\"inbound\"", "\"sideways\"");
        let json = |validator: Validator| serde_json::to_string(&validator.validate_json(&text).findings).unwrap();
        assert!(!json(Validator::new()).contains("sideways"));
        assert!(json(Validator::new().show_values(true)).contains(r#""value":"sideways""#));
    }

    #[test]
    fn findings_serialise_to_the_published_shape() {
        let report = Validator::new().validate_json("[]");
        let json = serde_json::to_value(&report.findings[0]).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "code": "VCP_E004", "severity": "error", "field_path": "$", "pointer": "",
                "message": "an object is wanted here, not a list", "implementation": concat!("vcp-rust/", env!("CARGO_PKG_VERSION")),
                "context": {"expected": "an object", "found": "a list"},
            })
        );
    }

    #[test]
    fn what_code_alone_can_break_is_found() {
        let mut message = VcpMessage::from_json(FULL).unwrap();
        message.vcp_payload.outcomes.perception_gap.gap_score = f64::NAN;
        let findings = Validator::new().validate(&message);
        assert_eq!(findings.iter().map(|f| f.code).collect::<Vec<_>>(), [ErrorCode::Missing]);
    }

    #[test]
    fn many_findings_take_linear_time() {
        let early = r#"{"capability_id":"x","capability_type":"tool_call","invoked_at":"2001-01-01T00:00:00Z","success":true},"#;
        let text = FULL.replace("\"lookup_customer\",", &early.repeat(5000));
        assert_eq!(found(&text).len(), 5000);
    }

    #[test]
    fn always_answers() {
        let code = |bytes: &[u8]| {
            Validator::new().validate_slice(bytes).findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(code(b"\xff"), ["VCP_E007"]);
        assert_eq!(code(b""), ["VCP_E007"]);
        assert_eq!(code(br#"{"vcp_version":"0.3"}"#), ["VCP_E006"]);
        assert_eq!(code(br#"{"vcp_version":"7"}"#), ["VCP_E006"]);
        assert_eq!(code(&vec![b' '; 17 * 1024 * 1024]), ["VCP_E008"]);
        assert_eq!(code(b"{}"), ["VCP_E005", "VCP_E005", "VCP_E005"]);
    }
}
