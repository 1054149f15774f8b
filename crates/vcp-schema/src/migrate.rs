//! Between the versions (decisions 2): older messages become 0.5 without losing anything, and go back as they were.
//!
//! [`upgrade`] reads a message of any [`Dialect`]; [`downgrade`] writes 0.3 again, in the dialect from which the message came. What plain rules cannot
//! bring back is kept in `custom.experimental.vcp_migration`, so that `downgrade(upgrade(old))` is `old` and `upgrade(downgrade(message))` is `message`.
//! Nothing is read from a clock and no consent is made up; the [`MigrationReport`] names every place that was touched.
//!
//! ```
//! use vcp_schema::{Dialect, migrate::{self, ChangeKind, Downgrade, Options}};
//! # let text = include_str!("jsonschema/example-0.3-production.json");
//! let upgraded = migrate::upgrade(text, &Options::default())?;
//! assert_eq!(upgraded.from, Dialect::Production03);
//! assert!(upgraded.report.count(ChangeKind::Dropped) == 0);
//! let old = migrate::downgrade(&upgraded.message, Downgrade::Reversible)?;
//! assert_eq!(old.dialect, Dialect::Production03);
//! # Ok::<(), vcp_schema::migrate::MigrateError>(())
//! ```

mod detect;
mod down;
mod order;
mod patch;
mod report;
mod same;
mod stash;
mod tree;
mod up;
mod usual;
mod written;

use crate::{
    Dialect, ErrorCode, FieldPath, Limits, ParseError, Timestamp, VcpMessage, describe::Kind, error::located_error,
    structure, wire, write,
};
pub use detect::detect;
pub use report::{Change, ChangeKind, MigrationReport};
use report::{Nobody, Tell};
use stash::Direction;
use tree::{Arena, Node};

/// How to upgrade.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The time for a required time that the message does not have and nothing in it tells. Without it, such a message is `VCP_E003`.
    pub now: Option<Timestamp>,
    /// Limits on what is read.
    pub limits: Limits,
    /// Leaves the report in the order in which the rules told of it. Putting it into that of the source is a tenth of an upgrade: archives only count.
    pub unordered: bool,
}

/// How to downgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Downgrade {
    /// With what is needed to come back, in the dialect from which the message came.
    #[default]
    Reversible,
    /// As the specification's `to_v03_compatible`: consent and provenance dropped, capabilities as strings, the rest unchanged.
    Plain,
}

/// An upgraded message.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Upgraded {
    /// The message.
    pub message: VcpMessage,
    /// The dialect that it came in.
    pub from: Dialect,
    /// What was done.
    pub report: MigrationReport,
}

/// The text of an upgraded message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradedText {
    /// The message as JSON text, as [`VcpMessage::to_json`] writes it; what was 0.5 already is the text that it was.
    pub text: String,
    /// The dialect that it came in.
    pub from: Dialect,
    /// What was done.
    pub report: MigrationReport,
}

/// A downgraded message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downgraded {
    /// Its JSON text.
    pub text: String,
    /// The dialect that it is in now.
    pub dialect: Dialect,
    /// What was done.
    pub report: MigrationReport,
}

located_error! {
    /// Why a message cannot be migrated: `VCP_E003` with the place in the source, or what reading answers (`VCP_E006`–`VCP_E008`).
    MigrateError
}

impl MigrateError {
    fn shape(path: FieldPath, message: &str) -> Self {
        Self::new(ErrorCode::Migration, path, message)
    }
}

/// What reading says of a text that is no JSON, too long or of another version stays; anything else is a failed migration.
impl From<ParseError> for MigrateError {
    fn from(error: ParseError) -> Self {
        let reading = matches!(error.code(), ErrorCode::Version | ErrorCode::Malformed | ErrorCode::Limit)
            && (error.path().steps().is_empty() || error.code() != ErrorCode::Malformed);
        let code = if reading { error.code() } else { ErrorCode::Migration };
        Self::new(code, error.path().clone(), error.message())
    }
}

