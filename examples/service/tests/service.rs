//! The service keeps every call exactly once, whatever senders and the operating system do.
//!
//! PostgreSQL is tested if `VCP_TEST_POSTGRES` holds its URL (`.ci/servers` starts one).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

use aho_corasick::AhoCorasick;
use chrono::{DateTime, Utc};
use sqlx::Row as _;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    env, fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};
use vcp_sdk::{Mapper, Mapping, VcpMessage};
use vcp_synthetic::{Call, Delivery, Generation, Mix};

const SECRET: &str = "not-a-real-secret-0123456789abcdef";
const PROVIDERS: [&str; 6] = ["RETELL", "VAPI", "BLAND", "ELEVENLABS", "OPENAI_REALTIME", "ASSISTABLE"];

/// A running service, with its settings, so that it can be started again.
struct Service {
    process: Child,
    folder: PathBuf,
    database: String,
    port: u16,
    admin: u16,
}

impl Service {
    fn start(folder: &Path, database: &str) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (port, admin) = (free(), free());
        let process = spawn(folder, database, port, admin);
        let service = Self { process, folder: folder.to_owned(), database: database.to_owned(), port, admin };
        service.wait();
        service
    }

    /// Kills the process, as `kill -9` does, and starts another.
    fn kill_and_restart(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = spawn(&self.folder, &self.database, self.port, self.admin);
        self.wait();
    }

    fn wait(&self) {
        let begun = Instant::now();
        while self.get("/health") != Some((200, "ok\n".to_owned())) {
            assert!(begun.elapsed() < Duration::from_secs(30), "the service did not start: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut answer = agent().get(format!("http://127.0.0.1:{}{path}", self.admin)).call().ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
    }

    fn url(&self, provider: &str) -> String {
        format!("http://127.0.0.1:{}/webhook/{provider}", self.port)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// Stops the service by SIGTERM and returns whether it ended well.
    fn terminate(&mut self) -> bool {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.process.wait().unwrap().success()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(folder: &Path, database: &str, port: u16, admin: u16) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcp-service"));
    command.env_clear().envs([("DATABASE_URL", database), ("RUST_LOG", "debug")]);
    command.envs([("SERVICE_PORT", port.to_string()), ("ADMIN_ADDRESS", format!("127.0.0.1:{admin}"))]);
    command.envs(PROVIDERS.map(|name| (format!("WEBHOOK_SECRET_{name}"), SECRET)));
    command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null()).spawn().unwrap()
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(30)));
    config.http_status_as_error(false).build().into()
}

/// Returns an empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Posts a delivery. Returns the status of the answer.
fn post(
    agent: &ureq::Agent,
    service_url: &str,
    delivery: &Delivery,
    headers: &[(String, String)],
) -> Result<u16, ureq::Error> {
    let mut request = agent.post(delivery.url(SECRET, service_url));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Ok(request.send(delivery.body.as_bytes())?.status().as_u16())
}

