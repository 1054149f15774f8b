//! Structural faults of a text: every one, with its code and place (decisions 1, 4.2–4.3).
//!
//! This is the slow, thorough walk. It runs only when the fast reader refused a text or saw an oddity, and is the one place
//! where codes and paths are decided.

use crate::{
    Dialect, ErrorCode, FieldPath, Limits, ParseError, PathNode, Step, Timestamp, VcpVersion,
    describe::{Described, Field, Kind, ObjectType, Presence, WordType},
    json::{
        cursor::Cursor,
        is_number, members,
        number::{self, IntegerFault},
        string::{self, Quoted},
        text::{self, offset, reason, well_formed},
        trim,
    },
    read::{self, FromWire},
};
use std::{borrow::Cow, collections::HashSet};

/// A structural fault.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The code.
    pub code: ErrorCode,
    /// The place in the document.
    pub path: FieldPath,
    /// The place in the text: where the value starts, or where the object ends that lacks a member. A byte offset.
    pub offset: usize,
    /// What is wrong, without the value.
    pub message: String,
    /// The dynamic parts of the message again, by name. The value itself is under `value`, for those who want it.
    pub context: Vec<(&'static str, String)>,
    /// Whether the message cannot be read because of it. Unknown words do not hinder reading.
    pub fatal: bool,
}

impl Fault {
    fn new(code: ErrorCode, path: &PathNode<'_>, message: impl Into<String>) -> Self {
        Self { code, path: path.to_path(), offset: 0, message: message.into(), context: Vec::new(), fatal: true }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.context.push((name, value.into()));
        self
    }

    pub(crate) fn wrong_type(expected: &str, found: &str, path: &PathNode<'_>) -> Self {
        let found = type_name(found);
        Self::new(ErrorCode::Type, path, format!("{expected} is wanted here, not {found}"))
            .with("expected", expected)
            .with("found", found)
    }

    pub(crate) fn into_error(self, text: &str) -> ParseError {
        ParseError::in_text(self.code, self.path, self.message, text.as_bytes(), self.offset)
    }
}

