//! The fields of a message that rules can write.

use super::form::transform::ValueType;
use crate::shared::SharedText;
use std::sync::Arc;
use vcp_schema::{
    CallDirection, ChannelType, ConsentStatus, FieldPath, ModelRole, OutcomeStatus, RawJson, Timestamp, VcpMessage,
};

/// A field of the message that rules write, or that mapping reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldName {
    /// Its name from `vcp_payload` down, such as `call.call_id`.
    pub(crate) name: SharedText,
    /// Its JSONPath in the message.
    pub(crate) path: SharedText,
}

impl FieldName {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), path: FieldPath::from_dotted(&format!("vcp_payload.{name}")).to_string().into() }
    }

    /// Returns the JSONPath of a field of this crate, whose name a path spells as it is.
    pub(crate) fn path_of(name: &str) -> SharedText {
        debug_assert_eq!(*Self::new(name).path, format!("$.vcp_payload.{name}"));
        ["$.vcp_payload.", name].concat().into()
    }

    /// Returns the JSONPath of a metric of this crate.
    pub(crate) fn path_of_metric(metric: &str) -> SharedText {
        ["$.vcp_payload.", name::METRICS, ".", metric].concat().into()
    }
}

/// The member beside a provider's `data` that holds the transfers of the call.
pub(crate) const TRANSFERS: &str = "transfers";

/// The member beside a provider's `data` that holds the digest of a session.
pub(crate) const SESSION: &str = "session";

/// The member beside a provider's `data` that holds the deliveries of a merged message.
pub(crate) const DELIVERIES: &str = "deliveries";

/// The fields that mapping treats in a way of their own.
pub(crate) mod name {
    pub(crate) const CALL_ID: &str = "call.call_id";
    pub(crate) const SESSION_ID: &str = "call.session_id";
    pub(crate) const START_TIME: &str = "call.start_time";
    pub(crate) const END_TIME: &str = "call.end_time";
    pub(crate) const DURATION: &str = "call.duration_sec";
    pub(crate) const TOTAL_COST: &str = "outcomes.model_outcome_attribution.total_cost_usd";
    pub(crate) const CAPABILITIES: &str = "call.capabilities_invoked";
    pub(crate) const STATUS: &str = "outcomes.objective.status";
    pub(crate) const PERCEIVED: &str = "outcomes.perceived";
    pub(crate) const SATISFACTION: &str = "outcomes.user_satisfaction_score";
    pub(crate) const GAP_SCORE: &str = "outcomes.perception_gap.gap_score";
    pub(crate) const GAP_CLASS: &str = "outcomes.perception_gap.gap_class";
    pub(crate) const CRITERIA: &str = "outcomes.objective.scored_criteria";
    pub(crate) const METRICS: &str = "outcomes.objective.metrics";
    pub(crate) const ATTRIBUTION: &str = "outcomes.model_outcome_attribution.roles";
    pub(crate) const SELECTION: &str = "model_selection.roles";
    pub(crate) const TRANSCRIPT: &str = "artifacts.transcript";
    pub(crate) const CONSENT_STATUS: &str = "consent.status";
    pub(crate) const CONSENT_GRANTED_AT: &str = "consent.granted_at";
    pub(crate) const COMPLIANCE_FLAGS: &str = "provenance.compliance_flags";
    pub(crate) const PROVIDER_SPECIFIC: &str = "custom.provider_specific";
}

/// The names from a place of free-form data down to a value.
#[derive(Debug, Clone)]
pub(crate) enum Names {
    /// One name of this crate.
    Own(&'static str),
    /// The names of a rule file or a payload.
    Given(Arc<[String]>),
}

impl Names {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let (own, given): (_, &[String]) = match self {
            Self::Own(name) => (Some(*name), &[]),
            Self::Given(names) => (None, names),
        };
        own.into_iter().chain(given.iter().map(String::as_str))
    }

    /// Returns the name, if it is the only one.
    pub(crate) fn only(&self) -> Option<&str> {
        let mut names = self.iter();
        names.next().filter(|_| names.next().is_none())
    }
}

impl<const N: usize> From<[String; N]> for Names {
    fn from(names: [String; N]) -> Self {
        Self::Given(names.into())
    }
}

