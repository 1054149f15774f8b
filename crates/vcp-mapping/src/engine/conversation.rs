//! The rows of a conversation: turns, tool calls and metrics (`DECISIONS.md` 5.8). The form of a
//! provider's rows is data, `conversation` in its rule files.

use super::{
    draft::Call,
    transform::{self, thousandths},
    value::{Made, Value},
    walk::RowsFound,
};
use crate::rules::{
    Clock, ClockForm, Condition, Role, Words,
    paths::{below, is_empty},
    plan::{Part, ReadyConversation},
};
use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
};
use vcp_schema::{
    CapabilityInvocation, CapabilityType, RawObject, Timestamp,
    json::{self, members, string},
};

/// The longest gap that is latency, in nanoseconds. A longer one is silence.
const LONGEST_GAP: i128 = 30 * SECOND;
const SECOND: i128 = 1_000_000_000;

/// Calls `found` for each tool call or result of a row: those in its list, or the row itself.
fn each<'p>(part: &Part, is_row: bool, cell: Members<'_, 'p>, mut found: impl FnMut(Members<'_, 'p>)) {
    let elements = part.list.as_ref().and_then(|list| members::list(cell(list)?)).unwrap_or_default();
    for element in &elements {
        if let Ok(walked) = part.tree.walk(element) {
            found(&|name| walked.text(*part.nodes.get(name)?).filter(|json| *json != "null"));
        }
    }
    if is_row && elements.is_empty() {
        found(cell);
    }
}

/// A member of a tool call or result, by its name in the rule file.
type Members<'a, 'p> = &'a dyn Fn(&str) -> Option<&'p str>;

/// A turn, in which one side spoke.
struct Turn<'p> {
    is_agent: bool,
    text: Cow<'p, str>,
    /// The start, in nanoseconds. All turns count from the same moment.
    start: Option<i128>,
    /// The end, in nanoseconds from the same moment.
    end: Option<i128>,
    /// `true` if the other side interrupted this turn. `None` if the provider has no flag for it.
    cut_off: Option<bool>,
}

/// A tool that was called.
struct Called<'p> {
    id: Option<Cow<'p, str>>,
    name: String,
    kind: CapabilityType,
    at: Option<At>,
    result: Option<ToolResult>,
}

/// The result of a tool call.
struct ToolResult {
    success: bool,
    message: Option<String>,
    duration_ms: Option<i64>,
}

/// A time of a row.
#[derive(Clone, Copy)]
enum At {
    /// A time in nanoseconds since 1970.
    Absolute(i128),
    /// A time in nanoseconds since the start of the call.
    InCall(i128),
}

impl At {
    fn nanos(self) -> i128 {
        match self {
            Self::Absolute(nanos) | Self::InCall(nanos) => nanos,
        }
    }
}

/// A conversation that was read.
pub(crate) struct Talk<'p> {
    turns: Vec<Turn<'p>>,
    calls: Vec<Called<'p>>,
    /// `true` if the list can contain tool calls. If so, a list without them means that none were
    /// made.
    knows_tools: bool,
    /// The role words that the rules do not have.
    pub(crate) unknown_roles: Vec<String>,
}

