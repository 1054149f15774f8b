//! Tests of merging several deliveries of one call. Their order, their grouping and their
//! repetition do not matter, and nothing is lost.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;
use vcp_mapping::{ConsentDefault, How, MapOptions, Mapper, Mapping, SessionEvent};
use vcp_schema::{ErrorCode, RawJson, RawObject, VcpMessage};

static MAPPER: LazyLock<Mapper> = LazyLock::new(Mapper::new);
/// A mapper that leaves out live transcripts that were replaced.
static BRIEF: LazyLock<Mapper> = LazyLock::new(|| Mapper::new().options(MapOptions::default().keep_replaced(false)));

fn at(minute: u32) -> DateTime<Utc> {
    format!("2026-11-21T12:{minute:02}:00Z").parse().unwrap()
}

fn map(provider: &str, payload: &Value, received_at: DateTime<Utc>) -> VcpMessage {
    match MAPPER.map(provider, payload.to_string().as_bytes(), received_at) {
        Ok(Mapping::Call(mapped)) => mapped.message,
        other => panic!("{other:?}"),
    }
}

fn json(message: &VcpMessage) -> Value {
    serde_json::from_str(&message.to_json()).unwrap()
}

fn merge(messages: &[VcpMessage]) -> VcpMessage {
    merge_with(&MAPPER, messages)
}

fn merge_with(mapper: &Mapper, messages: &[VcpMessage]) -> VcpMessage {
    let merged = mapper.merge(messages).unwrap();
    assert_eq!(VcpMessage::from_json(&merged.to_json()).unwrap(), merged, "a merged message reads back");
    merged
}

/// Returns a provider and a delivery of a call. `event` chooses the event, and each bit of
/// `members` one of its members.
fn delivery(provider: usize, event: usize, members: u32) -> (&'static str, Value) {
    let has = |bit: u32| members & 1 << bit != 0;
    let pick = |all: &[(u32, &str, Value)]| {
        let there = all.iter().filter(|(bit, ..)| has(*bit));
        there.map(|(_, name, value)| ((*name).to_owned(), value.clone())).collect::<serde_json::Map<_, _>>()
    };
    match provider {
        0 => {
            let mut call = pick(&[
                (0, "start_timestamp", json!(1_791_979_200_000_i64 + i64::from(members % 3))),
                (1, "end_timestamp", json!(1_791_979_290_000_i64)),
                (2, "duration_ms", json!(90_000 + members % 5000)),
                (3, "disconnection_reason", json!(["user_hangup", "dial_busy"][members as usize % 2])),
                (
                    4,
                    "call_analysis",
                    json!({"user_sentiment": (["Positive", "Negative", "Unknown"][members as usize % 3]), "call_successful": has(9)}),
                ),
                (
                    5,
                    "transcript_with_tool_calls",
                    json!([
                        {"role": "agent", "content": "hello", "words": [{"word": "hello", "start": 0.1, "end": 0.5}]},
                        {"role": "tool_call_invocation", "tool_call_id": "t1", "name": "book", "time_sec": 3},
                        {"role": "tool_call_invocation", "tool_call_id": format!("t{}", members % 4), "name": "look_up"},
                        {"role": "tool_call_result", "tool_call_id": "t1", "content": "ok", "successful": has(10)},
                    ]),
                ),
                (
                    6,
                    "call_cost",
                    json!({"combined_cost": members % 7, "product_costs": [{"product": "gpt_4o", "cost": 1}]}),
                ),
                (
                    7,
                    "retell_llm_dynamic_variables",
                    json!({format!("v{}", members % 3): (["x", "y"].get(members as usize % 5))}),
                ),
                (8, "data_storage_setting", json!(["everything_except_pii", "everything"][members as usize % 2])),
            ]);
            call.insert("call_id".to_owned(), json!("c1"));
            let event = ["call_started", "transcript_updated", "call_ended", "call_analyzed"][event];
            let mut payload = json!({"event": event, "call": call});
            if has(11) {
                payload["event_timestamp"] = json!(1_791_979_300_000_i64 + i64::from(members % 4));
            }
            ("retell", payload)
        }
        1 => {
            let mut message = pick(&[
                (0, "startedAt", json!("2026-10-14T12:00:00.000Z")),
                (1, "endedAt", json!("2026-10-14T12:01:30.000Z")),
                (2, "endedReason", json!(["customer-ended-call", "pipeline-error"][members as usize % 2])),
                (3, "cost", json!(0.25)),
                (
                    4,
                    "artifact",
                    json!({"messages": [{"role": "bot", "message": "hi", "time": 1_791_979_201_000_i64, "endTime": 1_791_979_202_000_i64}]}),
                ),
                (5, "timestamp", json!(1_791_979_300_000_i64 + i64::from(members % 4))),
                (6, "status", json!(["in-progress", "ended"][members as usize % 2])),
            ]);
            message.insert("call".to_owned(), json!({"id": "c1", "type": "webCall"}));
            let event = ["status-update", "status-update", "conversation-update", "end-of-call-report"][event];
            message.insert("type".to_owned(), event.into());
            ("vapi", json!({"message": message}))
        }
        _ => {
            let mut call = pick(&[
                (0, "created_at", json!("2026-10-14T12:00:00.025251+00:00")),
                (1, "corrected_duration", json!("85")),
                (2, "summary", json!(format!("summary {}", members % 3))),
                (3, "variables", json!({"city": "Leeds", "api_key": "k"})),
                (4, "price", json!(0.1)),
                (5, "answered_by", json!(["human", "voicemail"][members as usize % 2])),
                (6, "status", json!("completed")),
            ]);
            for (name, value) in [("call_id", json!("c1")), ("completed", json!(true)), ("inbound", json!(has(7)))] {
                call.insert(name.to_owned(), value);
            }
            call.insert("call_length".to_owned(), json!(1.5));
            call.insert("to".to_owned(), json!("+12025550143"));
            call.insert("from".to_owned(), json!("+12025550101"));
            ("bland", Value::Object(call))
        }
    }
}