/// Returns whether nobody was listening, so that the delivery was not even begun.
fn is_refused(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// Numbers for shuffling: the same ones each time.
fn random(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

/// Calls with the deliveries that are sent for each, and their messages.
struct Traffic {
    calls: Vec<(Call, Generation)>,
    deliveries: Vec<Delivery>,
}

impl Traffic {
    fn new(count: usize) -> Self {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let calls = Mix::default();
        let calls: Vec<_> =
            calls.calls(7, time("2026-10-01T00:00:00Z"), time("2026-11-01T00:00:00Z")).take(count).collect();
        let deliveries = calls.iter().flat_map(|(call, generation)| call.deliveries(*generation));
        let deliveries = deliveries.filter(|delivery| delivery.is_webhook).collect();
        Self { calls, deliveries }
    }
}

/// Sends each delivery one to three times, shuffled, by 16 senders. A sender repeats a delivery
/// until it is accepted, as providers do. Meanwhile the service is killed three times.
fn send(service: &mut Service, traffic: &Traffic) {
    let mut state = 1;
    let mut order: Vec<usize> =
        (0..traffic.deliveries.len()).flat_map(|at| vec![at; 1 + random(&mut state) % 3]).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, random(&mut state) % (at + 1));
    }
    let (next, interrupted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let urls: HashMap<_, _> = Generation::ALL.iter().map(|g| (g.provider(), service.url(g.provider()))).collect();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let agent = agent();
                while let Some(at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let delivery = &traffic.deliveries[*at];
                    // Some providers send the same signed bytes again, and others sign again.
                    let signs_again = at % 2 == 0;
                    let mut headers = delivery.headers_at(SECRET, Utc::now());
                    let begun = Instant::now();
                    loop {
                        match post(&agent, &urls[delivery.generation.provider()], delivery, &headers) {
                            Ok(200) => break,
                            Err(error) if is_refused(&error) => {}
                            _ => drop(interrupted.fetch_add(1, Ordering::Relaxed)),
                        }
                        assert!(begun.elapsed() < Duration::from_secs(60), "{} is never accepted", delivery.event);
                        thread::sleep(Duration::from_millis(50));
                        if signs_again {
                            headers = delivery.headers_at(SECRET, Utc::now());
                        }
                    }
                }
            });
        }
        for kill in 1..=3 {
            while next.load(Ordering::Relaxed) < order.len() * kill / 4 {
                thread::sleep(Duration::from_millis(5));
            }
            service.kill_and_restart();
        }
    });
    let (sent, interrupted) = (order.len(), interrupted.into_inner());
    eprintln!(
        "{} deliveries of {} calls, sent {sent} times, {interrupted} of them interrupted",
        traffic.deliveries.len(),
        traffic.calls.len()
    );
    assert!(interrupted > 0, "no delivery was interrupted, so the test shows little");
}

/// Each row is the merge of the deliveries of its call, with the times at which they were received.
fn check(rows: &[String], traffic: &Traffic) {
    let mapper = Mapper::new();
    let mut bodies: BTreeMap<(String, String), Vec<&Delivery>> = BTreeMap::new();
    for delivery in &traffic.deliveries {
        let mapped = mapper.map(delivery.generation.provider(), delivery.body.as_bytes(), delivery.sent_at).unwrap();
        let Mapping::Call(mapped) = mapped else { continue };
        let call = mapped.message.vcp_payload.call;
        bodies.entry((call.provider.to_string(), call.call_id)).or_default().push(delivery);
    }
    assert_eq!(rows.len(), bodies.len(), "a row for each call");
    for text in rows {
        let message = VcpMessage::from_json(text).unwrap();
        let call = &message.vcp_payload.call;
        let sent = bodies.remove(&(call.provider.to_string(), call.call_id.clone()));
        let sent = sent.unwrap_or_else(|| panic!("nobody sent this call, or it has two rows: {}", message.redacted()));
        let expected: Vec<_> = sent
            .iter()
            .map(|delivery| {
                let received_at = received_at(text, delivery, sent.len() == 1);
                let mapped = mapper.map(delivery.generation.provider(), delivery.body.as_bytes(), received_at).unwrap();
                let Mapping::Call(mapped) = mapped else { panic!("{} was a call record before", delivery.event) };
                mapped.message
            })
            .collect();
        let expected = mapper.merge(&expected).unwrap();
        assert_eq!(*text, expected.to_json(), "{}", message.redacted());
    }
}

/// Finds the time of receipt of a delivery in the row of its call.
fn received_at(text: &str, delivery: &Delivery, is_alone: bool) -> DateTime<Utc> {
    let row: serde_json::Value = serde_json::from_str(text).unwrap();
    let body: serde_json::Value = serde_json::from_str(&delivery.body).unwrap();
    let time = |value: &serde_json::Value| value.as_str().unwrap().parse().unwrap();
    let kept = &row["vcp_payload"]["custom"]["provider_specific"][delivery.generation.provider()];
    if is_alone || kept["deliveries"].is_null() {
        return time(&row["audit"]["received_at"]);
    }
    let deliveries = kept["deliveries"].as_array().unwrap();
    let found = deliveries.iter().find(|kept| masked(&kept["data"], &body));
    time(&found.unwrap_or_else(|| panic!("the delivery {} is lost", delivery.event))["received_at"])
}

