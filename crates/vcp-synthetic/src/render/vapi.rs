//! Vapi: `status-update` when the call begins and ends, and `end-of-call-report`.

use super::{dollars, seconds, with_millis};
use crate::{
    Call, Channel, Consent, Delivery, Direction, Ending, Generation, Speaker, Turn,
    call::Row,
    json::{Json, object},
    random::Random,
};
use chrono::{DateTime, TimeDelta, Utc};

pub(super) fn deliveries(call: &Call, generation: Generation) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    let mut send = |event: &'static str, at: DateTime<Utc>, own: Json| {
        let message = object! {"timestamp": timestamp(at, generation), "type": event}
            .with(own)
            .with(object! {"call": snapshot(call, generation)})
            .with_if(
                call.channel == Channel::Phone,
                || object! {"phoneNumber": phone_number(call), "customer": customer(call)},
            )
            .with(object! {"assistant": assistant(call)});
        deliveries.push(Delivery::new(generation, event, at, &object! {"message": message}));
    };
    if call.started_at.is_some() {
        send("status-update", call.time(0), object! {"status": "in-progress"});
    }
    let over = call.ended_at();
    let ended = object! {"status": "ended", "endedReason": ended_reason(call)};
    send("status-update", over + TimeDelta::milliseconds(60), ended);
    send("end-of-call-report", over + TimeDelta::milliseconds(5_300), report(call, generation));
    deliveries
}

/// Vapi wrote times of events as text until 2024.
fn timestamp(at: DateTime<Utc>, generation: Generation) -> Json {
    match generation {
        Generation::Vapi2024 => with_millis(at),
        _ => Json::from(at.timestamp_millis()),
    }
}

fn ended_reason(call: &Call) -> &'static str {
    match call.ending {
        Ending::PersonHungUp => "customer-ended-call",
        Ending::AgentHungUp => "assistant-ended-call",
        Ending::Transferred => "assistant-forwarded-call",
        Ending::Voicemail => "voicemail",
        Ending::NoAnswer => "customer-did-not-answer",
        Ending::Busy => "customer-busy",
        Ending::Silence => "silence-timed-out",
        Ending::MaxDuration => "exceeded-max-duration",
        Ending::ModelFailed => "call.in-progress.error-providerfault-openai-llm-failed",
        Ending::Quota => "pipeline-error-openai-429-exceeded-quota",
    }
}

/// Returns the call as it was when it was created. Its status is stale, as Vapi's is.
fn snapshot(call: &Call, generation: Generation) -> Json {
    let mut ids = Random::new(call.seed, "vapi ids");
    let (kind, status) = match (call.channel, call.direction) {
        (Channel::Web, _) => ("webCall", "queued"),
        (_, Direction::Inbound) => ("inboundPhoneCall", "ringing"),
        (_, Direction::Outbound) => ("outboundPhoneCall", "queued"),
    };
    object! {
        "id": call.id(generation),
        "orgId": ids.uuid('4'),
        "createdAt": with_millis(call.requested_at),
        "updatedAt": with_millis(call.requested_at),
        "type": kind,
        "status": status,
        "assistantId": agent_id(call),
    }
    .with_if(call.channel == Channel::Phone, || {
        object! {"phoneCallProvider": "twilio", "phoneCallProviderId": &call.carrier_id, "phoneCallTransport": "pstn"}
            .with(object! {"monitor": object! {"controlUrl": "https://control.example.com/not-a-real-secret"}})
    })
}

pub(crate) fn agent_id(call: &Call) -> String {
    Random::new(call.seed, "vapi agent").uuid('4')
}

fn phone_number(call: &Call) -> Json {
    object! {"number": &call.business_number, "provider": "twilio", "twilioAuthToken": "not-a-real-secret"}
}

fn customer(call: &Call) -> Json {
    object! {"number": &call.person_number, "name": &call.person_name}
}

fn assistant(call: &Call) -> Json {
    let models = &call.models;
    object! {
        "id": agent_id(call),
        "name": "Reception",
        "model": object! {"provider": "openai", "model": models.llm.name},
        "voice": object! {"provider": "11labs", "voiceId": "not-a-real-voice", "model": models.tts.name},
        "transcriber": object! {"provider": "deepgram", "model": models.stt.name, "language": call.language},
    }
}

fn report(call: &Call, generation: Generation) -> Json {
    let modern = generation == Generation::Vapi;
    let transcript = || {
        let text = call.transcript("AI", "User");
        if text.is_empty() { text } else { text + "\n" }
    };
    let messages = rows(call, generation);
    let artifact = match (modern, call.started_at) {
        (true, Some(_)) => object! {"messages": messages.clone(), "transcript": transcript()}
            .with_if(call.recording_url.is_some(), || {
                object! {"recordingUrl": &call.recording_url}
                    .with(object! {"recording": object! {"mono": object! {"combinedUrl": &call.recording_url}}})
            })
            .with_if(call.transfer.is_some(), || object! {"transfers": vec![transfer(call)]})
            .with_if(call.started_at.is_some(), || object! {"performanceMetrics": performance(call)}),
        _ => object! {"messages": Vec::<Json>::new()},
    };
    object! {"endedReason": ended_reason(call), "analysis": analysis(call), "artifact": artifact}
        .with_if(modern && call.started_at.is_some(), || {
            object! {
                "startedAt": with_millis(call.time(0)),
                "endedAt": with_millis(call.ended_at()),
                "durationMs": call.duration_ms,
                "durationSeconds": seconds(call.duration_ms),
                "durationMinutes": Json::decimal(call.duration_ms / 6, 4),
            }
        })
        .with_if(call.started_at.is_some(), || {
            object! {"messages": messages, "transcript": transcript(), "summary": &call.summary}
                .with_if(call.recording_url.is_some(), || object! {"recordingUrl": &call.recording_url})
        })
        .with_if(!modern && call.transfer.is_some(), || object! {"destination": destination(call)})
        .with_if(modern && call.consent.is_some(), || object! {"compliance": compliance(call)})
        .with(object! {"cost": dollars(call.cost()), "costBreakdown": breakdown(call)})
        .with_if(modern, || object! {"costs": costs(call)})
}

