//! The message of defaults (`DECISIONS.md` 5.3), into which the rules write. A field that no rule
//! wrote is reported as a default.

use crate::{
    options::ConsentDefault,
    report::{How, MapReport, Written},
    rules::target::{FieldName, name},
    shared::SharedText,
};
use sha2::{Digest, Sha256};
use std::{fmt::Write as _, sync::Arc};
use vcp_schema::{
    Artifacts, Audit, Call, ConsentRecord, ConsentStatus, Custom, GapClass, HumanReadableContext,
    ModelOutcomeAttribution, ModelSelection, ObjectiveOutcome, OrderedMap, OutcomeStatus, Outcomes, PerceptionGap,
    Provenance, RawJson, RawObject, Timestamp, VcpMessage, VcpPayload, VcpVersion,
};

/// Makes the message of defaults, before any rule writes into it.
pub(crate) fn message(provider: &str, event: &str, received_at: Timestamp, consent: ConsentDefault) -> VcpMessage {
    let call = Call::builder().call_id("").session_id("").provider(provider).start_time(received_at).build();
    let model_selection = ModelSelection::builder()
        .policy_id([provider, "_default"].concat())
        .resolved_at(received_at)
        .roles(OrderedMap::new())
        .build();
    let outcomes = Outcomes::builder()
        .objective(ObjectiveOutcome::builder().status(OutcomeStatus::Unknown).build())
        .perception_gap(PerceptionGap::builder().gap_score(0.0).gap_class(GapClass::Aligned).build())
        .model_outcome_attribution(
            ModelOutcomeAttribution::builder().roles(OrderedMap::new()).kpis(RawObject::default()).build(),
        )
        .build();
    let hcr = HumanReadableContext::builder()
        .audience("system")
        .headline([provider, " call processed"].concat())
        .outcome_status(OutcomeStatus::Unknown)
        .build();
    // With `Omit`, a fact from the provider may still make a record.
    let status = match consent {
        ConsentDefault::Granted => ConsentStatus::Granted,
        ConsentDefault::Pending | ConsentDefault::Omit => ConsentStatus::Pending,
    };
    let consent = ConsentRecord::builder().consent_id("").status(status).scope([]).version("1.0").build();
    let provenance = Provenance::builder()
        .source_system([provider, "_webhook_api"].concat())
        .created_at(received_at)
        .created_by([provider, "_webhook_processor"].concat())
        .transformation_history([["received_from_", provider, "_webhook"].concat(), "mapped_to_vcp_v0.5".to_owned()])
        .data_retention_policy("standard_30_days")
        .compliance_flags([])
        .build();
    let payload = VcpPayload::builder()
        .call(call)
        .model_selection(model_selection)
        .outcomes(outcomes)
        .hcr(hcr)
        .artifacts(Artifacts::default())
        .custom(Custom::default())
        .consent(consent)
        .provenance(provenance)
        .build();
    let event_type = ("event_type".to_owned(), RawJson::from_text(event));
    let audit = Audit::builder()
        .received_at(received_at)
        .schema_version(VcpVersion::V05.as_str())
        .extras(OrderedMap::from([event_type]))
        .build();
    VcpMessage::builder().vcp_payload(payload).audit(audit).build()
}

