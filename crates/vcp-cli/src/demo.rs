//! `vcp demo`: a delivery of each provider, and what becomes of it.

use crate::{explain, output, receive};
use chrono::{DateTime, Utc};
use vcp_sdk::{Mapper, Received, ReceivedCall, Receiver, Secret, mapping::How};
use vcp_synthetic::{Call, Generation, Scenario};

/// Show for each provider a signed delivery, the record made of it, and where values come from.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp demo")]
pub(crate) struct Args {}

/// For each provider a story, and the fields to explain.
const SHOWN: [(Generation, Scenario, [&str; 2]); 6] = [
    (Generation::Retell, Scenario::OptOut, ["outcomes.objective.status", "total_cost_usd"]),
    (Generation::Vapi, Scenario::BookedService, ["call.from", "agent_latency_ms_p95"]),
    (Generation::Bland, Scenario::NoAnswer, ["outcomes.objective.status", "call.start_time"]),
    (Generation::ElevenLabs, Scenario::BargeIn, ["user_interruptions", "roles.LLM.chosen"]),
    (Generation::OpenAiRealtime, Scenario::EmergencyService, ["call.from", "call.direction"]),
    (Generation::Assistable, Scenario::Voicemail, ["outcomes.objective.status", "call.duration_sec"]),
];

/// The secret of the demonstration.
const SECRET: &str = "not-a-real-secret";

pub(crate) fn run(_: &Args) -> Result<bool, String> {
    let at: DateTime<Utc> = "2026-10-14T12:00:00Z".parse().map_err(|e| format!("{e}"))?;
    for (generation, scenario, fields) in SHOWN {
        let provider = generation.provider();
        // The first call by telephone that the provider announces. Its longest webhook knows most.
        let calls = (0..100).map(|seed| Call::new(scenario, seed, at)).filter(|call| call.from().is_some());
        let mut longest = calls.filter_map(|call| {
            let webhooks = call.deliveries(generation).into_iter().filter(|delivery| delivery.is_webhook);
            webhooks.max_by_key(|delivery| delivery.body.len())
        });
        let Some(delivery) = longest.next() else { continue };
        let receiver = Receiver::new()
            .mapper(Mapper::new())
            .secret_for(provider, generation.scheme(), Secret::new("demo", SECRET))
            .map_err(|e| e.to_string())?;
        let (headers, url) = (delivery.headers(SECRET), delivery.url(SECRET, "https://example.com/webhook"));
        let request = vcp_sdk::auth::Request::new(&headers, delivery.body.as_bytes()).url(&url);
        let received = receiver.receive_request(provider, &request, delivery.sent_at).map_err(|e| e.to_string())?;
        if let Received::Call(record) = received {
            let kilobytes = delivery.body.len().div_ceil(1000);
            output::line(&format!(
                "{provider} `{}`, {kilobytes} kB, {}",
                record.event,
                receive::vouched(&record.authenticity)
            ))?;
            output::line(&format!("  {}", line(&record)))?;
            let message = record.message.to_json();
            for field in fields {
                output::line(&format!("  {}", explained(&record, &message, field)))?;
            }
            output::block(&format!("  {}\n", remark(&record)))?;
        }
    }
    output::line("next: vcp send --help, vcp receive --help, vcp explain --help")?;
    Ok(true)
}

/// Returns the record on one line.
fn line(record: &ReceivedCall) -> String {
    let (payload, message) = (&record.message.vcp_payload, &record.message);
    let call = &payload.call;
    let mut parts = vec![format!("call {}", call.call_id)];
    parts.extend(call.direction.as_ref().map(ToString::to_string));
    if let (Some(from), Some(to)) = (&call.from, &call.to) {
        parts.push(format!("{from} → {to}"));
    }
    parts.extend(call.duration_sec.map(|seconds| format!("{seconds} s")));
    parts.push(payload.outcomes.objective.status.to_string());
    parts.extend(message.total_cost_usd().map(|usd| format!("${usd:.4}")));
    parts.join(", ")
}

/// Returns the source of a field.
fn explained(record: &ReceivedCall, message: &str, field: &str) -> String {
    match record.report.written.iter().find(|written| written.target.contains(field)) {
        None => format!("{field}: absent, because the delivery does not tell it"),
        Some(written) => {
            let (name, value) = (explain::field(written), explain::values(message, &[written]).concat());
            format!("{name} = {value} ← {}", explain::source(written))
        }
    }
}

/// Returns a finding, or a place that no rule read, or how much is a default.
fn remark(record: &ReceivedCall) -> String {
    if let Some(finding) = record.findings.first() {
        return format!("finding: {finding}");
    }
    let masked = record.report.masked.first().map(|pointer| format!("masked: {pointer}"));
    let unread = record.report.unread.first().map(|counted| format!("not read: {}", counted.pointer));
    let defaults = record.report.written.iter().filter(|written| written.how == How::Default).count();
    masked.or(unread).unwrap_or_else(|| format!("{defaults} fields are defaults"))
}
