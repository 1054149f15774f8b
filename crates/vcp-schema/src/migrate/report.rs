//! The report of a migration (`DECISIONS.md` 2.6).

use super::{
    order::Places,
    patch::{Op, Operation},
    stash,
    tree::{Name, Node},
};
use crate::{Limits, PathNode, Step, json::path::pointer_step};
use serde::{Serialize, Serializer};
use std::{borrow::Cow, collections::HashSet, fmt};

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// An unknown member that is kept in its object.
    Kept,
    /// A value that has another name or another place in the result.
    Renamed,
    /// A value that was computed from another value.
    Derived,
    /// A required value that the source did not contain, so a default was used.
    ///
    /// On downgrade such a change has no target, because the older version does not have the value.
    /// Another upgrade sets the same default.
    Assumed,
    /// A value that was moved into the stash `custom.experimental.vcp_migration`, or restored from
    /// it.
    Moved,
    /// A value that was lost.
    Dropped,
}

impl ChangeKind {
    /// All kinds, in the order in which they are declared.
    pub const ALL: &'static [Self] =
        &[Self::Kept, Self::Renamed, Self::Derived, Self::Assumed, Self::Moved, Self::Dropped];

    /// Returns the word: `kept`, `renamed`, `derived`, `assumed`, `moved` or `dropped`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Renamed => "renamed",
            Self::Derived => "derived",
            Self::Assumed => "assumed",
            Self::Moved => "moved",
            Self::Dropped => "dropped",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for ChangeKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One change of a migration. If a whole subtree changed, the pointers name its root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The place in the source, as a JSON Pointer. `None` if the source does not contain the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'static, str>>,
    /// The place in the result, as a JSON Pointer. `None` if the result does not contain the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Cow<'static, str>>,
}

impl Change {
    /// Returns the pointer by which the change is sorted.
    fn place(&self) -> &str {
        self.source.as_deref().or(self.target.as_deref()).unwrap_or_default()
    }
}

/// The changes that a migration made.
///
/// - Each touched place has one entry.
/// - A replaced value has two entries. One is for its new value. The other is for its old value,
///   which is moved or dropped.
/// - Modelled members that did not change have no entry.
///
/// Entries are in the order of the source document, unless
/// [`UpgradeOptions::unordered`](super::UpgradeOptions::unordered) is set. A place that the source
/// does not contain is at the end of its object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct MigrationReport {
    changes: Vec<Change>,
}