/// Returns whether a kept payload is a payload with its secrets masked.
fn masked(kept: &serde_json::Value, sent: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Object};
    match (kept, sent) {
        (Object(kept), Object(sent)) => {
            kept.len() == sent.len()
                && kept.iter().all(|(name, kept)| sent.get(name).is_some_and(|sent| masked(kept, sent)))
        }
        (Array(kept), Array(sent)) => {
            kept.len() == sent.len() && kept.iter().zip(sent).all(|(kept, sent)| masked(kept, sent))
        }
        (kept, sent) => kept == sent || kept == "***",
    }
}

/// The log has no number of a person and nothing that was said.
fn check_log(log: &str, traffic: &Traffic) {
    assert!(log.lines().count() > traffic.deliveries.len(), "the log is short");
    let calls = traffic.calls.iter().map(|(call, _)| call);
    let said = calls.clone().flat_map(|call| &call.turns).map(|turn| turn.text.as_str()).filter(|text| text.len() > 12);
    let private = calls.flat_map(|call| [call.from(), call.to()]).flatten().chain(said).chain([SECRET]);
    let private = AhoCorasick::new(private.collect::<BTreeSet<_>>()).unwrap();
    let found = private.find(log).map(|found| &log[found.range()]);
    assert_eq!(found, None, "the log has a number of a person, a sentence or a secret");
    let number = traffic.calls.iter().find_map(|(call, _)| call.to()).unwrap();
    assert!(private.is_match(&format!("{log}{number}")), "the search would find one");
}

