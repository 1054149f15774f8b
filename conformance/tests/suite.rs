//! Tests the rules of the suite itself: what cases must be like, and what they must cover.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};
use vcp_conformance::{case, recipe::Bases, testee::Testee};
use vcp_mapping::{Registry, rules::ProviderFile};
use vcp_schema::ErrorCode;

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns the case files with their paths.
fn files() -> Vec<(PathBuf, Value)> {
    let files = case::read_all(&root().join("cases")).unwrap();
    files.into_iter().map(|(path, _)| (path.clone(), json(&path))).collect()
}

/// All cases, with their recipes followed.
static CASES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let bases = Bases::read(&root().join("bases")).unwrap();
    let mut all: Vec<Value> = files().iter().flat_map(|(_, file)| file["cases"].as_array().unwrap().clone()).collect();
    for case in &mut all {
        case["input"] = serde_json::from_str(&bases.input(&case["input"].to_string()).unwrap()).unwrap();
    }
    all
});

fn schema() -> Validator {
    jsonschema::validator_for(&json(&root().join("schemas/cases.schema.json"))).unwrap()
}

#[test]
fn files_fit_their_schema_and_ids_fit_their_path() {
    let schema = schema();
    for (path, file) in files() {
        let faults: Vec<String> =
            schema.iter_errors(&file).map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
        let area = path.strip_prefix(root().join("cases")).unwrap().with_extension("");
        let steps: Vec<_> = area.components().map(|step| step.as_os_str().to_string_lossy()).collect();
        let prefix = format!("{}::", steps.join("::"));
        for case in file["cases"].as_array().unwrap() {
            assert!(case["id"].as_str().unwrap().starts_with(&prefix), "{} should start with {prefix}", case["id"]);
        }
    }
}

#[test]
fn the_schema_names_all_codes_and_base_messages() {
    let schema = json(&root().join("schemas/cases.schema.json"));
    let names = |list: &Value| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let codes: BTreeSet<String> = ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(names(&schema["$defs"]["code"]["enum"]), codes);
    let bases = fs::read_dir(root().join("bases")).unwrap();
    let bases: BTreeSet<String> =
        bases.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names(&schema["$defs"]["recipe"]["oneOf"][1]["properties"]["base"]["enum"]), bases);
}

