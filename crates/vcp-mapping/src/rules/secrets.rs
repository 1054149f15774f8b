//! The patterns of members whose leaves are masked.

use super::{
    paths::NodeId,
    watched::{Seen, Watched},
};
use memchr::memmem;
use vcp_schema::json::{
    SPACE, string,
    tokens::{TokenKind, Tokens},
};

/// The names of members that are secrets at every provider, at any depth. No provider means
/// anything else by them.
pub(crate) const GENERAL: [&str; 16] = [
    "password",
    "passwd",
    "api_key",
    "apiKey",
    "api_secret",
    "apiSecret",
    "access_token",
    "accessToken",
    "refresh_token",
    "refreshToken",
    "auth_token",
    "authToken",
    "client_secret",
    "clientSecret",
    "private_key",
    "privateKey",
];

/// A list of members whose leaves are masked.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pub(crate) patterns: Vec<Pattern>,
}

/// A pattern of members.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) anchored: bool,
    /// The names that must enclose the member, outermost first.
    pub(crate) outer: Vec<String>,
    /// `true` if other names may be between them and the member.
    pub(crate) anywhere_below: bool,
    /// The name of the member. It can have `*` for any run of characters.
    last: String,
    /// The parts of the name between the `*`, in lower case. Empty if the name has no `*`.
    glob: Vec<String>,
    /// The characters of these parts, as [`letters`] returns them.
    letters: u64,
    /// `true` if only the member itself is masked, and nothing below it.
    pub(crate) leaf_only: bool,
    /// The names without `*` that the walk watches for, as their places among the watched names.
    watched: Vec<usize>,
}

/// A secret that has one place. The walk over the payload finds it.
#[derive(Debug)]
pub(crate) struct Rooted {
    pub(crate) node: NodeId,
    /// `true` if only the member itself is masked, and nothing below it.
    pub(crate) leaf_only: bool,
    /// The place of its name among the watched names.
    pub(crate) watched: Option<usize>,
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
        let glob = if last.contains('*') { last.split('*').map(str::to_ascii_lowercase).collect() } else { Vec::new() };
        Self {
            anchored,
            outer,
            anywhere_below,
            letters: glob.iter().map(|part| letters(part)).fold(0, |all, part| all | part),
            glob,
            last,
            leaf_only,
            watched: Vec::new(),
        }
    }

    /// Returns the place of its name among the watched ones, if the pattern fits every member with
    /// that name.
    pub(crate) fn fits_everywhere(&self) -> Option<usize> {
        let is_name = !self.anchored && self.outer.is_empty() && !self.anywhere_below && !self.leaf_only;
        self.watched.first().copied().filter(|_| is_name)
    }

    /// Returns whether the pattern names one place.
    pub(crate) fn is_rooted(&self) -> bool {
        self.anchored && !self.anywhere_below && self.glob.is_empty()
    }

    /// Returns whether the pattern has a form that works.
    fn is_sound(&self) -> bool {
        let is_plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$ .*".contains(&b));
        let is_name = |name: &str| !name.is_empty() && !name.contains('*') && is_plain(name);
        self.outer.iter().all(|name| is_name(name))
            && !self.last.is_empty()
            && self.last != "**"
            && is_plain(&self.last)
    }

    /// Returns whether the string or number at the end of these names is masked.
    fn covers(&self, names: &[&str]) -> bool {
        let outer = self.outer.len();
        (1..=names.len()).filter(|end| !self.leaf_only || *end == names.len()).any(|end| {
            let Some((member, around)) = names.get(..end).and_then(<[&str]>::split_last) else { return false };
            let mut places = (outer..=around.len()).filter(|end| self.anywhere_below || *end == around.len());
            let is_around = |end: usize| {
                let start = end.saturating_sub(outer);
                (!self.anchored || start == 0) && around.get(start..end).is_some_and(|around| around == self.outer)
            };
            self.fits(member, &mut None) && places.any(is_around)
        })
    }

    fn is_glob(&self) -> bool {
        !self.glob.is_empty()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.outer.iter().chain([&self.last]).map(String::as_str)
    }

    /// Returns the names without `*`.
    fn literals(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| !name.contains('*'))
    }

    /// Returns whether a name fits. A glob is compared in lower case.
    #[inline]
    pub(crate) fn fits(&self, name: &str, lower: &mut Option<Lower>) -> bool {
        match &*self.glob {
            [] => self.last == name,
            parts => {
                let lower = lower.get_or_insert_with(|| Lower::new(name));
                // Most names lack a letter. For a million short names below a member with 34 globs,
                // this takes a twelfth of the time of the searches.
                self.letters & !lower.letters == 0 && fits_glob(parts, &lower.name)
            }
        }
    }
}

/// A name in lower case, which is made once for all globs.
pub(crate) struct Lower {
    name: String,
    letters: u64,
}

