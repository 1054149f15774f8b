//! The section `consent`: agreement to the processing of personal data (schema-v0.5 §7).

use super::model;
use crate::{ConsentStatus, Timestamp};

model! {
    /// The consent of the person to the processing of their data (schema-v0.5 §7).
    ConsentRecord {
        /// The identifier of the consent.
        required consent_id: String,
        /// The current status of the consent.
        required status: ConsentStatus,
        /// The time at which consent was given. It should not be after `expires_at` (`VCP_E114`).
        optional granted_at: Timestamp,
        /// The time at which the consent ends.
        optional expires_at: Timestamp,
        /// The purposes that the consent covers, such as `recording`, `analytics` and `storage`.
        /// A granted consent should have at least one (`VCP_E112`).
        required scope: Vec<String>,
        /// The version of the consent policy.
        required version: String,
        /// The user agent with which consent was given.
        optional user_agent [personal]: String,
        /// The hash of the IP address from which consent was given.
        optional ip_address_hash [personal]: String,
    }
}