fn kept_once(folder: &Path, url: &str, count: usize) -> (Service, Traffic) {
    let traffic = Traffic::new(count);
    let mut service = Service::start(folder, url);
    send(&mut service, &traffic);
    (service, traffic)
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_every_call_once() {
    let folder = folder("sqlite");
    let url = format!("sqlite://{}", folder.join("calls.sqlite").display());
    let (mut service, traffic) = kept_once(&folder, &url, 300);
    let (status, metrics) = service.get("/metrics").unwrap();
    assert!(status == 200 && metrics.contains(r#"vcp_stored_total{provider="retell",outcome="merged"}"#), "{metrics}");
    assert!(service.terminate(), "SIGTERM ends it well");
    assert!(service.log().contains("stopped"));
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let rows: Vec<String> = sqlx::query_scalar("SELECT raw_payload FROM vcp_messages").fetch_all(&pool).await.unwrap();
    check(&rows, &traffic);
    check_log(&service.log(), &traffic);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_every_call_once() {
    let Ok(server) = env::var("VCP_TEST_POSTGRES") else {
        assert!(env::var_os("VCP_REQUIRE_SERVERS").is_none(), "VCP_TEST_POSTGRES is not set");
        eprintln!("not tested: VCP_TEST_POSTGRES is not set");
        return;
    };
    let folder = folder("postgres");
    let name = format!("vcp_service_{}", std::process::id());
    let admin = sqlx::PgPool::connect(&server).await.unwrap();
    sqlx::query(&format!("CREATE DATABASE {name}")).execute(&admin).await.unwrap();
    let (start, _) = server.rsplit_once('/').unwrap();
    let url = format!("{start}/{name}");
    let (service, traffic) = kept_once(&folder, &url, 2_000);
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let rows: Vec<String> = sqlx::query_scalar("SELECT raw_payload FROM vcp_messages").fetch_all(&pool).await.unwrap();
    check(&rows, &traffic);
    let counted = sqlx::query("SELECT sum(total_calls)::bigint AS calls FROM provider_analytics").fetch_one(&pool);
    assert_eq!(usize::try_from(counted.await.unwrap().get::<i64, _>("calls")).unwrap(), rows.len());
    check_log(&service.log(), &traffic);
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Posts a body for Retell with a trace id. Returns status and answer.
fn post_traced(service: &Service, body: &str, secret: &str) -> (u16, String) {
    let signature = vcp_sdk::auth::sign::retell(secret, body.as_bytes(), Utc::now());
    let request = agent().post(service.url("retell")).header("x-retell-signature", signature);
    let mut answer =
        request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01")).send(body.as_bytes()).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_the_trace_of_its_request_and_its_log_nothing_private() {
    let folder = folder("refusals");
    let url = format!("sqlite://{}", folder.join("calls.sqlite").display());
    let service = Service::start(&folder, &url);
    let private = ["+12125550143", "My name is Wilhelmina Testperson", "wilhelmina@example.com", SECRET];
    let call = |id: &str| {
        format!(
            r#"{{"event":"call_ended","call":{{"call_id":"{id}","from_number":"{}","transcript":"User: {}","metadata":{{"mail":"{}"}}}}}}"#,
            private[0], private[1], private[2]
        )
    };
    assert_eq!(post_traced(&service, &call("c1"), SECRET).0, 200);
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let damage = format!("UPDATE vcp_messages SET raw_payload = '{{\"vcp_version\":\"{}\"'", private[0]);
    sqlx::query(&damage).execute(&pool).await.unwrap();
    let cases = [
        (call("c2"), "another secret", 401, "VCP_E204"),
        (format!("[{}]", call("c2")), SECRET, 422, "VCP_E002"),
        (call("c2").replace("}}}", "}}"), SECRET, 400, "VCP_E007"),
        (call("c1").replace("User:", "Agent:"), SECRET, 500, "DAMAGED"),
    ];
    for (body, secret, status, code) in &cases {
        let (answered, answer) = post_traced(&service, body, secret);
        assert!(answered == *status && answer.contains(code), "{answered} {answer}");
        assert!(answer.contains(&format!(r#""context":{{"trace_id":"{TRACE}"}}"#)), "{answer}");
        assert!(!private.iter().any(|text| answer.contains(text)), "{answer}");
    }
    let unlisted = r#"{"event":"call_summarised","call":{"call_id":"c4"}}"#;
    assert_eq!(post_traced(&service, unlisted, SECRET).0, 200);
    // The database is gone.
    sqlx::query("DROP TABLE vcp_messages").execute(&pool).await.unwrap();
    let (status, answer) = post_traced(&service, &call("c3"), SECRET);
    assert!(status == 503 && answer.contains("send it again") && answer.contains(TRACE), "{answer}");
    let log = service.log();
    assert!(log.lines().filter(|line| line.contains(TRACE)).count() > cases.len(), "{log}");
    for text in private {
        assert!(!log.contains(text), "the log has `{text}`");
    }
    let (_, metrics) = service.get("/metrics").unwrap();
    assert!(metrics.contains(r#"vcp_deliveries_total{provider="retell",status="401"} 1"#), "{metrics}");
    assert!(metrics.contains(r#"vcp_ignored_total{provider="retell",known="false"} 1"#), "{metrics}");
    assert!(log.contains("may be a new kind of call record"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_being_handled_is_stored_before_the_service_ends() {
    let folder = folder("stop");
    let url = format!("sqlite://{}", folder.join("calls.sqlite").display());
    let mut service = Service::start(&folder, &url);
    let body = r#"{"event":"call_ended","call":{"call_id":"c1"}}"#;
    let signature = vcp_sdk::auth::sign::retell(SECRET, body.as_bytes(), Utc::now());
    let (first, rest) = body.split_at(20);
    let mut sender = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    let head = format!(
        "POST /webhook/retell HTTP/1.1\r\nhost: x\r\nx-retell-signature: {signature}\r\ncontent-length: {}\r\n\r\n{first}",
        body.len()
    );
    sender.write_all(head.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(200));
    let stopping = thread::spawn(move || (service.terminate(), service));
    thread::sleep(Duration::from_millis(200));
    sender.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    sender.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(stopping.join().unwrap().0, "SIGTERM ends it well");
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM vcp_messages").fetch_one(&pool).await.unwrap();
    assert_eq!(rows, 1);
}

/// A log that cannot be written is no reason to lose a call, or to go on for ever.
#[cfg(target_os = "linux")]
#[test]
fn a_full_log_does_not_stop_the_service() {
    let folder = folder("full_log");
    std::os::unix::fs::symlink("/dev/full", folder.join("log")).unwrap();
    let mut service = Service::start(&folder, &format!("sqlite://{}", folder.join("calls.sqlite").display()));
    let body = r#"{"event":"call_ended","call":{"call_id":"c1"}}"#;
    for (secret, status) in [(SECRET, 200), ("another", 401)] {
        assert_eq!(post_traced(&service, body, secret).0, status);
    }
    assert!(service.terminate(), "SIGTERM ends it well");
}

#[test]
fn a_sender_without_a_head_is_cut_off() {
    let folder = folder("silent");
    let service = Service::start(&folder, &format!("sqlite://{}", folder.join("calls.sqlite").display()));
    for begun in ["", "P", "POST /webhook/retell HTTP/1.1\r\nhost:"] {
        let mut sender = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
        sender.write_all(begun.as_bytes()).unwrap();
        sender.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let mut answer = Vec::new();
        sender.read_to_end(&mut answer).unwrap_or_else(|error| panic!("{begun:?} is not cut off: {error}"));
    }
}

#[test]
fn a_sender_that_reads_no_answer_is_cut_off() {
    let folder = folder("unread");
    let service = Service::start(&folder, "sqlite://vcp.sqlite");
    let mut sender = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    sender.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    // Write until the answers fill the buffers of both sides.
    let requests = "GET /elsewhere HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    while sender.write_all(requests.as_bytes()).is_ok() {}
    thread::sleep(Duration::from_secs(13));
    sender.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let ended = sender.read_to_end(&mut Vec::new());
    let is_open = ended.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    assert!(!is_open, "the connection is still open: {ended:?}");
}

#[test]
fn wrong_settings_are_one_line() {
    for (variables, expected) in [
        (vec![], "set WEBHOOK_SECRET_<PROVIDER>"),
        (vec![("WEBHOOK_SECRET_RETEL", "x")], "WEBHOOK_SECRET_RETEL cannot be used: VCP_E009"),
        (vec![("WEBHOOK_SECRET_RETELL", "")], "WEBHOOK_SECRET_RETELL cannot be used: VCP_E210"),
        (vec![("WEBHOOK_SECRET_RETELL", "x"), ("SERVICE_PORT", "many")], "`127.0.0.1:many` is no address"),
        (vec![("WEBHOOK_SECRET_RETELL", "x"), ("DATABASE_URL", "mysql://x")], "must begin with `postgres://`"),
        (
            vec![("WEBHOOK_SECRET_RETELL", "x"), ("DATABASE_URL", "sqlite:///no/such/folder/x")],
            "cannot open the database",
        ),
        (vec![("WEBHOOK_SECRET_RETELL", "x"), ("DATABASE_URL", "sqlite://")], "DATABASE_URL names no file"),
        (
            vec![("WEBHOOK_SECRET_RETELL", "x"), ("DATABASE_URL", "postgres://u@127.0.0.1:1/d?sslpassword=hush")],
            "DATABASE_URL has a parameter that is not known",
        ),
        (vec![("WEBHOOK_SECRET_RETELL", "x"), ("DATABASE_URL", "sqlite::memory:")], "DATABASE_URL names no file"),
        (vec![("WEBHOOK_SECRET_RETELL", "x"), ("DATABASE_URL", "sqlite://x?mode=memory")], "names no file"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vcp-service"));
        let output = command.env_clear().envs(variables).output().unwrap();
        let log = String::from_utf8(output.stdout).unwrap();
        assert_eq!((output.status.code(), log.lines().count()), (Some(1), 1), "{log}");
        assert!(log.contains(expected) && log.contains("ERROR"), "{log}");
    }
}
