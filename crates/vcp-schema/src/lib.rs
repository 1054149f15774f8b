//! Types of the Voice Context Protocol v0.5: the common record of a voice-AI call.
//!
//! A [`VcpMessage`] is read from JSON text and written back without loss: unknown members and unknown words are kept,
//! free-form data stays the text it was, numbers keep their exact value, timestamps keep their spelling.
//!
//! ```
//! use vcp_schema::VcpMessage;
//!
//! let text = r#"{"vcp_version":"0.5","vcp_payload":{
//!   "call":{"call_id":"c1","session_id":"s1","provider":"retell","start_time":"2026-10-14T12:00:00Z","queue":"gold"},
//!   "model_selection":{"policy_id":"p","resolved_at":"2026-10-14T12:00:00Z","roles":{}},
//!   "outcomes":{"objective":{"status":"success"},"perception_gap":{"gap_score":0,"gap_class":"aligned"},
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
//! assert_eq!(error.to_string(), "VCP_E006 at $.vcp_version: version `0.9` is not supported: this is 0.5 (line 1, column 16)");
//! # Ok::<(), vcp_schema::ParseError>(())
//! ```
//!
//! # Where things are
//!
//! | where | holds |
//! |---|---|
//! | [`VcpMessage`] | reading (`from_json`, `from_slice`, `from_reader`, `from_value`), writing (`to_json`), and what people ask: `status`, `is_final`, `total_cost_usd` |
//! | [`model`] | the parts of a message, one module per section of the specification, each with a builder |
//! | [`words`] | the enumerations; unknown words are kept |
//! | [`Timestamp`] | an instant with the spelling it had |
//! | [`RawJson`], [`RawObject`] | free-form data and unknown members, as text |
//! | [`Decimal`] | numbers by their digits |
//! | [`migrate`] | messages of 0.3 and 0.4 to 0.5 and back, nothing lost |
//! | [`ndjson`] | messages one a line |
//! | [`checksum`] | checksums of messages, and their verification |
//! | [`Redacted`], [`AnonymisationKey`] | messages without what says who somebody is |
//! | [`ErrorCode`] | the `VCP_E###` catalogue, shared with other implementations |
//! | [`ParseError`], [`FieldPath`] | what is wrong, and where: JSONPath, JSON Pointer, line and column |
//! | [`structure`] | every structural fault of a text, in any dialect |
//! | [`describe`], [`Dialect`] | the messages of every version as data: fields, presence, types |
//! | `jsonschema` | JSON Schemas of every version, with the feature of that name |
//!
//! # Features
//!
//! | feature | what | for whom |
//! |---|---|---|
//! | `jsonschema` | the module of that name, by schemars | tools that publish or check schemas |
//!
//! # Serde
//!
//! Every type of a message implements `Serialize` and `Deserialize` for JSON, so it fits into your own types. These pass through the JSON text, so they
//! do not work below serde's `flatten`, `untagged` and internal tags, which read a value without its text; there, and where speed counts, use
//! [`VcpMessage::from_json`] and [`VcpMessage::to_json`], or hold a `serde_json::value::RawValue`.

pub mod checksum;
mod code;
pub mod describe;
mod dialect;
mod error;
mod facts;
mod fits;
#[cfg(feature = "jsonschema")]
pub mod jsonschema;
mod limits;
mod map;
pub mod migrate;
pub mod model;
pub mod ndjson;
mod number;
mod path;
mod pretty;
mod privacy;
mod raw;
mod scan;
pub mod structure;
mod timestamp;
mod version;
mod wire;
pub mod words;
mod write;

pub use code::{ErrorCode, Severity};
pub use dialect::Dialect;
pub use error::{ParseError, ReadError};
pub use limits::Limits;
pub use map::{Extras, OrderedMap};
pub use model::{
    VcpMessage, VcpPayload,
    artifacts::Artifacts,
    audit::Audit,
    call::{Call, Capability, CapabilityInvocation},
    consent::ConsentRecord,
    custom::{Custom, CustomProviderData},
    hcr::HumanReadableContext,
    model_selection::{ModelRoleInfo, ModelSelection, TelemetryPrior},
    outcomes::{
        ModelAttributionRole, ModelOutcomeAttribution, ObjectiveOutcome, Outcomes, PerceptionGap, ScoredCriteria,
    },
    provenance::Provenance,
};
pub use number::{Decimal, NotANumber};
pub use path::{FieldPath, PathNode, Step};
pub use pretty::pretty;
pub use privacy::{AnonymisationKey, Redacted, ShortKeyError};
pub use raw::{RawJson, RawObject};
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
