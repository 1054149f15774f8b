//! `migrate_archive`: archives of older messages to 0.5, and back.
//!
//! Reads NDJSON (plain or gzip), directories of JSON files, or standard input; writes NDJSON in the same order. Works on all cores, in bounded memory.
#![allow(clippy::print_stderr, reason = "a command-line program prints")]

mod output;
mod pipeline;
mod tally;

use clap::{Parser, ValueEnum};
use std::{path::PathBuf, process::ExitCode};
use vcp_sdk::schema::Timestamp;

/// Migrate an archive of VCP messages to 0.5, or back to 0.3, losing nothing.
///
/// Exit status: 0 when every message was migrated, 1 when some were not, 2 when the work could not be done.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// NDJSON files, plain or gzip; `.json` files of one message; directories of these; or `-` for standard input, as without any.
    input: Vec<PathBuf>,
    /// The version to write. Going up, 0.5 stays as it is. Going down, everything older than 0.5 stays as it is, and a message that came from 0.4 goes
    /// back to 0.4.
    #[arg(long, value_name = "VERSION", default_value = "0.5")]
    to: Target,
    /// The file to write: `FILE.part` until all is done. Standard output when absent.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the lines that could not be migrated to this file, as they were; a message that was a whole file becomes one line.
    #[arg(long, value_name = "FILE")]
    failures: Option<PathBuf>,
    /// Write no message; only count what would be done.
    #[arg(long, conflicts_with_all = ["output", "resume"])]
    dry_run: bool,
    /// Take every migrated message back and compare it with the original. One that differs counts as failed.
    #[arg(long)]
    prove: bool,
    /// Go on where an interrupted run with the same inputs and `--output` stopped.
    #[arg(long, requires = "output")]
    resume: bool,
    /// The time (RFC 3339) for a message that lacks a time that 0.5 requires, and tells it nowhere. Without it, such a message fails.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// How many messages to migrate at a time. The number of cores when absent.
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

fn main() -> ExitCode {
    match pipeline::run(&Args::parse()) {
        Ok(tally) if tally.failed == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
