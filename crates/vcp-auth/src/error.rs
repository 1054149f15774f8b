//! Why a delivery was not verified.

use std::{borrow::Cow, net::IpAddr};
use vcp_schema::ErrorCode;

/// Why a delivery was not verified: one reason, in the order structure, signature, time (decisions 6.1).
///
/// Tell the sender the code and no more: the reason is for you.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// `VCP_E201`: no secret is configured, or the provider signs nothing: nobody knows who sent this.
    #[error(
        "there is nothing to verify this delivery with: configure a secret, or say explicitly that unauthenticated deliveries are fine"
    )]
    NothingToVerify,
    /// `VCP_E202`: the header, or what else the scheme wants, is not there.
    #[error("`{header}` is missing: check that the provider signs and that no proxy drops it")]
    HeaderMissing {
        /// The header that the scheme needs, or the part of the URL.
        header: Cow<'static, str>,
    },
    /// `VCP_E203`: the header is not of the scheme's form.
    #[error("`{header}` is malformed: {reason}")]
    HeaderMalformed {
        /// The header.
        header: Cow<'static, str>,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// `VCP_E204`: no key gives this signature.
    #[error("`{header}` matches none of {keys} keys: check the secret, and that the body is the raw bytes received")]
    NoMatch {
        /// The header.
        header: Cow<'static, str>,
        /// How many keys were tried.
        keys: usize,
    },
    /// `VCP_E205`: signed too long ago.
    #[error("the signature is {age_ms} ms old, more than the {limit_ms} ms allowed: check the clock and the delay")]
    TooOld {
        /// Its age in milliseconds.
        age_ms: i64,
        /// The limit in milliseconds.
        limit_ms: i64,
    },
    /// `VCP_E206`: signed in the future.
    #[error("the signature is {ahead_ms} ms ahead, more than the {limit_ms} ms allowed: check the clock")]
    TooNew {
        /// How far ahead of `now` it is, in milliseconds.
        ahead_ms: i64,
        /// The limit in milliseconds.
        limit_ms: i64,
    },
    /// `VCP_E207`: it comes from an address that is not on the list.
    #[error(
        "deliveries from {address} are not allowed: check the list, and that this is the sender's address and not a proxy's"
    )]
    AddressNotAllowed {
        /// The address that was given.
        address: IpAddr,
    },
    /// `VCP_E208`: signed is the hash of another body.
    #[error("{place} is that of another body: check that the body is the raw bytes received")]
    BodyHash {
        /// Where the hash stands.
        place: &'static str,
    },
    /// `VCP_E209`: the token is signed, but does not say what it must.
    #[error("the token in `{header}` is not good: {reason}")]
    Claims {
        /// The header.
        header: Cow<'static, str>,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// `VCP_E210`: the verifier is not configured correctly.
    #[error("the verifier cannot work: {reason}")]
    Configuration {
        /// What is wrong.
        reason: &'static str,
    },
}

impl AuthError {
    /// The code.
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
