//! The transforms, and the types of the values that they give.

use serde::{Deserialize, Serialize};

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
    /// Like `id`, for a telephone number. A SIP address whose user part is `+` and digits gives
    /// that number (`DECISIONS.md` 5.11).
    Phone,
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
    /// Takes the time from the earliest to the latest of `members` of the rows of a list, in whole
    /// seconds, if there are two different times.
    Span,
    /// Adds `call.duration_sec` to `call.start_time`, if the latter was read. Needs no member.
    StartPlusDuration,
    /// Subtracts `call.start_time` from `call.end_time`, in whole seconds, if both were read and
    /// the result is not negative. Needs no member.
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
    /// Converts seconds to minutes, as a double. The fraction stays.
    SecondsAsMinutes,
    /// Reads a whole number, 0 or more.
    Count,
    /// Takes the metric `total_tokens` if it is written, else the sum of `prompt_tokens` and
    /// `completion_tokens`. Needs no member.
    TotalTokens,
    /// Adds up the numbers of a list. Each must be a whole number of 0 or more. The sum must fit a
    /// signed 64-bit integer. An empty list gives no value.
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
    /// Returns whether the transform computes its value from other fields of the message. A source
    /// with such a transform has no `path`.
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
                | Self::SecondsAsMinutes
                | Self::EpochMs
                | Self::EpochS
        )
    }

    /// Returns the type of value that the transform gives.
    #[must_use]
    pub fn gives(self) -> ValueType {
        match self {
            Self::Text | Self::Id | Self::Phone | Self::SentimentWord => ValueType::Text,
            Self::Word | Self::Present => ValueType::Word,
            Self::Time | Self::EpochMs | Self::EpochS | Self::Earliest | Self::Latest => ValueType::Time,
            Self::StartPlusDuration | Self::EndMinusDuration | Self::EndTime => ValueType::Time,
            Self::EndMinusStart
            | Self::Span
            | Self::FromMillis
            | Self::FromSeconds
            | Self::FromMinutes
            | Self::Count
            | Self::Sum
            | Self::TotalTokens => ValueType::Integer,
            Self::Number
            | Self::SecondsAsMinutes
            | Self::Sentiment
            | Self::Round3
            | Self::Mean
            | Self::Median
            | Self::P95 => ValueType::Float,
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
