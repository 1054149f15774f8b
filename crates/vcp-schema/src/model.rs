//! The message, one module per section of the specification (schema-v0.5, decisions 1).
//!
//! Each type is declared once, in the order of the specification's field table, by one macro. From the declaration come the
//! struct, a constructor with the required members, reading, writing and the description in [`crate::describe`].

use crate::{Limits, ParseError, VcpVersion, describe::Described, structure, wire, write};

mod artifacts;
mod audit;
mod call;
mod consent;
mod custom;
mod hcr;
mod model_selection;
mod outcomes;
pub(crate) mod plain;
mod provenance;

pub use artifacts::Artifacts;
pub use audit::Audit;
pub use call::{Call, Capability, CapabilityInvocation};
pub use consent::ConsentRecord;
pub use custom::{Custom, CustomProviderData};
pub use hcr::HumanReadableContext;
pub use model_selection::{ModelRoleInfo, ModelSelection, TelemetryPrior};
pub use outcomes::{
    ModelAttributionRole, ModelOutcomeAttribution, ObjectiveOutcome, Outcomes, PerceptionGap, ScoredCriteria,
};
pub use provenance::Provenance;

/// Declares an object of the model.
macro_rules! model {
    ($( $(#[$meta:meta])* $Type:ident $(($adopt:path))? { $( $(#[$fmeta:meta])* $presence:ident $field:ident $(/ $alias:literal)? : $T:ty, )* } )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $Type {
            $( $(#[$fmeta])* pub $field: model!(@type $presence $T), )*
            /// Members that the specification does not define, kept in order (decisions 1.7).
            pub extras: $crate::Extras,
        }

        impl $crate::describe::Described for $Type {
            const KIND: $crate::describe::Kind = $crate::describe::Kind::Object(&$crate::describe::ObjectType {
                name: stringify!($Type),
                fields: &[$( $crate::describe::Field {
                    name: stringify!($field),
                    alias: model!(@alias $($alias)?),
                    presence: model!(@presence $presence),
                    kind: <$T as $crate::describe::Described>::KIND,
                }, )*],
            });
        }

        impl $crate::wire::FromWire for $Type {
            fn read<'de, D: serde::Deserializer<'de>>(json: D, budget: &$crate::wire::Budget) -> Result<Self, D::Error> {
                struct Members<'b>(&'b $crate::wire::Budget);
                impl<'de> serde::de::Visitor<'de> for Members<'_> {
                    type Value = $Type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$Type, A::Error> {
                        use serde::de::Error as _;
                        $( let mut $field: Option<model!(@type $presence $T)> = None; )*
                        let mut extras = $crate::Extras::new();
                        while let Some(name) = map.next_key_seed($crate::wire::Text)? {
                            self.0.member()?;
                            match name.as_ref() {
                                $( stringify!($field) => {
                                    if $field.is_some() {
                                        return Err(A::Error::custom("duplicate member"));
                                    }
                                    $field = Some(map.next_value_seed($crate::wire::Seed::new(self.0))?);
                                } )*
                                _ => extras.push(name.into_owned(), map.next_value_seed($crate::wire::Seed::new(self.0))?),
                            }
                        }
                        $crate::wire::distinct(&extras)?;
                        $( let $field = model!(@take $presence $field).ok_or_else(|| A::Error::custom("missing member"))?; )*
                        #[allow(unused_mut)]
                        let mut value = $Type { $($field,)* extras };
                        $( $adopt(&mut value).map_err(A::Error::custom)?; )?
                        Ok(value)
                    }
                }
                json.deserialize_map(Members(budget))
            }
        }

        impl $crate::write::ToWire for $Type {
            fn write(&self, json: &mut $crate::write::Writer) {
                json.object(|json| {
                    $( model!(@write $presence json, stringify!($field), &self.$field); )*
                    json.members(&self.extras);
                });
            }
        }

        impl $crate::model::plain::Plain for $Type {
            fn is_plain(&self) -> bool {
                $( $crate::model::plain::Plain::is_plain(&self.$field) && )*
                    (self.extras.is_empty() || self.extras.keys().all(|name| ![$(stringify!($field)),*].contains(&name.as_str())))
            }
        }

        impl serde::Serialize for $Type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::RawJson::trusted(&$crate::write::to_text(self, 1024)).serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $Type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::deserialize_via_text(deserializer, $crate::model::read_part)
            }
        }

        model! { @new $Type [] [] $( $presence $field ($T) )* }
    )* };

    (@type optional $T:ty) => { Option<$T> };
    (@type $presence:ident $T:ty) => { $T };

    (@alias) => { None };
    (@alias $alias:literal) => { Some($alias) };

    (@presence required) => { $crate::describe::Presence::Required };
    (@presence optional) => { $crate::describe::Presence::Optional };
    (@presence defaulted) => { $crate::describe::Presence::Defaulted };

    (@take required $field:ident) => { $field };
    (@take $presence:ident $field:ident) => { Some($field.unwrap_or_default()) };

    (@write optional $json:ident, $name:expr, $value:expr) => { if let Some(value) = $value { $json.member($name, value); } };
    (@write $presence:ident $json:ident, $name:expr, $value:expr) => { $json.member($name, $value) };

    // Sorts the members into parameters of `new` and defaults.
    (@new $Type:ident [$($params:tt)*] [$($defaults:tt)*] required $field:ident ($T:ty) $($rest:tt)*) => {
        model! { @new $Type [$($params)* $field ($T)] [$($defaults)*] $($rest)* }
    };
    (@new $Type:ident [$($params:tt)*] [$($defaults:tt)*] $presence:ident $field:ident ($T:ty) $($rest:tt)*) => {
        model! { @new $Type [$($params)*] [$($defaults)* $field] $($rest)* }
    };
    // Nothing is required: the default invents nothing.
    (@new $Type:ident [] [$($default:ident)*]) => {
        impl Default for $Type {
            fn default() -> Self {
                Self { $( $default: Default::default(), )* extras: $crate::Extras::new() }
            }
        }
    };
    (@new $Type:ident [$($param:ident ($T:ty))+] [$($default:ident)*]) => {
        impl $Type {
            /// The required members, in the order of the specification; everything else absent or at its default.
            #[allow(clippy::too_many_arguments)]
            pub fn new($($param: impl Into<$T>),+) -> Self {
                Self { $( $param: $param.into(), )+ $( $default: Default::default(), )* extras: $crate::Extras::new() }
            }
        }
    };
}
pub(crate) use model;

