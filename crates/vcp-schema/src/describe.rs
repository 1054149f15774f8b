//! The model as data: which members an object has, which are required, of what type. Made by the same macro as the types, so
//! that the two cannot differ; structural checks, rule linters and schema generators read it.

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
}

/// A modelled object.
#[derive(Debug)]
pub struct ObjectType {
    /// The name of the type: `Call`.
    pub name: &'static str,
    /// What it is, for people.
    pub doc: &'static str,
    /// The members, in the order of the specification.
    pub fields: &'static [Field],
}

/// A member of a modelled object.
#[derive(Debug)]
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
pub struct WordType {
    /// The name of the type: `OutcomeStatus`.
    pub name: &'static str,
    /// What it is, for people.
    pub doc: &'static str,
    /// The listed words, in the order of the specification.
    pub words: &'static [&'static str],
}

impl ObjectType {
    /// The member with this name on the wire.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name || f.alias == Some(name))
    }
}

/// A type of the model.
pub trait Described {
    /// Its description.
    const KIND: Kind;
}

/// The description of the whole message.
///
/// ```
/// use vcp_schema::describe::{Kind, message};
/// let payload = message().field("vcp_payload").map(|f| f.kind);
/// let Some(Kind::Object(payload)) = payload else { panic!() };
/// assert_eq!(payload.fields.iter().map(|f| f.name).next(), Some("call"));
/// ```
#[must_use]
pub fn message() -> &'static ObjectType {
    match <crate::VcpMessage as Described>::KIND {
        Kind::Object(object) => object,
        _ => &ObjectType { name: "VcpMessage", doc: "", fields: &[] },
    }
}
