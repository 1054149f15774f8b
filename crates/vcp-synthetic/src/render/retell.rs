//! Retell: `call_started`, the events of a transfer, `call_ended` and `call_analyzed`.

use super::seconds;
use crate::{
    Call, Channel, Consent, Delivery, Direction, Ending, Generation, Speaker, Turn,
    call::Row,
    json::{Json, object},
    random::Random,
};
use chrono::{DateTime, TimeDelta, Utc};

pub(super) fn deliveries(call: &Call, generation: Generation) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    let mut send = |event: &'static str, at: DateTime<Utc>, more: Json, record: Json| {
        let envelope = object! {"event": event}
            .with_if(generation == Generation::Retell, || object! {"event_timestamp": at.timestamp_millis()});
        let body = envelope.with(object! {"call": record}).with(more);
        deliveries.push(Delivery::new(generation, event, at, &body));
    };
    let nothing = || Json::Object(Vec::new());
    let begun = || begin(call, generation);
    if call.started_at.is_some() {
        let started = begun().with(object! {"call_status": "ongoing", "start_timestamp": millis(call.time(0))});
        send("call_started", call.time(40), nothing(), started);
    }
    if let Some(transfer) = &call.transfer {
        let more = || {
            object! {
                "transfer_destination": object! {"type": "predefined", "number": &transfer.to},
                "transfer_option": object! {"type": "cold_transfer", "showTransfereeAsCaller": false},
            }
        };
        let ongoing = || begun().with(object! {"call_status": "ongoing", "start_timestamp": millis(call.time(0))});
        send("transfer_started", call.time(transfer.at_ms), more(), ongoing());
        send("transfer_bridged", call.time(transfer.at_ms + 900), more(), ongoing());
    }
    send("call_ended", call.ended_at() + TimeDelta::milliseconds(90), nothing(), begun().with(end(call, generation)));
    let analyzed = begun().with(end(call, generation)).with(object! {"call_analysis": analysis(call)});
    send("call_analyzed", call.ended_at() + TimeDelta::milliseconds(4_200), nothing(), analyzed);
    deliveries
}

fn millis(time: DateTime<Utc>) -> Json {
    Json::from(time.timestamp_millis())
}

pub(crate) fn agent_id(call: &Call) -> String {
    format!("agent_{}", Random::new(call.seed, "retell agent").hex(26))
}

/// Returns the members that every event has.
fn begin(call: &Call, generation: Generation) -> Json {
    let phone = call.channel == Channel::Phone;
    let storage = match call.consent {
        Some(Consent::Refused) => "basic_attributes_only",
        _ => "everything",
    };
    object! {"call_id": call.id(generation), "call_type": if phone { "phone_call" } else { "web_call" }}
        .with(object! {"agent_id": agent_id(call)})
        .with_if(generation == Generation::Retell, || object! {"agent_version": 12, "agent_name": "Reception"})
        .with_if(!phone, || object! {"access_token": format!("not-a-real-token-{}", call.seed)})
        .with_if(phone, || {
            object! {"direction": call.direction.as_str(), "to_number": call.to()}
                .with(object! {"from_number": call.from(), "telephony_identifier": object! {"twilio_call_sid": &call.carrier_id}})
        })
        .with(object! {"retell_llm_dynamic_variables": object! {"business": &call.business_name}})
        .with_if(call.direction == Direction::Outbound, || object! {"metadata": object! {"customer": &call.person_name}})
        .with(match generation {
            Generation::Retell => object! {"data_storage_setting": storage, "opt_in_signed_url": false},
            _ => object! {"opt_out_sensitive_data_storage": call.consent == Some(Consent::Refused)},
        })
}

/// Returns Retell's word for an ending.
pub(super) fn reason(ending: Ending) -> &'static str {
    match ending {
        Ending::PersonHungUp => "user_hangup",
        Ending::AgentHungUp => "agent_hangup",
        Ending::Transferred => "call_transfer",
        Ending::Voicemail => "voicemail_reached",
        Ending::NoAnswer => "dial_no_answer",
        Ending::Busy => "dial_busy",
        Ending::Silence => "inactivity",
        Ending::MaxDuration => "max_duration_reached",
        Ending::ModelFailed => "error_llm_websocket_lost_connection",
        Ending::Quota => "no_valid_payment",
    }
}

