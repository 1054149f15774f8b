//! What a migration did (decisions 2.6).

use super::{
    order::Places,
    patch::{Op, Operation},
    stash,
    tree::{Name, Node},
};
use crate::{Limits, PathNode, Step, path::pointer_step};
use serde::{Serialize, Serializer};
use std::{borrow::Cow, collections::HashSet, fmt};

/// What happened to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// An unknown member that stays where it is.
    Kept,
    /// The same value under another name or in another place.
    Renamed,
    /// Worked out from another value.
    Derived,
    /// Said by nobody: a default that the new version requires. Without a target: one that the older version does not have; it is assumed again
    /// when the message comes back.
    Assumed,
    /// Between its place and the stash `custom.experimental.vcp_migration`, from which it comes back.
    Moved,
    /// Lost.
    Dropped,
}

impl ChangeKind {
    /// All kinds.
    pub const ALL: &'static [Self] =
        &[Self::Kept, Self::Renamed, Self::Derived, Self::Assumed, Self::Moved, Self::Dropped];

    /// The word: `kept`, `renamed`, `derived`, `assumed`, `moved` or `dropped`.
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

impl Serialize for ChangeKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One change: what happened, and where. Subtrees are named by their root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// JSON Pointer into the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'static, str>>,
    /// JSON Pointer into the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Cow<'static, str>>,
}

impl Change {
    /// Where it stands in the report.
    fn place(&self) -> &str {
        self.source.as_deref().or(self.target.as_deref()).unwrap_or_default()
    }
}

/// What a migration did: one entry per touched place, in the order of the source, unless [`Options::unordered`](super::Options::unordered) asks for none;
/// what the source does not have stands at the end of its object. Modelled members that did not change have none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct MigrationReport {
    changes: Vec<Change>,
}

impl MigrationReport {
    /// The changes.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// How often each kind stands in the report.
    #[must_use]
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }

    /// Whether the target has less than the source had: something dropped, or moved into the stash.
    #[must_use]
    pub fn has_feature_loss(&self) -> bool {
        self.changes.iter().any(|change| match change.kind {
            ChangeKind::Dropped => true,
            ChangeKind::Moved => change.target.as_deref() == Some(stash::POINTER),
            _ => false,
        })
    }

    /// An empty one, with room for what a message of an older dialect usually takes.
    pub(super) fn new() -> Self {
        Self { changes: Vec::with_capacity(32) }
    }

    fn add(&mut self, kind: ChangeKind, source: Option<Cow<'static, str>>, target: Option<Cow<'static, str>>) {
        self.changes.push(Change { kind, source, target });
    }

    /// Adds the unknown members of a tree that was read by its kinds. `source` gives the place in the source, where that is another one. Says whether
    /// there was room for all: many members below a long name would make pointers without end.
    pub(super) fn kept(&mut self, node: &Node<'_>, limits: &Limits, source: impl Fn(&str) -> Option<String>) -> bool {
        let mut kept = Kept { report: self, source, room: limits.text_bytes.saturating_mul(4) };
        kept.below(node, &PathNode::root()).is_some()
    }

    /// Puts the changes into the order of the source document; what it does not have stands at the end of its object, as findings do (decisions 4.2).
    pub(super) fn sort(&mut self, source: &Node<'_>) {
        let mut places = Places::new(source);
        self.changes.sort_by_cached_key(|change| places.of(change.place()));
    }

    /// Adds what is moved into the stash, or dropped where there is none, but for what a rule has told of already, there or around it. A value that
    /// is replaced is told of twice: what became of it, and where it is kept.
    pub(super) fn add_moved(&mut self, restore: &[Operation<'_>], has_stash: bool) {
        fn around(path: &str) -> impl Iterator<Item = &str> {
            memchr::memchr_iter(b'/', path.as_bytes()).filter_map(|end| path.get(..end))
        }
        // The places of what is added and those around them, and what is told of them.
        let mut places: Vec<&str> = Vec::new();
        for operation in restore.iter().filter(|operation| operation.op == Op::Add) {
            places.extend(around(&operation.path));
            places.push(&operation.path);
        }
        // By length first: most places differ in it, and it costs no look at them.
        let order = |a: &&str, b: &&str| a.len().cmp(&b.len()).then_with(|| a.cmp(b));
        places.sort_unstable_by(order);
        places.dedup();
        let find = |place: &str| places.binary_search_by(|other| order(other, &place)).ok();
        let mut told = vec![Told::Not; places.len()];
        for change in &self.changes {
            if let Some(told) = change.source.as_deref().and_then(find).and_then(|at| told.get_mut(at)) {
                // What is renamed is told of as a whole, but not what is missing in it afterwards.
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

    /// Adds what was restored from the stash, and what was not because the value there was changed since.
    /// What is taken away was in the newer version only.
    pub(super) fn add_restored(&mut self, restore: &[Operation<'_>], done: &[bool]) {
        let removed = restore.iter().zip(done).filter(|(operation, done)| **done && operation.op == Op::Remove);
        let removed: HashSet<&str> = removed.map(|(operation, _)| operation.path.as_ref()).collect();
        let mut told = HashSet::new();
        self.changes.retain_mut(|change| {
            let Some(target) = change.target.as_deref().and_then(|target| removed.get(target)) else { return true };
            told.insert(*target);
            // What was put there goes again: it is gone if it was moved there, and where it was if it was only worked out from there.
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

/// Looks for unknown members.
struct Kept<'r, F> {
    report: &'r mut MigrationReport,
    source: F,
    /// How many bytes of pointers may still be made.
    room: usize,
}

impl<F: Fn(&str) -> Option<String>> Kept<'_, F> {
    /// Those below a value; `None` where there is no room for them.
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

/// Whom rules tell what they do.
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

    /// What was assumed and is left out again.
    fn left_out(&mut self, source: impl Pointer) {
        self.tell(ChangeKind::Assumed, Some(source), None::<&str>);
    }
}

impl Tell for MigrationReport {
    fn tell(&mut self, kind: ChangeKind, source: Option<impl Pointer>, target: Option<impl Pointer>) {
        self.add(kind, source.map(Pointer::text), target.map(Pointer::text));
    }
}

/// Somebody who does not want to know.
pub(super) struct Nobody;

impl Tell for Nobody {
    fn tell(&mut self, _: ChangeKind, _: Option<impl Pointer>, _: Option<impl Pointer>) {}
}

/// A JSON Pointer, made only where somebody wants to know it.
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

/// An element of a list, and a place below it.
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

/// A member, and a place below it.
impl Pointer for (&str, &Name<'_>, &str) {
    fn text(self) -> Cow<'static, str> {
        let (object, name, below) = self;
        Cow::Owned([object, "/", &pointer_step(&name.key()), below].concat())
    }
}

/// What a report tells of a place so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Not,
    Renamed,
    Whole,
}

/// A summary for people, one line a change.
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
