//! Tests of the extractor through its HTTP answers.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{Request, StatusCode},
    routing::post,
};
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt as _;
use vcp_axum::{Delivery, Endpoint, Rejection, RejectionError};
use vcp_sdk::{
    Received, Receiver, Secret,
    auth::{AddressList, Scheme, Verifier, sign},
};

const BODY: &str = r#"{"event":"call_ended","call":{"call_id":"c1","disconnection_reason":"user_hangup"}}"#;

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn receiver() -> Receiver {
    Receiver::new().secret("retell", Secret::new("k", "key")).unwrap().allow_unauthenticated("vapi").unwrap()
}

fn endpoint() -> Endpoint {
    Endpoint::new(receiver(), now)
}

async fn webhook(delivery: Delivery) -> String {
    match delivery.received {
        Received::Call(call) => call.message.vcp_payload.call.call_id,
        Received::Ignored(other) => other.event,
    }
}

fn app(endpoint: Endpoint) -> Router {
    Router::new().route("/webhook/{provider}", post(webhook)).route("/retell", post(webhook)).with_state(endpoint)
}

fn signature(body: &str) -> String {
    sign::retell("key", body.as_bytes(), now())
}

/// Returns a body in parts, without an announced length.
fn in_parts(
    body: &'static str,
) -> impl futures_util::Stream<Item = Result<&'static str, std::convert::Infallible>> + Send {
    let mut parts = body.split_inclusive(',');
    futures_util::stream::poll_fn(move |_| std::task::Poll::Ready(parts.next().map(Ok)))
}

