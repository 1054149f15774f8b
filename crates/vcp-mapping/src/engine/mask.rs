//! The masking of secrets in kept payloads. Each string or number under a listed member becomes
//! `"***"`. The rest stays byte for byte.

use crate::rules::secrets::{Pattern, Secrets, may_hide_names, occurring};
use std::borrow::Cow;
use vcp_schema::{
    FieldPath, RawJson, Step,
    json::{
        is_number, string,
        tokens::{TokenKind, Tokens},
    },
};

/// The JSON text that replaces a secret.
pub(crate) const MASK: &str = "\"***\"";

impl Secrets {
    /// Returns the text with its secrets masked, and the pointers of the masked members. The text
    /// must be JSON.
    pub(crate) fn mask<'t>(&self, json: &'t str) -> (Cow<'t, str>, Vec<String>) {
        mask(json, self.occurring(json))
    }
}

/// Returns the text of a member with its secrets masked, or `None` if it has none. `patterns` are
/// those that the payload has names for. The text must be JSON.
pub(crate) fn mask_at(path: &FieldPath, json: &str, patterns: Vec<&Pattern>) -> Option<String> {
    if patterns.is_empty() {
        return None;
    }
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
    let patterns = if may_hide_names(&whole) { patterns } else { occurring(patterns, &whole) };
    let (text, masked) = mask(&whole, patterns);
    if masked.is_empty() {
        return None;
    }
    let mut text = text.into_owned();
    text.truncate(text.len().saturating_sub(end));
    text.drain(..start.min(text.len()));
    Some(text)
}

/// Returns the text with the members that patterns fit masked, and the pointers of the masked
/// members. The text must be JSON.
pub(crate) fn mask<'t>(json: &'t str, patterns: Vec<&Pattern>) -> (Cow<'t, str>, Vec<String>) {
    if patterns.is_empty() {
        return (Cow::Borrowed(json), Vec::new());
    }
    let mut masker = Masker {
        patterns,
        json,
        out: String::with_capacity(json.len()),
        copied: 0,
        levels: Vec::with_capacity(16),
        objects: Vec::with_capacity(8),
        budget: json.len() + 64 * 1024,
        masked: Vec::new(),
    };
    masker.objects.push(Object::default());
    masker.run();
    if masker.masked.is_empty() {
        return (Cow::Borrowed(json), Vec::new());
    }
    masker.out.push_str(json.get(masker.copied..).unwrap_or_default());
    (Cow::Owned(masker.out), masker.masked)
}

