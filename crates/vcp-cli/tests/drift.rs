//! Tests of `vcp drift`, run as a user runs it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn drift(args: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vcp")).arg("drift").args(args).current_dir(directory).output().unwrap()
}

#[test]
fn tells_what_is_new_since_a_summary() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("drift");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let payload =
        |rest: &str| format!("{{\"event\":\"call_ended\",\"call\":{{\"call_id\":\"c1\",\"agent_mood\":1{rest}}}}}\n");
    let shown = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();

    fs::write(directory.join("monday.ndjson"), payload("").repeat(3)).unwrap();
    let monday = drift(&["monday.ndjson", "--provider", "retell"], &directory);
    assert_eq!(monday.status.code(), Some(1));
    let words: Vec<String> = shown(&monday).split_whitespace().map(str::to_owned).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.contains(['│', '─', '═'])).collect();
    assert_eq!(words, ["where", "deliveries", "not", "read", "/call/agent_mood", "3", "3", "deliveries"]);
    let summary = drift(&["monday.ndjson", "--provider", "retell", "--json"], &directory);
    fs::write(directory.join("monday.json"), &summary.stdout).unwrap();

    let same = drift(&["monday.ndjson", "--provider", "retell", "--since", "monday.json"], &directory);
    assert_eq!((same.status.code(), shown(&same).as_str()), (Some(0), "3 deliveries: nothing new\n"));

    let tuesday =
        payload("") + &payload(",\"disconnection_reason\":\"abducted\"") + "{\"event\":\"call_dreamt\"}\nno json\n";
    fs::write(directory.join("tuesday.ndjson"), tuesday).unwrap();
    let new = drift(&["tuesday.ndjson", "--provider", "retell", "--since", "monday.json"], &directory);
    assert_eq!(new.status.code(), Some(1));
    let table = shown(&new);
    for told in ["/call/disconnection_reason: abducted", "call_dreamt", "VCP_E007 at $: ", "4 deliveries"] {
        assert!(table.contains(told), "{table}");
    }
    assert!(!table.contains("agent_mood"));

    let unknown = drift(&["monday.ndjson", "--provider", "nobody"], &directory);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8(unknown.stderr).unwrap().starts_with("error: VCP_E009 at $: the provider `nobody`"));
}