fn type_name(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Reads a type of the model: the fast way, and when that fails, thoroughly for the fault.
pub(crate) fn read<T: FromWire + Described>(text: &str, limits: &Limits) -> Result<T, ParseError> {
    text::utf8(text.as_bytes(), limits)?;
    let error = match read::from_text(text, limits.members) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    well_formed(text, limits)?;
    let faults = check_kind(text, &T::KIND, limits, Some(|fault| fault.fatal));
    // The two readers agree (a property test holds them to it); if they ever did not, the text is still refused.
    let fault = faults.into_iter().next();
    Err(fault.unwrap_or_else(|| Fault::new(ErrorCode::Unreadable, &PathNode::root(), reason(&error))).into_error(text))
}

/// Every structural fault of a text that should be a 0.5 message, in document order. Empty when there is none.
///
/// Text that is not JSON, too long, or of another version has that one fault only.
///
/// ```
/// use vcp_schema::{Limits, structure};
/// let faults = structure::check(r#"{"vcp_version":"0.5","audit":{"received_at":7}}"#, &Limits::default());
/// let found: Vec<_> = faults.iter().map(|f| format!("{} {}", f.code, f.path)).collect();
/// assert_eq!(found, ["VCP_E004 $.audit.received_at", "VCP_E005 $.audit.schema_version", "VCP_E005 $.vcp_payload"]);
/// ```
#[must_use]
pub fn check(text: &str, limits: &Limits) -> Vec<Fault> {
    check_as(Dialect::V05, text, limits)
}

/// Every structural fault of a text that should be a message of this dialect, in document order; see [`check`].
///
/// ```
/// use vcp_schema::{Dialect, Limits, structure};
/// let faults = structure::check_as(Dialect::Production03, r#"{"vcp_version":"0.3","call_id":7}"#, &Limits::default());
/// let found: Vec<_> = faults.iter().map(|f| format!("{} {}", f.code, f.path)).collect();
/// assert_eq!(found, ["VCP_E004 $.call_id", "VCP_E005 $.vcp_payload"]);
/// ```
#[must_use]
pub fn check_as(dialect: Dialect, text: &str, limits: &Limits) -> Vec<Fault> {
    if let Err(error) = well_formed(text, limits) {
        return vec![Fault {
            offset: error.position().map_or(0, |at| at.offset),
            ..Fault::new(error.code(), &PathNode::root(), error.message())
        }];
    }
    check_kind(text, &Kind::Object(dialect.message()), limits, None)
}

/// Returns the first fault that is wanted of a text that should be a message of this dialect. Builds
/// no other fault. The text must be JSON.
pub(crate) fn first_fault(dialect: Dialect, text: &str, limits: &Limits, wanted: Wanted) -> Option<Fault> {
    first_fault_of(text, &Kind::Object(dialect.message()), limits, wanted)
}

/// Returns the first fault that is wanted of a text that should be of this kind. The text must be
/// JSON.
pub(crate) fn first_fault_of(text: &str, kind: &Kind, limits: &Limits, wanted: Wanted) -> Option<Fault> {
    check_kind(text, kind, limits, Some(wanted)).into_iter().next()
}

/// Decides whether a fault is wanted.
pub(crate) type Wanted = fn(&Fault) -> bool;

/// Returns the faults of a text that should be of this kind: all, or the first that is wanted. The
/// text must be JSON.
fn check_kind(text: &str, kind: &Kind, limits: &Limits, wanted: Option<Wanted>) -> Vec<Fault> {
    let budget = limits.text_bytes.saturating_mul(4);
    let mut checker = Checker { text, limits, members: 0, budget, wanted, faults: Vec::new() };
    let root = PathNode::root();
    let trimmed = trim(text);
    if let Some(fault) = checker.version(trimmed, kind, &root) {
        return vec![fault];
    }
    checker.value(trimmed, kind, &root);
    checker.faults
}

/// About what a fault takes, beside its path.
const FAULT_BYTES: usize = 512;

struct Checker<'t> {
    text: &'t str,
    limits: &'t Limits,
    members: usize,
    /// The number of bytes of faults that may still be made. Many faults below long names would
    /// otherwise make paths without end. The check ends at 0.
    budget: usize,
    /// If set, the check ends at the first fault that is wanted.
    wanted: Option<Wanted>,
    faults: Vec<Fault>,
}

impl<'t> Checker<'t> {
    fn report(&mut self, at: &'t str, fault: Fault) {
        self.push(Fault { offset: offset(self.text, at), ..fault });
    }

    fn push(&mut self, fault: Fault) {
        if self.budget == 0 {
            return;
        }
        if let Some(is_wanted) = self.wanted {
            if is_wanted(&fault) {
                self.faults.push(fault);
                self.budget = 0;
            }
            return;
        }
        let length = |step: &Step<'_>| if let Step::Name(name) = step { name.len() } else { 8 };
        self.budget = self.budget.saturating_sub(FAULT_BYTES + fault.path.steps().iter().map(length).sum::<usize>());
        let offset = fault.offset;
        self.faults.push(fault);
        if self.budget == 0 {
            let message = "there are more faults than can be listed";
            self.faults.push(Fault { offset, ..Fault::new(ErrorCode::Limit, &PathNode::root(), message) });
        }
    }

