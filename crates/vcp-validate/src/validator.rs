//! The validator.

use crate::{
    Code, Finding,
    findings::{Findings, Overrides},
    rules::{self, Context, Rule},
};
use chrono::{DateTime, Utc};
use std::{
    borrow::Cow,
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use vcp_schema::{
    Dialect, ErrorCode, FieldPath, Limits, ReadOptions, Severity, VcpMessage, VcpVersion,
    json::{self, text::Lines},
    migrate,
    structure::{self, Fault},
};

/// The set of rules that a validator applies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// The structure, and the four rules of the specification's own validator:
    /// `VCP_E101`–`VCP_E104` (`DECISIONS.md` 4.4).
    Reference,
    /// The structure and every rule (`DECISIONS.md` 4.5).
    #[default]
    Canonical,
}

/// A validator of messages. It checks the structure and the rules of a [`Profile`]. Create it once
/// and use it for every message.
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
    show_values: bool,
    limits: Limits,
    max_findings: usize,
}

/// The result of validating a text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The findings, in document order. A missing member is placed at the end of its object.
    /// [`Validator::max_findings`] limits their number.
    pub findings: Vec<Finding>,
    /// The message. `None` if the text cannot be read as 0.5.
    pub message: Option<VcpMessage>,
    /// The dialect as which the text was validated.
    pub dialect: Dialect,
}

impl Report {
    /// Returns whether no finding has severity error.
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
    /// Creates a validator with these settings: canonical profile, no values in findings, default
    /// limits, at most 100 000 findings.
    #[must_use]
    pub fn new() -> Self {
        Self {
            profile: Profile::Canonical,
            overrides: Overrides::default(),
            own: Vec::new(),
            show_values: false,
            limits: Limits::default(),
            max_findings: 100_000,
        }
    }

    /// Sets the profile.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Replaces the severity of a code.
    ///
    /// A text that cannot be read as a 0.5 message, and is no older one, still has an error. If
    /// none of its faults is an error, `VCP_E001` at `$` says that no rule was applied.
    #[must_use]
    pub fn severity(mut self, code: ErrorCode, severity: Severity) -> Self {
        self.overrides.set(code, Some(severity));
        self
    }

    /// Switches a code off, so that it is not reported. A text that cannot be read as a message
    /// still has an error, as in [`Validator::severity`].
    #[must_use]
    pub fn without(mut self, code: ErrorCode) -> Self {
        self.overrides.set(code, None);
        self
    }

    /// Adds a rule of your own, which runs after those of the profile.
    #[must_use]
    pub fn rule(mut self, rule: impl Rule + 'static) -> Self {
        self.own.push(Arc::new(rule));
        self
    }

    /// Sets whether the context of findings holds the offending values, which may be personal data.
    /// Off by default.
    #[must_use]
    pub fn show_values(mut self, show: bool) -> Self {
        self.show_values = show;
        self
    }

    /// Sets the limits on the text that is read. Rules receive them in [`Context::limits`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how many findings are listed at most. The first in document order are kept. All others
    /// are replaced by one `VCP_E008` at the end, which is as severe as the worst of them. Another
    /// severity of `VCP_E008` applies only if none of them is an error.
    #[must_use]
    pub fn max_findings(mut self, most: usize) -> Self {
        self.max_findings = most;
        self
    }

    /// Validates a message given as bytes. Bytes that are not UTF-8 give one finding, `VCP_E007`.
    /// Too many bytes give one finding, `VCP_E008`.
    ///
    /// `now` is the present time, as in [`Validator::validate`].
    #[must_use]
    pub fn validate_slice(&self, bytes: &[u8], now: Option<DateTime<Utc>>) -> Report {
        match json::text::utf8(bytes, &self.limits) {
            Ok(text) => self.validate_json(text, now),
            Err(error) => {
                let mut findings = self.collect();
                let finding = Finding::new(error.code(), error.path().clone(), error.message());
                findings.push_made(Finding { position: error.position(), ..finding });
                Report { findings: unreadable(findings.into_list()), message: None, dialect: Dialect::V05 }
            }
        }
    }

