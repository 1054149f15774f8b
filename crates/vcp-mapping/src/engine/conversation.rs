//! The reader of conversations: turns, tool calls and metrics (`DECISIONS.md` 5.8). The member
//! `conversation` of a rule file describes the rows of its provider.

mod metrics;
mod read;
mod words;

use super::{clock::At, draft::Call};
use crate::rules::plan::ReadyRows;
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, VecDeque},
};
use vcp_schema::{CapabilityInvocation, CapabilityType, RawObject, Timestamp};

/// A turn, in which one side spoke, or a line of another person.
struct Turn<'p> {
    is_agent: bool,
    /// The word for another person, whose lines are no turns.
    person: Option<String>,
    text: Cow<'p, str>,
    /// The start, in nanoseconds. All turns count from the same moment.
    start: Option<i128>,
    /// The end, in nanoseconds from the same moment.
    end: Option<i128>,
    /// The length of the speech in nanoseconds, if the provider gives it.
    speech: Option<i128>,
    /// `true` if the other side interrupted this turn. `None` if the provider has no flag for it.
    cut_off: Option<bool>,
}

impl Turn<'_> {
    /// Returns the length of the speech in nanoseconds.
    fn length(&self) -> Option<i128> {
        self.speech.or_else(|| Some(self.end? - self.start?))
    }
}

/// The least number of members that a tool call adds to a message: an element with four members.
pub(crate) const MEMBERS_OF_CALL: usize = 5;

/// A tool that was called.
struct Called<'p> {
    id: Option<Cow<'p, str>>,
    name: String,
    kind: CapabilityType,
    at: Option<At>,
    /// `true` if the call was cut short.
    is_cut_short: bool,
    result: Option<ToolResult<'p>>,
}

/// The result of a tool call.
struct ToolResult<'p> {
    /// The id of the call.
    id: Option<Cow<'p, str>>,
    /// The name of the tool, for a result without its call.
    name: Option<String>,
    at: Option<At>,
    success: bool,
    message: Option<String>,
    duration_ms: Option<i64>,
}

/// The rows of one list.
#[derive(Default)]
pub(crate) struct Rows<'p> {
    turns: Vec<Turn<'p>>,
    /// The flags of rows that are no turns: the side, and whether the row was interrupted.
    flags: Vec<(bool, bool)>,
    /// The provider's own latencies, in nanoseconds.
    latencies: Vec<i128>,
    calls: Vec<Called<'p>>,
    results: Vec<ToolResult<'p>>,
    /// The role words that the rules do not have.
    pub(crate) unknown_roles: Vec<String>,
    /// The words of tested members that the rules do not have, with the names of the members.
    pub(crate) unknown_words: Vec<(String, String)>,
    /// `true` if a row has a text and no role.
    pub(crate) lacks_role: bool,
    /// `true` if a tool call has no name.
    pub(crate) lacks_name: bool,
    /// `true` if there are more tool calls or results than a message can hold. The others are not
    /// read.
    pub(crate) too_many: bool,
}

/// The moment from which the times of a list count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// The start of the call, or 1970.
    OfTheCall,
    /// A later moment, in nanoseconds from the start of the call. The list continues another one.
    Later(i128),
    /// An unknown later moment. The list continues another one.
    Unknown,
}

/// A conversation that was read from one list or several.
#[derive(Default)]
pub(crate) struct Talk<'p> {
    rows: Rows<'p>,
    /// `true` if a list can contain turns. If so, a list without them means that nobody spoke.
    knows_turns: bool,
    /// `true` if a list can contain tool calls. If so, a list without them means that none were
    /// made.
    knows_tools: bool,
    /// The same for lists that gave nothing.
    may_know_tools: bool,
}

impl Rows<'_> {
    /// Returns whether there are neither turns, tool calls nor results.
    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.calls.is_empty() && self.results.is_empty()
    }
}

impl<'p> Talk<'p> {
    /// Returns whether rows give the first turns, or the first tool calls.
    pub(crate) fn gains_from(&self, rows: &Rows<'p>) -> bool {
        (self.rows.is_empty() && !rows.is_empty()) || (!self.has_turns() && !rows.turns.is_empty())
    }

    /// Returns whether a turn was read.
    pub(crate) fn has_turns(&self) -> bool {
        !self.rows.turns.is_empty()
    }

    /// Adds the rows of a further list. Its turns are used if there are none yet, or if it
    /// continues the lists before. A tool call or a result whose id an earlier list had is the same
    /// one.
    pub(crate) fn add(&mut self, mut rows: Rows<'p>, list: &ReadyRows, times: Times) {
        self.knows_turns |= !list.speechless || !rows.turns.is_empty();
        if times != Times::OfTheCall {
            let later = |time: Option<i128>| match times {
                Times::Later(offset) => Some(time? + offset),
                Times::OfTheCall | Times::Unknown => None,
            };
            for turn in &mut rows.turns {
                (turn.start, turn.end) = (later(turn.start), later(turn.end));
            }
        }
        let knows_tools = list.tools;
        // A list that gives nothing says nothing of the tools in another list.
        if rows.is_empty() {
            self.may_know_tools |= knows_tools;
        } else {
            self.knows_tools |= knows_tools;
        }
        let known = &mut self.rows;
        if known.turns.is_empty() {
            (known.turns, known.flags, known.latencies) = (rows.turns, rows.flags, rows.latencies);
        } else if times != Times::OfTheCall {
            known.turns.extend(rows.turns);
            known.flags.extend(rows.flags);
        }
        if known.calls.is_empty() && known.results.is_empty() {
            (known.calls, known.results) = (rows.calls, rows.results);
            return;
        }
        let ids = |ids: &mut dyn Iterator<Item = Option<&Cow<'p, str>>>| ids.flatten().cloned().collect::<HashSet<_>>();
        let called = ids(&mut known.calls.iter().map(|call| call.id.as_ref()));
        let answered = ids(&mut known.results.iter().map(|result| result.id.as_ref()));
        // Without an id it cannot be told whether a call is a new one.
        rows.calls.retain(|call| call.id.as_ref().is_some_and(|id| !called.contains(id)));
        rows.results.retain(|result| result.id.as_ref().is_some_and(|id| !answered.contains(id)));
        known.calls.append(&mut rows.calls);
        known.results.append(&mut rows.results);
    }

