//! Synthetic voice-AI calls whose truth is known.
//!
//! A [`Call`] is made of a [`Scenario`], a seed and a time. It says everything that happened: who
//! spoke when, word by word, which tools were used, what it cost and how it ended. Then it is
//! rendered
//!
//! - as each provider delivers it ([`Call::deliveries`]), in every documented [`Generation`] of its
//!   payloads, signed with your secret ([`Delivery::headers`]);
//! - as a message of VCP 0.5 ([`Call::message`]), 0.4 or 0.3 ([`Call::older_message`]).
//!
//! [`facts()`] says what a mapping of these deliveries must find, field by field.
//!
//! ```
//! use vcp_synthetic::{Call, Generation, Scenario};
//!
//! let time = "2026-10-14T12:00:00Z".parse()?;
//! let call = Call::new(Scenario::BookedService, 7, time);
//! let deliveries = call.deliveries(Generation::Retell);
//! let events: Vec<_> = deliveries.iter().map(|delivery| delivery.event).collect();
//! assert_eq!(events, ["call_started", "call_ended", "call_analyzed"]);
//!
//! let headers = deliveries[0].headers("key_of_your_endpoint");
//! assert_eq!(headers[0].0, "x-retell-signature");
//! # Ok::<(), chrono::ParseError>(())
//! ```
//!
//! People and businesses are invented. Telephone numbers are of ranges that countries reserve for
//! films and examples. The same arguments give the same bytes: this crate reads no clock and no
//! source of random numbers.

#![deny(clippy::disallowed_methods)]

mod call;
mod delivery;
mod facts;
mod figures;
mod generation;
mod json;
mod make;
mod message;
mod mix;
mod named;
mod older;
mod random;
mod render;
mod scenario;
mod script;

pub use call::{
    Call, Channel, Consent, Direction, Ending, Model, Models, Sentiment, Speaker, ToolCall, Transfer, Turn, Word,
};
pub use delivery::Delivery;
pub use facts::{Fact, facts};
pub use generation::Generation;
pub use mix::Mix;
pub use older::Older;
pub use scenario::Scenario;

/// The example of the crate's README, compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
