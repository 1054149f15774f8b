//! Structural faults of a text: every one, with its code and place (decisions 1, 4.2–4.3).
//!
//! This is the slow, thorough walk. It runs only when the fast reader refused a text or saw an oddity, and is the one place
//! where codes and paths are decided.

use crate::{
    Dialect, ErrorCode, FieldPath, Limits, ParseError, PathNode, Step, Timestamp, VcpVersion,
    describe::{Described, Field, Kind, ObjectType, Presence, WordType},
    error::too_long,
    number::{self, IntegerFault},
    scan::{Cursor, Quoted, is_number, is_space, string_end},
    wire,
};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

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
        ParseError::new(self.code, self.path, self.message, text.as_bytes(), self.offset)
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

/// Bytes as text, with the size limit checked first.
///
/// # Errors
///
/// `VCP_E008` when there are too many, `VCP_E007` when they are not UTF-8.
pub fn utf8<'t>(bytes: &'t [u8], limits: &Limits) -> Result<&'t str, ParseError> {
    within(bytes.len(), limits)?;
    std::str::from_utf8(bytes).map_err(|e| {
        ParseError::new(
            ErrorCode::Malformed,
            FieldPath::root(),
            "the text is not UTF-8".to_owned(),
            bytes,
            e.valid_up_to(),
        )
    })
}

/// Whether a text of this length may be read.
pub(crate) fn within(length: usize, limits: &Limits) -> Result<(), ParseError> {
    if length > limits.text_bytes { Err(too_long(limits)) } else { Ok(()) }
}

/// Whether a text is one JSON value, of any depth.
///
/// # Errors
///
/// `VCP_E008` when it is too long, `VCP_E007` when it is not JSON.
pub fn well_formed(text: &str, limits: &Limits) -> Result<(), ParseError> {
    within(text.len(), limits)?;
    let Err(error) = serde_json::from_str::<IgnoredAny>(text) else {
        return Ok(());
    };
    let reason = match text.trim_start_matches(wire::WHITESPACE).chars().next() {
        None => "the text is empty".to_owned(),
        Some('\u{feff}') => "the text starts with a byte order mark".to_owned(),
        Some(_) => reason(&error),
    };
    let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    // The column is in bytes, and may lie within a character.
    let offset = (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    Err(ParseError::new(ErrorCode::Malformed, FieldPath::root(), reason, text.as_bytes(), offset))
}

/// What `serde_json` says, without its place in the text.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    format!("the text is not JSON: {}", if error.is_eof() { "it ends too early" } else { text })
}

/// How much a JSON text would take when a structure is built of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Extent {
    /// The deepest nesting of `[` and `{`.
    pub depth: usize,
    /// Members of objects and elements of lists, at all levels.
    pub members: usize,
}

/// Measures JSON text without building anything (decisions 4.7).
///
/// ```
/// use vcp_schema::structure::{Extent, extent};
/// let Extent { depth, members, .. } = extent(r#"{"a": [1, 2, {}], "b": "[,"}"#);
/// assert_eq!((depth, members), (3, 5));
/// ```
#[must_use]
pub fn extent(json: &str) -> Extent {
    let mut extent = Extent::default();
    let mut depth = 0_usize;
    // Whether a bracket has just been opened: the next byte tells whether there is anything in it.
    let mut opened = false;
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if !is_space(*byte) {
            extent.members += usize::from(std::mem::take(&mut opened) && !matches!(byte, b']' | b'}'));
        }
        match byte {
            b'[' | b'{' => {
                depth += 1;
                extent.depth = extent.depth.max(depth);
                opened = true;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => extent.members += 1,
            b'"' => at += json.get(at..).map_or(1, string_end) - 1,
            _ => {}
        }
        at += 1;
    }
    extent
}