/// Reads a message of any dialect as 0.5.
///
/// # Errors
///
/// As [`detect`]; `VCP_E003` when something has the wrong type or is missing that neither the message nor the options tell; `VCP_E008` when the result
/// or its report would be beyond the limits.
pub fn upgrade(text: &str, options: &Options) -> Result<Upgraded, MigrateError> {
    let Some(UpgradedText { text, from, report }) = upgrade_older(text, options)? else {
        let message = VcpMessage::from_json_with(text, &options.limits)?;
        return Ok(Upgraded { message, from: Dialect::V05, report: MigrationReport::default() });
    };
    let message = VcpMessage::from_json_with(&text, &options.limits).map_err(|error| upgraded_is(&error))?;
    Ok(Upgraded { message, from, report })
}

/// As [`upgrade`], but gives text and builds no message: for those who write it down.
///
/// ```
/// use vcp_schema::migrate::{self, Options};
/// # let old = include_str!("jsonschema/example-0.3-production.json");
/// let options = Options::default();
/// assert_eq!(migrate::upgrade_text(old, &options)?.text, migrate::upgrade(old, &options)?.message.to_json());
/// # Ok::<(), vcp_schema::migrate::MigrateError>(())
/// ```
///
/// # Errors
///
/// As [`upgrade`].
pub fn upgrade_text(text: &str, options: &Options) -> Result<UpgradedText, MigrateError> {
    if let Some(upgraded) = upgrade_older(text, options)? {
        return Ok(upgraded);
    }
    VcpMessage::from_json_with(text, &options.limits)?;
    let text = text.trim_matches(wire::WHITESPACE).to_owned();
    Ok(UpgradedText { text, from: Dialect::V05, report: MigrationReport::default() })
}

/// Upgrades a message, unless it is of 0.5 already.
fn upgrade_older(text: &str, options: &Options) -> Result<Option<UpgradedText>, MigrateError> {
    structure::within(text.len(), &options.limits)?;
    let arena = arena(text);
    let (dialect, source) = match usual::read(&arena, text, options.limits.members) {
        Some(usual) => usual,
        None => {
            let dialect = detect(text, &options.limits)?;
            if dialect == Dialect::V05 {
                return Ok(None);
            }
            let source = Node::read(&arena, text, &Kind::Object(dialect.message()));
            if let Some(pointer) = tree::repeated(&source) {
                return Err(MigrateError::shape(tree::path(&pointer), "the member stands twice in its object"));
            }
            (dialect, source)
        }
    };
    let source = arena.alloc(source);
    if dialect == Dialect::Spec03
        && let Some(returned) = came_down(text, source, options)
    {
        return Ok(Some(returned));
    }
    upgrade_afresh(text, source, dialect, options).map(Some)
}

/// The memory of a migration. Nodes are allocated in it, so that none is ever dropped one by one.
fn arena(text: &str) -> Arena {
    Arena::with_capacity(16 * 1024 + 4 * text.len())
}

/// Reads a message of any dialect as 0.5, from bytes.
///
/// # Errors
///
/// As [`upgrade`]; bytes that are not UTF-8 are `VCP_E007`.
pub fn upgrade_slice(bytes: &[u8], options: &Options) -> Result<Upgraded, MigrateError> {
    upgrade(structure::utf8(bytes, &options.limits)?, options)
}

/// Writes a message as 0.3; `Reversible` gives back the dialect that it came from, which may be 0.4 (see [`Downgraded::dialect`]).
///
/// # Errors
///
/// `VCP_E003` when code made a message that JSON cannot say: a float that is not finite, an unknown member with the name of a modelled one. `VCP_E008` when
/// the result or its report would be longer than the default limit allows.
pub fn downgrade(message: &VcpMessage, how: Downgrade) -> Result<Downgraded, MigrateError> {
    let text =
        write::to_exact_text(message).map_err(|fault| MigrateError::shape(FieldPath::root(), fault.message()))?;
    let arena = arena(&text);
    let source = arena.alloc(Node::read(&arena, &text, &Kind::Object(Dialect::V05.message())));
    if how == Downgrade::Reversible
        && let Some(returned) = came_up(&text, source)
    {
        return Ok(returned);
    }
    let limits = Limits::default();
    let downgraded = downgrade_afresh(source, how).ok_or_else(|| report_is_too_long(&limits))?;
    within(downgraded.text.len(), &limits, "downgraded")?;
    Ok(downgraded)
}

/// A result that nobody could read again is none.
fn within(length: usize, limits: &Limits, what: &str) -> Result<(), MigrateError> {
    if length <= limits.text_bytes {
        return Ok(());
    }
    let message = format!("the {what} message is longer than the limit of {} bytes", limits.text_bytes);
    Err(MigrateError::new(ErrorCode::Limit, FieldPath::root(), message))
}