model! {
    /// A whole VCP v0.5 message (schema-v0.5, "Core Message Structure").
    VcpMessage {
        /// Always 0.5: other versions are read by upgrading them (decisions 2.1).
        required vcp_version: VcpVersion,
        /// What happened.
        required vcp_payload: VcpPayload,
        /// How the record came to be.
        required audit: Audit,
    }

    /// What happened in the call (overview, "VCPPayload").
    VcpPayload {
        /// The call itself.
        required call: Call,
        /// Which models were chosen, and why.
        required model_selection: ModelSelection,
        /// How it came out.
        required outcomes: Outcomes,
        /// A summary for people.
        required hcr: HumanReadableContext,
        /// Recordings, transcripts and the like.
        required artifacts: Artifacts,
        /// What is particular to the provider.
        required custom: Custom,
        /// Whether the person agreed to the processing.
        optional consent: ConsentRecord,
        /// Where the data comes from.
        required provenance: Provenance,
    }
}

/// `Deserialize` of a part of a message.
pub(crate) fn read_part<T: wire::FromWire + Described>(text: &str) -> Result<T, ParseError> {
    structure::read(text, &Limits::default())
}

impl VcpMessage {
    /// Reads a 0.5 message, within the default [`Limits`].
    ///
    /// # Errors
    ///
    /// The first fault in document order, a missing member at the end of its object: `VCP_E001` unreadable value, `VCP_E004` wrong
    /// type, `VCP_E005` missing member, `VCP_E006` other version, `VCP_E007` malformed JSON, `VCP_E008` limit. Text that
    /// is not JSON at all is `VCP_E007`, whatever else is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, ParseError> {
        Self::from_json_with(text, &Limits::default())
    }

    /// Reads a 0.5 message within the given limits.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::from_json`].
    pub fn from_json_with(text: &str, limits: &Limits) -> Result<Self, ParseError> {
        structure::read(text, limits)
    }

    /// Reads a 0.5 message from bytes.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::from_json`]; bytes that are not UTF-8 are `VCP_E007`.
    ///
    /// ```
    /// let error = vcp_schema::VcpMessage::from_slice(b"{\"vcp_version\":\"\xff\"}").unwrap_err();
    /// assert_eq!(error.to_string(), "VCP_E007 at $: the text is not UTF-8 (line 1, column 17)");
    /// ```
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::from_json(structure::utf8(bytes, &Limits::default())?)
    }

    /// Whether the message has no oddity that [`structure::check`] would report: every word is listed, every float finite,
    /// no unknown member has the name of a modelled one. Takes no memory.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        plain::Plain::is_plain(self)
    }

    /// The message as compact JSON text (decisions 1.12).
    ///
    /// A float that is no number or infinite, which only code can put there, becomes null: JSON has no such numbers.
    #[must_use]
    pub fn to_json(&self) -> String {
        let payload: usize = self.vcp_payload.custom.provider_specific.values().map(|p| p.data.as_str().len()).sum();
        write::to_text(self, payload + 4096)
    }
}

impl std::str::FromStr for VcpMessage {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::from_json(text)
    }
}
