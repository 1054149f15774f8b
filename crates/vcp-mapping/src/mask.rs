//! Secrets in kept payloads (decisions 5.10): each string or number under a listed member becomes `"***"`, the rest stays
//! byte for byte.

use std::borrow::Cow;
use vcp_schema::FieldPath;

/// A list of members whose leaves are masked.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    anchored: bool,
    /// Names from the outermost down. One with `*` fits any run of characters there, and any case; `**` fits any number of names.
    names: Vec<String>,
}

impl Secrets {
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let pattern = |text: &str| {
            let (anchored, names) = text.strip_prefix("$.").map_or((false, text), |names| (true, names));
            Pattern { anchored, names: names.split('.').map(str::to_owned).collect() }
        };
        Self { patterns: patterns.into_iter().map(pattern).collect() }
    }

    /// Whether the text can hold a listed member at all; most do not, and need no further look.
    fn may_occur(&self, json: &str) -> bool {
        let occurs = |name: &String| name.contains('*') || json.contains(name.as_str());
        json.contains("\\u") || self.patterns.iter().any(|pattern| pattern.names.iter().all(occurs))
    }

    /// The text with secrets masked, and the members masked, as JSON Pointers. The text must be JSON.
    pub(crate) fn mask<'t>(&self, json: &'t str) -> (Cow<'t, str>, Vec<String>) {
        if self.patterns.is_empty() || !self.may_occur(json) {
            return (Cow::Borrowed(json), Vec::new());
        }
        let mut masker =
            Masker { secrets: self, json, out: String::new(), copied: 0, stack: Vec::new(), masked: Vec::new() };
        masker.run();
        if masker.masked.is_empty() {
            return (Cow::Borrowed(json), Vec::new());
        }
        masker.out.push_str(json.get(masker.copied..).unwrap_or_default());
        (Cow::Owned(masker.out), masker.masked)
    }
}

/// An open object or list.
struct Frame {
    /// The name of the member being read; `None` in a list.
    name: Option<String>,
    index: usize,
    is_object: bool,
    /// Everything in here is masked.
    masking: bool,
    /// The member being read is listed.
    listed: bool,
}

struct Masker<'m, 't> {
    secrets: &'m Secrets,
    json: &'t str,
    out: String,
    copied: usize,
    stack: Vec<Frame>,
    masked: Vec<String>,
}

impl Masker<'_, '_> {
    fn run(&mut self) {
        let bytes = self.json.as_bytes();
        let mut at = 0;
        let mut wants_name = false;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => {
                    let masking = self.is_masked();
                    let is_object = *byte == b'{';
                    self.stack.push(Frame { name: None, index: 0, is_object, masking, listed: false });
                    wants_name = is_object;
                    at += 1;
                }
                b'}' | b']' => {
                    self.stack.pop();
                    wants_name = false;
                    at += 1;
                }
                b',' => {
                    if let Some(frame) = self.stack.last_mut() {
                        frame.index += 1;
                        wants_name = frame.is_object;
                    }
                    at += 1;
                }
                b'"' => {
                    let end = string_end(bytes, at);
                    if wants_name {
                        self.enter(
                            serde_json::from_str(self.json.get(at..end).unwrap_or_default()).unwrap_or_default(),
                        );
                        wants_name = false;
                    } else {
                        self.leaf(at, end);
                    }
                    at = end;
                }
                b'-' | b'0'..=b'9' => {
                    let length = bytes
                        .iter()
                        .skip(at)
                        .take_while(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                        .count();
                    self.leaf(at, at + length);
                    at += length;
                }
                _ => at += 1,
            }
        }
    }

    /// A member's name has been read.
    fn enter(&mut self, name: String) {
        if let Some(frame) = self.stack.last_mut() {
            frame.name = Some(name);
        }
        let names: Vec<&str> = self.stack.iter().filter_map(|frame| frame.name.as_deref()).collect();
        let listed = self.secrets.patterns.iter().any(|pattern| fits(&pattern.names, &names, pattern.anchored));
        if let Some(frame) = self.stack.last_mut() {
            frame.listed = listed;
        }
    }

    /// Whether the value that comes next is under a listed member.
    fn is_masked(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.masking || frame.listed)
    }

    fn leaf(&mut self, from: usize, to: usize) {
        if !self.is_masked() {
            return;
        }
        self.out.push_str(self.json.get(self.copied..from).unwrap_or_default());
        self.out.push_str("\"***\"");
        self.copied = to;
        let path = self.stack.iter().fold(FieldPath::root(), |path, frame| match &frame.name {
            Some(name) => path.name(name),
            None => path.index(frame.index),
        });
        self.masked.push(path.pointer());
    }
}

