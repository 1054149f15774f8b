//! The error of receiving a delivery.

use crate::{AuthError, Code, ErrorCode, Finding, VcpMessage};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::fmt;
use vcp_mapping::MapError;
use vcp_schema::FieldPath;

/// The reason for refusing a delivery. [`ReceiveError::http_status`] is the status to answer.
///
/// Serialises to `{code, message, field_path?}`, which is all that the sender may know. If the
/// delivery was not verified, the JSON gives the code but not the reason. You find the reason in
/// [`ReceiveError::Unauthenticated`].
///
/// `Display` and `Debug` write code, place and text, and nothing that was said or who said it. The
/// text of a rule of your own is written too, so keep values out of it.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The provider is not known. Code `VCP_E009`, status 404.
    #[error(transparent)]
    UnknownProvider(MapError),
    /// The body, or a message made of it, exceeds a limit. Code `VCP_E008`, status 413.
    #[error(transparent)]
    TooLarge(MapError),
    /// The clock of this program is wrong: the time of receipt is outside the years 1 to 9999, or
    /// within a leap second. Code `VCP_E001`, status 500.
    #[error("VCP_E001: the time of receipt is {now}, which no message can hold: correct the clock of this program")]
    Clock {
        /// The time of receipt.
        now: DateTime<Utc>,
    },
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
    #[error(transparent)]
    Unauthenticated(AuthError),
    /// The body is not JSON. Code `VCP_E007`, status 400.
    #[error(transparent)]
    Malformed(MapError),
    /// The body cannot be mapped to a message. Code `VCP_E002` or another, status 422.
    #[error(transparent)]
    Unmappable(MapError),
    /// The body was mapped, but the message breaks the specification. Status 422. Code and path are
    /// those of the first finding of severity error.
    #[error("{}", shown(first_error(findings)))]
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

/// Returns code, place and text of a finding, but no value.
fn shown(finding: Option<&Finding>) -> String {
    match finding {
        Some(Finding { code, path, message, .. }) => format!("{code} at {}: {message}", path.shortened()),
        None => "the message is not valid".to_owned(),
    }
}

/// Writes the same as `Display`, and the number of findings.
impl fmt::Debug for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::UnknownProvider(_) => "UnknownProvider",
            Self::TooLarge(_) => "TooLarge",
            Self::Clock { .. } => "Clock",
            Self::NothingToVerify { .. } => "NothingToVerify",
            Self::Unauthenticated(_) => "Unauthenticated",
            Self::Malformed(_) => "Malformed",
            Self::Unmappable(_) => "Unmappable",
            Self::Invalid { findings, .. } => {
                let mut shown = f.debug_struct("Invalid");
                shown.field("error", &format_args!("{self}")).field("findings", &findings.len());
                return shown.finish_non_exhaustive();
            }
        };
        f.debug_tuple(name).field(&format_args!("{self}")).finish()
    }
}

impl ReceiveError {
    /// Returns the code. For an invalid message, this is the code of the first error, which can
    /// come from a rule of your own.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownProvider(e) | Self::TooLarge(e) | Self::Malformed(e) | Self::Unmappable(e) => e.code().into(),
            Self::Clock { .. } => ErrorCode::Unreadable.into(),
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
            Self::UnknownProvider(_)
            | Self::TooLarge(_)
            | Self::Clock { .. }
            | Self::NothingToVerify { .. }
            | Self::Unauthenticated(_) => None,
        }
    }

    /// Returns the HTTP status to answer: 400, 401, 404, 413, 422 or 500.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::Clock { .. } | Self::Unauthenticated(AuthError::Configuration { .. }) => 500,
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
            Self::Clock { .. } => "the receiver is not set up correctly",
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
