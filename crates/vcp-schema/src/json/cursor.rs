//! A cursor that steps through well-formed JSON text and builds nothing.

use super::{
    is_space, next_byte,
    reader::Reader,
    string::{self, Quoted},
};

/// A cursor that reads JSON text from the front. Every step moves forward, also through text that
/// is not JSON.
#[derive(Debug, Clone)]
pub struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// Starts at the beginning of a text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Returns the next byte that is not white space, or 0 at the end.
    pub fn peek(&mut self) -> u8 {
        next_byte(self.text, &mut self.at)
    }

    /// Enters the next object or list.
    pub fn enter(&mut self) {
        self.peek();
        self.at += 1;
    }

    /// Reads the name of the next member, and stops before its value. Returns `None` at the end of
    /// the object, and leaves the object.
    pub fn name(&mut self) -> Option<Quoted<'t>> {
        self.pass(b',');
        if self.peek() != b'"' {
            self.at += 1;
            return None;
        }
        let name = self.string();
        self.pass(b':');
        Some(name)
    }

    /// Moves to the next element. Returns `false` at the end of the list, and leaves the list.
    pub fn element(&mut self) -> bool {
        self.pass(b',');
        let ends = matches!(self.peek(), b']' | b'}' | 0);
        self.at += usize::from(ends);
        !ends
    }

    /// Reads the next string.
    pub fn string(&mut self) -> Quoted<'t> {
        self.peek();
        let start = self.at + 1;
        let (end, has_escape) = string::extent(self.text.as_bytes(), self.at);
        self.at = end;
        let inner = self.text.get(start..end).unwrap_or_default();
        Quoted { raw: inner.strip_suffix('"').unwrap_or(inner), has_escape }
    }

    /// Reads the next value, and returns its text.
    pub fn value(&mut self) -> &'t str {
        let rest = self.rest();
        let value = rest.get(..value_end(rest)).unwrap_or_default();
        self.at += value.len();
        value
    }

    /// Returns the unread text after white space.
    fn rest(&mut self) -> &'t str {
        self.peek();
        // Only text that is not JSON can leave the cursor inside a character.
        self.text.get(self.at..).unwrap_or_else(|| {
            self.at = self.text.len();
            ""
        })
    }

    /// Skips white space and then this byte, if it is next.
    fn pass(&mut self, byte: u8) {
        if self.peek() == byte {
            self.at += 1;
        }
    }
}

/// Returns the byte at which the first value of a text ends. White space after the value is not
/// part of it.
pub(super) fn value_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    // Nearly always the text is JSON.
    if matches!(bytes.first(), Some(b'{' | b'['))
        && let Ok(value) = Reader::new(text).value(|_| {})
    {
        return value.len();
    }
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string::end(text, at) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' | b':' if depth == 0 => return at.max(1),
            byte if depth == 0 && is_space(*byte) => return at.max(1),
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_as_the_text_is_nested() {
        let mut json = Cursor::new(r#" { "a\"" : [ 1.5e3 , "x]" , {} ] , "b":null , "c" : { "d" : [ ] } } "#);
        json.enter();
        assert_eq!(json.name(), Some(Quoted { raw: r#"a\""#, has_escape: true }));
        json.enter();
        let mut elements = Vec::new();
        while json.element() {
            elements.push(json.value());
        }
        assert_eq!(elements, ["1.5e3", r#""x]""#, "{}"]);
        assert_eq!(json.name(), Some(Quoted { raw: "b", has_escape: false }));
        assert_eq!(json.value(), "null");
        assert_eq!(json.name().map(|name| name.raw), Some("c"));
        assert_eq!(json.value(), r#"{ "d" : [ ] }"#);
        assert_eq!(json.name(), None);
        assert_eq!(json.peek(), 0);
    }

    #[test]
    fn what_is_no_json_comes_to_an_end() {
        for text in
            ["", "{", "{\"a", "{\"a\":", "[[", "[1 2", "{\"a\" \"b\"}", "[,,]", "[:]", "\"\\", "é", "[é", "}", "{:}"]
        {
            let mut json = Cursor::new(text);
            let mut steps = 0;
            json.enter();
            while json.element() {
                json.value();
                steps += 1;
                assert!(steps <= text.len(), "{text}");
            }
            let mut json = Cursor::new(text);
            json.enter();
            while json.name().is_some() {
                json.value();
                steps += 1;
                assert!(steps <= 2 * text.len(), "{text}");
            }
        }
    }
}
