//! `conversations`, a program that writes deliveries with long conversations into files.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program prints")]

use clap::Parser;
use std::{fs, path::PathBuf, process::ExitCode};
use vcp_benches::conversation::{PROVIDERS, conversation, session};

/// Write deliveries with long conversations: one file for each provider and size, and one file of
/// events, line by line. The same arguments give the same bytes.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The sizes in bytes.
    #[arg(long, value_delimiter = ',', default_values_t = [4_000, 100_000, 1_000_000])]
    bytes: Vec<usize>,
    /// The number of events of the session.
    #[arg(long, default_value_t = 5_000)]
    events: usize,
    /// The folder, which is made if it is not there.
    folder: PathBuf,
}

fn main() -> ExitCode {
    let Args { bytes, events, folder } = Args::parse();
    let write = |name: String, content: Vec<u8>| {
        let file = folder.join(name);
        fs::write(&file, content).map_err(|e| format!("cannot write `{}`: {e}", file.display()))
    };
    let write_all = || {
        fs::create_dir_all(&folder).map_err(|e| format!("cannot make `{}`: {e}", folder.display()))?;
        for (provider, bytes) in PROVIDERS.iter().flat_map(|provider| bytes.iter().map(move |bytes| (provider, *bytes)))
        {
            write(format!("{provider}-{bytes}.json"), conversation(provider, bytes).unwrap_or_default())?;
        }
        write(format!("openai_realtime-{events}.ndjson"), session(events).join(&b'\n'))
    };
    match write_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