fn report_is_too_long(limits: &Limits) -> MigrateError {
    let message =
        format!("the places of the unknown members take more than four times the limit of {} bytes", limits.text_bytes);
    MigrateError::new(ErrorCode::Limit, FieldPath::root(), message)
}

/// Downgrades a message whatever it holds of former migrations. `None` when the report would be too long.
fn downgrade_afresh(source: &mut Node<'_>, how: Downgrade) -> Option<Downgraded> {
    let arena = source.arena();
    let node = arena.alloc(source.clone());
    let mut report = MigrationReport::default();
    match how {
        Downgrade::Reversible => down::downgrade(node, Dialect::Spec03, false, &mut report),
        Downgrade::Plain => down::plain(node, false, &mut report),
    }
    let back = arena.alloc(node.clone());
    reverse(back, how, &mut Nobody);
    let restore = patch::difference(back, source);
    report.add_moved(&restore, how == Downgrade::Reversible);
    if !report.kept(node, &Limits::default(), |_| None) {
        return None;
    }
    report.sort(source);
    if how == Downgrade::Reversible {
        stash::put(node, Direction::Downgrade, Dialect::Spec03, &restore);
    }
    Some(Downgraded { text: node.to_text(4096), dialect: Dialect::Spec03, report })
}

/// What undoes the rules of [`downgrade`] but for the patch.
fn reverse(node: &mut Node<'_>, how: Downgrade, report: &mut impl Tell) {
    node.set_text("vcp_version", "0.5");
    report.derived("/vcp_version", "/vcp_version");
    if how == Downgrade::Reversible
        && let Some(audit) = node.get("audit")
        && audit.text_of("schema_version") == Some("0.3")
    {
        audit.set_text("schema_version", "0.5");
        report.derived("/audit/schema_version", "/audit/schema_version");
    }
}

/// Upgrades a message whatever it holds of former migrations.
fn upgrade_afresh(
    text: &str,
    source: &mut Node<'_>,
    dialect: Dialect,
    options: &Options,
) -> Result<UpgradedText, MigrateError> {
    let arena = source.arena();
    let node = arena.alloc(source.clone());
    let mut report = MigrationReport::new();
    up::upgrade(node, dialect, options.now, &mut report)?;
    let kind = &Kind::Object(Dialect::V05.message());
    let mut members = 0;
    let is_sure = written::as_written(node, kind, &mut members) && members < options.limits.members;
    // Where it is not sure what reading and writing make of it, that is what decides.
    let message = if is_sure { None } else { Some(read_upgraded(text, source, dialect, options)?) };

    let back = arena.alloc(node.clone());
    let inner_audit = dialect != Dialect::Spec03 && source.get("audit").is_none();
    let place = |target: &str| (inner_audit && target.starts_with("/audit/")).then(|| format!("/vcp_payload{target}"));
    if !report.kept(back, &options.limits, place) {
        return Err(report_is_too_long(&options.limits));
    }
    down::downgrade(back, dialect, true, &mut Nobody);
    let restore = patch::difference(back, source);
    report.add_moved(&restore, true);
    if !options.unordered {
        report.sort(source);
    }
    let text = match message {
        None => {
            stash::put(node, Direction::Upgrade, dialect, &restore);
            node.to_text(2 * text.len() + 1024)
        }
        Some(mut message) => {
            stash::put_into(&mut message, Direction::Upgrade, dialect, &restore);
            message.to_json()
        }
    };
    within(text.len(), &options.limits, "upgraded")?;
    Ok(UpgradedText { text, from: dialect, report })
}

/// Reads what the rules make of a message.
fn read_upgraded(
    text: &str,
    source: &Node<'_>,
    dialect: Dialect,
    options: &Options,
) -> Result<VcpMessage, MigrateError> {
    let mut node = source.clone();
    up::upgrade(&mut node, dialect, options.now, &mut Nobody)?;
    let upgraded = node.to_text(text.len() + 1024);
    within(upgraded.len(), &options.limits, "upgraded")?;
    VcpMessage::from_json_with(&upgraded, &options.limits).map_err(|error| wrong(text, dialect, options, &error))
}

/// What is wrong with an upgraded message that is beyond limits.
fn upgraded_is(error: &ParseError) -> MigrateError {
    MigrateError::new(error.code(), error.path().clone(), format!("upgraded, {}", error.message()))
}

