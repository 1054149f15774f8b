//! Protection of personal data: a masked view for logs, and pseudonyms for telephone numbers.

use crate::{RawJson, VcpMessage, write};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// A masked view of a message for logs, made by [`VcpMessage::redacted`].
#[derive(Clone, Copy)]
pub struct Redacted<'m>(&'m VcpMessage);

/// Writes one line of JSON.
impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write::to_masked_text(self.0))
    }
}

/// Writes the same line as `Display`, so that `{:?}` does not reveal more.
impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The secret key of the pseudonyms that [`VcpMessage::anonymise`] makes.
///
/// Keep it secret. With the key, a pseudonym can be reversed by trying every telephone number.
#[derive(Clone)]
pub struct AnonymisationKey(Hmac<Sha256>);

/// The error for a key that is too short to be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key has {0} bytes: it needs at least {least}, from a good source of randomness", least = AnonymisationKey::LEAST_BYTES)]
pub struct ShortKeyError(usize);

impl AnonymisationKey {
    /// The minimum length of a key in bytes.
    pub const LEAST_BYTES: usize = 16;

    /// Makes a key from random bytes.
    ///
    /// # Errors
    ///
    /// [`ShortKeyError`] if there are fewer than [`Self::LEAST_BYTES`] bytes.
    pub fn new(key: &[u8]) -> Result<Self, ShortKeyError> {
        let short = ShortKeyError(key.len());
        if key.len() < Self::LEAST_BYTES {
            return Err(short);
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| short)
    }

    /// Returns the pseudonym of a text: `anon_` and the first 128 bits of its HMAC-SHA256 as 32
    /// hexadecimal digits.
    ///
    /// With the same key, the same text always has the same pseudonym. The calls of one person can
    /// therefore still be joined.
    #[must_use]
    pub fn pseudonym(&self, text: &str) -> String {
        let digest = self.0.clone().chain_update(text.as_bytes()).finalize().into_bytes();
        let half = digest.iter().take(digest.len() / 2);
        half.fold("anon_".to_owned(), |hex, byte| hex + &format!("{byte:02x}"))
    }
}

impl fmt::Debug for AnonymisationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnonymisationKey(***)")
    }
}