    /// A message of another version has no other fault than that.
    fn version(&self, json: &'t str, kind: &Kind, root: &PathNode<'_>) -> Option<Fault> {
        let Kind::Object(object) = kind else {
            return None;
        };
        let Some(Field { kind: Kind::Version(wanted), .. }) = object.field("vcp_version") else {
            return None;
        };
        let (_, value) = members::spelled(json).find(|(name, _)| name.is("vcp_version"))?;
        let word = string::decode(value)?;
        let message = match word.parse::<VcpVersion>() {
            Ok(version) if version == *wanted => return None,
            Ok(older) if older < *wanted => format!("version `{word}` must be upgraded first: this is {wanted}"),
            Ok(_) => format!("this is a message of {word}, not of {wanted}"),
            Err(_) => format!("version `{}` is not supported: this is {wanted}", shown(&word)),
        };
        let fault = Fault::new(ErrorCode::Version, &root.name("vcp_version"), message)
            .with("seen", shown(&word))
            .with("supported", wanted.as_str());
        Some(Fault { offset: offset(self.text, value), ..fault })
    }

    fn value(&mut self, json: &'t str, kind: &Kind, path: &PathNode<'_>) {
        match kind {
            Kind::Text => drop(self.text_value(json, path)),
            Kind::Timestamp => self.timestamp(json, path),
            Kind::Word(list) => {
                if let Some(word) = self.text_value(json, path) {
                    self.word(json, &word, list.words, path);
                }
            }
            // The word has been checked before everything else.
            Kind::Version(_) => drop(self.text_value(json, path)),
            Kind::Integer => self.integer(json, path),
            Kind::Float => {
                if !is_number(json) {
                    self.report(json, Fault::wrong_type("a number", json, path));
                } else if !json.parse().is_ok_and(f64::is_finite) {
                    self.report(
                        json,
                        Fault::new(ErrorCode::Unreadable, path, "the number is out of the range of doubles"),
                    );
                }
            }
            Kind::Boolean => {
                if !matches!(json, "true" | "false") {
                    self.report(json, Fault::wrong_type("a boolean", json, path));
                }
            }
            Kind::FreeForm => {
                if !json.starts_with('{') {
                    self.report(json, Fault::wrong_type("an object", json, path));
                }
            }
            Kind::List(element) => self.list(json, element, path),
            Kind::Map(words, value) => self.map(json, *words, value, path),
            Kind::Object(object) => self.object(json, object, path),
            Kind::TextOr(other) => match json.as_bytes().first() {
                Some(b'"') => drop(self.text_value(json, path)),
                Some(b'{') => self.value(json, other, path),
                _ => self.report(json, Fault::wrong_type("a string or an object", json, path)),
            },
            Kind::OrNull(kind) => {
                if json != "null" {
                    self.value(json, kind, path);
                }
            }
        }
    }

