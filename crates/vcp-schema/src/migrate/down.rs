//! The rules from 0.5 back to an older dialect: what upgrading did, undone as far as plain rules can (decisions 2.5).

use super::{
    report::{ChangeKind, MigrationReport},
    tree::{Node, same},
    up::{ARTIFACT_NAMES, Assumed, PROVENANCE_NAMES},
};
use crate::Dialect;

/// Turns a 0.5 message into an older dialect.
pub(super) fn downgrade(root: &mut Node<'_>, dialect: Dialect, report: &mut MigrationReport) {
    root.set("vcp_version", Node::string(dialect.version().as_str()));
    report.add(ChangeKind::Derived, Some("/vcp_version"), Some("/vcp_version"));
    let spec = dialect == Dialect::Spec03;
    if let Some(audit) = root.get("audit") {
        let target = if spec { "/audit" } else { "/vcp_payload/audit" };
        if audit.text_of("schema_version").as_deref() == Some("0.5") {
            audit.set("schema_version", Node::string(dialect.version().as_str()));
            report.add(ChangeKind::Derived, Some("/audit/schema_version"), Some(&format!("{target}/schema_version")));
        }
        audit.take("checksum");
        if !spec && audit.rename("processed_at", "normalized_at") {
            report.add(ChangeKind::Renamed, Some("/audit/processed_at"), Some("/vcp_payload/audit/normalized_at"));
        }
    }
    let Some(payload) = root.get("vcp_payload") else { return };
    capabilities(payload, report);
    if spec {
        for name in ["consent", "provenance"] {
            payload.take(name);
        }
        // 0.3 has it in one place only.
        payload.take("audit");
        return;
    }
    production(payload, dialect, report);
    let call_id = payload.get("call").and_then(|call| call.text_of("call_id"));
    let audit = root.take("audit");
    if let (Some(payload), Some(audit)) = (root.get("vcp_payload"), audit) {
        payload.set("audit", audit);
        report.add(ChangeKind::Renamed, Some("/audit"), Some("/vcp_payload/audit"));
    }
    if let (Some(call_id), None) = (call_id, root.member("call_id")) {
        root.set("call_id", Node::string(&call_id));
        report.add(ChangeKind::Derived, Some("/vcp_payload/call/call_id"), Some("/call_id"));
    }
}

/// Capabilities are names.
fn capabilities(payload: &mut Node<'_>, report: &mut MigrationReport) {
    let path = "/vcp_payload/call/capabilities_invoked";
    let list = payload.get("call").and_then(|call| call.get("capabilities_invoked")).and_then(Node::open_list);
    for (at, entry) in list.into_iter().flatten().enumerate() {
        if let Some(name) = entry.text_of("capability_id") {
            *entry = Node::string(&name);
            report.add(ChangeKind::Renamed, Some(&format!("{path}/{at}/capability_id")), Some(&format!("{path}/{at}")));
        }
    }
}

fn renamed(node: &mut Node<'_>, path: &str, names: &[(&str, &str)], report: &mut MigrationReport) {
    for (old, new) in names {
        if node.rename(new, old) {
            report.add(ChangeKind::Renamed, Some(&format!("{path}/{new}")), Some(&format!("{path}/{old}")));
        }
    }
}

/// The shapes that production systems wrote.
fn production(payload: &mut Node<'_>, dialect: Dialect, report: &mut MigrationReport) {
    let status = payload
        .get("outcomes")
        .and_then(|outcomes| outcomes.get("objective"))
        .and_then(|objective| objective.text_of("status"))
        .unwrap_or_default();
    let mut inner = None;
    if let Some(providers) = payload.get("custom").and_then(|custom| custom.get("provider_specific"))
        && let Some(providers) = providers.open()
    {
        for (name, node) in providers {
            if let Some(data) = node.take("data") {
                // The text of the data itself is not touched.
                inner = inner.or_else(|| data.clone().text_of("channel"));
                *node = data;
                let here =
                    super::patch::step("/vcp_payload/custom/provider_specific", &name.decoded().unwrap_or_default());
                report.add(ChangeKind::Renamed, Some(&format!("{here}/data")), Some(&here));
            }
        }
    }
    let (mut provider, mut start_time) = (String::new(), String::new());
    if let Some(call) = payload.get("call") {
        provider = call.text_of("provider").unwrap_or_default();
        start_time = call.text_of("start_time").unwrap_or_default();
        let direction = call.text_of("direction");
        if call.text_of("channel").as_deref() == Some("phone") && direction.is_some() {
            if dialect == Dialect::V04 {
                if let Some(word) = direction.as_deref().filter(|word| matches!(*word, "inbound" | "outbound")) {
                    call.set("channel", Node::string(word));
                    call.take("direction");
                    let path = "/vcp_payload/call";
                    report.add(
                        ChangeKind::Derived,
                        Some(&format!("{path}/direction")),
                        Some(&format!("{path}/channel")),
                    );
                }
            } else if direction == inner {
                call.take("channel");
                call.take("direction");
            }
        }
    }
    let assumed = Assumed::new(&provider, &start_time, &status);
    leave_out(payload, "model_selection", &assumed.model_selection);
    leave_out(payload, "hcr", &assumed.hcr);
    if let Some(outcomes) = payload.get("outcomes") {
        leave_out(outcomes, "perception_gap", &assumed.perception_gap);
        leave_out(outcomes, "model_outcome_attribution", &assumed.attribution);
    }
    if let Some(artifacts) = payload.get("artifacts") {
        renamed(artifacts, "/vcp_payload/artifacts", ARTIFACT_NAMES, report);
    }
    let step = format!("upgraded_from_v{}", dialect.version());
    if let Some(provenance) = payload.get("provenance") {
        if let Some(history) = provenance.get("transformation_history").and_then(Node::open_list)
            && history.last().and_then(Node::as_text) == Some(step)
        {
            history.pop();
        }
        if dialect == Dialect::V04 {
            renamed(provenance, "/vcp_payload/provenance", PROVENANCE_NAMES, report);
        } else {
            payload.take("provenance");
        }
    }
    if dialect == Dialect::V04
        && let Some(consent) = payload.get("consent")
    {
        for name in ["consent_id", "status", "scope", "version"] {
            consent.take(name);
        }
        renamed(consent, "/vcp_payload/consent", &[("consent_timestamp", "granted_at")], report);
    }
}

/// Takes out a section that is what upgrading assumes, with or without the defaults that writing fills in.
fn leave_out(parent: &mut Node<'_>, name: &str, assumed: &str) {
    let Some(mut section) = parent.member(name).cloned() else { return };
    let named = |name: &str| assumed.contains(&format!("\"{name}\":"));
    if let Some(members) = section.open() {
        members.retain(|(name, value)| {
            name.decoded().is_some_and(|name| named(&name)) || !matches!(value.to_text().as_str(), "[]" | "{}")
        });
    }
    if same(&mut section, &mut Node::text(assumed)) {
        parent.take(name);
    }
}