/// Returns the members that a call has when it is over.
fn end(call: &Call, generation: Generation) -> Json {
    let refused = call.consent == Some(Consent::Refused) && generation == Generation::Retell;
    let reason = if refused { "user_requested_dnc" } else { reason(call.ending) };
    if call.started_at.is_none() {
        return object! {
            "call_status": "not_connected",
            "duration_ms": 0,
            "disconnection_reason": reason,
            "transcript": "",
            "call_cost": object! {"combined_cost": 0},
        };
    }
    let failed = matches!(call.ending, Ending::ModelFailed | Ending::Quota);
    let transcript = call.transcript("Agent", "User");
    object! {
        "call_status": if failed { "error" } else { "ended" },
        "start_timestamp": millis(call.time(0)),
        "end_timestamp": millis(call.ended_at()),
        "duration_ms": call.duration_ms,
        "disconnection_reason": reason,
        "transcript": if transcript.is_empty() { transcript } else { transcript + "\n" },
        "transcript_object": call.turns.iter().map(turn).collect::<Vec<_>>(),
        "transcript_with_tool_calls": rows(call),
    }
    .with_if(call.transfer.is_some(), || {
        object! {"transfer_destination": call.transfer.as_ref().map(|transfer| &transfer.to)}
    })
    .with_if(call.recording_url.is_some(), || object! {"recording_url": &call.recording_url})
    .with_if(!call.collected.is_empty(), || object! {"collected_dynamic_variables": call.collected_json()})
    .with(object! {"latency": latency(call), "call_cost": cost(call)})
    .with_if(call.models.prompt_tokens > 0, || {
        let tokens = call.models.prompt_tokens + call.models.completion_tokens;
        let values = vec![tokens / 3, tokens - tokens / 3];
        object! {"llm_token_usage": object! {"values": values, "average": Json::decimal(tokens * 5, 1), "num_requests": 2}}
    })
}

fn turn(turn: &Turn) -> Json {
    let mut words: Vec<Json> = Vec::new();
    for (at, word) in turn.words.iter().enumerate() {
        let space = if at + 1 == turn.words.len() { "" } else { " " };
        let text = format!("{}{space}", word.text);
        words.push(object! {"word": text, "start": seconds(word.start_ms), "end": seconds(word.end_ms)});
    }
    let role = if turn.speaker == Speaker::Agent { "agent" } else { "user" };
    object! {"role": role, "content": &turn.text, "words": words}
}

fn rows(call: &Call) -> Json {
    let mut rows = Vec::new();
    for row in call.rows() {
        match row {
            Row::Turn(spoken) => rows.push(turn(spoken)),
            Row::Tool(tool) => {
                rows.push(object! {
                    "role": "tool_call_invocation",
                    "tool_call_id": &tool.id,
                    "name": tool.name,
                    "arguments": &tool.arguments,
                    "time_sec": seconds(tool.at_ms),
                });
                rows.push(object! {
                    "role": "tool_call_result",
                    "tool_call_id": &tool.id,
                    "successful": tool.succeeded,
                    "content": &tool.result,
                    "time_sec": seconds(tool.at_ms + tool.took_ms),
                });
            }
        }
    }
    Json::from(rows)
}

/// Returns the latencies. Retell measures them from the end of what the person said.
fn latency(call: &Call) -> Json {
    let values = call.figures().latencies_ms();
    if values.is_empty() {
        return Json::Object(Vec::new());
    }
    object! {"e2e": object! {
        "p50": call.figures().latency_percentile(50),
        "p90": call.figures().latency_percentile(90),
        "p95": call.figures().latency_percentile(95),
        "p99": call.figures().latency_percentile(99),
        "min": values.iter().min().copied(),
        "max": values.iter().max().copied(),
        "num": values.len(),
        "values": values.clone(),
    }}
}

/// Returns the costs, in US cents.
fn cost(call: &Call) -> Json {
    let cents = |millionths: u64| Json::decimal(millionths, 4);
    let line = |product: &str, millionths: u64| object! {"product": product, "cost": cents(millionths)};
    let mut products = vec![
        line("retell_voice_engine", call.platform_cost),
        line(&format!("{}_tts", call.models.tts.name), call.models.tts.cost),
        line(llm_product(call), call.models.llm.cost),
    ];
    if call.channel == Channel::Phone {
        products.push(line("twilio_telephony", call.line_cost));
    }
    // Retell does not list the recognition of speech. It is in the price of its engine.
    let total = call.cost() - call.models.stt.cost;
    object! {
        "product_costs": products,
        "total_duration_seconds": call.duration_ms.div_ceil(1000),
        "total_duration_unit_price": Json::Number("0.2166667".to_owned()),
        "combined_cost": cents(total),
    }
}

/// Returns the name of the product for the language model.
pub(crate) fn llm_product(call: &Call) -> &'static str {
    match call.models.llm.name {
        "gpt-4o-mini" => "gpt_4o_mini",
        "claude-sonnet-4-5" => "claude_4_5_sonnet",
        _ => "gemini_2_5_flash",
    }
}

fn analysis(call: &Call) -> Json {
    if call.turns.is_empty() {
        return object! {
            "call_summary": "",
            "user_sentiment": "Unknown",
            "call_successful": false,
            "custom_analysis_data": Json::Object(Vec::new()),
        };
    }
    object! {
        "call_summary": &call.summary,
        "in_voicemail": call.ending == Ending::Voicemail,
        "user_sentiment": call.sentiment.map_or("Unknown", crate::Sentiment::capitalised),
        "call_successful": call.goal_met.unwrap_or(false),
        "custom_analysis_data": call.collected_json(),
    }
}
