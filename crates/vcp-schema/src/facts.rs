//! What people ask of a message, worked out in one place.

use crate::{Call, CallDirection, ChannelType, OutcomeStatus, VcpMessage};

impl Call {
    /// The medium. A legacy `channel` that holds the direction was written for telephone calls (decisions 1.10, 2.4).
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

    /// Who called whom: `direction`, else the legacy `channel` (decisions 1.10).
    #[must_use]
    pub fn effective_direction(&self) -> Option<&CallDirection> {
        self.direction.as_ref().or(match self.channel {
            Some(ChannelType::Inbound) => Some(&CallDirection::Inbound),
            Some(ChannelType::Outbound) => Some(&CallDirection::Outbound),
            _ => None,
        })
    }

    /// The length of the call in seconds: `duration_sec`, else the time from start to end, rounded half up as mapping
    /// rounds (decisions 5.8). `None` when neither is known, or when the call ends before it starts.
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
    /// How the call came out by facts: `outcomes.objective.status`.
    #[must_use]
    pub fn status(&self) -> &OutcomeStatus {
        &self.vcp_payload.outcomes.objective.status
    }

    /// What the whole call cost in USD: `outcomes.model_outcome_attribution.total_cost_usd`. Costs of roles are not added up: they need
    /// not be all (`VCP_E116`).
    #[must_use]
    pub fn total_cost_usd(&self) -> Option<f64> {
        self.vcp_payload.outcomes.model_outcome_attribution.total_cost_usd
    }

    /// Whether the call is over: its end or its length is known, or it came to nothing (`failure`, `timeout`, `error`), which providers state without an
    /// end. A message of a running call, such as Retell's `call_started` or OpenAI's `response.done`, is not final; later deliveries say more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        let call = &self.vcp_payload.call;
        let came_to_nothing =
            matches!(self.status(), OutcomeStatus::Failure | OutcomeStatus::Timeout | OutcomeStatus::Error);
        call.end_time.is_some() || call.duration_sec.is_some() || came_to_nothing
    }
}
