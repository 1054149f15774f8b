//! ElevenLabs: `post_call_transcription` and `post_call_audio`, or `call_initiation_failure` if
//! nobody answered.

use super::{dollars, seconds, whole_seconds};
use crate::{
    Call, Channel, Delivery, Direction, Ending, Generation, Speaker, Turn,
    call::{Row, ToolCall},
    json::{Json, object},
    make::TRANSFER,
    random::Random,
};
use chrono::{DateTime, TimeDelta, Utc};

pub(super) fn deliveries(call: &Call, generation: Generation) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    let mut send = |event: &'static str, at: DateTime<Utc>, data: Json| {
        let ids = object! {"agent_id": agent_id(call), "conversation_id": call.id(generation)};
        let body = object! {"type": event, "event_timestamp": at.timestamp(), "data": ids.with(data)};
        deliveries.push(Delivery::new(generation, event, at, &body));
    };
    let after = |seconds: i64| call.ended_at() + TimeDelta::seconds(seconds);
    if call.started_at.is_none() {
        send("call_initiation_failure", after(30), failure(call));
        return deliveries;
    }
    send("post_call_transcription", after(3), conversation(call, generation));
    if call.recording_url.is_some() {
        let audio = Random::new(call.seed, "elevenlabs audio").letters(400);
        send("post_call_audio", after(5), object! {"full_audio": audio});
    }
    deliveries
}

pub(crate) fn agent_id(call: &Call) -> String {
    format!("agent_{}", Random::new(call.seed, "elevenlabs agent").hex(28))
}

fn failure(call: &Call) -> Json {
    let (reason, code) = if call.ending == Ending::Busy { ("busy", 486) } else { ("no-answer", 480) };
    let body = object! {
        "from_number": call.from(),
        "to_number": call.to(),
        "sip_status_code": code,
        "call_sid": &call.carrier_id,
    };
    object! {"failure_reason": reason, "metadata": object! {"type": "sip", "body": body}}
}

fn conversation(call: &Call, generation: Generation) -> Json {
    let modern = generation == Generation::ElevenLabs;
    let failed = matches!(call.ending, Ending::ModelFailed | Ending::Quota);
    object! {"status": if failed { "failed" } else { "done" }, "user_id": Json::Null}
        .with_if(modern, || object! {"version_id": "agtvrsn_7", "has_audio": call.recording_url.is_some()})
        .with(object! {
            "transcript": rows(call),
            "metadata": metadata(call, generation),
            "analysis": analysis(call),
            "conversation_initiation_client_data": object! {
                "dynamic_variables": object! {
                    "business": &call.business_name,
                    "system__call_duration_secs": call.duration_ms / 1000,
                    "secret__token": "not-a-real-secret",
                },
            },
        })
}

fn metadata(call: &Call, generation: Generation) -> Json {
    let modern = generation == Generation::ElevenLabs;
    let phone = (call.channel == Channel::Phone).then(|| {
        object! {
            "type": "twilio",
            "direction": call.direction.as_str(),
            "agent_number": &call.business_number,
            "external_number": &call.person_number,
            "call_sid": &call.carrier_id,
        }
        .with_if(modern, || {
            object! {"call_result": if call.ending == Ending::Voicemail { "voicemail" } else { "answered" }}
        })
    });
    let error = match call.ending {
        Ending::ModelFailed => Some(object! {"code": 1002, "reason": "the model does not answer"}),
        Ending::Quota => Some(object! {"code": 1002, "reason": "This request exceeds your quota."}),
        _ => None,
    };
    let voicemail =
        object! {"used": call.ending == Ending::Voicemail, "enabled": call.direction == Direction::Outbound};
    object! {
        "start_time_unix_secs": call.time(0).timestamp(),
        "call_duration_secs": whole_seconds(call.duration_ms),
        "cost": call.cost() / 100,
        "charging": charging(call, generation),
        "phone_call": phone,
        "termination_reason": termination(call),
        "error": error,
        "main_language": call.language,
        "text_only": false,
        "features_usage": object! {"voicemail_detection": voicemail},
        "conversation_initiation_source": if call.channel == Channel::Phone { "twilio" } else { "widget" },
    }
    .with_if(modern, || object! {"cost_fiat": dollars(call.cost())})
}

fn termination(call: &Call) -> &'static str {
    match call.ending {
        Ending::PersonHungUp if call.channel == Channel::Web => "Client disconnected",
        Ending::PersonHungUp => "Call ended by remote party",
        Ending::AgentHungUp | Ending::Transferred => "end_call tool was called.",
        Ending::Voicemail => "voicemail_detection tool was called.",
        Ending::Silence => "Ending conversation after 20 seconds of silence.",
        Ending::MaxDuration => "Maximum duration of 7200 seconds reached.",
        Ending::ModelFailed | Ending::Quota | Ending::NoAnswer | Ending::Busy => "",
    }
}

