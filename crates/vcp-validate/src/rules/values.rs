//! Rules on numbers and on free-form data.

use super::{Context, payload};
use crate::findings::Findings;
use vcp_schema::{ErrorCode, FieldPath, Limits, VcpMessage, describe::Range, json::text};

/// Reports `VCP_E106` for each score, share or confidence outside 0 to 1.
pub(super) fn score_range(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    outside(message, Range::ZeroToOne, ErrorCode::ScoreRange, "the value is outside 0 to 1", findings);
}

/// Reports `VCP_E107` for each negative duration, count or cost.
pub(super) fn negative(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    outside(message, Range::FromZero, ErrorCode::Negative, "the value is negative", findings);
}

/// Reports each number outside a range, if its member is declared with that range. NaN and infinity
/// are reported as `VCP_E124`.
fn outside(message: &VcpMessage, range: Range, code: ErrorCode, text: &str, findings: &mut Findings<'_>) {
    message.numbers(&mut |number| {
        if number.range == range && number.value.is_finite() && !range.contains(number.value) {
            findings.add(code, || number.path(), text);
        }
    });
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
    message.numbers(&mut |number| {
        let text = match number.value {
            value if value.is_nan() => "the number is NaN, which JSON cannot write",
            value if value.is_infinite() => "the number is infinite, which JSON cannot write",
            _ => return,
        };
        findings.add(ErrorCode::NotFinite, || number.path(), text);
    });
}

/// Reports `VCP_E123` for free-form data that is nested deeper than 128 levels.
pub(super) fn deep_data(message: &VcpMessage, _: &Context, findings: &mut Findings<'_>) {
    let mut look = |json: &str, path: &dyn Fn() -> FieldPath| {
        if text::is_deeper_than(json, Limits::default().depth) {
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
