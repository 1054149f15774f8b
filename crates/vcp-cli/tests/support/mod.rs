//! A server that a test starts, and stops when the test ends.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// The endpoint of `vcp receive --serve`. It is stopped even if the test fails.
pub(crate) struct Server {
    child: Child,
    /// The address with the port, such as `127.0.0.1:40123`.
    pub(crate) address: String,
}

impl Server {
    /// Starts the endpoint on a free port, with a secret for Retell.
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vcp"))
            .args(["receive", "--serve", "127.0.0.1:0"])
            .args(args)
            .env("WEBHOOK_SECRET_RETELL", "not-a-real-secret")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let listening = log.find_map(|line| line.strip_prefix("listening: POST http://").map(str::to_owned)).unwrap();
        // The log must be read, or the server would wait for it.
        std::thread::spawn(move || log.for_each(drop));
        Self { child, address: listening.split('/').next().unwrap().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
