//! Functions that find the end of a JSON string, decode it and write it.

use std::{borrow::Cow, fmt::Write as _};

/// Returns the offset in bytes behind the closing quote of the string whose opening quote is at
/// the offset `open`.
///
/// Returns the length of the text if the string has no closing quote.
#[must_use]
pub fn end(text: &str, open: usize) -> usize {
    extent(text.as_bytes(), open).0
}

/// Returns the byte after the closing quote of the string that opens at byte `open`, and whether
/// the string has escapes.
#[inline]
pub(crate) fn extent(bytes: &[u8], open: usize) -> (usize, bool) {
    let at = few_plain(bytes, open + 1);
    if bytes.get(at) == Some(&b'"') { (at + 1, false) } else { long_extent(bytes, at) }
}

/// Returns the extent of a string that is plain up to `at`.
#[inline(never)]
fn long_extent(bytes: &[u8], mut at: usize) -> (usize, bool) {
    let mut has_escape = false;
    loop {
        at = plain_end(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return (at + 1, has_escape),
            Some(b'\\') => (at, has_escape) = (at + 2, true),
            Some(_) => at += 1,
            None => return (bytes.len(), has_escape),
        }
    }
}

/// A byte with only its lowest bit, in each of eight bytes.
const ONES: u64 = 0x0101_0101_0101_0101;
/// A byte with only its highest bit, in each of eight bytes.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Returns the offset behind at most eight plain bytes of a string. Most names and words have
/// fewer.
#[inline]
pub(super) fn few_plain(bytes: &[u8], at: usize) -> usize {
    let chunk = bytes.get(at..).and_then(|rest| rest.first_chunk());
    at + chunk.map_or(0, |chunk| stops(chunk).trailing_zeros() as usize / 8)
}

/// Returns the offset of the next byte that ends the plain part of a string: a quote, a backslash
/// or a control character.
#[inline]
pub(super) fn plain_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let (chunks, tail) = rest.as_chunks();
    let length = match chunks.iter().map(stops).enumerate().find(|(_, stops)| *stops != 0) {
        Some((chunk, stops)) => chunk * 8 + stops.trailing_zeros() as usize / 8,
        None => {
            rest.len() - tail.len() + tail.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
        }
    };
    at + length
}

/// Returns the highest bit of the first byte that ends the plain part of a string. Bits of later
/// bytes have no meaning.
#[inline]
fn stops(bytes: &[u8; 8]) -> u64 {
    let bytes = u64::from_le_bytes(*bytes);
    let is_zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let is_control = bytes.wrapping_sub(ONES * 0x20) & !bytes;
    (is_zero(bytes ^ (ONES * u64::from(b'"'))) | is_zero(bytes ^ (ONES * u64::from(b'\\'))) | is_control) & HIGHS
}

/// A string as it is spelled between its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quoted<'t> {
    /// The text between the quotes.
    pub raw: &'t str,
    /// `true` if the text contains a backslash.
    pub has_escape: bool,
}

impl<'t> Quoted<'t> {
    /// Takes the text of a JSON string, with its quotes. Returns `None` for any other value.
    #[must_use]
    pub fn of(json: &'t str) -> Option<Self> {
        let raw = json.strip_prefix('"')?.strip_suffix('"')?;
        Some(Self { raw, has_escape: raw.bytes().fold(false, |any, byte| any | (byte == b'\\')) })
    }

    /// Returns whether the decoded content equals `name`.
    #[must_use]
    #[inline]
    pub fn is(self, name: &str) -> bool {
        if self.has_escape { self.is_when_decoded(name) } else { same_name(self.raw, name) }
    }

    /// Compares a name that has escapes. Few have, so this is kept out of the loops over members.
    #[cold]
    fn is_when_decoded(self, name: &str) -> bool {
        self.decode().is_some_and(|own| own == name)
    }

    /// Returns the text of the string, with its escapes resolved. Returns `None` if the string
    /// holds a lone surrogate.
    #[must_use]
    pub fn decode(self) -> Option<Cow<'t, str>> {
        if !self.has_escape {
            return Some(Cow::Borrowed(self.raw));
        }
        unescaped(self.raw, None).map(Cow::Owned)
    }

    /// Returns the content, with U+FFFD for each lone surrogate.
    #[must_use]
    pub fn decode_lossy(self) -> Cow<'t, str> {
        if !self.has_escape {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(unescaped(self.raw, Some(char::REPLACEMENT_CHARACTER)).unwrap_or_default())
    }
}

