//! Access to the comparisons of digests and tokens, for the program in `constant-time`. That
//! program shows that the time of the comparisons does not depend on secrets.
//!
//! This module is not part of the interface of the crate.

use crate::{HmacAlgorithm, mac};

/// Computes the digest of a body.
#[must_use]
pub fn digest(algorithm: HmacAlgorithm, key: &[u8], body: &[u8]) -> Vec<u8> {
    algorithm.digest(key, &[body])
}

/// Returns whether one of `digests` is the digest of `body` under `key`.
#[must_use]
pub fn matches(algorithm: HmacAlgorithm, key: &[u8], body: &[u8], digests: &[Vec<u8>]) -> bool {
    algorithm.matches(key, &[body], digests)
}

/// Returns whether a token is the secret.
#[must_use]
pub fn is_same(secret: &[u8], token: &[u8]) -> bool {
    mac::is_same(secret, token)
}
