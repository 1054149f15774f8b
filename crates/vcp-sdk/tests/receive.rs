//! Tests of the receiver with good and bad deliveries.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use chrono::{DateTime, Utc};
use std::collections::HashMap;
use vcp_sdk::{
    Authenticity, Code, ConfigError, ErrorCode, Finding, MapOptions, Mapper, ReceiveError, Received, ReceivedCall,
    Receiver, Secret, Validator, VcpMessage,
    auth::{AuthError, Request, Scheme, Verifier, sign},
    schema::FieldPath,
    validate::{Context, Rule},
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
    let code: ErrorCode = error.code().as_str().parse().unwrap();
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
    let mapped = receiver.map("retell", &verified, now()).unwrap();
    let vcp_sdk::Mapping::Call(mapped) = mapped else { panic!() };
    let whole = call(receiver.receive("retell", &headers, BODY, now()));
    assert_eq!(mapped.message, whole.message);
    assert_eq!(receiver.validate(&mapped.message, now()), whole.findings);
}

/// A rule about the present gives the same findings in the whole and in the step.
#[test]
fn the_time_of_receipt_is_the_present_for_rules() {
    let receiver = receiver().validator(Validator::new().rule(BeforeNoon));
    for (seconds, expected) in [(0, 0), (1, 1)] {
        let now = now() + chrono::TimeDelta::seconds(seconds);
        let call = call(receiver.receive("retell", &signed(BODY), BODY, now));
        assert_eq!(call.findings.len(), expected);
        assert_eq!(receiver.validate(&call.message, now), call.findings);
        assert_eq!(receiver.as_validator().validate(&call.message, Some(now)), call.findings);
    }
}

#[derive(Debug)]
struct BeforeNoon;

impl Rule for BeforeNoon {
    fn check(&self, _: &VcpMessage, context: &Context) -> Vec<Finding> {
        let is_late = context.now.is_some_and(|present| present > now());
        let finding = Finding::new(Code::own("ACME_1"), FieldPath::root(), "we receive before noon only");
        if is_late { vec![finding] } else { Vec::new() }
    }
}

#[test]
fn headers_of_any_type() {
    let map: HashMap<String, String> = signed(BODY).into_iter().map(|(n, v)| (n.to_lowercase(), v)).collect();
    assert!(receiver().receive("retell", &map, BODY, now()).is_ok());
}

#[test]
fn nobody_is_let_in_unasked() {
    let receiver = receiver().allow_unauthenticated("retell").unwrap().allow_unauthenticated("OpenAI").unwrap();
    assert_eq!(refused(receiver.receive("retell", &(), BODY, now())), (ErrorCode::AuthHeaderMissing, 401, None));
    assert_eq!(refused(receiver.receive("vapi", &(), b"{}", now())), (ErrorCode::AuthNothing, 401, None));
    let body = br#"{"type":"session.created","session":{"id":"sess_1"}}"#;
    assert_eq!(call(receiver.receive("openai_realtime", &(), body, now())).authenticity, Authenticity::Unauthenticated);
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
    let open = Receiver::new().allow_unauthenticated("retell").unwrap();
    let refused = |provider: &str, body: &[u8]| refused(open.receive(provider, &(), body, now()));
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
    let open = Receiver::new().allow_unauthenticated("vapi").unwrap();
    let received = open.receive("vapi", &signed(b""), br#"{"message":{"type":"hang"}}"#, now()).unwrap();
    assert_eq!((received.event(), received.authenticity()), ("hang", &Authenticity::Unauthenticated));
    assert_eq!((received.replay_key(), received.good_until()), (None, None));
    let Received::Ignored(ignored) = received else { panic!("{received:?}") };
    assert_eq!((ignored.event.as_str(), ignored.known), ("hang", true));
}

#[test]
fn what_is_ignored_was_verified_like_a_call() {
    let (receiver, chat) = (receiver().replay_keys(), br#"{"event":"chat_started"}"#);
    let ignored = receiver.receive("retell", &signed(chat), chat, now()).unwrap();
    let record = receiver.receive("retell", &signed(BODY), BODY, now()).unwrap();
    assert_eq!(ignored.authenticity(), record.authenticity());
    assert_eq!(ignored.good_until(), record.good_until());
    assert!(ignored.good_until().is_some() && ignored.replay_key().is_some() && record.replay_key().is_some());
    assert_ne!(ignored.replay_key(), record.replay_key());
    assert_eq!(ignored.into_call(), None);
    assert_eq!(record.into_call().unwrap().event, "call_analyzed");
}

/// Neither a delivery nor an error writes what was said, or who said it.
#[test]
fn debug_and_display_have_no_content_of_a_call() {
    const NUMBER: &str = "+12025550177";
    const SAID: &str = "the code of my door is 4711";
    let body = |end: u64| {
        format!(
            r#"{{"event":"call_analyzed","call":{{"call_id":"c_{NUMBER}","call_type":"phone_call","from_number":"{NUMBER}",
            "start_timestamp":1791979200945,"end_timestamp":{end},"transcript":"{SAID}","call_analysis":{{"call_summary":"{SAID}"}}}}}}"#
        )
    };
    let receiver = receiver().validator(Validator::new().show_values(true));
    let shown = |body: &str| {
        let result = receiver.receive("retell", &signed(body.as_bytes()), body.as_bytes(), now());
        match &result {
            Ok(received) => {
                let Received::Call(call) = received else { panic!("{received:?}") };
                assert_eq!(call.message.vcp_payload.call.from.as_deref(), Some(NUMBER));
                format!("{received:?} {received:#?} {call:?}")
            }
            Err(error) => format!("{error} {error:?} {error:#?} {}", serde_json::to_string(error).unwrap()),
        }
    };
    let (good, invalid) = (shown(&body(1_791_979_216_736)), shown(&body(1_791_979_100_000)));
    for shown in [&good, &invalid] {
        assert!(!shown.contains(NUMBER) && !shown.contains("4711"), "{shown}");
    }
    assert!(good.contains("ReceivedCall { event: \"call_analyzed\", status: "), "{good}");
    let line = "VCP_E101 at $.vcp_payload.call.end_time: the call ends before it starts";
    assert!(invalid.starts_with(&format!("{line} Invalid {{ error: {line}, findings: ")), "{invalid}");
}

