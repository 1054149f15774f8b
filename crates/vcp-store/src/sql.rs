//! Code for both databases. It is a macro, because sqlx has other types for each.

use crate::GuardError;
use vcp_sdk::{ReceiveError, schema::ParseError};

/// The factor by which the message of a row may exceed the limits on a delivery.
///
/// A row holds all deliveries of its call, and the last one twice. Without this room, a long
/// recording would keep out the report that comes after it.
pub const ROOM: usize = 4;

/// The result of storing a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// The call has a new row.
    Created,
    /// The delivery was merged into the row of its call.
    Merged,
    /// The same signed bytes of the same provider were stored before. Nothing changed. Answer 200.
    Replayed,
}

/// The reason why a delivery was not stored. The database is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database did not answer, or refused.
    #[error("the database did not store the delivery: {0}")]
    Database(#[from] sqlx::Error),
    /// The signature of the delivery is no longer accepted.
    #[error("the window of the delivery ended long ago: store soon after receiving, and check the clock")]
    TooLate,
    /// The delivery cannot be merged into the row of its call.
    #[error("the delivery cannot be merged into its call: {0}")]
    Merge(#[source] ReceiveError),
    /// The row of the call holds no message of VCP 0.5, so somebody changed it.
    #[error("the row of the call holds no message: {0}")]
    Unreadable(#[source] ParseError),
}

impl From<GuardError<sqlx::Error>> for StoreError {
    fn from(error: GuardError<sqlx::Error>) -> Self {
        match error {
            GuardError::Store(error) => Self::Database(error),
            GuardError::TooLate => Self::TooLate,
        }
    }
}

impl StoreError {
    /// Returns the HTTP status to answer: 503 if the provider should send the delivery again, 500
    /// if the row is damaged, and the status of [`ReceiveError`] if the delivery cannot be merged.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Database(_) | Self::TooLate => 503,
            Self::Merge(error) => error.http_status(),
            Self::Unreadable(_) => 500,
        }
    }
}

