//! How do I fail a build if a message is not valid?
//!
//! ```sh
//! cargo run --bin vcp -- synth --as 0.5 > messages.ndjson
//! cargo run --bin validate_ci -- messages.ndjson
//! ```
//!
//! The command `vcp check --format github` does the same, and shows findings at their lines.
#![allow(clippy::print_stdout, reason = "a command-line program prints")]

use std::{env, error::Error, fs::File, io::BufRead as _, io::BufReader, process::ExitCode};
use vcp_sdk::{
    Severity, Validator,
    validate::{Profile, visible},
};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("name a file with one message a line")?;
    let validator = Validator::new().profile(Profile::Canonical);
    let mut failed = false;
    for (number, line) in (1..).zip(BufReader::new(File::open(&path)?).split(b'\n')) {
        // Without a time, only the status of a consent counts, not its end.
        for finding in validator.validate_slice(&line?, None).findings {
            // The text comes from outside: it must not move the cursor or command the runner.
            println!("{}", visible(&format!("{path}:{number}: {finding}")));
            failed |= finding.severity == Severity::Error;
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