impl VcpMessage {
    /// Returns a masked view for logs: one line of JSON.
    ///
    /// The line shows identifiers, times, listed words and figures. It shows `"***"` in place of
    ///
    /// - numbers of callers, texts for people and references,
    /// - free-form data,
    /// - words that the specification does not list,
    /// - any text with an international telephone number,
    /// - any text with white space and seven or more digits, and
    /// - any text longer than 256 bytes.
    ///
    /// For unknown members, and for maps with free names, it shows only their number: `"***":2`.
    ///
    /// ```
    /// # let text = include_str!("../tests/data/full.json");
    /// let message = vcp_schema::VcpMessage::from_json(text)?;
    /// let line = message.redacted().to_string();
    /// assert!(line.contains(r#""from":"***""#) && line.contains(r#""status":"success""#));
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    #[must_use]
    pub fn redacted(&self) -> Redacted<'_> {
        Redacted(self)
    }

    /// Replaces `caller_id`, `from` and `to` of the call by pseudonyms. Also replaces a `from_`
    /// that is kept as an unknown member. Removes `audit.checksum`, because somebody could find the
    /// numbers by trying which ones give this checksum.
    ///
    /// Nothing else changes. Consider before you share the message:
    ///
    /// - The provider's payload in `custom.provider_specific`, what a migration keeps in
    ///   `custom.experimental.vcp_migration`, the names of tools, the texts for people and the
    ///   files to which `artifacts` refers may contain the numbers too.
    /// - A second call makes pseudonyms of the pseudonyms.
    ///
    /// ```
    /// use vcp_schema::{AnonymisationKey, VcpMessage};
    /// # let text = include_str!("../tests/data/full.json");
    /// let key = AnonymisationKey::new(b"thirty-two random bytes in truth")?;
    /// let mut message = VcpMessage::from_json(text)?;
    /// let number = message.vcp_payload.call.from.clone().unwrap_or_default();
    /// message.anonymise(&key);
    /// assert_eq!(message.vcp_payload.call.from, Some(key.pseudonym(&number)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn anonymise(&mut self, key: &AnonymisationKey) {
        let call = &mut self.vcp_payload.call;
        for number in [&mut call.caller_id, &mut call.from, &mut call.to].into_iter().flatten() {
            *number = key.pseudonym(number);
        }
        self.audit.checksum = None;
        if let Some(alias) = call.extras.get_mut("from_") {
            let text = alias.parse::<String>().unwrap_or_else(|_| alias.as_str().to_owned());
            *alias = RawJson::from_text(&key.pseudonym(&text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::{self, Kind};
    use serde_json::Value;

    const FULL: &str = include_str!("../tests/data/full.json");

    /// The members that may show text. The test fails for a new member that shows text and is not
    /// listed here.
    const SHOWN: [&str; 25] = [
        "call_id",
        "session_id",
        "provider",
        "parent_session_id",
        "correlation_id",
        "geographic_region",
        "capability_id",
        "capabilities_invoked",
        "policy_id",
        "selection_strategy",
        "chosen",
        "alternatives",
        "reason",
        "id",
        "model_id",
        "audience",
        "consent_id",
        "scope",
        "version",
        "source_system",
        "transformation_history",
        "data_retention_policy",
        "compliance_flags",
        "schema_version",
        "checksum",
    ];

    /// Returns a copy of a message in which every text, every word and every name outside the model
    /// is `MARK`.
    fn marked(value: Value, kind: &Kind) -> Value {
        match (kind, value) {
            (Kind::Object(object), Value::Object(members)) => {
                let mut marked: serde_json::Map<String, Value> = members
                    .into_iter()
                    .map(|(name, value)| match object.field(&name) {
                        Some(field) => (name, self::marked(value, &field.kind)),
                        None => (format!("MARK {name}"), "MARK".into()),
                    })
                    .collect();
                marked.insert("MARK".to_owned(), "MARK".into());
                marked.into()
            }
            (Kind::Map(_, kind), Value::Object(members)) => {
                let mut marked: serde_json::Map<String, Value> =
                    members.into_iter().map(|(name, value)| (name, self::marked(value, kind))).collect();
                let one = marked.values().next().cloned();
                marked.extend(one.map(|value| ("MARK".to_owned(), value)));
                marked.into()
            }
            (Kind::List(kind), Value::Array(list)) => list.into_iter().map(|value| marked(value, kind)).collect(),
            (Kind::TextOr(kind), value @ Value::Object(_)) => marked(value, kind),
            (Kind::FreeForm, Value::Object(_)) => serde_json::json!({"MARK": "MARK"}),
            (Kind::Text | Kind::Word(_) | Kind::TextOr(_), Value::String(_)) => "MARK".into(),
            (_, value) => value,
        }
    }

    #[test]
    fn the_view_for_logs_shows_only_what_it_may() {
        let example = serde_json::from_str(include_str!("jsonschema/example-0.5.json")).unwrap();
        let value = marked(example, &Kind::Object(describe::message()));
        let message = VcpMessage::from_value(&value).unwrap();
        let line = message.redacted().to_string();
        let mut rest = line.clone();
        for name in SHOWN {
            assert!(line.contains(&format!("\"{name}\":")), "{name} is not in the line");
            rest = rest.replace(&format!("\"{name}\":\"MARK\""), "").replace(&format!("\"{name}\":[\"MARK\"]"), "");
        }
        let rest = rest.replace("},\"MARK\"]", "}]").replace("[\"MARK\",\"MARK\"]", "[]");
        assert!(!rest.contains("MARK"), "{rest}");
        assert!(line.contains(r#""status":"***""#) && line.contains(r#""roles":{"***":1,"LLM":{"#), "{line}");
        assert_eq!(format!("{:?}", message.redacted()), line);

        let plain = VcpMessage::from_json(FULL).unwrap().redacted().to_string();
        assert!(plain.contains(r#""status":"success""#) && plain.contains(r#""start_time":"2026-"#), "{plain}");
        assert!(serde_json::from_str::<Value>(&plain).is_ok());
    }

    #[test]
    fn a_line_for_logs_shows_no_number_of_a_telephone_or_card() {
        let shown = |id: &str| {
            let mut message = VcpMessage::from_json(FULL).unwrap();
            message.vcp_payload.call.call_id = id.to_owned();
            message.redacted().to_string().contains(&format!("\"call_id\":\"{id}\""))
        };
        for id in
            ["Transferring to +12025550194", "to+1 (202) 555-0194", "Pressed 4111111111111111#", "call 202 555 0194"]
        {
            assert!(!shown(id), "{id}");
        }
        for id in ["call_1791979200000", "2026-10-14T12:00:00+00:00", "Pressed 2", "a+b", "3f2504e0-4f89-11d3-9a0c"] {
            assert!(shown(id), "{id}");
        }
    }

    #[test]
    fn a_line_for_logs_stays_short() {
        let mut message = VcpMessage::from_json(FULL).unwrap();
        message.vcp_payload.call.call_id = "x".repeat(1_000_000);
        assert!(message.redacted().to_string().len() < 10_000);
    }

    #[test]
    fn pseudonyms_depend_on_text_and_key() {
        let key = AnonymisationKey::new(&[7; 32]).unwrap();
        let other = AnonymisationKey::new(&[8; 32]).unwrap();
        // Computed with Python: hmac.new(bytes([7]*32), b"+15550100", "sha256").hexdigest()[:32].
        assert_eq!(key.pseudonym("+15550100"), "anon_2e835b0c6642e1c040699ea1fa6a6f94");
        assert_ne!(key.pseudonym("+15550100"), key.pseudonym("+15550101"));
        assert_ne!(key.pseudonym("+15550100"), other.pseudonym("+15550100"));
        assert_eq!(format!("{key:?}"), "AnonymisationKey(***)");
        let error = AnonymisationKey::new(&[0; 15]).unwrap_err();
        assert_eq!(error.to_string(), "the key has 15 bytes: it needs at least 16, from a good source of randomness");
    }

    #[test]
    fn a_differing_alias_is_a_number_too() {
        let key = AnonymisationKey::new(&[7; 32]).unwrap();
        let mut message = VcpMessage::from_json(FULL).unwrap();
        let call = &mut message.vcp_payload.call;
        call.extras.insert("from_".to_owned(), RawJson::from_text("+15550199"));
        message.audit.checksum = Some("jcs-sha256:00".to_owned());
        message.anonymise(&key);
        let json = message.to_json();
        assert!(!json.contains("jcs-sha256:00"), "somebody could try numbers until the checksum fits");
        assert!(json.contains(&format!("\"from_\":\"{}\"", key.pseudonym("+15550199"))), "{json}");
        assert!(!json.contains("+15550199"));
    }
}
