//! A JSON document opened only where a rule looks: everything else stays the text it was.

use super::MigrateError;
use crate::{Decimal, FieldPath, Limits, Timestamp, describe::Kind, wire, write};
use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
};

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Node<'t> {
    /// Not opened: its JSON text.
    Raw(Cow<'t, str>),
    /// An object, its members in order.
    Object(Vec<(Name<'t>, Node<'t>)>),
    /// A list.
    List(Vec<Node<'t>>),
}

impl<'t> Node<'t> {
    /// The value of a text, not opened.
    pub(super) fn text(text: &'t str) -> Self {
        Self::Raw(Cow::Borrowed(text.trim_matches(wire::WHITESPACE)))
    }

    /// A value of a known kind, opened in one pass as deep as the kind is modelled; free-form data is not opened.
    pub(super) fn read(text: &'t str, kind: &Kind) -> Self {
        Cursor { rest: text.trim_matches(wire::WHITESPACE) }.value(kind)
    }

    /// A value whose text is made here.
    pub(super) fn made(text: impl Into<String>) -> Self {
        Self::Raw(Cow::Owned(text.into()))
    }

    /// A string.
    pub(super) fn string(text: &str) -> Self {
        Self::made(quoted(text))
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Raw(text) if text.as_ref() == "null")
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_)) || matches!(self, Self::Raw(text) if text.starts_with('{'))
    }

    /// The string that it is, if it is one.
    pub(super) fn as_text(&self) -> Option<String> {
        match self {
            Self::Raw(text) if text.starts_with('"') => serde_json::from_str(text).ok(),
            _ => None,
        }
    }

    /// The text of the number that it is, if it is one.
    pub(super) fn as_number(&self) -> Option<&str> {
        match self {
            Self::Raw(text) if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => Some(text),
            _ => None,
        }
    }

    /// The members, opened now; `None` when it is no object.
    pub(super) fn open(&mut self) -> Option<&mut Vec<(Name<'t>, Node<'t>)>> {
        if let Self::Raw(text) = self {
            *self = Self::Object(members(text)?);
        }
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements, opened now; `None` when it is no list.
    pub(super) fn open_list(&mut self) -> Option<&mut Vec<Node<'t>>> {
        if let Self::Raw(text) = self {
            *self = Self::List(elements(text)?);
        }
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The members, or an error that names the place.
    pub(super) fn object(&mut self, path: &str) -> Result<&mut Vec<(Name<'t>, Node<'t>)>, MigrateError> {
        self.open().ok_or_else(|| MigrateError::shape(FieldPath::from_dotted(path), "an object is wanted here"))
    }

    /// A member that is there and not null.
    pub(super) fn get(&mut self, name: &str) -> Option<&mut Node<'t>> {
        self.member(name).filter(|node| !node.is_null())
    }

    /// A member that is there.
    pub(super) fn member(&mut self, name: &str) -> Option<&mut Node<'t>> {
        self.open()?.iter_mut().find(|(key, _)| key.is(name)).map(|(_, node)| node)
    }

    /// The string of a member.
    pub(super) fn text_of(&mut self, name: &str) -> Option<String> {
        self.get(name)?.as_text()
    }

    /// Sets a member; a new one goes to the end.
    pub(super) fn set(&mut self, name: &str, value: Node<'t>) {
        if let Some(old) = self.member(name) {
            *old = value;
        } else if let Some(members) = self.open() {
            members.push((Name::new(name), value));
        }
    }

    /// Takes a member out.
    pub(super) fn take(&mut self, name: &str) -> Option<Node<'t>> {
        let members = self.open()?;
        let at = members.iter().position(|(key, _)| key.is(name))?;
        Some(members.remove(at).1)
    }

    /// Gives a member another name, in its place, where that name is free. Says whether it did.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> bool {
        let Some(members) = self.open() else { return false };
        let taken = members.iter().any(|(key, node)| key.is(to) && !node.is_null());
        if taken || !members.iter().any(|(key, _)| key.is(from)) {
            return false;
        }
        members.retain(|(key, _)| !key.is(to));
        for (key, _) in members.iter_mut().filter(|(key, _)| key.is(from)) {
            *key = Name::new(to);
        }
        true
    }

    /// The value at the steps of a pointer.
    pub(super) fn at(&mut self, steps: &[String]) -> Option<&mut Node<'t>> {
        let Some((step, rest)) = steps.split_first() else { return Some(self) };
        let below = if matches!(self, Self::List(_)) || matches!(self, Self::Raw(text) if text.starts_with('[')) {
            self.open_list()?.get_mut(step.parse::<usize>().ok()?)?
        } else {
            self.member(step)?
        };
        below.at(rest)
    }

    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Raw(text) => out.push_str(text),
            Self::Object(members) => {
                out.push('{');
                for (at, (name, node)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push('"');
                    out.push_str(&name.raw);
                    out.push_str("\":");
                    node.write(out);
                }
                out.push('}');
            }
            Self::List(list) => {
                out.push('[');
                for (at, node) in list.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    node.write(out);
                }
                out.push(']');
            }
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    write::to_text(&text.to_owned(), text.len() + 2)
}