/// Returns the charges. The generation that is billed includes the other one.
fn charging(call: &Call, generation: Generation) -> Json {
    let models = &call.models;
    let usage = || {
        let count = |tokens: u64, millionths: u64| object! {"tokens": tokens, "price": dollars(millionths)};
        let output = models.llm.cost / 5;
        let model = object! {
            "input": count(models.prompt_tokens, models.llm.cost - output),
            "input_cache_read": count(0, 0),
            "output_total": count(models.completion_tokens, output),
        };
        object! {"model_usage": Json::Object(vec![(models.llm.name.to_owned(), model)])}
    };
    object! {
        "llm_price": dollars(models.llm.cost),
        "llm_usage": object! {"irreversible_generation": usage(), "initiated_generation": usage()},
    }
    .with_if(generation == Generation::ElevenLabs, || {
        object! {
            "platform_price": dollars(call.platform_cost),
            "asr_usage": object! {"asr_model": models.stt.name},
            "tts_usage": object! {"primary_tts_model": models.tts.name},
        }
    })
}

fn analysis(call: &Call) -> Json {
    let successful = match call.goal_met {
        Some(true) => "success",
        Some(false) => "failure",
        None => "unknown",
    };
    let criterion = object! {"criteria_id": "goal", "result": successful, "rationale": "judged by the words"};
    let results = call.collected.iter().map(|(name, value)| {
        ((*name).to_owned(), object! {"data_collection_id": *name, "value": value, "rationale": "said so"})
    });
    object! {
        "call_successful": successful,
        "transcript_summary": call.summary.as_deref().unwrap_or("Summary couldn't be generated for this call."),
        "evaluation_criteria_results": object! {"goal": criterion},
        "data_collection_results": Json::Object(results.collect()),
    }
}

fn rows(call: &Call) -> Json {
    let mut rows = Vec::new();
    let mut answered: Option<&Turn> = None;
    for row in call.rows() {
        match row {
            Row::Turn(turn) => {
                let latency = answered
                    .filter(|user| user.speaker == Speaker::User && turn.speaker == Speaker::Agent)
                    .and_then(|user| turn.start_ms().checked_sub(user.end_ms()));
                answered = Some(turn);
                rows.push(spoken(turn, latency));
            }
            Row::Tool(tool) => rows.extend(used(tool)),
        }
    }
    Json::from(rows)
}

fn row(role: &str, at_ms: u64, own: Json) -> Json {
    object! {"role": role, "time_in_call_secs": at_ms / 1000}.with(own)
}

fn spoken(turn: &Turn, latency: Option<u64>) -> Json {
    let metrics = latency.map(|ms| {
        let metric = object! {"elapsed_time": seconds(ms)};
        object! {"metrics": object! {"convai_ttf_audio_since_silence": metric}}
    });
    let (role, medium) = match turn.speaker {
        Speaker::Agent => ("agent", None),
        Speaker::User => ("user", Some("audio")),
    };
    let is_cut_off = turn.speaker == Speaker::Agent && turn.cut_off_from.is_some();
    row(
        role,
        turn.start_ms(),
        object! {
            "message": &turn.text,
            "tool_calls": Vec::<Json>::new(),
            "tool_results": Vec::<Json>::new(),
            // On rows of the person it is always false.
            "interrupted": is_cut_off,
            "original_message": turn.cut_off_from.as_ref().filter(|_| is_cut_off),
            "source_medium": medium,
            "conversation_turn_metrics": metrics,
        },
    )
}

/// Returns the rows of a tool: its call and its result.
fn used(tool: &ToolCall) -> [Json; 2] {
    let hands_over = tool.name == TRANSFER;
    let kind = if hands_over { "system" } else { "webhook" };
    let call = object! {
        "request_id": &tool.id,
        "tool_name": tool.name,
        "type": kind,
        "params_as_json": &tool.arguments,
        "tool_has_been_called": true,
        "tool_details": object! {"headers": object! {"X-Api-Key": "not-a-real-secret"}},
    };
    let number = || tool.arguments.split('"').nth(3).unwrap_or_default().to_owned();
    let result = object! {
        "request_id": &tool.id,
        "tool_name": tool.name,
        "type": kind,
        "result_value": &tool.result,
        "is_error": !tool.succeeded,
        "tool_latency_secs": seconds(tool.took_ms),
    }
    .with_if(hands_over, || {
        object! {"result": object! {"result_type": "transfer_to_number_twilio_success", "transfer_number": number()}}
    });
    let silent = |own: Json| object! {"message": Json::Null, "interrupted": false}.with(own);
    [
        row("agent", tool.at_ms, silent(object! {"tool_calls": vec![call], "tool_results": Vec::<Json>::new()})),
        row(
            "agent",
            tool.at_ms + tool.took_ms,
            silent(object! {"tool_calls": Vec::<Json>::new(), "tool_results": vec![result]}),
        ),
    ]
}
