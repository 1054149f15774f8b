//! Tests of the rules of migration (`DECISIONS.md` 2.5). The messages are made from the description
//! of each dialect.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "helpers of tests"
)]

mod support;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{entropy, exact::same, generate, many};
use vcp_schema::{
    Dialect, ErrorCode, GapClass, Limits, OutcomeStatus, RawObject, VcpMessage, describe,
    migrate::{self, ChangeKind, Downgrade, MigrationReport, UpgradeOptions, Upgraded},
    structure,
};

const OLDER: [Dialect; 3] = [Dialect::Spec03, Dialect::Production03, Dialect::V04];

const SPEC: &str = include_str!("../src/jsonschema/example-0.3.json");
const PRODUCTION: &str = include_str!("../src/jsonschema/example-0.3-production.json");
const V04: &str = include_str!("../src/jsonschema/example-0.4.json");

fn up(text: &str) -> Upgraded {
    migrate::upgrade(text, &UpgradeOptions::default()).unwrap()
}

fn changed(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut value = serde_json::from_str(text).unwrap();
    change(&mut value);
    value.to_string()
}

/// Returns the code and the path of a refused message.
fn refused(text: &str) -> String {
    let error = migrate::upgrade(text, &UpgradeOptions::default()).unwrap_err();
    format!("{} {}", error.code(), error.path())
}

#[test]
fn the_examples_go_up_and_down() {
    for (text, dialect) in [(SPEC, Dialect::Spec03), (PRODUCTION, Dialect::Production03), (V04, Dialect::V04)] {
        let upgraded = up(text);
        assert_eq!(upgraded.from, dialect);
        assert!(structure::check(&upgraded.message.to_json(), &Limits::default()).is_empty());
        let down = migrate::downgrade(&upgraded.message, Downgrade::Reversible).unwrap();
        assert_eq!(down.dialect, dialect);
        assert!(same(&down.text, text), "{}", down.text);
    }
}

