//! OpenAI: the webhook of an incoming call, and the events of the session.

use crate::{
    Call, Channel, Delivery, Direction, Ending, Generation, Speaker, Turn,
    call::{Row, ToolCall},
    json::{Json, object},
    random::Random,
};
use chrono::{DateTime, Utc};

/// The model of Realtime sessions.
pub(crate) const REALTIME: &str = "gpt-realtime-2.1";
/// The model of Live sessions.
pub(crate) const LIVE: &str = "gpt-live-1";
/// The model that transcribes what the person says.
pub(crate) const TRANSCRIPTION: &str = "gpt-4o-transcribe";
/// The tokens that the transcription of a word takes.
pub(crate) const TOKENS_OF_A_WORD: usize = 3;

/// Returns whether a webhook announces the call. OpenAI announces calls by telephone that come in.
pub(crate) fn has_webhook(call: &Call) -> bool {
    call.channel == Channel::Phone && call.direction == Direction::Inbound
}

pub(crate) fn session_id(call: &Call, generation: Generation) -> String {
    let prefix = if generation == Generation::OpenAiLive { "live" } else { "sess" };
    format!("{prefix}_{}", Random::new(call.seed, "openai session").letters(21))
}

/// The events of a session, with their times.
struct Session<'c> {
    call: &'c Call,
    generation: Generation,
    events: Vec<(DateTime<Utc>, &'static str, Json)>,
    ids: Random,
}

impl<'c> Session<'c> {
    fn new(call: &'c Call, generation: Generation) -> Self {
        Self { call, generation, events: Vec::new(), ids: Random::new(call.seed, "openai items") }
    }

    /// Adds an event `ms` after the start of the call. Nothing is sent after the end of the call.
    fn send(&mut self, ms: u64, event: &'static str, own: Json) {
        self.events.push((self.call.time(ms.min(self.call.duration_ms)), event, own));
    }

    fn id(&mut self, kind: &str) -> String {
        format!("{kind}_{}", self.ids.letters(21))
    }

    /// Returns the deliveries in the order of their times.
    fn deliveries(mut self) -> Vec<Delivery> {
        self.events.sort_by_key(|(at, _, _)| *at);
        let mut deliveries: Vec<Delivery> = webhook(self.call, self.generation).into_iter().collect();
        for (at, event, own) in std::mem::take(&mut self.events) {
            let body = object! {"type": event, "event_id": self.id("event")}.with(own);
            let delivery = Delivery::new(self.generation, event, at, &body);
            deliveries.push(Delivery { is_webhook: false, ..delivery });
        }
        deliveries
    }
}

fn webhook(call: &Call, generation: Generation) -> Option<Delivery> {
    if !has_webhook(call) {
        return None;
    }
    let header = |name: &str, value: String| object! {"name": name, "value": value};
    let caller = call.person_number.as_deref().unwrap_or("anonymous");
    let headers = vec![
        header("From", format!("\"Caller\" <sip:{caller}@pbx.example.org>;tag=1")),
        header("To", format!("<sip:{}@sip.example.com>", call.business_number.as_deref().unwrap_or("reception"))),
        header("Call-ID", format!("{}@pbx.example.org", call.seed)),
    ];
    let (event, ids) = match generation {
        Generation::OpenAiLive => {
            ("live.transport.incoming", object! {"session_id": session_id(call, generation), "type": "sip"})
        }
        _ => ("realtime.call.incoming", object! {"call_id": call.id(generation)}),
    };
    let body = object! {
        "object": "event",
        "id": webhook_id(call),
        "type": event,
        "created_at": call.requested_at.timestamp(),
        "data": ids.with(object! {"sip_headers": headers}),
    };
    Some(Delivery::new(generation, event, call.requested_at, &body))
}

pub(crate) fn webhook_id(call: &Call) -> String {
    format!("evt_{}", Random::new(call.seed, "openai webhook").hex(32))
}

pub(super) fn realtime(call: &Call, generation: Generation) -> Vec<Delivery> {
    if call.started_at.is_none() {
        return Vec::new();
    }
    let mut session = Session::new(call, generation);
    let transcription = object! {"model": TRANSCRIPTION, "language": call.language};
    let config = match generation {
        Generation::OpenAiRealtimeBeta => object! {"input_audio_transcription": transcription, "voice": "cedar"},
        _ => object! {"audio": object! {
            "input": object! {"transcription": transcription},
            "output": object! {"voice": "cedar"},
        }},
    };
    let id = object! {"id": session_id(call, generation), "object": "realtime.session", "model": REALTIME};
    session.send(0, "session.created", object! {"session": id.with(config)});
    let mut tokens = Tokens::new(call);
    let mut previous: Option<String> = None;
    let rows = call.rows();
    for (at, row) in rows.iter().enumerate() {
        let item = session.id("item");
        match row {
            Row::Turn(turn) if turn.speaker == Speaker::User => session.user(turn, &item, previous.as_ref()),
            Row::Turn(turn) => {
                let cut_at = turn.cut_off_from.as_ref().and_then(|_| match rows.get(at + 1) {
                    Some(Row::Turn(next)) => Some(next.start_ms()),
                    _ => None,
                });
                session.agent(turn, &item, cut_at, tokens.next());
            }
            Row::Tool(tool) => session.tool(tool, &item, tokens.next()),
        }
        previous = Some(item);
    }
    session.realtime_end();
    session.deliveries()
}

