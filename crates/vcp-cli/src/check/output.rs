//! The output of findings in the chosen format.

use super::{Args, Color, Format, lines, sarif::Sarif};
use indicatif::ProgressBar;
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};
use vcp_sdk::{Finding, Severity, validate::Rendering};

/// A checked message with its findings.
pub(crate) struct Checked<'c> {
    pub(crate) file: &'c str,
    /// The line of the file in which the message begins, from 1.
    pub(crate) line: usize,
    /// The text of the message. Empty if it cannot be shown.
    pub(crate) text: &'c str,
    pub(crate) findings: &'c [Finding],
}

/// A writer of findings to standard output. It does not disturb the progress bar.
pub(crate) struct Output {
    bar: ProgressBar,
    form: Form,
}

enum Form {
    Text(Box<Rendering>),
    Line,
    Github,
    Json,
    Sarif(Sarif),
    Junit { fail_on: Severity, has_begun: bool },
}

/// A line of the JSON format. Positions in findings are relative to the start of the message, which
/// begins in `line` of the file.
#[derive(Serialize)]
struct JsonLine<'c> {
    file: &'c str,
    line: usize,
    findings: &'c [Finding],
}

impl Output {
    pub(crate) fn new(args: &Args, bar: ProgressBar) -> Self {
        let is_coloured = match args.color {
            Color::Always => true,
            Color::Never => false,
            // See no-color.org.
            Color::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
        };
        let form = match args.format {
            Format::Text => {
                let rendering = if is_coloured { Rendering::coloured() } else { Rendering::plain() };
                Form::Text(Box::new(rendering.show_values(args.show_values)))
            }
            Format::Line => Form::Line,
            Format::Github => Form::Github,
            Format::Json => Form::Json,
            Format::Junit => Form::Junit { fail_on: args.fail_on, has_begun: false },
            Format::Sarif => Form::Sarif(Sarif::default()),
        };
        Self { bar, form }
    }

    pub(crate) fn message(&mut self, checked: &Checked<'_>) -> io::Result<()> {
        let Checked { file, line, text, findings } = checked;
        // Only JUnit lists messages without findings.
        if findings.is_empty() && !matches!(self.form, Form::Junit { .. }) {
            return Ok(());
        }
        let shown = match &mut self.form {
            Form::Text(rendering) => {
                // Findings on unreadable text have no position, so the line is shown instead.
                let is_placed = findings.iter().any(|finding| finding.position.is_some());
                let origin = if is_placed { (*file).to_owned() } else { format!("{file}:{line}") };
                rendering.as_ref().clone().origin(origin).first_line(*line).render(text, findings)
            }
            Form::Line => lines::plain(checked),
            Form::Github => lines::github(checked),
            Form::Json => serde_json::to_string(&JsonLine { file, line: *line, findings })? + "\n",
            Form::Sarif(sarif) => sarif.message(checked)?,
            Form::Junit { fail_on, has_begun } => {
                let head = if std::mem::replace(has_begun, true) { "" } else { lines::JUNIT.0 };
                format!("{head}{}", lines::junit(checked, *fail_on))
            }
        };
        self.write(&shown)
    }

    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Text(_) | Form::Line | Form::Github | Form::Json => Ok(()),
            Form::Junit { has_begun, .. } => {
                let head = if *has_begun { "" } else { lines::JUNIT.0 };
                let rest = format!("{head}{}", lines::JUNIT.1);
                self.write(&rest)
            }
            Form::Sarif(sarif) => {
                let rest = sarif.end()?;
                self.write(&rest)
            }
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        self.bar.suspend(|| {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        })
    }
}
