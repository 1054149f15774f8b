//! `inputs`, a program that writes every input of the benchmarks into a folder.
#![allow(clippy::print_stderr, reason = "a command-line program prints")]

use clap::Parser;
use std::{collections::BTreeSet, fs, path::PathBuf, process::ExitCode};
use vcp_benches::inputs::{benchmarks, named};

/// Write every input of the benchmarks, such as `vapi/100k`, into a folder.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The folder, which is made if it is not there.
    folder: PathBuf,
}

fn main() -> ExitCode {
    let Args { folder } = Args::parse();
    let names: BTreeSet<String> = benchmarks().into_iter().map(|(_, name)| name).collect();
    let write = |name: &String| {
        let file = folder.join(name);
        let failed = |e: std::io::Error| format!("cannot write `{}`: {e}", file.display());
        fs::create_dir_all(file.parent().unwrap_or(&folder)).map_err(failed)?;
        fs::write(&file, named(name)?.bytes).map_err(failed)
    };
    match names.iter().try_for_each(write) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
