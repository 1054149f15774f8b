//! What reading and writing a message makes of a tree, so that neither has to be done.

use super::{
    same::same,
    tree::{Node, quoted},
};
use crate::{
    Timestamp,
    describe::{Field, Kind, ObjectType, Presence},
    number, write,
};

/// Makes of a tree what a message would have that was read from it and is written again (decisions 1.2–1.5), but for the order of members, and
/// marks unknown members. Says whether the tree surely is a message; where it says no, reading decides.
pub(super) fn as_written(node: &mut Node<'_>, kind: &Kind, members: &mut usize) -> bool {
    match kind {
        Kind::Object(object) => object_as_written(node, object, members),
        Kind::Map(_, kind) => {
            let Some(entries) = node.open() else { return false };
            *members += entries.len();
            let mut is_sure = are_distinct(entries.iter().map(|(name, _)| name.plain()));
            for (_, value) in entries.iter_mut() {
                is_sure &= as_written(value, kind, members);
            }
            is_sure
        }
        Kind::List(kind) => {
            let Some(list) = node.open_list() else { return false };
            *members += list.len();
            list.iter_mut().fold(true, |is_sure, value| is_sure & as_written(value, kind, members))
        }
        Kind::TextOr(kind) if node.is_object() => as_written(node, kind, members),
        Kind::FreeForm => node.is_object(),
        kind => leaf_as_written(node, kind),
    }
}

fn object_as_written(node: &mut Node<'_>, object: &'static ObjectType, count: &mut usize) -> bool {
    let arena = node.arena();
    let Some(members) = node.open() else { return false };
    *count += members.len();
    let mut is_sure = true;
    // The modelled members that are there, a bit each, in the order of the description.
    let mut filled = 0_u64;
    members.retain_mut(|(name, value)| {
        let field = name.field_at(object);
        name.is_unknown = field.is_none();
        let Some((at, field)) = field else { return true };
        is_sure &= filled & 1 << at == 0 && name.is(field.name);
        if value.is_null() {
            is_sure &= field.presence == Presence::Optional;
            return false;
        }
        filled |= 1 << at;
        is_sure &= as_written(value, &field.kind, count);
        true
    });
    is_sure &= are_distinct(members.iter().filter(|(name, _)| name.is_unknown).map(|(name, _)| name.plain()));
    for (at, field) in object.own.iter().enumerate() {
        let is_absent = filled & 1 << at == 0;
        second_name(node, field);
        if is_absent
            && field.presence == Presence::Defaulted
            && node.member(field.name).is_none()
            && let Some(default) = field.kind.default_json()
        {
            node.push(field.name, Node::text(arena, default));
            *count += 1;
        }
        is_sure &= !is_absent || field.presence != Presence::Required;
    }
    is_sure
}

/// Whether names are few, need no decoding, and differ.
fn are_distinct<'n>(names: impl Iterator<Item = Option<&'n str>>) -> bool {
    const FEW: usize = 16;
    let mut seen: [&str; FEW] = [""; FEW];
    for (at, name) in names.enumerate() {
        let (before, rest) = seen.split_at_mut(at.min(FEW));
        match (name, rest.first_mut()) {
            (Some(name), Some(place)) if !before.contains(&name) => *place = name,
            _ => return false,
        }
    }
    true
}

/// A value that has no members, spelled as it is written.
fn leaf_as_written(node: &mut Node<'_>, kind: &Kind) -> bool {
    let Node::Raw(text, arena) = *node else { return false };
    let inner = || text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match kind {
        Kind::Boolean => matches!(text, "true" | "false"),
        Kind::Version(version) => inner() == Some(version.as_str()),
        Kind::Integer => {
            let Some(digits) = node.as_number() else { return false };
            if digits.len() > 15 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let Ok(value) = number::integer(digits) else { return false };
                *node = Node::text(arena, arena.alloc_str(&write::to_text(&value, 24)));
            }
            true
        }
        Kind::Float => {
            // An integer has no negative zero (decisions 3).
            let value =
                node.as_number().and_then(|text| if text == "-0" { Some(0.0) } else { text.parse::<f64>().ok() });
            let Some(value) = value.filter(|value| value.is_finite()) else { return false };
            let mut spelled = zmij::Buffer::new();
            let spelled = spelled.format_finite(value);
            if spelled != text {
                *node = Node::text(arena, arena.alloc_str(spelled));
            }
            true
        }
        Kind::Timestamp => {
            let Some(time) = inner().filter(|time| time.parse::<Timestamp>().is_ok()) else { return false };
            if let Some((date, clock)) = time.split_once(' ') {
                *node = Node::string(arena, &[date, clock].join("T"));
            }
            true
        }
        Kind::Text | Kind::Word(_) | Kind::TextOr(_) => {
            let Some(inner) = inner() else { return false };
            if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
                let Ok(decoded) = serde_json::from_str::<String>(text) else { return false };
                *node = Node::text(arena, quoted(arena, &decoded));
            }
            true
        }
        _ => false,
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

/// Writes a tree that surely is a message: members in the order of the specification, then the unknown ones (decisions 1.12).
pub(super) fn write(node: &Node<'_>, kind: &Kind, out: &mut String) {
    match (node, kind) {
        (Node::Object(members), Kind::Object(object)) => {
            let mut separator = '{';
            let mut member = |name: &str, node: &Node<'_>, kind: &Kind| {
                out.push(std::mem::replace(&mut separator, ','));
                out.push('"');
                out.push_str(name);
                out.push_str("\":");
                write(node, kind, out);
            };
            for field in object.own {
                if let Some((_, node)) = members.iter().find(|(name, _)| !name.is_unknown && name.is(field.name)) {
                    member(field.name, node, &field.kind);
                }
            }
            for (name, node) in members.iter().filter(|(name, _)| name.is_unknown) {
                member(name.plain().unwrap_or_default(), node, &Kind::FreeForm);
            }
            out.push_str(if separator == '{' { "{}" } else { "}" });
        }
        (Node::Object(members), Kind::Map(_, kind)) => {
            let mut separator = '{';
            for (name, node) in members {
                out.push(std::mem::replace(&mut separator, ','));
                out.push('"');
                out.push_str(name.plain().unwrap_or_default());
                out.push_str("\":");
                write(node, kind, out);
            }
            out.push_str(if separator == '{' { "{}" } else { "}" });
        }
        (Node::List(list), Kind::List(kind)) => {
            let mut separator = '[';
            for node in list {
                out.push(std::mem::replace(&mut separator, ','));
                write(node, kind, out);
            }
            out.push_str(if separator == '[' { "[]" } else { "]" });
        }
        (Node::Object(_), Kind::TextOr(kind)) => write(node, kind, out),
        _ => node.write(out),
    }
}