/// Reads free-form text, known to be JSON, into a type.
pub(crate) fn parse_free_form<T: DeserializeOwned>(text: &str, limits: &Limits) -> Result<T, ParseError> {
    let fail =
        |code, message: &str| Err(ParseError::new(code, FieldPath::root(), message.to_owned(), text.as_bytes(), 0));
    let extent = extent(text);
    if extent.depth > limits.depth {
        return fail(ErrorCode::Limit, &format!("the value is nested deeper than {}", limits.depth));
    }
    if extent.members > limits.members {
        return fail(ErrorCode::Limit, &format!("the value has more than {} members", limits.members));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    json.disable_recursion_limit();
    match T::deserialize(&mut json) {
        Ok(value) => Ok(value),
        Err(error) if error.is_data() => fail(ErrorCode::Type, "the value does not fit the type asked for"),
        Err(_) => fail(ErrorCode::Unreadable, "the value holds a lone surrogate or a number out of range"),
    }
}

/// Reads a type of the model: the fast way, and when that fails, thoroughly for the fault.
pub(crate) fn read<T: wire::FromWire + Described>(text: &str, limits: &Limits) -> Result<T, ParseError> {
    utf8(text.as_bytes(), limits)?;
    let error = match wire::from_text(text, limits.members) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    well_formed(text, limits)?;
    let faults = check_kind(text, &T::KIND, limits);
    // The two readers agree (a property test holds them to it); if they ever did not, the text is still refused.
    let fault = faults.into_iter().find(|f| f.fatal);
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
        return vec![Fault { offset: error.offset(), ..Fault::new(error.code(), &PathNode::root(), error.message()) }];
    }
    check_kind(text, &Kind::Object(dialect.message()), limits)
}

/// The faults of well-formed text that should be of this kind.
fn check_kind(text: &str, kind: &Kind, limits: &Limits) -> Vec<Fault> {
    let mut checker =
        Checker { text, limits, members: 0, budget: limits.text_bytes.saturating_mul(4), faults: Vec::new() };
    let root = PathNode::root();
    let trimmed = text.trim_matches(wire::WHITESPACE);
    if let Some(fault) = checker.version(trimmed, kind, &root) {
        return vec![fault];
    }
    checker.value(trimmed, kind, &root);
    checker.faults
}

/// Where the values at these paths start in a text, in bytes; `None` for one that is not there. Looks at the text once, whatever
/// the number of paths.
#[must_use]
pub fn locate(text: &str, paths: &[&FieldPath]) -> Vec<Option<usize>> {
    let mut places = vec![None; paths.len()];
    let wanted = paths.iter().map(|path| path.steps()).enumerate().collect();
    locate_in(text, text.trim_matches(wire::WHITESPACE), wanted, &mut places);
    places
}

fn locate_in(text: &str, json: &str, wanted: Vec<(usize, &[Step<'static>])>, places: &mut [Option<usize>]) {
    let mut below: HashMap<Step<'_>, Vec<(usize, &[Step<'static>])>> = HashMap::new();
    for (index, steps) in wanted {
        match steps.split_first() {
            Some((step, rest)) => {
                let step = match step {
                    Step::Name(name) => Step::Name(Cow::Borrowed(name.as_ref())),
                    Step::Index(index) => Step::Index(*index),
                };
                below.entry(step).or_default().push((index, rest));
            }
            None => {
                if let Some(place) = places.get_mut(index) {
                    *place = Some(offset(text, json));
                }
            }
        }
    }
    if below.is_empty() {
        return;
    }
    let children: Vec<(Step<'_>, &str)> = match json.as_bytes().first() {
        Some(b'{') => {
            wire::raw_members(json).unwrap_or_default().into_iter().map(|(n, v)| (Step::Name(n), v)).collect()
        }
        Some(b'[') => wire::raw_elements(json)
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(i, v)| (Step::Index(i), v))
            .collect(),
        _ => Vec::new(),
    };
    for (step, value) in children {
        if let Some(wanted) = below.remove(&step) {
            locate_in(text, value, wanted, places);
        }
    }
}

/// The text of the value that starts at this byte of well-formed JSON; empty where none does.
///
/// ```
/// assert_eq!(vcp_schema::structure::value_at(r#"{"a": [1, {}] }"#, 6), "[1, {}]");
/// ```
#[must_use]
pub fn value_at(text: &str, offset: usize) -> &str {
    text.get(offset..).map_or("", |rest| Cursor::new(rest).value())
}

/// Where a part of a text starts, in bytes.
#[must_use]
pub fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// About what a fault takes, beside its path.
const FAULT_BYTES: usize = 512;

