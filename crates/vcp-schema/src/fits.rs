//! A check that a text is a message, without building the message.
//!
//! It accepts the same texts as [`crate::read`], follows the description of the model, and keeps no
//! values.

use crate::{
    Timestamp,
    describe::{Kind, ObjectType, Presence},
    json::{is_number, number},
    read::{Budget, Text},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// Returns whether a text is a value of this kind. The caller has checked the length of the text.
pub(crate) fn fits(text: &str, kind: &'static Kind, members: usize) -> bool {
    let mut json = serde_json::Deserializer::from_str(text);
    Fits { kind, or_null: false, budget: &Budget::new(members) }.deserialize(&mut json).is_ok() && json.end().is_ok()
}

/// The expected kind of a value, and the members that may still be read.
#[derive(Clone, Copy)]
struct Fits<'b> {
    kind: &'static Kind,
    /// `true` if null is accepted too.
    or_null: bool,
    budget: &'b Budget,
}

impl Fits<'_> {
    fn of(self, kind: &'static Kind) -> Self {
        Self { kind, or_null: false, ..self }
    }

    fn or_null(self) -> Self {
        Self { or_null: true, ..self }
    }
}

/// Returns an error unless the value is good.
fn must<E: Error>(is_good: bool) -> Result<(), E> {
    if is_good { Ok(()) } else { Err(E::custom("the value does not fit")) }
}

impl<'de> DeserializeSeed<'de> for Fits<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.kind {
            _ if self.or_null => json.deserialize_option(self),
            Kind::OrNull(kind) => self.of(kind).or_null().deserialize(json),
            Kind::Object(_) | Kind::Map(..) => json.deserialize_map(self),
            Kind::List(_) => json.deserialize_seq(self),
            Kind::TextOr(_) => json.deserialize_any(self),
            Kind::Text | Kind::Word(_) => json.deserialize_str(self),
            Kind::Boolean => bool::deserialize(json).map(drop),
            Kind::Timestamp => must(Text.deserialize(json)?.parse::<Timestamp>().is_ok()),
            Kind::Version(version) => must(Text.deserialize(json)? == version.as_str()),
            Kind::Integer => must(number::integer(<&RawValue>::deserialize(json)?.get()).is_ok()),
            Kind::Float => {
                let text = <&RawValue>::deserialize(json)?.get();
                // Fewer than 300 digits without an exponent cannot exceed a double.
                let is_small = || text.len() < 300 && !text.contains(['e', 'E']);
                must(is_number(text) && (is_small() || text.parse::<f64>().is_ok_and(f64::is_finite)))
            }
            Kind::FreeForm => must(<&RawValue>::deserialize(json)?.get().starts_with('{')),
        }
    }
}

impl<'de> Visitor<'de> for Fits<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another value")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        must(self.or_null)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        must(self.or_null)
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        self.of(self.kind).deserialize(json)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Kind::List(kind) = self.kind else { return must(false) };
        while list.next_element_seed(self.of(kind))?.is_some() {
            self.budget.member()?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        match self.kind {
            Kind::Object(object) => self.object(object, map),
            Kind::Map(_, kind) => self.map(kind, map),
            Kind::TextOr(kind) => self.of(kind).visit_map(map),
            _ => must(false),
        }
    }
}

impl Fits<'_> {
    fn map<'de, A: MapAccess<'de>>(self, kind: &'static Kind, mut map: A) -> Result<(), A::Error> {
        let mut names = Names::default();
        while let Some(name) = map.next_key_seed(Text)? {
            self.budget.member()?;
            map.next_value_seed(self.of(kind))?;
            names.add(name);
        }
        names.are_distinct()
    }

    fn object<'de, A: MapAccess<'de>>(self, object: &'static ObjectType, mut map: A) -> Result<(), A::Error> {
        // Bit `n` is set once member `n` was read.
        let (mut seen, mut next) = (0_u64, 0_u8);
        let mut unknown = Names::default();
        while let Some(name) = map.next_key_seed(Text)? {
            self.budget.member()?;
            let Some((at, field)) = object.field_from(next, &name) else {
                map.next_value::<IgnoredAny>()?;
                unknown.add(name);
                continue;
            };
            if field.name != name {
                // Reading either uses the alias as the member or keeps it as an unknown member.
                Option::<Cow<'_, str>>::deserialize(map.next_value::<&RawValue>()?)
                    .map_err(|_| A::Error::custom("no string"))?;
                unknown.add(name);
                continue;
            }
            next = at + 1;
            must(seen & 1 << at == 0)?;
            seen |= 1 << at;
            let value = self.of(&field.kind);
            map.next_value_seed(if field.presence == Presence::Optional { value.or_null() } else { value })?;
        }
        must(object.missing(seen) == 0)?;
        unknown.are_distinct()
    }
}

/// Names that must be distinct.
#[derive(Default)]
struct Names<'t>(Vec<Cow<'t, str>>);

impl<'t> Names<'t> {
    fn add(&mut self, name: Cow<'t, str>) {
        self.0.push(name);
    }

    fn are_distinct<E: Error>(mut self) -> Result<(), E> {
        self.0.sort_unstable();
        must(self.0.windows(2).all(|pair| pair.first() != pair.last()))
    }
}
