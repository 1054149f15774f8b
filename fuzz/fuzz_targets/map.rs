//! The first byte chooses a provider, and the rest is the body of a delivery. A body that is mapped
//! to a call is JSON, and the message can be read back from its text.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde::de::IgnoredAny;
use vcp_fuzz::{MAPPER, RECEIVED_AT, assert_readable, mutate_json};
use vcp_mapping::Mapping;
use vcp_schema::ErrorCode;

fuzz_target!(|data: &[u8]| {
    let Some((provider, body)) = vcp_fuzz::provider(data) else { return };
    match MAPPER.map(provider, body, RECEIVED_AT.instant()) {
        Ok(Mapping::Call(mapped)) => {
            let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
            assert!(is_json, "a body of `{provider}` was mapped that is not JSON");
            assert_readable(&mapped.message);
        }
        Ok(_) => {}
        Err(error) => assert_ne!(error.code(), ErrorCode::UnknownProvider, "`{provider}` has no rules"),
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, 1, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
