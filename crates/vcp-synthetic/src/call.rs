//! The truth of a call: everything that happened, independent of any provider.

use crate::{Scenario, figures::Figures, json::Json};
use chrono::{DateTime, TimeDelta, Utc};

/// A call. All times within it are in milliseconds from its start.
///
/// [`Call::deliveries`] renders it as a provider sends it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Call {
    /// The scenario that the call follows.
    pub scenario: Scenario,
    /// The seed that decided the names, the numbers, the times and the ids.
    pub seed: u64,
    /// The direction, seen from the agent.
    pub direction: Direction,
    /// The channel.
    pub channel: Channel,
    /// The number of the person. `None` on the web.
    pub person_number: Option<String>,
    /// The number of the business. `None` on the web.
    pub business_number: Option<String>,
    /// The name of the person.
    pub person_name: String,
    /// The name of the business.
    pub business_name: String,
    /// The carrier's id of the call. `None` on the web.
    pub carrier_id: Option<String>,
    /// The time at which the call was requested: before it rang.
    pub requested_at: DateTime<Utc>,
    /// The time at which the call was answered. `None` if nobody answered.
    pub started_at: Option<DateTime<Utc>>,
    /// The length of the call in milliseconds. 0 if nobody answered.
    pub duration_ms: u64,
    /// The turns, in the order in which they began.
    pub turns: Vec<Turn>,
    /// The tool calls, in the order in which they were made.
    pub tools: Vec<ToolCall>,
    /// The person to whom the call was handed over.
    pub transfer: Option<Transfer>,
    /// The models that took part.
    pub models: Models,
    /// The price of the line in millionths of a US dollar.
    pub line_cost: u64,
    /// The price of the platform in millionths of a US dollar.
    pub platform_cost: u64,
    /// The way in which the call ended.
    pub ending: Ending,
    /// `true` if the goal of the call was reached. `None` if nobody judged it.
    pub goal_met: Option<bool>,
    /// The sentiment of the person. `None` if the person said nothing.
    pub sentiment: Option<Sentiment>,
    /// A summary. `None` if nothing was said.
    pub summary: Option<String>,
    /// The address of the recording. `None` if nothing was recorded.
    pub recording_url: Option<String>,
    /// The consent of the person. `None` if nobody asked.
    pub consent: Option<Consent>,
    /// The values that were collected during the call.
    pub collected: Vec<(&'static str, String)>,
    /// The code of the language that was spoken, such as `en`.
    pub language: &'static str,
}

/// The direction of a call, seen from the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The person called.
    Inbound,
    /// The agent called.
    Outbound,
}

impl Direction {
    /// Returns the word of the specification.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// The channel of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The telephone.
    Phone,
    /// A page in a browser.
    Web,
}

impl Channel {
    /// Returns the word of the specification.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Web => "web",
        }
    }
}

/// A side of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The program.
    Agent,
    /// The person.
    User,
}

/// A turn: the words that one side said without a break.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Turn {
    /// The side that spoke.
    pub speaker: Speaker,
    /// The text that could be heard.
    pub text: String,
    /// The whole text that the agent wanted to say, if it was cut off.
    pub cut_off_from: Option<String>,
    /// The words, with their times. There is at least one.
    pub words: Vec<Word>,
}

impl Turn {
    /// Returns the start of the first word.
    #[must_use]
    pub fn start_ms(&self) -> u64 {
        self.words.first().map_or(0, |word| word.start_ms)
    }

    /// Returns the end of the last word.
    #[must_use]
    pub fn end_ms(&self) -> u64 {
        self.words.last().map_or(0, |word| word.end_ms)
    }
}

/// A word that was spoken. In languages without spaces it is a piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Word {
    /// The text, without spaces around it.
    pub text: String,
    /// The start, in milliseconds from the start of the call.
    pub start_ms: u64,
    /// The end, in milliseconds from the start of the call.
    pub end_ms: u64,
}

/// A call of a tool, with its result.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// The id.
    pub id: String,
    /// The name of the tool.
    pub name: &'static str,
    /// The arguments, as JSON text.
    pub arguments: String,
    /// The time of the call.
    pub at_ms: u64,
    /// The result, as JSON text, or the message of the error.
    pub result: String,
    /// `false` if the tool failed.
    pub succeeded: bool,
    /// The time that the tool took.
    pub took_ms: u64,
    /// The number of turns that began before the call.
    pub after_turns: usize,
}