impl MigrationReport {
    /// Returns the changes.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns the number of changes of this kind.
    #[must_use]
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }

    /// Returns whether the result has less than the source: a value was dropped, or moved into the
    /// stash.
    #[must_use]
    pub fn has_feature_loss(&self) -> bool {
        self.changes.iter().any(|change| match change.kind {
            ChangeKind::Dropped => true,
            ChangeKind::Moved => change.target.as_deref() == Some(stash::POINTER),
            _ => false,
        })
    }

    /// Returns an empty report with room for the usual number of changes of an upgrade.
    pub(super) fn new() -> Self {
        Self { changes: Vec::with_capacity(32) }
    }

    fn add(&mut self, kind: ChangeKind, source: Option<Cow<'static, str>>, target: Option<Cow<'static, str>>) {
        self.changes.push(Change { kind, source, target });
    }

    /// Reports the unknown members of a tree that was read by its kinds. `source` returns the place
    /// in the source if it differs from the place in the tree.
    ///
    /// Returns `false` if the pointers would take more than four times `limits.text_bytes`. Many
    /// unknown members below a long name could otherwise fill the memory.
    pub(super) fn kept(&mut self, node: &Node<'_>, limits: &Limits, source: impl Fn(&str) -> Option<String>) -> bool {
        let mut kept = Kept { report: self, source, room: limits.text_bytes.saturating_mul(4) };
        kept.below(node, &PathNode::root()).is_some()
    }

    /// Sorts the changes into the order of the source document. A place that the source does not
    /// contain is at the end of its object.
    pub(super) fn sort(&mut self, source: &Node<'_>) {
        let mut places = Places::new(source);
        self.changes.sort_by_cached_key(|change| places.of(change.place()));
    }

    /// Reports every value that was moved into the stash, or dropped if there is no stash.
    ///
    /// Skips a value if a rule already reported it, or an object that contains it. A replaced value
    /// gets two entries: one for its new value, and one for its old value.
    pub(super) fn add_moved(&mut self, restore: &[Operation<'_>], has_stash: bool) {
        fn around(path: &str) -> impl Iterator<Item = &str> {
            memchr::memchr_iter(b'/', path.as_bytes()).filter_map(|end| path.get(..end))
        }
        // The places of the added values and of all values around them, and the extent to which
        // each is reported.
        let mut places: Vec<&str> = Vec::new();
        for operation in restore.iter().filter(|operation| operation.op == Op::Add) {
            places.extend(around(&operation.path));
            places.push(&operation.path);
        }
        // Sorted by length first: most places differ in length, which is cheap to compare.
        let order = |a: &&str, b: &&str| a.len().cmp(&b.len()).then_with(|| a.cmp(b));
        places.sort_unstable_by(order);
        places.dedup();
        let find = |place: &str| places.binary_search_by(|other| order(other, &place)).ok();
        let mut told = vec![Told::Not; places.len()];
        for change in &self.changes {
            if let Some(told) = change.source.as_deref().and_then(find).and_then(|at| told.get_mut(at)) {
                // A renamed value is reported. A member that it lacks afterwards is not.
                *told = if change.kind == ChangeKind::Renamed { (*told).max(Told::Renamed) } else { Told::Whole };
            }
        }
        let told_of = |place: &str| find(place).and_then(|at| told.get(at).copied());
        let is_told = |path: &str| {
            told_of(path) > Some(Told::Not) || around(path).any(|place| told_of(place) == Some(Told::Whole))
        };
        let (kind, target) =
            if has_stash { (ChangeKind::Moved, Some(stash::POINTER)) } else { (ChangeKind::Dropped, None) };
        for operation in restore {
            let is_moved = match operation.op {
                Op::Add => !is_told(&operation.path),
                Op::Replace => true,
                Op::Remove => false,
            };
            if is_moved && operation.value.is_some() {
                self.add(kind, Some(operation.path.to_string().into()), target.map(Cow::Borrowed));
            }
        }
    }

    /// Reports every value that was restored from the stash.
    ///
    /// - A value that was not restored, because its place was changed since, is reported as
    ///   dropped.
    /// - A value that was removed existed in the newer version only. It is reported as assumed.
    pub(super) fn add_restored(&mut self, restore: &[Operation<'_>], done: &[bool]) {
        let removed = restore.iter().zip(done).filter(|(operation, done)| **done && operation.op == Op::Remove);
        let removed: HashSet<&str> = removed.map(|(operation, _)| operation.path.as_ref()).collect();
        let mut told = HashSet::new();
        self.changes.retain_mut(|change| {
            let Some(target) = change.target.as_deref().and_then(|target| removed.get(target)) else { return true };
            told.insert(*target);
            // The value written here is removed again. If it was moved here, it is lost now. If it
            // was only derived, its source is still in place.
            let is_gone = change.kind == ChangeKind::Renamed;
            (change.kind, change.target) = (ChangeKind::Assumed, None);
            is_gone
        });
        for (at, (operation, done)) in restore.iter().zip(done).enumerate() {
            let path = operation.path.as_ref();
            let source = || Some(format!("{}/restore/{at}", stash::POINTER).into());
            match (done, operation.op) {
                (true, Op::Remove) if told.contains(path) => {}
                (true, Op::Remove) => {
                    let in_audit = path.strip_prefix("/vcp_payload/audit/").map(|rest| format!("/audit/{rest}"));
                    self.left_out(in_audit.unwrap_or_else(|| path.to_owned()));
                }
                (true, _) => self.add(ChangeKind::Moved, source(), Some(path.to_owned().into())),
                (false, _) => self.add(ChangeKind::Dropped, source(), Some(path.to_owned().into())),
            }
        }
    }
}

/// A search for unknown members.
struct Kept<'r, F> {
    report: &'r mut MigrationReport,
    source: F,
    /// The number of bytes that further pointers may take.
    room: usize,
}

