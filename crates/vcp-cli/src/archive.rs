//! Archives of deliveries. A line is the body of a delivery, or an envelope as `vcp synth` writes
//! it: `{"provider", "event", "sent_at", "session", "headers", "url", "body"}`.

use crate::{
    input,
    output::{Lines, short, unused},
    records::Fault,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::ControlFlow,
};
use vcp_sdk::{
    Mapper,
    mapping::{MapReport, SessionEvent},
    schema::Limits,
};

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

impl Envelope {
    /// Reads a record. The error contains no value of the record.
    pub(crate) fn read(text: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(text)
            .map_err(|error| format!("not an envelope of a delivery: {}", input::reason(&error)))
    }
}

/// The events of the session that is being read. The events of a session follow one another. They
/// may be in several sources.
#[derive(Default)]
pub(crate) struct Session {
    /// The provider and the id, or the source if there is no id.
    name: String,
    /// The source of the last event, if the session has an id.
    source: Option<String>,
    provider: String,
    /// The bytes of the bodies.
    bytes: usize,
    /// The times and the bodies of the events, none if they are longer than a session may be.
    events: Vec<(DateTime<Utc>, String)>,
    /// The hashes of the names of the sessions before, because the names can be long.
    ended: HashSet<u64>,
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
    /// is written first. Sessions of two providers are not the same. Events without the id of a
    /// session are of one session if they are of one source.
    pub(crate) fn add(
        &mut self,
        source: &str,
        event: Envelope,
        mapper: &Mapper,
        out: &mut Lines,
        counts: &mut Assembled,
    ) -> Result<ControlFlow<()>, Fault> {
        // A provider may be named by an alias.
        let provider = mapper.provider_name(&event.provider).unwrap_or(&event.provider);
        let name = match &event.session {
            Some(id) => format!("{provider}, session {id}"),
            None => format!("{source}, {provider}"),
        };
        if self.ended.contains(&hash(&name)) {
            let reason = "its session ended before: put the events of each session together".to_owned();
            return Err(Fault::Record(reason));
        }
        let mut flow = ControlFlow::Continue(());
        if self.name != name {
            flow = self.end(mapper, out, counts)?;
            self.ended.insert(hash(&self.name));
            self.source = event.session.is_some().then(|| source.to_owned());
            (self.name, self.provider) = (name, event.provider);
        } else if let Some(last) = self.source.as_mut().filter(|last| **last != source) {
            tell!("{source}: goes on with {}", short(&name, 1000));
            source.clone_into(last);
        }
        self.bytes += event.body.len() + 1;
        // Events that cannot be assembled are not kept.
        if self.bytes <= Self::most_bytes() {
            self.events.push((event.sent_at, event.body));
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
        let source = self.source.iter().map(|source| format!("{source}, "));
        let (name, most) = (short(&(source.collect::<String>() + &self.name), 1000), Self::most_bytes());
        if bytes > most {
            counts.failed += 1;
            tell!("{name}: the events have {bytes} bytes, more than the limit of {most}");
            return Ok(ControlFlow::Continue(()));
        }
        if events.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let timed: Vec<_> = events.iter().map(|(sent_at, body)| SessionEvent::new(*sent_at, body.as_bytes())).collect();
        match mapper.assemble(&self.provider, &timed) {
            Ok(mapped) => {
                counts.good += 1;
                tell_unused(&name, &mapped.report);
                out.line(&mapped.message.to_json_line())
            }
            Err(error) => {
                counts.failed += 1;
                tell!("{name}: {error}");
                Ok(ControlFlow::Continue(()))
            }
        }
    }
}

/// Prints the parts of a session that were not used, at most 20 of them.
fn tell_unused(name: &str, report: &MapReport) {
    const MOST: usize = 20;
    unused(report).take(MOST).for_each(|told| tell!("{name}: {}", short(&told, 1000)));
    let all = report.problems.len() + report.unknown_words.len();
    if all > MOST {
        tell!("{name}: {} more are not used or not known", all - MOST);
    }
}

/// Returns the hash of a name. If two names have one hash, the later session is refused aloud.
fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
