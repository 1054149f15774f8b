//! Answers to common questions about a message, derived from its members.

use crate::{Call, CallDirection, ChannelType, OutcomeStatus, VcpMessage};

impl Call {
    /// Returns the medium of the call.
    ///
    /// A legacy `channel` that holds a direction gives [`ChannelType::Phone`], because it was
    /// written for telephone calls (`DECISIONS.md` 1.10).
    ///
    /// ```
    /// use vcp_schema::{Call, CallDirection, ChannelType, Timestamp};
    /// let start: Timestamp = "2026-10-14T12:00:00Z".parse()?;
    /// let call = Call::builder().call_id("c").session_id("s").provider("retell").start_time(start);
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
    /// let (start, end): (Timestamp, Timestamp) = ("2026-10-14T12:00:00Z".parse()?, "2026-10-14T12:03:04.500Z".parse()?);
    /// let call = Call::builder().call_id("c").session_id("s").provider("retell").start_time(start).end_time(end).build();
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
