//! Tests of the receiver with good and bad deliveries.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use chrono::{DateTime, Utc};
use std::collections::HashMap;
use vcp_sdk::{
    Authenticity, ErrorCode, Mapper, Options, ReceiveError, Received, ReceivedCall, Receiver, Secret, Timestamp,
    auth::{Request, sign},
};

const KEY: &str = "key_not_a_real_secret";
const BODY: &[u8] = include_bytes!("../../../examples/deliveries/retell/call_analyzed.json");

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn receiver() -> Receiver {
    Receiver::new()
        .secret("retell", Secret::new("old", "another"))
        .unwrap()
        .secret("Retell", Secret::new("new", KEY))
        .unwrap()
}

fn signed(body: &[u8]) -> Vec<(&'static str, String)> {
    vec![("X-Retell-Signature", sign::retell(KEY, body, now()))]
}

fn call(received: Result<Received, ReceiveError>) -> ReceivedCall {
    match received {
        Ok(Received::Call(call)) => *call,
        other => panic!("{other:?}"),
    }
}

/// Returns code, status and path of a refusal.
fn refused(received: Result<Received, ReceiveError>) -> (ErrorCode, u16, Option<String>) {
    let error = received.unwrap_err();
    let code = ErrorCode::from_code(error.code().as_str()).unwrap();
    (code, error.http_status(), error.path().map(ToString::to_string))
}

#[test]
fn a_signed_delivery_becomes_a_message() {
    let call = call(receiver().receive("retell", &signed(BODY), BODY, now()));
    assert_eq!(call.event, "call_analyzed");
    assert!(matches!(&call.authenticity, Authenticity::Verified { key_id, .. } if key_id == "new"));
    assert_eq!(call.findings, []);
    assert_eq!(call.message.audit.received_at.to_string(), "2026-11-21T12:00:00Z");
    assert_eq!(call.message.vcp_payload.outcomes.model_outcome_attribution.total_cost_usd, Some(0.1235));
}

#[test]
fn each_step_alone_gives_the_same() {
    let (receiver, headers) = (receiver(), signed(BODY));
    let verified = receiver.verify("retell", &Request::new(&headers, BODY), now()).unwrap();
    let mapped = receiver.map("retell", &verified, Timestamp::from_datetime(now()).unwrap()).unwrap();
    let vcp_sdk::Mapping::Call(mapped) = mapped else { panic!() };
    let whole = call(receiver.receive("retell", &headers, BODY, now()));
    assert_eq!(mapped.message, whole.message);
    assert_eq!(receiver.validate(&mapped.message), whole.findings);
}

#[test]
fn headers_of_any_type() {
    let map: HashMap<String, String> = signed(BODY).into_iter().map(|(n, v)| (n.to_lowercase(), v)).collect();
    assert!(receiver().receive("retell", &map, BODY, now()).is_ok());
}

#[test]
fn nobody_is_let_in_unasked() {
    let none: [(&str, &str); 0] = [];
    let receiver = receiver().allow_unauthenticated("retell").allow_unauthenticated("OpenAI");
    assert_eq!(refused(receiver.receive("retell", &none, BODY, now())), (ErrorCode::AuthHeaderMissing, 401, None));
    assert_eq!(refused(receiver.receive("vapi", &none, b"{}", now())), (ErrorCode::AuthNothing, 401, None));
    let body = br#"{"type":"session.created","session":{"id":"sess_1"}}"#;
    assert_eq!(
        call(receiver.receive("openai_realtime", &none, body, now())).authenticity,
        Authenticity::Unauthenticated
    );
}

#[test]
fn a_tampered_old_or_future_delivery_is_refused() {
    let at = |seconds: i64| now() + chrono::TimeDelta::seconds(seconds);
    let code = |body: &[u8], now| refused(receiver().receive("retell", &signed(BODY), body, now)).0;
    assert_eq!(code(b"{}", now()), ErrorCode::AuthNoMatch);
    assert_eq!(code(BODY, at(301)), ErrorCode::AuthTooOld);
    assert_eq!(code(BODY, at(-301)), ErrorCode::AuthTooNew);
}

#[test]
fn each_fault_has_its_code_status_and_path() {
    let open = Receiver::new().allow_unauthenticated("retell");
    let none: [(&str, &str); 0] = [];
    let refused = |provider: &str, body: &[u8]| refused(open.receive(provider, &none, body, now()));
    let root = || Some("$".to_owned());
    assert_eq!(refused("nobody", b"{}"), (ErrorCode::UnknownProvider, 404, None));
    assert_eq!(refused("retell", &vec![b' '; 17 << 20]), (ErrorCode::Limit, 413, None));
    assert_eq!(refused("retell", b""), (ErrorCode::Malformed, 400, root()));
    assert_eq!(refused("retell", b"\xff"), (ErrorCode::Malformed, 400, root()));
    assert_eq!(refused("retell", b"[]"), (ErrorCode::Mapping, 422, root()));
    assert_eq!(refused("retell", br#"{"event":"call_ended"}"#), (ErrorCode::Mapping, 422, Some("$.call".to_owned())));
    let backwards = br#"{"event":"call_ended","call":{"call_id":"c","start_timestamp":1791979216736,"end_timestamp":1791979200945}}"#;
    let invalid = refused("retell", backwards);
    assert_eq!(invalid, (ErrorCode::EndBeforeStart, 422, Some("$.vcp_payload.call.end_time".to_owned())));
}

#[test]
fn what_is_no_call_record_is_named() {
    let open = Receiver::new().allow_unauthenticated("vapi");
    let received = open.receive("vapi", &signed(b""), br#"{"message":{"type":"hang"}}"#, now());
    assert_eq!(received, Ok(Received::Ignored { event: "hang".to_owned(), known: true, replay_key: None }));
}

#[test]
fn the_sender_is_not_told_why_a_signature_failed() {
    let error = receiver().receive("retell", &signed(BODY), b"{}", now()).unwrap_err();
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(json, serde_json::json!({"code": "VCP_E204", "message": "the delivery could not be verified"}));
}

#[test]
fn secrets_that_cannot_be_used_are_refused() {
    let reason = |provider: &str, secret: &str| {
        Receiver::new().secret(provider, Secret::new("k", secret)).map(|_| ()).unwrap_err()
    };
    for error in [reason("nobody", "s"), reason("vapi", "s"), reason("retell", "")] {
        assert_eq!(error.code(), ErrorCode::AuthConfiguration, "{error}");
    }
}

#[test]
fn limits_and_options_can_be_set() {
    let mapper = Mapper::new().options(Options { max_bytes: 10, ..Options::default() });
    let receiver = Receiver::new().mapper(mapper).allow_unauthenticated("retell");
    let none: [(&str, &str); 0] = [];
    assert_eq!(refused(receiver.receive("retell", &none, b"{\"event\":1}", now())).1, 413);
}
