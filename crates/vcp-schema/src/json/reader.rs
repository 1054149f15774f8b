//! A reader that checks JSON text while it steps through it, and builds nothing.

use super::{
    next_byte,
    string::{Quoted, few_plain, plain_end},
};

/// The fault of a text that is not JSON. [`well_formed`](super::text::well_formed) says where it
/// is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson;

/// A reader that checks JSON text (RFC 8259) while it steps through it from the front. Escapes of
/// lone surrogates are accepted, as the grammar accepts them.
///
/// ```
/// use vcp_schema::json::reader::Reader;
/// let mut json = Reader::new(r#"{"a": [1, {"b": 2}]}"#);
/// let mut members = Vec::new();
/// let mut more = json.enter()?;
/// while more {
///     let name = json.name()?.raw;
///     members.push((name, json.value(|_| {})?));
///     more = json.more(b'}')?;
/// }
/// json.end()?;
/// assert_eq!(members, [("a", r#"[1, {"b": 2}]"#)]);
/// # Ok::<(), vcp_schema::json::reader::NotJson>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    /// Starts at the beginning of a text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Returns the next byte that is not white space, or 0 at the end.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        next_byte(self.text, &mut self.at)
    }

    /// Returns the offset of the next value, name or bracket.
    pub fn offset(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// Returns the text from an offset to the end of what was read.
    #[must_use]
    pub fn since(&self, offset: usize) -> &'t str {
        self.text.get(offset..self.at).unwrap_or_default()
    }

    /// Enters the next object or list. Returns whether it has a member or an element.
    ///
    /// # Errors
    ///
    /// [`NotJson`] if the next value is no object or list.
    #[inline]
    pub fn enter(&mut self) -> Result<bool, NotJson> {
        let end = match self.peek() {
            b'{' => b'}',
            b'[' => b']',
            _ => return Err(NotJson),
        };
        self.at += 1;
        let ends = self.peek() == end;
        self.at += usize::from(ends);
        Ok(!ends)
    }

    /// Reads the name of the next member, and stops before its value.
    ///
    /// # Errors
    ///
    /// [`NotJson`] if no name and colon follow.
    #[inline]
    pub fn name(&mut self) -> Result<Quoted<'t>, NotJson> {
        if self.peek() != b'"' {
            return Err(NotJson);
        }
        let name = self.string()?;
        if self.peek() != b':' {
            return Err(NotJson);
        }
        self.at += 1;
        Ok(name)
    }

    /// Moves to the next member of an object or the next element of a list. Returns `false` at the
    /// end, and leaves the object or list.
    ///
    /// The caller knows which of the two it is in. [`value`](Self::value) and
    /// [`name`](Self::name) refuse what does not belong there.
    ///
    /// # Errors
    ///
    /// [`NotJson`] if neither a comma nor `end` follows.
    #[inline]
    pub fn more(&mut self, end: u8) -> Result<bool, NotJson> {
        let byte = self.peek();
        self.at += 1;
        match byte {
            b',' => Ok(true),
            byte if byte == end => Ok(false),
            _ => Err(NotJson),
        }
    }

    /// Checks that nothing but white space follows.
    ///
    /// # Errors
    ///
    /// [`NotJson`] if something follows.
    pub fn end(&mut self) -> Result<(), NotJson> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(NotJson) }
    }

    /// Reads the next value and returns its text. Calls `name` with the name of each member in it,
    /// at every depth.
    ///
    /// # Errors
    ///
    /// [`NotJson`] if no value follows.
    #[inline]
    pub fn value(&mut self, name: impl FnMut(Quoted<'t>)) -> Result<&'t str, NotJson> {
        let start = self.offset();
        match self.peek() {
            b'"' => drop(self.string()?),
            b'{' | b'[' => self.container(name)?,
            _ => self.scalar()?,
        }
        Ok(self.since(start))
    }

    /// Reads the next object or list.
    #[inline(never)]
    fn container(&mut self, mut name: impl FnMut(Quoted<'t>)) -> Result<(), NotJson> {
        let mut open = Open::default();
        loop {
            match self.peek() {
                b'"' => drop(self.string()?),
                b'{' | b'[' => {
                    let is_object = self.peek() == b'{';
                    if self.enter()? {
                        open.push(is_object);
                        if is_object {
                            name(self.name()?);
                        }
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            // A value has ended. Perhaps the objects and lists around it end as well.
            loop {
                let Some(is_object) = open.last() else { return Ok(()) };
                if self.more(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        name(self.name()?);
                    }
                    break;
                }
                open.pop();
            }
        }
    }

    /// Reads the next string, which starts here.
    #[inline]
    fn string(&mut self) -> Result<Quoted<'t>, NotJson> {
        let start = self.at + 1;
        let at = few_plain(self.text.as_bytes(), start);
        if let Some((raw, b'"')) = self.text.get(start..at).zip(self.text.as_bytes().get(at).copied()) {
            self.at = at + 1;
            return Ok(Quoted { raw, has_escape: false });
        }
        self.long_string(at)
    }

    /// Reads the next string, which starts here and is plain up to `at`.
    #[inline(never)]
    fn long_string(&mut self, mut at: usize) -> Result<Quoted<'t>, NotJson> {
        let bytes = self.text.as_bytes();
        let (start, mut has_escape) = (self.at + 1, false);
        loop {
            at = plain_end(bytes, at);
            match bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(Quoted { raw: self.text.get(start..at).unwrap_or_default(), has_escape });
                }
                Some(b'\\') => {
                    has_escape = true;
                    at += match bytes.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u')
                            if bytes.get(at + 2..at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) =>
                        {
                            6
                        }
                        _ => return Err(NotJson),
                    };
                }
                Some(_) | None => return Err(NotJson),
            }
        }
    }

    /// Reads a number, `true`, `false` or `null`.
    #[inline]
    fn scalar(&mut self) -> Result<(), NotJson> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = match rest.first() {
            Some(b't') if rest.starts_with(b"true") => 4,
            Some(b'f') if rest.starts_with(b"false") => 5,
            Some(b'n') if rest.starts_with(b"null") => 4,
            _ => number(rest).ok_or(NotJson)?,
        };
        self.at += length;
        Ok(())
    }
}

