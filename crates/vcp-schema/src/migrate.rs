//! Migration between the versions of the protocol (`DECISIONS.md` 2.1–2.7).
//!
//! [`upgrade`] reads a message of any [`Dialect`] as 0.5. [`downgrade`] writes a 0.5 message in an
//! older dialect.
//!
//! A reversible migration loses nothing. `downgrade(upgrade(old))` equals `old`, and
//! `upgrade(downgrade(message))` equals `message`, as [`equivalent`] compares them. Values that the
//! rules cannot restore are kept in `custom.experimental.vcp_migration`, which is called the stash.
//!
//! No time is read from a clock, and no consent is invented. The [`MigrationReport`] names every
//! place that was touched.
//!
//! ```
//! use vcp_schema::{Dialect, migrate::{self, ChangeKind, Downgrade, UpgradeOptions}};
//! # let text = include_str!("jsonschema/example-0.3-production.json");
//! let upgraded = migrate::upgrade(text, &UpgradeOptions::default())?;
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
    Dialect, ErrorCode, FieldPath, Limits, ParseError, ReadOptions, Step, VcpMessage,
    describe::Kind,
    json,
    json::text,
    located_error,
    structure::{self, Fault},
    write,
};
use chrono::{DateTime, Utc};
pub use detect::detect;
pub use report::{Change, ChangeKind, MigrationReport};
use report::{Nobody, Tell};
use stash::Direction;
use tree::{Arena, Node};

/// The options of an upgrade.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use vcp_schema::{Limits, migrate::UpgradeOptions};
/// let time: DateTime<Utc> = "2026-11-21T12:00:00Z".parse()?;
/// let limits = Limits::default().members(1000);
/// let options = UpgradeOptions::default().missing_time(time).limits(limits);
/// assert!(options.missing_time == Some(time) && !options.unordered);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct UpgradeOptions {
    /// The time to use for a required time that the message lacks. These are `call.start_time` and
    /// `audit.received_at`. If this option is unset, a message that lacks one of them is refused
    /// with `VCP_E003`. So is a message that needs a time outside the years 0001 to 9999.
    pub missing_time: Option<DateTime<Utc>>,
    /// The limits on the source, on the upgraded message and on the report.
    pub limits: Limits,
    /// Keeps the report in the order in which the rules ran. Sorting it into document order costs
    /// about 10 % of an upgrade. Set this option if you only count changes.
    pub unordered: bool,
}

impl UpgradeOptions {
    /// Sets the time to use for a required time that the message lacks. With `None`, such a message
    /// is refused.
    #[must_use]
    pub fn missing_time(mut self, time: impl Into<Option<DateTime<Utc>>>) -> Self {
        self.missing_time = time.into();
        self
    }

    /// Sets the limits on the source, on the upgraded message and on the report.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether the report keeps the order in which the rules ran.
    #[must_use]
    pub fn unordered(mut self, unordered: bool) -> Self {
        self.unordered = unordered;
        self
    }

    /// Reads a 0.5 message within the limits.
    fn read(&self, text: &str) -> Result<VcpMessage, ParseError> {
        ReadOptions::default().limits(self.limits).from_json(text)
    }
}

/// The kind of a downgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Downgrade {
    /// Loses nothing.
    ///
    /// - A message that was upgraded returns to the dialect from which it came. It becomes
    ///   [`Dialect::Spec03`] if that return would lose something.
    /// - Any other message becomes [`Dialect::Spec03`].
    ///
    /// Values that [`Dialect::Spec03`] cannot hold are kept in `custom.experimental.vcp_migration`.
    #[default]
    Reversible,
    /// Does what the specification's `to_v03_compatible` does. It sets the version to 0.3, drops
    /// consent and provenance, and turns capabilities into strings. The rest is unchanged.
    Plain,
}

/// A message that was upgraded to 0.5.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Upgraded {
    /// The message, as 0.5.
    pub message: VcpMessage,
    /// The dialect of the source.
    pub from: Dialect,
    /// The changes that the migration made.
    pub report: MigrationReport,
}

/// The JSON text of a message that was upgraded to 0.5.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradedText {
    /// The JSON text, as [`VcpMessage::to_json`] writes it. If the source was 0.5 already, this is
    /// the source without the white space around it.
    pub text: String,
    /// The dialect of the source.
    pub from: Dialect,
    /// The changes that the migration made.
    pub report: MigrationReport,
}

