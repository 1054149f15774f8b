//! The types of rule files. A rule file is JSON that programs in other languages can read too. An
//! unknown member is an error.
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
            /// The section of the specification, or of `DECISIONS.md`, on which this object of the
            /// file is based. It has no effect on mapping.
            pub spec: Option<String>,
        }
    };
}

mod condition;
mod conversation;
mod lists;
mod provider;
mod rule;
pub(super) mod transform;
mod values;

pub use condition::Condition;
pub use conversation::{Clock, ClockForm, Conversation, Role, Rows, Side, ToolCalls, ToolResults, Words};
pub use lists::{Criteria, Transfers};
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
