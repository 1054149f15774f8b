//! `model_selection`: which models were chosen, and why (schema-v0.5 §2).

use super::model;
use crate::{ModelRole, OrderedMap, Timestamp};

model! {
    /// Which models were chosen, and why (schema-v0.5 §2).
    ModelSelection {
        /// The policy that chose.
        required policy_id: String,
        /// When it chose.
        required resolved_at: Timestamp,
        /// The choice for each role.
        required roles: OrderedMap<ModelRole, ModelRoleInfo>,
        /// The strategy of the policy.
        optional selection_strategy: String,
        /// Time that all choices took, in milliseconds, 0 or more.
        optional total_selection_time_ms: f64,
    }

    /// The choice of a model for one role (schema-v0.5 §2).
    ModelRoleInfo {
        /// The model chosen.
        required chosen: String,
        /// Models that were considered too.
        defaulted alternatives: Vec<String>,
        /// Why it was chosen.
        defaulted reason: Vec<String>,
        /// What was known of it beforehand.
        optional telemetry_prior: TelemetryPrior,
        /// Whether a fallback had to be taken.
        defaulted fallback_used: bool,
        /// Time that the choice took, in milliseconds, 0 or more.
        optional selection_time_ms: f64,
    }

    /// What was known of a model beforehand (decisions 1.13).
    TelemetryPrior {
        /// 95th percentile of latency, in milliseconds, 0 or more.
        optional latency_p95: f64,
        /// Share of successful requests, 0–1.
        optional success_rate: f64,
        /// Price of a token in USD, 0 or more.
        optional cost_per_token: f64,
        /// Share of time in which it answers, 0–1.
        optional availability: f64,
    }
}
