//! Where every value came from (decisions 5.9).

use crate::rules::Transform;
use serde::Serialize;
use std::sync::Arc;
use vcp_schema::ErrorCode;

/// How a field got its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// Read from the member that means it.
    Read,
    /// Worked out from other evidence in the payload.
    Derived,
    /// Nobody said it; the default stands.
    Default,
}

/// A field of the message, and how it got its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Written {
    /// The field, as JSONPath of the message.
    pub target: Arc<str>,
    /// How.
    pub how: How,
    /// The member of the payload, as JSON Pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
    /// How the member's text became the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// The provider's own word, where a table gave the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// The flags that changed the value afterwards, as JSON Pointers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed_by: Vec<Arc<str>>,
    /// The rule, as the provider, the rule file and the number of the rule in it, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Arc<str>>,
}

impl Written {
    /// A field that no member of the payload gave.
    pub(crate) fn without_source(target: Arc<str>, how: How) -> Self {
        Self { target, how, source: None, transform: None, word: None, changed_by: Vec::new(), rule: None }
    }
}

/// A member that has a place in the message and could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// `VCP_E001` or `VCP_E004`; `VCP_E002` for an event of a session that is not of its form.
    pub code: ErrorCode,
    /// The member of the payload, as JSON Pointer.
    pub source: Arc<str>,
    /// What is wrong, without the value.
    pub message: String,
}

impl Problem {
    /// A problem with a member, by its JSON Pointer.
    #[must_use]
    pub fn new(code: ErrorCode, source: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        Self { code, source: source.into(), message: message.into() }
    }
}

/// A word that the provider's table should hold and does not: the provider has changed, or the table is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnknownWord {
    /// The member of the payload, as JSON Pointer.
    pub source: Arc<str>,
    /// The word.
    pub word: String,
}

/// What mapping did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The fields written, by rules in their order, then by default in document order.
    pub written: Vec<Written>,
    /// Members that nobody read, whole subtrees by their root, as JSON Pointers in document order.
    pub unread: Vec<String>,
    /// Members that the published webhook schema requires and the payload lacks, as JSON Pointers (decisions 5.4).
    pub missing: Vec<Arc<str>>,
    /// Members masked in the kept payload, as JSON Pointers in document order.
    pub masked: Vec<String>,
    /// Words that are in no table.
    pub unknown_words: Vec<UnknownWord>,
    /// Members that could not be used.
    pub problems: Vec<Problem>,
}

impl Report {
    /// How the field at this JSONPath of the message got its value.
    #[must_use]
    pub fn explain(&self, target: &str) -> Option<&Written> {
        self.written.iter().rev().find(|written| &*written.target == target)
    }

    /// The fields that nobody said, as JSONPaths of the message in document order.
    pub fn defaults(&self) -> impl Iterator<Item = &str> {
        self.written.iter().filter(|written| written.how == How::Default).map(|written| &*written.target)
    }
}
