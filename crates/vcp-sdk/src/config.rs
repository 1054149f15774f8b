//! The error of setting up a receiver.

use crate::{AuthError, ErrorCode};
use vcp_schema::UnknownNameError;

/// The reason why a [`Receiver`](crate::Receiver) cannot be set up as asked.
///
/// ```
/// use vcp_sdk::{ErrorCode, Receiver, Secret};
/// let error = Receiver::new().secret("retel", Secret::new("primary", "key_demo")).unwrap_err();
/// let text = error.to_string();
/// assert_eq!(text, "VCP_E009: the provider `retel` is not known: did you mean `retell`?");
/// assert_eq!(error.code(), ErrorCode::UnknownProvider);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The mapper of the receiver has no provider of this name. Code `VCP_E009`.
    #[error("{code}: {0}", code = self.code())]
    UnknownProvider(#[from] UnknownNameError),
    /// The secret, the scheme or the verifier cannot be used. Code `VCP_E210`.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl ConfigError {
    /// Returns the code: `VCP_E009` for an unknown provider, otherwise that of the [`AuthError`].
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownProvider(_) => ErrorCode::UnknownProvider,
            Self::Auth(error) => error.code(),
        }
    }
}
