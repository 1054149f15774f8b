//! Tests of every source of every rule in the rule files, with awkward values.
//!
//! Each value is used, or is reported at its place, or means that there is no value. Mapping never
//! panics, and never silently uses another value.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fs, path::PathBuf};
use vcp_mapping::{
    How, Mapped, Mapper, Mapping,
    rules::{Condition, Detect, Event, FieldRule, ProviderFile, RuleFile, Source, Transform},
};
use vcp_schema::{ErrorCode, VcpMessage};

const AWKWARD: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "-0.4",
    "1e300",
    "1e400",
    "-1e400",
    "1e-400",
    "1e-9223372036854775808",
    "9223372036854775807",
    "9223372036854775808",
    "253402300799999",
    "253402300800000",
    "-62135596800001",
    "1791979200",
    "1791979200000",
    "\"\"",
    "\" \"",
    "\"42\"",
    "\"-7\"",
    "\"0\"",
    "\"1e400\"",
    "\"brand new\"",
    "\"2026-02-30T00:00:00Z\"",
    "\"2026-10-14T12:00:00+23:59\"",
    "\"0001-01-01T00:00:00+10:00\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[null,1,\"x\",{}]",
    "[1,2,-3]",
    "{\"a\":{\"b\":[]}}",
];

struct Files {
    provider: ProviderFile,
    rules: Vec<RuleFile>,
}

fn files() -> Vec<Files> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut found = Vec::new();
    for folder in fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        let provider = serde_json::from_str(&fs::read_to_string(folder.join("provider.json")).unwrap()).unwrap();
        let paths = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let others = paths.filter(|path| path.file_name().is_some_and(|name| name != "provider.json"));
        let rules = others.map(|path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()).collect();
        found.push(Files { provider, rules });
    }
    found
}

/// Sets a member by its dotted path. Returns `false` if a value on the path is not an object.
fn set(payload: &mut Value, dotted: &str, value: Value) -> bool {
    let names: Vec<&str> = dotted.split('.').filter(|name| !name.is_empty()).collect();
    let mut here = payload;
    for (at, name) in names.iter().enumerate() {
        let Some(members) = here.as_object_mut() else { return false };
        if at + 1 == names.len() {
            members.insert((*name).to_owned(), value);
            return true;
        }
        here = members.entry((*name).to_owned()).or_insert_with(|| json!({}));
    }
    false
}

fn absolute(at: &str, path: &str) -> String {
    path.strip_prefix("$.").map_or_else(|| format!("{at}.{path}").trim_matches('.').to_owned(), str::to_owned)
}

/// Returns a delivery that has only the members by which its event is recognised, and the path of
/// the call. Returns `None` if such a delivery cannot be made.
fn bare(detect: &Detect, event: &Event, name: &str) -> Option<(Value, String)> {
    let mut payload = Value::Object(Map::new());
    let at = event.at.clone().unwrap_or_else(|| detect.at.clone());
    if !at.is_empty() {
        set(&mut payload, &at, json!({}));
    }
    for member in detect.has.iter().chain(detect.has_any.first()).chain(&detect.filled) {
        set(&mut payload, member, json!("x"));
    }
    match &detect.event_from {
        Some(from) => drop(set(&mut payload, from, json!(name.strip_prefix(detect.event.as_str())?))),
        None if detect.event != name => return None,
        None => {}
    }
    Some((payload, at))
}

/// Changes a payload so that it meets the conditions of a rule or a source. Also gives a value to
/// the fields that must be written before.
fn meet(payload: &mut Value, at: &str, conditions: &[Condition], all: &[FieldRule]) {
    for condition in conditions {
        if let Some(first) = condition.any_of.first() {
            meet(payload, at, std::slice::from_ref(first), all);
        }
        for field in &condition.written {
            let before = all.iter().find(|before| before.to == *field).unwrap();
            let path = before.from[0].path.as_ref().unwrap();
            set(payload, &absolute(at, path), json!("2026-10-14T12:00:00Z"));
        }
        let Some(path) = &condition.path else { continue };
        if condition.filled == Some(false) {
            set(payload, &absolute(at, path), Value::Null);
            continue;
        }
        let value = match (&condition.contains, condition.is.first()) {
            (_, Some(word)) => json!(word),
            (Some(part), None) => json!(format!("x {} y", part.trim_matches('"'))),
            (None, None) => json!("x"),
        };
        set(payload, &absolute(at, path), value);
    }
}

