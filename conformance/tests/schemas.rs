//! Tests that the published JSON Schemas, in validators of three languages, and the structural
//! check of the SDK give the same verdict on the presence of members and on JSON types.
//!
//! Faults that only the SDK finds are left out: unknown words, texts of timestamps, ranges,
//! duplicates and limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

use serde_json::{Value, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};
use vcp_conformance::{case, recipe::Bases};
use vcp_mapping::{Mapper, Mapping};
use vcp_schema::{Dialect, ErrorCode, Limits, structure};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn schema_file(dialect: Dialect) -> PathBuf {
    root().join(format!("schema/vcp-{dialect}.schema.json"))
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// A text with the verdict of the structural check.
struct Fixture {
    dialect: Dialect,
    text: String,
    fits: bool,
}

/// Returns the fixture of a text. `None` if only the SDK can judge the text, or if not every
/// language can read it.
fn fixture(dialect: Dialect, text: String) -> Option<Fixture> {
    let faults = structure::check_as(dialect, &text, &Limits::default());
    let shape = |code| matches!(code, ErrorCode::Type | ErrorCode::Missing | ErrorCode::Version);
    let comparable = faults.iter().all(|fault| shape(fault.code)) && serde_json::from_str::<Value>(&text).is_ok();
    comparable.then(|| Fixture { dialect, text, fits: !faults.iter().any(|fault| fault.fatal) })
}

/// Returns all copies of a value in which one member or element, at any depth, is removed or
/// replaced by a value of another type.
fn changed(value: &Value) -> Vec<Value> {
    let replacements =
        [json!(null), json!(true), json!(7), json!("x"), json!([]), json!([7]), json!({}), json!({"x": 7})];
    let mut all = replacements.to_vec();
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                let with = |inner: Value| {
                    let mut copy = members.clone();
                    copy.insert(name.clone(), inner);
                    Value::Object(copy)
                };
                all.extend(changed(inner).into_iter().map(with));
                let mut copy = members.clone();
                copy.remove(name);
                all.push(Value::Object(copy));
            }
        }
        Value::Array(list) => {
            for (at, inner) in list.iter().enumerate() {
                all.extend(changed(inner).into_iter().map(|inner| {
                    let mut copy = list.clone();
                    copy[at] = inner;
                    Value::Array(copy)
                }));
            }
        }
        _ => {}
    }
    all
}

fn fixtures() -> Vec<Fixture> {
    let mut texts = Vec::new();
    for dialect in Dialect::ALL {
        let example = read_json(&schema_file(*dialect))["examples"][0].clone();
        texts.push((*dialect, example.to_string()));
        texts.extend(changed(&example).into_iter().map(|value| (*dialect, value.to_string())));
    }
    let bases = Bases::read(&root().join("conformance/bases")).unwrap();
    for (_, file) in case::read_all(&root().join("conformance/cases")).unwrap() {
        for case in file.cases.iter().filter(|case| case.op != "map") {
            let input: Value = serde_json::from_str(&bases.input(case.input.get()).unwrap()).unwrap();
            texts.extend(input["input_text"].as_str().map(|text| (Dialect::V05, text.to_owned())));
        }
    }
    let (mapper, received_at) = (Mapper::new(), "2026-11-21T12:00:00Z".parse().unwrap());
    for file in files(&root().join("examples/deliveries")) {
        let provider = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
        if let Ok(Mapping::Call(call)) = mapper.map(provider, &fs::read(&file).unwrap(), received_at) {
            texts.push((Dialect::V05, call.message.to_json()));
        }
    }
    texts.into_iter().filter_map(|(dialect, text)| fixture(dialect, text)).collect()
}

fn compare(validator: &str, fixtures: &[Fixture], verdicts: &[bool]) {
    assert_eq!(verdicts.len(), fixtures.len(), "{validator} answered {} times", verdicts.len());
    let differ: Vec<String> = fixtures
        .iter()
        .zip(verdicts)
        .filter(|(fixture, verdict)| fixture.fits != **verdict)
        .map(|(fixture, verdict)| format!("{validator} says {verdict} of {} {}", fixture.dialect, fixture.text))
        .collect();
    assert!(differ.is_empty(), "{} differ, the first: {}", differ.len(), differ[0]);
}

/// Runs a script over the fixtures and returns its verdicts.
///
/// If its language or validator is not installed, writes a line to standard error and returns
/// `None`. If `VCP_REQUIRE_VALIDATORS` is set, the test fails instead.
fn run(program: &str, probe: [&str; 2], script: &str, fixtures: &[Fixture]) -> Option<Vec<bool>> {
    let present = Command::new(program).args(probe).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !present.is_ok_and(|status| status.success()) {
        let what = format!("{program} with its validator is not installed (`{program} {}` fails)", probe.join(" "));
        assert!(std::env::var_os("VCP_REQUIRE_VALIDATORS").is_none(), "{what}");
        // `eprintln!` would be hidden in a test that passes.
        let _ = writeln!(std::io::stderr(), "skipped: {what}; the schemas were not compared there");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verdicts").join(script);
    let mut child =
        Command::new(program).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the probe ran");
    let mut input = child.stdin.take().unwrap();
    let lines: String = fixtures
        .iter()
        .map(|fixture| format!("{}\n", json!({"schema": schema_file(fixture.dialect), "text": fixture.text})))
        .collect();
    let writer = thread::spawn(move || input.write_all(lines.as_bytes()));
    let mut answers = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answers).unwrap();
    writer.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success(), "{program} failed");
    Some(answers.lines().map(|line| line == "true").collect())
}

#[test]
fn all_validators_agree_with_the_structural_check() {
    let fixtures = fixtures();
    let fit = fixtures.iter().filter(|fixture| fixture.fits).count();
    assert!(fit > 500 && fixtures.len() - fit > 3000, "{fit} of {} fit", fixtures.len());

    let validators = Dialect::ALL.iter().map(|dialect| jsonschema::validator_for(&read_json(&schema_file(*dialect))));
    let validators: Vec<_> = validators.map(Result::unwrap).collect();
    let verdict = |fixture: &Fixture| {
        let at = Dialect::ALL.iter().position(|dialect| *dialect == fixture.dialect).unwrap();
        validators[at].is_valid(&serde_json::from_str(&fixture.text).unwrap())
    };
    compare("jsonschema (Rust)", &fixtures, &fixtures.iter().map(verdict).collect::<Vec<_>>());
    let node = run("node", ["-e", "require('ajv/dist/2020')"], "verdicts.js", &fixtures);
    let python = run("python3", ["-c", "import jsonschema"], "verdicts.py", &fixtures);
    node.iter().for_each(|verdicts| compare("ajv", &fixtures, verdicts));
    python.iter().for_each(|verdicts| compare("jsonschema (Python)", &fixtures, verdicts));
}
