//! The facts of a session, collected event by event.

use super::{
    event::Object,
    item::{Item, Kind},
};
use crate::rules::paths::is_empty;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    rc::Rc,
};
use vcp_schema::{ErrorCode, Timestamp};

/// The longest gap that is latency, in milliseconds. A longer one is silence.
const LONGEST_GAP_MS: i128 = 30_000;

/// The facts of the events so far.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// The time of receipt of the first event. The times of the Live API count from it.
    begun: Option<Timestamp>,
    /// The time of receipt of the last event, without repeated events.
    ended: Option<Timestamp>,
    id: Option<String>,
    /// The ids of the session, one of each kind. A webhook of the call can have one of another
    /// kind.
    ids: Vec<String>,
    /// The ids of the call, one of each kind.
    call_ids: Vec<String>,
    model: Option<String>,
    transcription_model: Option<String>,
    /// `true` if a response has begun. The model of the session is then the one that is named.
    has_answered: bool,
    /// The same for the model of the transcription.
    has_transcribed: bool,
    items: Vec<Item>,
    /// The indices of the items that have an id, by id.
    places: HashMap<String, usize>,
    /// The ids of the responses that are not part of the conversation.
    apart: HashSet<Rc<str>>,
    /// The ids of the responses that were interrupted.
    cut_off: HashSet<Rc<str>>,
    /// The times at which the playback of each response began and ended.
    played: HashMap<Rc<str>, (Option<Timestamp>, Option<Timestamp>)>,
    /// The time at which the user stopped speaking. Unset when the agent answers.
    stopped: Option<Timestamp>,
    /// The answers to what the user said.
    answers: Vec<Answer>,
    /// The responses that began, by their id or that of their item.
    begun_responses: HashSet<Rc<str>>,
    /// The time at which the audio of each response began to arrive.
    heard: HashMap<Rc<str>, Timestamp>,
    /// The status and reason of the last response that has a status and was not interrupted by the
    /// user.
    last_response: Option<(String, Option<String>)>,
    /// The sums of tokens. A sum that does not fit 64 bits is `None`.
    tokens: BTreeMap<&'static str, Option<i64>>,
    close_reason: Option<String>,
    /// The first fatal event: a later event does not hide it.
    cause: Option<String>,
    /// The kind of ending, if the last event is one.
    ending: Option<&'static str>,
    /// The facts of the call: its id, its numbers and its direction.
    call: Map<String, Value>,
    /// The time at which the other side took the call.
    answered: Option<Timestamp>,
    /// The number of responses that failed.
    failed_responses: i64,
    /// The ids of the responses that failed.
    failed: HashSet<Rc<str>>,
    /// The number of transcriptions that failed.
    failed_transcriptions: i64,
    /// The billed seconds of the session so far.
    billed: Option<f64>,
    /// The sum of the transcribed seconds.
    transcribed: Option<f64>,
    /// The model to which the session delegates its work.
    worker: Option<String>,
    /// The ids of the delegated responses whose tokens are counted.
    delegated: HashSet<String>,
}

/// An answer of the agent to what the user said.
#[derive(Debug)]
struct Answer {
    /// The time at which the user stopped speaking.
    stopped: Timestamp,
    /// The time of the first text or audio of the answer.
    began: Timestamp,
    response: Option<Rc<str>>,
    /// The time at which the user spoke again.
    until: Option<Timestamp>,
}

/// An event that cannot be of the session: the member that shows it, and the reason.
pub(super) type Refusal = (&'static [&'static str], &'static str);

const OTHER_SESSION: &str = "the events are of more than one session";
const OTHER_CALL: &str = "the events are of more than one call";

/// The codes of errors that end a session.
const FATAL: [&str; 3] = ["session_expired", "insufficient_quota", "credit_balance_exhausted"];

