//! `hcr`: a summary for people (schema-v0.5 §4).

use super::model;
use crate::{AlertLevel, OutcomeStatus, RawObject};

model! {
    /// A summary for people, "human-readable context" (schema-v0.5 §4).
    HumanReadableContext {
        /// Who should read it.
        required audience: String,
        /// One line.
        required headline [personal]: String,
        /// The outcome; the same as the objective status.
        required outcome_status: OutcomeStatus,
        /// What matters.
        defaulted key_points [personal]: Vec<String>,
        /// Figures, free-form.
        defaulted impact_metrics: RawObject,
        /// A few sentences.
        optional summary [personal]: String,
        /// What to do better.
        optional recommendations [personal]: Vec<String>,
        /// How urgently to look.
        optional alert_level: AlertLevel,
    }
}
