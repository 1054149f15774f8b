//! The database: PostgreSQL, or SQLite for one server.

use chrono::{DateTime, Utc};
use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::time::Duration;
use vcp_sdk::{ReceivedCall, Receiver};
use vcp_store::{StoreError, Stored, postgres, sqlite};

#[derive(Clone)]
pub(crate) enum Database {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// The parameters that a URL of PostgreSQL may have, besides `options[NAME]`.
const PARAMETERS: [&str; 18] = [
    "ssl-mode",
    "ssl-root-cert",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Checks that a URL has known parameters only. sqlx would write another one to the log, with its
/// value, which may be a secret.
fn check_parameters(url: &str) -> Result<(), String> {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    let mut names = parameters.split('&').filter_map(|parameter| parameter.split('=').next());
    let is_known = |name: &str| name.is_empty() || name.starts_with("options[") || PARAMETERS.contains(&name);
    if names.all(is_known) {
        return Ok(());
    }
    Err(format!("DATABASE_URL has a parameter that is not known: use only {} and options[NAME]", PARAMETERS.join(", ")))
}

#[cfg(test)]
#[test]
fn only_known_parameters_are_accepted() {
    let url = |parameters: &str| format!("postgres://user:word@host/name{parameters}");
    for name in PARAMETERS {
        assert_eq!(check_parameters(&url(&format!("?{name}=x"))), Ok(()), "{name}");
    }
    assert_eq!(check_parameters(&url("?sslmode=require&options[search_path]=vcp")), Ok(()));
    for other in ["?sslpassword=hush", "?sslmode=require&pasword=hush"] {
        assert!(check_parameters(&url(other)).is_err_and(|error| !error.contains("hush")), "{other}");
    }
}

impl Database {
    /// Opens a database and creates its tables.
    pub(crate) async fn open(url: &str) -> Result<Self, String> {
        let wait = Duration::from_secs(5);
        let opened = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => {
                check_parameters(url)?;
                // A server that is gone does not keep the lock of a call.
                let limits = [
                    ("lock_timeout", "10s"),
                    ("statement_timeout", "15s"),
                    ("idle_in_transaction_session_timeout", "30s"),
                ];
                let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(wait);
                match url.parse::<PgConnectOptions>() {
                    Ok(options) => pool.connect_with(options.options(limits)).await.map(Self::Postgres),
                    Err(error) => Err(error),
                }
            }
            Some("sqlite") => {
                // A row that was answered survives a power failure. One connection, because SQLite
                // has one writer.
                let options = url.parse::<SqliteConnectOptions>().map(|options| {
                    let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
                    // Text that an update replaces is not left in unused parts of the file.
                    options.synchronous(SqliteSynchronous::Full).pragma("secure_delete", "ON")
                });
                let is_file = |options: &SqliteConnectOptions| {
                    let name = options.get_filename().to_string_lossy();
                    !name.is_empty() && !name.contains(":memory:") && !name.contains("sqlx-in-memory")
                };
                if options.as_ref().is_ok_and(|options| !is_file(options)) || url.contains("mode=memory") {
                    return Err("DATABASE_URL names no file: calls would be lost when the service ends".to_owned());
                }
                let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(wait);
                match options {
                    Ok(options) => pool.connect_with(options).await.map(Self::Sqlite),
                    Err(error) => Err(error),
                }
            }
            _ => return Err("DATABASE_URL must begin with `postgres://` or `sqlite://`".to_owned()),
        };
        let database = opened.map_err(|e| format!("cannot open the database: {e}"))?;
        let migrated = match &database {
            Self::Postgres(pool) => postgres::Store::new(pool.clone()).migrate().await,
            Self::Sqlite(pool) => sqlite::Store::new(pool.clone()).migrate().await,
        };
        migrated.map(|()| database).map_err(|e| format!("cannot create the tables: {e}"))
    }

    pub(crate) async fn store(&self, receiver: &Receiver, call: &ReceivedCall) -> Result<Stored, StoreError> {
        match self {
            Self::Postgres(pool) => postgres::Store::new(pool.clone()).store(receiver, call).await,
            Self::Sqlite(pool) => sqlite::Store::new(pool.clone()).store(receiver, call).await,
        }
    }

    pub(crate) async fn sweep(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Postgres(pool) => postgres::Guard::new(pool.clone()).sweep(now).await?,
            Self::Sqlite(pool) => sqlite::Guard::new(pool.clone()).sweep(now).await?,
        })
    }

    pub(crate) async fn answers(&self) -> bool {
        match self {
            Self::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.is_ok(),
            Self::Sqlite(pool) => sqlx::query("SELECT 1").execute(pool).await.is_ok(),
        }
    }
}
