//! `vcp sign`: the headers that sign a body.

use crate::{
    clock::NowArgs,
    input, output,
    secret::{SchemeArgs, SecretArgs},
};
use std::path::PathBuf;
use vcp_sdk::{
    Secret,
    auth::{Request, Scheme, sign},
};

/// Print the headers with which a provider would sign a body, or the URL if the secret is in it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: WEBHOOK_SECRET_RETELL=key_1 vcp sign body.json --provider retell")]
pub(crate) struct Args {
    /// A file with the body, or `-` for standard input.
    file: PathBuf,
    /// The provider: retell, vapi (`x-vapi-secret`), bland, elevenlabs, openai_realtime, assistable
    /// (a token in the URL).
    #[arg(long)]
    provider: String,
    #[command(flatten)]
    scheme: SchemeArgs,
    #[command(flatten)]
    secret: SecretArgs,
    /// The URL to which the body is sent.
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    now: NowArgs,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let body = input::whole(&args.file)?;
    let (provider, scheme) = args.scheme.scheme(&args.provider)?;
    let secret = Secret::new("cli", args.secret.require(&provider)?);
    let mut request = Request::new(&(), &body);
    if let Some(url) = &args.url {
        request = request.url(url);
    }
    let headers = sign::headers(&scheme, &secret, &request, args.now.get());
    if matches!(scheme, Scheme::UrlToken { .. } | Scheme::PathToken) {
        let url = args.url.as_deref().ok_or("the secret of this provider is in the URL: give the URL with --url")?;
        output::data(&sign::url(&scheme, &secret, url))?;
    } else if headers.is_empty() {
        return Err("the body cannot be signed: check the secret, and give the whole URL with --url".to_owned());
    }
    for (name, value) in headers {
        output::data(&format!("{name}: {value}"))?;
    }
    Ok(true)
}
