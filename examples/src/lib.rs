//! Examples of pages, compiled and run as tests.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../crates/vcp-sdk/src/tasks/receive.md")]
struct Receive;
