//! Conditions on the value of one member.

use super::{
    form::Condition,
    known::{Form, Known},
};

/// A condition on the value of one member.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Check {
    Is(Vec<String>),
    Contains(String),
    Filled(bool),
    Present(bool),
}

impl Check {
    /// Returns the check of a condition with a path. A condition without a test is `Filled`.
    pub(crate) fn new(condition: &Condition) -> Self {
        match (&condition.contains, condition.present) {
            _ if !condition.is.is_empty() => Self::Is(condition.is.clone()),
            (Some(part), _) => Self::Contains(part.clone()),
            (None, Some(present)) => Self::Present(present),
            (None, None) => Self::Filled(condition.filled.unwrap_or(true)),
        }
    }

    /// Adds the member of the condition to the parts that are read.
    pub(crate) fn add_inside(&self, known: &mut Known, path: &str) {
        match self {
            Self::Is(words) => known.add_as(path, form_of_words(words)),
            // The members of an object of which only the presence counts are unread.
            Self::Filled(_) | Self::Present(_) => drop(known.at(path)),
            Self::Contains(_) => known.add(path),
        }
    }

    /// Returns whether the condition asks for a value that fits, and not for the absence of one.
    pub(crate) fn wants(&self) -> bool {
        match self {
            Self::Is(_) | Self::Contains(_) => true,
            Self::Filled(wanted) | Self::Present(wanted) => *wanted,
        }
    }
}

/// Returns the form of a member whose word is one of some words. A boolean counts as its word.
fn form_of_words(words: &[String]) -> Form {
    if words.iter().any(|word| matches!(&**word, "true" | "false")) { Form::Word } else { Form::Text }
}