impl ReadyConversation {
    /// Reads rows.
    pub(crate) fn read<'p>(&self, rows: &RowsFound<'p>, knows_tools: bool) -> Talk<'p> {
        /// The largest number of unknown words that are reported. Real payloads have few.
        const MOST: usize = 16;
        let mut talk = Talk { turns: Vec::new(), calls: Vec::new(), knows_tools, unknown_roles: Vec::new() };
        let mut results: HashMap<String, VecDeque<ToolResult>> = HashMap::new();
        for row in self.ordered(rows) {
            let cell = |name: &str| self.cell(row, name);
            let role = cell(&self.rules.role).and_then(string::decode_lossy).and_then(|word| {
                let same = |(known, _): &(&String, &Role)| known.eq_ignore_ascii_case(word.trim());
                let role = self.rules.roles.iter().find(same).map(|(_, role)| *role);
                let unknown = &mut talk.unknown_roles;
                if role.is_none() && unknown.len() < MOST && unknown.iter().all(|known| *known != word) {
                    unknown.push(word.into_owned());
                }
                role
            });
            let at = self.at(&cell);
            if let Some(is_agent) = role.and_then(|role| match role {
                Role::Agent => Some(true),
                Role::User => Some(false),
                Role::ToolCall | Role::ToolResult | Role::Other => None,
            }) {
                talk.turns.extend(self.turn(is_agent, &cell));
            }
            if let Some(part) = &self.calls {
                each(part, role == Some(Role::ToolCall), &cell, |member| talk.calls.extend(self.called(member, at)));
            }
            if let Some(part) = &self.results {
                each(part, role == Some(Role::ToolResult), &cell, |member| {
                    if let Some((id, result)) = self.result(member) {
                        results.entry(id).or_default().push_back(result);
                    }
                });
            }
        }
        for call in &mut talk.calls {
            // A repeated id has its results in the order of its calls.
            call.result = call.id.as_deref().and_then(|id| results.get_mut(id)?.pop_front());
        }
        talk
    }

    /// Returns the rows in their order.
    fn ordered<'r, 'p>(&self, rows: &'r RowsFound<'p>) -> Vec<&'r [Option<&'p str>]> {
        let rows = rows.iter(self.members.0.len());
        if self.rules.order_by.is_empty() {
            return rows.collect();
        }
        let value = |json: &str| match transform::decimal(json) {
            Ok(number) => number?.scaled(9).rounded(0).to_i128(),
            Err(_) => match transform::time(json) {
                Made::Value(Value::Time(time)) => Some(time.unix_nanos()),
                _ => None,
            },
        };
        let mut keyed: Vec<(Vec<Option<i128>>, _)> = Vec::new();
        for row in rows {
            // A row that lacks a part of its key stays behind the row before it.
            let before = keyed.last().map(|(key, _)| key.as_slice()).unwrap_or_default();
            let part = |(at, name): (usize, &String)| {
                let own = self.cell(row, name).and_then(value);
                own.or_else(|| before.get(at).copied().flatten())
            };
            let key = self.rules.order_by.iter().enumerate().map(part).collect();
            keyed.push((key, row));
        }
        keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    /// Returns a member of a row by its dotted name, unless it is null.
    fn cell<'p>(&self, row: &[Option<&'p str>], name: &str) -> Option<&'p str> {
        let top = |name: &str| self.members.0.iter().position(|known| **known == *name);
        // Nearly all names have no dot.
        let (at, rest) = top(name).map(|at| (at, "")).or_else(|| {
            let (name, rest) = name.split_once('.')?;
            Some((top(name)?, rest))
        })?;
        let json = row.get(at).copied().flatten()?;
        if rest.is_empty() { Some(json) } else { below(json, rest) }.filter(|json| *json != "null")
    }

    /// Returns whether a row of a speaker was not spoken.
    fn is_not_spoken(&self, cell: Members<'_, '_>) -> bool {
        self.rules.not_spoken.iter().any(|condition| holds(condition, cell))
    }

    /// Returns the turn of a row, unless it has no text, is a placeholder for silence, or was not
    /// spoken.
    fn turn<'p>(&self, is_agent: bool, cell: Members<'_, 'p>) -> Option<Turn<'p>> {
        let text = cell(&self.rules.text).and_then(string::decode_lossy)?;
        if text.trim().is_empty() || self.rules.silence.iter().any(|silence| silence == text.trim()) {
            return None;
        }
        if self.is_not_spoken(cell) {
            return None;
        }
        let of_words = self.rules.words.as_ref().and_then(|words| span(cell(&words.path)?, words));
        let clock = |clock: &Option<Clock>| {
            let clock = clock.as_ref()?;
            read_clock(clock, cell(&clock.path)?).map(At::nanos)
        };
        let (start, end) = match of_words {
            Some((start, end)) => (Some(start), Some(end)),
            None => (clock(&self.rules.start), clock(&self.rules.end)),
        };
        // An end before the start is not used.
        let end = end.filter(|end| start.is_none_or(|start| start <= *end));
        let cut_off = self.rules.cut_off.as_ref().and_then(|name| flag(cell(name)?));
        Some(Turn { is_agent, text, start, end, cut_off })
    }

    /// Returns the time of a row.
    fn at(&self, cell: Members<'_, '_>) -> Option<At> {
        let clock = self.rules.start.as_ref()?;
        read_clock(clock, cell(&clock.path)?)
    }

    /// Returns the tool call of a row or of an element of its list.
    fn called<'p>(&self, member: Members<'_, 'p>, at: Option<At>) -> Option<Called<'p>> {
        let calls = self.rules.calls.as_ref()?;
        let text = |name: &str| member(name).and_then(string::decode_lossy);
        let name = text(&calls.name).or_else(|| text(calls.row_name.as_deref()?))?.trim().to_owned();
        if name.is_empty() {
            return None;
        }
        let word = calls.kind.as_deref().and_then(text);
        let kind = word.and_then(|word| calls.types.get(word.trim()));
        Some(Called {
            id: calls.id.as_deref().and_then(text),
            name,
            kind: kind.map_or(CapabilityType::ToolCall, |word| CapabilityType::from(word.as_str())),
            at,
            result: None,
        })
    }

    /// Returns the result of a tool call, with the id of the call.
    fn result(&self, member: Members<'_, '_>) -> Option<(String, ToolResult)> {
        let results = self.rules.results.as_ref()?;
        let said = |name: &Option<String>| name.as_deref().and_then(|name| flag(member(name)?));
        let success = said(&results.success).unwrap_or(true) && !said(&results.error).unwrap_or(false);
        let text = |name: &str| member(name).and_then(string::decode_lossy);
        let message = results.message.iter().filter(|_| !success).filter_map(|name| text(name));
        let message = message.map(Cow::into_owned).find(|message| !message.trim().is_empty());
        let took = results.seconds.as_deref().and_then(member).and_then(seconds);
        let result = ToolResult {
            success,
            message,
            duration_ms: took.and_then(|nanos| i64::try_from((nanos + 500_000) / 1_000_000).ok()),
        };
        Some((text(&results.id)?.into_owned(), result))
    }
}