/// The name of a member, as it stands between its quotes: a name may hold what cannot be decoded.
#[derive(Debug, Clone)]
pub(super) struct Name<'t> {
    raw: Cow<'t, str>,
    has_escape: bool,
}

impl<'t> Name<'t> {
    fn raw(raw: impl Into<Cow<'t, str>>) -> Self {
        let raw = raw.into();
        Self { has_escape: raw.contains('\\'), raw }
    }

    fn new(name: &str) -> Self {
        let quoted = quoted(name);
        Self::raw(quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned())
    }

    /// The name; `None` when it holds a lone surrogate.
    pub(super) fn decoded(&self) -> Option<Cow<'_, str>> {
        if !self.has_escape {
            return Some(Cow::Borrowed(&self.raw));
        }
        serde_json::from_str(&format!("\"{}\"", self.raw)).ok().map(Cow::Owned)
    }

    /// What equal names have in common.
    pub(super) fn key(&self) -> Cow<'_, str> {
        self.decoded().unwrap_or(Cow::Borrowed(&self.raw))
    }

    pub(super) fn is(&self, name: &str) -> bool {
        if self.has_escape { self.decoded().as_deref() == Some(name) } else { self.raw == name }
    }

    pub(super) fn same(&self, other: &Name<'_>) -> bool {
        self.raw == other.raw
            || ((self.has_escape || other.has_escape) && self.decoded().is_some_and(|name| other.is(&name)))
    }
}

/// A place in document order: for each step its index from 1, and `u32::MAX` for what is not there.
pub(super) type Place = [u32; 10];

/// Places in document order, for pointers into a document.
pub(super) struct Places<'n, 't> {
    root: &'n Node<'t>,
    /// The members of large objects by name, made when they are asked for first; the objects by their address.
    large: HashMap<usize, HashMap<Cow<'n, str>, usize>>,
}

impl<'n, 't> Places<'n, 't> {
    pub(super) fn new(root: &'n Node<'t>) -> Self {
        Self { root, large: HashMap::new() }
    }

    /// The place of a pointer. Steps beyond the tenth, which nothing modelled has, do not count.
    pub(super) fn of(&mut self, pointer: &str) -> Place {
        const FEW: usize = 16;
        let mut place = Place::default();
        let mut node = self.root;
        for (step, slot) in pointer.split('/').skip(1).zip(&mut place) {
            let step = super::patch::decoded(step);
            let at = match node {
                Node::Object(members) if members.len() <= FEW => members.iter().position(|(name, _)| name.is(&step)),
                Node::Object(members) => {
                    let index = self.large.entry(std::ptr::from_ref(node) as usize).or_insert_with(|| {
                        members.iter().enumerate().map(|(at, (name, _))| (name.key(), at)).collect()
                    });
                    index.get(step.as_ref()).copied()
                }
                Node::List(_) => step.parse().ok(),
                Node::Raw(_) => None,
            };
            *slot = at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(u32::MAX);
            let below = match (node, at) {
                (Node::Object(members), Some(at)) => members.get(at).map(|(_, node)| node),
                (Node::List(list), Some(at)) => list.get(at),
                _ => None,
            };
            let Some(below) = below else { break };
            node = below;
        }
        place
    }
}

