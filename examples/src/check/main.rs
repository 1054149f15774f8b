//! `check`: are these messages right?
//!
//! Validates VCP messages of every version and shows what is wrong with them, for people, for programs (JSON lines) and for code scanning (SARIF).
#![allow(clippy::print_stderr, reason = "a command-line program prints")]

mod output;
mod sarif;

use clap::{Parser, ValueEnum};
use indicatif::ProgressBar;
use output::{Checked, Output};
use std::{io, path::PathBuf, process::ExitCode};
use vcp_examples::{
    input::{self, Line, Source, Sources, Unreadable},
    progress,
};
use vcp_sdk::{
    ErrorCode, Finding, Severity, Timestamp,
    schema::{FieldPath, Limits},
    validate::{Profile, Validator},
};

/// Check VCP messages of every version: their structure, and the rules of a profile.
///
/// Exit status: 0 when nothing is wrong, 1 when something is, 2 when the work could not be done.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// NDJSON files, plain or gzip; `.json` files of one message; directories of these; or `-` for standard input, as without any.
    input: Vec<PathBuf>,
    /// How to show what is found.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Which rules apply.
    #[arg(long, value_name = "PROFILE", default_value = "canonical")]
    profile: ProfileName,
    /// The least severity that makes the exit status 1.
    #[arg(long, value_name = "SEVERITY", default_value = "error", value_parser = severity)]
    fail_on: Severity,
    /// Another severity for a code, or `off`: `VCP_E120=error`. May be given several times.
    #[arg(long = "set", value_name = "CODE=SEVERITY", value_parser = setting)]
    settings: Vec<(ErrorCode, Option<Severity>)>,
    /// The time (RFC 3339) that counts as the present, for consent that has expired. Without it only what a message itself says counts.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Show the values that are wrong. They may be personal data.
    #[arg(long)]
    show_values: bool,
    /// The most findings of one message.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_findings: usize,
    /// Whether text is coloured.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Each finding with its line, marked.
    Text,
    /// One JSON line per message that has findings.
    Json,
    /// One SARIF 2.1.0 document.
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileName {
    Reference,
    Canonical,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

fn severity(word: &str) -> Result<Severity, String> {
    [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .find(|severity| severity.to_string() == word)
        .ok_or_else(|| "it is none of error, warning, info".to_owned())
}

fn setting(text: &str) -> Result<(ErrorCode, Option<Severity>), String> {
    let (code, word) = text.split_once('=').ok_or("write it as VCP_E120=error")?;
    let code = ErrorCode::from_code(code).ok_or("no such code: they are listed in schema/error-codes.json")?;
    Ok((code, if word == "off" { None } else { Some(severity(word)?) }))
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

/// Gives whether nothing is wrong.
fn run(args: &Args) -> Result<bool, String> {
    let Sources { sources, passed_over, unreadable } = input::sources(&args.input)?;
    let bar = progress::bar(&sources);
    let mut check =
        Check { validator: validator(args), output: Output::new(args, bar.clone()), tally: Tally::default() };
    let finished = check.all(&sources, &unreadable, &bar).and_then(|()| Ok(check.output.finish()?));
    bar.finish_and_clear();
    match finished {
        // Who reads has seen enough.
        Err(Stop::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(Stop::Write(error)) => return Err(format!("cannot write: {error}")),
        Err(Stop::Read(message)) => return Err(message),
        Ok(()) => {}
    }
    if passed_over > 0 {
        eprintln!(
            "{passed_over} files passed over: they end neither with .json, .ndjson nor .jsonl, plain or with .gz"
        );
    }
    eprintln!("{}", check.tally.summary());
    Ok(check.tally.worst.is_none_or(|worst| worst < args.fail_on))
}

fn validator(args: &Args) -> Validator {
    let profile = match args.profile {
        ProfileName::Reference => Profile::Reference,
        ProfileName::Canonical => Profile::Canonical,
    };
    let validator = Validator::new().profile(profile).show_values(args.show_values).max_findings(args.max_findings);
    let validator = args.now.iter().fold(validator, |validator, now| validator.now(now.instant()));
    args.settings.iter().fold(validator, |validator, (code, severity)| match severity {
        Some(severity) => validator.severity(*code, *severity),
        None => validator.without(*code),
    })
}

/// Why a run ends before its end.
#[derive(Debug)]
enum Stop {
    Read(String),
    Write(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

struct Check {
    validator: Validator,
    output: Output,
    tally: Tally,
}

impl Check {
    fn all(&mut self, sources: &[Source], unreadable: &[Unreadable], bar: &ProgressBar) -> Result<(), Stop> {
        for Unreadable { name, error } in unreadable {
            self.cannot_be_read(name, 1, ErrorCode::Malformed, &format!("it cannot be read: {error}"))?;
        }
        for source in sources {
            let name = source.name();
            let lines = source
                .open(|bytes| bar.inc(bytes))
                .map_err(|error| Stop::Read(format!("cannot read `{name}`: {error}")))?;
            for (number, line) in (1..).zip(lines) {
                match line {
                    Line::Text(text) if text.trim_ascii().is_empty() && !source.is_one_message() => {}
                    Line::Text(text) => self.message(source, number, &text)?,
                    Line::TooLong => {
                        let limit = Limits::default().text_bytes;
                        let reason = format!("the text is longer than the limit of {limit} bytes");
                        self.cannot_be_read(&name, number, ErrorCode::Limit, &reason)?;
                    }
                    Line::Cut(_, error) => {
                        let reason = format!("the file breaks off here: {error}");
                        self.cannot_be_read(&name, number, ErrorCode::Malformed, &reason)?;
                    }
                }
                if self.tally.messages.is_multiple_of(256) {
                    bar.set_message(format!(", {} messages", self.tally.messages));
                }
            }
        }
        Ok(())
    }

    fn message(&mut self, source: &Source, number: usize, text: &[u8]) -> Result<(), Stop> {
        // The end of its line is not the message's.
        let text = if source.is_one_message() { text } else { text.trim_ascii_end() };
        let report = self.validator.validate_slice(text);
        let mut findings = report.findings;
        // Places count from the beginning of the file.
        for position in findings.iter_mut().filter_map(|finding| finding.position.as_mut()) {
            position.line += number - 1;
        }
        let checked = Checked {
            file: &source.name(),
            line: number,
            // Up to the first byte that is no UTF-8 it is the same text.
            text: &String::from_utf8_lossy(text),
            findings: &findings,
        };
        self.tell(&checked)
    }

    fn cannot_be_read(&mut self, file: &str, line: usize, code: ErrorCode, reason: &str) -> Result<(), Stop> {
        let findings = [Finding::new(code, FieldPath::root(), reason)];
        self.tell(&Checked { file, line, text: "", findings: &findings })
    }

    fn tell(&mut self, checked: &Checked<'_>) -> Result<(), Stop> {
        self.tally.add(checked.findings);
        Ok(self.output.message(checked)?)
    }
}

/// What was found in all.
#[derive(Debug, Default)]
struct Tally {
    messages: u64,
    with_findings: u64,
    errors: u64,
    warnings: u64,
    infos: u64,
    worst: Option<Severity>,
}

impl Tally {
    fn add(&mut self, findings: &[Finding]) {
        self.messages += 1;
        self.with_findings += u64::from(!findings.is_empty());
        for finding in findings {
            *match finding.severity {
                Severity::Error => &mut self.errors,
                Severity::Warning => &mut self.warnings,
                Severity::Info => &mut self.infos,
            } += 1;
            self.worst = self.worst.max(Some(finding.severity));
        }
    }

    fn summary(&self) -> String {
        let Self { messages, with_findings, errors, warnings, infos, .. } = self;
        let plural = |count: &u64, word: &str| format!("{count} {word}{}", if *count == 1 { "" } else { "s" });
        if *messages == 0 {
            return "no message was found".to_owned();
        }
        let all = plural(messages, "message");
        if *with_findings == 0 {
            return format!("{all}: nothing is wrong");
        }
        let counts = [(errors, "error"), (warnings, "warning"), (infos, "info")];
        let counts: Vec<String> = counts.iter().filter(|(n, _)| **n > 0).map(|(n, word)| plural(n, word)).collect();
        format!("{all}, {with_findings} with findings: {}", counts.join(", "))
    }
}
