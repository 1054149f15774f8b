//! A test of the guide for authors of rule files. Every example in it but the first is in a rule
//! file of this crate.

use serde_json::Value;
use std::{fs, path::PathBuf};

/// Returns whether a value is in a document, at any depth.
fn holds(document: &Value, wanted: &Value) -> bool {
    document == wanted
        || match document {
            Value::Array(list) => list.iter().any(|value| holds(value, wanted)),
            Value::Object(members) => members.values().any(|value| holds(value, wanted)),
            _ => false,
        }
}

#[test]
fn the_examples_are_from_rule_files() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for provider in fs::read_dir(root.join("rules")).unwrap() {
        for file in fs::read_dir(provider.unwrap().path()).unwrap() {
            files.push(serde_json::from_str::<Value>(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap());
        }
    }
    let guide = fs::read_to_string(root.join("src/guide.md")).unwrap();
    let examples: Vec<&str> =
        guide.split("```json\n").skip(1).filter_map(|rest| rest.split_once("\n```")).map(|(json, _)| json).collect();
    // The first example is the file of an invented provider.
    for example in examples.iter().skip(1) {
        let wanted: Value = serde_json::from_str(example).unwrap();
        assert!(files.iter().any(|file| holds(file, &wanted)), "{example}");
    }
    assert!(examples.len() > 10, "{}", examples.len());
}
