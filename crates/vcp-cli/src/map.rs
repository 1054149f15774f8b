//! `vcp map`: deliveries to messages.

use crate::{
    archive,
    clock::NowArgs,
    output::Lines,
    providers::RulesArgs,
    records::{Fault, InputArgs},
};
use std::{ops::ControlFlow, path::PathBuf};
use vcp_sdk::{ConsentDefault, MapOptions, Mapping};

/// Map deliveries of a provider to VCP 0.5 messages, one line each.
///
/// A record is the body of a delivery. Without --provider it is an envelope, as `vcp synth` writes
/// it. A delivery that is no call record gives no line.
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
    let now = args.now.get();
    let mut out = Lines::open(args.output.as_deref())?;
    let (mut mapped, mut others) = (0u64, 0u64);
    let read = args.input.each(|record| {
        let entry = archive::entry(record.text, args.provider.as_deref(), now).map_err(Fault::Record)?;
        let mapping = mapper.map(&entry.provider, &entry.body, entry.received_at);
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
    out.finish()?;
    eprintln!("{mapped} mapped, {others} no call records, {} failed", read.records);
    read.verdict()
}
