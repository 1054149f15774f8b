//! The patch in the stash of a migrated message. It restores the values of the original message
//! that the rules of the way back do not restore. It is a list of JSON Patch operations. Each also
//! has the value that it expects to replace (`DECISIONS.md` 2.5).

use super::{
    same::{partners, same},
    tree::{Members, Name, Node, are_distinct},
};
use crate::{Limits, PathNode, json};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap};

/// An operation of `restore`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation<'t> {
    pub(super) op: Op,
    /// The place, as a JSON Pointer.
    #[serde(borrow)]
    pub(super) path: Cow<'t, str>,
    /// The JSON text of the value before the operation. Absent for `add`.
    #[serde(default, borrow, deserialize_with = "present")]
    pub(super) was: Option<&'t str>,
    /// The JSON text of the value after the operation. Absent for `remove`.
    #[serde(default, borrow, deserialize_with = "present")]
    pub(super) value: Option<&'t str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Op {
    Add,
    Remove,
    Replace,
}

/// Reads a member that may be null. Here null is a value, not an absent member.
pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de str>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(|raw| Some(raw.get()))
}

impl Operation<'_> {
    /// Writes the operation as JSON.
    pub(super) fn write(&self, out: &mut String) {
        out.push_str(match self.op {
            Op::Add => r#"{"op":"add","path":"#,
            Op::Remove => r#"{"op":"remove","path":"#,
            Op::Replace => r#"{"op":"replace","path":"#,
        });
        json::string::push(out, &self.path);
        for (name, value) in [(r#","was":"#, self.was), (r#","value":"#, self.value)] {
            if let Some(value) = value {
                out.push_str(name);
                out.push_str(value);
            }
        }
        out.push('}');
    }
}

/// Returns the name for a step of a JSON Pointer.
pub(super) fn decoded(step: &str) -> Cow<'_, str> {
    if step.bytes().any(|byte| byte == b'~') {
        Cow::Owned(step.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(step)
    }
}

/// Returns the operations that turn `from` into `to`.
pub(super) fn difference<'t>(from: &mut Node<'t>, to: &mut Node<'t>) -> Vec<Operation<'t>> {
    let mut operations = Vec::new();
    differ(from, to, &PathNode::root(), 0, &mut operations);
    // The order of members has no meaning, so it must not affect the patch.
    operations.sort_by(|a, b| a.path.cmp(&b.path));
    operations
}

fn differ<'t>(
    from: &mut Node<'t>,
    to: &mut Node<'t>,
    path: &PathNode<'_>,
    depth: usize,
    operations: &mut Vec<Operation<'t>>,
) {
    let pointer = |path: &PathNode<'_>| Cow::Owned(path.pointer());
    if from.is_same_text(to) {
        return;
    }
    // Beyond the limit on depth a value is replaced as a whole.
    let is_one = depth > Limits::default().depth;
    if !is_one && from.is_object() && to.is_object() {
        let before = operations.len();
        if let (Some(old), Some(new)) = (from.open(), to.open()) {
            if have_same_names(old, new) {
                for ((_, old), (name, new)) in old.iter_mut().zip(new.iter_mut()) {
                    differ_in(name, old, new, path, depth, operations);
                }
            } else {
                let partners = partners(new, old);
                let mut gone = bumpalo::vec![in old.bump(); true; old.len()];
                for at in partners.iter().flatten() {
                    if let Some(gone) = gone.get_mut(*at) {
                        *gone = false;
                    }
                }
                for ((name, node), _) in old.iter().zip(gone).filter(|(_, gone)| *gone) {
                    let path = pointer(&path.name(&name.key()));
                    operations.push(Operation { op: Op::Remove, path, was: Some(node.json()), value: None });
                }
                for ((name, node), partner) in new.iter_mut().zip(partners) {
                    if let Some((_, old)) = partner.and_then(|at| old.get_mut(at)) {
                        differ_in(name, old, node, path, depth, operations);
                    } else {
                        let path = pointer(&path.name(&name.key()));
                        operations.push(Operation { op: Op::Add, path, was: None, value: Some(node.json()) });
                    }
                }
            }
            if operations.len() == before || (are_pointable(old) && are_pointable(new)) {
                return;
            }
        }
        operations.truncate(before);
    } else if !is_one
        && let (Some(a), Some(b)) = (from.open_list(), to.open_list())
        && a.len() == b.len()
    {
        for (at, (a, b)) in a.iter_mut().zip(b).enumerate() {
            differ(a, b, &path.index(at), depth + 1, operations);
        }
        return;
    }
    if !same(from, to) {
        let (was, value) = (Some(from.json()), Some(to.json()));
        operations.push(Operation { op: Op::Replace, path: pointer(path), was, value });
    }
}

/// Adds the operations for a member that both objects have.
fn differ_in<'t>(
    name: &Name<'t>,
    from: &mut Node<'t>,
    to: &mut Node<'t>,
    path: &PathNode<'_>,
    depth: usize,
    operations: &mut Vec<Operation<'t>>,
) {
    // Most values did not change. They need no path.
    if !from.is_same_text(to) {
        differ(from, to, &path.name(&name.key()), depth + 1, operations);
    }
}

