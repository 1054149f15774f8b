//! The section `audit`: receipt and processing of the record (schema-v0.5 §9).

use super::model;
use crate::Timestamp;

model! {
    /// The receipt and the processing of the record (schema-v0.5 §9).
    Audit {
        /// The time at which the record was received.
        required received_at: Timestamp,
        /// The version of the schema that the record follows. It should be equal to `vcp_version`
        /// (`VCP_E109`).
        required schema_version: String,
        /// The time at which processing ended. It should not be before `received_at` (`VCP_E115`).
        optional processed_at: Timestamp,
        /// The duration of the processing.
        optional processing_duration_ms [0..] [milliseconds]: f64,
        /// The errors that validation found, one per element.
        optional validation_errors [personal]: Vec<String>,
        /// The checksum of the message without this member. It is `jcs-sha256:` and 64 lower-case
        /// hexadecimal digits, or 64 such digits alone for the legacy algorithm.
        optional checksum: String,
    }
}
