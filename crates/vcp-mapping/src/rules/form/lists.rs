//! The form of lists that a rule file writes: transfers and scored criteria.

#[cfg(feature = "jsonschema")]
use super::values::OneOrList;
use super::{condition::Condition, conversation::Clock, values::OneOrMany};

object! {
    /// A place where a provider reports that the call was transferred. Each transfer is written to
    /// `custom.provider_specific.<provider>.transfers`, as an object with `to`, `at` and `outcome`.
    /// A transfer without `to` is not written (`DECISIONS.md` 5.8).
    Transfers {
        /// The list whose elements are the transfers. Absent: the record itself has at most one.
        pub list: Option<String>,
        /// The conditions under which there is a transfer. All must hold. In a list, their paths
        /// are members of the element.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub when: Vec<Condition>,
        /// The members with the number or address to which the call was transferred. The first
        /// that is filled is used.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        pub to: Vec<String>,
        /// The member with the time of the transfer, which the transform `time` reads.
        pub at: Option<String>,
        /// The time of the row in which the transfer is, if `list` goes into rows.
        pub row_at: Option<Clock>,
        /// The member with the provider's word for the outcome.
        pub outcome: Option<String>,
    }
}

object! {
    /// A list of evaluated criteria, or an object that holds them by their names. Each criterion is
    /// written to `outcomes.objective.scored_criteria` (`DECISIONS.md` 5.8).
    Criteria {
        /// The path of the list or object.
        pub path: String,
        /// The member with the name of the criterion. Absent: each criterion is a member by its
        /// name.
        pub id: Option<String>,
        /// The member with the result.
        pub result: String,
        /// The table whose words are `true` for a criterion that was met, `false` for one that was
        /// not, and `none` for a result that makes no criterion.
        pub table: String,
        /// The member with the score.
        pub score: Option<String>,
        /// The member with the greatest possible score. The score is divided by it if it is greater
        /// than 0. A score is written only if it is then between 0 and 1.
        pub max_score: Option<String>,
    }
}
