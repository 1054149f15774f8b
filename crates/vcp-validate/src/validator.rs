//! The validator.

use crate::{
    Code, Finding, Position,
    findings::{Findings, Overrides},
    rules::{self, Context, Rule},
};
use chrono::{DateTime, Utc};
use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use vcp_schema::{
    Dialect, ErrorCode, FieldPath, Limits, Severity, VcpMessage, VcpVersion, migrate,
    structure::{self, Fault},
};

/// Which rules apply (decisions 4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Structure and the four rules of the specification's own validator, `VCP_E101`–`VCP_E104`.
    Reference,
    /// Structure and every rule.
    #[default]
    Canonical,
}

/// Validates messages: structure, and the rules of a [`Profile`]. Make it once, use it for every message.
///
/// ```
/// use vcp_validate::{Profile, Validator};
/// use vcp_schema::{ErrorCode, Severity};
/// let strict = Validator::new().severity(ErrorCode::NoOffset, Severity::Error);
/// let lenient = Validator::new().without(ErrorCode::PhoneNumber).profile(Profile::Canonical);
/// # let _ = (strict, lenient);
/// ```
#[derive(Debug, Clone)]
pub struct Validator {
    profile: Profile,
    overrides: Overrides,
    own: Vec<Arc<dyn Rule>>,
    now: Option<DateTime<Utc>>,
    show_values: bool,
    limits: Limits,
    max_findings: usize,
}

/// What validation found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// All findings, in document order; a missing member stands at the end of its object.
    pub findings: Vec<Finding>,
    /// The message, when it can be read as 0.5.
    pub message: Option<VcpMessage>,
    /// The dialect that it was validated as.
    pub dialect: Dialect,
}

impl Report {
    /// Whether there is no finding of severity error.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }
}

impl Default for Validator {
    fn default() -> Self {
        Self::new()
    }
}

impl Validator {
    /// The canonical profile, no time given, values masked, default limits, at most 100 000 findings.
    #[must_use]
    pub fn new() -> Self {
        Self {
            profile: Profile::Canonical,
            overrides: Overrides::default(),
            own: Vec::new(),
            now: None,
            show_values: false,
            limits: Limits::default(),
            max_findings: 100_000,
        }
    }

    /// Another profile.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Another severity for a code (decisions 4.6).
    #[must_use]
    pub fn severity(mut self, code: ErrorCode, severity: Severity) -> Self {
        self.overrides.set(code, Some(severity));
        self
    }

    /// No findings of a code (decisions 4.6). A message with structural faults is still not read.
    #[must_use]
    pub fn without(mut self, code: ErrorCode) -> Self {
        self.overrides.set(code, None);
        self
    }