/// A message that was downgraded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downgraded {
    /// The JSON text of the message.
    pub text: String,
    /// The dialect of the text.
    pub dialect: Dialect,
    /// The changes that the migration made.
    pub report: MigrationReport,
}

located_error! {
    /// The reason why a message cannot be migrated.
    ///
    /// - `VCP_E003`: the message does not fit its dialect, or JSON cannot express it. The path is
    ///   the place in the source.
    /// - `VCP_E006`: the version is absent or unknown, or the dialect is ambiguous.
    /// - `VCP_E007`: the text is not JSON.
    /// - `VCP_E008`: a limit is exceeded.
    MigrateError
}

impl MigrateError {
    fn shape(path: FieldPath, message: &str) -> Self {
        Self::new(ErrorCode::Migration, path, message)
    }
}

/// Converts an error of reading. `VCP_E006` and `VCP_E008` keep their code, and so does `VCP_E007`
/// at the root. Any other error becomes `VCP_E003`.
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
/// - `VCP_E003`: a value has the wrong type, a modelled member appears twice, or a required value
///   is absent and neither a rule nor `options.missing_time` supplies it. The path is the place in
///   the source.
/// - `VCP_E006`: the version is absent or unknown, or the dialect is ambiguous. See [`detect`].
/// - `VCP_E007`: the text is not JSON.
/// - `VCP_E008`: the text, the upgraded message or the report exceeds `options.limits`.
pub fn upgrade(text: &str, options: &UpgradeOptions) -> Result<Upgraded, MigrateError> {
    let Some(UpgradedText { text, from, report }) = upgrade_older(text, options)? else {
        let message = options.read(text)?;
        return Ok(Upgraded { message, from: Dialect::V05, report: MigrationReport::default() });
    };
    let message = options.read(&text).map_err(|error| upgraded_is(&error))?;
    Ok(Upgraded { message, from, report })
}

/// Upgrades a message of any dialect and returns JSON text instead of a [`VcpMessage`]. Use it if
/// you only write the result.
///
/// An older message is usually upgraded without building a [`VcpMessage`]. The text equals what
/// [`upgrade`] and [`VcpMessage::to_json`] give. A 0.5 message is checked and returned as it is.
///
/// ```
/// use vcp_schema::migrate::{self, UpgradeOptions};
/// # let old = include_str!("jsonschema/example-0.3-production.json");
/// let options = UpgradeOptions::default();
/// let message = migrate::upgrade(old, &options)?.message;
/// assert_eq!(migrate::upgrade_text(old, &options)?.text, message.to_json());
/// # Ok::<(), vcp_schema::migrate::MigrateError>(())
/// ```
///
/// # Errors
///
/// The errors of [`upgrade`].
pub fn upgrade_text(text: &str, options: &UpgradeOptions) -> Result<UpgradedText, MigrateError> {
    if let Some(upgraded) = upgrade_older(text, options)? {
        return Ok(upgraded);
    }
    options.read(text)?;
    let text = json::trim(text).to_owned();
    Ok(UpgradedText { text, from: Dialect::V05, report: MigrationReport::default() })
}

/// The number of members and elements up to which a message is read at once. Larger messages are
/// checked first.
const FEW_MEMBERS: usize = 1_000;

