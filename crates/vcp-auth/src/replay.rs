//! Replay detection: guards that recognise a delivery that is sent twice.
//!
//! Anyone who captures a signed delivery can send it again. A signed time limits how long such a
//! replay is accepted. A guard closes the remaining gap, because it remembers each delivery until
//! that limit.
//!
//! ```
//! use chrono::TimeDelta;
//! use vcp_auth::{MemoryGuard, ReplayGuard, Scheme, Secret, Seen, Verifier};
//! let (now, body) = ("2023-11-14T22:13:21Z".parse()?, br#"{"event":"call_ended"}"#);
//! let headers = [(
//!     "x-retell-signature",
//!     "v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e",
//! )];
//! let verifier = Verifier::new(Scheme::Retell, vec![Secret::new("2026-01", "test-api-key")])?;
//! let guard = MemoryGuard::new(100_000);
//! let verified = verifier.verify(&headers, body, now)?;
//! // Bland and Twilio sign no time, so choose a limit yourself.
//! let until = verified.good_until().unwrap_or(now + TimeDelta::hours(24));
//! assert_eq!(guard.remember(verified.replay_key(), until, now)?, Seen::First);
//! assert_eq!(guard.remember(verified.replay_key(), until, now)?, Seen::Again);
//! // If you could not store the delivery, let the provider send it again:
//! guard.forget(verified.replay_key())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Several servers need a store that they share. In Redis, one command does the work of
//! [`ReplayGuard::remember`]: `SET <key> 1 NX PXAT <until in ms + two minutes>`.
//!
//! - The key is the text of the [`ReplayKey`], in hexadecimal digits.
//! - One minute is for threads that ask late, and one for clocks that differ.
//! - The reply `OK` means [`Seen::First`], and nil means [`Seen::Again`].
//!
//! The crate `vcp-store` has asynchronous guards for PostgreSQL, SQLite and Redis.

#[cfg(all(test, loom))]
use loom::sync::Mutex;
#[cfg(not(all(test, loom)))]
use std::sync::Mutex;

use crate::mac;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::PoisonError,
};

/// The key under which a delivery is remembered: a SHA-256 of the parts that identify it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    /// Computes the key of a list of parts. The boundaries between the parts affect the key.
    ///
    /// Use it, for example, with the provider's name and its own idempotency key. A provider that
    /// got no answer resends the delivery with a new signature. The key of
    /// [`Verified::replay_key`](crate::Verified::replay_key) then differs, but this key does not.
    ///
    /// ```
    /// use vcp_auth::ReplayKey;
    /// assert_eq!(ReplayKey::of([b"retell", b"call_1"]), ReplayKey::of([b"retell", b"call_1"]));
    /// assert_ne!(ReplayKey::of(["ab", "c"]), ReplayKey::of(["a", "bc"]));
    /// ```
    #[must_use]
    pub fn of(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        Self(mac::sha256_of_parts(parts))
    }
}

/// Returns the bytes of the key, for use as a part of another key.
///
/// ```
/// use vcp_auth::ReplayKey;
/// # let delivery = ReplayKey::of(["x"]);
/// let of_one_endpoint = ReplayKey::of(["customer 7".as_bytes(), delivery.as_ref()]);
/// assert_ne!(of_one_endpoint, ReplayKey::of(["customer 8".as_bytes(), delivery.as_ref()]));
/// ```
impl AsRef<[u8]> for ReplayKey {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Writes the key as 64 lower-case hexadecimal digits.
impl fmt::Display for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The answer of a [`ReplayGuard`] about a delivery. A guard that cannot answer gives an error, so
/// there is no third answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a delivery that was seen before is not to be taken again"]
pub enum Seen {
    /// The delivery is new.
    First,
    /// The delivery is known. It is a retry by the provider or a replay by an attacker.
    Again,
}

/// A guard that remembers deliveries, to detect replays.
pub trait ReplayGuard: Send + Sync {
    /// The error of a guard that cannot answer.
    type Error: std::error::Error;

