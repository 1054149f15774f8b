//! The times of rows: absolute ones, and times within the call.

use super::transform;
use crate::rules::{Clock, ClockForm};

/// A second, in nanoseconds.
pub(crate) const SECOND: i128 = 1_000_000_000;

/// A time of a row.
#[derive(Clone, Copy)]
pub(crate) enum At {
    /// A time in nanoseconds since 1970.
    Absolute(i128),
    /// A time in nanoseconds since the start of the call.
    InCall(i128),
}

impl At {
    /// Returns the nanoseconds, from whichever moment they count.
    pub(crate) fn nanos(self) -> i128 {
        match self {
            Self::Absolute(nanos) | Self::InCall(nanos) => nanos,
        }
    }
}

/// Reads a time in the form that the rule file names.
pub(crate) fn read_clock(clock: &Clock, json: &str) -> Option<At> {
    if clock.form == ClockForm::SecondsInCall {
        return seconds_by(json, clock.scale.unwrap_or_default()).map(At::InCall);
    }
    transform::nanos(json).map(At::Absolute)
}

/// Reads seconds, and returns them in nanoseconds.
pub(crate) fn seconds(json: &str) -> Option<i128> {
    seconds_by(json, 0)
}

/// Reads seconds, multiplied by 10^`scale`, and returns them in nanoseconds. A negative number, or
/// more than 1 000 000 000 seconds, is `None`, so that sums stay far from the ends of the type.
pub(crate) fn seconds_by(json: &str, scale: i32) -> Option<i128> {
    const LONGEST: i128 = 1_000_000_000 * SECOND;
    let scale = scale.saturating_add(9);
    let exact = || transform::decimal(json).ok()??.scaled(scale).rounded(0).to_i128();
    transform::plain_scaled(json, scale).or_else(exact).filter(|nanos| (0..=LONGEST).contains(nanos))
}
