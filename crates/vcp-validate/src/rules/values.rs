//! Rules on numbers and on free-form data.

use super::{Context, payload};
use crate::findings::Findings;
use vcp_schema::{ErrorCode, FieldPath, Limits, VcpMessage, json::text};

/// Reports `VCP_E106` for each score, share or confidence outside 0 to 1.
pub(super) fn score_range(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let mut look = |score: Option<f64>, path: &dyn Fn() -> FieldPath| {
        // NaN and infinity are reported as VCP_E124.
        if score.is_some_and(|score| score.is_finite() && !(0.0..=1.0).contains(&score)) {
            findings.add(ErrorCode::ScoreRange, path, "the value is outside 0 to 1");
        }
    };
    let part = &message.vcp_payload;
    for (role, info) in part.model_selection.roles.iter() {
        if let Some(prior) = &info.telemetry_prior {
            let at = |name: &'static str| {
                payload("model_selection.roles").name(role.as_str()).name("telemetry_prior").name(name)
            };
            look(prior.success_rate, &|| at("success_rate"));
            look(prior.availability, &|| at("availability"));
        }
    }
    let outcomes = &part.outcomes;
    for (index, criterion) in outcomes.objective.scored_criteria.iter().enumerate() {
        look(criterion.score, &|| payload("outcomes.objective.scored_criteria").index(index).name("score"));
    }
    look(outcomes.objective.confidence, &|| payload("outcomes.objective.confidence"));
    look(Some(outcomes.perception_gap.gap_score), &|| payload("outcomes.perception_gap.gap_score"));
    let attribution = &outcomes.model_outcome_attribution;
    look(attribution.efficiency_score, &|| payload("outcomes.model_outcome_attribution.efficiency_score"));
    look(outcomes.user_satisfaction_score, &|| payload("outcomes.user_satisfaction_score"));
}

/// Reports `VCP_E107` for each negative duration, count or cost.
pub(super) fn negative(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let mut look = |is_negative: bool, path: &dyn Fn() -> FieldPath| {
        if is_negative {
            findings.add(ErrorCode::Negative, path, "the value is negative");
        }
    };
    // Negative infinity is reported as VCP_E124.
    let below = |value: Option<f64>| value.is_some_and(|value| value.is_finite() && value < 0.0);
    let whole_below = |value: Option<i64>| value.is_some_and(|value| value < 0);
    let part = &message.vcp_payload;
    look(whole_below(part.call.duration_sec), &|| payload("call.duration_sec"));
    for (index, capability) in part.call.capabilities_invoked.iter().enumerate() {
        let duration = capability.invocation().and_then(|invocation| invocation.duration_ms);
        look(whole_below(duration), &|| payload("call.capabilities_invoked").index(index).name("duration_ms"));
    }
    let selection = &part.model_selection;
    look(below(selection.total_selection_time_ms), &|| payload("model_selection.total_selection_time_ms"));
    for (role, info) in selection.roles.iter() {
        let at = || payload("model_selection.roles").name(role.as_str());
        if let Some(prior) = &info.telemetry_prior {
            look(below(prior.latency_p95), &|| at().name("telemetry_prior").name("latency_p95"));
            look(below(prior.cost_per_token), &|| at().name("telemetry_prior").name("cost_per_token"));
        }
        look(below(info.selection_time_ms), &|| at().name("selection_time_ms"));
    }
    let outcomes = &part.outcomes;
    look(below(outcomes.objective.assessment_time_ms), &|| payload("outcomes.objective.assessment_time_ms"));
    let attribution = &outcomes.model_outcome_attribution;
    for (role, model) in attribution.roles.iter() {
        let at = || payload("outcomes.model_outcome_attribution.roles").name(role.as_str());
        look(below(Some(model.minutes)), &|| at().name("minutes"));
        look(model.errors < 0, &|| at().name("errors"));
        look(whole_below(model.tokens_processed), &|| at().name("tokens_processed"));
        look(below(model.cost_usd), &|| at().name("cost_usd"));
    }
    look(below(attribution.total_cost_usd), &|| payload("outcomes.model_outcome_attribution.total_cost_usd"));
    let processing = message.audit.processing_duration_ms;
    look(below(processing), &|| super::audit("processing_duration_ms"));
}

/// Reports `VCP_E116` if the costs of the roles exceed the total by more than rounding explains
/// (0.0005 USD). Costs that are not finite are not compared (`VCP_E124`).
pub(super) fn role_costs(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    // The tolerance of the specification, plus the rounding error of doubles.
    const ROUNDING_USD: f64 = 0.0005 + 1e-9;
    let attribution = &message.vcp_payload.outcomes.model_outcome_attribution;
    // A negative total is reported as VCP_E107.
    let Some(total) = attribution.total_cost_usd.filter(|total| *total >= 0.0) else { return };
    let roles: f64 = attribution.roles.iter().filter_map(|(_, model)| model.cost_usd).sum();
    if roles.is_finite() && roles > total + ROUNDING_USD {
        let path = || payload("outcomes.model_outcome_attribution.total_cost_usd");
        findings.add(ErrorCode::RoleCosts, path, "the costs of the roles are more than the total");
    }
}