impl Lower {
    fn new(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        Self { letters: letters(&name), name }
    }
}

/// Returns one bit for each byte of a text. Some bytes share a bit.
fn letters(text: &str) -> u64 {
    text.bytes().fold(0, |all, byte| all | 1 << (byte & 63))
}

impl Secrets {
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        Self { patterns: patterns.into_iter().map(Pattern::parse).collect() }
    }

    /// The greatest number of patterns of a file. The others are [`GENERAL`].
    pub(crate) const MOST: usize = 64 - GENERAL.len();

    /// Returns whether every pattern has a form that works.
    pub(crate) fn are_sound(&self) -> bool {
        self.patterns.iter().all(Pattern::is_sound)
    }

    /// Returns whether the string or number at the end of these names is masked.
    pub(crate) fn cover(&self, names: &[&str]) -> bool {
        self.patterns.iter().any(|pattern| pattern.covers(names))
    }

    /// Returns the names that patterns want around a member with this name.
    pub(crate) fn around(&self, name: &str) -> impl Iterator<Item = &str> {
        self.patterns.iter().filter(|pattern| pattern.fits(name, &mut None)).flat_map(|p| &p.outer).map(String::as_str)
    }

    /// Returns the patterns that can fit a member of a text. Most texts have none, and need no
    /// further look.
    pub(crate) fn occurring(&self, json: &str) -> Vec<&Pattern> {
        let patterns = self.patterns.iter().collect();
        if may_hide_names(json) { patterns } else { occurring(patterns, json) }
    }

    /// Notes which names of the patterns the walk watches for.
    pub(crate) fn watch(&mut self, watched: &Watched) {
        for pattern in &mut self.patterns {
            pattern.watched = pattern.literals().filter_map(|name| watched.place(name)).collect();
        }
    }

    /// Returns the names that the patterns need. The walk watches for them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().flat_map(Pattern::literals)
    }

    /// Returns the members that have one place. `node` gives the node of a dotted name.
    pub(crate) fn rooted(&self, watched: &Watched, mut node: impl FnMut(&str) -> NodeId) -> Vec<Rooted> {
        let rooted = self.patterns.iter().filter(|pattern| pattern.is_rooted());
        let rooted = rooted.map(|pattern| Rooted {
            node: node(&pattern.names().collect::<Vec<_>>().join(".")),
            leaf_only: pattern.leaf_only,
            watched: watched.place(&pattern.last),
        });
        rooted.collect()
    }

    /// Does the same as [`Secrets::occurring`] for a text whose names were `seen`, which is
    /// quicker.
    pub(crate) fn occurring_in(&self, json: &str, seen: &Seen) -> Vec<&Pattern> {
        let named = self.named_in(json, seen);
        if may_hide_names(json) { named } else { occurring(named, json) }
    }

    /// Returns the patterns whose names a payload has, or may have. `seen` are the watched names in
    /// it.
    pub(crate) fn named_in(&self, json: &str, seen: &Seen) -> Vec<&Pattern> {
        let are_hidden = seen.has_escape() && may_hide_names(json);
        let named = self.patterns.iter().filter(|pattern| are_hidden || seen.has_all(&pattern.watched));
        // Most payloads have few, so the list has the exact length.
        let mut patterns = Vec::with_capacity(named.clone().count());
        patterns.extend(named);
        patterns
    }
}

/// Returns those of some patterns whose names a text has, if one of them can fit a member of it.
pub(crate) fn occurring<'a>(mut patterns: Vec<&'a Pattern>, json: &str) -> Vec<&'a Pattern> {
    // Values inside others could make the work long.
    let mut members = Members { json, known: Vec::new(), budget: 64 * 1024 + 2 * json.len() };
    // One bit for each pattern. There are at most 64.
    let mut named = 0_u64;
    for (bit, pattern) in patterns.iter().enumerate() {
        named |= u64::from(pattern.literals().all(|name| members.any(name, |_| true))) << bit;
    }
    let can_fit = can_fit(&patterns, named, &mut members);
    // Without a budget, not every value was looked at, so each pattern may fit.
    if members.budget == 0 {
        return patterns;
    }
    if !can_fit {
        return Vec::new();
    }
    let mut bits = (0..).map(|bit| named >> bit & 1 == 1);
    patterns.retain(|_| bits.next() == Some(true));
    patterns
}

