//! The types of a message, with one module per section of the specification (schema-v0.5).
//!
//! Each type is declared once, by a macro, with its members in the order of the specification.
//! From the declaration the macro makes the struct, its builder, reading, writing, the description
//! in [`crate::describe`] and the JSON Schema.
//!
//! A builder requires the required members at compile time. A member that is not set is absent or
//! has its default:
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
//! // The other required members are missing.
//! let call = vcp_schema::Call::builder().call_id("c1").build();
//! ```

use crate::{
    ErrorCode, FieldPath, Limits, Number, ParseError, PathNode, RawJson, ReadError, ReadOptions, VcpVersion,
    describe::{Described, Range},
    ndjson, read, structure, write,
};
use std::io::Read;

pub mod artifacts;
pub mod audit;
pub mod call;
pub mod consent;
pub mod custom;
pub mod hcr;
pub mod model_selection;
pub(crate) mod numbers;
pub(crate) mod options;
pub mod outcomes;
pub(crate) mod plain;
pub mod provenance;
pub(crate) mod size;
pub(crate) mod unknown;

use crate::{
    Artifacts, Audit, Call, ConsentRecord, Custom, HumanReadableContext, ModelSelection, Outcomes, Provenance,
};

/// Declares the object types of the model.
///
/// A member is declared as `presence name / "alias" [personal] [0..] [seconds]: Type`. The alias
/// and the marks in brackets are optional. A range is `[0..=1]` or `[0..]`. A unit is `[seconds]`,
/// `[milliseconds]`, `[minutes]` or `[us_dollars]`. Unit and range are added to the documentation.
macro_rules! model {
    ($( $(#[doc = $doc:literal])* $Type:ident $(($adopt:path))? { $( $(#[doc = $fdoc:literal])* $presence:ident $field:ident $(/ $alias:literal)? $([$($mark:tt)*])* : $T:ty, )* } )*) => { $(
        model! { @struct [$(#[doc = $doc])*] $Type [] $( [$(#[doc = $fdoc])* #[doc = model!(@unit_doc $([$($mark)*])*)] #[doc = model!(@range_doc $([$($mark)*])*)]] $presence $field ($T) )* }

        impl $crate::describe::sealed::Sealed for $Type {}
        impl $crate::describe::Described for $Type {
            const KIND: $crate::describe::Kind = $crate::describe::Kind::Object(&$crate::describe::ObjectType::new(
                stringify!($Type),
                concat!($($doc),*),
                &[$( model!(@field [$($fdoc)*] $presence $field $(/ $alias)? $([$($mark)*])* : $T) ),*],
            ));
        }

        impl $crate::read::FromWire for $Type {
            fn read<'de, D: serde::Deserializer<'de>>(json: D, budget: &$crate::read::Budget) -> Result<Self, D::Error> {
                struct Members<'b>(&'b $crate::read::Budget);
                impl<'de> serde::de::Visitor<'de> for Members<'_> {
                    type Value = $Type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$Type, A::Error> {
                        use serde::de::Error as _;
                        $( let mut $field: Option<model!(@type $presence $T)> = None; )*
                        let mut extras = $crate::Extras::new();
                        while let Some(name) = map.next_key_seed($crate::read::Text)? {
                            self.0.member()?;
                            match name.as_ref() {
                                $( stringify!($field) => {
                                    if $field.is_some() {
                                        return Err(A::Error::custom("duplicate member"));
                                    }
                                    $field = Some(map.next_value_seed($crate::read::Seed::new(self.0))?);
                                } )*
                                _ => extras.push(name.into_owned(), map.next_value_seed($crate::read::Seed::new(self.0))?),
                            }
                        }
                        $crate::read::distinct(&extras)?;
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
                    $( model!(@write $presence json, stringify!($field), &self.$field, model!(@personal $([$($mark)*])*)); )*
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

        impl $crate::model::unknown::Unknown for $Type {
            fn add_unknown<'m>(&'m self, path: &$crate::PathNode<'_>, found: &mut $crate::model::unknown::Found<'m>) {
                $( $crate::model::unknown::Unknown::add_unknown(&self.$field, &path.name(stringify!($field)), found); )*
                for (name, value) in self.extras.iter() {
                    found.push((path.name(name).to_path(), value));
                }
            }
        }

        impl $crate::model::numbers::Numbers for $Type {
            fn show(&self, path: &$crate::PathNode<'_>, _: $crate::describe::Range, look: &mut dyn FnMut(&$crate::Number<'_>)) {
                $( $crate::model::numbers::Numbers::show(&self.$field, &path.name(stringify!($field)), model!(@range $([$($mark)*])*), look); )*
            }
        }

        impl $crate::model::size::Measure for $Type {
            fn add_to(&self, size: &mut $crate::model::size::Size) {
                size.add(2, 2);
                $( model!(@measure $presence size, stringify!($field), &self.$field); )*
                for (name, value) in self.extras.iter() {
                    size.member(name);
                    $crate::model::size::Measure::add_to(value, size);
                }
            }
        }

        impl serde::Serialize for $Type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::RawJson::from_trusted_text($crate::write::to_text(self, 1024)).serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $Type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::read::deserialize_via_text(deserializer, $crate::model::read_part)
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

    // The description of a member.
    (@field [$($fdoc:literal)*] $presence:ident $field:ident $(/ $alias:literal)? $([$($mark:tt)*])* : $T:ty) => {
        $crate::describe::Field {
            name: stringify!($field),
            alias: model!(@alias $($alias)?),
            presence: model!(@presence $presence),
            kind: <$T as $crate::describe::Described>::KIND,
            doc: concat!($($fdoc,)* model!(@unit_doc $([$($mark)*])*), model!(@range_doc $([$($mark)*])*)),
            personal: model!(@personal $([$($mark)*])*),
            range: model!(@range $([$($mark)*])*),
            unit: model!(@unit $([$($mark)*])*),
        }
    };

    // The struct. Attributes tell the builder which members have a default.
    (@struct [$($meta:tt)*] $Type:ident [$($done:tt)*]) => {
        $($meta)*
        #[derive(Debug, Clone, PartialEq, bon::Builder)]
        #[builder(on(_, into), derive(Debug, Clone))]
        #[non_exhaustive]
        pub struct $Type {
            $($done)*
            /// Members that the specification does not define, in their original order
            /// (`DECISIONS.md` 1.7).
            ///
            /// Do not add a member with the name of a modelled member: the message could not be
            /// read back. [`VcpMessage::is_plain`]($crate::VcpMessage::is_plain) detects this.
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

    // The name in the published Python model, with quotes and colon.
    (@python $field:ident) => { concat!("\"", stringify!($field), "\": ") };
    (@python $field:ident $alias:literal) => { concat!("\"", $alias, "\": ") };

    (@personal) => { false };
    (@personal [personal] $($rest:tt)*) => { true };
    (@personal [$($other:tt)*] $($rest:tt)*) => { model!(@personal $($rest)*) };

    (@range) => { $crate::describe::Range::Any };
    (@range [0..=1] $($rest:tt)*) => { $crate::describe::Range::ZeroToOne };
    (@range [0..] $($rest:tt)*) => { $crate::describe::Range::FromZero };
    (@range [$($other:tt)*] $($rest:tt)*) => { model!(@range $($rest)*) };

    (@range_doc) => { "" };
    (@range_doc [0..=1] $($rest:tt)*) => { " Range: 0 to 1." };
    (@range_doc [0..] $($rest:tt)*) => { " Range: 0 or more." };
    (@range_doc [$($other:tt)*] $($rest:tt)*) => { model!(@range_doc $($rest)*) };

    (@unit) => { None };
    (@unit [seconds] $($rest:tt)*) => { Some($crate::describe::Unit::Seconds) };
    (@unit [milliseconds] $($rest:tt)*) => { Some($crate::describe::Unit::Milliseconds) };
    (@unit [minutes] $($rest:tt)*) => { Some($crate::describe::Unit::Minutes) };
    (@unit [us_dollars] $($rest:tt)*) => { Some($crate::describe::Unit::UsDollars) };
    (@unit [$($other:tt)*] $($rest:tt)*) => { model!(@unit $($rest)*) };

    (@unit_doc) => { "" };
    (@unit_doc [seconds] $($rest:tt)*) => { " Unit: seconds." };
    (@unit_doc [milliseconds] $($rest:tt)*) => { " Unit: milliseconds." };
    (@unit_doc [minutes] $($rest:tt)*) => { " Unit: minutes." };
    (@unit_doc [us_dollars] $($rest:tt)*) => { " Unit: US dollars." };
    (@unit_doc [$($other:tt)*] $($rest:tt)*) => { model!(@unit_doc $($rest)*) };

    (@presence optional) => { $crate::describe::Presence::Optional };
    (@presence defaulted) => { $crate::describe::Presence::Defaulted };
    (@presence $required:ident) => { $crate::describe::Presence::Required };

    (@take optional $field:ident) => { Some($field.unwrap_or_default()) };
    (@take defaulted $field:ident) => { Some($field.unwrap_or_default()) };
    (@take $required:ident $field:ident) => { $field };

    (@measure optional $size:ident, $name:expr, $value:expr) => {
        if let Some(value) = $value {
            $size.member($name);
            $crate::model::size::Measure::add_to(value, $size);
        }
    };
    (@measure $presence:ident $size:ident, $name:expr, $value:expr) => {
        $size.member($name);
        $crate::model::size::Measure::add_to($value, $size);
    };

    (@write optional $json:ident, $name:expr, $value:expr, $personal:expr) => { if let Some(value) = $value { $json.member($name, value, $personal); } };
    (@write $presence:ident $json:ident, $name:expr, $value:expr, $personal:expr) => { $json.member($name, $value, $personal) };

    // Only a type without required members implements `Default`, so that no value is made up.
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
    /// A complete VCP v0.5 message (schema-v0.5, "Core Message Structure").
    VcpMessage {
        /// The version of the message, always `0.5`. Upgrade a message of 0.3 or 0.4 to read it.
        version vcp_version: VcpVersion,
        /// The facts about the call.
        required vcp_payload: VcpPayload,
        /// The receipt and the processing of the record.
        required audit: Audit,
    }

    /// The facts about the call (overview, "VCPPayload").
    VcpPayload {
        /// The call itself: its identifiers, times and participants.
        required call: Call,
        /// The AI models chosen for the call, with the reasons.
        required model_selection: ModelSelection,
        /// The outcome of the call.
        required outcomes: Outcomes,
        /// A summary of the call for people.
        required hcr: HumanReadableContext,
        /// References to recordings, transcripts and other files.
        required artifacts: Artifacts,
        /// The data that is specific to a provider, an integration or an experiment.
        required custom: Custom,
        /// The consent of the person to the processing of their data.
        optional consent: ConsentRecord,
        /// The origin of the data and its processing history.
        required provenance: Provenance,
    }
}

/// Reads a part of a message within the default limits, for `Deserialize`.
pub(crate) fn read_part<T: read::FromWire + Described>(text: &str) -> Result<T, ParseError> {
    structure::read(text, &Limits::default())
}

impl VcpMessage {
    /// Reads a 0.5 message. Returns `None` for any other text.
    ///
    /// On failure this is faster than [`VcpMessage::from_json`], because no error is built. To set
    /// limits, use [`ReadOptions::if_readable`].
    #[must_use]
    pub fn if_readable(text: &str) -> Option<Self> {
        ReadOptions::default().if_readable(text)
    }

    /// Returns whether [`VcpMessage::if_readable`] would read the text.
    ///
    /// The message is not built, so this takes about two thirds of the time. The check is stricter
    /// than the JSON Schema: it also rejects invalid timestamps and duplicate members, and applies
    /// the default [`Limits`]. To set limits, use [`ReadOptions::is_readable`].
    ///
    /// ```
    /// use vcp_schema::VcpMessage;
    /// assert!(!VcpMessage::is_readable(r#"{"vcp_version":"0.5","audit":{}}"#));
    /// ```
    #[must_use]
    pub fn is_readable(text: &str) -> bool {
        ReadOptions::default().is_readable(text)
    }

    /// Reads a 0.5 message within the default [`Limits`]. To set limits, use
    /// [`ReadOptions::from_json`].
    ///
    /// # Errors
    ///
    /// Returns the first fault in document order. A missing member counts at the end of its object.
    ///
    /// - `VCP_E001`: a value has the right type but cannot be read.
    /// - `VCP_E004`: a value has the wrong type.
    /// - `VCP_E005`: a required member is absent or null.
    /// - `VCP_E006`: the message has another version.
    /// - `VCP_E007`: the text is not JSON, or a modelled object has a member twice.
    /// - `VCP_E008`: a limit is exceeded.
    ///
    /// Text that is not JSON is always `VCP_E007`, even if it has other faults.
    pub fn from_json(text: &str) -> Result<Self, ParseError> {
        ReadOptions::default().from_json(text)
    }

    /// Reads a 0.5 message from bytes within the default [`Limits`]. To set limits, use
    /// [`ReadOptions::from_slice`].
    ///
    /// # Errors
    ///
    /// The same as [`VcpMessage::from_json`]. Bytes that are not UTF-8 are `VCP_E007`.
    ///
    /// ```
    /// let error = vcp_schema::VcpMessage::from_slice(b"{\"vcp_version\":\"\xff\"}").unwrap_err();
    /// assert_eq!(error.to_string(), "VCP_E007 at $: the text is not UTF-8 (line 1, column 17)");
    /// ```
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ParseError> {
        ReadOptions::default().from_slice(bytes)
    }

    /// Reads a 0.5 message from a source, up to the end of the source, within the default
    /// [`Limits`]. To set limits, use [`ReadOptions::from_reader`].
    ///
    /// Reading stops at most one byte beyond the limit on the length of the text.
    ///
    /// # Errors
    ///
    /// [`ReadError::Io`] if the source fails. [`ReadError::Parse`] with the same errors as
    /// [`VcpMessage::from_slice`] if the text cannot be read.
    ///
    /// ```
    /// use vcp_schema::VcpMessage;
    /// let error = VcpMessage::from_reader(std::io::repeat(b' ')).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "VCP_E008 at $: the text is longer than the limit of 16777216 bytes \
    ///      (line 1, column 1)"
    /// );
    /// ```
    pub fn from_reader(source: impl Read) -> Result<Self, ReadError> {
        ReadOptions::default().from_reader(source)
    }

    /// Reads a 0.5 message from a `serde_json` tree within the default [`Limits`]. To set limits,
    /// use [`ReadOptions::from_value`].
    ///
    /// A tree cannot hold numbers beyond a double or 64 bits. If you have the text, read the text.
    ///
    /// # Errors
    ///
    /// The same as [`VcpMessage::from_json`]. Offset, line and column refer to the compact text of
    /// the tree.
    ///
    /// ```
    /// let error = vcp_schema::VcpMessage::from_value(&serde_json::json!([])).unwrap_err();
    /// assert_eq!(error.code().as_str(), "VCP_E004");
    /// ```
    pub fn from_value(value: &serde_json::Value) -> Result<Self, ParseError> {
        ReadOptions::default().from_value(value)
    }

    /// Checks that the message can be read back within limits, once it is written.
    ///
    /// A message that was made by a program, or merged from others, may be larger than any text
    /// that a reader accepts. The message is written only if its length is near the limit. If it is
    /// far above, the error has a lower bound of the length.
    ///
    /// # Errors
    ///
    /// `VCP_E008`: the text would be longer than `limits.text_bytes`, or would have more than
    /// `limits.members` members and elements.
    ///
    /// ```
    /// use vcp_schema::{Limits, VcpMessage};
    /// # let text = include_str!("../tests/data/minimal.json");
    /// let message = VcpMessage::from_json(text)?;
    /// assert!(message.check_limits(&Limits::default()).is_ok());
    /// let error = message.check_limits(&Limits::default().members(10)).unwrap_err();
    /// assert_eq!(error.code().as_str(), "VCP_E008");
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    pub fn check_limits(&self, limits: &Limits) -> Result<(), ParseError> {
        let mut size = size::Size::default();
        size::Measure::add_to(self, &mut size);
        if size.members > limits.members {
            let message =
                format!("the message has {} members, more than the limit of {}", size.members, limits.members);
            return Err(ParseError::new(ErrorCode::Limit, FieldPath::root(), message));
        }
        let limit = limits.text_bytes;
        let too_long = |length: &str| {
            let message = format!("the message has {length} bytes, more than the limit of {limit}");
            Err(ParseError::new(ErrorCode::Limit, FieldPath::root(), message))
        };
        // A message that is far too long is not written, which would take its memory once more.
        if size.least > limit {
            return too_long(&format!("at least {}", size.least));
        }
        if size.bytes > limit {
            let length = self.to_json().len();
            if length > limit {
                return too_long(&length.to_string());
            }
        }
        Ok(())
    }

    /// Returns whether the message has none of the faults that [`structure::check`] would report.
    ///
    /// That is the case if
    ///
    /// - the specification lists every word,
    /// - every float is finite, and
    /// - no unknown member has the name of a modelled member.
    ///
    /// Allocates no memory.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        plain::Plain::is_plain(self)
    }

    /// Returns the members of the message that the specification does not define, each with its
    /// place.
    ///
    /// They are in the order in which [`VcpMessage::to_json`] writes them. The content of free-form
    /// data and of unknown members is not listed.
    ///
    /// ```
    /// use vcp_schema::VcpMessage;
    /// # let text = include_str!("../tests/data/full.json");
    /// let message = VcpMessage::from_json(text)?;
    /// let unknown = message.unknown_members();
    /// let found: Vec<String> =
    ///     unknown.iter().map(|(path, value)| format!("{path} {value}")).collect();
    /// assert_eq!(found[0], "$.vcp_payload.call.capabilities_invoked[2].attempt 2");
    /// assert_eq!(found[1], "$.vcp_payload.call.queue \"gold\"");
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    #[must_use]
    pub fn unknown_members(&self) -> Vec<(FieldPath, &RawJson)> {
        let mut found = Vec::new();
        unknown::Unknown::add_unknown(self, &PathNode::root(), &mut found);
        found
    }

    /// Shows every number of the modelled members, in the order in which they are written. The
    /// content of free-form data and of unknown members is not shown.
    ///
    /// ```
    /// use vcp_schema::{VcpMessage, describe::Range};
    /// # let text = include_str!("../tests/data/full.json");
    /// let message = VcpMessage::from_json(text)?;
    /// let mut shares = 0;
    /// message.numbers(&mut |number| shares += usize::from(number.range == Range::ZeroToOne));
    /// assert!(shares > 0);
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    pub fn numbers(&self, look: &mut dyn FnMut(&Number<'_>)) {
        numbers::Numbers::show(self, &PathNode::root(), Range::Any, look);
    }

    /// Returns the message as compact JSON text.
    ///
    /// Members are in the order of the specification, and unknown members are last
    /// (`DECISIONS.md` 1.12).
    ///
    /// Free-form data and unknown members are written as they were read, so the text may contain
    /// line breaks. [`VcpMessage::to_json_line`] returns the text without them.
    ///
    /// A float that is NaN or infinite is written as null, because JSON has no such numbers. Only
    /// code can set such a value: reading refuses it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let payload: usize = self.vcp_payload.custom.provider_specific.values().map(|p| p.data.as_str().len()).sum();
        write::to_text(self, payload + 4096)
    }

    /// Returns the message as JSON text in one line, without a line break at the end.
    ///
    /// The text is that of [`VcpMessage::to_json`], with each CR and LF replaced by a space. They
    /// occur only in free-form data and unknown members, between tokens, so no value changes.
    /// [`ndjson::Writer`] writes the same lines.
    ///
    /// ```
    /// use vcp_schema::{RawObject, VcpMessage};
    /// # let text = include_str!("../tests/data/minimal.json");
    /// let mut message = VcpMessage::from_json(text)?;
    /// message.vcp_payload.custom.experimental = Some(RawObject::from_json("{\n\"a\": 1\n}")?);
    /// assert!(message.to_json().contains('\n') && !message.to_json_line().contains('\n'));
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    #[must_use]
    pub fn to_json_line(&self) -> String {
        ndjson::one_line(self.to_json())
    }
}

impl std::str::FromStr for VcpMessage {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::from_json(text)
    }
}
