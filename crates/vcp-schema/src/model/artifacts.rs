//! `artifacts`: recordings, transcripts and the like (schema-v0.5 §5).

use super::model;
use crate::OrderedMap;

model! {
    /// References to recordings, transcripts and the like (schema-v0.5 §5). Known schemes: `s3`, `gs`, `azure`, `http`,
    /// `https`, `internal`, `local`.
    Artifacts {
        /// The provider's raw payload.
        optional provider_raw_payload_ref [personal]: String,
        /// The recording.
        optional audio_recording_ref [personal]: String,
        /// The transcript.
        optional transcript_ref [personal]: String,
        /// System logs.
        optional system_logs_ref [personal]: String,
        /// References for debugging, by name.
        optional debug_artifacts [personal]: OrderedMap<String, String>,
        /// References for compliance, by name.
        optional compliance_records [personal]: OrderedMap<String, String>,
    }
}
