//! What reading and writing a message makes of a tree, as far as [`super::same`] can tell: the order of members and the spelling of values do not count.

use super::{same::same, tree::Node};
use crate::{
    describe::{Field, Kind, Presence},
    write,
};

/// Leaves out and adds what a message that was read and is written again would not have and would have (decisions 1.2, 1.3), and marks unknown members.
/// The tree is known to be a message.
pub(super) fn as_written(node: &mut Node<'_>, kind: &Kind) {
    match kind {
        Kind::Object(object) => {
            let arena = node.arena();
            let Some(members) = node.open() else { return };
            members.retain_mut(|(name, value)| {
                let field = name.field(object);
                name.is_unknown = field.is_none();
                let is_written = !field.is_some_and(|_| value.is_null());
                if let Some(field) = field.filter(|_| is_written) {
                    as_written(value, &field.kind);
                }
                is_written
            });
            for field in object.fields() {
                second_name(node, field);
                if field.presence == Presence::Defaulted
                    && node.member(field.name).is_none()
                    && let Some(default) = field.kind.default_json()
                {
                    node.set(field.name, Node::text(arena, default));
                }
            }
        }
        Kind::Map(_, kind) => {
            node.open().into_iter().flatten().for_each(|(_, value)| as_written(value, kind));
        }
        Kind::List(kind) if matches!(kind, Kind::Object(_) | Kind::TextOr(_)) => {
            node.open_list().into_iter().flatten().for_each(|value| as_written(value, kind));
        }
        Kind::TextOr(kind) if node.is_object() => as_written(node, kind),
        // A double is written, which up to 15 digits is the number itself.
        Kind::Float => {
            if let Some(text) = node.as_number()
                && (text.len() > 15 || text.contains(['e', 'E']))
                && let Ok(value) = text.parse::<f64>()
            {
                let arena = node.arena();
                *node = Node::text(arena, arena.alloc_str(&write::to_text(&value, 24)));
            }
        }
        _ => {}
    }
}

/// A member under its second name, beside the first: one of them where they are equal, else the second is an unknown member.
fn second_name(node: &mut Node<'_>, field: &Field) {
    let Some(alias) = field.alias else { return };
    let Some(mut second) = node.member(alias).cloned() else { return };
    match node.member(field.name).map(|first| same(first, &mut second)) {
        Some(true) => drop(node.take(alias)),
        Some(false) => node.open().into_iter().flatten().for_each(|(name, _)| name.is_unknown |= name.is(alias)),
        None => drop(node.rename(alias, field.name)),
    }
}
