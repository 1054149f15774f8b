//! The parts that the property tests share: messages made from random bytes, and the texts that
//! they should be written as.

#![allow(dead_code, reason = "not every test uses all of it")]

pub(crate) mod exact;
pub(crate) mod expected;
pub(crate) mod generate;

use proptest::prelude::*;

/// Returns a configuration of 10 000 cases, or of the number in the environment variable
/// `PROPTEST_CASES`.
pub(crate) fn many() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(10_000), ..ProptestConfig::default() }
}

/// Returns the bytes from which a message is made. Shorter and smaller bytes make simpler messages,
/// so that failures shrink.
pub(crate) fn entropy() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..1500)
}
