//! Maps webhooks of voice-AI providers to VCP v0.5 messages. The rules are data, `rules/*/*.json`
//! in this crate, which other languages can read. A report names the source of every field.
//!
//! ```
//! use vcp_mapping::{Mapper, Mapping};
//!
//! let mapper = Mapper::new();
//! let now = "2026-11-21T12:00:00Z".parse()?;
//! match mapper.map("vapi", br#"{"message":{"type":"tool-calls","toolCallList":[]}}"#, now)? {
//!     Mapping::NotACall { event, .. } => assert_eq!(event, "tool-calls"),
//!     Mapping::Call(mapped) => println!("{}", mapped.message.to_json()),
//! }
//! let error = mapper.map("vapi", b"[]", now).unwrap_err();
//! assert_eq!(error.to_string(), "VCP_E002 at $: the payload of a `vapi` delivery is an object");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The mapper reads the text of the payload once and keeps it in the message. By default, secrets
//! in the kept text are masked. The report lists the members that no rule read.
//!
//! **Consent.** If the provider says nothing of consent, the message states that recording and
//! analytics were **granted**, as the specification's mapping does. The report marks it as a
//! [default](MapReport::defaults). Switch it with [`MapOptions::consent_default`] to
//! [`ConsentDefault::Pending`] or [`ConsentDefault::Omit`].
//!
//! # The rooms of this crate
//!
//! A room uses only the rooms below it. The test `tests/rooms.rs` checks this order.
//!
//! ```text
//! lint drift normalize
//! merge
//! mapper
//! registry
//! providers: what rules cannot express of one provider
//! engine: runs rules on the text of a payload; knows no provider
//! session: the events of a session
//! report
//! rules: the rule language
//! options error key shared
//! ```
//!
//! [`pages`] has a page for each provider: which member becomes which field.
//!
//! # Features
//!
//! | feature | adds | for | cost |
//! |---|---|---|---|
//! | `phone` | `normalize::phone` | telephone numbers as E.164 | about 30 crates |
//! | `jsonschema` | JSON Schema of the rule files | tools | schemars |
//!
//! The documentation cites the decisions of the project as `DECISIONS.md` with a section. They are
//! in [`vcp_schema::decisions`].

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::disallowed_methods)]

mod drift;
mod engine;
mod error;
mod key;
mod lint;
mod mapper;
mod merge;
pub mod normalize;
mod options;
mod providers;
mod registry;
mod report;
pub mod rules;
/// A guide to adding a provider, and a page for authors of rule files.
#[doc = include_str!("guide.md")]
pub mod guide {}
/// The mapping of each provider: its events, fields, rows and words.
pub mod pages {
    #[doc = include_str!("pages/assistable.md")]
    pub mod assistable {}
    #[doc = include_str!("pages/bland.md")]
    pub mod bland {}
    #[doc = include_str!("pages/elevenlabs.md")]
    pub mod elevenlabs {}
    #[doc = include_str!("pages/openai_realtime.md")]
    pub mod openai_realtime {}
    #[doc = include_str!("pages/retell.md")]
    pub mod retell {}
    #[doc = include_str!("pages/vapi.md")]
    pub mod vapi {}
}
mod session;
mod shared;

pub use drift::Drift;
pub use engine::defaults::perception_gap;
pub use error::MapError;
pub use key::IdempotencyKey;
pub use lint::{Lint, Unmatched};
pub use mapper::{Mapped, Mapper, Mapping};
pub use options::{ConsentDefault, MapOptions};
pub use registry::{RegisterError, Registry};
pub use report::{Consulted, Counted, How, MapReport, Problem, UnlistedWord, Written};
pub use rules::{Provider, RuleError, RuleFault, TargetField};
pub use session::{Assemble, Digest, SessionEvent};
pub use shared::SharedText;