/// Upgrades a message. Returns `None` if it is 0.5 already.
fn upgrade_older(text: &str, options: &UpgradeOptions) -> Result<Option<UpgradedText>, MigrateError> {
    text::within(text.len(), &options.limits)?;
    let arena = arena(text);
    let few = FEW_MEMBERS.min(options.limits.members);
    let (dialect, source) = match usual::read(&arena, text, few) {
        Some(usual) => usual,
        None => {
            let dialect = detect(text, &options.limits)?;
            if dialect == Dialect::V05 {
                return Ok(None);
            }
            let source = match Node::read(&arena, text, &Kind::Object(dialect.message()), few) {
                Some(source) => source,
                None => read_large(&arena, text, dialect, options)?,
            };
            if let Some(path) = tree::repeated(&source) {
                return Err(MigrateError::shape(path, "the member appears twice in its object"));
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

/// Returns the memory for a migration. All nodes are allocated in it, so none is dropped one by
/// one.
fn arena(text: &str) -> Arena {
    Arena::with_capacity(16 * 1024 + 4 * text.len())
}

/// Reads a message of any dialect as 0.5, from bytes.
///
/// # Errors
///
/// The errors of [`upgrade`]. Bytes that are not UTF-8 are `VCP_E007`.
pub fn upgrade_slice(bytes: &[u8], options: &UpgradeOptions) -> Result<Upgraded, MigrateError> {
    upgrade(text::utf8(bytes, &options.limits)?, options)
}

/// Writes a 0.5 message in an older dialect.
///
/// With [`Downgrade::Reversible`], a message that was upgraded returns to its former dialect, which
/// may be 0.4 (see [`Downgraded::dialect`]). Otherwise the result is 0.3.
///
/// # Errors
///
/// - `VCP_E003`: the message was built in code and JSON cannot express it. It has a float that is
///   not finite, or an unknown member with the name of a modelled one.
/// - `VCP_E008`: the result or its report is longer than the default [`Limits`] allow.
pub fn downgrade(message: &VcpMessage, how: Downgrade) -> Result<Downgraded, MigrateError> {
    let text =
        write::to_exact_text(message).map_err(|fault| MigrateError::shape(FieldPath::root(), fault.message()))?;
    let arena = arena(&text);
    let source = arena.alloc(read_all(&arena, &text, Dialect::V05));
    if how == Downgrade::Reversible
        && let Some(returned) = came_up(&text, source)
    {
        return Ok(returned);
    }
    let limits = Limits::default();
    let downgraded = downgrade_afresh(source, how)?;
    within(downgraded.text.len(), &limits, "downgraded")?;
    Ok(downgraded)
}

/// Checks that a result is within the limit on text. A longer result could not be read again.
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

/// Reads a message of many members. Checks the text first, because the nodes of a message that is
/// refused would take many times its memory.
fn read_large<'t>(
    arena: &'t Arena,
    text: &'t str,
    dialect: Dialect,
    options: &UpgradeOptions,
) -> Result<Node<'t>, MigrateError> {
    // Migration adds what a section lacks, but nothing to an element of a list.
    let wanted = |fault: &Fault| {
        let is_in_list = fault.path.steps().iter().any(|step| matches!(step, Step::Index(_)));
        fault.fatal && (fault.code != ErrorCode::Missing || is_in_list)
    };
    if let Some(fault) = structure::first_fault(dialect, text, &options.limits, wanted) {
        let code = if fault.code == ErrorCode::Limit { ErrorCode::Limit } else { ErrorCode::Migration };
        return Err(MigrateError::new(code, fault.path, fault.message));
    }
    let read = Node::read(arena, text, &Kind::Object(dialect.message()), options.limits.members);
    read.ok_or_else(|| has_too_many_members(FieldPath::root(), &options.limits))
}

/// Reads a message that is in memory already, whatever the number of its members.
fn read_all<'t>(arena: &'t Arena, text: &'t str, dialect: Dialect) -> Node<'t> {
    let read = Node::read(arena, text, &Kind::Object(dialect.message()), usize::MAX);
    read.unwrap_or_else(|| Node::text(arena, text))
}

fn has_too_many_members(path: FieldPath, limits: &Limits) -> MigrateError {
    MigrateError::new(ErrorCode::Limit, path, format!("there are more than {} members", limits.members))
}

/// Downgrades a message without using a stash in it.
///
/// # Errors
///
/// `VCP_E008`: the report would be too long, or there is no room for the stash.
fn downgrade_afresh(source: &mut Node<'_>, how: Downgrade) -> Result<Downgraded, MigrateError> {
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
    let limits = Limits::default();
    if !report.kept(node, &limits, |_| None) {
        return Err(report_is_too_long(&limits));
    }
    report.sort(source);
    if how == Downgrade::Reversible {
        stash::put(node, Direction::Downgrade, Dialect::Spec03, &restore)?;
    }
    Ok(Downgraded { text: node.to_text(4096), dialect: Dialect::Spec03, report })
}

/// Undoes the rules of [`downgrade`]. The patch restores the rest.
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

/// Upgrades a message without using a stash in it.
fn upgrade_afresh(
    text: &str,
    source: &mut Node<'_>,
    dialect: Dialect,
    options: &UpgradeOptions,
) -> Result<UpgradedText, MigrateError> {
    let arena = source.arena();
    let node = arena.alloc(source.clone());
    let mut report = MigrationReport::new();
    up::upgrade(node, dialect, options, &mut report)?;
    let kind = &Kind::Object(Dialect::V05.message());
    let mut members = 0;
    let is_sure = written::as_written(node, kind, &mut members) && members < options.limits.members;
    // If the tree may not be a valid message, the reader decides.
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
            stash::put(node, Direction::Upgrade, dialect, &restore)?;
            node.to_text(2 * text.len() + 1024)
        }
        Some(mut message) => {
            stash::put_into(&mut message, Direction::Upgrade, dialect, &restore)?;
            message.to_json()
        }
    };
    within(text.len(), &options.limits, "upgraded")?;
    Ok(UpgradedText { text, from: dialect, report })
}

