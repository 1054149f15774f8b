//! The form of rule files: JSON, closed, readable by other languages.
//! `schema/mapping-rules.schema.json` is made from these types.

use serde::{Deserialize, Serialize};
use serde_with::{OneOrMany, formats::PreferOne, serde_as, skip_serializing_none};
use std::collections::BTreeMap;

/// A file of either kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum File {
    /// `provider.json`.
    Provider(Box<ProviderFile>),
    /// Any other.
    Rules(Box<RuleFile>),
}

/// A provider's file: the facts about it, how its deliveries are told apart, its word tables and
/// its secrets.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ProviderFile {
    /// The name of the provider in VCP, such as `retell`.
    pub provider: String,
    /// Other names of the provider.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The published facts.
    pub info: ProviderInfo,
    /// The ways to recognise a delivery. The first that fits gives the event its name.
    pub detect: Vec<Detect>,
    /// The known events.
    pub events: BTreeMap<String, Event>,
    /// Patterns of members whose leaves are masked in the kept payload.
    ///
    /// A pattern is the names from some object downward, such as `tool_details.headers`. It applies
    /// from the root with `$.`, and anywhere else without. `*` in the last name stands for any run
    /// of characters, and case is then ignored. The name `**` before the last name stands for any
    /// number of names. Lists between the names do not count. With `!` at the end only the member
    /// itself is masked, if it is a string or a number, and nothing below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// The member that holds audio as text. An option leaves it out of the kept payload.
    pub audio: Option<String>,
    /// The table for the words with which the provider says how a call ended.
    pub ended_reasons: Option<String>,
    /// The word tables, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, Table>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// The published facts about a provider (provider integration guide).
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ProviderInfo {
    /// The name of the product.
    pub name: String,
    /// The name of the company.
    pub company: String,
    /// The address of the web site.
    pub website: String,
    /// The address of the documentation.
    pub docs_url: String,
    /// The base address of the API.
    pub api_base_url: String,
    /// The address of the status page.
    pub status_page: Option<String>,
    /// The address of the change log.
    pub changelog_url: Option<String>,
    /// The specification's claim of how deliveries are authenticated. `vcp-auth` has what providers
    /// really do, and checks that.
    pub webhook_auth: Option<WebhookAuth>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// The specification's claim of how a provider authenticates its deliveries (provider integration
/// guide, "Authentication").
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WebhookAuth {
    /// The method: `signature_header`, `hmac_sha256`, `api_key_header` or `bearer_token`.
    pub method: String,
    /// The name of the header.
    pub header_name: String,
    /// `true` if a secret is required.
    pub secret_key_required: bool,
    /// The addresses from which deliveries come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip_addresses: Vec<String>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// A way to recognise a delivery and to name its event. All conditions must hold, and there must be
/// at least one.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Detect {
    /// Members that must all be present. They may be null.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub has: Vec<String>,
    /// Members of which one must be present.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub has_any: Vec<String>,
    /// Members that must be present and neither null nor empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filled: Vec<String>,
    /// Members that must be absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// The name of the event, or its beginning if `event_from` is given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// The member whose word is the name of the event, or the end of it.
    pub event_from: Option<String>,
    /// The object from which the paths of the rules start. Absent: the root.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// An event of a provider.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Event {
    /// The rule file that maps the event. Absent: the event is not a call record.
    pub rules: Option<String>,
    /// The object from which the paths of the rules start, if it is not that of the detection.
    pub at: Option<String>,
    /// The member with which the delivery is not a call record after all.
    pub unless: Option<String>,
    /// The published schema of the deliveries.
    pub schema: Option<WebhookSchema>,
    /// `true` if an assembler makes the event of the events of a session. It is then not a
    /// delivery, and its rules start from the digest, at `$.session`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assembled: bool,
    /// The stage of the call at which the event is sent. A delivery of a higher rank knows more.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rank: u8,
    /// The member with the time of the event itself, which the transform `time` reads.
    pub time: Option<String>,
    /// The members that distinguish deliveries and stay the same when one is sent again. The first
    /// is the id, without which there is no key. Empty: each delivery replaces the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The published schema of a delivery (provider integration guide, "Webhook Schema"). A required
/// member that a delivery lacks is reported and is not an error.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WebhookSchema {
    /// Members that are always present.
    pub required: Vec<String>,
    /// Members that may be present.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<String>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// A word table.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Table {
    /// Whole words. Booleans are the words `true` and `false`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, String>,
    /// Beginnings of words, in order. They are tried after the whole words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begins: Vec<(String, String)>,
    /// Parts of words, in order. They are tried after the beginnings. `a*b` is `a` with `b`
    /// somewhere after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<(String, String)>,
    /// The result for any other word that is not empty.
    pub otherwise: Option<String>,
    /// `true` if case is ignored.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_case: bool,
    /// `true` if the table should have every word. A word that it does not have is then reported.
    #[serde(default, skip_serializing_if = "is_default")]
    pub complete: bool,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that the table comes from.
    pub spec: Option<String>,
}

/// A rule file: how a family of events becomes a message.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RuleFile {
    /// The provider.
    pub provider: String,
    /// The name by which events refer to the file.
    pub name: String,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// Named lists of sources, for rules that share them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, Vec<Source>>,
    /// The rules, in order. Each field of the message has one rule.
    pub rules: Vec<FieldRule>,
    /// The places of the models that were used, if a list or an object holds them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelUsage>,
    /// The form of the rows of the conversation, if there are any.
    pub conversation: Option<Conversation>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// A rule: how one field of the message gets its value.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FieldRule {
    /// The field, from `vcp_payload` down, such as `call.call_id`.
    #[cfg_attr(feature = "jsonschema", schemars(schema_with = "super::target::schema"))]
    pub to: String,
    /// The sources, in order. The first that gives a value is used. A field that is a list takes
    /// the value of every source.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Source>"))]
    pub from: Vec<Source>,
    /// The conditions of the rule. All must hold.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// `true` if the delivery cannot be mapped without a value (`VCP_E005`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub required: bool,
    /// The flags that change the word afterwards, in order.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<WordChange>"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<WordChange>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that the rule comes from.
    pub spec: Option<String>,
}

