//! The text that the published Python reference hashes: `json.dumps(message.model_dump(), sort_keys=True, default=str)` of the modelled
//! fields, as decisions 3 tells it byte by byte.

use crate::{
    Timestamp,
    describe::{self, Kind, ObjectType},
    scan::{Cursor, is_number},
};
use std::{borrow::Cow, fmt::Write as _};

/// The Python text of a message's own text, which is not too deep.
pub(super) fn text(message: &str) -> String {
    let mut dump = Dump { json: Cursor::new(message), out: String::with_capacity(message.len() * 2) };
    dump.value(&Kind::Object(describe::message()));
    dump.out
}

/// Reads JSON from the front, and writes what Python would.
struct Dump<'t> {
    json: Cursor<'t>,
    out: String,
}

/// A member that has been written: what it is sorted by, its name as it stood between its quotes, and where its value lies.
struct Member<'t> {
    key: Cow<'t, [u8]>,
    name: &'t str,
    value: std::ops::Range<usize>,
}

impl<'t> Dump<'t> {
    fn value(&mut self, kind: &Kind) {
        match (self.json.peek(), kind) {
            (b'{', Kind::Object(object)) => self.modelled(object),
            (b'{', Kind::TextOr(object)) => self.value(object),
            (b'{', Kind::Map(_, value)) => self.object(value),
            (b'{', _) => self.object(&Kind::FreeForm),
            (b'[', Kind::List(element)) => self.list(element),
            (b'[', _) => self.list(&Kind::FreeForm),
            (b'"', kind) => {
                let text = self.json.string();
                match text.parse::<Timestamp>() {
                    Ok(time) if matches!(kind, Kind::Timestamp) => self.quoted(&datetime(&time)),
                    _ => self.quoted(text),
                }
            }
            (_, kind) => {
                let token = self.json.value();
                self.atom(token, kind);
            }
        }
    }

    /// The modelled members, all of them but the checksum itself; unknown ones are left out.
    fn modelled(&mut self, object: &'static ObjectType) {
        let start = self.out.len();
        let fields = || object.fields().filter(|field| field.name != "checksum");
        let mut members: Vec<Member<'t>> = fields()
            .map(|field| {
                // The model's own name of `from` is `from_`.
                let name = field.alias.unwrap_or(field.name);
                Member { key: name.as_bytes().into(), name, value: 0..0 }
            })
            .collect();
        self.json.enter();
        while let Some(name) = self.json.name() {
            let begin = self.out.len();
            match fields().zip(&mut members).find(|(field, _)| field.name == name) {
                Some((field, member)) => {
                    self.value(&field.kind);
                    member.value = begin..self.out.len();
                }
                None => drop(self.json.value()),
            }
        }
        self.assemble(start, members);
    }

    /// Any members; of those with the same name the last one.
    fn object(&mut self, kind: &Kind) {
        let start = self.out.len();
        let mut members: Vec<Member<'t>> = Vec::new();
        self.json.enter();
        while let Some(name) = self.json.name() {
            let begin = self.out.len();
            self.value(kind);
            members.push(Member { key: sort_key(name), name, value: begin..self.out.len() });
        }
        self.assemble(start, members);
    }

    /// Puts the values written since `start` into their order, as an object.
    fn assemble(&mut self, start: usize, mut members: Vec<Member<'_>>) {
        let values = self.out.split_off(start);
        members.sort_by(|a, b| a.key.cmp(&b.key));
        self.out.push('{');
        let mut separator = "";
        for (at, member) in members.iter().enumerate() {
            if members.get(at + 1).is_some_and(|next| next.key == member.key) {
                continue;
            }
            let range = member.value.start.saturating_sub(start)..member.value.end.saturating_sub(start);
            // Nothing was written for an absent member.
            let value = values.get(range).filter(|value| !value.is_empty()).unwrap_or("null");
            self.out.push_str(separator);
            separator = ", ";
            self.quoted(member.name);
            self.out.push_str(": ");
            self.out.push_str(value);
        }
        self.out.push('}');
    }

    fn list(&mut self, kind: &Kind) {
        self.json.enter();
        self.out.push('[');
        let mut separator = "";
        while self.json.element() {
            self.out.push_str(separator);
            separator = ", ";
            self.value(kind);
        }
        self.out.push(']');
    }

    fn atom(&mut self, token: &str, kind: &Kind) {
        if is_number(token) && (matches!(kind, Kind::Float) || token.contains(['.', 'e', 'E'])) {
            // Text of a number is always read, be it to infinity.
            float(token.parse().unwrap_or(f64::NAN), &mut self.out);
        } else {
            self.out.push_str(if token == "-0" { "0" } else { token });
        }
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        escape(text, &mut self.out);
        self.out.push('"');
    }
}

