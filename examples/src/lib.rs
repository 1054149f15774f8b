//! What the example programs share.

pub mod input;
pub mod progress;

use std::process::ExitCode;

/// The exit status of a program that looks for something: 0 when there was nothing, 1 when there was, and 2, with the reason on standard error, when it could not look.
#[allow(clippy::print_stderr, reason = "the programs' own way out")]
#[must_use]
pub fn status(outcome: Result<bool, String>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