    /// Remembers a delivery until `until` (inclusive), and returns whether the key was known.
    ///
    /// If several callers pass the same key at once, exactly one gets [`Seen::First`].
    ///
    /// `now` must be the time that was used for the check. A delivery that was remembered until a
    /// time before `now` counts as forgotten.
    ///
    /// # Errors
    ///
    /// Returns an error if the guard cannot answer or cannot remember the delivery. Answer
    /// 503, so that the provider sends it again.
    fn remember(&self, key: ReplayKey, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Seen, Self::Error>;

    /// Forgets a delivery, so that it counts as new if it arrives again.
    ///
    /// # Errors
    ///
    /// Returns an error if the guard cannot forget the delivery.
    fn forget(&self, key: ReplayKey) -> Result<(), Self::Error>;
}

/// A guard in the memory of one process.
///
/// Its size is bounded. The guard needs about 200 bytes for each delivery that it holds. It keeps a
/// delivery for [`MemoryGuard::SLACK`] after its window, because a slow thread may have verified
/// the delivery within the window and ask only now.
#[derive(Debug)]
pub struct MemoryGuard {
    capacity: usize,
    remembered: Mutex<Remembered>,
}

/// The deliveries of a guard. All times are whole milliseconds since the epoch, as verification
/// uses.
#[derive(Debug)]
struct Remembered {
    until_ms: HashMap<ReplayKey, i64>,
    by_time: BTreeSet<(i64, ReplayKey)>,
    /// Deliveries whose window ended before this time may be forgotten.
    forgotten_before_ms: i64,
}

/// The error of a [`MemoryGuard`] that cannot tell whether a delivery is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// All deliveries that the guard holds may still be replayed. If the guard forgot one of them
    /// to make room, that delivery could be replayed.
    #[error("the guard holds {capacity} deliveries that may still be sent again: give it more room")]
    Full {
        /// The number of deliveries that the guard may hold.
        capacity: usize,
    },
    /// The window of the delivery ended more than [`MemoryGuard::SLACK`] before the latest `now`
    /// that the guard has seen.
    #[error("the window of the delivery ended long ago: ask soon after verifying, and check the clock")]
    TooLate,
}

impl MemoryGuard {
    /// The time for which a delivery is kept after its window: one minute.
    ///
    /// A thread must call [`ReplayGuard::remember`] within this time after it read the clock for
    /// verification. A slower thread gets [`GuardError::TooLate`].
    pub const SLACK: TimeDelta = TimeDelta::minutes(1);

    /// Creates a guard that holds at most `capacity` deliveries at a time.
    ///
    /// Pass only verified deliveries to it. Otherwise any sender can fill it.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let remembered =
            Remembered { until_ms: HashMap::new(), by_time: BTreeSet::new(), forgotten_before_ms: i64::MIN };
        Self { capacity, remembered: Mutex::new(remembered) }
    }
}

impl ReplayGuard for MemoryGuard {
    type Error = GuardError;

    fn remember(&self, key: ReplayKey, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Seen, GuardError> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let Remembered { until_ms: known, by_time, forgotten_before_ms } = &mut *remembered;
        let until_ms = until.timestamp_millis();
        let oldest_ms = now.timestamp_millis().saturating_sub(Self::SLACK.num_milliseconds());
        *forgotten_before_ms = oldest_ms.max(*forgotten_before_ms);
        while let Some(old) = by_time.first().copied().filter(|(until_ms, _)| *until_ms < *forgotten_before_ms) {
            by_time.remove(&old);
            known.remove(&old.1);
        }
        if known.contains_key(&key) {
            return Ok(Seen::Again);
        }
        if until_ms < *forgotten_before_ms {
            return Err(GuardError::TooLate);
        }
        if known.len() >= self.capacity {
            return Err(GuardError::Full { capacity: self.capacity });
        }
        known.insert(key, until_ms);
        by_time.insert((until_ms, key));
        Ok(Seen::First)
    }

    fn forget(&self, key: ReplayKey) -> Result<(), GuardError> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until_ms) = remembered.until_ms.remove(&key) {
            remembered.by_time.remove(&(until_ms, key));
        }
        Ok(())
    }
}

