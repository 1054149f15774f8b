//! The search behind `VcpMessage::unknown_members`.

use crate::{Capability, FieldPath, OrderedMap, PathNode, RawJson, RawObject, Timestamp, VcpVersion, read::Name};

/// The unknown members that were found, with their places.
pub(crate) type Found<'m> = Vec<(FieldPath, &'m RawJson)>;

/// A type whose values may hold unknown members.
pub(crate) trait Unknown {
    /// Adds the unknown members of a value at `path`, in the order in which they are written.
    fn add_unknown<'m>(&'m self, path: &PathNode<'_>, found: &mut Found<'m>);
}

macro_rules! without_members {
    ($($Type:ty)*) => { $(
        impl $crate::model::unknown::Unknown for $Type {
            fn add_unknown<'m>(&'m self, _: &$crate::PathNode<'_>, _: &mut $crate::model::unknown::Found<'m>) {}
        }
    )* };
}
pub(crate) use without_members;

without_members! { String bool i64 f64 Timestamp VcpVersion RawObject }

impl<T: Unknown> Unknown for Option<T> {
    fn add_unknown<'m>(&'m self, path: &PathNode<'_>, found: &mut Found<'m>) {
        if let Some(value) = self {
            value.add_unknown(path, found);
        }
    }
}

impl<T: Unknown> Unknown for Vec<T> {
    fn add_unknown<'m>(&'m self, path: &PathNode<'_>, found: &mut Found<'m>) {
        for (index, element) in self.iter().enumerate() {
            element.add_unknown(&path.index(index), found);
        }
    }
}

impl<K: Name, V: Unknown> Unknown for OrderedMap<K, V> {
    fn add_unknown<'m>(&'m self, path: &PathNode<'_>, found: &mut Found<'m>) {
        for (name, value) in self.iter() {
            value.add_unknown(&path.name(name.as_name()), found);
        }
    }
}

impl Unknown for Capability {
    fn add_unknown<'m>(&'m self, path: &PathNode<'_>, found: &mut Found<'m>) {
        if let Self::Invocation(invocation) = self {
            invocation.add_unknown(path, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Extras, Limits, RawJson, VcpMessage,
        describe::{Described, Kind},
        json::text::locate,
        structure,
    };
    use serde_json::{Value, json};

    /// Adds an unknown member to every object of the model. Returns how many were added.
    fn mark(value: &mut Value, kind: &Kind) -> usize {
        match (kind, value) {
            (Kind::Object(object), Value::Object(members)) => {
                let below: usize =
                    members.iter_mut().filter_map(|(name, value)| Some(mark(value, &object.field(name)?.kind))).sum();
                members.insert("zz mark".to_owned(), json!(true));
                below + 1
            }
            (Kind::Map(_, kind), Value::Object(members)) => members.values_mut().map(|value| mark(value, kind)).sum(),
            (Kind::List(kind), Value::Array(list)) => list.iter_mut().map(|value| mark(value, kind)).sum(),
            (Kind::TextOr(kind), value) if value.is_object() => mark(value, kind),
            _ => 0,
        }
    }

    #[test]
    fn every_object_of_the_model_is_searched() {
        let mut value: Value = serde_json::from_str(include_str!("../jsonschema/example-0.5.json")).unwrap();
        let marks = mark(&mut value, &VcpMessage::KIND);
        let message = VcpMessage::from_value(&value).unwrap();
        let found = message.unknown_members();
        let found: Vec<_> = found.iter().filter(|(path, _)| path.pointer().ends_with("/zz mark")).collect();
        assert!(marks >= 20 && found.len() == marks, "{} of {marks}", found.len());
        for (path, member) in found {
            let pointer = path.pointer();
            assert_eq!(value.pointer(&pointer), Some(&json!(true)), "{pointer}");
            assert_eq!(member.as_str(), "true");
        }
    }

    #[test]
    fn they_are_in_the_order_of_the_text() {
        let mut message = VcpMessage::from_json(include_str!("../../tests/data/full.json")).unwrap();
        let extras: Extras = [("b".to_owned(), RawJson::from_text("x")), ("a".to_owned(), json!(1).into())].into();
        message.audit.extras = extras;
        let text = message.to_json();
        assert!(structure::check(&text, &Limits::default()).is_empty());
        let found = message.unknown_members();
        let paths: Vec<_> = found.iter().map(|(path, _)| path).collect();
        let places = locate(&text, &paths);
        assert!(places.len() > 4 && places.iter().all(Option::is_some), "{places:?}");
        assert!(places.is_sorted(), "{places:?}");
    }
}
