//! A summary of mapping reports, which shows that a provider has changed (`DECISIONS.md` 5.9).

use crate::{MapError, Mapping};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The largest number of different entries in each list. Only hostile input has more. They are
/// counted together.
const MOST: usize = 10_000;

/// A summary of the results of mapping many deliveries of one provider.
///
/// It lists unread members, unknown words and members that could not be used, each with the number
/// of times that it was reported. Each list has at most 10 000 entries. The rest is counted in
/// `unlisted`.
///
/// ```
/// use vcp_mapping::{Drift, Mapper};
/// let (mapper, mut drift) = (Mapper::new(), Drift::default());
/// let now = "2026-11-21T12:00:00Z".parse()?;
/// for reason in ["user_hangup", "abducted"] {
///     let payload = format!(
///         r#"{{"event":"call_ended","call":{{"call_id":"c1",
///             "disconnection_reason":"{reason}","moon_phase":3}}}}"#
///     );
///     drift.add(&mapper.map("retell", payload.as_bytes(), now));
/// }
/// assert_eq!(drift.deliveries, 2);
/// assert_eq!(drift.unread["/call/moon_phase"], 2);
/// assert_eq!(drift.unknown_words["/call/disconnection_reason"]["abducted"], 1);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Drift {
    /// The number of deliveries that were added.
    pub deliveries: u64,
    /// The number of deliveries that became messages, by the name of the event.
    pub calls: BTreeMap<String, u64>,
    /// The number of deliveries of known events that are not call records, by the name of the
    /// event.
    pub not_calls: BTreeMap<String, u64>,
    /// The number of deliveries of events that the provider's file does not list, by the name of
    /// the event.
    pub unknown_events: BTreeMap<String, u64>,
    /// The number of deliveries that could not be mapped, by the text of the error.
    pub failed: BTreeMap<String, u64>,
    /// The members that no rule read, by their JSON Pointers, in which `*` is a position in a list.
    /// The number is that of deliveries.
    pub unread: BTreeMap<String, u64>,
    /// The words that the provider's tables lack, by the JSON Pointer of their member and the word.
    pub unknown_words: BTreeMap<String, BTreeMap<String, u64>>,
    /// The members that could not be used, by their JSON Pointers and the text of the problem.
    pub problems: BTreeMap<String, BTreeMap<String, u64>>,
    /// The number of reports that are not listed because their list is full.
    pub unlisted: u64,
}

impl Drift {
    /// Adds the result of mapping one delivery.
    pub fn add(&mut self, mapped: &Result<Mapping, MapError>) {
        self.deliveries += 1;
        let unlisted = &mut self.unlisted;
        match mapped {
            Err(error) => count(&mut self.failed, &error.to_string(), unlisted),
            Ok(Mapping::NotACall { event, known: true }) => count(&mut self.not_calls, event, unlisted),
            Ok(Mapping::NotACall { event, known: false }) => count(&mut self.unknown_events, event, unlisted),
            Ok(Mapping::Call(mapped)) => {
                count(&mut self.calls, &mapped.event, unlisted);
                for unread in &mapped.report.unread {
                    count(&mut self.unread, &unread.pointer, unlisted);
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

    /// Returns the entries that an earlier summary does not have, with their counts in this one.
    ///
    /// `deliveries` is the total of this summary. `unlisted` is the difference of both.
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

    /// Returns whether the rules know everything in the deliveries: there are no unknown events,
    /// failed deliveries, unread members, unknown words, problems or unlisted reports.
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

/// Counts a name in a list, or as unlisted if the list is full.
fn count(counts: &mut BTreeMap<String, u64>, name: &str, unlisted: &mut u64) {
    let has_room = counts.len() < MOST;
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None if has_room => drop(counts.insert(name.to_owned(), 1)),
        None => *unlisted += 1,
    }
}

/// Counts a text at a place, or as unlisted if a list is full.
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
        assert_eq!(after.problems["/call/duration_ms"]["the text is not a number"], 1);
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