#[test]
fn mistakes_in_cases_are_refused() {
    let schema = schema();
    let find = |id: &str| CASES.iter().find(|case| case["id"] == id).unwrap().clone();
    let parse = find("parse::malformed::empty");
    let validate = find("validate::canonical::e106_gap");
    let map = find("map::vapi::report");
    let verify = find("verify::bland::good");
    let with = |case: &Value, pointer: &str, value: Value| {
        let mut case = case.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        case.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
        case
    };
    let without = |case: &Value, pointer: &str| {
        let mut case = case.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        case.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        case
    };
    let fits = |case: &Value| schema.is_valid(&json!({"about": "the mistakes of this test", "cases": [case]}));
    for good in [&parse, &validate, &map, &verify] {
        assert!(fits(good), "{good}");
    }
    for (mistake, case) in [
        ("a misspelt member of a case", with(&parse, "/feature", json!(["phone"]))),
        ("a misspelt member of the input", with(&map, "/input/recieved_at", json!("2026-11-21T12:00:00Z"))),
        ("a misspelt member of the expectation", with(&map, "/expect/value/messages", json!({}))),
        ("an empty input", with(&parse, "/input", json!({}))),
        ("two inputs", with(&parse, "/input/input_base64", json!(""))),
        ("no base64", with(&without(&parse, "/input/input_text"), "/input/input_base64", json!("a"))),
        ("an unknown code", with(&parse, "/expect/error/code", json!("VCP_E099"))),
        ("findings for `parse`", with(&parse, "/expect", json!({"valid": true, "findings": []}))),
        ("an error for `validate`", with(&validate, "/expect", json!({"error": {"code": "VCP_E106"}}))),
        ("findings without `valid`", without(&validate, "/expect/valid")),
        (
            "a finding without a place",
            with(&validate, "/expect/findings", json!([{"code": "VCP_E106", "severity": "error"}])),
        ),
        ("a value and an error", with(&map, "/expect/error", json!({"code": "VCP_E005"}))),
        ("nothing expected", with(&map, "/expect", json!({}))),
        ("nothing expected of the message", with(&map, "/expect/value/fields", json!({}))),
        ("a list of the report among the values", with(&map, "/expect/value/unread", json!([]))),
        ("an unknown operation", with(&parse, "/op", json!("read"))),
        ("an unknown profile", with(&validate, "/input/profile", json!("strict"))),
        ("an unknown option", with(&map, "/input/options", json!({"keep_secret": true}))),
        ("no time of receipt", without(&map, "/input/received_at")),
        ("a time that is none", with(&map, "/input/received_at", json!("yesterday"))),
        (
            "a place of a signature error",
            with(&verify, "/expect", json!({"error": {"code": "VCP_E204", "field_path": "$"}})),
        ),
        ("a provider and a scheme", with(&verify, "/input/scheme", json!("bland"))),
        ("an unknown setting of a scheme", with(&verify, "/input/config", json!({"tolerance": 5}))),
        ("no basis", with(&parse, "/basis", json!([]))),
        ("a basis of no kind", with(&parse, "/basis", json!(["decisions 1.1"]))),
        ("an unknown level", with(&parse, "/level", json!("should"))),
        ("an id without a topic", with(&parse, "/id", json!("parse::empty"))),
        ("no title", with(&parse, "/title", json!(""))),
        ("an unknown base", with(&parse, "/input/input_text", json!({"base": "none"}))),
        (
            "a change of no kind",
            with(&parse, "/input/input_text", json!({"base": "minimal", "patch": [{"op": "move"}]})),
        ),
    ] {
        assert!(!fits(&case), "{mistake} is not refused: {case}");
    }
}

#[test]
fn every_basis_can_be_found() {
    let text = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let decisions = text("DECISIONS.md");
    let decisions: BTreeSet<String> = decisions
        .lines()
        .filter_map(|line| line.strip_prefix("## ")?.split(' ').next())
        .map(|number| format!("decision {number}"))
        .collect();
    let sources = text("SOURCES.md");
    let sources: BTreeSet<String> = sources
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.rsplit_once("` | "))
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut used = BTreeSet::new();
    for case in CASES.iter() {
        for basis in case["basis"].as_array().unwrap() {
            let basis = basis.as_str().unwrap();
            assert!(decisions.contains(basis) || sources.contains(basis), "{}: no `{basis}`", case["id"]);
            used.insert(basis.to_owned());
        }
    }
    let unused: Vec<_> = sources.difference(&used).collect();
    assert!(unused.is_empty(), "sources that no case rests on: {unused:?}");
}

#[test]
fn no_two_cases_are_the_same() {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for case in CASES.iter() {
        let content = json!([case["op"], case["input"], case["expect"]]).to_string();
        let id = case["id"].as_str().unwrap().to_owned();
        if let Some(other) = known.insert(content, id.clone()) {
            panic!("{id} is the same as {other}");
        }
    }
}

