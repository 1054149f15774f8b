//! The section `call`: identifiers, times and participants of the call (schema-v0.5 §1).

use super::model;
use crate::{
    CallDirection, CapabilityType, ChannelType, RawObject, Timestamp, describe,
    read::{self, FromWire},
    write,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

model! {
    /// The call itself: its identifiers, times and participants (schema-v0.5 §1).
    Call (adopt_from) {
        /// The identifier of the call, as the provider gives it.
        required call_id: String,
        /// The identifier of the session. Related calls have the same session.
        required session_id: String,
        /// The name of the provider: `retell`, `vapi`, `bland`, `elevenlabs`, `openai_realtime`,
        /// `assistable`, or any other name.
        required provider: String,
        /// The time at which the call started.
        required start_time: Timestamp,
        /// The time at which the call ended. Absent while the call runs, or if the end is unknown.
        /// It must not be before `start_time` (`VCP_E101`).
        optional end_time: Timestamp,
        /// The length of the call, a whole number.
        optional duration_sec [0..] [seconds]: i64,
        /// The identifier of the session to which this session belongs.
        optional parent_session_id: String,
        /// The identifier of the call in another system, such as that of the carrier.
        optional correlation_id: String,
        /// The medium of the call. Legacy messages have the direction here: `inbound` or
        /// `outbound`.
        optional channel: ChannelType,
        /// The direction of the call.
        optional direction: CallDirection,
        /// The telephone number or other identifier of the caller. The name `from_` is accepted
        /// too, and written as `from`.
        optional from / "from_" [personal]: String,
        /// The telephone number or other identifier that was called.
        optional to [personal]: String,
        /// An anonymised identifier of the caller.
        optional caller_id [personal]: String,
        /// The geographic region of the call.
        optional geographic_region: String,
        /// The tools, functions, webhooks and other capabilities that the agent used. An element is
        /// a name or an object with details.
        defaulted capabilities_invoked: Vec<Capability>,
    }

    /// One use of a capability by the agent (schema-v0.5 §1, "Capability Invocations").
    CapabilityInvocation {
        /// The name of the capability, such as that of a tool.
        required capability_id: String,
        /// The type of the capability.
        required capability_type: CapabilityType,
        /// The time of the invocation. It should not be before the start of the call
        /// (`VCP_E103`).
        required invoked_at: Timestamp,
        /// The duration of the invocation.
        optional duration_ms [0..] [milliseconds]: i64,
        /// `true` if the invocation succeeded.
        required success: bool,
        /// The error message of a failed invocation.
        optional error_message [personal]: String,
        /// Further details, as a free-form object.
        defaulted metadata: RawObject,
    }
}

/// Reads `from_` as `from`.
///
/// - If both are equal, or one is absent or null, they become one field.
/// - If they differ, `from` is used, and `from_` is kept as an unknown member.
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

/// An element of `capabilities_invoked`: a bare name, as 0.3 wrote it, or an object with details.
///
/// An element keeps its form when it is read and written (`DECISIONS.md` 1.9).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Capability {
    /// A name without details.
    Name(String),
    /// An object with details.
    Invocation(Box<CapabilityInvocation>),
}

impl Capability {
    /// Returns the name of the capability.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Invocation(invocation) => &invocation.capability_id,
        }
    }

    /// Returns the details, or `None` for a bare name.
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

impl describe::sealed::Sealed for Capability {}
impl describe::Described for Capability {
    const KIND: describe::Kind = describe::Kind::TextOr(&<CapabilityInvocation as describe::Described>::KIND);
}

impl FromWire for Capability {
    fn read<'de, D: Deserializer<'de>>(json: D, budget: &read::Budget) -> Result<Self, D::Error> {
        struct Either<'b>(&'b read::Budget);
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
        read::deserialize_via_text(deserializer, super::read_part)
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
