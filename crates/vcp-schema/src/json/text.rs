//! Functions that check and measure JSON text, and find places in it.

use super::{
    SPACE,
    limits::Limits,
    members,
    path::{FieldPath, Step},
    string,
    tokens::{TokenKind, Tokens},
    trim,
};
use crate::{ErrorCode, ParseError};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::{borrow::Cow, collections::HashMap};

/// Returns bytes as text. Checks [`Limits::text_bytes`] first.
///
/// # Errors
///
/// - `VCP_E007`: the bytes are not UTF-8.
/// - `VCP_E008`: there are more bytes than the limit.
pub fn utf8<'t>(bytes: &'t [u8], limits: &Limits) -> Result<&'t str, ParseError> {
    within(bytes.len(), limits)?;
    std::str::from_utf8(bytes).map_err(|error| {
        let message = "the text is not UTF-8".to_owned();
        ParseError::in_text(ErrorCode::Malformed, FieldPath::root(), message, bytes, error.valid_up_to())
    })
}

/// Checks that a text of this length may be read.
pub(crate) fn within(length: usize, limits: &Limits) -> Result<(), ParseError> {
    if length > limits.text_bytes { Err(too_long(limits)) } else { Ok(()) }
}

/// Returns the error for a text that is longer than the limit. The error does not give the length
/// of the text, because a reader may have stopped before the end.
pub(crate) fn too_long(limits: &Limits) -> ParseError {
    let message = format!("the text is longer than the limit of {} bytes", limits.text_bytes);
    ParseError::in_text(ErrorCode::Limit, FieldPath::root(), message, b"", 0)
}

/// Checks that a text is one JSON value, of any depth.
///
/// # Errors
///
/// - `VCP_E007`: the text is not JSON.
/// - `VCP_E008`: the text is longer than the limit.
pub fn well_formed(text: &str, limits: &Limits) -> Result<(), ParseError> {
    within(text.len(), limits)?;
    let Err(error) = serde_json::from_str::<IgnoredAny>(text) else {
        return Ok(());
    };
    let reason = match text.trim_start_matches(SPACE).chars().next() {
        None => "the text is empty".to_owned(),
        Some('\u{feff}') => "the text starts with a byte order mark".to_owned(),
        Some(_) => reason(&error),
    };
    let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    // The column of `serde_json` is in bytes, and may be inside a character.
    let offset = (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    Err(ParseError::in_text(ErrorCode::Malformed, FieldPath::root(), reason, text.as_bytes(), offset))
}

/// Returns the reason that `serde_json` gives, without its place in the text.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    format!("the text is not JSON: {}", if error.is_eof() { "it ends too early" } else { text })
}

/// The size of the structure that a JSON text would become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Extent {
    /// The deepest nesting of `[` and `{`.
    pub depth: usize,
    /// The number of members of objects and elements of lists, at all levels.
    pub members: usize,
}

/// Measures JSON text without building anything.
///
/// ```
/// use vcp_schema::json::text::{Extent, extent};
/// let Extent { depth, members, .. } = extent(r#"{"a": [1, 2, {}], "b": "[,"}"#);
/// assert_eq!((depth, members), (3, 5));
/// ```
#[must_use]
pub fn extent(json: &str) -> Extent {
    let mut extent = Extent::default();
    let mut depth = 0_usize;
    let mut after_open = false;
    for token in Tokens::new(json).filter(|token| token.kind != TokenKind::Space) {
        extent.members += usize::from(std::mem::take(&mut after_open) && token.kind != TokenKind::Close);
        match token.kind {
            TokenKind::Open => {
                depth += 1;
                extent.depth = extent.depth.max(depth);
                after_open = true;
            }
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Comma => extent.members += 1,
            _ => {}
        }
    }
    extent
}

/// Returns whether JSON text is nested deeper than this.
///
/// ```
/// use vcp_schema::json::text::is_deeper_than;
/// assert!(is_deeper_than(r#"{"a": [1, {}]}"#, 2) && !is_deeper_than(r#"{"a": [1, "{{"]}"#, 2));
/// ```
#[must_use]
pub fn is_deeper_than(json: &str, most: usize) -> bool {
    // Each level takes at least two bytes.
    if json.len() <= 2 * most {
        return false;
    }
    let (bytes, mut at, mut depth) = (json.as_bytes(), 0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string::extent(bytes, at).0;
                continue;
            }
            b'{' | b'[' if depth == most => return true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    false
}

