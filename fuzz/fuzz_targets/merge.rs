//! The first byte chooses a provider, and the rest is up to four deliveries with a separator
//! between them. Their merge is the same in any order and with repetitions, and can be read back.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use std::sync::LazyLock;
use vcp_fuzz::{MAPPER, SEPARATOR, assert_readable, message, mutate_parts};
use vcp_mapping::{MapOptions, Mapper};
use vcp_schema::VcpMessage;

/// A mapper that leaves out live transcripts that were replaced.
static BRIEF: LazyLock<Mapper> = LazyLock::new(|| Mapper::new().options(MapOptions::default().keep_replaced(false)));

fuzz_target!(|data: &[u8]| {
    let Some((provider, rest)) = vcp_fuzz::provider(data) else { return };
    let bodies = rest.split(|byte| *byte == SEPARATOR).take(4);
    let messages: Vec<_> = bodies.filter_map(|body| message(provider, body)).collect();
    for mapper in [&*MAPPER, &*BRIEF] {
        keeps_the_laws(mapper, messages.clone());
    }
});

fn keeps_the_laws(mapper: &Mapper, mut messages: Vec<VcpMessage>) {
    let Ok(merged) = mapper.merge(&messages) else { return };
    assert_readable(&merged);
    let text = merged.to_json();
    messages.reverse();
    messages.push(messages[0].clone());
    let again = mapper.merge(&messages).map(|merged| merged.to_json());
    assert_eq!(again.ok().as_ref(), Some(&text), "another order gives another message");
    messages.push(merged);
    let again = mapper.merge(&messages).map(|merged| merged.to_json());
    assert_eq!(again.ok().as_ref(), Some(&text), "merging a merged message changes it");
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_parts(data, size, 1, SEPARATOR, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
