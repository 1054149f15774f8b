//! `vcp stats`: counts, minutes and costs of many messages.

use crate::{
    output::{self, short},
    records::{Fault, InputArgs},
};
use comfy_table::{CellAlignment, Table, presets};
use std::{collections::BTreeMap, ops::ControlFlow};
use vcp_sdk::VcpMessage;

/// Count messages by provider, status, day, channel or direction, with their minutes and costs.
///
/// Each message counts as one call: merge the messages of a call first (`vcp merge`).
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp stats --by provider --by status calls.ndjson")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The columns to group by. Can be given several times.
    #[arg(long, value_name = "COLUMN", default_values = ["provider", "status"])]
    by: Vec<Column>,
    /// Print CSV instead of a table.
    #[arg(long)]
    csv: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Column {
    Provider,
    Status,
    Day,
    Hour,
    Channel,
    Direction,
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Status => "status",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Channel => "channel",
            Self::Direction => "direction",
        }
    }

    /// Returns the word of a message. Days and hours are those of the start, in UTC.
    fn of(self, message: &VcpMessage) -> String {
        let call = &message.vcp_payload.call;
        let start = || call.start_time.instant();
        let word = match self {
            Self::Provider => call.provider.to_string(),
            Self::Status => message.vcp_payload.outcomes.objective.status.to_string(),
            Self::Day => start().format("%Y-%m-%d").to_string(),
            Self::Hour => start().format("%H").to_string(),
            Self::Channel => call.channel.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string),
            Self::Direction => call.direction.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string),
        };
        short(&word, 60)
    }
}

#[derive(Default)]
struct Sum {
    calls: u64,
    seconds: i64,
    usd: f64,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let mut sums: BTreeMap<Vec<String>, Sum> = BTreeMap::new();
    let read = args.input.each(|record| {
        let message = VcpMessage::from_slice(&record.text).map_err(|error| Fault::Record(error.to_string()))?;
        let sum = sums.entry(args.by.iter().map(|column| column.of(&message)).collect()).or_default();
        sum.calls += 1;
        sum.seconds = sum.seconds.saturating_add(message.vcp_payload.call.effective_duration_sec().unwrap_or(0));
        sum.usd += message.total_cost_usd().unwrap_or(0.0);
        Ok(ControlFlow::Continue(()))
    })?;
    output::block(&if args.csv { csv(args, &sums) } else { table(args, &sums) })?;
    read.verdict()
}

fn header(args: &Args) -> impl Iterator<Item = &'static str> {
    args.by.iter().map(|column| column.name()).chain(["calls", "minutes", "usd"])
}

fn row(words: &[String], sum: &Sum) -> Vec<String> {
    let figures = [sum.calls.to_string(), format!("{:.1}", sum.seconds as f64 / 60.0), format!("{:.4}", sum.usd)];
    words.iter().cloned().chain(figures).collect()
}

fn table(args: &Args, sums: &BTreeMap<Vec<String>, Sum>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(header(args));
    for (words, sum) in sums {
        table.add_row(row(words, sum));
    }
    for at in args.by.len()..args.by.len() + 3 {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// Returns CSV as RFC 4180 has it. A cell that a spreadsheet would take for a formula gets an
/// apostrophe in front.
fn csv(args: &Args, sums: &BTreeMap<Vec<String>, Sum>) -> String {
    let cell = |text: &str| {
        let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
        if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let rows =
        sums.iter().map(|(words, sum)| row(words, sum).iter().map(|text| cell(text)).collect::<Vec<_>>().join(","));
    std::iter::once(header(args).collect::<Vec<_>>().join(",")).chain(rows).collect::<Vec<_>>().join("\n")
}
