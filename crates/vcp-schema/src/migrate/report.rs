//! What a migration did (decisions 2.6).

use super::{
    patch::{Op, Operation},
    stash,
    tree::{Node, Places},
};
use serde::{Serialize, Serializer};
use std::{collections::HashSet, fmt};

/// What happened to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// An unknown member that stays where it is.
    Kept,
    /// The same value under another name or in another place.
    Renamed,
    /// Worked out from another value.
    Derived,
    /// Said by nobody: a default that the new version requires.
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
    pub source: Option<String>,
    /// JSON Pointer into the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What a migration did: one entry per touched place, in the order of the source; what the source does not have stands at the end of its object.
/// Modelled members that did not change have none.
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

    /// Whether the target has less than the source had: something dropped or moved into the stash.
    #[must_use]
    pub fn has_feature_loss(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.kind, ChangeKind::Dropped | ChangeKind::Moved))
    }

    pub(super) fn add(&mut self, kind: ChangeKind, source: Option<&str>, target: Option<&str>) {
        self.changes.push(Change { kind, source: source.map(str::to_owned), target: target.map(str::to_owned) });
    }

    /// Puts the changes into the order of the source document; what it does not have stands at the end of its object, as findings do (decisions 4.2).
    pub(super) fn sort(&mut self, source: &Node<'_>) {
        let mut places = Places::new(source);
        self.changes.sort_by_cached_key(|change| {
            places.of(change.source.as_deref().or(change.target.as_deref()).unwrap_or_default())
        });
    }

    pub(super) fn append(&mut self, other: Self) {
        self.changes.extend(other.changes);
    }

    /// Adds what is moved into the stash, but for what a rule has told of already, there or around it. A value that is replaced is told of twice:
    /// what became of it, and where it is kept.
    pub(super) fn add_moved(&mut self, restore: &[Operation]) {
        let sources = |change: &'_ Change| change.source.clone();
        let told: HashSet<String> = self.changes.iter().filter_map(sources).collect();
        // What is renamed is told of as a whole, but not what is missing in it afterwards.
        let whole = self.changes.iter().filter(|change| change.kind != ChangeKind::Renamed);
        let whole: HashSet<String> = whole.filter_map(sources).collect();
        let is_told = |path: &str| {
            let mut ends = path.match_indices('/').map(|(at, _)| at);
            told.contains(path) || ends.any(|end| path.get(..end).is_some_and(|around| whole.contains(around)))
        };
        let moved: Vec<Change> = restore
            .iter()
            .filter(|operation| operation.value.is_some() && (operation.op == Op::Replace || !is_told(&operation.path)))
            .map(|operation| Change {
                kind: ChangeKind::Moved,
                source: Some(operation.path.clone()),
                target: Some(stash::POINTER.to_owned()),
            })
            .collect();
        self.changes.extend(moved);
    }
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
