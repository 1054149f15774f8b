//! The file of a provider, a rule file and a delivery, with a separator between them. Loading and
//! mapping end, in bounded memory.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use vcp_fuzz::{RECEIVED_AT, SEPARATOR, assert_readable, mutate_parts};
use vcp_mapping::{Mapper, Mapping, Registry};

fuzz_target!(|data: &[u8]| {
    let mut parts = data.split(|byte| *byte == SEPARATOR);
    let [provider, rules, body] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let (Ok(provider), Ok(rules)) = (str::from_utf8(provider), str::from_utf8(rules)) else { return };
    let mut registry = Registry::empty();
    let mut result = None;
    let used = allocation_counter::measure(|| result = Some(registry.register_json(provider, &[rules])));
    assert!(used.bytes_max < 64 << 20, "{} bytes of memory", used.bytes_max);
    let Some(name) = registry.providers().next().map(|provider| provider.name().to_owned()) else { return };
    let mapper = Mapper::with_registry(registry);
    if let Ok(Mapping::Call(mapped)) = mapper.map(&name, body, RECEIVED_AT.instant()) {
        assert_readable(&mapped.message);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_parts(data, size, 0, SEPARATOR, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