/// Fills in the values that follow from those of the rules, and reports every default that is left.
pub(crate) fn finish(
    message: &mut VcpMessage,
    report: &mut MapReport,
    is_written: impl Fn(&str) -> bool,
    names: &Names,
    payload: &str,
    consent: ConsentDefault,
) {
    let mut log = Log { report, is_written, names };
    let payload_part = &mut message.vcp_payload;
    let call = &mut payload_part.call;

    if call.call_id.is_empty() {
        call.call_id = if call.session_id.is_empty() { id_of(payload) } else { call.session_id.clone() };
        log.note(How::Default, name::CALL_ID);
    }
    if call.session_id.is_empty() {
        let start: String = call.call_id.chars().take(8).collect();
        call.session_id = format!("sess_{}_{start}", call.provider);
        log.note(How::Default, name::SESSION_ID);
    }
    log.unless_written(name::START_TIME);
    log.all(["model_selection.policy_id", "model_selection.resolved_at"]);

    let outcomes = &mut payload_part.outcomes;
    log.unless_written(name::STATUS);
    let scores: Vec<f64> = outcomes.user_satisfaction_score.into_iter().collect();
    match perception_gap(&scores, &outcomes.objective.status) {
        Some((score, class)) => {
            (outcomes.perception_gap.gap_score, outcomes.perception_gap.gap_class) = (score, class);
            log.note(How::Derived, name::GAP_SCORE);
            log.note(How::Derived, name::GAP_CLASS);
        }
        None => log.all([name::GAP_SCORE, name::GAP_CLASS]),
    }

    log.all(["hcr.audience", "hcr.headline"]);
    payload_part.hcr.outcome_status = outcomes.objective.status.clone();
    log.note(How::Derived, "hcr.outcome_status");

    let said = log.is_written(name::CONSENT_STATUS) || log.is_written(name::CONSENT_GRANTED_AT);
    if consent == ConsentDefault::Omit && !said {
        payload_part.consent = None;
    }
    if let Some(record) = &mut payload_part.consent {
        record.consent_id = ["consent_", &call.call_id].concat();
        log.note(How::Default, "consent.consent_id");
        log.unless_written(name::CONSENT_STATUS);
        match record.status {
            ConsentStatus::Granted => {
                record.scope = GRANTED.map(str::to_owned).to_vec();
                log.note(How::Default, "consent.scope");
            }
            // Consent that is not granted has an empty scope.
            _ => {
                record.scope = Vec::new();
                log.note(if said { How::Derived } else { How::Default }, "consent.scope");
            }
        }
        log.note(How::Default, "consent.version");
    }
    log.all([
        "provenance.source_system",
        "provenance.created_at",
        "provenance.created_by",
        "provenance.transformation_history",
        "provenance.data_retention_policy",
    ]);
    log.unless_written(name::COMPLIANCE_FLAGS);
}

/// The scope of granted consent.
const GRANTED: [&str; 2] = ["recording", "analytics"];

/// Returns whether the consent record of a message is the granted one that mapping writes by
/// default.
pub(crate) fn has_default_consent(message: &VcpMessage) -> bool {
    let consent_id = format!("consent_{}", message.vcp_payload.call.call_id);
    let default = ConsentRecord::builder()
        .consent_id(consent_id)
        .status(ConsentStatus::Granted)
        .scope(GRANTED.map(str::to_owned))
        .version("1.0")
        .build();
    message.vcp_payload.consent.as_ref() == Some(&default)
}

/// The fields that can have a default, made once.
#[derive(Debug, Clone)]
pub(crate) struct Names(Arc<[FieldName]>);

impl Names {
    pub(crate) fn new() -> Self {
        const FIELDS: [&str; 21] = [
            name::CALL_ID,
            name::SESSION_ID,
            name::START_TIME,
            "model_selection.policy_id",
            "model_selection.resolved_at",
            name::STATUS,
            name::GAP_SCORE,
            name::GAP_CLASS,
            "hcr.audience",
            "hcr.headline",
            "hcr.outcome_status",
            "consent.consent_id",
            name::CONSENT_STATUS,
            "consent.scope",
            "consent.version",
            "provenance.source_system",
            "provenance.created_at",
            "provenance.created_by",
            "provenance.transformation_history",
            "provenance.data_retention_policy",
            name::COMPLIANCE_FLAGS,
        ];
        Self(FIELDS.iter().map(|field| FieldName::new(field)).collect())
    }

    /// Returns the JSONPath of a field.
    fn path(&self, field: &str) -> SharedText {
        let known = self.0.iter().find(|known| *known.name == *field).map(|known| known.path.clone());
        known.unwrap_or_else(|| FieldName::path_of(field))
    }
}

/// The fields whose default is the same for every delivery of a call. A merge carries over other
/// values of these fields. `conformance/MAPPING.md`, section 14.6, lists them.
const CONSTANT: [&str; 11] = [
    name::SESSION_ID,
    "model_selection.policy_id",
    name::STATUS,
    name::GAP_SCORE,
    name::GAP_CLASS,
    "hcr.audience",
    "hcr.headline",
    "provenance.source_system",
    "provenance.created_by",
    "provenance.transformation_history",
    "provenance.data_retention_policy",
];

/// Returns whether the field at a place of the message has a constant default.
pub(crate) fn is_constant(place: &[&str]) -> bool {
    let Some((&"vcp_payload", names)) = place.split_first() else { return false };
    CONSTANT.iter().any(|field| field.split('.').eq(names.iter().copied()))
}

