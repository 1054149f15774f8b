//! `vcp diagnose`: the reason why a delivery was refused.

use crate::{
    clock::NowArgs,
    delivery::DeliveryArgs,
    input, output,
    secret::{SchemeArgs, SecretArgs},
};
use std::path::PathBuf;
use vcp_sdk::{
    ErrorCode, Secret,
    auth::{Request, Verifier},
};

/// Find out why a delivery was refused: another secret, a changed body, a late clock, a proxy.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp diagnose body.json --provider retell --header @headers.txt --ask-secret")]
pub(crate) struct Args {
    /// A file with the body as it was received, or `-` for standard input.
    file: PathBuf,
    /// The provider: retell, vapi (`x-vapi-secret`), bland, elevenlabs, openai_realtime,
    /// assistable (a token in the URL).
    #[arg(long)]
    provider: String,
    #[command(flatten)]
    delivery: DeliveryArgs,
    #[command(flatten)]
    scheme: SchemeArgs,
    #[command(flatten)]
    secret: SecretArgs,
    #[command(flatten)]
    now: NowArgs,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let body = input::whole(&args.file)?;
    let headers = args.delivery.headers()?;
    let (provider, scheme) = args.scheme.scheme(&args.provider)?;
    let secret = Secret::new("cli", args.secret.require(&provider)?);
    let verifier = Verifier::new(scheme, vec![secret]).map_err(|e| e.to_string())?;
    let now = args.now.get();
    let mut request = Request::new(&headers, &body);
    let url = args.delivery.url()?;
    if let Some(url) = &url {
        request = request.url(url);
    }
    let error = match verifier.check(&request, now) {
        Ok(_) => {
            output::line("the delivery is good: it is verified with this secret")?;
            return Ok(true);
        }
        Err(error) => error,
    };
    output::line(&format!("refused: {error}"))?;
    let hints = verifier.diagnose(&request, now, &[]);
    for hint in &hints {
        output::line(&format!("- {hint}"))?;
    }
    if hints.is_empty() && error.code() == ErrorCode::AuthNoMatch {
        output::line("- no cause was found: compare the secret with that of the provider")?;
    }
    Ok(false)
}
