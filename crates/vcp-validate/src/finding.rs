//! The findings of validation: their codes, places and messages.

use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{borrow::Cow, fmt};
use vcp_schema::{ErrorCode, FieldPath, Position, Severity};

/// The code of a finding. It is in the catalogue or belongs to a rule of your own.
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
    /// A code of the catalogue, which all implementations share.
    Vcp(ErrorCode),
    /// A code of a rule of your own. Begin it with a name of yours, so that it never equals a code
    /// of the catalogue.
    Own(Cow<'static, str>),
}

impl Code {
    /// Creates a code for a rule of your own.
    #[must_use]
    pub fn own(code: impl Into<Cow<'static, str>>) -> Self {
        Self::Own(code.into())
    }

    /// Returns the code as text, such as `VCP_E101`.
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

/// A finding of validation. It has the shape of the consistency framework's `VCPError` (§9.1).
/// `DECISIONS.md` 4.2 says which findings are reported, and at which place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The code.
    pub code: Code,
    /// The severity.
    pub severity: Severity,
    /// The place in the document. It is serialised twice: as JSONPath under `field_path`, and as
    /// JSON Pointer under `pointer`.
    #[serde(flatten, serialize_with = "place")]
    pub path: FieldPath,
    /// The position in the text. `None` if no text was validated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The description, one line for people. Its wording is not part of the contract between
    /// implementations.
    pub message: String,
    /// The provider of the call, if it is known and has at most 256 bytes. Each finding has a copy,
    /// so a longer name could take much memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The program that made the finding: `vcp-rust/<version>`.
    pub implementation: &'static str,
    /// The variable parts of the message, by name. With
    /// [`show_values`](crate::Validator::show_values), the offending value is added under `value`.
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
    /// Creates a finding. Its severity is that of the catalogue. For a code of your own it is
    /// warning. [`Finding::severity`] replaces it.
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

    /// Replaces the severity.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// Adds a variable part of the message to the context.
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
