//! `vcp merge`: several messages of a call to one.

use crate::{
    output::{Lines, counted},
    providers::{ConsentArgs, RulesArgs},
    records::{Fault, InputArgs},
};
use std::{collections::HashMap, ops::ControlFlow, path::PathBuf};
use vcp_sdk::{ErrorCode, VcpMessage};

/// Merge the messages of each call into one message.
///
/// Reads VCP 0.5 messages as `vcp map` writes them, and groups them by provider and call id. Calls
/// are written in the order in which they first appear. All messages are kept in memory.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp map --provider vapi deliveries.ndjson | vcp merge > calls.ndjson")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    consent: ConsentArgs,
    /// Keep only the first and the last delivery of a live transcript (such as Vapi's
    /// conversation-update). A long call can be above the limit of 16 MiB otherwise. A single
    /// message of a call stays as it is.
    #[arg(long)]
    drop_replaced: bool,
    /// The file to write. Without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let mapper = args.rules.mapper()?.options(args.consent.options().keep_replaced(!args.drop_replaced));
    let mut calls: Vec<Vec<VcpMessage>> = Vec::new();
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    let mut read = args.input.each(|record| {
        let message = VcpMessage::from_slice(&record.text).map_err(|error| Fault::Record(error.to_string()))?;
        let call = &message.vcp_payload.call;
        let key = (call.provider.to_string(), call.call_id.to_string());
        match places.get(&key).and_then(|place| calls.get_mut(*place)) {
            Some(messages) => messages.push(message),
            None => {
                places.insert(key, calls.len());
                calls.push(vec![message]);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut out = Lines::open(args.output.as_deref())?;
    let (messages, mut written) = (calls.iter().map(Vec::len).sum::<usize>(), 0);
    for call in &calls {
        match mapper.merge(call) {
            Ok(message) => {
                written += 1;
                if out.line(&message.to_json_line())?.is_break() {
                    break;
                }
            }
            Err(error) => {
                read.records += 1;
                let id = call.first().map(|message| message.vcp_payload.call.call_id.to_string()).unwrap_or_default();
                let is_too_long = error.code() == ErrorCode::Limit && !args.drop_replaced;
                let advice = if is_too_long { " (if it has live transcripts, try --drop-replaced)" } else { "" };
                tell!("call {id}: {error}{advice}");
            }
        }
    }
    let finished = out.finish_read(&read);
    tell!("{} of {}, {} failed", counted(messages, "message"), counted(written, "call"), read.records);
    finished
}