/// Applies the rules to a copy of the source and reads the result as a message.
fn read_upgraded(
    text: &str,
    source: &Node<'_>,
    dialect: Dialect,
    options: &UpgradeOptions,
) -> Result<VcpMessage, MigrateError> {
    let mut node = source.clone();
    up::upgrade(&mut node, dialect, options, &mut Nobody)?;
    let upgraded = node.to_text(text.len() + 1024);
    within(upgraded.len(), &options.limits, "upgraded")?;
    options.read(&upgraded).map_err(|error| wrong(text, dialect, options, &error))
}

/// Converts an error in the upgraded message. Its code and its path in that message stay.
fn upgraded_is(error: &ParseError) -> MigrateError {
    MigrateError::new(error.code(), error.path().clone(), format!("upgraded, {}", error.message()))
}

/// Returns the error for an upgraded text that is not a message. The error names the fault in the
/// source if the source has one.
fn wrong(text: &str, dialect: Dialect, options: &UpgradeOptions, error: &ParseError) -> MigrateError {
    if error.code() == ErrorCode::Limit {
        return upgraded_is(error);
    }
    let wanted = |fault: &Fault| fault.fatal && fault.code != ErrorCode::Missing;
    let of_the_source = structure::first_fault(dialect, text, &options.limits, wanted);
    match of_the_source {
        Some(fault) => MigrateError::shape(fault.path, &fault.message),
        None => MigrateError::shape(error.path().clone(), error.message()),
    }
}

/// Restores the 0.5 message from which a 0.3 message was downgraded. Returns `None` if there is no
/// stash, or if the way back would lose something.
fn came_down(text: &str, source: &Node<'_>, options: &UpgradeOptions) -> Option<UpgradedText> {
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
    let message = options.read(&node.to_text(text.len())).ok()?;

    let written = message.to_json();
    let arena = arena(&written);
    let again = arena.alloc(read_all(&arena, &written, Dialect::V05));
    let again = downgrade_afresh(again, Downgrade::Reversible).ok()?.text;
    same_but_for_stashes(&again, text).then_some(UpgradedText { text: written, from: Dialect::Spec03, report })
}

/// Restores the older message from which a 0.5 message was upgraded. Returns `None` if there is no
/// stash, or if the way back would lose something.
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

    let options = UpgradeOptions::default().missing_time(stash.assumed_time()).unordered(true);
    if detect(&old, &options.limits).ok()? != dialect {
        return None;
    }
    let arena = arena(&old);
    let again = arena.alloc(read_all(&arena, &old, dialect));
    // A stash that was changed by hand can put a member there twice. No upgrade takes that.
    if tree::repeated(again).is_some() {
        return None;
    }
    let again = upgrade_afresh(&old, again, dialect, &options).ok()?.text;
    same_but_for_stashes(&again, text).then_some(Downgraded { text: old, dialect, report })
}

/// Returns whether two JSON texts have the same content.
///
/// - The order of members does not matter.
/// - A null member differs from an absent one.
/// - Numbers are compared by value, however they are spelled.
/// - Timestamps may differ in `T` or a space between date and time.
///
/// Returns `false` if a text is not JSON. Messages that were migrated and came back are compared in
/// this way.
///
/// ```
/// use vcp_schema::migrate::equivalent;
/// assert!(equivalent(r#"{"a": 1.0, "b": null}"#, r#"{"b":null,"a":1}"#));
/// assert!(!equivalent(r#"{"a": 1, "b": null}"#, r#"{"a":1}"#));
/// ```
#[must_use]
pub fn equivalent(a: &str, b: &str) -> bool {
    let limits = Limits::default().text_bytes(usize::MAX);
    let arena = arena(a);
    [a, b].iter().all(|text| text::well_formed(text, &limits).is_ok())
        && same::same(arena.alloc(Node::text(&arena, a)), arena.alloc(Node::text(&arena, b)))
}

/// Returns whether two messages have the same content, apart from their stashes.
fn same_but_for_stashes(a: &str, b: &str) -> bool {
    let arena = arena(a);
    let without_stash = |text| {
        let node = arena.alloc(Node::text(&arena, text));
        let _ = stash::take(node, Direction::Upgrade).or_else(|| stash::take(node, Direction::Downgrade));
        node
    };
    same::same(without_stash(a), without_stash(b))
}
