//! Archives of deliveries. A line is the body of a delivery, or an envelope as `vcp synth` writes it:
//! `{"provider", "event", "sent_at", "headers", "url", "body"}`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A delivery with what is around its body.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Envelope {
    /// The name of the provider.
    pub(crate) provider: String,
    /// The name of the event. For people.
    #[serde(default)]
    pub(crate) event: String,
    /// The time at which it was sent.
    pub(crate) sent_at: DateTime<Utc>,
    /// The headers that sign it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    /// The URL, if the secret is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// The body.
    pub(crate) body: String,
}

/// A delivery that was read from an archive.
pub(crate) struct Entry {
    pub(crate) provider: String,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) body: Vec<u8>,
}

/// Reads a line. With a provider, the line is the body of a delivery, received at `now`. Without
/// one, it is an envelope.
pub(crate) fn entry(line: Vec<u8>, provider: Option<&str>, now: DateTime<Utc>) -> Result<Entry, String> {
    if let Some(provider) = provider {
        return Ok(Entry { provider: provider.to_owned(), received_at: now, body: line });
    }
    let envelope: Envelope = serde_json::from_slice(&line).map_err(|e| {
        format!("not an envelope of a delivery ({e}): name the provider of plain bodies with --provider")
    })?;
    Ok(Entry { provider: envelope.provider, received_at: envelope.sent_at, body: envelope.body.into_bytes() })
}