/// Returns the length of the number at the start of a text.
#[inline]
fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let mut at = from;
        while text.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        (at > from).then_some(at)
    };
    let start = usize::from(text.first() == Some(&b'-'));
    let mut at = if text.get(start) == Some(&b'0') { start + 1 } else { digits(start)? };
    if text.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at = digits(at + 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-'))))?;
    }
    Some(at)
}

/// The objects and lists that are open, a bit for each.
#[derive(Default)]
struct Open {
    bits: u64,
    depth: usize,
    /// The bits of the outer ones, 64 at a time.
    outer: Vec<u64>,
}

impl Open {
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = (self.bits << 1) | u64::from(is_object);
        self.depth += 1;
    }

    fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.bits = match self.outer.last() {
            Some(outer) if self.depth.is_multiple_of(64) => {
                let outer = *outer;
                self.outer.pop();
                outer
            }
            _ => self.bits >> 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    fn is_json(text: &str) -> bool {
        let mut json = Reader::new(text);
        json.value(|_| {}).and_then(|_| json.end()).is_ok()
    }

    fn same_as_serde(text: &str) -> bool {
        is_json(text) == serde_json::from_str::<IgnoredAny>(text).is_ok()
    }

    #[test]
    fn texts_that_are_nearly_json() {
        for text in [
            "",
            " ",
            "1",
            "-",
            "-0",
            "-01",
            "01",
            "1.",
            "1.5",
            ".5",
            "1e",
            "1e+",
            "1e+5",
            "1E-5",
            "1.e5",
            "+1",
            "0x1",
            "1 2",
            "tru",
            "true",
            "truee",
            "nul",
            "false",
            "null",
            "\"",
            "\"a",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\ud800\"",
            "\"a\u{1}\"",
            "\"a\nb\"",
            "\"\u{7f}é😀\"",
            "[",
            "]",
            "[]",
            "[ ]",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1}",
            "{",
            "}",
            "{}",
            "{ }",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{,\"a\":1}",
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\":1]",
            "{1:2}",
            "{\"a\":{\"b\":[{}, []]}} ",
            "[[[]]]x",
            "\u{feff}1",
            "[\u{c}1]",
            "{\"a\"::1}",
            "[\"12345678\\\"\"]",
            "\"1234567\u{1f}\"",
            "\"12345678",
            "NaN",
            "-Infinity",
            "[-]",
            "--1",
            "1e5.5",
        ] {
            assert!(same_as_serde(text), "{text}");
        }
    }

    #[test]
    fn depth_has_no_limit_here() {
        for depth in [1, 63, 64, 65, 128, 129, 200_000] {
            let text = format!("{}{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
            assert!(!is_json(&text), "a value is missing");
            let text = format!("{}1{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
            assert!(is_json(&text), "{depth}");
            assert!(!is_json(&text.replace("}]}]", "}]]}")) || depth == 1, "{depth}");
        }
    }

    #[test]
    fn names_at_every_depth_are_seen() {
        let mut names = Vec::new();
        let text = r#" {"a":[{"b\n":1},{"c":{}}],"d":"\"e\":"} "#;
        assert_eq!(Reader::new(text).value(|name| names.push(name.raw)).unwrap(), text.trim());
        assert_eq!(names, ["a", "b\\n", "c", "d"]);
    }

    proptest! {
        #[test]
        fn the_same_texts_are_json_as_for_serde_json(text in "[\\[\\]{}:,\"\\\\ue1-3.tnrafls \n\u{1}é+-]{0,24}") {
            prop_assert!(same_as_serde(&text));
        }

        #[test]
        fn a_changed_byte_is_judged_as_serde_json_does(at in 0_usize..90, byte in "[\\[\\]{}:,\"\\\\u0-9.e tf\n\u{1}+-]") {
            let text = r#"{"a":[1.50,-2e+7,"x\u00e9\n"],"bcdefghijkl":{"m":[true,false,null,{}]},"n":"0123456789abcdef"}"#;
            let mut changed = text.to_owned();
            changed.replace_range(at..=at, &byte);
            prop_assert!(same_as_serde(&changed), "{}", changed);
        }
    }
}
