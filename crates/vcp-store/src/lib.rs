#![cfg_attr(feature = "postgres", doc = include_str!("../README.md"))]
// The README has an example for PostgreSQL.
#![cfg_attr(not(feature = "postgres"), doc = "Keeps calls in a database, and recognises replays there or in Redis.")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::disallowed_methods)]

mod guard;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod row;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;

pub use guard::{AsyncReplayGuard, GuardError};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use sql::{ROOM, StoreError, Stored};

/// Calls and replay keys in PostgreSQL.
#[cfg(feature = "postgres")]
pub mod postgres {
    crate::sql::database! {
        pool: sqlx::PgPool,
        connection: sqlx::PgConnection,
        migrations: ["../sql/postgres/1-calls.sql"],
        takes_any_text: "SELECT current_setting('server_encoding') = 'UTF8'",
        id: "$1::uuid",
        begin: "BEGIN",
        lock: " FOR UPDATE",
    }
}

/// Calls and replay keys in SQLite, for one server.
///
/// Set the journal to WAL and `synchronous` to `FULL` in the options of the pool. A delivery that
/// was answered then survives a power failure, and readers do not wait for writers.
#[cfg(feature = "sqlite")]
pub mod sqlite {
    crate::sql::database! {
        pool: sqlx::SqlitePool,
        connection: sqlx::SqliteConnection,
        migrations: ["../sql/sqlite/1-calls.sql"],
        takes_any_text: "SELECT TRUE",
        id: "$1",
        begin: "BEGIN IMMEDIATE",
        lock: "",
    }
}
