//! The messages before 0.5, described by what differs from 0.5 (decisions 2.1, 2.4). What 0.5 does not model keeps its place as an unknown member when a
//! message is upgraded; what 0.5 has and a dialect has not is described as in 0.5, because upgrading keeps it.

use crate::{
    Artifacts, Audit, Call, Custom, HumanReadableContext, ModelOutcomeAttribution, ModelRoleInfo, ModelSelection,
    ObjectiveOutcome, Outcomes, PerceptionGap, Timestamp, VcpVersion,
    describe::{Field, Kind, ObjectType, Presence, WordType, joined, joined_len, kind, object},
    words::ModelRole,
};

/// Declares objects: a name, the object of 0.5 that they differ from, and the members that differ.
macro_rules! older {
    ($( $(#[doc = $doc:literal])* $OBJECT:ident: $name:literal $(from $Base:ty)? {
        $( $(#[doc = $fdoc:literal])* $Presence:ident $field:literal: $kind:expr, )*
    } )*) => { $(
        $(#[doc = $doc])*
        pub(super) static $OBJECT: ObjectType = {
            const BASE: &[Field] = older!(@base $($Base)?);
            const OWN: &[Field] = &[$( Field {
                name: $field,
                alias: None,
                presence: Presence::$Presence,
                kind: $kind,
                doc: concat!($($fdoc),*),
                // The view for logs is one of 0.5 messages.
                personal: false,
            } ),*];
            ObjectType::new($name, concat!($($doc),*), &joined::<{ joined_len(BASE, OWN) }>(BASE, OWN))
        };
    )* };
    (@base) => { &[] };
    (@base $Base:ty) => { object::<$Base>().members };
}

const VERSION_03: Kind = Kind::Version(VcpVersion::V03);
const VERSION_04: Kind = Kind::Version(VcpVersion::V04);
const TEXTS: Kind = Kind::List(&Kind::Text);

static STATUS: WordType = WordType {
    name: "OutcomeStatus",
    doc: " How a call came out. Upgrading takes `filtered` as `unknown` and `failed` as `failure` (decisions 2.4).",
    words: &["success", "partial", "filtered", "failed"],
};
static GAP_03: WordType = WordType {
    name: "GapClass",
    doc: " How far the caller's view and the objective outcome are apart (decisions 2.4).",
    words: &["aligned", "mild_misalignment", "significant_gap"],
};
static GAP_04: WordType = WordType {
    name: "GapClass",
    doc: " How far the caller's view and the objective outcome are apart (decisions 2.4).",
    words: &["aligned", "minor", "moderate", "major"],
};
static CONSENT_METHOD: WordType =
    WordType { name: "ConsentMethod", doc: " How the person agreed.", words: &["explicit", "implicit", "inferred"] };

older! {
    /// A VCP message of version 0.3 as the specification has it: the 0.5 tree without `consent` and `provenance`, capabilities as
    /// strings, `audit` at the root.
    SPEC_03: "VcpMessage" {
        /// Always 0.3.
        Required "vcp_version": VERSION_03,
        /// What happened.
        Required "vcp_payload": Kind::Object(&SPEC_03_PAYLOAD),
        /// How the record came to be.
        Required "audit": kind::<Audit>(),
    }

    /// What happened in the call.
    SPEC_03_PAYLOAD: "VcpPayload" {
        /// The call itself.
        Required "call": Kind::Object(&SPEC_03_CALL),
        /// Which models were chosen, and why.
        Required "model_selection": kind::<ModelSelection>(),
        /// How it came out.
        Required "outcomes": kind::<Outcomes>(),
        /// A summary for people.
        Required "hcr": kind::<HumanReadableContext>(),
        /// Recordings, transcripts and the like.
        Required "artifacts": kind::<Artifacts>(),
        /// What is particular to the provider.
        Required "custom": kind::<Custom>(),
    }

    /// The call itself.
    SPEC_03_CALL: "Call" from Call {
        /// Names of the tools, functions and webhooks that the agent used.
        Defaulted "capabilities_invoked": TEXTS,
    }

    /// A VCP message of version 0.3 as production systems wrote it: `call_id` at the root, `audit` inside `vcp_payload`.
    PRODUCTION_03: "VcpMessage" {
        /// The same as the one of the call.
        Optional "call_id": Kind::Text,
        /// Always 0.3.
        Required "vcp_version": VERSION_03,
        /// What happened, and how the record came to be.
        Required "vcp_payload": Kind::Object(&PRODUCTION_03_PAYLOAD),
    }

    /// What happened in the call, and how the record came to be.
    PRODUCTION_03_PAYLOAD: "VcpPayload" {
        /// The call itself.
        Required "call": Kind::Object(&PRODUCTION_CALL),
        /// Which models were chosen, and why. In "full" mode only.
        Optional "model_selection": Kind::Object(&PRODUCTION_SELECTION),
        /// How it came out.
        Required "outcomes": Kind::Object(&PRODUCTION_03_OUTCOMES),
        /// A summary for people. In "full" mode only.
        Optional "hcr": Kind::Object(&PRODUCTION_HCR),
        /// Recordings, transcripts and the like.
        Required "artifacts": Kind::Object(&PRODUCTION_ARTIFACTS),
        /// What is particular to the provider.
        Required "custom": Kind::Object(&PRODUCTION_CUSTOM),
        /// How the record came to be.
        Required "audit": Kind::Object(&PRODUCTION_AUDIT),
    }

    /// The call itself.
    PRODUCTION_CALL: "Call" from Call {
        /// Names of the tools, functions and webhooks that the agent used.
        Defaulted "capabilities_invoked": TEXTS,
        /// What the call was for, free-form.
        Optional "purpose_contract": Kind::FreeForm,
    }

    /// Which models were chosen, and why.
    PRODUCTION_SELECTION: "ModelSelection" from ModelSelection {
        /// The choice for each role; null where a role is not used.
        Required "roles": Kind::Map(Some(ModelRole::TYPE), &Kind::OrNull(&kind::<ModelRoleInfo>())),
    }

    /// How the call came out.
    PRODUCTION_03_OUTCOMES: "Outcomes" from Outcomes {
        /// How the caller and others saw it.
        Defaulted "perceived": Kind::List(&Kind::Object(&PRODUCTION_PERCEIVED)),
        /// How it came out by facts.
        Required "objective": Kind::Object(&PRODUCTION_OBJECTIVE),
        /// How far the two are apart.
        Optional "perception_gap": Kind::Object(&PRODUCTION_03_GAP),
        /// What each model contributed and cost.
        Optional "model_outcome_attribution": kind::<ModelOutcomeAttribution>(),
    }

    /// How somebody saw the call.
    PRODUCTION_PERCEIVED: "PerceivedOutcome" {
        /// Who: `caller` for one.
        Optional "by": Kind::Text,
        /// When, in seconds since 1970.
        Optional "at": Kind::Float,
        /// What was felt.
        Optional "sentiment": Kind::Object(&PRODUCTION_SENTIMENT),
        /// How sure this is, 0–1.
        Optional "confidence": Kind::Float,
    }

    /// A sentiment and what measured it.
    PRODUCTION_SENTIMENT: "Sentiment" {
        /// The model that measured it.
        Optional "model": Kind::Text,
        /// The sentiment, 0–1; 1 is good.
        Optional "score": Kind::Float,
    }

    /// The outcome by facts.
    PRODUCTION_OBJECTIVE: "ObjectiveOutcome" from ObjectiveOutcome {
        /// The outcome.
        Required "status": Kind::Word(&STATUS),
    }

    /// How far the caller's view and the objective outcome are apart.
    PRODUCTION_03_GAP: "PerceptionGap" from PerceptionGap {
        /// The score as a word.
        Required "gap_class": Kind::Word(&GAP_03),
        /// What contributed, free-form.
        Optional "drivers": Kind::List(&Kind::FreeForm),
    }

    /// A summary for people.
    PRODUCTION_HCR: "HumanReadableContext" from HumanReadableContext {
        /// The outcome; the same as the objective status.
        Required "outcome_status": Kind::Word(&STATUS),
    }

    /// References to recordings, transcripts and the like.
    PRODUCTION_ARTIFACTS: "Artifacts" from Artifacts {
        /// The recording.
        Optional "recording_url": Kind::Text,
        /// The transcript.
        Optional "transcript_url": Kind::Text,
    }

    /// What is particular to the provider.
    PRODUCTION_CUSTOM: "Custom" from Custom {
        /// The provider's own data, by provider; the data itself, not wrapped in `data`.
        Defaulted "provider_specific": Kind::Map(None, &Kind::FreeForm),
        /// The outcome in the producer's own word.
        Optional "outcome_hint": Kind::Text,
        /// Whether the call was made up.
        Optional "synthetic": Kind::Boolean,
        /// The recipe by which it was made up.
        Optional "synthetic_recipe": Kind::Text,
    }

    /// How the record was received and processed.
    PRODUCTION_AUDIT: "Audit" from Audit {
        /// When it was brought into this form.
        Optional "normalized_at": kind::<Timestamp>(),
    }

    /// A VCP message of version 0.4: like 0.3 of production systems, with `provenance` and `consent` of its own.
    V04: "VcpMessage" {
        /// The same as the one of the call.
        Optional "call_id": Kind::Text,
        /// Always 0.4.
        Required "vcp_version": VERSION_04,
        /// What happened, and how the record came to be.
        Required "vcp_payload": Kind::Object(&V04_PAYLOAD),
    }

    /// What happened in the call, and how the record came to be.
    V04_PAYLOAD: "VcpPayload" {
        /// The call itself.
        Required "call": Kind::Object(&PRODUCTION_CALL),
        /// Which models were chosen, and why.
        Optional "model_selection": Kind::Object(&PRODUCTION_SELECTION),
        /// How it came out.
        Required "outcomes": Kind::Object(&V04_OUTCOMES),
        /// A summary for people.
        Optional "hcr": Kind::Object(&PRODUCTION_HCR),
        /// Recordings, transcripts and the like.
        Required "artifacts": Kind::Object(&V04_ARTIFACTS),
        /// Where the data comes from.
        Optional "provenance": Kind::Object(&V04_PROVENANCE),
        /// Whether the person agreed.
        Optional "consent": Kind::Object(&V04_CONSENT),
        /// What is particular to the provider.
        Required "custom": Kind::Object(&PRODUCTION_CUSTOM),
        /// How the record came to be.
        Required "audit": Kind::Object(&PRODUCTION_AUDIT),
    }

    /// How the call came out.
    V04_OUTCOMES: "Outcomes" from Outcomes {
        /// How the caller and others saw it.
        Defaulted "perceived": Kind::List(&Kind::Object(&PRODUCTION_PERCEIVED)),
        /// How it came out by facts.
        Required "objective": Kind::Object(&V04_OBJECTIVE),
        /// What was taken from the conversation, free-form.
        Optional "extractions": Kind::FreeForm,
        /// How far the two are apart.
        Optional "perception_gap": Kind::Object(&V04_GAP),
        /// What each model contributed and cost.
        Optional "model_outcome_attribution": kind::<ModelOutcomeAttribution>(),
    }

    /// The outcome by facts.
    V04_OBJECTIVE: "ObjectiveOutcome" from ObjectiveOutcome {
        /// The outcome.
        Required "status": Kind::Word(&STATUS),
        /// Why the call ended, in the producer's own word.
        Optional "disconnect_reason": Kind::Text,
    }

    /// How far the caller's view and the objective outcome are apart.
    V04_GAP: "PerceptionGap" from PerceptionGap {
        /// The score as a word.
        Required "gap_class": Kind::Word(&GAP_04),
        /// What contributed, free-form.
        Optional "drivers": Kind::List(&Kind::FreeForm),
    }

    /// References to recordings, transcripts and the like.
    V04_ARTIFACTS: "Artifacts" from Artifacts {
        /// The recording.
        Optional "recording_url": Kind::Text,
        /// The transcript.
        Optional "transcript_url": Kind::Text,
        /// A summary of the call.
        Optional "summary": Kind::Text,
    }

    /// Where the data comes from.
    V04_PROVENANCE: "Provenance" {
        /// When it was captured.
        Optional "captured_at": kind::<Timestamp>(),
        /// The service or user that captured it.
        Optional "captured_by": Kind::Text,
        /// The system that it comes from.
        Optional "source_system": Kind::Text,
        /// What was done to it, oldest first.
        Optional "processing_chain": TEXTS,
        /// How good the data is, 0–1.
        Optional "data_quality_score": Kind::Float,
    }

    /// Whether the person agreed.
    V04_CONSENT: "ConsentRecord" {
        /// Whether recording was agreed to.
        Optional "recording_consent": Kind::Boolean,
        /// When it was agreed to.
        Optional "consent_timestamp": kind::<Timestamp>(),
        /// How it was agreed to.
        Optional "consent_method": Kind::Word(&CONSENT_METHOD),
        /// How long the data may be kept, in days.
        Optional "data_retention_days": Kind::Integer,
        /// Whether the data may be shared.
        Optional "sharing_allowed": Kind::Boolean,
        /// Whether the data must be anonymised.
        Optional "anonymization_required": Kind::Boolean,
    }
}
