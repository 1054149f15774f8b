//! The order of a document.

use super::{patch::decoded, tree::Node};
use std::{borrow::Cow, collections::HashMap};

/// A place in document order: for each of eight steps, 16 bits with its index from 1, and all ones for what is not there or beyond. What is deeper,
/// which nothing modelled is, or farther on has the order in which it was told.
pub(super) type Place = u128;

/// Places in document order, for pointers into a document.
pub(super) struct Places<'n, 't> {
    root: &'n Node<'t>,
    /// Where pointers led, but for their last steps: others go there too.
    parents: Vec<(&'n str, Way<'n, 't>)>,
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
        Self { root, parents: Vec::with_capacity(Self::KNOWN), large: HashMap::new() }
    }

    /// How many parents are remembered. A message has about as many objects that rules touch.
    const KNOWN: usize = 16;

    /// The place of a pointer.
    pub(super) fn of(&mut self, pointer: &'n str) -> Place {
        let end = memchr::memrchr(b'/', pointer.as_bytes());
        let Some((parent, last)) = end.and_then(|end| Some((pointer.get(..end)?, pointer.get(end + 1..)?))) else {
            return 0;
        };
        let known = self.parents.iter().find(|(known, _)| *known == parent).map(|(_, way)| *way);
        let way = known.unwrap_or_else(|| {
            let root = Way { node: Some(self.root), place: 0, steps: 0 };
            let way = parent.split('/').skip(1).fold(root, |way, step| self.step(way, step));
            if self.parents.len() < Self::KNOWN {
                self.parents.push((parent, way));
            }
            way
        });
        self.step(way, last).place
    }

    fn step(&mut self, way: Way<'n, 't>, step: &str) -> Way<'n, 't> {
        const FEW: usize = 16;
        let Some(node) = way.node else { return way };
        let step = decoded(step);
        let (at, below) = match node {
            Node::Object(members) => {
                let at = if members.len() <= FEW {
                    members.iter().position(|(name, _)| name.is(&step))
                } else {
                    let index = || members.iter().enumerate().map(|(at, (name, _))| (name.key(), at)).collect();
                    self.large
                        .entry(std::ptr::from_ref(node) as usize)
                        .or_insert_with(index)
                        .get(step.as_ref())
                        .copied()
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