/// Returns whether two objects have the same names in the same order. Most do.
fn have_same_names(a: &Members<'_>, b: &Members<'_>) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((a, _), (b, _))| a.same(b))
}

/// Returns whether a pointer can name each member. It cannot if a name cannot be decoded or appears
/// twice.
fn are_pointable(members: &Members<'_>) -> bool {
    if are_distinct(members.iter().map(|(name, _)| name.plain())) {
        return true;
    }
    let decodable = members.iter().all(|(name, _)| name.decoded().is_some());
    let mut names: Vec<_> = members.iter().map(|(name, _)| name.key()).collect();
    names.sort_unstable();
    decodable && names.windows(2).all(|pair| pair.first() != pair.last())
}

/// The number of an operation, and the rest of the pointer to its place.
type Way<'s> = (usize, &'s str);

/// Applies operations in one walk. Their places must not depend on each other. Returns for each
/// operation whether its place had the expected value.
pub(super) fn apply<'t>(root: &mut Node<'t>, operations: &[Operation<'t>]) -> Vec<bool> {
    // What is in front of the first slash does not count.
    let ways = operations
        .iter()
        .map(|operation| operation.path.find('/').map_or("", |at| operation.path.get(at..).unwrap_or_default()));
    // Our own operations are within the limit on depth. One from outside must not overflow the
    // stack.
    let fits = |rest: &str| rest.bytes().filter(|byte| *byte == b'/').count() <= Limits::default().depth + 1;
    let mut apply = Apply { operations, done: vec![false; operations.len()] };
    apply.below(root, ways.enumerate().filter(|(_, rest)| fits(rest)).collect());
    apply.done
}

struct Apply<'o, 't> {
    operations: &'o [Operation<'t>],
    done: Vec<bool>,
}

impl<'t> Apply<'_, 't> {
    fn below(&mut self, node: &mut Node<'t>, ways: Vec<Way<'_>>) {
        let mut groups: HashMap<Cow<'_, str>, Vec<Way<'_>>> = HashMap::new();
        // The operations on members of this node itself.
        let mut here = Vec::new();
        for (at, rest) in ways {
            let Some(rest) = rest.strip_prefix('/') else { continue };
            let (step, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let step = decoded(step);
            if rest.is_empty() {
                here.push((at, step.clone()));
            }
            groups.entry(step).or_default().push((at, rest));
        }
        if groups.is_empty() {
            return;
        }
        let arena = node.arena();
        if let Some(members) = node.open() {
            members.retain_mut(|(name, node)| {
                groups.remove(name.key().as_ref()).is_none_or(|ways| self.here(node, ways) == Stays::Yes)
            });
            for (at, step) in here {
                // Of several operations for the same member, the first one is tried.
                if groups.remove(&step).is_some()
                    && self.is(at, Op::Add)
                    && let Some(value) = self.finish(at)
                {
                    members.push((Name::made(arena, &step), Node::Raw(value, arena)));
                }
            }
        } else if let Some(list) = node.open_list() {
            for (index, node) in list.iter_mut().enumerate() {
                if let Some(ways) = groups.remove(index.to_string().as_str()) {
                    // Elements are only replaced, never added or removed.
                    let ways = ways.into_iter().filter(|(at, rest)| !rest.is_empty() || self.is(*at, Op::Replace));
                    let ways = ways.collect();
                    self.here(node, ways);
                }
            }
        }
    }

    /// Applies the operations at an existing value, and those below it.
    fn here(&mut self, node: &mut Node<'t>, ways: Vec<Way<'_>>) -> Stays {
        let (ends, deeper): (Vec<_>, Vec<_>) = ways.into_iter().partition(|(_, rest)| rest.is_empty());
        if !deeper.is_empty() {
            self.below(node, deeper);
        }
        // Our own patch has one operation per place. If a patch from outside has several, the first
        // is tried.
        if let Some((at, _)) = ends.first().copied() {
            let was = self.operations.get(at).and_then(|operation| operation.was);
            let arena = node.arena();
            if !was.is_some_and(|was| same(&mut Node::text(arena, was), node)) {
                return Stays::Yes;
            }
            if self.is(at, Op::Remove) {
                self.finish(at);
                return Stays::No;
            }
            if self.is(at, Op::Replace)
                && let Some(value) = self.finish(at)
            {
                *node = Node::text(arena, value);
            }
        }
        Stays::Yes
    }

    fn is(&self, at: usize, op: Op) -> bool {
        self.operations.get(at).is_some_and(|operation| operation.op == op)
    }

    /// Marks an operation as done and returns its value.
    fn finish(&mut self, at: usize) -> Option<&'t str> {
        let operation = self.operations.get(at)?;
        // `add` and `replace` need a value.
        let is_whole = operation.op == Op::Remove || operation.value.is_some();
        if let Some(done) = self.done.get_mut(at) {
            *done = is_whole;
        }
        operation.value
    }
}

#[derive(PartialEq, Eq)]
enum Stays {
    Yes,
    No,
}
