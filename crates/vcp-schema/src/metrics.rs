//! The published metrics of a call (`DECISIONS.md` 5.8).

use crate::{
    RawObject,
    json::{is_number, members, number, string},
};
use std::borrow::Cow;

/// The metrics of a call, as [`VcpMessage::metrics`](crate::VcpMessage::metrics) returns them.
///
/// There is a getter for each published metric. The mapper writes a metric only if the payload of
/// the provider allows it. Times and ratios have at most three decimals, rounded half up.
///
/// A getter returns `None` if the metric is absent, or if its value has another type. [`get`]
/// returns the value of any metric as it is, also of your own.
///
/// A turn is what one side says without a break: a row of the conversation that somebody could
/// hear. The following are not turns: tool calls and their results, system messages, placeholders
/// for silence, text messages, keys that were pressed, and back-channels such as "mhm".
///
/// Metrics of time need the start and the end of every turn. If the provider gives the times of
/// words, a turn starts with its first word and ends with its last.
///
/// [`get`]: Metrics::get
#[derive(Debug, Clone, Copy)]
pub struct Metrics<'m>(&'m RawObject);

/// The type of a metric.
trait Figure: Sized {
    /// Reads the JSON text of a metric. Returns `None` if it has another type.
    fn read(json: &str) -> Option<Self>;
}

impl Figure for i64 {
    fn read(json: &str) -> Option<Self> {
        number::integer(json).ok()
    }
}

impl Figure for f64 {
    fn read(json: &str) -> Option<Self> {
        let value: f64 = is_number(json).then(|| json.parse().ok())??;
        value.is_finite().then_some(value)
    }
}

