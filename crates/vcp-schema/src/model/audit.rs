//! `audit`: how the record was received and processed (schema-v0.5 §9).

use super::model;
use crate::Timestamp;

model! {
    /// How the record was received and processed (schema-v0.5 §9).
    Audit {
        /// When it was received.
        required received_at: Timestamp,
        /// Version of the schema; the same as `vcp_version`.
        required schema_version: String,
        /// When processing ended.
        optional processed_at: Timestamp,
        /// How long processing took, in milliseconds, 0 or more.
        optional processing_duration_ms: f64,
        /// What validation found.
        optional validation_errors [personal]: Vec<String>,
        /// Checksum of the record (decisions 3).
        optional checksum: String,
    }
}
