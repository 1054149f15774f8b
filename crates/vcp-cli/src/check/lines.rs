//! Findings as lines: for people, for GitHub, and as the test cases of JUnit.

use super::output::Checked;
use vcp_sdk::{Finding, Severity, validate::visible};

/// Returns the line and the column at which a finding is in its file.
fn place(checked: &Checked<'_>, finding: &Finding) -> (usize, usize) {
    finding.position.map_or((checked.line, 1), |position| (checked.line + position.line - 1, position.column))
}

/// Returns the finding on one line. A long path is cut. JSON lines and SARIF have all of it.
fn message(finding: &Finding) -> String {
    visible(&format!("{} at {}: {}", finding.code, finding.path.shortened(), finding.message)).into_owned()
}

/// Returns `file:line:column: severity CODE at path: message` for each finding.
pub(super) fn plain(checked: &Checked<'_>) -> String {
    let line = |finding: &Finding| {
        let (line, column) = place(checked, finding);
        format!("{}:{line}:{column}: {} {}\n", visible(checked.file), finding.severity, message(finding))
    };
    checked.findings.iter().map(line).collect()
}

/// Returns the workflow commands by which GitHub shows findings at their lines.
pub(super) fn github(checked: &Checked<'_>) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let line = |finding: &Finding| {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let (line, column) = place(checked, finding);
        let (file, title) = (property(&visible(checked.file)), property(finding.code.as_str()));
        format!("::{level} file={file},line={line},col={column},title={title}::{}\n", data(&message(finding)))
    };
    checked.findings.iter().map(line).collect()
}

/// The beginning and the end of a JUnit document, around its test cases.
pub(super) const JUNIT: (&str, &str) = (
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vcp check\"><testsuite name=\"messages\">\n",
    "</testsuite></testsuites>\n",
);

/// Returns a test case of JUnit. It failed if there is a finding of `fail_on` or a higher severity.
pub(super) fn junit(checked: &Checked<'_>, fail_on: Severity) -> String {
    let name = xml(&format!("{}:{}", visible(checked.file), checked.line));
    let failures: Vec<String> =
        checked.findings.iter().filter(|finding| finding.severity >= fail_on).map(message).collect();
    match failures.first() {
        None => format!("<testcase name=\"{name}\"/>\n"),
        Some(first) => format!(
            "<testcase name=\"{name}\"><failure message=\"{}\">{}</failure></testcase>\n",
            xml(first),
            xml(&failures.join("\n"))
        ),
    }
}

/// Escapes a text for XML. Characters that XML cannot hold are left out.
fn xml(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            '\u{fffe}' | '\u{ffff}' => {}
            _ if letter.is_control() => {}
            _ => escaped.push(letter),
        }
    }
    escaped
}
