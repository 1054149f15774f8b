//! Arbitrary bytes are a request of the conformance protocol. The answer is one line of JSON.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use std::sync::LazyLock;
use vcp_conformance::testee::Testee;
use vcp_fuzz::mutate_json;

static TESTEE: LazyLock<Testee> = LazyLock::new(Testee::new);

fuzz_target!(|data: &[u8]| {
    let answer = TESTEE.answer(data);
    assert!(!answer.contains('\n'), "the answer has a line break");
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("the answer is JSON");
    let kinds = ["ok", "error", "unsupported"].iter().filter(|kind| answer.get(kind).is_some()).count();
    assert_eq!(kinds, 1, "{answer}");
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, 0, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
