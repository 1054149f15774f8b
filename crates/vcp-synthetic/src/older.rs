//! The call as a message of VCP 0.3 or 0.4, as the specification's seeder writes them.

use crate::{
    Call, Consent, Generation, Scenario, Sentiment,
    json::{Json, object},
    message::gap,
    render::{whole_seconds, with_millis},
};
use chrono::TimeDelta;

/// An older form of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Older {
    /// 0.3 in the seeder's mode `gtm`.
    V03Gtm,
    /// 0.3 in the seeder's mode `full`: with the models and the summary for people.
    V03Full,
    /// 0.4.
    V04,
}

impl Call {
    /// Renders the call as the JSON text of a message of an older version.
    ///
    /// The provider and the id of the call are those of the generation.
    #[must_use]
    pub fn older_message(&self, form: Older, generation: Generation) -> String {
        let id = self.id(generation);
        let (version, later) = if form == Older::V04 { ("0.4", true) } else { ("0.3", false) };
        let known_at = |seconds: i64| with_millis(self.ended_at() + TimeDelta::seconds(seconds));
        let provider_data = object! {"channel": self.direction.as_str()};
        let mut payload = object! {"call": self.older_call(form, generation)};
        if form == Older::V03Full {
            payload = payload.with(object! {"model_selection": self.older_selection(generation)});
        }
        payload = payload.with(object! {"outcomes": self.older_outcomes(form, generation)});
        if form == Older::V03Full {
            let hcr = object! {
                "audience": "agent",
                "headline": self.scenario.about().trim_end_matches('.'),
                "outcome_status": self.older_status(),
                "key_points": self.collected.iter().map(|(name, _)| format!("{name} known")).collect::<Vec<_>>(),
                "impact_metrics": self.older_metrics(),
            };
            payload = payload.with(object! {"hcr": hcr});
        }
        let artifacts = object! {"recording_url": &self.recording_url, "transcript_url": Json::Null}
            .with_if(later, || object! {"summary": &self.summary})
            .with(object! {"provider_raw_payload_ref": format!("s3://vcp-raw/{}/{id}.json", generation.provider())});
        let custom = object! {
            "provider_specific": Json::Object(vec![(generation.provider().to_owned(), provider_data)]),
            "outcome_hint": self.scenario.name(),
            "synthetic": true,
            "synthetic_recipe": "vcp_synthetic_v1",
        };
        payload = payload.with(object! {"artifacts": artifacts});
        if later {
            payload = payload.with(self.consent_and_provenance(generation));
        }
        payload = payload.with(object! {
            "custom": custom,
            "audit": object! {"received_at": known_at(1), "normalized_at": known_at(2), "schema_version": version},
        });
        object! {"call_id": id, "vcp_version": version, "vcp_payload": payload}.to_string()
    }

    fn older_call(&self, form: Older, generation: Generation) -> Json {
        let id = self.id(generation);
        let (intent, _) = self.intent_and_value();
        let criterion = object! {"id": "sc1", "metric": "task_completion", "operator": "==", "value": true};
        let contract = object! {"declared_intent": intent, "success_criteria": vec![criterion]};
        object! {
            "call_id": &id,
            "session_id": format!("{id}-session"),
            "provider": generation.provider(),
            "start_time": with_millis(self.time(0)),
            "end_time": with_millis(self.ended_at()),
            "duration_sec": whole_seconds(self.duration_ms),
        }
        .with_if(form == Older::V04, || {
            object! {"channel": self.direction.as_str(), "to": self.to(), "from": self.from()}
        })
        .with(object! {
            "capabilities_invoked": self.tools.iter().map(|tool| tool.name).collect::<Vec<_>>(),
            "purpose_contract": contract,
        })
    }

    fn older_selection(&self, generation: Generation) -> Json {
        let role = |name: &str| {
            object! {"chosen": name, "alternatives": Vec::<Json>::new(), "reason": vec!["quality"]}
        };
        object! {
            "policy_id": format!("{}-default", generation.provider()),
            "resolved_at": with_millis(self.time(0)),
            "roles": object! {
                "V2V": Json::Null,
                "LLM": role(self.models.llm.name),
                "STT": role(self.models.stt.name),
                "TTS": role(self.models.tts.name),
            },
        }
    }

    /// Returns the outcome in the four words of the older versions.
    fn older_status(&self) -> &'static str {
        match self.status() {
            _ if self.scenario == Scenario::SpamFiltered => "filtered",
            word @ ("success" | "partial") => word,
            _ => "failed",
        }
    }

    fn older_metrics(&self) -> Json {
        let (_, value) = self.intent_and_value();
        let figures = self.figures();
        let interruptions =
            figures.interruptions_by(crate::Speaker::User) + figures.interruptions_by(crate::Speaker::Agent);
        let first = figures.latencies_ms().first().copied().unwrap_or(0);
        object! {
            "aht_sec": whole_seconds(self.duration_ms),
            "first_contact_resolution": self.goal_met == Some(true),
            "interruptions": interruptions,
            "handoff_performed": self.transfer.is_some(),
            "first_response_sec": Json::decimal(first, 3),
            "estimated_value_usd": Json::Number(format!("{value}.0")),
        }
    }

    fn older_outcomes(&self, form: Older, generation: Generation) -> Json {
        let perceived = |sentiment: Sentiment| {
            object! {
                "by": "caller",
                "at": self.ended_at().timestamp(),
                "sentiment": object! {
                    "model": format!("{}-internal", generation.provider()),
                    "score": Json::decimal(sentiment.tenths(), 1),
                },
                "confidence": Json::Number("0.83".to_owned()),
            }
        };
        let met = |met: bool| object! {"id": "sc1", "met": met, "evidence_ref": "tool_log"};
        let (gap_score, class) = gap(self.sentiment, self.status());
        let class = match (form, class) {
            (_, "aligned") => class,
            (Older::V04, "minor_deviation") => "minor",
            (Older::V04, "major_deviation") => "moderate",
            (Older::V04, _) => "major",
            (_, "minor_deviation") => "mild_misalignment",
            _ => "significant_gap",
        };
        object! {
            "perceived": self.sentiment.map(perceived).into_iter().collect::<Vec<_>>(),
            "objective": object! {
                "status": self.older_status(),
                "scored_criteria": self.goal_met.map(met).into_iter().collect::<Vec<_>>(),
                "metrics": self.older_metrics(),
                "confidence": Json::Number("0.83".to_owned()),
            },
        }
        .with_if(form == Older::V04, || object! {"extractions": self.collected_json()})
        .with(object! {"perception_gap": object! {
            "gap_score": Json::decimal(gap_score, 4),
            "gap_class": class,
            "drivers": Vec::<Json>::new(),
        }})
    }

    fn consent_and_provenance(&self, generation: Generation) -> Json {
        let consent = self.consent.map(|answer| {
            let at_ms = match answer {
                Consent::Granted { at_ms } => Some(at_ms),
                Consent::Refused => None,
            };
            object! {
                "recording_consent": at_ms.is_some(),
                "consent_timestamp": at_ms.map(|at_ms| with_millis(self.time(at_ms))),
                "consent_method": "explicit",
                "data_retention_days": 90,
                "sharing_allowed": false,
                "anonymization_required": false,
            }
        });
        object! {
            "provenance": object! {
                "captured_at": with_millis(self.ended_at() + TimeDelta::seconds(1)),
                "captured_by": "vcp_synthetic",
                "source_system": generation.provider(),
                "processing_chain": vec!["vcp_synthetic"],
                "data_quality_score": Json::Number("1.0".to_owned()),
            },
            "consent": consent,
        }
    }
}
