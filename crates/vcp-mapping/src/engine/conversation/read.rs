//! The reading of rows: turns, tool calls and results.

use super::{Called, MEMBERS_OF_CALL, Rows, ToolResult, Turn};
use crate::{
    engine::{
        clock::{At, read_clock, seconds, seconds_by},
        transform::{self, passes_one},
        value::{Made, Value},
        walk::RowsFound,
    },
    rules::{
        Clock, Role, Side, Words,
        columns::Column,
        paths::{InList, Row},
        plan::{Part, ReadyConversation},
    },
};
use std::borrow::Cow;
use vcp_schema::{
    CapabilityType,
    json::{self, members, string},
};

/// Calls `found` for each tool call or result of a row: those in its list, or the row itself.
fn each<'p>(
    part: &Part,
    is_row: bool,
    cell: Members<'_, 'p>,
    lacks: Lacks<'_>,
    mut found: impl FnMut(Members<'_, 'p>),
) {
    let mut has_elements = false;
    let mut read = |list: &'p str| {
        for element in members::elements(list) {
            has_elements = true;
            if let Ok(walked) = part.tree.walk(element) {
                found(&|name| walked.text(*part.nodes.get(name)?).filter(|json| *json != "null"));
            }
        }
        false
    };
    for (list, inside) in &part.lists {
        // Most rows have empty lists.
        match (cell(list).filter(|list| *list != "[]"), inside) {
            (Some(json), Some(inside)) if !lacks(inside) => drop(inside.any(json, &mut read)),
            (Some(json), None) => drop(read(json)),
            (Some(_), Some(_)) | (None, _) => {}
        }
    }
    if is_row && !has_elements {
        found(cell);
    }
}

/// A member of a tool call or result, by its name in the rule file.
type Members<'a, 'p> = &'a dyn Fn(&str) -> Option<&'p str>;

/// A test of ways into lists: whether a name of the way is nowhere in the payload.
type Lacks<'a> = &'a dyn Fn(&InList) -> bool;

/// The cells of a row.
type RowOf<'r, 'p> = &'r [Option<&'p str>];

impl ReadyConversation {
    /// Reads the rows of a list. `lacks` says whether a way into lists leads nowhere. `members` is
    /// the number of members that a message may have.
    pub(crate) fn read<'p>(&self, rows: &RowsFound<'p>, lacks: Lacks<'_>, members: usize) -> Rows<'p> {
        /// The largest number of unknown words that are reported. Real payloads have few.
        const MOST: usize = 16;
        let mut read = Rows::default();
        let columns = &self.columns;
        for row in self.ordered(rows) {
            let cell = |name: &str| self.cell(row, name);
            let is_filled = |word: &Cow<'p, str>| !word.trim().is_empty();
            let mut words = columns.role.iter().filter_map(|column| column.get(row).and_then(transform::scalar));
            let word = words.find(is_filled);
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
            read.lacks_role |= role.is_none() && word.is_none() && self.text(row).is_some();
            for ((name, words), column) in self.rules.words_of.iter().zip(&columns.words_of) {
                let Some(word) = column.get(row).and_then(|json| transform::unlisted(json, words)) else { continue };
                let (unknown, word) = (&mut read.unknown_words, (name.clone(), word.into_owned()));
                if unknown.len() < MOST && !unknown.contains(&word) {
                    unknown.push(word);
                }
            }
            // Only tool rows need it.
            let at = || self.at(row);
            if let Some(is_agent) = role.and_then(|role| match role {
                Role::Agent => Some(true),
                Role::User | Role::Person => Some(false),
                Role::ToolCall | Role::ToolResult | Role::Other => None,
            }) {
                let person = || word.map_or_else(|| "person".to_owned(), Cow::into_owned);
                let person = (role == Some(Role::Person)).then(person);
                match self.turn(is_agent, row) {
                    Some(turn) => read.turns.push(Turn { person, ..turn }),
                    None => {
                        let flag = self.cut_off(is_agent, row).filter(|_| role != Some(Role::Person));
                        read.flags.extend(flag.map(|flag| (is_agent, flag)));
                    }
                }
                let latency = columns.latency.iter().find_map(|column| seconds(column.get(row)?));
                read.latencies.extend(latency);
            }
            if let Some(part) = &self.calls {
                each(part, role == Some(Role::ToolCall), &cell, lacks, |member| match self.called(member, at()) {
                    Some(_) if read.calls.len() > members / MEMBERS_OF_CALL => read.too_many = true,
                    Some(call) => read.calls.push(call),
                    None => read.lacks_name = true,
                });
            }
            if let Some(part) = &self.results {
                each(part, role == Some(Role::ToolResult), &cell, lacks, |member| match self.result(member, at()) {
                    Some(_) if read.results.len() > members => read.too_many = true,
                    result => read.results.extend(result),
                });
            }
        }
        read
    }

    /// Returns the provider's flag for an interrupted row.
    fn cut_off(&self, is_agent: bool, row: RowOf<'_, '_>) -> Option<bool> {
        let side = if is_agent { Side::Agent } else { Side::User };
        let is_known = self.rules.cut_off_of.is_none_or(|of| of == side);
        flag(self.columns.cut_off.as_ref()?.get(row)?).filter(|cut_off| *cut_off || is_known)
    }

