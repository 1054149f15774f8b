//! Arbitrary text is upgraded, downgraded and upgraded again. Nothing is lost on the way. A message
//! can have a stash that no migration wrote, whose operations do not fit, or have another order.
//! Such a message is migrated too, but need not come back as it was.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use vcp_fuzz::{RECEIVED_AT, mutate_json};
use vcp_schema::{
    Dialect,
    migrate::{Downgrade, UpgradeOptions, downgrade, equivalent, upgrade},
};

fuzz_target!(|text: &str| {
    let options = UpgradeOptions::default().missing_time(RECEIVED_AT.instant());
    let has_stash = text.contains("vcp_migration") || text.contains("\\u00");
    let Ok(upgraded) = upgrade(text, &options) else { return };
    let Ok(old) = downgrade(&upgraded.message, Downgrade::Reversible) else { return };
    if upgraded.from != Dialect::V05 && !has_stash {
        assert!(equivalent(&old.text, text), "an upgrade and a downgrade changed the message:\n{}", old.text);
    }
    match upgrade(&old.text, &options) {
        Ok(again) => {
            let (first, again) = (upgraded.message.to_json(), again.message.to_json());
            assert!(
                has_stash || equivalent(&first, &again),
                "a downgrade and an upgrade changed the message:\n{first}\n{again}"
            );
        }
        Err(error) => panic!("the downgraded message cannot be upgraded: {error}: {}", old.text),
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, 0, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
