//! The members of an object, each with its text.

use crate::trie::Name;
use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap, fmt};

/// The members of an object in order, of those that stand twice the last (decisions 1.1); `None` when the text is no object.
pub(crate) fn members(json: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    struct Members;
    impl<'p> Visitor<'p> for Members {
        type Value = Vec<(Cow<'p, str>, &'p str)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'p>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members: Self::Value = Vec::new();
            let mut places: HashMap<Cow<'p, str>, usize> = HashMap::new();
            while let Some(name) = map.next_key_seed(Name)? {
                let value = map.next_value::<&RawValue>()?.get();
                let at = *places.entry(name.clone()).or_insert(members.len());
                match members.get_mut(at) {
                    Some((_, known)) => *known = value,
                    None => members.push((name, value)),
                }
            }
            Ok(members)
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_map(Members).ok()
}

/// The elements of a list; `None` when the text is no list.
pub(crate) fn elements(json: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_counts() {
        let text = r#"{"a": 1, "b": [ 2 ], "\u0061": {"c": 3}}"#;
        assert_eq!(members(text).unwrap(), [("a".into(), r#"{"c": 3}"#), ("b".into(), "[ 2 ]")]);
        assert_eq!(members("[]"), None);
        assert_eq!(elements("[1, {}]").unwrap(), ["1", "{}"]);
    }
}
