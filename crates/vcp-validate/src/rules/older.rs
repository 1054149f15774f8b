//! Rules on messages of older versions, which are looked at as text.

use crate::findings::Findings;
use vcp_schema::{ErrorCode, FieldPath, structure};

/// `VCP_E105`: a 0.3 message has consent or provenance, which came with later versions.
pub(crate) fn consent_in_03(text: &str, findings: &mut Findings<'_>) {
    for name in ["consent", "provenance"] {
        let path = FieldPath::root().name("vcp_payload").name(name);
        let at = structure::locate(text, &[&path]).into_iter().next().flatten();
        let is_there = at.and_then(|at| text.get(at..)).is_some_and(|value| !value.starts_with("null"));
        if is_there {
            findings.add(ErrorCode::ConsentIn03, || path.clone(), "0.3 does not have this section");
        }
    }
}
