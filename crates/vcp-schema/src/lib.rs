//! Types of the Voice Context Protocol v0.5: the common record of a voice-AI call.
//!
//! A [`VcpMessage`] is read from JSON text and written back without loss:
//!
//! - Unknown members and unknown words are kept.
//! - Free-form data keeps its text.
//! - Numbers keep their exact value.
//! - Timestamps keep their spelling.
//!
//! ```
//! use vcp_schema::VcpMessage;
//!
//! let text = r#"{"vcp_version":"0.5","vcp_payload":{
//!   "call":{"call_id":"c1","session_id":"s1","provider":"retell",
//!     "start_time":"2026-10-14T12:00:00Z","queue":"gold"},
//!   "model_selection":{"policy_id":"p","resolved_at":"2026-10-14T12:00:00Z","roles":{}},
//!   "outcomes":{"objective":{"status":"success"},
//!     "perception_gap":{"gap_score":0,"gap_class":"aligned"},
//!               "model_outcome_attribution":{"roles":{},"kpis":{}}},
//!   "hcr":{"audience":"agent","headline":"booked","outcome_status":"success"},
//!   "artifacts":{},"custom":{},
//!   "provenance":{"source_system":"demo","created_at":"2026-10-14T12:00:00Z"}},
//!  "audit":{"received_at":"2026-10-14T12:00:01Z","schema_version":"0.5"}}"#;
//! let message = VcpMessage::from_json(text)?;
//! assert_eq!(message.vcp_payload.call.call_id, "c1");
//! assert_eq!(message.vcp_payload.call.extras.get("queue").map(|v| v.as_str()), Some("\"gold\""));
//!
//! let error = VcpMessage::from_json(r#"{"vcp_version":"0.9"}"#).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "VCP_E006 at $.vcp_version: version `0.9` is not supported: \
//!      this is 0.5 (line 1, column 16)"
//! );
//! # Ok::<(), vcp_schema::ParseError>(())
//! ```
//!
//! # Overview
//!
//! | item | purpose |
//! |---|---|
//! | [`VcpMessage`] | reads, writes and queries a whole message |
//! | [`ReadOptions`], [`Limits`] | sets limits on what is read |
//! | [`Metrics`] | the published metrics of a conversation |
//! | [`model`] | the parts of a message, with one module per section and one builder per type |
//! | [`words`] | the enumerations; unknown words are kept |
//! | [`Timestamp`] | a point in time with its spelling |
//! | [`RawJson`], [`RawObject`] | free-form data and unknown members, as text |
//! | [`Decimal`] | a number as its exact decimal digits |
//! | [`migrate`] | lossless migration of messages of 0.3 and 0.4 to 0.5 and back |
//! | [`ndjson`] | archives and streams with one message per line |
//! | [`checksum`] | computes and verifies the checksum of a message |
//! | [`Redacted`], [`AnonymisationKey`] | masks personal data, and makes pseudonyms |
//! | [`ErrorCode`] | the `VCP_E###` codes, shared with other implementations |
//! | [`ParseError`], [`FieldPath`] | a fault and its place: path, line and column |
//! | [`UnknownNameError`] | a name that is not known, and the names to use |
//! | [`structure`] | all structural faults of a text, in any dialect |
//! | [`describe`], [`Dialect`] | the model of every version as data: fields, presence, types |
//! | [`json`] | functions on JSON text, shared by the VCP crates |
//! | [`decisions`] | the text that the documentation cites as `DECISIONS.md` |
//! | `jsonschema` | the JSON Schema of every version, with the feature `jsonschema` |
//!
//! # Features
//!
//! | feature | adds | for |
//! |---|---|---|
//! | `jsonschema` | the module `jsonschema`, with schemars | tools that publish or check schemas |
//!
//! # Serde
//!
//! Every type of a message implements `Serialize` and `Deserialize` for JSON, so your own types can
//! contain it. These implementations need the JSON text of a value. They do not work inside serde's
//! `flatten`, `untagged` and internally tagged types, which pass values on without their text.
//!
//! In those types, and if speed matters, use [`VcpMessage::from_json`] and [`VcpMessage::to_json`],
//! or store a `serde_json::value::RawValue`.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::disallowed_methods)]

pub mod checksum;
mod code;
/// The decisions of the project, which the documentation cites as `DECISIONS.md` with a section.
#[cfg(not(doctest))]
#[doc = include_str!("../DECISIONS.md")]
pub mod decisions {}
pub mod describe;
mod dialect;
mod error;
mod fits;
pub mod json;
#[cfg(feature = "jsonschema")]
pub mod jsonschema;
mod metrics;
pub mod migrate;
pub mod model;
pub mod ndjson;
mod privacy;
mod questions;
mod read;
pub mod structure;
mod timestamp;
mod version;
pub mod words;
mod write;

pub use code::{ErrorCode, Severity};
pub use dialect::Dialect;
pub use error::{ParseError, ReadError, UnknownNameError};
pub use json::limits::Limits;
pub use json::map::{Extras, OrderedMap};
pub use json::number::{Decimal, DecimalError};
pub use json::path::{FieldPath, InvalidPathError, PathNode, Step};
pub use json::pretty::pretty;
pub use json::raw::{RawJson, RawObject};
pub use json::text::Position;
pub use metrics::Metrics;
pub use model::{
    VcpMessage, VcpPayload,
    artifacts::Artifacts,
    audit::Audit,
    call::{Call, Capability, CapabilityInvocation},
    consent::ConsentRecord,
    custom::{Custom, CustomProviderData},
    hcr::HumanReadableContext,
    model_selection::{ModelRoleInfo, ModelSelection, TelemetryPrior},
    numbers::Number,
    options::ReadOptions,
    outcomes::{
        ModelAttributionRole, ModelOutcomeAttribution, ObjectiveOutcome, Outcomes, PerceptionGap, ScoredCriteria,
    },
    provenance::Provenance,
};
pub use privacy::{AnonymisationKey, Redacted, ShortKeyError};
pub use timestamp::{Timestamp, TimestampError};
pub use version::VcpVersion;
pub use words::{
    AlertLevel, CallDirection, CapabilityType, ChannelType, ConsentStatus, GapClass, ModelRole, OutcomeStatus,
    UnknownWord,
};

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
