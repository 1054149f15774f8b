//! The digest of a session: its facts, and the rows of its conversation in their order.

use super::{Answer, Item, Kind, Session};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use vcp_schema::Timestamp;

/// The longest gap that is latency, in milliseconds. A longer one is silence.
const LONGEST_GAP_MS: i128 = 30_000;

impl Session {
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

    /// Returns the items in the order of the conversation. An item waits if it was committed before
    /// the item in front of it, or if that item waits. It follows that item directly.
    fn in_order(&self) -> Vec<usize> {
        let mut behind: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut waits = HashSet::new();
        for (at, item) in self.items.iter().enumerate() {
            let previous = item.previous.as_ref().and_then(|previous| self.places.get(previous)).copied();
            if let Some(previous) = previous.filter(|previous| *previous > at || waits.contains(previous)) {
                behind.entry(previous).or_default().push(at);
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
        // Items that wait for each other follow nothing.
        let mut lost: Vec<usize> = behind.into_values().flatten().collect();
        lost.sort_unstable();
        order.extend(lost);
        order
    }

    /// Returns the digest of the session.
    pub(in crate::providers::openai_realtime) fn digest(self) -> Map<String, Value> {
        let mut digest = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                digest.insert(name.to_owned(), value);
            }
        };
        let text = |text: Option<String>| text.map(Value::from);
        let (rows, latency_ms) = (self.rows(), self.latency_ms());
        let has_speech = rows.iter().any(|row| row.get("text").is_some());
        put("id", text(self.id.or(self.ids.first)));
        put("model", text(self.model));
        put("transcription_model", text(self.transcription_model));
        // Nobody talks while a telephone rings, so a call that nobody took has no length.
        let direction = self.call.get("direction").and_then(Value::as_str);
        let has_begun = match direction {
            Some("inbound") => true,
            Some("outbound") => false,
            _ => has_speech || self.cause.as_deref() != Some("transport.failed"),
        };
        let started = self.answered.or(self.begun.filter(|_| has_begun));
        let is_answered = (direction == Some("outbound")).then_some(started.is_some() || has_speech);
        put("started_at", started.map(|at| at.to_string().into()));
        put("opened_at", self.begun.filter(|_| started.is_none()).map(|at| at.to_string().into()));
        put("answered", is_answered.map(Value::from));
        put("ended_at", self.ended.map(|at| at.to_string().into()));
        put("close_reason", text(self.close_reason));
        put("cause", text(self.cause));
        put("ending", self.ending.map(Value::from));
        let mut call = self.call;
        call.extend(self.call_ids.first.map(|id| ("call_id".to_owned(), id.into())));
        put("call", (!call.is_empty()).then_some(Value::Object(call)));
        put("minutes", self.billed.map(|seconds| (seconds / 60.0).into()));
        put("transcription_minutes", self.transcribed.filter(|sum| sum.is_finite()).map(|sum| (sum / 60.0).into()));
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
        for (name, count) in [
            ("failed_responses", self.failed_responses),
            ("failed_transcriptions", self.failed_transcriptions),
            ("failed_delegated", self.failed_delegated),
        ] {
            put(name, (count > 0).then(|| count.into()));
        }
        put("rows", Some(Value::Array(rows)));
        digest
    }

    /// Returns the indices of the agent's items at which the user interrupted: those that were
    /// truncated. Of a response that was interrupted and has none, it is the last item that was
    /// heard or has a text.
    fn cut_off(&self) -> HashSet<usize> {
        let agent = || self.items.iter().enumerate().filter(|(_, item)| item.kind == Kind::Agent);
        let is_played = |response: &str| self.played.get(response).is_some_and(|(began, _)| began.is_some());
        let mut of_responses: HashMap<&str, usize> = HashMap::new();
        for (at, item) in agent() {
            let response = item.response.as_deref().filter(|response| self.cut_off.contains(*response));
            if let Some(response) = response
                && (item.is_spoken() || item.heard_at.is_some() || is_played(response))
            {
                of_responses.insert(response, at);
            }
        }
        let truncated: Vec<(usize, &Item)> = agent().filter(|(_, item)| item.cut_off).collect();
        for response in truncated.iter().filter_map(|(_, item)| item.response.as_deref()) {
            of_responses.remove(response);
        }
        truncated.into_iter().map(|(at, _)| at).chain(of_responses.into_values()).collect()
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
        let cut_off = self.cut_off();
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
                // An interruption counts also if nobody wrote what the agent had said.
                Kind::Agent if cut_off.contains(&at) && !item.is_spoken() => {
                    let mut row = pick(&[], "assistant");
                    row.insert("cut_off".to_owned(), true.into());
                    rows.push(Value::Object(row));
                }
                Kind::User | Kind::Agent if !item.is_spoken() => {}
                // A program wrote what the agent had said before the session.
                Kind::Agent if item.is_history() => {}
                Kind::User | Kind::Agent => {
                    let text = item.text();
                    let mut row = pick(&[], if item.kind == Kind::Agent { "assistant" } else { "user" });
                    row.insert("text".to_owned(), text.into());
                    if item.kind == Kind::Agent && !item.is_line {
                        row.insert("cut_off".to_owned(), cut_off.contains(&at).into());
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
