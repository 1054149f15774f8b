//! Calls that have no webhook when they end: their events, one by one, become one message (decisions 5.11).

use crate::{MapError, report::Problem};
use serde_json::{Map, Value};
use std::fmt;
use vcp_schema::Timestamp;

/// An event of a session, as it was received. Shown by the length of its body, which may have secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionEvent<'e> {
    /// When it was received: most events carry no time.
    pub received_at: Timestamp,
    /// Its body.
    pub body: &'e [u8],
}

impl fmt::Debug for SessionEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (received_at, bytes) = (&self.received_at, self.body.len());
        f.debug_struct("SessionEvent").field("received_at", received_at).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// One record of the events of a session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Digest {
    /// What the events tell together, for the rule file of the provider's event that is `assembled`. It stands as `session` beside the kept events, and
    /// sources of the report lead there.
    pub members: Map<String, Value>,
    /// What of the events could not be used. The source is `/events/<n>` and the member of the event.
    pub problems: Vec<Problem>,
}

/// What makes one record of the events of a session. There is one for OpenAI; others are registered by
/// [`Registry::register_assembler`](crate::Registry::register_assembler).
pub trait Assemble: fmt::Debug + Send + Sync {
    /// The digest of a session.
    ///
    /// `events` are JSON objects in the order of receipt, at least one. The same events give the same digest.
    ///
    /// # Errors
    ///
    /// Why the events are not those of one session: `VCP_E002` at the place, from `events` down.
    fn digest(&self, events: &[(Timestamp, &str)]) -> Result<Digest, MapError>;
}
