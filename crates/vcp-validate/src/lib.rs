//! Is this message right? Structure and business rules of VCP v0.5, and the structure of older versions, each finding with its stable code and its place
//! (decisions 4).
//!
//! ```
//! use vcp_validate::Validator;
//!
//! let report = Validator::new().validate_json(r#"{"vcp_version":"0.5","audit":{"received_at":7,"schema_version":"0.5"}}"#);
//! assert!(!report.is_valid());
//! let lines: Vec<String> = report.findings.iter().map(|f| f.to_string()).collect();
//! assert_eq!(lines, [
//!     "error VCP_E004 at $.audit.received_at (line 1, column 45): a string is wanted here, not a number",
//!     "error VCP_E005 at $.vcp_payload (line 1, column 70): the required member is absent",
//! ]);
//! ```
//!
//! Validation always answers: text that is no JSON, unknown versions and limits are findings too. Messages never hold
//! values of the document, which may be personal data, unless asked for with [`Validator::show_values`].

mod finding;
mod findings;
#[cfg(feature = "render")]
mod render;
mod rules;
mod validator;

pub use finding::{Code, Finding, Position};
#[cfg(feature = "render")]
pub use render::{Rendering, visible};
pub use rules::{Context, Rule};
pub use validator::{Profile, Report, Validator};
