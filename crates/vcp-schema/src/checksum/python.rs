//! JSON as Python's `json.dumps(…, sort_keys=True)` prints it, byte by byte (`DECISIONS.md` 3).

use super::sorted::{Sorted, Style};
use crate::json::{
    is_number,
    string::{push_ascii, units},
};
use std::{borrow::Cow, fmt::Write as _};

/// Prints free-form JSON as Python prints it after reading it. The JSON must be well formed and
/// within the limit on depth.
pub(super) fn free_form(json: &str, out: &mut String) {
    Sorted::new(json, Python, out).value(&[]);
}

struct Python;

impl Style for Python {
    const COMMA: &'static str = ", ";
    const COLON: &'static str = ": ";
    type Key<'t> = Cow<'t, [u8]>;

    fn key<'t>(&mut self, name: &'t str) -> Cow<'t, [u8]> {
        sort_key(name)
    }

    fn string(&mut self, json: &str, out: &mut String) {
        quoted_json(json, out);
    }

    fn atom(&mut self, token: &str, out: &mut String) {
        atom(token, out);
    }
}

/// Prints a number, `true`, `false` or `null`.
fn atom(token: &str, out: &mut String) {
    if is_number(token) && token.contains(['.', 'e', 'E']) {
        // The text of a number always parses. A number outside the range of doubles is infinite.
        float(token.parse().unwrap_or(f64::NAN), out);
    } else {
        out.push_str(if token == "-0" { "0" } else { token });
    }
}

/// Returns whether the text is printable ASCII without `"` and `\`. Such a text needs no escapes.
/// The loop has no branch per byte, so that several bytes are checked at once.
fn is_plain(text: &str) -> bool {
    let must_escape = |any, byte| any | !matches!(byte, b' '..=b'~') | (byte == b'"') | (byte == b'\\');
    !text.bytes().fold(false, must_escape)
}

/// Prints a string.
pub(super) fn quoted(text: &str, out: &mut String) {
    out.push('"');
    if is_plain(text) {
        out.push_str(text);
    } else {
        let mut pair = [0; 2];
        text.chars().for_each(|c| c.encode_utf16(&mut pair).iter().for_each(|unit| push_ascii(out, *unit)));
    }
    out.push('"');
}

/// Prints a string that is given in its JSON spelling, without the quotes.
fn quoted_json(json: &str, out: &mut String) {
    out.push('"');
    if is_plain(json) {
        out.push_str(json);
    } else {
        units(json).for_each(|unit| push_ascii(out, unit));
    }
    out.push('"');
}

/// Returns the key by which a name is sorted. Keys compare by code point. The key is the UTF-8 of
/// the name. A lone surrogate gets the three bytes that UTF-8 would give its code point.
fn sort_key(name: &str) -> Cow<'_, [u8]> {
    if !name.contains('\\') {
        return name.as_bytes().into();
    }
    let mut key = Vec::with_capacity(name.len());
    for decoded in char::decode_utf16(units(name)) {
        match decoded {
            Ok(c) => key.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            Err(lone) => {
                let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                key.extend([0xe0 | high >> 4, 0x80 | (high & 0xf) << 2 | low >> 6, 0x80 | low & 0x3f]);
            }
        }
    }
    key.into()
}

/// Prints a double as Python's `repr` writes it.
pub(super) fn float(value: f64, out: &mut String) {
    if !value.is_finite() {
        return out.push_str(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
    }
    // The digits are the same as Python's. Only the layout of very small and very large values
    // differs.
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    if value == 0.0 || (1e-4..1e16).contains(&value.abs()) {
        return out.push_str(text);
    }
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let Decimal { digits, exponent } = Decimal::of(text);
    let (first, rest) = digits.split_at(digits.len().min(1));
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(out, "{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.unsigned_abs());
}

/// A number as its digits, without zeros at both ends, and the power of ten of its first digit.
pub(super) struct Decimal {
    pub(super) digits: String,
    pub(super) exponent: i32,
}

impl Decimal {
    /// Reads the text of a double, without its sign.
    pub(super) fn of(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let zeros = all.len() - all.trim_start_matches('0').len();
        let places = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
        let exponent = exponent.parse::<i32>().unwrap_or(0) + places(whole.len()) - places(zeros) - 1;
        Self { digits: all.trim_matches('0').to_owned(), exponent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_python_writes_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (250.0, "250.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.234e22, "1.234e+22"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (123.456, "123.456"),
            (0.00123, "0.00123"),
            (-1_200.0, "-1200.0"),
            (-1.5e-7, "-1.5e-07"),
            (0.000_099_999, "9.9999e-05"),
            (12_300_000_000_000_000.0, "1.23e+16"),
            (1_760_443_200_123_456.2, "1760443200123456.2"),
            (1_583_184_681_842_214.2, "1583184681842214.2"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut out = String::new();
            float(value, &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn names_are_sorted_by_code_point() {
        // U+FF21 comes before U+1F600 by code point, and after it by UTF-16 unit. A lone surrogate
        // is sorted by its own code point.
        let names = [r"\ud83d\ude00", "\u{ff21}", r"\ud800", "z", r"\u0041", "\u{10ffff}"];
        let mut sorted = names;
        sorted.sort_by_key(|name| sort_key(name));
        assert_eq!(sorted, [r"\u0041", "z", r"\ud800", "\u{ff21}", r"\ud83d\ude00", "\u{10ffff}"]);
    }

    #[test]
    fn strings_are_ascii() {
        let mut out = String::new();
        quoted_json(r#"a\/b\u00e9ü\"\\\n\u001f\ud83d\ude00😀\udc00"#, &mut out);
        assert_eq!(out, "\"a/b\\u00e9\\u00fc\\\"\\\\\\n\\u001f\\ud83d\\ude00\\ud83d\\ude00\\udc00\"");
        let mut out = String::new();
        quoted("é\"\\\n😀\u{7f}~/", &mut out);
        assert_eq!(out, "\"\\u00e9\\\"\\\\\\n\\ud83d\\ude00\\u007f~/\"");
    }

    #[test]
    fn free_form_is_read_and_sorted() {
        let mut out = String::new();
        free_form(r#" { "b" : [1, 1.50, -0, -0.0, 1e400, true ], "a":{}, "\u0062":null, "c" :"é" }"#, &mut out);
        assert_eq!(out, r#"{"a": {}, "b": null, "c": "\u00e9"}"#);
        let mut out = String::new();
        free_form("[1, 1.50, -0, -0.0, 1e400, 123456789012345678901, true]", &mut out);
        assert_eq!(out, "[1, 1.5, 0, -0.0, Infinity, 123456789012345678901, true]");
    }

    #[test]
    fn text_that_is_no_json_ends() {
        for broken in ["", "{", "{\"a\"", "{\"a\":", "[", "[1,,", "{\"a\":ü", "\"\\u12", "}{", "\u{feff}"] {
            free_form(broken, &mut String::new());
        }
    }
}
