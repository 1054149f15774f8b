//! `outcomes`: how the call came out (schema-v0.5 §3, decisions 1.13).

use super::model;
use crate::{GapClass, ModelRole, OrderedMap, OutcomeStatus, RawObject};

model! {
    /// How the call came out (schema-v0.5 §3).
    Outcomes {
        /// How the caller saw it.
        defaulted perceived [personal]: Vec<String>,
        /// How it came out by facts.
        required objective: ObjectiveOutcome,
        /// How far the two are apart.
        required perception_gap: PerceptionGap,
        /// What each model contributed and cost.
        required model_outcome_attribution: ModelOutcomeAttribution,
        /// The caller's satisfaction, 0–1.
        optional user_satisfaction_score: f64,
        /// Effect on the business, free-form.
        optional business_impact: RawObject,
    }

    /// The outcome by facts (schema-v0.5 §3).
    ObjectiveOutcome {
        /// The outcome.
        required status: OutcomeStatus,
        /// Criteria that were evaluated.
        defaulted scored_criteria: Vec<ScoredCriteria>,
        /// Figures, free-form; conversation metrics as in decisions 5.8.
        defaulted metrics: RawObject,
        /// How sure the assessment is, 0–1.
        optional confidence: f64,
        /// Time that the assessment took, in milliseconds, 0 or more.
        optional assessment_time_ms: f64,
    }

    /// A criterion that was evaluated (decisions 1.13).
    ScoredCriteria {
        /// Name of the criterion.
        required id: String,
        /// Whether it was met.
        required met: bool,
        /// Where the evidence is.
        optional evidence_ref [personal]: String,
        /// The score, 0–1.
        optional score: f64,
        /// Its weight among all criteria, 0–1.
        optional weight: f64,
    }

    /// How far the caller's view and the objective outcome are apart (decisions 1.13; how it is computed: 5.8).
    PerceptionGap {
        /// 0–1; 0 is aligned.
        required gap_score: f64,
        /// The score as a word.
        required gap_class: GapClass,
        /// What contributed.
        optional factors [personal]: Vec<String>,
        /// An explanation.
        optional analysis [personal]: String,
    }

    /// What each model contributed and cost (decisions 1.13).
    ModelOutcomeAttribution {
        /// The contribution for each role.
        required roles: OrderedMap<ModelRole, ModelAttributionRole>,
        /// Key figures, free-form.
        required kpis: RawObject,
        /// Cost of the whole call in USD, 0 or more.
        optional total_cost_usd: f64,
        /// Efficiency, 0–1.
        optional efficiency_score: f64,
    }

    /// The contribution of one model (decisions 1.13).
    ModelAttributionRole {
        /// The model.
        required model_id: String,
        /// Minutes of use, 0 or more.
        required minutes: f64,
        /// Number of errors, 0 or more.
        defaulted errors: i64,
        /// Tokens processed, 0 or more.
        optional tokens_processed: i64,
        /// Cost in USD, 0 or more.
        optional cost_usd: f64,
    }
}
