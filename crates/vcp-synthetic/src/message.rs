//! The call as a message of VCP 0.5.

use crate::{
    Call, Consent, Ending, Generation, Speaker,
    json::{Json, object},
    render::{dollars, seconds, whole_seconds, with_millis},
};
use chrono::TimeDelta;

/// The roles of models, with those of this call.
type Roles<'c> = [(&'static str, &'c crate::Model, Option<u64>); 3];

impl Call {
    /// Renders the call as the JSON text of a VCP 0.5 message, with all that the truth knows.
    /// The transcript is left out if the person refused to be recorded.
    ///
    /// The provider and the id of the call are those of the generation. Deliveries usually tell
    /// less: see [`facts()`](crate::facts()).
    ///
    /// ```
    /// use vcp_schema::VcpMessage;
    /// use vcp_synthetic::{Call, Generation, Scenario};
    /// let call = Call::new(Scenario::EmergencyService, 7, "2026-10-14T12:00:00Z".parse()?);
    /// let message = VcpMessage::from_json(&call.message(Generation::Retell))?;
    /// assert_eq!(message.vcp_payload.outcomes.objective.status.as_str(), "success");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn message(&self, generation: Generation) -> String {
        let known_at = self.ended_at() + TimeDelta::seconds(5);
        let payload = object! {
            "call": self.call_part(generation),
            "model_selection": self.selection(generation),
            "outcomes": self.outcomes(),
            "hcr": object! {
                "audience": "agent",
                "headline": self.scenario.about().trim_end_matches('.'),
                "outcome_status": self.status(),
                "key_points": self.collected.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>(),
                "impact_metrics": Json::Object(Vec::new()),
            }
            .with_if(self.summary.is_some(), || object! {"summary": &self.summary}),
            "artifacts": Json::Object(Vec::new())
                .with_if(self.recording_url.is_some(), || object! {"audio_recording_ref": &self.recording_url})
                .with_if(!self.turns.is_empty() && self.consent != Some(Consent::Refused), || object! {"transcript": self.transcript("Agent", "User")}),
            "custom": object! {"synthetic": true, "scenario": self.scenario.name()},
            "consent": self.consent_part(generation),
            "provenance": object! {
                "source_system": "vcp_synthetic",
                "created_at": with_millis(known_at),
                "created_by": "vcp_synthetic",
                "transformation_history": vec!["made_from_scenario"],
                "data_retention_policy": "none",
                "compliance_flags": Vec::<Json>::new(),
            },
        };
        let audit = object! {"received_at": with_millis(known_at), "schema_version": "0.5"};
        object! {"vcp_version": "0.5", "vcp_payload": payload, "audit": audit}.to_string()
    }

    /// Returns the outcome in the words of the specification.
    pub(crate) fn status(&self) -> &'static str {
        match self.ending {
            Ending::PersonHungUp | Ending::AgentHungUp if self.goal_met == Some(false) => "failure",
            Ending::PersonHungUp | Ending::AgentHungUp => "success",
            Ending::Transferred => "partial",
            Ending::Voicemail | Ending::NoAnswer | Ending::Busy | Ending::Silence | Ending::MaxDuration => "timeout",
            Ending::ModelFailed | Ending::Quota => "error",
        }
    }

    fn call_part(&self, generation: Generation) -> Json {
        let capability = |tool: &crate::ToolCall| {
            object! {
                "capability_id": tool.name,
                "capability_type": "tool_call",
                "invoked_at": with_millis(self.time(tool.at_ms)),
                "duration_ms": tool.took_ms,
                "success": tool.succeeded,
            }
            .with_if(!tool.succeeded, || object! {"error_message": &tool.result})
        };
        object! {"call_id": self.id(generation), "session_id": self.id(generation), "provider": generation.provider()}
            .with(object! {"start_time": with_millis(self.time(0))})
            .with_if(self.started_at.is_some(), || object! {"end_time": with_millis(self.ended_at())})
            .with(object! {"duration_sec": whole_seconds(self.duration_ms), "channel": self.channel.as_str()})
            .with(object! {"direction": self.direction.as_str()})
            .with_if(self.person_number.is_some(), || {
                object! {"from": self.from(), "to": self.to(), "correlation_id": &self.carrier_id}
            })
            .with(object! {"capabilities_invoked": self.tools.iter().map(capability).collect::<Vec<_>>()})
    }

    fn roles(&self) -> Roles<'_> {
        let models = &self.models;
        let tokens = models.prompt_tokens + models.completion_tokens;
        [("LLM", &models.llm, Some(tokens)), ("STT", &models.stt, None), ("TTS", &models.tts, None)]
    }

    fn selection(&self, generation: Generation) -> Json {
        let role = |(role, model, _): (&'static str, &crate::Model, Option<u64>)| {
            let empty = Vec::<Json>::new;
            let chosen =
                object! {"chosen": model.name, "alternatives": empty(), "reason": empty(), "fallback_used": false};
            (role.to_owned(), chosen)
        };
        object! {
            "policy_id": format!("{}_default", generation.provider()),
            "resolved_at": with_millis(self.requested_at),
            "roles": Json::Object(self.roles().into_iter().map(role).collect()),
        }
    }

    fn outcomes(&self) -> Json {
        let minutes = || Json::decimal(self.duration_ms * 1000 / 60, 6);
        let figures = |(role, model, tokens): (&'static str, &crate::Model, Option<u64>)| {
            let figures =
                object! {"model_id": model.name, "minutes": minutes(), "errors": 0, "cost_usd": dollars(model.cost)};
            let figures = figures.with_if(tokens.is_some(), || object! {"tokens_processed": tokens});
            (role.to_owned(), figures)
        };
        let (gap, class) = self.gap();
        object! {
            "perceived": self.sentiment.map(crate::Sentiment::as_str).into_iter().collect::<Vec<_>>(),
            "objective": object! {
                "status": self.status(),
                "scored_criteria": match self.goal_met {
                    Some(met) => vec![object! {"id": "goal", "met": met}],
                    None => Vec::new(),
                },
                "metrics": self.metrics(),
            },
            "perception_gap": object! {"gap_score": Json::decimal(gap, 4), "gap_class": class},
            "model_outcome_attribution": object! {
                "roles": Json::Object(self.roles().into_iter().map(figures).collect()),
                "kpis": object! {
                    "cost_usd.line": dollars(self.line_cost),
                    "cost_usd.platform": dollars(self.platform_cost),
                },
                "total_cost_usd": dollars(self.cost()),
            },
        }
        .with_if(self.sentiment.is_some(), || {
            object! {"user_satisfaction_score": self.sentiment.map(|sentiment| Json::decimal(sentiment.tenths(), 1))}
        })
    }

    /// Returns the perception gap in ten-thousandths, and its class (`MAPPING.md` 9).
    fn gap(&self) -> (u64, &'static str) {
        gap(self.sentiment, self.status())
    }

    fn metrics(&self) -> Json {
        let figures = self.figures();
        let (agent, user) = (Speaker::Agent, Speaker::User);
        let thousandths = |value: u64| Json::decimal(value, 3);
        let mut members = object! {
            "total_turns": self.turns.len(),
            "user_turns": figures.turns(user),
            "agent_turns": figures.turns(agent),
            "user_talk_sec": seconds(figures.talk_ms(user)),
            "agent_talk_sec": seconds(figures.talk_ms(agent)),
            "user_interruptions": figures.interruptions_by(user),
            "agent_interruptions": figures.interruptions_by(agent),
            "tool_calls": self.tools.len(),
            "tool_errors": self.tools.iter().filter(|tool| !tool.succeeded).count(),
            "prompt_tokens": self.models.prompt_tokens,
            "completion_tokens": self.models.completion_tokens,
            "total_tokens": self.models.prompt_tokens + self.models.completion_tokens,
        };
        let optional = [
            ("talk_ratio", figures.talk_ratio().map(thousandths)),
            ("user_wpm", figures.words_per_minute(user).map(thousandths)),
            ("agent_wpm", figures.words_per_minute(agent).map(thousandths)),
            ("agent_latency_ms_avg", figures.mean_latency().map(thousandths)),
            ("agent_latency_ms_p50", figures.latency_percentile(50).map(Json::from)),
            ("agent_latency_ms_p95", figures.latency_percentile(95).map(Json::from)),
        ];
        for (name, value) in optional {
            members = members.with_if(value.is_some(), || Json::Object(vec![(name.to_owned(), Json::from(value))]));
        }
        members
    }

    fn consent_part(&self, generation: Generation) -> Json {
        let (status, scope) = match self.consent {
            Some(Consent::Granted { .. }) => ("granted", vec!["recording", "analytics"]),
            Some(Consent::Refused) => ("denied", Vec::new()),
            None => ("pending", Vec::new()),
        };
        let consent = object! {
            "consent_id": format!("consent_{}", self.id(generation)),
            "status": status,
            "scope": scope,
            "version": "1.0",
        };
        match self.consent {
            Some(Consent::Granted { at_ms }) => consent.with(object! {"granted_at": with_millis(self.time(at_ms))}),
            _ => consent,
        }
    }
}

/// Returns the perception gap in ten-thousandths, and its class (`MAPPING.md` 9).
pub(crate) fn gap(sentiment: Option<crate::Sentiment>, status: &str) -> (u64, &'static str) {
    let objective = match status {
        "success" => 10_000,
        "partial" => 5_000,
        _ => 0u64,
    };
    let gap = sentiment.map_or(0, |sentiment| (sentiment.tenths() * 1_000).abs_diff(objective));
    let class = match gap {
        0..2_500 => "aligned",
        2_500..5_000 => "minor_deviation",
        5_000..7_500 => "major_deviation",
        _ => "contradictory",
    };
    (gap, class)
}
