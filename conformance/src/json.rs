//! Comparison of JSON texts by value.

use serde_json::value::RawValue;
use std::collections::BTreeMap;
use vcp_schema::json::{
    text::is_deeper_than,
    tokens::{TokenKind, Tokens},
};

/// Returns JSON text without the white space between its tokens.
///
/// ```
/// assert_eq!(vcp_conformance::json::spelling(r#"{"a b": [1.0, 1e2]}"#), r#"{"a b":[1.0,1e2]}"#);
/// ```
#[must_use]
pub fn spelling(json: &str) -> String {
    Tokens::new(json).filter(|token| token.kind != TokenKind::Space).map(|token| token.text).collect()
}

/// Returns whether two JSON texts have the same value.
///
/// - Numbers are compared by their mathematical value, without rounding to doubles.
/// - The order of members is ignored.
/// - If a member appears twice in an object, the last one counts.
///
/// ```
/// use vcp_conformance::json::same;
/// assert!(same(r#"{"a":1.0,"b":[1e2]}"#, r#"{"b":[100],"a":1}"#));
/// assert!(!same("0.1", "0.1000000000000000055511151231257827"));
/// ```
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    // No expectation is deeper. Following a hostile one would overflow the stack.
    const DEEPEST: usize = 512;
    if is_deeper_than(a, DEEPEST) || is_deeper_than(b, DEEPEST) { a.trim() == b.trim() } else { same_within(a, b) }
}

fn same_within(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => match (members(a), members(b)) {
            (Some(a), Some(b)) => {
                a.len() == b.len() && a.iter().zip(&b).all(|((n, v), (m, w))| n == m && same_within(v.get(), w.get()))
            }
            _ => false,
        },
        (Some(b'['), Some(b'[')) => match (elements(a), elements(b)) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(v, w)| same_within(v.get(), w.get())),
            _ => false,
        },
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => {
            a == b || number(a).is_some_and(|a| Some(a) == number(b))
        }
        (Some(b'"'), Some(b'"')) => a == b || text(a).is_some_and(|a| Some(a) == text(b)),
        _ => a == b,
    }
}

fn members(json: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(json).ok()
}

fn elements(json: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(json).ok()
}

fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// Splits a number of any length into sign (`true` if negative), significant digits and exponent.
/// Returns `None` if the exponent does not fit into 64 bits.
fn number(text: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (negative, unsigned) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    let trimmed = significant.trim_end_matches('0');
    if trimmed.is_empty() {
        return Some((false, String::new(), 0));
    }
    let shift = i64::try_from(significant.len() - trimmed.len()).ok()? - i64::try_from(fraction.len()).ok()?;
    Some((negative, trimmed.to_owned(), exponent.parse::<i64>().ok()?.checked_add(shift)?))
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn depth_takes_no_stack() {
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(same(&deep("1"), &deep("1")) && !same(&deep("1"), &deep("2")));
        let nested = |inner: &str| format!("{}{inner}{}", "[".repeat(500), "]".repeat(500));
        assert!(same(&nested("1.0"), &nested("1")));
    }

    #[test]
    fn by_value() {
        assert!(
            !same("1e99999999999999999999", "7e-99999999999999999999"),
            "exponents too long to compare are not equal"
        );
        assert!(
            same("1e400", "10e399")
                && same("-0", "0")
                && same("123456789012345678901234567890", "123456789012345678901234567890.0")
        );
        assert!(!same("1e400", "1e401") && !same("1", "\"1\"") && !same("[1]", "[1,1]") && !same("null", "{}"));
        assert!(
            same(r#""é""#, r#""\u00e9""#) && same(r#"{"a":1,"a":2}"#, r#"{"a":2}"#) && !same(r#"{"a":null}"#, "{}")
        );
    }
}
