//! Maps that keep the order of their members.

use crate::RawJson;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use std::{collections::HashSet, fmt, hash::Hash, marker::PhantomData};

/// Members that the specification does not define, in their original order (`DECISIONS.md` 1.7).
pub type Extras = OrderedMap<String, RawJson>;

/// A JSON object whose members are all of one type, in their original order.
///
/// Look-up searches from the front, because the maps of a call record hold only a few members.
///
/// ```
/// use vcp_schema::OrderedMap;
/// let mut map = OrderedMap::new();
/// map.insert("b".to_owned(), 1);
/// map.insert("a".to_owned(), 2);
/// assert_eq!(map.insert("b".to_owned(), 3), Some(1));
/// assert_eq!(map.iter().map(|(k, v)| (k.as_str(), *v)).collect::<Vec<_>>(), [("b", 3), ("a", 2)]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedMap<K, V> {
    members: Vec<(K, V)>,
}

impl<K, V> Default for OrderedMap<K, V> {
    fn default() -> Self {
        Self { members: Vec::new() }
    }
}

impl<K, V> OrderedMap<K, V> {
    /// Returns an empty map. Allocates no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// Returns the number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Returns whether the map has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns the members in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &V)> + DoubleEndedIterator {
        self.members.iter().map(|(k, v)| (k, v))
    }

    /// Returns the members in order, with mutable values.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&K, &mut V)> {
        self.members.iter_mut().map(|(k, v)| (&*k, v))
    }

    /// Returns the names in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &K> {
        self.members.iter().map(|(k, _)| k)
    }

    /// Returns the values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> {
        self.members.iter().map(|(_, v)| v)
    }

    /// Appends a member and does not check for a repeated name. Readers call
    /// [`Self::has_duplicate`] afterwards.
    pub(crate) fn push(&mut self, key: K, value: V) {
        self.members.push((key, value));
    }
}

impl<K: PartialEq, V> OrderedMap<K, V> {
    /// Sets a member. A new member goes to the end. Returns the previous value.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.members.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                self.members.push((key, value));
                None
            }
        }
    }

    /// Returns the value of a member.
    #[must_use]
    pub fn get<Q: ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: PartialEq<Q>,
    {
        self.members.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Returns the value of a member for changing it.
    #[must_use]
    pub fn get_mut<Q: ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: PartialEq<Q>,
    {
        self.members.iter_mut().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Removes a member and returns its value. The other members keep their order.
    pub fn remove<Q: ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: PartialEq<Q>,
    {
        let at = self.members.iter().position(|(k, _)| k == key)?;
        Some(self.members.remove(at).1)
    }
}

impl<K: Eq + Hash, V> OrderedMap<K, V> {
    /// Returns whether a name is repeated. Compares pairs if there are few members, and hashes the
    /// names if there are many, so that hostile input does not take quadratic time.
    pub(crate) fn has_duplicate(&self) -> bool {
        const FEW: usize = 16;
        if self.members.len() <= FEW {
            return self
                .members
                .iter()
                .enumerate()
                .any(|(i, (k, _))| self.members.iter().take(i).any(|(other, _)| other == k));
        }
        let mut seen = HashSet::with_capacity(self.members.len());
        !self.members.iter().all(|(k, _)| seen.insert(k))
    }
}

impl<K: PartialEq, V> FromIterator<(K, V)> for OrderedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut map = Self::new();
        map.extend(iter);
        map
    }
}

impl<K: PartialEq, V, const N: usize> From<[(K, V); N]> for OrderedMap<K, V> {
    fn from(members: [(K, V); N]) -> Self {
        members.into_iter().collect()
    }
}

impl<K: PartialEq, V> Extend<(K, V)> for OrderedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, members: I) {
        for (key, value) in members {
            self.insert(key, value);
        }
    }
}

impl<'m, K, V> IntoIterator for &'m OrderedMap<K, V> {
    type Item = (&'m K, &'m V);
    type IntoIter = std::iter::Map<std::slice::Iter<'m, (K, V)>, fn(&'m (K, V)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.iter().map(|(key, value)| (key, value))
    }
}

impl<K: Serialize, V: Serialize> Serialize for OrderedMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

/// Refuses a repeated name.
impl<'de, K: Deserialize<'de> + Eq + Hash, V: Deserialize<'de>> Deserialize<'de> for OrderedMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de> + Eq + Hash, V: Deserialize<'de>> Visitor<'de> for Members<K, V> {
            type Value = OrderedMap<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = OrderedMap::new();
                while let Some((key, value)) = map.next_entry()? {
                    members.push(key, value);
                }
                crate::read::distinct(&members)?;
                Ok(members)
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

impl<K, V> IntoIterator for OrderedMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_duplicates_among_few_and_many() {
        for size in [2_usize, 16, 17, 1000] {
            let mut map = OrderedMap::new();
            (0..size).for_each(|i| map.push(i, ()));
            assert!(!map.has_duplicate());
            map.push(size / 2, ());
            assert!(map.has_duplicate());
        }
    }

    #[test]
    fn removes_and_keeps_order() {
        let mut map: OrderedMap<String, u8> =
            [("a", 1), ("b", 2), ("c", 3)].map(|(k, v)| (k.to_owned(), v)).into_iter().collect();
        assert_eq!(map.remove("b"), Some(2));
        assert_eq!(map.remove("b"), None);
        assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "c"]);
        *map.get_mut("c").unwrap() = 9;
        assert_eq!(map.get("c"), Some(&9));
    }
}
