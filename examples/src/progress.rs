//! How far a long run is, on a terminal.

use crate::input::Source;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar over the bytes of the sources, on standard error; nothing where that is no terminal. Its message stands behind a comma of its own.
#[must_use]
pub fn bar(sources: &[Source]) -> ProgressBar {
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
