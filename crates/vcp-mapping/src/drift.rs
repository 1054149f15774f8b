//! What many deliveries have that the rules do not know: the sign that a provider has changed (decisions 5.9).

use crate::{MapError, Mapping};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many different places, words or problems are listed of each kind. More come from hostile input only, and are counted together.
const MOST: usize = 10_000;

/// A summary of the reports of many deliveries of one provider: members that nobody read, words that are in no table, members that could not be used,
/// with the number of deliveries that had each.
///
/// ```
/// use vcp_mapping::{Drift, Mapper};
/// let (mapper, mut drift) = (Mapper::new(), Drift::default());
/// let received_at = "2026-11-21T12:00:00Z".parse()?;
/// for reason in ["user_hangup", "abducted"] {
///     let payload = format!(r#"{{"event":"call_ended","call":{{"call_id":"c1","disconnection_reason":"{reason}","moon_phase":3}}}}"#);
///     drift.add(&mapper.map("retell", payload.as_bytes(), received_at));
/// }
/// assert_eq!(drift.deliveries, 2);
/// assert_eq!(drift.unread["/call/moon_phase"], 2);
/// assert_eq!(drift.unknown_words["/call/disconnection_reason"]["abducted"], 1);
/// # Ok::<(), vcp_schema::TimestampError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Drift {
    /// Deliveries that were looked at.
    pub deliveries: u64,
    /// Of them, by the name of the event, those that became messages.
    pub calls: BTreeMap<String, u64>,
    /// Those of events that are known and no call records.
    pub not_calls: BTreeMap<String, u64>,
    /// Those of events that the provider's table does not have.
    pub unknown_events: BTreeMap<String, u64>,
    /// Those that could not be mapped, by what was wrong.
    pub failed: BTreeMap<String, u64>,
    /// Members that nobody read, by their JSON Pointers.
    pub unread: BTreeMap<String, u64>,
    /// Words that are in no table, by the JSON Pointer of their member.
    pub unknown_words: BTreeMap<String, BTreeMap<String, u64>>,
    /// Members that could not be used, by their JSON Pointers, and what was wrong with them.
    pub problems: BTreeMap<String, BTreeMap<String, u64>>,
    /// What was not listed any more because there was too much of it.
    pub unlisted: u64,
}

impl Drift {
    /// Adds what mapping a delivery gave.
    pub fn add(&mut self, mapped: &Result<Mapping, MapError>) {
        self.deliveries += 1;
        let unlisted = &mut self.unlisted;
        match mapped {
            Err(error) => count(&mut self.failed, &error.to_string(), unlisted),
            Ok(Mapping::NotACall { event, known: true }) => count(&mut self.not_calls, event, unlisted),
            Ok(Mapping::NotACall { event, known: false }) => count(&mut self.unknown_events, event, unlisted),
            Ok(Mapping::Call(mapped)) => {
                count(&mut self.calls, &mapped.event, unlisted);
                for pointer in &mapped.report.unread {
                    count(&mut self.unread, pointer, unlisted);
                }
                for unknown in &mapped.report.unknown_words {
                    count_in(&mut self.unknown_words, &unknown.source, &unknown.word, unlisted);
                }
                for problem in &mapped.report.problems {
                    count_in(&mut self.problems, &problem.source, &problem.message, unlisted);
                }
            }
        }
    }

    /// What an earlier summary does not have: all that was not there then, with the counts of now.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        fn new(now: &BTreeMap<String, u64>, then: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
            now.iter()
                .filter(|(name, _)| !then.contains_key(*name))
                .map(|(name, count)| (name.clone(), *count))
                .collect()
        }
        let new_in = |now: &BTreeMap<String, BTreeMap<String, u64>>, then: &BTreeMap<String, BTreeMap<String, u64>>| {
            let none = BTreeMap::new();
            let places = now.iter().map(|(place, now)| (place.clone(), new(now, then.get(place).unwrap_or(&none))));
            places.filter(|(_, new)| !new.is_empty()).collect()
        };
        Self {
            deliveries: self.deliveries,
            calls: new(&self.calls, &earlier.calls),
            not_calls: new(&self.not_calls, &earlier.not_calls),
            unknown_events: new(&self.unknown_events, &earlier.unknown_events),
            failed: new(&self.failed, &earlier.failed),
            unread: new(&self.unread, &earlier.unread),
            unknown_words: new_in(&self.unknown_words, &earlier.unknown_words),
            problems: new_in(&self.problems, &earlier.problems),
            unlisted: self.unlisted.saturating_sub(earlier.unlisted),
        }
    }

    /// Whether the rules know everything that there was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unknown_events.is_empty()
            && self.failed.is_empty()
            && self.unread.is_empty()
            && self.unknown_words.is_empty()
            && self.problems.is_empty()
            && self.unlisted == 0
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str, unlisted: &mut u64) {
    let has_room = counts.len() < MOST;
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None if has_room => drop(counts.insert(name.to_owned(), 1)),
        None => *unlisted += 1,
    }
}

fn count_in(places: &mut BTreeMap<String, BTreeMap<String, u64>>, place: &str, what: &str, unlisted: &mut u64) {
    let has_room = places.len() < MOST;
    match places.get_mut(place) {
        Some(counts) => count(counts, what, unlisted),
        None if has_room => count(places.entry(place.to_owned()).or_default(), what, unlisted),
        None => *unlisted += 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mapper;

    fn drift(payloads: &[&str]) -> Drift {
        let mapper = Mapper::new();
        let received_at = "2026-11-21T12:00:00Z".parse().unwrap();
        let mut drift = Drift::default();
        payloads.iter().for_each(|payload| drift.add(&mapper.map("retell", payload.as_bytes(), received_at)));
        drift
    }

    #[test]
    fn tells_what_is_new() {
        let known = r#"{"event":"call_ended","call":{"call_id":"c1"}}"#;
        let new = r#"{"event":"call_ended","call":{"call_id":"c1","duration_ms":"long","disconnection_reason":"abducted","x":1}}"#;
        let before = drift(&[known, r#"{"event":"call_inbound"}"#]);
        assert!(before.is_empty());
        let after = drift(&[known, new, r#"{"event":"call_dreamt"}"#, "[]"]).since(&before);
        assert_eq!((after.deliveries, after.calls.len(), after.unread.len()), (4, 0, 1));
        assert_eq!(after.unknown_events["call_dreamt"], 1);
        assert_eq!(after.problems["/call/duration_ms"]["the text is no number"], 1);
        assert_eq!(after.failed["VCP_E002 at $: the payload of a `retell` delivery is an object"], 1);
        assert!(!after.is_empty() && after.since(&after).is_empty());
        let text = serde_json::to_string(&after).unwrap();
        assert_eq!(serde_json::from_str::<Drift>(&text).unwrap(), after);
    }

    #[test]
    fn too_much_is_counted_together() {
        let members: Vec<String> = (0..MOST + 5).map(|number| format!("\"m{number}\":1")).collect();
        let payload = format!(r#"{{"event":"call_ended","call":{{"call_id":"c1",{}}}}}"#, members.join(","));
        let drift = drift(&[&payload]);
        assert_eq!((drift.unread.len(), drift.unlisted), (MOST, 5));
    }
}
