//! What validation finds.

use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{borrow::Cow, fmt};
use vcp_schema::{ErrorCode, FieldPath, Severity};

/// The code of a finding: one of the catalogue, or one of a rule of your own.
///
/// ```
/// use vcp_validate::Code;
/// use vcp_schema::ErrorCode;
/// assert_eq!(Code::from(ErrorCode::EndBeforeStart), ErrorCode::EndBeforeStart);
/// assert_eq!(Code::own("ACME_1").as_str(), "ACME_1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// Of the catalogue, shared by all implementations.
    Vcp(ErrorCode),
    /// Of a rule of your own. Begin it with a name of yours, so that no code of the catalogue is ever the same.
    Own(Cow<'static, str>),
}

impl Code {
    /// A code of your own.
    #[must_use]
    pub fn own(code: impl Into<Cow<'static, str>>) -> Self {
        Self::Own(code.into())
    }

    /// The code itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Vcp(code) => code.as_str(),
            Self::Own(code) => code,
        }
    }
}

impl From<ErrorCode> for Code {
    fn from(code: ErrorCode) -> Self {
        Self::Vcp(code)
    }
}

impl PartialEq<ErrorCode> for Code {
    fn eq(&self, code: &ErrorCode) -> bool {
        matches!(self, Self::Vcp(own) if own == code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Position {
    /// The byte, from 0.
    pub offset: usize,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// Something that validation found, in the shape of the consistency framework's `VCPError` (§9.1; decisions 4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The code.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// The place in the document. Written as JSONPath under `field_path`, and as `pointer`.
    #[serde(flatten, serialize_with = "place")]
    pub path: FieldPath,
    /// The place in the text, when a text was validated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// One line for people. Not part of the contract between implementations.
    pub message: String,
    /// The provider of the call, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What found it: `vcp-rust/<version>`.
    pub implementation: &'static str,
    /// The dynamic parts of the message again, by name.
    #[serde(serialize_with = "as_map")]
    pub context: Vec<(&'static str, String)>,
}

fn place<S: Serializer>(path: &FieldPath, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("field_path", &path.to_string())?;
    map.serialize_entry("pointer", &path.pointer())?;
    map.end()
}

fn as_map<S: Serializer>(context: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(context.iter().map(|(name, value)| (name, value)))
}

impl Finding {
    /// A finding. The severity is that of the catalogue, and a warning for a code of your own; see [`Finding::severity`].
    #[must_use]
    pub fn new(code: impl Into<Code>, path: FieldPath, message: impl Into<String>) -> Self {
        let code = code.into();
        let severity = match &code {
            Code::Vcp(code) => code.severity(),
            Code::Own(_) => Severity::Warning,
        };
        Self {
            code,
            severity,
            path,
            position: None,
            message: message.into(),
            provider: None,
            implementation: concat!("vcp-rust/", env!("CARGO_PKG_VERSION")),
            context: Vec::new(),
        }
    }

    /// The same with another severity.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The same with a dynamic part of its message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.context.push((name, value.into()));
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}", self.severity, self.code, self.path)?;
        if let Some(Position { line, column, .. }) = self.position {
            write!(f, " (line {line}, column {column})")?;
        }
        write!(f, ": {}", self.message)
    }
}
