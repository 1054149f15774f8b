//! Tests of the extractor through its HTTP answers.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
    routing::post,
};
use chrono::{DateTime, Utc};
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
    Receiver::new().secret("retell", Secret::new("k", "key")).unwrap().allow_unauthenticated("vapi")
}

fn endpoint() -> Endpoint {
    Endpoint::new(receiver(), now)
}

async fn webhook(Delivery(received): Delivery) -> String {
    match received {
        Received::Call(call) => call.message.vcp_payload.call.call_id,
        Received::Ignored { event, .. } => event,
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
async fn a_handler_can_look_at_what_was_refused() {
    async fn looking(delivery: Result<Delivery, Rejection>) -> (StatusCode, String) {
        let rejection = delivery.unwrap_err();
        assert!(matches!(rejection.error(), RejectionError::Refused(_)));
        let shown = format!("{rejection} {rejection:?}");
        assert!(!shown.contains("v=1795") && !shown.contains("call_id"), "{shown}");
        let hints = rejection.diagnose(&endpoint(), &[]);
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
    let none: [(&str, &str); 0] = [];
    let url = sign::twilio_url("https://hooks.example.com/webhook/vapi", b"[]");
    let request = vcp_sdk::auth::Request::new(&none, b"[]").url(&url);
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
