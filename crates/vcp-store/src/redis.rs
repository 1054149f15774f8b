//! Replay keys in Redis 6.2 or later.

use crate::{AsyncReplayGuard, GuardError, guard::window};
use chrono::{DateTime, Utc};
use redis::{AsyncCommands, ExistenceCheck, RedisError, SetExpiry, SetOptions, aio::ConnectionLike};
use vcp_sdk::auth::{MemoryGuard, ReplayKey, Seen};

/// A guard that keeps replay keys in Redis. Redis deletes them when their time has come.
///
/// `C` is a connection that several tasks can share, such as `ConnectionManager`, which connects
/// again by itself. Redis may forget the newest keys when it crashes, and all when its memory is
/// full and its `maxmemory-policy` allows it.
#[derive(Debug, Clone)]
pub struct Guard<C> {
    connection: C,
    prefix: String,
}

impl<C> Guard<C> {
    /// Creates a guard. Its keys begin with `prefix`, such as `vcp:replay:`.
    #[must_use]
    pub fn new(connection: C, prefix: &str) -> Self {
        Self { connection, prefix: prefix.to_owned() }
    }
}

impl<C: ConnectionLike + Clone + Send + Sync> AsyncReplayGuard for Guard<C> {
    type Error = GuardError<RedisError>;

    /// See [`AsyncReplayGuard::remember`]. A key is kept for two minutes after `until`, by the
    /// clock of Redis: one for slow threads ([`MemoryGuard::SLACK`]) and one for clocks that
    /// differ.
    async fn remember(&self, key: ReplayKey, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Seen, Self::Error> {
        let (until_ms, _) = window(until, now)?;
        let kept_ms = until_ms.saturating_add(2 * MemoryGuard::SLACK.num_milliseconds());
        let expiry = SetExpiry::PXAT(u64::try_from(kept_ms).map_err(|_| GuardError::TooLate)?);
        let options = SetOptions::default().conditional_set(ExistenceCheck::NX).with_expiration(expiry);
        let mut connection = self.connection.clone();
        let reply: Result<Option<String>, _> =
            connection.set_options(format!("{}{key}", self.prefix), 1, options).await;
        Ok(if reply.map_err(GuardError::Store)?.is_some() { Seen::First } else { Seen::Again })
    }

    async fn forget(&self, key: ReplayKey) -> Result<(), Self::Error> {
        let mut connection = self.connection.clone();
        connection.del(format!("{}{key}", self.prefix)).await.map_err(GuardError::Store)
    }
}
