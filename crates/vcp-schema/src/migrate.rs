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

mod down;
mod patch;
mod report;
mod stash;
mod tree;
mod up;

use crate::{
    Dialect, ErrorCode, FieldPath, Limits, ParseError, PathNode, Timestamp, VcpMessage, VcpVersion,
    describe::{Kind, ObjectType},
    error::short,
    structure, wire, write,
};
pub use report::{Change, ChangeKind, MigrationReport};
use stash::{Direction, Stash};
use std::fmt;
use tree::Node;

/// How to upgrade.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The time for a required time that the message does not have and nothing in it tells. Without it, such a message is `VCP_E003`.
    pub now: Option<Timestamp>,
    /// Limits on what is read.
    pub limits: Limits,
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

/// Why a message cannot be migrated: `VCP_E003` with the place, or what reading answers (`VCP_E006`–`VCP_E008`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrateError {
    code: ErrorCode,
    path: FieldPath,
    message: String,
}

impl MigrateError {
    fn new(code: ErrorCode, path: FieldPath, message: impl Into<String>) -> Self {
        Self { code, path, message: message.into() }
    }

    fn shape(path: FieldPath, message: &str) -> Self {
        Self::new(ErrorCode::Migration, path, message)
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The place in the source.
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// What is wrong, without code and place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.code, short(&self.path), self.message)
    }
}

impl std::error::Error for MigrateError {}

/// What reading says of a text that is no JSON, too long or of another version stays; anything else is a failed migration.
impl From<ParseError> for MigrateError {
    fn from(error: ParseError) -> Self {
        let reading = matches!(error.code(), ErrorCode::Version | ErrorCode::Malformed | ErrorCode::Limit)
            && (error.path().steps().is_empty() || error.code() != ErrorCode::Malformed);
        let code = if reading { error.code() } else { ErrorCode::Migration };
        Self::new(code, error.path().clone(), error.message())
    }
}

/// The dialect of a text, by its version and the place of `audit`; nothing is built.
///
/// # Errors
///
/// `VCP_E007` when the text is not JSON, `VCP_E008` when it is too long, `VCP_E006` when the version is unknown or absent, or when `audit` stands in
/// both places of 0.3.
pub fn detect(text: &str, limits: &Limits) -> Result<Dialect, MigrateError> {
    structure::well_formed(text, limits)?;
    let text = text.trim_matches(wire::WHITESPACE);
    let version =
        |message: String| Err(MigrateError::new(ErrorCode::Version, FieldPath::root().name("vcp_version"), message));
    let members = wire::raw_members(text).unwrap_or_default();
    let find = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    let word: Option<String> = find("vcp_version").and_then(|value| serde_json::from_str(value).ok());
    let Some(word) = word else {
        return version("no version is given: 0.3, 0.4 and 0.5 are supported".to_owned());
    };
    match VcpVersion::from_word(&word) {
        Some(VcpVersion::V05) => Ok(Dialect::V05),
        Some(VcpVersion::V04) => Ok(Dialect::V04),
        Some(VcpVersion::V03) => {
            let payload = find("vcp_payload").and_then(wire::raw_members).unwrap_or_default();
            match (find("audit").is_some(), payload.iter().any(|(name, _)| name == "audit")) {
                (true, true) => version(
                    "`audit` stands at the root, as the specification of 0.3 has it, and in `vcp_payload`, as production has it".to_owned(),
                ),
                (true, false) => Ok(Dialect::Spec03),
                (false, true) => Ok(Dialect::Production03),
                (false, false) if find("call_id").is_some() => Ok(Dialect::Production03),
                (false, false) => Ok(Dialect::Spec03),
            }
        }
        None => version(format!("version `{}` is not known: 0.3, 0.4 and 0.5 are supported", structure::shown(&word))),
    }
}

/// Reads a message of any dialect as 0.5.
///
/// # Errors
///
/// As [`detect`]; `VCP_E003` when something has the wrong type or is missing that neither the message nor the options tell.
pub fn upgrade(text: &str, options: &Options) -> Result<Upgraded, MigrateError> {
    let dialect = detect(text, &options.limits)?;
    if dialect == Dialect::V05 {
        let message = VcpMessage::from_json_with(text, &options.limits)?;
        return Ok(Upgraded { message, from: dialect, report: MigrationReport::default() });
    }
    if dialect == Dialect::Spec03
        && let Some(returned) = came_down(text, options)
    {
        return Ok(returned);
    }
    upgrade_afresh(text, dialect, options)
}

