//! Receives one delivery. Prints the message to standard output, and everything else to standard
//! error.

use super::{Args, consent, vouched};
use crate::{input, output};
use std::path::Path;
use vcp_sdk::{
    Received, Receiver, Secret,
    auth::{Request, Scheme},
    mapping::How,
};

pub(super) fn run(file: &Path, provider: &str, args: &Args) -> Result<bool, String> {
    let body = input::whole(file)?;
    let (headers, url) = (args.delivery.headers()?, args.delivery.url()?);
    let mapper = args.rules.mapper()?.options(args.consent.options());
    // The variable of the secret has the name of the provider, also if the user gave an alias.
    let provider = &mapper.provider_name(provider).map_err(|e| e.to_string())?.to_owned();
    let mut receiver = Receiver::new().mapper(mapper);
    // The user named the file, so it may be unsigned. With a secret, a signature is required.
    receiver = receiver.allow_unauthenticated(provider).map_err(|e| e.to_string())?;
    if let Some(secret) = args.secret.find(provider)? {
        let scheme = Scheme::usual(provider);
        receiver = receiver
            .secret_for(provider, scheme, Secret::new("cli", secret))
            .map_err(|e| format!("the secret for `{provider}` cannot be used: {e}"))?;
    }
    let mut request = Request::new(&headers, &body);
    if let Some(url) = &url {
        request = request.url(url);
    }
    match receiver.receive_request(provider, &request, args.now.get()) {
        Ok(Received::Call(call)) => {
            output::data(&vcp_sdk::schema::pretty(&call.message.to_json()))?;
            tell!("event: {}", call.event);
            tell!("verified by: {}", vouched(&call.authenticity));
            tell!("consent: {}", consent(&call));
            let count = |how| call.report.written.iter().filter(|written| written.how == how).count();
            tell!(
                "fields: {} read, {} derived, {} by default",
                count(How::Read),
                count(How::Derived),
                count(How::Default)
            );
            for finding in &call.findings {
                tell!("{finding}");
            }
            output::unused(&call.report).for_each(|told| tell!("{told}"));
            for pointer in &call.report.masked {
                tell!("masked: {pointer}");
            }
            Ok(true)
        }
        Ok(Received::Ignored(other)) => {
            let why = if other.known { "it is not a call record" } else { "the provider's table does not contain it" };
            tell!("ignored: event `{}`: {why}", other.event);
            Ok(true)
        }
        Err(error) => {
            tell!("error: {error} (HTTP {})", error.http_status());
            Ok(false)
        }
    }
}
