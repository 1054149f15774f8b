//! The row of a call.

use crate::StoreError;
use chrono::{DateTime, Utc};
use vcp_sdk::{
    VcpMessage,
    auth::ReplayKey,
    schema::{Limits, ReadOptions},
};

/// The columns that are made of a message.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) call_id: String,
    pub(crate) provider: String,
    pub(crate) vcp_version: String,
    pub(crate) raw_payload: String,
    pub(crate) start_time: DateTime<Utc>,
    pub(crate) end_time: Option<DateTime<Utc>>,
    pub(crate) duration_sec: Option<i64>,
    pub(crate) channel: Option<String>,
    pub(crate) direction: Option<String>,
    pub(crate) status: String,
    pub(crate) total_cost_usd: Option<f64>,
    pub(crate) user_satisfaction_score: Option<f64>,
}

impl Row {
    pub(crate) fn of(message: &VcpMessage) -> Self {
        let call = &message.vcp_payload.call;
        Self {
            id: id(call.provider.as_str(), &call.call_id),
            call_id: column(&call.call_id),
            provider: column(call.provider.as_str()),
            vcp_version: message.vcp_version.to_string(),
            raw_payload: message.to_json(),
            start_time: call.start_time.instant(),
            end_time: call.end_time.map(|end| end.instant()),
            duration_sec: call.effective_duration_sec(),
            channel: call.effective_channel().map(|channel| column(channel.as_str())),
            direction: call.effective_direction().map(|direction| column(direction.as_str())),
            status: column(message.status().as_str()),
            total_cost_usd: message.total_cost_usd(),
            user_satisfaction_score: message.vcp_payload.outcomes.user_satisfaction_score,
        }
    }
}

/// Reads the message of a row. It was within the limits when it was written, so there are none
/// here.
pub(crate) fn message(text: &str) -> Result<VcpMessage, StoreError> {
    let mut limits = Limits::default();
    (limits.text_bytes, limits.members) = (usize::MAX, usize::MAX);
    ReadOptions::default().limits(limits).from_json(text).map_err(StoreError::Unreadable)
}

/// Returns the id of the row of a call: a UUID (version 8) of the SHA-256 of provider and call id.
///
/// A unique index on the call id would refuse long ids.
pub(crate) fn id(provider: &str, call_id: &str) -> String {
    let digits = ReplayKey::of([provider, call_id]).to_string();
    let part = |range| digits.get(range).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0..8), part(8..12), part(12..15), part(15..18), part(18..30))
}

/// Returns the text of a column. PostgreSQL stores no U+0000. `raw_payload` keeps it as an escape.
fn column(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
