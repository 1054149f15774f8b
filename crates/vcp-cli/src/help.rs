//! `vcp completions` and `vcp man`: what a shell and a reader need.

use crate::Cli;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::{self, Write as _};

/// Print the completions of a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp completions bash > /etc/bash_completion.d/vcp")]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

/// Print the manual page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp man | man -l -")]
pub(crate) struct Man {}

pub(crate) fn completions(args: &Completions) -> Result<bool, String> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "vcp", &mut text);
    write(&text)
}

pub(crate) fn man(_: &Man) -> Result<bool, String> {
    let mut text = Vec::new();
    let mut command = Cli::command();
    command.build();
    let page = |command: clap::Command, text: &mut Vec<u8>| clap_mangen::Man::new(command).render(text);
    page(command.clone(), &mut text).map_err(|e| e.to_string())?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let name = format!("vcp {}", sub.get_name());
        page(sub.clone().name(name), &mut text).map_err(|e| e.to_string())?;
    }
    write(&text)
}

fn write(text: &[u8]) -> Result<bool, String> {
    match io::stdout().lock().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write: {error}")),
        _ => Ok(true),
    }
}
