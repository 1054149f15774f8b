//! What plain rules cannot bring back: a JSON Patch whose operations name the value that they expect (decisions 2.5).

use super::tree::{Name, Node, partners, same};
use crate::{FieldPath, Limits, PathNode};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One operation of `restore`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    pub(super) op: Op,
    /// JSON Pointer.
    pub(super) path: String,
    /// What is there before; absent for `add`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) was: Option<Box<RawValue>>,
    /// What is there after; absent for `remove`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) value: Option<Box<RawValue>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Op {
    Add,
    Remove,
    Replace,
}

/// Null is a value here, not an absent member.
pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

fn raw(node: &Node<'_>) -> Option<Box<RawValue>> {
    RawValue::from_string(node.to_text()).ok()
}

pub(super) fn step(path: &str, name: &str) -> String {
    format!("{path}{}", FieldPath::root().name(name).pointer())
}

/// A step of a pointer as a name.
pub(super) fn decoded(step: &str) -> Cow<'_, str> {
    if step.contains('~') { Cow::Owned(step.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(step) }
}

pub(super) fn steps(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|step| decoded(step).into_owned()).collect()
}

/// The operations that make `to` of `from`.
pub(super) fn difference(from: &mut Node<'_>, to: &mut Node<'_>) -> Vec<Operation> {
    let mut operations = Vec::new();
    differ(from, to, &PathNode::root(), 0, &mut operations);
    operations
}

fn differ(from: &mut Node<'_>, to: &mut Node<'_>, path: &PathNode<'_>, depth: usize, operations: &mut Vec<Operation>) {
    if let (Node::Raw(a), Node::Raw(b)) = (&*from, &*to)
        && a == b
    {
        return;
    }
    // Below the limit on depth a value is one thing.
    if depth > Limits::default().depth {
        if !same(from, to) {
            operations.push(Operation {
                op: Op::Replace,
                path: path.to_path().pointer(),
                was: raw(from),
                value: raw(to),
            });
        }
        return;
    }
    if from.is_object() && to.is_object() {
        // A name that cannot be decoded, or stands twice, cannot be pointed at.
        if let (Some(old), Some(new)) = (from.open(), to.open())
            && are_pointable(old)
            && are_pointable(new)
        {
            for ((name, node), partner) in old.iter().zip(partners(old, new)) {
                if partner.is_none() {
                    let path = path.name(&name.key()).to_path().pointer();
                    operations.push(Operation { op: Op::Remove, path, was: raw(node), value: None });
                }
            }
            let partners = partners(new, old);
            for ((name, node), partner) in new.iter_mut().zip(partners) {
                let name = name.key();
                let path = path.name(&name);
                match partner.and_then(|at| old.get_mut(at)) {
                    Some((_, old)) => differ(old, node, &path, depth + 1, operations),
                    None => {
                        let path = path.to_path().pointer();
                        operations.push(Operation { op: Op::Add, path, was: None, value: raw(node) });
                    }
                }
            }
            return;
        }
    } else if let (Some(a), Some(b)) = (from.open_list(), to.open_list())
        && a.len() == b.len()
    {
        for (at, (a, b)) in a.iter_mut().zip(b).enumerate() {
            differ(a, b, &path.index(at), depth + 1, operations);
        }
        return;
    }
    if !same(from, to) {
        operations.push(Operation { op: Op::Replace, path: path.to_path().pointer(), was: raw(from), value: raw(to) });
    }
}

fn are_pointable(members: &[(Name<'_>, Node<'_>)]) -> bool {
    let decodable = members.iter().all(|(name, _)| name.decoded().is_some());
    let mut names: Vec<_> = members.iter().map(|(name, _)| name.key()).collect();
    names.sort_unstable();
    decodable && names.windows(2).all(|pair| pair.first() != pair.last())
}

/// Applies an operation; says whether the place was as expected.
pub(super) fn apply(root: &mut Node<'_>, operation: &Operation) -> bool {
    let steps = steps(&operation.path);
    // None of ours is deeper; one from outside must not take the stack.
    if steps.len() > Limits::default().depth + 1 {
        return false;
    }
    let Some((name, parents)) = steps.split_last() else { return false };
    let value = operation.value.as_deref().map(|value| Node::made(value.get()));
    let Some(parent) = root.at(parents) else { return false };
    let now = parent.at(std::slice::from_ref(name));
    let fits = match (operation.op, now) {
        (Op::Add, None) => parent.is_object(),
        (Op::Remove | Op::Replace, Some(now)) => expected(operation, now),
        _ => false,
    };
    if !fits {
        return false;
    }
    match (operation.op, value) {
        (Op::Remove, None) => drop(parent.take(name)),
        (Op::Add, Some(value)) => parent.set(name, value),
        (Op::Replace, Some(value)) => {
            if let Some(now) = parent.at(std::slice::from_ref(name)) {
                *now = value;
            }
        }
        _ => return false,
    }
    true
}

fn expected(operation: &Operation, now: &mut Node<'_>) -> bool {
    operation.was.as_deref().is_some_and(|was| same(&mut Node::made(was.get()), now))
}
