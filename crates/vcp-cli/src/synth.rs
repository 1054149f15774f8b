//! `vcp synth`: synthetic calls, as providers deliver them and as messages.

use crate::{
    archive::Envelope,
    clock,
    output::{self, Lines},
    secret,
};
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use std::{num::NonZeroU32, path::PathBuf};
use vcp_synthetic::{Call, Delivery, Generation, Mix, Older, Scenario};

/// Make synthetic calls: deliveries of a provider, or messages of a version.
///
/// The same seed and times give the same bytes. People are invented, and telephone numbers are
/// reserved for examples. Deliveries are signed if `WEBHOOK_SECRET_<PROVIDER>` is set.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vcp synth --scenario booked_service --provider retell
  vcp synth --count 1000 --seed 7 --as 0.3 > calls.ndjson
  vcp synth --count 50 --provider retell=3 --provider vapi=1 --scenario no_answer=1 --scenario booked_service=9")]
pub(crate) struct Args {
    /// The story of the call, with a weight if there are several, such as `busy=2`. Can be given
    /// several times. Without it, a mix of all. `vcp synth --list` shows them.
    #[arg(long, value_name = "NAME[=WEIGHT]", value_parser = weighted::<Scenario>)]
    scenario: Vec<(Scenario, u32)>,
    /// The provider, or a generation of its payloads such as `vapi-2024`, with a weight. Can be
    /// given several times. Without it, all providers.
    #[arg(long, value_name = "NAME[=WEIGHT]", value_parser = weighted::<Generation>)]
    provider: Vec<(Generation, u32)>,
    /// The number of calls.
    #[arg(long, default_value_t = 1)]
    count: usize,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The time at which the first call can begin (RFC 3339). Without it, a day before --until.
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime<Utc>>,
    /// The time before which the last call begins (RFC 3339). Without it, the present.
    #[arg(long, value_name = "TIME")]
    until: Option<DateTime<Utc>>,
    /// The form. `deliveries` are envelopes with headers, `bodies` are the bare bodies.
    #[arg(long = "as", value_name = "FORM", default_value = "deliveries")]
    form: Form,
    /// The URL in deliveries of providers whose secret is in it.
    #[arg(long, default_value = "https://example.com/webhook")]
    url: String,
    /// The file to write. Without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// List the scenarios and the providers.
    #[arg(long, exclusive = true)]
    list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Deliveries,
    Bodies,
    #[value(name = "0.5")]
    V05,
    #[value(name = "0.4")]
    V04,
    #[value(name = "0.3")]
    V03,
    #[value(name = "0.3-full")]
    V03Full,
}

fn weighted<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<(T, u32), String> {
    let (name, weight) = match text.split_once('=') {
        Some((name, weight)) => {
            let fault = |_| format!("`{weight}` is no weight: use a whole number from 1");
            (name, weight.parse::<NonZeroU32>().map_err(fault)?.get())
        }
        None => (text, 1),
    };
    Ok((name.parse().map_err(|e| format!("{e}"))?, weight))
}

/// The number of calls in a row of which the providers know nothing, after which the command ends.
const MOST_IN_VAIN: u32 = 1000;

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    if args.list {
        let line = |name: &str, about: &str| format!("{name:<22}{about}");
        let scenarios = Scenario::ALL.iter().map(|scenario| line(scenario.name(), scenario.about()));
        let providers = Generation::ALL.iter().map(|generation| line(generation.name(), generation.about()));
        let lines: Vec<String> = scenarios.chain([String::new()]).chain(providers).collect();
        return output::block(&lines.join("\n")).map(|()| true);
    }
    let until = args.until.unwrap_or_else(clock::now);
    let from = args.from.unwrap_or_else(|| until.checked_sub_signed(TimeDelta::days(1)).unwrap_or(until));
    // RFC 3339 has no other years.
    if [from, until].iter().any(|time| !(0..=9999).contains(&time.year())) {
        return Err("--from and --until must be in the years 0 to 9999".to_owned());
    }
    if from >= until {
        return Err("--from must be before --until".to_owned());
    }
    let mut out = Lines::open(args.output.as_deref())?;
    let mut mix = Mix::default();
    if !args.scenario.is_empty() {
        mix.scenarios.clone_from(&args.scenario);
    }
    if !args.provider.is_empty() {
        mix.generations.clone_from(&args.provider);
    }
    let (mut written, mut in_vain) = (0, 0);
    'all: for (call, generation) in mix.calls(args.seed, from, until) {
        let lines = lines(args, &call, generation)?;
        // A provider may know nothing of a call. Another call takes its place.
        if lines.is_empty() {
            in_vain += 1;
            if in_vain == MOST_IN_VAIN {
                return Err("the providers send nothing for such calls: choose another --scenario".to_owned());
            }
            continue;
        }
        (written, in_vain) = (written + 1, 0);
        for line in lines {
            if out.line(&line)?.is_break() {
                break 'all;
            }
        }
        if written >= args.count {
            break;
        }
    }
    out.finish()?;
    Ok(true)
}

fn lines(args: &Args, call: &Call, generation: Generation) -> Result<Vec<String>, String> {
    Ok(match args.form {
        Form::Deliveries => {
            let deliveries = call.deliveries(generation);
            let has_events = deliveries.iter().any(|delivery| !delivery.is_webhook);
            let session = has_events.then(|| call.id(generation));
            let envelopes = deliveries.iter().map(|delivery| envelope(delivery, session.clone(), &args.url));
            envelopes.collect::<Result<_, _>>()?
        }
        Form::Bodies => call.deliveries(generation).into_iter().map(|delivery| delivery.body).collect(),
        Form::V05 => vec![call.message(generation)],
        Form::V04 => vec![call.older_message(Older::V04, generation)],
        Form::V03 => vec![call.older_message(Older::V03Gtm, generation)],
        Form::V03Full => vec![call.older_message(Older::V03Full, generation)],
    })
}

fn envelope(delivery: &Delivery, session: Option<String>, url: &str) -> Result<String, String> {
    let provider = delivery.generation.provider();
    let secret = secret::of_environment(provider)?.unwrap_or_default();
    let headers = if secret.is_empty() { Vec::new() } else { delivery.headers(&secret) };
    let signed = delivery.url(&secret, url);
    let envelope = Envelope {
        provider: provider.to_owned(),
        event: delivery.event.to_owned(),
        sent_at: delivery.sent_at,
        session,
        headers: headers.into_iter().collect(),
        url: (signed != url).then_some(signed),
        body: delivery.body.clone(),
    };
    serde_json::to_string(&envelope).map_err(|e| e.to_string())
}
