//! Secrets in kept payloads (decisions 5.10): each string or number under a listed member becomes `"***"`, the rest stays
//! byte for byte.

use std::borrow::Cow;
use vcp_schema::{
    FieldPath, RawJson, Step,
    json::{
        is_number, string,
        tokens::{TokenKind, Tokens},
    },
};

/// What stands in place of a secret.
pub(crate) const MASK: &str = "\"***\"";

/// A list of members whose leaves are masked. At most 64 patterns.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    anchored: bool,
    /// Names that must enclose the member, from the outermost down.
    outer: Vec<String>,
    /// Whether any number of other names may stand between them and the member.
    anywhere_below: bool,
    /// The name of the member; with `*` for any run of characters, then without regard to case.
    last: String,
    is_glob: bool,
    /// Only the member itself is masked, not what is below it.
    leaf_only: bool,
}

impl Pattern {
    /// Reads `a.b`, `$.a.b`, `a.*`, `a.**.*b*`, `a!`.
    fn parse(text: &str) -> Self {
        let (text, leaf_only) = text.strip_suffix('!').map_or((text, false), |text| (text, true));
        let (anchored, names) = text.strip_prefix("$.").map_or((false, text), |names| (true, names));
        let mut outer: Vec<String> = names.split('.').map(str::to_owned).collect();
        let last = outer.pop().unwrap_or_default();
        let anywhere_below = outer.last().is_some_and(|name| name == "**");
        if anywhere_below {
            outer.pop();
        }
        Self {
            anchored,
            outer,
            anywhere_below,
            is_glob: last.contains('*'),
            last: if last.contains('*') { last.to_ascii_lowercase() } else { last },
            leaf_only,
        }
    }

    /// Whether it names one place.
    fn is_rooted(&self) -> bool {
        self.anchored && !self.anywhere_below && !self.is_glob
    }

    /// Whether the pattern is of a form that works.
    fn is_sound(&self) -> bool {
        let is_plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$ .*".contains(&b));
        let is_name = |name: &str| !name.is_empty() && !name.contains('*') && is_plain(name);
        self.outer.iter().all(|name| is_name(name))
            && !self.last.is_empty()
            && self.last != "**"
            && is_plain(&self.last)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.outer.iter().chain([&self.last]).map(String::as_str)
    }

    /// Whether the names down to here end with the outer names of the pattern.
    fn encloses(&self, stack: &[Frame<'_>]) -> bool {
        let mut names = stack.iter().rev().filter_map(|frame| frame.name.as_deref());
        self.outer.iter().rev().all(|outer| names.next() == Some(outer)) && (!self.anchored || names.next().is_none())
    }

    /// Whether a member below here can fit.
    fn can_follow(&self, stack: &[Frame<'_>]) -> bool {
        let mut names = stack.iter().filter_map(|frame| frame.name.as_deref());
        let mut outer = self.outer.iter();
        !self.anchored || names.all(|name| outer.next().map_or(self.anywhere_below, |wanted| wanted == name))
    }

    /// Whether a name, or the same in lower case for a glob, fits.
    fn fits(&self, name: &str, lower: &mut Option<String>) -> bool {
        if !self.is_glob {
            return self.last == name;
        }
        fits_glob(&self.last, lower.get_or_insert_with(|| name.to_ascii_lowercase()))
    }
}

impl Secrets {
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        Self { patterns: patterns.into_iter().map(Pattern::parse).collect() }
    }

    /// Whether there are more patterns than fit.
    pub(crate) fn is_too_long(&self) -> bool {
        self.patterns.len() > 64
    }

    /// Whether every pattern is of a form that works.
    pub(crate) fn are_sound(&self) -> bool {
        self.patterns.iter().all(Pattern::is_sound)
    }

    /// Whether the text can hold a listed member at all; most do not, and need no further look.
    fn may_occur(&self, json: &str) -> bool {
        let occurs = |name: &str| name.contains('*') || json.contains(name);
        may_hide_names(json) || self.patterns.iter().any(|pattern| pattern.names().all(occurs))
    }

    /// The members with one place each, by their dotted names from the root, and whether only a leaf there is masked. Such a member is found by the walk
    /// that finds everything else.
    pub(crate) fn rooted(&self) -> impl Iterator<Item = (String, bool)> {
        let rooted = self.patterns.iter().filter(|pattern| pattern.is_rooted());
        rooted.map(|pattern| (pattern.names().collect::<Vec<_>>().join("."), pattern.leaf_only))
    }

    /// Whether the text can hold no listed member but those with one place each.
    pub(crate) fn are_rooted_in(&self, json: &str) -> bool {
        let occurs = |name: &str| name.contains('*') || json.contains(name);
        !may_hide_names(json)
            && !self.patterns.iter().any(|pattern| !pattern.is_rooted() && pattern.names().all(occurs))
    }

    /// The text of a member with secrets masked; `None` when there are none in it. The text must be JSON.
    pub(crate) fn mask_at(&self, path: &FieldPath, json: &str) -> Option<String> {
        let mut whole = String::new();
        for step in path.steps() {
            if let Step::Name(name) = step {
                whole.push('{');
                whole.push_str(RawJson::from_text(name).as_str());
                whole.push(':');
            }
        }
        let (start, end) = (whole.len(), path.steps().len());
        whole.push_str(json);
        whole.push_str(&"}".repeat(end));
        let (text, masked) = self.mask(&whole);
        let part = text.get(start..text.len().saturating_sub(end))?;
        (!masked.is_empty()).then(|| part.to_owned())
    }

    /// The text with secrets masked, and the members masked, as JSON Pointers. The text must be JSON.
    pub(crate) fn mask<'t>(&self, json: &'t str) -> (Cow<'t, str>, Vec<String>) {
        if self.patterns.is_empty() || !self.may_occur(json) {
            return (Cow::Borrowed(json), Vec::new());
        }
        let mut masker = Masker {
            secrets: self,
            json,
            out: String::with_capacity(json.len()),
            copied: 0,
            stack: Vec::new(),
            budget: json.len() + 64 * 1024,
            masked: Vec::new(),
        };
        masker.run();
        if masker.masked.is_empty() {
            return (Cow::Borrowed(json), Vec::new());
        }
        masker.out.push_str(json.get(masker.copied..).unwrap_or_default());
        (Cow::Owned(masker.out), masker.masked)
    }
}

