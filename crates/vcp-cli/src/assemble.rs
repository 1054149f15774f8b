//! `vcp assemble`: the events of sessions to messages.

use crate::{
    archive::{Assembled, Envelope, Session},
    output::{Lines, counted},
    providers::{ConsentArgs, RulesArgs},
    records::{Fault, InputArgs},
};
use std::path::PathBuf;

/// Make one message of the events of a session (OpenAI Realtime and Live).
///
/// A record is an envelope, as `vcp synth` writes it: it has the time of receipt (`sent_at`) and
/// the event as the text `body`. The events with one id of a `session` make a message. They must
/// follow each other. Without ids, each file is one session.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp synth --provider openai_realtime | vcp assemble")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    consent: ConsentArgs,
    /// The file to write. Without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let mapper = args.rules.mapper()?.options(args.consent.options());
    let mut out = Lines::open(args.output.as_deref())?;
    let (mut session, mut sessions) = (Session::default(), Assembled::default());
    let read = args.input.each(|record| {
        let event = Envelope::read(&record.text).map_err(Fault::Record)?;
        session.add(record.source, event, &mapper, &mut out, &mut sessions)
    })?;
    // If nobody reads any more, the last session is still checked.
    let _ = session.end(&mapper, &mut out, &mut sessions)?;
    let finished = out.finish_read(&read);
    let (assembled, unused) = (counted(sessions.good, "session"), counted(read.records, "event"));
    tell!("{assembled} assembled, {} failed, {unused} not used", sessions.failed);
    Ok(finished? && sessions.failed == 0)
}
