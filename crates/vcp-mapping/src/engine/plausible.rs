//! A look over a mapped message for figures that contradict each other. They are problems in the
//! report, and stay in the message as the provider sent them (`DECISIONS.md` 5.9).

use crate::{
    report::{How, MapReport, Problem},
    rules::target::{FieldName, name},
};
use vcp_schema::{ErrorCode, VcpMessage, json::members};

/// The amount by which rounding may let parts exceed their total, in US dollars.
const ROUNDING: f64 = 0.0005 + 1e-9;
/// The time by which rounding may let a duration differ from its times, in nanoseconds.
const SECOND: i128 = 1_000_000_000;

/// Adds the problems of a message to its report.
pub(crate) fn look_over(message: &VcpMessage, report: &mut MapReport) {
    let call = &message.vcp_payload.call;
    let between = call.end_time.map(|end| end.unix_nanos() - call.start_time.unix_nanos());
    let are_read =
        |report: &MapReport, fields: &[&str]| fields.iter().all(|field| how(report, field) == Some(How::Read));
    if between.is_some_and(|between| between < 0) && are_read(report, &[name::START_TIME, name::END_TIME]) {
        add(report, ErrorCode::EndBeforeStart, name::END_TIME, "the call ends before it starts");
    }
    if let (Some(between @ 0..), Some(seconds @ 0..)) = (between, call.duration_sec)
        && (i128::from(seconds) * SECOND - between).abs() > SECOND
        && are_read(report, &[name::START_TIME, name::END_TIME, name::DURATION])
    {
        let message = "the duration differs from end minus start by more than a second";
        add(report, ErrorCode::DurationMismatch, name::DURATION, message);
    }
    let attribution = &message.vcp_payload.outcomes.model_outcome_attribution;
    let Some(total) = attribution.total_cost_usd else { return };
    if total < 0.0 {
        add(report, ErrorCode::Negative, name::TOTAL_COST, "the total cost is negative");
        return;
    }
    let roles: f64 = attribution.roles.iter().filter_map(|(_, role)| role.cost_usd).sum();
    let lines = members::last(attribution.kpis.as_str()).unwrap_or_default();
    let lines = lines.iter().filter(|(name, _)| name.starts_with("cost_usd."));
    let lines: f64 = lines.filter_map(|(_, cost)| cost.parse::<f64>().ok()).sum();
    if roles + lines > total + ROUNDING {
        add(report, ErrorCode::RoleCosts, name::TOTAL_COST, "the costs of the parts are more than the total");
    }
}

fn how(report: &MapReport, field: &str) -> Option<How> {
    report.explain(&FieldName::path_of(field)).map(|written| written.how)
}

/// Adds a problem at the member that a field was read from.
fn add(report: &mut MapReport, code: ErrorCode, field: &str, message: &str) {
    let source = report.explain(&FieldName::path_of(field)).and_then(|written| written.source.clone());
    report.problems.push(Problem::new(code, source.unwrap_or_default(), message));
}