impl Session<'_> {
    fn beta(&self) -> bool {
        self.generation == Generation::OpenAiRealtimeBeta
    }

    fn user(&mut self, turn: &Turn, item: &str, previous: Option<&String>) {
        let (start, end) = (turn.start_ms(), turn.end_ms());
        let added = if self.beta() { "conversation.item.created" } else { "conversation.item.added" };
        self.send(start, "input_audio_buffer.speech_started", object! {"audio_start_ms": start, "item_id": item});
        self.send(end, "input_audio_buffer.speech_stopped", object! {"audio_end_ms": end, "item_id": item});
        self.send(end, "input_audio_buffer.committed", object! {"previous_item_id": previous, "item_id": item});
        let content = vec![object! {"type": "input_audio", "transcript": Json::Null}];
        let message = object! {"id": item, "type": "message", "role": "user", "content": content};
        self.send(end, added, object! {"item": message});
        let total = turn.words.len() * TOKENS_OF_A_WORD;
        let transcribed = object! {
            "item_id": item,
            "content_index": 0,
            "transcript": &turn.text,
            "usage": object! {"type": "tokens", "total_tokens": total, "input_tokens": total, "output_tokens": 0},
        };
        self.send(end + 90, "conversation.item.input_audio_transcription.completed", transcribed);
    }

    /// Sends the answer of the agent. `cut_at` is the time at which the person began to interrupt.
    fn agent(&mut self, turn: &Turn, item: &str, cut_at: Option<u64>, usage: Json) {
        let (start, end) = (turn.start_ms(), turn.end_ms());
        let response = self.id("resp");
        let (audio, delta, done, part) = if self.beta() {
            ("response.audio.delta", "response.audio_transcript.delta", "response.audio_transcript.done", "audio")
        } else {
            (
                "response.output_audio.delta",
                "response.output_audio_transcript.delta",
                "response.output_audio_transcript.done",
                "output_audio",
            )
        };
        let place = object! {"response_id": &response, "item_id": item, "output_index": 0, "content_index": 0};
        self.send(start.saturating_sub(40), "response.created", begun(&response));
        self.send(start, audio, place.clone().with(object! {"delta": "UklGRg=="}));
        self.send(start, "output_audio_buffer.started", object! {"response_id": &response});
        self.send(start, delta, place.clone().with(object! {"delta": &turn.text}));
        let finished = cut_at.unwrap_or(u64::midpoint(start, end));
        let status = if cut_at.is_some() { "incomplete" } else { "completed" };
        let content = vec![object! {"type": part, "transcript": &turn.text}];
        let message =
            object! {"id": item, "type": "message", "role": "assistant", "status": status, "content": content};
        self.send(finished, done, place.with(object! {"transcript": &turn.text}));
        let (status, details) = match cut_at {
            Some(_) => ("cancelled", object! {"type": "cancelled", "reason": "turn_detected"}),
            None => ("completed", Json::Null),
        };
        self.send(finished, "response.done", over(&response, status, details, message, usage));
        if cut_at.is_some() {
            self.send(end, "output_audio_buffer.cleared", object! {"response_id": &response});
            let heard = object! {"item_id": item, "content_index": 0, "audio_end_ms": end - start};
            self.send(end, "conversation.item.truncated", heard);
        } else {
            self.send(end, "output_audio_buffer.stopped", object! {"response_id": &response});
        }
    }

    fn tool(&mut self, tool: &ToolCall, item: &str, usage: Json) {
        let response = self.id("resp");
        let function = object! {
            "id": item,
            "type": "function_call",
            "status": "completed",
            "name": tool.name,
            "call_id": &tool.id,
            "arguments": &tool.arguments,
        };
        let added = if self.beta() { "conversation.item.created" } else { "conversation.item.added" };
        let output = object! {
            "id": self.id("item"),
            "type": "function_call_output",
            "call_id": &tool.id,
            "output": &tool.result,
        };
        self.send(tool.at_ms.saturating_sub(20), "response.created", begun(&response));
        let done = object! {"response_id": &response, "item": function.clone()};
        self.send(tool.at_ms, "response.output_item.done", done);
        self.send(tool.at_ms, "response.done", over(&response, "completed", Json::Null, function, usage));
        self.send(tool.at_ms + tool.took_ms, added, object! {"item": output});
    }

    /// Sends the last event, at the end of the call.
    fn realtime_end(&mut self) {
        let end = self.call.duration_ms;
        let error = |kind: &str, code: &str| {
            object! {"error": object! {"type": kind, "code": code, "message": "the session is over", "param": Json::Null}}
        };
        match self.call.ending {
            Ending::Silence => {
                let item = self.id("item");
                let own = object! {"audio_start_ms": end - 20_000, "audio_end_ms": end, "item_id": item};
                self.send(end, "input_audio_buffer.timeout_triggered", own);
            }
            Ending::MaxDuration => self.send(end, "error", error("invalid_request_error", "session_expired")),
            Ending::ModelFailed => self.send(end, "error", error("server_error", "internal_error")),
            Ending::Quota => {
                let response = self.id("resp");
                let error = object! {"type": "invalid_request_error", "code": "insufficient_quota"};
                let details = object! {"type": "failed", "error": error};
                let failed = object! {"id": &response, "conversation_id": "conv_1", "status": "failed"};
                let failed =
                    failed.with(object! {"status_details": details, "output": Vec::<Json>::new(), "usage": Json::Null});
                self.send(end, "response.done", object! {"response": failed});
            }
            _ => self.send(end, "rate_limits.updated", object! {"rate_limits": Vec::<Json>::new()}),
        }
    }
}

