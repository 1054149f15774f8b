//! Tests of whole messages. A message that is read is written again. A message that is refused is
//! refused for the right reason.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Read;
use vcp_schema::{
    Capability, ErrorCode, Limits, ModelRole, OrderedMap, OutcomeStatus, RawJson, ReadOptions, VcpMessage, VcpVersion,
    checksum::{Algorithm, ChecksumOptions},
    structure,
};

const FULL: &str = include_str!("data/full.json");
const MINIMAL: &str = include_str!("data/minimal.json");

fn tokens(json: &str) -> String {
    vcp_schema::pretty(json)
}

#[test]
fn the_full_message_is_written_as_it_was_read() {
    let message = VcpMessage::from_json(FULL).unwrap();
    assert_eq!(tokens(&message.to_json()), tokens(FULL));
    assert_eq!(VcpMessage::from_json(&message.to_json()).unwrap(), message);
}

#[test]
fn every_type_passes_through_serde() {
    let message: VcpMessage = serde_json::from_str(FULL).unwrap();
    assert_eq!(message, VcpMessage::from_json(FULL).unwrap());
    assert_eq!(serde_json::to_string(&message).unwrap(), message.to_json());
    let call: vcp_schema::Call =
        serde_json::from_str(&serde_json::to_string(&message.vcp_payload.call).unwrap()).unwrap();
    assert_eq!(call, message.vcp_payload.call);
    let value: Value = serde_json::from_str(&FULL.replace("1e400", "1")).unwrap();
    assert!(
        serde_json::from_value::<VcpMessage>(value.clone())
            .is_ok_and(|m| serde_json::to_value(&m).unwrap()["vcp_version"] == "0.5")
    );
    let from_reader: VcpMessage = serde_json::from_reader(FULL.as_bytes()).unwrap();
    assert_eq!(from_reader, message);
}

#[test]
fn unknown_members_are_kept_at_every_level() {
    let message = VcpMessage::from_json(FULL).unwrap();
    assert_eq!(message.extras.get("trace").unwrap().as_str(), "{\"id\": 18446744073709551616}");
    assert_eq!(message.vcp_payload.call.extras.keys().collect::<Vec<_>>(), ["queue"]);
    let Capability::Invocation(receipt) = &message.vcp_payload.call.capabilities_invoked[2] else { panic!() };
    assert_eq!(receipt.extras.get("attempt").unwrap().as_str(), "2");
    assert_eq!(message.vcp_payload.custom.provider_specific.get("retell").unwrap().extras.len(), 1);
}

/// Reads the minimal message after a change.
fn changed(change: impl FnOnce(&mut Value)) -> Result<VcpMessage, vcp_schema::ParseError> {
    let mut value = minimal();
    change(&mut value);
    VcpMessage::from_json(&value.to_string())
}

fn minimal() -> Value {
    json!({"vcp_version": "0.5", "vcp_payload": {
        "call": {"call_id": "c", "session_id": "s", "provider": "retell", "start_time": "2026-10-14T12:00:00Z"},
        "model_selection": {"policy_id": "p", "resolved_at": "2026-10-14T12:00:00Z", "roles": {}},
        "outcomes": {"objective": {"status": "success"}, "perception_gap": {"gap_score": 0, "gap_class": "aligned"},
                     "model_outcome_attribution": {"roles": {}, "kpis": {}}},
        "hcr": {"audience": "a", "headline": "h", "outcome_status": "success"}, "artifacts": {}, "custom": {},
        "provenance": {"source_system": "x", "created_at": "2026-10-14T12:00:00Z"}},
        "audit": {"received_at": "2026-10-14T12:00:00Z", "schema_version": "0.5"}})
}

