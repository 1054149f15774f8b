//! A test of the memory that an upgrade uses, whatever the message and whether it is accepted.

#![allow(clippy::unwrap_used, clippy::string_slice, reason = "a test program")]

use vcp_sdk::{
    VcpMessage,
    schema::migrate::{Downgrade, MigrateError, UpgradeOptions, UpgradedText, downgrade, upgrade_text},
};

const PRODUCTION: &str = include_str!("../../crates/vcp-schema/src/jsonschema/example-0.3-production.json");
const SPEC: &str = include_str!("../../crates/vcp-schema/src/jsonschema/example-0.3.json");
const V04: &str = include_str!("../../crates/vcp-schema/src/jsonschema/example-0.4.json");

/// Returns a message with this value of a member, which the message has already or gets at the
/// beginning of `in_object`.
fn with(message: &str, in_object: &str, name: &str, value: &str) -> String {
    let object = format!("\"{in_object}\":");
    let at = message.find(&object).unwrap() + object.len();
    let at = at + message[at..].find('{').unwrap() + 1;
    format!("{}\"{name}\":{value},{}", &message[..at], &message[at..].replacen(&format!("\"{name}\""), "\"was\"", 1))
}

fn list(element: &str, count: usize) -> String {
    format!("[{}]", vec![element; count].join(","))
}

fn object(count: usize) -> String {
    let members: Vec<String> = (0..count).map(|at| format!("\"{at:x}\":1")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn an_upgrade_takes_memory_in_proportion_to_what_it_is_given_and_gives() {
    let mut worst = (0.0, String::new());
    for (version, message) in [("production 0.3", PRODUCTION), ("0.3", SPEC), ("0.4", V04)] {
        for count in [15_000, 90_000, 700_000] {
            let lists = ["1", "\"\"", "{}", "[]", "null", "{\"a\":1}", "\"x\"", "{\"capability_id\":\"\"}"];
            let lists = lists.map(|element| (element.to_owned(), list(element, count)));
            let values = lists.into_iter().chain([("object".to_owned(), object(count))]);
            for (what, value) in values {
                for (in_object, name) in [
                    ("call", "capabilities_invoked"),
                    ("outcomes", "perceived"),
                    ("outcomes", "scored_criteria"),
                    ("outcomes", "objective"),
                    ("hcr", "key_points"),
                    ("call", "unknown"),
                    ("custom", "provider_specific"),
                    ("vcp_payload", "provenance"),
                ] {
                    // The largest inputs are refused early. Two places show it.
                    let is_slow = count > 100_000 && !matches!(name, "capabilities_invoked" | "key_points");
                    if is_slow || !message.contains(&format!("\"{in_object}\":")) {
                        continue;
                    }
                    let text = with(message, in_object, name, &value);
                    let mut result: Option<Result<UpgradedText, MigrateError>> = None;
                    let used = allocation_counter::measure(|| {
                        result = Some(upgrade_text(&text, &UpgradeOptions::default()));
                    });
                    let given = match result.unwrap() {
                        Ok(upgraded) => upgraded.text.len() + serde_json::to_vec(&upgraded.report).unwrap().len(),
                        Err(_) => 0,
                    };
                    let bound = 12 * (text.len() + given) as u64 + 1_000_000;
                    let ratio = used.bytes_max as f64 / bound as f64;
                    let case = format!(
                        "{version} {in_object}.{name} {count} × {what}: {} of {bound}, accepted {}",
                        used.bytes_max,
                        given > 0
                    );
                    if ratio > worst.0 {
                        worst = (ratio, case);
                    }
                }
            }
        }
    }
    println!("{:.2} {}", worst.0, worst.1);
    assert!(worst.0 <= 1.0, "{}", worst.1);
}

/// Objects of a modelled type take up to 2.7 kB each, whatever their text. A message has at most
/// 100 000 members, so that these are at most 256 MB.
#[test]
fn many_small_objects_take_at_most_256_mb_more() {
    let objects: Vec<String> = (0..90_000).map(|at| format!("\"{at:x}\":{{}}")).collect();
    let objects = format!("{{{}}}", objects.join(","));
    for message in [PRODUCTION, SPEC, V04] {
        for (in_object, name) in [
            ("model_selection", "roles"),
            ("model_outcome_attribution", "roles"),
            ("custom", "provider_specific"),
            ("custom", "integrations"),
        ] {
            if !message.contains(&format!("\"{in_object}\":")) {
                continue;
            }
            let text = with(message, in_object, name, &objects);
            let mut result = None;
            let used = allocation_counter::measure(|| result = Some(upgrade_text(&text, &UpgradeOptions::default())));
            let given = match result.unwrap() {
                Ok(upgraded) => upgraded.text.len() + serde_json::to_vec(&upgraded.report).unwrap().len(),
                Err(_) => 0,
            };
            println!("{in_object}.{name}: {} MB", used.bytes_max >> 20);
            let most = 12 * (text.len() + given) as u64 + (256 << 20);
            assert!(used.bytes_max <= most, "{in_object}.{name}: {} bytes instead of {most}", used.bytes_max);
        }
    }
}

/// A stash from outside can have many operations at deep places.
#[test]
fn a_hostile_stash_takes_memory_in_proportion() {
    let operation = format!(r#"{{"op":"remove","path":"/vcp_payload/custom/experimental/x{}"}}"#, "/".repeat(115));
    let deep = r#"{"":"#.repeat(114) + "1" + &"}".repeat(114);
    let stash = format!(
        r#"{{"vcp_migration":{{"form":1,"direction":"upgrade","dialect":"0.3-production","restore":{}}},"x":{deep}}}"#,
        list(&operation, 40_000)
    );
    let upgraded = upgrade_text(PRODUCTION, &UpgradeOptions::default()).unwrap().text;
    let message = VcpMessage::from_json(&with(&upgraded, "custom", "experimental", &stash)).unwrap();
    let text = message.to_json();
    let mut result = None;
    let used = allocation_counter::measure(|| result = Some(downgrade(&message, Downgrade::Reversible)));
    let given = result.unwrap().map_or(0, |downgraded| downgraded.text.len());
    println!("stash: {} MB for {} bytes", used.bytes_max >> 20, text.len());
    let most = 12 * (text.len() + given) as u64 + (1 << 20);
    assert!(used.bytes_max <= most, "{} bytes instead of {most}", used.bytes_max);
}