/// Reads free-form text, which is JSON, into a type.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, limits: &Limits) -> Result<T, ParseError> {
    let fail =
        |code, message: &str| Err(ParseError::in_text(code, FieldPath::root(), message.to_owned(), text.as_bytes(), 0));
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

/// Finds the values at some paths. Returns the byte at which each value starts, or `None` if the
/// text has no such value. Reads the text once, whatever the number of paths.
#[must_use]
pub fn locate(text: &str, paths: &[&FieldPath]) -> Vec<Option<usize>> {
    let mut places = vec![None; paths.len()];
    let wanted = paths.iter().map(|path| path.steps()).enumerate().collect();
    locate_in(text, trim(text), wanted, &mut places);
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
            members::all(json).unwrap_or_default().into_iter().map(|(name, value)| (Step::Name(name), value)).collect()
        }
        _ => members::elements(json).enumerate().map(|(index, value)| (Step::Index(index), value)).collect(),
    };
    for (step, value) in children {
        if let Some(wanted) = below.remove(&step) {
            locate_in(text, value, wanted, places);
        }
    }
}

/// Returns the text of the value that starts at this byte. Empty if no value starts there.
///
/// ```
/// assert_eq!(vcp_schema::json::text::value_at(r#"{"a": [1, {}] }"#, 6), "[1, {}]");
/// ```
#[must_use]
pub fn value_at(text: &str, offset: usize) -> &str {
    text.get(offset..).map_or("", |rest| super::cursor::Cursor::new(rest).value())
}

/// Returns the offset in bytes at which `part`, a slice of `text`, starts in `text`.
#[must_use]
pub fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Position {
    /// The byte in the text, from 0.
    pub offset: usize,
    /// The line, from 1. Lines end with a line feed.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Position {
    /// The beginning of a text.
    pub const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// Returns the position of a byte of a text. A byte beyond the end is at the end.
    #[must_use]
    pub fn of(text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let is_first_of_char = |byte: &&u8| (**byte & 0b1100_0000) != 0b1000_0000;
        Self {
            offset: before.len(),
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            column: 1 + before.get(line_start..).unwrap_or_default().iter().filter(is_first_of_char).count(),
        }
    }
}

/// A reader of positions that are asked for in ascending order. It reads the text once.
#[derive(Debug, Clone)]
pub struct Lines<'t> {
    text: &'t str,
    at: Position,
}

impl<'t> Lines<'t> {
    /// Starts at the beginning of a text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self { text, at: Position::START }
    }

    /// Returns the position of a byte. If the byte is before the last position that was returned,
    /// that position is returned again.
    pub fn position(&mut self, offset: usize) -> Position {
        // An offset inside a character means the character.
        let offset = (0..=offset.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        for c in self.text.get(self.at.offset..offset).unwrap_or_default().chars() {
            if c == '\n' {
                self.at.line += 1;
                self.at.column = 1;
            } else {
                self.at.column += 1;
            }
        }
        self.at.offset = self.at.offset.max(offset);
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "aé\nüx";
        for (offset, line, column) in [(0, 1, 1), (3, 1, 3), (4, 2, 1), (6, 2, 2), (7, 2, 3), (99, 2, 3)] {
            let place = Position::of(text.as_bytes(), offset);
            assert_eq!((place.line, place.column), (line, column), "{offset}");
            let place = Lines::new(text).position(offset.min(text.len()));
            assert_eq!((place.line, place.column), (line, column), "{offset}");
        }
    }

    #[test]
    fn an_offset_inside_a_character_means_the_character() {
        let mut lines = Lines::new("aé\nü");
        assert_eq!(lines.position(2).column, 2);
        assert_eq!((lines.position(4).line, lines.position(4).column), (2, 1));
    }

    #[test]
    fn a_form_feed_is_not_white_space() {
        let error = well_formed("\u{c}", &Limits::default()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Malformed);
        assert_eq!(trim("\u{c} 1 "), "\u{c} 1");
    }
}
