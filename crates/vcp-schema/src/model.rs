//! The message, one module per section of the specification (schema-v0.5, decisions 1).
//!
//! Each type is declared once, in the order of the specification's field table, by one macro. From the declaration come the
//! struct, its builder, reading, writing, the description in [`crate::describe`] and the JSON Schema.
//!
//! Builders ask for the required members at compile time; everything else is absent or at its default:
//!
//! ```
//! use serde_json::json;
//! use vcp_schema::{Call, CapabilityInvocation, CapabilityType, ChannelType, RawObject, Timestamp};
//!
//! let start: Timestamp = "2026-10-14T12:00:00Z".parse()?;
//! let booking = CapabilityInvocation::builder()
//!     .capability_id("book_appointment")
//!     .capability_type(CapabilityType::ToolCall)
//!     .invoked_at(start)
//!     .success(true)
//!     .metadata(RawObject::try_from(json!({"slot": "morning"}))?)
//!     .build();
//! let call = Call::builder()
//!     .call_id("c1")
//!     .session_id("s1")
//!     .provider("retell")
//!     .start_time(start)
//!     .duration_sec(185)
//!     .channel(ChannelType::Phone)
//!     .capabilities_invoked([booking.into(), "transfer_call".into()])
//!     .build();
//! assert_eq!(call.from, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```compile_fail
//! let call = vcp_schema::Call::builder().call_id("c1").build(); // the other required members are missing
//! ```

use crate::{
    Limits, ParseError, ReadError, VcpVersion, describe::Described, error::too_long, fits, structure, wire, write,
};
use std::io::{self, Read, Write};

pub mod artifacts;
pub mod audit;
pub mod call;
pub mod consent;
pub mod custom;
pub mod hcr;
pub mod model_selection;
pub mod outcomes;
pub(crate) mod plain;
pub mod provenance;

use crate::{
    Artifacts, Audit, Call, ConsentRecord, Custom, HumanReadableContext, ModelSelection, Outcomes, Provenance,
};

