//! `vcp explain`: where the fields of a message come from, and what was not understood.

use crate::{
    clock::NowArgs,
    input,
    output::{self, short},
    providers::RulesArgs,
};
use comfy_table::{Table, presets};
use std::path::PathBuf;
use vcp_sdk::{
    MapReport, Mapping,
    mapping::{How, Written},
    schema::{
        FieldPath,
        json::{string, text},
    },
};

/// Say where each field of the message of a delivery comes from, and what nobody read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp explain call_ended.json --provider retell --field status")]
pub(crate) struct Args {
    /// A file with the body of one delivery, or `-` for standard input.
    file: PathBuf,
    /// The provider: retell, vapi, bland, elevenlabs, openai_realtime, assistable, or your own.
    #[arg(long)]
    provider: String,
    #[command(flatten)]
    rules: RulesArgs,
    /// Show only the fields whose path contains this text.
    #[arg(long, value_name = "TEXT")]
    field: Option<String>,
    /// Show the whole report as JSON.
    #[arg(long, conflicts_with = "field")]
    json: bool,
    #[command(flatten)]
    now: NowArgs,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let body = input::whole(&args.file)?;
    let now = args.now.get();
    let mapped = match args.rules.mapper()?.map(&args.provider, &body, now) {
        Ok(Mapping::Call(mapped)) => mapped,
        Ok(Mapping::NotACall { event, .. }) => {
            output::line(&format!("`{event}` is no call record"))?;
            return Ok(true);
        }
        Err(error) => {
            tell!("error: {error}");
            return Ok(false);
        }
    };
    let report = &mapped.report;
    if args.json {
        output::data(&serde_json::to_string_pretty(report).map_err(|e| e.to_string())?)?;
        return Ok(true);
    }
    let message = mapped.message.to_json();
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(["field", "value", "from"]);
    let wanted = |written: &&Written| args.field.as_ref().is_none_or(|text| written.target.contains(text.as_str()));
    let shown: Vec<&Written> = report.written.iter().filter(wanted).collect();
    for (written, value) in shown.iter().zip(values(&message, &shown)) {
        table.add_row([field(written).to_owned(), value, source(written)]);
    }
    output::block(&table.to_string())?;
    if args.field.is_none() {
        output::block(&rest(report))?;
    }
    Ok(true)
}

/// Returns the path of a field without what all paths begin with.
pub(crate) fn field(written: &Written) -> &str {
    written.target.trim_start_matches("$.").trim_start_matches("vcp_payload.")
}

/// Returns the values of fields in the JSON text of their message, shortened.
pub(crate) fn values(message: &str, written: &[&Written]) -> Vec<String> {
    let paths: Vec<Option<FieldPath>> = written.iter().map(|written| written.target.parse().ok()).collect();
    let mut places = text::locate(message, &paths.iter().flatten().collect::<Vec<_>>()).into_iter();
    let value = |path: &Option<FieldPath>| {
        let place = path.as_ref().and_then(|_| places.next().flatten());
        let json = place.map(|at| text::value_at(message, at)).unwrap_or_default();
        let text = string::decode_lossy(json).unwrap_or(json.into());
        short(&text, 40)
    };
    paths.iter().map(value).collect()
}

/// Returns the source of a field in a few words.
pub(crate) fn source(written: &Written) -> String {
    let word = written.word.as_ref().map(|word| format!(" `{}`", short(word, 40))).unwrap_or_default();
    let place = written.source.as_ref().map(|source| format!("{}{word}", short(source, 160)));
    let how = match written.how {
        How::Derived => Some("derived"),
        How::Default => Some("default"),
        _ => None,
    };
    let by = written.changed_by.iter().map(|flag| format!("changed by {}", short(flag, 160)));
    let parts = place.into_iter().chain(how.map(str::to_owned)).chain(by);
    parts.collect::<Vec<_>>().join(", ")
}

/// Returns what was not understood.
fn rest(report: &MapReport) -> String {
    let mut lines = Vec::new();
    for pointer in &report.unread {
        lines.push(format!("not read: {}", short(&pointer.pointer, 160)));
    }
    for word in &report.unknown_words {
        lines.push(format!("unknown word at {}: `{}`", short(&word.source, 160), short(&word.word, 40)));
    }
    for problem in &report.problems {
        lines.push(format!(
            "not used: {} at {}: {}",
            problem.code,
            short(&problem.source, 160),
            short(&problem.message, 160)
        ));
    }
    for pointer in &report.masked {
        lines.push(format!("masked: {}", short(pointer, 160)));
    }
    if lines.is_empty() { "everything was read".to_owned() } else { lines.join("\n") }
}