/// The end of a string, after its closing quotation mark.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// Whether the names down to a member end with those of a pattern.
fn fits(pattern: &[String], names: &[&str], anchored: bool) -> bool {
    match pattern.split_last() {
        None => !anchored || names.is_empty(),
        Some((glob, outer)) if glob == "**" => {
            (0..=names.len()).any(|kept| fits(outer, names.get(..kept).unwrap_or_default(), anchored))
        }
        Some((glob, outer)) => {
            names.split_last().is_some_and(|(name, rest)| matches(glob, name) && fits(outer, rest, anchored))
        }
    }
}

/// Whether a name fits a glob of literal parts and `*`.
fn matches(glob: &str, name: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else { return glob == name };
    let name = &name.to_lowercase();
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = name.split_once(part) else { return false };
        name = after;
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(patterns: &[&str], json: &str) -> (String, Vec<String>) {
        let (text, masked) = Secrets::new(patterns.iter().copied()).mask(json);
        (text.into_owned(), masked)
    }

    #[test]
    fn masks_leaves_under_listed_members() {
        let json = r#"{ "secret" : "a\"b", "x":{"secret":[1.5e3, true, {"y":"z","n":null}]}, "not_secret": "kept" }"#;
        let (text, masked) = mask(&["secret"], json);
        assert_eq!(
            text,
            r#"{ "secret" : "***", "x":{"secret":["***", true, {"y":"***","n":null}]}, "not_secret": "kept" }"#
        );
        assert_eq!(masked, ["/secret", "/x/secret/0", "/x/secret/2/y"]);
    }

    #[test]
    fn anchors_globs_and_lists() {
        let json = r#"{"a":{"b":"1"},"c":[{"a":{"b":"2","API_token":"3"}}],"token":"4"}"#;
        assert_eq!(mask(&["$.a.b"], json).1, ["/a/b"]);
        assert_eq!(mask(&["a.b"], json).1, ["/a/b", "/c/0/a/b"]);
        assert_eq!(mask(&["a.*token*"], json).1, ["/c/0/a/API_token"]);
        assert_eq!(mask(&["c.**.*token*"], json).1, ["/c/0/a/API_token"]);
        assert_eq!(mask(&["$.**.b"], json).1, ["/a/b", "/c/0/a/b"]);
        assert_eq!(mask(&["a.*"], json).1, ["/a/b", "/c/0/a/b", "/c/0/a/API_token"]);
    }

    #[test]
    fn a_name_in_escapes_hides_nothing() {
        assert_eq!(mask(&["secret"], r#"{"\u0073ecret":"x"}"#).0, r#"{"\u0073ecret":"***"}"#);
    }

    #[test]
    fn untouched_text_is_not_copied() {
        assert!(matches!(Secrets::new(["secret"]).mask(r#"{"a":"b"}"#).0, Cow::Borrowed(_)));
    }

    #[test]
    fn deep_text_is_no_danger() {
        let deep = format!(r#"{{"secret":{}"x"{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(mask(&["secret"], &deep).1.len(), 1);
    }

    proptest! {
        #[test]
        fn without_a_match_nothing_changes_and_json_stays_json(json in "[\\[\\]{}:,\"\\\\a-c0-9 ]{0,40}") {
            if serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok() {
                let (text, masked) = mask(&["a"], &json);
                prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(), "{}", text);
                prop_assert_eq!(masked.is_empty(), text == json);
            }
        }
    }
}
