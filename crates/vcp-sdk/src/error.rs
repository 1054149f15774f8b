//! Why a delivery was not received.

use crate::{AuthError, Code, ErrorCode, Finding, VcpMessage};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use vcp_mapping::MapError;
use vcp_schema::FieldPath;

/// Why a delivery was not received, with the HTTP status to answer.
///
/// Serialises to `{code, message, field_path?}`: what the sender may know. Why a signature failed is not in it, only the code;
/// the details are in [`ReceiveError::Unauthenticated`], for you.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// `VCP_E009`, 404: the provider is not known.
    #[error(transparent)]
    UnknownProvider(MapError),
    /// `VCP_E008`, 413: the body is too long.
    #[error(transparent)]
    TooLarge(MapError),
    /// `VCP_E201`, 401: nothing is configured to verify this provider's deliveries with, and nobody said that this is fine.
    #[error(
        "VCP_E201: nothing is configured to verify deliveries of `{provider}` with: add a secret, or allow unauthenticated deliveries"
    )]
    NothingToVerify {
        /// The provider.
        provider: String,
    },
    /// `VCP_E202`–`VCP_E209`, 401: the delivery was not verified. `VCP_E210`, 500: the verifier or what it was given is not set up right.
    #[error("{}: {_0}", _0.code())]
    Unauthenticated(AuthError),
    /// `VCP_E007`, 400: the body is not JSON.
    #[error(transparent)]
    Malformed(MapError),
    /// `VCP_E002` and others, 422: the body cannot be mapped.
    #[error(transparent)]
    Unmappable(MapError),
    /// 422: the body was mapped, but the message breaks the specification. Code and path are those of the first error.
    #[error("the message is not valid: {}", first_error(findings).map_or_else(String::new, ToString::to_string))]
    Invalid {
        /// The message, so that nothing is lost.
        message: Box<VcpMessage>,
        /// All findings.
        findings: Vec<Finding>,
    },
}

fn first_error(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.severity == crate::Severity::Error)
}

impl ReceiveError {
    /// The code; that of a rule of your own, where one found the message not valid.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownProvider(e) | Self::TooLarge(e) | Self::Malformed(e) | Self::Unmappable(e) => e.code.into(),
            Self::NothingToVerify { .. } => ErrorCode::AuthNothing.into(),
            Self::Unauthenticated(e) => e.code().into(),
            Self::Invalid { findings, .. } => {
                first_error(findings).map_or(ErrorCode::Unreadable.into(), |finding| finding.code.clone())
            }
        }
    }

    /// The place in the payload, or in the message when that is not valid. `None` where the fault is in no place.
    #[must_use]
    pub fn path(&self) -> Option<&FieldPath> {
        match self {
            Self::Malformed(e) | Self::Unmappable(e) => Some(&e.path),
            Self::Invalid { findings, .. } => first_error(findings).map(|finding| &finding.path),
            Self::UnknownProvider(_) | Self::TooLarge(_) | Self::NothingToVerify { .. } | Self::Unauthenticated(_) => {
                None
            }
        }
    }

    /// The HTTP status to answer: 400, 401, 404, 413, 422 or 500.
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
        match error.code {
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
            Self::UnknownProvider(e) | Self::TooLarge(e) | Self::Malformed(e) | Self::Unmappable(e) => &e.message,
            // How a check failed helps a forger more than a customer (decisions 6.5).
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
