//! The canonical form of RFC 8785. Members are sorted by the UTF-16 units of their names. There is
//! no white space between tokens. Numbers are printed as ECMAScript prints doubles.

use super::{
    ChecksumError,
    python::Decimal,
    sorted::{Sorted, Style},
};
use crate::{
    ErrorCode, FieldPath, PathNode, VcpMessage,
    json::{
        is_number, members,
        string::{self, Quoted},
        text,
    },
    write,
};
use std::{borrow::Cow, cmp::Ordering};

/// Returns the canonical form of a message. The depth may be at most `deepest`, and the number of
/// members at most `most`.
pub(super) fn text(message: &VcpMessage, deepest: usize, most: usize) -> Result<String, ChecksumError> {
    let error = |code, message: String| Err(ChecksumError::new(code, FieldPath::root(), message));
    let text = match write::to_exact_text(message) {
        Ok(text) => text,
        Err(fault) => return error(fault.code(), fault.message().to_owned()),
    };
    let extent = text::extent(&text);
    if extent.depth > deepest {
        return error(ErrorCode::Limit, format!("the message is nested deeper than {deepest}"));
    }
    if extent.members > most {
        return error(ErrorCode::Limit, format!("the message has more than {most} members"));
    }
    canonical(&text, &["audit", "checksum"])
}

/// Returns the canonical form of JSON without the member at the path `without`.
fn canonical(json: &str, without: &[&str]) -> Result<String, ChecksumError> {
    let mut out = String::with_capacity(json.len());
    let mut sorted = Sorted::new(json, Jcs { has_form: true }, &mut out);
    sorted.value(without);
    if sorted.style.has_form {
        return Ok(out);
    }
    let culprit = find(json, &PathNode::root());
    let nowhere = || ChecksumError::new(ErrorCode::Unreadable, FieldPath::root(), "the message has no canonical form");
    Err(culprit.unwrap_or_else(nowhere))
}

struct Jcs {
    /// True if all values so far have a canonical form. Lone surrogates and numbers outside the
    /// range of doubles do not have one.
    has_form: bool,
}

impl Style for Jcs {
    const COMMA: &'static str = ",";
    const COLON: &'static str = ":";
    type Key<'t> = Utf16<'t>;

    fn key<'t>(&mut self, name: &'t str) -> Utf16<'t> {
        Utf16(self.decoded(name))
    }

    fn string(&mut self, json: &str, out: &mut String) {
        // A string without escapes is copied: JSON allows nothing in it that must be escaped.
        match self.decoded(json) {
            Cow::Borrowed(text) => {
                out.push('"');
                out.push_str(text);
                out.push('"');
            }
            Cow::Owned(text) => string::push(out, &text),
        }
    }

    fn atom(&mut self, token: &str, out: &mut String) {
        /// The number of digits that pass through a double unchanged.
        const EXACT: usize = 15;
        if !is_number(token) || (token.len() <= EXACT && token.bytes().all(|byte| byte.is_ascii_digit())) {
            return out.push_str(token);
        }
        let value = token.parse().unwrap_or(f64::NAN);
        self.has_form &= value.is_finite();
        if value.is_finite() {
            number(value, out);
        }
    }
}

impl Jcs {
    fn decoded<'t>(&mut self, json: &'t str) -> Cow<'t, str> {
        let text = Quoted { raw: json, has_escape: json.contains('\\') }.decode();
        self.has_form &= text.is_some();
        text.unwrap_or_default()
    }
}

/// A name that is sorted by its UTF-16 units.
#[derive(PartialEq, Eq)]
struct Utf16<'t>(Cow<'t, str>);

impl Ord for Utf16<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0.is_ascii() && other.0.is_ascii() {
            return self.0.cmp(&other.0);
        }
        self.0.encode_utf16().cmp(other.0.encode_utf16())
    }
}

