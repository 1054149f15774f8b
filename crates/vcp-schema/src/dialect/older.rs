//! Descriptions of the messages before 0.5. Each dialect is described by its differences from 0.5
//! (`DECISIONS.md` 2.1, 2.4).
//!
//! - A member that 0.5 does not model is described here. An upgrade keeps it in its place as an
//!   unknown member.
//! - A member that exists only in 0.5 keeps its 0.5 description, because an upgrade keeps it.

use crate::{
    Artifacts, Audit, Call, Custom, HumanReadableContext, ModelOutcomeAttribution, ModelRoleInfo, ModelSelection,
    ObjectiveOutcome, Outcomes, PerceptionGap, Timestamp, VcpVersion,
    describe::{Field, Kind, ObjectType, Presence, Range, WordType, joined, joined_len, kind, object},
    words::ModelRole,
};

/// Declares objects. Each has a name, the object of 0.5 from which it differs, and the members that
/// differ.
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
                // The redacted view for logs exists for 0.5 messages only.
                personal: false,
                // Members that only older messages have are not checked for a range.
                range: Range::Any,
                unit: None,
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
    doc: " The outcome of a call. An upgrade turns `filtered` into `unknown` and `failed` into `failure`.",
    words: &["success", "partial", "filtered", "failed"],
};
static GAP_03: WordType = WordType {
    name: "GapClass",
    doc: " The size of the gap between the perceived and the objective outcome. An upgrade turns \
          `mild_misalignment` into `minor_deviation`, and `significant_gap` into `major_deviation`.",
    words: &["aligned", "mild_misalignment", "significant_gap"],
};
static GAP_04: WordType = WordType {
    name: "GapClass",
    doc: " The size of the gap between the perceived and the objective outcome. An upgrade turns `minor` into \
          `minor_deviation`, and both `moderate` and `major` into `major_deviation`.",
    words: &["aligned", "minor", "moderate", "major"],
};
static CONSENT_METHOD: WordType = WordType {
    name: "ConsentMethod",
    doc: " The method of the consent.",
    words: &["explicit", "implicit", "inferred"],
};

