//! `vcp merge`: several messages of a call to one.

use crate::{
    input::{self, Line, Sources},
    output::Lines,
    progress,
};
use std::{collections::HashMap, path::PathBuf};
use vcp_sdk::{Mapper, VcpMessage, validate::visible};

/// Merge the messages of each call into one message.
///
/// Reads VCP 0.5 messages as `vcp map` writes them, and groups them by provider and call id. Calls
/// are written in the order in which they first appear. All messages are kept in memory.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp map --provider vapi deliveries.ndjson | vcp merge > calls.ndjson")]
pub(crate) struct Args {
    input: Vec<PathBuf>,
    /// The file to write. Without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let Sources { sources, passed_over, unreadable } = input::sources(&args.input)?;
    let bar = progress::bar(&sources);
    let mut failed = unreadable.len();
    let mut calls: Vec<Vec<VcpMessage>> = Vec::new();
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    for reason in &unreadable {
        eprintln!("{reason}");
    }
    for source in &sources {
        let name = visible(&source.name()).into_owned();
        for (number, line) in
            (1..).zip(source.open(|bytes| bar.inc(bytes)).map_err(|e| format!("cannot read `{name}`: {e}"))?)
        {
            let message = match line {
                Line::Text(text) if text.trim_ascii().is_empty() && !source.is_one_message() => continue,
                Line::Text(text) => VcpMessage::from_slice(&text).map_err(|e| e.to_string()),
                Line::TooLong => Err("VCP_E008: the line is longer than the limit".to_owned()),
                Line::Cut(_, error) => Err(format!("cannot be read further: {error}")),
            };
            match message {
                Ok(message) => {
                    let call = &message.vcp_payload.call;
                    let key = (call.provider.to_string(), call.call_id.to_string());
                    let place = *places.entry(key).or_insert(calls.len());
                    if place == calls.len() {
                        calls.push(Vec::new());
                    }
                    calls.get_mut(place).into_iter().for_each(|messages| messages.push(message.clone()));
                }
                Err(reason) => {
                    failed += 1;
                    bar.suspend(|| eprintln!("{name}:{number}: {}", visible(&reason)));
                }
            }
        }
    }
    bar.finish_and_clear();
    let mapper = Mapper::new();
    let mut out = Lines::open(args.output.as_deref())?;
    let (messages, mut written) = (calls.iter().map(Vec::len).sum::<usize>(), 0);
    for call in &calls {
        match mapper.merge(call) {
            Ok(message) => {
                written += 1;
                if !out.line(&message.to_json_line())? {
                    break;
                }
            }
            Err(error) => {
                failed += 1;
                let id = call.first().map(|message| message.vcp_payload.call.call_id.to_string()).unwrap_or_default();
                eprintln!("call {}: {}", visible(&id), visible(&error.to_string()));
            }
        }
    }
    out.finish()?;
    input::note_skipped(passed_over);
    eprintln!("{messages} messages of {written} calls, {failed} failed");
    Ok(failed == 0)
}
