//! Webhooks of voice-AI providers to VCP v0.5. The rules are data (`rules/*/*.json` in this crate), read the same way by other
//! languages; the report says for every field where it came from.
//!
//! ```
//! use vcp_mapping::{Mapper, Mapping};
//!
//! let mapper = Mapper::new();
//! let received_at = "2026-11-21T12:00:00Z".parse()?;
//! match mapper.map("vapi", br#"{"message":{"type":"tool-calls","toolCallList":[]}}"#, received_at)? {
//!     Mapping::NotACall { event, .. } => assert_eq!(event, "tool-calls"),
//!     Mapping::Call(mapped) => println!("{}", mapped.message.to_json()),
//! }
//! let error = mapper.map("vapi", b"[]", received_at).unwrap_err();
//! assert_eq!(error.to_string(), "VCP_E002 at $: the payload of a `vapi` delivery is an object");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The payload's text is walked once and kept: no tree of it is built, and nothing of it is lost. Members that no rule read
//! are listed in the report; secrets that payloads carry are masked in the kept text.

mod conversation;
mod delivery;
mod draft;
mod drift;
mod error;
mod integrations;
mod mapper;
mod mask;
mod merge;
mod models;
pub mod normalize;
mod openai_realtime;
mod provider;
mod registry;
mod report;
pub mod rules;
/// How to add a provider.
#[doc = include_str!("guide.md")]
pub mod guide {}
mod session;
mod skeleton;
mod table;
mod target;
mod transform;
mod trie;

pub use drift::Drift;
pub use error::{MapError, RuleError};
pub use mapper::{ConsentDefault, Mapped, Mapper, Mapping, Options};
pub use provider::Provider;
pub use registry::Registry;
pub use report::{How, Problem, Report, UnknownWord, Written};
pub use session::{Assemble, Digest, SessionEvent};
pub use skeleton::perception_gap;
