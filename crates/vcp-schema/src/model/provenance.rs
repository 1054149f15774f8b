//! The section `provenance`: origin and processing history of the data (schema-v0.5 §8).

use super::model;
use crate::Timestamp;

model! {
    /// The origin of the data and its processing history (schema-v0.5 §8).
    Provenance {
        /// The system that created this record.
        required source_system: String,
        /// The time at which the record was created. The published Python model uses the current
        /// time if this member is absent. Here it is required.
        required created_at: Timestamp,
        /// The service or user that created the record.
        optional created_by [personal]: String,
        /// The processing steps applied to the record, oldest first. An upgrade to 0.5 adds
        /// `upgraded_from_v0.3` or `upgraded_from_v0.4`.
        defaulted transformation_history: Vec<String>,
        /// The data retention policy that applies.
        optional data_retention_policy: String,
        /// The rules that apply to the data, such as `GDPR`, `CCPA` and `do_not_call`.
        optional compliance_flags: Vec<String>,
    }
}