#[test]
fn titles_tell_cases_apart() {
    let words = |text: &str| -> BTreeSet<String> {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    for (path, file) in files() {
        let mut known = BTreeSet::new();
        for case in file["cases"].as_array().unwrap() {
            let (id, title) = (case["id"].as_str().unwrap(), case["title"].as_str().unwrap());
            assert!(known.insert(title.to_owned()), "{}: two cases have the title `{title}`", path.display());
            let name = words(id.rsplit("::").next().unwrap());
            assert!(!words(title).is_subset(&name), "{id}: the title `{title}` only repeats the id");
        }
    }
}

/// Checks that ids are unique and all in `ids.lock`. The list only grows: the id of a removed case
/// stays in it, after a `-`. Also checks that `DECISIONS.md` names only ids that exist.
#[test]
fn ids_are_locked() {
    let root = root();
    let ids: Vec<&str> = CASES.iter().map(|case| case["id"].as_str().unwrap()).collect();
    let lock = fs::read_to_string(root.join("ids.lock")).unwrap();
    let locked: BTreeSet<&str> = lock.lines().filter(|line| !line.starts_with(['#', '-'])).collect();
    let retired: BTreeSet<&str> = lock.lines().filter_map(|line| line.strip_prefix('-')).collect();
    let present: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(present.len(), ids.len(), "an id appears twice");
    let unlocked: Vec<_> = present.difference(&locked).collect();
    let gone: Vec<_> = locked.difference(&present).collect();
    let reused: Vec<_> = present.intersection(&retired).collect();
    assert!(unlocked.is_empty(), "add to ids.lock: {unlocked:?}");
    assert!(
        gone.is_empty(),
        "in ids.lock and nowhere else (an id never changes; put `-` before one that is retired): {gone:?}"
    );
    assert!(reused.is_empty(), "retired ids are not used again: {reused:?}");
    let decisions = fs::read_to_string(root.join("DECISIONS.md")).unwrap();
    for id in decisions.split('`').filter(|word| word.contains("::")) {
        let known = present.contains(id)
            || id.strip_suffix("::*").is_some_and(|start| present.iter().any(|p| p.starts_with(start)));
        assert!(known, "DECISIONS.md names `{id}`, which is not a case");
    }
}

/// Checks that the deliveries of the cases match every part of the built-in rule files.
#[test]
fn every_rule_has_a_case() {
    let rules = root().join("../crates/vcp-mapping/rules");
    let mut unmatched = Vec::new();
    for folder in fs::read_dir(rules).unwrap() {
        let folder = folder.unwrap().path();
        let (provider, others): (Vec<_>, Vec<_>) = fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .partition(|path| path.ends_with("provider.json"));
        let texts: Vec<String> = provider.iter().chain(&others).map(|path| fs::read_to_string(path).unwrap()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (provider, others) = texts.split_first().unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let samples: Vec<_> = CASES.iter().flat_map(|case| samples(&name, case)).collect();
        let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
        let lint = Registry::lint(provider, others, &samples).unwrap();
        unmatched.extend(lint.unmatched.into_iter().map(|part| format!("{name}: {part:?}")));
    }
    assert!(unmatched.is_empty(), "{}", unmatched.join("\n"));
}

/// Returns the payloads of a provider that a case maps, or merges.
fn samples(provider: &str, case: &Value) -> Vec<Vec<u8>> {
    let input = &case["input"];
    let of = input["provider"].as_str().unwrap_or_default().to_lowercase();
    let of = if of == "openai" { "openai_realtime" } else { &of };
    let mapped = input["input_text"].as_str().filter(|_| case["op"] == "map" && of == provider);
    let messages = input["messages"].as_array().into_iter().flatten().filter(|_| case["op"] == "merge");
    let kept = messages.filter_map(|message| {
        let message: Value = serde_json::from_str(message.as_str()?).ok()?;
        let data = message.pointer(&format!("/vcp_payload/custom/provider_specific/{provider}/data"))?;
        Some(data.to_string().into_bytes())
    });
    mapped.map(|text| text.as_bytes().to_vec()).into_iter().chain(kept).collect()
}

/// Checks that a case expects each code of the catalogue, and that each code of a business rule has
/// a case, named after the code, in which the code is only just not reported.
#[test]
fn every_code_fires_and_just_does_not() {
    let (mut fires, mut does_not) = (BTreeSet::new(), BTreeSet::new());
    for case in CASES.iter() {
        let findings = case["expect"]["findings"].as_array().into_iter().flatten();
        let codes: BTreeSet<&str> =
            findings.chain(case["expect"].get("error")).filter_map(|fault| fault["code"].as_str()).collect();
        let name = case["id"].as_str().unwrap().rsplit("::").next().unwrap();
        let about = name.split('_').next().unwrap().replace('e', "VCP_E");
        if !codes.contains(about.as_str()) {
            does_not.insert(about);
        }
        fires.extend(codes.into_iter().map(str::to_owned));
        if case["expect"]["value"]["outcome"] == "nothing_to_verify" {
            // The protocol answers this code with an outcome, not with an error.
            fires.insert(ErrorCode::AuthNothing.as_str().to_owned());
        }
    }
    // JSON cannot hold a number that is not finite, so no case has one.
    fires.insert(ErrorCode::NotFinite.as_str().to_owned());
    let all = ErrorCode::ALL.iter().map(|code| code.as_str());
    let silent: Vec<&str> = all.clone().filter(|code| !fires.contains(*code)).collect();
    let always: Vec<&str> = all.filter(|code| code.starts_with("VCP_E1") && !does_not.contains(*code)).collect();
    assert!(silent.is_empty(), "codes that no case expects: {silent:?}");
    assert!(always.is_empty(), "codes without a case in which they are only just not reported: {always:?}");
}

/// Checks that every word, beginning and part in the tables of the rule files appears in the input
/// of a case for its provider.
#[test]
fn every_word_has_a_case() {
    let mut inputs: BTreeMap<String, String> = BTreeMap::new();
    for case in CASES.iter() {
        let input = &case["input"];
        let Some(provider) = input["provider"].as_str().or_else(|| input["args"][0].as_str()) else { continue };
        let provider = if provider == "openai" { "openai_realtime" } else { provider };
        let events = input["events"].as_array().into_iter().flatten().filter_map(|event| event["input_text"].as_str());
        let seen = inputs.entry(provider.to_lowercase()).or_default();
        events.chain(input["input_text"].as_str()).for_each(|text| seen.push_str(text));
        seen.push_str(&input["args"].to_string());
    }
    let mut missing = Vec::new();
    for provider in fs::read_dir(root().join("../crates/vcp-mapping/rules")).unwrap() {
        let file: ProviderFile = serde_json::from_value(json(&provider.unwrap().path().join("provider.json"))).unwrap();
        let seen = inputs.get(&file.provider).cloned().unwrap_or_default();
        let lower = seen.to_lowercase();
        for (name, table) in &file.tables {
            let is_there = |word: &str| match word {
                "true" | "false" => seen.contains(&format!(":{word}")),
                word => seen.contains(&format!("\"{word}\"")),
            };
            let words = table.words.keys().filter(|word| !is_there(word));
            let parts = table.begins.iter().chain(&table.contains).map(|(part, _)| part);
            let parts = parts.filter(|part| !part.split('*').all(|part| lower.contains(&part.to_lowercase())));
            missing.extend(words.chain(parts).map(|word| format!("{}/{name}: {word}", file.provider)));
        }
    }
    assert!(missing.is_empty(), "words without a case: {missing:?}");
}

#[test]
fn requests_and_answers_fit_the_schema_of_the_protocol() {
    let whole = json(&root().join("schemas/protocol.schema.json"));
    let part = |kind: &str, op: &str| {
        let mut schema = whole.clone();
        schema.as_object_mut().unwrap().remove("anyOf");
        schema["$ref"] = json!(format!("#/$defs/{kind}/{op}"));
        jsonschema::validator_for(&schema).unwrap()
    };
    let ops = whole["$defs"]["requests"].as_object().unwrap().keys();
    let schemas: BTreeMap<&str, [Validator; 2]> =
        ops.map(|op| (op.as_str(), [part("requests", op), part("answers", op)])).collect();
    let testee = Testee::new();
    for case in CASES.iter() {
        let op = case["op"].as_str().unwrap();
        let mut request = case["input"].clone();
        (request["seq"], request["op"]) = (json!(1), json!(op));
        let answer: Value = serde_json::from_str(&testee.answer(request.to_string().as_bytes())).unwrap();
        let [of_request, of_answer] = &schemas[op];
        assert!(of_request.is_valid(&request), "{}: {request}", case["id"]);
        assert!(of_answer.is_valid(&answer), "{}: {answer}", case["id"]);
    }
    for wrong in [json!({"seq": 1}), json!({"seq": 1, "ok": {}, "error": {"code": "VCP_E001"}}), json!({"ok": {}})] {
        assert!(!schemas["parse"][1].is_valid(&wrong), "{wrong}");
    }
}