/// A transfer of a call to another person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transfer {
    /// The number to which the call went.
    pub to: String,
    /// The time of the transfer.
    pub at_ms: u64,
}

/// The models of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Models {
    /// The language model.
    pub llm: Model,
    /// The model that recognises speech.
    pub stt: Model,
    /// The model that speaks.
    pub tts: Model,
    /// The tokens that the language model read.
    pub prompt_tokens: u64,
    /// The tokens that the language model wrote.
    pub completion_tokens: u64,
}

/// A model with its price.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// The name.
    pub name: &'static str,
    /// The price in millionths of a US dollar.
    pub cost: u64,
}

/// The way in which a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The person hung up.
    PersonHungUp,
    /// The agent hung up.
    AgentHungUp,
    /// The call was handed over to a person.
    Transferred,
    /// A machine answered.
    Voicemail,
    /// Nobody answered.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// The person said nothing for too long.
    Silence,
    /// The longest permitted time was over.
    MaxDuration,
    /// A model failed during the call.
    ModelFailed,
    /// The account had no money left.
    Quota,
}

impl Ending {
    /// Returns whether a connection came about.
    #[must_use]
    pub fn is_connected(self) -> bool {
        !matches!(self, Self::NoAnswer | Self::Busy)
    }
}

/// The sentiment of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sentiment {
    /// Pleased.
    Positive,
    /// Neither.
    Neutral,
    /// Displeased.
    Negative,
}

impl Sentiment {
    /// Returns the word in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
        }
    }

    /// Returns ten times the score of `READING.md` 14.
    pub(crate) fn tenths(self) -> u64 {
        match self {
            Self::Positive => 8,
            Self::Neutral => 5,
            Self::Negative => 2,
        }
    }
}

/// The answer of a person who was asked for consent to the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Granted, in milliseconds from the start of the call.
    Granted {
        /// The time of the answer.
        at_ms: u64,
    },
    /// Refused.
    Refused,
}

impl Call {
    /// Returns the time that is `ms` after the start of the call.
    #[must_use]
    pub fn time(&self, ms: u64) -> DateTime<Utc> {
        self.started_at.unwrap_or(self.requested_at) + TimeDelta::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX))
    }

    /// Returns the time at which the call was over.
    #[must_use]
    pub fn ended_at(&self) -> DateTime<Utc> {
        self.time(self.duration_ms)
    }

    /// Returns the number from which the call came.
    #[must_use]
    pub fn from(&self) -> Option<&str> {
        match self.direction {
            Direction::Inbound => self.person_number.as_deref(),
            Direction::Outbound => self.business_number.as_deref(),
        }
    }

    /// Returns the number to which the call went.
    #[must_use]
    pub fn to(&self) -> Option<&str> {
        match self.direction {
            Direction::Inbound => self.business_number.as_deref(),
            Direction::Outbound => self.person_number.as_deref(),
        }
    }

    /// Returns the whole price in millionths of a US dollar.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.line_cost + self.platform_cost + self.models.llm.cost + self.models.stt.cost + self.models.tts.cost
    }

    /// Returns whether the person said anything.
    #[must_use]
    pub fn person_spoke(&self) -> bool {
        self.turns.iter().any(|turn| turn.speaker == Speaker::User)
    }

    /// Returns the transcript: a line for each turn, after the name of the side and a colon.
    #[must_use]
    pub fn transcript(&self, agent: &str, user: &str) -> String {
        let line = |turn: &Turn| {
            let name = if turn.speaker == Speaker::Agent { agent } else { user };
            format!("{name}: {}", turn.text)
        };
        self.turns.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn figures(&self) -> Figures<'_> {
        Figures(&self.turns)
    }

    /// Returns turns and tool calls in the order in which they began.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::new();
        for (at, turn) in self.turns.iter().enumerate() {
            rows.extend(self.tools.iter().filter(|tool| tool.after_turns == at).map(Row::Tool));
            rows.push(Row::Turn(turn));
        }
        rows.extend(self.tools.iter().filter(|tool| tool.after_turns >= self.turns.len()).map(Row::Tool));
        rows
    }

    /// Returns the collected values as an object.
    pub(crate) fn collected_json(&self) -> Json {
        Json::Object(self.collected.iter().map(|(name, value)| ((*name).to_owned(), Json::from(value))).collect())
    }
}

/// A turn or a tool call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Row<'c> {
    Turn(&'c Turn),
    Tool(&'c ToolCall),
}
