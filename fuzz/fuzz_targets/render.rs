//! Arbitrary text is validated and its findings are rendered. Both end, and the rendering has no
//! control character except the newline.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use vcp_fuzz::mutate_json;
use vcp_validate::{Rendering, Validator};

fuzz_target!(|text: &str| {
    for show in [false, true] {
        let report = Validator::new().show_values(show).validate_json(text, None);
        let shown = Rendering::plain().show_values(show).render(text, &report.findings);
        let control = shown.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "the rendering has a control character (values shown: {show}):\n{shown:?}");
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, 0, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
