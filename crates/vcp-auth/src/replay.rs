//! The same delivery twice. A signature with a time bounds how long a delivery that somebody overheard can be sent again; remembering deliveries for that long
//! closes the rest.
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
//! // Bland and Twilio sign no time: then as long as you like.
//! let until = verified.good_until().unwrap_or(now + TimeDelta::hours(24));
//! assert_eq!(guard.remember(verified.replay_key(), until, now)?, Seen::First);
//! assert_eq!(guard.remember(verified.replay_key(), until, now)?, Seen::Again);
//! // If you could not keep it and want the provider to send it again:
//! guard.forget(verified.replay_key())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Several servers need a store that they share. What a guard does is one command of Redis, `SET <key> 1 NX PXAT <until in ms + a minute>`, with the key as text
//! ([`ReplayKey`] is written as hexadecimal digits) and a minute for clocks that differ; `OK` means [`Seen::First`] and nil [`Seen::Again`]. Where that is asynchronous, call it yourself:
//! nothing else is in the trait.

use crate::mac;
use chrono::{DateTime, Utc};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Mutex, PoisonError},
};

/// What a delivery is remembered by: a SHA-256 of what identifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    /// The key of what these parts say together, such as a provider's name and its own idempotency key: a provider that got no answer sends the same again with a new
    /// signature, which [`Verified::replay_key`](crate::Verified::replay_key) takes for another delivery.
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

/// Its bytes, to be a part of another key.
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

/// As 64 hexadecimal digits.
impl fmt::Display for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Whether a delivery has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a delivery that was seen before is not to be taken again"]
pub enum Seen {
    /// It is new.
    First,
    /// It was remembered already: a retry, or somebody who overheard it.
    Again,
}

/// Remembers deliveries.
pub trait ReplayGuard: Send + Sync {
    /// Why it cannot tell.
    type Error: std::error::Error;

    /// Remembers a delivery until a time, that time included, and says whether it was remembered already. Of several callers at once, one gets [`Seen::First`]. `now`
    /// is that of the check: a delivery whose time is over by `now` is not remembered.
    ///
    /// # Errors
    ///
    /// When it cannot tell, or cannot remember it: then take the delivery for one that is not verified, or accept that it may come again.
    fn remember(&self, key: ReplayKey, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Seen, Self::Error>;

    /// Forgets a delivery, so that it is new when it comes again.
    ///
    /// # Errors
    ///
    /// When it cannot be forgotten.
    fn forget(&self, key: ReplayKey) -> Result<(), Self::Error>;
}

/// A guard for one process, of bounded size: about 200 bytes a delivery that is still in its window.
#[derive(Debug)]
pub struct MemoryGuard {
    capacity: usize,
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    until: HashMap<ReplayKey, DateTime<Utc>>,
    by_time: BTreeSet<(DateTime<Utc>, ReplayKey)>,
}

/// The guard holds as many deliveries as it may, all of them still in their windows. To forget one of them would let it in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the guard holds {capacity} deliveries that may still be sent again: give it more room")]
pub struct GuardFull {
    capacity: usize,
}

impl MemoryGuard {
    /// A guard for so many deliveries at a time. Only verified ones should get in, so that nobody else can fill it.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, remembered: Mutex::default() }
    }
}

impl ReplayGuard for MemoryGuard {
    type Error = GuardFull;

    fn remember(&self, key: ReplayKey, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Seen, GuardFull> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let Remembered { until: known, by_time } = &mut *remembered;
        while let Some((over, old)) = by_time.first().copied().filter(|(until, _)| *until < now) {
            by_time.remove(&(over, old));
            known.remove(&old);
        }
        if known.contains_key(&key) {
            return Ok(Seen::Again);
        }
        if known.len() >= self.capacity {
            return Err(GuardFull { capacity: self.capacity });
        }
        known.insert(key, until);
        by_time.insert((until, key));
        Ok(Seen::First)
    }

    fn forget(&self, key: ReplayKey) -> Result<(), GuardFull> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = remembered.until.remove(&key) {
            remembered.by_time.remove(&(until, key));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn key(number: u64) -> ReplayKey {
        ReplayKey::of([number.to_be_bytes()])
    }

    #[test]
    fn remembers_to_the_end_of_the_window_and_no_longer() {
        let (guard, now) = (MemoryGuard::new(10), DateTime::UNIX_EPOCH);
        let until = now + TimeDelta::seconds(300);
        assert_eq!(guard.remember(key(1), until, now), Ok(Seen::First));
        assert_eq!(guard.remember(key(2), until, now), Ok(Seen::First));
        assert_eq!(guard.remember(key(1), until, until), Ok(Seen::Again), "at the end of the window it still verifies");
        assert_eq!(guard.remember(key(1), until, until + TimeDelta::milliseconds(1)), Ok(Seen::First));
        assert_eq!(guard.remember(key(1), until, now), Ok(Seen::Again), "a clock that goes back");
        guard.forget(key(1)).unwrap();
        assert_eq!(guard.remember(key(1), until, now), Ok(Seen::First));
    }

    #[test]
    fn is_bounded_and_says_so() {
        let (guard, now) = (MemoryGuard::new(3), DateTime::UNIX_EPOCH);
        for second in 0..3 {
            let until = now + TimeDelta::seconds(second);
            assert_eq!(guard.remember(key(second.unsigned_abs()), until, now), Ok(Seen::First));
        }
        assert_eq!(guard.remember(key(9), now, now), Err(GuardFull { capacity: 3 }));
        assert_eq!(guard.remember(key(2), now, now), Ok(Seen::Again), "a full guard knows what it knows");
        let later = now + TimeDelta::seconds(1);
        assert_eq!(guard.remember(key(9), later, later), Ok(Seen::First));
        let held = guard.remembered.lock().unwrap();
        assert_eq!((held.until.len(), held.by_time.len()), (3, 3));
    }

    #[test]
    fn of_many_at_once_one_is_first() {
        let guard = MemoryGuard::new(10);
        let remember = || guard.remember(key(1), DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
        let firsts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(remember)).collect();
            threads
                .into_iter()
                .filter(|_| true)
                .map(|t| t.join().unwrap())
                .filter(|seen| *seen == Ok(Seen::First))
                .count()
        });
        assert_eq!(firsts, 1);
    }
}
