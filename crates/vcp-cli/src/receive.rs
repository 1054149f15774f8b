//! `vcp receive`: a delivery from a file, or a server for deliveries.

mod file;
mod serve;

use crate::{
    clock::NowArgs,
    delivery::DeliveryArgs,
    providers::{ConsentArgs, RulesArgs},
    secret::SecretArgs,
};
use std::path::PathBuf;
use vcp_sdk::{Authenticity, ReceivedCall};

/// Receive a delivery from a file, or run a webhook endpoint.
///
/// The message of a file is printed to standard output, and what else is known to standard error.
/// An endpoint answers the sender with the message, and keeps nothing: it is for trials. Secrets
/// are read from `WEBHOOK_SECRET_<PROVIDER>`, such as WEBHOOK_SECRET_RETELL.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vcp receive call_ended.json --provider retell
  WEBHOOK_SECRET_RETELL=key_1 vcp receive --serve 127.0.0.1:8787
  vcp receive --serve 127.0.0.1:8787 --allow-unauthenticated")]
pub(crate) struct Args {
    /// A file with the body of a delivery, or `-` for standard input.
    #[arg(required_unless_present = "serve")]
    file: Option<PathBuf>,
    /// The provider that sent the delivery: retell, vapi, bland, elevenlabs, openai_realtime,
    /// assistable, or your own.
    #[arg(long, required_unless_present = "serve")]
    provider: Option<String>,
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    secret: SecretArgs,
    #[command(flatten)]
    delivery: DeliveryArgs,
    #[command(flatten)]
    now: NowArgs,
    /// Run a server with `POST /webhook/{provider}` at this address, for example 127.0.0.1:8787.
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["file", "provider", "secret"])]
    serve: Option<std::net::SocketAddr>,
    /// With --serve, also accept deliveries of providers without a secret, although anybody can
    /// send them.
    #[arg(long, requires = "serve")]
    allow_unauthenticated: bool,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    match (&args.serve, &args.file, &args.provider) {
        (Some(address), _, _) => serve::run(*address, args),
        (None, Some(file), Some(provider)) => file::run(file, provider, args),
        _ => Err("name a file and its --provider, or use --serve".to_owned()),
    }
}

/// Returns the consent status of a call, and whether it is a default.
fn consent(call: &ReceivedCall) -> String {
    let Some(consent) = &call.message.vcp_payload.consent else { return "none".to_owned() };
    let is_default = call.report.defaults().any(|target| target == "$.vcp_payload.consent.status");
    format!("{}{}", consent.status.as_str(), if is_default { " (default)" } else { "" })
}

/// Returns how a delivery was verified, in a few words.
pub(crate) fn vouched(authenticity: &Authenticity) -> String {
    match authenticity {
        Authenticity::Verified { scheme, key_id, .. } => format!("{} signature, key `{key_id}`", scheme.name()),
        Authenticity::Unauthenticated => "nothing to verify with".to_owned(),
        other => format!("{other:?}"),
    }
}
