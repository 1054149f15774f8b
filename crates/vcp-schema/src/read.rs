//! The fast reader, which reads JSON text into the types of the model and builds no tree.
//!
//! Its errors have no code and no place. If it fails, [`crate::structure`] finds the fault.

use crate::{
    OrderedMap, RawJson, RawObject, Timestamp, VcpVersion,
    describe::{Described, Kind, WordType, sealed::Sealed},
    json::{is_number, number},
    words,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, cell::Cell, fmt, hash::Hash, marker::PhantomData};

/// The number of members and elements that may still be read.
pub(crate) struct Budget {
    members: Cell<usize>,
}

impl Budget {
    pub(crate) fn new(members: usize) -> Self {
        Self { members: Cell::new(members) }
    }

    /// Counts one member or element. Returns an error if the limit is exceeded.
    pub(crate) fn member<E: Error>(&self) -> Result<(), E> {
        self.pay().ok_or_else(|| E::custom("too many members"))
    }

    /// Counts one member or element. Returns `None` if the limit is exceeded.
    pub(crate) fn pay(&self) -> Option<()> {
        self.members.set(self.members.get().checked_sub(1)?);
        Some(())
    }
}

/// A type that is read from JSON text.
pub(crate) trait FromWire: Sized {
    fn read<'de, D: Deserializer<'de>>(json: D, budget: &Budget) -> Result<Self, D::Error>;
}

/// An adapter from [`FromWire`] to the seeds of serde.
pub(crate) struct Seed<'b, T>(pub(crate) &'b Budget, PhantomData<T>);

impl<'b, T> Seed<'b, T> {
    pub(crate) fn new(budget: &'b Budget) -> Self {
        Self(budget, PhantomData)
    }
}

impl<'de, T: FromWire> DeserializeSeed<'de> for Seed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<T, D::Error> {
        T::read(json, self.0)
    }
}

/// Reads a whole text. The caller has checked its length.
pub(crate) fn from_text<T: FromWire>(text: &str, members: usize) -> Result<T, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::read(&mut json, &Budget::new(members))?;
    json.end()?;
    Ok(value)
}

/// A reader of strings. It borrows a string that has no escapes, and copies any other.
pub(crate) struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

/// Implements `Deserialize` for a type that is read from one string.
pub(crate) fn deserialize_text<'de, D: Deserializer<'de>, T>(
    json: D,
    make: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    make(&Text.deserialize(json)?).ok_or_else(|| D::Error::custom("the text cannot be read"))
}

/// Implements `Deserialize` for a type that keeps JSON text.
pub(crate) fn deserialize_via_text<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    json: D,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    let raw = Box::<RawValue>::deserialize(json)?;
    read(raw.get()).map_err(D::Error::custom)
}

macro_rules! leaf {
    ($($Type:ty, $kind:expr, |$json:ident| $read:expr;)*) => { $(
        impl FromWire for $Type {
            fn read<'de, D: Deserializer<'de>>($json: D, _: &Budget) -> Result<Self, D::Error> {
                $read
            }
        }
        impl Sealed for $Type {}
        impl Described for $Type {
            const KIND: Kind = $kind;
        }
    )* };
}

leaf! {
    String, Kind::Text, |json| String::deserialize(json);
    bool, Kind::Boolean, |json| bool::deserialize(json);
    i64, Kind::Integer, |json| number::integer(<&RawValue>::deserialize(json)?.get()).map_err(|_| D::Error::custom("no integer"));
    f64, Kind::Float, |json| {
        // `-0` is 0, so that a checksum does not depend on the writer (`DECISIONS.md` 1.5).
        let text = number_text(<&RawValue>::deserialize(json)?).map(|text| if text == "-0" { "0" } else { text });
        let value: f64 = text.and_then(|n| n.parse().ok()).unwrap_or(f64::NAN);
        if value.is_finite() { Ok(value) } else { Err(D::Error::custom("no double")) }
    };
    Timestamp, Kind::Timestamp, |json| Timestamp::deserialize(json);
    VcpVersion, Kind::Version(VcpVersion::V05), |json| deserialize_text(json, |word| word.parse().ok().filter(|version: &VcpVersion| *version == VcpVersion::V05));
    RawJson, Kind::FreeForm, |json| Ok(RawJson::from_trusted_text(<&RawValue>::deserialize(json)?.get()));
    RawObject, Kind::FreeForm, |json| {
        let text = <&RawValue>::deserialize(json)?.get();
        if text.starts_with('{') { Ok(RawObject::from_trusted_text(text)) } else { Err(D::Error::custom("no object")) }
    };
}

