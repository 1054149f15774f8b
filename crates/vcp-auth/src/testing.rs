//! The comparisons alone, for the program that shows that they do not depend on secrets. No part of the interface.

use crate::{Algorithm, mac};

#[must_use]
pub fn digest(algorithm: Algorithm, key: &[u8], body: &[u8]) -> Vec<u8> {
    algorithm.digest(key, &[body])
}

#[must_use]
pub fn matches(algorithm: Algorithm, key: &[u8], body: &[u8], digests: &[Vec<u8>]) -> bool {
    algorithm.matches(key, &[body], digests)
}

#[must_use]
pub fn is_same(secret: &[u8], token: &[u8]) -> bool {
    mac::is_same(secret, token)
}
