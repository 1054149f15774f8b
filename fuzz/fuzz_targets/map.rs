//! The first byte chooses a provider, and the rest is the body of a delivery. A body that is mapped
//! to a call is JSON, and the message can be read back from its text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use std::sync::LazyLock;
use vcp_mapping::{Mapper, Mapping, Provider};
use vcp_schema::{ErrorCode, Timestamp, VcpMessage};

static MAPPER: LazyLock<Mapper> = LazyLock::new(Mapper::new);
/// The providers by name, as `fuzz/seed` sorts them: `0` to `5` choose them.
static PROVIDERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut names: Vec<&str> = MAPPER.registry().providers().map(Provider::name).collect();
    names.sort_unstable();
    names
});
static RECEIVED_AT: LazyLock<Timestamp> =
    LazyLock::new(|| "2026-11-21T12:00:00Z".parse().expect("this is a timestamp"));

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let provider = PROVIDERS[usize::from(*first) % PROVIDERS.len()];
    match MAPPER.map(provider, body, RECEIVED_AT.instant()) {
        Ok(Mapping::Call(mapped)) => {
            let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
            assert!(is_json, "a body of `{provider}` was mapped that is not JSON");
            let text = mapped.message.to_json();
            match VcpMessage::from_json(&text) {
                Ok(read) => assert_eq!(read, mapped.message, "the message changed when it was read back: {text}"),
                Err(error) => panic!("the message cannot be read back: {error}: {text}"),
            }
        }
        Ok(_) => {}
        Err(error) => assert_ne!(error.code(), ErrorCode::UnknownProvider, "`{provider}` has no rules"),
    }
});
