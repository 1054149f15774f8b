//! What validation finds.

use serde::{Serialize, Serializer, ser::SerializeMap};
use std::fmt;
use vcp_schema::{ErrorCode, FieldPath, Severity};

/// Something that validation found, in the shape of the consistency framework's `VCPError` (§9.1; decisions 4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The code.
    pub code: ErrorCode,
    /// How much it matters.
    pub severity: Severity,
    /// The place in the document. Written as JSONPath under `field_path`, and as `pointer`.
    #[serde(flatten, serialize_with = "place")]
    pub path: FieldPath,
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
    pub(crate) fn new(code: ErrorCode, path: FieldPath, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            path,
            message: message.into(),
            provider: None,
            implementation: concat!("vcp-rust/", env!("CARGO_PKG_VERSION")),
            context: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.context.push((name, value.into()));
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}: {}", self.severity, self.code, self.path, self.message)
    }
}
