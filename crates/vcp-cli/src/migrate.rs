//! `vcp migrate`: migrates archives of older messages to 0.5, and back.
//!
//! Reads NDJSON (plain, gzip or zstd), directories of JSON files, or standard input. Writes NDJSON
//! in the same order. Uses all cores and bounded memory.

mod output;
mod pipeline;
mod tally;

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use std::path::PathBuf;

/// Migrate an archive of VCP messages to 0.5, or back to 0.3, without loss.
///
/// Exit status 1 says that some messages were not migrated.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp migrate archive.ndjson.gz --output upgraded.ndjson --failures failed.ndjson")]
pub(crate) struct Args {
    /// NDJSON files (plain, gzip or zstd), `.json` files with one message each, directories of
    /// these, or `-` for standard input. Without arguments, reads standard input.
    input: Vec<PathBuf>,
    /// The version to write. With 0.5, messages of 0.5 are unchanged. With 0.3, messages older than
    /// 0.5 are unchanged, and a message that came from 0.4 becomes 0.4 again.
    #[arg(long, value_name = "VERSION", default_value = "0.5")]
    to: Target,
    /// The file to write. It is named `FILE.part` until the run is complete. Without this option,
    /// writes to standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the lines that could not be migrated to this file, unchanged. A message that was a
    /// whole file becomes one line.
    #[arg(long, value_name = "FILE")]
    failures: Option<PathBuf>,
    /// Write no messages, only count them.
    #[arg(long, conflicts_with_all = ["output", "resume"])]
    dry_run: bool,
    /// Migrate every message back and compare it with the original. A message that differs counts
    /// as failed.
    #[arg(long)]
    prove: bool,
    /// Continue an interrupted run with the same inputs and the same `--output`.
    #[arg(long, requires = "output")]
    resume: bool,
    /// The time (RFC 3339) to use if 0.5 requires a time and the message contains none. Without
    /// this option, such a message fails.
    #[arg(long, value_name = "TIME")]
    missing_time: Option<DateTime<Utc>>,
    /// The number of threads that migrate messages. Without this option, the number of cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    #[value(name = "0.3")]
    V03,
    #[value(name = "0.5")]
    V05,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    pipeline::run(args).map(|tally| tally.failed == 0)
}
