//! The clock. Only this module reads it: the libraries get the time from the program.

#![expect(clippy::disallowed_methods, reason = "the only module that reads the clock")]

use chrono::{DateTime, SubsecRound as _, Utc};
use std::time::Instant;

/// Returns the present time, in whole milliseconds.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

/// Returns the present of a clock that never goes back, to measure how long something takes.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// The option that sets the time.
#[derive(Debug, clap::Args)]
pub(crate) struct NowArgs {
    /// The time of receipt or of signing (RFC 3339). Without it, the present.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<DateTime<Utc>>,
}

impl NowArgs {
    /// Returns the time of the option, or else the present.
    pub(crate) fn get(&self) -> DateTime<Utc> {
        self.now.unwrap_or_else(now)
    }
}
