//! Arbitrary text is validated and its findings are rendered. Both end, and the rendering has no
//! control character except the newline.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vcp_validate::{Rendering, Validator};

fuzz_target!(|text: &str| {
    for show in [false, true] {
        let report = Validator::new().show_values(show).validate_json(text, None);
        let shown = Rendering::plain().show_values(show).render(text, &report.findings);
        let control = shown.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "the rendering has a control character (values shown: {show}):\n{shown:?}");
    }
});