/// The place that a rule writes.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Field(&'static Field),
    /// A member of free-form data or an unknown member: the free-form place, then names.
    Free(Place, Names),
    /// A part of what is known of the model of a role, by the word of the role.
    Model(&'static str, ModelPart),
}

/// A part of what is known of the model of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelPart {
    Chosen,
    Minutes,
    Tokens,
    Cost,
    Errors,
    /// `true` if the chosen model stands in for another one.
    FallbackUsed,
}

const MODEL_PARTS: [(&str, &str, ModelPart); 6] = [
    ("model_selection.roles.", ".chosen", ModelPart::Chosen),
    ("model_selection.roles.", ".fallback_used", ModelPart::FallbackUsed),
    ("outcomes.model_outcome_attribution.roles.", ".minutes", ModelPart::Minutes),
    ("outcomes.model_outcome_attribution.roles.", ".tokens_processed", ModelPart::Tokens),
    ("outcomes.model_outcome_attribution.roles.", ".cost_usd", ModelPart::Cost),
    ("outcomes.model_outcome_attribution.roles.", ".errors", ModelPart::Errors),
];

/// A field of the model.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) path: &'static str,
    pub(crate) set: Set,
}

/// The function that writes a field, by the type that the field takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Set {
    Text(fn(&mut VcpMessage, String)),
    /// A word of a list. Any other word is a fault of the rule file.
    Word(&'static [&'static str], fn(&mut VcpMessage, &str)),
    Time(fn(&mut VcpMessage, Timestamp)),
    Integer(fn(&mut VcpMessage, i64)),
    Float(fn(&mut VcpMessage, f64)),
}

/// A field that rules can write, as [`Registry::targets`](crate::Registry::targets) lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetField {
    /// The name for `to` of a rule, such as `call.call_id`. A `*` stands for names of your own.
    pub name: String,
    /// The values that it takes, such as `text` or `one of inbound, outbound`.
    pub takes: String,
}

/// Returns the fields that rules can write: single fields, parts of models, then free-form data.
pub(crate) fn targets() -> Vec<TargetField> {
    let new = |name: String, takes: &str| TargetField { name, takes: takes.to_owned() };
    let takes = |set: &Set| match set {
        Set::Text(_) => "text".to_owned(),
        Set::Word(words, _) => format!("one of {}", words.join(", ")),
        Set::Time(_) => "a time".to_owned(),
        Set::Integer(_) => "a whole number".to_owned(),
        Set::Float(_) => "a number".to_owned(),
    };
    let part = |part: ModelPart| match part {
        ModelPart::Chosen => "text",
        ModelPart::FallbackUsed => "the word true",
        ModelPart::Minutes | ModelPart::Cost => "a number",
        ModelPart::Tokens | ModelPart::Errors => "a whole number",
    };
    let fields = FIELDS.iter().map(|field| TargetField { name: field.path.to_owned(), takes: takes(&field.set) });
    let models = MODEL_PARTS
        .iter()
        .map(|(before, behind, kind)| new(format!("{before}<{}>{behind}", ModelRole::WORDS.join("|")), part(*kind)));
    let places = PLACES.iter().map(|(before, _)| new(format!("{before}*"), "any JSON"));
    fields.chain(models).chain(places).collect()
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
    /// Returns the target with this path, if rules can write it.
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
            let rest = path.strip_prefix(prefix)?;
            // The name of a key figure has dots itself, as in `cost_usd.transport`.
            let names: Vec<String> = match place {
                Place::Kpis => vec![rest.to_owned()],
                _ => rest.split('.').map(str::to_owned).collect(),
            };
            (names.iter().all(|name| !name.is_empty()) && names.len() <= 3)
                .then(|| Self::Free(*place, Names::Given(names.into())))
        })
    }

    /// Returns the names of all fields, and the beginnings of the names of free-form data.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        let models = MODEL_PARTS.iter().map(|(prefix, ..)| *prefix);
        FIELDS.iter().map(|field| field.path).chain(models).chain(PLACES.iter().map(|(prefix, _)| *prefix))
    }

    /// Returns the types of value that can be written there, for people.
    pub(crate) fn types(&self) -> String {
        use ValueType::{Float, Integer, Json, Text, Time, Word};
        let takes = [Text, Word, Time, Integer, Float, Json].into_iter().filter(|value| self.takes(*value));
        takes.map(ValueType::name).collect::<Vec<_>>().join(" or ")
    }

    /// Returns the words that may be written there, if they are listed.
    pub(crate) fn words(&self) -> Option<&'static [&'static str]> {
        match self {
            Self::Field(Field { set: Set::Word(words, _), .. }) => Some(words),
            _ => None,
        }
    }

    /// Returns whether a value of this type can be written there.
    pub(crate) fn takes(&self, gives: ValueType) -> bool {
        let set = match self {
            Self::Free(..) => return matches!(gives, ValueType::Json | ValueType::Float | ValueType::Integer),
            Self::Model(_, ModelPart::Chosen) => return matches!(gives, ValueType::Text | ValueType::Word),
            Self::Model(_, ModelPart::Tokens | ModelPart::Errors) => return gives == ValueType::Integer,
            Self::Model(_, ModelPart::FallbackUsed) => return gives == ValueType::Word,
            Self::Model(_, ModelPart::Minutes | ModelPart::Cost) => return gives == ValueType::Float,
            Self::Field(field) => field.set,
        };
        match set {
            Set::Text(_) => matches!(gives, ValueType::Text | ValueType::Word),
            Set::Word(..) => gives == ValueType::Word,
            Set::Time(_) => gives == ValueType::Time,
            Set::Integer(_) => gives == ValueType::Integer,
            Set::Float(_) => gives == ValueType::Float,
        }
    }

    /// Returns whether the field is a list, which takes the value of every source.
    pub(crate) fn collects(&self) -> bool {
        matches!(self, Self::Field(Field { path: name::PERCEIVED | name::COMPLIANCE_FLAGS, .. }))
    }
}