/// Sends a request and returns the status and the body of the answer.
async fn answer(app: Router, path: &str, signature: &str, body: impl Into<Body>) -> (u16, String) {
    let request = Request::post(path).header("X-Retell-Signature", signature).body(body.into()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn a_verified_delivery_is_a_message() {
    assert_eq!(answer(app(endpoint()), "/webhook/retell", &signature(BODY), BODY).await, (200, "c1".to_owned()));
    let other = r#"{"event":"chat_started"}"#;
    assert_eq!(answer(app(endpoint()), "/webhook/retell", &signature(other), other).await.0, 200);
    let one = app(endpoint().provider("retell"));
    assert_eq!(answer(one, "/retell", &signature(BODY), BODY).await.0, 200, "a route without a parameter");
    let nested = Router::new().nest("/hooks", app(endpoint()));
    assert_eq!(answer(nested, "/hooks/webhook/retell", &signature(BODY), BODY).await.0, 200);
}

#[tokio::test]
async fn what_is_refused_has_its_status_and_says_no_more_than_it_may() {
    let (status, told) = answer(app(endpoint()), "/webhook/retell", &signature("{}"), BODY).await;
    assert_eq!(
        (status, told.as_str()),
        (401, r#"{"error":{"code":"VCP_E204","message":"the delivery could not be verified"}}"#)
    );
    for (path, body, expected) in [
        ("/webhook/nobody", BODY, 404),
        ("/webhook/%ff", BODY, 404),
        ("/webhook/bland", BODY, 401),
        ("/webhook/vapi", "no json", 400),
        ("/webhook/vapi", "[]", 422),
        ("/retell", BODY, 500),
    ] {
        let (status, told) = answer(app(endpoint()), path, "", body).await;
        assert_eq!(status, expected, "{path} {told}");
        assert!(told.starts_with(r#"{"error":{"#), "{told}");
    }
}

#[tokio::test]
async fn a_body_is_bounded() {
    let (at, beyond) = (endpoint().max_bytes(BODY.len()), endpoint().max_bytes(BODY.len() - 1));
    assert_eq!(answer(app(at), "/webhook/retell", &signature(BODY), BODY).await.0, 200);
    let expected = r#"{"error":{"code":"VCP_E008","message":"the body is too long"}}"#.to_owned();
    assert_eq!(answer(app(beyond.clone()), "/webhook/retell", &signature(BODY), BODY).await, (413, expected.clone()));
    let parts = Body::from_stream(in_parts(BODY));
    assert_eq!(
        answer(app(beyond), "/webhook/retell", &signature(BODY), parts).await,
        (413, expected),
        "length not announced"
    );
}

#[tokio::test]
async fn the_limit_of_a_layer_is_not_taken_for_that_of_the_endpoint() {
    async fn limited(request: Request<Body>) -> Request<Body> {
        request.map(|body| Body::new(http_body_util::Limited::new(body, 10)))
    }
    async fn shown(delivery: Result<Delivery, Rejection>) -> (StatusCode, String) {
        let rejection = delivery.unwrap_err();
        (rejection.status(), rejection.error().to_string())
    }
    let layered = Router::new()
        .route("/{provider}", post(shown))
        .layer(axum::middleware::map_request(limited))
        .with_state(endpoint());
    let parts = || Body::from_stream(in_parts(BODY));
    let layer = "VCP_E008: the body is longer than the limit of a layer before the route".to_owned();
    assert_eq!(answer(layered, "/vapi", "", parts()).await, (413, layer));
    let own = Router::new().route("/{provider}", post(shown)).with_state(endpoint().max_bytes(10));
    let endpoint = "VCP_E008: the body is longer than the limit of 10 bytes".to_owned();
    assert_eq!(answer(own, "/vapi", "", parts()).await, (413, endpoint));
}

#[tokio::test]
async fn a_delivery_has_its_provider_and_its_body() {
    async fn shown(delivery: Delivery) -> String {
        let debug = format!("{delivery:?}");
        assert!(!debug.contains("+12025550177") && !debug.contains("4711"), "{debug}");
        format!("{} {}", delivery.provider, String::from_utf8_lossy(&delivery.body))
    }
    let app = || Router::new().route("/{provider}", post(shown)).with_state(endpoint());
    let body = BODY.replace("\"c1\"", "\"c1\",\"from_number\":\"+12025550177\",\"transcript\":\"it is 4711\"");
    let expected = format!("retell {body}");
    assert_eq!(answer(app(), "/ReTell", &signature(&body), body).await, (200, expected));
    let chat = r#"{"event":"chat_started","chat":{"transcript":"it is 4711"}}"#;
    assert_eq!(answer(app(), "/retell", &signature(chat), chat).await, (200, format!("retell {chat}")));
}

#[tokio::test]
async fn what_was_refused_is_shown_without_its_content() {
    async fn shown(delivery: Result<Delivery, Rejection>) -> String {
        let rejection = delivery.unwrap_err();
        format!("{rejection} {rejection:?} {rejection:#?} {:?}", rejection.error())
    }
    let times = "\"start_timestamp\":1791979216736,\"end_timestamp\":1791979200945";
    let said = "\"from_number\":\"+12025550177\",\"transcript\":\"it is 4711\"";
    let body = BODY.replace("\"c1\"", &format!("\"c1\",{times},{said}"));
    let app = Router::new().route("/{provider}", post(shown)).with_state(endpoint());
    let (_, told) = answer(app, "/retell", &signature(&body), body).await;
    assert!(told.contains("VCP_E101 at $.vcp_payload.call.end_time"), "{told}");
    assert!(!told.contains("+12025550177") && !told.contains("4711"), "{told}");
    let endpoint = format!("{:?}", endpoint().public_url("https://hooks.example.com"));
    assert!(endpoint.len() < 1000 && endpoint.contains("hooks.example.com"), "{endpoint}");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_no_fault_of_the_sender() {
    let app = app(Endpoint::new(receiver(), || DateTime::<Utc>::MAX_UTC));
    let told = r#"{"error":{"code":"VCP_E001","message":"the receiver is not set up correctly"}}"#.to_owned();
    assert_eq!(answer(app, "/webhook/vapi", "", BODY).await, (500, told));
}

#[tokio::test]
async fn a_handler_can_look_at_what_was_refused() {
    async fn looking(delivery: Result<Delivery, Rejection>) -> (StatusCode, String) {
        let rejection = delivery.unwrap_err();
        assert!(matches!(rejection.error(), RejectionError::Refused(_)));
        let shown = format!("{rejection} {rejection:?}");
        assert!(!shown.contains("v=1795") && !shown.contains("call_id"), "{shown}");
        assert_eq!(rejection.received_at(), now());
        // The clock may have moved on.
        let later = Endpoint::new(receiver(), || now() + chrono::TimeDelta::hours(1));
        let hints = rejection.diagnose(&later, &[]);
        assert_eq!(hints, rejection.diagnose(&endpoint(), &[]));
        (rejection.status(), hints.first().unwrap().to_string())
    }
    let app = Router::new().route("/{provider}", post(looking)).with_state(endpoint());
    let (status, told) = answer(app, "/retell", &signature(BODY), BODY.replace(',', ", ")).await;
    assert_eq!((status, told.contains("without white space between its tokens")), (401, true), "{told}");
}

#[tokio::test]
async fn url_and_address_reach_the_verifier() {
    let token = || {
        Receiver::new()
            .secret_for("assistable", Scheme::UrlToken { param: "token".into() }, Secret::new("k", "t"))
            .unwrap()
    };
    let with = |receiver| app(Endpoint::new(receiver, now));
    assert_eq!(answer(with(token()), "/webhook/assistable?token=t", "", "[]").await.0, 422);
    assert_eq!(answer(with(token()), "/webhook/assistable?token=u", "", "[]").await.0, 401);

    let verifier = || Verifier::new(Scheme::Twilio, vec![Secret::new("k", "t")]).unwrap();
    let twilio = || Receiver::new().verifier("vapi", verifier()).unwrap();
    let url = sign::twilio_url("https://hooks.example.com/webhook/vapi", b"[]");
    let request = vcp_sdk::auth::Request::new(&(), b"[]").url(&url);
    let (name, value) =
        sign::headers(&Scheme::Twilio, &Secret::new("k", "t"), &request, chrono::DateTime::UNIX_EPOCH).remove(0);
    let path = url.strip_prefix("https://hooks.example.com").unwrap();
    for (endpoint, expected) in [
        (Endpoint::new(twilio(), now).public_url("https://hooks.example.com/"), 422),
        (Endpoint::new(twilio(), now), 500),
    ] {
        let request = Request::post(path).header(name.as_str(), value.as_str()).body(Body::from("[]")).unwrap();
        assert_eq!(app(endpoint).oneshot(request).await.unwrap().status().as_u16(), expected);
    }

    let listed = || {
        let verifier = Verifier::new(Scheme::Retell, vec![Secret::new("k", "key")]).unwrap();
        let receiver =
            Receiver::new().verifier("retell", verifier.allow_from(AddressList::new(["192.0.2.1"]).unwrap())).unwrap();
        Endpoint::new(receiver, now)
    };
    for (endpoint, expected) in [
        (listed().source(|_| "192.0.2.1".parse().ok()), 200),
        (listed().source(|_| "192.0.2.2".parse().ok()), 401),
        (listed().source(|_| None), 500),
        (listed(), 500),
    ] {
        assert_eq!(answer(app(endpoint), "/webhook/retell", &signature(BODY), BODY).await.0, expected);
    }
}

#[tokio::test]
async fn the_trace_id_of_the_request_is_in_answers_and_findings() {
    async fn shown(delivery: Delivery) -> String {
        let call = delivery.received.into_call().unwrap();
        let contexts: Vec<_> = call.findings.iter().map(|finding| finding.context.last().cloned()).collect();
        assert!(!contexts.is_empty(), "the example needs a finding");
        assert!(
            contexts.iter().all(|last| last.as_ref().is_some_and(|(name, id)| *name == "trace_id" && *id == TRACE))
        );
        delivery.trace_id.unwrap()
    }
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let app = Router::new().route("/webhook/{provider}", post(shown)).with_state(endpoint());
    let request = |path: &str, body: &'static str| {
        let header = format!("00-{TRACE}-00f067aa0ba902b7-01");
        Request::post(path).header("traceparent", header).body(Body::from(body)).unwrap()
    };
    let response = app.clone().oneshot(request("/webhook/retell", BODY)).await.unwrap();
    let refused = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let refused: serde_json::Value = serde_json::from_slice(&refused).unwrap();
    assert_eq!(refused["error"]["code"], "VCP_E202");
    assert_eq!(refused["error"]["context"], serde_json::json!({ "trace_id": TRACE }));
    // The duration does not fit the times.
    let odd = r#"{"message":{"type":"end-of-call-report","call":{"id":"v1"},"startedAt":"2026-11-21T11:00:00Z",
        "endedAt":"2026-11-21T12:00:00Z","durationSeconds":5}}"#;
    let response = app.oneshot(request("/webhook/vapi", odd)).await.unwrap();
    let told = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert_eq!(told, TRACE.as_bytes(), "{}", String::from_utf8_lossy(&told));
}

#[tokio::test]
async fn a_large_delivery_does_not_hold_up_others() {
    let app = app(endpoint());
    let started = std::sync::Arc::new(tokio::sync::Notify::new());
    let large = format!(
        r#"{{"message":{{"type":"end-of-call-report","call":{{"id":"v1"}},"x":[{}1]}}}}"#,
        "[2],".repeat(500_000)
    );
    let (finished, mut order) = tokio::sync::mpsc::unbounded_channel();
    let slow = {
        let (app, finished, started) = (app.clone(), finished.clone(), started.clone());
        tokio::spawn(async move {
            started.notify_one();
            let (status, _) = answer(app, "/webhook/vapi", "", large).await;
            finished.send(("large", status)).unwrap();
        })
    };
    started.notified().await;
    let (status, _) = answer(app, "/webhook/retell", &signature(BODY), BODY).await;
    finished.send(("small", status)).unwrap();
    slow.await.unwrap();
    // This test has one thread for asynchronous work.
    assert_eq!((order.recv().await, order.recv().await), (Some(("small", 200)), Some(("large", 200))));
}

#[tokio::test]
async fn a_refusal_keeps_the_context_of_its_error() {
    let error = serde_json::json!({"code": "NOT_STORED", "context": {"table": "calls"}});
    let answer = vcp_axum::refusal(StatusCode::SERVICE_UNAVAILABLE, error, Some("0af7651916cd43dd"));
    let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let wanted = serde_json::json!({"table": "calls", "trace_id": "0af7651916cd43dd"});
    assert_eq!(body["error"]["context"], wanted);
}

/// A part of a body, which counts itself as long as it is in memory.
struct Part(&'static AtomicUsize);

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        b" "
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A server reads each part into a buffer of 8 kB. A sender that sends single bytes must not keep
/// such a buffer in memory for each of them.
#[tokio::test]
async fn a_part_of_a_body_is_dropped_when_the_next_one_comes() {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    let mut left = 1000;
    let parts = futures_util::stream::poll_fn(move |_| {
        assert!(ALIVE.load(Ordering::Relaxed) <= 1, "{left} parts were to come");
        left -= 1;
        std::task::Poll::Ready((left > 0).then(|| {
            ALIVE.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(Bytes::from_owner(Part(&ALIVE)))
        }))
    });
    let (status, _) = answer(app(endpoint()), "/webhook/retell", "", Body::from_stream(parts)).await;
    assert_eq!(status, 401);
}
