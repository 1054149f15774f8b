//! The order of a document.

use super::{patch::decoded, tree::Node};
use bumpalo::collections::{String as Text, Vec as List};
use std::{borrow::Cow, collections::HashMap};

/// A place in document order: for each of eight steps, 16 bits with its index from 1, and all ones for what is not there or beyond. What is deeper,
/// which nothing modelled is, or farther on has the order in which it was told.
type Place = u128;

/// Places in document order, for pointers into a document.
pub(super) struct Places<'n, 't> {
    root: &'n Node<'t>,
    /// The pointer before, and where each of its steps led: the next one mostly goes there too.
    before: Text<'t>,
    ways: List<'t, (usize, Way<'n, 't>)>,
    /// The members of large objects by name, made when they are asked for first; the objects by their address.
    large: HashMap<usize, HashMap<Cow<'t, str>, usize>>,
}

/// How far a pointer has been followed.
#[derive(Clone, Copy)]
struct Way<'n, 't> {
    /// `None` behind a step to what is not there.
    node: Option<&'n Node<'t>>,
    place: Place,
    steps: u32,
}

impl<'n, 't> Places<'n, 't> {
    pub(super) fn new(root: &'n Node<'t>) -> Self {
        let arena = root.arena();
        let (before, ways) = (Text::with_capacity_in(128, arena), List::with_capacity_in(8, arena));
        Self { root, before, ways, large: HashMap::new() }
    }

    /// The place of a pointer.
    pub(super) fn of(&mut self, pointer: &str) -> Place {
        let same = common(pointer.as_bytes(), self.before.as_bytes());
        // A step is the same when it ends in both where they are the same.
        let ends = |text: &str| matches!(text.as_bytes().get(same), None | Some(b'/'));
        let same = if ends(pointer) && ends(&self.before) { same + 1 } else { same };
        while self.ways.last().is_some_and(|(end, _)| *end >= same) {
            self.ways.pop();
        }
        let root = (0, Way { node: Some(self.root), place: 0, steps: 0 });
        let (start, mut way) = self.ways.last().copied().unwrap_or(root);
        let mut rest = pointer.get(start..).unwrap_or_default();
        while let Some(below) = rest.strip_prefix('/') {
            let ends = |byte: u8| matches!(byte, b'/' | b'~');
            let end = below.bytes().position(ends).unwrap_or(below.len());
            let (step, behind) = below.split_at_checked(end).unwrap_or((below, ""));
            rest = behind;
            let mut step = Cow::Borrowed(step);
            // Few names are escaped.
            if rest.starts_with('~') {
                let (escaped, behind) =
                    below.split_at_checked(below.find('/').unwrap_or(below.len())).unwrap_or((below, ""));
                (step, rest) = (decoded(escaped), behind);
            }
            way = self.step(way, &step);
            self.ways.push((pointer.len() - rest.len(), way));
        }
        self.before.clear();
        self.before.push_str(pointer);
        way.place
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

/// How many bytes two texts have in common at their start.
fn common(a: &[u8], b: &[u8]) -> usize {
    const MANY: usize = 16;
    let (a_blocks, b_blocks) = (a.as_chunks::<MANY>().0, b.as_chunks::<MANY>().0);
    let same = MANY * a_blocks.iter().zip(b_blocks).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    same + a.iter().zip(b).take_while(|(a, b)| a == b).count()
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
        for first in in_order {
            for (second, place) in in_order.iter().zip(&alone) {
                let mut places = Places::new(&root);
                places.of(first);
                assert_eq!(places.of(second), *place, "{second} after {first}");
            }
        }
    }
}