impl PartialOrd for Utf16<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Prints a finite double as ECMAScript's `Number::toString` does.
fn number(value: f64, out: &mut String) {
    let mut buffer = zmij::Buffer::new();
    // Negative zero is printed as zero.
    let text = buffer.format_finite(if value == 0.0 { 0.0 } else { value });
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    out.push_str(sign);
    if (1e-4..1e16).contains(&value.abs()) || value == 0.0 {
        return out.push_str(text.strip_suffix(".0").unwrap_or(text));
    }
    let Decimal { digits, exponent } = Decimal::of(text);
    let (first, rest) = digits.split_at(digits.len().min(1));
    match usize::try_from(exponent) {
        // The value is whole: it is at least 10^16 and has at most 17 digits.
        Ok(exponent) if exponent < 21 => {
            out.push_str(&digits);
            out.extend(std::iter::repeat_n('0', (exponent + 1).saturating_sub(digits.len())));
        }
        Err(_) if exponent >= -6 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', exponent.unsigned_abs() as usize - 1));
            out.push_str(&digits);
        }
        _ => {
            let point = if rest.is_empty() { "" } else { "." };
            let sign = if exponent < 0 { "" } else { "+" };
            out.push_str(&format!("{first}{point}{rest}e{sign}{exponent}"));
        }
    }
}

/// Returns the error for the first value without a canonical form, or `None` if every value has
/// one.
fn find(json: &str, path: &PathNode<'_>) -> Option<ChecksumError> {
    let error = |message| Some(ChecksumError::new(ErrorCode::Unreadable, path.to_path(), message));
    match json.as_bytes().first()? {
        b'{' => members::spelled(json).find_map(|(name, value)| match name.decode() {
            Some(name) => find(value, &path.name(&name)),
            None => error("the name of a member holds a lone surrogate"),
        }),
        b'[' => members::elements(json).enumerate().find_map(|(at, value)| find(value, &path.index(at))),
        b'"' if string::decode(json).is_none() => error("the string holds a lone surrogate"),
        b'-' | b'0'..=b'9' if !json.parse().is_ok_and(f64::is_finite) => {
            error("the number is out of the range of doubles")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn numbers_as_ecmascript_prints_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (1e15, "1000000000000000"),
            (1e16, "10000000000000000"),
            (1.2345678901234567e20, "123456789012345670000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (0.0001, "0.0001"),
            (0.000_001_5, "0.0000015"),
            (1e-7, "1e-7"),
            (1.25e-7, "1.25e-7"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (9_007_199_254_740_993.0, "9007199254740992"),
        ] {
            let mut out = String::new();
            number(value, &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn a_member_at_a_path_is_left_out() {
        let json = r#" {"b" : 1, "audit": {"checksum": {"x":[1]}, "a": 2, "audit": {"checksum": 3}}, "checksum": 4} "#;
        let expected = r#"{"audit":{"a":2,"audit":{"checksum":3}},"b":1,"checksum":4}"#;
        assert_eq!(canonical(json, &["audit", "checksum"]).unwrap(), expected);
    }

    #[test]
    fn what_has_no_form_is_found() {
        for (json, place) in [(r#"{"a":["\\","\ud800"]}"#, "$.a[1]"), ("[0,1e400]", "$[1]"), (r#"{"\udc00":1}"#, "$")] {
            assert_eq!(canonical(json, &[]).unwrap_err().path().to_string(), place);
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let number = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-1e22..1e22).prop_map(Value::from),
            (-1e-5..1e-5).prop_map(Value::from),
            (-1e-3..1e-3).prop_map(Value::from),
        ];
        let leaf = prop_oneof![
            number,
            any::<bool>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(Value::Null)
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(("[a-c\u{e9}\u{ff21}\u{1f600}\"\\\\\n]{0,3}", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Compares with another implementation of the RFC, on the same JSON in two spellings.
        #[test]
        fn as_another_implementation_has_it(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(canonical(&text, &[]).unwrap(), serde_json_canonicalizer::to_string(&read).unwrap());
        }
    }
}
