//! Tests the program `vcp-conformance` with good and bad programs under test.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test program")]

use serde_json::{Value, json};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

const TESTEE: &str = env!("CARGO_BIN_EXE_vcp-testee");

fn run(arguments: &[&str]) -> Output {
    let folder = env!("CARGO_MANIFEST_DIR");
    Command::new(env!("CARGO_BIN_EXE_vcp-conformance")).current_dir(folder).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Returns a file of this test run.
fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

/// Runs the cases of `verify::bland` against a shell script, and returns their kinds of failure.
/// In the script, `$0` is the good testee.
fn kinds(name: &str, script: &str) -> Vec<String> {
    let json = file(&format!("{name}.json"), "");
    let json = json.to_str().unwrap();
    let arguments = [
        "run",
        "--filter",
        "verify::bland::good",
        "--timeout",
        "1.5",
        "--json",
        json,
        "--",
        "sh",
        "-c",
        script,
        TESTEE,
    ];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", out(&output));
    let results: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    let cases = results["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    cases.iter().filter_map(|case| case["kind"].as_str().map(str::to_owned)).collect()
}

#[test]
fn kinds_of_failure_are_told_apart_and_the_run_goes_on() {
    // `hello` is answered by the good testee, and the cases by what follows.
    let answer = |script: &str| {
        format!(
            "while read -r line; do case $line in *hello*) printf '%s\\n' \"$line\" | \"$0\";; *) {script};; esac; done"
        )
    };
    for (kind, script) in [
        ("crash", answer("exit 3")),
        ("hang", answer("sleep 9")),
        ("junk", answer("echo not json")),
        ("junk", answer("echo '{\"seq\":5,\"ok\":{}}'")),
        ("closed", answer("exec >&-; sleep 9")),
        ("difference", answer("printf '%s\\n' \"$line\" | \"$0\" | sed s/verified/trusted/")),
    ] {
        assert_eq!(kinds(kind, &script), [kind, kind, kind], "{script}");
    }
    // The right answer behind a wrong line is not taken for that of the next case.
    let mark = file("mark.txt", "");
    let once = format!("if [ -e '{0}' ]; then rm '{0}'; echo debug; sleep 0.1; fi", mark.display());
    let late = format!("{once}; printf '%s\\n' \"$line\" | \"$0\"");
    assert_eq!(kinds("late", &answer(&late)), ["junk"]);
    // The line that nobody asked for comes before or after the next request.
    let flooded = kinds("flood", &answer("printf '%s\\nmore\\n' \"$(printf '%s\\n' \"$line\" | \"$0\")\""));
    assert!(!flooded.is_empty() && flooded.iter().all(|kind| matches!(&**kind, "flood" | "junk")), "{flooded:?}");
}

/// The output of a program under test cannot forge a line of the summary.
#[test]
fn nothing_of_a_testee_reaches_the_terminal_as_it_is() {
    let hello = r#"{"seq":0,"ok":{"implementation":"x\n\nall  1799 passed\u001b[8m","ops":["verify\u202e","verify"]}}"#;
    let hello = file("hostile.txt", &format!("{hello}\n"));
    let (hello, script) = (hello.to_str().unwrap(), "read -r line; cat \"$0\"; printf '\\033]52;c;x\\007' >&2; exit 3");
    for command in [&["run", "--filter", "verify::bland::good"][..], &["smoke"]] {
        let output = run(&[command, &["--", "sh", "-c", script, hello]].concat());
        assert_eq!(output.status.code(), Some(1));
        let told = out(&output);
        assert!(!told.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{told:?}");
        assert!(!told.lines().any(|line| line.starts_with("all  1799")), "{told}");
    }
    let silent = run(&["run", "--", "sh", "-c", "printf '\\033[2J' >&2; exit 3"]);
    let told = String::from_utf8(silent.stderr).unwrap();
    assert!(silent.status.code() == Some(2) && !told.contains('\u{1b}') && told.lines().count() == 1, "{told:?}");
}

#[test]
fn output_that_cannot_be_written_is_told() {
    if let Ok(full) = fs::File::options().write(true).open("/dev/full") {
        let folder = env!("CARGO_MANIFEST_DIR");
        let mut list = Command::new(env!("CARGO_BIN_EXE_vcp-conformance"));
        assert_eq!(list.current_dir(folder).arg("list").stdout(full).output().unwrap().status.code(), Some(2));
    }
}

#[test]
fn expected_failures_are_strict() {
    let expect = |name: &str, entries: Value| {
        let path = file(name, &json!({"failures": entries}).to_string());
        run(&["run", "--filter", "verify::bland::good", "--expected", path.to_str().unwrap(), "--", TESTEE])
    };
    let none = expect("none.json", json!([]));
    assert_eq!(none.status.code(), Some(0), "{}", out(&none));
    let passes = expect("passes.json", json!([{"id": "verify::bland::good", "reason": "not done"}]));
    assert!(passes.status.code() == Some(1) && out(&passes).contains("remove it from the list"));
    let unknown = expect("unknown.json", json!([{"id": "verify::bland::gone", "reason": "not done"}]));
    assert!(unknown.status.code() == Some(1) && out(&unknown).contains("no such case"));
    let misspelt = expect("misspelt.json", json!([{"id": "verify::bland::good", "why": "not done"}]));
    assert_eq!(misspelt.status.code(), Some(2));
}

#[test]
fn results_become_a_junit_file_a_page_and_a_difference() {
    let (good, bad) = (file("good.json", ""), file("bad.json", ""));
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    let junit = file("junit.xml", "");
    let filter = ["run", "--filter", "verify::bland", "--jobs", "2"];
    let ran = run(&[&filter[..], &["--json", good, "--junit", junit.to_str().unwrap(), "--", TESTEE]].concat());
    assert_eq!(ran.status.code(), Some(0), "{}", out(&ran));
    let xml = fs::read_to_string(&junit).unwrap();
    assert!(xml.contains(r#"<testcase name="verify::bland::good""#) && xml.contains(r#"failures="0""#), "{xml}");
    let script = "\"$0\" | sed -u s/verified/trusted/";
    let ran = run(&[&filter[..], &["--json", bad, "--", "sh", "-c", script, TESTEE]].concat());
    assert_eq!(ran.status.code(), Some(1), "{}", out(&ran));
    assert!(out(&ran).contains("`outcome` should be \"verified\", not \"trusted\""), "{}", out(&ran));

    let worse = run(&["diff", good, bad]);
    assert!(worse.status.code() == Some(1) && out(&worse).contains("does not pass any more: "), "{}", out(&worse));
    let better = run(&["diff", bad, good]);
    assert!(better.status.code() == Some(0) && out(&better).contains("passes now: "));
    assert_eq!(out(&run(&["diff", good, good])), "no difference\n");
    // A result without a case that passed.
    let mut fewer: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(good).unwrap()).unwrap();
    let is_passed = |case: &serde_json::Value| case["outcome"] == "passed";
    let cases = fewer["cases"].as_array_mut().unwrap();
    cases.remove(cases.iter().position(is_passed).unwrap());
    let path = format!("{good}.fewer");
    std::fs::write(&path, fewer.to_string()).unwrap();
    assert_eq!(run(&["diff", good, &path]).status.code(), Some(1));
    assert_eq!(run(&["diff", &path, good]).status.code(), Some(0));

    let page = file("page.html", "");
    assert_eq!(run(&["report", page.to_str().unwrap(), good, bad]).status.code(), Some(0));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("verify::bland::good") && !page.contains("@DATA@"));
}

#[test]
fn commands_that_cannot_be_followed_say_why() {
    for (arguments, reason) in [
        (&["run", "--", "no-such-program"][..], "`no-such-program`"),
        (&["run", "--filter", "no::such::case", "--", TESTEE], "no case fits"),
        (&["run", "--suite", "/", "--", TESTEE], "no folder `cases`"),
        (&["run", "--timeout=-1", "--", TESTEE], "--timeout"),
        (&["run", "--", "true"], "the program ended"),
        (&["diff", "no-such-file", "no-such-file"], "no-such-file"),
        (&["mutants", "--mutant", "no-such-fault", "--testee", "src", "--", "true"], "no fault has `no-such-fault`"),
        (&["new-case", "verify::bland::good", "--op", "verify"], "used or retired"),
    ] {
        let output = run(arguments);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && message.contains(reason), "{arguments:?}: {message}");
    }
}

#[test]
fn a_new_adapter_gets_advice() {
    assert_eq!(run(&["smoke", "--", TESTEE]).status.code(), Some(0));
    let script =
        "while read -r line; do case $line in *hello*) printf '%s\\n' \"$line\" | \"$0\";; *) echo {};; esac; done";
    let output = run(&["smoke", "--", "sh", "-c", script, TESTEE]);
    assert!(output.status.code() == Some(1) && out(&output).contains("and go on"), "{}", out(&output));
}

#[test]
fn planted_faults_are_caught_or_named() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("testee");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("testee.sh"), "\"$1\" | sed -u 's/\"verified\"/\"verified\"/;s/E009/E009/'\n").unwrap();
    let fault = |name: &str, find: &str, replace: &str| json!({"name": name, "mistake": "a mistake", "file": "testee.sh", "find": find, "replace": replace, "cases": "verify::bland"});
    let outcome = fault("outcome", "/\"verified\"/;", "/\"trusted\"/;");
    let plant = |name: &str, faults: Value| {
        let table = file(name, &json!({"mutants": faults}).to_string());
        let (table, folder) = (table.to_str().unwrap(), folder.to_str().unwrap());
        let program = ["--", "sh", "{}/testee.sh", TESTEE];
        run(&[&["mutants", "--filter", "verify::bland", "--table", table, "--testee", folder][..], &program].concat())
    };
    let caught = plant("caught.json", json!([outcome]));
    assert!(caught.status.code() == Some(0) && out(&caught).contains("caught: 1 of 1"), "{}", out(&caught));
    let missed = plant("missed.json", json!([outcome, fault("nothing", "E009/'", "E008/'")]));
    assert!(missed.status.code() == Some(1) && out(&missed).contains("nothing: not caught"), "{}", out(&missed));
    // A name is no path, and a file is in the folder.
    let other = file("other.sh", "kept");
    let named = plant("named.json", json!([fault(other.to_str().unwrap(), "E009/'", "E008/'")]));
    assert!(named.status.code() == Some(1), "{}", String::from_utf8_lossy(&named.stderr));
    let mut outside = fault("outside", "kept", "lost");
    for path in [other.to_str().unwrap(), "../other.sh"] {
        outside["file"] = json!(path);
        assert_eq!(plant("outside.json", json!([outside])).status.code(), Some(2));
    }
    assert_eq!(fs::read_to_string(other).unwrap(), "kept");
    let stale = plant("stale.json", json!([fault("stale", "no such text", "x")]));
    assert!(stale.status.code() == Some(2), "{}", out(&stale));
}

#[test]
fn the_suite_is_packed_the_same_each_time() {
    let pack = |name: &str| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        let output = run(&["pack", folder.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read(out(&output).trim()).unwrap()
    };
    let archive = pack("once");
    assert!(archive == pack("twice"), "the archives differ");
    let mut names = Vec::new();
    for entry in tar::Archive::new(flate2::read::GzDecoder::new(archive.as_slice())).entries().unwrap() {
        let path = entry.unwrap().path().unwrap().into_owned();
        names.push(path.iter().skip(1).collect::<PathBuf>().to_str().unwrap().to_owned());
    }
    for name in [
        "manifest.json",
        "LICENSE-MIT",
        "conformance/README.md",
        "conformance/cases/parse/numbers.json",
        "schema/vcp-0.5.schema.json",
    ] {
        assert!(names.iter().any(|known| known == name), "no {name}");
    }
    assert!(
        names.iter().all(|name| !name.starts_with("conformance/src/") && !name.contains("node_modules")),
        "{names:?}"
    );
}
