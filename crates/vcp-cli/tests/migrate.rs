//! Tests of `vcp migrate`, run as a user runs it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use serde_json::{Value, json};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};
use vcp_sdk::auth::ReplayKey;

fn program(args: &[&str], directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcp"));
    command
        .arg("migrate")
        .args(args)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(args: &[&str], directory: &Path, input: &[u8]) -> Output {
    let mut child = program(args, directory).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // On a separate thread, so that neither process waits for the other. The program may close
        // its input early, so an error is ignored.
        scope.spawn(move || drop(pipe.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Creates an empty directory.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Returns a 0.3 message of the production dialect.
fn message(number: usize) -> String {
    json!({"call_id": format!("call-{number}"), "vcp_version": "0.3", "vcp_payload": {
        "call": {"call_id": format!("call-{number}"), "session_id": "s", "provider": "vapi", "start_time": "2026-10-14T12:00:00Z"},
        "outcomes": {"perceived": [], "objective": {"status": "filtered"}},
        "artifacts": {"transcript_url": null}, "custom": {"synthetic": true},
        "audit": {"received_at": "2026-10-14T12:03:06Z", "schema_version": "0.3"}}})
    .to_string()
}

fn archive(messages: usize) -> String {
    (0..messages).map(|number| message(number) + "\n").collect()
}

fn call_ids(lines: &str) -> Vec<String> {
    let id = |line: &str| {
        let message: Value = serde_json::from_str(line).unwrap();
        message["vcp_payload"]["call"]["call_id"].as_str().unwrap().to_owned()
    };
    lines.lines().map(id).collect()
}

#[test]
fn up_and_down_again_in_order() {
    let directory = directory("up_and_down");
    let archive = archive(3000);
    let up = run(&[], &directory, archive.as_bytes());
    assert!(up.status.success(), "{}", text(&up.stderr));
    let expected: Vec<String> = (0..3000).map(|number| format!("call-{number}")).collect();
    assert_eq!(call_ids(text(&up.stdout)), expected);
    assert!(text(&up.stderr).contains("0.3-production → 0.5"), "{}", text(&up.stderr));

    let down = run(&["--to", "0.3", "--threads", "3"], &directory, &up.stdout);
    let value = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    assert!(text(&down.stdout).lines().map(value).eq(archive.lines().map(value)));
    let again = run(&["--to", "0.3"], &directory, &down.stdout);
    assert_eq!(again.stdout, down.stdout, "what is down already stays as it is");
}

#[test]
fn files_plain_and_packed_and_directories() {
    let directory = directory("files");
    fs::create_dir(directory.join("calls")).unwrap();
    fs::write(directory.join("calls/b.json"), message(2).replace(',', ",\r\n")).unwrap();
    fs::write(directory.join("calls/a.jsonl"), message(1)).unwrap();
    fs::write(directory.join("calls/notes.txt"), "no message").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(".", directory.join("calls/round")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all((message(3) + "\n\n" + &message(4)).as_bytes()).unwrap();
    fs::write(directory.join("packed.gz"), packed.finish().unwrap()).unwrap();
    let output = run(&["calls", "packed.gz", "--prove"], &directory, b"");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(call_ids(text(&output.stdout)), ["call-1", "call-2", "call-3", "call-4"]);
    let passed_over = if cfg!(unix) { "2 entries skipped" } else { "1 entry skipped" };
    assert!(text(&output.stderr).contains(passed_over), "{}", text(&output.stderr));
}

#[test]
fn what_cannot_be_migrated_is_told_and_kept() {
    let directory = directory("failures");
    let bad = ["{\"vcp_version\":\"0.9\"}".to_owned(), "{\"a\":\u{fffd}".to_owned()];
    let mut input = format!("{}\n{}\n\n{}\n{}", message(1), bad[0], bad[1], message(2)).into_bytes();
    input.push(b'\n');
    input.extend_from_slice(b"\xff");
    fs::write(directory.join("in.ndjson"), &input).unwrap();
    let output = run(&["in.ndjson", "-o", "out.ndjson", "--failures", "failed.ndjson"], &directory, b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let told: Vec<&str> = text(&output.stderr).lines().filter(|line| line.starts_with("in.ndjson:")).collect();
    assert_eq!(told.len(), 3);
    assert_eq!(
        told[0],
        "in.ndjson:2: VCP_E006 at $.vcp_version: version `0.9` is not known: 0.3, 0.4 and 0.5 are supported"
    );
    assert!(told[1].starts_with("in.ndjson:4: VCP_E007 at $: ") && told[2].starts_with("in.ndjson:6: VCP_E007 at $: "));
    let failed = fs::read(directory.join("failed.ndjson")).unwrap();
    assert_eq!(failed, [bad[0].as_bytes(), b"\n", bad[1].as_bytes(), b"\n\xff\n"].concat());
    assert_eq!(call_ids(&fs::read_to_string(directory.join("out.ndjson")).unwrap()), ["call-1", "call-2"]);

    let cut = &[0x1f, 0x8b, 8, 0][..];
    let output = run(&[], &directory, cut);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("-:1: cannot be read further: "), "{}", text(&output.stderr));
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let directory = directory("bad_files");
    fs::create_dir(directory.join("calls")).unwrap();
    fs::write(directory.join("calls/a.json"), "").unwrap();
    fs::write(directory.join("calls/b.json"), message(1)).unwrap();
    fs::write(directory.join("calls/c.json"), "{\n\"vcp_version\": \"0.9\"\n}").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", directory.join("calls/d.json")).unwrap();
    let output = run(&["calls", "--failures", "failed.ndjson"], &directory, b"");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(call_ids(text(&output.stdout)), ["call-1"]);
    let told = text(&output.stderr);
    assert!(told.contains("calls/a.json:1: VCP_E007 at $: the text is empty"), "{told}");
    assert!(cfg!(not(unix)) || told.contains("calls/d.json: cannot be read: "), "{told}");
    assert_eq!(fs::read_to_string(directory.join("failed.ndjson")).unwrap(), "{ \"vcp_version\": \"0.9\" }\n");
}

#[test]
fn nothing_is_written_over() {
    let directory = directory("apart");
    fs::write(directory.join("in.ndjson"), message(1)).unwrap();
    let refused = |args: &[&str]| {
        let output = run(args, &directory, b"");
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        text(&output.stderr).to_owned()
    };
    let same = "error: --failures and --output name the same file: use two different files\n";
    assert_eq!(refused(&["in.ndjson", "-o", "out", "--failures", "./out"]), same);
    assert_eq!(refused(&["in.ndjson", "-o", "out", "--failures", "out.part"]), same);
    let read = "error: `in.ndjson` would be read and written: name another file\n";
    assert_eq!(refused(&["in.ndjson", "--failures", "../apart/in.ndjson"]), read);
    fs::write(directory.join("precious"), "data").unwrap();
    let exists = "error: `precious` exists: move it away, or name another file\n";
    assert_eq!(refused(&["in.ndjson", "-o", "out", "--failures", "precious"]), exists);
    assert_eq!(refused(&["in.ndjson", "-o", "precious"]), exists);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2, "and nothing is left behind");
}

#[test]
fn a_dry_run_writes_nothing() {
    let directory = directory("dry_run");
    let output = run(&["--dry-run"], &directory, archive(2).as_bytes());
    assert!(output.status.success() && output.stdout.is_empty());
    assert!(text(&output.stderr).contains("2 messages in"));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}

#[test]
fn an_interrupted_run_is_taken_up_where_it_stopped() {
    let directory = directory("resume");
    let mut archive = archive(6000);
    archive.insert_str(archive.find("\n").unwrap() + 1, "no message\n");
    let expected = run(&[], &directory, archive.as_bytes());
    let args = ["-o", "out.ndjson", "--failures", "failed.ndjson"];

    // Send half of the input, and no more until the run is stopped.
    let half = archive.len() / 2;
    let mut child = program(&args, &directory).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let begun = Instant::now();
    let (mut fed, checkpoint) = (0, directory.join("out.ndjson.checkpoint"));
    let lines_done = || {
        let position: Value = serde_json::from_slice(&fs::read(&checkpoint).ok()?).unwrap();
        position["position"]["lines"].as_u64()
    };
    while lines_done().unwrap_or(0) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no checkpoint");
        let next = (fed + half / 50).min(half);
        pipe.write_all(&archive.as_bytes()[fed..next]).unwrap();
        fed = next;
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!directory.join("out.ndjson").exists());
    let done = lines_done().unwrap();
    // A crash of the machine can leave an incomplete line.
    let mut part = fs::OpenOptions::new().append(true).open(directory.join("out.ndjson.part")).unwrap();
    part.write_all(b"{\"vcp_vers").unwrap();

    let refused = run(&args, &directory, b"");
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(
        text(&refused.stderr),
        "error: `out.ndjson.part` is from a run that has not ended: if it was interrupted, use --resume, or remove the file\n"
    );
    let other = run(&["-o", "out.ndjson", "--failures", "other.ndjson", "--resume"], &directory, b"");
    assert!(text(&other.stderr).contains("is from a run with other inputs, --to,"));
    // The stream that goes on after the interruption is another input.
    let resume = [&args[..], &["--resume"]].concat();
    let rest: String = archive.lines().skip(20).map(|line| format!("{line}\n")).collect();
    let other = run(&resume, &directory, rest.as_bytes());
    assert_eq!(other.status.code(), Some(2));
    let told = "`-` has other lines than those that the interrupted run read: give the same input";
    assert!(text(&other.stderr).contains(told), "{}", text(&other.stderr));
    let resumed = run(&resume, &directory, archive.as_bytes());
    let left = 6001 - done;
    let now = format!("\n6 001 messages, {} {:03} of them now, in ", left / 1000, left % 1000);
    assert_eq!(resumed.status.code(), Some(1), "{}", text(&resumed.stderr));
    assert!(fs::read(directory.join("out.ndjson")).unwrap() == expected.stdout);
    assert_eq!(fs::read_to_string(directory.join("failed.ndjson")).unwrap(), "no message\n");
    assert!(text(&resumed.stderr).contains(&now), "{}", text(&resumed.stderr));
    assert!(!checkpoint.exists() && !directory.join("out.ndjson.part").exists());

    let again = run(&args, &directory, b"");
    assert_eq!(text(&again.stderr), "error: `out.ndjson` exists: move it away, or name another file\n");
}

/// A damaged record at the beginning does not take the records after it with it.
#[test]
fn a_brace_alone_does_not_swallow_an_archive() {
    let directory = directory("brace");
    for damaged in ["{\n\"a\":1}\n", "{\n  \"a\": 1,\n"] {
        let output = run(&[], &directory, format!("{damaged}{}", archive(3)).as_bytes());
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stdout).lines().count(), 3, "{}", text(&output.stderr));
    }
    // Several messages that are written over several lines are no archive of lines: one failure.
    let value: Value = serde_json::from_str(archive(1).trim_end()).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let output = run(&[], &directory, format!("{pretty}\n{pretty}\n").as_bytes());
    assert!(output.status.code() == Some(1) && output.stdout.is_empty());
    assert!(text(&output.stderr).contains("not migrated     1"), "{}", text(&output.stderr));
    // A message that is written over several lines is one message.
    for one in [pretty.clone(), pretty.replace("\n ", "\n").replace("  ", "")] {
        let output = run(&[], &directory, one.as_bytes());
        assert!(output.status.success() && text(&output.stdout).lines().count() == 1, "{}", text(&output.stderr));
    }
}

/// Starts a run that waits for more input, after it wrote a checkpoint. Returns it with its pipe.
fn waiting(args: &[&str], directory: &Path) -> (std::process::Child, std::process::ChildStdin) {
    let mut child = program(args, directory).spawn().unwrap();
    let pipe = child.stdin.take().unwrap();
    let begun = Instant::now();
    while !directory.join("out.ndjson.checkpoint").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no checkpoint");
        std::thread::sleep(Duration::from_millis(10));
    }
    (child, pipe)
}

