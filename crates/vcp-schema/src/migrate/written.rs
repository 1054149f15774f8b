//! The normal form of a tree: the tree of the message that [`VcpMessage`](crate::VcpMessage) would
//! read from it and write again. It is computed on the tree itself, without a message.

use super::{
    same::same,
    tree::{Name, Node, are_distinct, quoted},
};
use crate::{
    Timestamp,
    describe::{Field, Kind, ObjectType, Presence},
    json::{
        cursor::Cursor,
        number,
        string::{self, Quoted},
    },
    write,
};

/// Normalises a tree to the form that results from reading it as a message and writing the message
/// again (`DECISIONS.md` 1.2–1.5). Members are sorted into the order of the specification. Unknown
/// members are marked and put last (`DECISIONS.md` 1.12).
///
/// Returns `true` if the tree is certainly a message. If it returns `false`, reading decides. Adds
/// the number of members and elements to `members`.
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
        Kind::List(kind) if node.is_raw() => list_as_written(node, kind, members),
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

/// Normalises a list of plain values without opening it.
fn list_as_written(node: &mut Node<'_>, kind: &Kind, members: &mut usize) -> bool {
    let Node::Raw(text, arena) = *node else { return false };
    if !text.starts_with('[') {
        return false;
    }
    let mut written = String::with_capacity(text.len());
    let mut cursor = Cursor::new(text);
    cursor.enter();
    let mut is_sure = true;
    while cursor.element() {
        let mut element = Node::Raw(cursor.value(), arena);
        is_sure &= leaf_as_written(&mut element, kind);
        written.push(if written.is_empty() { '[' } else { ',' });
        element.write(&mut written);
        *members += 1;
    }
    written.push_str(if written.is_empty() { "[]" } else { "]" });
    if written != text {
        *node = Node::Raw(arena.alloc_str(&written), arena);
    }
    is_sure
}

fn object_as_written(node: &mut Node<'_>, object: &'static ObjectType, count: &mut usize) -> bool {
    let arena = node.arena();
    let Some(members) = node.open() else { return false };
    *count += members.len();
    let mut is_sure = true;
    // The modelled members that are present, one bit for each.
    let mut filled = 0_u64;
    // Most members are in the order of the specification.
    let mut next = 0;
    let (mut has_null, mut has_second_name, mut has_unknown) = (false, false, false);
    for (name, value) in members.iter_mut() {
        let Some((at, field)) = name.field_from(object, next) else {
            name.order = Name::UNKNOWN;
            has_unknown = true;
            continue;
        };
        next = at + 1;
        let bit = 1 << at;
        is_sure &= filled & bit == 0;
        name.order = at;
        if field.alias.is_some() && !name.is(field.name) {
            has_second_name = true;
        } else if name.plain().is_none() {
            // The name has escapes. It is written without them.
            *name = Name::known(field.name);
            name.order = at;
        }
        if value.is_null() {
            has_null = true;
            is_sure &= field.presence == Presence::Optional;
        } else {
            filled |= bit;
            is_sure &= as_written(value, &field.kind, count);
        }
    }
    if has_null {
        members.retain(|(name, value)| name.is_unknown() || !value.is_null());
    }
    is_sure &= !has_unknown
        || are_distinct(members.iter().filter(|(name, _)| name.is_unknown()).map(|(name, _)| name.plain()));
    is_sure &= object.missing(filled) == 0;
    if has_second_name {
        is_sure = false;
        object.fields().for_each(|field| second_name(node, field));
    }
    for (at, field) in object.to_fill(filled) {
        if let Some(default) = field.kind.default_json() {
            node.insert(at, field.name, Node::text(arena, default));
            *count += 1;
        }
    }
    if let Some(members) = node.open() {
        members.sort_by_key(|(name, _)| name.order);
    }
    is_sure
}

/// Normalises the spelling of a value that has no members. Returns `true` if the value is certainly
/// valid.
fn leaf_as_written(node: &mut Node<'_>, kind: &Kind) -> bool {
    let Node::Raw(text, arena) = *node else { return false };
    let inner = || Quoted::of(text).map(|string| string.raw);
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
            // `-0` is an integer, and integers have no negative zero (`DECISIONS.md` 1.5).
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
            if let Some((date, clock)) = time.split_at_checked(10).filter(|(_, clock)| clock.starts_with(' ')) {
                *node = Node::string(arena, &[date, clock.trim_start()].join("T"));
            }
            true
        }
        Kind::Text | Kind::Word(_) | Kind::TextOr(_) => {
            let Some(inner) = inner() else { return false };
            if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
                let Some(decoded) = string::decode(text) else { return false };
                *node = Node::text(arena, quoted(arena, &decoded));
            }
            true
        }
        _ => false,
    }
}

/// Merges a member that is given under its second name, `alias`. If both names are present and
/// equal, the second is removed. If they differ, the second becomes an unknown member.
fn second_name(node: &mut Node<'_>, field: &Field) {
    let Some(alias) = field.alias else { return };
    let Some(mut second) = node.member(alias).cloned() else { return };
    match node.member(field.name).map(|first| same(first, &mut second)) {
        Some(true) => drop(node.take(alias)),
        Some(false) => node.open().into_iter().flatten().for_each(|(name, _)| {
            if name.is(alias) {
                name.order = Name::UNKNOWN;
            }
        }),
        None => drop(node.rename(alias, field.name)),
    }
}