impl<F: Fn(&str) -> Option<String>> Kept<'_, F> {
    /// Reports the unknown members below a value. Returns `None` if there is no room for them.
    fn below(&mut self, node: &Node<'_>, path: &PathNode<'_>) -> Option<()> {
        match node {
            Node::Object(members) => {
                for (name, node) in members.iter().filter(|(name, node)| name.is_unknown() || !node.is_raw()) {
                    let key = name.key();
                    let path = path.name(&key);
                    if name.is_unknown() {
                        let target = path.pointer();
                        let source = (self.source)(&target).unwrap_or_else(|| target.clone());
                        self.room = self.room.checked_sub(target.len() + source.len())?;
                        self.report.add(ChangeKind::Kept, Some(source.into()), Some(target.into()));
                    } else {
                        self.below(node, &path)?;
                    }
                }
            }
            Node::List(list) => {
                for (at, node) in list.iter().enumerate().filter(|(_, node)| !node.is_raw()) {
                    self.below(node, &path.index(at))?;
                }
            }
            Node::Raw(..) => {}
        }
        Some(())
    }
}

/// A receiver for the changes that the migration rules make.
pub(super) trait Tell {
    fn tell(&mut self, kind: ChangeKind, source: Option<impl Pointer>, target: Option<impl Pointer>);

    fn renamed(&mut self, source: impl Pointer, target: impl Pointer) {
        self.tell(ChangeKind::Renamed, Some(source), Some(target));
    }

    fn derived(&mut self, source: impl Pointer, target: impl Pointer) {
        self.tell(ChangeKind::Derived, Some(source), Some(target));
    }

    fn assumed(&mut self, target: impl Pointer) {
        self.tell(ChangeKind::Assumed, None::<&str>, Some(target));
    }

    /// Reports a default that is removed again.
    fn left_out(&mut self, source: impl Pointer) {
        self.tell(ChangeKind::Assumed, Some(source), None::<&str>);
    }
}

impl Tell for MigrationReport {
    fn tell(&mut self, kind: ChangeKind, source: Option<impl Pointer>, target: Option<impl Pointer>) {
        self.add(kind, source.map(Pointer::text), target.map(Pointer::text));
    }
}

/// A receiver that ignores all changes.
pub(super) struct Nobody;

impl Tell for Nobody {
    fn tell(&mut self, _: ChangeKind, _: Option<impl Pointer>, _: Option<impl Pointer>) {}
}

/// The parts of a JSON Pointer. The text is only built if a receiver needs it.
pub(super) trait Pointer {
    fn text(self) -> Cow<'static, str>;
}

impl Pointer for &'static str {
    fn text(self) -> Cow<'static, str> {
        Cow::Borrowed(self)
    }
}

impl Pointer for String {
    fn text(self) -> Cow<'static, str> {
        Cow::Owned(self)
    }
}

/// An element of a list, and a place below the element.
impl Pointer for (&str, usize, &str) {
    fn text(self) -> Cow<'static, str> {
        let (list, index, below) = self;
        let mut text = String::with_capacity(list.len() + below.len() + 8);
        text.push_str(list);
        Step::Index(index).write_pointer(&mut text);
        text.push_str(below);
        Cow::Owned(text)
    }
}

/// A member of an element of a list.
impl Pointer for (&str, usize, &Name<'_>) {
    fn text(self) -> Cow<'static, str> {
        let (list, index, name) = self;
        (list, index, ["/", &pointer_step(&name.key())].concat().as_str()).text()
    }
}

/// A member of an object, and a place below the member.
impl Pointer for (&str, &Name<'_>, &str) {
    fn text(self) -> Cow<'static, str> {
        let (object, name, below) = self;
        Cow::Owned([object, "/", &pointer_step(&name.key()), below].concat())
    }
}

/// The extent to which a place is reported already.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Not,
    Renamed,
    Whole,
}

/// Writes a summary for people, with one line per change.
impl fmt::Display for MigrationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, change) in self.changes.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{:8}", change.kind.as_str())?;
            match (&change.source, &change.target) {
                (Some(source), Some(target)) if source == target => write!(f, " {source}")?,
                (Some(source), Some(target)) => write!(f, " {source} → {target}")?,
                (Some(place), None) | (None, Some(place)) => write!(f, " {place}")?,
                (None, None) => {}
            }
        }
        Ok(())
    }
}