#[test]
fn two_runs_never_write_the_same_file() {
    let directory = directory("two_runs");
    let (child, mut pipe) = waiting(&["-o", "out.ndjson"], &directory);
    for args in [&["-o", "out.ndjson", "--resume"][..], &["-o", "out.ndjson"]] {
        let second = run(args, &directory, b"");
        assert_eq!(second.status.code(), Some(2));
        let told = text(&second.stderr).to_owned();
        assert!(told.starts_with("error: `out.ndjson.part` is ") && told.lines().count() == 1, "{told}");
    }
    let resumed = run(&["-o", "out.ndjson", "--resume"], &directory, b"");
    let expected = "error: `out.ndjson.part` is being written by another run: wait for it, or stop it\n";
    assert_eq!(text(&resumed.stderr), expected);
    pipe.write_all(archive(10).as_bytes()).unwrap();
    // Somebody writes the target meanwhile.
    fs::write(directory.join("out.ndjson"), "mine").unwrap();
    drop(pipe);
    let first = child.wait_with_output().unwrap();
    assert_eq!(first.status.code(), Some(2));
    let told = text(&first.stderr);
    assert!(told.contains("`out.ndjson` appeared during the run: move it away, and use --resume"), "{told}");
    assert_eq!(fs::read_to_string(directory.join("out.ndjson")).unwrap(), "mine");
    fs::remove_file(directory.join("out.ndjson")).unwrap();
    let finished = run(&["-o", "out.ndjson", "--resume"], &directory, archive(10).as_bytes());
    assert_eq!(finished.status.code(), Some(0), "{}", text(&finished.stderr));
    assert_eq!(call_ids(&fs::read_to_string(directory.join("out.ndjson")).unwrap()).len(), 10);
}

