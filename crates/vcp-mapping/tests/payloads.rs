//! Tests of mapping usual and awkward payloads. Mapping never panics, and every message can be read
//! back.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{fs, path::PathBuf, sync::LazyLock};
use vcp_mapping::{How, MapOptions, Mapped, Mapper, Mapping, Registry, SessionEvent};
use vcp_schema::{ErrorCode, VcpMessage};

static MAPPER: LazyLock<Mapper> = LazyLock::new(Mapper::new);

fn received_at() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn map(provider: &str, payload: &str) -> Mapped {
    match MAPPER.map(provider, payload.as_bytes(), received_at()) {
        Ok(Mapping::Call(mapped)) => *mapped,
        other => panic!("{other:?}"),
    }
}

/// Returns the provider, the name and the text of each delivery that ships with the project.
fn deliveries() -> Vec<(String, String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/deliveries");
    let mut found = Vec::new();
    for provider in fs::read_dir(root).unwrap() {
        let provider = provider.unwrap();
        for file in fs::read_dir(provider.path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            found.push((provider.file_name().to_string_lossy().into_owned(), name, fs::read_to_string(path).unwrap()));
        }
    }
    found.sort();
    found
}

const NO_CALLS: [&str; 12] = [
    "call_inbound",
    "chat_ended",
    "assistant_request",
    "tool_calls",
    "stream_event",
    "batch_completed",
    "client_data_request",
    "response_completed_webhook",
    "rate_limits_updated",
    "pre_call",
    "tool_call",
    "",
];

#[test]
fn every_delivery_that_ships_maps_or_is_named() {
    let deliveries = deliveries();
    assert!(deliveries.len() > 40);
    for (provider, name, text) in deliveries {
        match MAPPER.map(&provider, text.as_bytes(), received_at()).unwrap() {
            Mapping::NotACall { event, known } => {
                assert!(known && NO_CALLS.contains(&name.as_str()), "{provider}/{name}: {event}")
            }
            Mapping::Call(mapped) => {
                assert!(!NO_CALLS.contains(&name.as_str()), "{provider}/{name}");
                assert!(
                    mapped.report.problems.is_empty() && mapped.report.unknown_words.is_empty(),
                    "{provider}/{name}: {:?}",
                    mapped.report
                );
                let read = VcpMessage::from_json(&mapped.message.to_json()).unwrap();
                assert_eq!(read, mapped.message, "{provider}/{name}");
                assert!(read.is_plain(), "{provider}/{name}");
            }
        }
    }
}

#[test]
fn the_payload_text_is_kept_byte_for_byte() {
    let mapper = Mapper::new().options(MapOptions::default().keep_secrets(true));
    for (provider, name, text) in deliveries() {
        let padded = format!("\n {text}\t");
        if let Mapping::Call(mapped) = mapper.map(&provider, padded.as_bytes(), received_at()).unwrap() {
            let kept = mapped.message.vcp_payload.custom.provider_specific.get(provider.as_str()).unwrap();
            assert_eq!(kept.data.as_str(), text.trim(), "{provider}/{name}");
        }
    }
}

#[test]
fn mapping_is_deterministic() {
    for (provider, _, text) in deliveries() {
        let run = || MAPPER.map(&provider, text.as_bytes(), received_at());
        assert_eq!(run(), Mapper::new().map(&provider, text.as_bytes(), received_at()));
    }
}

#[test]
fn secrets_of_the_deliveries_are_masked() {
    for (provider, name, text) in deliveries() {
        if let Mapping::Call(mapped) = MAPPER.map(&provider, text.as_bytes(), received_at()).unwrap() {
            let written = mapped.message.to_json();
            for secret in ["not-a-real-secret", "not-a-real-token"] {
                assert!(!written.contains(secret), "{provider}/{name} keeps {secret}");
            }
        }
    }
}

#[test]
fn the_report_explains_every_field() {
    let mapped = map(
        "retell",
        r#"{"event":"call_ended","event_timestamp":1791979295402,"mood":"odd","call":{"call_id":"c1","call_type":"phone_call",
        "direction":"sideways","duration_ms":"soon","disconnection_reason":"teleported","agent_name":"x"}}"#,
    );
    let report = &mapped.report;
    let how = |field: &str| {
        report
            .explain(&format!("$.vcp_payload.{field}"))
            .map(|w| (w.how, w.source.as_deref().unwrap_or_default().to_owned()))
    };
    assert_eq!(how("call.call_id"), Some((How::Read, "/call/call_id".to_owned())));
    assert_eq!(how("call.start_time"), Some((How::Derived, "/event_timestamp".to_owned())));
    assert_eq!(how("call.channel"), Some((How::Read, "/call/call_type".to_owned())));
    assert_eq!(how("call.session_id"), Some((How::Default, String::new())));
    assert_eq!(how("call.direction"), None);
    let unread: Vec<&str> = report.unread.iter().map(|unread| &*unread.pointer).collect();
    assert_eq!(unread, ["/mood", "/call/agent_name"]);
    let words: Vec<_> = report.unknown_words.iter().map(|w| (&*w.source, w.word.as_str())).collect();
    assert_eq!(words, [("/call/direction", "sideways"), ("/call/disconnection_reason", "teleported")]);
    let problems: Vec<_> = report.problems.iter().map(|p| (p.code, &*p.source)).collect();
    assert_eq!(problems, [(ErrorCode::Unreadable, "/call/duration_ms")]);
}

