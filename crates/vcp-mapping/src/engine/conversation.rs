//! The reader of conversations: turns, tool calls and metrics (`DECISIONS.md` 5.8). The member
//! `conversation` of a rule file describes the rows of its provider.

use super::{
    clock::{At, SECOND, read_clock, seconds, seconds_by},
    draft::Call,
    transform::{self, thousandths},
    value::{Made, Value},
    walk::RowsFound,
};
use crate::rules::{
    Clock, Role, Words,
    paths::Row,
    plan::{Check, Part, ReadyConversation, ReadyRows},
};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, VecDeque},
};
use vcp_schema::{
    CapabilityInvocation, CapabilityType, RawObject, Timestamp,
    json::{self, members, string},
};

/// The longest gap that is latency, in nanoseconds. A longer one is silence.
const LONGEST_GAP: i128 = 30 * SECOND;
/// The time by which the talk of one side may exceed the length of the call, in nanoseconds.
const TALK_BEYOND: i128 = 2 * SECOND;

/// Calls `found` for each tool call or result of a row: those in its list, or the row itself.
fn each<'p>(part: &Part, is_row: bool, cell: Members<'_, 'p>, mut found: impl FnMut(Members<'_, 'p>)) {
    let mut has_elements = false;
    let mut read = |list: &'p str| {
        for element in members::list(list).unwrap_or_default() {
            has_elements = true;
            if let Ok(walked) = part.tree.walk(element) {
                found(&|name| walked.text(*part.nodes.get(name)?).filter(|json| *json != "null"));
            }
        }
        false
    };
    for (list, inside) in &part.lists {
        match (cell(list), inside) {
            (Some(json), Some(inside)) => drop(inside.any(json, &mut read)),
            (Some(json), None) => drop(read(json)),
            (None, _) => {}
        }
    }
    if is_row && !has_elements {
        found(cell);
    }
}

/// Returns whether a row, a tool call or a result passes one of some checks.
fn passes_one(checks: &[(String, Check)], member: Members<'_, '_>) -> bool {
    checks.iter().any(|(name, check)| transform::passes(check, member(name)))
}

/// A member of a tool call or result, by its name in the rule file.
type Members<'a, 'p> = &'a dyn Fn(&str) -> Option<&'p str>;

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

