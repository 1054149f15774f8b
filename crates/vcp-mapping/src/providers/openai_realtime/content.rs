//! The comparison of events that have the same id.

use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use vcp_schema::{
    Decimal,
    json::{members, string},
};

/// The depth down to which values are compared. Deeper ones must have the same text. Events are not
/// as deep.
const DEEPEST: usize = 64;

/// A digest of what a JSON text says. White space, the order of members, and the spelling of
/// strings and numbers do not matter. Of a repeated member, the last value counts.
///
/// A digest takes less memory than a parsed value: an object needs its members only while it is
/// read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentDigest([u8; 32]);

impl ContentDigest {
    pub(super) fn of(json: &str) -> Self {
        let mut digest = Sha256::new();
        feed(json.trim(), 0, &mut digest);
        Self(digest.finalize().into())
    }
}

/// Adds a value to a digest. Each part starts with its kind, and ends with its length or a bracket,
/// so that different values never give the same bytes.
fn feed(json: &str, depth: usize, digest: &mut Sha256) {
    match json.as_bytes().first() {
        Some(b'{') if depth < DEEPEST => {
            // A name with a lone surrogate cannot be decoded. It is never equal to one that can.
            let mut members: Vec<((&str, Cow<'_, str>), &str)> = members::spelled(json)
                .map(|(name, value)| (name.decode().map_or(("u", Cow::Borrowed(name.raw)), |name| ("n", name)), value))
                .collect();
            // The sort keeps the order of members with the same name.
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            digest.update("{");
            for (at, (name, value)) in members.iter().enumerate() {
                if members.get(at + 1).is_none_or(|(next, _)| next != name) {
                    text(name.0, &name.1, digest);
                    feed(value, depth + 1, digest);
                }
            }
            digest.update("}");
        }
        Some(b'[') if depth < DEEPEST => {
            digest.update("[");
            members::elements(json).for_each(|element| feed(element, depth + 1, digest));
            digest.update("]");
        }
        Some(b'"') => match string::decode(json) {
            Some(decoded) => text("s", &decoded, digest),
            None => text("r", json, digest),
        },
        _ => match json.parse::<Decimal>() {
            Ok(number) => text("d", &number.to_string(), digest),
            Err(_) => text("r", json, digest),
        },
    }
}

fn text(kind: &str, text: &str, digest: &mut Sha256) {
    digest.update(kind);
    digest.update(text.len().to_le_bytes());
    digest.update(text);
}

#[cfg(test)]
mod tests {
    use super::ContentDigest;

    #[test]
    fn only_content_counts() {
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(200_000), "]".repeat(200_000));
        let same = |a: &str, b: &str| ContentDigest::of(a) == ContentDigest::of(b);
        assert!(same(r#"{"a":1,"b":[{"c":"x","d":null}]}"#, r#" {"b" : [{"d":null, "c":"\u0078"}], "a":1.0}"#));
        assert!(same(r#"{"a":1,"a":2}"#, r#"{"a":2}"#));
        assert!(same(r#"{"a":1e400,"b":"\ud800"}"#, r#"{"b":"\ud800","a":1e400}"#));
        assert!(same(&format!(r#"{{"a":1,"b":{}}}"#, deep("1")), &format!(r#"{{"b":{},"a":1}}"#, deep("1"))));
        for (a, b) in [
            (r#"{"a":1}"#, r#"{"a":2}"#),
            (r#"{"a":"1"}"#, r#"{"a":1}"#),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
            (r#"{"a":[1],"b":2}"#, r#"{"a":[1,2],"b":2}"#),
            (r#"{"a":null}"#, "{}"),
            (r#"{"a":"\ud800"}"#, r#"{"a":"\ud801"}"#),
            (r#"["ab","c"]"#, r#"["a","bc"]"#),
            (r#"[[],[]]"#, r#"[[[]]]"#),
            (r#"{"a":1e400}"#, r#"{"a":1e401}"#),
            (r#"{"\ud800":1}"#, r#"{"\\ud800":1}"#),
            (r#"{"\ud800":1,"\\ud800":2}"#, r#"{"\\ud800":2}"#),
            (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
        assert!(!same(&deep("1"), &deep("2")));
    }
}
