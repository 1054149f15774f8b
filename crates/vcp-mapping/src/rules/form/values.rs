//! Helpers that the modules of the form share.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer},
    },
};
use serde_with::{DeserializeAs, SerializeAs};
use std::{fmt, marker::PhantomData};

/// Returns whether a value is the default, which is not written.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A value, or a list of values.
#[cfg(feature = "jsonschema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the form of other types")]
pub(super) enum OneOrList<T> {
    One(T),
    List(Vec<T>),
}

/// The adapter for a list that is written without its brackets if it has one element.
///
/// `serde_with::OneOrMany` tries both forms, so that its errors have lost their place and tell what
/// is wrong with each form.
pub(super) struct OneOrMany;

impl<T: Serialize> SerializeAs<Vec<T>> for OneOrMany {
    fn serialize_as<S: Serializer>(list: &Vec<T>, to: S) -> Result<S::Ok, S::Error> {
        match &**list {
            [one] => one.serialize(to),
            list => list.serialize(to),
        }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeAs<'de, Vec<T>> for OneOrMany {
    fn deserialize_as<D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
        from.deserialize_any(ListVisitor(PhantomData))
    }
}

/// A visitor of an element, which is an object or a string, or of a list of elements.
struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, an object, or a list of these")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(elements))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        Ok(vec![T::deserialize(MapAccessDeserializer::new(members))?])
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(vec![T::deserialize(StrDeserializer::new(text))?])
    }
}