/// Reports `VCP_E124` for each number that is NaN or infinite. JSON cannot write such a number, so
/// only a message made by hand has one.
pub(super) fn not_finite(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let mut look = |value: Option<f64>, path: &dyn Fn() -> FieldPath| {
        let Some(value) = value.filter(|value| !value.is_finite()) else { return };
        let text = if value.is_nan() {
            "the number is NaN, which JSON cannot write"
        } else {
            "the number is infinite, which JSON cannot write"
        };
        findings.add(ErrorCode::NotFinite, path, text);
    };
    let part = &message.vcp_payload;
    let selection = &part.model_selection;
    for (role, info) in selection.roles.iter() {
        let at = || payload("model_selection.roles").name(role.as_str());
        if let Some(prior) = &info.telemetry_prior {
            for (name, value) in [
                ("latency_p95", prior.latency_p95),
                ("success_rate", prior.success_rate),
                ("cost_per_token", prior.cost_per_token),
                ("availability", prior.availability),
            ] {
                look(value, &|| at().name("telemetry_prior").name(name));
            }
        }
        look(info.selection_time_ms, &|| at().name("selection_time_ms"));
    }
    look(selection.total_selection_time_ms, &|| payload("model_selection.total_selection_time_ms"));
    let outcomes = &part.outcomes;
    for (index, criterion) in outcomes.objective.scored_criteria.iter().enumerate() {
        let at = || payload("outcomes.objective.scored_criteria").index(index);
        look(criterion.score, &|| at().name("score"));
        look(criterion.weight, &|| at().name("weight"));
    }
    look(outcomes.objective.confidence, &|| payload("outcomes.objective.confidence"));
    look(outcomes.objective.assessment_time_ms, &|| payload("outcomes.objective.assessment_time_ms"));
    look(Some(outcomes.perception_gap.gap_score), &|| payload("outcomes.perception_gap.gap_score"));
    let attribution = &outcomes.model_outcome_attribution;
    for (role, model) in attribution.roles.iter() {
        let at = || payload("outcomes.model_outcome_attribution.roles").name(role.as_str());
        look(Some(model.minutes), &|| at().name("minutes"));
        look(model.cost_usd, &|| at().name("cost_usd"));
    }
    look(attribution.total_cost_usd, &|| payload("outcomes.model_outcome_attribution.total_cost_usd"));
    look(attribution.efficiency_score, &|| payload("outcomes.model_outcome_attribution.efficiency_score"));
    look(outcomes.user_satisfaction_score, &|| payload("outcomes.user_satisfaction_score"));
    look(message.audit.processing_duration_ms, &|| super::audit("processing_duration_ms"));
}

/// Reports `VCP_E123` for free-form data that is nested deeper than 128 levels.
pub(super) fn deep_data(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let mut look = |json: &str, path: &dyn Fn() -> FieldPath| {
        if is_deep(json) {
            findings.add(ErrorCode::DeepData, path, "the data is nested deeper than 128, which other readers refuse");
        }
    };
    let part = &message.vcp_payload;
    for (index, capability) in part.call.capabilities_invoked.iter().enumerate() {
        if let Some(invocation) = capability.invocation() {
            let path = || payload("call.capabilities_invoked").index(index).name("metadata");
            look(invocation.metadata.as_str(), &path);
        }
    }
    let outcomes = &part.outcomes;
    look(outcomes.objective.metrics.as_str(), &|| payload("outcomes.objective.metrics"));
    look(outcomes.model_outcome_attribution.kpis.as_str(), &|| payload("outcomes.model_outcome_attribution.kpis"));
    if let Some(impact) = &outcomes.business_impact {
        look(impact.as_str(), &|| payload("outcomes.business_impact"));
    }
    look(part.hcr.impact_metrics.as_str(), &|| payload("hcr.impact_metrics"));
    for (provider, own) in part.custom.provider_specific.iter() {
        let path = || payload("custom.provider_specific").name(provider.as_str()).name("data");
        look(own.data.as_str(), &path);
    }
    for (system, data) in part.custom.integrations.iter().flat_map(|map| map.iter()) {
        look(data.as_str(), &|| payload("custom.integrations").name(system.as_str()));
    }
    if let Some(data) = &part.custom.experimental {
        look(data.as_str(), &|| payload("custom.experimental"));
    }
}

/// Returns whether a JSON text is nested too deep. Length and number of brackets are checked first,
/// because this is faster and enough for most texts.
fn is_deep(json: &str) -> bool {
    let most = Limits::default().depth;
    // Each level takes at least two bytes.
    json.len() > 2 * most
        && json.bytes().filter(|byte| matches!(byte, b'{' | b'[')).nth(most).is_some()
        && text::extent(json).depth > most
}
