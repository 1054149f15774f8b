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

    /// The findings of a message, in the order of its text, which is made only when something was found.
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
            let Some(severity) = self.overrides.severity(code) else { continue };
            context.retain(|(name, _)| self.show_values || *name != "value");
            let has_value = context.iter().any(|(name, _)| *name == "value");
            if self.show_values && !has_value && matches!(code, ErrorCode::Type | ErrorCode::Unreadable) {
                context.push(("value", shown(structure::value_at(text, offset))));
            }
            placed.push((offset, Finding { context, ..Finding::new(code, path, message).severity(severity) }));
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
mod tests;
