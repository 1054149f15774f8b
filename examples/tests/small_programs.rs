//! Tests that the small programs do what they show.

#![allow(clippy::unwrap_used, reason = "a test program")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn run(program: &str, args: &[&str]) -> Output {
    Command::new(program).args(args).output().unwrap()
}

fn shown(program: &str, args: &[&str]) -> String {
    let output = run(program, args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_message_is_read() {
    let shown = shown(env!("CARGO_BIN_EXE_read_message"), &[]);
    assert!(
        shown.contains("outcome: success, final: true") && shown.contains("tool book_appointment: failed"),
        "{shown}"
    );
}

#[test]
fn a_text_is_migrated_and_comes_back() {
    let shown = shown(env!("CARGO_BIN_EXE_migrate_text"), &[]);
    assert!(shown.starts_with("0.3-production → 0.5\n") && shown.ends_with("the same message: true\n"), "{shown}");
}

#[test]
fn a_refusal_is_explained() {
    let shown = shown(env!("CARGO_BIN_EXE_verify_only"), &[]);
    assert!(shown.starts_with("verified with the secret `old`\nrefused: VCP_E204: "), "{shown}");
    assert!(shown.lines().count() > 2, "{shown}");
}

#[test]
fn a_bad_message_fails_the_build() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("validate_ci");
    fs::create_dir_all(&folder).unwrap();
    let example = include_str!("../../crates/vcp-schema/src/jsonschema/example-0.5.json").replace('\n', " ");
    let (good, bad) = (folder.join("good.ndjson"), folder.join("bad.ndjson"));
    fs::write(&good, &example).unwrap();
    fs::write(&bad, example.replacen("\"call_id\"", "\"id_of_call\"", 1)).unwrap();
    let status = |path: &Path| run(env!("CARGO_BIN_EXE_validate_ci"), &[path.to_str().unwrap()]).status.code();
    assert_eq!((status(&good), status(&bad)), (Some(0), Some(1)));
}
