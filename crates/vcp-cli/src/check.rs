//! `vcp check`: validates VCP messages of every version.
//!
//! Shows the findings as text for people, as JSON lines for programs or as SARIF for code scanning.

mod lines;
mod output;
mod sarif;

use crate::{
    input::{self, Line, Source, Sources},
    output::counted,
    progress,
};
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use indicatif::ProgressBar;
use output::{Checked, Output};
use serde::de::IgnoredAny;
use std::{io, path::PathBuf};
use vcp_sdk::{
    ErrorCode, Finding, Severity, Timestamp,
    schema::{
        Dialect, FieldPath, Limits,
        migrate::{self, UpgradeOptions},
    },
    validate::{Profile, Validator, visible},
};

/// Check VCP messages of every version: their structure, and the rules of a profile.
///
/// Exit status 1 says that something is wrong (see --fail-on).
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp check --format github messages/")]
pub(crate) struct Args {
    /// NDJSON files (plain, gzip or zstd), `.json` files with one message each, directories of
    /// these, or `-` for standard input. Without arguments, reads standard input.
    input: Vec<PathBuf>,
    /// The format of the findings.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The rules to apply.
    #[arg(long, value_name = "PROFILE", default_value = "canonical")]
    profile: ProfileName,
    /// The lowest severity that makes the exit status 1.
    #[arg(long, value_name = "SEVERITY", default_value = "error", value_parser = severity)]
    fail_on: Severity,
    /// Change the severity of a code, as in `VCP_E120=error`, or switch it off with `off`. Can be
    /// given several times.
    #[arg(long = "set", value_name = "CODE=SEVERITY", value_parser = setting)]
    settings: Vec<(ErrorCode, Option<Severity>)>,
    /// The present time (RFC 3339), for the rule on expired consent. Without this option, only the
    /// status in the message counts.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Check the 0.5 message that a message of 0.3 or 0.4 becomes. Without this option, the older
    /// message itself is checked.
    #[arg(long)]
    upgrade: bool,
    /// Show the invalid values. They may be personal data.
    #[arg(long)]
    show_values: bool,
    /// The maximum number of findings per message.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_findings: usize,
    /// The use of colours in text.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Each finding with its line and a marker.
    Text,
    /// One line per finding.
    Line,
    /// Annotations of GitHub Actions.
    Github,
    /// One JSON line per message that has findings.
    Json,
    /// One SARIF 2.1.0 document.
    Sarif,
    /// One JUnit document, with a test case per message.
    Junit,
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
    word.parse().map_err(|_| "use error, warning or info".to_owned())
}

fn setting(text: &str) -> Result<(ErrorCode, Option<Severity>), String> {
    let (code, word) = text.split_once('=').ok_or("use the form VCP_E120=error")?;
    let code = code.parse().map_err(|_| "unknown code: see schema/error-codes.json")?;
    Ok((code, if word == "off" { None } else { Some(severity(word)?) }))
}

/// Checks the inputs. Returns whether no finding has the severity of `--fail-on` or a higher one.
pub(crate) fn run(args: &Args) -> Result<bool, String> {
    let Sources { sources, passed_over, unreadable } = input::sources(&args.input)?;
    let bar = progress::bar(&sources);
    let mut check = Check {
        validator: validator(args),
        now: args.now.map(|now| now.instant()),
        upgrade: args.upgrade,
        output: Output::new(args, bar.clone()),
        tally: Tally::default(),
    };
    let unread = unreadable.iter().map(ToString::to_string).collect();
    let finished = check.all(&sources, unread, &bar).and_then(|unread| check.output.finish().map(|()| unread));
    bar.finish_and_clear();
    let unread = match finished {
        Ok(unread) => unread,
        // The reader of standard output has stopped reading, so the rest may be unchecked.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            tell!("nobody reads the findings any more, so not all of them are told");
            return Ok(false);
        }
        Err(error) => return Err(format!("cannot write: {error}")),
    };
    input::note_skipped(passed_over);
    for reason in &unread {
        tell!("error: {reason}");
    }
    tell!("{}", check.tally.summary());
    match unread.len() {
        0 => Ok(check.tally.worst.is_none_or(|worst| worst < args.fail_on)),
        count => Err(format!("{} could not be read completely", counted(count, "source"))),
    }
}

fn validator(args: &Args) -> Validator {
    let profile = match args.profile {
        ProfileName::Reference => Profile::Reference,
        ProfileName::Canonical => Profile::Canonical,
    };
    let validator = Validator::new().profile(profile).show_values(args.show_values).max_findings(args.max_findings);
    args.settings.iter().fold(validator, |validator, (code, severity)| match severity {
        Some(severity) => validator.severity(*code, *severity),
        None => validator.without(*code),
    })
}

