//! Tests of the commands together, run as a user runs them.

#![allow(clippy::unwrap_used, reason = "a test program")]

mod support;

use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use support::Server;

fn vcp(args: &[&str], directory: &Path, input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vcp"))
        .args(args)
        .current_dir(directory)
        .env("WEBHOOK_SECRET_RETELL", "not-a-real-secret")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // The program may close its input early, so an error is ignored.
        scope.spawn(move || drop(pipe.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

/// Runs a command that succeeds. Returns its standard output.
fn good(args: &[&str], directory: &Path, input: &[u8]) -> String {
    let output = vcp(args, directory, input);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

const TIMES: [&str; 4] = ["--from", "2026-10-01T00:00:00Z", "--until", "2026-10-08T00:00:00Z"];

fn synth<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["synth", "--seed", "7"], TIMES.as_slice(), more].concat()
}

#[test]
fn deliveries_become_calls_and_statistics() {
    let here = directory("calls");
    let args = synth(&["--count", "40"]);
    let deliveries = good(&args, &here, b"");
    assert_eq!(good(&args, &here, b""), deliveries, "the same seed gives the same bytes");
    assert!(deliveries.contains("\"session.created\""), "some are events of sessions");
    let messages = good(&["map"], &here, deliveries.as_bytes());
    let calls = good(&["merge"], &here, messages.as_bytes());
    assert_eq!(calls.lines().count(), 40);
    assert_eq!(good(&["check", "--format", "line"], &here, calls.as_bytes()).matches(": error ").count(), 0);
    let csv = good(&["stats", "--by", "provider", "--csv"], &here, calls.as_bytes());
    let counted: u64 = csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse::<u64>().unwrap()).sum();
    assert!(csv.starts_with("provider,calls,minutes,usd\n") && counted == 40, "{csv}");
}

#[test]
fn messages_of_every_version_are_made_and_migrated() {
    let here = directory("versions");
    for form in ["0.3", "0.3-full", "0.4"] {
        let older = good(&synth(&["--count", "10", "--as", form]), &here, b"");
        let upgraded = good(&["migrate", "--prove"], &here, older.as_bytes());
        assert_eq!(good(&["migrate", "--to", "0.3"], &here, upgraded.as_bytes()).lines().count(), 10);
        assert!(!good(&["check", "--upgrade", "--format", "line"], &here, older.as_bytes()).contains(": error "));
    }
    let messages = good(&synth(&["--count", "3", "--as", "0.5"]), &here, b"");
    assert_eq!(good(&["checksum"], &here, messages.as_bytes()).matches("jcs-sha256:").count(), 3);
    assert!(good(&["checksum", "--verify"], &here, messages.as_bytes()).contains("-:1: absent"));
}

#[test]
fn a_session_is_assembled() {
    let here = directory("session");
    let events = good(&synth(&["--provider", "openai_realtime", "--scenario", "booked_service"]), &here, b"");
    let message = good(&["assemble"], &here, events.as_bytes());
    let message: Value = serde_json::from_str(message.trim_end()).unwrap();
    let turns = message.pointer("/vcp_payload/outcomes/objective/metrics/total_turns").unwrap();
    assert_eq!(turns.as_u64(), Some(8));
    let several = synth(&["--provider", "openai_realtime", "--scenario", "booked_service", "--count", "3"]);
    let events = good(&several, &here, b"");
    assert_eq!(good(&["assemble"], &here, events.as_bytes()), good(&["map"], &here, events.as_bytes()));
    assert_eq!(good(&["assemble"], &here, events.as_bytes()).lines().count(), 3);
    // A session that goes on after another one is told, and not taken for two calls.
    let (first, others): (Vec<&str>, Vec<&str>) = events.lines().partition(|line| line.contains("session.created"));
    let mixed = [first, others].concat().join("\n");
    for command in ["assemble", "map"] {
        let output = vcp(&[command], &here, mixed.as_bytes());
        assert_eq!(output.status.code(), Some(1), "{command}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("its session ended before: put the events of each session together"), "{told}");
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3, "no session makes two messages");
    }
    // The events of a session may be in two files, as when archives begin anew every hour.
    let lines: Vec<&str> = events.lines().collect();
    for (file, part) in [("a.ndjson", &lines[..7]), ("b.ndjson", &lines[7..])] {
        fs::write(here.join(file), part.join("\n")).unwrap();
    }
    for command in ["assemble", "map"] {
        assert_eq!(good(&[command, "a.ndjson", "b.ndjson"], &here, b""), good(&[command], &here, events.as_bytes()));
    }
    // An alias names the same provider. Another provider may use the same id.
    let first = events.lines().next().unwrap();
    let with = |provider: &str| format!("{first}\n{}\n", first.replacen("openai_realtime", provider, 1));
    assert_eq!(good(&["assemble"], &here, with("OpenAI").as_bytes()).lines().count(), 1);
    let output = vcp(&["assemble"], &here, with("retell").as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("the calls of `retell` are not sessions of events"), "{told}");
}

#[test]
fn the_parts_of_a_session_that_are_not_used_are_told() {
    let here = directory("unused");
    let event = |body: &str| {
        json!({"provider": "openai_realtime", "event": "", "sent_at": "2026-11-21T12:00:00Z", "body": body}).to_string()
    };
    let bad = r#"{"type":"response.done","response":{"id":"r","usage":{"total_tokens":-4}}}"#;
    let events: Vec<String> = [bad, r#"{"type":"response.new"}"#].into_iter().map(event).collect();
    let output = vcp(&["assemble"], &here, events.join("\n").as_bytes());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("not used: VCP_E001 at /events/0/response/usage/total_tokens: "), "{told}");
    assert!(told.contains("unknown word at /events/1: `response.new`\n"), "{told}");
    let many = vec![event(r#"{"type":"response.output_text.delta","delta":"a"}"#); 30];
    let told = String::from_utf8(vcp(&["assemble"], &here, many.join("\n").as_bytes()).stderr).unwrap();
    assert!(told.matches("not used: VCP_E005").count() == 20 && told.contains(": 10 more are not used or"), "{told}");
}

#[test]
fn explanations_name_the_source() {
    let here = directory("explain");
    let bodies = good(&synth(&["--provider", "retell", "--scenario", "busy", "--as", "bodies"]), &here, b"");
    let body = bodies.lines().next().unwrap();
    let shown = good(&["explain", "-", "--provider", "retell", "--field", "status"], &here, body.as_bytes());
    assert!(shown.contains("/call/disconnection_reason `dial_busy`"), "{shown}");
    let vapi = ["--provider", "vapi", "--scenario", "booked_service", "--as", "bodies"];
    let report = good(&synth(&vapi), &here, b"").lines().last().unwrap().to_owned();
    let shown = good(&["explain", "-", "--provider", "vapi", "--field", "cost_usd.vapi"], &here, report.as_bytes());
    let has_value = shown.split_whitespace().any(|word| word.parse::<f64>().is_ok_and(|usd| usd > 0.0));
    assert!(has_value, "a name with a dot has its value: {shown}");
    let json = good(&["explain", "-", "--provider", "retell", "--json"], &here, body.as_bytes());
    assert!(serde_json::from_str::<Value>(&json).unwrap().get("written").is_some());
}

#[test]
fn a_signed_body_is_good_and_a_changed_one_is_explained() {
    let here = directory("sign");
    fs::write(here.join("body.json"), "{\"event\":\"call_ended\"}").unwrap();
    let args = ["body.json", "--provider", "retell", "--now", "2026-10-14T12:00:00Z"];
    let header = good(&[&["sign"], args.as_slice()].concat(), &here, b"");
    let header = header.trim_end();
    let diagnose = [&["diagnose"], args.as_slice(), &["--header", header]].concat();
    assert!(good(&diagnose, &here, b"").starts_with("the delivery is good"));
    fs::write(here.join("body.json"), "{\"event\": \"call_ended\"}").unwrap();
    let output = vcp(&diagnose, &here, b"");
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.starts_with("refused: VCP_E204: ") && told.lines().count() > 1, "{told}");
}

/// Other users of the machine can see arguments.
#[test]
fn a_header_or_a_url_with_a_secret_comes_from_a_file() {
    let here = directory("header_files");
    fs::write(here.join("body.json"), "{}").unwrap();
    fs::write(here.join("secret"), "topsecret\n").unwrap();
    fs::write(here.join("headers"), "Host: example.com\nX-Vapi-Secret: topsecret\n").unwrap();
    fs::write(here.join("url"), "https://example.com/hook?token=topsecret\n").unwrap();
    for [provider, option, file] in [["vapi", "--header", "@headers"], ["assistable", "--url", "@url"]] {
        let args = ["diagnose", "body.json", "--provider", provider, "--secret-file", "secret", option, file];
        assert!(good(&args, &here, b"").starts_with("the delivery is good"), "{provider}");
    }
    fs::write(here.join("empty"), "\n").unwrap();
    for [option, file] in [["--header", "@empty"], ["--url", "@empty"], ["--url", ""]] {
        let args = ["diagnose", "body.json", "--provider", "vapi", "--secret-file", "secret", option, file];
        assert_eq!(vcp(&args, &here, b"").status.code(), Some(2), "{option} {file}");
    }
    for header in ["x-vapi-secret=topsecret", "@secret"] {
        let args = ["diagnose", "body.json", "--provider", "vapi", "--secret-file", "secret", "--header", header];
        let told = String::from_utf8(vcp(&args, &here, b"").stderr).unwrap();
        assert!(told.contains("--header number 1, line 1, has no colon") && !told.contains("topsecret"), "{told}");
    }
}

#[test]
fn no_value_of_a_record_is_in_an_error() {
    let here = directory("private");
    let records = r#""John Doe +4915112345678"
{"provider":"vapi","sent_at":"2026-10-14T12:00:00Z","headers":"x-vapi-secret: topsecret","body":"{}"}
{"provider":"vapi","sent_at":"John Doe","body":"{}"}
{"provider":"openai_realtime","sent_at":"2026-10-14T12:00:00Z","session":4915112345678,"body":"{}"}
{"provider":"vapi","sent_at":"2026-10-14T12:00:00Z"}
"#;
    for command in ["map", "assemble"] {
        let output = vcp(&[command], &here, records.as_bytes());
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(!["John", "491511", "topsecret"].iter().any(|value| told.contains(value)), "{told}");
        assert!(told.contains("missing field `body`") && told.contains("has another type than is wanted"), "{told}");
    }
}

/// Only the times and the bodies of events are kept, and only the length of a session.
#[cfg(target_os = "linux")]
#[test]
fn long_envelopes_take_no_memory() {
    let here = directory("long_envelopes");
    let long = "x".repeat(4 << 20);
    let record = |session: &str, event: &str| {
        format!(
            "{{\"provider\":\"openai_realtime\",\"sent_at\":\"2026-10-14T12:00:00Z\",\"event\":\"{event}\",\"session\":\"{session}\",\"body\":\"{{}}\"}}\n"
        )
    };
    let one: String = (0..60).map(|_| record("s", &long)).collect();
    let many: String = (0..60).map(|number| record(&format!("{number}{long}"), "")).collect();
    for records in [one, many] {
        // The shell limits the memory of the program to 200 MB.
        let script = format!("ulimit -v 200000; exec {} assemble", env!("CARGO_BIN_EXE_vcp"));
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .current_dir(&here)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The program also writes while it reads.
        let mut stdin = child.stdin.take().unwrap();
        let writing = std::thread::spawn(move || stdin.write_all(records.as_bytes()));
        let output = child.wait_with_output().unwrap();
        writing.join().unwrap().unwrap();
        assert!(output.status.code().is_some_and(|code| code <= 1), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A link in a directory can lead to secrets, or to a file that never ends.
#[cfg(unix)]
#[test]
fn a_link_in_a_directory_is_not_followed() {
    let here = directory("links");
    let synth = synth(&["--count", "1", "--as", "0.5", "-o", "outside.ndjson"]);
    good(&synth, &here, b"");
    fs::create_dir(here.join("in")).unwrap();
    std::os::unix::fs::symlink("../outside.ndjson", here.join("in/link.ndjson")).unwrap();
    for command in ["check", "migrate", "map", "stats", "checksum"] {
        let output = vcp(&[command, "in"], &here, b"");
        let told = String::from_utf8(output.stderr).unwrap();
        // For `migrate`, a file that cannot be read is a message that is not migrated.
        let status = if command == "migrate" { 1 } else { 2 };
        assert_eq!(output.status.code(), Some(status), "{command}: {told}");
        assert!(!String::from_utf8(output.stdout).unwrap().contains("call_id"), "{command}");
        assert!(told.contains("link.ndjson: cannot be read: a link can lead out of the directory"), "{told}");
    }
    assert_eq!(good(&["migrate", "in/link.ndjson"], &here, b"").lines().count(), 1, "a link that is named is read");
}

/// Nobody may read standard error, or its disk may be full.
#[cfg(target_os = "linux")]
#[test]
fn a_standard_error_that_fails_stops_nothing() {
    let here = directory("full_error");
    let good_line = "{\"event\":\"call_ended\",\"call\":{\"call_id\":\"c1\"}}\n";
    fs::write(here.join("d.ndjson"), format!("7\n{good_line}")).unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let args = ["map", "--provider", "retell", "d.ndjson"];
    let output = Command::new(env!("CARGO_BIN_EXE_vcp")).args(args).current_dir(&here).stderr(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
}

/// There is no verdict on messages that were not checked.
#[cfg(unix)]
#[test]
fn a_check_whose_reader_stops_is_not_passed() {
    let here = directory("reader_stops");
    let message = good(&synth(&["--count", "1", "--scenario", "booked_service", "--as", "0.5"]), &here, b"");
    let line = message.replacen("\"direction\":\"", "\"direction\":\"un", 1);
    assert_ne!(line, message);
    fs::write(here.join("m.ndjson"), line.repeat(2_000)).unwrap();
    // All findings are below the severity that counts.
    good(&["check", "--format", "line", "--set", "VCP_E004=info", "m.ndjson"], &here, b"");
    let script = format!(
        "({} check --format line --set VCP_E004=info m.ndjson; echo $? > status) | head -1",
        env!("CARGO_BIN_EXE_vcp")
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(&here).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("so not all of them are told"));
    assert_eq!(fs::read_to_string(here.join("status")).unwrap().trim(), "1");
}

#[test]
fn rule_files_of_a_new_provider_work_at_once() {
    let here = directory("rules");
    good(&["rules", "new", "parrot"], &here, b"");
    assert!(good(&["rules", "test", "parrot"], &here, b"").contains("as expected"));
    assert!(!good(&["rules", "targets"], &here, b"").is_empty());
    let sample = here.join("parrot/samples/finished.json");
    let map = ["map", "--rules", "parrot", "--provider", "parrot", "parrot/samples/finished.json"];
    assert!(good(&map, &here, b"").contains("\"duration_sec\":61"));
    let messages = good(&map, &here, b"").repeat(2);
    assert_eq!(good(&["merge", "--rules", "parrot"], &here, messages.as_bytes()).lines().count(), 1);
    let lint = vcp(&["rules", "lint", "parrot"], &here, b"");
    assert_eq!(lint.status.code(), Some(0), "{}", String::from_utf8_lossy(&lint.stdout));
    fs::write(&sample, fs::read_to_string(&sample).unwrap().replace("61", "62")).unwrap();
    let changed = vcp(&["rules", "test", "parrot"], &here, b"");
    assert_eq!(changed.status.code(), Some(1));
    let told = String::from_utf8(changed.stdout).unwrap();
    assert!(told.contains("/vcp_payload/call/duration_sec: 61 was expected, and is 62"), "{told}");
    // A null is not the same as an absent member, in either direction.
    good(&["rules", "test", "parrot", "--update"], &here, b"");
    let expected = here.join("parrot/samples/finished.expected.json");
    let message = fs::read_to_string(&expected).unwrap();
    let with_null = message.replacen("\"call\": {", "\"call\": { \"more\": null,", 1);
    assert_ne!(message, with_null);
    fs::write(&expected, with_null).unwrap();
    let told = String::from_utf8(vcp(&["rules", "test", "parrot"], &here, b"").stdout).unwrap();
    assert!(told.contains("/vcp_payload/call/more: null was expected, and is absent"), "{told}");
    // Files have faults also without samples.
    good(&["rules", "new", "bare"], &here, b"");
    fs::remove_dir_all(here.join("bare/samples")).unwrap();
    let told = String::from_utf8(vcp(&["rules", "lint", "bare"], &here, b"").stdout).unwrap();
    assert!(told.contains("no sample of the event: call.finished"), "{told}");
    let file = here.join("bare/provider.json");
    fs::write(&file, fs::read_to_string(&file).unwrap().replacen("\"detect\"", "\"detekt\"", 1)).unwrap();
    let faulty = vcp(&["rules", "lint", "bare"], &here, b"");
    let told = String::from_utf8([faulty.stdout, faulty.stderr].concat()).unwrap();
    assert_eq!(faulty.status.code(), Some(1), "{told}");
    assert!(told.contains("unknown field `detekt`: did you mean `detect`?"), "{told}");
    // Nothing is tested without a sample.
    fs::remove_file(&sample).unwrap();
    assert_eq!(vcp(&["rules", "test", "parrot"], &here, b"").status.code(), Some(2));
}

/// A secret of a provider of one's own is found by an alias, too.
#[test]
fn an_alias_needs_the_secret_of_its_provider() {
    let here = directory("alias");
    good(&["rules", "new", "acme"], &here, b"");
    let file = here.join("acme/provider.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen('{', "{\"aliases\": [\"ac-me2\"],", 1)).unwrap();
    for name in ["acme", "ac-me2", "AC-ME2"] {
        let told = |url: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_vcp"));
            command.args([
                "receive",
                "acme/samples/finished.json",
                "--provider",
                name,
                "--rules",
                "acme",
                "--url",
                url,
            ]);
            let output = command.current_dir(&here).env("WEBHOOK_SECRET_ACME", "topsecret").output().unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        let (status, refused) = told("https://h.example/?token=wrong");
        assert_eq!(status, Some(1), "{name}: {refused}");
        assert!(refused.contains("VCP_E204"), "{name}: {refused}");
        assert_eq!(told("https://h.example/?token=topsecret").0, Some(0), "{name}");
    }
}

/// Rules for a provider that ships are allowed, but never by accident.
#[test]
fn a_provider_that_is_known_is_not_replaced_in_silence() {
    let here = directory("replaced");
    let told = |args: &[&str]| String::from_utf8(vcp(args, &here, b"").stderr).unwrap();
    assert!(told(&["rules", "new", "retell"]).contains("`retell` is a provider that vcp knows"));
    good(&["rules", "new", "parrot"], &here, b"");
    let rename = |from: &str, to: &str| {
        for file in ["parrot/provider.json", "parrot/call.json"] {
            let text = fs::read_to_string(here.join(file)).unwrap();
            fs::write(here.join(file), text.replace(&format!("\"{from}\""), &format!("\"{to}\""))).unwrap();
        }
    };
    let map = ["map", "--rules", "parrot", "--provider", "retell", "parrot/samples/finished.json"];
    let replaced = "the rules of `retell` replace those of the provider that vcp knows by this name";
    assert!(!told(&map).contains(replaced));
    rename("parrot", "retell");
    for args in [&map[..], &["rules", "lint", "parrot"]] {
        assert!(told(args).contains(replaced), "{args:?}");
    }
    rename("retell", "openai");
    assert!(told(&["rules", "lint", "parrot"]).contains("the name `openai` is that of provider `openai_realtime`"));
    // The name of a file without JSON is not known.
    fs::write(here.join("parrot/call.json"), "{").unwrap();
    assert!(told(&["rules", "lint", "parrot"]).contains("cannot read `parrot/call.json`: it is not JSON"));
}

#[test]
fn schemas_completions_and_the_manual_are_printed() {
    let here = directory("texts");
    assert!(good(&["schema"], &here, b"").contains("\"vcp_version\""));
    assert!(good(&["schema", "codes"], &here, b"").contains("VCP_E106"));
    assert!(good(&["completions", "bash"], &here, b"").contains("_vcp()"));
    assert!(good(&["man"], &here, b"").contains(r"vcp\-explain \- Say where"));
    let help = good(&["--help"], &here, b"");
    for command in help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty()) {
        let name = command.split_whitespace().next().unwrap();
        if name != "help" {
            assert!(good(&[name, "--help"], &here, b"").contains("Example"), "{name}");
        }
    }
}

#[test]
fn an_endpoint_is_tried() {
    let here = directory("send");
    let server = Server::start(&[]);
    let url = format!("http://{}/webhook/retell", server.address);
    let send = |more: &[&str]| vcp(&[&["send", "--url", &url, "--provider", "retell"], more].concat(), &here, b"");
    let sent = send(&["--repeat", "2"]);
    let shown = String::from_utf8(sent.stdout).unwrap();
    assert!(sent.status.success(), "{shown} {}", String::from_utf8_lossy(&sent.stderr));
    assert_eq!(shown.matches(": 200 in ").count(), 6, "{shown}");
    for refused in [["--tamper", "--seed=1"], ["--late", "3600"]] {
        let sent = send(&refused);
        let shown = String::from_utf8(sent.stdout).unwrap();
        assert!(sent.status.success() && shown.contains(": 401 in "), "{refused:?}: {shown}");
        // An endpoint that is not there refuses nothing.
        let absent = url.replace("webhook", "elsewhere");
        let sent = vcp(&[&["send", "--url", &absent, "--provider", "retell"], &refused[..]].concat(), &here, b"");
        assert_eq!(sent.status.code(), Some(1), "{}", String::from_utf8_lossy(&sent.stdout));
        // Vapi's header is the same for every body and at any time.
        let fixed = ["send", "--url", &url, "--provider", "vapi", "--secret-env", "WEBHOOK_SECRET_RETELL"];
        let sent = vcp(&[&fixed, &refused[..]].concat(), &here, b"");
        let told = String::from_utf8(sent.stderr).unwrap();
        assert!(sent.status.code() == Some(2) && told.contains("vapi signs no "), "{told}");
        // What is not signed shows nothing about signatures.
        let unsigned = vcp(&[&["send", "--url", &url, "--provider", "bland"], &refused[..]].concat(), &here, b"");
        assert_eq!(unsigned.status.code(), Some(2), "{}", String::from_utf8_lossy(&unsigned.stdout));
    }
    // Another secret: the endpoint refuses, which is not what was wanted.
    assert_eq!(send(&["--secret-env", "PATH"]).status.code(), Some(1));
}

#[test]
fn a_secret_in_the_url_is_not_in_the_error() {
    let here = directory("send_secret");
    fs::write(here.join("secret"), "topsecret_value").unwrap();
    for url in ["http://127.0.0.1:1/hook", "http://nobody.invalid/hook", "no url"] {
        let args = ["send", "--url", url, "--provider", "assistable", "--secret-file", "secret"];
        let output = vcp(&args, &here, b"");
        let told = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("cannot send to `{url}`")) && !told.contains("topsecret"), "{told}");
    }
}

/// Servers of the usual kind repeat the path and the headers of a request that they refuse.
#[test]
fn a_secret_in_an_answer_is_not_shown() {
    let here = directory("send_answer");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).unwrap();
            let head = String::from_utf8_lossy(&head[..length]).replace("\r\n", " ");
            let told =
                format!("{} {}", serde_json::to_string(&head).unwrap(), head.replace("%2F", "%2f").replace('/', "\\/"));
            let answer = format!("HTTP/1.1 404 x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{told}", told.len());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    fs::write(here.join("secret"), "to\"p secret/value").unwrap();
    for provider in ["assistable", "vapi"] {
        let sent = vcp(&["send", "--url", &url, "--provider", provider, "--secret-file", "secret"], &here, b"");
        let shown = String::from_utf8([sent.stdout, sent.stderr].concat()).unwrap();
        assert!(shown.contains(": 404 in ") && !shown.contains("secret") && !shown.contains("value"), "{shown}");
    }
}

/// The secret of a provider that signs in a header would otherwise be a part of the URL.
#[test]
fn a_generation_is_signed_as_its_provider_is() {
    let here = directory("generation");
    let sign = |provider: &str, secret: &str| {
        let args = ["sign", "-", "--secret-file", secret, "--url", "https://example.com/hook", "--provider", provider];
        vcp(&args, &here, b"{}")
    };
    fs::write(here.join("secret"), "topsecret").unwrap();
    fs::write(here.join("standard"), "whsec_bm90IGEgcmVhbCBzZWNyZXQgYXQgYWxs").unwrap();
    let pairs = [("vapi-2024", "vapi"), ("elevenlabs-2025", "elevenlabs"), ("assistable-2024", "assistable")];
    for (generation, provider) in pairs {
        let names =
            |provider| String::from_utf8(sign(provider, "secret").stdout).unwrap().split(':').next().map(str::to_owned);
        assert_eq!(names(generation), names(provider), "{generation}");
    }
    assert!(String::from_utf8(sign("openai_realtime-beta", "standard").stdout).unwrap().starts_with("webhook-"));
    let unknown = sign("retel", "secret");
    let told = String::from_utf8([unknown.stdout, unknown.stderr].concat()).unwrap();
    assert_eq!(unknown.status.code(), Some(2), "{told}");
    assert!(told.contains("`retel` is not known") && !told.contains("topsecret"), "{told}");
    // A provider of the user's own has its token in the URL, if that is what the user says.
    let own = ["sign", "-", "--secret-file", "secret", "--url", "https://example.com/hook", "--provider", "mine"];
    let signed = good(&[&own[..], &["--token-in-url"]].concat(), &here, b"{}");
    assert_eq!(signed, "https://example.com/hook?token=topsecret\n");
}

/// Twilio signs the URL, and has no secret in it.
#[test]
fn a_signature_of_a_url_needs_a_whole_one() {
    let here = directory("signed_url");
    fs::write(here.join("secret"), "topsecret").unwrap();
    let sign = |url: &[&str]| {
        vcp(&[&["sign", "-", "--secret-file", "secret", "--provider", "twilio"], url].concat(), &here, b"{}")
    };
    for url in [&[][..], &["--url", "hook"]] {
        let refused = sign(url);
        let told = String::from_utf8([refused.stdout, refused.stderr].concat()).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.contains("give the whole URL with --url"), "{told}");
    }
    let signed = String::from_utf8(sign(&["--url", "https://example.com/hook"]).stdout).unwrap();
    assert!(signed.starts_with("x-twilio-signature: "), "{signed}");
}

#[test]
fn a_long_name_does_not_widen_a_table() {
    let here = directory("wide");
    let long = "L".repeat(70_000);
    let body = format!("{{\"event\":\"call_ended\",\"call\":{{\"call_id\":\"c1\",\"{long}\":1}}}}");
    let drift = vcp(&["drift", "--provider", "retell"], &here, body.as_bytes()).stdout;
    assert!(drift.len() < 4_000, "{}", drift.len());
    let explained = vcp(&["explain", "-", "--provider", "retell"], &here, body.as_bytes()).stdout;
    assert!(explained.len() < 20_000, "{}", explained.len());
    let message = good(&["map", "--provider", "retell"], &here, body.as_bytes()).replace(&long, "x");
    let message = message.replacen("\"call_id\":\"c1\"", &format!("\"call_id\":\"c1\",\"channel\":\"{long}\""), 1);
    let stats = good(&["stats", "--by", "channel"], &here, message.as_bytes());
    assert!(stats.contains('…') && stats.len() < 4_000, "{}", stats.len());
}

#[test]
fn the_consent_that_was_chosen_stays_in_a_merge() {
    let here = directory("consent");
    let bodies = "{\"event\":\"call_started\",\"call\":{\"call_id\":\"c1\"}}\n\
                  {\"event\":\"call_ended\",\"call\":{\"call_id\":\"c1\"}}\n";
    for (word, shown) in [("pending", "\"status\":\"pending\""), ("omit", "\"provenance\"")] {
        let mapped = good(&["map", "--provider", "retell", "--consent", word], &here, bodies.as_bytes());
        let merged = good(&["merge", "--consent", word], &here, mapped.as_bytes());
        assert!(merged.contains(shown) && !merged.contains("granted"), "{merged}");
    }
}

/// A file with a part of the records would look complete.
#[test]
fn a_source_that_breaks_off_leaves_no_file() {
    let here = directory("cut");
    let mapped = good(&["map"], &here, good(&synth(&["--count", "3"]), &here, b"").as_bytes());
    fs::write(here.join("whole.ndjson"), &mapped).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(mapped.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    fs::write(here.join("cut.ndjson.gz"), &packed[..packed.len() / 2]).unwrap();
    for command in ["map", "merge", "assemble"] {
        let output = vcp(&[command, "cut.ndjson.gz", "-o", "out.ndjson"], &here, b"");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && told.contains("could not be read completely"), "{command}: {told}");
        assert!(!here.join("out.ndjson").exists() && !here.join("out.ndjson.part").exists(), "{command}");
    }
    good(&["merge", "whole.ndjson", "-o", "out.ndjson"], &here, b"");
    assert!(here.join("out.ndjson").exists());
}

/// A run gives its output file its name, and not the file of another run.
#[test]
fn two_runs_never_exchange_their_files() {
    let here = directory("two_outputs");
    let deliveries = good(&synth(&["--count", "3"]), &here, b"");
    let part = here.join("out.ndjson.part");
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vcp"));
        command.args(["map", "-o", "out.ndjson"]).current_dir(&here);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let is_there = (0..1000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            part.exists()
        });
        assert!(is_there, "the run writes no file");
        child
    };
    let end = |mut child: std::process::Child| {
        child.stdin.take().unwrap().write_all(deliveries.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let first = start();
    let told = String::from_utf8(vcp(&["map", "-o", "out.ndjson"], &here, b"").stderr).unwrap();
    assert!(told.contains("is being written by another run"), "{told}");
    fs::remove_file(&part).unwrap();
    let second = start();
    let first = end(first);
    let told = String::from_utf8(first.stderr).unwrap();
    assert!(first.status.code() == Some(2) && told.contains("was moved or replaced"), "{told}");
    assert!(!here.join("out.ndjson").exists() && part.exists());
    assert!(end(second).status.success());
    assert!(!fs::read(here.join("out.ndjson")).unwrap().is_empty());
    // What a run that was stopped left is named so.
    fs::remove_file(here.join("out.ndjson")).unwrap();
    fs::write(&part, "").unwrap();
    let told = String::from_utf8(vcp(&["map", "-o", "out.ndjson"], &here, b"").stderr).unwrap();
    assert!(told.contains("is from a run that was stopped: remove it"), "{told}");
}

/// A file keeps its content until the new one is complete.
#[test]
fn an_expectation_is_replaced_as_a_whole() {
    let here = directory("replace");
    good(&["rules", "new", "parrot"], &here, b"");
    let expected = here.join("parrot/samples/finished.expected.json");
    let before = fs::read(&expected).unwrap();
    let mut opened = fs::File::open(&expected).unwrap();
    let sample = here.join("parrot/samples/finished.json");
    fs::write(&sample, fs::read_to_string(&sample).unwrap().replace("\"c1\"", "\"c2\"")).unwrap();
    good(&["rules", "test", "parrot", "--update"], &here, b"");
    let mut still = Vec::new();
    opened.read_to_end(&mut still).unwrap();
    assert!(still == before, "the old file was not written into");
    assert!(fs::read_to_string(&expected).unwrap().contains("\"c2\""));
    assert_eq!(fs::read_dir(here.join("parrot/samples")).unwrap().count(), 2, "nothing else is left");
}

#[test]
fn a_call_with_long_live_transcripts_is_merged_without_the_replaced() {
    let here = directory("live");
    let text = "a turn ".repeat(430_000);
    let live = |n: u32| {
        format!(
            "{{\"message\":{{\"type\":\"conversation-update\",\"timestamp\":179197920000{n},\"call\":{{\"id\":\"c1\"}},\
             \"artifact\":{{\"messages\":[{{\"role\":\"user\",\"message\":\"{text}{n}\"}}]}}}}}}\n"
        )
    };
    let mapped = good(&["map", "--provider", "vapi"], &here, (0..4).map(live).collect::<String>().as_bytes());
    let output = vcp(&["merge"], &here, mapped.as_bytes());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("try --drop-replaced"), "{said}");
    let merged = good(&["merge", "--drop-replaced"], &here, mapped.as_bytes());
    let received = |n: u32| merged.matches(&format!("a turn {n}\"")).count();
    assert_eq!([received(0), received(1), received(2)], [1, 0, 0], "in `deliveries`");
    assert_eq!(received(3), 3, "in `data`, `deliveries` and the transcript");
}

