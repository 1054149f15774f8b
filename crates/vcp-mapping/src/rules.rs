//! The form of rule files: JSON, closed, readable by other languages (decisions 5.6). `schema/mapping-rules.schema.json` is
//! made from these types.

use serde::{Deserialize, Serialize};
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

/// A provider's file: what it is, how its deliveries are told apart, its word tables and its secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProviderFile {
    /// The name of the provider in VCP: `retell`.
    pub provider: String,
    /// Other names it is looked up by.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The published facts.
    pub info: ProviderInfo,
    /// How an event is named; the first that fits.
    pub detect: Vec<Detect>,
    /// The events that are known.
    pub events: BTreeMap<String, Event>,
    /// Members whose leaves are masked in the kept payload: the names from some object downward, `tool_details.headers`; from the
    /// root with `$.`, else anywhere. `*` in the last name fits any run of characters, without regard to case; the name `**`
    /// right before it fits any number of names. Lists between the names do not count. With `!` at the end only the member
    /// itself is masked, when it is a string or a number, and nothing below it (decisions 5.10).
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The member that holds audio as text, for those who do not want to keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// The table for the words with which the provider says how a call ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_reasons: Option<String>,
    /// Word tables, by name.
    #[serde(default)]
    pub tables: BTreeMap<String, Table>,
}

/// The published facts about a provider (provider integration guide).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProviderInfo {
    /// Name of the product.
    pub name: String,
    /// Name of the company.
    pub company: String,
    /// Web site.
    pub website: String,
    /// Documentation.
    pub docs_url: String,
    /// Base address of the API.
    pub api_base_url: String,
    /// Status page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_page: Option<String>,
    /// Change log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changelog_url: Option<String>,
    /// How deliveries are authenticated, as the guide publishes it. What providers really do, and what is checked, is in
    /// `vcp-auth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_auth: Option<WebhookAuth>,
}

/// The published way to authenticate deliveries (provider integration guide, "Authentication").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookAuth {
    /// The method: `signature_header`, `hmac_sha256`, `api_key_header`, `bearer_token`.
    pub method: String,
    /// The header.
    pub header_name: String,
    /// Whether a secret is needed.
    pub secret_key_required: bool,
    /// The addresses that deliveries come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip_addresses: Vec<String>,
}

/// One way to name an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Detect {
    /// Members that must all be there, null or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub has: Vec<String>,
    /// Members of which one must be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<String>,
    /// Members that must be there, and neither null nor empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filled: Vec<String>,
    /// Members that must not be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// The name of the event, or what goes before the word at `from`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The member whose word is the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The object that the rules start from; the root when absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
}

/// What is done with an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The rule file that maps it. Absent: it is no call record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// The object that the rules start from, when it is not that of the shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// When this member is there, the delivery is no call record after all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
    /// The published schema of its deliveries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<WebhookSchema>,
    /// It is no delivery: an assembler makes it of the events of a session. Its rules start from the digest, at `$.session`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub assembled: bool,
    /// How far the delivery is in the life of its call: what comes with a higher rank knows more (decisions 5.11).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rank: u8,
    /// The member with the time of the event itself, as in [`Source::path`] and as the transform `time` reads it: it orders deliveries of one rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The members that tell one delivery from another and are the same when it is sent again, as in [`Source::path`]: the id first, without which there
    /// is no key; then others that may be there. None where each delivery replaces the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(rank: &u8) -> bool {
    *rank == 0
}

/// The published schema of a delivery (provider integration guide, "Webhook Schema"). What it requires and a delivery lacks is reported, and no error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookSchema {
    /// Members that are always there, as in [`Source::path`].
    pub required: Vec<String>,
    /// Members that may be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<String>,
}

/// A word table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Whole words. Booleans are the words `true` and `false`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, String>,
    /// Beginnings, in order; tried after the whole words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begins: Vec<(String, String)>,
    /// Parts, in order; tried after the beginnings. `a*b` is `a`, and `b` somewhere after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<(String, String)>,
    /// Any other word that is not empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
    /// Compare without regard to case.
    #[serde(default)]
    pub ignore_case: bool,
    /// The table should hold every word: one that it does not is reported.
    #[serde(default)]
    pub complete: bool,
}

/// A rule file: how a family of events becomes a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The provider.
    pub provider: String,
    /// The name that events refer to.
    pub name: String,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// Where the models stand that were used, if a list or an object holds them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelUsage>,
    /// How the rows of the conversation are read, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Conversation>,
}

