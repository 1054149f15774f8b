//! Sessions: calls for which the provider sends events, but no webhook at the end. All events of a
//! session become one message.

use crate::{
    MapError,
    report::{Counted, Problem, UnlistedWord},
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::fmt;
use vcp_schema::{ErrorCode, FieldPath, Timestamp};

/// An event of a session, as it was received. `Debug` shows the length of its body, which may hold
/// secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionEvent<'e> {
    /// The time of receipt. Most events have no time of their own.
    pub received_at: DateTime<Utc>,
    /// The body.
    pub body: &'e [u8],
}

impl<'e> SessionEvent<'e> {
    /// Makes an event of the time of its receipt and its body.
    #[must_use]
    pub fn new(received_at: DateTime<Utc>, body: &'e [u8]) -> Self {
        Self { received_at, body }
    }
}

impl fmt::Debug for SessionEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (received_at, bytes) = (&self.received_at, self.body.len());
        f.debug_struct("SessionEvent").field("received_at", received_at).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// One record of the events of a session.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Digest {
    /// The facts of all events together. The rule file of the provider's `assembled` event reads
    /// them. They are kept as `session` beside the events.
    pub members: Map<String, Value>,
    /// The parts of events that could not be used. A source is `/events/<n>` and the member.
    pub problems: Vec<Problem>,
    /// The words of members of events that the assembler does not know.
    pub unknown_words: Vec<UnlistedWord>,
    /// The members of events that the assembler did not read, as pointers from `/events/*` down.
    pub unread: Vec<Counted>,
    /// The members of events that the assembler read, in the same form.
    pub read: Vec<Counted>,
}

impl Digest {
    /// Makes a digest of facts, without problems and unread members.
    #[must_use]
    pub fn new(members: Map<String, Value>) -> Self {
        Self { members, ..Self::default() }
    }
}

/// Shows no fact of the session.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (members, problems) = (&self.members.len(), &self.problems.len());
        f.debug_struct("Digest").field("members", members).field("problems", problems).finish_non_exhaustive()
    }
}

/// An assembler, which makes one record of the events of a session. There is one for OpenAI. Others
/// are registered with [`Registry::register_assembler`](crate::Registry::register_assembler).
pub trait Assemble: fmt::Debug + Send + Sync {
    /// Makes the digest of a session.
    ///
    /// `events` are JSON objects in the order of receipt, at least one. The same events give the
    /// same digest.
    ///
    /// # Errors
    ///
    /// `VCP_E002` at a place from `events` down: the events are not those of one session.
    fn digest(&self, events: &[(DateTime<Utc>, &str)]) -> Result<Digest, MapError>;
}

/// Returns the payload that is kept: all events. `length` is the length of their texts with a comma
/// after each.
pub(crate) fn as_events(events: &[(DateTime<Utc>, &str)], length: usize) -> String {
    let mut payload = String::with_capacity(length + 16);
    payload.push_str("{\"events\":[");
    for (at, (_, text)) in events.iter().enumerate() {
        payload.push_str(if at > 0 { "," } else { "" });
        payload.push_str(text);
    }
    payload.push_str("]}");
    payload
}

/// Returns the payload that the rules of a session read: the digest, below `session`.
pub(crate) fn as_payload(digest: &str) -> String {
    format!("{{\"session\":{digest}}}")
}

/// Returns a time of receipt as messages write it.
pub(crate) fn time_of_receipt(now: DateTime<Utc>) -> Result<Timestamp, MapError> {
    Timestamp::from_datetime(now).ok_or_else(|| {
        let message = format!("no message can hold {now} as the time of receipt: correct the clock");
        MapError::new(ErrorCode::Unreadable, FieldPath::root(), message)
    })
}
