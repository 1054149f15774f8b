//! The stash `custom.experimental.vcp_migration`, which restores a migrated message (`DECISIONS.md`
//! 2.5).

use super::{
    MigrateError,
    patch::{Operation, present},
    tree::{Arena, Name, Node},
};
use crate::{Custom, Dialect, ErrorCode, FieldPath, Limits, RawObject, Timestamp, VcpMessage, describe::object, json};
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// The place of the stash.
pub(super) const POINTER: &str = "/vcp_payload/custom/experimental/vcp_migration";
const KEY: &str = "vcp_migration";

/// The kind of migration that wrote a stash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    Upgrade,
    Downgrade,
}

impl Direction {
    fn as_str(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
        }
    }
}

/// The form of the stash in a message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'t> {
    form: u8,
    direction: Direction,
    dialect: String,
    #[serde(borrow)]
    restore: Vec<Operation<'t>>,
    /// The former value of `experimental`.
    ///
    /// - Absent here: it was an object without the key of the stash.
    /// - `null`: it did not exist.
    /// - Any other value: the whole former value.
    #[serde(default, borrow, deserialize_with = "present")]
    experimental_was: Option<&'t str>,
}

/// A stash that was read from a message.
pub(super) struct Stash<'t> {
    pub(super) dialect: Dialect,
    pub(super) restore: Vec<Operation<'t>>,
}

impl Stash<'_> {
    /// Returns the time that the upgrade used for an absent time. Returns `None` if the upgrade
    /// used none.
    pub(super) fn assumed_time(&self) -> Option<DateTime<Utc>> {
        let ends = |end: &'static str| self.restore.iter().filter(move |operation| operation.path.ends_with(end));
        let of = |end| -> Option<Timestamp> {
            let mut removed = ends(end).filter(|operation| operation.value.is_none_or(|value| value == "null"));
            json::string::decode(removed.find_map(|operation| operation.was)?)?.parse().ok()
        };
        // The whole of `audit` can have been put in the place of another, or of none.
        let received = |audit: Option<&str>| -> Option<Timestamp> {
            Node::text(&Arena::new(), audit?).text_of("received_at")?.parse().ok()
        };
        let audit = || {
            let mut made = ends("/audit").filter(|operation| received(operation.value).is_none());
            made.find_map(|operation| received(operation.was))
        };
        let time = of("/call/start_time").or_else(|| of("/audit/received_at")).or_else(audit);
        time.map(|time| time.instant())
    }
}

/// Returns the text of a stash, or `None` if there is nothing to restore. An upgrade always has
/// something to restore: the dialect.
fn text(direction: Direction, dialect: Dialect, restore: &[Operation<'_>], was: Option<&str>) -> Option<String> {
    if restore.is_empty() && direction == Direction::Downgrade {
        return None;
    }
    let mut out = String::with_capacity(1024);
    for part in
        [r#"{"form":1,"direction":""#, direction.as_str(), r#"","dialect":""#, dialect.as_str(), r#"","restore":["#]
    {
        out.push_str(part);
    }
    for (at, operation) in restore.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        operation.write(&mut out);
    }
    out.push(']');
    if let Some(was) = was {
        out.push_str(r#","experimental_was":"#);
        out.push_str(was);
    }
    out.push('}');
    Some(out)
}

/// Returns the former value of `experimental` that the stash must keep. See
/// `Wire::experimental_was`.
fn remembered<'t>(experimental: Option<&mut Node<'t>>) -> Option<&'t str> {
    let Some(node) = experimental else { return Some("null") };
    let has_room = node.is_object() && node.member(KEY).is_none();
    if has_room { None } else { Some(node.json()) }
}

/// Adds the key of the stash to `experimental`.
///
/// # Errors
///
/// `VCP_E008`: `experimental` has so many members that the stash could not be read again.
fn add<'t>(experimental: &mut Node<'t>, text: &'t str) -> Result<(), MigrateError> {
    let most = Limits::default().members;
    experimental.set_json(KEY, text);
    if experimental.open().is_some_and(|members| members.len() <= most) {
        return Ok(());
    }
    let path = FieldPath::from_dotted("vcp_payload.custom.experimental");
    let message = format!("there is no room for the stash of a migration: the limit is {most} members");
    Err(MigrateError::new(ErrorCode::Limit, path, message))
}

/// Writes a stash into a tree. Does nothing unless `custom` is an object.
///
/// # Errors
///
/// `VCP_E008`: see [`add`].
pub(super) fn put(
    root: &mut Node<'_>,
    direction: Direction,
    dialect: Dialect,
    restore: &[Operation<'_>],
) -> Result<(), MigrateError> {
    let arena = root.arena();
    let Some(custom) = root.get("vcp_payload").and_then(|payload| payload.get("custom")) else { return Ok(()) };
    let was = remembered(custom.member("experimental"));
    let Some(text) = text(direction, dialect, restore, was) else { return Ok(()) };
    if custom.get("experimental").is_none_or(|node| !node.is_object()) {
        custom.take("experimental");
        // The new member gets its place in the order of the specification.
        let place = object::<Custom>().field_from(0, "experimental");
        custom.insert(place.map_or(Name::UNKNOWN, |(order, _)| order), "experimental", Node::text(arena, "{}"));
    }
    custom.get("experimental").map_or(Ok(()), |experimental| add(experimental, arena.alloc_str(&text)))
}

/// Writes a stash into a message.
///
/// # Errors
///
/// `VCP_E008`: see [`add`].
pub(super) fn put_into(
    message: &mut VcpMessage,
    direction: Direction,
    dialect: Dialect,
    restore: &[Operation<'_>],
) -> Result<(), MigrateError> {
    let arena = Arena::new();
    let custom = &mut message.vcp_payload.custom;
    let mut node = custom.experimental.as_ref().map(|experimental| Node::text(&arena, experimental.as_str()));
    let was = remembered(node.as_mut());
    let Some(text) = text(direction, dialect, restore, was) else { return Ok(()) };
    let mut node = node.unwrap_or_else(|| Node::text(&arena, "{}"));
    add(&mut node, &text)?;
    let text = node.to_text(text.len() + 32);
    drop(node);
    custom.experimental = Some(RawObject::from_trusted_text(text));
    Ok(())
}

/// Removes the stash of this direction from a tree, and restores the former `experimental`. Returns
/// `None` if the tree has no such stash.
pub(super) fn take<'t>(root: &mut Node<'t>, direction: Direction) -> Option<Stash<'t>> {
    let arena = root.arena();
    let custom = root.get("vcp_payload")?.get("custom")?;
    let experimental = custom.get("experimental")?;
    let wire: Wire<'t> = serde_json::from_str(experimental.get(KEY)?.json()).ok()?;
    if wire.form != 1 || wire.direction != direction {
        return None;
    }
    let dialect = wire.dialect.parse::<Dialect>().ok().filter(|dialect| *dialect != Dialect::V05)?;
    // The former value of the key is restored. Members beside it may have been edited since, so
    // they stay.
    match wire.experimental_was.filter(|was| was.starts_with('{')) {
        Some(was) => experimental.set(KEY, Node::text(arena, was).take(KEY)?),
        None => drop(experimental.take(KEY)),
    }
    let is_empty = experimental.open().is_none_or(|members| members.is_empty());
    match wire.experimental_was {
        None => {}
        Some("null") if is_empty => drop(custom.take("experimental")),
        Some(was) if is_empty && !was.starts_with('{') => custom.set_json("experimental", was),
        Some(_) => {}
    }
    Some(Stash { dialect, restore: wire.restore })
}
