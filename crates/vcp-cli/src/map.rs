//! `vcp map`: deliveries to messages.

use crate::{
    archive,
    input::{self, Line, Sources},
    output::Lines,
    progress,
    providers::RulesArgs,
};
use chrono::{DateTime, SubsecRound as _, Utc};
use std::path::PathBuf;
use vcp_sdk::{ConsentDefault, MapOptions, Mapping, validate::visible};

/// Map deliveries of a provider to VCP 0.5 messages, one line each.
///
/// Reads files with one delivery (.json), archives with one delivery a line (.ndjson, .jsonl, also
/// gzip or zstd), folders, or standard input. A line is the body of a delivery; without --provider
/// it is an envelope, as `vcp synth` writes it. A delivery that is no call record gives no line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp map --provider retell deliveries.ndjson.gz > messages.ndjson")]
pub(crate) struct Args {
    input: Vec<PathBuf>,
    /// The provider: retell, vapi, bland, elevenlabs, openai_realtime, assistable, or your own.
    #[arg(long)]
    provider: Option<String>,
    #[command(flatten)]
    rules: RulesArgs,
    /// The file to write. Without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The time of receipt of plain bodies (RFC 3339). Without it, the present.
    #[arg(long, value_name = "TIME")]
    now: Option<DateTime<Utc>>,
    /// The consent of a message whose delivery says nothing of it.
    #[arg(long, value_name = "WORD", default_value = "granted")]
    consent: Consent,
    /// Keep secrets of the payload, which are masked otherwise.
    #[arg(long)]
    keep_secrets: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Consent {
    Granted,
    Pending,
    Omit,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let consent = match args.consent {
        Consent::Granted => ConsentDefault::Granted,
        Consent::Pending => ConsentDefault::Pending,
        Consent::Omit => ConsentDefault::Omit,
    };
    let options = MapOptions::default().consent_default(consent).keep_secrets(args.keep_secrets);
    let mapper = args.rules.mapper()?.options(options);
    if let Some(provider) = &args.provider {
        mapper.provider_name(provider).map_err(|e| e.to_string())?;
    }
    let now = args.now.unwrap_or_else(|| Utc::now().trunc_subsecs(3));
    let Sources { sources, passed_over, unreadable } = input::sources(&args.input)?;
    let mut out = Lines::open(args.output.as_deref())?;
    let bar = progress::bar(&sources);
    let (mut mapped, mut others, mut failed) = (0u64, 0u64, unreadable.len() as u64);
    for reason in &unreadable {
        eprintln!("{reason}");
    }
    'all: for source in &sources {
        let name = visible(&source.name()).into_owned();
        for (number, line) in
            (1..).zip(source.open(|bytes| bar.inc(bytes)).map_err(|e| format!("cannot read `{name}`: {e}"))?)
        {
            let line = match line {
                Line::Text(text) if text.trim_ascii().is_empty() && !source.is_one_message() => continue,
                Line::Text(text) => Ok(text),
                Line::TooLong => Err("VCP_E008: the line is longer than the limit".to_owned()),
                Line::Cut(_, error) => Err(format!("cannot be read further: {error}")),
            };
            let result = line.and_then(|line| archive::entry(line, args.provider.as_deref(), now)).and_then(|entry| {
                mapper.map(&entry.provider, &entry.body, entry.received_at).map_err(|e| e.to_string())
            });
            match result {
                Ok(Mapping::Call(call)) => {
                    mapped += 1;
                    if !out.line(&call.message.to_json_line())? {
                        break 'all;
                    }
                }
                Ok(_) => others += 1,
                Err(reason) => {
                    failed += 1;
                    bar.suspend(|| eprintln!("{name}:{number}: {}", visible(&reason)));
                }
            }
        }
    }
    bar.finish_and_clear();
    out.finish()?;
    input::note_skipped(passed_over);
    eprintln!("{mapped} mapped, {others} no call records, {failed} failed");
    Ok(failed == 0)
}