impl ReadyConversation {
    /// Reads the rows of a list.
    pub(crate) fn read<'p>(&self, rows: &RowsFound<'p>) -> Rows<'p> {
        /// The largest number of unknown words that are reported. Real payloads have few.
        const MOST: usize = 16;
        let mut read = Rows::default();
        for row in self.ordered(rows) {
            let cell = |name: &str| self.cell(row, name);
            let word = self.rules.role.iter().find_map(|name| cell(name).and_then(transform::scalar));
            let role = self.rules.all_rows.or_else(|| {
                let word = word.as_ref()?;
                let same = |(known, _): &(&String, &Role)| known.eq_ignore_ascii_case(word.trim());
                let role = self.rules.roles.iter().find(same).map(|(_, role)| *role);
                let unknown = &mut read.unknown_roles;
                if role.is_none() && unknown.len() < MOST && unknown.iter().all(|known| known != word) {
                    unknown.push(word.clone().into_owned());
                }
                role
            });
            read.lacks_role |= role.is_none() && word.is_none() && self.text(&cell).is_some();
            for (name, words) in &self.rules.words_of {
                let Some(word) = cell(name).and_then(|json| transform::unlisted(json, words)) else { continue };
                let (unknown, word) = (&mut read.unknown_words, (name.clone(), word.into_owned()));
                if unknown.len() < MOST && !unknown.contains(&word) {
                    unknown.push(word);
                }
            }
            // Only tool rows need it.
            let at = || self.at(&cell);
            if let Some(is_agent) = role.and_then(|role| match role {
                Role::Agent => Some(true),
                Role::User | Role::Person => Some(false),
                Role::ToolCall | Role::ToolResult | Role::Other => None,
            }) {
                let person = if role == Some(Role::Person) { word.map(Cow::into_owned) } else { None };
                match self.turn(is_agent, &cell) {
                    Some(turn) => read.turns.push(Turn { person, ..turn }),
                    None => read.flags.extend(self.cut_off(&cell).map(|flag| (is_agent, flag))),
                }
                let latency = self.rules.latency.iter().find_map(|name| seconds(cell(name)?));
                read.latencies.extend(latency);
            }
            if let Some(part) = &self.calls {
                each(part, role == Some(Role::ToolCall), &cell, |member| match self.called(member, at()) {
                    Some(call) => read.calls.push(call),
                    None => read.lacks_name = true,
                });
            }
            if let Some(part) = &self.results {
                each(part, role == Some(Role::ToolResult), &cell, |member| {
                    read.results.extend(self.result(member, at()));
                });
            }
        }
        read
    }

    /// Returns the provider's flag for an interrupted row.
    fn cut_off(&self, cell: Members<'_, '_>) -> Option<bool> {
        flag(cell(self.rules.cut_off.as_ref()?)?)
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
        Row::Kept(row, &self.members).get(name).filter(|json| *json != "null")
    }

    /// Returns whether a row of a speaker was not spoken.
    fn is_not_spoken(&self, cell: Members<'_, '_>) -> bool {
        passes_one(&self.not_spoken, cell)
    }

    /// Returns the turn of a row, unless it has no text, is a placeholder for silence, or was not
    /// spoken.
    fn turn<'p>(&self, is_agent: bool, cell: Members<'_, 'p>) -> Option<Turn<'p>> {
        let text = self.text(cell)?;
        if self.rules.silence.iter().any(|silence| silence == text.trim()) || self.is_not_spoken(cell) {
            return None;
        }
        let of_words = self.rules.words.as_ref().and_then(|words| span(cell(&words.path)?, words));
        let clock = |clock: &Option<Clock>| {
            let clock = clock.as_ref()?;
            read_clock(clock, cell(&clock.path)?).map(At::nanos)
        };
        let (start, end) = match of_words {
            // Nobody heard words that span no time.
            Some((start, end)) if start == end => return None,
            Some((start, end)) => (Some(start), Some(end)),
            None => (clock(&self.rules.start), clock(&self.rules.end)),
        };
        // An end before the start is not used.
        let end = end.filter(|end| start.is_none_or(|start| start <= *end));
        let speech = self.speech(cell, start.zip(end));
        Some(Turn { is_agent, person: None, text, start, end, speech, cut_off: self.cut_off(cell) })
    }

    /// Returns the text of a row, or its parts.
    fn text<'p>(&self, cell: Members<'_, 'p>) -> Option<Cow<'p, str>> {
        let text = cell(&self.rules.text).and_then(string::decode_lossy).filter(|text| !text.trim().is_empty());
        text.or_else(|| self.joined_text(cell).map(Cow::Owned))
    }

    /// Returns the parts of the text of a row, joined by a space.
    fn joined_text(&self, cell: Members<'_, '_>) -> Option<String> {
        self.text_parts.iter().find_map(|(list, ways)| {
            let mut parts = Vec::new();
            for (element, way) in
                members::elements(cell(list)?).flat_map(|part| ways.iter().map(move |way| (part, way)))
            {
                way.any_within(Row::Text(element), &mut |part| {
                    let text = string::decode_lossy(part).map(|text| text.trim().to_owned());
                    parts.extend(text.filter(|text| !text.is_empty()));
                    false
                });
            }
            (!parts.is_empty()).then(|| parts.join(" "))
        })
    }

    /// Returns the length of the speech of a row, if it fits the length of the row.
    fn speech(&self, cell: Members<'_, '_>, row: Option<(i128, i128)>) -> Option<i128> {
        let (start, end) = row?;
        let speech = seconds_by(cell(self.rules.speech_ms.as_ref()?)?, -3)?;
        (speech <= end - start && speech * 100 >= end - start).then_some(speech)
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
            is_cut_short: passes_one(&self.cut_short, member),
            result: self.own_result(member, at),
        })
    }

    /// Returns the result that stands beside its call, if a member of it is there.
    fn own_result<'p>(&self, member: Members<'_, 'p>, at: Option<At>) -> Option<ToolResult<'p>> {
        let results = self.rules.results.as_ref().filter(|results| results.same_row)?;
        let names = results.success.iter().chain(&results.error).chain(&results.message);
        let has_one = names.into_iter().any(|name| member(name).is_some())
            || self.failed.iter().any(|(name, _)| member(name).is_some());
        if has_one { self.result(member, at) } else { None }
    }

    /// Returns the result of a tool call.
    fn result<'p>(&self, member: Members<'_, 'p>, at: Option<At>) -> Option<ToolResult<'p>> {
        let results = self.rules.results.as_ref()?;
        if passes_one(&self.missing, member) {
            return None;
        }
        let said = |name: &String| flag(member(name)?);
        let success = results.success.as_ref().and_then(said).unwrap_or(true)
            && !self
                .failed
                .iter()
                .any(|(name, check)| transform::passes(check, member(name).filter(|json| !is_false(json))))
            && results.error.iter().all(|name| said(name) != Some(true));
        let text = |name: &str| member(name).and_then(string::decode_lossy);
        let message = results.message.iter().filter(|_| !success).filter_map(|name| text(name));
        let message = message.map(Cow::into_owned).find(|message| !message.trim().is_empty());
        let took = results.seconds.as_deref().and_then(member).and_then(seconds);
        Some(ToolResult {
            id: text(&results.id),
            name: results.name.as_deref().and_then(text).map(|name| name.trim().to_owned()),
            at,
            success,
            message,
            duration_ms: took.and_then(|nanos| i64::try_from((nanos + 500_000) / 1_000_000).ok()),
        })
    }
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
        let later = match times {
            Times::OfTheCall => None,
            Times::Later(offset) => Some(Some(offset)),
            Times::Unknown => Some(None),
        };
        if let Some(offset) = later {
            let move_by = |time: &mut Option<i128>| *time = time.zip(offset).map(|(time, offset)| time + offset);
            for turn in &mut rows.turns {
                move_by(&mut turn.start);
                move_by(&mut turn.end);
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

    /// Gives each tool call its result. A result without its call makes a call of its own. Returns
    /// whether there was one.
    pub(crate) fn join(&mut self) -> bool {
        let mut results: HashMap<Cow<'p, str>, VecDeque<usize>> = HashMap::new();
        for (at, result) in self.rows.results.iter().enumerate() {
            results.entry(result.id.clone().unwrap_or_default()).or_default().push_back(at);
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
        // A turn is one line, so that no turn can imitate another one.
        let text = |turn: &Turn<'_>| turn.text.trim().replace(['\n', '\r'], " ");
        let line = |turn: &Turn<'_>| {
            let speaker = match &turn.person {
                Some(word) => in_capital(word),
                None => (if turn.is_agent { "Agent" } else { "User" }).to_owned(),
            };
            format!("{speaker}: {}", text(turn))
        };
        let lines: Vec<String> = self.rows.turns.iter().map(line).collect();
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

    /// Returns the metrics of the rows by name, as JSON numbers, and the problems with them. The
    /// call has a length of `duration` seconds, if it is known.
    pub(crate) fn metrics(
        &self,
        duration: Option<i64>,
        end: Option<Timestamp>,
    ) -> (Vec<(&'static str, String)>, Vec<&'static str>) {
        let mut problems = Vec::new();
        let mut metrics = Vec::new();
        let of = |is_agent: bool| self.turns().filter(move |turn| turn.is_agent == is_agent);
        let (user_turns, agent_turns) = (of(false).count(), of(true).count());
        if self.knows_turns {
            metrics.push(("total_turns", (user_turns + agent_turns).to_string()));
            metrics.push(("user_turns", user_turns.to_string()));
            metrics.push(("agent_turns", agent_turns.to_string()));
        }
        let knows_tools = self.knows_tools || (self.rows.is_empty() && self.may_know_tools);
        if knows_tools || !self.rows.calls.is_empty() {
            let errors =
                self.rows.calls.iter().filter(|call| call.result.as_ref().is_some_and(|result| !result.success));
            metrics.push(("tool_calls", self.rows.calls.len().to_string()));
            metrics.push(("tool_errors", errors.count().to_string()));
        }

        let are_timed =
            user_turns + agent_turns > 0 && self.turns().all(|turn| turn.start.is_some() && turn.end.is_some());
        if are_timed {
            let talk = |is_agent| of(is_agent).filter_map(Turn::length).sum::<i128>();
            let words = |is_agent| of(is_agent).map(|turn| count_words(&turn.text)).sum::<usize>() as i128;
            let longest = duration.map(|seconds| i128::from(seconds) * SECOND + TALK_BEYOND);
            let fits = |talk: i128| longest.is_none_or(|longest| talk <= longest);
            let (user, agent) = (talk(false), talk(true));
            for (talk_sec, wpm, talk, is_agent) in
                [("user_talk_sec", "user_wpm", user, false), ("agent_talk_sec", "agent_wpm", agent, true)]
            {
                if !fits(talk) {
                    problems.push(if is_agent {
                        "the agent talks for longer than the call"
                    } else {
                        "the user talks for longer than the call"
                    });
                    continue;
                }
                metrics.push((talk_sec, thousandths(talk, SECOND / 1000)));
                if talk > 0 {
                    metrics.push((wpm, thousandths(words(is_agent) * 60 * SECOND * 1000, talk)));
                }
            }
            if user > 0 && problems.is_empty() {
                metrics.push(("talk_ratio", thousandths(agent * 1000, user)));
            }
        }
        if problems.is_empty() && self.has_turn_after(duration, end) {
            problems.push("a turn starts after the end of the call");
        }
        for (name, by_agent) in [("user_interruptions", false), ("agent_interruptions", true)] {
            if let Some(count) = self.interruptions(by_agent, are_timed) {
                metrics.push((name, count.to_string()));
            }
        }
        match self.rows.latencies.as_slice() {
            [] if are_timed => metrics.extend(latency(self.gaps())),
            [] => {}
            own => metrics.extend(latency(own.to_vec())),
        }
        (metrics, problems)
    }

    /// Returns whether a turn starts more than two seconds after the end of the call.
    fn has_turn_after(&self, duration: Option<i64>, end: Option<Timestamp>) -> bool {
        /// The longest time in a call, in nanoseconds. A later one is an absolute time.
        const IN_CALL: i128 = 1_000_000_000 * SECOND;
        let Some(last) = self.turns().filter_map(|turn| turn.start).max() else { return false };
        let end = if last > IN_CALL {
            end.map(|end| end.unix_nanos())
        } else {
            duration.map(|seconds| i128::from(seconds) * SECOND)
        };
        end.is_some_and(|end| last > end + TALK_BEYOND)
    }

    /// Returns the turns, without the lines of other persons.
    fn turns(&self) -> impl Iterator<Item = &Turn<'p>> {
        self.rows.turns.iter().filter(|turn| turn.person.is_none())
    }

    /// Returns how often one side began to speak while the other was speaking. Uses the provider's
    /// own flags if there are any, else the times.
    fn interruptions(&self, by_agent: bool, are_timed: bool) -> Option<usize> {
        let of_turns = self.turns().filter_map(|turn| Some((turn.is_agent, turn.cut_off?)));
        let flags: Vec<bool> = of_turns
            .chain(self.rows.flags.iter().copied())
            .filter(|(is_agent, _)| *is_agent != by_agent)
            .map(|(_, flag)| flag)
            .collect();
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
        self.turns().filter_map(|turn| Some((turn.start?, turn.end?, turn.is_agent))).collect()
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

/// Returns the number of words, which white space separates.
fn count_words(text: &str) -> usize {
    if !text.is_ascii() {
        return text.split_whitespace().count();
    }
    // The vertical tab is white space here, unlike in `u8::is_ascii_whitespace`.
    let is_space = |byte: u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let mut was_space = true;
    text.bytes().fold(0, |words, byte| {
        let begins = was_space && !is_space(byte);
        was_space = is_space(byte);
        words + usize::from(begins)
    })
}

/// Returns a word with a capital at its start.
fn in_capital(word: &str) -> String {
    let mut chars = word.trim().chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Returns whether a value says that something is not so.
fn is_false(json: &str) -> bool {
    matches!(json, "false" | "0" | "\"false\"")
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
