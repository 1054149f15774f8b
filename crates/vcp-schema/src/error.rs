//! Why a text could not be read.

use crate::{ErrorCode, FieldPath, Limits};
use std::{fmt, io};

/// Why a text could not be read: a code, the place in the document and in the text, and one line for people.
///
/// The line never holds the value itself, which may be personal data. The one exception is an unsupported version. The path holds the names of
/// members that lead to the place; in the line, but not in [`ParseError::path`], it is cut after 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    code: ErrorCode,
    path: FieldPath,
    message: String,
    offset: usize,
    line: usize,
    column: usize,
}

impl ParseError {
    pub(crate) fn new(code: ErrorCode, path: FieldPath, message: String, text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|b| **b != b'\n').count();
        Self { code, path, message, offset, line, column }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The place in the document.
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// What is wrong, without code and place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The byte in the text, from 0.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The line in the text, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The byte in the line, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, line, column, .. } = self;
        write!(f, "{code} at {}: {message} (line {line}, column {column})", short(&self.path))
    }
}

impl std::error::Error for ParseError {}

/// An error that is a code, a place and a line for people, and nothing else.
macro_rules! located_error {
    ($(#[$meta:meta])* $Type:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Type {
            code: $crate::ErrorCode,
            path: $crate::FieldPath,
            message: String,
        }

        impl $Type {
            fn new(code: $crate::ErrorCode, path: $crate::FieldPath, message: impl Into<String>) -> Self {
                Self { code, path, message: message.into() }
            }

            /// The code.
            #[must_use]
            pub fn code(&self) -> $crate::ErrorCode {
                self.code
            }

            /// The place.
            #[must_use]
            pub fn path(&self) -> &$crate::FieldPath {
                &self.path
            }

            /// What is wrong, without code and place.
            #[must_use]
            pub fn message(&self) -> &str {
                &self.message
            }
        }

        impl std::fmt::Display for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{} at {}: {}", self.code, $crate::error::short(&self.path), self.message)
            }
        }

        impl std::error::Error for $Type {}
    };
}
pub(crate) use located_error;

/// A path, cut where names from outside make it long.
pub(crate) fn short(path: &FieldPath) -> String {
    const LONGEST: usize = 200;
    let text = path.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// The text is longer than the limit. How much longer is not known where reading stopped.
pub(crate) fn too_long(limits: &Limits) -> ParseError {
    let message = format!("the text is longer than the limit of {} bytes", limits.text_bytes);
    ParseError::new(ErrorCode::Limit, FieldPath::root(), message, b"", 0)
}

/// Why a message could not be read from a source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The source failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What it gave is no message.
    #[error(transparent)]
    Parse(#[from] ParseError),
}
