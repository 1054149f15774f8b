//! Assistable: the post-call webhook, in three generations. The words for the ending are Retell's,
//! on whose engine it began.

use super::{retell, seconds, with_millis};
use crate::{
    Call, Channel, Delivery, Generation, Speaker, Turn,
    json::{Json, object},
    random::Random,
};
use chrono::TimeDelta;

pub(super) fn deliveries(call: &Call, generation: Generation) -> Vec<Delivery> {
    let body = match generation {
        Generation::Assistable2024 => of_2024(call),
        Generation::Assistable2025 => of_2025(call),
        _ => of_2026(call),
    };
    vec![Delivery::new(generation, "post_call", call.ended_at() + TimeDelta::seconds(6), &body)]
}

/// Returns the summary. Assistable writes a stand-in if there is none.
fn summary(call: &Call) -> &str {
    let stand_in = if call.started_at.is_none() { "Call was not answered" } else { "No conversation data available" };
    call.summary.as_deref().unwrap_or(stand_in)
}

pub(crate) fn contact_id(call: &Call) -> String {
    Random::new(call.seed, "assistable contact").letters(20)
}

pub(crate) fn assistant_id(call: &Call) -> String {
    format!("c{}", Random::new(call.seed, "assistable agent").text(b"abcdefghijklmnopqrstuvwxyz0123456789", 24))
}

fn of_2026(call: &Call) -> Json {
    let time = |ms: u64| call.started_at.map(|_| call.time(ms).timestamp_millis());
    let row = |turn: &Turn| {
        let role = if turn.speaker == Speaker::Agent { "agent" } else { "user" };
        object! {"role": role, "content": &turn.text, "metadata": Json::Object(Vec::new())}
    };
    let tool = |tool: &crate::ToolCall| {
        object! {"id": &tool.id, "name": tool.name, "success": tool.succeeded, "result": &tool.result}
    };
    object! {
        "call_id": call.id(Generation::Assistable),
        "contact_id": contact_id(call),
        "location_id": Random::new(call.seed, "assistable location").letters(20),
        "assistant_id": assistant_id(call),
    }
    .with_if(call.channel == Channel::Phone, || {
        object! {"direction": call.direction.as_str(), "from": call.from(), "to": call.to()}
    })
    .with(object! {
        "start_timestamp": time(0),
        "end_timestamp": time(call.duration_ms),
        "call_time_seconds": seconds(call.duration_ms),
        "disconnection_reason": retell::reason(call.ending),
        "call_completion_reason": call.started_at.map(|_| "normal_clearing"),
        "call_summary": summary(call),
        "full_transcript": call.transcript("Agent", "User"),
        "transcript_object": call.turns.iter().map(row).collect::<Vec<_>>(),
        "user_sentiment": call.sentiment.map_or("neutral", crate::Sentiment::as_str),
        "recording_url": &call.recording_url,
        "extractions": call.collected_json(),
        "called_tools": call.tools.iter().map(tool).collect::<Vec<_>>(),
        "variables": object! {
            "contact": object! {"name": &call.person_name},
            "custom_values": object! {"access_token": "not-a-real-secret"},
        },
    })
}

fn of_2025(call: &Call) -> Json {
    let time = |ms: u64| call.started_at.map(|_| with_millis(call.time(ms)));
    object! {"args": Json::Object(Vec::new())}
        .with(object! {"metadata": object! {"contact_id": contact_id(call), "location_id": "not-a-real-location"}})
        .with(object! {"call_id": call.id(Generation::Assistable2025), "call_type": "voice"})
        .with_if(call.channel == Channel::Phone, || {
            object! {"direction": call.direction.as_str(), "from": call.from(), "to": call.to()}
        })
        .with(object! {
            "start_timestamp": time(0),
            "end_timestamp": time(call.duration_ms),
            "call_time_ms": call.duration_ms,
            "call_time_seconds": super::whole_seconds(call.duration_ms),
            "disconnection_reason": retell::reason(call.ending),
            "call_completion": call.started_at.is_some(),
            "assistant_task_completion": call.goal_met.unwrap_or(false),
            "call_completion_reason": "ended",
            "call_summary": summary(call),
            "full_transcript": call.transcript("Agent", "User"),
            "user_sentiment": call.sentiment.map_or("Neutral", crate::Sentiment::capitalised),
            "recording_url": &call.recording_url,
            "added_to_wallet": true,
            "extractions": call.collected_json(),
        })
}

fn of_2024(call: &Call) -> Json {
    let time = |ms: u64| call.started_at.map_or(String::new(), |_| call.time(ms).timestamp_millis().to_string());
    object! {
        "call_id": call.id(Generation::Assistable2024),
        "call_time_ms": call.duration_ms.to_string(),
        "start_timestamp": time(0),
        "end_timestamp": time(call.duration_ms),
        "disconnection_reason": retell::reason(call.ending),
        "call_completion": call.started_at.is_some().to_string(),
        "user_sentiment": call.sentiment.map_or("Neutral", crate::Sentiment::capitalised),
        "call_summary": summary(call),
        "transcript": call.transcript("Agent", "User"),
        "recording_url": call.recording_url.as_deref().unwrap_or_default(),
    }
}
