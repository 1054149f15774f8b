//! The tokens of a JSON text.

use super::{cursor, is_space, string};

/// The kind of a [`Token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A run of white space.
    Space,
    /// `{` or `[`.
    Open,
    /// `}` or `]`.
    Close,
    /// `:`.
    Colon,
    /// `,`.
    Comma,
    /// A string with its quotes. The closing quote is absent if the string does not end.
    String,
    /// Any other run: a number, `true`, `false`, `null`, or text that is not JSON.
    Scalar,
}

/// A token of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token<'t> {
    /// The kind of the token.
    pub kind: TokenKind,
    /// The text of the token, which is never empty.
    pub text: &'t str,
}

impl Token<'_> {
    /// Returns the first byte.
    #[must_use]
    pub fn first(&self) -> u8 {
        self.text.as_bytes().first().copied().unwrap_or_default()
    }
}

/// An iterator over the tokens of a text. The texts of all tokens together are the whole text.
///
/// Every token has at least one byte, so every loop over tokens ends.
///
/// ```
/// use vcp_schema::json::tokens::Tokens;
/// let texts: Vec<&str> = Tokens::new("{\"a\" :\u{c}1}").map(|token| token.text).collect();
/// assert_eq!(texts, ["{", "\"a\"", " ", ":", "\u{c}1", "}"]);
/// ```
#[derive(Debug, Clone)]
pub struct Tokens<'t> {
    text: &'t str,
    at: usize,
    end_at_line: bool,
}

impl<'t> Tokens<'t> {
    /// Returns an iterator over the tokens of a valid JSON text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0, end_at_line: false }
    }

    /// Returns an iterator over the tokens of a text that may not be JSON. A string without a
    /// closing quote ends at the end of its line.
    #[must_use]
    pub fn tolerant(text: &'t str) -> Self {
        Self { text, at: 0, end_at_line: true }
    }

    /// Returns the offset of the next token, in bytes from the start of the text.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Skips to the end of the object or list whose opening bracket was the last token.
    pub fn skip_container(&mut self) {
        let open = self.at.saturating_sub(1);
        self.at = open + self.text.get(open..).map_or(0, cursor::value_end).max(1);
    }

    fn string_end(&self, open: usize) -> usize {
        if !self.end_at_line {
            return string::end(self.text, open);
        }
        let bytes = self.text.as_bytes();
        let mut at = open + 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => return at + 1,
                b'\n' => return at,
                b'\\' if bytes.get(at + 1).is_some_and(|next| *next != b'\n') => at += 2,
                _ => at += 1,
            }
        }
        bytes.len()
    }

    /// Returns the end of the run of bytes of this class that starts at `start`.
    fn run_end(&self, start: usize, class: Class) -> usize {
        let rest = self.text.as_bytes().get(start + 1..).unwrap_or_default();
        start + 1 + rest.iter().position(|byte| Class::of(*byte) != class).unwrap_or(rest.len())
    }
}

/// The class of a byte outside strings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Punctuation,
    Other,
}

impl Class {
    #[expect(clippy::indexing_slicing, reason = "run by the compiler, which has no iterators there")]
    const TABLE: [Self; 256] = {
        let mut table = [Self::Other; 256];
        let mut bytes: &[u8] = b" \t\n\r";
        while let [byte, rest @ ..] = bytes {
            table[*byte as usize] = Self::Space;
            bytes = rest;
        }
        bytes = b"{}[]:,\"";
        while let [byte, rest @ ..] = bytes {
            table[*byte as usize] = Self::Punctuation;
            bytes = rest;
        }
        table
    };

    fn of(byte: u8) -> Self {
        Self::TABLE.get(usize::from(byte)).copied().unwrap_or(Self::Other)
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    #[inline]
    fn next(&mut self) -> Option<Token<'t>> {
        let start = self.at;
        let (kind, end) = match *self.text.as_bytes().get(start)? {
            b'{' | b'[' => (TokenKind::Open, start + 1),
            b'}' | b']' => (TokenKind::Close, start + 1),
            b':' => (TokenKind::Colon, start + 1),
            b',' => (TokenKind::Comma, start + 1),
            b'"' => (TokenKind::String, self.string_end(start)),
            byte if is_space(byte) => (TokenKind::Space, self.run_end(start, Class::Space)),
            _ => (TokenKind::Scalar, self.run_end(start, Class::Other)),
        };
        self.at = end;
        let text = self.text.get(start..end).unwrap_or_else(|| self.end_at_boundary(start));
        Some(Token { kind, text })
    }
}

impl<'t> Tokens<'t> {
    /// Ends a token at the next boundary of a character. In text that is not JSON, an escape may
    /// end inside a character.
    #[cold]
    fn end_at_boundary(&mut self, start: usize) -> &'t str {
        let length = self.text.len();
        self.at = (self.at.min(length)..length).find(|at| self.text.is_char_boundary(*at)).unwrap_or(length);
        self.text.get(start..self.at).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_container_is_skipped_with_all_in_it() {
        let mut tokens = Tokens::new(r#"[{"a":["]"]},1]"#);
        tokens.next();
        tokens.next();
        tokens.skip_container();
        assert_eq!(tokens.map(|token| token.text).collect::<Vec<_>>(), [",", "1", "]"]);
    }

    proptest! {
        #[test]
        fn tokens_are_the_whole_text(text in "[\\[\\]{}:,\"\\\\\n\u{c}\u{a0}a-cé0-9 ]{0,40}") {
            for tokens in [Tokens::new(&text), Tokens::tolerant(&text)] {
                let tokens: Vec<Token<'_>> = tokens.collect();
                prop_assert!(tokens.iter().all(|token| !token.text.is_empty()));
                prop_assert_eq!(tokens.iter().map(|token| token.text).collect::<String>(), text.as_str());
            }
        }
    }
}
