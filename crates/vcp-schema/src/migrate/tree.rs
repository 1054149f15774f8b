//! A JSON document that is opened only where a rule reads it. Everything else stays text. All nodes
//! of a migration are in one arena.

use super::MigrateError;
use crate::{
    FieldPath, Limits,
    describe::{Field, Kind, ObjectType},
    json::{
        cursor::Cursor,
        is_number, members,
        string::{self, Quoted, same_name},
        trim,
    },
    read::Budget,
};
use bumpalo::collections::String as Text;
pub(super) use bumpalo::collections::Vec as List;
use std::{borrow::Cow, cell::RefCell, collections::HashSet};

/// The memory of one migration.
pub(super) type Arena = bumpalo::Bump;

/// The members of an object, in their order.
pub(super) type Members<'t> = List<'t, (Name<'t>, Node<'t>)>;

/// The content of a string, and its JSON text.
#[derive(Clone, Copy)]
pub(super) struct Said<'t> {
    pub(super) text: &'t str,
    pub(super) json: &'t str,
}

impl Said<'_> {
    pub(super) const NOTHING: Self = Said { text: "", json: r#""""# };
}

/// A JSON value.
pub(super) enum Node<'t> {
    /// A value that is not opened, as its JSON text.
    Raw(&'t str, &'t Arena),
    Object(Members<'t>),
    List(List<'t, Node<'t>>),
}

/// Returns the room for the members that migration adds to an object. A large object would take
/// twice its memory if it had to grow.
fn room(members: usize) -> usize {
    if members > 16 { 16 } else { 2 }
}

impl Clone for Node<'_> {
    /// Copies the tree. The copy is the one that migration changes, so its objects have room.
    fn clone(&self) -> Self {
        match self {
            Self::Raw(text, arena) => Self::Raw(text, arena),
            Self::Object(members) => {
                let mut copy = Members::with_capacity_in(members.len() + room(members.len()), members.bump());
                copy.extend(members.iter().cloned());
                Self::Object(copy)
            }
            Self::List(list) => Self::List(list.clone()),
        }
    }
}

impl<'t> Node<'t> {
    /// Returns the value of a JSON text. It is not opened.
    pub(super) fn text(arena: &'t Arena, text: &'t str) -> Self {
        Self::Raw(trim(text), arena)
    }

    /// Reads a value of a known kind, opened as deep as the kind is modelled. Free-form data and
    /// lists of plain values are not opened. Returns `None` if more than `members` members and
    /// elements would be opened.
    pub(super) fn read(arena: &'t Arena, text: &'t str, kind: &Kind, members: usize) -> Option<Self> {
        Builder::new(arena, &Budget::new(members)).read(&mut Cursor::new(text), kind, false)
    }

    /// Returns a string value with this content.
    pub(super) fn string(arena: &'t Arena, content: &str) -> Self {
        Self::Raw(quoted(arena, content), arena)
    }

    /// Returns an object. The names must not need escapes. The values are given as JSON texts.
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

    /// Returns whether the value is not opened.
    pub(super) fn is_raw(&self) -> bool {
        matches!(self, Self::Raw(..))
    }