/// Reads a message of any dialect as 0.5, from bytes.
///
/// # Errors
///
/// As [`upgrade`]; bytes that are not UTF-8 are `VCP_E007`.
pub fn upgrade_slice(bytes: &[u8], options: &Options) -> Result<Upgraded, MigrateError> {
    upgrade(structure::utf8(bytes, &options.limits)?, options)
}

/// Writes a message as 0.3.
///
/// # Errors
///
/// `VCP_E003` when code made a message that JSON cannot say: a float that is not finite, an unknown member with the name of a modelled one.
pub fn downgrade(message: &VcpMessage, how: Downgrade) -> Result<Downgraded, MigrateError> {
    let text =
        write::to_exact_text(message).map_err(|fault| MigrateError::shape(FieldPath::root(), fault.message()))?;
    if how == Downgrade::Plain {
        return Ok(plain(&text));
    }
    Ok(came_up(&text).unwrap_or_else(|| downgrade_afresh(&text)))
}

/// Downgrades a message whatever it holds of former migrations.
fn downgrade_afresh(text: &str) -> Downgraded {
    let mut source = Node::read(text, &Kind::Object(Dialect::V05.message()));
    let mut node = source.clone();
    let mut report = MigrationReport::default();
    down::downgrade(&mut node, Dialect::Spec03, &mut report);
    let mut back = node.clone();
    reverse_of_downgrade(&mut back);
    let restore = patch::difference(&mut back, &mut source);
    report.add_moved(&restore);
    stash::put(&mut node, Direction::Downgrade, Dialect::Spec03, restore);
    kept(&mut source, Dialect::V05.message(), &mut report);
    report.sort(&source);
    Downgraded { text: node.to_text(), dialect: Dialect::Spec03, report }
}

/// What the specification's `to_v03_compatible` gives.
fn plain(text: &str) -> Downgraded {
    let mut node = Node::text(text);
    let mut report = MigrationReport::default();
    let version = node.get("audit").and_then(|audit| audit.member("schema_version").cloned());
    let checksum = node.get("audit").and_then(|audit| audit.member("checksum").cloned());
    let payload_audit = node.get("vcp_payload").and_then(|payload| payload.member("audit").cloned());
    let mut before = Node::read(text, &Kind::Object(Dialect::V05.message()));
    for name in ["consent", "provenance"] {
        if before.get("vcp_payload").is_some_and(|payload| payload.member(name).is_some()) {
            report.add(ChangeKind::Dropped, Some(&format!("/vcp_payload/{name}")), None);
        }
    }
    let mut rules = MigrationReport::default();
    down::downgrade(&mut node, Dialect::Spec03, &mut rules);
    for (name, value) in [("schema_version", version), ("checksum", checksum)] {
        if let (Some(audit), Some(value)) = (node.get("audit"), value) {
            audit.set(name, value);
        }
    }
    if let (Some(payload), Some(audit)) = (node.get("vcp_payload"), payload_audit) {
        payload.set("audit", audit);
    }
    for change in rules.changes().iter().filter(|change| change.source.as_deref() != Some("/audit/schema_version")) {
        report.add(change.kind, change.source.as_deref(), change.target.as_deref());
        if let Some(entry) = change.source.as_deref().and_then(|source| source.strip_suffix("/capability_id")) {
            report.add(ChangeKind::Dropped, Some(entry), None);
        }
    }
    kept(&mut before, Dialect::V05.message(), &mut report);
    report.sort(&before);
    Downgraded { text: node.to_text(), dialect: Dialect::Spec03, report }
}

/// What undoes the rules of [`downgrade`] but for the patch.
fn reverse_of_downgrade(node: &mut Node<'_>) {
    node.set("vcp_version", Node::string("0.5"));
    if let Some(audit) = node.get("audit")
        && audit.text_of("schema_version").as_deref() == Some("0.3")
    {
        audit.set("schema_version", Node::string("0.5"));
    }
}

/// Upgrades a message whatever it holds of former migrations.
fn upgrade_afresh(text: &str, dialect: Dialect, options: &Options) -> Result<Upgraded, MigrateError> {
    let mut source = Node::read(text, &Kind::Object(dialect.message()));
    let mut node = source.clone();
    let mut report = MigrationReport::default();
    up::upgrade(&mut node, dialect, options.now, &mut report)?;
    let mut message = VcpMessage::from_json_with(&node.to_text(), &options.limits)
        .map_err(|error| wrong(text, dialect, options, &error))?;

    let written = message.to_json();
    let mut back = Node::read(&written, &Kind::Object(Dialect::V05.message()));
    let mut stays = MigrationReport::default();
    kept(&mut back, Dialect::V05.message(), &mut stays);
    down::downgrade(&mut back, dialect, &mut MigrationReport::default());
    let restore = patch::difference(&mut back, &mut source);
    report.add_moved(&restore);
    report.append(stays);
    report.sort(&source);
    stash::put_into(&mut message, Direction::Upgrade, dialect, restore);
    Ok(Upgraded { message, from: dialect, report })
}