/// Declares an object of the model: presence, name, `/ "alias"`, `[personal]`, type.
macro_rules! model {
    ($( $(#[doc = $doc:literal])* $Type:ident $(($adopt:path))? { $( $(#[doc = $fdoc:literal])* $presence:ident $field:ident $(/ $alias:literal)? $([$personal:ident])? : $T:ty, )* } )*) => { $(
        model! { @struct [$(#[doc = $doc])*] $Type [] $( [$(#[doc = $fdoc])*] $presence $field ($T) )* }

        impl $crate::describe::Described for $Type {
            const KIND: $crate::describe::Kind = $crate::describe::Kind::Object(&$crate::describe::ObjectType::new(
                stringify!($Type),
                concat!($($doc),*),
                &[$( model!(@field [$($fdoc)*] $presence $field $(/ $alias)? $([$personal])? : $T) ),*],
            ));
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
                    $( model!(@write $presence json, stringify!($field), &self.$field, model!(@personal $($personal)?)); )*
                    json.unknown(&self.extras, &[$(stringify!($field)),*]);
                });
            }
        }

        impl $crate::checksum::legacy::ToPython for $Type {
            fn dump(&self, dump: &mut $crate::checksum::legacy::Dump) {
                use $crate::checksum::legacy::{Member, sorted};
                const MEMBERS: &[Member<$Type>] = &sorted([$( Member::new(
                    model!(@python $field $($alias)?),
                    |object: &$Type, dump| $crate::checksum::legacy::ToPython::dump(&object.$field, dump),
                ) ),*]);
                dump.object(self, MEMBERS);
                dump.unknown(self.extras.keys(), &[$(stringify!($field)),*]);
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
                $crate::RawJson::from_trusted_text($crate::write::to_text(self, 1024)).serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $Type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::deserialize_via_text(deserializer, $crate::model::read_part)
            }
        }

        #[cfg(feature = "jsonschema")]
        impl schemars::JsonSchema for $Type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($Type).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::jsonschema::of_kind(&<Self as $crate::describe::Described>::KIND, generator)
            }
        }

        model! { @default $Type [] $( $presence $field )* }
    )* };

    // What the description of a member says.
    (@field [$($fdoc:literal)*] $presence:ident $field:ident $(/ $alias:literal)? $([$personal:ident])? : $T:ty) => {
        $crate::describe::Field {
            name: stringify!($field),
            alias: model!(@alias $($alias)?),
            presence: model!(@presence $presence),
            kind: <$T as $crate::describe::Described>::KIND,
            doc: concat!($($fdoc),*),
            personal: model!(@personal $($personal)?),
        }
    };

    // The struct, each member with what its builder asks for.
    (@struct [$($meta:tt)*] $Type:ident [$($done:tt)*]) => {
        $($meta)*
        #[derive(Debug, Clone, PartialEq, bon::Builder)]
        #[builder(on(_, into), derive(Debug, Clone))]
        #[non_exhaustive]
        pub struct $Type {
            $($done)*
            /// Members that the specification does not define, kept in order (decisions 1.7). One that has the name of a modelled member
            /// makes a message that cannot be read back; [`VcpMessage::is_plain`]($crate::VcpMessage::is_plain) tells.
            #[builder(default)]
            pub extras: $crate::Extras,
        }
    };
    (@struct $head:tt $Type:ident [$($done:tt)*] [$($meta:tt)*] required $field:ident ($T:ty) $($rest:tt)*) => {
        model! { @struct $head $Type [$($done)* $($meta)* pub $field: $T,] $($rest)* }
    };
    (@struct $head:tt $Type:ident [$($done:tt)*] [$($meta:tt)*] optional $field:ident ($T:ty) $($rest:tt)*) => {
        model! { @struct $head $Type [$($done)* $($meta)* pub $field: Option<$T>,] $($rest)* }
    };
    (@struct $head:tt $Type:ident [$($done:tt)*] [$($meta:tt)*] defaulted $field:ident ($T:ty) $($rest:tt)*) => {
        model! { @struct $head $Type [$($done)* $($meta)* #[builder(default)] pub $field: $T,] $($rest)* }
    };
    (@struct $head:tt $Type:ident [$($done:tt)*] [$($meta:tt)*] version $field:ident ($T:ty) $($rest:tt)*) => {
        model! { @struct $head $Type [$($done)* $($meta)* #[builder(skip = VcpVersion::V05)] pub $field: $T,] $($rest)* }
    };

    (@type optional $T:ty) => { Option<$T> };
    (@type $presence:ident $T:ty) => { $T };

    (@alias) => { None };
    (@alias $alias:literal) => { Some($alias) };

    // The Python model's own name, with quotes and colon.
    (@python $field:ident) => { concat!("\"", stringify!($field), "\": ") };
    (@python $field:ident $alias:literal) => { concat!("\"", $alias, "\": ") };

    (@personal) => { false };
    (@personal personal) => { true };

    (@presence optional) => { $crate::describe::Presence::Optional };
    (@presence defaulted) => { $crate::describe::Presence::Defaulted };
    (@presence $required:ident) => { $crate::describe::Presence::Required };

    (@take optional $field:ident) => { Some($field.unwrap_or_default()) };
    (@take defaulted $field:ident) => { Some($field.unwrap_or_default()) };
    (@take $required:ident $field:ident) => { $field };

    (@write optional $json:ident, $name:expr, $value:expr, $personal:expr) => { if let Some(value) = $value { $json.member($name, value, $personal); } };
    (@write $presence:ident $json:ident, $name:expr, $value:expr, $personal:expr) => { $json.member($name, $value, $personal) };

    // A type without required members has a default, which invents nothing.
    (@default $Type:ident [$($seen:ident)*]) => {
        impl Default for $Type {
            fn default() -> Self {
                Self { $( $seen: Default::default(), )* extras: $crate::Extras::new() }
            }
        }
    };
    (@default $Type:ident [$($seen:ident)*] optional $field:ident $($rest:tt)*) => { model! { @default $Type [$($seen)* $field] $($rest)* } };
    (@default $Type:ident [$($seen:ident)*] defaulted $field:ident $($rest:tt)*) => { model! { @default $Type [$($seen)* $field] $($rest)* } };
    (@default $($has_required:tt)*) => {};
}
pub(crate) use model;

model! {
    /// A whole VCP v0.5 message (schema-v0.5, "Core Message Structure").
    VcpMessage {
        /// Always 0.5: other versions are read by upgrading them (decisions 2.1).
        version vcp_version: VcpVersion,
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
    /// The 0.5 message that a text is, `None` for any other: sooner than [`VcpMessage::from_json_with`] where it is none and nobody asks why.
    #[must_use]
    pub fn if_readable(text: &str, limits: &Limits) -> Option<Self> {
        structure::within(text.len(), limits).ok()?;
        wire::from_text(text, limits.members).ok()
    }

    /// Whether a text is a 0.5 message: whether [`VcpMessage::if_readable`] reads it, asked without building it, in some two thirds of the
    /// time. This is what a JSON Schema tells, and more: times that are none and members that stand twice are seen, and limits hold.
    ///
    /// ```
    /// use vcp_schema::{Limits, VcpMessage};
    /// assert!(!VcpMessage::is_readable(r#"{"vcp_version":"0.5","audit":{}}"#, &Limits::default()));
    /// ```
    #[must_use]
    pub fn is_readable(text: &str, limits: &Limits) -> bool {
        structure::within(text.len(), limits).is_ok() && fits::fits(text, &Self::KIND, limits.members)
    }

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
        Self::from_slice_with(bytes, &Limits::default())
    }

    /// Reads a 0.5 message from bytes, within the given limits.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::from_slice`].
    pub fn from_slice_with(bytes: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        Self::from_json_with(structure::utf8(bytes, limits)?, limits)
    }

    /// Reads a 0.5 message from a source to its end. No more than one byte beyond the limit of text is ever read.
    ///
    /// # Errors
    ///
    /// What the source answers, or as [`VcpMessage::from_slice`].
    ///
    /// ```
    /// use vcp_schema::VcpMessage;
    /// let error = VcpMessage::from_reader(std::io::repeat(b' ')).unwrap_err();
    /// assert_eq!(error.to_string(), "VCP_E008 at $: the text is longer than the limit of 16777216 bytes (line 1, column 1)");
    /// ```
    pub fn from_reader(source: impl Read) -> Result<Self, ReadError> {
        Self::from_reader_with(source, &Limits::default())
    }

    /// Reads a 0.5 message from a source to its end, within the given limits.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::from_reader`].
    pub fn from_reader_with(source: impl Read, limits: &Limits) -> Result<Self, ReadError> {
        let mut bytes = Vec::new();
        let most = u64::try_from(limits.text_bytes).unwrap_or(u64::MAX).saturating_add(1);
        source.take(most).read_to_end(&mut bytes)?;
        Ok(Self::from_slice_with(&bytes, limits)?)
    }

    /// Reads a 0.5 message from a tree that `serde_json` made. A tree holds no number beyond a double or 64 bits: read
    /// the text itself where there is one.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::from_json`]; places in the text are those in the tree's compact form.
    ///
    /// ```
    /// let error = vcp_schema::VcpMessage::from_value(&serde_json::json!([])).unwrap_err();
    /// assert_eq!(error.code().as_str(), "VCP_E004");
    /// ```
    pub fn from_value(value: &serde_json::Value) -> Result<Self, ParseError> {
        Self::from_value_with(value, &Limits::default())
    }

    /// Reads a 0.5 message from a tree, within the given limits.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::from_value`].
    pub fn from_value_with(value: &serde_json::Value, limits: &Limits) -> Result<Self, ParseError> {
        let mut text = BoundedText { bytes: Vec::new(), most: limits.text_bytes };
        match serde_json::to_writer(&mut text, value) {
            Ok(()) => Self::from_slice_with(&text.bytes, limits),
            Err(_) => Err(too_long(limits)),
        }
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

/// Text that stops growing at a limit.
struct BoundedText {
    bytes: Vec<u8>,
    most: usize,
}

impl Write for BoundedText {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.write(more)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::str::FromStr for VcpMessage {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::from_json(text)
    }
}
