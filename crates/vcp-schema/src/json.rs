//! The JSON layer: everything that looks at JSON text, for all crates.
//!
//! Nothing outside this module looks for the end of a string, reads the members of an object from
//! text, or writes escapes. The functions take text that is well-formed JSON, as
//! [`text::well_formed`] checks. Other text gives a wrong result, but always an end and never a panic.
//!
//! | module | holds |
//! |---|---|
//! | [`cursor`] | steps through a text, member by member |
//! | [`tokens`] | a text as tokens, also one that is broken |
//! | [`string`] | where a string ends, what it says, and how it is written |
//! | [`members`] | the members of an object and the elements of a list |
//! | [`text`] | checks, measures and places: UTF-8, well-formedness, size, line and column |
//! | [`path`], [`number`], [`raw`], [`map`], [`limits`] | the types that the crate root exports |
//! | [`pretty`] | layout for people |

pub mod cursor;
pub mod limits;
pub mod map;
pub mod members;
pub mod number;
pub mod path;
pub mod pretty;
pub mod raw;
pub mod string;
pub mod text;
pub mod tokens;

/// The white space of JSON (RFC 8259 §2). A form feed or a no-break space is not in it.
pub const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Returns whether a byte is white space in JSON. This is the only definition of it.
#[must_use]
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Removes the white space around a value.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches(SPACE)
}

/// Returns whether the text of a value is a number.
#[must_use]
pub fn is_number(json: &str) -> bool {
    json.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}