#[test]
fn a_receiver_is_shown_in_a_few_words() {
    let shown = format!("{:?}", receiver().allow_unauthenticated("vapi").unwrap());
    assert!(shown.len() < 500 && shown.contains("vapi") && !shown.contains(KEY), "{shown}");
}

#[test]
fn a_clock_that_is_wrong_is_no_fault_of_the_sender() {
    let never = DateTime::<Utc>::MAX_UTC;
    let error = receiver().receive("retell", &signed(BODY), BODY, never).unwrap_err();
    assert_eq!(error, ReceiveError::Clock { now: never });
    let receiver = receiver();
    let headers = signed(BODY);
    let verified = receiver.verify("retell", &Request::new(&headers, BODY), now()).unwrap();
    assert_eq!(receiver.map("retell", &verified, never).unwrap_err(), error);
    assert_eq!((error.code(), error.http_status(), error.path()), (ErrorCode::Unreadable.into(), 500, None));
}

#[test]
fn deliveries_of_one_call_are_merged() {
    let receiver = Receiver::new().allow_unauthenticated("retell").unwrap();
    let message = |body: &str| call(receiver.receive("retell", &(), body.as_bytes(), now())).message;
    let ended = message(r#"{"event":"call_ended","call":{"call_id":"c1","disconnection_reason":"user_hangup"}}"#);
    let analyzed = message(r#"{"event":"call_analyzed","call":{"call_id":"c1","call_analysis":{}}}"#);
    let other = message(r#"{"event":"call_analyzed","call":{"call_id":"c2","call_analysis":{}}}"#);
    let merged = receiver.merge(&[analyzed.clone(), ended.clone()]).unwrap();
    assert_eq!(merged, receiver.as_mapper().merge(&[ended, analyzed.clone()]).unwrap());
    let error = receiver.merge(&[analyzed, other]).unwrap_err();
    assert_eq!((error.code(), error.http_status()), (ErrorCode::Mapping.into(), 422));
    assert_eq!(receiver.merge(&[]).unwrap_err().code(), ErrorCode::Mapping);
}

#[test]
fn the_sender_is_not_told_why_a_signature_failed() {
    let error = receiver().receive("retell", &signed(BODY), b"{}", now()).unwrap_err();
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(json, serde_json::json!({"code": "VCP_E204", "message": "the delivery could not be verified"}));
}

#[test]
fn secrets_that_cannot_be_used_are_refused() {
    for (provider, secret) in [("vapi", "s"), ("retell", "")] {
        let error = Receiver::new().secret(provider, Secret::new("k", secret)).unwrap_err();
        assert!(matches!(error, ConfigError::Auth(AuthError::Configuration { .. })), "{error}");
        assert_eq!(error.code(), ErrorCode::AuthConfiguration);
    }
}

#[test]
fn an_unknown_provider_is_named_with_the_nearest_known_one() {
    let secret = || Secret::new("k", "s");
    let verifier = || Verifier::new(Scheme::Retell, vec![secret()]).unwrap();
    let results = |name: &str| {
        [
            Receiver::new().secret(name, secret()),
            Receiver::new().secret_for(name, Scheme::Retell, secret()),
            Receiver::new().verifier(name, verifier()),
            Receiver::new().allow_unauthenticated(name),
        ]
        .map(|result| result.map(|_| ()).unwrap_err())
    };
    for error in results("retel") {
        assert_eq!(error.to_string(), "VCP_E009: the provider `retel` is not known: did you mean `retell`?");
        assert_eq!(error.code(), ErrorCode::UnknownProvider);
    }
    for error in results(&"\u{1b}".repeat(100)) {
        let shown = format!("VCP_E009: the provider `{}…` is not known: use retell, ", "\u{fffd}".repeat(40));
        assert!(error.to_string().starts_with(&shown), "{error}");
    }
    for error in results("nobody") {
        let text = error.to_string();
        assert!(text.starts_with("VCP_E009: the provider `nobody` is not known: use retell, vapi, "), "{text}");
    }
}

#[test]
fn limits_and_options_can_be_set() {
    let mapper = Mapper::new().options(MapOptions::default().limits(vcp_sdk::schema::Limits::default().text_bytes(10)));
    let receiver = Receiver::new().mapper(mapper).allow_unauthenticated("retell").unwrap();
    assert_eq!(refused(receiver.receive("retell", &(), b"{\"event\":1}", now())).1, 413);
}
