//! The conformance suite's Rust side: the SDK behind the protocol, and the comparison of answers with cases.

pub mod case;
pub mod json;
pub mod testee;