#[test]
fn the_report_names_the_word_and_the_flag() {
    let mapped = map(
        "retell",
        r#"{"event":"call_analyzed","call":{"call_id":"c1","disconnection_reason":"user_hangup","call_analysis":{"call_successful":false}}}"#,
    );
    let status = mapped.report.explain("$.vcp_payload.outcomes.objective.status").unwrap();
    assert_eq!((status.how, status.word.as_deref()), (How::Derived, Some("user_hangup")));
    assert_eq!(status.changed_by.iter().map(|p| &**p).collect::<Vec<_>>(), ["/call/call_analysis/call_successful"]);
    assert!(mapped.report.explain("$.vcp_payload.custom.provider_specific.retell.data").is_some());
}

#[test]
fn what_the_published_schema_requires_is_missed() {
    let mapped = map(
        "retell",
        r#"{"event":"call_ended","call":{"call_id":"c1","call_type":"web_call","start_timestamp":null}}"#,
    );
    let missing: Vec<&str> = mapped.report.missing.iter().map(|pointer| &**pointer).collect();
    let expected = [
        "/call/from_number",
        "/call/to_number",
        "/call/direction",
        "/call/end_timestamp",
        "/call/disconnection_reason",
    ];
    assert_eq!(missing, expected);
    let registry = MAPPER.registry();
    let schema = registry.get("vapi").unwrap().schema("end-of-call-report").unwrap();
    assert_eq!(schema.required, ["type", "call.id", "endedReason", "artifact"]);
}