/// A list of models that were used, or an object that holds them by their names, with what each did and cost. The first of a role is the one that was
/// chosen; what others of that role did and cost is added to it. Written before any rule. Members of a model are named with dots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ModelUsage {
    /// Where it is, as in [`Source::path`].
    pub path: String,
    /// The member with the name of a model. Absent where each model is a member by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The role of all of them: `LLM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The table that tells the role by the name of a model. One that it does not have is passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,
    /// Members with costs, which are added up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost: Vec<String>,
    /// Whether costs are in US cents; else they are in USD.
    #[serde(default)]
    pub cents: bool,
    /// Members with numbers of tokens that went in, which are added up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_tokens: Vec<String>,
    /// Members with numbers of tokens that came out, which are added up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub completion_tokens: Vec<String>,
}

/// How the rows of a conversation are read: turns, tool calls and their results (decisions 5.8). Members of rows are named without dots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// Lists of rows; the first that has any is read.
    pub rows: Vec<Rows>,
    /// The members by which rows are put into order, one after the other: numbers, or times in ISO 8601. Rows without them stay behind the row before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_by: Vec<String>,
    /// The member that says who speaks, or what the row is.
    pub role: String,
    /// What the words there mean, case ignored. Rows of other words are passed over, and the words reported.
    pub roles: BTreeMap<String, Role>,
    /// The member with what was said.
    pub text: String,
    /// Texts of turns in which nothing was said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silence: Vec<String>,
    /// When a row starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Clock>,
    /// When a row ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Clock>,
    /// The words of a turn, which tell its times better than the row does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
    /// The member that is true on a turn that the other side cut off, and false on others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<String>,
    /// How tool calls look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<ToolCalls>,
    /// How their results look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<ToolResults>,
}

/// A list of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// Where it is, as in [`Source::path`].
    pub path: String,
    /// Whether tool calls stand in it, so that a list without any says that there were none.
    #[serde(default)]
    pub tools: bool,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The agent speaks.
    Agent,
    /// The person speaks.
    User,
    /// A tool was called.
    ToolCall,
    /// A tool answered.
    ToolResult,
    /// Something else that is known: passed over.
    Other,
}

/// A member that tells a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The member of the row.
    pub path: String,
    /// Whether it counts from the start of the call; else it is a time by itself, as the transform `time` reads it.
    #[serde(default)]
    pub seconds_in_call: bool,
}

/// Words with times, in seconds from the start of the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The list in the row.
    pub path: String,
    /// The member of a word where it starts.
    pub start: String,
    /// The member of a word where it ends.
    pub end: String,
}

/// Tool calls: rows of their own (role `tool_call`), or a list in rows of any role. Members below the list or row may have dots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ToolCalls {
    /// The list in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The member that its result has too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name of the tool.
    pub name: String,
    /// The name of the tool in rows of role `tool_call` that have no such list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_name: Option<String>,
    /// The member whose word tells the type, by `types`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The types of capabilities by words; `tool_call` for all others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, String>,
}

/// Results of tool calls: rows of their own (role `tool_result`), or a list in rows of any role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ToolResults {
    /// The list in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The member that the call has too.
    pub id: String,
    /// The member that is false when the tool failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<String>,
    /// The member that is true when the tool failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What a failed tool said: the first of these that is a text with something in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub message: Vec<String>,
    /// How long the tool took, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<String>,
}

/// How one field of the message gets its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The field, from `vcp_payload` down: `call.call_id`.
    pub to: String,
    /// Where the value comes from: the first source that gives one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Source>,
    /// A constant instead of a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Apply the rule only when each of these members, or `$event`, is one of the words. `$written` lists fields that rules
    /// must have written before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, Vec<String>>,
    /// Without a value the delivery cannot be mapped (`VCP_E005`).
    #[serde(default)]
    pub required: bool,
    /// What changes the value afterwards, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<Change>,
}

/// A source of a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The member, from the event's object down; from the root with `$.`. Nothing for a transform that needs none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// How its text becomes a value.
    #[serde(default, rename = "as")]
    pub transform: Transform,
    /// The table for `word`, the word for `present`, the name of the header for `sip_header`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The value is only evidence for the field, not the field itself: reported as derived.
    #[serde(default)]
    pub derived: bool,
    /// Use the source only when one of these holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// The words for which `needs` matters, case ignored; every word when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs_for: Vec<String>,
    /// Texts that stand for no value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