/// Returns the entry of a checkpoint for a file.
fn written(path: &Path, bytes: u64) -> Value {
    #[cfg(unix)]
    let file = {
        use std::os::unix::fs::MetadataExt;
        let about = fs::metadata(path).unwrap();
        Some(format!("{}, {:?}", about.ino(), about.created().ok()))
    };
    #[cfg(not(unix))]
    let file: Option<String> = path.to_str().filter(|_| false).map(str::to_owned);
    json!({"bytes": bytes, "file": file})
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused() {
    let directory = directory("odd_checkpoints");
    let input = directory.join("in.ndjson");
    fs::write(&input, archive(10)).unwrap();
    let (part, checkpoint) = (directory.join("out.ndjson.part"), directory.join("out.ndjson.checkpoint"));
    let told = |expected: &str| {
        let output = run(&["in.ndjson", "-o", "out.ndjson", "--resume"], &directory, b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
        assert!(!directory.join("out.ndjson").exists());
    };
    fs::write(&part, "half\n").unwrap();
    told("`out.ndjson.part` has no checkpoint, so no run can continue it: remove it, and start again");

    let about = fs::metadata(&input).unwrap();
    let modified = about.modified().unwrap();
    let proving = std::cell::Cell::new(false);
    let write = |sources: usize, output_bytes: u64, later_by: u64| {
        let changed = Some(modified + std::time::Duration::from_secs(later_by));
        let text = serde_json::json!({
            "run": {
                "inputs": [format!("{:?}, size {:?}, changed {changed:?}", Path::new("in.ndjson"), Some(about.len()))],
                "to": "0.5", "missing_time": null, "failures": null, "prove": proving.get(),
            },
            "position": {"sources": sources, "lines": 0},
            "output": written(&part, output_bytes), "failures": null,
            "tally": {"ways": {}, "kinds": {}, "failed": 0},
        });
        fs::write(&checkpoint, text.to_string()).unwrap();
    };
    write(0, 5, 1);
    told("is from a run with other inputs, --to, --missing-time, --failures or --prove");
    // What was written before would not be proved.
    proving.set(true);
    write(0, 5, 0);
    told("is from a run with other inputs, --to, --missing-time, --failures or --prove");
    proving.set(false);
    write(2, 5, 0);
    told("is not a checkpoint: it is beyond the last input");
    write(0, 6, 0);
    told("it is shorter than its checkpoint says");
    write(0, 3, 0);
    told("its checkpoint is within a line");
    fs::write(&checkpoint, "{\"run\":7}").unwrap();
    told("`out.ndjson.checkpoint` is not a checkpoint");
    write(0, 0, 0);
    let without = fs::read_to_string(&checkpoint).unwrap().replace("\"output\":{", "\"other\":{");
    fs::write(&checkpoint, without).unwrap();
    told("`out.ndjson.checkpoint` is not a checkpoint: it says nothing of a file");
    // Another file of the same name and length.
    write(0, 5, 0);
    fs::rename(&part, directory.join("moved")).unwrap();
    fs::write(&part, "mine\n").unwrap();
    if cfg!(unix) {
        told("it is not the file that the interrupted run wrote: move it away");
    }
    assert_eq!(fs::read_to_string(&part).unwrap(), "mine\n");
    // The checkpoint that fits is continued.
    fs::write(&part, "").unwrap();
    write(0, 0, 0);
    let output = run(&["in.ndjson", "-o", "out.ndjson", "--resume"], &directory, b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(call_ids(&fs::read_to_string(directory.join("out.ndjson")).unwrap()).len(), 10);
}

/// A name can have any bytes, and a time can be before 1970. Neither can be written as JSON.
#[cfg(target_os = "linux")]
#[test]
fn odd_names_and_times_of_files_stop_nothing() {
    use std::os::unix::ffi::OsStrExt as _;
    let here = directory("odd_names");
    fs::create_dir(here.join("in")).unwrap();
    fs::write(here.join("in").join(std::ffi::OsStr::from_bytes(b"a\xff.ndjson")), archive(2)).unwrap();
    let old = fs::File::create(here.join("in/old.ndjson")).unwrap();
    fs::write(here.join("in/old.ndjson"), archive(3)).unwrap();
    old.set_modified(std::time::UNIX_EPOCH - std::time::Duration::from_secs(1 << 28)).unwrap();
    let output = run(&["in", "-o", "out.ndjson"], &here, b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(call_ids(&fs::read_to_string(here.join("out.ndjson")).unwrap()).len(), 5);
}

/// A checkpoint can be of anybody.
#[test]
fn odd_figures_of_a_checkpoint_lose_nothing() {
    let here = directory("odd_figures");
    let write = |lines: u64, ways: &Value| {
        let hash = archive(10).split_inclusive('\n').fold(0_u64, |hash, line| {
            let key = ReplayKey::of([&hash.to_le_bytes(), line.as_bytes()]);
            u64::from_le_bytes(*key.as_ref().first_chunk().unwrap())
        });
        fs::write(here.join("out.ndjson.part"), "").unwrap();
        let text = json!({
            "run": {
                "inputs": ["\"-\", size None, changed None"],
                "to": "0.5", "missing_time": null, "failures": null, "prove": false,
            },
            "position": {"sources": 0, "lines": lines, "hash": hash},
            "output": written(&here.join("out.ndjson.part"), 0), "failures": null,
            "tally": {"ways": ways, "kinds": {}, "failed": u64::MAX},
        });
        fs::write(here.join("out.ndjson.checkpoint"), text.to_string()).unwrap();
    };
    for lines in [11, u64::MAX] {
        write(lines, &json!({}));
        let output = run(&["-", "-o", "out.ndjson", "--resume"], &here, archive(10).as_bytes());
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("`-` ends before the place at which the run was interrupted"));
        assert!(!here.join("out.ndjson").exists());
    }
    write(10, &json!({"a\nerror: forged": {"b": u64::MAX, "c": 5}}));
    let output = run(&["-", "-o", "out.ndjson", "--resume"], &here, archive(12).as_bytes());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).lines().any(|line| line.starts_with("error")), "{}", text(&output.stderr));
    assert_eq!(call_ids(&fs::read_to_string(here.join("out.ndjson")).unwrap()), ["call-10", "call-11"]);
}

/// `--failures` can be in another folder, or the file can have been replaced.
#[cfg(unix)]
#[test]
fn a_resumed_run_does_not_cut_the_failures_of_another() {
    let here = directory("other_failures");
    let (part, failed) = (here.join("out.ndjson.part"), here.join("failed.ndjson"));
    fs::write(&part, "").unwrap();
    fs::write(&failed, "").unwrap();
    let checkpoint = json!({
        "run": {
            "inputs": ["\"-\", size None, changed None"],
            "to": "0.5", "missing_time": null, "failures": "\"failed.ndjson\"", "prove": false,
        },
        "position": {"sources": 0, "lines": 0},
        "output": written(&part, 0), "failures": written(&failed, 0),
        "tally": {"ways": {}, "kinds": {}, "failed": 0},
    });
    fs::write(here.join("out.ndjson.checkpoint"), checkpoint.to_string()).unwrap();
    fs::rename(&failed, here.join("moved")).unwrap();
    fs::write(&failed, "mine\n").unwrap();
    let arguments = ["-", "-o", "out.ndjson", "--failures", "failed.ndjson", "--resume"];
    let output = run(&arguments, &here, archive(3).as_bytes());
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(
        told.contains("cannot resume `failed.ndjson`: it is not the file that the interrupted run wrote"),
        "{told}"
    );
    assert_eq!(fs::read_to_string(&failed).unwrap(), "mine\n");
    // The right file is continued.
    fs::rename(here.join("moved"), &failed).unwrap();
    let output = run(&arguments, &here, archive(3).as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_run_that_cannot_begin_changes_no_file() {
    let here = directory("no_begin");
    let output = run(&["-o", "absent/out.ndjson", "--failures", "failed.ndjson"], &here, b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(!here.join("failed.ndjson").exists());
    fs::write(here.join("failed.ndjson"), "mine").unwrap();
    let output = run(&["-o", "out.ndjson", "--failures", "failed.ndjson"], &here, b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(!here.join("out.ndjson.part").exists() && !here.join("out.ndjson.checkpoint").exists());
    assert_eq!(fs::read_to_string(here.join("failed.ndjson")).unwrap(), "mine");
    // A file or a link with the name of a new checkpoint belongs to somebody else.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("failed.ndjson", here.join("out.ndjson.checkpoint.new")).unwrap();
        let output = run(&["-o", "out.ndjson"], &here, archive(1).as_bytes());
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("`out.ndjson.checkpoint.new` exists"), "{}", text(&output.stderr));
        assert_eq!(fs::read_to_string(here.join("failed.ndjson")).unwrap(), "mine");
    }
    // The name of the checkpoint is longer than file systems allow.
    let long = "o".repeat(245);
    let output = run(&["-o", &long, "--failures", "others.ndjson"], &here, archive(1).as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert!(!here.join("others.ndjson").exists() && !here.join(long + ".part").exists());
}

#[cfg(unix)]
#[test]
fn a_link_is_not_resumed() {
    let here = directory("linked_part");
    fs::write(here.join("victim"), "mine").unwrap();
    std::os::unix::fs::symlink("victim", here.join("out.ndjson.part")).unwrap();
    let checkpoint = json!({
        "run": {
                "inputs": ["\"-\", size None, changed None"],
                "to": "0.5", "missing_time": null, "failures": null, "prove": false,
            },
        "position": {"sources": 0, "lines": 0}, "output": written(&here.join("out.ndjson.part"), 0), "failures": null,
        "tally": {"ways": {}, "kinds": {}, "failed": 0},
    });
    fs::write(here.join("out.ndjson.checkpoint"), checkpoint.to_string()).unwrap();
    let output = run(&["-", "-o", "out.ndjson", "--resume"], &here, archive(1).as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("it is no regular file"), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(here.join("victim")).unwrap(), "mine");
}

#[test]
fn a_damaged_first_line_costs_no_other_line() {
    let here = directory("first_line");
    let input = format!("{{\n{}", archive(3));
    let output = run(&["--failures", "failed.ndjson"], &here, input.as_bytes());
    assert_eq!(call_ids(text(&output.stdout)).len(), 3, "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(here.join("failed.ndjson")).unwrap(), "{\n");
    let pretty = format!("{{\n  {}", message(1).trim_start_matches('{'));
    assert_eq!(call_ids(text(&run(&[], &here, pretty.as_bytes()).stdout)), ["call-1"]);
    let with_empty_line = pretty.replacen('\n', "\r\n\r\n", 1);
    assert_eq!(call_ids(text(&run(&[], &here, with_empty_line.as_bytes()).stdout)), ["call-1"]);
}

#[test]
fn a_changed_or_hostile_zstd_archive_is_refused() {
    let here = directory("zstd");
    // A frame without compression, with a checksum: RFC 8878, section 3.1.1.
    let message = message(1) + "\n";
    let length = u32::try_from(message.len()).unwrap();
    let frame = |checksum: [u8; 4]| {
        let size = u16::try_from(length - 256).unwrap().to_le_bytes();
        let block = (length << 3 | 1).to_le_bytes();
        [b"\x28\xb5\x2f\xfd\x64".as_slice(), &size, &block[..3], message.as_bytes(), &checksum].concat()
    };
    let output = run(&[], &here, &frame([0; 4]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("checksum"), "{}", text(&output.stderr));

    // A window of 4 TiB, and blocks that repeat one byte.
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 31 << 3];
    for last in [0, 0, 1_u32] {
        bomb.extend(&(last | 2 | 131_072 << 3).to_le_bytes()[..3]);
        bomb.push(b' ');
    }
    let output = run(&[], &here, &bomb);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("memory"), "{}", text(&output.stderr));

    // A frame to skip, in front of a good one.
    let skip = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc";
    let plain = [b"\x28\xb5\x2f\xfd\x60".as_slice(), &frame([0; 4])[5..]].concat();
    let packed = [skip.as_slice(), &plain[..plain.len() - 4], skip].concat();
    let output = run(&[], &here, &packed);
    assert_eq!(call_ids(text(&output.stdout)), ["call-1"], "{}", text(&output.stderr));
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_told() {
    let directory = directory("no_checkpoint");
    let mut child = program(&["-o", "out.ndjson"], &directory).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let begun = Instant::now();
    while !directory.join("out.ndjson.checkpoint").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no checkpoint");
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::create_dir(directory.join("out.ndjson.checkpoint.new")).unwrap();
    let begun = Instant::now();
    // Send input until the program stops reading because of the error.
    while begun.elapsed() < Duration::from_secs(3) && pipe.write_all(archive(100).as_bytes()).is_ok() {
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot write `out.ndjson.checkpoint.new`: "));
    assert!(directory.join("out.ndjson.part").exists() && !directory.join("out.ndjson").exists());
}

/// A run that is stopped between giving its file the name and removing the old one is complete.
#[cfg(unix)]
#[test]
fn a_complete_file_is_never_continued() {
    let here = directory("two_names");
    fs::write(here.join("in.ndjson"), archive(3)).unwrap();
    fs::write(here.join("out.ndjson.part"), archive(3)).unwrap();
    fs::write(here.join("out.ndjson.checkpoint"), "{}").unwrap();
    fs::hard_link(here.join("out.ndjson.part"), here.join("moved.ndjson")).unwrap();
    let output = run(&["in.ndjson", "--output", "out.ndjson", "--resume"], &here, b"");
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("was complete, and the file has its name: remove `out.ndjson.part`"), "{told}");
    assert_eq!(fs::read_to_string(here.join("moved.ndjson")).unwrap(), archive(3));
}
