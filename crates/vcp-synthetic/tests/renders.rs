//! The renderings: messages of every version are valid, deliveries are signed, and nothing changes
//! from one run to the next.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use vcp_auth::{Request, Secret, Verifier};
use vcp_schema::migrate::{UpgradeOptions, upgrade};
use vcp_synthetic::{Call, Fact, Generation, Mix, Older, Scenario, facts};
use vcp_validate::{Profile, Validator};

fn start() -> DateTime<Utc> {
    "2026-10-14T12:00:00.123Z".parse().unwrap()
}

fn calls() -> impl Iterator<Item = Call> {
    let seeds = |scenario| if scenario == Scenario::TwoHours { 0..1 } else { 0..6 };
    Scenario::ALL.iter().flat_map(move |scenario| seeds(*scenario).map(|seed| Call::new(*scenario, seed, start())))
}

#[test]
fn messages_of_0_5_have_no_findings() {
    let validator = Validator::new().profile(Profile::Canonical);
    for call in calls() {
        let text = call.message(Generation::Vapi);
        let findings = validator.validate_json(&text, Some(start() + TimeDelta::days(1))).findings;
        assert!(findings.is_empty(), "{}: {findings:?}", call.scenario);
    }
}

#[test]
fn older_messages_have_no_findings_and_upgrade() {
    let validator = Validator::new().profile(Profile::Canonical);
    for call in calls() {
        for form in [Older::V03Gtm, Older::V03Full, Older::V04] {
            let text = call.older_message(form, Generation::Retell);
            let findings = validator.validate_json(&text, Some(start() + TimeDelta::days(1))).findings;
            assert!(findings.is_empty(), "{form:?} {}: {findings:?}", call.scenario);
            let upgraded = upgrade(&text, &UpgradeOptions::default()).unwrap();
            assert_eq!(upgraded.message.vcp_payload.call.call_id, call.id(Generation::Retell));
        }
    }
}

#[test]
fn deliveries_are_signed_with_the_secret_alone() {
    for generation in Generation::ALL {
        let verifier = |secret: &str| Verifier::new(generation.scheme(), vec![Secret::new("k", secret)]).unwrap();
        let (right, wrong) = (verifier("not-a-real-secret"), verifier("another-secret"));
        for call in calls() {
            for delivery in call.deliveries(*generation).iter().filter(|delivery| delivery.is_webhook) {
                let headers = delivery.headers("not-a-real-secret");
                let url = delivery.url("not-a-real-secret", "https://example.com/hook");
                let request = Request::new(&headers, delivery.body.as_bytes()).url(&url);
                assert!(right.check(&request, delivery.sent_at).is_ok(), "{generation} {}", delivery.event);
                assert!(wrong.check(&request, delivery.sent_at).is_err(), "{generation} {}", delivery.event);
            }
        }
    }
}

#[test]
fn numbers_and_addresses_are_reserved_for_examples() {
    for call in (0..300).map(|seed| Call::new(Scenario::PersonalData, seed, start())) {
        for number in [&call.person_number, &call.business_number].into_iter().flatten() {
            let reserved = ["+12125550", "+12025550", "+441632960", "+33199", "+493023125"];
            assert!(reserved.iter().any(|range| number.starts_with(range)), "{number}");
        }
        let said: String = call.turns.iter().map(|turn| turn.text.as_str()).collect();
        assert!(said.contains("@example.org") && said.contains("4242 4242 4242 4242"), "{said}");
    }
}

#[test]
fn the_same_arguments_give_the_same_bytes() {
    let (from, until) = (start(), start() + TimeDelta::days(3));
    let bytes = || -> Vec<String> {
        let render = |(call, generation): (Call, Generation)| {
            call.deliveries(generation).into_iter().map(|delivery| delivery.body).collect::<String>()
        };
        Mix::default().calls(7, from, until).take(60).map(render).collect()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_mix_without_weights_has_no_calls() {
    let mut mix = Mix::default();
    mix.scenarios.iter_mut().for_each(|(_, weight)| *weight = 0);
    assert_eq!(mix.calls(1, start(), start()).next(), None);
}

#[test]
fn a_call_of_two_hours_is_full_of_words() {
    let call = Call::new(Scenario::TwoHours, 1, start());
    assert_eq!(call.duration_ms.div_ceil(60_000), 120);
    let last = call.turns.last().map_or(0, vcp_synthetic::Turn::end_ms);
    assert!(last > 6_000_000, "{last}");
}

/// The table of what each provider tells, in the crate's README.
#[test]
fn the_readme_has_the_table_of_facts() {
    let mut told: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    let mut order = Vec::new();
    for (column, generation) in Generation::ALL.iter().enumerate() {
        for call in calls() {
            if call.deliveries(*generation).is_empty() {
                continue;
            }
            for Fact { field, value, .. } in facts(&call, *generation) {
                let field = field.replace(&format!("/{}/", generation.provider()), "/*/");
                let row = told.entry(field.clone()).or_insert_with(|| {
                    order.push(field);
                    vec![false; Generation::ALL.len()]
                });
                // What a mapping writes by default is told by nobody.
                let defaults = [json!([]), json!(0.0), json!("aligned"), json!("granted")];
                row[column] |= value.is_some_and(|value| !defaults.contains(&value));
            }
        }
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let names = Generation::ALL.iter().map(|generation| generation.name().replace("openai_realtime", "openai"));
    let mut table = line(std::iter::once("field".to_owned()).chain(names).collect());
    table += &line(vec!["---".to_owned(); Generation::ALL.len() + 1]);
    for field in order {
        let cells = told[&field].iter().map(|told| if *told { "yes" } else { "–" }.to_owned());
        table += &line(std::iter::once(format!("`{}`", field.trim_start_matches('/'))).chain(cells).collect());
    }
    assert!(include_str!("../README.md").contains(&table), "README.md lacks this table of facts:\n{table}");
}