/// Returns whether a condition names other events.
fn is_for_another(conditions: &[Condition], event: &str) -> bool {
    conditions.iter().any(|condition| !condition.event.is_empty() && !condition.event.iter().any(|e| e == event))
}

/// Returns the sources of a rule, including the sources of named lists.
fn sources(rule: &FieldRule, file: &RuleFile) -> Vec<Source> {
    let mut found = Vec::new();
    for source in &rule.from {
        match &source.list {
            None => found.push(source.clone()),
            Some(name) => found.extend(file.lists[name].iter().map(|listed| {
                let mut listed = listed.clone();
                listed.transform = source.transform.or(listed.transform);
                listed.when.extend(source.when.iter().cloned());
                listed
            })),
        }
    }
    found
}

/// Returns whether a value means that there is no value, so that it need not be reported.
fn stands_for_none(source: &Source, value: &str, file: &ProviderFile) -> bool {
    let is_empty = matches!(value, "null" | "\"\"" | "\" \"" | "[]");
    let table = source.table.as_ref().and_then(|name| file.tables.get(name));
    let is_in_list = source.path.as_ref().is_some_and(|path| path.contains('['));
    match source.transform() {
        // A word that is not in an incomplete table is not reported.
        Transform::Word => is_empty || table.is_some_and(|table| !table.complete),
        _ if is_in_list => is_empty || value.starts_with('['),
        Transform::Earliest | Transform::Latest => is_empty || value.starts_with('['),
        Transform::Present => {
            is_empty || value == "{}" || source.except.iter().any(|text| text == value.trim_matches('"'))
        }
        Transform::Function => is_empty || value.starts_with('{'),
        // The places beside `data` are written only if they are filled.
        Transform::Json => is_empty || (value == "{}" && !source.when.is_empty()),
        _ => is_empty,
    }
}

fn check(
    mapped: &Mapped,
    rule: &FieldRule,
    pointer: &str,
    value: &str,
    source: &Source,
    file: &ProviderFile,
    what: &str,
) {
    let report = &mapped.report;
    let read = VcpMessage::from_json(&mapped.message.to_json());
    assert_eq!(read.as_ref(), Ok(&mapped.message), "{what}");
    assert!(mapped.message.is_plain(), "{what}");
    let is_written = report.written.iter().any(|written| written.source.as_deref() == Some(pointer));
    let is_told = report.problems.iter().any(|problem| &*problem.source == pointer)
        || report.unknown_words.iter().any(|unknown| &*unknown.source == pointer)
        || report
            .unread
            .iter()
            .any(|unread| unread.pointer == pointer || pointer.starts_with(&format!("{}/", unread.pointer)))
        || report.superseded.iter().any(|superseded| **superseded == *pointer);
    // The member by which the event is recognised may have been used first.
    let has_another = report
        .explain(&format!("$.vcp_payload.{}", rule.to))
        .is_some_and(|written| written.source.as_deref().is_some_and(|other| other != pointer));
    assert!(
        is_written || is_told || has_another || stands_for_none(source, value, file),
        "{what}: neither used nor reported: {report:?}"
    );
    if value == "null" {
        assert!(!is_written, "{what}: null is not a value");
    }
    for written in &report.written {
        assert!(
            written.how != How::Read || written.source.is_some() || written.transform.is_some(),
            "{what}: {written:?}"
        );
    }
}

