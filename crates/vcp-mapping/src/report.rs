//! The report of a mapping, which names the source of every value (`DECISIONS.md` 5.9).

use crate::{rules::Transform, shared::SharedText};
use serde::Serialize;
use vcp_schema::ErrorCode;

/// The way in which a field got its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum How {
    /// Read from the member that holds the value.
    Read,
    /// Worked out from other evidence in the payload.
    Derived,
    /// Absent from the payload, so the default was used.
    Default,
}

/// A field of the message that was written, with the source of its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Written {
    /// The JSONPath of the field in the message. [`FieldPath`](vcp_schema::FieldPath) reads it.
    pub target: SharedText,
    /// The way in which the field got its value.
    pub how: How,
    /// The JSON Pointer of the member of the payload. `None` if the value comes from no member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SharedText>,
    /// The transform that made the value. `None` if no transform made it, as for a constant or a
    /// default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// The provider's own word, if the value was looked up by a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// The JSON Pointers of the flags that changed the value afterwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed_by: Vec<SharedText>,
    /// The rule, as `<provider>/<file>[<number>]`. Numbers count from 0. `None` if the value comes
    /// from no rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<SharedText>,
}

impl Written {
    /// Makes an entry for a field whose value comes from no member of the payload.
    pub(crate) fn without_source(target: SharedText, how: How) -> Self {
        Self { target, how, source: None, transform: None, word: None, changed_by: Vec::new(), rule: None }
    }
}

/// A member of the payload that a rule reads and that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// - `VCP_E001`: the value is invalid.
    /// - `VCP_E002`: an event of a session does not have its form, or a tool's result has no call.
    /// - `VCP_E004`: the value has the wrong type.
    /// - `VCP_E005`: a part of a row, a transfer or a criterion is missing.
    /// - `VCP_E101`, `VCP_E107`, `VCP_E108`, `VCP_E116`: figures contradict each other
    ///   (`DECISIONS.md` 5.9).
    pub code: ErrorCode,
    /// The JSON Pointer of the member in the payload.
    pub source: SharedText,
    /// The fault, without the value.
    pub message: String,
}

impl Problem {
    /// Makes a problem. `source` is the JSON Pointer of the member.
    #[must_use]
    pub fn new(code: ErrorCode, source: impl Into<SharedText>, message: impl Into<String>) -> Self {
        Self { code, source: source.into(), message: message.into() }
    }
}

/// A word that the provider's table lacks, or the name of a session's event that the provider's
/// file lacks. Either the provider has changed, or the table or file is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnlistedWord {
    /// The JSON Pointer of the member in the payload.
    pub source: SharedText,
    /// The word as the provider sent it.
    pub word: String,
}

/// A member of the payload, with the number of objects that had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counted {
    /// The JSON Pointer of the member. A position in a list is `*`, as in `/rows/*/mood`.
    pub pointer: String,
    /// The number of objects that had the member. Outside lists it is 1.
    pub count: usize,
}

impl Counted {
    /// Makes an entry. `count` is the number of objects that had the member.
    #[must_use]
    pub fn new(pointer: impl Into<String>, count: usize) -> Self {
        Self { pointer: pointer.into(), count }
    }

    /// Makes an entry for a member outside lists.
    pub(crate) fn once(pointer: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), count: 1 }
    }
}

/// A member of the payload that was looked at and gave no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Consulted {
    /// The JSON Pointer of the member. A position in a list is `*`.
    pub source: SharedText,
    /// The word of the member. `None` if only its presence counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
}

/// The report of one mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MapReport {
    /// The fields that were written, in the order in which they were written. The defaults of the
    /// message come last, in document order.
    pub written: Vec<Written>,
    /// The members that no applicable rule read, at every depth, in document order. A subtree of
    /// which no part was read has one entry, its root. All elements of a list share the entries of
    /// their members. Figures of models that could not be attributed to a model follow. Members
    /// that the rule file lists as `ignored` are left out.
    pub unread: Vec<Counted>,
    /// The members inside lists that rules look at, such as those of the rows of the conversation.
    /// A count below the number of rows shows that some rows lack the member.
    pub in_lists: Vec<Counted>,
    /// The JSON Pointers of the members that a rule would read, and that gave way to a better
    /// source of the same field.
    pub superseded: Vec<SharedText>,
    /// The members that conditions and flags tested, and those whose text means that there is no
    /// value. They are the source of no field.
    pub consulted: Vec<Consulted>,
    /// The JSON Pointers of the members that the published webhook schema requires and the payload
    /// lacks (`DECISIONS.md` 5.9). They are not errors.
    pub missing: Vec<SharedText>,
    /// The JSON Pointers of the members that are masked in the kept payload, in document order.
    /// When the pointers would be longer than the payload and 64 KiB together, one empty pointer is
    /// the last entry and includes the rest.
    pub masked: Vec<String>,
    /// The words that the provider's tables lack.
    pub unknown_words: Vec<UnlistedWord>,
    /// The members that could not be used.
    pub problems: Vec<Problem>,
}

impl MapReport {
    /// Returns the last entry of `written` for a field, by its JSONPath in the message.
    #[must_use]
    pub fn explain(&self, target: &str) -> Option<&Written> {
        self.written.iter().rev().find(|written| &*written.target == target)
    }

    /// Adds an unknown word, unless it is already known for this member.
    pub(crate) fn note_word(&mut self, source: SharedText, word: String) -> bool {
        let unknown = UnlistedWord { source, word };
        let is_new = !self.unknown_words.contains(&unknown);
        if is_new {
            self.unknown_words.push(unknown);
        }
        is_new
    }

    /// Returns the JSONPaths of the fields that have a default, in the order of `written`.
    pub fn defaults(&self) -> impl Iterator<Item = &str> {
        self.written.iter().filter(|written| written.how == How::Default).map(|written| &*written.target)
    }
}
