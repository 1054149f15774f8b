//! Output as SARIF 2.1.0, the format that code scanning reads.
//!
//! The document is written piece by piece while messages are checked.

use super::output::Checked;
use serde_json::{Value, json};
use std::io;
use vcp_sdk::{ErrorCode, Finding, Severity, validate::visible};

#[derive(Default)]
pub(crate) struct Sarif {
    has_begun: bool,
}

impl Sarif {
    pub(crate) fn message(&mut self, checked: &Checked<'_>) -> io::Result<String> {
        let mut text = String::new();
        for finding in checked.findings {
            text.push_str(&if self.has_begun { ",\n".to_owned() } else { head()? });
            self.has_begun = true;
            text.push_str(&serde_json::to_string(&result(checked, finding))?);
        }
        Ok(text)
    }

    pub(crate) fn end(&self) -> io::Result<String> {
        Ok(if self.has_begun { String::new() } else { head()? } + "]}]}\n")
    }
}

/// Returns the document up to the first result.
fn head() -> io::Result<String> {
    let rule = |code: &ErrorCode| {
        json!({
            "id": code.as_str(),
            "name": code.name(),
            "shortDescription": {"text": code.summary()},
            "help": {"text": code.help()},
            "defaultConfiguration": {"level": level(code.severity())},
        })
    };
    let driver = json!({
        "name": "vcp check",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": ErrorCode::ALL.iter().map(rule).collect::<Vec<_>>(),
    });
    Ok(format!(
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\
         \"tool\":{{\"driver\":{}}},\"columnKind\":\"unicodeCodePoints\",\"results\":[\n",
        serde_json::to_string(&driver)?
    ))
}

fn result(checked: &Checked<'_>, finding: &Finding) -> Value {
    let region = match finding.position {
        Some(position) => json!({"startLine": checked.line + position.line - 1, "startColumn": position.column}),
        None => json!({"startLine": checked.line}),
    };
    json!({
        "ruleId": finding.code.as_str(),
        "level": level(finding.severity),
        "message": {"text": format!("{} at {}", finding.message, visible(&finding.path.to_string()))},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": uri(checked.file)}, "region": region},
            "logicalLocations": [{"fullyQualifiedName": finding.path.to_string()}],
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// Returns a relative path as a URI reference, and an absolute path as a `file:` URI.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte.into()),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
