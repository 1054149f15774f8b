//! The error of a failed verification.

use std::{borrow::Cow, net::IpAddr};
use vcp_schema::ErrorCode;

/// The reason why a delivery was not verified.
///
/// A delivery gets one reason, that of the first check that failed. The checks run in the order
/// address, structure, signature, time (`DECISIONS.md` 6.1).
///
/// Answer the sender with the [code](Self::code) only. The text is for you.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// `VCP_E201`: no secret is configured, or the provider does not sign. The sender is unknown.
    #[error(
        "there is nothing to verify this delivery with: configure a secret, or say explicitly that unauthenticated deliveries are fine"
    )]
    NothingToVerify,
    /// `VCP_E202`: the request lacks the header, or the part of the URL, that the scheme needs.
    #[error("`{header}` is missing: check that the provider signs and that no proxy drops it")]
    HeaderMissing {
        /// The name of the header, or the part of the URL.
        header: Cow<'static, str>,
    },
    /// `VCP_E203`: the header does not have the form that the scheme requires, or is repeated.
    #[error("`{header}` is malformed: {reason}")]
    HeaderMalformed {
        /// The name of the header, or the part of the request that is malformed.
        header: Cow<'static, str>,
        /// The fault.
        reason: &'static str,
    },
    /// `VCP_E204`: none of the configured keys produces this signature.
    #[error("`{header}` matches none of {keys} keys: check the secret, and that the body is the raw bytes received")]
    NoMatch {
        /// The name of the header, or the part of the URL, that holds the signature or the token.
        header: Cow<'static, str>,
        /// The number of keys that were tried.
        keys: usize,
    },
    /// `VCP_E205`: the signature is too old, or the token has expired.
    #[error("the signature is {age_ms} ms old, more than the {limit_ms} ms allowed: check the clock and the delay")]
    TooOld {
        /// The age of the signature, or the time since the token expired, in milliseconds.
        age_ms: i64,
        /// The limit, in milliseconds.
        limit_ms: i64,
    },
    /// `VCP_E206`: the time of signing is too far in the future.
    #[error("the signature is {ahead_ms} ms ahead, more than the {limit_ms} ms allowed: check the clock")]
    TooNew {
        /// The time from `now` to the time of signing, in milliseconds.
        ahead_ms: i64,
        /// The limit, in milliseconds.
        limit_ms: i64,
    },
    /// `VCP_E207`: the delivery comes from an address that is not on the list.
    #[error(
        "deliveries from {address} are not allowed: check the list, and that this is the sender's address and not a proxy's"
    )]
    AddressNotAllowed {
        /// The address of the request.
        address: IpAddr,
    },
    /// `VCP_E208`: the signed hash is the hash of another body.
    #[error("{place} is the hash of another body: check that the body is the raw bytes received")]
    BodyHash {
        /// The place of the hash in the request.
        place: &'static str,
    },
    /// `VCP_E209`: the signature of the token is valid, but its claims are not.
    #[error("the token in `{header}` is not valid: {reason}")]
    Claims {
        /// The name of the header.
        header: Cow<'static, str>,
        /// The fault.
        reason: &'static str,
    },
    /// `VCP_E210`: the configuration is wrong, or the request lacks a part that it requires.
    #[error("the verifier cannot work: {reason}")]
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