impl Talk<'_> {
    /// Returns whether there are neither turns nor tool calls.
    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.calls.is_empty()
    }

    /// Returns the conversation as text, one line for each turn, or `None` if there are no turns.
    pub(crate) fn transcript(&self) -> Option<String> {
        // A turn is one line, so that no turn can imitate another one.
        let text = |turn: &Turn<'_>| turn.text.trim().replace(['\n', '\r'], " ");
        let line = |turn: &Turn<'_>| format!("{}: {}", if turn.is_agent { "Agent" } else { "User" }, text(turn));
        let lines: Vec<String> = self.turns.iter().map(line).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
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
                .success(call.result.as_ref().is_none_or(|result| result.success))
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
        self.calls.iter().map(capability).collect()
    }

    /// Returns the metrics of the rows by name, as JSON numbers.
    pub(crate) fn metrics(&self) -> Vec<(&'static str, String)> {
        let mut metrics = Vec::new();
        let of = |is_agent: bool| self.turns.iter().filter(move |turn| turn.is_agent == is_agent);
        let (user_turns, agent_turns) = (of(false).count(), of(true).count());
        metrics.push(("total_turns", self.turns.len().to_string()));
        metrics.push(("user_turns", user_turns.to_string()));
        metrics.push(("agent_turns", agent_turns.to_string()));
        if self.knows_tools || !self.calls.is_empty() {
            let errors = self.calls.iter().filter(|call| call.result.as_ref().is_some_and(|result| !result.success));
            metrics.push(("tool_calls", self.calls.len().to_string()));
            metrics.push(("tool_errors", errors.count().to_string()));
        }

        let are_timed =
            !self.turns.is_empty() && self.turns.iter().all(|turn| turn.start.is_some() && turn.end.is_some());
        if are_timed {
            let talk = |is_agent| of(is_agent).filter_map(|turn| Some(turn.end? - turn.start?)).sum::<i128>();
            let words = |is_agent| of(is_agent).map(|turn| turn.text.split_whitespace().count()).sum::<usize>() as i128;
            let (user, agent) = (talk(false), talk(true));
            metrics.push(("user_talk_sec", thousandths(user, SECOND / 1000)));
            metrics.push(("agent_talk_sec", thousandths(agent, SECOND / 1000)));
            if user > 0 {
                metrics.push(("talk_ratio", thousandths(agent * 1000, user)));
                metrics.push(("user_wpm", thousandths(words(false) * 60 * SECOND * 1000, user)));
            }
            if agent > 0 {
                metrics.push(("agent_wpm", thousandths(words(true) * 60 * SECOND * 1000, agent)));
            }
        }
        for (name, by_agent) in [("user_interruptions", false), ("agent_interruptions", true)] {
            if let Some(count) = self.interruptions(by_agent, are_timed) {
                metrics.push((name, count.to_string()));
            }
        }
        if are_timed {
            metrics.extend(latency(self.gaps()));
        }
        metrics
    }

    /// Returns how often one side began to speak while the other was speaking. Uses the provider's
    /// own flags if there are any, else the times.
    fn interruptions(&self, by_agent: bool, are_timed: bool) -> Option<usize> {
        let flags: Vec<bool> =
            self.turns.iter().filter(|turn| turn.is_agent != by_agent).filter_map(|turn| turn.cut_off).collect();
        if !flags.is_empty() {
            return Some(flags.into_iter().filter(|flag| *flag).count());
        }
        if !are_timed {
            return None;
        }
        let mut turns = self.timed();
        turns.sort_by_key(|(start, ..)| *start);
        let mut until = None;
        let mut count = 0;
        for (start, end, is_agent) in turns {
            if is_agent == by_agent {
                count += usize::from(until.is_some_and(|until| start < until));
            } else {
                until = until.max(Some(end));
            }
        }
        Some(count)
    }

    /// Returns start, end and side of the timed turns.
    fn timed(&self) -> Vec<(i128, i128, bool)> {
        self.turns.iter().filter_map(|turn| Some((turn.start?, turn.end?, turn.is_agent))).collect()
    }

    /// Returns the gaps between the end of a user turn and the start of the agent's answer, in
    /// nanoseconds.
    fn gaps(&self) -> Vec<i128> {
        let mut turns = self.timed();
        turns.sort_by_key(|(start, ..)| *start);
        let mut gaps = Vec::new();
        // The end of the unanswered user turn. An agent that speaks before it does not answer.
        let mut until: Option<i128> = None;
        for (start, end, is_agent) in turns {
            if !is_agent {
                until = until.max(Some(end));
            } else if let Some(user_end) = until.take_if(|user_end| *user_end <= start) {
                gaps.push(start - user_end);
            }
        }
        gaps.retain(|gap| *gap <= LONGEST_GAP);
        gaps
    }
}