/// Changes a message by hand. `edit` chooses the change.
fn edit(message: &mut VcpMessage, edit: u32) {
    let payload = &mut message.vcp_payload;
    match edit {
        1 => drop(payload.call.extras.insert("ticket".to_owned(), RawJson::from_text("T-1"))),
        2 => drop(payload.call.extras.insert("ticket".to_owned(), RawJson::from_text("T-2"))),
        3 => payload.hcr.key_points.push("called back".to_owned()),
        4 => payload.custom.experimental = Some(RawObject::from_json(r#"{"a":{"b":1}}"#).unwrap()),
        5 => payload.custom.experimental = Some(RawObject::from_json(r#"{"a":{"c":[1e300]}}"#).unwrap()),
        20..25 => {
            let carried = [
                r#"{"a":{"c":{"y":1,"x":2},"b":1}}"#,
                r#"{"a":{"b":1,"c":{"x":2,"y":1}}}"#,
                r#"{"a":7}"#,
                r#"{"a":null}"#,
                r#"{"a":{"b":1,"b":2}}"#,
            ];
            payload.custom.experimental = Some(RawObject::from_json(carried[edit as usize - 20]).unwrap());
        }
        11 | 12 => {
            let Some(consent) = &mut payload.consent else { return };
            (consent.status, consent.scope) = (if edit == 11 { "denied" } else { "revoked" }.into(), vec![]);
        }
        13 => payload.outcomes.perception_gap.gap_score = 0.4,
        14 => payload.call.start_time = "2026-11-21T12:01:00Z".parse().unwrap(),
        15 => payload.outcomes.perception_gap.gap_score = -0.0,
        16 => payload.provenance.created_at = "2026-11-21T12:02:00Z".parse().unwrap(),
        17 => payload.outcomes.objective.status = "success".into(),
        18 => payload.hcr.headline = "Booked".to_owned(),
        9 => payload.outcomes.user_satisfaction_score = Some(0.9),
        10 => {
            let Some(data) = payload.custom.provider_specific.get_mut("retell") else { return };
            data.extras.insert("dynamic_variables".to_owned(), RawJson::from_json(r#"{"v0":"mine","w":[1]}"#).unwrap());
        }
        8 => drop(payload.call.extras.insert("ticket".to_owned(), RawJson::from_json("null").unwrap())),
        6 => payload.artifacts.transcript_ref = Some("s3://calls/1.mp4".to_owned()),
        7 => {
            let data = payload.custom.provider_specific.get_mut(payload.call.provider.as_str()).unwrap();
            data.extras.insert("note".to_owned(), RawJson::from_json("{\"x\": 1}").unwrap());
        }
        _ => {}
    }
}

type Made = (usize, u32, u32, u32);

fn made() -> impl Strategy<Value = Made> {
    (0_usize..4, any::<u32>(), 0_u32..5, 0_u32..25)
}

fn messages(provider: usize, made: &[Made]) -> Vec<VcpMessage> {
    let one = |(event, members, minute, by_hand): &Made| {
        let (provider, payload) = delivery(provider, *event, *members);
        let mut message = map(provider, &payload, at(*minute));
        edit(&mut message, *by_hand);
        message
    };
    made.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_grouping_and_repetition_do_not_matter(
        provider in 0_usize..3,
        made in prop::collection::vec(made(), 2..5),
        turn in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut all = messages(provider, &made);
        let merged = merge(&all);
        // Repeat the messages, and merge the result again.
        let mut again = all.clone();
        again.extend(all.clone());
        again.push(merged.clone());
        prop_assert_eq!(json(&merge(&again)), json(&merged));
        prop_assert_eq!(json(&merge(&[merged.clone(), all[0].clone()])), json(&merged));
        // Change the order.
        let turn = turn.index(all.len());
        all.rotate_left(turn);
        prop_assert_eq!(json(&merge(&all)), json(&merged));
        all.reverse();
        prop_assert_eq!(json(&merge(&all)), json(&merged));
        // Merge in groups.
        let (some, rest) = all.split_at(1 + cut.index(all.len() - 1));
        let left = merge(&[&[merge(some)], rest].concat());
        let right = merge(&[some, &[merge(rest)]].concat());
        prop_assert_eq!(json(&left), json(&merged));
        prop_assert_eq!(json(&right), json(&merged));
    }

    /// The messages come from mappers with several options of consent, and were changed by hand.
    #[test]
    fn the_laws_hold_for_consent_too(
        made in prop::collection::vec((0_usize..4, 0_usize..3, 0_u32..5, 0_usize..3, any::<bool>()), 2..5),
        own in 0_usize..3,
        cut in any::<prop::sample::Index>(),
    ) {
        const OPTIONS: [ConsentDefault; 3] = [ConsentDefault::Granted, ConsentDefault::Pending, ConsentDefault::Omit];
        let mapper = |option: usize| Mapper::new().options(MapOptions::default().consent_default(OPTIONS[option]));
        let message = |&(event, option, minute, by_hand, opts_out): &(usize, usize, u32, usize, bool)| {
            let event = ["call_started", "call_ended", "call_analyzed", "transfer_started"][event];
            let body = json!({"event": event, "call": {"call_id": "c1", "opt_out_sensitive_data_storage": opts_out}});
            let body = if opts_out { body } else { json!({"event": event, "call": {"call_id": "c1"}}) };
            let mapped = mapper(option).map("retell", body.to_string().as_bytes(), at(minute)).unwrap();
            let Mapping::Call(mapped) = mapped else { panic!("{event} is a call") };
            let mut message = mapped.message;
            if let Some(consent) = &mut message.vcp_payload.consent {
                match by_hand {
                    1 => consent.consent_id = "cmp-77".to_owned(),
                    2 => (consent.status, consent.scope) = ("revoked".into(), vec!["training".to_owned()]),
                    _ => {}
                }
            }
            message
        };
        let mapper = mapper(own);
        let merge = |messages: &[VcpMessage]| mapper.merge(messages).unwrap();
        let all: Vec<VcpMessage> = made.iter().map(message).collect();
        // A single message, or equal ones, stay as they are, with the consent of their own mapper.
        prop_assume!(all.iter().any(|message| *message != all[0]));
        let merged = merge(&all);
        prop_assert_eq!(json(&merge(&[merged.clone(), all[0].clone()])), json(&merged));
        let (some, rest) = all.split_at(1 + cut.index(all.len() - 1));
        prop_assert_eq!(json(&merge(&[&[merge(some)], rest].concat())), json(&merged));
        prop_assert_eq!(json(&merge(&[some, &[merge(rest)]].concat())), json(&merged));
    }

    #[test]
    fn every_delivery_and_every_addition_is_kept(provider in 0_usize..3, made in prop::collection::vec(made(), 1..5)) {
        // An object with a repeated name is one value, which an object of its place replaces.
        let made: Vec<Made> = made.into_iter().filter(|(.., by_hand)| *by_hand != 24).collect();
        prop_assume!(!made.is_empty());
        let all = messages(provider, &made);
        let merged = json(&merge(&all));
        let own = |message: &Value| message["vcp_payload"]["custom"]["provider_specific"].as_object().unwrap().values().next().unwrap().clone();
        for message in &all {
            let message = json(message);
            let data = own(&message)["data"].clone();
            let kept = own(&merged);
            let is_kept = kept["data"] == data || kept["deliveries"].as_array().unwrap().iter().any(|delivery| delivery["data"] == data);
            prop_assert!(is_kept);
            for place in ["/vcp_payload/call/ticket", "/vcp_payload/hcr/key_points/0", "/vcp_payload/custom/experimental/a/b",
                "/vcp_payload/custom/experimental/a/c", "/vcp_payload/artifacts/transcript_ref"] {
                prop_assert!(message.pointer(place).is_none() || merged.pointer(place).is_some(), "{}", place);
            }
            prop_assert!(own(&message).get("note").is_none() || own(&merged).get("note").is_some());
        }
    }
}

/// Another program can spell the time of receipt of a message in another way.
#[test]
fn the_spelling_of_the_time_of_receipt_does_not_matter() {
    let event = |name: &str, minute| map("retell", &json!({"event": name, "call": {"call_id": "c1"}}), at(minute));
    let (message, other) = (event("call_started", 0), event("call_analyzed", 1));
    for spelling in ["+00:00", ".0Z", ""] {
        let mut spelled = message.clone();
        let received = message.audit.received_at.to_string().replace('Z', spelling).parse().unwrap();
        (spelled.audit.received_at, spelled.vcp_payload.call.start_time) = (received, received);
        let all = [message.clone(), spelled.clone(), other.clone()];
        let merged = merge(&all);
        let half = merge(&all[..2]);
        assert_eq!(merge(&[half.clone(), other.clone()]).to_json(), merged.to_json(), "{spelling}");
        assert_eq!(merge(&[half.clone(), message.clone()]).to_json(), half.to_json(), "{spelling}");
        assert_eq!(merge(&[spelled.clone(), half.clone()]).to_json(), half.to_json(), "{spelling}");
        assert_eq!(merge(&[other.clone(), spelled, message.clone()]).to_json(), merged.to_json(), "{spelling}");
    }
}

/// Later turns leave no metric of earlier turns, whatever its name.
#[test]
fn metrics_of_turns_are_replaced_as_a_set() {
    let message = |timestamp: i64, rows: Value| {
        let artifact = json!({"messages": rows});
        let payload = json!({"message": {"type": "conversation-update", "timestamp": timestamp,
            "call": {"id": "c1", "type": "webCall"}, "artifact": artifact}});
        map("vapi", &payload, at(0))
    };
    let timed = |role: &str, second: i64| {
        let time = 1_791_979_300_000 + second * 1000;
        json!({"role": role, "message": "Good day to you.", "time": time, "endTime": time + 1500, "duration": 1500})
    };
    let call = json!({"role": "tool_calls", "toolCalls": [{"id": "t", "function": {"name": "f", "arguments": "{}"}}]});
    let all = json!([timed("bot", 0), timed("user", 2), timed("bot", 4), timed("user", 5), call]);
    let names = |message: &VcpMessage| -> Vec<String> {
        json(message)["vcp_payload"]["outcomes"]["objective"]["metrics"].as_object().unwrap().keys().cloned().collect()
    };
    let first = message(1_791_979_310_000, all);
    let last = message(1_791_979_320_000, json!([{"role": "user", "message": "Hello."}]));
    let merged = merge(&[first.clone(), last.clone()]);
    assert!(names(&first).len() >= 13, "{:?}", names(&first));
    let left: Vec<String> = names(&merged).into_iter().filter(|name| !name.starts_with("tool_")).collect();
    let own: Vec<String> = names(&last).into_iter().filter(|name| !name.starts_with("tool_")).collect();
    assert_eq!(left, own);
}

/// Returns the numbers of the deliveries that a message keeps.
fn kept(message: &VcpMessage) -> Vec<i64> {
    let own = json(message)["vcp_payload"]["custom"]["provider_specific"].as_object().unwrap().values().next().cloned();
    let list = own.unwrap()["deliveries"].take();
    list.as_array().unwrap().iter().map(|delivery| delivery["data"]["n"].as_i64().unwrap()).collect()
}

/// Returns a delivery of Vapi or Retell with a number. `time` is the time of the event in
/// milliseconds, if it has one.
fn numbered(provider: &str, event: &str, n: u32, time: Option<i64>, minute: u32) -> VcpMessage {
    let time = time.map(|time| 1_791_979_300_000 + time);
    let row = json!({"role": "user", "content": format!("turn {n}"), "message": format!("turn {n}"), "time": 1});
    let payload = match provider {
        "vapi" => {
            let call = json!({"id": "c1", "type": "webCall"});
            json!({"n": n, "message": {"type": event, "timestamp": time, "call": call,
                "status": format!("s{n}"), "artifact": {"messages": [row]}}})
        }
        _ => json!({"n": n, "event": event, "event_timestamp": time,
            "call": {"call_id": "c1", "transcript_with_tool_calls": [row]}}),
    };
    map(provider, &payload, at(minute))
}

/// Returns the name of the live transcripts of a provider, and of another event.
fn live(provider: &str) -> [&'static str; 2] {
    if provider == "vapi" { ["conversation-update", "status-update"] } else { ["transcript_updated", "call_started"] }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// The laws hold without the deliveries that were replaced, if nothing was written by hand.
    #[test]
    fn the_laws_hold_without_replaced_deliveries(
        vapi in any::<bool>(),
        made in prop::collection::vec((0_u32..4, prop::option::weighted(0.9, 0_i64..6), 0_u32..6, prop::bool::weighted(0.8)), 3..8),
        turn in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let provider = if vapi { "vapi" } else { "retell" };
        let message = |&(n, time, minute, is_live): &(u32, Option<i64>, u32, bool)| {
            numbered(provider, live(provider)[usize::from(!is_live)], n, time, minute)
        };
        let merge = |messages: &[VcpMessage]| merge_with(&BRIEF, messages);
        let mut all: Vec<VcpMessage> = made.iter().map(message).collect();
        let merged = merge(&all);
        prop_assert_eq!(json(&merge(&[merged.clone(), all[0].clone()])), json(&merged));
        // A message that was merged before, with all deliveries, is among those of a new merge.
        if all[..2].iter().any(|message| *message != all[0]) {
            let older = [&[MAPPER.merge(&all[..2]).unwrap()], &all[2..]].concat();
            prop_assert_eq!(json(&merge(&older)), json(&merged));
        }
        let (some, rest) = all.split_at(1 + cut.index(all.len() - 1));
        prop_assert_eq!(json(&merge(&[&[merge(some)], rest].concat())), json(&merged));
        prop_assert_eq!(json(&merge(&[some, &[merge(rest)]].concat())), json(&merged));
        let turn = turn.index(all.len());
        all.rotate_left(turn);
        prop_assert_eq!(json(&merge(&all)), json(&merged));
    }
}

#[test]
fn a_live_transcript_keeps_its_first_and_last_deliveries() {
    for provider in ["vapi", "retell"] {
        let [update, other] = live(provider);
        // They arrive in the reverse order, and several times.
        let mut all: Vec<_> = (1..6).map(|n| numbered(provider, update, n, Some(n.into()), 20 - n)).collect();
        all.extend([1, 3, 5].map(|n| numbered(provider, update, n, Some(n.into()), n)));
        all.push(numbered(provider, update, 10, Some(1), 30));
        all.push(numbered(provider, update, 50, Some(5), 30));
        all.push(numbered(provider, other, 6, Some(2), 6));
        all.push(numbered(provider, other, 7, Some(3), 7));
        // No delivery is known to replace those without a time.
        all.extend([8, 9].map(|n| numbered(provider, update, n, None, n)));
        let merged = merge_with(&BRIEF, &all);
        assert_eq!(kept(&merged), [8, 9, 1, 10, 6, 7, 5, 50], "{provider}");
        assert_eq!(merged.transcript().as_deref(), Some("User: turn 50"));
        let mut every = kept(&merge(&all));
        every.sort_unstable();
        assert_eq!(every, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 50], "the default keeps all");
    }
}

#[test]
fn one_message_is_itself() {
    let message = map("retell", &json!({"event": "call_ended", "call": {"call_id": "c1"}}), at(0));
    assert_eq!(merge(std::slice::from_ref(&message)), message);
    let mut edited = message.clone();
    edited.vcp_payload.hcr.headline = "edited".to_owned();
    assert_eq!(merge(&[edited.clone(), edited.clone()]), edited);
}

#[test]
fn what_comes_later_replaces_and_defaults_do_not() {
    let call = |event: &str, call: Value| json!({"event": event, "call": call});
    let ended = call(
        "call_ended",
        json!({"call_id": "c1", "start_timestamp": 1_791_979_200_000_i64, "duration_ms": 90_000, "disconnection_reason": "user_hangup",
            "transcript_with_tool_calls": [{"role": "tool_call_invocation", "tool_call_id": "t1", "name": "book"}]}),
    );
    let analyzed = call(
        "call_analyzed",
        json!({"call_id": "c1", "duration_ms": 91_000, "call_analysis": {"user_sentiment": "Negative"},
            "transcript_with_tool_calls": [{"role": "tool_call_invocation", "tool_call_id": "t1", "name": "book"},
                {"role": "tool_call_result", "tool_call_id": "t1", "content": "no", "successful": false}]}),
    );
    let merged = merge(&[map("retell", &analyzed, at(1)), map("retell", &ended, at(2))]);
    let call = &merged.vcp_payload.call;
    assert_eq!(call.start_time.to_string(), "2026-10-14T12:00:00Z");
    assert_eq!((call.duration_sec, call.capabilities_invoked.len()), (Some(91), 1));
    assert_eq!(call.capabilities_invoked[0].invocation().map(|call| call.success), Some(false));
    assert_eq!(
        merged.vcp_payload.outcomes.objective.status.as_str(),
        "success",
        "the analysis says nothing of the end"
    );
    assert_eq!(merged.vcp_payload.outcomes.perception_gap.gap_score, 0.8);
    assert_eq!(json(&merged)["audit"]["event_type"], "call_analyzed");
}

#[test]
fn what_cannot_be_merged() {
    let code =
        |messages: &[VcpMessage]| MAPPER.merge(messages).map(|_| ()).map_err(|e| (e.code(), e.path().to_string()));
    let message = |id: &str| map("retell", &json!({"event": "call_ended", "call": {"call_id": id}}), at(0));
    let refused = |path: &str| Err((ErrorCode::Mapping, path.to_owned()));
    assert_eq!(code(&[]), refused("$"));
    assert_eq!(code(&[message("a"), message("b")]), refused("$.vcp_payload.call.call_id"));
    let mut other = message("a");
    other.vcp_payload.call.provider = "vapi".to_owned();
    assert_eq!(code(&[message("a"), other]), refused("$.vcp_payload.call.provider"));
    let mut bare = message("a");
    bare.vcp_payload.custom.provider_specific.remove("retell");
    assert_eq!(code(&[message("a"), bare]), refused("$.vcp_payload.custom.provider_specific"));
    let mut strange = message("a");
    strange.vcp_payload.call.provider = "nobody".to_owned();
    let mut stranger = strange.clone();
    stranger.vcp_payload.hcr.headline = "x".to_owned();
    assert_eq!(code(&[strange, stranger]), Err((ErrorCode::UnknownProvider, "$".to_owned())));
    for deliveries in ["7", "[7]", r#"[{"event":"call_ended"}]"#, r#"[{"event":"x","received_at":"soon","data":{}}]"#] {
        let mut tampered = message("a");
        let own = tampered.vcp_payload.custom.provider_specific.get_mut("retell").unwrap();
        own.extras.insert("deliveries".to_owned(), RawJson::from_json(deliveries).unwrap());
        assert_eq!(code(&[message("a"), tampered]), refused("$.vcp_payload.custom.provider_specific"), "{deliveries}");
    }
}

#[test]
fn hostile_depth_takes_no_stack() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(200_000), "}".repeat(200_000));
    let payload =
        format!(r#"{{"event":"call_ended","call":{{"call_id":"c1","retell_llm_dynamic_variables":{deep}}}}}"#);
    let message = |minute| match MAPPER.map("retell", payload.as_bytes(), at(minute)) {
        Ok(Mapping::Call(mapped)) => mapped.message,
        other => panic!("{other:?}"),
    };
    let mut edited = message(1);
    edited.vcp_payload.custom.experimental = Some(RawObject::from_json(&deep).unwrap());
    let merged = MAPPER.merge(&[message(0), edited]).unwrap();
    assert!(merged.vcp_payload.custom.experimental.is_some());
}

#[test]
fn sessions_merge_with_their_announcements() {
    let events = [
        (at(1), r#"{"type":"session.created","session":{"id":"s1","model":"gpt-realtime"}}"#),
        (
            at(2),
            r#"{"type":"conversation.item.done","item":{"id":"i1","type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}}"#,
        ),
        (
            at(3),
            r#"{"type":"response.done","response":{"id":"r1","status":"completed","usage":{"input_tokens":1,"output_tokens":2}}}"#,
        ),
    ];
    let events: Vec<SessionEvent<'_>> =
        events.iter().map(|(at, body)| SessionEvent::new(*at, body.as_bytes())).collect();
    let session = MAPPER.assemble("openai", &events).unwrap().message;
    let updated =
        map("openai", &json!({"type": "session.updated", "session": {"id": "s1", "model": "gpt-realtime-2"}}), at(4));
    let merged = merge(&[updated.clone(), session.clone()]);
    let value = json(&merged);
    assert_eq!(value["vcp_payload"]["call"]["duration_sec"], 120);
    assert_eq!(value["vcp_payload"]["artifacts"]["transcript"], "User: Hi");
    assert_eq!(json(&merge(&[merged, session, updated])), value);
}

fn retell(event: &str, call: Value, minute: u32) -> VcpMessage {
    let mut call = call;
    call["call_id"] = json!("c1");
    map("retell", &json!({"event": event, "call": call}), at(minute))
}

#[test]
fn what_is_worked_out_does_not_replace_what_was_read() {
    let started = retell("call_started", json!({"start_timestamp": 1_791_979_200_000_i64, "duration_ms": 45_000}), 0);
    let ended = retell("call_ended", json!({"end_timestamp": 1_791_979_260_000_i64}), 1);
    assert_eq!(merge(&[started, ended]).vcp_payload.call.duration_sec, Some(45));
}

/// A weaker cause in between does not make the first one weaker.
#[test]
fn a_precise_cause_stays_whatever_comes_between() {
    let conversation = |data: Value, minute: u32| {
        let mut data = data;
        data["conversation_id"] = json!("c1");
        map("elevenlabs", &json!({"type": "post_call_transcription", "data": data}), at(minute))
    };
    let precise = conversation(json!({"metadata": {"phone_call": {"call_result": "no_answer"}}}), 0);
    let coarse = conversation(json!({"status": "in-progress"}), 1);
    let usual = conversation(json!({"metadata": {"termination_reason": "Client disconnected"}}), 2);
    let status = |message: &VcpMessage| message.status().as_str().to_owned();
    assert_ne!(status(&precise), status(&usual));
    assert_eq!(status(&merge(&[precise.clone(), coarse, usual])), status(&precise));
}

/// An assumed time of a tool call names the rows of the call, as what was read does.
#[test]
fn an_assumed_time_of_a_tool_call_has_its_source() {
    let row = json!({"role": "agent", "tool_calls": [{"request_id": "r1", "tool_name": "book"}]});
    let body = json!({"type": "post_call_transcription", "data": {"conversation_id": "c1", "transcript": [row]}});
    let Ok(Mapping::Call(mapped)) = MAPPER.map("elevenlabs", body.to_string().as_bytes(), at(0)) else { panic!() };
    let is_time = |target: &str| target.ends_with("capabilities_invoked[0].invoked_at");
    let written = mapped.report.written.iter().find(|written| is_time(&written.target)).unwrap();
    assert_eq!(written.how, How::Default);
    assert_eq!(written.source.as_ref().map(ToString::to_string).as_deref(), Some("/data/transcript"));
}

#[test]
fn what_belongs_together_is_replaced_together() {
    let positive = retell("call_ended", json!({"call_analysis": {"user_sentiment": "Positive"}}), 0);
    let odd = retell("call_analyzed", json!({"call_analysis": {"user_sentiment": "Delighted"}}), 1);
    let outcomes = merge(&[positive, odd]).vcp_payload.outcomes;
    assert_eq!((outcomes.perceived.len(), outcomes.user_satisfaction_score), (1, None), "{:?}", outcomes.perceived);

    let ended = retell("call_ended", json!({"disconnection_reason": "user_hangup"}), 0);
    let failed = retell("call_analyzed", json!({"call_analysis": {"call_successful": false}}), 1);
    let alone = retell(
        "call_analyzed",
        json!({"disconnection_reason": "user_hangup", "call_analysis": {"call_successful": false}}),
        1,
    );
    let status = |message: &VcpMessage| message.vcp_payload.outcomes.objective.status.as_str().to_owned();
    assert_ne!(status(&alone), status(&ended), "the flag lowers a success");
    assert_eq!(status(&merge(&[failed.clone(), ended.clone()])), status(&alone));
    let well = retell("call_analyzed", json!({"call_analysis": {"call_successful": true}}), 2);
    assert_eq!(status(&merge(&[failed, ended, well])), "success", "a later flag counts");
}

#[test]
fn costs_of_a_model_outlive_a_delivery_that_has_none() {
    let cost = json!({"combined_cost": 7, "product_costs": [{"product": "gpt_4o", "cost": 3}]});
    let ended = retell("call_ended", json!({"call_cost": cost}), 0);
    let analyzed = retell("call_analyzed", json!({"call_cost": {"product_costs": [{"product": "gpt_4o"}]}}), 1);
    let merged = json(&merge(&[ended, analyzed]));
    assert_eq!(merged["vcp_payload"]["outcomes"]["model_outcome_attribution"]["roles"]["LLM"]["cost_usd"], 0.03);
}

#[test]
fn latency_is_of_the_last_delivery_that_tells_it() {
    let talk = |end: f64| {
        json!({"transcript_object": [
            {"role": "user", "content": "hello", "words": [{"word": "hello", "start": 0.0, "end": end}]},
            {"role": "agent", "content": "hi", "words": [{"word": "hi", "start": 2.0, "end": 3.0}]}]})
    };
    let average = |messages: &[VcpMessage]| {
        json(&merge(messages))["vcp_payload"]["outcomes"]["objective"]["metrics"]["agent_latency_ms_avg"].clone()
    };
    let (early, late) = (retell("transcript_updated", talk(0.5), 0), retell("call_ended", talk(1.0), 1));
    assert_eq!(average(&[early.clone(), late.clone()]), 1000);
    let mut own = talk(1.5);
    own["latency"] = json!({"e2e": {"p50": 700.0, "values": [700.0, 800.0]}});
    let own = retell("call_ended", own, 2);
    let alone = json(&own)["vcp_payload"]["outcomes"]["objective"]["metrics"].clone();
    let merged = json(&merge(&[early, late, own]))["vcp_payload"]["outcomes"]["objective"]["metrics"].clone();
    assert_eq!(merged, alone, "no figure of the rows is kept beside those of the provider");
}

#[test]
fn a_payload_of_another_call_is_refused() {
    let mut tampered = retell("call_ended", json!({}), 0);
    let own = tampered.vcp_payload.custom.provider_specific.get_mut("retell").unwrap();
    own.data = RawObject::from_json(r#"{"event":"call_ended","call":{"call_id":"c2"}}"#).unwrap();
    let error = MAPPER.merge(&[tampered, retell("call_ended", json!({}), 1)]).unwrap_err();
    assert_eq!((error.code(), error.message()), (ErrorCode::Mapping, "the kept payload is of another call"));
}

#[test]
fn a_member_that_is_called_session_is_no_session_elsewhere() {
    let (mut a, b) = (retell("call_ended", json!({}), 0), retell("call_analyzed", json!({}), 1));
    let own = a.vcp_payload.custom.provider_specific.get_mut("retell").unwrap();
    own.extras.insert("session".to_owned(), RawJson::from_text("mine"));
    let merged = json(&merge(&[a, b]));
    assert_eq!(merged["vcp_payload"]["custom"]["provider_specific"]["retell"]["session"], "mine");
}

#[test]
fn the_default_consent_of_another_mapper_is_nobodys_addition() {
    let omit = MapOptions::default().consent_default(ConsentDefault::Omit);
    let mapper = Mapper::new().options(omit);
    let all = [retell("call_ended", json!({}), 0), retell("call_analyzed", json!({}), 1)];
    assert!(mapper.merge(&all).unwrap().vcp_payload.consent.is_none());
    let pending = MapOptions::default().consent_default(ConsentDefault::Pending);
    let consent = Mapper::new().options(pending).merge(&all).unwrap().vcp_payload.consent.unwrap();
    assert_eq!((consent.status.as_str(), consent.scope.len()), ("pending", 0), "nothing is in scope of what is open");
    let mut by_hand = all.clone();
    by_hand[0].vcp_payload.consent.as_mut().unwrap().scope.push("training".to_owned());
    let consent = mapper.merge(&by_hand).unwrap().vcp_payload.consent.unwrap();
    assert_eq!(consent.scope, ["recording", "analytics", "training"]);
}

#[test]
fn a_default_replaces_nothing_that_was_written_by_hand() {
    let [mut first, second] = [retell("call_ended", json!({}), 0), retell("call_analyzed", json!({}), 1)];
    let payload = &mut first.vcp_payload;
    payload.consent.as_mut().unwrap().status = "denied".into();
    payload.consent.as_mut().unwrap().scope.clear();
    payload.outcomes.objective.status = "success".into();
    payload.outcomes.perception_gap.gap_score = 0.4;
    payload.hcr.headline = "Booked".to_owned();
    payload.provenance.data_retention_policy = Some("legal_hold".to_owned());
    for order in [[&first, &second], [&second, &first]] {
        let merged = MAPPER.merge(&order.map(Clone::clone)).unwrap().vcp_payload;
        let consent = merged.consent.unwrap();
        assert_eq!((consent.status.as_str(), consent.scope.len()), ("denied", 0));
        assert_eq!(merged.outcomes.objective.status.as_str(), "success");
        assert_eq!(merged.hcr.outcome_status.as_str(), "success");
        assert_eq!(merged.outcomes.perception_gap.gap_score, 0.4);
        assert_eq!(merged.hcr.headline, "Booked");
        assert_eq!(merged.provenance.data_retention_policy.as_deref(), Some("legal_hold"));
    }
    // A value of the provider wins, and takes the whole record of consent.
    let told = json!({"opt_out_sensitive_data_storage": true, "disconnection_reason": "dial_failed"});
    let told = retell("call_ended", told, 2);
    let merged = MAPPER.merge(&[first, told.clone()]).unwrap().vcp_payload;
    assert_eq!(merged.outcomes.objective.status, told.vcp_payload.outcomes.objective.status);
    assert_eq!(merged.consent, told.vcp_payload.consent);
    assert_eq!(merged.hcr.headline, "Booked");
}

#[test]
fn two_records_of_consent_are_not_mixed() {
    let [mut first, mut second] = [retell("call_ended", json!({}), 0), retell("call_analyzed", json!({}), 1)];
    first.vcp_payload.consent.as_mut().unwrap().status = "denied".into();
    let other = second.vcp_payload.consent.as_mut().unwrap();
    (other.consent_id, other.scope) = ("cmp-77".to_owned(), vec!["recording".to_owned()]);
    for all in [[first.clone(), second.clone()], [second.clone(), first.clone()]] {
        assert_eq!(MAPPER.merge(&all).unwrap().vcp_payload.consent, first.vcp_payload.consent);
    }
}

#[test]
fn long_deliveries_are_all_kept() {
    let one = |long: &str, minute: u32| {
        retell("call_ended", json!({"transcript": long, "duration_ms": minute * 60_000}), minute)
    };
    let long = "x".repeat(3 << 20);
    let merged = MAPPER.merge(&[one(&long, 1), one(&long, 2)]).unwrap();
    let own = merged.vcp_payload.custom.provider_specific.get("retell").unwrap();
    let deliveries: Vec<Value> = serde_json::from_str(own.extras.get("deliveries").unwrap().as_str()).unwrap();
    assert_eq!(deliveries.len(), 2);
    // A merged message that is too long to be read is refused, and not cut.
    let longer = "x".repeat(5 << 20);
    assert_eq!(MAPPER.merge(&[one(&longer, 1), one(&longer, 2)]).unwrap_err().code(), ErrorCode::Limit);
}

#[test]
fn an_event_type_changed_by_hand_makes_no_other_delivery() {
    let (message, later) = (retell("call_ended", json!({}), 0), retell("call_analyzed", json!({}), 1));
    let mut edited = message.clone();
    edited.audit.extras.insert("event_type".to_owned(), RawJson::from_text("mine"));
    let merged = json(&merge(&[message, edited, later]));
    let deliveries = &merged["vcp_payload"]["custom"]["provider_specific"]["retell"]["deliveries"];
    assert_eq!(deliveries.as_array().unwrap().len(), 2);
}

#[test]
fn the_time_of_a_tool_call_stays_known() {
    let rows = |time: Value| {
        let mut row = json!({"role": "tool_call_invocation", "tool_call_id": "t1", "name": "book"});
        if !time.is_null() {
            row["time_sec"] = time;
        }
        let result = json!({"role": "tool_call_result", "tool_call_id": "t1", "content": "ok", "successful": true});
        json!({"start_timestamp": 1_791_979_200_000_i64, "transcript_with_tool_calls": [row, result]})
    };
    let (timed, not) = (rows(json!(30)), rows(Value::Null));
    for (first, second) in [(&timed, &not), (&not, &timed)] {
        let merged = merge(&[retell("call_ended", first.clone(), 0), retell("call_analyzed", second.clone(), 1)]);
        let calls = &json(&merged)["vcp_payload"]["call"]["capabilities_invoked"];
        assert_eq!((calls.as_array().unwrap().len(), &calls[0]["invoked_at"]), (1, &json!("2026-10-14T12:00:30Z")));
    }
}

#[test]
fn what_a_delivery_told_and_another_took_back_stays_away() {
    let mut by_hand = retell("call_ended", json!({}), 0);
    by_hand.vcp_payload.outcomes.user_satisfaction_score = Some(0.9);
    let sentiment =
        |word: &str, minute| retell("call_analyzed", json!({"call_analysis": {"user_sentiment": word}}), minute);
    let (positive, odd) = (sentiment("Positive", 1), sentiment("Delighted", 2));
    let grouped = merge(&[merge(&[by_hand.clone(), positive.clone()]), odd.clone()]);
    let at_once = merge(&[by_hand, positive, odd]);
    assert_eq!(json(&grouped), json(&at_once));
    assert_eq!(at_once.vcp_payload.outcomes.user_satisfaction_score, None);
}

#[test]
fn hostile_sessions_take_no_square_of_time_or_memory() {
    let id = "x".repeat(1 << 20);
    let items: Vec<String> = (0..20_000).map(|n| format!(r#"{{"id":"{n}","type":"a"}}"#)).collect();
    let done = format!(r#"{{"type":"response.done","response":{{"id":"{id}","output":[{}]}}}}"#, items.join(","));
    let event = |body: &'static str| SessionEvent::new(at(0), body.as_bytes());
    let mut events = vec![event(r#"{"type":7}"#); 20_000];
    events.push(event(r#"{"type":"response.done","response":{"output":[7,7,7,7]}}"#));
    events.push(SessionEvent::new(at(1), done.as_bytes()));
    let report = MAPPER.assemble("openai", &events).unwrap().report;
    assert_eq!(report.problems.len(), 20_001, "one for each event without a name, one for the list");
}

#[test]
fn more_deliveries_than_a_call_has_are_refused() {
    let mut message = retell("call_ended", json!({}), 0);
    let one = r#"{"event":"call_ended","received_at":"2026-11-21T12:00:00Z","data":{"event":"call_ended","call":{"call_id":"c1"}}}"#;
    let own = message.vcp_payload.custom.provider_specific.get_mut("retell").unwrap();
    own.extras
        .insert("deliveries".to_owned(), RawJson::from_json(&format!("[{}]", vec![one; 10_001].join(","))).unwrap());
    let error = MAPPER.merge(&[message, retell("call_analyzed", json!({}), 1)]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Limit);
}

/// Checks that a merged message with too many members is refused, even if its text is short
/// enough.
#[test]
fn more_members_than_the_limit_are_refused() {
    let payload = json!({"event": "call_ended", "call": {"call_id": "c1"}});
    let with = |prefix: &str| {
        let members: String = (0..60_000).map(|n| format!("\"{prefix}{n}\":0,")).collect();
        let text = map("retell", &payload, at(1)).to_json().replacen("\"call\":{", &format!("\"call\":{{{members}"), 1);
        VcpMessage::from_json(&text).unwrap()
    };
    assert_eq!(MAPPER.merge(&[with("a"), with("b")]).unwrap_err().code(), ErrorCode::Limit);
}

/// Checks that the work for a delivery depends on its own members, and not on all members that are
/// carried over.
#[test]
fn many_deliveries_beside_many_unknown_members_are_merged_in_linear_time() {
    let members: String = (0..40_000).map(|n| format!("\"u{n}\":0,")).collect();
    let text = retell("call_ended", json!({}), 0).to_json();
    let text = text.replacen("\"call\":{", &format!("\"call\":{{{members}"), 1);
    let mut message = VcpMessage::from_json(&text).unwrap();
    let delivery = |n: usize| {
        format!(
            r#"{{"event":"call_ended","received_at":"2026-11-21T12:00:00Z","data":{{"event":"call_ended","call":{{"call_id":"c1","n":{n}}}}}}}"#
        )
    };
    let deliveries: Vec<String> = (0..4_000).map(delivery).collect();
    let own = message.vcp_payload.custom.provider_specific.get_mut("retell").unwrap();
    own.extras.insert("deliveries".to_owned(), RawJson::from_json(&format!("[{}]", deliveries.join(","))).unwrap());
    let started = std::time::Instant::now();
    let merged = MAPPER.merge(&[message, retell("call_analyzed", json!({}), 1)]).unwrap();
    assert_eq!(merged.vcp_payload.call.extras.len(), 40_000);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

/// Checks messages that are equal and differ in the sign of a zero.
#[test]
fn the_sign_of_a_zero_does_not_show_the_order() {
    let with = |score: f64| {
        let mut message = retell("call_ended", json!({}), 0);
        message.vcp_payload.outcomes.perception_gap.gap_score = score;
        message
    };
    let merged = |a, b| MAPPER.merge(&[with(a), with(b)]).unwrap().to_json();
    assert_eq!(merged(0.0, -0.0), merged(-0.0, 0.0));
}
