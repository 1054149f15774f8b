//! The model as data: which members an object has, which are required, of what type. Made by the same macro as the types, so
//! that the two cannot differ; structural checks, rule linters and schema generators read it.

use crate::scan::same_name;

/// Whether a member must be there (decisions 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Absent or null is `VCP_E005`.
    Required,
    /// Absent and null mean the same; left out on output.
    Optional,
    /// Absent means the default, which is always written; null is `VCP_E004`.
    Defaulted,
}

/// The type of a value.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Kind {
    /// A string.
    Text,
    /// An integer of 64 bits, in any notation.
    Integer,
    /// A double.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A string with a timestamp; see [`crate::Timestamp`].
    Timestamp,
    /// A string with this version.
    Version(crate::VcpVersion),
    /// A string that should be one of these words.
    Word(&'static WordType),
    /// An object of any content, kept as text.
    FreeForm,
    /// A list.
    List(&'static Kind),
    /// An object whose members are all of one kind; with the words that names should be, if they are listed.
    Map(Option<&'static WordType>, &'static Kind),
    /// A modelled object.
    Object(&'static ObjectType),
    /// A string, or else this: entries of `capabilities_invoked`.
    TextOr(&'static Kind),
    /// This or null, in a place where absent is something else: roles of production 0.3 messages.
    OrNull(&'static Kind),
}

impl Kind {
    /// What is written, as JSON, for a member of this kind that has a default and is absent: `[]`, `{}`, `false` or `0`.
    #[must_use]
    pub const fn default_json(&self) -> Option<&'static str> {
        match self {
            Self::List(_) => Some("[]"),
            Self::Map(..) | Self::FreeForm => Some("{}"),
            Self::Boolean => Some("false"),
            Self::Integer => Some("0"),
            _ => None,
        }
    }
}

/// A modelled object.
#[derive(Debug)]
#[non_exhaustive]
pub struct ObjectType {
    /// The name of the type: `Call`.
    pub name: &'static str,
    /// What it is, for people.
    pub doc: &'static str,
    /// The members, in the order of the specification; no more than there are bits in a word.
    pub(crate) members: &'static [Field],
    /// A bit for each required member, by its number.
    required: u64,
    /// A bit for each member that has a default.
    defaulted: u64,
}

/// A member of a modelled object.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// A second name that is read as the same member.
    pub alias: Option<&'static str>,
    /// Whether it must be there.
    pub presence: Presence,
    /// Its type.
    pub kind: Kind,
    /// What it means, for people: with unit, range and source.
    pub doc: &'static str,
    /// Whether it may say who somebody is or what was said; see [`crate::VcpMessage::redacted`].
    pub personal: bool,
}

/// An enumeration, open: other words are kept (decisions 1.8).
#[derive(Debug)]
#[non_exhaustive]
pub struct WordType {
    /// The name of the type: `OutcomeStatus`.
    pub name: &'static str,
    /// What it is, for people.
    pub doc: &'static str,
    /// The listed words, in the order of the specification.
    pub words: &'static [&'static str],
}

impl ObjectType {
    pub(crate) const fn new(name: &'static str, doc: &'static str, members: &'static [Field]) -> Self {
        assert!(members.len() <= 64, "a bit for each member");
        let (mut required, mut defaulted) = (0, 0);
        let (mut rest, mut bit) = (members, 1_u64);
        while let [field, behind @ ..] = rest {
            match field.presence {
                Presence::Required => required |= bit,
                Presence::Defaulted => defaulted |= bit,
                Presence::Optional => {}
            }
            (rest, bit) = (behind, bit << 1);
        }
        Self { name, doc, members, required, defaulted }
    }

    /// The members, in the order of the specification.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.members.iter()
    }

    /// The member with this name on the wire.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.field_from(0, name).map(|(_, field)| field)
    }

    /// The member with this name or second name, and its number. Mostly it is the one at `next`, or soon behind it.
    #[inline]
    pub(crate) fn field_from(&self, next: u8, name: &str) -> Option<(u8, &'static Field)> {
        match self.members.get(usize::from(next)) {
            Some(field) if same_name(field.name, name) => Some((next, field)),
            _ => self.find_from(next, name),
        }
    }

    fn find_from(&self, next: u8, name: &str) -> Option<(u8, &'static Field)> {
        let is = |(_, field): &(u8, &Field)| {
            same_name(field.name, name) || field.alias.is_some_and(|alias| same_name(alias, name))
        };
        let (before, behind) = self.members.split_at_checked(usize::from(next)).unwrap_or((self.members, &[]));
        (next..).zip(behind).find(is).or_else(|| (0..).zip(before).find(is))
    }

    /// The required members that are not among those whose bits are `filled`.
    pub(crate) fn missing(&self, filled: u64) -> u64 {
        self.required & !filled
    }

    /// The members with a default that are not among those whose bits are `filled`, with their numbers.
    pub(crate) fn to_fill(&self, filled: u64) -> impl Iterator<Item = (u8, &'static Field)> {
        let mut left = self.defaulted & !filled;
        std::iter::from_fn(move || {
            let at = u8::try_from(left.trailing_zeros()).ok()?;
            let field = self.members.get(usize::from(at))?;
            left &= left - 1;
            Some((at, field))
        })
    }
}