/// Returns mean, median and 95th percentile of gaps, in milliseconds. Percentiles are by nearest
/// rank.
fn latency(mut gaps: Vec<i128>) -> Vec<(&'static str, String)> {
    gaps.sort_unstable();
    let count = gaps.len();
    let rank = |percent: usize| gaps.get((count * percent).div_ceil(100).saturating_sub(1)).copied();
    let (Some(median), Some(high)) = (rank(50), rank(95)) else { return Vec::new() };
    let sum: i128 = gaps.iter().sum();
    vec![
        ("agent_latency_ms_avg", thousandths(sum, 1000 * count as i128)),
        ("agent_latency_ms_p50", thousandths(median, 1000)),
        ("agent_latency_ms_p95", thousandths(high, 1000)),
    ]
}

/// Reads a time in the form that the rule file names.
fn read_clock(clock: &Clock, json: &str) -> Option<At> {
    if clock.form == ClockForm::SecondsInCall {
        return seconds_by(json, clock.scale.unwrap_or_default()).map(At::InCall);
    }
    match transform::time(json) {
        Made::Value(Value::Time(time)) => Some(At::Absolute(time.unix_nanos())),
        _ => None,
    }
}

/// Returns whether a condition holds for a row.
fn holds(condition: &Condition, cell: Members<'_, '_>) -> bool {
    if !condition.any_of.is_empty() {
        return condition.any_of.iter().any(|condition| holds(condition, cell));
    }
    let json = condition.path.as_deref().and_then(cell);
    match (&condition.contains, condition.present) {
        _ if !condition.is.is_empty() => json
            .and_then(transform::word_of)
            .is_some_and(|word| condition.is.iter().any(|is| is.eq_ignore_ascii_case(word.trim()))),
        (Some(part), _) => json.is_some_and(|json| json.contains(part)),
        (None, Some(present)) => json.is_some() == present,
        (None, None) => json.is_some_and(|json| !is_empty(json)),
    }
}

fn seconds(json: &str) -> Option<i128> {
    seconds_by(json, 0)
}

/// Reads seconds, multiplied by 10^`scale`, and returns them in nanoseconds. A negative number, or
/// more than 1 000 000 000 seconds, is `None`, so that sums stay far from the ends of the type.
fn seconds_by(json: &str, scale: i32) -> Option<i128> {
    const LONGEST: i128 = 1_000_000_000 * SECOND;
    let number = transform::decimal(json).ok()??.scaled(scale.saturating_add(9));
    number.rounded(0).to_i128().filter(|nanos| (0..=LONGEST).contains(nanos))
}

/// Reads a boolean, or a string that holds one.
fn flag(json: &str) -> Option<bool> {
    match transform::word_of(json)?.as_ref() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Returns the span of the words of a list, in nanoseconds since the start of the call.
fn span(list: &str, words: &Words) -> Option<(i128, i128)> {
    let start = members::of_leading_object(list.get(1..)?, &words.start)?;
    // The text from the last `{` is the last word. If that brace is in a string or an inner object,
    // the text is not JSON, and the list is read element by element.
    let last = list.trim_end_matches(|c| c == ']' || json::SPACE.contains(&c));
    let end = members::of_whole_object(last.get(last.rfind('{')?..)?, &words.end)
        .or_else(|| members::of_whole_object(members::elements(list).last()?, &words.end));
    Some((seconds(start)?, seconds(end?)?))
}