    /// A rule of your own, after those of the profile.
    #[must_use]
    pub fn rule(mut self, rule: impl Rule + 'static) -> Self {
        self.own.push(Arc::new(rule));
        self
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

    /// How many findings are listed, the first in document order; the others are one `VCP_E008` at the end, as severe as the worst of them.
    #[must_use]
    pub fn max_findings(mut self, most: usize) -> Self {
        self.max_findings = most;
        self
    }

    /// Validates a message given as bytes.
    #[must_use]
    pub fn validate_slice(&self, bytes: &[u8]) -> Report {
        match structure::utf8(bytes, &self.limits) {
            Ok(text) => self.validate_json(text),
            Err(error) => {
                let mut findings = self.collect();
                let before = bytes.get(..error.offset()).and_then(|before| std::str::from_utf8(before).ok());
                let position = Lines::new(before.unwrap_or_default()).position(error.offset());
                let finding = Finding::new(error.code(), error.path().clone(), error.message());
                findings.push_made(Finding { position: Some(position), ..finding });
                Report { findings: findings.into_list(), message: None, dialect: Dialect::V05 }
            }
        }
    }

    /// Validates a message given as text: one of 0.5 by structure and rules, an older one by the structure of its dialect (decisions 2.1) and `VCP_E105`.
    ///
    /// The other rules need a 0.5 message that can be read; a text with structural faults has those findings only. Upgrade an older one to have it
    /// looked at by all.
    #[must_use]
    pub fn validate_json(&self, text: &str) -> Report {
        match VcpMessage::if_readable(text, &self.limits) {
            Some(message) => {
                let findings = self.findings(&message, Some(text));
                Report { findings, message: Some(message), dialect: Dialect::V05 }
            }
            None => self.unread(text),
        }
    }

    /// Validates a message that has been read or made. For one without findings and without a checksum this takes no memory.
    #[must_use]
    pub fn validate(&self, message: &VcpMessage) -> Vec<Finding> {
        self.findings(message, None)
    }

    /// The first finding of severity error, in document order.
    ///
    /// # Errors
    ///
    /// That finding.
    pub fn check(&self, message: &VcpMessage) -> Result<(), Box<Finding>> {
        first_error(self.uncapped().validate(message))
    }

    /// The first finding of severity error of a text, in document order.
    ///
    /// ```
    /// use vcp_validate::Validator;
    /// let error = Validator::new().check_json("{\"vcp_version\": 5}").unwrap_err();
    /// assert_eq!(error.to_string(), "error VCP_E004 at $.vcp_version (line 1, column 17): a string is wanted here, not a number");
    /// ```
    ///
    /// # Errors
    ///
    /// That finding.
    pub fn check_json(&self, text: &str) -> Result<(), Box<Finding>> {
        first_error(self.uncapped().validate_json(text).findings)
    }

    /// Whether a message has no finding of severity error. Takes no memory, but for a checksum, for words that the specification does not list and rules of your own.
    #[must_use]
    pub fn is_valid(&self, message: &VcpMessage) -> bool {
        if !message.is_plain() {
            return self.check(message).is_ok();
        }
        let mut findings = Findings::only_ask(&self.overrides);
        self.run(message, &mut findings);
        !findings.has_error
    }

    /// Whether a text is a message without a finding of severity error. Takes no memory beyond that of reading it and of a checksum.
    #[must_use]
    pub fn is_valid_json(&self, text: &str) -> bool {
        match VcpMessage::if_readable(text, &self.limits) {
            Some(message) => self.is_valid(&message),
            None => self.unread(text).is_valid(),
        }
    }

    fn uncapped(&self) -> Self {
        Self { max_findings: usize::MAX, ..self.clone() }
    }

    fn collect(&self) -> Findings<'_> {
        Findings::collect(&self.overrides)
    }

    /// Applies the rules of the profile, and those of one's own.
    fn run(&self, message: &VcpMessage, findings: &mut Findings<'_>) {
        let context = Context { now: self.now, limits: self.limits };
        let applies = |rule: &&rules::BuiltIn| self.profile == Profile::Canonical || rule.is_published;
        for rule in rules::ALL.iter().filter(applies) {
            if self.overrides.severity(rule.code).is_some() {
                (rule.check)(message, &context, findings);
            }
        }
        for (index, rule) in self.own.iter().enumerate() {
            let found = catch_unwind(AssertUnwindSafe(|| rule.check(message, &context))).unwrap_or_else(|_| {
                let text = format!("rule {index} of your own panicked, and says nothing of this message");
                vec![Finding::new(Code::own("RULE_PANICKED"), FieldPath::root(), text).severity(Severity::Error)]
            });
            found.into_iter().for_each(|finding| findings.push_made(finding));
        }
    }

    /// The findings of a message, in the order of its text, which is made only when there is something to order.
    fn findings(&self, message: &VcpMessage, text: Option<&str>) -> Vec<Finding> {
        let mut findings = self.collect();
        self.run(message, &mut findings);
        let is_plain = message.is_plain();
        let mut found = findings.into_list();
        if is_plain && found.is_empty() {
            return Vec::new();
        }
        let written = text.map_or_else(|| Cow::Owned(message.to_json()), Cow::Borrowed);
        as_spelled(&written, &mut found);
        let mut placed = self.placed(&written, found);
        if !is_plain {
            placed.extend(self.faults(&written, structure::check(&written, &self.limits)));
        }
        self.finished(placed, &written, text.is_some(), Some(&message.vcp_payload.call.provider))
    }

