//! The order of a document.

use super::{patch::decoded, tree::Node};
use std::{borrow::Cow, collections::HashMap};

/// A place in document order: for each of eight steps, 16 bits with its index from 1, and all ones for what is not there or beyond. What is deeper,
/// which nothing modelled is, or farther on has the order in which it was told.
type Place = u128;

/// Places in document order, for pointers into a document.
pub(super) struct Places<'n, 't> {
    root: &'n Node<'t>,
    /// The pointer before, and where each of its steps led: the next one mostly goes there too.
    before: String,
    ways: Vec<(usize, Way<'n, 't>)>,
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
        Self { root, before: String::with_capacity(128), ways: Vec::with_capacity(8), large: HashMap::new() }
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
            let step = below.get(..below.bytes().position(|byte| byte == b'/').unwrap_or(below.len())).unwrap_or(below);
            rest = below.get(step.len()..).unwrap_or_default();
            way = self.step(way, step);
            self.ways.push((pointer.len() - rest.len(), way));
        }
        self.before.clear();
        self.before.push_str(pointer);
        way.place
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

/// How many bytes two texts have in common at their start.
fn common(a: &[u8], b: &[u8]) -> usize {
    const MANY: usize = 16;
    let (a_blocks, b_blocks) = (a.as_chunks::<MANY>().0, b.as_chunks::<MANY>().0);
    let same = MANY * a_blocks.iter().zip(b_blocks).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    same + a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
