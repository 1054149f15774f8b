//! The form of rule files: JSON, closed, readable by other languages.
//! `schema/mapping-rules.schema.json` is made from these types.

use serde::{Deserialize, Serialize};

/// Declares an object of rule files. It has no other members than those listed and `note` and
/// `spec`.
macro_rules! object {
    ($(#[$meta:meta])* $Name:ident { $($members:tt)* }) => {
        #[serde_with::serde_as]
        #[serde_with::skip_serializing_none]
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $Name {
            $($members)*
            /// A remark for readers of the file.
            pub note: Option<String>,
            /// The part of the specification that this comes from.
            pub spec: Option<String>,
        }
    };
}

mod condition;
mod conversation;
mod provider;
mod rule;
mod transform;
mod values;

pub use condition::Condition;
pub use conversation::{Clock, ClockForm, Conversation, Role, Rows, ToolCalls, ToolResults, Words};
pub use provider::{Detect, Event, ProviderFile, ProviderInfo, Table, WebhookAuth, WebhookSchema};
pub use rule::{FieldRule, ModelUsage, RuleFile, Source, Twins, WordChange};
pub use transform::{Transform, ValueType};

/// A file of either kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "jsonschema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum File {
    /// `provider.json`.
    Provider(Box<ProviderFile>),
    /// Any other.
    Rules(Box<RuleFile>),
}