#[cfg(all(test, loom))]
mod orders;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{Scheme, Secret, Verifier};

    const SLACK: TimeDelta = MemoryGuard::SLACK;

    fn key(number: u64) -> ReplayKey {
        ReplayKey::of([number.to_be_bytes()])
    }

    #[test]
    fn remembers_to_the_end_of_the_window_and_the_slack() {
        let (guard, now) = (MemoryGuard::new(10), DateTime::UNIX_EPOCH);
        let until = now + TimeDelta::seconds(300);
        assert_eq!(guard.remember(key(1), until, now), Ok(Seen::First));
        assert_eq!(guard.remember(key(2), until, now), Ok(Seen::First));
        assert_eq!(guard.remember(key(1), until, until), Ok(Seen::Again), "at the end of the window it still verifies");
        assert_eq!(guard.remember(key(1), until, until + SLACK), Ok(Seen::Again), "a slow thread may still ask");
        assert_eq!(guard.remember(key(1), until, until + SLACK + TimeDelta::milliseconds(1)), Err(GuardError::TooLate));
        assert_eq!(guard.remember(key(1), until, now), Err(GuardError::TooLate), "a clock that goes back");
        let later = until + SLACK;
        assert_eq!(guard.remember(key(1), later, later), Ok(Seen::First));
        guard.forget(key(1)).unwrap();
        assert_eq!(guard.remember(key(1), later, later), Ok(Seen::First));
    }

    #[test]
    fn the_window_ends_for_the_guard_when_it_ends_for_the_verifier() {
        let headers = [(
            "x-retell-signature",
            "v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e",
        )];
        let verifier = Verifier::new(Scheme::Retell, vec![Secret::new("k", "test-api-key")]).unwrap();
        let (guard, body) = (MemoryGuard::new(10), br#"{"event":"call_ended"}"#);
        let first = verifier.verify(&headers, body, "2023-11-14T22:13:21Z".parse().unwrap()).unwrap();
        let until = first.good_until().unwrap();
        assert_eq!(guard.remember(first.replay_key(), until, until), Ok(Seen::First));
        // Verification cuts the time to milliseconds, so the last one is good to its end.
        let last = until + TimeDelta::nanoseconds(999_999);
        let again = verifier.verify(&headers, body, last).unwrap();
        assert_eq!(guard.remember(again.replay_key(), until, last), Ok(Seen::Again));
        assert!(verifier.verify(&headers, body, until + TimeDelta::milliseconds(1)).is_err());
    }

    #[test]
    fn is_bounded_and_says_so() {
        let (guard, now) = (MemoryGuard::new(3), DateTime::UNIX_EPOCH);
        for second in 0..3 {
            let until = now + TimeDelta::seconds(second);
            assert_eq!(guard.remember(key(second.unsigned_abs()), until, now), Ok(Seen::First));
        }
        assert_eq!(guard.remember(key(9), now, now), Err(GuardError::Full { capacity: 3 }));
        assert_eq!(guard.remember(key(2), now, now), Ok(Seen::Again), "a full guard knows what it knows");
        let later = now + SLACK + TimeDelta::seconds(1);
        assert_eq!(guard.remember(key(9), later, later), Ok(Seen::First));
        let held = guard.remembered.lock().unwrap();
        assert_eq!((held.until_ms.len(), held.by_time.len()), (3, 3));
    }

    #[test]
    fn of_many_at_once_one_is_first() {
        let guard = MemoryGuard::new(10);
        let remember = || guard.remember(key(1), DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
        let firsts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(remember)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|seen| *seen == Ok(Seen::First)).count()
        });
        assert_eq!(firsts, 1);
    }

    /// Threads whose clocks differ by less than the slack take each delivery once, although fast
    /// threads move the guard on while slow ones still ask.
    #[test]
    fn slow_threads_take_no_delivery_twice() {
        let (guard, start) = (MemoryGuard::new(100_000), DateTime::UNIX_EPOCH);
        let firsts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|lag| {
                    let guard = &guard;
                    scope.spawn(move || {
                        let ask = |second: i64| {
                            let until = start + TimeDelta::seconds(second);
                            // Each thread verified within the window, and asks with its own clock.
                            let now = until + TimeDelta::seconds(20 * lag) - TimeDelta::seconds(60);
                            guard.remember(key(second.unsigned_abs()), until, now)
                        };
                        (0..2_000).filter(|second| ask(*second) == Ok(Seen::First)).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let different: std::collections::HashSet<i64> = firsts.iter().copied().collect();
        assert_eq!(different.len(), firsts.len(), "a delivery was taken twice");
        assert!(!firsts.is_empty());
        let late = start + TimeDelta::seconds(2_000);
        assert_ne!(guard.remember(key(1_999), start + TimeDelta::seconds(1_999), late), Ok(Seen::First));
    }
}
