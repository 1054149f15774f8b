//! `provenance`: where the data comes from (schema-v0.5 §8).

use super::model;
use crate::Timestamp;

model! {
    /// Where the data comes from and what happened to it (schema-v0.5 §8).
    Provenance {
        /// The system that made this record.
        required source_system: String,
        /// When it was made. Required here: its published default is the clock (decisions 1.13).
        required created_at: Timestamp,
        /// The service or user that made it.
        optional created_by [personal]: String,
        /// What was done to it, oldest first.
        defaulted transformation_history: Vec<String>,
        /// The retention policy that applies.
        optional data_retention_policy: String,
        /// What must be heeded: `GDPR`, `CCPA`, `do_not_call` and others.
        optional compliance_flags: Vec<String>,
    }
}
