//! Sessions of OpenAI's Realtime and Live APIs. Nothing announces their end, no event has the whole, and most have no time: the record is made of all.

use crate::{
    members::{elements, members},
    session::Assemble,
    transform,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use vcp_schema::Timestamp;

/// Gaps beyond this are silence, not latency (decisions 5.8).
const LONGEST_GAP_MS: i128 = 30_000;

/// Assembles sessions of OpenAI's Realtime API (also under its beta names) and Live API.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OpenAi;

impl Assemble for OpenAi {
    fn digest(&self, events: &[(Timestamp, &str)]) -> Map<String, Value> {
        let mut session = Session::default();
        for (received_at, event) in events {
            session.event(*received_at, &Object::read(event));
        }
        session.digest(events)
    }
}

/// An object, by its members.
struct Object<'e>(HashMap<String, &'e str>);

impl<'e> Object<'e> {
    fn read(json: &'e str) -> Self {
        Self(members(json).unwrap_or_default().into_iter().map(|(name, value)| (name.into_owned(), value)).collect())
    }

    /// A member that is there and not null.
    fn get(&self, name: &str) -> Option<&'e str> {
        self.0.get(name).copied().filter(|json| *json != "null")
    }

    fn is_null(&self, name: &str) -> bool {
        self.0.get(name) == Some(&"null")
    }

    fn object(&self, name: &str) -> Self {
        self.get(name).map_or_else(|| Self(HashMap::new()), Self::read)
    }

    fn text(&self, name: &str) -> Option<String> {
        transform::string(self.get(name)?).map(|text| text.into_owned())
    }

    /// A text with something in it.
    fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    fn count(&self, name: &str) -> Option<i64> {
        transform::whole(self.get(name)?).ok().flatten()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Agent,
    Tool,
    Result,
    /// Not known yet, or something that is not said and not done.
    Other,
}

/// An item of the conversation.
#[derive(Debug)]
struct Item {
    kind: Kind,
    /// What was said, by part: when it was complete, and as it came.
    whole: BTreeMap<i64, String>,
    growing: BTreeMap<i64, String>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    cut_off: bool,
    response: Option<String>,
    /// Members of a tool call or its result.
    tool: Map<String, Value>,
}

impl Item {
    fn text(&self) -> String {
        let parts = if self.whole.is_empty() { &self.growing } else { &self.whole };
        parts.values().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Debug, Default)]
struct Session {
    /// When the first event was received, from which the Live API counts.
    begun: Option<Timestamp>,
    id: Option<String>,
    model: Option<String>,
    transcription_model: Option<String>,
    items: Vec<Item>,
    /// Where the items with an id are.
    places: HashMap<String, usize>,
    /// Responses that are no part of the conversation.
    apart: HashSet<String>,
    /// Responses that somebody broke off by speaking.
    cut_off: HashSet<String>,
    /// When playing a response began and ended.
    played: HashMap<String, (Option<Timestamp>, Option<Timestamp>)>,
    /// When the user stopped to speak, until somebody answers.
    stopped: Option<Timestamp>,
    latency_ms: Vec<i64>,
    responses: i64,
    /// Status and reason of the last response that says how it went.
    last_response: Option<(String, Option<String>)>,
    tokens: BTreeMap<&'static str, i64>,
    close_reason: Option<String>,
    /// What the last event says of the end.
    ending: Option<&'static str>,
}

