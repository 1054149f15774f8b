//! `consent`: whether the person agreed (schema-v0.5 §7).

use super::model;
use crate::{ConsentStatus, Timestamp};

model! {
    /// Whether the person agreed to the processing of their data (schema-v0.5 §7).
    ConsentRecord {
        /// Identifier of the consent.
        required consent_id: String,
        /// Whether it is in force.
        required status: ConsentStatus,
        /// When it was given.
        optional granted_at: Timestamp,
        /// When it ends.
        optional expires_at: Timestamp,
        /// What it covers: `recording`, `analytics`, `storage` and others.
        required scope: Vec<String>,
        /// Version of the consent policy.
        required version: String,
        /// User agent when it was given.
        optional user_agent [personal]: String,
        /// Hashed address when it was given.
        optional ip_address_hash [personal]: String,
    }
}