/// Reads JSON, known to be well formed, from the front.
struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    fn value(&mut self, kind: &Kind) -> Node<'t> {
        match (self.peek(), kind) {
            (b'{', Kind::Object(object)) => {
                Node::Object(self.members(|name| object.field(name).map_or(Kind::FreeForm, |field| field.kind)))
            }
            (b'{', Kind::Map(_, value)) => Node::Object(self.members(|_| **value)),
            (b'[', Kind::List(element)) => {
                let mut list = Vec::new();
                self.skip(1);
                while !matches!(self.peek(), b']' | 0) {
                    list.push(self.value(element));
                    self.comma();
                }
                self.skip(1);
                Node::List(list)
            }
            (_, Kind::TextOr(kind) | Kind::OrNull(kind)) => self.value(kind),
            _ => {
                let (value, rest) = self.rest.split_at(value_end(self.rest));
                self.rest = rest;
                Node::Raw(Cow::Borrowed(value))
            }
        }
    }

    fn members(&mut self, kind: impl Fn(&str) -> Kind) -> Vec<(Name<'t>, Node<'t>)> {
        let mut members = Vec::new();
        self.skip(1);
        while self.peek() == b'"' {
            let (quoted, rest) = self.rest.split_at(string_end(self.rest));
            self.rest = rest;
            let name = Name::raw(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
            if self.peek() == b':' {
                self.skip(1);
            }
            self.peek();
            let kind = name.decoded().map_or(Kind::FreeForm, |name| kind(&name));
            members.push((name, self.value(&kind)));
            self.comma();
        }
        self.skip(1);
        members
    }

    /// The next byte that is no white space; 0 at the end.
    fn peek(&mut self) -> u8 {
        let spaces = self.rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.skip(spaces);
        self.rest.bytes().next().unwrap_or(0)
    }

    fn comma(&mut self) {
        if self.peek() == b',' {
            self.skip(1);
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

fn members<'t>(text: &Cow<'t, str>) -> Option<Vec<(Name<'t>, Node<'t>)>> {
    Some(match text {
        Cow::Borrowed(text) => split_object(text)?
            .into_iter()
            .map(|(name, value)| (Name::raw(name), Node::Raw(Cow::Borrowed(value))))
            .collect(),
        Cow::Owned(text) => split_object(text)?
            .into_iter()
            .map(|(name, value)| (Name::raw(name.to_owned()), Node::made(value)))
            .collect(),
    })
}

fn elements<'t>(text: &Cow<'t, str>) -> Option<Vec<Node<'t>>> {
    Some(match text {
        Cow::Borrowed(text) => split_list(text)?.into_iter().map(|value| Node::Raw(Cow::Borrowed(value))).collect(),
        Cow::Owned(text) => split_list(text)?.into_iter().map(Node::made).collect(),
    })
}

/// The members of an object's text, names as they stand between their quotes. The text is known to be JSON.
fn split_object(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut rest = text.strip_prefix('{')?;
    let mut members = Vec::new();
    loop {
        rest = rest.trim_start_matches(wire::WHITESPACE);
        if !rest.starts_with('"') {
            return Some(members);
        }
        let (name, after) = rest.split_at(string_end(rest));
        let after = after.trim_start_matches(wire::WHITESPACE).strip_prefix(':')?.trim_start_matches(wire::WHITESPACE);
        let (value, after) = after.split_at(value_end(after));
        members.push((name.get(1..name.len().checked_sub(1)?)?, value));
        let after = after.trim_start_matches(wire::WHITESPACE);
        rest = after.strip_prefix(',').unwrap_or("");
    }
}

/// The elements of a list's text.
fn split_list(text: &str) -> Option<Vec<&str>> {
    let mut rest = text.strip_prefix('[')?;
    let mut elements = Vec::new();
    loop {
        rest = rest.trim_start_matches(wire::WHITESPACE);
        if rest.is_empty() || rest.starts_with(']') {
            return Some(elements);
        }
        let (value, after) = rest.split_at(value_end(rest));
        elements.push(value);
        rest = after.trim_start_matches(wire::WHITESPACE).strip_prefix(',').unwrap_or("");
    }
}