/// Returns whether the names down to here end with the outer names of the pattern.
fn encloses(pattern: &Pattern, objects: &[Object<'_>]) -> bool {
    let mut names = objects.iter().rev().filter_map(|object| object.name.as_deref());
    pattern.outer.iter().rev().all(|outer| names.next() == Some(outer)) && (!pattern.anchored || names.next().is_none())
}

/// Returns whether a member below here can fit the pattern.
fn can_follow(pattern: &Pattern, objects: &[Object<'_>]) -> bool {
    if !pattern.anchored {
        return true;
    }
    let mut names = objects.iter().filter_map(|object| object.name.as_deref());
    // The time does not depend on the depth.
    let fits = pattern.outer.iter().all(|outer| names.next().is_none_or(|name| name == outer));
    fits && (pattern.anywhere_below || names.next().is_none())
}

/// An open object or list. Lists can be 8 million levels deep, so a level is small.
enum Level {
    Object,
    /// A list, with the index of the element that is being read.
    List(u32),
}

/// An open object. The first entry is no object of the text: its member is the whole text.
#[derive(Default)]
struct Object<'t> {
    /// The name of the member that is being read. `None` before the first one.
    name: Option<Cow<'t, str>>,
    /// `true` if everything in here is masked.
    all: bool,
    /// `true` if the next value is masked, if it is a string or a number.
    next: bool,
    /// `true` if everything in the next value is masked.
    next_all: bool,
    /// The patterns that can fit here.
    patterns: Fitting,
    /// The patterns that can fit in the objects of the member that is being read. They are the same
    /// for all elements of a list, because lists have no names.
    inside: Option<Fitting>,
}

/// The patterns that can fit. Each has one bit.
#[derive(Clone, Copy, Default)]
struct Fitting {
    /// Those that can fit a member of an object.
    here: u64,
    /// Those that can fit a member of an object, or of any object below it.
    below: u64,
}

/// One pass over a text that masks its secrets.
struct Masker<'m, 't> {
    patterns: Vec<&'m Pattern>,
    json: &'t str,
    out: String,
    /// The offset up to which the text is in `out`.
    copied: usize,
    levels: Vec<Level>,
    objects: Vec<Object<'t>>,
    /// The number of bytes of pointers that may still be added.
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
                    if wants_name {
                        self.open();
                    } else {
                        self.levels.push(Level::List(0));
                    }
                }
                TokenKind::Close => {
                    if let Some(Level::Object) = self.levels.pop() {
                        self.objects.pop();
                    }
                    wants_name = false;
                }
                TokenKind::Comma => match self.levels.last_mut() {
                    Some(Level::Object) => wants_name = true,
                    Some(Level::List(index)) => *index = index.saturating_add(1),
                    None => {}
                },
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

    /// Returns whether the next value is that of a listed member or below one.
    fn is_masking(&self) -> bool {
        let is_in_list = matches!(self.levels.last(), Some(Level::List(_)));
        self.objects.last().is_some_and(|object| if is_in_list { object.next_all } else { object.next })
    }

    /// Returns whether nothing in the next value can be masked.
    fn is_dead(&self) -> bool {
        !self.is_masking() && !self.patterns.iter().any(|pattern| can_follow(pattern, &self.objects))
    }

    /// Enters an object.
    fn open(&mut self) {
        let patterns = self.inside();
        let Some(outer) = self.objects.last_mut() else { return };
        outer.inside = Some(patterns);
        let all = outer.next_all;
        self.levels.push(Level::Object);
        self.objects.push(Object { all, next: all, next_all: all, patterns, ..Object::default() });
    }

    /// Returns the patterns that can fit in the objects of the member that is being read.
    fn inside(&self) -> Fitting {
        let outer = self.objects.last();
        outer.and_then(|outer| outer.inside).unwrap_or_else(|| {
            let mut fitting = Fitting { here: 0, below: outer.map_or(0, |outer| outer.patterns.below) };
            for (bit, pattern) in self.patterns.iter().enumerate().filter(|(_, p)| encloses(p, &self.objects)) {
                let bits = if pattern.anywhere_below { &mut fitting.below } else { &mut fitting.here };
                *bits |= 1 << bit;
            }
            fitting
        })
    }

    /// Notes the name of a member, and decides whether its value is masked.
    fn enter(&mut self, name: &'t str) {
        let Some(object) = self.objects.last_mut() else { return };
        let name = string::decode_lossy(name).unwrap_or_default();
        let mut can_fit = if object.all { 0 } else { object.patterns.here | object.patterns.below };
        let mut lower = None;
        (object.next, object.next_all) = (object.all, object.all);
        while can_fit != 0 && !object.next_all {
            let pattern = self.patterns.get(can_fit.trailing_zeros() as usize);
            if let Some(pattern) = pattern.filter(|pattern| pattern.fits(&name, &mut lower)) {
                object.next = true;
                object.next_all = !pattern.leaf_only;
            }
            can_fit &= can_fit - 1;
        }
        (object.name, object.inside) = (Some(name), None);
    }

    /// Replaces a string or number by the mask.
    fn leaf(&mut self, from: usize, to: usize) {
        self.out.push_str(self.json.get(self.copied..from).unwrap_or_default());
        self.out.push_str(MASK);
        self.copied = to;
        self.note();
    }

    /// Notes the pointer of a masked leaf. Many leaves below long names would make pointers without
    /// limit. When the pointers reach the length of the payload and 64 KiB, the empty pointer is
    /// added for this leaf and for all that follow.
    fn note(&mut self) {
        if self.budget == 0 {
            return;
        }
        let mut names = self.objects.iter().skip(1).map(|object| object.name.as_deref().unwrap_or_default());
        let path = self.levels.iter().fold(FieldPath::root(), |path, level| match level {
            Level::Object => path.name(names.next().unwrap_or_default()),
            Level::List(index) => path.index(*index as usize),
        });
        let pointer = path.pointer();
        self.budget = self.budget.saturating_sub(pointer.len());
        self.masked.push(if self.budget == 0 { String::new() } else { pointer });
    }
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
        let at =
            |path: &str, json: &str| mask_at(&FieldPath::from_dotted(path), json, secrets.patterns.iter().collect());
        assert_eq!(at("a.b", r#"{"x":{"token":"1"},"y":2}"#).unwrap(), r#"{"x":{"token":"***"},"y":2}"#);
        assert_eq!(at("b", r#"{"x":{"token":"1"}}"#), None);
        assert_eq!(at("a.c", "7").unwrap(), r#""***""#);
    }

    /// The names are found by a search with a budget. Beyond it, no pattern is left out.
    #[test]
    fn many_values_within_others_hide_nothing() {
        for (depth, length) in [(1, 100_000), (2, 100), (2, 100_000), (3, 100_000), (30, 10_000)] {
            // Each `a` holds the rest of the text, and `b` is long too.
            let inner = format!(r#"{{"b":{{"pin":"1","x":"{}"}},"c":2}}"#, "x".repeat(length));
            let json = r#"{"a":"#.repeat(depth) + &inner + &"}".repeat(depth);
            assert_eq!(mask(&["c", "a.zz", "b"], &json).1.len(), 3, "{depth} times, {length} bytes");
        }
    }

    /// The time does not grow with the square of the depth. If it did, this would take minutes.
    #[test]
    fn deep_lists_and_objects_are_quick() {
        let depth = 300_000;
        let lists = "[".repeat(depth) + r#"{"b":{"c":"1"}}"# + &"]".repeat(depth);
        let objects = r#"{"x":"#.repeat(depth) + r#"{"b":{"c":"1"}}"# + &"}".repeat(depth);
        let patterns = ["$.b.c", "$.a.b.c", "a.b.c", "$.a.**.c", "b.c"];
        // A list has no name, so `b` is directly below `a` in the lists only.
        for (deep, masked) in [(lists, [1, 1, 1, 1, 3]), (objects, [1, 0, 0, 1, 3])] {
            let json = format!(r#"{{"a":{deep},"d":{deep},"b":{{"c":"2"}}}}"#);
            assert_eq!(patterns.map(|pattern| mask(&[pattern], &json).0.matches(MASK).count()), masked);
        }
    }

    #[test]
    fn names_in_strings_are_no_names() {
        assert_eq!(mask(&["secret"], r#"{"a":"{\"secret\":\"x\"}","b":["secret","x"]}"#).1, [""; 0]);
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
        /// A path is refused exactly if the value at its end is masked.
        #[test]
        fn patterns_cover_what_they_mask(
            pattern in "(\\$\\.)?([ab]\\.){0,2}(\\*\\*\\.)?(a|b|\\*a\\*)!?",
            names in prop::collection::vec(prop::sample::select(vec!["a", "b", "xa", "c"]), 1..5),
        ) {
            let secrets = Secrets::new([pattern.as_str()]);
            let path = names.iter().fold(FieldPath::root(), |path, name| path.name(*name));
            let is_masked = mask_at(&path, "7", secrets.patterns.iter().collect()).is_some();
            prop_assert_eq!(secrets.cover(&names), is_masked);
        }

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
