//! The law: mapping finds in the deliveries of a call exactly what the provider tells of its truth.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use vcp_mapping::{MapError, Mapper, Mapping, SessionEvent};
use vcp_schema::{Timestamp, VcpMessage};
use vcp_synthetic::{Call, Fact, Generation, Scenario, facts};

fn start() -> DateTime<Utc> {
    "2026-10-14T12:00:00.123Z".parse().unwrap()
}

/// Maps all deliveries of a call and merges them. `None` if the provider sends none.
fn mapped(mapper: &Mapper, call: &Call, generation: Generation) -> Result<Option<VcpMessage>, MapError> {
    let deliveries = call.deliveries(generation);
    let provider = generation.provider();
    if deliveries.is_empty() {
        return Ok(None);
    }
    if provider == "openai_realtime" {
        let events: Vec<_> =
            deliveries.iter().map(|delivery| SessionEvent::new(delivery.sent_at, delivery.body.as_bytes())).collect();
        return mapper.assemble(provider, &events).map(|mapped| Some(mapped.message));
    }
    let mut messages = Vec::new();
    for delivery in &deliveries {
        match mapper.map(provider, delivery.body.as_bytes(), delivery.sent_at)? {
            Mapping::Call(mapped) => {
                assert_eq!(mapped.event, delivery.event);
                let report = &mapped.report;
                assert_eq!(report.problems, [], "{generation} {}", call.scenario);
                // Retell's word for no sentiment has no score, which the report says.
                let words: Vec<_> = report.unknown_words.iter().filter(|word| word.word != "Unknown").collect();
                assert!(words.is_empty(), "{generation} {}: {words:?}", call.scenario);
                messages.push(mapped.message);
            }
            Mapping::NotACall { event, .. } => panic!("{event} is no call"),
        }
    }
    mapper.merge(&messages).map(Some)
}

/// Returns whether a mapped value is the true one. A member of an object that the fact does not
/// name is not compared.
fn fits(truth: &Value, mapped: &Value, is_time: bool) -> bool {
    match (truth, mapped) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) if is_time => match (a.parse::<Timestamp>(), b.parse::<Timestamp>()) {
            (Ok(a), Ok(b)) => a.instant() == b.instant(),
            _ => false,
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| fits(a, b, is_time)),
        (Value::Object(a), Value::Object(b)) => {
            let of_times = |name: &str| name == "at" || name.ends_with("_at");
            let told = ["duration_ms", "error_message", "outcome", "at"];
            a.iter().all(|(name, a)| b.get(name).is_some_and(|b| fits(a, b, of_times(name))))
                && told.iter().all(|name| a.contains_key(*name) || !b.contains_key(*name))
        }
        (a, b) => a == b,
    }
}

/// Compares a message with the facts. Returns the place of each difference, and what differs.
fn differences(call: &Call, generation: Generation, message: &VcpMessage) -> Vec<(String, String)> {
    let message: Value = serde_json::from_str(&message.to_json()).unwrap();
    let payload = &message["vcp_payload"];
    let mut differences = Vec::new();
    for Fact { field, value, .. } in facts(call, generation) {
        let mapped = payload.pointer(&field).filter(|value| !value.is_null());
        let fits = match (&value, mapped) {
            (Some(truth), Some(mapped)) => fits(truth, mapped, field.ends_with("_time") || field.ends_with("_at")),
            (None, None) => true,
            _ => false,
        };
        if !fits {
            let show = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
            let (truth, mapped) = (show(value.as_ref()), show(mapped));
            differences.push((
                format!("{generation} {field}"),
                format!("{} with seed {}: the truth is {truth}, mapped {mapped}", call.scenario, call.seed),
            ));
        }
    }
    differences
}

/// Compares calls in every generation. Shows one difference for each field of a generation.
fn check(calls: impl Iterator<Item = (Scenario, u64)>) {
    let mapper = Mapper::new();
    let (mut all, mut compared) = (BTreeMap::new(), BTreeSet::new());
    for (scenario, seed) in calls {
        let call = Call::new(scenario, seed, start() + TimeDelta::milliseconds(i64::try_from(seed).unwrap() * 7919));
        for generation in Generation::ALL {
            match mapped(&mapper, &call, *generation) {
                Ok(Some(message)) => {
                    compared.insert(*generation);
                    all.extend(differences(&call, *generation, &message));
                }
                Ok(None) => {}
                Err(error) => drop(all.insert(format!("{generation} {scenario}"), error.to_string())),
            }
        }
    }
    assert!(all.is_empty(), "{all:#?}");
    assert_eq!(compared, Generation::ALL.iter().copied().collect(), "each generation was compared");
}

/// The calls of two thousand seeds, one scenario each. Half of them have even numbers.
fn short_calls(rest: usize) -> impl Iterator<Item = (Scenario, u64)> {
    let short: Vec<_> = Scenario::ALL.iter().filter(|scenario| **scenario != Scenario::TwoHours).collect();
    (0..2_000).filter(move |seed| seed % 2 == rest).map(move |seed| (*short[seed % short.len()], seed as u64))
}

#[test]
fn mapping_finds_what_each_provider_tells_of_even_seeds() {
    check(short_calls(0));
}

#[test]
fn mapping_finds_what_each_provider_tells_of_odd_seeds() {
    check(short_calls(1));
}

#[test]
fn mapping_finds_what_each_provider_tells_of_a_long_call() {
    check([(Scenario::TwoHours, 1), (Scenario::TwoHours, 2)].into_iter());
}