/// Returns the content of a JSON string. Returns `None` for any other value and for a lone
/// surrogate.
#[must_use]
pub fn decode(json: &str) -> Option<Cow<'_, str>> {
    Quoted::of(json)?.decode()
}

/// Returns the content of a JSON string, with U+FFFD for each lone surrogate. Returns `None` for
/// any other value.
#[must_use]
pub fn decode_lossy(json: &str) -> Option<Cow<'_, str>> {
    Some(Quoted::of(json)?.decode_lossy())
}

/// Returns whether a value is a string that holds a lone surrogate.
#[must_use]
pub fn is_lossy(json: &str) -> bool {
    Quoted::of(json).is_some_and(|string| string.has_escape && string.decode().is_none())
}

/// Resolves the escapes of a string. Each lone surrogate becomes `lone`. Returns `None` for a lone
/// surrogate if `lone` is `None`.
fn unescaped(raw: &str, lone: Option<char>) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at_checked(at)?;
        out.push_str(plain);
        let kind = escape.as_bytes().get(1).copied().unwrap_or_default();
        rest = escape.get(2..).unwrap_or_default();
        out.push(match kind {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let (c, digits) = of_units(rest);
                rest = rest.get(digits..).unwrap_or_default();
                c.or(lone)?
            }
            0 => break,
            other => char::from(other),
        });
    }
    out.push_str(rest);
    Some(out)
}

/// Returns the character of the UTF-16 units at the start of a text that follows `\u`, and the
/// length of their escapes. Returns no character for a lone surrogate.
fn of_units(rest: &str) -> (Option<char>, usize) {
    let unit = hex_unit(rest);
    let Some(c) = char::from_u32(unit.into()) else {
        let low = rest.get(4..).and_then(|rest| rest.strip_prefix("\\u")).map(hex_unit);
        let pair = low.and_then(|low| char::decode_utf16([unit, low]).next()?.ok());
        return (pair, if pair.is_some() { 10 } else { 4 });
    };
    (Some(c), 4)
}

/// Returns the UTF-16 unit of the four hexadecimal digits at the start of a text. Returns a lone
/// surrogate if there are no such digits.
fn hex_unit(text: &str) -> u16 {
    const LONE: u16 = 0xd800;
    text.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok()).unwrap_or(LONE)
}

/// Returns the UTF-16 units of a string that is spelled `raw` between its quotes.
pub fn units(raw: &str) -> impl Iterator<Item = u16> {
    let mut rest = raw;
    let mut low = None;
    std::iter::from_fn(move || {
        if let Some(unit) = low.take() {
            return Some(unit);
        }
        let mut chars = rest.chars();
        let first = chars.next()?;
        let unit = if first == '\\' {
            match chars.next()? {
                'u' => {
                    let (digits, after) = chars.as_str().split_at_checked(4)?;
                    chars = after.chars();
                    u16::from_str_radix(digits, 16).ok()?
                }
                'n' => 10,
                'r' => 13,
                't' => 9,
                'b' => 8,
                'f' => 12,
                other => u16::try_from(u32::from(other)).ok()?,
            }
        } else {
            let mut pair = [0; 2];
            match first.encode_utf16(&mut pair) {
                [high, second] => {
                    low = Some(*second);
                    *high
                }
                units => *units.first()?,
            }
        };
        rest = chars.as_str();
        Some(unit)
    })
}

/// Writes a text as a JSON string. Escapes only the characters that JSON requires, as `serde_json`
/// does.
pub fn push(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

/// Returns a text as a JSON string.
///
/// ```
/// assert_eq!(vcp_schema::json::string::quoted("a\"b"), r#""a\"b""#);
/// ```
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push(&mut out, text);
    out
}