    /// Returns the number of tool calls.
    pub(crate) fn calls(&self) -> usize {
        self.rows.calls.len()
    }

    /// Gives each tool call its result. A result without its call makes a call of its own. Returns
    /// whether there was one.
    pub(crate) fn join(&mut self) -> bool {
        let mut results: HashMap<Cow<'p, str>, VecDeque<usize>> = HashMap::new();
        for (at, result) in self.rows.results.iter().enumerate() {
            if let Some(id) = &result.id {
                results.entry(id.clone()).or_default().push_back(at);
            }
        }
        let mut waiting: Vec<Option<ToolResult<'p>>> = self.rows.results.drain(..).map(Some).collect();
        for call in self.rows.calls.iter_mut().filter(|call| call.result.is_none()) {
            // A repeated id has its results in the order of its calls.
            let at = call.id.as_ref().and_then(|id| results.get_mut(id)?.pop_front());
            call.result = at.and_then(|at| waiting.get_mut(at)?.take());
        }
        let called: HashSet<&Cow<'p, str>> = self.rows.calls.iter().filter_map(|call| call.id.as_ref()).collect();
        // A second result of a call that has one is a repetition.
        let orphans: Vec<ToolResult<'p>> = waiting
            .into_iter()
            .flatten()
            .filter(|result| result.id.as_ref().is_none_or(|id| !called.contains(id)))
            .collect();
        let has_orphans = !orphans.is_empty();
        self.rows.calls.extend(orphans.into_iter().map(|result| Called {
            id: result.id.clone(),
            name: result.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned()),
            kind: CapabilityType::ToolCall,
            at: result.at,
            is_cut_short: false,
            result: Some(result),
        }));
        has_orphans
    }

    /// Returns the conversation as text, one line for each turn, or `None` if there are no turns.
    pub(crate) fn transcript(&self) -> Option<String> {
        let mut lines = String::new();
        for (at, turn) in self.rows.turns.iter().enumerate() {
            lines.push_str(if at == 0 { "" } else { "\n" });
            match &turn.person {
                Some(word) => lines.push_str(&in_capital(word)),
                None => lines.push_str(if turn.is_agent { "Agent" } else { "User" }),
            }
            lines.push_str(": ");
            // A turn is one line, so that no turn can imitate another one.
            push_line(&mut lines, turn.text.trim());
        }
        (!self.rows.turns.is_empty()).then_some(lines)
    }

    /// Returns the tools that were called. A time within the call counts only if the start was
    /// read.
    pub(crate) fn capabilities(&self, start: Timestamp, is_start_read: bool) -> Vec<Call> {
        let capability = |call: &Called<'_>| {
            let nanos = call.at.and_then(|at| match at {
                At::Absolute(nanos) => Some(nanos),
                At::InCall(nanos) => is_start_read.then(|| start.unix_nanos() + nanos),
            });
            let at = nanos.and_then(Timestamp::from_unix_nanos);
            let mut metadata = Vec::new();
            if let Some(id) = &call.id {
                metadata.push(("call_id".to_owned(), id.as_ref().into()));
            }
            if call.result.is_none() {
                metadata.push(("result".to_owned(), "missing".into()));
            }
            let invocation = CapabilityInvocation::builder()
                .capability_id(call.name.as_str())
                .capability_type(call.kind.clone())
                .invoked_at(at.unwrap_or(start))
                .success(!call.is_cut_short && call.result.as_ref().is_none_or(|result| result.success))
                .maybe_duration_ms(call.result.as_ref().and_then(|result| result.duration_ms))
                .maybe_error_message(call.result.as_ref().and_then(|result| result.message.clone()))
                .metadata(RawObject::from(metadata.into_iter().collect::<serde_json::Map<_, _>>()))
                .build();
            Call {
                id: call.id.as_ref().map(ToString::to_string),
                capability: invocation,
                is_timed: at.is_some(),
                has_result: call.result.is_some(),
            }
        };
        self.rows.calls.iter().map(capability).collect()
    }

    /// Returns the turns, without the lines of other persons.
    fn turns(&self) -> impl Iterator<Item = &Turn<'p>> {
        self.rows.turns.iter().filter(|turn| turn.person.is_none())
    }
}

/// Appends a text, with a space for each character at which programs begin a new line. These are
/// the line breaks of Unicode and of Python's `splitlines`.
fn push_line(lines: &mut String, text: &str) {
    // Most texts have no byte with which one begins.
    if !text.bytes().fold(false, |any, byte| any | (byte < b' ') | matches!(byte, 0xc2 | 0xe2)) {
        return lines.push_str(text);
    }
    let is_break = |c| matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    for (at, part) in text.split(is_break).enumerate() {
        lines.push_str(if at == 0 { "" } else { " " });
        lines.push_str(part);
    }
}

/// Returns a word with a capital at its start.
fn in_capital(word: &str) -> String {
    let mut chars = word.trim().chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
