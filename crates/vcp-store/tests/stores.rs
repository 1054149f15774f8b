//! Guards and stores keep their promises on real servers.
//!
//! PostgreSQL and Redis are tested if `VCP_TEST_POSTGRES` and `VCP_TEST_REDIS` hold their URLs
//! (`.ci/servers` starts both). With `VCP_REQUIRE_SERVERS` it is an error if they do not.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]
#![cfg_attr(not(all(feature = "postgres", feature = "sqlite", feature = "redis")), allow(dead_code, unused_imports))]

use chrono::{DateTime, TimeDelta, Utc};
use std::{env, sync::Arc};
use vcp_sdk::{
    MapOptions, Mapper, Received, ReceivedCall, Receiver,
    auth::{MemoryGuard, ReplayKey, Seen},
    schema::Limits,
};
use vcp_store::AsyncReplayGuard;

fn now() -> DateTime<Utc> {
    // Redis has a clock of its own.
    DateTime::from_timestamp_millis(Utc::now().timestamp_millis()).unwrap()
}

/// Returns the URL of a server, or `None` if the test is to be left out.
fn server(variable: &str) -> Option<String> {
    let url = env::var(variable).ok();
    if url.is_none() {
        assert!(env::var_os("VCP_REQUIRE_SERVERS").is_none(), "{variable} is not set");
        eprintln!("not tested: {variable} is not set");
    }
    url
}

async fn is_a_guard<G: AsyncReplayGuard + 'static>(guard: G) {
    let (guard, now) = (Arc::new(guard), now());
    let key = |text: String| ReplayKey::of([format!("{text} {now}")]);
    let minute = TimeDelta::minutes(1);
    let ask = async |text: &str, until, now| guard.remember(key(text.to_owned()), until, now).await;

    assert_eq!(ask("a", now + minute, now).await.unwrap(), Seen::First);
    assert_eq!(ask("a", now + minute, now).await.unwrap(), Seen::Again);
    assert_eq!(ask("b", now + minute, now).await.unwrap(), Seen::First, "another delivery");
    guard.forget(key("a".to_owned())).await.unwrap();
    guard.forget(key("never seen".to_owned())).await.unwrap();
    assert_eq!(ask("a", now + minute, now).await.unwrap(), Seen::First, "forgotten");
    // A thread may be slow, but not for longer than the slack.
    assert_eq!(ask("c", now - MemoryGuard::SLACK, now).await.unwrap(), Seen::First);
    assert_eq!(ask("c", now - MemoryGuard::SLACK, now).await.unwrap(), Seen::Again);
    ask("d", now - MemoryGuard::SLACK - TimeDelta::milliseconds(1), now).await.unwrap_err();

    let asking: Vec<_> = (0..32)
        .map(|_| {
            let (guard, key) = (Arc::clone(&guard), key("contended".to_owned()));
            tokio::spawn(async move { guard.remember(key, now + minute, now).await.unwrap() })
        })
        .collect();
    let mut first = 0;
    for answer in asking {
        first += u32::from(answer.await.unwrap() == Seen::First);
    }
    assert_eq!(first, 1, "exactly one of many is the first");
}

/// A guard of a database forgets by the time that it is given.
async fn forgets_by_the_clock<G: AsyncReplayGuard>(guard: &G) {
    let (key, now) = (ReplayKey::of(["of yesterday"]), now());
    let until = now + TimeDelta::minutes(1);
    assert_eq!(guard.remember(key, until, now).await.unwrap(), Seen::First);
    let end = until + MemoryGuard::SLACK;
    assert_eq!(guard.remember(key, end, end).await.unwrap(), Seen::Again);
    let later = end + TimeDelta::milliseconds(1);
    assert_eq!(guard.remember(key, later, later).await.unwrap(), Seen::First);
    assert_eq!(guard.remember(key, later, later).await.unwrap(), Seen::Again);
}

fn receiver() -> Receiver {
    let receiver = Receiver::new().allow_unauthenticated("retell").unwrap();
    receiver.allow_unauthenticated("vapi").unwrap().replay_keys()
}

