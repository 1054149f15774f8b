//! Code that the example programs share: inputs, progress bar and exit status.

pub mod input;
pub mod progress;

use std::process::ExitCode;

/// Returns the exit status of a program that searches for faults.
///
/// - `Ok(true)`, nothing was found: 0.
/// - `Ok(false)`, something was found: 1.
/// - `Err`, the program failed: 2. The message is printed to standard error.
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
