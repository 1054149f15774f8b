//! The form that all located errors share, and the errors of reading.

use crate::{FieldPath, json::text::Position};
use std::{fmt, io};

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
    /// Reading bytes from the source failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The bytes that were read are not a message.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

/// The error for a name that is not in a list of known names, such as the name of a dialect.
///
/// The text names the list, the given name and the known names. It is one line. The given name is
/// made safe to show.
///
/// ```
/// use vcp_schema::Dialect;
/// let error = "0.6".parse::<Dialect>().unwrap_err();
/// let text = error.to_string();
/// assert_eq!(text, "the dialect `0.6` is not known: use 0.3, 0.3-production, 0.4 or 0.5");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownNameError {
    kind: &'static str,
    given: String,
    known: Vec<String>,
    nearest: Option<String>,
}

impl UnknownNameError {
    /// The number of known names that the text lists at most.
    const MOST_SHOWN: usize = 20;

    /// Makes an error.
    ///
    /// `kind` says in a few words what is named, such as `dialect`. `given` is the name that is not
    /// known. `known` are the names to use instead, in the order in which they are shown.
    ///
    /// ```
    /// use vcp_schema::UnknownNameError;
    /// let error = UnknownNameError::new("colour", "gren\n", &["red", "green"]);
    /// assert_eq!(error.to_string(), "the colour `gren\u{fffd}` is not known: use red or green");
    /// ```
    #[must_use]
    pub fn new(kind: &'static str, given: &str, known: &[&str]) -> Self {
        let known = known.iter().map(|name| (*name).to_owned()).collect();
        Self { kind, given: shown(given, 40), known, nearest: None }
    }

    /// Returns the value with a name. `kind` says in a few words what is named.
    ///
    /// ```
    /// use vcp_schema::{Severity, UnknownNameError};
    /// let found = UnknownNameError::find("severity", "info", Severity::ALL, Severity::as_str);
    /// assert_eq!(found, Ok(Severity::Info));
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error that lists the names of `all` if none of them is `given`.
    pub fn find<T: Copy>(kind: &'static str, given: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, Self> {
        let found = all.iter().copied().find(|value| name(*value) == given);
        found.ok_or_else(|| Self::new(kind, given, &all.iter().copied().map(name).collect::<Vec<_>>()))
    }

    /// Sets the known name that was probably meant. The text then suggests only this name.
    ///
    /// ```
    /// use vcp_schema::UnknownNameError;
    /// let error = UnknownNameError::new("colour", "gren", &["red", "green"]);
    /// let error = error.with_nearest(Some("green"));
    /// assert_eq!(error.to_string(), "the colour `gren` is not known: did you mean `green`?");
    /// ```
    #[must_use]
    pub fn with_nearest(mut self, name: Option<&str>) -> Self {
        self.nearest = name.map(str::to_owned);
        self
    }

    /// Returns the known name that was probably meant, if one is near.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }

    /// Returns what is named, such as `dialect`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Returns the given name, made safe to show. It has at most 40 characters, and `…` if it was
    /// longer. Control characters and characters that may be invisible are replaced by U+FFFD.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }

    /// Returns the known names.
    #[must_use]
    pub fn known(&self) -> &[String] {
        &self.known
    }
}

impl fmt::Display for UnknownNameError {
    /// Writes the kind and the given name in one line, with the nearest known name, or else with at
    /// most 20 of the known names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} `{}` is not known", self.kind, self.given)?;
        if let Some(nearest) = &self.nearest {
            return write!(f, ": did you mean `{nearest}`?");
        }
        let hidden = self.known.len().saturating_sub(Self::MOST_SHOWN);
        let shown = self.known.len() - hidden;
        for (at, name) in self.known.iter().take(shown).enumerate() {
            f.write_str(match at {
                0 => ": use ",
                _ if at + 1 == shown && hidden == 0 => " or ",
                _ => ", ",
            })?;
            f.write_str(name)?;
        }
        if hidden > 0 { write!(f, " or one of {hidden} more") } else { Ok(()) }
    }
}

impl std::error::Error for UnknownNameError {}

/// Returns a short form of a text from outside that is safe to show on one line. It has at most
/// `most` characters, and `…` if the text is longer. Control characters and characters that may be
/// invisible are replaced by U+FFFD.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let is_visible = |c: char| matches!(c, '\'' | '"' | '\\') || c.escape_debug().len() == 1;
    let cut = text.chars().nth(most).map(|_| '…');
    text.chars().take(most).map(|c| if is_visible(c) { c } else { '\u{fffd}' }).chain(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_name_is_shown_safely() {
        let shown = |given: &str| UnknownNameError::new("word", given, &[]).to_string();
        assert_eq!(shown(""), "the word `` is not known");
        assert_eq!(shown("it's \"é\" \\"), "the word `it's \"é\" \\` is not known");
        assert_eq!(shown("a\u{1b}[31m\u{202e}\n"), "the word `a\u{fffd}[31m\u{fffd}\u{fffd}` is not known");
        assert_eq!(shown(&"x".repeat(40)), format!("the word `{}` is not known", "x".repeat(40)));
        assert_eq!(shown(&"é".repeat(1_000_000)), format!("the word `{}…` is not known", "é".repeat(40)));
    }

    #[test]
    fn known_names_are_listed() {
        let names: Vec<String> = (0..25).map(|n| n.to_string()).collect();
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let shown = |count: usize| UnknownNameError::new("word", "x", &known[..count]).to_string();
        assert_eq!(shown(1), "the word `x` is not known: use 0");
        assert_eq!(shown(2), "the word `x` is not known: use 0 or 1");
        assert_eq!(shown(3), "the word `x` is not known: use 0, 1 or 2");
        assert!(shown(20).ends_with("17, 18 or 19"), "{}", shown(20));
        assert!(shown(25).ends_with("18, 19 or one of 5 more"), "{}", shown(25));
        let error = UnknownNameError::new("word", "x", &known);
        assert_eq!((error.kind(), error.given(), error.known().len()), ("word", "x", 25));
    }
}
