//! The fields of a message that rules can write.

use crate::{rules::Gives, transform::Value};
use vcp_schema::{CallDirection, ChannelType, ConsentStatus, ModelRole, OutcomeStatus, RawJson, Timestamp, VcpMessage};

/// Where a rule writes.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Field(&'static Field),
    /// A member of free-form data or an unknown member: the free-form place, then names.
    Free(Place, Vec<String>),
    /// What is known of the model of a role, by the word of the role.
    Model(&'static str, ModelPart),
}

/// What can be known of the model of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelPart {
    Chosen,
    Minutes,
    Tokens,
    Cost,
}

const MODEL_PARTS: [(&str, &str, ModelPart); 4] = [
    ("model_selection.roles.", ".chosen", ModelPart::Chosen),
    ("outcomes.model_outcome_attribution.roles.", ".minutes", ModelPart::Minutes),
    ("outcomes.model_outcome_attribution.roles.", ".tokens_processed", ModelPart::Tokens),
    ("outcomes.model_outcome_attribution.roles.", ".cost_usd", ModelPart::Cost),
];

/// A field of the model.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) path: &'static str,
    set: Set,
}

#[derive(Debug, Clone, Copy)]
enum Set {
    Text(fn(&mut VcpMessage, String)),
    /// A word of one of these; any other is a fault of the rule file.
    Word(&'static [&'static str], fn(&mut VcpMessage, &str)),
    Time(fn(&mut VcpMessage, Timestamp)),
    Integer(fn(&mut VcpMessage, i64)),
    Float(fn(&mut VcpMessage, f64)),
}

/// Free-form data that rules can write into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Metrics,
    Kpis,
    ProviderSpecific,
    /// By system.
    Integrations,
}

const PLACES: [(&str, Place); 4] = [
    ("outcomes.objective.metrics.", Place::Metrics),
    ("outcomes.model_outcome_attribution.kpis.", Place::Kpis),
    ("custom.provider_specific.", Place::ProviderSpecific),
    ("custom.integrations.", Place::Integrations),
];

macro_rules! fields {
    ($($path:literal $kind:ident $(($words:expr))? |$m:ident, $v:ident| $set:expr;)*) => {
        const FIELDS: &[Field] = &[$( Field { path: $path, set: Set::$kind($($words,)? |$m, $v| $set) }, )*];
    };
}

fields! {
    "call.call_id" Text |m, v| m.vcp_payload.call.call_id = v;
    "call.session_id" Text |m, v| m.vcp_payload.call.session_id = v;
    "call.start_time" Time |m, v| m.vcp_payload.call.start_time = v;
    "call.end_time" Time |m, v| m.vcp_payload.call.end_time = Some(v);
    "call.duration_sec" Integer |m, v| m.vcp_payload.call.duration_sec = Some(v);
    "call.parent_session_id" Text |m, v| m.vcp_payload.call.parent_session_id = Some(v);
    "call.correlation_id" Text |m, v| m.vcp_payload.call.correlation_id = Some(v);
    "call.channel" Word(ChannelType::WORDS) |m, v| m.vcp_payload.call.channel = Some(v.into());
    "call.direction" Word(CallDirection::WORDS) |m, v| m.vcp_payload.call.direction = Some(v.into());
    "call.from" Text |m, v| m.vcp_payload.call.from = Some(v);
    "call.to" Text |m, v| m.vcp_payload.call.to = Some(v);
    "call.caller_id" Text |m, v| m.vcp_payload.call.caller_id = Some(v);
    "call.geographic_region" Text |m, v| m.vcp_payload.call.geographic_region = Some(v);
    "outcomes.perceived" Text |m, v| m.vcp_payload.outcomes.perceived.push(v);
    "outcomes.objective.status" Word(OutcomeStatus::WORDS) |m, v| m.vcp_payload.outcomes.objective.status = v.into();
    "outcomes.user_satisfaction_score" Float |m, v| m.vcp_payload.outcomes.user_satisfaction_score = Some(v);
    "outcomes.model_outcome_attribution.total_cost_usd" Float |m, v| m.vcp_payload.outcomes.model_outcome_attribution.total_cost_usd = Some(v);
    "hcr.summary" Text |m, v| m.vcp_payload.hcr.summary = Some(v);
    "artifacts.audio_recording_ref" Text |m, v| m.vcp_payload.artifacts.audio_recording_ref = Some(v);
    "artifacts.transcript_ref" Text |m, v| m.vcp_payload.artifacts.transcript_ref = Some(v);
    "artifacts.transcript" Text |m, v| drop(m.vcp_payload.artifacts.extras.insert("transcript".to_owned(), RawJson::from_text(&v)));
    "consent.status" Word(ConsentStatus::WORDS) |m, v| if let Some(consent) = &mut m.vcp_payload.consent { consent.status = v.into() };
    "consent.granted_at" Time |m, v| if let Some(consent) = &mut m.vcp_payload.consent { consent.granted_at = Some(v) };
    "provenance.compliance_flags" Text |m, v| {
        let flags = m.vcp_payload.provenance.compliance_flags.get_or_insert_default();
        if !flags.contains(&v) {
            flags.push(v);
        }
    };
}