    /// The report on a text that is no 0.5 message that can be read.
    fn unread(&self, text: &str) -> Report {
        let detected = migrate::detect(text, &self.limits);
        let dialect = *detected.as_ref().unwrap_or(&Dialect::V05);
        let mut faults = structure::check_as(dialect, text, &self.limits);
        if let (Err(error), [fault]) = (&detected, faults.as_mut_slice())
            && (error.code(), fault.code) == (ErrorCode::Version, ErrorCode::Version)
        {
            // It knows more than one version.
            fault.message = error.message().to_owned();
            fault.context.retain(|(name, _)| *name != "supported");
            let supported: Vec<&str> = VcpVersion::ALL.iter().map(|version| version.as_str()).collect();
            fault.context.push(("supported", supported.join(", ")));
        }
        let mut placed = self.faults(text, faults);
        if dialect != Dialect::V05 && self.profile == Profile::Canonical {
            let mut findings = self.collect();
            rules::of_older(dialect, text, &mut findings);
            placed.extend(self.placed(text, findings.into_list()));
        }
        let provider = FieldPath::root().name("vcp_payload").name("call").name("provider");
        let at = structure::locate(text, &[&provider]).into_iter().next().flatten();
        let provider = at.and_then(|at| serde_json::from_str::<String>(structure::value_at(text, at)).ok());
        let findings = self.finished(placed, text, true, provider.as_ref());
        Report { findings, message: None, dialect }
    }

    /// Findings with their places in a text; one that is nowhere stands at the end.
    fn placed(&self, text: &str, found: Vec<Finding>) -> Vec<(usize, Finding)> {
        let places = structure::locate(text, &found.iter().map(|finding| &finding.path).collect::<Vec<_>>());
        let each = places.into_iter().zip(found).map(|(place, finding)| match place {
            Some(at) if self.show_values => (at, finding.with("value", shown(structure::value_at(text, at)))),
            place => (place.unwrap_or(text.len()), finding),
        });
        each.collect()
    }

    /// Structural faults as findings, with their places.
    fn faults(&self, text: &str, faults: Vec<Fault>) -> Vec<(usize, Finding)> {
        let mut placed = Vec::new();
        for Fault { code, path, offset, message, mut context, .. } in faults {
            context.retain(|(name, _)| self.show_values || *name != "value");
            let has_value = context.iter().any(|(name, _)| *name == "value");
            if self.show_values && !has_value && matches!(code, ErrorCode::Type | ErrorCode::Unreadable) {
                context.push(("value", shown(structure::value_at(text, offset))));
            }
            let mut findings = self.collect();
            findings.push_made(Finding { context, ..Finding::new(code, path, message) });
            placed.extend(findings.into_list().into_iter().map(|finding| (offset, finding)));
        }
        placed
    }

    /// Findings in document order, with positions when a text was given, no more than are wanted.
    fn finished(
        &self,
        mut placed: Vec<(usize, Finding)>,
        text: &str,
        is_given: bool,
        provider: Option<&String>,
    ) -> Vec<Finding> {
        placed.sort_by_key(|(offset, _)| *offset);
        let hidden = placed.split_off(placed.len().min(self.max_findings));
        let worst = hidden.iter().map(|(_, finding)| finding.severity).max();
        if let (Some((at, _)), Some(severity)) = (hidden.first(), worst)
            && let Some(severity) = self.overrides.chosen(ErrorCode::Limit).unwrap_or(Some(severity))
        {
            let text = format!("there are more than {} findings", self.max_findings);
            let finding = Finding::new(ErrorCode::Limit, FieldPath::root(), text).severity(severity);
            placed.push((*at, finding.with("limit", self.max_findings.to_string())));
        }
        let mut lines = is_given.then(|| Lines::new(text));
        let finish = |(offset, finding): (usize, Finding)| Finding {
            position: lines.as_mut().map(|lines| lines.position(offset)),
            provider: provider.cloned().or_else(|| finding.provider.clone()),
            ..finding
        };
        placed.into_iter().map(finish).collect()
    }
}

/// The caller's number may be spelled `from_` in a text (decisions 1.2); findings on it then stand there.
fn as_spelled(text: &str, found: &mut [Finding]) {
    let call = FieldPath::root().name("vcp_payload").name("call");
    let from = call.clone().name("from");
    for finding in found.iter_mut().filter(|finding| finding.path == from) {
        if structure::locate(text, &[&from]) == [None] {
            finding.path = call.clone().name("from_");
        }
    }
}

/// So much of a value as fits a context: what a string says, else the JSON.
fn shown(json: &str) -> String {
    const LONGEST: usize = 200;
    let text: String = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
    text.chars().take(LONGEST).collect()
}