impl Session {
    fn event(&mut self, at: Timestamp, event: &Object<'_>) {
        let kind = event.text("type").unwrap_or_default();
        let response = event.text("response_id");
        self.ending = None;
        self.begun.get_or_insert(at);
        match kind.trim() {
            "session.created" | "session.updated" | "session.started" | "transcription_session.updated" => {
                self.session(&event.object("session"));
            }
            "session.closed" => {
                self.session(&event.object("session"));
                self.close_reason = event.filled("reason");
            }
            "transport.failed" => self.ending = Some("transport.failed"),
            "input_audio_buffer.timeout_triggered" => self.ending = Some("input_audio_buffer.timeout_triggered"),
            "error" if event.object("error").text("type").as_deref() == Some("server_error") => {
                self.ending = Some("server_error");
            }
            "input_audio_buffer.speech_started" => {
                if let Some(item) = self.named(event, Kind::User) {
                    item.start.get_or_insert(at);
                }
            }
            "input_audio_buffer.speech_stopped" => {
                self.stopped = Some(at);
                if let Some(item) = self.named(event, Kind::User) {
                    item.end = Some(at);
                }
            }
            "conversation.item.created"
            | "conversation.item.added"
            | "conversation.item.done"
            | "conversation.item.retrieved"
            | "response.output_item.added"
            | "response.output_item.done" => self.item(at, &event.object("item"), response),
            "conversation.item.input_audio_transcription.completed" => {
                self.count("transcription_tokens", event.object("usage").count("total_tokens"));
                self.said(event, Kind::User, "transcript", response);
            }
            "conversation.item.input_audio_transcription.delta" => self.grows(at, event, Kind::User, None),
            "response.output_audio_transcript.delta"
            | "response.audio_transcript.delta"
            | "response.output_text.delta"
            | "response.text.delta" => {
                self.answers(at);
                self.grows(at, event, Kind::Agent, response);
            }
            "response.output_audio.delta" | "response.audio.delta" => {
                self.answers(at);
                if let Some(item) = self.named(event, Kind::Agent) {
                    item.start.get_or_insert(at);
                }
            }
            "response.output_audio_transcript.done" | "response.audio_transcript.done" => {
                self.said(event, Kind::Agent, "transcript", response);
            }
            "response.output_text.done" | "response.text.done" => self.said(event, Kind::Agent, "text", response),
            "conversation.item.truncated" => {
                if let Some(item) = self.named(event, Kind::Other) {
                    item.cut_off = true;
                }
            }
            "output_audio_buffer.started" => {
                self.played.entry(response.unwrap_or_default()).or_default().0.get_or_insert(at);
            }
            "output_audio_buffer.stopped" => {
                self.played.entry(response.unwrap_or_default()).or_default().1 = Some(at);
            }
            "output_audio_buffer.cleared" => {
                let response = response.unwrap_or_default();
                self.cut_off.insert(response.clone());
                self.played.entry(response).or_default().1 = Some(at);
            }
            "response.created" => self.notice(&event.object("response")),
            "response.done" => self.response(at, &event.object("response")),
            "session.input_transcript.delta" => self.line(at, event, Kind::User),
            "session.output_transcript.delta" => self.line(at, event, Kind::Agent),
            _ => {}
        }
    }

    fn session(&mut self, session: &Object<'_>) {
        self.id = self.id.take().or_else(|| session.filled("id"));
        self.model = session.filled("model").or_else(|| self.model.take());
        let transcription = session.object("audio").object("input").object("transcription").filled("model");
        let beta = || session.object("input_audio_transcription").filled("model");
        self.transcription_model = transcription.or_else(beta).or_else(|| self.transcription_model.take());
    }

    /// The item with an id; a new one, of this kind, when there is none.
    fn with_id(&mut self, id: String, kind: Kind) -> Option<&mut Item> {
        let next = self.items.len();
        let at = *self.places.entry(id).or_insert(next);
        if at == next {
            self.push(kind);
        }
        let item = self.items.get_mut(at)?;
        if item.kind == Kind::Other {
            item.kind = kind;
        }
        Some(item)
    }

    fn push(&mut self, kind: Kind) {
        self.items.push(Item {
            kind,
            whole: BTreeMap::new(),
            growing: BTreeMap::new(),
            start: None,
            end: None,
            cut_off: false,
            response: None,
            tool: Map::new(),
        });
    }

