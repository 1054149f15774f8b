//! `vcp send`: signed deliveries to an endpoint, to try it.

use crate::{
    clock, input,
    output::{self, short},
    secret::{SchemeArgs, SecretArgs},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{path::PathBuf, time::Duration};
use vcp_sdk::{
    Secret,
    auth::{Request, Scheme, sign},
};
use vcp_synthetic::{Call, Generation, Scenario};

/// Send signed deliveries to an endpoint and show its answers.
///
/// Sends every delivery of a synthetic call, or the body of a file. Without a secret nothing is
/// signed. With --tamper or --late, the endpoint must refuse with the status 400, 401 or 403.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vcp send --url http://127.0.0.1:8787/webhook/retell --provider retell
  vcp send --url http://127.0.0.1:8787/webhook/vapi --provider vapi --scenario no_answer --repeat 3
  vcp send --url http://127.0.0.1:8787/webhook/retell --provider retell --tamper")]
pub(crate) struct Args {
    /// A file with a body. Without it, a synthetic call is sent.
    file: Option<PathBuf>,
    /// The URL of the endpoint.
    #[arg(long)]
    url: String,
    /// The provider, or a generation of its payloads, such as `vapi-2024`.
    #[arg(long)]
    provider: String,
    /// The story of the synthetic call. `vcp synth --list` shows them.
    #[arg(long, default_value = "booked_service", conflicts_with = "file")]
    scenario: Scenario,
    /// The seed of the synthetic call.
    #[arg(long, default_value_t = 1, conflicts_with = "file")]
    seed: u64,
    #[command(flatten)]
    scheme: SchemeArgs,
    #[command(flatten)]
    secret: SecretArgs,
    /// Send each delivery so many times, as providers do when they retry.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// Change one byte of the body after it was signed.
    #[arg(long)]
    tamper: bool,
    /// Sign so many seconds before the present.
    #[arg(long, value_name = "SECONDS")]
    late: Option<u32>,
    /// The time that an answer may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// The statuses by which an endpoint says that a signature is wrong.
const REFUSED: [u16; 3] = [400, 401, 403];

/// A body to send, with the name of its event.
struct Outgoing {
    event: String,
    body: Vec<u8>,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let (provider, scheme, outgoing) = outgoing(args)?;
    let wants_refusal = args.tamper || args.late.is_some();
    let text = if wants_refusal { Some(args.secret.require(&provider)?) } else { args.secret.find(&provider)? };
    let secret = text.as_ref().map(|text| Secret::new("cli", text.clone()));
    if secret.is_none() {
        tell!("nothing is signed: there is no secret for {provider}");
    }
    let url = secret.as_ref().map_or_else(|| args.url.clone(), |secret| sign::url(&scheme, secret, &args.url));
    let signed = |body: &[u8], at: DateTime<Utc>| -> Vec<(String, String)> {
        let request = Request::new(&(), body).url(&url).method("POST");
        secret.iter().flat_map(|secret| sign::headers(&scheme, secret, &request, at)).collect()
    };
    let now = clock::now();
    if args.tamper && signed(b"1", now) == signed(b"2", now) {
        return Err(format!("{provider} signs no body, so a changed one is accepted: leave --tamper out"));
    }
    if args.late.is_some() && signed(b"1", now) == signed(b"1", now - TimeDelta::days(1)) {
        return Err(format!("{provider} signs no time, so a late delivery is accepted: leave --late out"));
    }
    // An endpoint may repeat the secret in its answer: as it is, as JSON, or as a part of the URL.
    let text = text.unwrap_or_default();
    let in_url = secret.as_ref().map(|secret| sign::url(&Scheme::PathToken, secret, "")).unwrap_or_default();
    let in_url = in_url.trim_start_matches('/').to_owned();
    let in_json = serde_json::Value::from(text.as_str()).to_string();
    let in_json = in_json.trim_matches('"').to_owned();
    // Some servers write `/` as `\/` in JSON.
    let forms = [in_json.replace('/', "\\/"), in_json, with_small_escapes(&in_url), in_url, text];
    let hidden = |answer: &str| {
        let forms = forms.iter().filter(|form| !form.is_empty());
        forms.fold(answer.to_owned(), |answer, form| answer.replace(form, "***"))
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(args.timeout)))
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into();
    let mut as_wanted = true;
    for Outgoing { event, body } in outgoing {
        for _ in 0..args.repeat {
            let now = clock::now() - TimeDelta::seconds(args.late.unwrap_or(0).into());
            let mut sent = body.clone();
            let headers = signed(&body, now);
            if args.tamper {
                tamper(&mut sent);
                if sent == body {
                    return Err(format!("`{event}` has no letter or digit to change: leave --tamper out"));
                }
            }
            let begun = clock::instant();
            let (status, text) = post(&agent, &url, headers, &sent)
                // The URL can have the secret in it.
                .map_err(|error| {
                    hidden(&format!("cannot send to `{}`: {}", args.url, error.replace(&url, &args.url)))
                })?;
            let millis = begun.elapsed().as_millis();
            // Another status shows another failure: 404 is a wrong URL, and 500 a broken endpoint.
            as_wanted &= if wants_refusal { REFUSED.contains(&status) } else { (200..300).contains(&status) };
            output::line(&format!("{event}: {status} in {millis} ms{}", shown(&hidden(&text))))?;
        }
    }
    if !as_wanted {
        let wanted = if wants_refusal { "refused with 400, 401 or 403" } else { "accepted" };
        tell!("a delivery was not {wanted}");
    }
    Ok(as_wanted)
}

fn outgoing(args: &Args) -> Result<(String, Scheme, Vec<Outgoing>), String> {
    if let Some(file) = &args.file {
        let body = input::whole(file)?;
        let outgoing = Outgoing { event: file.display().to_string(), body };
        let (provider, scheme) = args.scheme.scheme(&args.provider)?;
        return Ok((provider, scheme, vec![outgoing]));
    }
    let generation: Generation = args.provider.parse().map_err(|e| format!("{e}"))?;
    // The call ends now, so that its times are plausible for the endpoint.
    let length = Call::new(args.scenario, args.seed, DateTime::UNIX_EPOCH).ended_at() - DateTime::UNIX_EPOCH;
    let call = Call::new(args.scenario, args.seed, clock::now() - length);
    let webhooks = call.deliveries(generation).into_iter().filter(|delivery| delivery.is_webhook);
    let outgoing: Vec<Outgoing> = webhooks
        .map(|delivery| Outgoing { event: delivery.event.to_owned(), body: delivery.body.into_bytes() })
        .collect();
    if outgoing.is_empty() {
        return Err(format!(
            "{generation} sends no webhook for a call like `{}`: choose another --scenario",
            args.scenario
        ));
    }
    Ok((generation.provider().to_owned(), generation.scheme(), outgoing))
}

/// Returns a part of a URL with its escapes in small letters, such as `%2f`.
fn with_small_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (escape, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        format!("{text}%{}{rest}", escape.to_lowercase())
    })
}

/// Changes the last digit or letter of a body.
fn tamper(body: &mut [u8]) {
    if let Some(byte) = body.iter_mut().rev().find(|byte| byte.is_ascii_alphanumeric()) {
        *byte = if *byte == b'1' { b'2' } else { b'1' };
    }
}

fn post(agent: &ureq::Agent, url: &str, headers: Vec<(String, String)>, body: &[u8]) -> Result<(u16, String), String> {
    let mut request = agent.post(url).header("content-type", "application/json");
    for (name, value) in &headers {
        request = request.header(name, value);
    }
    let mut answer = request.send(body).map_err(|e| e.to_string())?;
    let text = answer.body_mut().with_config().limit(1 << 16).read_to_string().unwrap_or_default();
    Ok((answer.status().as_u16(), text))
}

/// Returns the beginning of an answer, on one line.
fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() { String::new() } else { format!(": {}", short(line, 160)) }
}
