//! The JSON layer: the functions that read and write JSON text, for all VCP crates.
//!
//! Nothing outside this module looks for the end of a string, reads the members of an object from
//! text, or writes escapes. The functions take text that is well-formed JSON, as
//! [`text::well_formed`] checks. With other text the result is wrong, but every function ends and
//! none panics.
//!
//! | module | contents |
//! |---|---|
//! | [`cursor`] | a cursor that goes through a text member by member |
//! | [`reader`] | a reader that checks a text while it goes through it |
//! | [`tokens`] | the tokens of a text, which may be broken |
//! | [`string`] | functions that find the end of a string, read it and write it |
//! | [`members`] | functions that read the members of an object and the elements of a list |
//! | [`text`] | checks of a whole text, and places in it by line and column |
//! | [`path`], [`number`], [`raw`], [`map`], [`limits`] | the types that the crate root exports |
//! | [`pretty`] | indented output for people |

pub mod cursor;
pub mod limits;
pub mod map;
pub mod members;
pub mod number;
pub mod path;
pub mod pretty;
pub mod raw;
pub mod reader;
pub mod string;
pub mod text;
pub mod tokens;

/// The white space of JSON (RFC 8259 §2). A form feed or a no-break space is not in it.
pub const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Returns whether a byte is white space in JSON. The bytes are those of [`SPACE`].
#[must_use]
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Moves `at` to the next byte that is not white space. Returns that byte, or 0 at the end.
#[inline]
pub(crate) fn next_byte(text: &str, at: &mut usize) -> u8 {
    while let Some(byte) = text.as_bytes().get(*at) {
        if !is_space(*byte) {
            return *byte;
        }
        *at += 1;
    }
    0
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