fn first_error(findings: Vec<Finding>) -> Result<(), Box<Finding>> {
    findings
        .into_iter()
        .find(|finding| finding.severity == Severity::Error)
        .map_or(Ok(()), |found| Err(Box::new(found)))
}

/// Lines and columns of a text, asked for from its beginning to its end, so that it is looked at once.
struct Lines<'t> {
    text: &'t str,
    at: Position,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: Position { offset: 0, line: 1, column: 1 } }
    }

    fn position(&mut self, offset: usize) -> Position {
        for c in self.text.get(self.at.offset..offset).unwrap_or_default().chars() {
            if c == '\n' {
                self.at.line += 1;
                self.at.column = 1;
            } else {
                self.at.column += 1;
            }
        }
        self.at.offset = self.at.offset.max(offset.min(self.text.len()));
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vcp_schema::ErrorCode;

    const FULL: &str = include_str!("../../vcp-schema/tests/data/full.json");

    fn found(text: &str) -> Vec<String> {
        let validator = Validator::new().profile(Profile::Reference).now("2026-11-01T00:00:00Z".parse().unwrap());
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
                "position": {"offset": 0, "line": 1, "column": 1}, "message": "an object is wanted here, not a list", "implementation": concat!("vcp-rust/", env!("CARGO_PKG_VERSION")),
                "context": {"expected": "an object", "found": "a list"},
            })
        );
    }

    #[test]
    fn what_code_alone_can_break_is_found() {
        let mut message = VcpMessage::from_json(FULL).unwrap();
        message.vcp_payload.outcomes.perception_gap.gap_score = f64::NAN;
        let findings = Validator::new().validate(&message);
        let codes: Vec<&str> = findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes, ["VCP_E005"], "one fault, one code");
    }

    #[test]
    fn many_findings_take_linear_time() {
        let early = r#"{"capability_id":"x","capability_type":"tool_call","invoked_at":"2001-01-01T00:00:00Z","success":true},"#;
        let text = FULL.replace("\"lookup_customer\",", &early.repeat(5000));
        assert_eq!(found(&text).len(), 5000);
    }

    /// The full example, whose checksum is made up, as one that has none.
    fn unsummed() -> String {
        let mut message = VcpMessage::from_json(FULL).unwrap();
        message.audit.checksum = None;
        message.to_json()
    }

    #[test]
    fn yes_and_no_agree_with_the_findings() {
        let validator = Validator::new();
        for (from, to) in [
            ("", ""),
            ("\"granted\"", "\"revoked\""),
            ("\"inbound\"", "\"sideways\""),
            ("\"gap_score\":", "\"gap_score\":7"),
            ("{", "["),
        ] {
            let text = unsummed().replacen(from, to, 1);
            let report = validator.validate_json(&text);
            assert_eq!(validator.is_valid_json(&text), report.is_valid(), "{to}");
            if let Some(message) = report.message {
                let first = report.findings.iter().find(|finding| finding.severity == Severity::Error);
                let told = validator.check(&message).err();
                assert_eq!(told.map(|finding| finding.path), first.map(|finding| finding.path.clone()));
            }
        }
    }

    #[test]
    fn findings_have_lines_and_columns() {
        let text = "{\n \"vcp_version\": \"0.5\",\n \"é\": 1, \"audit\": 7\n}";
        let found: Vec<String> =
            Validator::new().validate_json(text).findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "error VCP_E004 at $.audit (line 3, column 19): an object is wanted here, not a number",
                "error VCP_E005 at $.vcp_payload (line 4, column 1): the required member is absent",
            ]
        );
    }

    #[test]
    fn severities_and_switches() {
        let text = unsummed().replace("\"granted\"", "\"revoked\"");
        let codes = |validator: Validator| {
            let report = validator.validate_json(&text);
            report.findings.iter().map(|f| (f.code.as_str().to_owned(), f.severity)).collect::<Vec<_>>()
        };
        let revoked = |severity| vec![("VCP_E102".to_owned(), severity)];
        assert_eq!(codes(Validator::new()), revoked(Severity::Error));
        assert_eq!(
            codes(Validator::new().severity(ErrorCode::ConsentRevoked, Severity::Info)),
            revoked(Severity::Info)
        );
        assert_eq!(codes(Validator::new().without(ErrorCode::ConsentRevoked)), []);
    }

    #[derive(Debug)]
    struct Own(bool);

    impl Rule for Own {
        fn check(&self, message: &VcpMessage, _: &Context) -> Vec<Finding> {
            assert!(!self.0, "as a rule of a user might");
            let path = FieldPath::from_dotted("vcp_payload.call.provider");
            vec![
                Finding::new(Code::own("ACME_1"), path, "not ours")
                    .with("provider", &message.vcp_payload.call.provider),
            ]
        }
    }

    #[test]
    fn own_rules_and_their_panics() {
        let text = unsummed();
        let found = |rule| {
            let report = Validator::new().rule(rule).validate_json(&text);
            let lines: Vec<String> =
                report.findings.iter().map(|f| format!("{} {} {}", f.severity, f.code, f.path)).collect();
            (lines, report.is_valid())
        };
        assert_eq!(found(Own(false)), (vec!["warning ACME_1 $.vcp_payload.call.provider".to_owned()], true));
        assert_eq!(found(Own(true)), (vec!["error RULE_PANICKED $".to_owned()], false));
    }

    #[test]
    fn findings_stop_at_a_cap() {
        let many = "7,".repeat(1000);
        let text =
            unsummed().replacen("\"transformation_history\":[", &format!("\"transformation_history\":[{many}"), 1);
        let report = Validator::new().max_findings(100).validate_json(&text);
        assert_eq!(report.findings.len(), 101);
        assert_eq!(report.findings[100].code, ErrorCode::Limit);
        assert_eq!(report.findings[100].message, "there are more than 100 findings");
        assert_eq!(Validator::new().validate_json(&text).findings.len(), 1000);
    }

    #[test]
    fn older_messages_are_validated_as_what_they_are() {
        let production = include_str!("../../vcp-schema/src/jsonschema/example-0.3-production.json");
        let report = Validator::new().validate_json(production);
        assert_eq!((report.dialect, report.findings.len(), report.message), (Dialect::Production03, 0, None));
        let consent =
            production.replacen("\"vcp_payload\": {", "\"vcp_payload\": {\"consent\": {}, \"provenance\": null,", 1);
        let lines = |validator: Validator| {
            validator
                .validate_json(&consent)
                .findings
                .iter()
                .map(|f| format!("{} {}", f.code, f.path))
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(Validator::new()), ["VCP_E105 $.vcp_payload.consent"]);
        assert_eq!(lines(Validator::new().profile(Profile::Reference)), [""; 0]);
    }

    #[test]
    fn every_time_is_looked_at_for_its_offset() {
        let text = unsummed();
        let times: Vec<usize> = text
            .match_indices("\"20")
            .map(|(at, _)| at + 1)
            .filter(|at| {
                let time = text.get(*at..).and_then(|rest| rest.split('"').next()).unwrap_or_default();
                time.parse::<vcp_schema::Timestamp>().is_ok()
            })
            .collect();
        let mut found = std::collections::BTreeSet::new();
        for at in times {
            let (before, after) = text.split_at(at);
            let (time, rest) = after.split_once('"').unwrap();
            let bare = time.trim_end_matches('Z').split('+').next().unwrap();
            let report = Validator::new().validate_json(&format!("{before}{bare}\"{rest}"));
            let no_offset = report.findings.iter().filter(|finding| finding.code == ErrorCode::NoOffset);
            found.extend(no_offset.map(|finding| finding.path.to_string().replace(|c: char| c.is_ascii_digit(), "")));
        }
        // As many as the model has, by its description.
        fn times_of(kind: &vcp_schema::describe::Kind) -> usize {
            use vcp_schema::describe::Kind;
            match kind {
                Kind::Timestamp => 1,
                Kind::Object(object) => object.fields().map(|field| times_of(&field.kind)).sum(),
                Kind::List(kind) | Kind::TextOr(kind) | Kind::Map(_, kind) => times_of(kind),
                _ => 0,
            }
        }
        let all = times_of(&vcp_schema::describe::Kind::Object(vcp_schema::describe::message()));
        assert_eq!(found.len(), all, "{found:?}");
    }

    #[test]
    fn always_answers() {
        let code = |bytes: &[u8]| {
            let report = Validator::new().validate_slice(bytes);
            report.findings.iter().map(|f| f.code.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(code(b"\xff"), ["VCP_E007"]);
        assert_eq!(code(b""), ["VCP_E007"]);
        assert_eq!(code(br#"{"vcp_version":"0.3"}"#), ["VCP_E005", "VCP_E005"], "validated as 0.3");
        assert_eq!(code(br#"{"vcp_version":"7"}"#), ["VCP_E006"]);
        assert_eq!(code(&vec![b' '; 17 * 1024 * 1024]), ["VCP_E008"]);
        assert_eq!(code(b"{}"), ["VCP_E005", "VCP_E005", "VCP_E005"]);
    }

    #[test]
    fn the_cap_cuts_in_document_order_and_keeps_the_verdict() {
        let text = FULL
            .replace("\"duration_sec\": 195", "\"duration_sec\": -1")
            .replace("\"gap_score\": 0.15", "\"gap_score\": 7");
        let codes = |validator: Validator| {
            let report = validator.without(ErrorCode::ChecksumMismatch).validate_json(&text);
            (
                report.is_valid(),
                report.findings.iter().map(|f| format!("{} {}", f.severity, f.code)).collect::<Vec<_>>(),
            )
        };
        let all = codes(Validator::new());
        assert_eq!(all.1, ["error VCP_E107", "error VCP_E106"], "the text has both faults");
        assert_eq!(
            codes(Validator::new().max_findings(1)),
            (false, vec!["error VCP_E107".to_owned(), "error VCP_E008".to_owned()])
        );
        let lenient = || {
            Validator::new()
                .severity(ErrorCode::Negative, Severity::Info)
                .severity(ErrorCode::ScoreRange, Severity::Warning)
        };
        assert_eq!(
            codes(lenient().max_findings(1)),
            (true, vec!["info VCP_E107".to_owned(), "warning VCP_E008".to_owned()])
        );
        assert_eq!(codes(lenient().max_findings(1).without(ErrorCode::Limit)).1, ["info VCP_E107"]);
        let first = Validator::new().without(ErrorCode::ChecksumMismatch).max_findings(0).check_json(&text);
        assert_eq!(first.unwrap_err().code, ErrorCode::Negative, "the first error is the first, whatever the cap");
    }

    #[test]
    fn places_in_text_beyond_ascii() {
        let place = |bytes: &[u8]| {
            let report = Validator::new().validate_slice(bytes);
            let position = report.findings[0].position.unwrap();
            (position.line, position.column)
        };
        assert_eq!(place("[1,\n[2,\"é".as_bytes()), (2, 5));
        assert_eq!(place("{\n\"a\":\"é\\u12é5\"}".as_bytes()).0, 2);
        assert_eq!(place(b"{\"\xc3\xa9\":\"\xff\"}"), (1, 7));
    }

    #[test]
    fn limits_without_end_do_no_harm() {
        let limits = Limits { text_bytes: usize::MAX, members: usize::MAX, ..Limits::default() };
        assert_eq!(Validator::new().limits(limits).validate_json("{}").findings.len(), 3);
    }

    #[test]
    fn a_name_that_cannot_be_read_hides_nothing() {
        let text = r#"{"vcp_version":"0.5","x\ud800":1,"audit":7,"vcp_payload":7}"#;
        let report = Validator::new().validate_json(text);
        let found: Vec<String> = report.findings.iter().map(|f| format!("{} {}", f.code, f.path)).collect();
        assert_eq!(found, ["VCP_E001 $", "VCP_E004 $.audit", "VCP_E004 $.vcp_payload"]);
    }

    #[test]
    fn versions_that_cannot_be_told_are_named_with_those_that_can() {
        let message = |text: &str| Validator::new().validate_json(text).findings[0].message.clone();
        assert_eq!(message(r#"{"vcp_version":"7"}"#), "version `7` is not known: 0.3, 0.4 and 0.5 are supported");
        let both = r#"{"vcp_version":"0.3","audit":{},"vcp_payload":{"audit":{}}}"#;
        assert!(message(both).starts_with("`audit` stands at the root"), "{}", message(both));
    }

    #[test]
    fn the_provider_is_told_with_structural_faults_too() {
        let text = FULL.replace("\"granted\"", "7");
        let report = Validator::new().validate_json(&text);
        assert_eq!(report.findings[0].provider.as_deref(), Some("retell"));
    }
}
