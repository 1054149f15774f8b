//! The section `artifacts`: references to recordings, transcripts and other files
//! (schema-v0.5 §5).

use super::model;
use crate::OrderedMap;

model! {
    /// References to recordings, transcripts and other files (schema-v0.5 §5). A reference is a URL
    /// such as `s3://bucket/call.wav`, or a name of the producer's choice. The known schemes are
    /// `s3`, `gs`, `azure`, `http`, `https`, `internal` and `local`.
    Artifacts {
        /// A reference to the provider's raw payload.
        optional provider_raw_payload_ref [personal]: String,
        /// A reference to the audio recording of the call.
        optional audio_recording_ref [personal]: String,
        /// A reference to the full transcript of the call.
        optional transcript_ref [personal]: String,
        /// A reference to the system logs.
        optional system_logs_ref [personal]: String,
        /// References to files for debugging, by name.
        optional debug_artifacts [personal]: OrderedMap<String, String>,
        /// References to compliance records, by name.
        optional compliance_records [personal]: OrderedMap<String, String>,
    }
}
