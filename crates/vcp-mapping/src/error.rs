//! Why a delivery was not mapped.

use vcp_schema::{ErrorCode, FieldPath, ParseError, Step};

/// Why a delivery was not mapped: a code and the place in the payload. Holds no value of the payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} at {path}: {message}")]
#[non_exhaustive]
pub struct MapError {
    /// `VCP_E002` not the provider's shape, `VCP_E005` a required member is missing, `VCP_E007` not JSON, `VCP_E008` too long,
    /// `VCP_E009` unknown provider.
    pub code: ErrorCode,
    /// The place in the payload.
    pub path: FieldPath,
    /// One line for people.
    pub message: String,
}

impl MapError {
    /// An error.
    #[must_use]
    pub fn new(code: ErrorCode, path: FieldPath, message: impl Into<String>) -> Self {
        Self { code, path, message: message.into() }
    }
}

impl MapError {
    /// The same, of a part that stands at a place.
    pub(crate) fn below(mut self, place: &FieldPath) -> Self {
        let steps = self.path.steps().to_vec();
        self.path = steps.into_iter().fold(place.clone(), |path, step| match step {
            Step::Name(name) => path.name(name),
            Step::Index(index) => path.index(index),
        });
        self
    }
}

impl From<ParseError> for MapError {
    fn from(error: ParseError) -> Self {
        let place = format!("{} (line {}, column {})", error.message(), error.line(), error.column());
        Self::new(error.code(), error.path().clone(), place)
    }
}

/// Everything that is wrong with rule files, one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", faults.join("; "))]
pub struct RuleError {
    pub(crate) faults: Vec<String>,
}

impl RuleError {
    /// The faults.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }
}
