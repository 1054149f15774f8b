//! The rules from 0.5 to an older dialect. They undo an upgrade as far as plain rules can
//! (`DECISIONS.md` 2.5).

use super::{
    report::Tell,
    same::same,
    tree::{List, Name, Node, Said},
    up::{ARTIFACTS, Assumed, CONSENT, PROVENANCE, direction, name_of, rename, step},
};
use crate::Dialect;

/// Applies the specification's `to_v03_compatible`.
///
/// The caller reports dropped values by comparing the tree before and after. If `returns` is set,
/// the message returns to its former dialect. Then the dropped values were defaults of the upgrade,
/// and are reported here.
pub(super) fn plain(root: &mut Node<'_>, returns: bool, report: &mut impl Tell) {
    root.set_text("vcp_version", "0.3");
    report.derived("/vcp_version", "/vcp_version");
    let Some(payload) = root.get("vcp_payload") else { return };
    capabilities(payload, returns, report);
    for pointer in ["/vcp_payload/consent", "/vcp_payload/provenance"] {
        if payload.take(name_of(pointer)).is_some() && returns {
            report.left_out(pointer);
        }
    }
}

/// Applies the rules from 0.5 to an older dialect. `returns` has the same meaning as for [`plain`].
pub(super) fn downgrade(root: &mut Node<'_>, dialect: Dialect, returns: bool, report: &mut impl Tell) {
    if dialect == Dialect::Spec03 {
        plain(root, returns, report);
        audit(root, dialect, "/audit/schema_version", report);
        if let Some(payload) = root.get("vcp_payload") {
            // In 0.3 of the specification `audit` exists only at the root.
            payload.take("audit");
        }
        return;
    }
    root.set_text("vcp_version", dialect.version().as_str());
    report.derived("/vcp_version", "/vcp_version");
    audit(root, dialect, "/vcp_payload/audit/schema_version", report);
    let Some(payload) = root.get("vcp_payload") else { return };
    capabilities(payload, returns, report);
    production(payload, dialect, report);
    let call_id = payload.get("call").and_then(|call| call.text_of("call_id"));
    let audit = root.take("audit");
    if let (Some(payload), Some(mut audit)) = (root.get("vcp_payload"), audit) {
        rename(&mut audit, "/audit/processed_at", "/vcp_payload/audit/normalized_at", report);
        payload.set("audit", audit);
        report.renamed("/audit", "/vcp_payload/audit");
    }
    if let (Some(call_id), None) = (call_id, root.member("call_id")) {
        root.set_text("call_id", call_id);
        report.derived("/vcp_payload/call/call_id", "/call_id");
    }
}

fn audit(root: &mut Node<'_>, dialect: Dialect, schema_version: &'static str, report: &mut impl Tell) {
    let Some(audit) = root.get("audit") else { return };
    if audit.text_of("schema_version") == Some("0.5") {
        audit.set_text("schema_version", dialect.version().as_str());
        report.derived("/audit/schema_version", schema_version);
    }
    // The checksum belongs to the 0.5 message.
    audit.take("checksum");
}

/// Replaces each capability by its name.
fn capabilities(payload: &mut Node<'_>, returns: bool, report: &mut impl Tell) {
    let pointer = "/vcp_payload/call/capabilities_invoked";
    let list = payload.get("call").and_then(|call| call.get("capabilities_invoked")).and_then(Node::open_list);
    for (at, entry) in list.into_iter().flatten().enumerate() {
        if entry.text_of("capability_id").is_some()
            && let Some(name) = entry.take("capability_id")
        {
            let was = std::mem::replace(entry, name);
            report.renamed((pointer, at, "/capability_id"), (pointer, at, ""));
            if let (true, Node::Object(members)) = (returns, was) {
                for (name, _) in &members {
                    report.left_out((pointer, at, name));
                }
            }
        }
    }
}

