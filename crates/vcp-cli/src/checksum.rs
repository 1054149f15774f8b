//! `vcp checksum`: the checksums of messages.

use crate::{
    output,
    records::{Fault, InputArgs},
};
use std::ops::ControlFlow;
use vcp_sdk::{
    VcpMessage,
    schema::checksum::{Algorithm, Verdict},
};

/// Compute the checksums of VCP 0.5 messages, or verify those that they have.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp checksum --verify messages.ndjson")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The algorithm: jcs (RFC 8785), or legacy (that of the published Python reference).
    #[arg(long, default_value = "jcs", conflicts_with = "verify")]
    algorithm: Algorithm,
    /// Verify `audit.checksum` of each message. A message without one is not verified.
    #[arg(long)]
    verify: bool,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let mut good = true;
    let read = args.input.each(|record| {
        let (text, is_good) = told(args, &record.text).map_err(Fault::Record)?;
        good &= is_good;
        output::line(&format!("{}:{}: {text}", record.source, record.line)).map_err(Fault::Command)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(read.verdict()? && good)
}

fn told(args: &Args, text: &[u8]) -> Result<(String, bool), String> {
    let message = VcpMessage::from_slice(text).map_err(|e| e.to_string())?;
    if !args.verify {
        return message.checksum(args.algorithm).map(|sum| (sum, true)).map_err(|e| e.to_string());
    }
    Ok(match message.verify_checksum().map_err(|e| e.to_string())? {
        Verdict::Match(algorithm) => (format!("match ({algorithm})"), true),
        Verdict::Mismatch(Some(algorithm)) => (format!("mismatch ({algorithm})"), false),
        Verdict::Mismatch(None) => ("mismatch (unknown algorithm)".to_owned(), false),
        Verdict::Absent => ("absent".to_owned(), true),
    })
}