/// A source of a value: a member (`path`), a constant (`value`), other fields of the message (a
/// transform that needs no member), or a named list of sources (`use`).
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Source {
    /// The member.
    ///
    /// Names are separated by dots and start from the event's object, or from the root with `$.`.
    /// `items[].name` is the member `name` of the first element of the list that has it filled.
    /// `items[kind=fax].name` is that of the first element whose member `kind` is the word `fax`,
    /// case ignored.
    pub path: Option<String>,
    /// A constant word.
    pub value: Option<String>,
    /// The name of a list of sources of this file. `as` and `when` then apply to each of them.
    #[serde(rename = "use")]
    pub list: Option<String>,
    /// The transform that makes a value of the member's text. Absent: `text`.
    #[serde(rename = "as")]
    pub transform: Option<Transform>,
    /// The table of the transform `word`.
    pub table: Option<String>,
    /// The word that the transform `present` gives.
    pub word: Option<String>,
    /// The function of the transform `function`. Providers' code defines these.
    pub function: Option<String>,
    /// The members of rows that the transforms `earliest` and `latest` read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// The power of ten by which a number is multiplied: `-2` for cents, `-6` for millionths.
    pub scale: Option<i32>,
    /// `true` if the value is only evidence for the field and is reported as derived.
    pub derived: Option<bool>,
    /// The conditions of the source. All must hold.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// Texts that stand for no value. Case and white space around them are ignored.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// A condition. It tests one thing: the event, a field that is written, a member, or other
/// conditions of which one must hold.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Condition {
    /// The events for which the condition holds.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event: Vec<String>,
    /// The fields that earlier rules must have written from this delivery.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
    /// The member that is tested. Without `is`, `contains` or `present` it must be filled: neither
    /// absent, null nor empty.
    pub path: Option<String>,
    /// The words of which the member must be one. Booleans are the words `true` and `false`.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<String>,
    /// The part that the JSON text of the member must have.
    pub contains: Option<String>,
    /// `true` if the member must be present, `false` if it must be absent. A null member is present.
    pub present: Option<bool>,
    /// Conditions of which one must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Condition>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// A flag that changes a word afterwards, such as one that lowers a success.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WordChange {
    /// The member.
    pub path: String,
    /// The words at which it acts, case ignored. Booleans are the words `true` and `false`.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
    pub is: Vec<String>,
    /// The words of the field that are replaced.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
    pub replaces: Vec<String>,
    /// The new word of the field.
    pub by: String,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// A value, or a list of values.
#[cfg(feature = "jsonschema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the form of other types")]
enum OneOrList<T> {
    One(T),
    List(Vec<T>),
}

/// A list of models that were used, or an object that holds them by their names, with what each did
/// and cost.
///
/// The first model of a role is the chosen one. The costs and tokens of other models of that role
/// are added to it. Models are written before any rule applies. Members of a model are named with
/// dots.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ModelUsage {
    /// The path of the list or object.
    pub path: String,
    /// The member with the name of a model. Absent: each model is a member by its name.
    pub name: Option<String>,
    /// The role of all models, such as `LLM`.
    pub role: Option<String>,
    /// The table that gives the role for the name of a model. Names without a role are skipped.
    pub role_table: Option<String>,
    /// The members with costs, which are added up. Costs are in USD after scaling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost: Vec<String>,
    /// The power of ten by which costs are multiplied: `-2` for cents.
    pub cost_scale: Option<i32>,
    /// The members with numbers of tokens that went in, which are added up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_tokens: Vec<String>,
    /// The members with numbers of tokens that came out, which are added up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub completion_tokens: Vec<String>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// The form of the rows of a conversation: turns, tool calls and their results. Members of rows are
/// named with dots.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Conversation {
    /// The lists of rows. The first that has rows is read.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Rows>"))]
    pub rows: Vec<Rows>,
    /// The members by which rows are sorted, most important first: numbers, or ISO 8601 times. A
    /// row without them stays behind the row before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_by: Vec<String>,
    /// The member that says who speaks, or what the row is.
    pub role: String,
    /// The meaning of each word of `role`, case ignored. Rows with other words are skipped, and the
    /// words reported.
    pub roles: BTreeMap<String, Role>,
    /// The member with the spoken text.
    pub text: String,
    /// Texts of turns in which nothing was said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silence: Vec<String>,
    /// The conditions under which a row of a speaker was not spoken. One is enough. Paths are
    /// members of the row. Such a row is neither a turn nor in the transcript.
    #[serde_as(as = "OneOrMany<_, PreferOne>")]
    #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_spoken: Vec<Condition>,
    /// The start of a row.
    pub start: Option<Clock>,
    /// The end of a row.
    pub end: Option<Clock>,
    /// The words of a turn, whose times are better than those of the row.
    pub words: Option<Words>,
    /// The member that is true if the other side cut the turn off.
    pub cut_off: Option<String>,
    /// The form of tool calls.
    pub calls: Option<ToolCalls>,
    /// The form of the results of tool calls.
    pub results: Option<ToolResults>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// A list of rows.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rows {
    /// The path of the list.
    pub path: String,
    /// `true` if the list holds tool calls. A list without any then says that there were none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tools: bool,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
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
    /// Another known kind, which is skipped.
    Other,
}

