//! The members of an object and the elements of a list, each as its text.

use super::{cursor::Cursor, reader::Reader, string::Quoted, trim};
use std::{borrow::Cow, collections::HashMap};

/// A member: its decoded name, and the text of its value.
pub type Member<'t> = (Cow<'t, str>, &'t str);

/// Returns the members of an object in order, with names as they are spelled. Empty for any other
/// value.
pub fn spelled(json: &str) -> impl Iterator<Item = (Quoted<'_>, &str)> {
    let json = trim(json);
    let mut cursor = json.starts_with('{').then(|| Cursor::new(json));
    if let Some(cursor) = &mut cursor {
        cursor.enter();
    }
    std::iter::from_fn(move || {
        let cursor = cursor.as_mut()?;
        let name = cursor.name()?;
        Some((name, cursor.value()))
    })
}

/// Returns the members of an object in order. Lone surrogates in names become U+FFFD. Returns
/// `None` for any other value.
#[must_use]
pub fn all(json: &str) -> Option<Vec<Member<'_>>> {
    let members = || spelled(json).map(|(name, value)| (name.decode_lossy(), value)).collect();
    trim(json).starts_with('{').then(members)
}

/// Returns the members of an object in the order of their first appearance. A repeated name has its
/// last value, as Python and JavaScript read it. Returns `None` for any other value.
///
/// ```
/// let members = vcp_schema::json::members::last(r#"{"a":1,"b":2,"a":3}"#).unwrap();
/// assert_eq!(members, [("a".into(), "3"), ("b".into(), "2")]);
/// ```
#[must_use]
pub fn last(json: &str) -> Option<Vec<Member<'_>>> {
    const FEW: usize = 16;
    let all = all(json)?;
    if all.len() <= FEW
        && !all.iter().enumerate().any(|(at, (name, _))| all.iter().skip(at + 1).any(|(n, _)| n == name))
    {
        return Some(all);
    }
    let mut members: Vec<Member<'_>> = Vec::with_capacity(all.len());
    let mut places: HashMap<Cow<'_, str>, usize> = HashMap::with_capacity(all.len());
    for (name, value) in all {
        let at = *places.entry(name.clone()).or_insert(members.len());
        match members.get_mut(at) {
            Some((_, known)) => *known = value,
            None => members.push((name, value)),
        }
    }
    Some(members)
}

/// Returns the value of a member of an object. If the name is repeated, the last value counts.
/// Returns `None` if there is no such member, and for any other value.
#[must_use]
pub fn get<'t>(json: &'t str, name: &str) -> Option<&'t str> {
    spelled(json).filter(|(spelled, _)| spelled.is(name)).last().map(|(_, value)| value)
}

/// Returns the value at a JSON Pointer (RFC 6901). If a name is repeated, its last value counts.
/// The empty pointer is the whole value. Returns `None` if there is no such value, or if the
/// pointer is not valid.
///
/// ```
/// use vcp_schema::json::members::pointer;
/// let json = r#"{"a/b": [1, {"c": 2, "c": 3}]}"#;
/// assert_eq!(pointer(json, "/a~1b/1/c"), Some("3"));
/// assert_eq!(pointer(json, "/a~1b/2"), None);
/// ```
#[must_use]
pub fn pointer<'t>(json: &'t str, pointer: &str) -> Option<&'t str> {
    if pointer.is_empty() {
        return Some(trim(json));
    }
    pointer.strip_prefix('/')?.split('/').try_fold(trim(json), |json, step| match json.as_bytes().first()? {
        b'{' => get(json, &name_of_step(step)?),
        b'[' => elements(json).nth(index_of_step(step)?),
        _ => None,
    })
}

/// Returns the name that a step of a JSON Pointer spells. Returns `None` if `~` is not followed by
/// 0 or 1.
fn name_of_step(step: &str) -> Option<Cow<'_, str>> {
    if !step.contains('~') {
        return Some(Cow::Borrowed(step));
    }
    let is_valid = step.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    is_valid.then(|| Cow::Owned(step.replace("~1", "/").replace("~0", "~")))
}

