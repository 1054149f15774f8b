//! The program `vcp`: records of voice-AI calls, from the command line.
//!
//! A subcommand is a module. It has `Args`, and a function `run` that returns whether all is well.

// Only `clock` reads the clock.
#![deny(clippy::disallowed_methods)]

#[macro_use]
mod output;

mod archive;
mod assemble;
mod check;
mod checksum;
mod clock;
mod delivery;
mod demo;
mod diagnose;
mod drift;
mod explain;
mod help;
mod input;
mod map;
mod merge;
mod migrate;
mod progress;
mod providers;
mod receive;
mod records;
mod rules;
mod schema;
mod secret;
mod send;
mod sign;
mod stats;
mod synth;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Records of voice-AI calls (Voice Context Protocol): check, migrate, map, explain, receive, send.
///
/// Exit status of every command: 0 if all is well, 1 if something is wrong with the input (a
/// finding, a refused delivery, a message that cannot be migrated), 2 if the command could not be
/// followed.
#[derive(Debug, Parser)]
#[command(name = "vcp", version, after_help = "To see what it does: vcp demo")]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Check(check::Args),
    Migrate(migrate::Args),
    Map(map::Args),
    Explain(explain::Args),
    Merge(merge::Args),
    Assemble(assemble::Args),
    Receive(receive::Args),
    Send(send::Args),
    Sign(sign::Args),
    Diagnose(diagnose::Args),
    Checksum(checksum::Args),
    Synth(synth::Args),
    Rules(rules::Args),
    Drift(drift::Args),
    Stats(stats::Args),
    Schema(schema::Args),
    Completions(help::Completions),
    Man(help::Man),
}

fn main() -> ExitCode {
    let done = match &Cli::parse().command {
        Command::Demo(args) => demo::run(args),
        Command::Check(args) => check::run(args),
        Command::Migrate(args) => migrate::run(args),
        Command::Map(args) => map::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Merge(args) => merge::run(args),
        Command::Assemble(args) => assemble::run(args),
        Command::Receive(args) => receive::run(args),
        Command::Send(args) => send::run(args),
        Command::Sign(args) => sign::run(args),
        Command::Diagnose(args) => diagnose::run(args),
        Command::Checksum(args) => checksum::run(args),
        Command::Synth(args) => synth::run(args),
        Command::Rules(args) => rules::run(args),
        Command::Drift(args) => drift::run(args),
        Command::Stats(args) => stats::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Completions(args) => help::completions(args),
        Command::Man(args) => help::man(args),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            tell!("error: {message}");
            ExitCode::from(2)
        }
    }
}