impl Target {
    /// The target with this path, if rules can write it.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        if let Some(field) = FIELDS.iter().find(|field| field.path == path) {
            return Some(Self::Field(field));
        }
        let model = MODEL_PARTS.iter().find_map(|(prefix, suffix, part)| {
            let role = path.strip_prefix(prefix)?.strip_suffix(suffix)?;
            Some(Self::Model(ModelRole::WORDS.iter().find(|word| **word == role)?, *part))
        });
        model.or_else(|| Self::parse_free(path))
    }

    fn parse_free(path: &str) -> Option<Self> {
        PLACES.iter().find_map(|(prefix, place)| {
            let names: Vec<String> = path.strip_prefix(prefix)?.split('.').map(str::to_owned).collect();
            (names.iter().all(|name| !name.is_empty()) && names.len() <= 3).then_some(Self::Free(*place, names))
        })
    }

    /// The words that may be written there, when they are listed.
    pub(crate) fn words(&self) -> Option<&'static [&'static str]> {
        match self {
            Self::Field(Field { set: Set::Word(words, _), .. }) => Some(words),
            _ => None,
        }
    }

    /// Whether a value of this kind can be written there.
    pub(crate) fn takes(&self, gives: Gives) -> bool {
        let set = match self {
            Self::Free(..) => return matches!(gives, Gives::Json | Gives::Float | Gives::Integer),
            Self::Model(_, ModelPart::Chosen) => return matches!(gives, Gives::Text | Gives::Word),
            Self::Model(_, ModelPart::Tokens) => return gives == Gives::Integer,
            Self::Model(_, ModelPart::Minutes | ModelPart::Cost) => return gives == Gives::Float,
            Self::Field(field) => field.set,
        };
        match set {
            Set::Text(_) => matches!(gives, Gives::Text | Gives::Word),
            Set::Word(..) => gives == Gives::Word,
            Set::Time(_) => gives == Gives::Time,
            Set::Integer(_) => gives == Gives::Integer,
            Set::Float(_) => gives == Gives::Float,
        }
    }

    /// Whether one rule's value goes beside another's instead of in its place.
    pub(crate) fn collects(&self) -> bool {
        matches!(self, Self::Field(Field { path: "outcomes.perceived" | "provenance.compliance_flags", .. }))
    }
}

impl Field {
    /// Writes a value; says whether it is of a type that fits.
    pub(crate) fn write(&self, message: &mut VcpMessage, value: Value<'_>) -> bool {
        match (self.set, value) {
            (Set::Text(set), Value::Text(text)) => set(message, text.into_owned()),
            (Set::Word(_, set), Value::Text(word)) => set(message, &word),
            (Set::Time(set), Value::Time(time)) => set(message, time),
            (Set::Integer(set), Value::Integer(integer)) => set(message, integer),
            (Set::Float(set), Value::Float(float)) => set(message, float),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vcp_schema::describe::{self, Kind};

    #[test]
    fn every_field_is_a_member_of_the_model_or_a_named_addition() {
        for field in FIELDS.iter().filter(|field| field.path != "artifacts.transcript") {
            let mut object = match describe::message().field("vcp_payload").map(|f| f.kind) {
                Some(Kind::Object(object)) => object,
                other => panic!("{other:?}"),
            };
            let mut names = field.path.split('.').peekable();
            while let Some(name) = names.next() {
                let member = object.field(name).unwrap_or_else(|| panic!("{}: no member {name}", field.path));
                match member.kind {
                    Kind::Object(inner) => object = inner,
                    _ => assert!(names.peek().is_none(), "{}", field.path),
                }
            }
        }
    }
}