/// Returns the text of a number. Returns `None` for any other value.
fn number_text(value: &RawValue) -> Option<&str> {
    let text = value.get();
    is_number(text).then_some(text)
}

impl<T: FromWire> FromWire for Option<T> {
    fn read<'de, D: Deserializer<'de>>(json: D, budget: &Budget) -> Result<Self, D::Error> {
        struct Maybe<'b, T>(&'b Budget, PhantomData<T>);
        impl<'de, T: FromWire> Visitor<'de> for Maybe<'_, T> {
            type Value = Option<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or null")
            }

            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
                T::read(json, self.0).map(Some)
            }
        }
        json.deserialize_option(Maybe(budget, PhantomData))
    }
}

impl<T: FromWire> FromWire for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(json: D, budget: &Budget) -> Result<Self, D::Error> {
        struct List<'b, T>(&'b Budget, PhantomData<T>);
        impl<'de, T: FromWire> Visitor<'de> for List<'_, T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = seq.next_element_seed(Seed::<T>::new(self.0))? {
                    self.0.member()?;
                    list.push(element);
                }
                Ok(list)
            }
        }
        json.deserialize_seq(List(budget, PhantomData))
    }
}

impl<T: Described> Sealed for Vec<T> {}
impl<T: Described> Described for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);
}

/// A type that can be the name of a member.
pub(crate) trait Name: Eq + Hash {
    const WORDS: Option<&'static WordType>;
    fn from_name(name: Cow<'_, str>) -> Self;
    fn as_name(&self) -> &str;
}

impl Name for String {
    const WORDS: Option<&'static WordType> = None;

    fn from_name(name: Cow<'_, str>) -> Self {
        name.into_owned()
    }

    fn as_name(&self) -> &str {
        self
    }
}

impl Name for words::ModelRole {
    const WORDS: Option<&'static WordType> = Some(Self::TYPE);

    fn from_name(name: Cow<'_, str>) -> Self {
        Self::from(name.as_ref())
    }

    fn as_name(&self) -> &str {
        self.as_str()
    }
}

impl<K: Name, V: FromWire> FromWire for OrderedMap<K, V> {
    fn read<'de, D: Deserializer<'de>>(json: D, budget: &Budget) -> Result<Self, D::Error> {
        struct Members<'b, K, V>(&'b Budget, PhantomData<(K, V)>);
        impl<'de, K: Name, V: FromWire> Visitor<'de> for Members<'_, K, V> {
            type Value = OrderedMap<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = OrderedMap::new();
                while let Some(name) = map.next_key_seed(Text)? {
                    self.0.member()?;
                    members.push(K::from_name(name), map.next_value_seed(Seed::<V>::new(self.0))?);
                }
                distinct(&members)?;
                Ok(members)
            }
        }
        json.deserialize_map(Members(budget, PhantomData))
    }
}

impl<K: Name, V: Described> Sealed for OrderedMap<K, V> {}
impl<K: Name, V: Described> Described for OrderedMap<K, V> {
    const KIND: Kind = Kind::Map(K::WORDS, &V::KIND);
}

/// Refuses a repeated member.
pub(crate) fn distinct<K: Eq + Hash, V, E: Error>(members: &OrderedMap<K, V>) -> Result<(), E> {
    if members.has_duplicate() { Err(E::custom("duplicate member")) } else { Ok(()) }
}
