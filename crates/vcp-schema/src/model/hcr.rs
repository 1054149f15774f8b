//! The section `hcr`, "human-readable context": a summary for people (schema-v0.5 §4).

use super::model;
use crate::{AlertLevel, OutcomeStatus, RawObject};

model! {
    /// A summary of the call for people, the "human-readable context" (schema-v0.5 §4).
    HumanReadableContext {
        /// The intended readers, such as `agent` or `system`.
        required audience: String,
        /// The summary in one line.
        required headline [personal]: String,
        /// The outcome of the call. It should be equal to `outcomes.objective.status`
        /// (`VCP_E117`).
        required outcome_status: OutcomeStatus,
        /// The most important points, one per element.
        defaulted key_points [personal]: Vec<String>,
        /// Figures on the impact of the call, as a free-form object.
        defaulted impact_metrics: RawObject,
        /// The summary in a few sentences.
        optional summary [personal]: String,
        /// Recommendations for improvement, one per element.
        optional recommendations [personal]: Vec<String>,
        /// The urgency with which a person should look at the call.
        optional alert_level: AlertLevel,
    }
}
