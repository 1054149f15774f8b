//! Bland: the post-call webhook, and a second one with the corrected transcript.

use super::{dollars, seconds, whole_seconds};
use crate::{
    Call, Channel, Delivery, Direction, Ending, Generation, Speaker,
    call::Row,
    json::{Json, object},
    random::Random,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

pub(super) fn deliveries(call: &Call) -> Vec<Delivery> {
    let generation = Generation::Bland;
    if call.channel == Channel::Web {
        return Vec::new();
    }
    let first = record(call);
    let after = |seconds: i64| call.ended_at() + TimeDelta::seconds(seconds);
    let mut deliveries = vec![Delivery::new(generation, "post_call", after(3), &first)];
    if !call.turns.is_empty() {
        let second = object! {"event_type": "citations"}.with(first).with(object! {
            "corrected_transcript": corrected(call),
            "citations": citations(call),
        });
        deliveries.push(Delivery::new(generation, "enriched", after(44), &second));
    }
    deliveries
}

/// Writes a time with microseconds and an offset.
fn with_micros(time: DateTime<Utc>) -> Json {
    Json::from(time.to_rfc3339_opts(SecondsFormat::Micros, false))
}

/// Writes a time with whole seconds and an offset.
fn to_the_second(time: DateTime<Utc>) -> Json {
    Json::from(time.to_rfc3339_opts(SecondsFormat::Secs, false))
}

fn record(call: &Call) -> Json {
    let generation = Generation::Bland;
    let id = call.id(generation);
    let (status, error) = match call.ending {
        Ending::NoAnswer => ("no-answer", None),
        Ending::Busy => ("busy", None),
        Ending::ModelFailed => ("failed", Some("the connection to the model was lost")),
        Ending::Quota => ("failed", Some("rate limit reached")),
        _ => ("completed", None),
    };
    let answered_by = match call.ending {
        Ending::NoAnswer => Some("no-answer"),
        Ending::Busy => None,
        Ending::Voicemail => Some("voicemail"),
        _ => Some("human"),
    };
    let ended_by = match call.ending {
        Ending::PersonHungUp => Some("USER"),
        Ending::NoAnswer | Ending::Busy | Ending::ModelFailed | Ending::Quota => None,
        _ => Some("ASSISTANT"),
    };
    let (transferred_to, transferred_at) = match &call.transfer {
        Some(transfer) => {
            let at = call.time(transfer.at_ms).to_rfc3339_opts(SecondsFormat::Millis, true);
            (Json::from(&transfer.to), Json::from(at))
        }
        None => (Json::Null, Json::Null),
    };
    object! {
        "call_id": &id,
        "c_id": &id,
        "call_length": Json::decimal(call.duration_ms * 1000 / 60, 6),
        "corrected_duration": whole_seconds(call.duration_ms).to_string(),
        "to": call.to(),
        "from": call.from(),
        "completed": true,
        "created_at": with_micros(call.requested_at),
        "started_at": call.started_at.map(to_the_second),
        "inbound": call.direction == Direction::Inbound,
        "queue_status": "complete",
        "status": status,
        "error_message": error,
        "answered_by": answered_by,
        "call_ended_by": ended_by,
        "transferred_to": transferred_to,
        "transferred_at": transferred_at,
        "warm_transfer_call": Json::Null,
        "pathway_id": pathway_id(call),
        "pathway_version": 3,
        "summary": &call.summary,
        "price": dollars(call.cost()),
        "record": call.recording_url.is_some(),
        "recording_url": &call.recording_url,
        "analysis": if call.collected.is_empty() { Json::Null } else { call.collected_json() },
        "variables": object! {"business": &call.business_name, "language": call.language},
        "metadata": object! {"customer": &call.person_name},
        "transcripts": transcripts(call),
        "concatenated_transcript": concatenated(call),
    }
}

/// Returns the rows. A tool is a row of the agent that says its name.
fn transcripts(call: &Call) -> Json {
    let mut rows = Vec::new();
    for (at, row) in call.rows().into_iter().enumerate() {
        let (ms, text, user) = match row {
            Row::Turn(turn) => (turn.start_ms(), turn.text.as_str(), speaker(turn.speaker)),
            Row::Tool(tool) => (tool.at_ms, tool.name, "agent-action"),
        };
        rows.push(object! {
            "id": 918_244_010 + at * 7,
            "created_at": with_micros(call.time(ms)),
            "text": text,
            "user": user,
            "c_id": call.id(Generation::Bland),
        });
    }
    Json::from(rows)
}

fn speaker(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Agent => "assistant",
        Speaker::User => "user",
    }
}

pub(crate) fn pathway_id(call: &Call) -> String {
    Random::new(call.seed, "bland pathway").uuid('4')
}

fn concatenated(call: &Call) -> String {
    let line = |row: Row<'_>| match row {
        Row::Turn(turn) => format!("{}: {} \n ", speaker(turn.speaker), turn.text),
        Row::Tool(tool) => format!("agent-action: {} \n ", tool.name),
    };
    call.rows().into_iter().map(line).collect()
}

fn corrected(call: &Call) -> Json {
    let row = |turn: &crate::Turn| {
        object! {
            "text": &turn.text,
            "speaker": i32::from(turn.speaker == Speaker::User),
            "speaker_label": speaker(turn.speaker),
            "start": seconds(turn.start_ms()),
            "end": seconds(turn.end_ms()),
            "confidence": Json::Number("0.97".to_owned()),
        }
    };
    Json::from(call.turns.iter().map(row).collect::<Vec<_>>())
}

fn citations(call: &Call) -> Json {
    let citation = |(name, value): &(&'static str, String)| {
        object! {"field": *name, "value": value, "speaker": "user", "confidence": Json::Number("0.9".to_owned())}
    };
    Json::from(call.collected.iter().map(citation).collect::<Vec<_>>())
}
