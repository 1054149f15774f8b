//! Equality of JSON texts. A null member counts as a member. The order of members does not matter.
//! Numbers are compared by value. Timestamps may differ in `T` or a space.

use serde_json::value::RawValue;
use vcp_schema::{Decimal, Timestamp};

/// Returns whether two texts have the same content. The two kinds of lone surrogates that are
/// generated are replaced by different texts.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let readable = |text: &str| text.replace("\\ud800", "<ud800>").replace("\\udfff", "<udfff>");
    same_value(&readable(a), &readable(b))
}

fn same_value(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    if a == b {
        return true;
    }
    match (a.as_bytes()[0], b.as_bytes()[0]) {
        (b'{', b'{') => {
            let (a, b) = (members(a), members(b));
            a.len() == b.len()
                && a.iter()
                    .all(|(name, value)| b.iter().any(|(other, b)| other == name && same_value(value.get(), b.get())))
        }
        (b'[', b'[') => {
            let elements = |text: &str| serde_json::from_str::<Vec<Box<RawValue>>>(text).unwrap();
            let (a, b) = (elements(a), elements(b));
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same_value(a.get(), b.get()))
        }
        (b'"', b'"') => {
            let (Ok(a), Ok(b)) = (serde_json::from_str::<String>(a), serde_json::from_str::<String>(b)) else {
                return false;
            };
            a == b || (a.parse::<Timestamp>().is_ok_and(|a| b.parse() == Ok(a)))
        }
        _ => a.parse::<Decimal>().is_ok_and(|a| b.parse() == Ok(a)),
    }
}

fn members(text: &str) -> Vec<(String, Box<RawValue>)> {
    super::expected::members(text)
}