    /// The item that an event names.
    fn named(&mut self, event: &Object<'_>, kind: Kind) -> Option<&mut Item> {
        self.with_id(event.filled("item_id")?, kind)
    }

    /// Part of an item is complete.
    fn said(&mut self, event: &Object<'_>, kind: Kind, member: &str, response: Option<String>) {
        let Some(text) = event.filled(member) else { return };
        let part = event.count("content_index").unwrap_or(0);
        if let Some(item) = self.named(event, kind) {
            item.whole.insert(part, text);
            item.response = item.response.take().or(response);
        }
    }

    /// Part of an item grows.
    fn grows(&mut self, at: Timestamp, event: &Object<'_>, kind: Kind, response: Option<String>) {
        let Some(more) = event.text("delta") else { return };
        let part = event.count("content_index").unwrap_or(0);
        if let Some(item) = self.named(event, kind) {
            item.growing.entry(part).or_default().push_str(&more);
            item.response = item.response.take().or(response);
            if kind == Kind::Agent {
                item.start.get_or_insert(at);
            }
        }
    }

    /// The agent begins to answer.
    fn answers(&mut self, at: Timestamp) {
        let Some(stopped) = self.stopped.take() else { return };
        let gap = (at.unix_nanos() - stopped.unix_nanos()) / 1_000_000;
        if (0..=LONGEST_GAP_MS).contains(&gap) {
            self.latency_ms.extend(i64::try_from(gap));
        }
    }

    fn item(&mut self, at: Timestamp, item: &Object<'_>, response: Option<String>) {
        let (Some(id), Some(kind)) = (item.filled("id"), item.text("type")) else { return };
        let of_kind = match (kind.as_str(), item.text("role").as_deref()) {
            ("message", Some("user")) => Kind::User,
            ("message", Some("assistant")) => Kind::Agent,
            ("function_call" | "mcp_call", _) => Kind::Tool,
            ("function_call_output", _) => Kind::Result,
            _ => Kind::Other,
        };
        let Some(known) = self.with_id(id, of_kind) else { return };
        known.response = known.response.take().or(response);
        match of_kind {
            Kind::User | Kind::Agent => {
                let content = item.get("content").and_then(elements).unwrap_or_default();
                for (part, content) in (0..).zip(content) {
                    let content = Object::read(content);
                    if let Some(text) = content.filled("transcript").or_else(|| content.filled("text")) {
                        known.whole.insert(part, text);
                    }
                }
            }
            Kind::Tool | Kind::Result => {
                known.start.get_or_insert(at);
                let id = if kind == "mcp_call" { item.filled("id") } else { item.filled("call_id") };
                for (name, value) in [("call_id", id), ("name", item.filled("name")), ("type", Some(kind.clone()))] {
                    if let Some(value) = value {
                        known.tool.insert(name.to_owned(), value.into());
                    }
                }
                if kind == "mcp_call" && (item.get("output").is_some() || item.get("error").is_some()) {
                    let error = item.get("error").map(Object::read);
                    known.tool.insert("error".to_owned(), error.is_some().into());
                    if let Some(message) = error.and_then(|error| error.filled("message")) {
                        known.tool.insert("message".to_owned(), message.into());
                    }
                }
            }
            Kind::Other => {}
        }
    }

    /// A response that is no part of a conversation says so.
    fn notice(&mut self, response: &Object<'_>) {
        if response.is_null("conversation_id") {
            self.apart.extend(response.filled("id"));
        }
    }

    fn response(&mut self, at: Timestamp, response: &Object<'_>) {
        self.notice(response);
        self.responses += 1;
        let id = response.filled("id");
        let usage = response.object("usage");
        for name in ["input_tokens", "output_tokens", "total_tokens"] {
            self.count(name, usage.count(name));
        }
        for item in response.get("output").and_then(elements).unwrap_or_default() {
            self.item(at, &Object::read(item), id.clone());
        }
        let reason = response.object("status_details").filled("reason");
        // Somebody spoke while the agent did, which is ordinary in talk and says nothing of the call.
        if reason.as_deref() == Some("turn_detected") {
            self.cut_off.extend(id);
        } else if let Some(status) = response.filled("status") {
            self.last_response = Some((status, reason));
        }
    }

