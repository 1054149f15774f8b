//! The joining of the lists of several deliveries.

use std::collections::HashMap;

/// The elements that the deliveries of a call list, such as its tool calls. If several elements of
/// a delivery have one key, they are matched in their order with the earlier ones of that key.
///
/// Adding a delivery takes time for its own elements, and not for all earlier ones.
pub(crate) struct Joined<T> {
    /// The elements in the order in which they first appeared. `None` was replaced.
    elements: Vec<Option<T>>,
    places: HashMap<String, Vec<usize>>,
    without_key: Vec<usize>,
}

impl<T> Default for Joined<T> {
    fn default() -> Self {
        Self { elements: Vec::new(), places: HashMap::new(), without_key: Vec::new() }
    }
}

impl<T> Joined<T> {
    /// Adds the elements of a delivery. Elements without a key replace all earlier ones without
    /// a key. `update` changes a known element by a new one.
    pub(crate) fn add(&mut self, new: Vec<T>, key: impl Fn(&T) -> Option<&str>, update: impl Fn(&mut T, T)) {
        if new.iter().any(|element| key(element).is_none()) {
            for at in self.without_key.drain(..) {
                drop(self.elements.get_mut(at).and_then(Option::take));
            }
        }
        // The number of elements of this delivery so far, by key.
        let mut counts: HashMap<String, usize> = HashMap::new();
        for element in new {
            let at = self.elements.len();
            let Some(key) = key(&element) else {
                self.without_key.push(at);
                self.elements.push(Some(element));
                continue;
            };
            let places = self.places.entry(key.to_owned()).or_default();
            let count = counts.entry(key.to_owned()).or_default();
            match places.get(*count).and_then(|at| self.elements.get_mut(*at)?.as_mut()) {
                Some(known) => update(known, element),
                None => {
                    places.push(at);
                    self.elements.push(Some(element));
                }
            }
            *count += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Sets the elements of the only delivery.
    pub(crate) fn set(&mut self, only: Vec<T>) {
        self.elements = only.into_iter().map(Some).collect();
    }

    /// Returns the elements in the order in which they first appeared.
    pub(crate) fn into_elements(self) -> impl Iterator<Item = T> {
        self.elements.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::Joined;

    type Element = (&'static str, u32);

    fn key(element: &Element) -> Option<&str> {
        Some(element.0).filter(|key| !key.is_empty())
    }

    thread_local! {
        static LOOKS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    }

    fn counted(element: &Element) -> Option<&str> {
        LOOKS.set(LOOKS.get() + 1);
        key(element)
    }

    /// A look at each earlier element would take time with the square of the deliveries.
    #[test]
    fn a_delivery_looks_only_at_its_own_elements() {
        let mut joined = Joined::default();
        for n in 0..100 {
            joined.add(vec![("a", n), ("", n)], counted, |known, new| *known = new);
        }
        assert_eq!(LOOKS.get(), 100 * 4, "each new element twice");
        assert_eq!(joined.into_elements().collect::<Vec<_>>(), [("a", 99), ("", 99)]);
    }

    #[test]
    fn elements_are_matched_by_key_and_order() {
        let mut joined = Joined::default();
        let mut add = |new: &[Element]| joined.add(new.to_vec(), key, |known, new| known.1 = new.1);
        add(&[("a", 1), ("", 2), ("a", 3), ("b", 4)]);
        add(&[("a", 5), ("c", 6)]);
        add(&[("", 7), ("a", 8), ("a", 9), ("a", 10), ("", 11)]);
        let expected = [("a", 8), ("a", 9), ("b", 4), ("c", 6), ("", 7), ("a", 10), ("", 11)];
        assert_eq!(joined.into_elements().collect::<Vec<_>>(), expected);
    }
}
