//! A receiver for the webhooks of voice-AI providers. It verifies a delivery, maps it to a
//! normalised [VCP v0.5](vcp_schema) message and validates the message.
//!
//! ```
//! use vcp_sdk::{Received, Receiver, Secret};
//!
//! # let now = "2023-11-14T22:13:21Z".parse()?;
//! # let body = br#"{"event":"call_ended","call":{"call_id":"c1",
//! #     "disconnection_reason":"user_hangup"}}"#;
//! # let signature = vcp_sdk::auth::sign::retell("key_demo", body, now);
//! # let headers = [("x-retell-signature", signature)];
//! let receiver = Receiver::new().secret("retell", Secret::new("primary", "key_demo"))?;
//!
//! match receiver.receive("retell", &headers, body, now) {
//!     Ok(Received::Call(call)) => println!("{}", call.message.to_json()),
//!     Ok(Received::Ignored(other)) => println!("no call record: {:?}", other.event),
//!     Err(error) => println!("{} {error}", error.http_status()),
//! }
//! # let received = receiver.receive("retell", &headers, body, now);
//! # let Ok(Received::Call(call)) = received else { panic!() };
//! # assert_eq!(call.message.vcp_payload.outcomes.objective.status.as_str(), "success");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Receiver::receive`] does all three steps. [`Receiver::verify`], [`Receiver::map`] and
//! [`Receiver::validate`] do one step each. The crates behind them are re-exported as [`auth`],
//! [`mapping`], [`validate`] and [`schema`].
//!
//! **Consent.** If the provider says nothing of consent, the message states that recording and
//! analytics were granted, as the specification's mapping does. The report marks this as a
//! [default](MapReport::defaults). Switch it with [`MapOptions::consent_default`].
//!
//! A delivery can arrive twice. [`keys`] says how to recognise it, and what to answer.
//!
//! The pages in [`tasks`] answer one question each: [receive](tasks::receive) behind a web
//! framework, [store](tasks::store) calls, answer [retries](tasks::retries), add [a
//! provider](tasks::own_provider), fill a table from [an archive](tasks::archive), assemble [a
//! session](tasks::session) of OpenAI, [validate](tasks::validate_in_ci) in CI, and
//! [read](tasks::read) metrics and transcripts.
//!
//! ```text
//! headers, body, URL, now
//!          │
//!          ▼
//!     vcp-auth ────────► 401, 500        the signature or the secret, the sender's address
//!          │
//!          ▼
//!    vcp-mapping ──────► 400, 413, 422   rules as data; a report of every value
//!          │
//!          ▼
//!   vcp-validate ──────► findings        structure and business rules
//!          │
//!          ▼
//! Received::Call: message (vcp-schema), report, findings, keys
//! ```
//!
//! # Features
//!
//! Without features the crate does all of the above. Features only add.
//!
//! | feature | what it adds | cost |
//! |---|---|---|
//! | `http` | headers of the `http` crate, as hyper and axum have | `http` and `bytes` |
//! | `render` | findings as a compiler shows them, for terminals | three small crates |
//! | `testing` | `auth::sign`, for tests of your own endpoint | none |
//!
//! The examples get the present time from chrono's feature `clock`, which the crates do not turn
//! on.
//!
//! This crate reads no clock, draws no random numbers, opens no connection and keeps no global
//! state. The caller passes the current time as `now`.
//!
//! The documentation cites the decisions of the project as `DECISIONS.md` with a section. They are
//! in [`vcp_schema::decisions`].

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::disallowed_methods)]

pub use vcp_auth as auth;
pub use vcp_mapping as mapping;
pub use vcp_schema as schema;
pub use vcp_validate as validate;

pub use vcp_auth::{AuthError, Headers, Secret, Verified};
pub use vcp_mapping::{ConsentDefault, IdempotencyKey, MapOptions, MapReport, Mapper, Mapping, Registry};
pub use vcp_schema::{ErrorCode, Severity, Timestamp, VcpMessage};
pub use vcp_validate::{Code, Finding, Profile, Validator};

mod config;
mod error;
/// The uses of `replay_key` and `idempotency_key`.
#[doc = include_str!("which_key.md")]
pub mod keys {}
mod receiver;
/// Pages by task: receive, store, answer retries, add a provider, read archives, assemble sessions,
/// validate, read.
pub mod tasks {
    #[doc = include_str!("tasks/archive.md")]
    pub mod archive {}
    #[doc = include_str!("tasks/own_provider.md")]
    pub mod own_provider {}
    #[doc = include_str!("tasks/read.md")]
    pub mod read {}
    // Its examples need vcp-axum, which depends on this crate. The package `examples` tests them.
    #[cfg_attr(not(doctest), doc = include_str!("tasks/receive.md"))]
    pub mod receive {}
    #[doc = include_str!("tasks/retries.md")]
    pub mod retries {}
    #[doc = include_str!("tasks/session.md")]
    pub mod session {}
    #[doc = include_str!("tasks/store.md")]
    pub mod store {}
    #[doc = include_str!("tasks/validate_in_ci.md")]
    pub mod validate_in_ci {}
}

pub use config::ConfigError;
pub use error::ReceiveError;
pub use receiver::{Authenticity, Ignored, Received, ReceivedCall, Receiver};