struct Check {
    validator: Validator,
    /// The present time, if the user gave one.
    now: Option<DateTime<Utc>>,
    upgrade: bool,
    output: Output,
    tally: Tally,
}

impl Check {
    /// Checks all sources. Returns messages about sources that could not be read, beginning with
    /// those in `unread`.
    fn all(&mut self, sources: &[Source], mut unread: Vec<String>, bar: &ProgressBar) -> io::Result<Vec<String>> {
        for source in sources {
            let name = visible(&source.name()).into_owned();
            let lines = match source.open(|bytes| bar.inc(bytes)) {
                Ok(lines) => lines,
                Err(error) => {
                    unread.push(format!("{name}: cannot be read: {error}"));
                    continue;
                }
            };
            for (number, line) in (1..).zip(lines) {
                match line {
                    Line::Text(text) if text.trim_ascii().is_empty() && !source.is_one_message() => {}
                    Line::Text(text) => self.message(source, number, &text)?,
                    Line::TooLong => self.too_long(source, number)?,
                    Line::Cut(_, error) => unread.push(format!("{name}: breaks off in line {number}: {error}")),
                }
                if self.tally.messages.is_multiple_of(256) {
                    bar.set_message(format!(", {} messages", self.tally.messages));
                }
            }
        }
        Ok(unread)
    }

    fn message(&mut self, source: &Source, number: usize, text: &[u8]) -> io::Result<()> {
        // The line end does not belong to the message.
        let text = if source.is_one_message() { text } else { without_end(text) };
        let upgraded = if self.upgrade { upgraded(text, self.now) } else { None };
        let findings = match &upgraded {
            Some(Ok(text)) => self.validator.validate_json(text, self.now).findings,
            Some(Err(finding)) => vec![finding.clone()],
            None => self.validator.validate_slice(text, self.now).findings,
        };
        if number == 1 && !source.is_one_message() && is_cut_off(text) {
            let name = visible(&source.name()).into_owned();
            tell!("{name}: this looks like one pretty-printed message: name the file .json");
        }
        // Up to the first byte that is not UTF-8, this is the same text.
        let text = match &upgraded {
            Some(Ok(text)) => text.into(),
            _ => String::from_utf8_lossy(text),
        };
        self.tell(&Checked { file: &source.name(), line: number, text: &text, findings: &findings })
    }

    fn too_long(&mut self, source: &Source, number: usize) -> io::Result<()> {
        let limit = Limits::default().text_bytes;
        let reason = format!("the text is longer than the limit of {limit} bytes");
        let findings = [Finding::new(ErrorCode::Limit, FieldPath::root(), reason)];
        self.tell(&Checked { file: &source.name(), line: number, text: "", findings: &findings })
    }

    fn tell(&mut self, checked: &Checked<'_>) -> io::Result<()> {
        self.tally.add(checked.findings);
        self.output.message(checked)
    }
}

/// Migrates a message before 0.5. Returns `None` for any other text.
fn upgraded(text: &[u8], now: Option<DateTime<Utc>>) -> Option<Result<String, Finding>> {
    let text = std::str::from_utf8(text).ok()?;
    let options = UpgradeOptions::default().missing_time(now);
    migrate::detect(text, &options.limits).ok().filter(|dialect| *dialect != Dialect::V05)?;
    let upgraded = migrate::upgrade_text(text, &options).map(|upgraded| upgraded.text);
    Some(upgraded.map_err(|error| Finding::new(error.code(), error.path().clone(), error.message())))
}

/// Returns whether a text is the beginning of an object.
fn is_cut_off(text: &[u8]) -> bool {
    let read = serde_json::from_slice::<IgnoredAny>(text);
    text.trim_ascii_start().starts_with(b"{") && read.is_err_and(|error| error.is_eof())
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The counts of messages and findings over all sources.
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
        if *messages == 0 {
            return "no message was found".to_owned();
        }
        let all = counted(*messages, "message");
        if *with_findings == 0 {
            return format!("{all}: nothing is wrong");
        }
        let counts = [(errors, "error"), (warnings, "warning"), (infos, "info")];
        let counts: Vec<String> = counts.iter().filter(|(n, _)| **n > 0).map(|(n, word)| counted(**n, word)).collect();
        format!("{all}, {with_findings} with findings: {}", counts.join(", "))
    }
}
