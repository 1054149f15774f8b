//! Long conversations, as providers deliver them. The same size gives the same bytes.

use serde_json::{Value, json};

/// The start of each call, in milliseconds since 1970.
const START_MS: u64 = 1_793_957_400_000;

/// The providers whose deliveries grow with the conversation.
pub const PROVIDERS: [&str; 4] = ["vapi", "retell", "elevenlabs", "bland"];

/// What the agent and the user say in turn. Quotes, line breaks and other scripts are in it,
/// because they are in real calls.
const LINES: [&str; 12] = [
    "Good morning, you have reached the Example Heating Company. This is Ida, how can I help you today?",
    "Hi Ida, our boiler says \"E-13\" again, and the flat is getting cold.",
    "I am sorry to hear that. \"E-13\" is the pressure sensor. When did you see it for the first time?",
    "Last night, I think.\nMaybe around ten, after the children had gone to bed.",
    "Thank you. Could you tell me the address, please? I will look up the contract while you do.",
    "Grüner Weg 12, on the second floor. The name at the door is Müller-Lüdenscheidt.",
    "Found it. There is a visit free tomorrow between 8:00 and 10:00, would that suit you?",
    "That would be great – can he call before he comes? 我的手机声音很小。",
    "Of course. I have noted that he calls ten minutes before, on the number you are calling from.",
    "Perfect. And what will it cost? The last time it was 89 € and we had to pay in cash.",
    "The visit is covered by the contract, so you only pay for the part, if one is needed.",
    "Okay, good to know. Thanks a lot, that was quick!",
];

/// A line of a conversation, with its times in milliseconds since the start of the call.
struct Line {
    by_agent: bool,
    text: &'static str,
    start: u64,
    end: u64,
}

/// Returns the lines of a conversation.
fn lines(count: usize) -> Vec<Line> {
    let mut at = 500;
    let mut line = |index: usize| {
        let text = LINES.get(index % LINES.len()).copied().unwrap_or_default();
        let start = at + 400 + (index as u64 * 37) % 900;
        let end = start + text.len() as u64 * 55;
        at = end;
        Line { by_agent: index.is_multiple_of(2), text, start, end }
    };
    (0..count).map(&mut line).collect()
}

/// Returns the conversation as one text.
fn transcript(lines: &[Line], agent: &str) -> String {
    let line = |line: &Line| format!("{}: {}\n", if line.by_agent { agent } else { "User" }, line.text);
    lines.iter().map(line).collect()
}

fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}