/// A writer of the report's entries for defaults and for values that follow from others.
struct Log<'r, W> {
    report: &'r mut MapReport,
    is_written: W,
    names: &'r Names,
}

impl<W: Fn(&str) -> bool> Log<'_, W> {
    fn is_written(&self, field: &str) -> bool {
        (self.is_written)(field)
    }

    fn note(&mut self, how: How, field: &str) {
        self.report.written.push(Written::without_source(self.names.path(field), how));
    }

    /// Reports a default, unless a rule wrote the field.
    fn unless_written(&mut self, field: &str) {
        if !self.is_written(field) {
            self.note(How::Default, field);
        }
    }

    /// Reports fields that always have their defaults.
    fn all<const N: usize>(&mut self, fields: [&str; N]) {
        fields.into_iter().for_each(|field| self.note(How::Default, field));
    }
}

/// Makes a UUID of version 8 of the first 16 bytes of the SHA-256 of a body, for a call without an
/// id (`DECISIONS.md` 5.4).
fn id_of(payload: &str) -> String {
    let digest = Sha256::digest(payload.as_bytes());
    let mut id = String::with_capacity(36);
    for (index, byte) in digest.iter().take(16).enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        let byte = match index {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// Returns the gap between the caller's view and the objective outcome, and its class.
///
/// The gap is the distance between the mean of the scores and the value of the outcome, rounded to
/// four decimals. The value is 1 for success, 0.5 for partial, and 0 for timeout, failure and
/// error. Returns `None` if there are no scores, the gap is not finite, or the outcome is unknown.
///
/// ```
/// use vcp_mapping::perception_gap;
/// use vcp_schema::{GapClass, OutcomeStatus};
/// assert_eq!(perception_gap(&[0.8], &OutcomeStatus::Success), Some((0.2, GapClass::Aligned)));
/// assert_eq!(perception_gap(&[0.8], &OutcomeStatus::Unknown), None);
/// assert_eq!(perception_gap(&[], &OutcomeStatus::Success), None);
/// assert_eq!(perception_gap(&[1e308, 1e308], &OutcomeStatus::Success), None);
/// ```
#[must_use]
pub fn perception_gap(scores: &[f64], status: &OutcomeStatus) -> Option<(f64, GapClass)> {
    let objective = match status {
        OutcomeStatus::Success => 1.0,
        OutcomeStatus::Partial => 0.5,
        OutcomeStatus::Timeout | OutcomeStatus::Failure | OutcomeStatus::Error => 0.0,
        _ => return None,
    };
    let count = u32::try_from(scores.len()).ok().filter(|count| *count > 0)?;
    let mean = scores.iter().sum::<f64>() / f64::from(count);
    let gap = ((mean - objective).abs() * 10_000.0).round() / 10_000.0;
    if !gap.is_finite() {
        return None;
    }
    let class = match gap {
        gap if gap < 0.25 => GapClass::Aligned,
        gap if gap < 0.50 => GapClass::MinorDeviation,
        gap if gap < 0.75 => GapClass::MajorDeviation,
        _ => GapClass::Contradictory,
    };
    Some((gap, class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_from_the_body_is_a_uuid_of_version_8() {
        let id = id_of("{}");
        assert_eq!(id, "44136fa3-55b3-878a-9146-ad16f7e8649e");
    }

    #[test]
    fn classes_of_gaps() {
        let class =
            |score, status| perception_gap(&[score], &status).map(|(gap, class)| (gap, class.as_str().to_owned()));
        assert_eq!(class(0.75, OutcomeStatus::Success), Some((0.25, "minor_deviation".to_owned())));
        assert_eq!(class(0.5, OutcomeStatus::Success), Some((0.5, "major_deviation".to_owned())));
        assert_eq!(class(0.8, OutcomeStatus::Error), Some((0.8, "contradictory".to_owned())));
        assert_eq!(class(0.74999, OutcomeStatus::Timeout), Some((0.75, "contradictory".to_owned())), "rounded first");
        assert_eq!(perception_gap(&[0.8, f64::NAN], &OutcomeStatus::Partial), None);
        assert_eq!(perception_gap(&[0.8, 0.2], &OutcomeStatus::Partial), Some((0.0, GapClass::Aligned)));
    }
}
