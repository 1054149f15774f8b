//! Tests that hold the two lists of providers to each other: the rule files of `vcp-mapping`, with
//! the claims of the specification, and the table of `vcp-auth`, with the way in which each
//! provider really signs.

use std::collections::BTreeSet;
use vcp_sdk::{
    Registry,
    auth::{Signing, SigningFacts, providers},
};

/// Providers whose signatures can be verified, and that have no rules. A new one is added here.
const WITHOUT_RULES: [&str; 2] = ["livekit", "twilio"];

#[test]
fn every_provider_with_rules_is_in_the_table_under_the_same_names() {
    for provider in Registry::builtin().providers() {
        let facts = SigningFacts::of(provider.name()).unwrap();
        let names: BTreeSet<&str> = std::iter::once(facts.name).chain(facts.aliases.iter().copied()).collect();
        let with_rules: BTreeSet<&str> = provider.names().collect();
        assert_eq!((facts.name, names), (provider.name(), with_rules));
    }
}

#[test]
fn every_provider_in_the_table_has_rules_or_is_listed_here() {
    let registry = Registry::builtin();
    let without: BTreeSet<&str> =
        providers().map(|facts| facts.name).filter(|name| registry.get(name).is_none()).collect();
    assert_eq!(without, BTreeSet::from(WITHOUT_RULES));
}

#[test]
fn a_missing_scheme_has_a_reason() {
    for facts in providers().filter(|facts| facts.scheme().is_none()) {
        let reason = match facts.signing {
            Signing::Chosen => "The user chooses",
            Signing::Unsigned => "sends no signature",
            _ => "",
        };
        assert!(!reason.is_empty() && facts.note.contains(reason), "{}: {}", facts.name, facts.note);
    }
}

/// The note of an entry mentions the specification if the claim of the specification differs from
/// the entry, and only then.
#[test]
fn a_claim_that_is_wrong_is_noted() {
    let mut noted = Vec::new();
    for provider in Registry::builtin().providers() {
        let facts = SigningFacts::of(provider.name()).unwrap();
        let differs = provider.info().webhook_auth.as_ref().is_some_and(|claim| {
            let has_header = facts.header().is_some_and(|header| header.eq_ignore_ascii_case(&claim.header_name));
            !has_header || !claim.ip_addresses.iter().map(String::as_str).eq(facts.addresses.iter().copied())
        });
        assert_eq!(facts.note.contains("The specification"), differs, "{}: {}", facts.name, facts.note);
        if differs {
            noted.push(facts.name);
        }
    }
    noted.sort_unstable();
    assert_eq!(noted, ["assistable", "bland", "elevenlabs"]);
}