/// Returns a delivery of a provider with a conversation of so many lines, or `None` for a provider
/// that is not in [`PROVIDERS`].
fn delivery(provider: &str, count: usize) -> Option<Value> {
    let lines = lines(count);
    let end = lines.last().map_or(0, |line| line.end);
    let iso = |at: u64| {
        let time = chrono::DateTime::from_timestamp_millis(i64::try_from(START_MS + at).unwrap_or_default());
        time.unwrap_or_default().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    };
    Some(match provider {
        "vapi" => {
            let row = |line: &Line| {
                json!({
                    "role": if line.by_agent { "bot" } else { "user" },
                    "message": line.text,
                    "time": START_MS + line.start,
                    "endTime": START_MS + line.end,
                    "duration": line.end - line.start,
                    "secondsFromStart": seconds(line.start),
                })
            };
            let rows: Vec<Value> = lines.iter().map(row).collect();
            json!({"message": {
                "type": "end-of-call-report",
                "timestamp": START_MS + end + 900,
                "endedReason": "customer-ended-call",
                "startedAt": iso(0),
                "endedAt": iso(end),
                "cost": 0.42,
                "costs": [
                    {"type": "transport", "cost": 0.02},
                    {"type": "model", "model": {"provider": "openai", "model": "gpt-4o"}, "promptTokens": 9120, "completionTokens": 871, "cost": 0.2},
                    {"type": "vapi", "cost": 0.2},
                ],
                "analysis": {"summary": "A visit was booked.", "successEvaluation": "true"},
                "artifact": {"transcript": transcript(&lines, "AI"), "messages": rows},
                "call": {"id": "b1f0a1e2-0000-4000-8000-000000000001", "type": "inboundPhoneCall"},
                "customer": {"number": "+12025550199"},
                "phoneNumber": {"number": "+12025550101"},
            }})
        }
        "retell" => {
            let row = |line: &Line| {
                let words: Vec<&str> = line.text.split_whitespace().collect();
                let step = (line.end - line.start) / words.len().max(1) as u64;
                let word = |(at, word): (usize, &&str)| {
                    let start = line.start + step * at as u64;
                    json!({"word": format!("{word} "), "start": seconds(start), "end": seconds(start + step)})
                };
                json!({
                    "role": if line.by_agent { "agent" } else { "user" },
                    "content": line.text,
                    "words": words.iter().enumerate().map(word).collect::<Vec<_>>(),
                    "metadata": {"response_id": line.start},
                })
            };
            let rows: Vec<Value> = lines.iter().map(row).collect();
            json!({"event": "call_analyzed", "call": {
                "call_id": "call_0000000000000000000000000b1",
                "call_type": "phone_call",
                "direction": "inbound",
                "from_number": "+12025550199",
                "to_number": "+12025550101",
                "agent_id": "agent_b1",
                "call_status": "ended",
                "disconnection_reason": "user_hangup",
                "start_timestamp": START_MS,
                "end_timestamp": START_MS + end,
                "duration_ms": end,
                "transcript": transcript(&lines, "Agent"),
                "transcript_object": rows,
                "call_analysis": {"call_summary": "A visit was booked.", "user_sentiment": "Positive", "call_successful": true},
                "call_cost": {"combined_cost": 42, "product_costs": [{"product": "elevenlabs_tts", "cost": 22}, {"product": "gpt_4o", "cost": 20}]},
            }})
        }
        "elevenlabs" => {
            let row = |(at, line): (usize, &Line)| {
                let calls_tool = line.by_agent && at % 6 == 4;
                let id = format!("req_{at}");
                let call = json!({"request_id": id, "tool_name": "find_contract", "type": "webhook", "params_as_json": "{\"street\":\"Grüner Weg\"}", "tool_has_been_called": true});
                let result = json!({"request_id": id, "tool_name": "find_contract", "is_error": false, "tool_has_been_called": true, "tool_latency_secs": 0.42, "result_value": "{\"contract\":\"C-4711\",\"covered\":true,\"visits\":[\"2026-11-07T08:00\",\"2026-11-07T10:00\"]}"});
                json!({
                    "role": if line.by_agent { "agent" } else { "user" },
                    "message": line.text,
                    "tool_calls": if calls_tool { vec![call] } else { Vec::new() },
                    "tool_results": if calls_tool { vec![result] } else { Vec::new() },
                    "feedback": null,
                    "time_in_call_secs": line.start / 1000,
                    "conversation_turn_metrics": if line.by_agent { json!({"metrics": {"convai_llm_service_ttfb": {"elapsed_time": 0.41}, "convai_ttf_audio_since_silence": {"elapsed_time": 0.9}}}) } else { Value::Null },
                    "interrupted": false,
                    "source_medium": if line.by_agent { Value::Null } else { "audio".into() },
                })
            };
            let rows: Vec<Value> = lines.iter().enumerate().map(row).collect();
            json!({"type": "post_call_transcription", "event_timestamp": (START_MS + end) / 1000 + 3, "data": {
                "agent_id": "agent_b1",
                "conversation_id": "conv_b1",
                "status": "done",
                "transcript": rows,
                "metadata": {
                    "start_time_unix_secs": START_MS / 1000,
                    "call_duration_secs": end / 1000,
                    "cost": 420,
                    "termination_reason": "Client disconnected: 1000",
                    "phone_call": {"type": "twilio", "direction": "inbound", "agent_number": "+12025550101", "external_number": "+12025550199", "call_sid": "CA00000000000000000000000000000000"},
                    "charging": {"llm_usage": {"initiated_generation": {"model_usage": {"gpt-4o": {"input": {"tokens": 9120, "price": 0.01}, "output_total": {"tokens": 871, "price": 0.01}}}}}},
                },
                "analysis": {"call_successful": "success", "transcript_summary": "A visit was booked."},
                "conversation_initiation_client_data": {"dynamic_variables": {"name": "Robin"}},
            }})
        }
        "bland" => {
            let row = |(at, line): (usize, &Line)| {
                json!({
                    "id": 1000 + at,
                    "created_at": iso(line.start),
                    "text": line.text,
                    "user": if line.by_agent { "assistant" } else { "user" },
                    "c_id": "c0000000-0000-4000-8000-00000000000b",
                    "status": null,
                    "transcript_id": null,
                })
            };
            let rows: Vec<Value> = lines.iter().enumerate().map(row).collect();
            json!({
                "call_id": "c0000000-0000-4000-8000-00000000000b",
                "call_length": seconds(end) / 60.0,
                "to": "+12025550101",
                "from": "+12025550199",
                "inbound": true,
                "completed": true,
                "status": "completed",
                "answered_by": "human",
                "call_ended_by": "USER",
                "created_at": iso(0),
                "started_at": iso(0),
                "price": 0.42,
                "summary": "A visit was booked.",
                "concatenated_transcript": transcript(&lines, "assistant"),
                "transcripts": rows,
                "variables": {"name": "Robin"},
            })
        }
        _ => return None,
    })
}