/// Where the string ends that a text starts with.
fn string_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// Where the value ends that a text starts with.
fn value_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at += text.get(at..).map_or(1, string_end) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return at;
        }
    }
    at
}

/// Whether two values are the same JSON: numbers by value, members in any order, times without regard to `T` or a space.
pub(super) fn same(a: &mut Node<'_>, b: &mut Node<'_>) -> bool {
    same_below(a, b, 0)
}

/// What is deeper than the limit is compared as text, so that hostile depth takes no stack (decisions 4.7).
fn same_below(a: &mut Node<'_>, b: &mut Node<'_>, depth: usize) -> bool {
    if let (Node::Raw(a), Node::Raw(b)) = (&*a, &*b) {
        if a == b {
            return true;
        }
        if !is_container(a) || !is_container(b) {
            return same_scalar(a, b);
        }
        if depth > Limits::default().depth {
            return same_tokens(a, b);
        }
    }
    if a.is_object() != b.is_object() {
        return false;
    }
    let depth = depth + 1;
    if let (Some(a), Some(b)) = (a.open(), b.open()) {
        let partners = partners(a, b);
        return a.len() == b.len()
            && a.iter_mut().zip(partners).all(|((_, a), partner)| {
                partner.and_then(|at| b.get_mut(at)).is_some_and(|(_, b)| same_below(a, b, depth))
            });
    }
    match (a.open_list(), b.open_list()) {
        (Some(a), Some(b)) => a.len() == b.len() && a.iter_mut().zip(b).all(|(a, b)| same_below(a, b, depth)),
        _ => false,
    }
}

/// For each member of one object where the member of that name is in the other; of a name that stands twice the first goes with the first. Linear for many.
pub(super) fn partners(a: &[(Name<'_>, Node<'_>)], b: &[(Name<'_>, Node<'_>)]) -> Vec<Option<usize>> {
    const FEW: usize = 16;
    if b.len() <= FEW {
        let mut taken = [false; FEW];
        return a
            .iter()
            .map(|(name, _)| {
                let at = b
                    .iter()
                    .enumerate()
                    .position(|(at, (other, _))| !taken.get(at).is_none_or(|t| *t) && other.same(name))?;
                if let Some(taken) = taken.get_mut(at) {
                    *taken = true;
                }
                Some(at)
            })
            .collect();
    }
    let mut places: HashMap<Cow<'_, str>, VecDeque<usize>> = HashMap::with_capacity(b.len());
    for (at, (name, _)) in b.iter().enumerate() {
        places.entry(name.key()).or_default().push_back(at);
    }
    a.iter().map(|(name, _)| places.get_mut(&name.key()).and_then(VecDeque::pop_front)).collect()
}

fn is_container(text: &str) -> bool {
    text.starts_with(['{', '['])
}

/// Whether two texts differ in white space between tokens only.
pub(super) fn same_tokens(a: &str, b: &str) -> bool {
    tokens(a).eq(tokens(b))
}

/// The bytes of a text without the white space between tokens.
fn tokens(text: &str) -> impl Iterator<Item = u8> {
    let (mut in_string, mut escaped) = (false, false);
    text.bytes().filter(move |byte| {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            return true;
        }
        in_string = *byte == b'"';
        !byte.is_ascii_whitespace()
    })
}

fn same_scalar(a: &str, b: &str) -> bool {
    if a.starts_with('"') && b.starts_with('"') {
        let decode = |text: &str| serde_json::from_str::<String>(text).ok();
        let (Some(a), Some(b)) = (decode(a), decode(b)) else { return a == b };
        let time = |text: &str| text.parse::<Timestamp>().ok();
        return a == b || (a.len() == b.len() && time(&a).is_some_and(|time_a| time(&b) == Some(time_a)));
    }
    match (a.parse::<Decimal>(), b.parse::<Decimal>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