/// The UTF-16 units of a JSON string.
fn units(text: &str) -> impl Iterator<Item = u16> {
    let mut rest = text;
    let mut low = None;
    std::iter::from_fn(move || {
        if let Some(unit) = low.take() {
            return Some(unit);
        }
        let mut chars = rest.chars();
        let first = chars.next()?;
        let unit = if first == '\\' {
            let escape = chars.next()?;
            match escape {
                'u' => {
                    let hex = chars.as_str().get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
                    chars = chars.as_str().get(4..).unwrap_or_default().chars();
                    hex?
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

/// A JSON string as Python writes it: what can be seen in ASCII as it is, everything else, DEL too, as `\uxxxx`.
fn escape(text: &str, out: &mut String) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\') {
        return out.push_str(text);
    }
    for unit in units(text) {
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
}

/// What a name is sorted by: its code points. The bytes of UTF-8 sort like them; a lone surrogate gets the bytes that it would have there.
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

/// A double as Python's `repr` writes it.
fn float(value: f64, out: &mut String) {
    if !value.is_finite() {
        return out.push_str(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
    }
    // The digits are those of the writer, which are Python's; only the layout differs.
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let zeros = all.len() - all.trim_start_matches('0').len();
    let digits = all.trim_matches('0');
    // Where the point stands behind the first digit.
    let places = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
    let exponent = exponent.parse::<i32>().unwrap_or(0) + places(whole.len()) - places(zeros) - 1;
    if value.is_sign_negative() {
        out.push('-');
    }
    let (first, rest) = digits.split_at(digits.len().min(1));
    match usize::try_from(exponent) {
        _ if digits.is_empty() => out.push_str("0.0"),
        Ok(point) if exponent < 16 => {
            let (whole, fraction) = digits.split_at(digits.len().min(point + 1));
            let fraction = if fraction.is_empty() { "0" } else { fraction };
            let _ = write!(out, "{whole:0<width$}.{fraction}", width = point + 1);
        }
        Err(_) if exponent >= -4 => {
            let zeros = usize::try_from(-1 - exponent).unwrap_or(0);
            let _ = write!(out, "0.{:0<zeros$}{digits}", "");
        }
        _ => {
            let sign = if exponent < 0 { '-' } else { '+' };
            let point = if rest.is_empty() { "" } else { "." };
            let _ = write!(out, "{first}{point}{rest}e{sign}{:02}", exponent.unsigned_abs());
        }
    }
}

/// A time as Python's `str(datetime)` writes it.
fn datetime(time: &Timestamp) -> String {
    let text = time.to_string();
    let (date, rest) = text.split_at(10);
    let (clock, rest) = rest.get(1..).unwrap_or_default().split_at(8);
    let digits =
        rest.strip_prefix('.').map_or("", |rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
    let offset = rest.trim_start_matches('.').trim_start_matches(|c: char| c.is_ascii_digit());
    let micros: String = digits.chars().chain("000000".chars()).take(6).collect();
    let fraction = if micros == "000000" { String::new() } else { format!(".{micros}") };
    let offset = match offset {
        "Z" | "z" | "-00:00" => "+00:00",
        other => other,
    };
    format!("{date} {clock}{fraction}{offset}")
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
    fn times_as_python_writes_them() {
        for (text, expected) in [
            ("2026-10-14T12:00:00Z", "2026-10-14 12:00:00+00:00"),
            ("2026-10-14t12:00:00.000z", "2026-10-14 12:00:00+00:00"),
            ("2026-10-14T12:00:00.5-00:00", "2026-10-14 12:00:00.500000+00:00"),
            ("2026-10-14 12:00:00.123456999+05:30", "2026-10-14 12:00:00.123456+05:30"),
            ("2026-10-14T12:00:00.0000009", "2026-10-14 12:00:00"),
        ] {
            assert_eq!(datetime(&text.parse().unwrap()), expected);
        }
    }

    #[test]
    fn names_are_sorted_by_code_point() {
        // U+FF21 comes before U+1F600 by code point, after it by UTF-16 unit; a lone surrogate is its own code point.
        let names = [r"\ud83d\ude00", "\u{ff21}", r"\ud800", "z", r"\u0041", "\u{10ffff}"];
        let mut sorted = names;
        sorted.sort_by_key(|name| sort_key(name));
        assert_eq!(sorted, [r"\u0041", "z", r"\ud800", "\u{ff21}", r"\ud83d\ude00", "\u{10ffff}"]);
    }

    #[test]
    fn strings_are_ascii() {
        let mut out = String::new();
        escape(r#"a\/b\u00e9ü\"\\\n\u001f\ud83d\ude00😀\udc00"#, &mut out);
        escape("\u{7f}~", &mut out);
        assert_eq!(out, "a/b\\u00e9\\u00fc\\\"\\\\\\n\\u001f\\ud83d\\ude00\\ud83d\\ude00\\udc00\\u007f~");
    }

    #[test]
    fn text_that_is_no_json_ends() {
        for broken in
            ["", "{", "{\"a\"", "{\"a\":", "[", "[1,,", "{\"audit\":{\"checksum\":ü", "\"\\u12", "}{", "\u{feff}"]
        {
            let _ = text(broken);
        }
    }
}