/// Returns the index that a step of a JSON Pointer spells. An index is digits without a leading
/// zero.
pub(super) fn index_of_step(step: &str) -> Option<usize> {
    let is_valid = step.bytes().all(|byte| byte.is_ascii_digit()) && (step == "0" || !step.starts_with('0'));
    is_valid.then(|| step.parse().ok())?
}

/// Returns the elements of a list in order. Empty for any other value.
pub fn elements(json: &str) -> impl Iterator<Item = &str> {
    let json = trim(json);
    let mut cursor = json.starts_with('[').then(|| Cursor::new(json));
    if let Some(cursor) = &mut cursor {
        cursor.enter();
    }
    std::iter::from_fn(move || {
        let cursor = cursor.as_mut()?;
        cursor.element().then(|| cursor.value())
    })
}

/// Returns the elements of a list. Returns `None` for any other value.
#[must_use]
pub fn list(json: &str) -> Option<Vec<&str>> {
    trim(json).starts_with('[').then(|| elements(json).collect())
}

/// Counts the members of an object or the elements of a list, up to `most`. Returns 0 for any other
/// value.
#[must_use]
pub fn count(json: &str, most: usize) -> usize {
    spelled(json).take(most).count() + elements(json).take(most).count()
}

/// Returns the value of a member of an object that is the whole text. If the name is repeated, the
/// last value counts. Returns `None` if there is no such member, or if the text is not a
/// well-formed object.
///
/// Unlike the other functions of this module, this function checks that the text is JSON.
#[must_use]
pub fn of_whole_object<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (mut json, mut found) = (Reader::new(text), None);
    if json.peek() != b'{' {
        return None;
    }
    let mut more = json.enter().ok()?;
    while more {
        let is_wanted = json.name().ok()?.is(name);
        let value = json.value(|_| {}).ok()?;
        found = Some(value).filter(|_| is_wanted).or(found);
        more = json.more(b'}').ok()?;
    }
    json.end().ok()?;
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_counts() {
        let text = r#"{"a": 1, "b": [ 2 ], "\u0061": {"c": 3}}"#;
        assert_eq!(last(text).unwrap(), [("a".into(), r#"{"c": 3}"#), ("b".into(), "[ 2 ]")]);
        assert_eq!(get(text, "a"), Some(r#"{"c": 3}"#));
        assert_eq!(all(text).unwrap().len(), 3);
        assert_eq!((all("[]"), last("[]"), get("[]", "a"), list("{}")), (None, None, None, None));
        assert_eq!(list("[1, {}]").unwrap(), ["1", "{}"]);
    }

    #[test]
    fn pointers_are_those_of_rfc_6901() {
        // The document and the pointers of the RFC, section 5.
        let text = r#"{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8}"#;
        for (at, value) in [
            ("", text),
            ("/foo", r#"["bar", "baz"]"#),
            ("/foo/0", r#""bar""#),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            assert_eq!(pointer(text, at), Some(value), "{at}");
        }
        for at in [
            "foo", "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/+1", "/foo/", "/foo/0/0", "/m~n", "/m~2n", "/m~",
            "//",
        ] {
            assert_eq!(pointer(text, at), None, "{at}");
        }
        assert_eq!(pointer(r#" {"~1": {"\u0061": 1, "a": [ 2 ]}} "#, "/~01/a/0"), Some("2"));
    }

    #[test]
    fn a_name_with_a_lone_surrogate_loses_no_member() {
        assert_eq!(all(r#"{"\ud800":1,"b":2}"#).unwrap(), [("\u{fffd}".into(), "1"), ("b".into(), "2")]);
    }

    #[test]
    fn many_members_are_read_in_linear_time() {
        let text = format!("{{{}\"z\":0}}", "\"a\":1,".repeat(200_000));
        assert_eq!(last(&text).unwrap(), [("a".into(), "1"), ("z".into(), "0")]);
    }
}