/// Returns whether one of the patterns in `named` can fit a member of a text that has their names.
/// A glob cannot if no value of the innermost enclosing name has a name that fits.
fn can_fit<'a>(patterns: &[&'a Pattern], named: u64, members: &mut Members<'a, '_>) -> bool {
    let named = || (0..).zip(patterns).filter(|(bit, _)| named >> bit & 1 == 1).map(|(_, pattern)| *pattern);
    let globs = || named().filter(|pattern| pattern.is_glob() && !pattern.outer.is_empty());
    let mut others = named().filter(|pattern| !pattern.is_glob() || pattern.outer.is_empty());
    if others.any(|pattern| {
        !pattern.leaf_only || pattern.is_glob() || members.any(&pattern.last, |value| !value.starts_with(['{', '[']))
    }) {
        return true;
    }
    // A value is read once for all globs with the same enclosing name.
    globs().enumerate().any(|(place, glob)| {
        let is_same = |other: &&Pattern| other.outer.last() == glob.outer.last();
        let Some(inner) = glob.outer.last().filter(|_| !globs().take(place).any(|other| is_same(&other))) else {
            return false;
        };
        members.any(inner, |value| {
            let names = Tokens::new(value).filter(|token| token.kind == TokenKind::String);
            names.filter_map(|token| string::decode_lossy(token.text)).any(|name| {
                let mut lower = None;
                globs().filter(is_same).any(|glob| glob.fits(&name, &mut lower))
            })
        })
    })
}

/// The members of a text by their names, at any depth. They are found by a search for the text of
/// the name, which is ten times as fast as reading the whole text.
struct Members<'a, 't> {
    json: &'t str,
    /// The values of the names that were asked for.
    known: Vec<(&'a str, Vec<&'t str>)>,
    /// The number of bytes of values that may still be looked at. At 0, not all were.
    budget: usize,
}

impl<'a> Members<'a, '_> {
    /// Returns whether a member with a name has a value that passes a test.
    fn any(&mut self, name: &'a str, test: impl FnMut(&&str) -> bool) -> bool {
        if self.known.iter().all(|(known, _)| *known != name) {
            let mut values = Vec::new();
            for at in memmem::find_iter(self.json.as_bytes(), name) {
                let Some(value) = value_of(self.json, at, name.len()) else { continue };
                self.budget = self.budget.saturating_sub(value.len());
                if self.budget == 0 {
                    break;
                }
                values.push(value);
            }
            self.known.push((name, values));
        }
        let values = self.known.iter().find(|(known, _)| *known == name).map(|(_, values)| values);
        values.is_some_and(|values| values.iter().any(test))
    }
}

/// Returns the value of a member whose name is at an offset, or `None` if no name is there.
fn value_of(json: &str, at: usize, length: usize) -> Option<&str> {
    let is_quoted = json.get(..at)?.ends_with('"');
    let rest = json.get(at + length..)?.strip_prefix('"').filter(|_| is_quoted)?;
    let rest = rest.trim_start_matches(SPACE).strip_prefix(':')?.trim_start_matches(SPACE);
    let mut tokens = Tokens::new(rest);
    if tokens.next()?.kind == TokenKind::Open {
        tokens.skip_container();
    }
    rest.get(..tokens.offset())
}

/// Returns whether a listed name may be spelled with escapes in a text. Listed names have only
/// ASCII letters, digits and a little punctuation, so other escapes hide no name.
pub(crate) fn may_hide_names(json: &str) -> bool {
    memmem::find_iter(json.as_bytes(), b"\\u00").any(|at| {
        let digits = json.get(at + 4..at + 6).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        digits.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$' | b' ' | b'.'))
    })
}

/// Returns whether a name in lower case has these parts in their order. It begins with the first
/// part and ends with the last one.
#[inline]
fn fits_glob(parts: &[String], name: &str) -> bool {
    let [first, middle @ .., last] = parts else { return false };
    let Some(mut rest) = name.strip_prefix(&**first) else { return false };
    for part in middle.iter().filter(|part| !part.is_empty()) {
        // Names are so short that a comparison at each place is faster than a search by tables.
        let at = rest.as_bytes().windows(part.len()).position(|there| there == part.as_bytes());
        let Some(at) = at else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(&**last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        let fits = |glob, name| Pattern::parse(glob).fits(name, &mut None);
        for (glob, names, others) in [
            ("*key*", ["key", "API_KEY", "keys"], ["ke", "k_ey", ""]),
            ("x*_key", ["x_key", "x1_key", "X__KEY"], ["x_keys", "ax_key", "xkey"]),
            ("a*b**c", ["abc", "axbxc", "abbcc"], ["acb", "ab", "bc"]),
            ("é*", ["é", "été", "éa"], ["e", "a", "aé"]),
        ] {
            assert!(names.iter().all(|name| fits(glob, name)), "{glob}");
            assert!(!others.iter().any(|name| fits(glob, name)), "{glob}");
        }
        assert!(!fits("ab*bc", "abc"), "parts do not overlap");
    }

    #[test]
    fn escapes_that_can_hide_a_name() {
        for (text, hides) in
            [(r"\u0061", true), (r"\u005F", true), (r"\u0027", false), (r"\u00e9", false), (r"\u2019\u00", false)]
        {
            assert_eq!(may_hide_names(text), hides, "{text}");
        }
    }
}
