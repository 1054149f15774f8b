//! `vcp map`: deliveries to messages.

use crate::{
    archive::{Assembled, Envelope, Session},
    clock::NowArgs,
    output::Lines,
    providers::{ConsentArgs, RulesArgs},
    records::{Fault, InputArgs},
};
use std::{ops::ControlFlow, path::PathBuf};
use vcp_sdk::Mapping;

/// Map deliveries of a provider to VCP 0.5 messages, one line each.
///
/// A record is the body of a delivery. Without --provider it is an envelope, as `vcp synth` writes
/// it. The events with one id of a `session`, also in several files, become one message. A delivery
/// that is no call record gives no line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp map --provider retell deliveries.ndjson.gz > messages.ndjson")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The provider: retell, vapi, bland, elevenlabs, openai_realtime, assistable, or your own.
    #[arg(long)]
    provider: Option<String>,
    #[command(flatten)]
    rules: RulesArgs,
    /// The file to write. Without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    now: NowArgs,
    #[command(flatten)]
    consent: ConsentArgs,
    /// Keep secrets of the payload, which are masked otherwise.
    #[arg(long)]
    keep_secrets: bool,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let options = args.consent.options().keep_secrets(args.keep_secrets);
    let mapper = args.rules.mapper()?.options(options);
    if let Some(provider) = &args.provider {
        mapper.provider_name(provider).map_err(|e| e.to_string())?;
    }
    let now = args.now.get();
    let mut out = Lines::open(args.output.as_deref())?;
    let (mut session, mut sessions) = (Session::default(), Assembled::default());
    let (mut mapped, mut others) = (0u64, 0u64);
    let read = args.input.each(|record| {
        let (provider, received_at, body) = match &args.provider {
            Some(provider) => (provider.clone(), now, record.text),
            None => {
                let event = Envelope::read(&record.text).map_err(|error| {
                    Fault::Record(format!("{error}: name the provider of plain bodies with --provider"))
                })?;
                if event.session.is_some() {
                    return session.add(record.source, event, &mapper, &mut out, &mut sessions);
                }
                (event.provider, event.sent_at, event.body.into_bytes())
            }
        };
        let mapping = mapper.map(&provider, &body, received_at);
        match mapping.map_err(|error| Fault::Record(error.to_string()))? {
            Mapping::Call(call) => {
                mapped += 1;
                out.line(&call.message.to_json_line())
            }
            Mapping::NotACall { .. } => {
                others += 1;
                Ok(ControlFlow::Continue(()))
            }
        }
    })?;
    // If nobody reads any more, the last session is still checked.
    let _ = session.end(&mapper, &mut out, &mut sessions)?;
    let finished = out.finish_read(&read);
    let (mapped, failed) = (mapped + sessions.good, read.records + sessions.failed);
    tell!("{mapped} mapped, {others} no call records, {failed} failed");
    Ok(finished? && sessions.failed == 0)
}
