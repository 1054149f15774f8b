//! Answers to common questions about a message, derived from its members.

use crate::{Call, CallDirection, ChannelType, Metrics, OutcomeStatus, VcpMessage, json::string};
use std::borrow::Cow;

impl Call {
    /// Returns the medium of the call.
    ///
    /// A legacy `channel` that holds a direction gives [`ChannelType::Phone`], because it was
    /// written for telephone calls (`DECISIONS.md` 1.10).
    ///
    /// ```
    /// use vcp_schema::{Call, CallDirection, ChannelType, Timestamp};
    /// let start: Timestamp = "2026-10-14T12:00:00Z".parse()?;
    /// let call = Call::builder().call_id("c").session_id("s").provider("retell");
    /// let call = call.start_time(start);
    /// let call = call.channel(ChannelType::Inbound).build();
    /// assert_eq!(call.effective_channel(), Some(&ChannelType::Phone));
    /// assert_eq!(call.effective_direction(), Some(&CallDirection::Inbound));
    /// # Ok::<(), vcp_schema::TimestampError>(())
    /// ```
    #[must_use]
    pub fn effective_channel(&self) -> Option<&ChannelType> {
        match &self.channel {
            Some(ChannelType::Inbound | ChannelType::Outbound) => Some(&ChannelType::Phone),
            channel => channel.as_ref(),
        }
    }

    /// Returns the direction of the call: `direction`, or else the direction in a legacy `channel`
    /// (`DECISIONS.md` 1.10).
    #[must_use]
    pub fn effective_direction(&self) -> Option<&CallDirection> {
        self.direction.as_ref().or(match self.channel {
            Some(ChannelType::Inbound) => Some(&CallDirection::Inbound),
            Some(ChannelType::Outbound) => Some(&CallDirection::Outbound),
            _ => None,
        })
    }

    /// Returns the length of the call in seconds.
    ///
    /// This is `duration_sec` if it is present. Otherwise it is the time from start to end, rounded
    /// half up to whole seconds like mapping does (`DECISIONS.md` 5.8). Returns `None` if
    /// `duration_sec` is absent and the end is absent or before the start.
    ///
    /// ```
    /// use vcp_schema::{Call, Timestamp};
    /// let start: Timestamp = "2026-10-14T12:00:00Z".parse()?;
    /// let end: Timestamp = "2026-10-14T12:03:04.500Z".parse()?;
    /// let call = Call::builder().call_id("c").session_id("s").provider("retell");
    /// let call = call.start_time(start).end_time(end).build();
    /// assert_eq!(call.effective_duration_sec(), Some(185));
    /// # Ok::<(), vcp_schema::TimestampError>(())
    /// ```
    #[must_use]
    pub fn effective_duration_sec(&self) -> Option<i64> {
        self.duration_sec.or_else(|| {
            let nanos = self.end_time?.unix_nanos() - self.start_time.unix_nanos();
            (nanos >= 0).then(|| i64::try_from((nanos + 500_000_000) / 1_000_000_000).ok())?
        })
    }
}

impl VcpMessage {
    /// Returns the objective outcome of the call, `outcomes.objective.status`.
    #[must_use]
    pub fn status(&self) -> &OutcomeStatus {
        &self.vcp_payload.outcomes.objective.status
    }

    /// Returns the cost of the whole call in US dollars,
    /// `outcomes.model_outcome_attribution.total_cost_usd`.
    ///
    /// The costs of the roles are not added up, because they need not cover the whole cost.
    #[must_use]
    pub fn total_cost_usd(&self) -> Option<f64> {
        self.vcp_payload.outcomes.model_outcome_attribution.total_cost_usd
    }

    /// Returns the transcript of the call as text, from the unknown member `artifacts.transcript`.
    ///
    /// The mapper writes it there, usually as one line per turn: `Agent: …` or `User: …`. The text
    /// may be personal data. A lone surrogate becomes U+FFFD. Returns `None` if the message has no
    /// transcript, or if the member is not a string. The transcript may also be a file, see
    /// `artifacts.transcript_ref`.
    ///
    /// ```
    /// use vcp_schema::{RawJson, VcpMessage};
    /// # let text = include_str!("../tests/data/minimal.json");
    /// let mut message = VcpMessage::from_json(text)?;
    /// assert_eq!(message.transcript(), None);
    /// let lines = RawJson::from_text("Agent: hello\nUser: hi");
    /// message.vcp_payload.artifacts.extras.insert("transcript".to_owned(), lines);
    /// assert_eq!(message.transcript().as_deref(), Some("Agent: hello\nUser: hi"));
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    #[must_use]
    pub fn transcript(&self) -> Option<Cow<'_, str>> {
        string::decode_lossy(self.vcp_payload.artifacts.extras.get("transcript")?.as_str())
    }

    /// Returns the metrics of the call, `outcomes.objective.metrics`, with a typed getter for each
    /// published one.
    ///
    /// ```
    /// use vcp_schema::{RawObject, VcpMessage};
    /// # let text = include_str!("../tests/data/minimal.json");
    /// let mut message = VcpMessage::from_json(text)?;
    /// let metrics = RawObject::from_json(r#"{"total_turns": 14, "talk_ratio": 1.25}"#)?;
    /// message.vcp_payload.outcomes.objective.metrics = metrics;
    /// let metrics = message.metrics();
    /// assert_eq!((metrics.total_turns(), metrics.talk_ratio()), (Some(14), Some(1.25)));
    /// assert_eq!(metrics.tool_calls(), None);
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    #[must_use]
    pub fn metrics(&self) -> Metrics<'_> {
        Metrics::new(&self.vcp_payload.outcomes.objective.metrics)
    }

    /// Returns whether the call is over. It is over if
    ///
    /// - its end or its length is known, or
    /// - its status is `failure`, `timeout` or `error`, which providers report without an end.
    ///
    /// A message of a running call is not final, such as that of Retell's `call_started` or
    /// OpenAI's `response.done`. Later deliveries say more about the call.
    #[must_use]
    pub fn is_final(&self) -> bool {
        let call = &self.vcp_payload.call;
        let came_to_nothing =
            matches!(self.status(), OutcomeStatus::Failure | OutcomeStatus::Timeout | OutcomeStatus::Error);
        call.end_time.is_some() || call.duration_sec.is_some() || came_to_nothing
    }
}
