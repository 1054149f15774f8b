//! The counts of a migration, and the summary that is printed at its end.

use crate::output::short;
use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, time::Duration};
use vcp_sdk::schema::{
    Dialect,
    migrate::{ChangeKind, MigrationReport},
};

/// The name of a dialect or of a kind of change.
type Word = Cow<'static, str>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// The number of messages, by the dialect that was read and the dialect that was written.
    ways: BTreeMap<Word, BTreeMap<Word, u64>>,
    /// The number of entries in the migration reports, by kind.
    kinds: BTreeMap<Word, u64>,
    /// The number of messages that could not be migrated.
    pub(crate) failed: u64,
}

impl Tally {
    pub(crate) fn migrated(&mut self, from: Dialect, to: Dialect, report: &MigrationReport) {
        let ways = self.ways.entry(from.as_str().into()).or_default();
        increase(ways.entry(to.as_str().into()).or_default(), 1);
        for kind in ChangeKind::ALL {
            increase(self.kinds.entry(kind.as_str().into()).or_default(), report.count(*kind) as u64);
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (from, ways) in other.ways {
            let known = self.ways.entry(from).or_default();
            for (to, count) in ways {
                increase(known.entry(to).or_default(), count);
            }
        }
        for (kind, count) in other.kinds {
            increase(self.kinds.entry(kind).or_default(), count);
        }
        increase(&mut self.failed, other.failed);
    }

    /// Returns the number of all messages, migrated or not.
    pub(crate) fn messages(&self) -> u64 {
        self.ways.values().flat_map(BTreeMap::values).fold(self.failed, |sum, count| sum.saturating_add(*count))
    }

    /// Returns a summary for people.
    ///
    /// `took` is the duration of this run. `before` is the number of messages that earlier,
    /// interrupted runs had migrated.
    pub(crate) fn summary(&self, took: Duration, before: u64) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY);
        let mut row = |what: String, count: u64| {
            table.add_row([what, grouped(count)]);
        };
        for (from, ways) in &self.ways {
            for (to, count) in ways {
                let (from, to) = (short(from, 20), short(to, 20));
                row(if from == to { format!("{from}, as it was") } else { format!("{from} → {to}") }, *count);
            }
        }
        row("not migrated".to_owned(), self.failed);
        for kind in ChangeKind::ALL {
            row(format!("places {}", kind.as_str()), self.kinds.get(kind.as_str()).copied().unwrap_or(0));
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let seconds = took.as_secs_f64();
        let messages = self.messages().saturating_sub(before);
        let rate = if seconds > 0.0 { messages as f64 / seconds } else { 0.0 };
        let done = if before > 0 { format!(", {} of them now,", grouped(messages)) } else { String::new() };
        let all = grouped(self.messages());
        format!("{table}\n{all} messages{done} in {seconds:.1} s, {} a second", grouped(rate as u64))
    }
}

/// Adds to a count. A checkpoint can hold any number.
fn increase(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

/// Formats a number with groups of three digits: `1234567` gives `1 234 567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