    fn text_value(&mut self, json: &'t str, path: &PathNode<'_>) -> Option<Cow<'t, str>> {
        if !json.starts_with('"') {
            self.report(json, Fault::wrong_type("a string", json, path));
            return None;
        }
        let text = string::decode(json);
        if text.is_none() {
            self.report(json, Fault::new(ErrorCode::Unreadable, path, "the string holds a lone surrogate"));
        }
        text
    }

    fn word(&mut self, json: &'t str, word: &str, words: &[&str], path: &PathNode<'_>) {
        if !words.contains(&word) {
            let expected = words.join(", ");
            let fault = Fault::new(ErrorCode::Type, path, format!("the word is none of: {expected}"));
            self.report(json, Fault { fatal: false, ..fault.with("expected", expected).with("value", word) });
        }
    }

    fn timestamp(&mut self, json: &'t str, path: &PathNode<'_>) {
        if let Some(text) = self.text_value(json, path)
            && let Err(error) = text.parse::<Timestamp>()
        {
            self.report(
                json,
                Fault::new(ErrorCode::Unreadable, path, format!("the timestamp {error}")).with("value", text),
            );
        }
    }

    fn integer(&mut self, json: &'t str, path: &PathNode<'_>) {
        if !is_number(json) {
            return self.report(json, Fault::wrong_type("an integer", json, path));
        }
        let message = match number::integer(json) {
            Ok(_) => return,
            Err(IntegerFault::Fraction) => "an integer is wanted here, and the number has a fraction",
            Err(IntegerFault::Range) => "the integer does not fit 64 bits",
        };
        self.report(json, Fault::new(ErrorCode::Unreadable, path, message).with("value", json));
    }

    fn list(&mut self, json: &'t str, element: &Kind, path: &PathNode<'_>) {
        if !json.starts_with('[') {
            return self.report(json, Fault::wrong_type("a list", json, path));
        }
        let mut cursor = Cursor::new(json);
        cursor.enter();
        for index in 0.. {
            if !cursor.element() {
                return;
            }
            let value = cursor.value();
            if !self.count(value, path) {
                return;
            }
            self.value(value, element, &path.index(index));
        }
    }

    /// Decodes the name of a member of an object, which must appear there once.
    fn name(
        &mut self,
        name: Quoted<'t>,
        value: &'t str,
        seen: &mut HashSet<Cow<'t, str>>,
        path: &PathNode<'_>,
    ) -> Option<Cow<'t, str>> {
        let Some(decoded) = name.decode() else {
            let message = "the name of a member holds a lone surrogate";
            self.report(value, Fault::new(ErrorCode::Unreadable, path, message));
            return None;
        };
        if !seen.insert(decoded.clone()) {
            let message = "the member appears twice in its object";
            self.report(value, Fault::new(ErrorCode::Malformed, &path.name(&decoded), message));
            return None;
        }
        Some(decoded)
    }

    fn map(&mut self, json: &'t str, words: Option<&'static WordType>, kind: &Kind, path: &PathNode<'_>) {
        if !json.starts_with('{') {
            return self.report(json, Fault::wrong_type("an object", json, path));
        }
        let mut seen = HashSet::new();
        for (name, value) in members::spelled(json) {
            if !self.count(value, path) {
                return;
            }
            let Some(name) = self.name(name, value, &mut seen, path) else { continue };
            let here = path.name(&name);
            if let Some(list) = words {
                self.word(value, &name, list.words, &here);
            }
            self.value(value, kind, &here);
        }
    }

    fn object(&mut self, json: &'t str, object: &ObjectType, path: &PathNode<'_>) {
        if !json.starts_with('{') {
            return self.report(json, Fault::wrong_type("an object", json, path));
        }
        let mut seen = HashSet::new();
        let mut filled: Vec<&str> = Vec::new();
        for (name, value) in members::spelled(json) {
            if !self.count(value, path) {
                return;
            }
            let Some(name) = self.name(name, value, &mut seen, path) else { continue };
            let Some(field) = object.field(&name) else { continue };
            filled.push(field.name);
            let here = path.name(&name);
            match (value, field.presence) {
                ("null", Presence::Required) => self.missing(offset(self.text, value), field, &here, "null"),
                ("null", Presence::Optional) => {}
                _ => self.value(value, &field.kind, &here),
            }
        }
        for field in object.fields().filter(|f| f.presence == Presence::Required && !filled.contains(&f.name)) {
            let end = offset(self.text, json) + json.len().saturating_sub(1);
            self.missing(end, field, &path.name(field.name), "missing");
        }
    }

    fn missing(&mut self, offset: usize, field: &Field, path: &PathNode<'_>, how: &'static str) {
        let fault = Fault::new(ErrorCode::Missing, path, format!("`{}` is {how}", field.name));
        self.push(Fault { offset, ..fault.with("member", field.name) });
    }

    /// Pays for one member or element. The one that is too many is reported once, for the object or list that holds it.
    fn count(&mut self, value: &'t str, path: &PathNode<'_>) -> bool {
        self.members += 1;
        if Some(self.members) == self.limits.members.checked_add(1) {
            let message = format!("there are more than {} members", self.limits.members);
            self.report(
                value,
                Fault::new(ErrorCode::Limit, path, message).with("limit", self.limits.members.to_string()),
            );
        }
        self.members <= self.limits.members && self.budget > 0
    }
}

/// A short form of a word from outside, safe to show on one line.
pub(crate) fn shown(word: &str) -> String {
    word.chars().take(16).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
