//! The progress bar.

use crate::input::Source;
use indicatif::{ProgressBar, ProgressStyle};

/// Creates a progress bar over the bytes of the sources, on standard error. Shows nothing if
/// standard error is not a terminal.
///
/// A message of the bar is appended without a separator, so it must begin with its own comma.
pub(crate) fn bar(sources: &[Source]) -> ProgressBar {
    let total: Option<u64> = sources.iter().map(|source| source.size).sum();
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{bar:32} {percent:>3}% {bytes} of {total_bytes}, {bytes_per_sec}{msg}, {eta} left",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes}, {bytes_per_sec}{msg}"),
    };
    ProgressStyle::with_template(template).map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}
