//! Tests that every accepted delivery is JSON, and that every returned message can be read back
//! within the same limits.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use proptest::prelude::*;
use serde_json::json;
use std::{fs, path::PathBuf, sync::LazyLock};
use vcp_mapping::{MapError, Mapped, Mapper, Mapping, SessionEvent};
use vcp_schema::{ErrorCode, VcpMessage};

static MAPPER: LazyLock<Mapper> = LazyLock::new(Mapper::new);

/// The provider and the body of each example delivery of less than 20 000 bytes.
static DELIVERIES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/deliveries");
    let mut found = Vec::new();
    for provider in fs::read_dir(root).unwrap() {
        let provider = provider.unwrap();
        for file in fs::read_dir(provider.path()).unwrap() {
            let body = fs::read(file.unwrap().path()).unwrap();
            if body.len() < 20_000 {
                found.push((provider.file_name().into_string().unwrap(), body));
            }
        }
    }
    found.sort();
    found
});

fn map(provider: &str, body: &[u8]) -> Result<Option<Mapped>, MapError> {
    match MAPPER.map(provider, body, "2026-11-21T12:00:00Z".parse().unwrap())? {
        Mapping::Call(mapped) => Ok(Some(*mapped)),
        _ => Ok(None),
    }
}

fn assert_readable(message: &VcpMessage) {
    assert_eq!(&VcpMessage::from_json(&message.to_json()).unwrap(), message);
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

#[test]
fn control_characters_in_names_are_not_json() {
    for body in [
        "{\"event\":\"call_ended\",\"a\u{1}b\":1,\"call\":{\"call_id\":\"c1\"}}",
        "{\"event\":\"call_ended\",\"call\":{\"call_id\":\"c1\",\"a\nb\":1}}",
        "{\"event\":\"call_ended\",\"call\":{\"call_id\":\"c1\",\"transcript_object\":[{\"a\tb\":1}]}}",
        "{\"event\":\"call_ended\",\"call\":{\"call_id\":\"c1\",\"\\u0061\u{1}\":1}}",
    ] {
        assert_eq!(map("retell", body.as_bytes()).unwrap_err().code(), ErrorCode::Malformed, "{body}");
    }
    let escaped = r#"{"event":"call_ended","a\u0001b":1,"call":{"call_id":"c1"}}"#;
    assert_readable(&map("retell", escaped.as_bytes()).unwrap().unwrap().message);
}

#[test]
fn a_message_that_is_too_large_to_be_read_is_refused() {
    let rows = vec![json!({"role": "tool_call_invocation", "tool_call_id": "t", "name": "n"}); 17_000];
    let many = json!({"event": "call_ended", "call": {"call_id": "c1", "transcript_with_tool_calls": rows}});
    let long = json!({"event": "call_ended", "call": {"call_id": "c".repeat(6_000_000)}});
    for body in [many, long] {
        let error = map("retell", body.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Limit, "{error}");
    }
    let event = json!({"type": "session.created", "session": {"id": "s".repeat(6_000_000)}}).to_string();
    let event = SessionEvent::new("2026-11-21T12:00:00Z".parse().unwrap(), event.as_bytes());
    assert_eq!(MAPPER.assemble("openai", &[event]).unwrap_err().code(), ErrorCode::Limit);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Makes one change anywhere in a delivery.
    #[test]
    fn what_is_mapped_is_json_and_can_be_read_back(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        cut in 0_usize..3,
        put in prop::sample::select(vec![
            &b""[..], b"\x01", b"\n", b"\"", b"\\", b"\\ud800", b"{", b"}", b"[", b"]", b",", b":", b"0", b"-", b"1e999",
            b"null", b"\xff", b"\xc3\xa9", b" ", b"\x0c", b"{}", b"[]",
        ]),
    ) {
        let (provider, body) = &DELIVERIES[which.index(DELIVERIES.len())];
        let at = at.index(body.len());
        let end = (at + cut).min(body.len());
        let changed = [&body[..at], put, &body[end..]].concat();
        match map(provider, &changed) {
            Ok(mapped) => {
                prop_assert!(is_json(&changed));
                if let Some(mapped) = mapped {
                    assert_readable(&mapped.message);
                    assert_readable(&MAPPER.merge(&[mapped.message.clone(), mapped.message]).unwrap());
                }
            }
            Err(error) => prop_assert!(is_json(&changed) || error.code() == ErrorCode::Malformed, "{}", error),
        }
    }
}