    fn count(&mut self, name: &'static str, count: Option<i64>) {
        if let Some(count) = count {
            let sum = self.tokens.entry(name).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    /// The Live API has no items: what one side says until the other does is a turn.
    fn line(&mut self, at: Timestamp, event: &Object<'_>, kind: Kind) {
        let Some(more) = event.text("delta") else { return };
        let clock = |name: &str| {
            let nanos = self.begun?.unix_nanos() + i128::from(event.count(name)?) * 1_000_000;
            Timestamp::from_unix_nanos(nanos)
        };
        let (start, end) = (clock("start_ms").unwrap_or(at), clock("end_ms").unwrap_or(at));
        if self.items.last().is_none_or(|item| item.kind != kind) {
            self.push(kind);
        }
        let Some(item) = self.items.last_mut() else { return };
        item.growing.entry(0).or_default().push_str(&more);
        item.start.get_or_insert(start);
        item.end = Some(end);
    }

    fn digest(self, events: &[(Timestamp, &str)]) -> Map<String, Value> {
        let mut digest = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                digest.insert(name.to_owned(), value);
            }
        };
        let text = |text: Option<String>| text.map(Value::from);
        let rows = self.rows();
        put("id", text(self.id));
        put("model", text(self.model));
        put("transcription_model", text(self.transcription_model));
        put("started_at", events.first().map(|(at, _)| at.to_string().into()));
        put("ended_at", events.last().map(|(at, _)| at.to_string().into()));
        put("close_reason", text(self.close_reason));
        put("ending", self.ending.map(Value::from));
        if let Some((status, reason)) = self.last_response {
            let reason = reason.map(|reason| ("reason".to_owned(), reason.into()));
            let members = [("status".to_owned(), status.into())].into_iter().chain(reason);
            put("last_response", Some(Value::Object(members.collect())));
        }
        put("responses", Some(self.responses.into()));
        for (name, count) in self.tokens {
            put(name, Some(count.into()));
        }
        put("latency_ms", (!self.latency_ms.is_empty()).then(|| self.latency_ms.into()));
        put("rows", Some(Value::Array(rows)));
        digest
    }

