//! `vcp assemble`: the events of sessions to messages.

use crate::{
    archive::Envelope,
    output::Lines,
    providers::RulesArgs,
    records::{Fault, InputArgs},
};
use std::{ops::ControlFlow, path::PathBuf};
use vcp_sdk::{Mapper, mapping::SessionEvent, validate::visible};

/// Make one message of the events of a session (OpenAI Realtime and Live).
///
/// Each file is one session. A record is an envelope, as `vcp synth` writes it: it has the time of
/// receipt (`sent_at`) and the event as the text `body`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp synth --provider openai_realtime | vcp assemble")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    rules: RulesArgs,
    /// The file to write. Without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The events of one source.
#[derive(Default)]
struct Session {
    source: String,
    events: Vec<Envelope>,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let mapper = args.rules.mapper()?;
    let mut out = Lines::open(args.output.as_deref())?;
    let (mut session, mut good) = (Session::default(), true);
    let read = args.input.each(|record| {
        if session.source != record.source {
            let ended =
                std::mem::replace(&mut session, Session { source: record.source.to_owned(), events: Vec::new() });
            good &= ended.write(&mapper, &mut out).map_err(Fault::Command)?;
        }
        let read = serde_json::from_slice(&record.text);
        session.events.push(read.map_err(|e| Fault::Record(format!("not an envelope of an event: {e}")))?);
        Ok(ControlFlow::Continue(()))
    })?;
    good &= session.write(&mapper, &mut out)?;
    out.finish()?;
    Ok(read.verdict()? && good)
}

impl Session {
    /// Writes the message of the session, if it has events. Returns whether they fit together.
    fn write(&self, mapper: &Mapper, out: &mut Lines) -> Result<bool, String> {
        let Some(first) = self.events.first() else { return Ok(true) };
        let events: Vec<_> =
            self.events.iter().map(|event| SessionEvent::new(event.sent_at, event.body.as_bytes())).collect();
        match mapper.assemble(&first.provider, &events) {
            // If nobody reads any more, the sessions are still checked.
            Ok(mapped) => Ok(out.line(&mapped.message.to_json_line()).map(|_| true)?),
            Err(error) => {
                eprintln!("{}: {}", self.source, visible(&error.to_string()));
                Ok(false)
            }
        }
    }
}
