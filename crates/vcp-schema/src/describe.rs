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
    /// The object that this one differs from, if it is described so.
    pub base: Option<&'static ObjectType>,
    /// The members, in the order of the specification; with a base, those that differ from it or are added to it.
    pub own: &'static [Field],
}

/// A member of a modelled object.
#[derive(Debug)]
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
    /// The members, in the order of the specification.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        let (own, base) = (self.own, self.base.map_or(&[] as &[Field], |base| base.own));
        let changed = move |field: &'static Field| own.iter().find(|f| f.name == field.name).unwrap_or(field);
        let added = own.iter().filter(|field| base.iter().all(|f| f.name != field.name));
        base.iter().map(changed).chain(added)
    }

    /// The member with this name on the wire.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        let is = |known: &str| same_name(known, name);
        let find = |fields: &'static [Field]| fields.iter().find(|f| is(f.name) || f.alias.is_some_and(is));
        find(self.own).or_else(|| self.base.and_then(|base| find(base.own)))
    }
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
        _ => &ObjectType { name: "", doc: "", base: None, own: &[] },
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