/// How many members an object has that differs from another.
pub(crate) const fn joined_len(base: &[Field], own: &[Field]) -> usize {
    let (mut count, mut rest) = (base.len(), own);
    while let [field, behind @ ..] = rest {
        count += if number(base, field.name).is_some() { 0 } else { 1 };
        rest = behind;
    }
    count
}

/// The members of an object that differs from another: those of the other, changed where they differ, then those that are added.
#[expect(clippy::indexing_slicing, reason = "run by the compiler, which has no iterators there")]
pub(crate) const fn joined<const N: usize>(base: &[Field], own: &[Field]) -> [Field; N] {
    let first = if let [first, ..] = base { first } else { &own[0] };
    let (mut fields, mut at) = ([*first; N], 0);
    while at < base.len() {
        fields[at] = match number(own, base[at].name) {
            Some(own_at) => own[own_at],
            None => base[at],
        };
        at += 1;
    }
    let mut rest = own;
    while let [field, behind @ ..] = rest {
        if number(base, field.name).is_none() {
            fields[at] = *field;
            at += 1;
        }
        rest = behind;
    }
    fields
}

/// The number of the member with this name.
#[expect(clippy::indexing_slicing, reason = "run by the compiler, which has no iterators there")]
const fn number(fields: &[Field], name: &str) -> Option<usize> {
    let name = name.as_bytes();
    let mut at = 0;
    while at < fields.len() {
        let (other, mut same) = (fields[at].name.as_bytes(), 0);
        while same < name.len() && same < other.len() && name[same] == other[same] {
            same += 1;
        }
        if same == name.len() && same == other.len() {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// A type of the model.
pub trait Described {
    /// Its description.
    const KIND: Kind;
}

/// What kind of value a type of the model is.
#[must_use]
pub const fn kind<T: Described>() -> Kind {
    T::KIND
}

/// The description of a type of the model that is an object; one without members for a type that is none.
#[must_use]
pub const fn object<T: Described>() -> &'static ObjectType {
    match T::KIND {
        Kind::Object(object) => object,
        _ => const { &ObjectType::new("", "", &[]) },
    }
}

/// The description of the whole message.
///
/// ```
/// use vcp_schema::{VcpPayload, describe};
/// assert_eq!(describe::message().field("vcp_payload").map(|f| f.name), Some("vcp_payload"));
/// assert_eq!(describe::object::<VcpPayload>().fields().map(|f| f.name).next(), Some("call"));
/// ```
#[must_use]
pub const fn message() -> &'static ObjectType {
    object::<crate::VcpMessage>()
}
