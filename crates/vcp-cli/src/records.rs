//! Records of the inputs, one after the other: deliveries, messages or envelopes.

use crate::{
    input::{self, Line, Sources},
    output::{self, counted},
    progress,
};
use std::{ops::ControlFlow, path::PathBuf};
use vcp_sdk::{schema::Limits, validate::visible};

/// The inputs of a command that reads records.
#[derive(Debug, clap::Args)]
pub(crate) struct InputArgs {
    /// NDJSON files (plain, gzip or zstd), `.json` files with one record each, directories of
    /// these, or `-` for standard input. Without arguments, reads standard input.
    input: Vec<PathBuf>,
}

/// A record.
pub(crate) struct Record<'s> {
    /// The name of the source, made safe to show.
    pub(crate) source: &'s str,
    /// The line of the source in which the record begins, from 1.
    pub(crate) line: u64,
    /// The text.
    pub(crate) text: Vec<u8>,
}

/// The reason why a record is not used, or why the whole command ends.
pub(crate) enum Fault {
    /// The record is wrong. The next one follows.
    Record(String),
    /// The command cannot go on.
    Command(String),
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Record(reason) | Fault::Command(reason) => reason,
        }
    }
}

/// The numbers of records and sources that could not be used.
#[derive(Debug, Default)]
pub(crate) struct Unused {
    /// The number of records that were wrong.
    pub(crate) records: u64,
    /// The number of sources that could not be read completely.
    sources: u64,
}

impl Unused {
    /// Returns whether every record was used. It is an error if a source could not be read.
    pub(crate) fn verdict(&self) -> Result<bool, String> {
        match self.sources {
            0 => Ok(self.records == 0),
            count => Err(format!("{} could not be read completely", counted(count, "source"))),
        }
    }
}

impl InputArgs {
    /// Calls `take` with each record until it breaks off. Prints the reason for each record and
    /// each source that cannot be used.
    pub(crate) fn each(
        &self,
        mut take: impl FnMut(Record<'_>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<Unused, String> {
        let Sources { sources, passed_over, unreadable } = input::sources(&self.input)?;
        let bar = progress::bar(&sources);
        let mut unused = Unused { records: 0, sources: unreadable.len() as u64 };
        let tell = |text: &str| bar.suspend(|| output::tell(text));
        unreadable.iter().for_each(|reason| tell(&reason.to_string()));
        'all: for file in &sources {
            let source = visible(&file.name()).into_owned();
            let lines = match file.open(|bytes| bar.inc(bytes)) {
                Ok(lines) => lines,
                Err(error) => {
                    tell(&format!("{source}: cannot be read: {error}"));
                    unused.sources += 1;
                    continue;
                }
            };
            for (line, item) in (1..).zip(lines) {
                let taken = match item {
                    Line::Text(text) if text.trim_ascii().is_empty() && !file.is_one_message() => continue,
                    Line::Text(text) => take(Record { source: &source, line, text }),
                    Line::TooLong => Err(Fault::Record(format!(
                        "VCP_E008: longer than the limit of {} bytes",
                        Limits::default().text_bytes
                    ))),
                    Line::Cut(_, error) => {
                        tell(&format!("{source}:{line}: cannot be read further: {error}"));
                        unused.sources += 1;
                        break;
                    }
                };
                match taken {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(())) => break 'all,
                    Err(Fault::Record(reason)) => {
                        tell(&format!("{source}:{line}: {reason}"));
                        unused.records += 1;
                    }
                    Err(Fault::Command(reason)) => return Err(reason),
                }
            }
        }
        bar.finish_and_clear();
        input::note_skipped(passed_over);
        Ok(unused)
    }
}
