//! The order of a document.

use super::{patch::decoded, tree::Node};
use std::{borrow::Cow, collections::HashMap};

/// A place in document order: for each step its index from 1, and `u32::MAX` for what is not there.
pub(super) type Place = [u32; 10];

/// Places in document order, for pointers into a document.
pub(super) struct Places<'n, 't> {
    root: &'n Node<'t>,
    /// The members of large objects by name, made when they are asked for first; the objects by their address.
    large: HashMap<usize, HashMap<Cow<'n, str>, usize>>,
}

impl<'n, 't> Places<'n, 't> {
    pub(super) fn new(root: &'n Node<'t>) -> Self {
        Self { root, large: HashMap::new() }
    }

    /// The place of a pointer. Steps beyond the tenth, which nothing modelled has, do not count.
    pub(super) fn of(&mut self, pointer: &str) -> Place {
        const FEW: usize = 16;
        let mut place = Place::default();
        let mut node = self.root;
        for (step, slot) in pointer.split('/').skip(1).zip(&mut place) {
            let step = decoded(step);
            let at = match node {
                Node::Object(members) if members.len() <= FEW => members.iter().position(|(name, _)| name.is(&step)),
                Node::Object(members) => {
                    let index = self.large.entry(std::ptr::from_ref(node) as usize).or_insert_with(|| {
                        members.iter().enumerate().map(|(at, (name, _))| (name.key(), at)).collect()
                    });
                    index.get(step.as_ref()).copied()
                }
                Node::List(_) => step.parse().ok(),
                Node::Raw(..) => None,
            };
            *slot = at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(u32::MAX);
            let below = match (node, at) {
                (Node::Object(members), Some(at)) => members.get(at).map(|(_, node)| node),
                (Node::List(list), Some(at)) => list.get(at),
                _ => None,
            };
            let Some(below) = below else { break };
            node = below;
        }
        place
    }
}
