//! The facts of a session, collected event by event.

mod digest;
mod items;

use super::{
    event::Object,
    item::{Item, Kind},
};
use serde_json::{Map, Value};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    rc::Rc,
};
use vcp_schema::{ErrorCode, Timestamp};

/// The facts of the events so far.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// The time of receipt of the first event. The times of the Live API count from it.
    begun: Option<Timestamp>,
    /// The time of receipt of the last event, without repeated events and webhooks.
    ended: Option<Timestamp>,
    id: Option<String>,
    /// The ids of the session, one of each kind. A webhook of the call can have one of another
    /// kind.
    ids: Ids,
    /// The ids of the call, one of each kind.
    call_ids: Ids,
    model: Option<String>,
    transcription_model: Option<String>,
    /// `true` if a response has begun. The model of the session is then the one that is named.
    has_answered: bool,
    /// The same for the model of the transcription.
    has_transcribed: bool,
    items: Vec<Item>,
    /// The index of the last line of the Live API. Unset after a tool call or a result.
    last_line: Option<usize>,
    /// The indices of the items that have an id, by id.
    places: HashMap<String, usize>,
    /// The ids of the responses that are not part of the conversation.
    apart: HashSet<Rc<str>>,
    /// The ids of the responses that were interrupted.
    cut_off: HashSet<Rc<str>>,
    /// The number of times that the user began to speak.
    speeches: usize,
    /// `true` if the user has not stopped speaking.
    is_speaking: bool,
    /// The speech of the user during each response, by its id.
    during: HashMap<Rc<str>, During>,
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
    /// The number of transcriptions that failed.
    failed_transcriptions: i64,
    /// The number of delegated responses that failed.
    failed_delegated: i64,
    /// The billed seconds of the session so far.
    billed: Option<f64>,
    /// The sum of the transcribed seconds. It is infinite if it is too large.
    transcribed: Option<f64>,
    /// The model to which the session delegates its work.
    worker: Option<String>,
    /// The events that are counted, by their subject. Two connections to a session report the same
    /// under different ids of events.
    counted: HashSet<(&'static str, PartId)>,
}

/// The id of a response, or that of an item with the index of its part.
type PartId = (Rc<str>, Option<i64>);

/// The number of times that the user had spoken before a response began and when it was done.
#[derive(Debug)]
struct During {
    began: usize,
    /// Unset until the response is done. A response that is reported again does not change it.
    done: Option<usize>,
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

/// The webhooks of a call. Programs may keep them with the events of its session.
const WEBHOOKS: [&str; 4] =
    ["realtime.call.incoming", "live.call.incoming", "live.transport.incoming", "live.transport.connected"];

impl Session {
    /// The most items of a session. A message of the default limits holds no more tool calls, and
    /// no conversation has as many turns. Each item takes some 3 kB.
    pub(super) const ITEMS: usize = 20_000;

    /// Returns whether there are more items than a session may have.
    pub(super) fn is_full(&self) -> bool {
        self.items.len() > Self::ITEMS
    }

    /// Returns whether the user said something that was not transcribed.
    pub(super) fn has_unheard(&self) -> bool {
        self.items.iter().any(Item::is_unheard)
    }

