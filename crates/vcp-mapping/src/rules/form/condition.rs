//! The form of conditions.

#[cfg(feature = "jsonschema")]
use super::values::OneOrList;
use super::values::OneOrMany;
#[cfg(feature = "jsonschema")]
use crate::rules::target::WritableField;

object! {
    /// A condition. It tests one thing: the event, a field that is written, a member, or other
    /// conditions of which one must hold.
    #[derive(Default)]
    Condition {
        /// The events for which the condition holds.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub event: Vec<String>,
        /// The fields that earlier rules must have written from this delivery.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<WritableField>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub written: Vec<String>,
        /// The member that is tested. Without `is`, `contains` or `present` it must be filled:
        /// neither absent, null nor empty.
        pub path: Option<String>,
        /// The words of which the member must be one. Booleans are the words `true` and `false`.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub is: Vec<String>,
        /// The part that the JSON text of the member must have.
        pub contains: Option<String>,
        /// `true` if the member must be present, `false` if it must be absent. A null member is
        /// present.
        pub present: Option<bool>,
        /// `true` if the member must be filled, `false` if it must be absent, null or empty.
        pub filled: Option<bool>,
        /// Conditions of which one must hold.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub any_of: Vec<Condition>,
    }
}
