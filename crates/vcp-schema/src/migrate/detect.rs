//! Detection of the dialect of a message, in the same pass that checks that the text is JSON
//! (`DECISIONS.md` 2.1).

use super::{MigrateError, tree::Name};
use crate::{
    Dialect, ErrorCode, FieldPath, Limits, ParseError, VcpVersion,
    json::{string, text},
    structure,
};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Returns the dialect of a message. The version and the place of `audit` decide. For a 0.3 message
/// without `audit`, a `call_id` at the root means production. No message is built.
///
/// # Errors
///
/// - `VCP_E006`: the version is absent or unknown, two different versions are given, or a message
///   before 0.5 has `audit` both at the root and in `vcp_payload`.
/// - `VCP_E007`: the text is not JSON.
/// - `VCP_E008`: the text is longer than `limits.text_bytes`.
pub fn detect(text: &str, limits: &Limits) -> Result<Dialect, MigrateError> {
    Seen::of(text, limits)?.dialect()
}

/// The members that decide the dialect. A null member counts as absent.
#[derive(Default)]
pub(super) struct Seen<'t> {
    version: Option<&'t str>,
    other_version: Option<&'t str>,
    call_id: bool,
    audit: bool,
    pub(super) inner_audit: bool,
}

impl<'t> Seen<'t> {
    /// Reads the members and checks that the text is JSON, in one pass.
    fn of(text: &'t str, limits: &Limits) -> Result<Self, ParseError> {
        text::within(text.len(), limits)?;
        let look = |into_payload| {
            let mut seen = Self::default();
            let mut json = serde_json::Deserializer::from_str(text);
            Look { seen: &mut seen, into_payload, is_payload: false }.deserialize(&mut json).ok()?;
            json.end().ok().map(|()| seen)
        };
        if let Some(seen) = look(true) {
            return Ok(seen);
        }
        // Either the text is not JSON, or the message or its payload is not an object.
        text::well_formed(text, limits)?;
        Ok(look(false).unwrap_or_default())
    }

    /// Notes a member of the message, given its name and the text of its value.
    pub(super) fn add(&mut self, name: &str, value: &'t str) {
        match name {
            "vcp_version" if self.version.is_none() => self.version = Some(value),
            "vcp_version" if self.version != Some(value) => self.other_version = Some(value),
            "call_id" => self.call_id = value != "null",
            "audit" => self.audit = value != "null",
            _ => {}
        }
    }

    /// Returns the dialect of the message. The errors are those of [`detect`].
    pub(super) fn dialect(&self) -> Result<Dialect, MigrateError> {
        let refuse = |message: String| {
            Err(MigrateError::new(ErrorCode::Version, FieldPath::root().name("vcp_version"), message))
        };
        let known = "0.3, 0.4 and 0.5 are supported";
        if self.other_version.is_some() {
            return refuse(format!("`vcp_version` appears twice, with different values: {known}"));
        }
        let Some(version) = self.version.filter(|version| *version != "null") else {
            return refuse(format!("no version is given: {known}"));
        };
        // The word is borrowed unless it has escapes.
        let Some(word) = string::decode(version) else {
            return refuse(format!(
                "the version must be a string, and is `{}`: {known}",
                structure::shown_version(version)
            ));
        };
        let Ok(version) = word.parse::<VcpVersion>() else {
            return refuse(format!("version `{}` is not known: {known}", structure::shown_version(&word)));
        };
        if version != VcpVersion::V05 && self.audit && self.inner_audit {
            return refuse("`audit` is both at the root and in `vcp_payload`: keep only one of them".to_owned());
        }
        Ok(match version {
            VcpVersion::V05 => Dialect::V05,
            VcpVersion::V04 => Dialect::V04,
            VcpVersion::V03 if self.inner_audit || (!self.audit && self.call_id) => Dialect::Production03,
            VcpVersion::V03 => Dialect::Spec03,
        })
    }
}

/// A visitor of the members of an object.
struct Look<'s, 't> {
    seen: &'s mut Seen<'t>,
    into_payload: bool,
    is_payload: bool,
}

impl<'t> DeserializeSeed<'t> for Look<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for Look<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { seen, into_payload, is_payload } = self;
        // A name may hold a lone surrogate, which cannot be decoded.
        while let Some(name) = members.next_key::<&RawValue>()? {
            let name = Name::read(name.get()).key();
            if into_payload && name == "vcp_payload" {
                members.next_value_seed(Look { seen, into_payload: false, is_payload: true })?;
                continue;
            }
            let value = members.next_value::<&RawValue>()?.get();
            // If there are two payloads, one may be an object and the other not.
            if !is_payload && name == "vcp_payload" && value.starts_with('{') {
                let mut json = serde_json::Deserializer::from_str(value);
                let look = Look { seen: &mut *seen, into_payload: false, is_payload: true };
                look.deserialize(&mut json).map_err(A::Error::custom)?;
            }
            if !is_payload {
                seen.add(&name, value);
            } else if name == "audit" {
                seen.inner_audit |= value != "null";
            }
        }
        Ok(())
    }
}
