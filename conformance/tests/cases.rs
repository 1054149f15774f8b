//! Runs every case of the suite as one named test, and tests the rules of the suite itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use vcp_conformance::{
    case::{Case, CaseFile, Verdict},
    testee::Testee,
};
use vcp_mapping::{Registry, rules::ProviderFile};
use vcp_schema::ErrorCode;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = case_files(&root.join("cases"));
    let mut ids = Vec::new();
    let mut trials = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let cases: CaseFile = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let area = file.strip_prefix(root.join("cases")).unwrap().with_extension("");
        let prefix =
            format!("{}::", area.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("::"));
        for case in cases.cases {
            assert!(case.id.starts_with(&prefix), "{} should start with {prefix}", case.id);
            ids.push(case.id.clone());
            trials.push(Trial::test(case.id.clone(), move || run(&case)));
        }
    }
    trials.push(Trial::test("suite::ids_are_locked", {
        let root = root.to_owned();
        move || ids_are_locked(&root, &ids)
    }));
    trials.push(Trial::test("suite::files_fit_their_schema", {
        let (root, files) = (root.to_owned(), files.clone());
        move || files_fit(&root, &files)
    }));
    trials.push(Trial::test("suite::every_code_fires_and_just_does_not", {
        let files = files.clone();
        move || every_code_fires_and_just_does_not(&files)
    }));
    trials.push(Trial::test("suite::every_rule_has_a_case", {
        let root = root.to_owned();
        let files = files.clone();
        move || every_rule_has_a_case(&root, &files)
    }));
    trials.push(Trial::test("suite::every_word_has_a_case", {
        let root = root.to_owned();
        move || every_word_has_a_case(&root, &files)
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

/// Checks that the deliveries of the cases match every part of the built-in rule files.
fn every_rule_has_a_case(root: &Path, files: &[PathBuf]) -> Result<(), Failed> {
    let rules = root.join("../crates/vcp-mapping/rules");
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
        let mut samples = Vec::new();
        for file in files {
            let cases: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            samples.extend(cases["cases"].as_array().unwrap().iter().filter_map(|case| sample(&name, case)));
        }
        let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
        let lint = Registry::lint(provider, others, &samples)?;
        unmatched.extend(lint.unmatched.into_iter().map(|part| format!("{name}: {part:?}")));
    }
    if unmatched.is_empty() { Ok(()) } else { Err(unmatched.join("\n").into()) }
}

/// Returns the payload of a case, if the case maps a delivery of a provider.
fn sample(provider: &str, case: &Value) -> Option<Vec<u8>> {
    let input = &case["input"];
    let of = input["provider"].as_str()?.to_lowercase();
    let of = if of == "openai" { "openai_realtime" } else { &of };
    (case["op"] == "map" && of == provider).then(|| Some(input["input_text"].as_str()?.as_bytes().to_vec()))?
}

/// Checks that a case expects each code of the catalogue, and that each code of a business rule has
/// a case, named after the code, in which the code is only just not reported.
fn every_code_fires_and_just_does_not(files: &[PathBuf]) -> Result<(), Failed> {
    let (mut fires, mut does_not) = (BTreeSet::new(), BTreeSet::new());
    for file in files {
        let cases: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        for case in cases["cases"].as_array().unwrap() {
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
    }
    // JSON cannot hold a number that is not finite, so no case has one.
    fires.insert(ErrorCode::NotFinite.as_str().to_owned());
    let all = ErrorCode::ALL.iter().map(|code| code.as_str());
    let silent: Vec<&str> = all.clone().filter(|code| !fires.contains(*code)).collect();
    let always: Vec<&str> = all.filter(|code| code.starts_with("VCP_E1") && !does_not.contains(*code)).collect();
    assert!(silent.is_empty(), "codes that no case expects: {silent:?}");
    assert!(always.is_empty(), "codes without a case in which they are only just not reported: {always:?}");
    Ok(())
}

/// Checks that every word, beginning and part in the tables of the rule files appears in the input
/// of a case for its provider.
fn every_word_has_a_case(root: &Path, files: &[PathBuf]) -> Result<(), Failed> {
    let read = |path: &Path| -> Value { serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
    let mut inputs: BTreeMap<String, String> = BTreeMap::new();
    for file in files {
        for case in read(file)["cases"].as_array().unwrap() {
            let input = &case["input"];
            let Some(provider) = input["provider"].as_str().or_else(|| input["args"][0].as_str()) else { continue };
            let provider = if provider == "openai" { "openai_realtime" } else { provider };
            let events =
                input["events"].as_array().into_iter().flatten().filter_map(|event| event["input_text"].as_str());
            let seen = inputs.entry(provider.to_lowercase()).or_default();
            events.chain(input["input_text"].as_str()).for_each(|text| seen.push_str(text));
            seen.push_str(&input["args"].to_string());
        }
    }
    let mut missing = Vec::new();
    for provider in fs::read_dir(root.join("../crates/vcp-mapping/rules")).unwrap() {
        let file: ProviderFile = serde_json::from_value(read(&provider.unwrap().path().join("provider.json"))).unwrap();
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
    Ok(())
}

fn case_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files.extend(case_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files
}

fn run(case: &Case) -> Result<(), Failed> {
    let request = case.request(1)?;
    match case.judge(1, &Testee::new().answer(request.as_bytes())) {
        Verdict::Met => Ok(()),
        Verdict::Unsupported(what) => Err(format!("unsupported: {what}").into()),
        Verdict::Failed(why) => Err(why.into()),
    }
}

/// Checks that ids are unique and all in `ids.lock`. The list only grows: the id of a removed case
/// stays in it, after a `-`. Also checks that `DECISIONS.md` names only ids that exist.
fn ids_are_locked(root: &Path, ids: &[String]) -> Result<(), Failed> {
    let lock = fs::read_to_string(root.join("ids.lock")).unwrap();
    let locked: BTreeSet<&str> = lock.lines().filter(|line| !line.starts_with(['#', '-'])).collect();
    let retired: BTreeSet<&str> = lock.lines().filter_map(|line| line.strip_prefix('-')).collect();
    let present: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
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
    Ok(())
}

fn files_fit(root: &Path, files: &[PathBuf]) -> Result<(), Failed> {
    let read = |path: &Path| -> serde_json::Value { serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
    let schema = jsonschema::validator_for(&read(&root.join("schemas/cases.schema.json"))).unwrap();
    for file in files {
        let faults: Vec<String> =
            schema.iter_errors(&read(file)).map(|e| format!("{} at {}", e, e.instance_path())).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", file.display());
    }
    Ok(())
}