/// A folder with rule files can come from somebody else.
#[cfg(unix)]
#[test]
fn a_hostile_folder_of_rule_files_is_refused() {
    let here = directory("hostile_rules");
    good(&["rules", "new", "parrot"], &here, b"");
    let folder = here.join("parrot");
    let told = |args: &[&str]| {
        let output = vcp(args, &here, b"");
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    std::os::unix::fs::symlink("/dev/zero", folder.join("endless.json")).unwrap();
    assert!(told(&["rules", "lint", "parrot"]).contains("it is no regular file"));
    fs::remove_file(folder.join("endless.json")).unwrap();
    fs::write(folder.join("long.json"), " ".repeat(5 << 20)).unwrap();
    assert!(
        told(&["map", "--provider", "parrot", "--rules", "parrot"])
            .contains("`parrot/long.json` is longer than the limit of")
    );
    fs::remove_file(folder.join("long.json")).unwrap();
    let expected = folder.join("samples/finished.expected.json");
    fs::remove_file(&expected).unwrap();
    fs::write(here.join("victim"), "mine").unwrap();
    std::os::unix::fs::symlink("../../victim", &expected).unwrap();
    assert!(told(&["rules", "test", "--update", "parrot"]).contains("is no regular file: remove it"));
    assert_eq!(fs::read_to_string(here.join("victim")).unwrap(), "mine");
    fs::remove_file(&expected).unwrap();
    assert!(told(&["rules", "test", "parrot"]).contains("finished.expected.json`: make it with --update"));
    // The file is sparse.
    fs::File::create(&expected).unwrap().set_len(65 << 20).unwrap();
    assert!(told(&["rules", "test", "parrot"]).contains("is longer than the limit of"));
    fs::remove_file(&expected).unwrap();
    std::os::unix::fs::symlink("../../victim", folder.join("samples/other.json")).unwrap();
    assert!(told(&["rules", "test", "parrot"]).contains("it is no regular file"));
    fs::rename(folder.join("samples"), here.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", folder.join("samples")).unwrap();
    assert!(told(&["rules", "test", "--update", "parrot"]).contains("`parrot/samples` is a link"));
}

#[test]
fn what_cannot_be_followed_is_one_line_and_status_2() {
    let here = directory("bad");
    fs::create_dir_all(here.join("folder")).unwrap();
    fs::write(here.join("exists.ndjson"), "").unwrap();
    for args in [
        &["map", "absent.ndjson", "--provider", "retell"][..],
        &["map", "--provider", "nobody"],
        &["map", "--provider", "retell", "--output", "exists.ndjson"],
        &["map", "--provider", "retell", "--rules", "absent"],
        &["merge", "absent.ndjson"],
        &["assemble", "absent.ndjson"],
        &["explain", "absent.json", "--provider", "retell"],
        &["explain", "folder", "--provider", "retell"],
        &["receive", "absent.json", "--provider", "retell"],
        &["receive", "-", "--provider", "nobody"],
        &["sign", "-", "--provider", "vapi"],
        &["diagnose", "-", "--provider", "retell", "--header", "oops"],
        &["checksum", "absent.ndjson"],
        &["stats", "absent.ndjson"],
        &["drift", "absent.ndjson", "--provider", "retell"],
        &["rules", "lint", "absent"],
        &["rules", "new", "exists.ndjson"],
        &["synth", "--from", "2026-10-08T00:00:00Z", "--until", "2026-10-01T00:00:00Z"],
        &["synth", "--provider", "openai_realtime", "--scenario", "busy", "--output", "never.ndjson"],
        &["synth", "--until=-262143-01-01T00:00:00Z"],
        &["synth", "--from", "+262142-01-01T00:00:00Z", "--until", "+262142-12-31T23:59:59Z"],
        &["check", "folder"],
        &["check", "exists.ndjson", "folder"],
        &["map", "--provider", "retell", "folder"],
        &["send", "--url", "http://127.0.0.1:1/", "--provider", "retell"],
        &["send", "--url", "no url", "--provider", "retell"],
        &["send", "--url", "http://127.0.0.1:1/", "--provider", "openai_realtime", "--scenario", "busy"],
    ] {
        let output = vcp(args, &here, b"");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
        let last = told.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: ") && !last.contains('\u{1b}'), "{args:?}: {told}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    assert_eq!(fs::read(here.join("exists.ndjson")).unwrap(), b"", "nothing is overwritten");
    let left: Vec<_> = fs::read_dir(&here).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "nothing half written is left: {left:?}");
    // A secret from a file would be ignored, because a server has those of all providers.
    let output = vcp(&["receive", "--serve", "127.0.0.1:0", "--secret-file", "exists.ndjson"], &here, b"");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn input_that_is_no_record_is_told_by_line_and_status_1() {
    let here = directory("junk");
    let junk = [b"{\"event\":\"call_ended\"}\n\xff\xfe\x00\n[]\n".as_slice(), &[0; 300]].concat();
    for args in [
        &["map", "--provider", "retell"][..],
        &["map"],
        &["merge"],
        &["assemble"],
        &["check"],
        &["migrate"],
        &["checksum"],
        &["stats"],
        &["drift", "--provider", "retell"],
        &["explain", "-", "--provider", "retell"],
        &["receive", "-", "--provider", "retell"],
    ] {
        let output = vcp(args, &here, &junk);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {told}");
        assert!(!told.contains('\u{0}') && !told.contains('\u{1b}'), "{args:?}: {told:?}");
    }
    for args in [&["map", "--provider", "retell"][..], &["merge"], &["check"], &["migrate"], &["stats"]] {
        assert_eq!(vcp(args, &here, b"").status.code(), Some(0), "{args:?}: nothing is no fault");
    }
}

#[test]
fn a_record_without_end_is_told_and_not_kept() {
    let here = directory("endless");
    let zeros = vec![0; 40 << 20];
    for (args, status) in [
        (&["map", "--provider", "retell"][..], 1),
        (&["merge"], 1),
        (&["assemble"], 1),
        (&["check"], 1),
        (&["migrate"], 1),
        (&["checksum"], 1),
        (&["stats"], 1),
        (&["drift", "--provider", "retell"], 1),
        (&["explain", "-", "--provider", "retell"], 2),
        (&["receive", "-", "--provider", "retell"], 2),
        (&["sign", "-", "--provider", "retell"], 2),
        (&["diagnose", "-", "--provider", "retell"], 2),
        (&["send", "-", "--provider", "retell", "--url", "http://127.0.0.1:9"], 2),
    ] {
        let output = vcp(args, &here, &zeros);
        let told = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
        assert_eq!(output.status.code(), Some(status), "{args:?}: {told}");
        assert!(told.contains("longer than the limit of 16777216 bytes"), "{args:?}: {told}");
    }
}

/// Text from outside cannot move the cursor, change colours or the direction of writing, or begin a
/// line of its own.
#[test]
fn nothing_hostile_reaches_the_terminal() {
    const HOSTILE: &str = "::error::x##[y]\u{1b}[31m\u{9b}2J\u{202e}\u{85}\u{2028}\u{7f}\rverified by: forged";
    let here = directory("hostile");
    // The same text as an event, an id, a word, a member, a header, a name of a file.
    let escaped = serde_json::to_string(&format!("{HOSTILE}\nverified by: forged")).unwrap();
    let call = format!(
        r#"{{"event":"call_ended","call":{{"call_id":{escaped},"disconnection_reason":{escaped},"transcript":{escaped},{escaped}:1,"direction":{escaped},"access_token":{escaped},"call_cost":{{"combined_cost":{escaped}}}}}}}"#
    );
    let event = format!(r#"{{"event":{escaped},"call":{{}}}}"#);
    let file = format!("{HOSTILE}.json");
    fs::write(here.join(&file), &call).unwrap();
    fs::write(here.join("event.json"), &event).unwrap();
    fs::write(here.join("both.ndjson"), format!("{call}\n{event}\n{HOSTILE}\n")).unwrap();
    let messages = vcp(&["map", "--provider", "retell", "both.ndjson"], &here, b"").stdout;
    let damaged = String::from_utf8(messages.clone()).unwrap().replacen(
        "\"provider\":\"retell\"",
        &format!("\"provider\":{escaped}"),
        1,
    );
    fs::write(here.join("messages.ndjson"), [messages, damaged.into_bytes()].concat()).unwrap();
    let folder = format!("{HOSTILE}.d");
    fs::create_dir_all(here.join(&folder)).unwrap();
    for args in [
        &["map", "--provider", "retell", "both.ndjson", "-o", "out.ndjson"][..],
        &["map", "both.ndjson"],
        &["map", "--provider", HOSTILE, "both.ndjson"],
        &["explain", "--provider", "retell", &file],
        &["explain", "--provider", "retell", "event.json"],
        &["explain", "--provider", HOSTILE, "event.json"],
        &["receive", "--provider", "retell", "--header", HOSTILE, &file],
        &["receive", "--provider", HOSTILE, &file],
        &["receive", "--provider", "retell", "event.json"],
        &["sign", "--provider", "retell", &folder],
        &["diagnose", "--provider", "retell", "--header", "x-retell-signature: v=1,d=00", &file],
        &["send", "--provider", "retell", "--url", HOSTILE, &file],
        &["drift", "--provider", "retell", "both.ndjson"],
        &["check", "messages.ndjson"],
        &["check", "--format", "line", &file],
        &["check", "--format", "github", &file],
        &["check", &folder],
        &["checksum", "messages.ndjson"],
        &["stats", "messages.ndjson"],
        &["stats", "--by", "direction", "--csv", "messages.ndjson"],
        &["migrate", &file, "-o", "migrated.ndjson"],
        &["merge", "messages.ndjson", "-o", "merged.ndjson"],
        &["assemble", &file],
        &["rules", "lint", &folder],
        &["rules", "test", &folder],
        &["rules", "new", HOSTILE],
        &["synth", "--count", "1", "-o", &file],
    ] {
        let output = vcp(args, &here, b"");
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!told.is_empty(), "{args:?}");
        let hostile = told.find(|c: char| c != '\n' && (c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c)));
        assert_eq!(hostile, None, "{args:?}: {told:?}");
        assert!(!told.lines().any(|line| line.starts_with("verified by: forged")), "{args:?}: {told}");
        // The program's own commands to the runner of GitHub Actions name a file.
        let is_forged = |line: &str| line.trim_start().starts_with("::") && !line.starts_with("::error file=");
        assert!(!told.contains("##[") && !told.lines().any(is_forged), "{args:?}: {told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let here = directory("full");
    fs::write(here.join("d.ndjson"), "{\"event\":\"call_ended\",\"call\":{\"call_id\":\"c1\"}}\n").unwrap();
    fs::write(here.join("m.ndjson"), good(&["map", "--provider", "retell", "d.ndjson"], &here, b"")).unwrap();
    for args in [
        &["map", "--provider", "retell", "d.ndjson"][..],
        &["merge", "m.ndjson"],
        &["migrate", "--to", "0.3", "m.ndjson"],
        &["check", "--format", "sarif", "m.ndjson"],
        &["checksum", "m.ndjson"],
        &["stats", "m.ndjson"],
        &["drift", "--provider", "retell", "d.ndjson"],
        &["explain", "d.ndjson", "--provider", "retell"],
        &["synth", "--count", "10"],
        &["schema", "0.5"],
        &["rules", "targets"],
        &["completions", "bash"],
        &["man"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output =
            Command::new(env!("CARGO_BIN_EXE_vcp")).args(args).current_dir(&here).stdout(full).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
        assert!(told.contains("cannot write") && told.contains("No space left on device"), "{args:?}: {told}");
    }
}

#[test]
fn a_pretty_printed_archive_is_pointed_out() {
    let here = directory("pretty");
    let told = |text: &str| String::from_utf8(vcp(&["check"], &here, text.as_bytes()).stderr).unwrap();
    assert!(told("{ \"vcp_version\": \"0.5\",\n}").contains("this looks like one pretty-printed message"));
    assert!(!told("{ \"vcp_version\": \"0.5\" }\n{").contains("pretty-printed"));
    assert!(!told("{ \"vcp_version\": nonsense\n").contains("pretty-printed"));
}

#[test]
fn a_text_that_is_not_older_is_checked_as_it_is() {
    let here = directory("upgrade");
    for text in ["no json\n", "{\"vcp_version\":\"0.5\"}\n"] {
        let check =
            |more: &[&str]| vcp(&[&["check", "--format", "json"], more].concat(), &here, text.as_bytes()).stdout;
        assert_eq!(check(&["--upgrade"]), check(&[]), "{text}");
    }
}

#[test]
fn packed_archives_are_read() {
    let here = directory("packed");
    let plain = good(&synth(&["--count", "5", "--provider", "bland", "--as", "bodies"]), &here, b"");
    let expected = good(&["map", "--provider", "bland", "--now", "2026-10-14T12:00:00Z"], &here, plain.as_bytes());
    for packer in ["gzip", "zstd"] {
        let packed = Command::new(packer).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        // The test needs the packer. Every Linux has gzip.
        let Ok(mut packed) = packed else { continue };
        packed.stdin.take().unwrap().write_all(plain.as_bytes()).unwrap();
        let packed = packed.wait_with_output().unwrap().stdout;
        // Two members or frames, one after the other.
        let twice = [packed.as_slice(), &packed].concat();
        let mapped = good(&["map", "--provider", "bland", "--now", "2026-10-14T12:00:00Z"], &here, &twice);
        assert_eq!(mapped, expected.repeat(2), "{packer}");
    }
}
