//! Rules for messages of older versions, which are checked as text. All other rules are for 0.5, so
//! a message must be upgraded before they apply.

use crate::findings::Findings;
use vcp_schema::{Dialect, ErrorCode, FieldPath, VcpVersion, json};

/// Applies all rules for older messages.
pub(crate) fn of_older(dialect: Dialect, text: &str, findings: &mut Findings<'_>) {
    if dialect.version() == VcpVersion::V03 {
        consent_in_03(text, findings);
    }
    schema_version(dialect, text, findings);
}

/// Reports `VCP_E105` if a 0.3 message has consent or provenance, which came with later versions.
fn consent_in_03(text: &str, findings: &mut Findings<'_>) {
    for name in ["consent", "provenance"] {
        let path = FieldPath::root().name("vcp_payload").name(name);
        if value(text, &path).is_some_and(|value| value != "null") {
            findings.add(ErrorCode::ConsentIn03, || path.clone(), "0.3 does not have this section");
        }
    }
}

/// Reports `VCP_E109` if `audit.schema_version` is not the version of the message.
fn schema_version(dialect: Dialect, text: &str, findings: &mut Findings<'_>) {
    let above = match dialect {
        Dialect::Spec03 => FieldPath::root(),
        _ => FieldPath::root().name("vcp_payload"),
    };
    let path = above.name("audit").name("schema_version");
    // A value that is not a string is reported as a structural fault.
    let is_another = |value: &str| value.starts_with('"') && value != format!("\"{}\"", dialect.version());
    if value(text, &path).is_some_and(is_another) {
        let text = "the schema version is not the version of the message";
        findings.add(ErrorCode::SchemaVersion, || path.clone(), text);
    }
}

fn value<'t>(text: &'t str, path: &FieldPath) -> Option<&'t str> {
    let at = json::text::locate(text, &[path]).into_iter().next().flatten()?;
    Some(json::text::value_at(text, at))
}