    /// Adds an event. Returns an error if the event is of another session.
    pub(super) fn event(&mut self, at: Timestamp, event: &Object<'_, '_>) -> Result<(), Refusal> {
        let kind = event.text("type").unwrap_or_default();
        let response: Option<Rc<str>> = event.text("response_id").map(Rc::from);
        if WEBHOOKS.contains(&kind.trim()) {
            // A webhook is sent again until it is accepted: its time says nothing about the session.
            return self.webhook(kind.trim(), event);
        }
        // Only another response shows that the session went on after an error of the server.
        let goes_on = ["response.created", "response.done", "response.event", "session.output_transcript.delta"];
        if self.ending != Some("server_error") || goes_on.contains(&kind.trim()) {
            self.ending = None;
        }
        self.ended = Some(at);
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
                self.is_speaking = false;
                let previous = event.filled("previous_item_id");
                if let Some(item) = self.named(event, Kind::User) {
                    item.previous = previous;
                    item.has_speech = true;
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
            "response.mcp_call_arguments.done" => {
                if let Some(item) = self.named(event, Kind::Tool) {
                    item.tool.insert("cut_short".to_owned(), false.into());
                    item.start.get_or_insert(at);
                }
            }
            kind @ ("response.mcp_call.completed" | "response.mcp_call.failed") => {
                if let Some(item) = self.named(event, Kind::Tool) {
                    item.ends(kind == "response.mcp_call.failed");
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
                self.speeches += 1;
                self.is_speaking = true;
                if let Some(answer) = self.answers.last_mut() {
                    answer.until.get_or_insert(at);
                }
                if let Some(item) = self.named(event, Kind::User) {
                    item.start.get_or_insert(at);
                }
            }
            "input_audio_buffer.speech_stopped" => {
                self.stopped = Some(at);
                self.is_speaking = false;
                if let Some(item) = self.named(event, Kind::User) {
                    item.end = Some(at);
                }
            }
            "conversation.item.created"
            | "conversation.item.added"
            | "conversation.item.done"
            | "conversation.item.retrieved" => drop(self.item(at, &event.object("item"), response)),
            "response.output_item.added" | "response.output_item.done" => {
                self.made(at, &event.object("item"), response);
            }
            "conversation.item.input_audio_transcription.completed" => {
                self.has_transcribed = true;
                if let Some(usage) = self.new_usage("transcription", part_of(event), event) {
                    self.transcription(&usage);
                }
                self.said(event, Kind::User, "transcript", response);
                if event.filled("transcript").is_none()
                    && let Some(item) = self.named(event, Kind::User)
                {
                    item.transcribed = true;
                }
            }
            "conversation.item.input_audio_transcription.failed" => {
                self.failed_transcriptions += i64::from(self.is_new("failed transcription", part_of(event)));
            }
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
            kind @ ("output_audio_buffer.started" | "output_audio_buffer.stopped" | "output_audio_buffer.cleared") => {
                let Some(response) = response else {
                    let message = "the event names no response";
                    event.problem("response_id", ErrorCode::Missing, message);
                    return Ok(());
                };
                if kind == "output_audio_buffer.cleared" {
                    self.cut_off.insert(response.clone());
                }
                let (began, ended) = self.played.entry(response).or_default();
                if kind == "output_audio_buffer.started" {
                    began.get_or_insert(at);
                } else {
                    *ended = Some(at);
                }
            }
            "response.created" => {
                self.has_answered = true;
                let response = event.object("response");
                self.notice(&response);
                if let Some(id) = response.filled("id") {
                    self.begins(id.into());
                }
            }
            "response.done" => self.response(at, &event.object("response")),
            "session.input_transcript.delta" => self.line(at, event, Kind::User),
            "session.output_transcript.delta" => self.line(at, event, Kind::Agent),
            _ => {}
        }
        Ok(())
    }

    /// Adds the facts of a webhook of the call, which may be among the events of its session.
    fn webhook(&mut self, kind: &str, event: &Object<'_, '_>) -> Result<(), Refusal> {
        let is_incoming = kind != "live.transport.connected";
        let data = event.object("data");
        if !self.ids.is_same(data.filled("session_id")) {
            return Err((&["data", "session_id"], OTHER_SESSION));
        }
        if !self.call_ids.is_same(data.filled("call_id")) {
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
        Ok(())
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
            Some(kind @ ("response.completed" | "response.failed" | "response.incomplete")) => {
                let response = event.object("response");
                if kind == "response.failed" && self.is_new("failed delegated response", whole(response.filled("id"))) {
                    self.failed_delegated += 1;
                }
                for item in response.objects("output") {
                    self.item(at, &item, None);
                }
                self.worker = response.filled("model").or_else(|| self.worker.take());
                if let Some(usage) = self.new_usage("delegated response", whole(response.filled("id")), &response) {
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
        self.cause = self.cause.take().or(code.map(Cow::into_owned));
    }

    /// Adds the description of the session that an event has.
    fn session(&mut self, session: &Object<'_, '_>) -> Result<(), Refusal> {
        let id = session.filled("id");
        if !self.ids.is_same(id.clone()) {
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

    /// Notes that a response begins, if it has not. Speech that has not ended is during it.
    fn begins(&mut self, response: Rc<str>) {
        let began = self.speeches - usize::from(self.is_speaking);
        self.during.entry(response).or_insert(During { began, done: None });
    }

    /// Notes that the agent begins to answer. Ignores a response that is not part of the
    /// conversation, and one that began before.
    fn answers(&mut self, began: Timestamp, response: Option<Rc<str>>) {
        if let Some(response) = &response
            && (self.apart.contains(response) || !self.begun_responses.insert(response.clone()))
        {
            return;
        }
        if let Some(response) = &response {
            self.begins(response.clone());
        }
        if let Some(stopped) = self.stopped.take() {
            self.answers.push(Answer { stopped, began, response, until: None });
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
        if let Some(usage) = self.new_usage("response", whole(id.clone()), response) {
            self.usage(&usage);
        }
        for item in response.objects("output") {
            self.made(at, &item, id.clone());
        }
        let status = response.filled("status");
        if status.as_deref() == Some("failed") && self.is_new("failed response", whole(id.clone())) {
            self.failed_responses += 1;
        }
        if id.as_ref().is_some_and(|id| self.apart.contains(id)) {
            return;
        }
        let details = response.object("status_details");
        self.fail(&details.object("error"));
        let reason = details.filled("reason");
        // Some programs cancel a response themselves when the user speaks.
        let spoken_over = id.as_ref().and_then(|id| self.during.get_mut(id)).is_some_and(|during| {
            let done = *during.done.get_or_insert(self.speeches);
            during.began < done
        });
        let is_interrupted =
            reason.as_deref() == Some("turn_detected") || spoken_over && reason.as_deref() == Some("client_cancelled");
        // The user interrupted the agent. That is ordinary, and is not an outcome of the call.
        if is_interrupted {
            self.cut_off.extend(id);
        } else if let Some(status) = status {
            self.last_response = Some((status, reason));
        }
    }

    /// Returns whether something is not counted yet, and notes that it is. Without an id it is new.
    fn is_new(&mut self, subject: &'static str, id: Option<PartId>) -> bool {
        id.is_none_or(|id| self.counted.insert((subject, id)))
    }

    /// Returns the usage of a response or a transcription if it is there and not counted yet, and
    /// notes that it is. One that is repeated stays unread.
    fn new_usage<'e, 'n>(
        &mut self,
        subject: &'static str,
        id: Option<PartId>,
        object: &Object<'e, 'n>,
    ) -> Option<Object<'e, 'n>> {
        let key = id.map(|id| (subject, id));
        let is_counted = key.as_ref().is_some_and(|key| self.counted.contains(key));
        if is_counted || object.get("usage").is_none() {
            return None;
        }
        self.counted.extend(key);
        Some(object.object("usage"))
    }

    /// Adds the tokens and the seconds of a transcription.
    fn transcription(&mut self, usage: &Object<'_, '_>) {
        self.count("transcription_tokens", usage, "total_tokens");
        if let Some(seconds) = usage.seconds("seconds") {
            let sum = self.transcribed.get_or_insert(0.0);
            *sum += seconds;
            if sum.is_infinite() {
                usage.problem("seconds", ErrorCode::Unreadable, "the sum of seconds is too large");
            }
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
        // Texts of a delegated response may come in the middle of a turn.
        let continued = self.last_line.filter(|at| self.items.get(*at).is_some_and(|item| item.kind == kind));
        let at = continued.unwrap_or(self.items.len());
        if continued.is_none() {
            self.push(kind);
            self.last_line = Some(at);
        }
        let Some(item) = self.items.get_mut(at) else { return };
        item.is_line = true;
        item.growing.entry(0).or_default().push_str(&more);
        item.start.get_or_insert(start);
        item.end = end.or(item.end);
    }
}

/// Returns the part of an item that an event is about.
fn part_of(event: &Object<'_, '_>) -> Option<PartId> {
    let part = event.count("content_index").unwrap_or(0);
    Some((event.filled("item_id")?.into(), Some(part)))
}

/// Returns the response that an id names.
fn whole(id: Option<impl Into<Rc<str>>>) -> Option<PartId> {
    Some((id?.into(), None))
}

/// The ids of one session or call. Its ids can be of several kinds, and it has one of each. The
/// kind is the part before `_`. An id without it is of any kind.
#[derive(Debug, Default)]
struct Ids {
    first: Option<String>,
    known: HashSet<String>,
    kinds: HashSet<String>,
    has_any_kind: bool,
}

impl Ids {
    /// Returns whether an id can be of the same session or call as the known ones, and adds it to
    /// them.
    fn is_same(&mut self, id: Option<String>) -> bool {
        let Some(id) = id.filter(|id| !self.known.contains(id)) else { return true };
        let is_same = match id.split_once('_') {
            Some((kind, _)) => self.kinds.insert(kind.to_owned()) && !self.has_any_kind,
            None => {
                self.has_any_kind = true;
                self.known.is_empty()
            }
        };
        self.first.get_or_insert_with(|| id.clone());
        self.known.insert(id);
        is_same
    }
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

#[cfg(test)]
mod tests {
    use super::Ids;

    fn of(known: &[&str], id: &str) -> bool {
        let mut ids = Ids::default();
        known.iter().for_each(|id| _ = ids.is_same(Some((*id).to_owned())));
        ids.is_same(Some(id.to_owned()))
    }

    #[test]
    fn a_session_has_one_id_of_each_kind() {
        for (known, id, is_same) in [
            (&[][..], "sess_1", true),
            (&["sess_1"], "sess_1", true),
            (&["sess_1"], "sess_2", false),
            (&["sess_1"], "rtc_2", true),
            (&["sess_1", "rtc_2"], "rtc_3", false),
            (&["sess_1"], "plain", false),
            (&["plain"], "sess_1", false),
            (&["plain"], "plain", true),
        ] {
            assert_eq!(of(known, id), is_same, "{known:?} {id}");
        }
        assert!(Ids::default().is_same(None));
    }

    #[test]
    fn many_ids_take_linear_time() {
        let mut ids = Ids::default();
        assert!((0..300_000).all(|number| ids.is_same(Some(format!("kind{number}_1")))));
    }
}