fn begun(response: &str) -> Json {
    object! {"response": object! {
        "id": response, "conversation_id": "conv_1", "status": "in_progress", "output": Vec::<Json>::new(),
    }}
}

fn over(response: &str, status: &str, details: Json, item: Json, usage: Json) -> Json {
    object! {"response": object! {
        "id": response,
        "conversation_id": "conv_1",
        "status": status,
        "status_details": details,
        "output": vec![item],
        "usage": usage,
    }}
}

/// The tokens of a call, spread over its responses. The last one has the rest.
struct Tokens {
    responses: u64,
    sent: u64,
    input: u64,
    output: u64,
}

impl Tokens {
    fn new(call: &Call) -> Self {
        let answers = call.turns.iter().filter(|turn| turn.speaker == Speaker::Agent).count() + call.tools.len();
        let (input, output) = (call.models.prompt_tokens, call.models.completion_tokens);
        Self { responses: u64::try_from(answers).unwrap_or(1), sent: 0, input, output }
    }

    fn next(&mut self) -> Json {
        self.sent += 1;
        let share = |all: u64| {
            let each = all / self.responses.max(1);
            if self.sent == self.responses { all - each * (self.responses - 1) } else { each }
        };
        let (input, output) = (share(self.input), share(self.output));
        object! {"total_tokens": input + output, "input_tokens": input, "output_tokens": output}
    }
}

pub(super) fn live(call: &Call) -> Vec<Delivery> {
    if call.started_at.is_none() {
        return Vec::new();
    }
    let generation = Generation::OpenAiLive;
    let mut session = Session::new(call, generation);
    let started = object! {"session": object! {"id": session_id(call, generation), "model": LIVE, "status": "active"}};
    let calls_out = call.channel == Channel::Phone && call.direction == Direction::Outbound;
    // The times of the session count from its start, which is before the call is answered.
    let mut begun_before = 0;
    if calls_out {
        let rang = call.time(0) - call.requested_at;
        begun_before = u64::try_from(rang.num_milliseconds()).unwrap_or(0);
        session.events.push((call.requested_at, "session.started", started));
        session.events.push((call.requested_at, "transport.ringing", Json::Object(Vec::new())));
        session.send(0, "transport.answered", Json::Object(Vec::new()));
    } else {
        session.send(0, "session.started", started);
    }
    for row in call.rows() {
        match row {
            Row::Turn(turn) => {
                let event = match turn.speaker {
                    Speaker::Agent => "session.output_transcript.delta",
                    Speaker::User => "session.input_transcript.delta",
                };
                let (start, end) = (begun_before + turn.start_ms(), begun_before + turn.end_ms());
                let own = object! {"delta": format!("{} ", turn.text), "start_ms": start, "end_ms": end};
                session.send(turn.end_ms(), event, own);
            }
            Row::Tool(tool) => {
                let item = object! {
                    "id": session.id("item"),
                    "type": "function_call",
                    "status": "completed",
                    "name": tool.name,
                    "call_id": &tool.id,
                    "arguments": &tool.arguments,
                };
                let event = object! {"type": "response.output_item.done", "item": item};
                session.send(tool.at_ms, "response.event", object! {"event": event});
            }
        }
    }
    let reason = match call.ending {
        Ending::PersonHungUp => "remote_hangup",
        Ending::MaxDuration => "expired",
        Ending::ModelFailed => "connection_lost",
        _ => "close_requested",
    };
    let end = call.duration_ms;
    if call.ending == Ending::Quota {
        let error = object! {"type": "invalid_request_error", "code": "insufficient_quota", "message": "no money left"};
        session.send(end, "error", object! {"error": error});
    }
    let usage = object! {"seconds": super::seconds(end)};
    let closed = object! {"id": session_id(call, generation), "model": LIVE};
    session.send(end, "session.closed", object! {"reason": reason, "session": closed, "usage": usage});
    session.deliveries()
}
