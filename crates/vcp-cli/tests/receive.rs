//! Tests of `vcp receive`, run as a user runs it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Output, Stdio},
    time::Duration,
};
use support::Server;

fn receive(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vcp"))
        .arg("receive")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may close its input early, so an error is ignored.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_demo_shows_each_provider_and_every_run_prints_the_same() {
    let demo = || Command::new(env!("CARGO_BIN_EXE_vcp")).arg("demo").output().unwrap();
    let output = demo();
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}");
    for provider in ["retell", "vapi", "bland", "elevenlabs", "openai_realtime", "assistable"] {
        assert!(shown.lines().any(|line| line.starts_with(&format!("{provider} `"))), "{provider}: {shown}");
    }
    assert!(shown.lines().count() < 50 && shown.contains("finding: "), "{shown}");
    assert_eq!(demo().stdout, output.stdout);
}

#[test]
fn a_payload_from_standard_input() {
    let body = br#"{"event":"call_ended","call":{"call_id":"c1","disconnection_reason":"user_hangup"}}"#;
    let output = receive(&["-", "--provider", "retell", "--now", "2026-11-21T12:00:00Z"], body);
    assert!(output.status.success());
    let message = vcp_sdk::VcpMessage::from_json(&text(&output.stdout)).unwrap();
    assert_eq!(message.vcp_payload.call.call_id, "c1");
    assert!(text(&output.stderr).contains("verified by: nothing to verify with"));
    assert!(text(&output.stderr).contains("consent: granted (default)\n"));
}

#[test]
fn bad_input_is_one_line_and_a_status() {
    let failed = |args: &[&str], input: &[u8]| {
        let output = receive(args, input);
        assert!(output.stdout.is_empty());
        (output.status.code(), text(&output.stderr).trim_end().to_owned())
    };
    let line = |text: &str| text.to_owned();
    assert_eq!(
        failed(&["-", "--provider", "retell"], b""),
        (Some(1), line("error: VCP_E007 at $: the text is empty (line 1, column 1) (HTTP 400)"))
    );
    let unsigned = failed(&["-", "--provider", "retell", "--secret-env", "PATH"], b"{}");
    assert_eq!(unsigned.0, Some(1));
    assert!(unsigned.1.starts_with("error: VCP_E202: `x-retell-signature` is missing"), "{}", unsigned.1);
    assert_eq!(failed(&["-"], b"{}").0, Some(2));
    assert_eq!(failed(&["-", "--provider", "retell", "--header", "oops"], b"{}").0, Some(2));
}

/// Sends one request to the server. Returns the status and the body of the answer.
fn post(address: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap())
}

#[test]
fn a_server_on_loopback() {
    let server = Server::start(&["--allow-unauthenticated"]);
    let address = server.address.as_str();
    let (status, body) = post(address, "/webhook/openai", r#"{"type":"session.created","session":{"id":"sess_1"}}"#);
    assert_eq!(
        (status, vcp_sdk::VcpMessage::from_json(&body).unwrap().vcp_payload.call.call_id.as_str()),
        (200, "sess_1")
    );
    assert_eq!(
        post(address, "/webhook/vapi", r#"{"message":{"type":"hang"}}"#),
        (200, r#"{"ignored":"hang"}"#.to_owned())
    );
    for (path, body, status, code) in [
        ("/webhook/retell", "{}", 401, "VCP_E202"),
        ("/webhook/nobody", "{}", 404, "VCP_E009"),
        ("/webhook/vapi", "{", 400, "VCP_E007"),
        ("/webhook/vapi", "[]", 422, "VCP_E002"),
        ("/elsewhere", "{}", 404, "post deliveries to"),
        ("/webhook/%ff", "{}", 404, "VCP_E009"),
    ] {
        let (given, answer) = post(address, path, body);
        assert_eq!(given, status, "{path} {body}");
        assert!(answer.starts_with(r#"{"error":{"#) && answer.contains(code), "{path} {body}: {answer}");
    }
}

#[test]
fn a_slow_sender_is_cut_off() {
    let server = Server::start(&[]);
    let with_part_of_a_body = "POST /webhook/retell HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{";
    let senders: Vec<TcpStream> = ["", "P", "POST /webhook/retell HTTP/1.1\r\nhost:", with_part_of_a_body]
        .map(|begun| {
            let mut sender = TcpStream::connect(&server.address).unwrap();
            sender.write_all(begun.as_bytes()).unwrap();
            sender.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            sender
        })
        .into();
    for mut sender in senders {
        sender.read_to_end(&mut Vec::new()).expect("the server closes the connection");
    }
    assert_eq!(post(&server.address, "/webhook/retell", "{}").0, 401, "others are served");
}

#[test]
fn a_sender_that_does_not_read_is_cut_off() {
    let server = Server::start(&["--allow-unauthenticated"]);
    let body = format!(r#"{{"call_id":"b1","status":"completed","x":"{}"}}"#, "a".repeat(12 << 20));
    let mut sender = TcpStream::connect(&server.address).unwrap();
    write!(sender, "POST /webhook/bland HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    std::thread::sleep(Duration::from_secs(22));
    sender.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = Vec::new();
    let _ = sender.read_to_end(&mut answer);
    assert!(answer.len() < body.len(), "the whole answer waited: {} bytes", answer.len());
}
