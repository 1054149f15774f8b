//! The section `model_selection`: the AI models chosen for the call (schema-v0.5 §2).

use super::model;
use crate::{ModelRole, OrderedMap, Timestamp};

model! {
    /// The AI models chosen for the call, with the reasons (schema-v0.5 §2).
    ModelSelection {
        /// The identifier of the policy that chose the models.
        required policy_id: String,
        /// The time at which the models were chosen.
        required resolved_at: Timestamp,
        /// The chosen model for each role.
        required roles: OrderedMap<ModelRole, ModelRoleInfo>,
        /// The strategy by which the policy chose.
        optional selection_strategy: String,
        /// The total duration of all choices.
        optional total_selection_time_ms [0..] [milliseconds]: f64,
    }

    /// The model chosen for one role, with the reasons (schema-v0.5 §2).
    ModelRoleInfo {
        /// The identifier of the chosen model.
        required chosen: String,
        /// The identifiers of the other models that were considered.
        defaulted alternatives: Vec<String>,
        /// The reasons for the choice, one per element.
        defaulted reason: Vec<String>,
        /// The performance figures known about the model before it was chosen.
        optional telemetry_prior: TelemetryPrior,
        /// `true` if the chosen model is a fallback.
        defaulted fallback_used: bool,
        /// The duration of this choice.
        optional selection_time_ms [0..] [milliseconds]: f64,
    }

    /// The performance figures known about a model before it was chosen.
    TelemetryPrior {
        /// The 95th percentile of the latency.
        optional latency_p95 [0..] [milliseconds]: f64,
        /// The share of requests that succeeded.
        optional success_rate [0..=1]: f64,
        /// The cost of one token.
        optional cost_per_token [0..] [us_dollars]: f64,
        /// The share of time in which the model is available.
        optional availability [0..=1]: f64,
    }
}