/// Whether a name could stand in the text in another spelling: with an escape for a character that names are made of. Letters beyond ASCII, and
/// punctuation that some writers escape, are in no name that is listed.
fn may_hide_names(json: &str) -> bool {
    memchr::memmem::find_iter(json.as_bytes(), b"\\u00").any(|at| {
        let digits = json.get(at + 4..at + 6).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        digits.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$' | b' ' | b'.'))
    })
}

/// An open object or list.
struct Frame<'t> {
    /// The name of the member being read; `None` in a list.
    name: Option<Cow<'t, str>>,
    index: usize,
    is_object: bool,
    /// Everything in here is masked.
    all: bool,
    /// The value that comes next is masked.
    next: bool,
    /// So is everything in it.
    next_all: bool,
    /// By pattern, one bit each: it can fit a member of this object.
    here: u64,
    /// By pattern, one bit each: it can fit a member of any object from here down.
    below: u64,
}

struct Masker<'m, 't> {
    secrets: &'m Secrets,
    json: &'t str,
    out: String,
    copied: usize,
    stack: Vec<Frame<'t>>,
    /// How many bytes of pointers may still be made.
    budget: usize,
    masked: Vec<String>,
}

impl<'t> Masker<'_, 't> {
    fn run(&mut self) {
        let mut tokens = Tokens::new(self.json);
        let mut wants_name = false;
        loop {
            let from = tokens.offset();
            let Some(token) = tokens.next() else { return };
            match token.kind {
                TokenKind::Open if self.is_dead() => {
                    tokens.skip_container();
                    wants_name = false;
                }
                TokenKind::Open => {
                    wants_name = token.first() == b'{';
                    self.open(wants_name);
                }
                TokenKind::Close => {
                    self.stack.pop();
                    wants_name = false;
                }
                TokenKind::Comma => {
                    if let Some(frame) = self.stack.last_mut() {
                        frame.index += 1;
                        wants_name = frame.is_object;
                    }
                }
                TokenKind::String if wants_name => {
                    self.enter(token.text);
                    wants_name = false;
                }
                TokenKind::String if self.is_masking() => self.leaf(from, tokens.offset()),
                TokenKind::Scalar if is_number(token.text) && self.is_masking() => self.leaf(from, tokens.offset()),
                TokenKind::String | TokenKind::Scalar | TokenKind::Colon | TokenKind::Space => {}
            }
        }
    }

    /// Whether the value that comes next is under a listed member.
    fn is_masking(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.next)
    }

    /// Whether nothing in the value that comes next can be masked.
    fn is_dead(&self) -> bool {
        !self.is_masking() && !self.secrets.patterns.iter().any(|pattern| pattern.can_follow(&self.stack))
    }

    /// An object or a list begins.
    fn open(&mut self, is_object: bool) {
        let all = self.stack.last().is_some_and(|frame| frame.next_all);
        let (here, below) = match self.stack.last() {
            // Lists do not count among the names: what can fit in one element can fit in all.
            Some(list) if !list.is_object => (list.here, list.below),
            parent => {
                let mut bits = (0, parent.map_or(0, |parent| parent.below));
                for (bit, pattern) in self.secrets.patterns.iter().enumerate().filter(|(_, p)| p.encloses(&self.stack))
                {
                    if pattern.anywhere_below {
                        bits.1 |= 1 << bit;
                    } else {
                        bits.0 |= 1 << bit;
                    }
                }
                bits
            }
        };
        self.stack.push(Frame { name: None, index: 0, is_object, all, next: all, next_all: all, here, below });
    }

    /// A member's name has been read.
    fn enter(&mut self, name: &'t str) {
        let Some(frame) = self.stack.last_mut() else { return };
        let name = string::decode_lossy(name).unwrap_or_default();
        let mut can_fit = if frame.all { 0 } else { frame.here | frame.below };
        let mut lower = None;
        (frame.next, frame.next_all) = (frame.all, frame.all);
        while can_fit != 0 && !frame.next_all {
            let pattern = self.secrets.patterns.get(can_fit.trailing_zeros() as usize);
            if let Some(pattern) = pattern.filter(|pattern| pattern.fits(&name, &mut lower)) {
                frame.next = true;
                frame.next_all = !pattern.leaf_only;
            }
            can_fit &= can_fit - 1;
        }
        frame.name = Some(name);
    }

    fn leaf(&mut self, from: usize, to: usize) {
        self.out.push_str(self.json.get(self.copied..from).unwrap_or_default());
        self.out.push_str(MASK);
        self.copied = to;
        self.note();
    }

    /// Notes the place of what is masked. Many leaves below long names would make pointers without end: when the pointers are
    /// longer than the payload, the rest is named by the payload itself, once.
    fn note(&mut self) {
        if self.budget == 0 {
            return;
        }
        let path = self.stack.iter().fold(FieldPath::root(), |path, frame| match &frame.name {
            Some(name) => path.name(name.as_ref()),
            None => path.index(frame.index),
        });
        let pointer = path.pointer();
        self.budget = self.budget.saturating_sub(pointer.len());
        self.masked.push(if self.budget == 0 { String::new() } else { pointer });
    }
}

