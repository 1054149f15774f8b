//! `vcp checksum`: the checksums of messages.

use crate::{
    input::{self, Line, Sources},
    output,
};
use std::path::PathBuf;
use vcp_sdk::{
    VcpMessage,
    schema::checksum::{Algorithm, Verdict},
    validate::visible,
};

/// Compute the checksums of VCP 0.5 messages, or verify those that they have.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp checksum --verify messages.ndjson")]
pub(crate) struct Args {
    input: Vec<PathBuf>,
    /// The algorithm: jcs (RFC 8785), or legacy (that of the published Python reference).
    #[arg(long, default_value = "jcs", conflicts_with = "verify")]
    algorithm: Algorithm,
    /// Verify `audit.checksum` of each message. A message without one is not verified.
    #[arg(long)]
    verify: bool,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let Sources { sources, passed_over, unreadable } = input::sources(&args.input)?;
    let mut good = unreadable.is_empty();
    for reason in &unreadable {
        eprintln!("{reason}");
    }
    for source in &sources {
        let name = visible(&source.name()).into_owned();
        for (number, line) in (1..).zip(source.open(|_| ()).map_err(|e| format!("cannot read `{name}`: {e}"))?) {
            let told = match line {
                Line::Text(text) if text.trim_ascii().is_empty() && !source.is_one_message() => continue,
                Line::Text(text) => told(args, &text),
                Line::TooLong => Err("VCP_E008: the line is longer than the limit".to_owned()),
                Line::Cut(_, error) => Err(format!("cannot be read further: {error}")),
            };
            match told {
                Ok((text, is_good)) => {
                    good &= is_good;
                    output::print(&format!("{name}:{number}: {text}"))?;
                }
                Err(reason) => {
                    good = false;
                    eprintln!("{name}:{number}: {}", visible(&reason));
                }
            }
        }
    }
    input::note_skipped(passed_over);
    Ok(good)
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
