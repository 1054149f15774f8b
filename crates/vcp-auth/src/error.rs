//! The error of a failed verification.

use std::{fmt, net::IpAddr};
use vcp_schema::ErrorCode;

/// The reason why a delivery was not verified.
///
/// A delivery gets one reason, that of the first check that failed. The checks run in the order
/// address, structure, signature, time (`DECISIONS.md` 6.1).
///
/// `Display` writes one line: the code, then what is wrong and what to do. Answer the sender with
/// the [code](Self::code) only. The text is for you.
///
/// ```
/// let error = vcp_auth::AuthError::NoMatch { header: "x-signature".to_owned(), keys: 2 };
/// assert!(error.to_string().starts_with("VCP_E204: `x-signature` matches none of 2 keys: "));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthError {
    /// `VCP_E201`: no secret is configured, or the provider does not sign. The sender is unknown.
    NothingToVerify,
    /// `VCP_E202`: the request lacks the header, or the part of the URL, that the scheme needs.
    HeaderMissing {
        /// The name of the header, or the part of the URL.
        header: String,
    },
    /// `VCP_E203`: the header does not have the form that the scheme requires, or is repeated.
    HeaderMalformed {
        /// The name of the header, or the part of the request that is malformed.
        header: String,
        /// The fault.
        reason: &'static str,
    },
    /// `VCP_E204`: none of the configured keys produces this signature.
    NoMatch {
        /// The name of the header, or the part of the URL, that holds the signature or the token.
        header: String,
        /// The number of keys that were tried.
        keys: usize,
    },
    /// `VCP_E205`: the signature is too old, or the token has expired.
    TooOld {
        /// The age of the signature, or the time since the token expired, in milliseconds.
        age_ms: i64,
        /// The limit, in milliseconds.
        limit_ms: i64,
    },
    /// `VCP_E206`: the time of signing is too far in the future.
    TooNew {
        /// The time from `now` to the time of signing, in milliseconds.
        ahead_ms: i64,
        /// The limit, in milliseconds.
        limit_ms: i64,
    },
    /// `VCP_E207`: the delivery comes from an address that is not on the list.
    AddressNotAllowed {
        /// The address of the request.
        address: IpAddr,
    },
    /// `VCP_E208`: the signed hash is the hash of another body.
    BodyHash {
        /// The place of the hash in the request.
        place: &'static str,
    },
    /// `VCP_E209`: the signature of the token is valid, but its claims are not.
    Claims {
        /// The name of the header.
        header: String,
        /// The fault.
        reason: &'static str,
    },
    /// `VCP_E210`: the configuration is wrong, or the request lacks a part that it requires.
    Configuration {
        /// The fault.
        reason: &'static str,
    },
}

impl AuthError {
    /// Returns the code of the error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NothingToVerify => ErrorCode::AuthNothing,
            Self::HeaderMissing { .. } => ErrorCode::AuthHeaderMissing,
            Self::HeaderMalformed { .. } => ErrorCode::AuthHeaderMalformed,
            Self::NoMatch { .. } => ErrorCode::AuthNoMatch,
            Self::TooOld { .. } => ErrorCode::AuthTooOld,
            Self::TooNew { .. } => ErrorCode::AuthTooNew,
            Self::AddressNotAllowed { .. } => ErrorCode::AuthAddress,
            Self::BodyHash { .. } => ErrorCode::AuthBodyHash,
            Self::Claims { .. } => ErrorCode::AuthClaims,
            Self::Configuration { .. } => ErrorCode::AuthConfiguration,
        }
    }
}

impl fmt::Display for AuthError {
    /// Writes the code, then what is wrong and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::NothingToVerify => f.write_str(
                "there is nothing to verify this delivery with: configure a secret, or say explicitly that unauthenticated deliveries are fine",
            ),
            Self::HeaderMissing { header } => {
                write!(f, "`{header}` is missing: check that the provider signs and that no proxy drops it")
            }
            Self::HeaderMalformed { header, reason } => write!(f, "`{header}` is malformed: {reason}"),
            Self::NoMatch { header, keys } => write!(
                f,
                "`{header}` matches none of {keys} keys: check the secret, and that the body is the raw bytes received"
            ),
            Self::TooOld { age_ms, limit_ms } => write!(
                f,
                "the signature is {age_ms} ms old, more than the {limit_ms} ms allowed: check the clock and the delay"
            ),
            Self::TooNew { ahead_ms, limit_ms } => write!(
                f,
                "the signature is {ahead_ms} ms ahead, more than the {limit_ms} ms allowed: check the clock"
            ),
            Self::AddressNotAllowed { address } => write!(
                f,
                "deliveries from {address} are not allowed: check the list, and that this is the sender's address and not a proxy's"
            ),
            Self::BodyHash { place } => {
                write!(f, "{place} is the hash of another body: check that the body is the raw bytes received")
            }
            Self::Claims { header, reason } => write!(f, "the token in `{header}` is not valid: {reason}"),
            Self::Configuration { reason } => write!(f, "the verifier cannot work: {reason}"),
        }
    }
}

impl std::error::Error for AuthError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_begins_with_its_code_and_has_it_once() {
        let header = || "x-signature".to_owned();
        let reason = "it is empty";
        for error in [
            AuthError::NothingToVerify,
            AuthError::HeaderMissing { header: header() },
            AuthError::HeaderMalformed { header: header(), reason },
            AuthError::NoMatch { header: header(), keys: 2 },
            AuthError::TooOld { age_ms: 2, limit_ms: 1 },
            AuthError::TooNew { ahead_ms: 2, limit_ms: 1 },
            AuthError::AddressNotAllowed { address: "192.0.2.1".parse().unwrap() },
            AuthError::BodyHash { place: "the hash" },
            AuthError::Claims { header: header(), reason },
            AuthError::Configuration { reason },
        ] {
            let (text, code) = (error.to_string(), error.code().as_str());
            assert!(text.strip_prefix(code).is_some_and(|rest| rest.starts_with(": ")), "{text}");
            assert!(text.matches("VCP_E").count() == 1 && !text.contains('\n'), "{text}");
        }
    }
}