/// Why the upgraded text is no message, told of the source where that shows it.
fn wrong(text: &str, dialect: Dialect, options: &Options, error: &ParseError) -> MigrateError {
    let of_the_source = structure::check_as(dialect, text, &options.limits)
        .into_iter()
        .find(|fault| fault.fatal && fault.code != ErrorCode::Missing);
    match of_the_source {
        Some(fault) => MigrateError::shape(fault.path, &fault.message),
        None => MigrateError::shape(error.path().clone(), error.message()),
    }
}

/// A 0.3 message that was 0.5 becomes that again. `None` when there is no stash, or when going back would lose something.
fn came_down(text: &str, options: &Options) -> Option<Upgraded> {
    let mut node = Node::text(text);
    let stash = stash::take(&mut node, Direction::Downgrade)?;
    let mut report = MigrationReport::default();
    reverse_of_downgrade(&mut node);
    report.add(ChangeKind::Derived, Some("/vcp_version"), Some("/vcp_version"));
    restore(&mut node, &stash, &mut report);
    let message = VcpMessage::from_json_with(&node.to_text(), &options.limits).ok()?;
    let mut again = Node::made(downgrade_afresh(&message.to_json()).text);
    let mut before = Node::text(text);
    (without_stash(&mut again) && without_stash(&mut before) && tree::same(&mut again, &mut before))
        .then_some(Upgraded { message, from: Dialect::Spec03, report })
}

/// A 0.5 message that was older becomes that again. `None` when there is no stash, or when going back would lose something.
fn came_up(text: &str) -> Option<Downgraded> {
    let mut node = Node::text(text);
    let stash = stash::take(&mut node, Direction::Upgrade)?;
    let dialect = stash.dialect;
    let mut report = MigrationReport::default();
    down::downgrade(&mut node, dialect, &mut report);
    restore(&mut node, &stash, &mut report);
    let old = node.to_text();
    let options = Options { now: stash.assumed_time(), ..Options::default() };
    let again =
        (detect(&old, &options.limits).ok()? == dialect).then(|| upgrade_afresh(&old, dialect, &options).ok())??;
    let (mut before, again_text) = (Node::text(text), again.message.to_json());
    let mut again = Node::text(&again_text);
    (without_stash(&mut again) && without_stash(&mut before) && tree::same(&mut again, &mut before))
        .then_some(Downgraded { text: old, dialect, report })
}

/// Takes the stash of either direction out; always true, so that conditions read.
fn without_stash(node: &mut Node<'_>) -> bool {
    let _ = stash::take(node, Direction::Upgrade).or_else(|| stash::take(node, Direction::Downgrade));
    true
}

fn restore(node: &mut Node<'_>, stash: &Stash, report: &mut MigrationReport) {
    for (at, operation) in stash.restore.iter().enumerate() {
        let source = format!("{}/restore/{at}", stash::POINTER);
        let kind = if patch::apply(node, operation) { ChangeKind::Moved } else { ChangeKind::Dropped };
        report.add(kind, Some(&source), Some(&operation.path));
    }
}

/// Unknown members, which stay where they are.
fn kept(node: &mut Node<'_>, object: &'static ObjectType, report: &mut MigrationReport) {
    kept_below(node, &Kind::Object(object), &PathNode::root(), report);
}

fn kept_below(node: &mut Node<'_>, kind: &Kind, path: &PathNode<'_>, report: &mut MigrationReport) {
    match kind {
        Kind::Object(object) => {
            for (name, node) in node.open().into_iter().flatten() {
                let name = name.decoded().unwrap_or_default();
                let here = path.name(&name);
                match object.field(&name) {
                    Some(field) => kept_below(node, &field.kind, &here, report),
                    None => {
                        let pointer = here.to_path().pointer();
                        report.add(ChangeKind::Kept, Some(&pointer), Some(&pointer));
                    }
                }
            }
        }
        Kind::Map(_, kind) => {
            for (name, node) in node.open().into_iter().flatten() {
                kept_below(node, kind, &path.name(&name.decoded().unwrap_or_default()), report);
            }
        }
        Kind::List(kind) if matches!(kind, Kind::Object(_) | Kind::TextOr(_)) => {
            for (at, node) in node.open_list().into_iter().flatten().enumerate() {
                kept_below(node, kind, &path.index(at), report);
            }
        }
        Kind::TextOr(kind) if node.is_object() => kept_below(node, kind, path, report),
        _ => {}
    }
}
