//! Receives one delivery. Prints the message to standard output, and everything else to standard
//! error.

use super::{Args, consent, headers, vouched};
use crate::{input, output};
use std::path::Path;
use vcp_sdk::{Received, Receiver, Secret, auth::Request, mapping::How, validate::visible};

pub(super) fn run(file: &Path, provider: &str, args: &Args) -> Result<bool, String> {
    let body = input::whole(file)?;
    let headers = headers(&args.header)?;
    let mut receiver = Receiver::new().mapper(args.rules.mapper()?);
    // The user named the file, so it may be unsigned. With a secret, a signature is required.
    receiver = receiver.allow_unauthenticated(provider).map_err(|e| e.to_string())?;
    if let Some(secret) = args.secret.find(provider)? {
        let scheme = vcp_synthetic::scheme(provider);
        receiver = receiver
            .secret_for(provider, scheme, Secret::new("cli", secret))
            .map_err(|e| format!("the secret for `{}` cannot be used: {e}", visible(provider)))?;
    }
    let mut request = Request::new(&headers, &body);
    if let Some(url) = &args.url {
        request = request.url(url);
    }
    match receiver.receive_request(provider, &request, args.now.get()) {
        Ok(Received::Call(call)) => {
            output::print(&vcp_sdk::schema::pretty(&call.message.to_json()))?;
            eprintln!("event: {}", visible(&call.event));
            eprintln!("verified by: {}", visible(&vouched(&call.authenticity)));
            eprintln!("consent: {}", consent(&call));
            let count = |how| call.report.written.iter().filter(|written| written.how == how).count();
            eprintln!(
                "fields: {} read, {} derived, {} by default",
                count(How::Read),
                count(How::Derived),
                count(How::Default)
            );
            for finding in &call.findings {
                eprintln!("{}", visible(&finding.to_string()));
            }
            for problem in &call.report.problems {
                let told = format!("not used: {} at {}: {}", problem.code, problem.source, problem.message);
                eprintln!("{}", visible(&told));
            }
            for word in &call.report.unknown_words {
                eprintln!("{}", visible(&format!("unknown word at {}: `{}`", word.source, word.word)));
            }
            for pointer in &call.report.masked {
                eprintln!("masked: {}", visible(pointer));
            }
            Ok(true)
        }
        Ok(Received::Ignored(other)) => {
            let why = if other.known { "it is not a call record" } else { "the provider's table does not contain it" };
            eprintln!("ignored: event `{}`: {why}", visible(&other.event));
            Ok(true)
        }
        Err(error) => {
            eprintln!("error: {} (HTTP {})", visible(&error.to_string()), error.http_status());
            Ok(false)
        }
    }
}