    /// The rows of the conversation: what was said, by whom and when, and the tools.
    fn rows(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        for item in &self.items {
            let response = item.response.as_deref();
            if response.is_some_and(|response| self.apart.contains(response)) {
                continue;
            }
            let played = response.and_then(|response| self.played.get(response)).copied().unwrap_or_default();
            let pick = |names: &[&str], role: &str| {
                let members = names.iter().filter_map(|name| Some(((*name).to_owned(), item.tool.get(*name)?.clone())));
                members.chain([("role".to_owned(), role.into())]).collect::<Map<_, _>>()
            };
            let timed = |mut row: Map<String, Value>, start: Option<Timestamp>, end: Option<Timestamp>| {
                for (name, time) in [("start", start), ("end", end)] {
                    if let Some(time) = time {
                        row.insert(name.to_owned(), time.to_string().into());
                    }
                }
                Value::Object(row)
            };
            match item.kind {
                Kind::User | Kind::Agent => {
                    let text = item.text();
                    if text.trim().is_empty() {
                        continue;
                    }
                    let mut row = pick(&[], if item.kind == Kind::Agent { "assistant" } else { "user" });
                    row.insert("text".to_owned(), text.into());
                    if item.kind == Kind::Agent {
                        let cut_off = item.cut_off || response.is_some_and(|response| self.cut_off.contains(response));
                        row.insert("cut_off".to_owned(), cut_off.into());
                    }
                    rows.push(timed(row, played.0.or(item.start), played.1.or(item.end)));
                }
                Kind::Tool => {
                    rows.push(timed(pick(&["call_id", "name", "type"], "tool_call"), item.start, None));
                    // An MCP call is its own result.
                    if item.tool.contains_key("error") {
                        rows.push(pick(&["call_id", "error", "message"], "tool_result").into());
                    }
                }
                Kind::Result => rows.push(timed(pick(&["call_id"], "tool_result"), item.start, None)),
                Kind::Other => {}
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(events: &[(&str, &str)]) -> Value {
        let events: Vec<(Timestamp, &str)> =
            events.iter().map(|(at, text)| (format!("2026-10-14T12:00:{at}Z").parse().unwrap(), *text)).collect();
        OpenAi.digest(&events).into()
    }

    #[test]
    fn turns_stand_in_the_order_of_their_items() {
        let digest = digest(&[
            ("00", r#"{"type":"session.created","session":{"id":"sess_1","model":"gpt-realtime"}}"#),
            ("01", r#"{"type":"input_audio_buffer.speech_started","item_id":"u1"}"#),
            ("02.5", r#"{"type":"input_audio_buffer.speech_stopped","item_id":"u1"}"#),
            (
                "03",
                r#"{"type":"response.output_audio_transcript.delta","item_id":"a1","response_id":"r1","delta":"It is "}"#,
            ),
            ("03", r#"{"type":"output_audio_buffer.started","response_id":"r1"}"#),
            ("03.2", r#"{"type":"response.output_audio_transcript.delta","item_id":"a1","delta":"foggy"}"#),
            (
                "04",
                r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"u1","transcript":"How is it?"}"#,
            ),
            ("05", r#"{"type":"output_audio_buffer.cleared","response_id":"r1"}"#),
        ]);
        assert_eq!(digest["latency_ms"], serde_json::json!([500]));
        assert_eq!(
            digest["rows"],
            serde_json::json!([
                {"role": "user", "text": "How is it?", "start": "2026-10-14T12:00:01Z", "end": "2026-10-14T12:00:02.5Z"},
                {"role": "assistant", "text": "It is foggy", "cut_off": true, "start": "2026-10-14T12:00:03Z", "end": "2026-10-14T12:00:05Z"},
            ])
        );
    }

    #[test]
    fn the_end_is_what_the_last_event_says() {
        let done = r#"{"type":"response.done","response":{"id":"r","status":"completed"}}"#;
        let cancelled = r#"{"type":"response.done","response":{"id":"r","status":"cancelled","status_details":{"reason":"turn_detected"}}}"#;
        let idle = r#"{"type":"input_audio_buffer.timeout_triggered"}"#;
        let of = |events: &[&str]| digest(&events.iter().map(|event| ("00", *event)).collect::<Vec<_>>());
        assert_eq!(of(&[done, cancelled])["last_response"]["status"], "completed");
        assert_eq!(of(&[done, idle])["ending"], "input_audio_buffer.timeout_triggered");
        assert_eq!(of(&[idle, done])["ending"], Value::Null);
        assert_eq!(of(&[r#"{"type":"error","error":{"type":"server_error"}}"#])["ending"], "server_error");
        assert_eq!(of(&[r#"{"type":"error","error":{"type":"invalid_request_error"}}"#])["ending"], Value::Null);
    }

    #[test]
    fn what_is_not_of_the_form_is_passed_over() {
        for odd in [
            "[]",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"response.done"}"#,
            r#"{"type":"response.done","response":{"output":{},"usage":[]}}"#,
            r#"{"type":"conversation.item.added","item":{"id":"","type":"message"}}"#,
            r#"{"type":"session.input_transcript.delta","delta":"x","start_ms":99999999999999999}"#,
        ] {
            let digest = digest(&[("00", odd)]);
            assert_eq!(digest["started_at"], "2026-10-14T12:00:00Z", "{odd}");
        }
    }
}
