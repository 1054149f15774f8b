//! A test of the guide for authors of rule files. Every example in it is in a rule file of this
//! crate, or is a file of the invented provider `parrot`, which is registered here.
#![allow(clippy::unwrap_used, reason = "a test program")]

use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf};
use vcp_mapping::{Mapper, Mapping, Registry};

/// Returns whether a value has all that an example has. The example can leave out members of
/// objects and elements of lists.
fn has(value: &Value, example: &Value) -> bool {
    match (value, example) {
        (Value::Object(value), Value::Object(example)) => {
            example.iter().all(|(name, example)| value.get(name).is_some_and(|value| has(value, example)))
        }
        (Value::Array(value), Value::Array(example)) => {
            example.iter().all(|example| value.iter().any(|value| has(value, example)))
        }
        _ => value == example,
    }
}

/// Returns whether an example is in a document, at any depth.
fn holds(document: &Value, example: &Value) -> bool {
    has(document, example)
        || match document {
            Value::Array(list) => list.iter().any(|value| holds(value, example)),
            Value::Object(members) => members.values().any(|value| holds(value, example)),
            _ => false,
        }
}

/// Adds the names of all members of a value, at any depth.
fn add_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            names.extend(members.keys().cloned());
            members.values().for_each(|value| add_names(value, names));
        }
        Value::Array(list) => list.iter().for_each(|value| add_names(value, names)),
        _ => {}
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the examples of the guide: the files of the invented provider, and the others.
fn examples() -> (Vec<String>, Vec<String>) {
    let guide = fs::read_to_string(root().join("src/guide.md")).unwrap();
    let examples =
        guide.split("```json\n").skip(1).filter_map(|rest| rest.split_once("\n```")).map(|(json, _)| json.to_owned());
    examples.partition(|example| example.contains("\"parrot\""))
}

#[test]
fn the_examples_are_from_rule_files() {
    let mut files = Vec::new();
    for provider in fs::read_dir(root().join("rules")).unwrap() {
        for file in fs::read_dir(provider.unwrap().path()).unwrap() {
            files.push(serde_json::from_str::<Value>(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap());
        }
    }
    let (_, examples) = examples();
    for example in &examples {
        let wanted: Value = serde_json::from_str(example).unwrap();
        assert!(files.iter().any(|file| holds(file, &wanted)), "{example}");
    }
    assert!(examples.len() > 20, "{}", examples.len());
}

#[test]
fn every_key_has_an_example() {
    let schema = fs::read_to_string(root().join("../../schema/mapping-rules.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let definitions = schema["$defs"].as_object().unwrap().values();
    let keys: BTreeSet<&String> = definitions
        .filter_map(|definition| definition["properties"].as_object())
        .flat_map(|keys| keys.keys())
        .collect();
    assert!(keys.len() > 90, "{}", keys.len());
    let (files, examples) = examples();
    let mut shown = BTreeSet::new();
    for example in files.iter().chain(&examples) {
        add_names(&serde_json::from_str(example).unwrap(), &mut shown);
    }
    let missing: Vec<&&String> = keys.iter().filter(|key| !shown.contains(**key)).collect();
    assert!(missing.is_empty(), "the guide has no example of {missing:?}");
}

#[test]
fn the_invented_provider_works() {
    let (files, _) = examples();
    let [provider, rules] = files.as_slice() else { panic!("{files:?}") };
    let mut registry = Registry::empty();
    registry.register_json(provider, &[rules]).unwrap();
    let mapper = Mapper::with_registry(registry);
    let map = |body: &str| mapper.map("parrot", body.as_bytes(), "2026-11-21T12:00:00Z".parse().unwrap());

    let Mapping::Call(mapped) = map(r#"{
        "event": "call.finished", "id": "p1", "began": "2026-11-21T11:00:00Z", "reason": "completed",
        "legs": [{"kind": "sip"}, {"kind": "phone", "number": "+15550100"}],
        "redacted": true, "summary": "Ann booked.", "summary_redacted": "[NAME] booked.",
        "turns": [
            {"by": {"kind": "bot"}, "said": "Be polite.", "channel": "prompt", "at": 0},
            {"by": {"kind": "bot"}, "said": "Hello.", "at": 50},
            {"by": {"kind": "caller"}, "said": "Hi.", "at": 350}
        ]
    }"#)
    .unwrap() else {
        panic!("not a call")
    };
    let payload = &mapped.message.vcp_payload;
    assert_eq!(payload.call.from.as_deref(), Some("+15550100"));
    assert_eq!(payload.hcr.summary.as_deref(), Some("[NAME] booked."));
    assert_eq!(payload.outcomes.objective.status.as_str(), "success");
    assert_eq!(mapped.message.transcript().as_deref(), Some("Agent: Hello.\nUser: Hi."));

    let error = map(r#"{"event": "call.finished", "began": "2026-11-21T11:00:00Z"}"#).unwrap_err();
    assert_eq!(error.code().as_str(), "VCP_E005");
}
