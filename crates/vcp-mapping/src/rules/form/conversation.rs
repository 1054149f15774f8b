//! The form of the rows of a conversation.

#[cfg(feature = "jsonschema")]
use super::values::OneOrList;
use super::{
    condition::Condition,
    values::{OneOrMany, is_default},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

object! {
    /// The form of the rows of a conversation: turns, tool calls and their results. Members of rows
    /// are named with dots.
    Conversation {
        /// The lists of rows. Turns are those of the first list that has any. Tool calls and
        /// results are those of all lists with `tools`. A tool call whose id an earlier list had
        /// counts once.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Rows>"))]
        pub rows: Vec<Rows>,
        /// The members by which rows are sorted, most important first: numbers, or ISO 8601 times.
        /// A row without them stays behind the row before it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub order_by: Vec<String>,
        /// The member that says who speaks, or what the row is. Of several, the first that is
        /// filled.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub role: Vec<String>,
        /// The kind of all rows, for lists whose rows do not say it.
        pub all_rows: Option<Role>,
        /// The meaning of each word of `role`, case ignored. Rows with other words are skipped, and
        /// the words reported.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub roles: BTreeMap<String, Role>,
        /// The member with the spoken text.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        pub text: String,
        /// The members with parts of the text, such as `parts[].text`, for rows without a text. The
        /// parts are joined by a space. Of several, the first that gives a text is used.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub text_parts: Vec<String>,
        /// Texts of turns in which nothing was said.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub silence: Vec<String>,
        /// The conditions under which a row of a speaker was not spoken. One is enough. Paths are
        /// members of the row. Such a row is neither a turn nor in the transcript.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub not_spoken: Vec<Condition>,
        /// The words of members of a row that only conditions test. Case is ignored. Any other word
        /// is reported.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub words_of: BTreeMap<String, Vec<String>>,
        /// The start of a row.
        pub start: Option<Clock>,
        /// The end of a row.
        pub end: Option<Clock>,
        /// The words of a turn, whose times are better than those of the row. A row whose words
        /// span no time was not spoken.
        pub words: Option<Words>,
        /// The member with the length of the speech of a row, in milliseconds. It is used if it is
        /// not longer than the row, and not shorter than a hundredth of it. A shorter one is in
        /// seconds.
        pub speech_ms: Option<String>,
        /// The members with the provider's own latency of a row, in seconds. The first that is
        /// there is used. Such figures replace those that are computed from the times of the rows.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub latency: Vec<String>,
        /// `true` if the rows are better than those of other forms, such as corrected ones. When
        /// deliveries are merged, only rows of such a form replace them.
        #[serde(default, skip_serializing_if = "is_default")]
        pub precise: bool,
        /// `true` if the rows continue those of the conversation before.
        #[serde(default, skip_serializing_if = "is_default")]
        pub continues: bool,
        /// The member of the record with the seconds in the call at which rows that continue begin.
        /// Their times count from there. Without it, their times are not used.
        pub begins_at: Option<String>,
        /// The member that is true if the other side cut the turn off.
        pub cut_off: Option<String>,
        /// The side of which the provider knows it. On rows of the other side, `false` says
        /// nothing. Without this key, the provider knows it of both sides.
        pub cut_off_of: Option<Side>,
        /// The form of tool calls.
        pub calls: Option<ToolCalls>,
        /// The form of the results of tool calls.
        pub results: Option<ToolResults>,
    }
}

/// A side of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The agent.
    Agent,
    /// The person.
    User,
}

object! {
    /// A list of rows.
    Rows {
        /// The path of the list.
        pub path: String,
        /// `true` if the list holds tool calls. A list without any then says that there were none.
        #[serde(default, skip_serializing_if = "is_default")]
        pub tools: bool,
        /// `true` if the list never holds speech. Such a list does not say that there were no
        /// turns.
        #[serde(default, skip_serializing_if = "is_default")]
        pub speechless: bool,
        /// The conditions under which the list is read. All must hold.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub when: Vec<Condition>,
    }
}

/// The kind of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The agent speaks.
    Agent,
    /// The person speaks.
    User,
    /// A tool is called.
    ToolCall,
    /// A tool answers.
    ToolResult,
    /// Another person speaks, such as somebody to whom the call was transferred. The row is in the
    /// transcript, with the word of its role, and is no turn.
    Person,
    /// Another known kind, which is skipped.
    Other,
}

object! {
    /// A member of a row with a time.
    Clock {
        /// The member.
        pub path: String,
        /// The form of the time. Absent: `time`.
        #[serde(default, rename = "as", skip_serializing_if = "is_default")]
        pub form: ClockForm,
        /// The power of ten by which `seconds_in_call` are multiplied: `-2` for hundredths.
        pub scale: Option<i32>,
    }
}

/// The form of a time of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClockForm {
    /// An absolute time, as the transform `time` reads it.
    #[default]
    Time,
    /// Seconds since the start of the call.
    SecondsInCall,
}

object! {
    /// Words with times, in seconds since the start of the call.
    Words {
        /// The list in the row.
        pub path: String,
        /// The member of a word with its start.
        pub start: String,
        /// The member of a word with its end.
        pub end: String,
    }
}

object! {
    /// The form of tool calls: rows of the role `tool_call`, or a list in rows of any role.
    ToolCalls {
        /// The lists in a row, such as `calls` or `steps[].calls`.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub list: Vec<String>,
        /// The id, which the result has too.
        pub id: Option<String>,
        /// The name of the tool.
        pub name: String,
        /// The name of the tool in a row, or in an element of a list, in which `name` is no string.
        pub row_name: Option<String>,
        /// The conditions under which the call was cut short. One is enough. Such a call has
        /// failed.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub cut_short: Vec<Condition>,
        /// The member whose word gives the type, by `types`.
        pub kind: Option<String>,
        /// The type of capability for each word of `kind`. A call with another word, or with no
        /// word, is a `tool_call`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub types: BTreeMap<String, String>,
    }
}

object! {
    /// The form of the results of tool calls: rows of the role `tool_result`, or a list in rows of
    /// any role.
    ToolResults {
        /// The lists in a row, such as `results` or `steps[].results`.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub list: Vec<String>,
        /// The id, which the call has too.
        pub id: String,
        /// The name of the tool, for a result without its call.
        pub name: Option<String>,
        /// The member that is `false` if the tool failed. Only a boolean, or the text `true` or
        /// `false`, counts. Without it, `error` alone decides.
        pub success: Option<String>,
        /// The members that are true if the tool failed. One is enough.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub error: Vec<String>,
        /// The conditions under which the tool failed, besides `success` and `error`. One is
        /// enough. A member that is `false` or `0` does not fit a condition without words.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub failed: Vec<Condition>,
        /// `true` if a tool call has its result beside it, in the same row or element.
        #[serde(default, skip_serializing_if = "is_default")]
        pub same_row: bool,
        /// The conditions under which there is no result yet. One is enough.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub missing: Vec<Condition>,
        /// The members with the message of a failed tool. The first that is filled is used.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub message: Vec<String>,
        /// The duration of the tool, in seconds.
        pub seconds: Option<String>,
    }
}

impl ToolResults {
    /// Returns the lists that hold the results: those of the calls, if each call has its result
    /// beside it.
    pub(crate) fn lists_beside<'r>(&'r self, calls: Option<&'r ToolCalls>) -> &'r [String] {
        calls.filter(|_| self.same_row).map_or(&self.list, |calls| &calls.list)
    }
}