fn received(receiver: &Receiver, provider: &str, body: &str, now: DateTime<Utc>) -> ReceivedCall {
    let Received::Call(call) = receiver.receive(provider, &(), body.as_bytes(), now).unwrap() else {
        panic!("no call record: {body}")
    };
    *call
}

#[tokio::test]
async fn memory() {
    is_a_guard(MemoryGuard::new(100)).await;
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn redis() {
    let Some(url) = server("VCP_TEST_REDIS") else { return };
    let client = redis::Client::open(url).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let guard = vcp_store::redis::Guard::new(connection.clone(), "vcp:test:");
    is_a_guard(guard.clone()).await;
    // The key is kept for two minutes after its window, and Redis forgets it then.
    let (key, now) = (ReplayKey::of([Utc::now().to_rfc3339()]), now());
    assert_eq!(guard.remember(key, now + TimeDelta::minutes(5), now).await.unwrap(), Seen::First);
    let left: i64 =
        redis::cmd("PTTL").arg(format!("vcp:test:{key}")).query_async(&mut connection.clone()).await.unwrap();
    assert!((400_000..=420_000).contains(&left), "{left} ms");
}

/// The tests of a database. `$open` opens an empty one, or gives `None`.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
macro_rules! tests_of {
    ($Store:ty, $Guard:ty, $Pool:ty, $open:expr) => {
        use super::*;
        use sqlx::Row as _;
        use vcp_store::{StoreError, Stored};

        async fn store() -> Option<($Store, $Pool)> {
            let pool = $open.await?;
            let store = <$Store>::new(pool.clone());
            store.migrate().await.unwrap();
            store.migrate().await.unwrap();
            Some((store, pool))
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn it_is_a_guard() {
            let Some((store, pool)) = store().await else { return };
            is_a_guard(store.guard()).await;
            forgets_by_the_clock(&<$Guard>::new(pool)).await;
            let long_after = now() + TimeDelta::days(1);
            assert!(store.guard().sweep(now() - TimeDelta::days(1)).await.unwrap() == 0);
            assert!(store.guard().sweep(long_after).await.unwrap() > 3);
            assert!(store.guard().sweep(long_after).await.unwrap() == 0);
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn deliveries_become_a_row() {
            let Some((store, pool)) = store().await else { return };
            let (receiver, at) = (receiver(), now());
            let bodies = [
                r#"{"event":"call_started","call":{"call_id":"c1","start_timestamp":1791979200000}}"#,
                r#"{"event":"call_ended","call":{"call_id":"c1","start_timestamp":1791979200000,"end_timestamp":1791979290000,
                    "call_type":"phone_call","direction":"inbound","disconnection_reason":"user_hangup","call_cost":{"combined_cost":12.5}}}"#,
                r#"{"event":"call_analyzed","call":{"call_id":"c1","start_timestamp":1791979200000,"end_timestamp":1791979290000,
                    "disconnection_reason":"user_hangup","call_analysis":{"user_sentiment":"Positive","call_successful":true}}}"#,
            ];
            let calls: Vec<_> = bodies.iter().map(|body| received(&receiver, "retell", body, at)).collect();
            // Every delivery three times, at once.
            let storing: Vec<_> = (0..9)
                .map(|turn| {
                    let (store, receiver, call) = (store.clone(), receiver.clone(), calls[turn % 3].clone());
                    tokio::spawn(async move { store.store(&receiver, &call).await.unwrap() })
                })
                .collect();
            let mut results = Vec::new();
            for stored in storing {
                results.push(stored.await.unwrap());
            }
            let count = |wanted| results.iter().filter(|stored| **stored == wanted).count();
            assert_eq!((count(Stored::Created), count(Stored::Merged), count(Stored::Replayed)), (1, 2, 6));

            let messages: Vec<_> = calls.into_iter().map(|call| call.message).collect();
            let expected = receiver.merge(&messages).unwrap();
            let stored = store.message("retell", "c1").await.unwrap().unwrap();
            assert_eq!(stored.to_json(), expected.to_json());
            assert_eq!(store.message("retell", "c2").await.unwrap(), None);
            assert_eq!(store.message("vapi", "c1").await.unwrap(), None);

            let columns = "call_id, provider, vcp_version, status, channel, direction, duration_sec, total_cost_usd, \
                start_time, created_at";
            let row = sqlx::query(&format!("SELECT {columns} FROM vcp_messages")).fetch_one(&pool).await.unwrap();
            let text = |name: &str| row.get::<String, _>(name);
            let texts = ["call_id", "provider", "vcp_version", "status", "channel", "direction"].map(text);
            assert_eq!(texts, ["c1", "retell", "0.5", "success", "phone", "inbound"]);
            assert_eq!((row.get::<i64, _>("duration_sec"), row.get::<f64, _>("total_cost_usd")), (90, 0.125));
            assert_eq!(row.get::<DateTime<Utc>, _>("start_time").to_rfc3339(), "2026-10-14T12:00:00+00:00");
            assert_eq!(row.get::<DateTime<Utc>, _>("created_at"), at);
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn live_transcripts_do_not_fill_a_row() {
            let Some((store, _)) = store().await else { return };
            let options = MapOptions::default().limits(Limits::default().text_bytes(64 * 1024));
            let receiver = receiver().mapper(Mapper::new().options(options));
            let turns = "a turn of the conversation ".repeat(400);
            let delivery = |event: &str, minute: i64| {
                let body = format!(
                    r#"{{"message":{{"type":"{event}","timestamp":{},"call":{{"id":"live"}},"endedReason":"customer-ended-call",
                        "artifact":{{"messages":[{{"role":"user","message":"{turns}{minute}","time":1}}]}}}}}}"#,
                    1_791_979_200_000 + minute * 60_000
                );
                received(&receiver, "vapi", &body, now())
            };
            let mut all: Vec<_> = (0..40).map(|minute| delivery("conversation-update", minute)).collect();
            all.push(delivery("end-of-call-report", 40));
            for call in &all {
                store.store(&receiver, call).await.unwrap();
            }
            let stored = store.message("vapi", "live").await.unwrap().unwrap();
            assert!(stored.to_json().contains(r#""event_type":"end-of-call-report""#));
            let messages: Vec<_> = all.into_iter().map(|call| call.message).collect();
            assert_eq!(receiver.merge(&messages).unwrap_err().http_status(), 413, "all of them are too long");
        }

        /// A merged message holds its last delivery twice, so two deliveries that are within the
        /// limits can make a longer message.
        #[tokio::test(flavor = "multi_thread")]
        async fn a_long_delivery_does_not_keep_out_another() {
            let Some((store, _)) = store().await else { return };
            let options = MapOptions::default().limits(Limits::default().text_bytes(64 * 1024));
            let receiver = receiver().mapper(Mapper::new().options(options));
            let delivery = |event: &str, time: i64| {
                let long = "x".repeat(50_000);
                let body = format!(
                    r#"{{"message":{{"type":"{event}","status":"ended","timestamp":{time},"call":{{"id":"long"}},
                        "recordings":"{long}"}}}}"#
                );
                received(&receiver, "vapi", &body, now())
            };
            let [one, two] = [delivery("status-update", 1_791_979_200_000), delivery("end-of-call-report", 1_791_979_260_000)];
            for call in [&one, &two] {
                store.store(&receiver, call).await.unwrap();
            }
            let stored = store.message("vapi", "long").await.unwrap().unwrap().to_json();
            assert!(stored.contains(r#""event_type":"end-of-call-report""#) && stored.len() > 150_000);
            assert_eq!(receiver.merge(&[one.message, two.message]).unwrap_err().http_status(), 413);
        }

        #[tokio::test]
        async fn statistics_count_calls() {
            let Some((store, pool)) = store().await else { return };
            let (receiver, at) = (receiver(), now());
            let ended = |id: u32, reason: &str, start: &str| {
                format!(
                    r#"{{"message":{{"type":"end-of-call-report","call":{{"id":"v{id}"}},"startedAt":"{start}","endedReason":"{reason}","cost":0.5,"durationSeconds":{}}}}}"#,
                    id * 60
                )
            };
            for (id, reason, start) in [
                (1, "customer-ended-call", "2026-10-14T23:59:59Z"),
                (2, "customer-ended-call", "2026-10-14T00:00:00Z"),
                (3, "customer-did-not-answer", "2026-10-14T12:00:00+02:00"),
                (4, "customer-ended-call", "2026-10-15T00:30:00+01:00"),
                (5, "customer-ended-call", "2026-10-15T00:00:00Z"),
            ] {
                let body = ended(id, reason, start);
                for seconds in [0, 1] {
                    let call = received(&receiver, "vapi", &body, at + TimeDelta::seconds(seconds));
                    store.store(&receiver, &call).await.unwrap();
                }
            }
            let days = "SELECT CAST(date AS TEXT) AS day, total_calls, successful_calls, failed_calls, \
                avg_duration_sec, total_cost_usd, avg_satisfaction_score FROM provider_analytics ORDER BY date";
            let days = sqlx::query(days).fetch_all(&pool).await.unwrap();
            let shown: Vec<_> = days
                .iter()
                .map(|day| {
                    let count = |name: &str| day.get::<i64, _>(name);
                    (
                        day.get::<String, _>("day"),
                        [count("total_calls"), count("successful_calls"), count("failed_calls")],
                        (day.get::<f64, _>("avg_duration_sec"), day.get::<f64, _>("total_cost_usd")),
                        day.get::<Option<f64>, _>("avg_satisfaction_score"),
                    )
                })
                .collect();
            let expected = [
                ("2026-10-14".to_owned(), [4, 3, 1], (150.0, 2.0), None),
                ("2026-10-15".to_owned(), [1, 1, 0], (300.0, 0.5), None),
            ];
            assert_eq!(shown, expected);
        }

        #[tokio::test]
        async fn what_a_sender_may_write_is_kept_exactly() {
            let Some((store, pool)) = store().await else { return };
            let (receiver, at) = (receiver(), now());
            let long = "x".repeat(100_000);
            for id in ["with \\u0000 in it", "with \\ufffd in it", &long, "\\u202e'; DROP TABLE vcp_messages; --"] {
                let body = format!(
                    r#"{{"event":"call_ended","call":{{"call_id":"{id}","z":1,"a":1e2,"n":1.50,"z":"\u0000","call_status":"a\u0000b","big":123456789012345678901234567890}}}}"#
                );
                let call = received(&receiver, "retell", &body, at);
                assert_eq!(store.store(&receiver, &call).await.unwrap(), Stored::Created, "{id:.40}");
                let call_id = &call.message.vcp_payload.call.call_id;
                let stored = store.message("retell", call_id).await.unwrap().unwrap();
                assert_eq!(stored.to_json(), call.message.to_json());
                let texts: Vec<String> =
                    sqlx::query_scalar("SELECT raw_payload FROM vcp_messages").fetch_all(&pool).await.unwrap();
                assert!(texts.contains(&call.message.to_json()), "byte for byte");
            }
        }

        #[tokio::test]
        async fn the_same_bytes_of_another_provider_are_no_replay() {
            let Some((store, _)) = store().await else { return };
            let (receiver, at) = (receiver(), now());
            let call = received(&receiver, "retell", r#"{"event":"call_ended","call":{"call_id":"c1"}}"#, at);
            let mut other = call.clone();
            other.message.vcp_payload.call.provider = "bland".to_owned();
            assert_eq!(store.store(&receiver, &call).await.unwrap(), Stored::Created);
            assert_eq!(store.store(&receiver, &other).await.unwrap(), Stored::Created);
            assert_eq!(store.store(&receiver, &other).await.unwrap(), Stored::Replayed);
        }

        /// A program that is killed while it stores has remembered nothing.
        #[tokio::test]
        async fn what_is_rolled_back_is_not_remembered() {
            let Some((store, pool)) = store().await else { return };
            let (receiver, at) = (receiver(), now());
            let call = received(&receiver, "retell", r#"{"event":"call_ended","call":{"call_id":"c1"}}"#, at);
            // The key that the store remembers.
            let key = ReplayKey::of([b"retell".as_slice(), call.replay_key.unwrap().as_ref()]);
            let until = at + TimeDelta::days(1);
            let mut transaction = pool.begin().await.unwrap();
            assert_eq!(<$Guard>::remember_in(&mut transaction, key, until, at).await.unwrap(), Seen::First);
            assert_eq!(<$Guard>::remember_in(&mut transaction, key, until, at).await.unwrap(), Seen::Again);
            transaction.rollback().await.unwrap();
            assert_eq!(store.store(&receiver, &call).await.unwrap(), Stored::Created);
            assert_eq!(store.store(&receiver, &call).await.unwrap(), Stored::Replayed);
        }

        #[tokio::test]
        async fn what_fails_changes_nothing() {
            let Some((store, pool)) = store().await else { return };
            let (receiver, at) = (receiver(), now());
            let body = r#"{"event":"call_ended","call":{"call_id":"c1"}}"#;
            let other = r#"{"event":"call_ended","call":{"call_id":"c1","duration_ms":1}}"#;
            let (call, other) = (received(&receiver, "retell", body, at), received(&receiver, "retell", other, at));
            store.store(&receiver, &call).await.unwrap();
            // Somebody damages the row.
            let text = |text: &'static str| sqlx::query("UPDATE vcp_messages SET raw_payload = $1").bind(text);
            text("{}").execute(&pool).await.unwrap();
            for _ in 0..2 {
                let error = store.store(&receiver, &other).await.unwrap_err();
                assert!(matches!(error, StoreError::Unreadable(_)), "{error}");
                assert_eq!(error.http_status(), 500);
            }
            assert!(matches!(store.message("retell", "c1").await, Err(StoreError::Unreadable(_))));
            // A message without its payload cannot be merged.
            let mut bare = call.message.clone();
            bare.vcp_payload.custom = vcp_sdk::schema::Custom::default();
            sqlx::query("UPDATE vcp_messages SET raw_payload = $1").bind(bare.to_json()).execute(&pool).await.unwrap();
            let error = store.store(&receiver, &other).await.unwrap_err();
            assert!(matches!(error, StoreError::Merge(_)), "{error}");
            assert_eq!(error.http_status(), 422);
            // The row is repaired, and the provider sends again: nothing was remembered.
            let repaired = sqlx::query("UPDATE vcp_messages SET raw_payload = $1").bind(call.message.to_json());
            repaired.execute(&pool).await.unwrap();
            assert_eq!(store.store(&receiver, &other).await.unwrap(), Stored::Merged);
            assert_eq!(store.store(&receiver, &other).await.unwrap(), Stored::Replayed);
            // A database that is gone is an error for which the provider sends again.
            pool.close().await;
            assert_eq!(store.store(&receiver, &other).await.unwrap_err().http_status(), 503);
        }
    };
}

#[cfg(feature = "sqlite")]
mod sqlite {
    tests_of!(vcp_store::sqlite::Store, vcp_store::sqlite::Guard, sqlx::SqlitePool, async {
        use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}.sqlite", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        Some(sqlx::SqlitePool::connect_with(options.journal_mode(SqliteJournalMode::Wal)).await.unwrap())
    });

    /// SQLite ends a transaction on its own if the disk is full. Later transactions must not become
    /// parts of it, or what was stored would be gone when the connection is closed.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_disk_loses_nothing_that_was_stored() {
        use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
        let file =
            std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-full.sqlite", std::process::id()));
        // A process of the same number may have left it.
        let _ = std::fs::remove_file(&file);
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let one = || SqlitePoolOptions::new().max_connections(1);
        let pool = one().connect_with(options.clone().pragma("max_page_count", "40")).await.unwrap();
        let store = vcp_store::sqlite::Store::new(pool.clone());
        store.migrate().await.unwrap();
        let receiver = receiver();
        let delivery = |n: u32, size: usize| {
            let said = "x".repeat(size);
            let body = format!(r#"{{"event":"call_ended","call":{{"call_id":"c{n}","transcript":"{said}"}}}}"#);
            received(&receiver, "retell", &body, now())
        };
        // A small delivery has room, and two large ones have not. The small one is a replay then.
        let mut stored = Vec::new();
        let mut failed = 0;
        for (n, size) in [(1, 100), (2, 200_000), (3, 200_000), (1, 100), (4, 100), (2, 200_000), (5, 100)] {
            match store.store(&receiver, &delivery(n, size)).await {
                Ok(Stored::Created) => stored.push(n),
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.http_status(), 503);
                    failed += 1;
                }
            }
        }
        assert_eq!((stored.as_slice(), failed), ([1, 4, 5].as_slice(), 3));
        pool.close().await;
        let kept = vcp_store::sqlite::Store::new(one().connect_with(options).await.unwrap());
        for n in stored {
            assert!(kept.message("retell", &format!("c{n}")).await.unwrap().is_some(), "c{n} was stored");
        }
        assert_eq!(kept.message("retell", "c2").await.unwrap(), None);
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    tests_of!(vcp_store::postgres::Store, vcp_store::postgres::Guard, sqlx::PgPool, open());

    /// Opens an empty schema of the server.
    async fn open() -> Option<sqlx::PgPool> {
        use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let url: PgConnectOptions = server("VCP_TEST_POSTGRES")?.parse().unwrap();
        let schema = format!("vcp_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let pool = PgPoolOptions::new().max_connections(8);
        let pool = pool.connect_with(url.options([("search_path", &schema)])).await.unwrap();
        sqlx::query(&format!("CREATE SCHEMA {schema}")).execute(&pool).await.unwrap();
        Some(pool)
    }

    /// Such a database would refuse calls with other characters, and a retry would not help.
    #[tokio::test]
    async fn a_database_for_few_characters_is_refused() {
        use sqlx::postgres::{PgConnectOptions, PgPool};
        let Some(url) = server("VCP_TEST_POSTGRES") else { return };
        let options: PgConnectOptions = url.parse().unwrap();
        let name = format!("vcp_latin_{}", std::process::id());
        let pool = PgPool::connect_with(options.clone()).await.unwrap();
        let create = format!("CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
        sqlx::query(&create).execute(&pool).await.unwrap();
        let latin = PgPool::connect_with(options.database(&name)).await.unwrap();
        let refused = vcp_store::postgres::Store::new(latin.clone()).migrate().await.unwrap_err();
        latin.close().await;
        sqlx::query(&format!("DROP DATABASE {name}")).execute(&pool).await.unwrap();
        assert!(refused.to_string().contains("is not UTF8"), "{refused}");
    }

    /// The table of the crate's page about text and `jsonb`.
    #[tokio::test]
    async fn text_keeps_what_jsonb_changes() {
        let Some(pool) = open().await else { return };
        let through = async |text: &'static str| {
            let read = sqlx::query_scalar::<_, String>("SELECT ($1::jsonb)::text").bind(text).fetch_one(&pool).await;
            read.map_err(|error| error.to_string())
        };
        assert_eq!(through(r#"{"bb":1,"a":2,"bb":3}"#).await.unwrap(), r#"{"a": 2, "bb": 3}"#);
        assert_eq!(through("[1e2, 1.50, -0.0]").await.unwrap(), "[100, 1.50, 0.0]");
        assert_eq!(through("123456789012345678901234567890.5").await.unwrap(), "123456789012345678901234567890.5");
        assert!(through(r#""\u0000""#).await.unwrap_err().contains("unsupported Unicode escape sequence"));
    }
}

/// The published files are those of the crate, and a step that was released does not change:
/// databases remember its text.
#[cfg(all(feature = "postgres", feature = "sqlite"))]
#[test]
fn the_published_tables_are_up_to_date() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/sql");
    for (name, tables) in [("postgres.sql", vcp_store::postgres::TABLES), ("sqlite.sql", vcp_store::sqlite::TABLES)] {
        let published = folder.join(name);
        if env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&published, tables).unwrap();
        }
        let text = std::fs::read_to_string(published).unwrap();
        assert!(text == tables, "schema/sql/{name} is old: run the test with UPDATE_SCHEMA=1");
    }
    let steps = vcp_store::postgres::MIGRATIONS.iter().chain(vcp_store::sqlite::MIGRATIONS);
    let digests: Vec<String> = steps.map(|text| ReplayKey::of([text]).to_string().chars().take(16).collect()).collect();
    assert_eq!(digests, ["428fe8f500c99610", "b302b0cee81b1114"], "add a step instead of changing one");
}