    /// Returns whether both values are not opened and have the same text.
    pub(super) fn is_same_text(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Raw(a, _), Self::Raw(b, _)) if a == b)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Raw("null", _))
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_)) || matches!(self, Self::Raw(text, _) if text.starts_with('{'))
    }

    /// Returns the content of a string, or `None` for any other value.
    pub(super) fn as_text(&self) -> Option<&'t str> {
        let Self::Raw(text, arena) = self else { return None };
        match string::decode(text)? {
            Cow::Borrowed(plain) => Some(plain),
            Cow::Owned(decoded) => Some(arena.alloc_str(&decoded)),
        }
    }

    /// Returns the content and the JSON of a string, or `None` for any other value. The JSON has no
    /// unneeded escapes.
    pub(super) fn said(&self) -> Option<Said<'t>> {
        let (text, json) = (self.as_text()?, self.json());
        let is_plain = text.len() + 2 == json.len();
        Some(Said { text, json: if is_plain { json } else { quoted(self.arena(), text) } })
    }

    /// Returns the text of a number, or `None` for any other value.
    pub(super) fn as_number(&self) -> Option<&'t str> {
        match self {
            Self::Raw(text, _) if is_number(text) => Some(text),
            _ => None,
        }
    }

    /// Opens an object and returns its members. Returns `None` if the value is not an object.
    #[inline]
    pub(super) fn open(&mut self) -> Option<&mut Members<'t>> {
        if let Self::Raw(text, arena) = self
            && text.starts_with('{')
            && may_be_opened(text)
        {
            *self = Self::Object(members(text, arena));
        }
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Returns whether an object may be in a list. A list without one stays text.
    pub(super) fn holds_objects(&self) -> bool {
        match self {
            Self::Raw(text, _) => memchr::memchr(b'{', text.as_bytes()).is_some(),
            _ => true,
        }
    }

    /// Opens a list and returns its elements. Returns `None` if the value is not a list.
    pub(super) fn open_list(&mut self) -> Option<&mut List<'t, Node<'t>>> {
        if let Self::Raw(text, arena) = self
            && text.starts_with('[')
            && may_be_opened(text)
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

    /// Opens an object and returns its members, or an error with this pointer if the value is not
    /// an object.
    pub(super) fn object(&mut self, pointer: &str) -> Result<&mut Members<'t>, MigrateError> {
        self.open().ok_or_else(|| MigrateError::shape(path(pointer), "an object is wanted here"))
    }

    /// Returns a member, or `None` if it is absent or null.
    pub(super) fn get(&mut self, name: &str) -> Option<&mut Node<'t>> {
        self.member(name).filter(|node| !node.is_null())
    }

    /// Returns a member, or `None` if it is absent.
    pub(super) fn member(&mut self, name: &str) -> Option<&mut Node<'t>> {
        self.open()?.iter_mut().find(|(key, _)| key.is(name)).map(|(_, node)| node)
    }

    /// Returns the content of a member that is a string.
    pub(super) fn text_of(&mut self, name: &str) -> Option<&'t str> {
        self.get(name)?.as_text()
    }

    /// Sets a member. Its name must not need escapes. A new member is added at the end.
    pub(super) fn set(&mut self, name: &'static str, value: Node<'t>) {
        if let Some(old) = self.member(name) {
            *old = value;
        } else if let Some(members) = self.open() {
            members.push((Name::known(name), value));
        }
    }

    /// Adds an absent member. Its name must not need escapes. It is placed before the members that
    /// follow it in the order of the specification, and before the unknown members.
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

    /// Sets a member to a value that is given as JSON text.
    pub(super) fn set_json(&mut self, name: &'static str, text: &'t str) {
        self.set(name, Self::Raw(text, self.arena()));
    }

    /// Removes a member and returns it.
    pub(super) fn take(&mut self, name: &str) -> Option<Node<'t>> {
        let members = self.open()?;
        let at = members.iter().position(|(key, _)| key.is(name))?;
        Some(members.remove(at).1)
    }

    /// Renames a member, which keeps its place. A null member that has the new name already is
    /// removed. Returns `false` if the member is absent, or if a member that is not null has the
    /// new name.
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

    /// Returns whether the value is `[]` or `{}`.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Raw(text, _) => matches!(*text, "[]" | "{}"),
            Self::Object(members) => members.is_empty(),
            Self::List(list) => list.is_empty(),
        }
    }

    /// Returns the JSON text. `capacity` is its expected length in bytes.
    pub(super) fn to_text(&self, capacity: usize) -> String {
        let mut out = String::with_capacity(capacity);
        self.write(&mut out);
        out
    }

    /// Returns the JSON text.
    pub(super) fn json(&self) -> &'t str {
        match self {
            Self::Raw(text, _) => text,
            _ => self.arena().alloc_str(&self.to_text(256)),
        }
    }
}

/// Returns the path of a member that appears twice in its object. No value may have been opened
/// since the tree was read. Free-form data is then not opened and not searched.
pub(super) fn repeated(node: &Node<'_>) -> Option<FieldPath> {
    enum Step {
        Name(String),
        Index(usize),
    }
    // The steps are noted on the way back, so that a tree without such a member costs nothing.
    fn find(node: &Node<'_>, steps: &mut Vec<Step>) -> bool {
        const FEW: usize = 16;
        match node {
            Node::Raw(..) => false,
            Node::List(list) => {
                let at = list.iter().position(|node| find(node, steps));
                steps.extend(at.map(Step::Index));
                at.is_some()
            }
            Node::Object(members) => {
                let second = if members.len() > FEW {
                    let mut seen = HashSet::new();
                    members.iter().find(|(name, _)| !seen.insert(name.key()))
                } else {
                    let is_second =
                        |at: usize, name: &Name<'_>| members.iter().take(at).any(|(other, _)| other.same(name));
                    members.iter().enumerate().find(|(at, (name, _))| is_second(*at, name)).map(|(_, member)| member)
                };
                let found = second.or_else(|| members.iter().find(|(_, node)| find(node, steps)));
                steps.extend(found.map(|(name, _)| Step::Name(name.key().into_owned())));
                found.is_some()
            }
        }
    }
    let mut steps = Vec::new();
    find(node, &mut steps).then(|| {
        steps.iter().rev().fold(FieldPath::root(), |path, step| match step {
            Step::Name(name) => path.name(name),
            Step::Index(at) => path.index(*at),
        })
    })
}