/// Whether a name in lower case fits a glob of literal parts and `*`.
fn fits_glob<'n>(glob: &str, name: &'n str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else { return glob == name };
    let (parts, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let middle =
        |rest: &'n str| parts.split('*').try_fold(rest, |rest, part| rest.split_once(part).map(|(_, after)| after));
    name.strip_prefix(first).and_then(middle).is_some_and(|rest| rest.ends_with(last))
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
        let json =
            r#"{ "secret" : "a\"b", "x":{"secret":[1.5e3, true, {"y":"z","n":null}], "z":1}, "not_secret": "kept" }"#;
        let (text, masked) = mask(&["secret"], json);
        assert_eq!(
            text,
            r#"{ "secret" : "***", "x":{"secret":["***", true, {"y":"***","n":null}], "z":1}, "not_secret": "kept" }"#
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
        assert_eq!(mask(&["$.c.**.b"], json).1, ["/c/0/a/b"]);
        assert_eq!(mask(&["**.b"], json).1, ["/a/b", "/c/0/a/b"]);
        assert_eq!(mask(&["a.*"], json).1, ["/a/b", "/c/0/a/b", "/c/0/a/API_token"]);
    }

    #[test]
    fn a_member_itself_and_nothing_below() {
        let json = r#"{"a":"1","b":{"a":{"c":"2"}},"d":[{"a":3}]}"#;
        assert_eq!(mask(&["a!"], json).1, ["/a", "/d/0/a"]);
    }

    #[test]
    fn a_member_is_masked_as_it_is_in_its_document() {
        let secrets = Secrets::new(["$.a.b.**.*token*", "$.a.c"]);
        let at = |path: &str, json: &str| secrets.mask_at(&FieldPath::from_dotted(path), json);
        assert_eq!(at("a.b", r#"{"x":{"token":"1"},"y":2}"#).unwrap(), r#"{"x":{"token":"***"},"y":2}"#);
        assert_eq!(at("b", r#"{"x":{"token":"1"}}"#), None);
        assert_eq!(at("a.c", "7").unwrap(), r#""***""#);
    }

    #[test]
    fn names_in_strings_are_no_names() {
        assert_eq!(mask(&["secret"], r#"{"a":"{\"secret\":\"x\"}","b":["secret","x"]}"#).1, [""; 0]);
    }

    #[test]
    fn escapes_that_can_hide_a_name() {
        for (text, hides) in
            [(r"\u0061", true), (r"\u005F", true), (r"\u0027", false), (r"\u00e9", false), (r"\u2019\u00", false)]
        {
            assert_eq!(may_hide_names(text), hides, "{text}");
        }
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
    fn an_odd_name_hides_nothing() {
        let (text, masked) = mask(&["v.*token*"], r#"{"v":{"token\ud800":"x"},"x\ud800":{"v":{"token":"y"}}}"#);
        assert!(!text.contains("\"x\"") && !text.contains("\"y\""), "{text}");
        assert_eq!(masked, ["/v/token\u{fffd}", "/x\u{fffd}/v/token"]);
    }

    #[test]
    fn pointers_stay_shorter_than_the_payload() {
        let leaves = "0,".repeat(50_000);
        let deep = format!(r#"{{"secret":{}{leaves}0{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
        let wide = format!(r#"{{"secret":{{"{}":[{leaves}0]}}}}"#, "n".repeat(100_000));
        for json in [deep, wide] {
            let (text, masked) = mask(&["secret"], &json);
            assert_eq!(text.matches("***").count(), 50_001);
            assert_eq!(masked.last().map(String::as_str), Some(""), "the rest is named by the payload itself");
            assert!(masked.iter().map(String::len).sum::<usize>() <= json.len() + 64 * 1024);
        }
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