older! {
    /// A VCP message of version 0.3 as the specification defines it. It is the 0.5 tree without
    /// `consent` and `provenance`. Capabilities are strings, and `audit` is at the root.
    SPEC_03: "VcpMessage" {
        /// The version, always 0.3.
        Required "vcp_version": VERSION_03,
        /// The data of the call.
        Required "vcp_payload": Kind::Object(&SPEC_03_PAYLOAD),
        /// The receipt and the processing of the record.
        Required "audit": kind::<Audit>(),
    }

    /// The data of the call.
    SPEC_03_PAYLOAD: "VcpPayload" {
        /// The call itself.
        Required "call": Kind::Object(&SPEC_03_CALL),
        /// The AI models chosen for the call, with the reasons.
        Required "model_selection": kind::<ModelSelection>(),
        /// The outcome of the call.
        Required "outcomes": kind::<Outcomes>(),
        /// A summary of the call for people.
        Required "hcr": kind::<HumanReadableContext>(),
        /// References to recordings, transcripts and other files.
        Required "artifacts": kind::<Artifacts>(),
        /// The data that is specific to the provider or the producer.
        Required "custom": kind::<Custom>(),
    }

    /// The call itself.
    SPEC_03_CALL: "Call" from Call {
        /// The names of the tools, functions and webhooks that the agent used.
        Defaulted "capabilities_invoked": TEXTS,
    }

    /// A VCP message of version 0.3 as production systems wrote it. `call_id` is at the root, and
    /// `audit` is inside `vcp_payload`.
    PRODUCTION_03: "VcpMessage" {
        /// The identifier of the call. It is the same as `call_id` of the call itself.
        Optional "call_id": Kind::Text,
        /// The version, always 0.3.
        Required "vcp_version": VERSION_03,
        /// The data of the call, and the receipt and the processing of the record.
        Required "vcp_payload": Kind::Object(&PRODUCTION_03_PAYLOAD),
    }

    /// The data of the call, and the receipt and the processing of the record.
    PRODUCTION_03_PAYLOAD: "VcpPayload" {
        /// The call itself.
        Required "call": Kind::Object(&PRODUCTION_CALL),
        /// The AI models chosen for the call, with the reasons. Only "full" mode has this member.
        Optional "model_selection": Kind::Object(&PRODUCTION_SELECTION),
        /// The outcome of the call.
        Required "outcomes": Kind::Object(&PRODUCTION_03_OUTCOMES),
        /// A summary of the call for people. Only "full" mode has this member.
        Optional "hcr": Kind::Object(&PRODUCTION_HCR),
        /// References to recordings, transcripts and other files.
        Required "artifacts": Kind::Object(&PRODUCTION_ARTIFACTS),
        /// The data that is specific to the provider or the producer.
        Required "custom": Kind::Object(&PRODUCTION_CUSTOM),
        /// The receipt and the processing of the record.
        Required "audit": Kind::Object(&PRODUCTION_AUDIT),
    }

    /// The call itself.
    PRODUCTION_CALL: "Call" from Call {
        /// The names of the tools, functions and webhooks that the agent used.
        Defaulted "capabilities_invoked": TEXTS,
        /// The purpose of the call, as a free-form object.
        Optional "purpose_contract": Kind::FreeForm,
    }

    /// The AI models chosen for the call, with the reasons.
    PRODUCTION_SELECTION: "ModelSelection" from ModelSelection {
        /// The chosen model for each role. Null means that the role is not used.
        Required "roles": Kind::Map(Some(ModelRole::TYPE), &Kind::OrNull(&kind::<ModelRoleInfo>())),
    }

    /// The outcome of the call.
    PRODUCTION_03_OUTCOMES: "Outcomes" from Outcomes {
        /// The outcome as the caller and others perceived it.
        Defaulted "perceived": Kind::List(&Kind::Object(&PRODUCTION_PERCEIVED)),
        /// The outcome by facts.
        Required "objective": Kind::Object(&PRODUCTION_OBJECTIVE),
        /// The gap between the perceived and the objective outcome.
        Optional "perception_gap": Kind::Object(&PRODUCTION_03_GAP),
        /// The contribution and the cost of each model.
        Optional "model_outcome_attribution": kind::<ModelOutcomeAttribution>(),
    }

    /// The outcome as one person or system perceived it.
    PRODUCTION_PERCEIVED: "PerceivedOutcome" {
        /// The person or system that perceived the outcome, for example `caller`.
        Optional "by": Kind::Text,
        /// The time of this element, in seconds since 1970 (Unix time).
        Optional "at": Kind::Float,
        /// The sentiment, and the model that measured it.
        Optional "sentiment": Kind::Object(&PRODUCTION_SENTIMENT),
        /// The confidence in this element, from 0 to 1.
        Optional "confidence": Kind::Float,
    }

    /// A sentiment, and the model that measured it.
    PRODUCTION_SENTIMENT: "Sentiment" {
        /// The model that measured the sentiment.
        Optional "model": Kind::Text,
        /// The sentiment, from 0 to 1 (good).
        Optional "score": Kind::Float,
    }

    /// The outcome by facts.
    PRODUCTION_OBJECTIVE: "ObjectiveOutcome" from ObjectiveOutcome {
        /// The outcome as one word.
        Required "status": Kind::Word(&STATUS),
    }

    /// The gap between the outcome as the caller perceived it and the objective outcome.
    PRODUCTION_03_GAP: "PerceptionGap" from PerceptionGap {
        /// The size of the gap as a word.
        Required "gap_class": Kind::Word(&GAP_03),
        /// The factors that contributed to the gap, as free-form objects.
        Optional "drivers": Kind::List(&Kind::FreeForm),
    }

    /// A summary of the call for people.
    PRODUCTION_HCR: "HumanReadableContext" from HumanReadableContext {
        /// The outcome of the call. It is the same as the objective status.
        Required "outcome_status": Kind::Word(&STATUS),
    }

    /// References to recordings, transcripts and other files.
    PRODUCTION_ARTIFACTS: "Artifacts" from Artifacts {
        /// A reference to the recording of the call.
        Optional "recording_url": Kind::Text,
        /// A reference to the transcript of the call.
        Optional "transcript_url": Kind::Text,
    }

    /// The data that is specific to the provider or the producer.
    PRODUCTION_CUSTOM: "Custom" from Custom {
        /// The data of each provider, by the name of the provider. It is not wrapped in `data`.
        Defaulted "provider_specific": Kind::Map(None, &Kind::FreeForm),
        /// The outcome, as the producer names it.
        Optional "outcome_hint": Kind::Text,
        /// `true` if the call is synthetic.
        Optional "synthetic": Kind::Boolean,
        /// The recipe by which the synthetic call was made.
        Optional "synthetic_recipe": Kind::Text,
    }

    /// The receipt and the processing of the record.
    PRODUCTION_AUDIT: "Audit" from Audit {
        /// The time at which the record was brought into this form.
        Optional "normalized_at": kind::<Timestamp>(),
    }

    /// A VCP message of version 0.4. It is like a 0.3 message of production systems, and has
    /// `provenance` and `consent` in a form that differs from 0.5.
    V04: "VcpMessage" {
        /// The identifier of the call. It is the same as `call_id` of the call itself.
        Optional "call_id": Kind::Text,
        /// The version, always 0.4.
        Required "vcp_version": VERSION_04,
        /// The data of the call, and the receipt and the processing of the record.
        Required "vcp_payload": Kind::Object(&V04_PAYLOAD),
    }

    /// The data of the call, and the receipt and the processing of the record.
    V04_PAYLOAD: "VcpPayload" {
        /// The call itself.
        Required "call": Kind::Object(&PRODUCTION_CALL),
        /// The AI models chosen for the call, with the reasons.
        Optional "model_selection": Kind::Object(&PRODUCTION_SELECTION),
        /// The outcome of the call.
        Required "outcomes": Kind::Object(&V04_OUTCOMES),
        /// A summary of the call for people.
        Optional "hcr": Kind::Object(&PRODUCTION_HCR),
        /// References to recordings, transcripts and other files.
        Required "artifacts": Kind::Object(&V04_ARTIFACTS),
        /// The origin of the data.
        Optional "provenance": Kind::Object(&V04_PROVENANCE),
        /// The consent of the person.
        Optional "consent": Kind::Object(&V04_CONSENT),
        /// The data that is specific to the provider or the producer.
        Required "custom": Kind::Object(&PRODUCTION_CUSTOM),
        /// The receipt and the processing of the record.
        Required "audit": Kind::Object(&PRODUCTION_AUDIT),
    }

    /// The outcome of the call.
    V04_OUTCOMES: "Outcomes" from Outcomes {
        /// The outcome as the caller and others perceived it.
        Defaulted "perceived": Kind::List(&Kind::Object(&PRODUCTION_PERCEIVED)),
        /// The outcome by facts.
        Required "objective": Kind::Object(&V04_OBJECTIVE),
        /// The data that was extracted from the conversation, as a free-form object.
        Optional "extractions": Kind::FreeForm,
        /// The gap between the perceived and the objective outcome.
        Optional "perception_gap": Kind::Object(&V04_GAP),
        /// The contribution and the cost of each model.
        Optional "model_outcome_attribution": kind::<ModelOutcomeAttribution>(),
    }

    /// The outcome by facts.
    V04_OBJECTIVE: "ObjectiveOutcome" from ObjectiveOutcome {
        /// The outcome as one word.
        Required "status": Kind::Word(&STATUS),
        /// The reason why the call ended, as the producer names it.
        Optional "disconnect_reason": Kind::Text,
    }

    /// The gap between the outcome as the caller perceived it and the objective outcome.
    V04_GAP: "PerceptionGap" from PerceptionGap {
        /// The size of the gap as a word.
        Required "gap_class": Kind::Word(&GAP_04),
        /// The factors that contributed to the gap, as free-form objects.
        Optional "drivers": Kind::List(&Kind::FreeForm),
    }

    /// References to recordings, transcripts and other files.
    V04_ARTIFACTS: "Artifacts" from Artifacts {
        /// A reference to the recording of the call.
        Optional "recording_url": Kind::Text,
        /// A reference to the transcript of the call.
        Optional "transcript_url": Kind::Text,
        /// A summary of the call.
        Optional "summary": Kind::Text,
    }

    /// The origin of the data.
    V04_PROVENANCE: "Provenance" {
        /// The time at which the data was captured.
        Optional "captured_at": kind::<Timestamp>(),
        /// The service or user that captured the data.
        Optional "captured_by": Kind::Text,
        /// The system from which the data comes.
        Optional "source_system": Kind::Text,
        /// The steps by which the data was processed, oldest first.
        Optional "processing_chain": TEXTS,
        /// The quality of the data, from 0 to 1.
        Optional "data_quality_score": Kind::Float,
    }

    /// The consent of the person.
    V04_CONSENT: "ConsentRecord" {
        /// `true` if the person agreed to the recording.
        Optional "recording_consent": Kind::Boolean,
        /// The time of the consent.
        Optional "consent_timestamp": kind::<Timestamp>(),
        /// The method of the consent.
        Optional "consent_method": Kind::Word(&CONSENT_METHOD),
        /// The time for which the data may be kept, in whole days.
        Optional "data_retention_days": Kind::Integer,
        /// `true` if the data may be shared.
        Optional "sharing_allowed": Kind::Boolean,
        /// `true` if the data must be anonymised.
        Optional "anonymization_required": Kind::Boolean,
    }
}
