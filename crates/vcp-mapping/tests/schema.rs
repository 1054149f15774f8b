//! Tests of the published schema of rule files. It is the schema of the types, and the rule files
//! of this crate are valid by it.
#![cfg(feature = "jsonschema")]

use std::{fs, path::PathBuf};
use vcp_mapping::rules::File;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Checks the published file. Set `UPDATE_SCHEMA=1` to write it again.
#[test]
fn the_published_schema_is_up_to_date() {
    let path = root().join("../../schema/mapping-rules.schema.json");
    let mut schema = schemars::schema_for!(File);
    schema.insert("$id".to_owned(), "urn:vcp:schema:mapping-rules".into());
    schema.insert("title".to_owned(), "VCP mapping rules, version 2".into());
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "run with UPDATE_SCHEMA=1 and read the difference");
}

#[test]
fn every_rule_file_fits_the_schema() {
    let read =
        |path: PathBuf| -> serde_json::Value { serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
    let schema = jsonschema::validator_for(&read(root().join("../../schema/mapping-rules.schema.json"))).unwrap();
    let mut files = 0;
    for provider in fs::read_dir(root().join("rules")).unwrap() {
        for file in fs::read_dir(provider.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let faults: Vec<String> = schema.iter_errors(&read(path.clone())).map(|e| e.to_string()).collect();
            assert!(faults.is_empty(), "{}: {faults:?}", path.display());
            files += 1;
        }
    }
    assert_eq!(files, 15);
    assert!(
        !schema.is_valid(&serde_json::json!({"provider": "x", "name": "y", "rules": [], "odd": 1})),
        "the schema is closed"
    );
    let target = |name: &str| {
        let rule = serde_json::json!({"to": name, "from": {"value": "x"}});
        schema.is_valid(&serde_json::json!({"provider": "x", "name": "y", "rules": [rule]}))
    };
    for name in ["call.call_id", "model_selection.roles.STT.chosen", "outcomes.objective.metrics.a.b.c"] {
        assert!(target(name), "{name}");
    }
    let written = |name: &str| {
        let source = serde_json::json!({"value": "x", "when": {"written": name}});
        let rule = serde_json::json!({"to": "call.to", "from": source});
        schema.is_valid(&serde_json::json!({"provider": "x", "name": "y", "rules": [rule]}))
    };
    assert!(written("consent.granted_at"));
    assert!(!written("consent.grantedAt"));
    for name in ["call.callid", "call", "model_selection.roles.odd.chosen", "custom.integrations.", "x.call.call_id"] {
        assert!(!target(name), "{name}");
    }
}