    /// Validates a message given as text.
    ///
    /// - A 0.5 message is checked for structure and by the rules of the profile. If it cannot be
    ///   read, only its structural faults are reported.
    /// - An older message is checked for the structure of its dialect (`DECISIONS.md` 2.1). The
    ///   canonical profile also applies `VCP_E105` and `VCP_E109`. Upgrade the message to apply all
    ///   rules.
    ///
    /// `now` is the present time, as in [`Validator::validate`].
    #[must_use]
    pub fn validate_json(&self, text: &str, now: Option<DateTime<Utc>>) -> Report {
        self.report(text, now, self.max_findings)
    }

    /// Validates a message that was read or built. Returns the findings. Allocates no memory for a
    /// message without findings and without a checksum.
    ///
    /// `now` is the present time, for rules that check whether something has expired. With `None`,
    /// these rules only use what the message itself states.
    ///
    /// ```
    /// use vcp_schema::VcpMessage;
    /// use vcp_validate::Validator;
    /// # let text = include_str!("../tests/data/minimal.json");
    /// let message = VcpMessage::from_json(text)?;
    /// let now = "2026-11-21T12:00:00Z".parse()?;
    /// assert_eq!(Validator::new().validate(&message, Some(now)), []);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn validate(&self, message: &VcpMessage, now: Option<DateTime<Utc>>) -> Vec<Finding> {
        self.findings(message, None, now, self.max_findings)
    }

    /// Checks that a message has no finding of severity error. `max_findings` does not apply. `now`
    /// is the present time, as in [`Validator::validate`].
    ///
    /// # Errors
    ///
    /// The first finding of severity error, in document order.
    pub fn check(&self, message: &VcpMessage, now: Option<DateTime<Utc>>) -> Result<(), Box<Finding>> {
        first_error(self.findings(message, None, now, usize::MAX))
    }

    /// Checks that a text has no finding of severity error. `max_findings` does not apply. `now` is
    /// the present time, as in [`Validator::validate`].
    ///
    /// ```
    /// use vcp_validate::Validator;
    /// let error = Validator::new().check_json("{\"vcp_version\": 5}", None).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "error VCP_E004 at $.vcp_version (line 1, column 17): \
    ///      a string is wanted here, not a number"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// The first finding of severity error, in document order.
    pub fn check_json(&self, text: &str, now: Option<DateTime<Utc>>) -> Result<(), Box<Finding>> {
        first_error(self.report(text, now, usize::MAX).findings)
    }

    /// Returns whether a message has no finding of severity error. Allocates memory only for a
    /// checksum, for words that the specification does not list, and for rules of your own. `now`
    /// is the present time, as in [`Validator::validate`].
    #[must_use]
    pub fn is_valid(&self, message: &VcpMessage, now: Option<DateTime<Utc>>) -> bool {
        if !message.is_plain() {
            return self.check(message, now).is_ok();
        }
        let mut findings = Findings::only_ask(&self.overrides);
        self.run(message, now, &mut findings);
        !findings.has_error
    }

    /// Returns whether a text is a message without a finding of severity error. If the text can be
    /// read as 0.5, memory is allocated only for reading it and for [`Validator::is_valid`]. `now`
    /// is the present time, as in [`Validator::validate`].
    #[must_use]
    pub fn is_valid_json(&self, text: &str, now: Option<DateTime<Utc>>) -> bool {
        match self.if_readable(text) {
            Some(message) => self.is_valid(&message, now),
            None => self.unread(text, self.max_findings).is_valid(),
        }
    }

    /// Returns the report on a text, with at most `most` findings.
    fn report(&self, text: &str, now: Option<DateTime<Utc>>, most: usize) -> Report {
        match self.if_readable(text) {
            Some(message) => {
                let findings = self.findings(&message, Some(text), now, most);
                Report { findings, message: Some(message), dialect: Dialect::V05 }
            }
            None => self.unread(text, most),
        }
    }

    fn if_readable(&self, text: &str) -> Option<VcpMessage> {
        ReadOptions::default().limits(self.limits).if_readable(text)
    }

    fn collect(&self) -> Findings<'_> {
        Findings::collect(&self.overrides)
    }

    /// Applies the rules of the profile, then the user's rules.
    fn run(&self, message: &VcpMessage, now: Option<DateTime<Utc>>, findings: &mut Findings<'_>) {
        let context = Context { now, limits: self.limits };
        let applies = |rule: &&rules::BuiltIn| self.profile == Profile::Canonical || rule.is_published;
        for rule in rules::ALL.iter().filter(applies) {
            if self.overrides.severity(rule.code).is_some() {
                (rule.check)(message, &context, findings);
            }
        }
        for (index, rule) in self.own.iter().enumerate() {
            let found = catch_unwind(AssertUnwindSafe(|| rule.check(message, &context))).unwrap_or_else(|_| {
                let text = format!("rule {index} of your own panicked, so it did not check this message");
                vec![Finding::new(Code::own("RULE_PANICKED"), FieldPath::root(), text).severity(Severity::Error)]
            });
            found.into_iter().for_each(|finding| findings.push_made(finding));
        }
    }

    /// Returns the findings of a message, in the order of its text, at most `most` of them. If no
    /// text is given, the message is written as text only if there is something to report.
    fn findings(
        &self,
        message: &VcpMessage,
        text: Option<&str>,
        now: Option<DateTime<Utc>>,
        most: usize,
    ) -> Vec<Finding> {
        let mut findings = self.collect();
        self.run(message, now, &mut findings);
        let is_plain = message.is_plain();
        let mut found = findings.into_list();
        if is_plain && found.is_empty() {
            return Vec::new();
        }
        let written = text.map_or_else(|| Cow::Owned(message.to_json()), Cow::Borrowed);
        as_spelled(&written, &mut found);
        // A number that JSON cannot write is null in the text. It is one fault, not also a missing
        // member or a wrong type.
        let is_number = |finding: &&Finding| finding.code == ErrorCode::NotFinite;
        let numbers: HashSet<FieldPath> = found.iter().filter(is_number).map(|found| found.path.clone()).collect();
        let mut placed = self.placed(&written, found);
        if !is_plain {
            let mut faults = structure::check(&written, &self.limits);
            faults.retain(|fault| !numbers.contains(&fault.path));
            placed.extend(self.faults(&written, faults));
        }
        self.finished(placed, &written, text.is_some(), Some(&message.vcp_payload.call.provider), most)
    }

    /// Returns the report on a text that cannot be read as a 0.5 message, with at most `most`
    /// findings.
    fn unread(&self, text: &str, most: usize) -> Report {
        let detected = migrate::detect(text, &self.limits);
        let dialect = *detected.as_ref().unwrap_or(&Dialect::V05);
        let mut faults = structure::check_as(dialect, text, &self.limits);
        if let (Err(error), [fault]) = (&detected, faults.as_mut_slice())
            && (error.code(), fault.code) == (ErrorCode::Version, ErrorCode::Version)
        {
            // The error of the detection names all supported versions.
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
        let at = json::text::locate(text, &[&provider]).into_iter().next().flatten();
        let provider = at.and_then(|at| json::string::decode(json::text::value_at(text, at)));
        let findings = self.finished(placed, text, true, provider.as_deref(), most);
        let findings = if dialect == Dialect::V05 { unreadable(findings) } else { findings };
        Report { findings, message: None, dialect }
    }

    /// Returns the findings with their offsets in a text. A finding whose place is not in the text
    /// gets the end of the text.
    fn placed(&self, text: &str, found: Vec<Finding>) -> Vec<(usize, Finding)> {
        let places = json::text::locate(text, &found.iter().map(|finding| &finding.path).collect::<Vec<_>>());
        let each = places.into_iter().zip(found).map(|(place, finding)| match place {
            // The text has null for a number that is not finite.
            Some(at) if self.show_values && finding.code != ErrorCode::NotFinite => {
                (at, finding.with("value", shown(json::text::value_at(text, at))))
            }
            place => (place.unwrap_or(text.len()), finding),
        });
        each.collect()
    }

    /// Returns structural faults as findings, with their offsets.
    fn faults(&self, text: &str, faults: Vec<Fault>) -> Vec<(usize, Finding)> {
        let mut placed = Vec::new();
        for Fault { code, path, offset, message, mut context, .. } in faults {
            let Some(severity) = self.overrides.severity(code) else { continue };
            context.retain(|(name, _)| self.show_values || *name != "value");
            let has_value = context.iter().any(|(name, _)| *name == "value");
            if self.show_values && !has_value && matches!(code, ErrorCode::Type | ErrorCode::Unreadable) {
                context.push(("value", shown(json::text::value_at(text, offset))));
            }
            placed.push((offset, Finding { context, ..Finding::new(code, path, message).severity(severity) }));
        }
        placed
    }

    /// Returns the findings in document order, at most `most` of them. Adds positions if the caller
    /// gave a text (`is_given`), and the provider.
    fn finished(
        &self,
        mut placed: Vec<(usize, Finding)>,
        text: &str,
        is_given: bool,
        provider: Option<&str>,
        most: usize,
    ) -> Vec<Finding> {
        placed.sort_by_key(|(offset, _)| *offset);
        let hidden = placed.split_off(placed.len().min(most));
        let worst = hidden.iter().map(|(_, finding)| finding.severity).max();
        if let (Some((at, _)), Some(severity)) = (hidden.first(), worst)
            && let Some(severity) = match self.overrides.chosen(ErrorCode::Limit) {
                Some(chosen) if severity != Severity::Error => chosen,
                _ => Some(severity),
            }
        {
            let text = format!("there are more than {most} findings");
            let finding = Finding::new(ErrorCode::Limit, FieldPath::root(), text).severity(severity);
            placed.push((*at, finding.with("limit", most.to_string())));
        }
        let mut lines = is_given.then(|| Lines::new(text));
        let provider = provider.filter(|provider| provider.len() <= LONGEST_PROVIDER);
        let finish = |(offset, finding): (usize, Finding)| Finding {
            position: lines.as_mut().map(|lines| lines.position(offset)),
            provider: provider.map(str::to_owned).or_else(|| finding.provider.clone()),
            ..finding
        };
        placed.into_iter().map(finish).collect()
    }
}

/// The length of the longest provider that findings name, in bytes.
const LONGEST_PROVIDER: usize = 256;

/// Returns the findings on a text that is no message, with an error among them. Without one, a text
/// to which no rule was applied would count as valid.
fn unreadable(mut findings: Vec<Finding>) -> Vec<Finding> {
    if findings.iter().all(|finding| finding.severity != Severity::Error) {
        let text = "no rule was applied, because the text cannot be read as a message: mend its faults";
        findings.push(Finding::new(ErrorCode::Unreadable, FieldPath::root(), text));
    }
    findings
}

/// Moves findings on `from` to `from_` if the text spells the member that way. Both names are
/// allowed (`DECISIONS.md` 1.2).
fn as_spelled(text: &str, found: &mut [Finding]) {
    let call = FieldPath::root().name("vcp_payload").name("call");
    let from = call.clone().name("from");
    for finding in found.iter_mut().filter(|finding| finding.path == from) {
        if json::text::locate(text, &[&from]) == [None] {
            finding.path = call.clone().name("from_");
        }
    }
}

/// Returns at most 200 characters of a value, for a context. Of a string this is the content, of
/// any other value the JSON.
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

#[cfg(test)]
mod tests;
