//! The rule language: its form, and the checking and compiling of rule files.
//!
//! Rule files are data that other languages read too. [The page for authors](crate::guide) explains
//! each construct with an example.

pub(crate) mod check;
pub(crate) mod columns;
mod compile;
mod faults;
mod form;
pub(crate) mod known;
mod limits;
pub(crate) mod paths;
pub(crate) mod plan;
mod provider;
pub(crate) mod secrets;
mod table;
pub(crate) mod target;
pub(crate) mod watched;

pub(crate) use compile::compile;
pub(crate) use faults::nearest;
pub use faults::{RuleError, RuleFault};
pub use form::{
    Clock, ClockForm, Condition, Conversation, Criteria, Detect, Event, FieldRule, File, ModelUsage, ProviderFile,
    ProviderInfo, Role, Rows, RuleFile, Side, Source, Table, ToolCalls, ToolResults, Transfers, Transform, Twins,
    ValueType, WebhookAuth, WebhookSchema, WordChange, Words,
};
pub use provider::Provider;
pub(crate) use table::Hit;
pub use target::TargetField;
