//! Tests of `vcp check`, run as a user runs it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const GOOD: &str = include_str!("../../vcp-schema/tests/data/minimal.json");

/// Creates a directory with a valid message (`good.json`) and an archive (`archive.ndjson`).
///
/// The lines of the archive are: a valid message, a blank line, a message with two faults, a text
/// that is not JSON, and bytes that are not UTF-8.
fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let line = GOOD.replace('\n', " ");
    let bad = line.replacen("\"call_id\"", "\"secret_id\"", 1).replacen("\"0.5\"}", "7}", 1);
    let archive = [line.trim_end(), "", bad.trim_end(), "{\"vcp_version\": "].join("\n");
    fs::write(directory.join("archive.ndjson"), [archive.as_bytes(), b"\n\xff\n"].concat()).unwrap();
    fs::write(directory.join("good.json"), GOOD).unwrap();
    directory
}

fn check(args: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vcp")).arg("check").args(args).current_dir(directory).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_good_message_prints_nothing() {
    let output = check(&["good.json", "--profile", "reference"], &directory("good"));
    assert_eq!(text(&output.stdout), "");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), "1 message: nothing is wrong\n"));
}

#[test]
fn findings_stand_at_their_line_and_show_no_value() {
    let directory = directory("text");
    let output = check(&["archive.ndjson"], &directory);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for told in [
        "archive.ndjson:3:",
        "error[VCP_E005]: `call_id` is missing\n",
        "$.vcp_payload.call.call_id\n",
        "archive.ndjson:4:16: error[VCP_E007]: ",
        "archive.ndjson:5:1: error[VCP_E007]: the text is not UTF-8\n",
    ] {
        assert!(shown.contains(told), "{told} is not in\n{shown}");
    }
    assert!(!shown.contains('\u{1b}') && !shown.contains("retell"), "{shown}");
    assert!(text(&output.stderr).starts_with("4 messages, 3 with findings: "));
    assert!(text(&check(&["archive.ndjson", "--show-values"], &directory).stdout).contains("retell"));
    assert!(text(&check(&["archive.ndjson", "--color", "always"], &directory).stdout).contains("\u{1b}["));
}

#[test]
fn a_long_name_is_cut_in_lines_and_whole_for_programs() {
    let directory = directory("long");
    let name = "x".repeat(30_000);
    fs::write(directory.join("long.ndjson"), format!("{{\"{name}\": 1, \"{name}\": 2}}\n")).unwrap();
    for format in ["text", "line", "github", "junit"] {
        let output = check(&["long.ndjson", "--format", format], &directory);
        let longest = text(&output.stdout).lines().map(str::len).max().unwrap();
        assert!(longest < 1000, "{format}: {longest}");
    }
    for format in ["json", "sarif"] {
        assert!(text(&check(&["long.ndjson", "--format", format], &directory).stdout).contains(&name), "{format}");
    }
}

#[test]
fn json_lines_and_sarif_hold_the_same_findings() {
    let directory = directory("machines");
    let lines = check(&[".", "--format", "json"], &directory);
    let lines: Vec<Value> = text(&lines.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["line"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 4, 5]);
    let place = |line: &Value| line["line"].as_u64().unwrap();
    let findings: Vec<(u64, &Value)> = lines
        .iter()
        .flat_map(|line| line["findings"].as_array().unwrap().iter().map(move |f| (place(line), f)))
        .collect();
    let output = check(&[".", "--format", "sarif"], &directory);
    assert_eq!(output.status.code(), Some(1));
    let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), findings.len());
    for (result, (line, finding)) in results.iter().zip(findings) {
        assert_eq!((&result["ruleId"], &result["level"]), (&finding["code"], &finding["severity"]));
        assert!(result["message"]["text"].as_str().unwrap().starts_with(finding["message"].as_str().unwrap()));
        let location = &result["locations"][0];
        let region = &location["physicalLocation"]["region"];
        assert_eq!(region["startLine"].as_u64(), finding["position"]["line"].as_u64().map(|within| line + within - 1));
        assert_eq!(region["startColumn"], finding["position"]["column"]);
        assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], finding["field_path"]);
        let is_listed = run["tool"]["driver"]["rules"].as_array().unwrap().iter().any(|r| r["id"] == finding["code"]);
        assert!(is_listed);
    }
    let none = check(&["good.json", "--profile", "reference", "--format", "sarif"], &directory);
    assert_eq!(serde_json::from_slice::<Value>(&none.stdout).unwrap()["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn severities_make_the_exit_status() {
    let directory = directory("severities");
    fs::write(
        directory.join("info.json"),
        GOOD.replacen("\"session_id\"", "\"channel\":\"inbound\",\"session_id\"", 1),
    )
    .unwrap();
    let status = |args: &[&str]| check(&[&["info.json"], args].concat(), &directory).status.code();
    assert_eq!(status(&[]), Some(0));
    assert_eq!(status(&["--fail-on", "info"]), Some(1));
    assert_eq!(status(&["--fail-on", "info", "--profile", "reference"]), Some(0));
    assert_eq!(status(&["--set", "VCP_E110=error"]), Some(1));
    assert_eq!(status(&["--fail-on", "info", "--set", "VCP_E110=off"]), Some(0));
}

#[test]
fn one_source_that_cannot_be_read_does_not_hide_the_others() {
    let directory = directory("unreadable");
    fs::write(directory.join("cut.ndjson.gz"), [0x1f, 0x8b, 8]).unwrap();
    let output = check(&["cut.ndjson.gz", "archive.ndjson", "--format", "sarif"], &directory);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("error: cut.ndjson.gz: breaks off in line 1: "), "{}", text(&output.stderr));
    let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 3);
}

#[test]
fn a_message_over_many_lines_can_be_piped_in() {
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(GOOD).unwrap()).unwrap();
    let directory = directory("pretty");
    fs::write(directory.join("pretty.txt"), pretty).unwrap();
    let output = check(&["pretty.txt", "--profile", "reference"], &directory);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), "1 message: nothing is wrong\n"));
}

#[test]
fn what_cannot_be_done_is_one_line_and_status_2() {
    let directory = directory("cannot");
    let output = check(&["absent.json"], &directory);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot read `absent.json`: "));
    assert_eq!(check(&["--set", "VCP_E999=off"], &directory).status.code(), Some(2));
    assert_eq!(check(&["--set", "VCP_E110=fatal"], &directory).status.code(), Some(2));
}