impl Session {
    /// Adds an event. Returns an error if the event is of another session.
    pub(super) fn event(&mut self, at: Timestamp, event: &Object<'_, '_>) -> Result<(), Refusal> {
        let kind = event.text("type").unwrap_or_default();
        let response: Option<Rc<str>> = event.text("response_id").map(Rc::from);
        // Only another response shows that the session went on after an error of the server.
        let goes_on = ["response.created", "response.done", "response.event", "session.output_transcript.delta"];
        if self.ending != Some("server_error") || goes_on.contains(&kind.trim()) {
            self.ending = None;
        }
        self.ended = Some(at);
        if self.webhook(kind.trim(), event)? {
            return Ok(());
        }
        self.begun.get_or_insert(at);
        match kind.trim() {
            "session.created" | "session.updated" | "session.started" | "transcription_session.updated" => {
                self.session(&event.object("session"))?;
            }
            "session.closed" => {
                self.session(&event.object("session"))?;
                self.close_reason = event.filled("reason");
                self.billed = event.object("usage").seconds("seconds").or(self.billed);
            }
            "session.usage.updated" => self.billed = event.object("usage").seconds("seconds").or(self.billed),
            "transport.ringing" => self.goes_out(),
            "transport.answered" => {
                self.goes_out();
                self.answered.get_or_insert(at);
            }
            kind @ "transport.failed" => drop(self.cause.get_or_insert_with(|| kind.to_owned())),
            "response.event" => self.delegate(at, &event.object("event")),
            "input_audio_buffer.committed" => {
                let previous = event.filled("previous_item_id");
                if let Some(item) = self.named(event, Kind::User) {
                    item.previous = previous;
                }
            }
            "response.function_call_arguments.done" => {
                let parts = ["call_id", "name"].map(|name| Some((name.to_owned(), event.filled(name)?.into())));
                if let Some(item) = self.named(event, Kind::Tool) {
                    item.tool.extend(parts.into_iter().flatten());
                    item.tool.insert("cut_short".to_owned(), false.into());
                    item.start.get_or_insert(at);
                }
            }
            "response.mcp_call.failed" => {
                if let Some(item) = self.named(event, Kind::Tool) {
                    item.tool.insert("error".to_owned(), true.into());
                }
            }
            "input_audio_buffer.timeout_triggered" => self.ending = Some("input_audio_buffer.timeout_triggered"),
            "error" => {
                let error = event.object("error");
                if error.text("type").as_deref() == Some("server_error") {
                    self.ending = Some("server_error");
                }
                self.fail(&error);
            }
            "input_audio_buffer.speech_started" => {
                self.stopped = None;
                if let Some(answer) = self.answers.last_mut() {
                    answer.until.get_or_insert(at);
                }
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
                self.has_transcribed = true;
                let usage = event.object("usage");
                self.count("transcription_tokens", &usage, "total_tokens");
                if let Some(seconds) = usage.seconds("seconds") {
                    *self.transcribed.get_or_insert(0.0) += seconds;
                }
                self.said(event, Kind::User, "transcript", response);
            }
            "conversation.item.input_audio_transcription.failed" => self.failed_transcriptions += 1,
            "conversation.item.input_audio_transcription.delta" => self.grows(at, event, Kind::User, None),
            "response.output_audio_transcript.delta"
            | "response.audio_transcript.delta"
            | "response.output_text.delta"
            | "response.text.delta" => {
                self.answers(at, response.clone().or_else(|| Some(event.filled("item_id")?.into())));
                self.grows(at, event, Kind::Agent, response);
            }
            "response.output_audio.delta" | "response.audio.delta" => {
                let response = response.or_else(|| Some(event.filled("item_id")?.into()));
                self.answers(at, response.clone());
                if let Some(response) = response {
                    self.heard.entry(response).or_insert(at);
                }
                if let Some(item) = self.named(event, Kind::Agent) {
                    item.heard_at.get_or_insert(at);
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
                if let Some(response) = response {
                    self.played.entry(response).or_default().0.get_or_insert(at);
                }
            }
            kind @ ("output_audio_buffer.stopped" | "output_audio_buffer.cleared") => {
                if let Some(response) = response {
                    if kind == "output_audio_buffer.cleared" {
                        self.cut_off.insert(response.clone());
                    }
                    self.played.entry(response).or_default().1 = Some(at);
                }
            }
            "response.created" => {
                self.has_answered = true;
                self.notice(&event.object("response"));
            }
            "response.done" => self.response(at, &event.object("response")),
            "session.input_transcript.delta" => self.line(at, event, Kind::User),
            "session.output_transcript.delta" => self.line(at, event, Kind::Agent),
            _ => {}
        }
        Ok(())
    }

    /// Adds the facts of a webhook of the call, which may stand among the events of its session.
    /// Returns whether the event is one.
    fn webhook(&mut self, kind: &str, event: &Object<'_, '_>) -> Result<bool, Refusal> {
        let is_incoming = match kind {
            "realtime.call.incoming" | "live.call.incoming" | "live.transport.incoming" => true,
            "live.transport.connected" => false,
            _ => return Ok(false),
        };
        let data = event.object("data");
        if !is_same(&mut self.ids, data.filled("session_id")) {
            return Err((&["data", "session_id"], OTHER_SESSION));
        }
        if !is_same(&mut self.call_ids, data.filled("call_id")) {
            return Err((&["data", "call_id"], OTHER_CALL));
        }
        if !self.call.contains_key("event_id") {
            self.call.extend(event.filled("id").map(|id| ("event_id".to_owned(), id.into())));
        }
        for header in data.objects("sip_headers") {
            let name = header.filled("name").map(|name| name.trim().to_lowercase());
            // The value of another header, or of one that is known, stays unread.
            let is_new = |name: &String| matches!(name.as_str(), "from" | "to") && !self.call.contains_key(name);
            let Some(name) = name.filter(is_new) else { continue };
            if let Some(value) = header.filled("value") {
                self.call.insert(name, value.into());
            }
        }
        let transport = data.filled("type").or_else(|| is_incoming.then(|| "sip".to_owned()));
        self.call.extend(transport.map(|transport| ("transport".to_owned(), transport.into())));
        if is_incoming {
            self.call.insert("direction".to_owned(), "inbound".into());
        }
        Ok(true)
    }

    /// Notes that the session calls somebody over SIP.
    fn goes_out(&mut self) {
        self.call.entry("transport").or_insert("sip".into());
        self.call.entry("direction").or_insert("outbound".into());
    }

    /// Adds an event of a response to which the session delegates its work.
    fn delegate(&mut self, at: Timestamp, event: &Object<'_, '_>) {
        match event.text("type").as_deref() {
            Some("response.output_item.added" | "response.output_item.done") => {
                self.item(at, &event.object("item"), None);
            }
            Some("response.completed" | "response.failed" | "response.incomplete") => {
                let response = event.object("response");
                for item in response.objects("output") {
                    self.item(at, &item, None);
                }
                self.worker = response.filled("model").or_else(|| self.worker.take());
                if response.filled("id").is_none_or(|id| self.delegated.insert(id)) {
                    let usage = response.object("usage");
                    self.usage(&usage);
                    self.count("worker_tokens", &usage, "total_tokens");
                }
            }
            _ => {}
        }
    }

    /// Notes a fatal error. The first one counts.
    fn fail(&mut self, error: &Object<'_, '_>) {
        let code = error.text("code").filter(|code| FATAL.contains(&code.trim()));
        self.cause = self.cause.take().or(code);
    }

    /// Adds the description of the session that an event has.
    fn session(&mut self, session: &Object<'_, '_>) -> Result<(), Refusal> {
        let id = session.filled("id");
        if !is_same(&mut self.ids, id.clone()) {
            return Err((&["session", "id"], OTHER_SESSION));
        }
        self.id = self.id.take().or(id);
        let transcription = session.object("audio").object("input").object("transcription");
        let beta = session.object("input_audio_transcription");
        set_model(&mut self.model, session, self.has_answered);
        set_model(&mut self.transcription_model, &transcription, self.has_transcribed);
        set_model(&mut self.transcription_model, &beta, self.has_transcribed);
        Ok(())
    }

    /// Returns the item with an id. Adds one of this kind if the id is new. Sets the kind if it is
    /// not known yet.
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

    /// Adds an empty item.
    fn push(&mut self, kind: Kind) {
        self.items.push(Item {
            kind,
            whole: BTreeMap::new(),
            growing: BTreeMap::new(),
            start: None,
            end: None,
            cut_off: false,
            response: None,
            described: false,
            heard: false,
            heard_at: None,
            previous: None,
            tool: Map::new(),
        });
    }

    /// Returns the item that an event names.
    fn named(&mut self, event: &Object<'_, '_>, kind: Kind) -> Option<&mut Item> {
        self.with_id(event.filled("item_id")?, kind)
    }

    /// Adds the complete text of a part of an item.
    fn said(&mut self, event: &Object<'_, '_>, kind: Kind, member: &str, response: Option<Rc<str>>) {
        let Some(text) = event.filled(member) else { return };
        let part = event.count("content_index").unwrap_or(0);
        if let Some(item) = self.named(event, kind) {
            item.whole.insert(part, text);
            item.response = item.response.take().or(response);
        }
    }

    /// Appends a delta to the text of a part of an item.
    fn grows(&mut self, at: Timestamp, event: &Object<'_, '_>, kind: Kind, response: Option<Rc<str>>) {
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

    /// Notes that the agent begins to answer. Ignores a response that is not part of the
    /// conversation, and one that began before.
    fn answers(&mut self, began: Timestamp, response: Option<Rc<str>>) {
        if let Some(response) = &response
            && (self.apart.contains(response) || !self.begun_responses.insert(response.clone()))
        {
            return;
        }
        if let Some(stopped) = self.stopped.take() {
            self.answers.push(Answer { stopped, began, response, until: None });
        }
    }

    /// Returns the latencies of the answers, in milliseconds. An answer is heard when its audio
    /// begins to arrive. One that is first heard when the user speaks again is none.
    fn latency_ms(&self) -> Vec<i64> {
        let gap = |answer: &Answer| {
            let heard = answer.response.as_ref().and_then(|response| self.heard.get(response)).copied();
            let at = heard.unwrap_or(answer.began);
            if heard.is_some() && answer.until.is_some_and(|until| until.unix_nanos() <= at.unix_nanos()) {
                return None;
            }
            let gap = (at.unix_nanos() - answer.stopped.unix_nanos()) / 1_000_000;
            i64::try_from(gap).ok().filter(|_| (0..=LONGEST_GAP_MS).contains(&gap))
        };
        self.answers.iter().filter_map(gap).collect()
    }

    /// Adds the description of an item.
    fn item(&mut self, at: Timestamp, item: &Object<'_, '_>, response: Option<Rc<str>>) {
        let (Some(id), Some(kind)) = (item.filled("id"), item.text("type")) else { return };
        let role = item.text("role");
        let is_message = kind == "message";
        if !KINDS.contains(&kind.as_str()) {
            item.unknown("type", &kind);
        }
        if let Some(role) = role.as_ref().filter(|role| is_message && !ROLES.contains(&role.as_str())) {
            item.unknown("role", role);
        }
        let of_kind = match (kind.as_str(), role.as_deref()) {
            ("message", Some("user")) => Kind::User,
            ("message", Some("assistant")) => Kind::Agent,
            ("function_call" | "mcp_call", _) => Kind::Tool,
            ("function_call_output", _) => Kind::Result,
            _ => Kind::Other,
        };
        let Some(known) = self.with_id(id, of_kind) else { return };
        known.response = known.response.take().or(response);
        known.described = true;
        match of_kind {
            Kind::User | Kind::Agent => {
                for (part, content) in (0..).zip(item.objects("content")) {
                    known.heard |= content.text("type").is_some_and(|kind| matches!(&*kind, "output_audio" | "audio"));
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
                if matches!(kind.as_str(), "function_call" | "mcp_call") {
                    // A call that never left this state was not made.
                    let is_cut_short = matches!(item.text("status").as_deref(), Some("incomplete" | "in_progress"));
                    known.tool.insert("cut_short".to_owned(), is_cut_short.into());
                }
                let has_failed = item.text("status").as_deref() == Some("failed");
                if kind == "mcp_call" && (has_failed || item.text("output").is_some() || item.get("error").is_some()) {
                    let error = item.get("error").filter(|error| !is_empty(error));
                    if error.is_some_and(|error| !error.starts_with(['{', '"'])) {
                        item.problem("error", ErrorCode::Type, "an object or a string is wanted here");
                    }
                    known.tool.insert("error".to_owned(), (has_failed || error.is_some()).into());
                    // Some servers send the message alone.
                    let message = match error {
                        Some(error) if error.starts_with('{') => item.object("error").filled("message"),
                        Some(error) if error.starts_with('"') => item.filled("error"),
                        _ => None,
                    };
                    if let Some(message) = message {
                        known.tool.insert("message".to_owned(), message.into());
                    }
                }
            }
            Kind::Other => {}
        }
    }

    /// Notes a response that is not part of the conversation. Its `conversation_id` is null.
    fn notice(&mut self, response: &Object<'_, '_>) {
        if response.text("conversation_id").is_none() && response.is_null("conversation_id") {
            self.apart.extend(response.filled("id").map(Rc::from));
        }
    }

    /// Adds a response that is done.
    fn response(&mut self, at: Timestamp, response: &Object<'_, '_>) {
        self.has_answered = true;
        self.notice(response);
        let id: Option<Rc<str>> = response.filled("id").map(Rc::from);
        self.usage(&response.object("usage"));
        for item in response.objects("output") {
            self.item(at, &item, id.clone());
        }
        let status = response.filled("status");
        if status.as_deref() == Some("failed") && id.as_ref().is_none_or(|id| self.failed.insert(id.clone())) {
            self.failed_responses += 1;
        }
        if id.as_ref().is_some_and(|id| self.apart.contains(id)) {
            return;
        }
        let details = response.object("status_details");
        self.fail(&details.object("error"));
        let reason = details.filled("reason");
        // The user interrupted the agent. That is ordinary, and is not an outcome of the call.
        if reason.as_deref() == Some("turn_detected") {
            self.cut_off.extend(id);
        } else if let Some(status) = status {
            self.last_response = Some((status, reason));
        }
    }

    /// Adds the tokens of a response. Without a total, it is the sum of the others.
    fn usage(&mut self, usage: &Object<'_, '_>) {
        let [input, output, total] =
            ["input_tokens", "output_tokens", "total_tokens"].map(|name| self.count(name, usage, name));
        if let (Some(input), Some(output), None) = (input, output, total)
            && !self.add("total_tokens", input.checked_add(output))
        {
            usage.problem("total_tokens", ErrorCode::Unreadable, "the sum does not fit 64 bits");
        }
    }

    /// Adds a member to a sum of tokens, and returns it.
    fn count(&mut self, name: &'static str, object: &Object<'_, '_>, member: &str) -> Option<i64> {
        let count = object.count(member)?;
        if !self.add(name, Some(count)) {
            object.problem(member, ErrorCode::Unreadable, "the sum does not fit 64 bits");
        }
        Some(count)
    }

    /// Adds to a sum of tokens. Returns whether the sum fits 64 bits.
    fn add(&mut self, name: &'static str, count: Option<i64>) -> bool {
        let sum = self.tokens.entry(name).or_insert(Some(0));
        *sum = sum.and_then(|sum| sum.checked_add(count?));
        sum.is_some()
    }

    /// Appends a delta of the Live API, which has no items. A turn ends when the other side speaks.
    fn line(&mut self, at: Timestamp, event: &Object<'_, '_>, kind: Kind) {
        let Some(more) = event.text("delta") else { return };
        let clock = |name: &str| {
            let nanos = self.begun?.unix_nanos() + i128::from(event.count(name)?) * 1_000_000;
            let time = Timestamp::from_unix_nanos(nanos);
            if time.is_none() {
                event.problem(name, ErrorCode::Unreadable, "a time of this era is wanted here");
            }
            time
        };
        let (start, end) = (clock("start_ms").unwrap_or(at), clock("end_ms"));
        if self.items.last().is_none_or(|item| item.kind != kind) {
            self.push(kind);
        }
        let Some(item) = self.items.last_mut() else { return };
        item.growing.entry(0).or_default().push_str(&more);
        item.start.get_or_insert(start);
        item.end = end.or(item.end);
    }

    /// Returns the items in the order of the conversation. An item that was committed before the
    /// item in front of it stands behind that item.
    fn in_order(&self) -> Vec<usize> {
        let mut behind: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut waits = HashSet::new();
        for (at, item) in self.items.iter().enumerate() {
            let previous = item.previous.as_ref().and_then(|previous| self.places.get(previous));
            if let Some(previous) = previous.filter(|previous| **previous > at) {
                behind.entry(*previous).or_default().push(at);
                waits.insert(at);
            }
        }
        let mut order = Vec::with_capacity(self.items.len());
        for at in (0..self.items.len()).filter(|at| !waits.contains(at)) {
            let mut next = vec![at];
            while let Some(at) = next.pop() {
                order.push(at);
                next.extend(behind.remove(&at).unwrap_or_default().into_iter().rev());
            }
        }
        order
    }

    /// Returns the digest of the session.
    pub(super) fn digest(self) -> Map<String, Value> {
        let mut digest = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                digest.insert(name.to_owned(), value);
            }
        };
        let text = |text: Option<String>| text.map(Value::from);
        let (rows, latency_ms) = (self.rows(), self.latency_ms());
        put("id", text(self.id.or_else(|| self.ids.first().cloned())));
        put("model", text(self.model));
        put("transcription_model", text(self.transcription_model));
        put("started_at", self.answered.or(self.begun).map(|at| at.to_string().into()));
        put("ended_at", self.ended.map(|at| at.to_string().into()));
        put("close_reason", text(self.close_reason));
        put("cause", text(self.cause));
        put("ending", self.ending.map(Value::from));
        let mut call = self.call;
        call.extend(self.call_ids.first().map(|id| ("call_id".to_owned(), id.as_str().into())));
        put("call", (!call.is_empty()).then_some(Value::Object(call)));
        put("minutes", self.billed.map(|seconds| (seconds / 60.0).into()));
        put("transcription_minutes", self.transcribed.map(|seconds| (seconds / 60.0).into()));
        put("worker_model", text(self.worker));
        if let Some((status, reason)) = self.last_response {
            let reason = reason.map(|reason| ("reason".to_owned(), reason.into()));
            let members = [("status".to_owned(), status.into())].into_iter().chain(reason);
            put("last_response", Some(Value::Object(members.collect())));
        }
        for (name, count) in self.tokens {
            put(name, count.map(Value::from));
        }
        put("latency_ms", (!latency_ms.is_empty()).then(|| latency_ms.into()));
        for (name, count) in
            [("failed_responses", self.failed_responses), ("failed_transcriptions", self.failed_transcriptions)]
        {
            put(name, (count > 0).then(|| count.into()));
        }
        put("rows", Some(Value::Array(rows)));
        digest
    }

    /// Returns the rows of the conversation: the turns, the tool calls and their results.
    fn rows(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        // The first spoken item of a response starts with its playback, and the last one ends with
        // it.
        let mut spoken: HashMap<&str, (usize, usize)> = HashMap::new();
        for (at, item) in self.items.iter().enumerate().filter(|(_, item)| item.is_spoken()) {
            if let Some(response) = item.response.as_deref() {
                spoken.entry(response).or_insert((at, at)).1 = at;
            }
        }
        let call_id = |item: &Item| item.tool.get("call_id").and_then(Value::as_str).map(str::to_owned);
        let with_result: HashSet<String> =
            self.items.iter().filter(|item| item.kind == Kind::Result).filter_map(call_id).collect();
        let order = self.in_order();
        for (at, item) in order.into_iter().filter_map(|at| Some((at, self.items.get(at)?))) {
            let response = item.response.as_deref();
            if response.is_some_and(|response| self.apart.contains(response)) {
                continue;
            }
            let (first, last) = response.and_then(|response| spoken.get(response)).copied().unwrap_or_default();
            let played = response.and_then(|response| self.played.get(response)).copied().unwrap_or_default();
            let (began, ended) = (played.0.filter(|_| at == first), played.1.filter(|_| at == last));
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
                Kind::User | Kind::Agent if !item.is_spoken() => {}
                // A program wrote what the agent had said before the session.
                Kind::Agent if item.is_history() => {}
                Kind::User | Kind::Agent => {
                    let text = item.text();
                    let mut row = pick(&[], if item.kind == Kind::Agent { "assistant" } else { "user" });
                    row.insert("text".to_owned(), text.into());
                    if item.kind == Kind::Agent {
                        let cut_off = item.cut_off || response.is_some_and(|response| self.cut_off.contains(response));
                        row.insert("cut_off".to_owned(), cut_off.into());
                    }
                    rows.push(timed(row, began.or(item.heard_at).or(item.start), ended.or(item.end)));
                }
                Kind::Tool => {
                    let has_result = call_id(item).is_some_and(|id| with_result.contains(&id));
                    let mut call = pick(&["call_id", "name", "type", "cut_short"], "tool_call");
                    // A call that has a result was made, whatever its last known state.
                    call.retain(|name, _| name != "cut_short" || !has_result);
                    rows.push(timed(call, item.start, None));
                    // The item of an MCP call also holds its result.
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

/// The types of items that the API documents.
const KINDS: [&str; 7] = [
    "message",
    "function_call",
    "function_call_output",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
];

/// The roles of messages that the API documents.
const ROLES: [&str; 3] = ["user", "assistant", "system"];

/// Returns whether an id can be of the same session or call as the known ones, and adds it to them.
/// Two ids of one kind differ. The kind is the part before `_`. An id without it is of any kind.
fn is_same(known: &mut Vec<String>, id: Option<String>) -> bool {
    let kind = |id: &str| id.split_once('_').map(|(kind, _)| kind.len());
    let Some(id) = id.filter(|id| !known.contains(id)) else { return true };
    let may_differ = |other: &String| match (kind(other), kind(&id)) {
        (Some(of_other), Some(of_id)) => other.get(..of_other) != id.get(..of_id),
        _ => false,
    };
    let is_same = known.iter().all(may_differ);
    known.push(id);
    is_same
}

/// Names the model that an object has. After the first use of the known model, another one is a
/// problem, because the record has one place for it.
fn set_model(known: &mut Option<String>, object: &Object<'_, '_>, is_used: bool) {
    let Some(model) = object.filled("model") else { return };
    if is_used && known.as_ref().is_some_and(|known| *known != model) {
        object.problem("model", ErrorCode::Mapping, "the model changed: the record names the one before");
    } else {
        *known = Some(model);
    }
}