/// Returns whether there are at most 16 names, all of them differ, and none has escapes. A name
/// with escapes is given as `None`.
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

/// Returns the JSON text of a string.
pub(super) fn quoted<'t>(arena: &'t Arena, content: &str) -> &'t str {
    if string::has_to_escape(content) {
        return arena.alloc_str(&string::quoted(content));
    }
    concat(arena, &["\"", content, "\""])
}

/// Returns the concatenation of texts.
pub(super) fn concat<'t>(arena: &'t Arena, parts: &[&str]) -> &'t str {
    let mut text = Text::with_capacity_in(parts.iter().map(|part| part.len()).sum(), arena);
    parts.iter().for_each(|part| text.push_str(part));
    text.into_bump_str()
}

/// Returns the path for a pointer whose steps are all names.
pub(super) fn path(pointer: &str) -> FieldPath {
    FieldPath::from_dotted(&pointer.replace('/', "."))
}

/// The name of a member, in its JSON spelling without the quotes. A name with a lone surrogate
/// cannot be decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'t> {
    raw: &'t str,
    has_escape: bool,
    /// The number of the member in the order of the specification. It is 0 until it is known. It is
    /// [`Self::UNKNOWN`] if the kind of the object does not have this member.
    pub(super) order: u8,
}

impl<'t> Name<'t> {
    pub(super) fn raw(Quoted { raw, has_escape }: Quoted<'t>) -> Self {
        Self { raw, has_escape, order: 0 }
    }

    /// Reads a name from its JSON text, which includes the quotes.
    pub(super) fn read(json: &'t str) -> Self {
        Self::raw(Cursor::new(json).string())
    }

    /// Returns a name that needs no escapes.
    pub(super) const fn known(name: &'t str) -> Self {
        Self { raw: name, has_escape: false, order: 0 }
    }

    /// The order of an unknown member, which is behind all known ones.
    pub(super) const UNKNOWN: u8 = u8::MAX;

    /// Returns whether the kind of the object does not have this member.
    pub(super) fn is_unknown(&self) -> bool {
        self.order == Self::UNKNOWN
    }

    /// Returns a name that may need escapes.
    pub(super) fn made(arena: &'t Arena, name: &str) -> Self {
        Self::read(quoted(arena, name))
    }

    /// Returns the decoded name, or `None` if it holds a lone surrogate.
    pub(super) fn decoded(&self) -> Option<Cow<'t, str>> {
        if !self.has_escape {
            return Some(Cow::Borrowed(self.raw));
        }
        Quoted { raw: self.raw, has_escape: true }.decode()
    }

    /// Returns the key of the name. Equal names have equal keys.
    pub(super) fn key(&self) -> Cow<'t, str> {
        self.decoded().unwrap_or(Cow::Borrowed(self.raw))
    }

    /// Returns the name if it has no escapes, or `None`.
    pub(super) fn plain(&self) -> Option<&'t str> {
        (!self.has_escape).then_some(self.raw)
    }

    /// Returns the member of an object type that has this name, and its number. The member at
    /// `next` is tried first.
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

/// Returns the members of an object. Their values are not opened.
fn members<'t>(text: &'t str, arena: &'t Arena) -> Members<'t> {
    let mut members = Members::new_in(arena);
    let mut json = Cursor::new(text);
    json.enter();
    while let Some(name) = json.name() {
        members.push((Name::raw(name), Node::Raw(json.value(), arena)));
    }
    members
}

