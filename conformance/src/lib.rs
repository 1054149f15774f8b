//! The Rust part of the conformance suite: the SDK as a program under test, and the comparison of
//! answers with cases.
//!
//! - [`testee`] answers requests of the protocol `vcp-conformance/1` with the SDK.
//! - [`case`] reads cases, [`recipe`] makes their texts, and [`judge`] compares answers with them.
//! - [`run`] runs the cases against a program ([`process`]), and [`output`] shows the results.
//! - [`mutants`] plants faults in a testee, to learn whether the cases catch them.
//! - [`pack`] makes an archive of the suite.
//! - [`smoke`] checks a new adapter, and [`template`] begins new cases.
//! - [`json`] compares JSON texts by value.
//!
//! `conformance/README.md` describes the cases and the protocol.

pub mod case;
pub mod json;
pub mod judge;
pub mod mutants;
pub mod output;
pub mod pack;
pub mod process;
pub mod recipe;
pub mod run;
pub mod smoke;
pub mod template;
pub mod testee;
