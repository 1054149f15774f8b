//! `call`: the interaction itself (schema-v0.5 §1).

use super::model;
use crate::{
    CallDirection, CapabilityType, ChannelType, RawObject, Timestamp, describe,
    wire::{self, FromWire},
    write,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

model! {
    /// The call itself (schema-v0.5 §1).
    Call (adopt_from) {
        /// Identifier of the call, the provider's own.
        required call_id: String,
        /// Groups related calls.
        required session_id: String,
        /// The provider: `retell`, `vapi`, `bland`, `elevenlabs`, `openai_realtime`, `assistable`, or any other.
        required provider: String,
        /// When the call started.
        required start_time: Timestamp,
        /// When the call ended. Absent while it runs, or when nobody knows.
        optional end_time: Timestamp,
        /// Length in whole seconds, 0 or more.
        optional duration_sec: i64,
        /// The session that this one belongs to.
        optional parent_session_id: String,
        /// Identifier in another system, such as the carrier's.
        optional correlation_id: String,
        /// The medium; in legacy messages the direction (decisions 1.10).
        optional channel: ChannelType,
        /// Who called whom.
        optional direction: CallDirection,
        /// Number or identifier of the caller. Also read from `from_` (decisions 1.2).
        optional from / "from_" [personal]: String,
        /// Number or identifier that was called.
        optional to [personal]: String,
        /// The caller, anonymised.
        optional caller_id [personal]: String,
        /// Region of the call.
        optional geographic_region: String,
        /// What the agent used: tools, functions, webhooks.
        defaulted capabilities_invoked: Vec<Capability>,
    }

    /// A capability that the agent used (schema-v0.5 §1, "Capability Invocations").
    CapabilityInvocation {
        /// Name of the capability.
        required capability_id: String,
        /// Its type.
        required capability_type: CapabilityType,
        /// When it was invoked.
        required invoked_at: Timestamp,
        /// How long it took, in milliseconds, 0 or more.
        optional duration_ms: i64,
        /// Whether it worked.
        required success: bool,
        /// What went wrong.
        optional error_message [personal]: String,
        /// Anything else, free-form.
        defaulted metadata: RawObject,
    }
}

/// Reads `from_` as `from` (decisions 1.2): equal, or one of them null, they are one; different, `from` wins and `from_`
/// stays as an unknown member.
fn adopt_from(call: &mut Call) -> Result<(), &'static str> {
    let Some(text) = call.extras.get("from_").map(|raw| raw.as_str()) else {
        return Ok(());
    };
    let alias: Option<String> = serde_json::from_str(text).map_err(|_| "no string")?;
    if alias.is_some() && call.from.is_some() && alias != call.from {
        return Ok(());
    }
    call.extras.remove("from_");
    call.from = call.from.take().or(alias);
    Ok(())
}

/// An entry of `capabilities_invoked`: a bare name as 0.3 wrote it, or the details. Each keeps its form (decisions 1.9).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Capability {
    /// The name alone.
    Name(String),
    /// The details.
    Invocation(Box<CapabilityInvocation>),
}

impl Capability {
    /// The name of the capability.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Invocation(invocation) => &invocation.capability_id,
        }
    }

    /// The details, if the entry has them.
    #[must_use]
    pub fn invocation(&self) -> Option<&CapabilityInvocation> {
        match self {
            Self::Name(_) => None,
            Self::Invocation(invocation) => Some(invocation),
        }
    }
}

impl From<&str> for Capability {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for Capability {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<CapabilityInvocation> for Capability {
    fn from(invocation: CapabilityInvocation) -> Self {
        Self::Invocation(Box::new(invocation))
    }
}

impl describe::Described for Capability {
    const KIND: describe::Kind = describe::Kind::TextOr(&<CapabilityInvocation as describe::Described>::KIND);
}

impl FromWire for Capability {
    fn read<'de, D: Deserializer<'de>>(json: D, budget: &wire::Budget) -> Result<Self, D::Error> {
        struct Either<'b>(&'b wire::Budget);
        impl<'de> de::Visitor<'de> for Either<'_> {
            type Value = Capability;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or an object")
            }

            fn visit_str<E>(self, name: &str) -> Result<Capability, E> {
                Ok(Capability::Name(name.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Capability, A::Error> {
                CapabilityInvocation::read(de::value::MapAccessDeserializer::new(map), self.0).map(Capability::from)
            }
        }
        json.deserialize_any(Either(budget))
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => name.serialize(serializer),
            Self::Invocation(invocation) => invocation.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wire::deserialize_via_text(deserializer, super::read_part)
    }
}

impl write::ToWire for Capability {
    fn write(&self, json: &mut write::Writer) {
        match self {
            Self::Name(name) => name.write(json),
            Self::Invocation(invocation) => invocation.write(json),
        }
    }
}
