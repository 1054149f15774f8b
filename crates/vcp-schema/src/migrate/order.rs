//! Positions in document order.

use super::{
    patch::decoded,
    tree::{List, Node},
};
use std::{borrow::Cow, collections::HashMap};

/// A position in document order, packed into eight steps of 16 bits. A step is the index of the
/// member from 1. All ones mean that the member is absent or out of range.
///
/// Steps after the eighth are left out. No modelled member is that deep. Changes with equal
/// positions keep the order in which they were reported.
type Place = u128;

/// The positions for pointers into one document.
pub(super) struct Places<'n, 't> {
    root: Way<'n, 't>,
    /// Pointers to objects and lists, and the positions that they gave. Most places of a report are
    /// in few of them.
    parents: List<'t, (&'t str, Way<'n, 't>)>,
    /// The members of large objects by name. Each index is made when it is first needed. The key is
    /// the address of the object.
    large: HashMap<usize, HashMap<Cow<'t, str>, usize>>,
}

/// The state of following a pointer.
#[derive(Clone, Copy)]
struct Way<'n, 't> {
    /// `None` after a step to an absent value.
    node: Option<&'n Node<'t>>,
    place: Place,
    steps: u32,
}

impl<'n, 't> Places<'n, 't> {
    /// The number of parents that are remembered, and their greatest length in bytes.
    const FEW: usize = 16;
    const SHORT: usize = 256;

    pub(super) fn new(root: &'n Node<'t>) -> Self {
        let parents = List::with_capacity_in(Self::FEW, root.arena());
        Self { root: Way { node: Some(root), place: 0, steps: 0 }, parents, large: HashMap::new() }
    }

    /// Returns the position of a pointer.
    pub(super) fn of(&mut self, pointer: &str) -> Place {
        self.way(pointer).place
    }

    fn way(&mut self, pointer: &str) -> Way<'n, 't> {
        let Some(end) = memchr::memrchr(b'/', pointer.as_bytes()) else { return self.root };
        let (parent, step) = pointer.split_at_checked(end).unwrap_or_default();
        let known = self.parents.iter().rev().find(|(known, _)| *known == parent);
        let way = match known {
            Some((_, way)) => *way,
            None => {
                let way = self.way(parent);
                // A long pointer would take memory again for each of its steps.
                if parent.len() <= Self::SHORT {
                    if self.parents.len() == Self::FEW {
                        self.parents.clear();
                    }
                    self.parents.push((self.parents.bump().alloc_str(parent), way));
                }
                way
            }
        };
        self.step(way, &decoded(step.get(1..).unwrap_or_default()))
    }

    fn step(&mut self, way: Way<'n, 't>, step: &str) -> Way<'n, 't> {
        const FEW: usize = 16;
        let Some(node) = way.node else { return way };
        let (at, below) = match node {
            Node::Object(members) => {
                let at = if members.len() <= FEW {
                    members.iter().position(|(name, _)| name.is(step))
                } else {
                    let index = || members.iter().enumerate().map(|(at, (name, _))| (name.key(), at)).collect();
                    self.large.entry(std::ptr::from_ref(node) as usize).or_insert_with(index).get(step).copied()
                };
                (at, at.and_then(|at| members.get(at)).map(|(_, node)| node))
            }
            Node::List(list) => {
                let at = step.parse().ok();
                (at, at.and_then(|at| list.get(at)))
            }
            Node::Raw(..) => (None, None),
        };
        let index = at.and_then(|at| u16::try_from(at + 1).ok()).unwrap_or(u16::MAX);
        let place = u128::from(index).checked_shl(112_u32.wrapping_sub(16 * way.steps)).unwrap_or(0);
        Way { node: below, place: way.place | place, steps: way.steps + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::Arena;

    #[test]
    fn places_are_in_document_order_whatever_was_asked_before() {
        let arena = Arena::new();
        let mut root = Node::text(&arena, r#"{"b":{"a/b":1,"a":{"x":1},"a~b":2,"ab":[1,{"c":1}]},"a":1}"#);
        let inner = root.member("b").unwrap();
        inner.member("a").unwrap().open();
        let list = inner.member("ab").unwrap();
        list.open_list().unwrap().last_mut().unwrap().open();
        let in_order = [
            "",
            "/b",
            "/b/a~1b",
            "/b/a",
            "/b/a/x",
            "/b/a/missing",
            "/b/a~0b",
            "/b/ab",
            "/b/ab/0",
            "/b/ab/1",
            "/b/ab/1/c",
            "/b/ab/7",
            "/b/missing",
            "/a",
            "/a/b",
            "/missing",
        ];
        let alone: Vec<_> = in_order.iter().map(|pointer| Places::new(&root).of(pointer)).collect();
        assert!(alone.is_sorted_by(|a, b| a < b), "{alone:#?}");
        let mut places = Places::new(&root);
        for (at, (pointer, place)) in in_order.iter().zip(&alone).cycle().take(1000).enumerate() {
            assert_eq!(places.of(pointer), *place, "{pointer}, asked as number {at}");
            // Adds more parents than are remembered, both nested and side by side.
            places.of(&format!("/{at}{}", "/b".repeat(at % 40)));
        }
        for first in in_order {
            for (second, place) in in_order.iter().zip(&alone) {
                let mut places = Places::new(&root);
                places.of(first);
                assert_eq!(places.of(second), *place, "{second} after {first}");
            }
        }
    }

    #[test]
    fn a_long_pointer_is_not_remembered_for_each_of_its_steps() {
        let arena = Arena::new();
        let root = Node::text(&arena, "{}");
        let long = ["/", &"x".repeat(1_000_000), &"/x".repeat(100)].concat();
        Places::new(&root).of(&long);
        assert!(arena.allocated_bytes() < 100_000, "{}", arena.allocated_bytes());
    }
}
