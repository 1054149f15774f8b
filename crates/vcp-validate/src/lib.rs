//! A validator for VCP messages. It checks v0.5 messages for structure and business rules, and
//! messages of older versions for structure. Each finding has a stable code and its place.
//!
//! ```
//! use vcp_validate::Validator;
//!
//! let text = r#"{"vcp_version":"0.5","audit":{"received_at":7,"schema_version":"0.5"}}"#;
//! let report = Validator::new().validate_json(text, None);
//! assert!(!report.is_valid());
//! let lines: Vec<String> = report.findings.iter().map(|f| f.to_string()).collect();
//! assert_eq!(lines, [
//!     "error VCP_E004 at $.audit.received_at (line 1, column 45): \
//!      a string is wanted here, not a number",
//!     "error VCP_E005 at $.vcp_payload (line 1, column 70): `vcp_payload` is missing",
//! ]);
//! ```
//!
//! No validator reads a clock. Every validating method takes the present time as its last argument.
//! With `None`, a rule about the present only uses what the message itself states.
//!
//! Validating a text never fails. Text that is not JSON, an unknown version and an exceeded limit
//! are findings too.
//!
//! Findings hold no values of the document, because these may be personal data.
//! [`Validator::show_values`] adds them.
//!
//! # Features
//!
//! | feature | adds | for | cost |
//! |---|---|---|---|
//! | `render` | `Rendering`, findings as a compiler shows them | terminals | three small crates |
//!
//! The documentation cites the decisions of the project as `DECISIONS.md` with a section. They are
//! in [`vcp_schema::decisions`].

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::disallowed_methods)]

mod finding;
mod findings;
#[cfg(feature = "render")]
mod render;
mod rules;
mod validator;

pub use finding::{Code, Finding};
#[cfg(feature = "render")]
pub use render::{Rendering, visible};
pub use rules::{Context, Rule};
pub use validator::{Profile, Report, Validator};
pub use vcp_schema::Position;
