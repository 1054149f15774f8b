//! Structural faults of a message, with their codes and places.
//!
//! [`check`] and [`check_as`] walk through the whole text, which takes longer than reading a
//! message. Reading therefore uses this walk only after the fast reader refused a text. The codes
//! and paths of all structural faults are decided here (`DECISIONS.md` 1.1–1.13 and 4.2–4.3).

use crate::{
    Dialect, ErrorCode, FieldPath, Limits, ParseError, PathNode, Step, Timestamp, VcpVersion,
    describe::{Described, Field, Kind, ObjectType, Presence, WordType},
    error::shown,
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
    /// The code of the fault.
    pub code: ErrorCode,
    /// The place of the fault in the document.
    pub path: FieldPath,
    /// The place of the fault in the text, as a byte offset from 0. It is the first byte of the
    /// value. For a missing member it is the closing brace of the object. For text that is not JSON
    /// it is the byte at which parsing stopped.
    pub offset: usize,
    /// The description of the fault. It does not contain the value, except for the version of a
    /// message.
    pub message: String,
    /// The variable parts of the description, by name. Some faults also have the value itself, as
    /// `value`.
    pub context: Vec<(&'static str, String)>,
    /// `true` if the message cannot be read because of the fault. It is `false` only for unknown
    /// words.
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

/// Reads a type of the model with the fast reader. If that fails, walks through the text to find
/// the fault.
///
/// # Errors
///
/// The first fatal fault of the text.
pub(crate) fn read<T: FromWire + Described>(text: &str, limits: &Limits) -> Result<T, ParseError> {
    text::utf8(text.as_bytes(), limits)?;
    let error = match read::from_text(text, limits.members) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    well_formed(text, limits)?;
    let faults = check_kind(text, &T::KIND, limits, Some(|fault| fault.fatal));
    // A property test checks that the two readers agree. If they do not, the text is still refused.
    let fault = faults.into_iter().next();
    Err(fault.unwrap_or_else(|| Fault::new(ErrorCode::Unreadable, &PathNode::root(), reason(&error))).into_error(text))
}

/// Returns all structural faults of a text that should be a 0.5 message, in document order. Returns
/// an empty list if the text has no faults.
///
/// Three faults end the check, and are then the only fault:
///
/// - `VCP_E007`: the text is not JSON.
/// - `VCP_E008`: the text is longer than [`Limits::text_bytes`].
/// - `VCP_E006`: the text is a message of another version.
///
/// If there are too many faults to list, the last one is a `VCP_E008` at the root.
///
/// ```
/// use vcp_schema::{Limits, structure};
/// let text = r#"{"vcp_version":"0.5","audit":{"received_at":7}}"#;
/// let faults = structure::check(text, &Limits::default());
/// let found: Vec<_> = faults.iter().map(|f| format!("{} {}", f.code, f.path)).collect();
/// let missing = ["VCP_E005 $.audit.schema_version", "VCP_E005 $.vcp_payload"];
/// assert_eq!(found, [&["VCP_E004 $.audit.received_at"], &missing[..]].concat());
/// ```
#[must_use]
pub fn check(text: &str, limits: &Limits) -> Vec<Fault> {
    check_as(Dialect::V05, text, limits)
}

/// Returns all structural faults of a text that should be a message of this dialect, in document
/// order. Otherwise the same as [`check`].
///
/// ```
/// use vcp_schema::{Dialect, Limits, structure};
/// let text = r#"{"vcp_version":"0.3","call_id":7}"#;
/// let faults = structure::check_as(Dialect::Production03, text, &Limits::default());
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

/// Returns the first wanted fault of a text that should be a message of this dialect. The text must
/// be JSON.
pub(crate) fn first_fault(dialect: Dialect, text: &str, limits: &Limits, wanted: Wanted) -> Option<Fault> {
    first_fault_of(text, &Kind::Object(dialect.message()), limits, wanted)
}

/// Returns the first wanted fault of a text that should be of this kind. The text must be JSON.
pub(crate) fn first_fault_of(text: &str, kind: &Kind, limits: &Limits, wanted: Wanted) -> Option<Fault> {
    check_kind(text, kind, limits, Some(wanted)).into_iter().next()
}

/// A test of whether a fault is wanted.
pub(crate) type Wanted = fn(&Fault) -> bool;

/// Returns the faults of a text that should be of this kind. With `wanted`, returns only the first
/// wanted fault. The text must be JSON.
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

/// The approximate size of a fault in bytes, without the names in its path.
const FAULT_BYTES: usize = 512;

struct Checker<'t> {
    text: &'t str,
    limits: &'t Limits,
    members: usize,
    /// The number of bytes that further faults may use. The check ends at 0. Without this limit,
    /// many faults below long names could use any amount of memory.
    budget: usize,
    /// If set, the check ends at the first wanted fault, and lists no other.
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

    /// Returns the fault of a message of another version. The message is then not checked further.
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
            Err(_) => format!("version `{}` is not supported: this is {wanted}", shown_version(&word)),
        };
        let fault = Fault::new(ErrorCode::Version, &root.name("vcp_version"), message)
            .with("seen", shown_version(&word))
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
            // `version` has already checked the word.
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

    /// Decodes the name of a member. Reports a lone surrogate in the name and a repeated name, and
    /// returns `None` for both.
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

    /// Counts one member or element. Returns `false` if the check must end. The first member beyond
    /// the limit is reported at the object or list that contains it.
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

/// Returns a version from outside as it is safe to show. A version is short, and a longer text may
/// be personal data.
pub(crate) fn shown_version(word: &str) -> String {
    shown(word, 16)
}
