//! Arbitrary text is upgraded, whether it is accepted or refused, in memory that is proportional to
//! the text, the result and the report. The test `benches/tests/migration_memory.rs` has the same
//! bound.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use vcp_fuzz::mutate_json;
use vcp_schema::migrate::{UpgradeOptions, upgrade_text};

fuzz_target!(|text: &str| {
    let options = UpgradeOptions::default();
    let mut result = None;
    // The crate `allocation-counter` is the global allocator, and counts what this thread requests.
    let used = allocation_counter::measure(|| result = Some(upgrade_text(text, &options)));
    let given = match &result {
        Some(Ok(upgraded)) => {
            upgraded.text.len() + serde_json::to_vec(&upgraded.report).map_or(0, |report| report.len())
        }
        _ => 0,
    };
    let bound = 12 * (text.len() + given) as u64 + 1_000_000;
    let (used, length) = (used.bytes_max, text.len());
    assert!(used <= bound, "{used} bytes of memory instead of {bound} for {length} bytes read and {given} returned");
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, 0, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
