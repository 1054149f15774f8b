//! The model as data: the members of each object, with presence, type and meaning.
//!
//! The macro that declares the types also makes their descriptions, so the two cannot differ.
//! Structural checks, rule linters and schema generators use the descriptions.

use crate::json::string::same_name;

/// The rule for an absent or null member (`DECISIONS.md` 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// The member must be present. Absent or null is `VCP_E005`.
    Required,
    /// Absent and null mean the same. The member is then left out on output.
    Optional,
    /// Absent means the default, which is written on output. Null is `VCP_E004`.
    Defaulted,
}

/// The range in which a number should be. Reading accepts a number outside it. Validation reports
/// that number as a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Range {
    /// Any number. Members that are not numbers have this range.
    Any,
    /// 0 or more (`VCP_E107`).
    FromZero,
    /// From 0 to 1, both included (`VCP_E106`).
    ZeroToOne,
}

impl Range {
    /// Returns whether a number is in the range. NaN is not in any range but [`Range::Any`].
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        match self {
            Self::Any => true,
            Self::FromZero => value >= 0.0,
            Self::ZeroToOne => (0.0..=1.0).contains(&value),
        }
    }
}

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Minutes.
    Minutes,
    /// US dollars.
    UsDollars,
}

/// The type of a value.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Kind {
    /// A string.
    Text,
    /// A signed 64-bit integer in any JSON notation, such as `185`, `185.0` or `1.85e2`.
    Integer,
    /// A number in the range of a double.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A string that is a timestamp, as [`crate::Timestamp`] reads it.
    Timestamp,
    /// A string that is this version.
    Version(crate::VcpVersion),
    /// A string that should be one of these words. Other words are kept.
    Word(&'static WordType),
    /// An object with any content, kept as text.
    FreeForm,
    /// A list whose elements are all of this kind.
    List(&'static Kind),
    /// An object whose members are all of one kind. If words are given, each name should be one of
    /// them.
    Map(Option<&'static WordType>, &'static Kind),
    /// A modelled object.
    Object(&'static ObjectType),
    /// A string or a value of this kind, such as an element of `capabilities_invoked`.
    TextOr(&'static Kind),
    /// A value of this kind or null, where null differs from absent, as for the roles of production
    /// 0.3 messages.
    OrNull(&'static Kind),
}

impl Kind {
    /// Returns the default of an absent [`Presence::Defaulted`] member of this kind, as JSON.
    ///
    /// It is `[]` for a list, `{}` for a map or free-form data, `false` for a boolean and `0` for
    /// an integer. For other kinds it is `None`.
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
    /// The name of the type, such as `Call`.
    pub name: &'static str,
    /// The meaning of the type, for people.
    pub doc: &'static str,
    /// The members, in the order of the specification. At most 64, because each has a bit below.
    pub(crate) members: &'static [Field],
    /// The required members as a bit set. Bit `n` is the member with index `n`.
    required: u64,
    /// The members that have a default, as a bit set.
    defaulted: u64,
}

/// A member of a modelled object.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// An alternative name that is read as the same member.
    pub alias: Option<&'static str>,
    /// The rule for an absent or null member.
    pub presence: Presence,
    /// The type of the member.
    pub kind: Kind,
    /// The meaning of the member, for people, with unit, range and source.
    pub doc: &'static str,
    /// `true` if the value may identify a person or repeat what was said.
    /// [`crate::VcpMessage::redacted`] masks it.
    pub personal: bool,
    /// The range of a number.
    pub range: Range,
    /// The unit of a number. `None` for a count, a share or a score, and for other types.
    pub unit: Option<Unit>,
}

/// An open enumeration: other words are kept (`DECISIONS.md` 1.8).
#[derive(Debug)]
#[non_exhaustive]
pub struct WordType {
    /// The name of the type, such as `OutcomeStatus`.
    pub name: &'static str,
    /// The meaning of the type, for people.
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

    /// Returns the members, in the order of the specification.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.members.iter()
    }

    /// Returns the member with this name or alias, or `None` if the model does not have it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.field_from(0, name).map(|(_, field)| field)
    }

    /// Returns the member with this name or alias, and its index. Searches from index `next`,
    /// because members mostly come in the order of the model.
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

    /// Returns the required members that are not in the bit set `filled`, as a bit set.
    pub(crate) fn missing(&self, filled: u64) -> u64 {
        self.required & !filled
    }

    /// Returns the members with a default that are not in the bit set `filled`, with their indexes.
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

/// Returns the number of members that [`joined`] gives.
pub(crate) const fn joined_len(base: &[Field], own: &[Field]) -> usize {
    let (mut count, mut rest) = (base.len(), own);
    while let [field, behind @ ..] = rest {
        count += if number(base, field.name).is_some() { 0 } else { 1 };
        rest = behind;
    }
    count
}

/// Returns the members of an object that differs from a base object.
///
/// These are the members of `base`, each replaced by the member of the same name in `own`, followed
/// by the members that only `own` has.
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

/// Returns the index of the member with this name.
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

/// A type that has a description. Only the types of this crate have one.
pub trait Described: sealed::Sealed {
    /// The description of the type.
    const KIND: Kind;
}

pub(crate) mod sealed {
    /// A trait that no other crate can implement.
    #[expect(unnameable_types, reason = "so that no other crate can implement it")]
    pub trait Sealed {}
}

/// Returns the description of a type of the model.
#[must_use]
pub const fn kind<T: Described>() -> Kind {
    T::KIND
}

/// Returns the description of an object type of the model.
///
/// For a type that is not an object, returns a description without members.
#[must_use]
pub const fn object<T: Described>() -> &'static ObjectType {
    match T::KIND {
        Kind::Object(object) => object,
        _ => const { &ObjectType::new("", "", &[]) },
    }
}

/// Returns the description of the whole message.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_their_ends() {
        let all = [Range::Any, Range::FromZero, Range::ZeroToOne];
        for (value, contained) in [
            (-0.1, [true, false, false]),
            (0.0, [true, true, true]),
            (1.0, [true, true, true]),
            (1.1, [true, true, false]),
            (f64::NAN, [true, false, false]),
        ] {
            assert_eq!(all.map(|range| range.contains(value)), contained, "{value}");
        }
    }

    /// Calls `look` for each field of an object and of the objects in it.
    fn each(object: &ObjectType, look: &mut impl FnMut(&Field)) {
        for field in object.fields() {
            look(field);
            let mut kind = &field.kind;
            while let Kind::List(inner) | Kind::Map(_, inner) | Kind::TextOr(inner) = kind {
                kind = inner;
            }
            if let Kind::Object(inner) = kind {
                each(inner, look);
            }
        }
    }

    #[test]
    fn a_unit_in_a_name_is_the_unit_of_the_field() {
        let units = [
            ("_sec", Unit::Seconds),
            ("_ms", Unit::Milliseconds),
            ("minutes", Unit::Minutes),
            ("_usd", Unit::UsDollars),
        ];
        let mut seen = 0;
        each(message(), &mut |field| {
            let is_number = matches!(field.kind, Kind::Integer | Kind::Float);
            if let Some((_, unit)) = units.iter().find(|(end, _)| is_number && field.name.ends_with(end)) {
                assert_eq!(field.unit, Some(*unit), "{}", field.name);
                seen += 1;
            }
            assert!(is_number || (field.unit.is_none() && field.range == Range::Any), "{}", field.name);
        });
        assert!(seen > 8, "{seen}");
    }
}
