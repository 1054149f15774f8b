//! The error of receiving a delivery.

use crate::{AuthError, Code, ErrorCode, Finding, VcpMessage};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use vcp_mapping::MapError;
use vcp_schema::FieldPath;

/// The reason for refusing a delivery. [`ReceiveError::http_status`] is the status to answer.
///
/// Serialises to `{code, message, field_path?}`, which is all that the sender may know. If the
/// delivery was not verified, the JSON gives the code but not the reason. You find the reason in
/// [`ReceiveError::Unauthenticated`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The provider is not known. Code `VCP_E009`, status 404.
    #[error(transparent)]
    UnknownProvider(MapError),
    /// The body is too long. Code `VCP_E008`, status 413.
    #[error(transparent)]
    TooLarge(MapError),
    /// No secret or verifier is configured for this provider, and unauthenticated deliveries are
    /// not allowed for it. Code `VCP_E201`, status 401.
    #[error(
        "VCP_E201: nothing is configured to verify deliveries of `{provider}` with: add a secret, or allow unauthenticated deliveries"
    )]
    NothingToVerify {
        /// The provider's name in VCP.
        provider: String,
    },
    /// The delivery was not verified.
    ///
    /// - `VCP_E202`–`VCP_E209`, status 401: the delivery failed a check.
    /// - `VCP_E210`, status 500: the verifier is configured incorrectly, or the request lacks a
    ///   part that the verifier needs.
    #[error("{}: {_0}", _0.code())]
    Unauthenticated(AuthError),
    /// The body is not JSON. Code `VCP_E007`, status 400.
    #[error(transparent)]
    Malformed(MapError),
    /// The body cannot be mapped to a message. Code `VCP_E002` or another, status 422.
    #[error(transparent)]
    Unmappable(MapError),
    /// The body was mapped, but the message breaks the specification. Status 422. Code and path are
    /// those of the first finding of severity error.
    #[error("the message is not valid: {}", first_error(findings).map_or_else(String::new, ToString::to_string))]
    Invalid {
        /// The invalid message, kept so that no data is lost.
        message: Box<VcpMessage>,
        /// All findings of validation, of any severity.
        findings: Vec<Finding>,
    },
}

fn first_error(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.severity == crate::Severity::Error)
}

impl ReceiveError {
    /// Returns the code. For an invalid message, this is the code of the first error, which can
    /// come from a rule of your own.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownProvider(e) | Self::TooLarge(e) | Self::Malformed(e) | Self::Unmappable(e) => e.code().into(),
            Self::NothingToVerify { .. } => ErrorCode::AuthNothing.into(),
            Self::Unauthenticated(e) => e.code().into(),
            Self::Invalid { findings, .. } => {
                first_error(findings).map_or(ErrorCode::Unreadable.into(), |finding| finding.code.clone())
            }
        }
    }

    /// Returns the place of the fault.
    ///
    /// - In the payload, if the body is not JSON or cannot be mapped.
    /// - In the message, if the message is not valid.
    /// - `None` for all other errors, which have no place.
    #[must_use]
    pub fn path(&self) -> Option<&FieldPath> {
        match self {
            Self::Malformed(e) | Self::Unmappable(e) => Some(e.path()),
            Self::Invalid { findings, .. } => first_error(findings).map(|finding| &finding.path),
            Self::UnknownProvider(_) | Self::TooLarge(_) | Self::NothingToVerify { .. } | Self::Unauthenticated(_) => {
                None
            }
        }
    }

    /// Returns the HTTP status to answer: 400, 401, 404, 413, 422 or 500.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::Unauthenticated(AuthError::Configuration { .. }) => 500,
            Self::NothingToVerify { .. } | Self::Unauthenticated(_) => 401,
            Self::UnknownProvider(_) => 404,
            Self::TooLarge(_) => 413,
            Self::Unmappable(_) | Self::Invalid { .. } => 422,
        }
    }
}

impl From<MapError> for ReceiveError {
    fn from(error: MapError) -> Self {
        match error.code() {
            ErrorCode::UnknownProvider => Self::UnknownProvider(error),
            ErrorCode::Limit => Self::TooLarge(error),
            ErrorCode::Malformed => Self::Malformed(error),
            _ => Self::Unmappable(error),
        }
    }
}

impl Serialize for ReceiveError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("ReceiveError", 3)?;
        fields.serialize_field("code", &self.code())?;
        let message = match self {
            Self::UnknownProvider(e) | Self::TooLarge(e) | Self::Malformed(e) | Self::Unmappable(e) => e.message(),
            // The reason would help a forger more than a customer.
            Self::NothingToVerify { .. } | Self::Unauthenticated(_) => "the delivery could not be verified",
            Self::Invalid { findings, .. } => first_error(findings).map_or("the message is not valid", |f| &f.message),
        };
        fields.serialize_field("message", message)?;
        if let Some(path) = self.path() {
            fields.serialize_field("field_path", &path.to_string())?;
        }
        fields.end()
    }
}
