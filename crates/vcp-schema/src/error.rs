//! The form that all located errors share, and the errors of reading.

use crate::{FieldPath, json::text::Position};
use std::io;

/// Declares an error that has a code, a place and one line for people.
///
/// All such errors have the same getters: `code`, `path`, `message`, `position`. They never hold a
/// value of the document, which may be personal data.
#[doc(hidden)]
#[macro_export]
macro_rules! located_error {
    ($(#[$meta:meta])* $Type:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Type {
            code: $crate::ErrorCode,
            path: $crate::FieldPath,
            message: String,
            position: Option<$crate::Position>,
        }

        impl $Type {
            /// Makes an error for a place in the document.
            #[must_use]
            pub fn new(code: $crate::ErrorCode, path: $crate::FieldPath, message: impl Into<String>) -> Self {
                Self { code, path, message: message.into(), position: None }
            }

            /// Returns the code.
            #[must_use]
            pub fn code(&self) -> $crate::ErrorCode {
                self.code
            }

            /// Returns the place in the document. Its names come from the input.
            #[must_use]
            pub fn path(&self) -> &$crate::FieldPath {
                &self.path
            }

            /// Returns the line for people, without code and place.
            #[must_use]
            pub fn message(&self) -> &str {
                &self.message
            }

            /// Returns the place in the text, if it is known.
            #[must_use]
            pub fn position(&self) -> Option<$crate::Position> {
                self.position
            }
        }

        impl std::fmt::Display for $Type {
            /// Writes code, path, message and position in one line. The path is cut after 200
            /// characters.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{} at {}: {}", self.code, self.path.shortened(), self.message)?;
                match self.position {
                    Some($crate::Position { line, column, .. }) => write!(f, " (line {line}, column {column})"),
                    None => Ok(()),
                }
            }
        }

        impl std::error::Error for $Type {}
    };
}

located_error! {
    /// The error of reading a text: a code, the place in the document and in the text, and one line
    /// for people.
    ///
    /// The line never holds the value itself, which may be personal data. The one exception is an
    /// unsupported version. The path holds the names of members that lead to the place.
    ParseError
}

impl ParseError {
    /// Makes an error for a byte of a text.
    pub(crate) fn in_text(
        code: crate::ErrorCode,
        path: FieldPath,
        message: String,
        text: &[u8],
        offset: usize,
    ) -> Self {
        Self { code, path, message, position: Some(Position::of(text, offset)) }
    }
}

/// The error of reading a message from a source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The source failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The source gave a text that is not a message.
    #[error(transparent)]
    Parse(#[from] ParseError),
}
