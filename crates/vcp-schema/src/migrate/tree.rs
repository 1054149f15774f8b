//! A JSON document opened only where a rule looks: everything else stays the text it was. All nodes of a migration lie in one arena.

use super::MigrateError;
use crate::{
    FieldPath,
    describe::{Field, Kind, ObjectType},
    path::pointer_step,
    scan::{Cursor, Quoted, is_number, same_name},
    wire, write,
};
use bumpalo::collections::String as Text;
pub(super) use bumpalo::collections::Vec as List;
use std::{borrow::Cow, collections::HashSet};

/// The memory of one migration.
pub(super) type Arena = bumpalo::Bump;

/// The members of an object, in order.
pub(super) type Members<'t> = List<'t, (Name<'t>, Node<'t>)>;

/// A string, and its JSON.
#[derive(Clone, Copy)]
pub(super) struct Said<'t> {
    pub(super) text: &'t str,
    pub(super) json: &'t str,
}

impl Said<'_> {
    pub(super) const NOTHING: Self = Said { text: "", json: r#""""# };
}

/// A value.
#[derive(Clone)]
pub(super) enum Node<'t> {
    /// Not opened: its JSON text.
    Raw(&'t str, &'t Arena),
    Object(Members<'t>),
    List(List<'t, Node<'t>>),
}

impl<'t> Node<'t> {
    /// The value of a text, not opened.
    pub(super) fn text(arena: &'t Arena, text: &'t str) -> Self {
        Self::Raw(text.trim_matches(wire::WHITESPACE), arena)
    }

    /// A value of a known kind, opened in one pass as deep as the kind is modelled; free-form data is not opened.
    pub(super) fn read(arena: &'t Arena, text: &'t str, kind: &Kind) -> Self {
        read(&mut Cursor::new(text), arena, kind)
    }

    /// A string.
    pub(super) fn string(arena: &'t Arena, content: &str) -> Self {
        Self::Raw(quoted(arena, content), arena)
    }

    /// An object of members whose names need no escapes, with the texts of their values.
    pub(super) fn of(arena: &'t Arena, members: &[(&'static str, &'t str)]) -> Self {
        let members = members.iter().map(|(name, text)| (Name::known(name), Self::Raw(text, arena)));
        Self::Object(Members::from_iter_in(members, arena))
    }

