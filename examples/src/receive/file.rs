//! Receives one delivery from a file or standard input. Prints the message to standard output, and
//! everything else to standard error.

use crate::{Args, demo::vouched, with_secret};
use chrono::{SubsecRound as _, Utc};
use std::{io::Read as _, process::ExitCode};
use vcp_sdk::{Received, Receiver, mapping::How};

pub(crate) fn run(file: &str, args: &Args) -> Result<ExitCode, String> {
    let provider = args.provider.as_deref().ok_or("name the provider of the delivery: --provider retell")?;
    let body = read(file)?;
    let mut headers = Vec::new();
    for header in &args.header {
        let (name, value) =
            header.split_once(':').ok_or_else(|| format!("the header `{header}` has no colon: write `Name: value`"))?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let mut receiver = Receiver::new();
    for (number, secret) in args.secret.iter().enumerate() {
        receiver = with_secret(receiver, provider, number, secret)?;
    }
    // The user named the file, so it may be unsigned. With a secret, a signature is still required.
    receiver = receiver.allow_unauthenticated(provider).map_err(|e| e.to_string())?;

    match receiver.receive(provider, &headers, &body, args.now.unwrap_or_else(|| Utc::now().trunc_subsecs(3))) {
        Ok(Received::Call(call)) => {
            crate::print(&vcp_sdk::schema::pretty(&call.message.to_json()))?;
            eprintln!("event: {}", call.event);
            eprintln!("verified by: {}", vouched(&call.authenticity));
            eprintln!("consent: {}", crate::consent(&call));
            let count = |how| call.report.written.iter().filter(|written| written.how == how).count();
            eprintln!(
                "fields: {} read, {} derived, {} by default",
                count(How::Read),
                count(How::Derived),
                count(How::Default)
            );
            for finding in &call.findings {
                eprintln!("{finding}");
            }
            for problem in &call.report.problems {
                eprintln!("not used: {} at {}: {}", problem.code, problem.source, problem.message);
            }
            for word in &call.report.unknown_words {
                eprintln!("unknown word at {}: `{}`", word.source, word.word);
            }
            for pointer in &call.report.masked {
                eprintln!("masked: {pointer}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(Received::Ignored(other)) => {
            let why = if other.known { "it is not a call record" } else { "the provider's table does not contain it" };
            eprintln!("ignored: event `{}`: {why}", other.event);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("error: {error} (HTTP {})", error.http_status());
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read(file: &str) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    if file == "-" {
        std::io::stdin().lock().read_to_end(&mut body).map_err(|e| format!("cannot read standard input: {e}"))?;
    } else {
        body = std::fs::read(file).map_err(|e| format!("cannot read `{file}`: {e}"))?;
    }
    Ok(body)
}
