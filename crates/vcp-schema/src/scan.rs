//! Walking through JSON text that is known to be well formed, without building anything. Text that is not comes to an end too.

/// JSON text, read from the front.
pub(crate) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

/// A string as it stands between its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quoted<'t> {
    pub(crate) raw: &'t str,
    pub(crate) has_escape: bool,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is no white space; 0 at the end.
    pub(crate) fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !is_space(*byte) {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    /// Enters the object or list that comes next.
    pub(crate) fn enter(&mut self) {
        self.peek();
        self.at += 1;
    }

    /// The name of the next member of the object that was entered, up to its value; `None` at the end, where the object is left.
    pub(crate) fn name(&mut self) -> Option<Quoted<'t>> {
        self.pass(b',');
        if self.peek() != b'"' {
            self.at += 1;
            return None;
        }
        let name = self.string();
        self.pass(b':');
        Some(name)
    }

    /// Whether the list that was entered has another element, up to which it goes; at the end the list is left.
    pub(crate) fn element(&mut self) -> bool {
        self.pass(b',');
        let ends = matches!(self.peek(), b']' | b'}' | 0);
        self.at += usize::from(ends);
        !ends
    }

    /// The string that comes next.
    pub(crate) fn string(&mut self) -> Quoted<'t> {
        self.peek();
        let start = self.at + 1;
        let (end, has_escape) = string_extent(self.text.as_bytes(), self.at);
        self.at = end;
        let inner = self.text.get(start..end).unwrap_or_default();
        Quoted { raw: inner.strip_suffix('"').unwrap_or(inner), has_escape }
    }

    /// The text of the value that comes next.
    pub(crate) fn value(&mut self) -> &'t str {
        let rest = self.rest();
        let value = rest.get(..value_end(rest)).unwrap_or_default();
        self.at += value.len();
        value
    }

    /// What has not been read, without the white space before it.
    fn rest(&mut self) -> &'t str {
        self.peek();
        // Only text that is no JSON can leave the cursor within a character.
        self.text.get(self.at..).unwrap_or_else(|| {
            self.at = self.text.len();
            ""
        })
    }

    fn pass(&mut self, byte: u8) {
        if self.peek() == byte {
            self.at += 1;
        }
    }
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether two names are equal. They are short, and mostly looked at without a call.
#[inline]
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    fn ends<const N: usize>(text: &[u8]) -> Option<([u8; N], [u8; N])> {
        Some((*text.first_chunk()?, *text.last_chunk()?))
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        0..4 => a == b,
        4..8 => ends::<4>(a) == ends::<4>(b),
        8..=16 => ends::<8>(a) == ends::<8>(b),
        _ => ends::<8>(a) == ends::<8>(b) && a == b,
    }
}

/// Whether the text of a value is that of a number.
pub(crate) fn is_number(json: &str) -> bool {
    json.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// Where the string ends that a text starts with.
pub(crate) fn string_end(text: &str) -> usize {
    string_extent(text.as_bytes(), 0).0
}

/// Where the string ends that begins at a place, and whether it has escapes.
fn string_extent(bytes: &[u8], begin: usize) -> (usize, bool) {
    let (mut at, mut has_escape) = (begin + 1, false);
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return (at + 1, has_escape);
        }
        has_escape = true;
        at += 2;
    }
    (bytes.len(), has_escape)
}

/// Where the value ends that a text starts with: behind it, but not behind the white space there.
fn value_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at += text.get(at..).map_or(1, string_end) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at.max(1),
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

    #[test]
    fn names_are_the_same_when_their_texts_are() {
        let name: String = ('a'..='z').collect();
        for length in 0..name.len() {
            let (a, rest) = name.split_at(length);
            assert!(same_name(a, a) && (rest.is_empty() || !same_name(a, &name)));
            for at in 0..length {
                let mut b = a.to_owned();
                b.replace_range(at..=at, "_");
                assert!(!same_name(a, &b), "{a} {b}");
            }
        }
    }
}