/// Values that are wrong in some places, or are written in another spelling than they have here.
const AWKWARD: [&str; 24] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1.0",
    "1.85e2",
    "185.5",
    "1e400",
    "12345678901234567890",
    "0.10",
    "\"\"",
    "\"x\"",
    "\"\\u00e9\\/\"",
    "\"\\ud800\"",
    "\"2026-10-14 12:00:00\"",
    "\"2026-10-14t12:00:00.10+02:00\"",
    "[]",
    "{}",
    "[null]",
    "{\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "[{\"id\":\"x\",\"met\":1}]",
    "{\"LLM\":{\"chosen\":\"m\"},\"x\":null}",
];

/// Checks that upgrading to text gives the text of the upgraded message, or the same error.
fn text_is_that_of_the_message(text: &str) {
    let (typed, plain) =
        (migrate::upgrade(text, &UpgradeOptions::default()), migrate::upgrade_text(text, &UpgradeOptions::default()));
    match (typed, plain) {
        (Ok(typed), Ok(plain)) => {
            assert_eq!(plain.text, typed.message.to_json(), "{text}");
            assert_eq!(plain.report, typed.report);
        }
        (Err(typed), Err(plain)) => assert_eq!(typed, plain),
        (typed, plain) => panic!("{text}\n{typed:?}\n{plain:?}"),
    }
}

#[test]
fn text_without_a_message_is_that_of_the_message() {
    for example in [SPEC, PRODUCTION, V04] {
        let value: Value = serde_json::from_str(example).unwrap();
        let mut pointers = vec![String::new()];
        let mut at = 0;
        while at < pointers.len() {
            let here = pointers[at].clone();
            match value.pointer(&here).unwrap() {
                Value::Object(members) => pointers.extend(members.keys().map(|name| format!("{here}/{name}"))),
                Value::Array(list) => pointers.extend((0..list.len()).map(|at| format!("{here}/{at}"))),
                _ => {}
            }
            at += 1;
        }
        for pointer in &pointers[1..] {
            // A name may have escapes, and an object may have white space.
            let name = pointer.rsplit('/').next().unwrap();
            if let Some((first, rest)) = name.split_at_checked(1).filter(|(first, _)| *first > "9") {
                let escaped = format!("\"\\u{:04x}{rest}\":", u32::from(first.as_bytes()[0]));
                let pretty = serde_json::to_string_pretty(&value).unwrap();
                let text = pretty.replace(&format!("\"{name}\":"), &escaped);
                assert_ne!(text, pretty, "{name}");
                text_is_that_of_the_message(&text);
            }
            for awkward in AWKWARD {
                let mut changed = value.clone();
                *changed.pointer_mut(pointer).unwrap() = json!("AWKWARD");
                text_is_that_of_the_message(&changed.to_string().replace("\"AWKWARD\"", awkward));
            }
        }
    }
}

#[test]
fn the_report_tells_every_place_in_order() {
    let text = r#"{"vcp_version":"0.3","vcp_payload":{
        "call":{"call_id":"c1","session_id":"s","provider":"vapi","start_time":"2026-10-14T12:00:00Z","purpose":1},
        "outcomes":{"objective":{"status":"filtered"},"perception_gap":null},
        "artifacts":{"recording_url":"https://calls.example/1.wav"},"custom":{},
        "audit":{"received_at":"2026-10-14T12:03:06Z","schema_version":"0.3"}}}"#;
    let report = up(text).report;
    let expected = "\
derived  /vcp_version
derived  /vcp_version → /vcp_payload/provenance/transformation_history/0
derived  /vcp_payload/call/provider → /vcp_payload/provenance/source_system
kept     /vcp_payload/call/purpose
derived  /vcp_payload/outcomes/objective/status
moved    /vcp_payload/outcomes/objective/status → /vcp_payload/custom/experimental/vcp_migration
assumed  /vcp_payload/outcomes/perception_gap
moved    /vcp_payload/outcomes/perception_gap → /vcp_payload/custom/experimental/vcp_migration
assumed  /vcp_payload/outcomes/model_outcome_attribution
renamed  /vcp_payload/artifacts/recording_url → /vcp_payload/artifacts/audio_recording_ref
renamed  /vcp_payload/audit → /audit
derived  /vcp_payload/audit/received_at → /vcp_payload/provenance/created_at
derived  /vcp_payload/audit/schema_version → /audit/schema_version
assumed  /vcp_payload/model_selection
assumed  /vcp_payload/hcr";
    assert_eq!(report.to_string(), expected);
    assert!(report.has_feature_loss());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json[3],
        json!({"kind": "kept", "source": "/vcp_payload/call/purpose", "target": "/vcp_payload/call/purpose"})
    );

    let told = migrate::upgrade(text, &UpgradeOptions::default().unordered(true)).unwrap().report;
    let lines = |report: &MigrationReport| {
        let mut lines: Vec<_> = report.to_string().lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_ne!(told, report);
    assert_eq!(lines(&told), lines(&report));
}

