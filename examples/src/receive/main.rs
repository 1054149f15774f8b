//! `receive`: the SDK's main job, to try by hand.
//!
//! Without arguments it receives the deliveries that ship with the project and shows what came of them. With a file or `-` it
//! receives that; with `--serve` it is a webhook endpoint.
#![allow(clippy::print_stderr, reason = "a command-line program prints")]

mod demo;
mod file;
mod serve;

use chrono::{DateTime, Utc};
use clap::Parser;
use std::{io::Write as _, process::ExitCode};
use vcp_sdk::{Receiver, Secret};

/// Receive webhooks of voice-AI providers as VCP v0.5 messages.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// A file with the body of a delivery, or `-` for standard input. Nothing: the deliveries that ship with the project.
    #[arg(group = "input")]
    file: Option<String>,
    /// The provider that the delivery is from: retell, vapi, bland, elevenlabs, openai_realtime, assistable.
    #[arg(long, requires = "file")]
    provider: Option<String>,
    /// A secret of the provider. With `--serve` as PROVIDER=SECRET. May be given several times.
    #[arg(long, value_name = "SECRET", requires = "input")]
    secret: Vec<String>,
    /// A header of the delivery. May be given several times.
    #[arg(long, value_name = "NAME: VALUE", requires = "file")]
    header: Vec<String>,
    /// The time of receipt, as RFC 3339. The present when absent. With `--serve` the clock stands still there, for trying out.
    #[arg(long, value_name = "TIME", requires = "input")]
    now: Option<DateTime<Utc>>,
    /// Be a server with `POST /webhook/{provider}` at this address, such as 127.0.0.1:8787.
    #[arg(long, value_name = "ADDR", group = "input")]
    serve: Option<std::net::SocketAddr>,
    /// With `--serve`: take deliveries of providers without a secret too, though anybody could have sent them.
    #[arg(long, requires = "serve")]
    allow_unauthenticated: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match (&args.serve, &args.file) {
        (Some(address), _) => serve::run(*address, &args),
        (None, Some(file)) => file::run(file, &args),
        (None, None) => demo::run(),
    };
    match done {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

/// Prints to standard output. A reader that has seen enough is no error.
pub(crate) fn print(text: &str) -> Result<(), String> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("cannot write: {e}")),
        _ => Ok(()),
    }
}

/// Adds a secret; `text` is the secret itself.
pub(crate) fn with_secret(receiver: Receiver, provider: &str, number: usize, text: &str) -> Result<Receiver, String> {
    let secret = Secret::new(format!("secret-{}", number + 1), text);
    receiver.secret(provider, secret).map_err(|e| format!("the secret for `{provider}` cannot be used: {e}"))
}
