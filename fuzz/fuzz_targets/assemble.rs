//! Each line is an event of a session. A session that is assembled gives a message that can be read
//! back, in memory that is proportional to what goes in and comes out, and 64 MB for its items.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use vcp_fuzz::{MAPPER, RECEIVED_AT, assert_readable, mutate_parts};
use vcp_mapping::SessionEvent;

fuzz_target!(|data: &[u8]| {
    // Reading the rule files is no part of what is measured.
    let (mapper, received_at) = (&*MAPPER, RECEIVED_AT.instant());
    let events: Vec<_> = data.split(|byte| *byte == b'\n').map(|event| SessionEvent::new(received_at, event)).collect();
    let mut result = None;
    let used = allocation_counter::measure(|| result = Some(mapper.assemble("openai", &events)));
    let given = match &result {
        Some(Ok(mapped)) => {
            assert_readable(&mapped.message);
            let report = serde_json::to_vec(&mapped.report).map_or(0, |report| report.len());
            mapped.message.to_json().len() + report
        }
        _ => 0,
    };
    let bound = 12 * (data.len() + given) as u64 + 65_000_000;
    assert!(used.bytes_max <= bound, "{} bytes of memory instead of {bound}", used.bytes_max);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_parts(data, size, 0, b'\n', seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