/// Evidence that a source needs: a member that is neither absent, null nor empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The member.
    pub path: String,
    /// A part that its JSON text must have.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contains: String,
}

/// What changes a word afterwards: a flag that lowers a success.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The member.
    pub path: String,
    /// The words at which it acts, case ignored; booleans are `true` and `false`.
    pub is: Vec<String>,
    /// From which values.
    pub from: Vec<String>,
    /// To which value.
    pub to: String,
}

/// How the text of a member becomes a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Transform {
    /// A string as it is; a number as its digits.
    #[default]
    Text,
    /// As `text`, but an empty one is no value.
    Id,
    /// A time in milliseconds since 1970, in seconds, or as ISO 8601 text: told apart by type and size.
    Time,
    /// A time in milliseconds since 1970.
    EpochMs,
    /// A time in seconds since 1970.
    EpochS,
    /// The earliest `time` of a list of rows, in milliseconds since 1970.
    FirstRowTime,
    /// The latest `endTime` or `time` of a list of rows, in milliseconds since 1970.
    LastRowTime,
    /// `call.start_time`, when it was read, plus `call.duration_sec`. Needs no source.
    StartPlusDuration,
    /// `call.end_time` minus `call.start_time`, in whole seconds, unless that is negative. Needs no source.
    EndMinusStart,
    /// `call.end_time` minus `call.duration_sec`. Needs no source.
    EndMinusDuration,
    /// `call.end_time`. Needs no source.
    End,
    /// Milliseconds to whole seconds, rounded half up.
    Millis,
    /// Seconds to whole seconds, rounded half up.
    Seconds,
    /// Minutes to whole seconds, rounded half up.
    Minutes,
    /// A whole number, 0 or more.
    Count,
    /// The metric `total_tokens` when it is written, else `prompt_tokens` and `completion_tokens` together. Needs no source.
    TotalTokens,
    /// The sum of a list of whole numbers, 0 or more.
    Sum,
    /// A number, rounded half up to three decimals.
    Thousandths,
    /// The mean of a list of numbers, rounded half up to three decimals.
    Mean,
    /// The median of a list of numbers by nearest rank, rounded half up to three decimals.
    Median,
    /// The 95th percentile of a list of numbers by nearest rank, rounded half up to three decimals.
    P95,
    /// US cents to USD, by the digits.
    Cents,
    /// A number.
    Number,
    /// A word by a table.
    Word,
    /// The word in `with`, for a member that is there and not null.
    Present,
    /// A sentiment word to its score.
    Sentiment,
    /// A sentiment word as it is, unless it says that nothing is known.
    SentimentWord,
    /// The value of a SIP header.
    SipHeader,
    /// Any JSON, as it is, with the secrets of the provider masked.
    Json,
    /// Extractions to what a CRM system wants, when they tell of a lead.
    CrmIntegration,
    /// Extractions to what a calendar wants, when they tell of an appointment.
    CalendarIntegration,
    /// Extractions to what a sales system wants, with a score of how good the lead is, when they tell of an opportunity.
    SalesIntegration,
}

impl Transform {
    /// Whether it works on other fields instead of a member.
    #[must_use]
    pub fn needs_no_source(self) -> bool {
        matches!(
            self,
            Self::StartPlusDuration | Self::EndMinusStart | Self::EndMinusDuration | Self::End | Self::TotalTokens
        )
    }

    /// What it gives.
    #[must_use]
    pub fn gives(self) -> Gives {
        match self {
            Self::Text | Self::Id | Self::SentimentWord | Self::SipHeader => Gives::Text,
            Self::Word | Self::Present => Gives::Word,
            Self::Time | Self::EpochMs | Self::EpochS | Self::FirstRowTime | Self::LastRowTime => Gives::Time,
            Self::StartPlusDuration | Self::EndMinusDuration | Self::End => Gives::Time,
            Self::EndMinusStart
            | Self::Millis
            | Self::Seconds
            | Self::Minutes
            | Self::Count
            | Self::Sum
            | Self::TotalTokens => Gives::Integer,
            Self::Cents
            | Self::Number
            | Self::Sentiment
            | Self::Thousandths
            | Self::Mean
            | Self::Median
            | Self::P95 => Gives::Float,
            Self::Json | Self::CrmIntegration | Self::CalendarIntegration | Self::SalesIntegration => Gives::Json,
        }
    }
}

/// What a transform gives, and what a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gives {
    /// Any text.
    Text,
    /// A word of a table.
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
