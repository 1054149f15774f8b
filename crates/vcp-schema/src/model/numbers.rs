//! The walk behind `VcpMessage::numbers`.

use crate::{
    Capability, FieldPath, OrderedMap, PathNode, RawObject, Timestamp, VcpVersion, describe::Range, read::Name,
};

/// A number of a message, with the range that its member is declared with.
#[derive(Debug)]
#[non_exhaustive]
pub struct Number<'n> {
    /// The value. An integer is given as the nearest double.
    pub value: f64,
    /// The range that the specification gives.
    pub range: Range,
    place: &'n PathNode<'n>,
}

impl Number<'_> {
    /// Builds the path of the number in the message.
    #[must_use]
    pub fn path(&self) -> FieldPath {
        self.place.to_path()
    }
}

/// A type whose values may hold numbers.
pub(crate) trait Numbers {
    /// Shows the numbers of a value at `path`, in the order in which they are written. `range` is
    /// that of the member with the value.
    fn show(&self, path: &PathNode<'_>, range: Range, look: &mut dyn FnMut(&Number<'_>));
}

macro_rules! without_numbers {
    ($($Type:ty)*) => { $(
        impl $crate::model::numbers::Numbers for $Type {
            fn show(&self, _: &$crate::PathNode<'_>, _: $crate::describe::Range, _: &mut dyn FnMut(&$crate::Number<'_>)) {}
        }
    )* };
}
pub(crate) use without_numbers;

without_numbers! { String bool Timestamp VcpVersion RawObject }

impl Numbers for f64 {
    fn show(&self, path: &PathNode<'_>, range: Range, look: &mut dyn FnMut(&Number<'_>)) {
        look(&Number { value: *self, range, place: path });
    }
}

impl Numbers for i64 {
    fn show(&self, path: &PathNode<'_>, range: Range, look: &mut dyn FnMut(&Number<'_>)) {
        look(&Number { value: *self as f64, range, place: path });
    }
}

impl<T: Numbers> Numbers for Option<T> {
    fn show(&self, path: &PathNode<'_>, range: Range, look: &mut dyn FnMut(&Number<'_>)) {
        if let Some(value) = self {
            value.show(path, range, look);
        }
    }
}

impl<T: Numbers> Numbers for Vec<T> {
    fn show(&self, path: &PathNode<'_>, range: Range, look: &mut dyn FnMut(&Number<'_>)) {
        for (index, element) in self.iter().enumerate() {
            element.show(&path.index(index), range, look);
        }
    }
}

impl<K: Name, V: Numbers> Numbers for OrderedMap<K, V> {
    fn show(&self, path: &PathNode<'_>, range: Range, look: &mut dyn FnMut(&Number<'_>)) {
        for (name, value) in self.iter() {
            value.show(&path.name(name.as_name()), range, look);
        }
    }
}

impl Numbers for Capability {
    fn show(&self, path: &PathNode<'_>, range: Range, look: &mut dyn FnMut(&Number<'_>)) {
        if let Self::Invocation(invocation) = self {
            invocation.show(path, range, look);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        VcpMessage,
        describe::{Described, Kind, Range},
    };
    use serde_json::{Value, json};

    /// Writes 0.5 into every float, and 1 into every integer. Returns how many there are of each
    /// range.
    fn fill(value: &mut Value, kind: &Kind, counts: &mut [usize; 3]) {
        match (kind, value) {
            (Kind::Object(object), Value::Object(members)) => {
                for field in object.members {
                    let number = match field.kind {
                        Kind::Float => json!(0.5),
                        Kind::Integer => json!(1),
                        _ => {
                            assert_eq!(field.range, Range::Any, "{} is not a number", field.name);
                            continue;
                        }
                    };
                    members.insert(field.name.to_owned(), number);
                    counts[field.range as usize] += 1;
                }
                for (name, value) in members {
                    if let Some(field) = object.field(name) {
                        fill(value, &field.kind, counts);
                    }
                }
            }
            (Kind::Map(_, kind), Value::Object(members)) => members.values_mut().for_each(|v| fill(v, kind, counts)),
            (Kind::List(kind), Value::Array(list)) => list.iter_mut().for_each(|v| fill(v, kind, counts)),
            (Kind::TextOr(kind), value) if value.is_object() => fill(value, kind, counts),
            _ => {}
        }
    }

    #[test]
    fn every_number_of_the_model_is_shown_with_its_range() {
        let mut value: Value = serde_json::from_str(include_str!("../jsonschema/example-0.5.json")).unwrap();
        let mut counts = [0; 3];
        fill(&mut value, &VcpMessage::KIND, &mut counts);
        let message = VcpMessage::from_value(&value).unwrap();
        let mut shown = [0; 3];
        message.numbers(&mut |number| {
            shown[number.range as usize] += 1;
            let found = value.pointer(&number.path().pointer()).and_then(Value::as_f64);
            assert_eq!(found, Some(number.value), "{}", number.path());
        });
        assert_eq!(shown, counts);
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    }
}
