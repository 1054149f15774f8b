//! `custom.experimental.vcp_migration`: what brings a migrated message back (decisions 2.5).

use super::{
    patch::{Operation, present},
    tree::Node,
};
use crate::{Dialect, RawObject, Timestamp, VcpMessage};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Where the stash is.
pub(super) const POINTER: &str = "/vcp_payload/custom/experimental/vcp_migration";
const KEY: &str = "vcp_migration";

/// The migration that wrote a stash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    Upgrade,
    Downgrade,
}

/// The stash, as it stands in a message.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    form: u8,
    direction: Direction,
    dialect: String,
    restore: Vec<Operation>,
    /// What `experimental` was: absent here when it was an object without this key, null when there was none, else the whole.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    experimental_was: Option<Box<RawValue>>,
}

/// A stash that was read.
pub(super) struct Stash {
    pub(super) dialect: Dialect,
    pub(super) restore: Vec<Operation>,
}

impl Stash {
    /// The time that an upgrade was given for one that the message did not have.
    pub(super) fn assumed_time(&self) -> Option<Timestamp> {
        let of = |end: &str| {
            let operation = self.restore.iter().find(|operation| operation.path.ends_with(end));
            let was = operation
                .filter(|operation| operation.value.as_deref().is_none_or(|v| v.get() == "null"))?
                .was
                .as_deref()?;
            serde_json::from_str::<String>(was.get()).ok()?.parse().ok()
        };
        let audit = || {
            let whole = self.restore.iter().find(|operation| operation.path.ends_with("/audit"))?;
            Node::made(whole.was.as_deref()?.get()).text_of("received_at")?.parse().ok()
        };
        of("/call/start_time").or_else(|| of("/audit/received_at")).or_else(audit)
    }
}

/// The text of a stash; `None` when it would restore nothing. After an upgrade it always restores something: the dialect.
fn text(direction: Direction, dialect: Dialect, restore: Vec<Operation>, was: Option<Box<RawValue>>) -> Option<String> {
    if restore.is_empty() && direction == Direction::Downgrade {
        return None;
    }
    serde_json::to_string(&Wire {
        form: 1,
        direction,
        dialect: dialect.as_str().to_owned(),
        restore,
        experimental_was: was,
    })
    .ok()
}

/// What has to be remembered of `experimental` beside the stash.
fn remembered(experimental: Option<&mut Node<'_>>) -> Option<Box<RawValue>> {
    let Some(node) = experimental else { return RawValue::from_string("null".to_owned()).ok() };
    let has_room = node.is_object() && node.member(KEY).is_none();
    if has_room { None } else { RawValue::from_string(node.to_text()).ok() }
}

/// Puts a stash into a tree. Needs `custom` to be an object.
pub(super) fn put(root: &mut Node<'_>, direction: Direction, dialect: Dialect, restore: Vec<Operation>) {
    let Some(custom) = root.get("vcp_payload").and_then(|payload| payload.get("custom")) else { return };
    let was = remembered(custom.member("experimental"));
    let Some(text) = text(direction, dialect, restore, was) else { return };
    if custom.get("experimental").is_none_or(|node| !node.is_object()) {
        custom.set("experimental", Node::made("{}"));
    }
    if let Some(experimental) = custom.get("experimental") {
        experimental.set(KEY, Node::made(text));
    }
}

/// Puts a stash into a message.
pub(super) fn put_into(message: &mut VcpMessage, direction: Direction, dialect: Dialect, restore: Vec<Operation>) {
    let custom = &mut message.vcp_payload.custom;
    let mut node = custom.experimental.as_ref().map(|experimental| Node::text(experimental.as_str()));
    let was = remembered(node.as_mut());
    let Some(text) = text(direction, dialect, restore, was) else { return };
    let mut node = node.unwrap_or_else(|| Node::made("{}"));
    node.set(KEY, Node::made(text));
    let text = node.to_text();
    custom.experimental = Some(RawObject::from_trusted_text(text));
}

/// Takes the stash of a direction out of a tree, and `experimental` back to what it was. `None` when there is none of this form.
pub(super) fn take(root: &mut Node<'_>, direction: Direction) -> Option<Stash> {
    let custom = root.get("vcp_payload")?.get("custom")?;
    let experimental = custom.get("experimental")?;
    let text = experimental.get(KEY)?.to_text();
    let wire: Wire = serde_json::from_str(&text).ok()?;
    if wire.form != 1 || wire.direction != direction {
        return None;
    }
    let dialect = Dialect::from_word(&wire.dialect).filter(|dialect| *dialect != Dialect::V05)?;
    // What stood under the key before goes back there; what stands beside it may have been edited since.
    let was = wire.experimental_was.as_deref().map(RawValue::get).filter(|was| was.starts_with('{'));
    match was {
        Some(was) => experimental.set(KEY, Node::made(Node::made(was).member(KEY)?.to_text())),
        None => drop(experimental.take(KEY)),
    }
    let is_empty = experimental.open().is_none_or(|members| members.is_empty());
    match wire.experimental_was.as_deref().map(RawValue::get) {
        None => {}
        Some("null") if is_empty => drop(custom.take("experimental")),
        Some(was) if is_empty && !was.starts_with('{') => custom.set("experimental", Node::made(was)),
        Some(_) => {}
    }
    Some(Stash { dialect, restore: wire.restore })
}
