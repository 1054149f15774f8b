//! The integrations that Assistable's extractions give (`DECISIONS.md` 5.8).
//!
//! Sources: the provider integration guide, "AI Extractions Integration", and the Assistable guide,
//! "Lead Qualification Scoring Algorithm".

use crate::engine::transform;
use std::borrow::Cow;
use vcp_schema::json::{members, string};

type Members<'p> = [(Cow<'p, str>, &'p str)];

/// Makes the CRM entry. Returns `None` if the extractions have neither `customer_interest_level`
/// nor `lead_score`.
pub(crate) fn crm(extractions: &str) -> Option<String> {
    let members = members::last(extractions)?;
    let interest = value(&members, "customer_interest_level");
    interest.or_else(|| value(&members, "lead_score"))?;
    let contact =
        picked(&members, |name| ["contact_", "customer_", "lead_"].iter().any(|start| name.starts_with(start)));
    Some(object(&[
        ("provider", "\"assistable_extractions\""),
        ("lead_score", interest.unwrap_or("\"unknown\"")),
        ("contact_data", &contact),
    ]))
}

/// Makes the calendar entry. Returns `None` if the extractions have neither `next_followup_date`
/// nor a name that contains `appointment_`.
pub(crate) fn calendar(extractions: &str) -> Option<String> {
    let members = members::last(extractions)?;
    let next = value(&members, "next_followup_date");
    if next.is_none() && !members.iter().any(|(name, _)| name.contains("appointment_")) {
        return None;
    }
    let scheduling = picked(&members, |name| has_one(name, &["appointment", "schedule", "meeting", "followup"]));
    Some(object(&[
        ("provider", "\"assistable_scheduling\""),
        ("next_action", next.unwrap_or("null")),
        ("scheduling_data", &scheduling),
    ]))
}

/// Makes the sales entry, with a score from 0.5 to 1. Returns `None` if no name of the extractions
/// is about sales.
pub(crate) fn sales(extractions: &str) -> Option<String> {
    let members = members::last(extractions)?;
    let is_sales =
        |name: &str| has_one(name, &["budget", "purchase", "product_interest", "decision_maker", "timeline"]);
    if !members.iter().any(|(name, _)| is_sales(name)) {
        return None;
    }
    let hundredths = qualification(&members);
    Some(object(&[
        ("provider", "\"assistable_sales_intelligence\""),
        ("opportunity_data", &picked(&members, is_sales)),
        ("qualification_score", &transform::thousandths(hundredths * 10, 1)),
    ]))
}

/// Returns the score of a lead in hundredths, at most 100. It is the sum of:
///
/// - 50 for every lead,
/// - 20 if `decision_maker` is `true`,
/// - 15 if `budget_range` contains `$` or `budget`,
/// - 15 if `purchase_timeline` contains `30 days` or `immediate`, or 10 if it contains `90 days` or
///   `quarter`.
fn qualification(members: &Members<'_>) -> i128 {
    let text = |name: &str| {
        let json = value(members, name).filter(|json| *json != "null").unwrap_or_default();
        string::decode_lossy(json).unwrap_or(Cow::Borrowed(json)).to_lowercase()
    };
    let decides = value(members, "decision_maker") == Some("true");
    let (budget, timeline) = (text("budget_range"), text("purchase_timeline"));
    let soon = match timeline.as_str() {
        timeline if has_one(timeline, &["30 days", "immediate"]) => 15,
        timeline if has_one(timeline, &["90 days", "quarter"]) => 10,
        _ => 0,
    };
    let points = 50 + if decides { 20 } else { 0 } + if has_one(&budget, &["$", "budget"]) { 15 } else { 0 } + soon;
    points.min(100)
}

/// Returns the text of a member by its name.
fn value<'p>(members: &Members<'p>, wanted: &str) -> Option<&'p str> {
    members.iter().find(|(name, _)| name == wanted).map(|(_, json)| *json)
}

/// Returns whether a text contains one of the parts. Case is ignored. The parts are in lower case.
fn has_one(text: &str, parts: &[&str]) -> bool {
    let text = text.to_lowercase();
    parts.iter().any(|part| text.contains(part))
}

/// Returns the members whose names are wanted, as an object.
fn picked(members: &Members<'_>, is_wanted: impl Fn(&str) -> bool) -> String {
    let wanted: Vec<(&str, &str)> =
        members.iter().filter(|(name, _)| is_wanted(name)).map(|(name, json)| (name.as_ref(), *json)).collect();
    object(&wanted)
}

/// Returns members as the text of an object.
fn object(members: &[(&str, &str)]) -> String {
    let length = members.iter().map(|(name, json)| name.len() + json.len() + 4).sum();
    let mut text = String::with_capacity(length);
    for (at, (name, json)) in members.iter().enumerate() {
        text.push(if at == 0 { '{' } else { ',' });
        string::push(&mut text, name);
        text.push(':');
        text.push_str(json);
    }
    text.push_str(if members.is_empty() { "{}" } else { "}" });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_as_the_guide_does() {
        let score = |json: &str| qualification(&members::last(json).unwrap());
        // The published example: `within_30_days` is not `30 days` (`DECISIONS.md` 5.8).
        let published =
            r#"{"decision_maker":true,"budget_range":"$50000-100000","purchase_timeline":"within_30_days"}"#;
        assert_eq!(score(published), 85);
        assert_eq!(score(&published.replace("within_30_days", "within 30 Days")), 100);
        assert_eq!(score(r#"{"purchase_timeline":"next Quarter"}"#), 60);
        assert_eq!(score(r#"{"decision_maker":"true","budget_range":"some Budget","purchase_timeline":null}"#), 65);
        assert_eq!(score(r#"{"budget_range":50000,"budget":"$1"}"#), 50);
    }

    #[test]
    fn each_system_has_its_trigger() {
        assert_eq!(crm(r#"{"contact_name":"x"}"#), None);
        assert_eq!(
            crm(r#"{"contact_name":"x","lead_score":95,"other":1}"#).unwrap(),
            r#"{"provider":"assistable_extractions","lead_score":"unknown","contact_data":{"contact_name":"x","lead_score":95}}"#
        );
        assert_eq!(calendar(r#"{"note":"appointment_ is only in a value","meeting":1}"#), None);
        assert_eq!(
            calendar(r#"{"appointment_time":null,"Meeting_Room":"b"}"#).unwrap(),
            r#"{"provider":"assistable_scheduling","next_action":null,"scheduling_data":{"appointment_time":null,"Meeting_Room":"b"}}"#
        );
        assert_eq!(
            sales(r#"{"Implementation_Timeline":"q1"}"#).unwrap(),
            r#"{"provider":"assistable_sales_intelligence","opportunity_data":{"Implementation_Timeline":"q1"},"qualification_score":0.5}"#
        );
        assert_eq!(sales("{}"), None);
        assert_eq!(sales("[]"), None);
    }
}
