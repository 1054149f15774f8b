//! The demonstration: receives the sample deliveries of the project one by one.

use chrono::{DateTime, Utc};
use comfy_table::{CellAlignment, Table, presets::UTF8_BORDERS_ONLY};
use std::process::ExitCode;
use vcp_sdk::{Authenticity, Received, ReceivedCall, Receiver, Secret, auth::sign};

macro_rules! deliveries {
    ($($provider:literal $name:literal;)*) => {
        &[$( ($provider, $name, include_bytes!(concat!("../../deliveries/", $provider, "/", $name, ".json"))), )*]
    };
}

const DELIVERIES: &[(&str, &str, &[u8])] = deliveries! {
    "retell" "call_started";
    "retell" "call_ended_dial_no_answer";
    "retell" "call_analyzed";
    "vapi" "status_update_ended";
    "vapi" "end_of_call_report";
    "vapi" "tool_calls";
    "bland" "post_call";
    "bland" "post_call_transferred";
    "elevenlabs" "post_call_transcription";
    "elevenlabs" "call_initiation_failure_sip";
    "openai_realtime" "realtime_call_incoming";
    "openai_realtime" "response_done";
    "assistable" "post_call";
    "assistable" "post_call_declined";
};

/// The delivery whose whole message is printed.
const SHOWN: (&str, &str) = ("retell", "call_started");

/// The time of receipt. It is fixed, so that every run prints the same.
const NOW: &str = "2026-11-21T12:00:00Z";

const RETELL_KEY: &str = "key_demo_not_a_real_secret";
const ELEVENLABS_SECRET: &str = "wsec_demo_not_a_real_secret";

pub(crate) fn run() -> Result<ExitCode, String> {
    let now: DateTime<Utc> = NOW.parse().map_err(|e| format!("{NOW}: {e}"))?;
    let open = ["vapi", "bland", "openai_realtime", "assistable"];
    let receiver = Receiver::new()
        .secret("retell", Secret::new("demo", RETELL_KEY))
        .and_then(|receiver| receiver.secret("elevenlabs", Secret::new("demo", ELEVENLABS_SECRET)))
        .and_then(|receiver| open.into_iter().try_fold(receiver, Receiver::allow_unauthenticated))
        .map_err(|e| e.to_string())?;

    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY);
    table.set_header(["provider", "event", "verified by", "status", "duration", "cost", "consent", "findings"]);
    for column in [4, 5, 7] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut shown = None;
    let mut failed = false;
    for (provider, name, body) in DELIVERIES {
        let headers = signed(provider, body, now);
        match receiver.receive(provider, &headers, body, now) {
            Ok(Received::Call(call)) => {
                table.add_row(row(provider, &call));
                if (*provider, *name) == SHOWN {
                    shown = Some(call.message);
                }
            }
            Ok(Received::Ignored(other)) => {
                table.add_row([provider, other.event.as_str(), "", "not a call record"]);
            }
            Err(error) => {
                failed = true;
                table.add_row([provider, name, "", &error.to_string()]);
            }
        }
    }
    crate::print(&table.to_string())?;
    if let Some(message) = shown {
        let text = vcp_sdk::schema::pretty(&message.to_json());
        crate::print(&format!("\nthe message of {} {}:\n\n{text}", SHOWN.0, SHOWN.1))?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Returns the headers that the provider would send.
fn signed(provider: &str, body: &[u8], now: DateTime<Utc>) -> Vec<(&'static str, String)> {
    match provider {
        "retell" => vec![("x-retell-signature", sign::retell(RETELL_KEY, body, now))],
        "elevenlabs" => vec![("elevenlabs-signature", sign::elevenlabs(ELEVENLABS_SECRET, body, now))],
        _ => Vec::new(),
    }
}

fn row(provider: &str, call: &ReceivedCall) -> [String; 8] {
    let payload = &call.message.vcp_payload;
    [
        provider.to_owned(),
        call.event.clone(),
        vouched(&call.authenticity),
        payload.outcomes.objective.status.to_string(),
        payload.call.duration_sec.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds} s")),
        payload
            .outcomes
            .model_outcome_attribution
            .total_cost_usd
            .map_or_else(|| "–".to_owned(), |usd| format!("${usd:.4}")),
        crate::consent(call),
        call.findings.len().to_string(),
    ]
}

/// Returns how a delivery was verified, in a few words.
pub(crate) fn vouched(authenticity: &Authenticity) -> String {
    match authenticity {
        Authenticity::Verified { scheme, key_id, .. } => format!("{} signature, key `{key_id}`", scheme.name()),
        Authenticity::Unauthenticated => "nothing to verify with".to_owned(),
        other => format!("{other:?}"),
    }
}