/// Returns whether a value that was left as text may be opened. Free-form data has no limit on its
/// members, and its nodes would take many times the memory of the text.
fn may_be_opened(text: &str) -> bool {
    /// A member takes at least two bytes of text.
    const SHORTEST: usize = 2;
    let most = Limits::default().members;
    text.len() <= most * SHORTEST || members::count(text, most + 1) <= most
}

/// A builder of the nodes of a tree. It limits the number of members and elements while it reads.
pub(super) struct Builder<'b, 't> {
    pub(super) arena: &'t Arena,
    pub(super) budget: &'b Budget,
    /// The members of the objects that are being read, outermost first. The arena then takes no
    /// more room than an object has members.
    members: RefCell<Vec<(Name<'t>, Node<'t>)>>,
    /// The elements of the lists that are being read, outermost first.
    elements: RefCell<Vec<Node<'t>>>,
}

/// An object that is being read.
pub(super) enum Unfinished<'t> {
    Own(Members<'t>),
    /// Its members are those of the builder from this one on.
    From(usize),
}

impl<'b, 't> Builder<'b, 't> {
    pub(super) fn new(arena: &'t Arena, budget: &'b Budget) -> Self {
        Self { arena, budget, members: RefCell::default(), elements: RefCell::default() }
    }

    /// Begins an object. There may be many objects in a list, which then take no more room than
    /// they need.
    pub(super) fn object(&self, in_list: bool) -> Unfinished<'t> {
        /// Room for the members that an object usually has.
        const FEW: usize = 8;
        if in_list {
            Unfinished::From(self.members.borrow().len())
        } else {
            Unfinished::Own(Members::with_capacity_in(FEW, self.arena))
        }
    }

    pub(super) fn add(&self, object: &mut Unfinished<'t>, name: Name<'t>, value: Node<'t>) {
        match object {
            Unfinished::Own(members) => members.push((name, value)),
            Unfinished::From(_) => self.members.borrow_mut().push((name, value)),
        }
    }

    pub(super) fn finish(&self, object: Unfinished<'t>) -> Members<'t> {
        match object {
            Unfinished::Own(members) => members,
            Unfinished::From(start) => {
                let mut members = self.members.borrow_mut();
                let mut object = Members::with_capacity_in(members.len() - start, self.arena);
                object.extend(members.drain(start..));
                object
            }
        }
    }

    /// Begins a list. Pass the result to [`Self::end_list`].
    pub(super) fn begin_list(&self) -> usize {
        self.elements.borrow().len()
    }

    pub(super) fn add_element(&self, value: Node<'t>) {
        self.elements.borrow_mut().push(value);
    }

    pub(super) fn end_list(&self, start: usize) -> Node<'t> {
        let mut elements = self.elements.borrow_mut();
        let mut list = List::with_capacity_in(elements.len() - start, self.arena);
        list.extend(elements.drain(start..));
        Node::List(list)
    }

    /// Reads a value of a known kind. Returns `None` if it has more members than the budget allows.
    pub(super) fn read(&self, json: &mut Cursor<'t>, kind: &Kind, in_list: bool) -> Option<Node<'t>> {
        match (json.peek(), kind) {
            (b'{', Kind::Object(_) | Kind::Map(..)) => {
                let mut members = self.object(in_list);
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
                    self.budget.pay()?;
                    let value = self.read(json, value.unwrap_or(&Kind::FreeForm), in_list)?;
                    self.add(&mut members, name, value);
                }
                Some(Node::Object(self.finish(members)))
            }
            (b'[', Kind::List(element)) if !is_leaf(element) => {
                let before = json.clone();
                let text = json.value();
                // A list of plain values is small as text.
                if memchr::memchr(b'{', text.as_bytes()).is_none() {
                    return Some(Node::Raw(text, self.arena));
                }
                *json = before;
                let start = self.begin_list();
                json.enter();
                while json.element() {
                    self.budget.pay()?;
                    let element = self.read(json, element, true)?;
                    self.add_element(element);
                }
                Some(self.end_list(start))
            }
            (_, Kind::TextOr(kind) | Kind::OrNull(kind)) => self.read(json, kind, in_list),
            _ => Some(Node::Raw(json.value(), self.arena)),
        }
    }
}

/// Returns whether values of a kind have no members. A list of them stays text until a rule opens
/// it.
pub(super) fn is_leaf(kind: &Kind) -> bool {
    !matches!(kind, Kind::Object(_) | Kind::Map(..) | Kind::List(_) | Kind::TextOr(_) | Kind::OrNull(_))
}
