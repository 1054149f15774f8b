//! What the property tests share: messages made from random bytes, and what they should be written as.

#![allow(dead_code, reason = "not every test uses all of it")]

pub(crate) mod exact;
pub(crate) mod expected;
pub(crate) mod generate;

use proptest::prelude::*;

/// 10 000 cases, or as many as the environment variable `PROPTEST_CASES` says.
pub(crate) fn many() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(10_000), ..ProptestConfig::default() }
}

/// The bytes that a message is made from. Shorter and smaller bytes make simpler messages, so that failures shrink.
pub(crate) fn entropy() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..1500)
}
