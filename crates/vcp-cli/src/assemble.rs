//! `vcp assemble`: the events of sessions to messages.

use crate::{
    archive::Envelope,
    input::{self, Line, Sources},
    output::Lines,
    progress,
    providers::RulesArgs,
};
use std::path::PathBuf;
use vcp_sdk::{mapping::SessionEvent, validate::visible};

/// Make one message of the events of a session (OpenAI Realtime and Live).
///
/// Each file is one session. A line is an envelope, as `vcp synth` writes it: it has the time of
/// receipt (`sent_at`) and the event as the text `body`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp synth --provider openai_realtime | vcp assemble")]
pub(crate) struct Args {
    input: Vec<PathBuf>,
    #[command(flatten)]
    rules: RulesArgs,
    /// The file to write. Without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let mapper = args.rules.mapper()?;
    let Sources { sources, passed_over, unreadable } = input::sources(&args.input)?;
    let bar = progress::bar(&sources);
    let mut failed = unreadable.len();
    for reason in &unreadable {
        eprintln!("{reason}");
    }
    let mut out = Lines::open(args.output.as_deref())?;
    for source in &sources {
        let name = visible(&source.name()).into_owned();
        let lines = source.open(|bytes| bar.inc(bytes)).map_err(|e| format!("cannot read `{name}`: {e}"))?;
        let envelope = |(number, line): (usize, Line)| match line {
            Line::Text(text) if text.trim_ascii().is_empty() => None,
            Line::Text(text) => {
                let read = serde_json::from_slice::<Envelope>(&text);
                Some(read.map_err(|e| format!("{name}:{number}: not an envelope of an event: {e}")))
            }
            Line::TooLong => Some(Err(format!("{name}:{number}: VCP_E008: the line is longer than the limit"))),
            Line::Cut(_, error) => Some(Err(format!("{name}:{number}: cannot be read further: {error}"))),
        };
        let envelopes: Result<Vec<Envelope>, String> = (1..).zip(lines).filter_map(envelope).collect();
        let assembled = envelopes.and_then(|envelopes| {
            let events: Vec<_> =
                envelopes.iter().map(|event| SessionEvent::new(event.sent_at, event.body.as_bytes())).collect();
            let provider = envelopes.first().map_or("openai_realtime", |event| event.provider.as_str());
            mapper.assemble(provider, &events).map_err(|e| format!("{name}: {e}"))
        });
        match assembled {
            Ok(mapped) => drop(out.line(&mapped.message.to_json_line())?),
            Err(reason) => {
                failed += 1;
                bar.suspend(|| eprintln!("{}", visible(&reason)));
            }
        }
    }
    bar.finish_and_clear();
    out.finish()?;
    input::note_skipped(passed_over);
    Ok(failed == 0)
}
