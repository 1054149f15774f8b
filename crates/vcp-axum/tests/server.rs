//! Tests of the time limits of the server, over real connections.
#![expect(clippy::unwrap_used, reason = "tests")]

use axum::{Router, routing::get};
use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_millis(500);

/// The length of an answer, which is more than the buffers of a connection hold.
const LENGTH: usize = 16 << 20;

/// Starts a server and connects to it.
fn connect() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/", get(async || "x".repeat(LENGTH)));
    let server = vcp_axum::server::from_tcp(listener, PATIENCE).unwrap();
    tokio::spawn(server.serve(app.into_make_service()));
    let sender = TcpStream::connect(address).unwrap();
    sender.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    sender.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    sender
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_ends_no_head_is_cut_off() {
    for begun in ["", "G", "GET / HTTP/1.1\r\nhost:"] {
        let mut sender = connect();
        sender.write_all(begun.as_bytes()).unwrap();
        let (time, mut answer) = (Instant::now(), Vec::new());
        sender.read_to_end(&mut answer).unwrap();
        assert!(time.elapsed() > PATIENCE / 2, "{begun:?} is cut off at once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_second_request_is_closed() {
    let mut sender = connect();
    sender.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    sender.read_to_end(&mut answer).unwrap();
    assert!(answer.len() > LENGTH, "{} bytes of the answer", answer.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_reads_no_answer_is_cut_off() {
    let mut sender = connect();
    // Write until the answers fill the buffers of both sides.
    let requests = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    while sender.write_all(requests.as_bytes()).is_ok() {}
    tokio::time::sleep(PATIENCE * 4).await;
    // The rest that is in the buffers, and not one answer after the other.
    let mut rest = Vec::new();
    let ended = (&mut sender).take(2 * LENGTH as u64).read_to_end(&mut rest);
    let is_open = ended.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    assert!(!is_open && rest.len() < 2 * LENGTH, "the connection is still open: {ended:?}");
}

/// A sender that reads slowly gets its whole answer, although that takes longer than the patience.
#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_reads_slowly_is_served() {
    let mut sender = connect();
    sender.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let (time, mut answer, mut part) = (Instant::now(), Vec::new(), vec![0; LENGTH / 20]);
    while let Ok(1..) = sender.read(&mut part).inspect(|&read| answer.extend_from_slice(&part[..read])) {
        tokio::time::sleep(PATIENCE / 10).await;
    }
    assert!(time.elapsed() > PATIENCE, "the answer was read too fast for this test");
    assert!(answer.len() > LENGTH, "{} bytes of the answer", answer.len());
}