#[test]
fn a_payload_that_stands_twice_is_looked_into_whatever_the_other_is() {
    let detect = |text: &str| migrate::detect(text, &Limits::default()).map_err(|error| error.code());
    for other in ["null", "7", "{}", "[]"] {
        for (first, second) in [(r#"{"audit":{}}"#, other), (other, r#"{"audit":{}}"#)] {
            let text = format!(r#"{{"vcp_version":"0.3","vcp_payload":{first},"vcp_payload":{second}}}"#);
            assert_eq!(detect(&text), Ok(Dialect::Production03), "{text}");
            let both = text.replacen('{', r#"{"audit":{},"#, 1);
            assert_eq!(detect(&both), Err(ErrorCode::Version), "{both}");
        }
    }
}

#[test]
fn what_is_perceived_keeps_its_parts() {
    let of = |entry: &str| {
        let text = changed(PRODUCTION, |old| old["vcp_payload"]["outcomes"]["perceived"] = json!(["ENTRY"]));
        up(&text.replace("\"ENTRY\"", entry)).message.vcp_payload.outcomes.perceived.join("|")
    };
    let caller = r#"{"by":"caller","sentiment":{"score":0.5},"confidence":0.25}"#;
    assert_eq!(of(caller), "caller: 0.5 (confidence 0.25)");
    assert_eq!(of(r#"{"by":"caller"}"#), "caller");
    assert_eq!(of(r#"{"sentiment":{"score":0.5}}"#), "0.5");
    assert_eq!(of(r#"{"confidence":0.25}"#), "(confidence 0.25)");
    // An empty name counts as a part. Messages that were upgraded in this way come back.
    assert_eq!(of(r#"{"by":"","confidence":0.25}"#), " (confidence 0.25)");
    assert_eq!(of("{}"), "");
}

#[test]
fn the_stash_stands_in_its_place_among_the_members_of_custom() {
    let text = changed(include_str!("../src/jsonschema/example-0.5.json"), |message| {
        message["vcp_payload"]["custom"] = json!({"provider_specific": {}, "x": 1})
    });
    let message = VcpMessage::from_json(&text).unwrap();
    let down = migrate::downgrade(&message, Downgrade::Reversible).unwrap().text;
    assert!(down.contains(r#""custom":{"provider_specific":{},"experimental":{"vcp_migration""#), "{down}");
}

#[test]
fn what_is_worked_out_has_no_escapes_that_its_source_had() {
    let plain = changed(V04, |m| m["vcp_payload"]["provenance"] = json!(null));
    let time = |text: &str, name: &str| {
        let (_, behind) = text.split_once(&format!("\"{name}\":\"")).unwrap();
        behind.split('"').next().unwrap().to_owned()
    };
    for name in ["received_at", "start_time"] {
        let time = time(&plain, name);
        let escaped = plain.replace(&time, &time.replace("T", "\\u0054"));
        assert_ne!(escaped, plain);
        let text = migrate::upgrade_text(&escaped, &UpgradeOptions::default()).unwrap().text;
        assert!(!text.contains("u0054"), "{text}");
    }
}

#[test]
fn free_form_data_keeps_its_text_where_a_section_is_compared_with_what_is_assumed() {
    let kpis = r#"{ "a" : [ 1 ] , "b":{ } }"#;
    let gap = r#""perception_gap""#;
    let with = format!(r#""model_outcome_attribution":{{"roles":{{}},"kpis":{kpis}}},{gap}"#);
    let old = PRODUCTION.replacen(r#""model_outcome_attribution""#, r#""unknown""#, 1).replacen(gap, &with, 1);
    assert!(old.contains(kpis));
    let upgraded = up(&old);
    assert!(upgraded.message.to_json().contains(kpis));
    assert!(migrate::downgrade(&upgraded.message, Downgrade::Reversible).unwrap().text.contains(kpis));
}

#[test]
fn an_edit_in_between_goes_down_with_the_message() {
    let mut message = up(PRODUCTION).message;
    message.vcp_payload.hcr.headline = "edited".to_owned();
    message.vcp_payload.outcomes.perception_gap.gap_class = GapClass::Contradictory;
    let down = migrate::downgrade(&message, Downgrade::Reversible).unwrap();
    assert_eq!(down.dialect, Dialect::Production03);
    let value: Value = serde_json::from_str(&down.text).unwrap();
    assert_eq!(value["vcp_payload"]["hcr"]["headline"], "edited");
    assert_eq!(value["vcp_payload"]["outcomes"]["perception_gap"]["gap_class"], "contradictory");
    assert_eq!(value["vcp_payload"]["outcomes"]["perceived"][0]["by"], "caller");
    assert_eq!(
        down.report.count(ChangeKind::Dropped),
        1,
        "what was restored before and is overwritten now: {}",
        down.report
    );
}

#[test]
fn what_production_cannot_hold_goes_down_to_the_specification() {
    let mut message = up(PRODUCTION).message;
    message.vcp_payload.provenance.compliance_flags = Some(vec!["GDPR".to_owned()]);
    let down = migrate::downgrade(&message, Downgrade::Reversible).unwrap();
    assert_eq!(down.dialect, Dialect::Spec03);
    assert_eq!(up(&down.text).message, message);
}

#[test]
fn plain_is_what_the_specification_gives() {
    let mut message = up(PRODUCTION).message;
    message.vcp_payload.custom.experimental = None;
    let down = migrate::downgrade(&message, Downgrade::Plain).unwrap();
    let value: Value = serde_json::from_str(&down.text).unwrap();
    assert_eq!(value["vcp_version"], "0.3");
    assert_eq!(value["audit"]["schema_version"], "0.5", "the rest is unchanged");
    assert_eq!(value["vcp_payload"]["call"]["capabilities_invoked"], json!(["book_appointment", "transfer_call"]));
    assert!(value["vcp_payload"].get("provenance").is_none());
    assert!(down.report.has_feature_loss());
}

#[test]
fn what_is_refused_and_where() {
    let call = |name: &'static str, value: Value| changed(PRODUCTION, |m| m["vcp_payload"]["call"][name] = value);
    assert_eq!(
        refused(&call("capabilities_invoked", json!(["a", 7]))),
        "VCP_E003 $.vcp_payload.call.capabilities_invoked[1]"
    );
    assert_eq!(refused(&call("start_time", json!("soon"))), "VCP_E003 $.vcp_payload.call.start_time");
    assert_eq!(refused(&call("start_time", json!(null))), "VCP_E003 $.vcp_payload.call.start_time");
    assert_eq!(refused(&call("provider", json!(7))), "VCP_E003 $.vcp_payload.call.provider");
    let without = |name: &str| changed(PRODUCTION, |m| drop(m["vcp_payload"].as_object_mut().unwrap().remove(name)));
    assert_eq!(refused(&without("call")), "VCP_E003 $.vcp_payload.call");
    assert_eq!(refused(&without("audit")), "VCP_E003 $.vcp_payload.audit.received_at");
    assert_eq!(refused(&changed(PRODUCTION, |m| m["vcp_payload"] = json!([]))), "VCP_E003 $.vcp_payload");
    assert_eq!(refused(&changed(PRODUCTION, |m| m["audit"] = json!({}))), "VCP_E006 $.vcp_version");
    assert_eq!(refused(&changed(PRODUCTION, |m| m["vcp_version"] = json!("0.9"))), "VCP_E006 $.vcp_version");
    assert_eq!(refused("{"), "VCP_E007 $");
    assert_eq!(refused("[]"), "VCP_E006 $.vcp_version");
    let twice = PRODUCTION.replacen("\"vcp_payload\": {", "\"vcp_payload\": {\"custom\": {},", 1);
    assert_eq!(refused(&twice), "VCP_E003 $.vcp_payload.custom");
    let twice = SPEC.replacen("\"audit\": {", "\"audit\": {\"source\": \"a\", \"source\": \"a\",", 1);
    assert_eq!(refused(&twice), "VCP_E003 $.audit.source");
}

#[test]
fn a_time_that_nobody_said_is_a_parameter() {
    let options = UpgradeOptions::default().missing_time("2026-11-21T12:00:00Z".parse::<DateTime<Utc>>().unwrap());
    for text in [
        changed(PRODUCTION, |m| drop(m["vcp_payload"].as_object_mut().unwrap().remove("audit"))),
        changed(PRODUCTION, |m| drop(m["vcp_payload"]["call"].as_object_mut().unwrap().remove("start_time"))),
        changed(V04, |m| m["vcp_payload"]["audit"]["received_at"] = json!(null)),
    ] {
        let upgraded = migrate::upgrade(&text, &options).unwrap();
        assert!(upgraded.message.to_json().contains("2026-11-21T12:00:00Z"));
        let down = migrate::downgrade(&upgraded.message, Downgrade::Reversible).unwrap();
        assert!(same(&down.text, &text), "{}", down.text);
    }
}

#[test]
fn what_json_cannot_say_is_not_downgraded() {
    let mut message = up(PRODUCTION).message;
    message.vcp_payload.outcomes.user_satisfaction_score = Some(f64::INFINITY);
    for how in [Downgrade::Reversible, Downgrade::Plain] {
        let error = migrate::downgrade(&message, how).unwrap_err();
        assert_eq!(error.to_string(), "VCP_E003 at $: a float of the message is NaN or infinite");
    }
}

#[test]
fn a_message_that_needs_no_patch_comes_back_in_its_dialect() {
    let whole = r#"{"vcp_version":"0.3","vcp_payload":{
        "call":{"call_id":"c1","session_id":"s","provider":"vapi","start_time":"2026-10-14T12:00:00Z","capabilities_invoked":["a"]},
        "model_selection":{"policy_id":"p","resolved_at":"2026-10-14T12:00:00Z","roles":{}},
        "outcomes":{"perceived":[],"objective":{"status":"success","scored_criteria":[],"metrics":{}},
            "perception_gap":{"gap_score":0.1,"gap_class":"aligned"},"model_outcome_attribution":{"roles":{},"kpis":{"x":1}}},
        "hcr":{"audience":"a","headline":"h","outcome_status":"success","key_points":[],"impact_metrics":{}},
        "artifacts":{},"custom":{"provider_specific":{}}},
        "audit":{"received_at":"2026-10-14T12:00:00Z","schema_version":"0.3"}}"#;
    let production = changed(whole, |m| {
        m["call_id"] = json!("c1");
        m["vcp_payload"]["audit"] = m["audit"].take();
        m.as_object_mut().unwrap().remove("audit");
    });
    for text in [whole, &production] {
        let down = migrate::downgrade(&up(text).message, Downgrade::Reversible).unwrap();
        assert!(same(&down.text, text), "{}", down.text);
    }
}

#[test]
fn an_edit_beside_the_stash_stays() {
    let text =
        changed(PRODUCTION, |m| m["vcp_payload"]["custom"]["experimental"] = json!({"vcp_migration": 7, "other": 1}));
    let edited = up(&text).message.to_json().replace("\"other\":1", "\"other\":2");
    let message = VcpMessage::from_json(&edited).unwrap();
    let down: Value = serde_json::from_str(&migrate::downgrade(&message, Downgrade::Reversible).unwrap().text).unwrap();
    assert_eq!(down["vcp_payload"]["custom"]["experimental"], json!({"vcp_migration": 7, "other": 2}));
}

#[test]
fn consent_survives_edits_on_both_ways() {
    let mut message = up(V04).message;
    message.vcp_payload.outcomes.objective.status = OutcomeStatus::from("failed");
    let down = migrate::downgrade(&message, Downgrade::Reversible).unwrap();
    assert_eq!(down.dialect, Dialect::Spec03);
    let edited = changed(&down.text, |m| m["vcp_payload"]["outcomes"]["objective"]["status"] = json!("partial"));
    message.vcp_payload.outcomes.objective.status = OutcomeStatus::Partial;
    assert!(same(&up(&edited).message.to_json(), &message.to_json()));
}

#[test]
fn a_member_that_appears_twice_in_a_list_has_its_place() {
    let text = changed(PRODUCTION, |m| {
        m["vcp_payload"]["outcomes"]["objective"]["scored_criteria"] = json!([{"id": "a"}, {"id": "b", "di": "c"}]);
    });
    let error = migrate::upgrade(&text.replace("\"di\"", "\"id\""), &UpgradeOptions::default()).unwrap_err();
    let expected = "$.vcp_payload.outcomes.objective.scored_criteria[1].id: the member appears twice in its object";
    assert_eq!(error.to_string(), format!("VCP_E003 at {expected}"));
}

/// No upgrade takes a message with such a member, so the downgrade would be a way without a return.
#[test]
fn a_stash_from_outside_puts_no_member_there_twice() {
    let text = changed(PRODUCTION, |m| {
        m["vcp_payload"]["outcomes"]["perceived"] =
            json!([{"by": "caller", "sentiment": {"model": "m", "score": 0.75}}]);
    });
    let upgraded = up(&text).message.to_json();
    let forged = upgraded.replace("\"model\":\"m\"", "\"model\":\"m\",\"model\":\"m\"");
    assert_ne!(forged, upgraded);
    let message = VcpMessage::from_json(&forged).unwrap();
    let down = migrate::downgrade(&message, Downgrade::Reversible).unwrap();
    assert!(same(&up(&down.text).message.to_json(), &forged));
}

#[test]
fn a_stash_from_outside_takes_no_stack() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let path = format!("/vcp_payload/custom/experimental/x{}", "/0".repeat(199_000));
    let stash = format!(
        r#"{{"vcp_migration":{{"form":1,"direction":"upgrade","dialect":"0.3","restore":[{{"op":"remove","path":"{path}","was":1}}]}},"x":{deep}}}"#
    );
    let mut message = up(PRODUCTION).message;
    message.vcp_payload.custom.experimental = Some(RawObject::from_json(&stash).unwrap());
    assert!(migrate::downgrade(&message, Downgrade::Reversible).is_ok());
}

#[test]
fn many_members_take_no_square_of_time() {
    let many = |order: &mut dyn Iterator<Item = usize>| order.map(|n| format!("\"x{n}\":0,")).collect::<String>();
    let text = PRODUCTION.replacen("\"call_id\"", &format!("{}\"call_id\"", many(&mut (0..90_000).rev())), 1);
    let start = std::time::Instant::now();
    let upgraded = up(&text);
    assert!(same_text(&migrate::downgrade(&upgraded.message, Downgrade::Reversible).unwrap().text, "\"x89999\":0"));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn many_members_below_a_long_name_take_no_square_of_memory() {
    let unknown: Vec<String> = (0..1_000).map(|at| format!(r#""u{at}":0"#)).collect();
    let role = format!(r#"{{"{}":{{"chosen":"x",{}}}}}"#, "L".repeat(1 << 20), unknown.join(","));
    let selection = format!(r#"{{"policy_id":"p","resolved_at":"2026-01-01T00:00:00Z","roles":{role}}}"#);
    let old = changed(PRODUCTION, |old| old["vcp_payload"]["model_selection"] = json!("SELECTION"));
    assert_eq!(refused(&old.replace("\"SELECTION\"", &selection)), "VCP_E008 $");
    let new = changed(include_str!("../src/jsonschema/example-0.5.json"), |new| {
        new["vcp_payload"]["model_selection"] = json!("SELECTION");
    });
    let message = VcpMessage::from_json(&new.replace("\"SELECTION\"", &selection)).unwrap();
    for how in [Downgrade::Reversible, Downgrade::Plain] {
        assert_eq!(migrate::downgrade(&message, how).unwrap_err().code(), ErrorCode::Limit);
    }
}

#[test]
fn depth_takes_no_stack() {
    let bomb = |end: &str| format!("{}{end}{}", "[".repeat(500_000), "]".repeat(500_000));
    let text = PRODUCTION.replacen("\"flag\": true", &format!("\"flag\": {}", bomb("1")), 1);
    let mut message = up(&text).message;
    assert!(same_text(&migrate::downgrade(&message, Downgrade::Reversible).unwrap().text, &bomb("1")));
    // A stash from outside expects a deep value.
    let experimental = message.to_json().replace("\"was\":false", &format!("\"was\":{}", bomb("2")));
    message = VcpMessage::from_json(&experimental).unwrap();
    assert!(migrate::downgrade(&message, Downgrade::Reversible).is_ok());
}

fn same_text(text: &str, part: &str) -> bool {
    text.contains(part)
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn down_and_up_again(bytes in entropy()) {
        let text = generate::message(describe::message(), &bytes);
        let message = VcpMessage::from_json(&text).unwrap();
        let down = migrate::downgrade(&message, Downgrade::Reversible).unwrap();
        prop_assert_eq!(down.report.count(ChangeKind::Dropped), 0);
        let up = migrate::upgrade(&down.text, &UpgradeOptions::default()).map_err(|e| TestCaseError::fail(format!("{e}\n{}", down.text)))?;
        prop_assert!(same(&up.message.to_json(), &message.to_json()), "{}\n{}\n{}", down.text, up.message.to_json(), message.to_json());
    }

    #[test]
    fn up_and_down_again(bytes in entropy(), which in 0..OLDER.len()) {
        let dialect = OLDER[which];
        let text = generate::message(dialect.message(), &bytes);
        let up = migrate::upgrade(&text, &UpgradeOptions::default()).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(up.from, dialect);
        text_is_that_of_the_message(&text);
        prop_assert_eq!(up.report.count(ChangeKind::Dropped), 0);
        prop_assert_eq!(&migrate::upgrade(&text, &UpgradeOptions::default()).unwrap(), &up);
        if structure::check_as(dialect, &text, &Limits::default()).is_empty() {
            let faults = structure::check(&up.message.to_json(), &Limits::default());
            prop_assert!(faults.is_empty(), "{:?}", faults);
        }
        let down = migrate::downgrade(&up.message, Downgrade::Reversible).unwrap();
        prop_assert_eq!(down.dialect, dialect, "{}\n{}", text, up.message.to_json());
        prop_assert!(same(&down.text, &text), "{}\n{}\n{}", text, up.message.to_json(), down.text);
        let again = migrate::upgrade(&up.message.to_json(), &UpgradeOptions::default()).unwrap();
        prop_assert_eq!(again.message, up.message);
    }
}

#[test]
fn a_result_that_nobody_could_read_is_none() {
    let code = |text: &str| migrate::upgrade(text, &UpgradeOptions::default()).unwrap_err();
    let many: Vec<String> = (0..26_000).map(|number| format!("tool-{number}")).collect();
    let error = code(&changed(PRODUCTION, |m| m["vcp_payload"]["call"]["capabilities_invoked"] = json!(many)));
    assert_eq!(error.code(), vcp_schema::ErrorCode::Limit);
    assert!(error.message().starts_with("upgraded, "), "{error}");
    // The result has the opinion twice: as text, and in the stash.
    let long = "x".repeat(6_000_000);
    let error = code(&changed(PRODUCTION, |m| m["vcp_payload"]["outcomes"]["perceived"] = json!([{"by": long}])));
    assert_eq!(error.to_string(), "VCP_E008 at $: the upgraded message is longer than the limit of 16777216 bytes");
}

#[test]
fn a_time_that_no_message_can_hold_is_refused() {
    let options = UpgradeOptions::default().missing_time(DateTime::<Utc>::MAX_UTC);
    let text = changed(PRODUCTION, |m| drop(m["vcp_payload"].as_object_mut().unwrap().remove("audit")));
    let error = migrate::upgrade(&text, &options).unwrap_err();
    let expected = "VCP_E003 at $.vcp_payload.audit.received_at: `missing_time` is outside the years 0001 to 9999";
    assert_eq!(error.to_string(), expected);
}

/// The stash is a member of `experimental`, which must still be readable with it.
#[test]
fn a_stash_without_room_is_refused() {
    let with_members = |text: &str, count: usize| {
        let members = (0..count).map(|at| (format!("a{at}"), json!(1))).collect::<serde_json::Map<_, _>>();
        changed(text, |message| message["vcp_payload"]["custom"]["experimental"] = Value::Object(members))
    };
    let most = Limits::default().members;
    let new = up(PRODUCTION).message.to_json();
    for (count, has_room) in [(most - 1, true), (most, false), (most + 1, false)] {
        let message = VcpMessage::from_json(&with_members(&new, count)).unwrap();
        let path = "$.vcp_payload.custom.experimental";
        match migrate::downgrade(&message, Downgrade::Reversible) {
            Ok(old) if has_room => assert!(same(&up(&old.text).message.to_json(), &message.to_json())),
            Err(error) if !has_room => {
                assert_eq!((error.code(), &*error.path().to_string()), (ErrorCode::Limit, path));
            }
            other => panic!("{count}: {:?}", other.map(|old| old.dialect)),
        }
        let text = with_members(V04, count);
        match migrate::upgrade(&text, &UpgradeOptions::default()) {
            Ok(new) if has_room => {
                assert!(same(&migrate::downgrade(&new.message, Downgrade::Reversible).unwrap().text, &text));
            }
            Err(error) if !has_room => {
                assert_eq!((error.code(), &*error.path().to_string()), (ErrorCode::Limit, path));
            }
            other => panic!("{count}: {:?}", other.map(|new| new.from)),
        }
    }
}