fn analysis(call: &Call) -> Json {
    Json::Object(Vec::new())
        .with_if(call.summary.is_some(), || object! {"summary": &call.summary})
        .with_if(!call.collected.is_empty(), || object! {"structuredData": call.collected_json()})
        .with_if(call.goal_met.is_some(), || object! {"successEvaluation": call.goal_met.map(|met| met.to_string())})
}

fn compliance(call: &Call) -> Json {
    let consent = object! {"type": "verbal"};
    let consent = match call.consent {
        Some(Consent::Granted { at_ms }) => consent.with(object! {"grantedAt": with_millis(call.time(at_ms))}),
        _ => consent,
    };
    object! {"recordingConsent": consent}
}

fn destination(call: &Call) -> Json {
    object! {"type": "number", "number": call.transfer.as_ref().map(|transfer| &transfer.to)}
}

fn transfer(call: &Call) -> Json {
    object! {"destination": destination(call), "mode": "blind-transfer", "status": "completed"}
}

/// Returns the latencies, in milliseconds, and the interruptions.
fn performance(call: &Call) -> Json {
    let latencies = call.figures().latencies_ms();
    let turn = |latency: &u64| object! {"modelLatency": latency / 2, "turnLatency": *latency};
    object! {
        "turnLatencies": latencies.iter().map(turn).collect::<Vec<_>>(),
        "numUserInterrupted": call.figures().interruptions_by(Speaker::Agent),
        "numAssistantInterrupted": call.figures().interruptions_by(Speaker::User),
    }
}

fn rows(call: &Call, generation: Generation) -> Json {
    let epoch = |ms: u64| call.time(ms).timestamp_millis();
    let mut rows = vec![object! {
        "role": "system",
        "message": "You answer the telephone of a small business.",
        "time": epoch(0),
        "secondsFromStart": 0,
    }];
    for row in call.rows() {
        match row {
            Row::Turn(turn) => rows.push(spoken(turn, call, generation)),
            Row::Tool(tool) => {
                let function = object! {"name": tool.name, "arguments": &tool.arguments};
                let tool_call = object! {"id": &tool.id, "type": "function", "function": function};
                rows.push(object! {
                    "role": "tool_calls",
                    "message": "",
                    "toolCalls": vec![tool_call],
                    "time": epoch(tool.at_ms),
                    "secondsFromStart": seconds(tool.at_ms),
                });
                rows.push(object! {
                    "role": "tool_call_result",
                    "toolCallId": &tool.id,
                    "name": tool.name,
                    "result": &tool.result,
                    "time": epoch(tool.at_ms + tool.took_ms),
                    "secondsFromStart": seconds(tool.at_ms + tool.took_ms),
                });
            }
        }
    }
    Json::from(rows)
}

/// Returns the row of a turn. Its length is in seconds until 2024, and in milliseconds since.
fn spoken(turn: &Turn, call: &Call, generation: Generation) -> Json {
    let length = turn.end_ms() - turn.start_ms();
    object! {
        "role": if turn.speaker == Speaker::Agent { "bot" } else { "user" },
        "message": &turn.text,
        "time": call.time(turn.start_ms()).timestamp_millis(),
        "endTime": call.time(turn.end_ms()).timestamp_millis(),
        "secondsFromStart": seconds(turn.start_ms()),
        "duration": if generation == Generation::Vapi { Json::from(length) } else { seconds(length) },
    }
}

fn breakdown(call: &Call) -> Json {
    let models = &call.models;
    object! {
        "transport": dollars(call.line_cost),
        "stt": dollars(models.stt.cost),
        "llm": dollars(models.llm.cost),
        "tts": dollars(models.tts.cost),
        "vapi": dollars(call.platform_cost),
        "total": dollars(call.cost()),
        "llmPromptTokens": models.prompt_tokens,
        "llmCompletionTokens": models.completion_tokens,
    }
}

fn costs(call: &Call) -> Json {
    let models = &call.models;
    let minutes = || Json::decimal(call.duration_ms / 6, 4);
    Json::from(vec![
        object! {"type": "transport", "provider": "twilio", "minutes": minutes(), "cost": dollars(call.line_cost)},
        object! {
            "type": "transcriber",
            "transcriber": object! {"provider": "deepgram", "model": models.stt.name},
            "minutes": minutes(),
            "cost": dollars(models.stt.cost),
        },
        object! {
            "type": "model",
            "model": object! {"provider": "openai", "model": models.llm.name},
            "promptTokens": models.prompt_tokens,
            "completionTokens": models.completion_tokens,
            "cost": dollars(models.llm.cost),
        },
        object! {
            "type": "voice",
            "voice": object! {"provider": "11labs", "voiceId": "not-a-real-voice", "model": models.tts.name},
            "cost": dollars(models.tts.cost),
        },
        object! {"type": "vapi", "subType": "normal", "minutes": minutes(), "cost": dollars(call.platform_cost)},
    ])
}