#[test]
fn every_source_of_every_rule_can_be_anything() {
    let mapper = Mapper::new();
    let received_at = "2026-11-21T12:00:00Z".parse().unwrap();
    let mut tried = BTreeSet::new();
    let mut all = BTreeSet::new();
    for Files { provider: file, rules } in files() {
        for (name, event) in file.events.iter().filter(|(_, event)| !event.assembled) {
            let Some(rule_file) = rules.iter().find(|rules| Some(&rules.name) == event.rules.as_ref()) else {
                continue;
            };
            for (index, rule) in rule_file.rules.iter().enumerate() {
                for source in sources(rule, rule_file).iter().filter(|source| source.path.is_some()) {
                    let source_path = source.path.clone().unwrap();
                    let is_for_another = is_for_another(&rule.when, name) || is_for_another(&source.when, name);
                    let id = format!("{}/{}[{index}] {source_path}", file.provider, rule_file.name);
                    all.insert(id.clone());
                    for detect in file.detect.iter().filter(|_| !is_for_another) {
                        let Some((mut base, at)) = bare(detect, event, name) else { continue };
                        meet(&mut base, &at, &rule.when, &rule_file.rules);
                        meet(&mut base, &at, &source.when, &rule_file.rules);
                        let path = absolute(&at, source_path.split('[').next().unwrap());
                        // Members that the event or a condition needs are not replaced.
                        let mut probe = base.clone();
                        if !set(&mut probe, &path, json!("probe")) {
                            continue;
                        }
                        let pointer = format!("/{}", path.replace('.', "/"));
                        for value in AWKWARD {
                            let what = format!("{} {name} {id} = {value}", file.provider);
                            let text = probe.to_string().replace("\"probe\"", value);
                            match mapper.map(&file.provider, text.as_bytes(), received_at) {
                                Ok(Mapping::Call(mapped)) if mapped.event == *name => {
                                    tried.insert(id.clone());
                                    check(&mapped, rule, &pointer, value, source, &file, &what);
                                }
                                Ok(_) => {}
                                Err(error) => {
                                    let known = matches!(error.code(), ErrorCode::Mapping | ErrorCode::Missing);
                                    assert!(known, "{what}: {error}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    let missed: Vec<_> = all.difference(&tried).collect();
    assert!(missed.is_empty(), "sources that were never read: {missed:?}");
}

#[test]
fn a_test_of_this_test() {
    let file: ProviderFile = files().into_iter().find(|files| files.provider.provider == "retell").unwrap().provider;
    let (payload, at) = bare(&file.detect[0], &file.events["call_ended"], "call_ended").unwrap();
    assert_eq!((payload, at.as_str()), (json!({"event": "call_ended", "call": {}}), "call"));
    let missing = std::panic::catch_unwind(|| {
        let mapper = Mapper::new();
        let text = r#"{"event":"call_ended","call":{"call_id":"c1"}}"#;
        let Ok(Mapping::Call(mapped)) = mapper.map("retell", text.as_bytes(), "2026-11-21T12:00:00Z".parse().unwrap())
        else {
            panic!("no call")
        };
        let source: Source = serde_json::from_value(json!({"path": "duration_ms", "as": "from_millis"})).unwrap();
        let rule: FieldRule = serde_json::from_value(json!({"to": "call.duration_sec", "from": [source]})).unwrap();
        check(&mapped, &rule, "/call/duration_ms", "7", &rule.from[0], &file, "a value that was not read");
    });
    assert!(missing.is_err());
}

/// A record that is wrapped has the same secrets as one that is not.
#[test]
fn a_secret_is_masked_wherever_a_record_can_be() {
    for Files { provider: file, .. } in files() {
        let places: BTreeSet<&str> = file.detect.iter().map(|detect| &*detect.at).collect();
        for secret in file.secrets.iter().filter_map(|secret| secret.strip_prefix("$.")) {
            let inside = |place: &&&str| secret.strip_prefix(**place).and_then(|rest| rest.strip_prefix('.'));
            let in_record = places.iter().filter(|place| !place.is_empty()).find_map(|place| inside(&place));
            for place in &places {
                let wanted = format!("$.{}", absolute(place, in_record.unwrap_or(secret)));
                assert!(file.secrets.contains(&wanted), "{}: `{wanted}` is not masked", file.provider);
            }
        }
    }
}
