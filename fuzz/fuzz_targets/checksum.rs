//! The canonical text of a message is that of another implementation of RFC 8785, and a message
//! verifies with the checksum that was made for it.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use vcp_fuzz::mutate_json;
use vcp_schema::{
    VcpMessage,
    checksum::{Algorithm, Verdict},
};

fuzz_target!(|text: &str| {
    let Ok(mut message) = VcpMessage::from_json(text) else { return };
    message.audit.checksum = None;
    if let Ok(canonical) = message.canonical_text(Algorithm::Jcs)
        && let Ok(tree) = serde_json::from_str::<serde_json::Value>(&message.to_json())
        && let Ok(other) = serde_json_canonicalizer::to_string(&tree)
    {
        assert_eq!(canonical, other);
    }
    for algorithm in [Algorithm::Jcs, Algorithm::Legacy] {
        message.audit.checksum = None;
        if let Ok(checksum) = message.checksum(algorithm) {
            message.audit.checksum = Some(checksum);
            let verdict = message.verify_checksum();
            assert!(matches!(verdict, Ok(Verdict::Match(_))), "{algorithm:?}: {verdict:?}");
        }
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, 0, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