struct Checker<'t> {
    text: &'t str,
    limits: &'t Limits,
    members: usize,
    /// How many bytes of paths may still be made: many faults below long names would make them without end.
    budget: usize,
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
        let (_, value) = wire::raw_members(json)?.into_iter().find(|(name, _)| name == "vcp_version")?;
        let word: String = serde_json::from_str(value).ok()?;
        let message = match VcpVersion::from_word(&word) {
            Some(version) if version == *wanted => return None,
            Some(older) if older < *wanted => format!("version `{word}` must be upgraded first: this is {wanted}"),
            Some(_) => format!("this is a message of {word}, not of {wanted}"),
            None => format!("version `{}` is not supported: this is {wanted}", shown(&word)),
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

    fn text_value(&mut self, json: &'t str, path: &PathNode<'_>) -> Option<String> {
        if !json.starts_with('"') {
            self.report(json, Fault::wrong_type("a string", json, path));
            return None;
        }
        let text = serde_json::from_str(json).ok();
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
        let Some(elements) = json.starts_with('[').then(|| wire::raw_elements(json)).flatten() else {
            return self.report(json, Fault::wrong_type("a list", json, path));
        };
        for (index, value) in elements.into_iter().enumerate() {
            if !self.count(value, path) {
                return;
            }
            self.value(value, element, &path.index(index));
        }
    }

    /// The members of a modelled object or map, each name once.
    fn members(&mut self, json: &'t str, path: &PathNode<'_>) -> Option<Vec<(Cow<'t, str>, &'t str)>> {
        if !json.starts_with('{') {
            self.report(json, Fault::wrong_type("an object", json, path));
            return None;
        }
        if let Some(members) = wire::raw_members(json) {
            return Some(members);
        }
        let mut members = Vec::new();
        let mut cursor = Cursor::new(json);
        cursor.enter();
        while let Some(Quoted { raw: name, .. }) = cursor.name() {
            let value = cursor.value();
            match serde_json::from_str::<String>(&format!("\"{name}\"")) {
                Ok(name) => members.push((Cow::Owned(name), value)),
                Err(_) => {
                    let message = "the name of a member holds a lone surrogate";
                    self.report(value, Fault::new(ErrorCode::Unreadable, path, message));
                }
            }
        }
        Some(members)
    }

    fn map(&mut self, json: &'t str, words: Option<&'static WordType>, kind: &Kind, path: &PathNode<'_>) {
        let mut seen = HashSet::new();
        for (name, value) in self.members(json, path).unwrap_or_default() {
            if !self.count(value, path) {
                return;
            }
            let here = path.name(&name);
            if self.duplicate(&mut seen, &name, value, &here) {
                continue;
            }
            if let Some(list) = words {
                self.word(value, &name, list.words, &here);
            }
            self.value(value, kind, &here);
        }
    }

    fn object(&mut self, json: &'t str, object: &ObjectType, path: &PathNode<'_>) {
        let Some(members) = self.members(json, path) else {
            return;
        };
        let mut seen = HashSet::new();
        let mut filled: Vec<&str> = Vec::new();
        for (name, value) in &members {
            if !self.count(value, path) {
                return;
            }
            let here = path.name(name);
            if self.duplicate(&mut seen, name, value, &here) {
                continue;
            }
            let Some(field) = object.field(name) else {
                continue;
            };
            filled.push(field.name);
            match (*value, field.presence) {
                ("null", Presence::Required) => self.missing(offset(self.text, value), field, &here, "null"),
                ("null", Presence::Optional) => {}
                _ => self.value(value, &field.kind, &here),
            }
        }
        for field in object.fields().filter(|f| f.presence == Presence::Required && !filled.contains(&f.name)) {
            let end = offset(self.text, json) + json.len().saturating_sub(1);
            self.missing(end, field, &path.name(field.name), "absent");
        }
    }

    fn missing(&mut self, offset: usize, field: &Field, path: &PathNode<'_>, how: &'static str) {
        let fault = Fault::new(ErrorCode::Missing, path, format!("the required member is {how}"));
        self.push(Fault { offset, ..fault.with("member", field.name) });
    }

    fn duplicate(&mut self, seen: &mut HashSet<String>, name: &str, value: &'t str, path: &PathNode<'_>) -> bool {
        let duplicate = !seen.insert(name.to_owned());
        if duplicate {
            self.report(value, Fault::new(ErrorCode::Malformed, path, "the member stands twice in its object"));
        }
        duplicate
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
