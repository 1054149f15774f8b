//! Calls that have no webhook when they end: their events, one by one, become one message (decisions 5.11).

use vcp_schema::Timestamp;

/// An event of a session, as it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionEvent<'e> {
    /// When it was received: most events carry no time.
    pub received_at: Timestamp,
    /// Its body.
    pub body: &'e [u8],
}

/// What makes one record of the events of a session. There is one for OpenAI; others are registered by
/// [`Registry::register_assembler`](crate::Registry::register_assembler).
pub trait Assemble: std::fmt::Debug + Send + Sync {
    /// The digest of a session: an object with what its events tell together, for the rule file of the provider's event that is `assembled`. It stands
    /// as `session` beside the kept events, and sources of the report lead there.
    ///
    /// `events` are JSON objects in the order of receipt, at least one. The same events give the same digest.
    fn digest(&self, events: &[(Timestamp, &str)]) -> serde_json::Map<String, serde_json::Value>;
}
