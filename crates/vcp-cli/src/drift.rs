//! `vcp drift`: shows whether a provider has changed its payloads.
//!
//! Maps many payloads of one provider and summarises what the rules do not know:
//!
//! - members that no rule reads
//! - words that no table contains
//! - unknown events
//! - values that could not be used
//! - payloads that could not be mapped

use crate::{
    input,
    output::{self, short},
    providers::RulesArgs,
    records::InputArgs,
};
use chrono::DateTime;
use comfy_table::{CellAlignment, Table, presets::UTF8_BORDERS_ONLY};
use std::{collections::BTreeMap, fs, ops::ControlFlow, path::PathBuf};
use vcp_sdk::mapping::Drift;

/// Summarise what the rules do not know in many payloads of a provider.
///
/// Exit status 1 says that there is something to report (with --since: something new).
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp drift --provider retell --since monday.json deliveries.ndjson.gz")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The provider: retell, vapi, bland, elevenlabs, openai_realtime, assistable, or your own.
    #[arg(long)]
    provider: String,
    #[command(flatten)]
    rules: RulesArgs,
    /// A file with an earlier summary, written with `--json`. Shows only what is new since then.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Print the whole summary as JSON.
    #[arg(long)]
    json: bool,
}

/// Maps the inputs and prints the summary. Returns whether there is nothing to report.
pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let mapper = args.rules.mapper()?;
    mapper.provider_name(&args.provider).map_err(|e| e.to_string())?;
    let earlier = match &args.since {
        None => Drift::default(),
        Some(path) => {
            let text = fs::read(path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
            serde_json::from_slice(&text)
                .map_err(|e| format!("`{}` is not a `--json` summary: {}", path.display(), input::reason(&e)))?
        }
    };
    let mut drift = Drift::default();
    let read = args.input.each(|record| {
        // A fixed time of receipt, so that every run gives the same result.
        drift.add(&mapper.map(&args.provider, &record.text, DateTime::UNIX_EPOCH));
        Ok(ControlFlow::Continue(()))
    })?;
    let new = drift.since(&earlier);
    if args.json {
        output::data(&serde_json::to_string_pretty(&drift).map_err(|e| e.to_string())?)?;
    } else {
        output::block(&summary(&new, args.since.is_some()))?;
    }
    Ok(read.verdict()? && new.is_empty())
}

/// Returns the summary as a table for people, with the most frequent entries first.
fn summary(drift: &Drift, is_new: bool) -> String {
    let mut rows: Vec<(&str, String, u64)> = Vec::new();
    let mut add = |what: &'static str, counts: &BTreeMap<String, u64>| {
        rows.extend(counts.iter().map(|(name, count)| (what, name.clone(), *count)));
    };
    add("unknown event", &drift.unknown_events);
    add("not mapped", &drift.failed);
    add("not read", &drift.unread);
    for (what, places) in [("unknown word", &drift.unknown_words), ("cannot be used", &drift.problems)] {
        for (place, counts) in places {
            rows.extend(counts.iter().map(|(name, count)| (what, format!("{place}: {name}"), *count)));
        }
    }
    let count = drift.deliveries;
    if rows.is_empty() {
        return format!("{count} deliveries: nothing {}", if is_new { "new" } else { "that the rules do not know" });
    }
    rows.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.cmp(b)));
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(["", "where", "deliveries"]);
    for (what, place, count) in rows {
        table.add_row([what, &short(&place, 160), &count.to_string()]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let unlisted = if drift.unlisted > 0 { format!("; {} more not listed", drift.unlisted) } else { String::new() };
    format!("{table}\n{count} deliveries{unlisted}")
}