/// A member of a row with a time.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Clock {
    /// The member.
    pub path: String,
    /// The form of the time. Absent: `time`.
    #[serde(default, rename = "as", skip_serializing_if = "is_default")]
    pub form: ClockForm,
    /// The power of ten by which `seconds_in_call` are multiplied: `-2` for hundredths.
    pub scale: Option<i32>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// The form of a time of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClockForm {
    /// A time by itself, as the transform `time` reads it.
    #[default]
    Time,
    /// Seconds since the start of the call.
    SecondsInCall,
}

/// Words with times, in seconds since the start of the call.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Words {
    /// The list in the row.
    pub path: String,
    /// The member of a word with its start.
    pub start: String,
    /// The member of a word with its end.
    pub end: String,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// The form of tool calls: rows of the role `tool_call`, or a list in rows of any role.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ToolCalls {
    /// The list in a row.
    pub list: Option<String>,
    /// The id, which the result has too.
    pub id: Option<String>,
    /// The name of the tool.
    pub name: String,
    /// The name of the tool in rows of the role `tool_call` that have no list.
    pub row_name: Option<String>,
    /// The member whose word gives the type, by `types`.
    pub kind: Option<String>,
    /// The types of capabilities by words. Other words mean `tool_call`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, String>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// The form of the results of tool calls: rows of the role `tool_result`, or a list in rows of any
/// role.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ToolResults {
    /// The list in a row.
    pub list: Option<String>,
    /// The id, which the call has too.
    pub id: String,
    /// The member that is false if the tool failed.
    pub success: Option<String>,
    /// The member that is true if the tool failed.
    pub error: Option<String>,
    /// The members with the message of a failed tool. The first that is filled is used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub message: Vec<String>,
    /// The duration of the tool, in seconds.
    pub seconds: Option<String>,
    /// A remark for readers of the file.
    pub note: Option<String>,
    /// The part of the specification that this comes from.
    pub spec: Option<String>,
}