#[test]
fn defaults_are_written_and_absent_members_are_not() {
    let text = changed(|_| {}).unwrap().to_json();
    assert!(
        text.contains(r#""capabilities_invoked":[]"#)
            && text.contains(r#""impact_metrics":{}"#)
            && text.contains(r#""provider_specific":{}"#)
    );
    assert!(!text.contains("null") && !text.contains("end_time"));
}

#[test]
fn from_and_its_alias() {
    let call = |from: Value, alias: Value| {
        changed(|m| {
            m["vcp_payload"]["call"]["from"] = from;
            m["vcp_payload"]["call"]["from_"] = alias;
        })
        .map(|m| (m.vcp_payload.call.from, m.vcp_payload.call.extras.get("from_").map(|x| x.as_str().to_owned())))
    };
    let one = |text: &str| Ok((Some(text.to_owned()), None));
    assert_eq!(call(json!("+1"), json!("+1")), one("+1"));
    assert_eq!(call(json!("+1"), json!(null)), one("+1"));
    assert_eq!(call(json!(null), json!("+2")), one("+2"));
    assert_eq!(call(json!("+1"), json!("+2")), Ok((Some("+1".to_owned()), Some("\"+2\"".to_owned()))));
    assert_eq!(
        call(json!("+1"), json!(2)).unwrap_err().to_string().split(" (").next(),
        Some("VCP_E004 at $.vcp_payload.call.from_: a string is wanted here, not a number")
    );
}

#[test]
fn faults_have_their_code_and_path() {
    let fault = |pointer: &str, value: Value| {
        let error = changed(|m| *m.pointer_mut(pointer).unwrap() = value).unwrap_err();
        format!("{} {}", error.code(), error.path())
    };
    assert_eq!(fault("/vcp_payload/call/call_id", json!(7)), "VCP_E004 $.vcp_payload.call.call_id");
    assert_eq!(fault("/vcp_payload/call/call_id", json!(null)), "VCP_E005 $.vcp_payload.call.call_id");
    assert_eq!(fault("/vcp_payload/call/start_time", json!("yesterday")), "VCP_E001 $.vcp_payload.call.start_time");
    assert_eq!(fault("/vcp_payload/call/start_time", json!(1_714_608_475)), "VCP_E004 $.vcp_payload.call.start_time");
    assert_eq!(fault("/vcp_payload/artifacts", json!([])), "VCP_E004 $.vcp_payload.artifacts");
    assert_eq!(
        fault("/vcp_payload/model_selection/roles", json!({"LLM": {}})),
        "VCP_E005 $.vcp_payload.model_selection.roles.LLM.chosen"
    );
    assert_eq!(
        fault("/vcp_payload/custom", json!({"provider_specific": {"x-y": {"data": 1}}})),
        "VCP_E004 $.vcp_payload.custom.provider_specific['x-y'].data"
    );
    assert_eq!(
        fault("/vcp_payload/custom", json!({"provider_specific": null})),
        "VCP_E004 $.vcp_payload.custom.provider_specific"
    );
    assert_eq!(fault("/vcp_version", json!("0.3")), "VCP_E006 $.vcp_version");
    assert_eq!(fault("/vcp_version", json!(0.5)), "VCP_E004 $.vcp_version");
}

#[test]
fn integers_are_read_by_value() {
    let duration = |text: &str| {
        let json =
            minimal().to_string().replace("\"call_id\":\"c\"", &format!("\"call_id\":\"c\",\"duration_sec\":{text}"));
        VcpMessage::from_json(&json).map(|m| m.vcp_payload.call.duration_sec).map_err(|e| e.code())
    };
    for text in ["185", "185.0", "1.85e2", "1850E-1"] {
        assert_eq!(duration(text), Ok(Some(185)), "{text}");
    }
    assert_eq!(duration("null"), Ok(None));
    assert_eq!(duration("\"185\""), Err(ErrorCode::Type));
    assert_eq!(duration("185.5"), Err(ErrorCode::Unreadable));
    assert_eq!(duration("1e400"), Err(ErrorCode::Unreadable));
    assert_eq!(duration("9223372036854775808"), Err(ErrorCode::Unreadable));
}

#[test]
fn floats_are_finite_doubles() {
    let score = |text: &str| {
        let json = minimal().to_string().replace("\"gap_score\":0", &format!("\"gap_score\":{text}"));
        VcpMessage::from_json(&json).map(|m| m.vcp_payload.outcomes.perception_gap.gap_score).map_err(|e| e.code())
    };
    assert_eq!(score("1"), Ok(1.0));
    assert_eq!(score("0.1000000000000000055511151231257827"), Ok(0.1));
    assert_eq!(score("1e-400"), Ok(0.0));
    assert_eq!(score("1e400"), Err(ErrorCode::Unreadable));
    assert_eq!(score("true"), Err(ErrorCode::Type));
}

#[test]
fn malformed_text() {
    let error = |text: &str| VcpMessage::from_json(text).unwrap_err();
    for text in
        ["", " ", "nul", "{", "{]", "{} {}", "\u{feff}{}", "{'a':1}", "{\"a\":01}", "[1,]", "{\"a\":NaN}", "\"\u{1}\""]
    {
        assert_eq!(
            (error(text).code(), error(text).path().to_string().as_str()),
            (ErrorCode::Malformed, "$"),
            "{text:?}"
        );
    }
    assert_eq!(error("[]").code(), ErrorCode::Type);
    assert_eq!(
        error("{\"vcp_version\":\"0.5\",\n \"audit\": tru").to_string(),
        "VCP_E007 at $: the text is not JSON: it ends too early (line 2, column 13)"
    );
    assert_eq!(VcpMessage::from_slice(b"\xff").unwrap_err().code(), ErrorCode::Malformed);
}

#[test]
fn a_member_twice_is_malformed_where_the_object_is_modelled() {
    let twice = |from: &str, to: &str| {
        VcpMessage::from_json(&minimal().to_string().replace(from, to))
            .map_err(|e| format!("{} {}", e.code(), e.path()))
    };
    assert_eq!(
        twice("\"session_id\"", "\"call_id\":\"d\",\"session_id\"").unwrap_err(),
        "VCP_E007 $.vcp_payload.call.call_id"
    );
    assert_eq!(twice("\"session_id\"", "\"x\":1,\"x\":1,\"session_id\"").unwrap_err(), "VCP_E007 $.vcp_payload.call.x");
    let free = twice("\"custom\":{}", r#""custom":{"experimental":{"a":1,"a":2}}"#).unwrap();
    assert_eq!(free.vcp_payload.custom.experimental.as_ref().unwrap().as_str(), r#"{"a":1,"a":2}"#);
}

#[test]
fn lone_surrogates() {
    let text = minimal().to_string();
    let modelled = VcpMessage::from_json(&text.replace("\"call_id\":\"c\"", r#""call_id":"\ud800""#)).unwrap_err();
    assert_eq!(
        (modelled.code(), modelled.path().to_string()),
        (ErrorCode::Unreadable, "$.vcp_payload.call.call_id".to_owned())
    );
    let free =
        VcpMessage::from_json(&text.replace("\"custom\":{}", r#""custom":{"experimental":{"a":"\ud800"}}"#)).unwrap();
    assert!(free.to_json().contains(r#"{"a":"\ud800"}"#));
}

#[test]
fn unknown_words_are_kept() {
    let message = changed(|m| m["vcp_payload"]["outcomes"]["objective"]["status"] = json!("exploded")).unwrap();
    let status = &message.vcp_payload.outcomes.objective.status;
    assert!(!status.is_known() && status == "exploded");
    assert!(!message.is_plain() && message.to_json().contains("\"exploded\""));
    assert_eq!(message.vcp_payload.hcr.outcome_status, OutcomeStatus::Success);
}

#[test]
fn the_legacy_channel_is_a_direction() {
    let call = |channel: &str, direction: Value| {
        let message = changed(|m| {
            m["vcp_payload"]["call"]["channel"] = json!(channel);
            m["vcp_payload"]["call"]["direction"] = direction;
        });
        let call = message.unwrap().vcp_payload.call;
        (call.effective_channel().map(ToString::to_string), call.effective_direction().map(|d| d.to_string()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(call("outbound", json!(null)), (some("phone"), some("outbound")));
    assert_eq!(call("outbound", json!("inbound")), (some("phone"), some("inbound")));
    assert_eq!(call("web", json!("inbound")), (some("web"), some("inbound")));
}

#[test]
fn a_message_is_final_when_the_call_is_over() {
    let ended = |end: Value, duration: Value, status: &str| {
        let message = changed(|m| {
            m["vcp_payload"]["call"]["end_time"] = end;
            m["vcp_payload"]["call"]["duration_sec"] = duration;
            m["vcp_payload"]["outcomes"]["objective"]["status"] = json!(status);
        });
        message.unwrap().is_final()
    };
    assert!(ended(json!("2026-10-14T12:03:05Z"), json!(null), "unknown"));
    assert!(ended(json!(null), json!(0), "unknown"));
    for status in ["failure", "timeout", "error"] {
        assert!(ended(json!(null), json!(null), status), "{status}");
    }
    for status in ["unknown", "success", "partial", "ringing"] {
        assert!(!ended(json!(null), json!(null), status), "{status}");
    }
}

#[test]
fn the_length_is_said_or_worked_out() {
    let length = |start: &str, end: Value, duration: Value| {
        let message = changed(|m| {
            m["vcp_payload"]["call"]["start_time"] = json!(start);
            m["vcp_payload"]["call"]["end_time"] = end;
            m["vcp_payload"]["call"]["duration_sec"] = duration;
        });
        message.unwrap().vcp_payload.call.effective_duration_sec()
    };
    let start = "2026-10-14T12:00:00Z";
    assert_eq!(length(start, json!("2026-10-14T12:03:05Z"), json!(7)), Some(7));
    assert_eq!(length(start, json!("2026-10-14T14:03:05.5+02:00"), json!(null)), Some(186));
    assert_eq!(length(start, json!("2026-10-14T11:59:59Z"), json!(null)), None);
    assert_eq!(length(start, json!(null), json!(null)), None);
    assert_eq!(length("0001-01-01T00:00:00Z", json!("9999-12-31T23:59:59Z"), json!(null)), Some(315_537_897_599));
}

#[test]
fn parts_fit_into_types_of_your_own() {
    #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
    struct Ticket {
        version: VcpVersion,
        tools: Vec<Capability>,
        roles: OrderedMap<ModelRole, u8>,
        note: RawJson,
    }
    let text = r#"{"version":"0.4","tools":["a",{"capability_id":"b","capability_type":"webhook","invoked_at":"2026-10-14T12:00:00Z","success":true,"metadata":{}}],"roles":{"TTS":1,"odd":2},"note":1.50}"#;
    let ticket: Ticket = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&ticket).unwrap(), text);
    assert!(serde_json::from_str::<Ticket>(&text.replace("odd", "TTS")).is_err(), "a repeated name");
    assert!(serde_json::from_str::<Ticket>(&text.replace("0.4", "0.9")).is_err());
    assert_eq!((&ticket.roles).into_iter().map(|(_, n)| u32::from(*n)).sum::<u32>(), 3);
}

#[test]
fn limits_hold() {
    let many = |n: usize| format!("{{{}}}", (0..n).map(|i| format!("\"x{i}\":0")).collect::<Vec<_>>().join(","));
    let options = ReadOptions::default().limits(Limits::default().members(1000));
    let text = minimal().to_string();
    let with = |n: usize| text.replacen("{\"", &format!("{},\"", many(n).trim_end_matches('}')), 1);
    assert!(options.from_json(&with(900)).is_ok());
    let error = options.from_json(&with(1000)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Limit, "{error}");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = text.replace("\"custom\":{}", &format!("\"custom\":{{\"experimental\":{{\"a\":{deep}}}}}"));
    assert!(VcpMessage::from_json(&deep).is_ok(), "free-form text has no depth until it is parsed");
    let hostile = "{\"vcp_version\":".repeat(200_000);
    assert_eq!(VcpMessage::from_json(&hostile).unwrap_err().code(), ErrorCode::Malformed);
}

#[test]
fn many_faults_below_a_long_name_are_cut_off() {
    let roles =
        format!(r#"{{"{}":{{"chosen":"m","alternatives":[{}1]}}}}"#, "n".repeat(1_000_000), "1,".repeat(90_000));
    let text = minimal().to_string().replacen(r#""roles":{}"#, &format!(r#""roles":{roles}"#), 2);
    let faults = structure::check(&text, &Limits::default());
    assert_eq!(faults.last().map(|fault| fault.code), Some(ErrorCode::Limit));
    assert!(faults.len() < 100, "{}", faults.len());
}

#[test]
fn truncated_at_every_byte() {
    let compact = VcpMessage::from_json(FULL).unwrap().to_json();
    for end in 0..compact.len() {
        let bytes = &compact.as_bytes()[..end];
        assert_eq!(VcpMessage::from_slice(bytes).unwrap_err().code(), ErrorCode::Malformed, "cut at {end}");
    }
}

/// Checks that the fast reader, the reader that builds nothing and the thorough walk agree on a
/// text. Also checks that a message that was read is written back.
fn agree(bytes: &[u8]) {
    let read = VcpMessage::from_slice(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert_eq!(read.unwrap_err().code(), ErrorCode::Malformed);
        return;
    };
    assert_eq!(VcpMessage::is_readable(text), read.is_ok(), "{text}");
    let faults = structure::check(text, &Limits::default());
    match (read, faults.iter().find(|fault| fault.fatal)) {
        (Ok(message), None) => {
            let written = message.to_json();
            assert_eq!(VcpMessage::from_json(&written).unwrap(), message, "{text}");
        }
        (Err(error), Some(fault)) => assert_eq!((error.code(), error.path()), (fault.code, &fault.path), "{text}"),
        (read, fault) => panic!("{read:?}, but {fault:?}: {text}"),
    }
}

#[test]
fn every_bit_of_every_byte_flipped() {
    for at in 0..MINIMAL.len() {
        for bit in 0..8 {
            let mut bytes = MINIMAL.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            agree(&bytes);
        }
    }
}

#[test]
fn members_twice_under_another_name_and_at_the_limits() {
    let edits = [
        (r#""session_id":"#, r#""call_id":"#),
        (r#""artifacts": {}"#, r#""artifacts": {"x": 1, "x": 1}"#),
        (r#""artifacts": {}"#, r#""artifacts": {"x": 1, "y": 1}, "artifacts": {}"#),
        (r#""artifacts": {}"#, r#""artifacts": {"transcript_ref": null, "transcript_ref": null}"#),
        (r#""roles": {}"#, r#""roles": {"LLM": {}, "LLM": {}}"#),
        (r#""custom": {}"#, r#""custom": {"provider_specific": {"x": {"data": {}}, "x": {"data": {}}}}"#),
        (r#""call_id": "call_41""#, r#""from_": "+1", "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""from_": "+1", "from": "+2", "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""from_": null, "from_": null, "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""from_": 1, "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""capabilities_invoked": [null], "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""capabilities_invoked": [1], "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""capabilities_invoked": null, "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""parent_session_id": null, "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""session_id": null, "call_id": "call_41""#),
        (r#""roles": {}"#, r#""roles": {"LLM": null}"#),
        (r#""call_id": "call_41""#, r#""from_": "\ud800", "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""\ud800": 1, "call_id": "call_41""#),
        (r#""call_id": "call_41""#, r#""call_\u0069d": "call_41""#),
        (r#""gap_score": 0"#, r#""gap_score": -0"#),
        (r#""gap_score": 0"#, r#""gap_score": 1e400"#),
        (r#""gap_score": 0"#, r#""gap_score": "1""#),
    ];
    for (place, with) in edits {
        let text = MINIMAL.replacen(place, with, 1);
        assert_ne!(text, MINIMAL, "{place}");
        agree(text.as_bytes());
    }
    let digits = MINIMAL.replacen(r#""gap_score": 0"#, &format!("\"gap_score\": {}", "9".repeat(400)), 1);
    agree(digits.as_bytes());
    for limits in [Limits::default().text_bytes(10), Limits::default().members(10)] {
        let options = ReadOptions::default().limits(limits);
        assert!(!options.is_readable(MINIMAL) && options.if_readable(MINIMAL).is_none());
    }
}

#[test]
fn a_depth_bomb_in_any_place() {
    let bomb = format!("{}{}", "[{\"a\":".repeat(100_000), "}]".repeat(100_000));
    let places = [
        (r#""call_id": "call_41""#, r#""call_id": BOMB"#),
        (r#""roles": {}"#, r#""roles": {"LLM": BOMB}"#),
        (r#""kpis": {}"#, r#""kpis": {"a": BOMB}"#),
        (r#""artifacts": {}"#, r#""artifacts": {"unknown": BOMB}"#),
        (r#""custom": {}"#, r#""custom": {"provider_specific": {"x": {"data": {"y": BOMB}}}}"#),
        (r#""custom": {}"#, r#""custom": {"provider_specific": BOMB}"#),
    ];
    for (place, with) in places {
        let text = MINIMAL.replacen(place, &with.replace("BOMB", &bomb), 1);
        assert!(text.len() > bomb.len(), "{place}");
        agree(text.as_bytes());
        if let Ok(message) = VcpMessage::from_json(&text) {
            for algorithm in [Algorithm::Jcs, Algorithm::Legacy] {
                let error = message.checksum(algorithm).unwrap_err();
                assert_eq!(error.to_string(), "VCP_E008 at $: the message is nested deeper than 128");
            }
            assert!(message.redacted().to_string().len() < 2 * MINIMAL.len());
            assert!(serde_json::to_string(&message).is_ok());
        }
    }
}

#[test]
fn a_string_of_100_megabytes_is_refused_unread() {
    let long = MINIMAL.replacen("call_41", &"x".repeat(100_000_000), 1);
    let expected = "VCP_E008 at $: the text is longer than the limit of 16777216 bytes (line 1, column 1)";
    assert_eq!(VcpMessage::from_json(&long).unwrap_err().to_string(), expected);
    assert_eq!(VcpMessage::from_slice(long.as_bytes()).unwrap_err().to_string(), expected);

    /// A source that counts the bytes that are read from it.
    struct Counted<'a>(&'a [u8], usize);
    impl Read for Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let read = self.0.read(buffer)?;
            self.1 += read;
            Ok(read)
        }
    }
    let mut source = Counted(long.as_bytes(), 0);
    assert_eq!(VcpMessage::from_reader(&mut source).unwrap_err().to_string(), expected);
    assert_eq!(source.1, 16 * 1024 * 1024 + 1);
    let wide = ReadOptions::default().limits(Limits::default().text_bytes(usize::MAX));
    assert_eq!(wide.from_json(&long).unwrap().vcp_payload.call.call_id.len(), 100_000_000);
}

#[test]
fn many_members_are_not_built_into_a_tree() {
    let list = format!(r#"{{"a": [{}0]}}"#, "0,".repeat(100_000));
    let message = VcpMessage::from_json(&MINIMAL.replacen(
        r#""custom": {}"#,
        &format!(r#""custom": {{"experimental": {list}}}"#),
        1,
    ))
    .unwrap();
    let experimental = message.vcp_payload.custom.experimental.as_ref().unwrap();
    assert_eq!(experimental.to_value().unwrap_err().code(), ErrorCode::Limit);
    assert_eq!(message.checksum(Algorithm::Jcs).unwrap_err().code(), ErrorCode::Limit);
    let wide = ChecksumOptions::default().limits(Limits::default().members(1_000_000));
    assert!(wide.checksum(&message, Algorithm::Jcs).is_ok());
    assert!(message.checksum(Algorithm::Legacy).is_ok(), "which is written as the text is read");
}

#[test]
fn an_unknown_member_with_the_name_of_a_modelled_one_has_no_checksum() {
    let mut message = VcpMessage::from_json(MINIMAL).unwrap();
    message.vcp_payload.call.extras.insert("call_id".to_owned(), json!("other").into());
    assert!(!message.is_plain());
    let error = message.checksum(Algorithm::Jcs).unwrap_err();
    assert_eq!(error.to_string(), "VCP_E007 at $: an unknown member has the name of a modelled one");
    assert_eq!(VcpMessage::from_json(&message.to_json()).unwrap_err().code(), ErrorCode::Malformed);
}

#[test]
fn a_tree_is_within_the_limits_too() {
    let value: Value = serde_json::from_str(MINIMAL).unwrap();
    let options = |text_bytes| ReadOptions::default().limits(Limits::default().text_bytes(text_bytes));
    let length = value.to_string().len();
    assert!(options(length).from_value(&value).is_ok());
    assert_eq!(options(length - 1).from_value(&value).unwrap_err().code(), ErrorCode::Limit);
}

#[test]
fn a_long_name_does_not_make_a_long_line() {
    let name = "n".repeat(1_000_000);
    let text = MINIMAL.replacen(r#""roles": {}"#, &format!(r#""roles": {{"{name}": 7}}"#), 1);
    let error = VcpMessage::from_json(&text).unwrap_err();
    assert!(error.to_string().len() < 400 && error.path().to_string().contains(&name));
}

#[test]
fn a_float_that_json_cannot_say_has_no_checksum() {
    let mut message = VcpMessage::from_json(MINIMAL).unwrap();
    message.vcp_payload.outcomes.user_satisfaction_score = Some(f64::NAN);
    for algorithm in [Algorithm::Jcs, Algorithm::Legacy] {
        let error = message.checksum(algorithm).unwrap_err();
        assert_eq!(error.to_string(), "VCP_E001 at $: a float of the message is NaN or infinite");
    }
}

/// Returns a place in a value, chosen by numbers.
fn choose<'v>(value: &'v mut Value, choices: &[usize]) -> &'v mut Value {
    let Some((choice, rest)) = choices.split_first() else { return value };
    let len = match value {
        Value::Object(map) => map.len(),
        Value::Array(list) => list.len(),
        _ => 0,
    };
    if len == 0 {
        return value;
    }
    match value {
        Value::Object(map) => choose(map.values_mut().nth(choice % len).expect("below len"), rest),
        Value::Array(list) => choose(&mut list[choice % len], rest),
        other => other,
    }
}

fn awkward() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(0.5)),
        Just(json!(1e300)),
        Just(json!("")),
        Just(json!("success")),
        Just(json!("2026-10-14T12:00:00Z")),
        Just(json!("2026-02-30T12:00:00Z")),
        Just(json!([])),
        Just(json!({})),
        Just(json!({"a": [null]})),
        Just(json!([{}, "x", 1])),
        ".*".prop_map(Value::String),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_readers_agree(choices in prop::collection::vec(any::<usize>(), 1..6), replacement in awkward()) {
        let mut value: Value = serde_json::from_str(&FULL.replace("1e400", "1")).unwrap();
        *choose(&mut value, &choices) = replacement;
        let text = value.to_string();
        agree(text.as_bytes());
        if let Ok(message) = VcpMessage::from_json(&text) {
            prop_assert_eq!(message.is_plain(), structure::check(&text, &Limits::default()).is_empty());
        }
    }
}