/// Returns a delivery of about `bytes` bytes with a long conversation, or `None` for a provider
/// that is not in [`PROVIDERS`].
#[must_use]
pub fn conversation(provider: &str, bytes: usize) -> Option<Vec<u8>> {
    let length = |count: usize| Some(delivery(provider, count)?.to_string().len());
    let (least, more) = (length(0)?, length(120)?);
    let count = bytes.saturating_sub(least) * 120 / (more - least).max(1);
    Some(delivery(provider, count)?.to_string().into_bytes())
}

/// Returns three deliveries of one call of Retell: when it starts, when it ends, and when it was
/// analysed. The last two have about `bytes` bytes.
#[must_use]
pub fn deliveries(bytes: usize) -> [Vec<u8>; 3] {
    let analysed = conversation("retell", bytes).unwrap_or_default();
    let of = |event: &str, dropped: &[&str]| {
        let mut payload: Value = serde_json::from_slice(&analysed).unwrap_or_default();
        if let Some(name) = payload.pointer_mut("/event") {
            *name = event.into();
        }
        if let Some(call) = payload.pointer_mut("/call").and_then(Value::as_object_mut) {
            call.retain(|name, _| !dropped.contains(&name.as_str()));
        }
        payload.to_string().into_bytes()
    };
    let later = ["call_analysis", "call_cost"];
    let at_end = ["end_timestamp", "duration_ms", "disconnection_reason", "transcript", "transcript_object"];
    [of("call_started", &[later.as_slice(), &at_end].concat()), of("call_ended", &later), analysed]
}

/// Returns the events of a session of OpenAI's Realtime API, about `count` of them.
#[must_use]
pub fn session(count: usize) -> Vec<Vec<u8>> {
    let model = json!({"id": "sess_b1", "model": "gpt-realtime", "audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}});
    let mut events = vec![json!({"type": "session.created", "event_id": "event_0", "session": model})];
    let mut turn = 0;
    while events.len() < count {
        let text = |at: usize| LINES.get(at % LINES.len()).copied().unwrap_or_default();
        let (user, agent, response) = (format!("item_u{turn}"), format!("item_a{turn}"), format!("resp_{turn}"));
        events
            .push(json!({"type": "input_audio_buffer.speech_started", "item_id": user, "audio_start_ms": turn * 4000}));
        events.push(
            json!({"type": "input_audio_buffer.speech_stopped", "item_id": user, "audio_end_ms": turn * 4000 + 1500}),
        );
        events.push(json!({"type": "input_audio_buffer.committed", "item_id": user, "previous_item_id": null}));
        events.push(json!({"type": "response.created", "response": {"id": response, "status": "in_progress", "output": [], "usage": null}}));
        events.push(json!({"type": "response.output_item.added", "response_id": response, "item": {"id": agent, "type": "message", "role": "assistant", "content": []}}));
        for word in text(turn * 2).split_inclusive(' ') {
            events.push(json!({"type": "response.output_audio_transcript.delta", "response_id": response, "item_id": agent, "content_index": 0, "delta": word}));
        }
        events.push(json!({"type": "response.output_audio_transcript.done", "response_id": response, "item_id": agent, "content_index": 0, "transcript": text(turn * 2)}));
        events.push(json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": user, "content_index": 0, "transcript": text(turn * 2 + 1), "usage": {"type": "tokens", "total_tokens": 17}}));
        events.push(json!({"type": "response.done", "response": {"id": response, "status": "completed", "output": [{"id": agent, "type": "message", "role": "assistant", "content": [{"type": "output_audio", "transcript": text(turn * 2)}]}], "usage": {"input_tokens": 41, "output_tokens": 164, "total_tokens": 205}}}));
        turn += 1;
    }
    let numbered = events.into_iter().enumerate().map(|(at, mut event)| {
        if let Some(event) = event.as_object_mut() {
            event.insert("event_id".to_owned(), format!("event_{at}").into());
        }
        event.to_string().into_bytes()
    });
    numbered.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_have_their_size_and_are_calls() {
        for provider in PROVIDERS {
            for bytes in [4_000, 100_000] {
                let payload = conversation(provider, bytes).unwrap();
                let off = payload.len().abs_diff(bytes);
                assert!(off < bytes / 4, "{provider}: {} for {bytes}", payload.len());
                let message = crate::message_of(provider, &payload).unwrap();
                let message: Value = serde_json::from_str(&message).unwrap();
                assert_eq!(message["vcp_payload"]["outcomes"]["objective"]["status"], "success", "{provider}");
                assert!(message["vcp_payload"]["outcomes"]["objective"]["metrics"]["total_turns"].as_i64() > Some(0));
            }
        }
        assert_eq!(conversation("nobody", 1), None);
        let events = session(100);
        assert_eq!(events, session(100));
        assert!((100..150).contains(&events.len()), "{}", events.len());
        let delivery = crate::Delivery::of("openai_realtime");
        assert_eq!(crate::prepare(crate::Op::Assemble, events.join(&b'\n'), &delivery).err(), None);
    }
}