/// A transform: how the text of a member becomes a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Transform {
    /// Takes a string as it is, and a number as its digits.
    #[default]
    Text,
    /// Like `text`, but an empty string is no value.
    Id,
    /// Reads a time: milliseconds or seconds since 1970, told apart by size, or ISO 8601 text.
    Time,
    /// Reads a time in milliseconds since 1970.
    EpochMs,
    /// Reads a time in seconds since 1970.
    EpochS,
    /// Takes the earliest time, in milliseconds since 1970, of `members` of the rows of a list.
    Earliest,
    /// Takes the latest time, in milliseconds since 1970, of `members` of the rows of a list.
    Latest,
    /// Adds `call.duration_sec` to `call.start_time`, if the latter was read. Needs no member.
    StartPlusDuration,
    /// Subtracts `call.start_time` from `call.end_time`, in whole seconds, unless the result is
    /// negative. Needs no member.
    EndMinusStart,
    /// Subtracts `call.duration_sec` from `call.end_time`. Needs no member.
    EndMinusDuration,
    /// Takes `call.end_time`. Needs no member.
    EndTime,
    /// Converts milliseconds to whole seconds, rounded half up.
    FromMillis,
    /// Rounds seconds to whole seconds, half up.
    FromSeconds,
    /// Converts minutes to whole seconds, rounded half up.
    FromMinutes,
    /// Reads a whole number, 0 or more.
    Count,
    /// Takes the metric `total_tokens` if it is written, else the sum of `prompt_tokens` and
    /// `completion_tokens`. Needs no member.
    TotalTokens,
    /// Adds up a list of whole numbers, 0 or more.
    Sum,
    /// Reads a number, rounded half up to three decimals.
    #[serde(rename = "round_3")]
    Round3,
    /// Takes the mean of a list of numbers, rounded half up to three decimals.
    Mean,
    /// Takes the median of a list of numbers by nearest rank, rounded half up to three decimals.
    Median,
    /// Takes the 95th percentile of a list of numbers by nearest rank, rounded half up to three
    /// decimals.
    P95,
    /// Reads a number.
    Number,
    /// Looks a word up in `table`.
    Word,
    /// Gives the word in `word` if the member is present and not null.
    Present,
    /// Converts a sentiment word to its score.
    Sentiment,
    /// Takes a sentiment word as it is, unless it says that nothing is known.
    SentimentWord,
    /// Takes any JSON as it is, with the secrets of the provider masked.
    Json,
    /// Calls the function of the provider's code that `function` names. It makes JSON.
    Function,
}

impl Transform {
    /// Returns whether the transform works on other fields instead of a member.
    #[must_use]
    pub fn needs_no_member(self) -> bool {
        matches!(
            self,
            Self::StartPlusDuration | Self::EndMinusStart | Self::EndMinusDuration | Self::EndTime | Self::TotalTokens
        )
    }

    /// Returns whether the transform reads a number that `scale` can multiply.
    #[must_use]
    pub fn takes_scale(self) -> bool {
        matches!(
            self,
            Self::Number
                | Self::Round3
                | Self::FromMillis
                | Self::FromSeconds
                | Self::FromMinutes
                | Self::EpochMs
                | Self::EpochS
        )
    }

    /// Returns the type of value that the transform gives.
    #[must_use]
    pub fn gives(self) -> ValueType {
        match self {
            Self::Text | Self::Id | Self::SentimentWord => ValueType::Text,
            Self::Word | Self::Present => ValueType::Word,
            Self::Time | Self::EpochMs | Self::EpochS | Self::Earliest | Self::Latest => ValueType::Time,
            Self::StartPlusDuration | Self::EndMinusDuration | Self::EndTime => ValueType::Time,
            Self::EndMinusStart
            | Self::FromMillis
            | Self::FromSeconds
            | Self::FromMinutes
            | Self::Count
            | Self::Sum
            | Self::TotalTokens => ValueType::Integer,
            Self::Number | Self::Sentiment | Self::Round3 | Self::Mean | Self::Median | Self::P95 => ValueType::Float,
            Self::Json | Self::Function => ValueType::Json,
        }
    }

    /// Returns the name in rule files, such as `from_millis`.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
    }
}

/// The type of a value that a transform gives or a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueType {
    /// Any text.
    Text,
    /// A word of a list.
    Word,
    /// A time.
    Time,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// JSON as it is.
    Json,
}

impl ValueType {
    /// Returns the name for people, with its article.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Word => "a word",
            Self::Time => "a time",
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::Json => "JSON",
        }
    }
}
