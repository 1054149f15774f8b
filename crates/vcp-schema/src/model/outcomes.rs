//! The section `outcomes`: the outcome of the call, objective and perceived (schema-v0.5 §3).

use super::model;
use crate::{GapClass, ModelRole, OrderedMap, OutcomeStatus, RawObject};

model! {
    /// The outcome of the call: as measured, as perceived, and by model (schema-v0.5 §3).
    Outcomes {
        /// The outcome as the caller perceived it, in words.
        defaulted perceived [personal]: Vec<String>,
        /// The outcome by facts.
        required objective: ObjectiveOutcome,
        /// The gap between the perceived and the objective outcome.
        required perception_gap: PerceptionGap,
        /// The contribution and the cost of each model.
        required model_outcome_attribution: ModelOutcomeAttribution,
        /// The satisfaction of the caller. 0 is the lowest.
        optional user_satisfaction_score [0..=1]: f64,
        /// The effect on the business, as a free-form object.
        optional business_impact: RawObject,
    }

    /// The outcome of the call by facts (schema-v0.5 §3).
    ObjectiveOutcome {
        /// The outcome as one word.
        required status: OutcomeStatus,
        /// The criteria that were evaluated.
        defaulted scored_criteria: Vec<ScoredCriteria>,
        /// Figures on the call, as a free-form object. The mapper writes conversation metrics
        /// here, such as `total_turns`, `talk_ratio` and `agent_latency_ms_avg`.
        defaulted metrics: RawObject,
        /// The confidence in this assessment.
        optional confidence [0..=1]: f64,
        /// The duration of the assessment.
        optional assessment_time_ms [0..] [milliseconds]: f64,
    }

    /// A criterion that was evaluated.
    ScoredCriteria {
        /// The name of the criterion.
        required id: String,
        /// `true` if the criterion was met.
        required met: bool,
        /// A reference to the evidence.
        optional evidence_ref [personal]: String,
        /// The score for this criterion.
        optional score [0..=1]: f64,
        /// The weight of the criterion among all criteria, from 0 to 1.
        optional weight: f64,
    }

    /// The gap between the outcome as the caller perceived it and the objective outcome.
    PerceptionGap {
        /// The size of the gap. 0 is aligned, 1 is contradictory.
        required gap_score [0..=1]: f64,
        /// The size of the gap as a word.
        required gap_class: GapClass,
        /// The factors that contributed to the gap, one per element.
        optional factors [personal]: Vec<String>,
        /// An explanation of the gap.
        optional analysis [personal]: String,
    }

    /// The contribution and the cost of each model.
    ModelOutcomeAttribution {
        /// The contribution of the model in each role.
        required roles: OrderedMap<ModelRole, ModelAttributionRole>,
        /// Key performance indicators, as a free-form object.
        required kpis: RawObject,
        /// The cost of the whole call.
        optional total_cost_usd [0..] [us_dollars]: f64,
        /// The efficiency.
        optional efficiency_score [0..=1]: f64,
    }

    /// The contribution and the cost of the model in one role.
    ModelAttributionRole {
        /// The identifier of the model.
        required model_id: String,
        /// The time of use.
        required minutes [0..] [minutes]: f64,
        /// The number of errors.
        defaulted errors [0..]: i64,
        /// The number of processed tokens.
        optional tokens_processed [0..]: i64,
        /// The cost.
        optional cost_usd [0..] [us_dollars]: f64,
    }
}