/// The name of a field in the JSON Schema of rule files: the fields by the type that they take, and
/// the forms of the names of models and of free-form data.
#[cfg(feature = "jsonschema")]
pub(crate) struct WritableField;

#[cfg(feature = "jsonschema")]
impl schemars::JsonSchema for WritableField {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WritableField".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        use serde_json::{Value, json};

        const WORD: &str = "[^.]+";
        let pattern = |prefix: &str, rest: String| format!("^{}{rest}$", prefix.replace('.', "\\."));
        let mut by_type: Vec<(String, Vec<&str>)> = Vec::new();
        for field in FIELDS {
            let target = Target::Field(field);
            let takes = match target.words() {
                Some(words) => format!("{}: {}", target.types(), words.join(", ")),
                None => target.types(),
            };
            match by_type.iter_mut().find(|(known, _)| *known == takes) {
                Some((_, names)) => names.push(field.path),
                None => by_type.push((takes, vec![field.path])),
            }
        }
        let fields =
            by_type.into_iter().map(|(takes, names)| json!({"description": format!("Takes {takes}."), "enum": names}));
        let models = MODEL_PARTS.iter().map(|(prefix, suffix, part)| {
            let takes = Target::Model("", *part).types();
            let roles = format!("({}){}", ModelRole::WORDS.join("|"), suffix.replace('.', "\\."));
            json!({"description": format!("Takes {takes}."), "pattern": pattern(prefix, roles)})
        });
        let free = PLACES.iter().map(|(prefix, place)| {
            let takes = Target::Free(*place, Names::Own("")).types();
            let names = format!("{WORD}(\\.{WORD}){{0,2}}");
            json!({"description": format!("Takes {takes}."), "pattern": pattern(prefix, names)})
        });
        let any_of: Vec<Value> = fields.chain(models).chain(free).collect();
        schemars::json_schema!({"type": "string", "anyOf": any_of})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vcp_schema::describe::{self, Kind};

    /// Returns whether a function writes values of the type that the model declares.
    fn fits(set: &Set, kind: &Kind) -> bool {
        match (set, kind) {
            (Set::Word(words, _), Kind::Word(list)) => *words == list.words,
            (Set::Text(_), Kind::Text | Kind::List(Kind::Text)) => true,
            (Set::Time(_), Kind::Timestamp) | (Set::Integer(_), Kind::Integer) | (Set::Float(_), Kind::Float) => true,
            _ => false,
        }
    }

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
                    kind => {
                        assert!(names.peek().is_none(), "{}", field.path);
                        assert!(fits(&field.set, &kind), "{}: {kind:?}", field.path);
                    }
                }
            }
        }
    }
}
