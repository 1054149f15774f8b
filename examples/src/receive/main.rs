//! The program `receive`: receives webhook deliveries with the SDK, to try it by hand.
//!
//! - Without arguments, receives the sample deliveries of the project and shows the results.
//! - With a file or `-`, receives the delivery in the file or from standard input.
//! - With `--serve`, is a webhook endpoint.
#![allow(clippy::print_stderr, reason = "a command-line program prints")]

mod demo;
mod file;
mod serve;

use chrono::{DateTime, Utc};
use clap::Parser;
use std::{io::Write as _, process::ExitCode};
use vcp_sdk::{ReceivedCall, Receiver, Secret};

/// Receive webhooks of voice-AI providers as VCP v0.5 messages.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// A file with the body of a delivery, or `-` for standard input. Without it and without
    /// `--serve`, receives the sample deliveries of the project.
    #[arg(group = "input")]
    file: Option<String>,
    /// The provider that sent the delivery: retell, vapi, bland, elevenlabs, openai_realtime,
    /// assistable.
    #[arg(long, requires = "file")]
    provider: Option<String>,
    /// A secret of the provider. With `--serve`, write it as PROVIDER=SECRET. Can be given several
    /// times.
    #[arg(long, value_name = "SECRET", requires = "input")]
    secret: Vec<String>,
    /// A header of the delivery. Can be given several times.
    #[arg(long, value_name = "NAME: VALUE", requires = "file")]
    header: Vec<String>,
    /// The time of receipt (RFC 3339). Without this option, the present. With `--serve`, every
    /// delivery gets this time, which is useful for trying out.
    #[arg(long, value_name = "TIME", requires = "input")]
    now: Option<DateTime<Utc>>,
    /// Run a server with `POST /webhook/{provider}` at this address, for example 127.0.0.1:8787.
    #[arg(long, value_name = "ADDR", group = "input")]
    serve: Option<std::net::SocketAddr>,
    /// With `--serve`, also accept deliveries of providers without a secret, although anybody can
    /// send them.
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

/// Prints to standard output. It is not an error if the reader has stopped reading.
pub(crate) fn print(text: &str) -> Result<(), String> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("cannot write: {e}")),
        _ => Ok(()),
    }
}

/// Returns the consent status of a call, and whether it is a default.
pub(crate) fn consent(call: &ReceivedCall) -> String {
    let Some(consent) = &call.message.vcp_payload.consent else { return "none".to_owned() };
    let is_default = call.report.defaults().any(|target| target == "$.vcp_payload.consent.status");
    format!("{}{}", consent.status, if is_default { " (default)" } else { "" })
}

/// Adds the secret `text` to the receiver. Its id is `secret-1` for `number` 0, and so on.
pub(crate) fn with_secret(receiver: Receiver, provider: &str, number: usize, text: &str) -> Result<Receiver, String> {
    let secret = Secret::new(format!("secret-{}", number + 1), text);
    receiver.secret(provider, secret).map_err(|e| format!("the secret for `{provider}` cannot be used: {e}"))
}