impl Figure for bool {
    /// Reads a boolean, or the same word as a string.
    fn read(json: &str) -> Option<Self> {
        match string::decode_lossy(json).as_deref().unwrap_or(json) {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

macro_rules! metrics {
    ($( $(#[doc = $doc:literal])+ $name:ident: $Type:ty, )*) => {
        impl Metrics<'_> {
            /// The names of the published metrics, in the order of the getters.
            pub const NAMES: &'static [&'static str] = &[$( stringify!($name), )*];

            $(
                $(#[doc = $doc])+
                #[must_use]
                pub fn $name(self) -> Option<$Type> {
                    Figure::read(self.get(stringify!($name))?)
                }
            )*
        }
    };
}

metrics! {
    /// Returns the number of turns of both sides: `user_turns` + `agent_turns`.
    ///
    /// Absent if the payload has no rows of a conversation.
    total_turns: i64,
    /// Returns the number of turns of the user.
    ///
    /// Absent if the payload has no rows of a conversation.
    user_turns: i64,
    /// Returns the number of turns of the agent.
    ///
    /// Absent if the payload has no rows of a conversation.
    agent_turns: i64,
    /// Returns the time in seconds during which the user spoke.
    ///
    /// This is the sum of end − start over the turns of the user. If the provider gives the length
    /// of the speech itself, that is used.
    ///
    /// Absent if there is no turn, if a time of a turn is missing, or if the sum exceeds the length
    /// of the call by more than 2 seconds.
    user_talk_sec: f64,
    /// Returns the time in seconds during which the agent spoke, computed as for `user_talk_sec`.
    ///
    /// Absent if there is no turn, if a time of a turn is missing, or if the sum exceeds the length
    /// of the call by more than 2 seconds.
    agent_talk_sec: f64,
    /// Returns `agent_talk_sec` ÷ `user_talk_sec`. It is above 1 if the agent spoke longer.
    ///
    /// Absent if one of the two is absent, or if `user_talk_sec` is 0.
    talk_ratio: f64,
    /// Returns the speed of the user in words per minute: words ÷ `user_talk_sec` × 60. Words are
    /// separated by white space.
    ///
    /// Absent if `user_talk_sec` is absent or 0.
    user_wpm: f64,
    /// Returns the speed of the agent in words per minute: words ÷ `agent_talk_sec` × 60. Words are
    /// separated by white space.
    ///
    /// Absent if `agent_talk_sec` is absent or 0.
    agent_wpm: f64,
    /// Returns how many turns the user began while the agent was still speaking.
    ///
    /// If the provider flags turns that were cut off, the flags are counted. Otherwise the times of
    /// the turns decide.
    ///
    /// Absent if the provider has no such flag and a time of a turn is missing.
    user_interruptions: i64,
    /// Returns how many turns the agent began while the user was still speaking, counted as for
    /// `user_interruptions`.
    ///
    /// Absent if the provider has no such flag and a time of a turn is missing.
    agent_interruptions: i64,
    /// Returns the mean latency of the agent in milliseconds.
    ///
    /// The latencies are those that the provider reports from end to end. If it reports none, they
    /// are the times from the end of what the user said to the start of the agent's answer, without
    /// those above 30 seconds.
    ///
    /// Absent if the provider reports no latency, and a time of a turn is missing or the agent did
    /// not answer.
    agent_latency_ms_avg: f64,
    /// Returns the median latency of the agent in milliseconds, by nearest rank. See
    /// `agent_latency_ms_avg` for the latencies.
    ///
    /// Absent if the provider does not report it, and a time of a turn is missing or the agent did
    /// not answer.
    agent_latency_ms_p50: f64,
    /// Returns the 95th percentile of the latency of the agent in milliseconds, by nearest rank.
    /// See `agent_latency_ms_avg` for the latencies.
    ///
    /// Absent if the provider does not report it, and a time of a turn is missing or the agent did
    /// not answer.
    agent_latency_ms_p95: f64,
    /// Returns the number of tool calls of the agent. A result without its call counts as a call.
    ///
    /// Absent if the payload would not show tool calls.
    tool_calls: i64,
    /// Returns the number of tool calls whose result says that they failed.
    ///
    /// Absent if the payload would not show tool calls.
    tool_errors: i64,
    /// Returns the number of tokens that the language model read.
    ///
    /// Absent if the provider does not report it.
    prompt_tokens: i64,
    /// Returns the number of tokens that the language model wrote.
    ///
    /// Absent if the provider does not report it.
    completion_tokens: i64,
    /// Returns the number of tokens that the language model read and wrote, as the provider reports
    /// it, or `prompt_tokens` + `completion_tokens`.
    ///
    /// Absent if the provider does not report tokens.
    total_tokens: i64,
    /// Returns whether the call was completed, as Assistable reports it in `call_completion`.
    /// Assistable writes a boolean or a string, and both are read.
    ///
    /// Absent for other providers. `None` also for any word other than `true` and `false`, which
    /// [`Metrics::get`] returns.
    task_completion: bool,
    /// Returns whether the assistant reached its goal, as Assistable reports it in
    /// `assistant_task_completion`. Assistable writes a boolean or a string, and both are read.
    ///
    /// Absent for other providers. `None` also for any word other than `true` and `false`, which
    /// [`Metrics::get`] returns.
    assistant_success: bool,
}

impl<'m> Metrics<'m> {
    pub(crate) fn new(metrics: &'m RawObject) -> Self {
        Self(metrics)
    }

    /// Returns the JSON text of a metric: the last one where the name is repeated. Returns `None`
    /// if the metric is absent.
    ///
    /// The name need not be a published one.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'m str> {
        self.0.get(name)
    }

    /// Returns all metrics of the message, published or not, in their original order. Each has its
    /// name and its JSON text. A repeated name is listed once, with its last value.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (Cow<'m, str>, &'m str)> + DoubleEndedIterator {
        members::last(self.0.as_str()).unwrap_or_default().into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_types() {
        let object = RawObject::from_json(
            r#"{"total_turns": 1, "total_turns": 14.0, "talk_ratio": 2, "user_wpm": "fast", "tool_calls": 1.5, "user_turns": null,
                "agent_wpm": 1e400, "task_completion": "true", "assistant_success": false, "aht_sec": 195}"#,
        )
        .unwrap();
        let metrics = Metrics::new(&object);
        assert_eq!((metrics.total_turns(), metrics.tool_calls(), metrics.user_turns()), (Some(14), None, None));
        assert_eq!((metrics.talk_ratio(), metrics.user_wpm(), metrics.agent_wpm()), (Some(2.0), None, None));
        assert_eq!((metrics.task_completion(), metrics.assistant_success()), (Some(true), Some(false)));
        assert_eq!(
            (metrics.get("user_wpm"), metrics.get("aht_sec"), metrics.get("x")),
            (Some("\"fast\""), Some("195"), None)
        );
        assert_eq!(metrics.iter().len(), 9);
        assert_eq!(metrics.iter().next(), Some(("total_turns".into(), "14.0")));
        assert_eq!(bool::read("\"complete\""), None);
    }

    #[test]
    fn every_published_metric_has_a_name() {
        assert_eq!(Metrics::NAMES.len(), 20);
        assert!(Metrics::NAMES.contains(&"agent_latency_ms_p95"));
        let none = RawObject::default();
        assert!(Metrics::NAMES.iter().all(|name| Metrics::new(&none).get(name).is_none()));
        assert_eq!(Metrics::new(&none).iter().count(), 0);
    }
}