#[test]
fn a_time_of_receipt_that_no_message_can_hold_is_refused() {
    let never = DateTime::<Utc>::MAX_UTC;
    let error = MAPPER.map("retell", br#"{"event":"call_ended","call":{"call_id":"c1"}}"#, never).unwrap_err();
    assert_eq!((error.code().as_str(), error.path().to_string()), ("VCP_E001", "$".to_owned()));
    let event = SessionEvent::new(never, br#"{"type":"session.created","session":{"id":"s1"}}"#);
    let error = MAPPER.assemble("openai", &[event]).unwrap_err();
    assert_eq!((error.code().as_str(), error.path().to_string()), ("VCP_E001", "$.events[0]".to_owned()));
}

#[test]
fn bad_input_has_its_code() {
    let code = |provider: &str, payload: &[u8]| {
        MAPPER.map(provider, payload, received_at()).map(|_| ()).map_err(|e| (e.code().as_str(), e.path().to_string()))
    };
    let at_root = |code| Err((code, "$".to_owned()));
    assert_eq!(code("retell", b""), at_root("VCP_E007"));
    assert_eq!(code("retell", b"\xff\xfe"), at_root("VCP_E007"));
    assert_eq!(code("retell", b"{\"event\":\"call_ended\""), at_root("VCP_E007"));
    assert_eq!(code("retell", b"{} trailing"), at_root("VCP_E007"));
    assert_eq!(code("retell", b"null"), at_root("VCP_E002"));
    assert_eq!(code("retell", br#"{"event":"call_ended","call":{"call_id":"c","\ud800":1}}"#), Ok(()));
    assert_eq!(code("telepathy", b"{}"), at_root("VCP_E009"));
    assert_eq!(code("retell", &vec![b' '; 17 << 20]), at_root("VCP_E008"));
    assert_eq!(code("retell", br#"{"event":"call_ended","call":[]}"#), Err(("VCP_E002", "$.call".to_owned())));
    assert_eq!(code("vapi", br#"{"message":{"type":{}}}"#), Err(("VCP_E002", "$.message.type".to_owned())));
    let deep = format!(
        r#"{{"event":"call_ended","call":{{"call_id":"c","metadata":{}1{}}}}}"#,
        "[".repeat(500_000),
        "]".repeat(500_000)
    );
    assert_eq!(code("retell", deep.as_bytes()), Ok(()));
}

#[test]
fn huge_numbers_do_not_break_anything() {
    for number in [
        "1e400",
        "-1e400",
        "9223372036854775808",
        "123456789012345678901234567890123456789012345678901234567890",
        "1e-400",
        "-0",
    ] {
        let payload = format!(
            r#"{{"event":"call_ended","call":{{"call_id":{number},"start_timestamp":{number},"end_timestamp":{number},"duration_ms":{number},"call_cost":{{"combined_cost":{number}}}}}}}"#
        );
        let mapped = map("retell", &payload);
        assert_eq!(VcpMessage::from_json(&mapped.message.to_json()).unwrap(), mapped.message, "{number}");
    }
}

/// Returns awkward values that replace the members of deliveries.
fn awkward() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(0.5),
        json!(1e300),
        json!(i64::MAX),
        json!(""),
        json!(" "),
        json!("42"),
        json!("-7"),
        json!("brand new"),
        json!("2026-02-30T00:00:00Z"),
        json!([]),
        json!({}),
        json!([null, 1, "x", {}]),
        json!({"a": {"b": []}}),
    ]
}

fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(name, value)| pointers(value, format!("{at}/{}", escape(name)), found))
        }
        Value::Array(list) => {
            list.iter().take(1).enumerate().for_each(|(index, value)| pointers(value, format!("{at}/{index}"), found))
        }
        _ => {}
    }
    found.push(at);
}

/// Checks that a delivery with an awkward value at any place is mapped, or refused with a code.
#[test]
fn every_member_of_every_delivery_can_be_anything() {
    for (provider, name, text) in deliveries() {
        if name == "call_analyzed_long" {
            continue;
        }
        let original: Value = serde_json::from_str(&text).unwrap();
        let mut places = Vec::new();
        pointers(&original, String::new(), &mut places);
        for place in places {
            for value in awkward() {
                let mut payload = original.clone();
                *payload.pointer_mut(&place).unwrap() = value;
                match MAPPER.map(&provider, payload.to_string().as_bytes(), received_at()) {
                    Ok(Mapping::Call(mapped)) => {
                        let read = VcpMessage::from_json(&mapped.message.to_json());
                        assert_eq!(read.as_ref(), Ok(&mapped.message), "{provider}/{name} at {place}");
                        assert!(mapped.message.is_plain(), "{provider}/{name} at {place}");
                    }
                    Ok(Mapping::NotACall { .. }) => {}
                    Err(error) => assert!(matches!(error.code(), ErrorCode::Mapping | ErrorCode::Missing), "{error}"),
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for provider in MAPPER.registry().providers() {
            let _ = MAPPER.map(provider.name(), &bytes, received_at());
        }
    }

    #[test]
    fn flipped_bytes_never_panic(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        static DELIVERIES: LazyLock<Vec<(String, String, String)>> = LazyLock::new(deliveries);
        let (provider, _, text) = which.get(&DELIVERIES);
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = MAPPER.map(provider, &bytes, received_at());
    }
}

/// Long lists are kept in pieces, and of the rows without known members only the first is kept.
/// Neither changes what is read, wherever the rows end.
#[test]
fn blank_rows_and_long_lists_lose_nothing() {
    let turn = r#"{"role":"user","content":"a"}"#;
    for turns in [1, 2, 300, 510, 511, 512, 513, 583, 584, 585, 586, 682, 683, 684, 819, 820, 1024, 2048] {
        let rows = vec![turn; turns].join(",");
        for rows in [rows.clone(), format!("{{}},{rows},{{}},{{}}"), format!("{{}},{{}},{rows},{{}}")] {
            let payload = format!(r#"{{"event":"call_ended","call":{{"call_id":"c1","transcript_object":[{rows}]}}}}"#);
            let mapped = map("retell", &payload);
            assert_eq!(mapped.message.metrics().total_turns(), Some(turns as i64), "{turns}");
        }
    }
}

/// Checks that both ways to mask secrets find the same ones. Secrets with one possible place each
/// are masked while the payload is walked, and all others by a search. If a name has an escape, the
/// search is used for all.
#[test]
fn both_ways_to_mask_find_the_same() {
    let secret = [r#""S3CRET""#, "7", "true", "null", r#"["S3CRET"]"#, r#"{"a":["S3CRET",{"b":7}]}"#];
    for (at, value) in secret.iter().enumerate() {
        for call in [
            format!(r#"{{"call_id":"c1","NAME":{value},"public_log_url":"S3CRET"}}"#),
            format!(r#"{{"call_id":"c1","NAME":"S3CRET","NAME":{value}}}"#),
            format!(r#"{{"call_id":"c1","NAME":{value},"metadata":{{"access_token":"S3CRET"}}}}"#),
            format!(r#"[{{"NAME":{value}}},{{"call_id":"c1"}}]"#),
            format!(r#"[[{{"NAME":{value}}}]]"#),
        ] {
            for name in ["access_token", "public_log_url"] {
                let call = call.replace("NAME", name);
                let payload = |more: &str| {
                    format!(r#"{{"call_id":"c1","agent_id":"a","{name}":{value},"call":{call},"end":{at}{more}}}"#)
                };
                let [fast, slow] = ["", r#","\u0041":1"#].map(|more| map("retell", &payload(more)));
                assert_eq!(fast.report.masked, slow.report.masked, "{call}");
                let text = fast.message.to_json();
                assert!(!text.contains("S3CRET"), "{text}");
            }
        }
    }
}

/// A list of rows that is passed over because an earlier one has the turns is told.
#[test]
fn a_second_list_of_turns_is_superseded() {
    let payload = json!({"event": "call_ended", "call": {"call_id": "c",
        "transcript_with_tool_calls": [{"role": "agent", "content": "Hello."}],
        "transcript_object": [{"role": "agent", "content": "Hallo."}]}});
    let superseded: Vec<String> =
        map("retell", &payload.to_string()).report.superseded.iter().map(|one| format!("{one:?}")).collect();
    assert!(superseded.iter().any(|one| one.contains("/call/transcript_object")), "{superseded:?}");
}

/// A cost is told as written if, and only if, the payload has it.
#[test]
fn the_costs_of_roles_are_explained() {
    let payload = json!({"message": {"type": "end-of-call-report", "call": {"id": "v"}, "costs": [
        {"type": "model", "model": {"provider": "openai", "model": "gpt-4o"}, "cost": 0.25},
        {"type": "transcriber", "transcriber": {"provider": "deepgram", "model": "nova-2"}, "minutes": 2}]}});
    let report = map("vapi", &payload.to_string()).report;
    let roles = "$.vcp_payload.outcomes.model_outcome_attribution.roles";
    let is_written = |field: &str| report.written.iter().any(|written| *written.target == format!("{roles}.{field}"));
    assert!(is_written("LLM.cost_usd") && is_written("STT.minutes"), "{:?}", report.written);
    assert!(!is_written("STT.cost_usd"), "{:?}", report.written);
}

/// Many kinds of costs take linear time: the first ones are used, and the report tells of the
/// others.
#[test]
fn many_kinds_of_costs_are_told() {
    let costs: Vec<Value> = (0..40_000).map(|at| json!({"type": at.to_string(), "cost": 1})).collect();
    let payload = json!({"message": {"type": "end-of-call-report", "call": {"id": "v"}, "costs": costs}});
    let mapped = map("vapi", &payload.to_string());
    let told = |problem: &vcp_mapping::Problem| problem.message.contains("more than 256 kinds");
    assert!(mapped.report.problems.iter().any(told));
    assert_eq!(mapped.message.to_json().matches("\"cost_usd.").count(), 256);
}

/// A copy beside `data` is masked as the value in `data` is, also if its place is in a list.
#[test]
fn a_secret_that_is_copied_out_of_a_list_is_masked() {
    let provider = r#"{"provider":"parrot",
        "info":{"name":"P","company":"P","website":"w","docs_url":"d","api_base_url":"a"},
        "detect":[{"has":["event"],"event_from":"event","at":"call"}],
        "events":{"done":{"rules":"call"}},"secrets":["h.token","h.o.pin"]}"#;
    let rule = |name: &str, path: &str| {
        format!(r#"{{"to":"custom.provider_specific.parrot.{name}","from":{{"path":"{path}","as":"json"}}}}"#)
    };
    let copies = [
        rule("a", "h[name=x].token"),
        rule("b", "h[].o"),
        rule("c", "h[].password"),
        rule("d", "h[].other"),
        rule("e", "h"),
    ];
    let rules = format!(
        r#"{{"provider":"parrot","name":"call","rules":[{{"to":"call.call_id","from":{{"path":"id"}}}},{}]}}"#,
        copies.join(",")
    );
    let body = r#"{"event":"done","call":{"id":"p1",
        "h":[{"name":"x","token":"SECRET1","o":{"pin":"SECRET2","n":1},"password":"SECRET3","other":"kept"}]}}"#;
    let mut registry = Registry::empty();
    registry.register_json(provider, &[&rules]).unwrap();
    let mapping = Mapper::with_registry(registry).map("parrot", body.as_bytes(), received_at()).unwrap();
    let Mapping::Call(mapped) = mapping else { panic!("no call") };
    let text = mapped.message.to_json();
    assert!(!text.contains("SECRET"), "{text}");
    assert!(text.contains(r#""d":"kept""#) && text.contains(r#""b":{"pin":"***","n":1}"#), "{text}");
}