    /// Returns the rows in their order.
    fn ordered<'r, 'p>(&self, rows: &'r RowsFound<'p>) -> Vec<RowOf<'r, 'p>> {
        let rows: Vec<RowOf<'r, 'p>> = rows.iter(self.members.0.len()).collect();
        let columns = &self.columns.order_by;
        if columns.is_empty() {
            return rows;
        }
        let time = |json: &str| match transform::time(json) {
            Made::Value(Value::Time(time)) => Some(time.unix_nanos()),
            _ => None,
        };
        let value = |json: &str| {
            if let Some(number) = transform::plain_scaled(json, 9) {
                return Some(number);
            }
            // No number has a colon.
            if json.contains(':') {
                return time(json);
            }
            transform::decimal(json).map_or_else(|_| time(json), |number| number?.scaled(9).rounded(0).to_i128())
        };
        // The keys of all rows, one behind the other.
        let mut keys: Vec<Option<i128>> = Vec::with_capacity(rows.len() * columns.len());
        for row in &rows {
            for column in columns {
                let before = || keys.len().checked_sub(columns.len()).and_then(|before| *keys.get(before)?);
                // A row that lacks a part of its key stays behind the row before it.
                let part = column.get(row).and_then(value).or_else(before);
                keys.push(part);
            }
        }
        let mut keyed: Vec<_> = keys.chunks_exact(columns.len()).zip(rows).collect();
        keyed.sort_by_key(|(key, _)| *key);
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    /// Returns a member of a row by its dotted name, unless it is null.
    fn cell<'p>(&self, row: &[Option<&'p str>], name: &str) -> Option<&'p str> {
        Row::Kept(row, &self.members).get(name).filter(|json| *json != "null")
    }

    /// Returns the turn of a row, unless it has no text, is a placeholder for silence, or was not
    /// spoken.
    fn turn<'p>(&self, is_agent: bool, row: RowOf<'_, 'p>) -> Option<Turn<'p>> {
        let (text, columns) = (self.text(row)?, &self.columns);
        if self.rules.silence.iter().any(|silence| silence == text.trim())
            || columns.not_spoken.iter().any(|(column, check)| transform::passes(check, column.get(row)))
        {
            return None;
        }
        let of_words = self.rules.words.as_ref().and_then(|words| span(columns.words.as_ref()?.get(row)?, words));
        let clock = |clock: &Option<Clock>, column: &Option<Column>| {
            read_clock(clock.as_ref()?, column.as_ref()?.get(row)?).map(At::nanos)
        };
        let (start, end) = match of_words {
            // Nobody heard words that span no time.
            Some((start, end)) if start == end => return None,
            Some((start, end)) => (Some(start), Some(end)),
            None => (clock(&self.rules.start, &columns.start), clock(&self.rules.end, &columns.end)),
        };
        // An end before the start is not used.
        let end = end.filter(|end| start.is_none_or(|start| start <= *end));
        let speech = self.speech(row, start.zip(end));
        Some(Turn { is_agent, person: None, text, start, end, speech, cut_off: self.cut_off(is_agent, row) })
    }

    /// Returns the text of a row, or its parts.
    fn text<'p>(&self, row: RowOf<'_, 'p>) -> Option<Cow<'p, str>> {
        let text = self.columns.text.as_ref().and_then(|column| string::decode_lossy(column.get(row)?));
        let text = text.filter(|text| !text.trim().is_empty());
        text.or_else(|| self.joined_text(row).map(Cow::Owned))
    }

    /// Returns the parts of the text of a row, joined by a space.
    fn joined_text(&self, row: RowOf<'_, '_>) -> Option<String> {
        self.columns.text_parts.iter().find_map(|(list, ways)| {
            let mut parts = Vec::new();
            for (element, way) in
                members::elements(list.get(row)?).flat_map(|part| ways.iter().map(move |way| (part, way)))
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
    fn speech(&self, row: RowOf<'_, '_>, span: Option<(i128, i128)>) -> Option<i128> {
        let (start, end) = span?;
        let speech = seconds_by(self.columns.speech_ms.as_ref()?.get(row)?, -3)?;
        (speech <= end - start && speech * 100 >= end - start).then_some(speech)
    }

    /// Returns the time of a row.
    fn at(&self, row: RowOf<'_, '_>) -> Option<At> {
        read_clock(self.rules.start.as_ref()?, self.columns.start.as_ref()?.get(row)?)
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
            && !passes_one(&self.failed, |name| member(name).filter(|json| !is_false(json)))
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
    let start = members::get(members::elements(list).next()?, &words.start)?;
    // The text from the last `{` is the last word. If that brace is in a string or an inner object,
    // the text is not JSON, and the list is read element by element.
    let last = list.trim_end_matches(|c| c == ']' || json::SPACE.contains(&c));
    let end = members::of_whole_object(last.get(last.rfind('{')?..)?, &words.end)
        .or_else(|| members::of_whole_object(members::elements(list).last()?, &words.end));
    Some((seconds(start)?, seconds(end?)?))
}
