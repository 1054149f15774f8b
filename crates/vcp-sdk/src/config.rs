//! The error of setting up a receiver.

use crate::{AuthError, ErrorCode, Registry};

/// The reason why a [`Receiver`](crate::Receiver) cannot be set up as asked.
///
/// ```
/// use vcp_sdk::{ErrorCode, Receiver, Secret};
/// let error = Receiver::new().secret("retel", Secret::new("primary", "key_demo")).unwrap_err();
/// assert_eq!(error.to_string(), "VCP_E009: the provider `retel` is not known: did you mean `retell`?");
/// assert_eq!(error.code(), ErrorCode::UnknownProvider);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The mapper of the receiver has no provider of this name. Code `VCP_E009`.
    #[error("VCP_E009: the provider `{provider}` is not known: {}", advice(nearest.as_deref(), known))]
    UnknownProvider {
        /// The name that was given, cut after 32 characters. Control characters are replaced by
        /// U+FFFD.
        provider: String,
        /// The known name or alias that is most like it. `None` if none is like it.
        nearest: Option<String>,
        /// The names of all known providers.
        known: Vec<String>,
    },
    /// The secret, the scheme or the verifier cannot be used. Code `VCP_E210`.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl ConfigError {
    /// Makes the error for a name that no provider of a registry has.
    pub(crate) fn unknown_provider(name: &str, registry: &Registry) -> Self {
        Self::UnknownProvider {
            provider: name.chars().take(32).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
            nearest: registry.nearest(name).map(str::to_owned),
            known: registry.providers().map(|known| known.name().to_owned()).collect(),
        }
    }

    /// Returns the code: `VCP_E009` for an unknown provider, otherwise that of the [`AuthError`].
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownProvider { .. } => ErrorCode::UnknownProvider,
            Self::Auth(error) => error.code(),
        }
    }
}

fn advice(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("use one of {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_provider_is_shown_safely() {
        let error = ConfigError::unknown_provider(&"\u{1b}".repeat(100), &Registry::builtin());
        let expected = format!(
            "VCP_E009: the provider `{}` is not known: use one of retell, vapi, bland, elevenlabs, openai_realtime, assistable",
            "\u{fffd}".repeat(32)
        );
        assert_eq!(error.to_string(), expected);
    }
}
