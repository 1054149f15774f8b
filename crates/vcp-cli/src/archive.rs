//! Archives of deliveries. A line is the body of a delivery, or an envelope as `vcp synth` writes
//! it: `{"provider", "event", "sent_at", "session", "headers", "url", "body"}`.

use crate::{output::Lines, records::Fault};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};
use vcp_sdk::{Mapper, mapping::SessionEvent, schema::Limits};

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
    /// The id of the session whose event it is. All events of a session make one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
    /// The headers that sign it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    /// The URL, if the secret is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// The body.
    pub(crate) body: String,
}

/// The events of the session that is being read. The events of a session follow one another.
#[derive(Default)]
pub(crate) struct Session {
    name: String,
    /// The bytes of the bodies.
    bytes: usize,
    /// The events, none if they are longer than a session may be.
    events: Vec<Envelope>,
    /// The names of the sessions before.
    ended: BTreeSet<String>,
}

/// The numbers of sessions.
#[derive(Default)]
pub(crate) struct Assembled {
    /// The sessions that became a message.
    pub(crate) good: u64,
    /// The sessions whose events do not fit together.
    pub(crate) failed: u64,
}

impl Session {
    /// Returns the most bytes that a session may have.
    fn most_bytes() -> usize {
        Limits::default().text_bytes
    }

    /// Adds an event. If it is of another session than the one before, the message of that session
    /// is written first. Sessions of two sources or of two providers are not the same.
    pub(crate) fn add(
        &mut self,
        source: &str,
        event: Envelope,
        mapper: &Mapper,
        out: &mut Lines,
        counts: &mut Assembled,
    ) -> Result<ControlFlow<()>, Fault> {
        let session = event.session.iter().map(|id| format!(", session {id}"));
        // A provider may be named by an alias.
        let provider = mapper.provider_name(&event.provider).unwrap_or(&event.provider);
        let name = format!("{source}, {provider}{}", session.collect::<String>());
        if self.ended.contains(&name) {
            let reason = "its session ended before: put the events of each session together".to_owned();
            return Err(Fault::Record(reason));
        }
        let mut flow = ControlFlow::Continue(());
        if self.name != name {
            flow = self.end(mapper, out, counts)?;
            self.ended.insert(std::mem::replace(&mut self.name, name));
        }
        self.bytes += event.body.len() + 1;
        // Events that cannot be assembled are not kept.
        if self.bytes <= Self::most_bytes() {
            self.events.push(event);
        } else {
            self.events = Vec::new();
        }
        Ok(flow)
    }

    /// Writes the message of the session, if it has events, and forgets them.
    pub(crate) fn end(
        &mut self,
        mapper: &Mapper,
        out: &mut Lines,
        counts: &mut Assembled,
    ) -> Result<ControlFlow<()>, Fault> {
        let (events, bytes) = (std::mem::take(&mut self.events), std::mem::take(&mut self.bytes));
        let most = Self::most_bytes();
        if bytes > most {
            counts.failed += 1;
            tell!("{}: the events have {bytes} bytes, more than the limit of {most}", self.name);
            return Ok(ControlFlow::Continue(()));
        }
        let Some(first) = events.first() else { return Ok(ControlFlow::Continue(())) };
        let timed: Vec<_> =
            events.iter().map(|event| SessionEvent::new(event.sent_at, event.body.as_bytes())).collect();
        match mapper.assemble(&first.provider, &timed) {
            Ok(mapped) => {
                counts.good += 1;
                out.line(&mapped.message.to_json_line())
            }
            Err(error) => {
                counts.failed += 1;
                tell!("{}: {error}", self.name);
                Ok(ControlFlow::Continue(()))
            }
        }
    }
}
