//! Arbitrary text is read as a message. Reading accepts a text if and only if `is_readable` does,
//! and what is read is written and read again without a change.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use vcp_fuzz::{assert_readable, mutate_json};
use vcp_schema::VcpMessage;

fuzz_target!(|text: &str| {
    let read = VcpMessage::from_json(text);
    assert_eq!(read.is_ok(), VcpMessage::is_readable(text), "`is_readable` differs from reading");
    if let Ok(message) = read {
        assert_readable(&message);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, 0, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