/// Writes a UTF-16 unit of a string as ASCII, as Python does. A unit outside printable ASCII, such
/// as DEL (U+007F), becomes a short escape such as `\n`, or else `\uxxxx`.
pub fn push_ascii(out: &mut String, unit: u16) {
    match u8::try_from(unit) {
        Ok(b'"') => out.push_str("\\\""),
        Ok(b'\\') => out.push_str("\\\\"),
        Ok(b'\n') => out.push_str("\\n"),
        Ok(b'\r') => out.push_str("\\r"),
        Ok(b'\t') => out.push_str("\\t"),
        Ok(8) => out.push_str("\\b"),
        Ok(12) => out.push_str("\\f"),
        Ok(byte @ b' '..=b'~') => out.push(byte.into()),
        _ => drop(write!(out, "\\u{unit:04x}")),
    }
}

/// Writes the inside of a JSON string, without the quotes.
pub fn push_escaped(out: &mut String, text: &str) {
    if !has_to_escape(text) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some((at, byte)) = first_to_escape(rest) {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            _ => "",
        };
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(rest);
}

/// Returns whether JSON escapes a byte of a text.
fn is_escaped(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

/// Returns whether a text has a character that JSON escapes.
///
/// The loop has no branches, so that the compiler can examine many bytes at once.
pub(crate) fn has_to_escape(text: &str) -> bool {
    text.bytes().fold(false, |any, byte| any | is_escaped(byte))
}

/// Returns the first byte of a text that JSON escapes, and its place.
fn first_to_escape(text: &str) -> Option<(usize, u8)> {
    let (chunks, rest) = text.as_bytes().as_chunks::<32>();
    let has_one = |chunk: &[u8; 32]| chunk.iter().fold(false, |any, byte| any | is_escaped(*byte));
    let plain = chunks.iter().position(has_one).unwrap_or(chunks.len()) * 32;
    let rest = if plain < text.len() - rest.len() { text.as_bytes().get(plain..).unwrap_or_default() } else { rest };
    let found = rest.iter().position(|byte| is_escaped(*byte))?;
    Some((plain + found, *rest.get(found)?))
}

/// Returns whether two names are equal. Names of 4 to 16 bytes are compared by their first and last
/// four or eight bytes, without a loop.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn lone_surrogates_are_refused_or_replaced() {
        let json = r#""a\ud800\u00e9\n\ud83d\ude00""#;
        assert_eq!(decode(json), None);
        assert_eq!(decode_lossy(json).as_deref(), Some("a\u{fffd}é\n😀"));
        assert_eq!(decode_lossy("7"), None);
        assert!(matches!(decode(r#""plain""#), Some(Cow::Borrowed("plain"))));
    }

    #[test]
    fn escapes_of_every_kind() {
        for (raw, text) in [
            (r#"a\"\\\/b"#, Some("a\"\\/b")),
            (r"\b\f\n\r\t", Some("\u{8}\u{c}\n\r\t")),
            (r"\u0041\u00e9", Some("Aé")),
            (r"\ud83d\ude00x", Some("😀x")),
            (r"\ude00", None),
            (r"\ud83dx", None),
            (r"\ud83d\u0041", None),
            (r"\ud83d\ud83d\ude00", None),
        ] {
            let json = format!("\"{raw}\"");
            assert_eq!(decode(&json).as_deref(), text, "{raw}");
            assert_eq!(serde_json::from_str::<String>(&json).ok().as_deref(), text, "{raw}");
        }
        assert_eq!(decode_lossy(r#""\ud83d\ud83d\ude00\ude00\u0041""#).as_deref(), Some("\u{fffd}😀\u{fffd}A"));
        for odd in [r"\", r"\u", r"\u12", r"\uzzzz", "\\é", r"\ud800\u"] {
            let _ = Quoted { raw: odd, has_escape: true }.decode_lossy();
        }
    }

    proptest! {
        #[test]
        fn strings_are_written_and_read_as_serde_json_does(text in any::<String>()) {
            let json = quoted(&text);
            prop_assert_eq!(&json, &serde_json::to_string(&text).unwrap());
            prop_assert!(decode(&json).is_some_and(|content| content == text));
            prop_assert_eq!(end(&json, 0), json.len());
        }

        #[test]
        fn long_strings_are_escaped_wherever_an_escape_is(text in "([a-zé]{0,70}[\"\\\\\n\u{1}]?){0,4}") {
            prop_assert_eq!(quoted(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