    pub(super) fn arena(&self) -> &'t Arena {
        match self {
            Self::Raw(_, arena) => arena,
            Self::Object(members) => members.bump(),
            Self::List(list) => list.bump(),
        }
    }

    /// Whether it is not opened.
    pub(super) fn is_raw(&self) -> bool {
        matches!(self, Self::Raw(..))
    }

    /// Whether both are not opened, and spelled the same.
    pub(super) fn is_same_text(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Raw(a, _), Self::Raw(b, _)) if a == b)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Raw("null", _))
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_)) || matches!(self, Self::Raw(text, _) if text.starts_with('{'))
    }

    /// The string that it is, if it is one.
    pub(super) fn as_text(&self) -> Option<&'t str> {
        let Self::Raw(text, arena) = self else { return None };
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return Some(inner);
        }
        serde_json::from_str::<String>(text).ok().map(|text| &*arena.alloc_str(&text))
    }

    /// The string that it is, if it is one, with its JSON, spelled without escapes that it does not need.
    pub(super) fn said(&self) -> Option<Said<'t>> {
        let (text, json) = (self.as_text()?, self.json());
        let is_plain = text.len() + 2 == json.len();
        Some(Said { text, json: if is_plain { json } else { quoted(self.arena(), text) } })
    }

    /// The text of the number that it is, if it is one.
    pub(super) fn as_number(&self) -> Option<&'t str> {
        match self {
            Self::Raw(text, _) if is_number(text) => Some(text),
            _ => None,
        }
    }

    /// The members, opened now; `None` when it is no object.
    #[inline]
    pub(super) fn open(&mut self) -> Option<&mut Members<'t>> {
        if let Self::Raw(text, arena) = self
            && text.starts_with('{')
        {
            *self = Self::Object(members(text, arena));
        }
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements, opened now; `None` when it is no list.
    pub(super) fn open_list(&mut self) -> Option<&mut List<'t, Node<'t>>> {
        if let Self::Raw(text, arena) = self
            && text.starts_with('[')
        {
            let mut list = List::new_in(arena);
            let mut json = Cursor::new(text);
            json.enter();
            while json.element() {
                list.push(Self::Raw(json.value(), arena));
            }
            *self = Self::List(list);
        }
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The members, or an error that names the place by its pointer.
    pub(super) fn object(&mut self, pointer: &str) -> Result<&mut Members<'t>, MigrateError> {
        self.open().ok_or_else(|| MigrateError::shape(path(pointer), "an object is wanted here"))
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
    pub(super) fn text_of(&mut self, name: &str) -> Option<&'t str> {
        self.get(name)?.as_text()
    }

    /// Sets a member, whose name needs no escapes; a new one goes to the end.
    pub(super) fn set(&mut self, name: &'static str, value: Node<'t>) {
        if let Some(old) = self.member(name) {
            *old = value;
        } else if let Some(members) = self.open() {
            members.push((Name::known(name), value));
        }
    }

    /// Adds a member that is not there, whose name needs no escapes, before those whose order is known to be behind it, and those that are unknown.
    pub(super) fn insert(&mut self, order: u8, name: &'static str, value: Node<'t>) {
        if let Some(members) = self.open() {
            let at = members.iter().position(|(name, _)| name.order > order).unwrap_or(members.len());
            members.insert(at, (Name { order, ..Name::known(name) }, value));
        }
    }

    /// Sets a member to a string.
    pub(super) fn set_text(&mut self, name: &'static str, content: &str) {
        self.set(name, Self::string(self.arena(), content));
    }

    /// Sets a member to a value by its text.
    pub(super) fn set_json(&mut self, name: &'static str, text: &'t str) {
        self.set(name, Self::Raw(text, self.arena()));
    }

    /// Takes a member out.
    pub(super) fn take(&mut self, name: &str) -> Option<Node<'t>> {
        let members = self.open()?;
        let at = members.iter().position(|(key, _)| key.is(name))?;
        Some(members.remove(at).1)
    }

    /// Gives a member another name, in its place, where that name is free. Says whether it did.
    pub(super) fn rename(&mut self, from: &str, to: &'static str) -> bool {
        let Some(members) = self.open() else { return false };
        if !members.iter().any(|(key, _)| key.is(from)) {
            return false;
        }
        if let Some((_, node)) = members.iter().find(|(key, _)| key.is(to)) {
            if !node.is_null() {
                return false;
            }
            members.retain(|(key, _)| !key.is(to));
        }
        for (key, _) in members.iter_mut().filter(|(key, _)| key.is(from)) {
            *key = Name { order: key.order, ..Name::known(to) };
        }
        true
    }

    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Raw(text, _) => out.push_str(text),
            Self::Object(members) => {
                out.push('{');
                for (at, (name, node)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push('"');
                    out.push_str(name.raw);
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

    /// Whether it is `[]` or `{}`.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Raw(text, _) => matches!(*text, "[]" | "{}"),
            Self::Object(members) => members.is_empty(),
            Self::List(list) => list.is_empty(),
        }
    }

    /// The JSON text, which is about as long as `capacity`.
    pub(super) fn to_text(&self, capacity: usize) -> String {
        let mut out = String::with_capacity(capacity);
        self.write(&mut out);
        out
    }

    /// The JSON text.
    pub(super) fn json(&self) -> &'t str {
        match self {
            Self::Raw(text, _) => text,
            _ => self.arena().alloc_str(&self.to_text(256)),
        }
    }
}

/// The pointer to a member that stands twice in its object, in a tree as it was read: there every opened object is a modelled one.
pub(super) fn repeated<'t>(node: &Node<'t>) -> Option<String> {
    const FEW: usize = 16;
    match node {
        Node::Raw(..) => None,
        Node::List(list) => list.iter().enumerate().find_map(|(at, node)| Some(format!("/{at}{}", repeated(node)?))),
        Node::Object(members) => {
            let second = if members.len() > FEW {
                let mut seen = HashSet::new();
                members.iter().find(|(name, _)| !seen.insert(name.key()))
            } else {
                let is_second = |at: usize, name: &Name<'t>| members.iter().take(at).any(|(other, _)| other.same(name));
                members.iter().enumerate().find(|(at, (name, _))| is_second(*at, name)).map(|(_, member)| member)
            };
            let step = |name: &Name<'t>| pointer_step(&name.key()).into_owned();
            match second {
                Some((name, _)) => Some(format!("/{}", step(name))),
                None => members.iter().find_map(|(name, node)| {
                    let below = repeated(node)?;
                    Some(format!("/{}{below}", step(name)))
                }),
            }
        }
    }
}

/// Whether names are few, need no decoding, and differ.
pub(super) fn are_distinct<'n>(names: impl Iterator<Item = Option<&'n str>>) -> bool {
    const FEW: usize = 16;
    let mut seen: [&str; FEW] = [""; FEW];
    for (at, name) in names.enumerate() {
        let (before, rest) = seen.split_at_mut(at.min(FEW));
        match (name, rest.first_mut()) {
            (Some(name), Some(place)) if !before.contains(&name) => *place = name,
            _ => return false,
        }
    }
    true
}

/// A text as JSON.
pub(super) fn quoted<'t>(arena: &'t Arena, content: &str) -> &'t str {
    if write::has_to_escape(content) {
        return arena.alloc_str(&write::to_text(content, content.len() + 2));
    }
    concat(arena, &["\"", content, "\""])
}

