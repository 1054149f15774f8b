//! Guards that several servers share.

use chrono::{DateTime, Utc};
use std::future::Future;
use vcp_sdk::auth::{self, MemoryGuard, ReplayGuard, ReplayKey, Seen};

/// A guard that remembers deliveries in a store that several servers share, to detect replays.
///
/// It is [`ReplayGuard`] for stores that answer asynchronously. Implement it with `async fn`.
///
/// If your program is stopped after it remembered a delivery and before it stored it, the resend of
/// the provider counts as a replay, and the delivery is lost. So store a delivery first and
/// remember it then ([`Receiver::merge`](vcp_sdk::Receiver::merge) makes a second storing
/// harmless), or do both in one transaction, as [`postgres::Store`](crate::postgres::Store) does.
pub trait AsyncReplayGuard: Send + Sync {
    /// The error of a guard that cannot answer.
    type Error: std::error::Error;

    /// Remembers a delivery until `until` (inclusive), and returns whether the key was known.
    ///
    /// If several callers pass the same key at once, exactly one gets [`Seen::First`].
    ///
    /// `now` must be the time that was used for verification. The clocks of servers may differ by
    /// less than [`MemoryGuard::SLACK`].
    ///
    /// # Errors
    ///
    /// Returns an error if the guard cannot answer or cannot remember the delivery. The delivery
    /// may be remembered nevertheless, if only the answer was lost. Answer 503, so that the
    /// provider sends it again. Call [`forget`](AsyncReplayGuard::forget) before, if storing a
    /// delivery twice is harmless (as with [`Receiver::merge`](vcp_sdk::Receiver::merge)): the
    /// resend is then stored, and so is a replay.
    fn remember(
        &self,
        key: ReplayKey,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Seen, Self::Error>> + Send;

    /// Forgets a delivery, so that it counts as new if it arrives again.
    ///
    /// # Errors
    ///
    /// Returns an error if the guard cannot forget the delivery.
    fn forget(&self, key: ReplayKey) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Answers at once.
impl AsyncReplayGuard for MemoryGuard {
    type Error = auth::GuardError;

    async fn remember(
        &self,
        key: ReplayKey,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Seen, auth::GuardError> {
        ReplayGuard::remember(self, key, until, now)
    }

    async fn forget(&self, key: ReplayKey) -> Result<(), auth::GuardError> {
        ReplayGuard::forget(self, key)
    }
}

/// The error of a guard that cannot tell whether a delivery is new.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError<E> {
    /// The store did not answer.
    #[error("the store of replay keys did not answer: {0}")]
    Store(#[source] E),
    /// The window of the delivery ended more than [`MemoryGuard::SLACK`] before `now`.
    #[error("the window of the delivery ended long ago: ask soon after verifying, and check the clock")]
    TooLate,
}

/// Returns the time until which a key is kept, and the time before which keys are forgotten, both
/// in milliseconds since the epoch.
#[cfg(any(feature = "postgres", feature = "sqlite", feature = "redis"))]
pub(crate) fn window<E>(until: DateTime<Utc>, now: DateTime<Utc>) -> Result<(i64, i64), GuardError<E>> {
    let (until_ms, oldest_ms) = (until.timestamp_millis(), oldest_ms(now));
    if until_ms < oldest_ms { Err(GuardError::TooLate) } else { Ok((until_ms, oldest_ms)) }
}

/// Returns the time before which keys are forgotten, in milliseconds since the epoch.
#[cfg(any(feature = "postgres", feature = "sqlite", feature = "redis"))]
pub(crate) fn oldest_ms(now: DateTime<Utc>) -> i64 {
    now.timestamp_millis().saturating_sub(MemoryGuard::SLACK.num_milliseconds())
}