/// Why the upgraded text is no message, told of the source where that shows it.
fn wrong(text: &str, dialect: Dialect, options: &Options, error: &ParseError) -> MigrateError {
    if error.code() == ErrorCode::Limit {
        return upgraded_is(error);
    }
    let of_the_source = structure::check_as(dialect, text, &options.limits)
        .into_iter()
        .find(|fault| fault.fatal && fault.code != ErrorCode::Missing);
    match of_the_source {
        Some(fault) => MigrateError::shape(fault.path, &fault.message),
        None => MigrateError::shape(error.path().clone(), error.message()),
    }
}

/// A 0.3 message that was 0.5 becomes that again. `None` when there is no stash, or when going back would lose something.
fn came_down(text: &str, source: &Node<'_>, options: &Options) -> Option<UpgradedText> {
    let node = source.arena().alloc(source.clone());
    let stash = stash::take(node, Direction::Downgrade)?;
    let mut report = MigrationReport::default();
    if !report.kept(node, &options.limits, |_| None) {
        return None;
    }
    reverse(node, Downgrade::Reversible, &mut report);
    report.add_restored(&stash.restore, &patch::apply(node, &stash.restore));
    if !options.unordered {
        report.sort(source);
    }
    let message = VcpMessage::from_json_with(&node.to_text(text.len()), &options.limits).ok()?;

    let written = message.to_json();
    let arena = arena(&written);
    let again = arena.alloc(Node::read(&arena, &written, &Kind::Object(Dialect::V05.message())));
    let again = downgrade_afresh(again, Downgrade::Reversible)?.text;
    same_but_for_stashes(&again, text).then_some(UpgradedText { text: written, from: Dialect::Spec03, report })
}

/// A 0.5 message that was older becomes that again. `None` when there is no stash, or when going back would lose something.
fn came_up(text: &str, source: &Node<'_>) -> Option<Downgraded> {
    let node = source.arena().alloc(source.clone());
    let stash = stash::take(node, Direction::Upgrade)?;
    let dialect = stash.dialect;
    let mut report = MigrationReport::default();
    down::downgrade(node, dialect, true, &mut report);
    let place = |target: &str| Some(format!("/audit{}", target.strip_prefix("/vcp_payload/audit")?));
    if !report.kept(node, &Limits::default(), place) {
        return None;
    }
    report.add_restored(&stash.restore, &patch::apply(node, &stash.restore));
    report.sort(source);
    let old = node.to_text(text.len());

    let options = Options { now: stash.assumed_time(), unordered: true, ..Options::default() };
    if detect(&old, &options.limits).ok()? != dialect {
        return None;
    }
    let arena = arena(&old);
    let again = arena.alloc(Node::read(&arena, &old, &Kind::Object(dialect.message())));
    let again = upgrade_afresh(&old, again, dialect, &options).ok()?.text;
    same_but_for_stashes(&again, text).then_some(Downgraded { text: old, dialect, report })
}

/// Whether two JSON texts say the same, as decisions 2.5 compares messages that went and came back: a null member is a member, the order of members does
/// not count, numbers are compared by value however they are spelled, and times without regard to `T` or a space. Texts that are not JSON are not
/// equivalent to anything.
///
/// ```
/// use vcp_schema::migrate::equivalent;
/// assert!(equivalent(r#"{"a": 1.0, "b": null}"#, r#"{"b":null,"a":1}"#));
/// assert!(!equivalent(r#"{"a": 1, "b": null}"#, r#"{"a":1}"#));
/// ```
#[must_use]
pub fn equivalent(a: &str, b: &str) -> bool {
    let limits = Limits { text_bytes: usize::MAX, ..Limits::default() };
    let arena = arena(a);
    [a, b].iter().all(|text| structure::well_formed(text, &limits).is_ok())
        && same::same(arena.alloc(Node::text(&arena, a)), arena.alloc(Node::text(&arena, b)))
}

/// Whether two messages say the same, but for what is stashed for the way back.
fn same_but_for_stashes(a: &str, b: &str) -> bool {
    let arena = arena(a);
    let without_stash = |text| {
        let node = arena.alloc(Node::text(&arena, text));
        let _ = stash::take(node, Direction::Upgrade).or_else(|| stash::take(node, Direction::Downgrade));
        node
    };
    same::same(without_stash(a), without_stash(b))
}
