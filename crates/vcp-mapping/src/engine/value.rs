//! Values on their way into a message.

use std::borrow::Cow;
use vcp_schema::{ErrorCode, Timestamp};

/// A value on its way into a message. `Json` is the text of any JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'p> {
    Text(Cow<'p, str>),
    Time(Timestamp),
    Integer(i64),
    Float(f64),
    Json(Cow<'p, str>),
}

/// The result of a transform.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Made<'p> {
    Value(Value<'p>),
    /// No value. The next source of the rule is tried.
    Nothing,
    /// No value, and the table should contain this word. The next source of the rule is tried.
    Unlisted(String),
    /// A value that the table gave although it does not list the word, and that word. The table
    /// should contain it.
    Guessed(Value<'p>, String),
    /// No value, because the text is invalid.
    Problem(ErrorCode, &'static str),
}

impl Made<'_> {
    /// Returns the same result without borrowing the text.
    pub(crate) fn into_owned(self) -> Made<'static> {
        let owned = |value| match value {
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Json(json) => Value::Json(Cow::Owned(json.into_owned())),
            Value::Time(time) => Value::Time(time),
            Value::Integer(integer) => Value::Integer(integer),
            Value::Float(float) => Value::Float(float),
        };
        match self {
            Self::Value(value) => Made::Value(owned(value)),
            Self::Guessed(value, word) => Made::Guessed(owned(value), word),
            Self::Nothing => Made::Nothing,
            Self::Unlisted(word) => Made::Unlisted(word),
            Self::Problem(code, message) => Made::Problem(code, message),
        }
    }
}