/// Writes `Guard` and `Store` for a database.
macro_rules! database {
    (
        pool: $Pool:ty,
        connection: $Connection:ty,
        migrations: [$($migration:literal),+],
        takes_any_text: $takes_any_text:literal,
        id: $id:literal,
        begin: $begin:literal,
        lock: $lock:literal,
    ) => {
        use crate::{
            AsyncReplayGuard, GuardError, StoreError, Stored,
            guard::{oldest_ms, window},
            row::{self, Row},
            sql::ROOM,
        };
        use chrono::{DateTime, TimeDelta, Utc};
        use sqlx::{
            Connection,
            migrate::{Migration, MigrationType, Migrator},
        };
        use vcp_sdk::{ReceivedCall, Receiver, VcpMessage, auth::ReplayKey, auth::Seen, schema::Limits};

        /// The statements that create the tables and the view: all [`MIGRATIONS`], one after the
        /// other.
        pub const TABLES: &str = concat!($(include_str!($migration)),+);

        /// The steps by which the tables came to their form, the oldest first. A step never changes
        /// once it is released. [`Store::migrate`] runs those that a database lacks.
        pub const MIGRATIONS: &[&str] = &[$(include_str!($migration)),+];

        const REMEMBER: &str = "INSERT INTO vcp_replay_keys AS known (key, until_ms) VALUES ($1, $2) \
            ON CONFLICT (key) DO UPDATE SET until_ms = excluded.until_ms WHERE known.until_ms < $3";
        const FORGET: &str = "DELETE FROM vcp_replay_keys WHERE key = $1";
        const SWEEP: &str = "DELETE FROM vcp_replay_keys WHERE until_ms < $1";
        const SELECT: &str = concat!("SELECT raw_payload FROM vcp_messages WHERE id = ", $id);
        const LOCK: &str = concat!("SELECT raw_payload FROM vcp_messages WHERE id = ", $id, $lock);
        const INSERT: &str = concat!(
            "INSERT INTO vcp_messages (id, call_id, provider, vcp_version, raw_payload, created_at, updated_at, \
             start_time, end_time, duration_sec, channel, direction, status, total_cost_usd, \
             user_satisfaction_score) VALUES (",
            $id,
            ", $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING"
        );
        const UPDATE: &str = concat!(
            "UPDATE vcp_messages SET call_id = $2, provider = $3, vcp_version = $4, raw_payload = $5, \
             updated_at = $6, start_time = $7, end_time = $8, duration_sec = $9, channel = $10, direction = $11, \
             status = $12, total_cost_usd = $13, user_satisfaction_score = $14 WHERE id = ",
            $id
        );

        /// A guard that keeps replay keys in the table `vcp_replay_keys`.
        ///
        /// [`Store`] has it built in. Use it alone if you keep the calls in a table of your own.
        #[derive(Debug, Clone)]
        pub struct Guard {
            pool: $Pool,
        }

        impl Guard {
            /// Creates a guard. The table must exist, see [`TABLES`].
            #[must_use]
            pub fn new(pool: $Pool) -> Self {
                Self { pool }
            }

            /// Does the same as [`AsyncReplayGuard::remember`] in a transaction of yours. If it is
            /// rolled back, the delivery is not remembered.
            ///
            /// If the database fails, close the connection, as [`Store::store`] does. With SQLite,
            /// the connection can take later transactions for parts of the one that failed.
            ///
            /// # Errors
            ///
            /// See [`GuardError`].
            pub async fn remember_in(
                transaction: &mut $Connection,
                key: ReplayKey,
                until: DateTime<Utc>,
                now: DateTime<Utc>,
            ) -> Result<Seen, GuardError<sqlx::Error>> {
                let (until_ms, oldest_ms) = window(until, now)?;
                let remembered =
                    sqlx::query(REMEMBER).bind(key.as_ref()).bind(until_ms).bind(oldest_ms).execute(transaction);
                let rows = remembered.await.map_err(GuardError::Store)?.rows_affected();
                Ok(if rows == 0 { Seen::Again } else { Seen::First })
            }

            /// Deletes the keys whose window ended before `now`, and returns their number. Call it
            /// every few minutes.
            ///
            /// # Errors
            ///
            /// [`GuardError::Store`] if the database fails.
            pub async fn sweep(&self, now: DateTime<Utc>) -> Result<u64, GuardError<sqlx::Error>> {
                let swept = sqlx::query(SWEEP).bind(oldest_ms(now)).execute(&self.pool).await;
                Ok(swept.map_err(GuardError::Store)?.rows_affected())
            }
        }

        impl AsyncReplayGuard for Guard {
            type Error = GuardError<sqlx::Error>;

            async fn remember(
                &self,
                key: ReplayKey,
                until: DateTime<Utc>,
                now: DateTime<Utc>,
            ) -> Result<Seen, Self::Error> {
                let mut connection = self.pool.acquire().await.map_err(GuardError::Store)?;
                Self::remember_in(&mut connection, key, until, now).await
            }

            async fn forget(&self, key: ReplayKey) -> Result<(), Self::Error> {
                let forgotten = sqlx::query(FORGET).bind(key.as_ref().to_vec()).execute(&self.pool).await;
                forgotten.map(|_| ()).map_err(GuardError::Store)
            }
        }

        /// A store of calls in the table `vcp_messages`, with one row for each call.
        #[derive(Debug, Clone)]
        pub struct Store {
            pool: $Pool,
        }

        impl Store {
            /// Creates a store. The tables must exist, see [`Store::migrate`].
            #[must_use]
            pub fn new(pool: $Pool) -> Self {
                Self { pool }
            }

            /// Creates the tables, or brings them to the newest form by [`MIGRATIONS`].
            ///
            /// It keeps its progress in sqlx's table `_sqlx_migrations`, and needs the right to
            /// create tables. If your program has migrations by sqlx of its own, add
            /// [`MIGRATIONS`] to them instead.
            ///
            /// # Errors
            ///
            /// Returns the error of the database, or one that says that the encoding of the
            /// database is not UTF-8. Such a database refuses calls with other characters.
            pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
                if !sqlx::query_scalar::<_, bool>($takes_any_text).fetch_one(&self.pool).await? {
                    let message = "the encoding of the database is not UTF8: create one with `ENCODING 'UTF8'`";
                    return Err(sqlx::Error::Configuration(message.into()).into());
                }
                let steps = (1..).zip(MIGRATIONS).map(|(version, text)| {
                    Migration::new(version, "calls".into(), MigrationType::Simple, (*text).into(), false)
                });
                let migrations = steps.collect::<Vec<_>>().into();
                Migrator { migrations, ..Migrator::DEFAULT }.run(&self.pool).await
            }

            /// Stores a delivery, in one transaction: remembers its replay key, if it has one, and
            /// merges its message into the row of the call.
            ///
            /// A delivery may arrive several times, at several servers at once, and in any order:
            /// the row is the merge of all of them. Answer the provider only after this returned.
            /// A signature without a time limit is remembered for a day after receipt. Of a live
            /// transcript, a row keeps the first and the last delivery: the store merges with
            /// [`keep_replaced(false)`](vcp_sdk::MapOptions::keep_replaced), whatever the options
            /// of the receiver's mapper are. A row may have [`ROOM`](crate::ROOM) times the length
            /// and the members that the limits of the mapper allow for a delivery.
            ///
            /// The receiver needs [`Receiver::replay_keys`] to detect replays. The guard remembers
            /// `ReplayKey::of([provider, replay_key])`.
            ///
            /// Merging maps each delivery of the call again, on a thread for blocking work, so the
            /// costs of a call grow with the square of the number of its deliveries.
            ///
            /// # Errors
            ///
            /// See [`StoreError`]. Nothing is stored then, and nothing is remembered. Answer
            /// [`StoreError::http_status`]. If the database fails, or the caller stops waiting, the
            /// connection is closed. A database in memory is lost with its last connection.
            pub async fn store(
                &self,
                receiver: &Receiver,
                call: &ReceivedCall,
            ) -> Result<Stored, StoreError> {
                let mut held = Held { connection: self.pool.acquire().await?, is_sound: false };
                let stored = Self::store_in(&mut held.connection, receiver, call).await;
                held.is_sound = !matches!(stored, Err(StoreError::Database(_)));
                stored
            }

            async fn store_in(
                connection: &mut $Connection,
                receiver: &Receiver,
                call: &ReceivedCall,
            ) -> Result<Stored, StoreError> {
                let now = call.message.audit.received_at.instant();
                // Dropping the transaction rolls it back. `begin_with` refuses to begin inside of
                // another one, whose end nobody would write.
                let mut transaction = connection.begin_with($begin).await?;
                if let Some(key) = call.replay_key {
                    // Two providers may get the same bytes, with the same secret.
                    let provider = call.message.vcp_payload.call.provider.as_bytes();
                    let key = ReplayKey::of([provider, key.as_ref()]);
                    let a_day = || now.checked_add_signed(TimeDelta::days(1)).unwrap_or(now);
                    let until = call.good_until.unwrap_or_else(a_day);
                    if Guard::remember_in(&mut transaction, key, until, now).await? == Seen::Again {
                        return Ok(Stored::Replayed);
                    }
                }
                let row = Row::of(&call.message);
                let id = row.id.clone();
                if write(INSERT, row, now, &mut transaction).await? == 1 {
                    transaction.commit().await?;
                    return Ok(Stored::Created);
                }
                // Another delivery of the call cannot be stored before this transaction ends.
                let known: String = sqlx::query_scalar(LOCK).bind(id).fetch_one(&mut *transaction).await?;
                let mapper = receiver.as_mapper().clone();
                let options = mapper.as_options().keep_replaced(false);
                let Limits { text_bytes, members, .. } = options.limits;
                let limits = options.limits.text_bytes(text_bytes.saturating_mul(ROOM));
                let options = options.limits(limits.members(members.saturating_mul(ROOM)));
                let (mapper, new) = (mapper.options(options), call.message.clone());
                let merged = tokio::task::spawn_blocking(move || {
                    let known = row::message(&known)?;
                    let merged = mapper.merge(&[known, new]).map_err(|error| StoreError::Merge(error.into()))?;
                    Ok::<_, StoreError>(Row::of(&merged))
                });
                let merged = merged.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
                if write(UPDATE, merged, now, &mut transaction).await? != 1 {
                    return Err(StoreError::Database(sqlx::Error::RowNotFound));
                }
                transaction.commit().await?;
                Ok(Stored::Merged)
            }

            /// Returns the message of a call. `None` if there is no such call. `provider` is the
            /// name in VCP, such as `openai_realtime`.
            ///
            /// # Errors
            ///
            /// [`StoreError::Database`] and [`StoreError::Unreadable`].
            pub async fn message(&self, provider: &str, call_id: &str) -> Result<Option<VcpMessage>, StoreError> {
                let found: Option<String> =
                    sqlx::query_scalar(SELECT).bind(row::id(provider, call_id)).fetch_optional(&self.pool).await?;
                found.map(|text| row::message(&text)).transpose()
            }

            /// Returns the guard of the same database, for deliveries that are not stored here, and
            /// for [`Guard::sweep`].
            #[must_use]
            pub fn guard(&self) -> Guard {
                Guard::new(self.pool.clone())
            }
        }

        /// A connection that is closed when it is dropped, unless its transaction ended.
        ///
        /// SQLite ends a transaction on its own, for example if the disk is full. sqlx does not
        /// notice it, and would take later transactions of the connection for parts of it. The
        /// same can happen if the caller stops waiting.
        struct Held {
            connection: sqlx::pool::PoolConnection<<$Connection as Connection>::Database>,
            is_sound: bool,
        }

        impl Drop for Held {
            fn drop(&mut self) {
                if !self.is_sound {
                    self.connection.close_on_drop();
                }
            }
        }

        async fn write(
            statement: &str,
            row: Row,
            now: DateTime<Utc>,
            transaction: &mut $Connection,
        ) -> Result<u64, sqlx::Error> {
            let written = sqlx::query(statement)
                .bind(row.id)
                .bind(row.call_id)
                .bind(row.provider)
                .bind(row.vcp_version)
                .bind(row.raw_payload)
                .bind(now)
                .bind(row.start_time)
                .bind(row.end_time)
                .bind(row.duration_sec)
                .bind(row.channel)
                .bind(row.direction)
                .bind(row.status)
                .bind(row.total_cost_usd)
                .bind(row.user_satisfaction_score)
                .execute(transaction);
            Ok(written.await?.rows_affected())
        }
    };
}
pub(crate) use database;
