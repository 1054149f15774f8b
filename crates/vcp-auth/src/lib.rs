//! Webhook verification for voice-AI providers.
//!
//! A [`Verifier`] checks that a delivery comes from the provider. It checks signatures exactly as
//! the providers' own SDKs do (`DECISIONS.md` 6.1 and 6.2).
//!
//! ```
//! use vcp_auth::{Scheme, Secret, Verifier};
//!
//! let verifier = Verifier::new(Scheme::Retell, vec![Secret::new("2026-01", "test-api-key")])?;
//! let body = br#"{"event":"call_ended"}"#;
//! let headers = [(
//!     "X-Retell-Signature",
//!     "v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e",
//! )];
//! let now = "2023-11-14T22:13:21Z".parse()?;
//! let verified = verifier.verify(headers.as_slice(), body, now)?;
//! assert_eq!(verified.key_id(), Some("2026-01"));
//!
//! let error = verifier.verify(headers.as_slice(), b"{}", now).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "VCP_E204: `x-retell-signature` matches none of 1 keys: \
//!      check the secret, and that the body is the raw bytes received"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The order of the checks is part of the contract:
//!
//! 1. the address of the sender, if [`Verifier::allow_from`] is set;
//! 2. the structure of the header;
//! 3. the signature;
//! 4. the time.
//!
//! The current time is a parameter: this crate never reads a clock. Secrets are wiped from memory
//! when they are dropped, and are never printed.
//!
//! # Features
//!
//! | feature | adds | for | cost |
//! |---|---|---|---|
//! | `http` | headers of the `http` crate | servers | the crates `http` and `bytes` |
//! | `testing` | `sign`, which signs deliveries | tests of your own endpoint | none |
//!
//! The documentation cites the decisions of the project as `DECISIONS.md` with a section. They are
//! in [`vcp_schema::decisions`].

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::disallowed_methods)]

mod address;
mod diagnose;
mod error;
mod headers;
mod mac;
mod providers;
pub mod replay;
mod request;
mod scheme;
mod secret;
#[cfg(feature = "testing")]
pub mod sign;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;
mod verify;

pub use address::AddressList;
pub use diagnose::Hint;
pub use error::AuthError;
pub use headers::Headers;
pub use mac::{Encoding, HmacAlgorithm};
pub use providers::{Signing, SigningFacts, providers};
pub use replay::{GuardError, MemoryGuard, ReplayGuard, ReplayKey, Seen};
pub use request::Request;
pub use scheme::{HmacScheme, Scheme};
pub use secret::Secret;
pub use verify::{Verified, Verifier};
