//! Every case of the suite, as one named test each, and the rules of the suite itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test program")]

use libtest_mimic::{Arguments, Failed, Trial};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use vcp_conformance::{
    case::{Case, CaseFile, Verdict},
    testee::Testee,
};

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
        let root = root.to_owned();
        move || files_fit(&root, &files)
    }));
    libtest_mimic::run(&arguments, trials).exit();
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

/// Ids are unique and all in `ids.lock`, which only grows: a case that goes stays listed there after a `-`.
fn ids_are_locked(root: &Path, ids: &[String]) -> Result<(), Failed> {
    let lock = fs::read_to_string(root.join("ids.lock")).unwrap();
    let locked: BTreeSet<&str> = lock.lines().filter(|line| !line.starts_with(['#', '-'])).collect();
    let retired: BTreeSet<&str> = lock.lines().filter_map(|line| line.strip_prefix('-')).collect();
    let present: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(present.len(), ids.len(), "an id stands twice");
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
        assert!(known, "DECISIONS.md names `{id}`, which is no case");
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