/// Texts as one.
pub(super) fn concat<'t>(arena: &'t Arena, parts: &[&str]) -> &'t str {
    let mut text = Text::with_capacity_in(parts.iter().map(|part| part.len()).sum(), arena);
    parts.iter().for_each(|part| text.push_str(part));
    text.into_bump_str()
}

/// The place of a pointer whose steps are names.
pub(super) fn path(pointer: &str) -> FieldPath {
    FieldPath::from_dotted(&pointer.replace('/', "."))
}

/// The name of a member, as it stands between its quotes: a name may hold what cannot be decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'t> {
    raw: &'t str,
    has_escape: bool,
    /// Its number among the members of its object in the order of the specification, once that is known; [`Self::UNKNOWN`] when the kind that it
    /// was read as does not have it.
    pub(super) order: u8,
}

impl<'t> Name<'t> {
    pub(super) fn raw(Quoted { raw, has_escape }: Quoted<'t>) -> Self {
        Self { raw, has_escape, order: 0 }
    }

    /// A name by its JSON text.
    pub(super) fn read(json: &'t str) -> Self {
        Self::raw(Cursor::new(json).string())
    }

    /// A name that needs no escapes.
    pub(super) const fn known(name: &'t str) -> Self {
        Self { raw: name, has_escape: false, order: 0 }
    }

    /// Behind all members that are known.
    pub(super) const UNKNOWN: u8 = u8::MAX;

    /// Whether the kind that it was read as does not have it.
    pub(super) fn is_unknown(&self) -> bool {
        self.order == Self::UNKNOWN
    }

    /// A name that may need escapes.
    pub(super) fn made(arena: &'t Arena, name: &str) -> Self {
        Self::read(quoted(arena, name))
    }

    /// The name; `None` when it holds a lone surrogate.
    pub(super) fn decoded(&self) -> Option<Cow<'t, str>> {
        if !self.has_escape {
            return Some(Cow::Borrowed(self.raw));
        }
        serde_json::from_str(&format!("\"{}\"", self.raw)).ok().map(Cow::Owned)
    }

    /// What equal names have in common.
    pub(super) fn key(&self) -> Cow<'t, str> {
        self.decoded().unwrap_or(Cow::Borrowed(self.raw))
    }

    /// The name as it stands, where nothing in it has to be decoded.
    pub(super) fn plain(&self) -> Option<&'t str> {
        (!self.has_escape).then_some(self.raw)
    }

    /// The member of an object that it names, and its number: mostly the one at `next`.
    #[inline]
    pub(super) fn field_from(&self, object: &ObjectType, next: u8) -> Option<(u8, &'static Field)> {
        match self.plain() {
            Some(name) => object.field_from(next, name),
            None => object.field_from(next, &self.decoded()?),
        }
    }

    #[inline]
    pub(super) fn is(&self, name: &str) -> bool {
        if self.has_escape { self.is_decoded(name) } else { same_name(self.raw, name) }
    }

    #[cold]
    fn is_decoded(&self, name: &str) -> bool {
        self.decoded().as_deref() == Some(name)
    }

    pub(super) fn same(&self, other: &Name<'_>) -> bool {
        same_name(self.raw, other.raw)
            || ((self.has_escape || other.has_escape) && self.decoded().is_some_and(|name| other.is(&name)))
    }
}

/// The members of an object, not opened.
fn members<'t>(text: &'t str, arena: &'t Arena) -> Members<'t> {
    let mut members = Members::new_in(arena);
    let mut json = Cursor::new(text);
    json.enter();
    while let Some(name) = json.name() {
        members.push((Name::raw(name), Node::Raw(json.value(), arena)));
    }
    members
}

fn read<'t>(json: &mut Cursor<'t>, arena: &'t Arena, kind: &Kind) -> Node<'t> {
    /// Room for the members that an object usually has.
    const FEW: usize = 8;
    match (json.peek(), kind) {
        (b'{', Kind::Object(_) | Kind::Map(..)) => {
            let mut members = Members::with_capacity_in(FEW, arena);
            let mut next = 0;
            json.enter();
            while let Some(name) = json.name() {
                let mut name = Name::raw(name);
                let value = match kind {
                    Kind::Object(object) => name.field_from(object, next).map(|(at, field)| {
                        next = at + 1;
                        &field.kind
                    }),
                    Kind::Map(_, value) => Some(*value),
                    _ => None,
                };
                name.order = if value.is_none() { Name::UNKNOWN } else { 0 };
                members.push((name, read(json, arena, value.unwrap_or(&Kind::FreeForm))));
            }
            Node::Object(members)
        }
        (b'[', Kind::List(element)) => {
            let mut list = List::new_in(arena);
            json.enter();
            while json.element() {
                list.push(read(json, arena, element));
            }
            Node::List(list)
        }
        (_, Kind::TextOr(kind) | Kind::OrNull(kind)) => read(json, arena, kind),
        _ => Node::Raw(json.value(), arena),
    }
}