/// Restores the forms that production systems wrote, in 0.3 and in 0.4.
fn production<'t>(payload: &mut Node<'t>, dialect: Dialect, report: &mut impl Tell) {
    let arena = payload.arena();
    let inner = provider_specific(payload, report);
    let said = |node: Option<&mut Node<'t>>, name| node?.get(name)?.said();
    let provider = said(payload.get("call"), "provider").unwrap_or(Said::NOTHING);
    let start_time = said(payload.get("call"), "start_time").unwrap_or(Said::NOTHING);
    if let Some(call) = payload.get("call") {
        channel(call, dialect, inner, report);
    }
    let objective = payload.get("outcomes").and_then(|outcomes| outcomes.get("objective"));
    let status = said(objective, "status").unwrap_or(Said::NOTHING);
    let assumed = Assumed::new(arena, provider, start_time, status);
    leave_out(payload, "/vcp_payload/model_selection", &assumed.model_selection, report);
    leave_out(payload, "/vcp_payload/hcr", &assumed.hcr, report);
    if let Some(outcomes) = payload.get("outcomes") {
        leave_out(outcomes, "/vcp_payload/outcomes/perception_gap", &assumed.perception_gap, report);
        leave_out(outcomes, "/vcp_payload/outcomes/model_outcome_attribution", &assumed.attribution, report);
    }
    if let Some(artifacts) = payload.get("artifacts") {
        ARTIFACTS.iter().for_each(|(old, new)| rename(artifacts, new, old, report));
    }
    if let Some(provenance) = payload.get("provenance") {
        let step = step(dialect);
        if let Some(history) = provenance.get("transformation_history").and_then(Node::open_list)
            && history.last().and_then(Node::as_text) == Some(step)
        {
            history.pop();
            if dialect == Dialect::V04 {
                report.left_out(("/vcp_payload/provenance/transformation_history", history.len(), ""));
            }
        }
        if dialect == Dialect::V04 {
            PROVENANCE.iter().for_each(|(old, new)| rename(provenance, new, old, report));
        } else {
            payload.take("provenance");
            report.left_out("/vcp_payload/provenance");
        }
    }
    if dialect == Dialect::V04
        && let Some(consent) = payload.get("consent")
    {
        for pointer in [
            "/vcp_payload/consent/consent_id",
            "/vcp_payload/consent/status",
            "/vcp_payload/consent/scope",
            "/vcp_payload/consent/version",
        ] {
            if consent.take(name_of(pointer)).is_some() {
                report.left_out(pointer);
            }
        }
        CONSENT.iter().for_each(|(old, new)| rename(consent, new, old, report));
    }
}

/// Removes the `data` around the data of each provider. Returns the first `channel` in such data.
fn provider_specific<'t>(payload: &mut Node<'t>, report: &mut impl Tell) -> Option<&'t str> {
    let mut inner = None;
    let providers = payload.get("custom").and_then(|custom| custom.get("provider_specific")).and_then(Node::open);
    for (name, node) in providers.into_iter().flatten() {
        let name = &*name;
        if let Some(data) = node.take("data") {
            // A clone is read, because reading would change the text of the data.
            inner = inner.or_else(|| data.clone().text_of("channel"));
            *node = data;
            let here = "/vcp_payload/custom/provider_specific";
            report.renamed((here, name, "/data"), (here, name, ""));
        }
    }
    inner
}

/// Restores the legacy channel of a telephone call. In 0.4 it is the direction. In 0.3 channel and
/// direction are removed if the direction is the one in the provider's data.
fn channel(call: &mut Node<'_>, dialect: Dialect, inner: Option<&str>, report: &mut impl Tell) {
    let Some(word) = call.text_of("direction").filter(|_| call.text_of("channel") == Some("phone")) else { return };
    if dialect == Dialect::V04 {
        if direction(word).is_some() {
            call.set_text("channel", word);
            call.take("direction");
            report.left_out("/vcp_payload/call/channel");
            report.derived("/vcp_payload/call/direction", "/vcp_payload/call/channel");
        }
    } else if Some(word) == inner {
        for pointer in ["/vcp_payload/call/channel", "/vcp_payload/call/direction"] {
            call.take(name_of(pointer));
            report.left_out(pointer);
        }
    }
}

/// Removes a section if it equals the default of an upgrade. Empty members that writing adds as
/// defaults may be present as well.
fn leave_out<'t>(
    parent: &mut Node<'t>,
    pointer: &'static str,
    assumed: &[(&'static str, &'t str)],
    report: &mut impl Tell,
) {
    let arena = parent.arena();
    let Some(members) = parent.member(name_of(pointer)).and_then(Node::open) else { return };
    let mut left: List<'t, _> = List::from_iter_in(assumed.iter().copied(), arena);
    let is_as_assumed = |(name, value): &(Name<'t>, Node<'t>)| match left.iter().position(|(other, _)| name.is(other)) {
        // Comparing opens a value. A clone is compared, so that the text stays if the section is
        // kept.
        Some(at) => same(&mut value.clone(), &mut Node::Raw(left.swap_remove(at).1, arena)),
        None => value.is_empty() && assumed.iter().all(|(other, _)| !name.is(other)),
    };
    if members.iter().all(is_as_assumed) && left.is_empty() {
        parent.take(name_of(pointer));
        report.left_out(pointer);
    }
}
