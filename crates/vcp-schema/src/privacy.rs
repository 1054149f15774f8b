//! Messages without what says who somebody is: a view for logs, and pseudonyms for numbers.

use crate::{RawJson, VcpMessage, write};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// A view of a message for logs; see [`VcpMessage::redacted`].
#[derive(Clone, Copy)]
pub struct Redacted<'m>(&'m VcpMessage);

/// One line of JSON.
impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write::to_masked_text(self.0))
    }
}

/// The same line as `Display`, so that a stray `{:?}` shows no more.
impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key of pseudonyms; see [`VcpMessage::anonymise`]. Keep it as a secret: whoever has it can try every telephone number.
#[derive(Clone)]
pub struct AnonymisationKey(Hmac<Sha256>);

/// The key is too short to be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key has {0} bytes: it needs at least {least}, from a good source of randomness", least = AnonymisationKey::LEAST_BYTES)]
pub struct ShortKeyError(usize);

impl AnonymisationKey {
    /// The length that a key needs at least, in bytes.
    pub const LEAST_BYTES: usize = 16;

    /// A key of random bytes.
    ///
    /// # Errors
    ///
    /// When it is shorter than [`Self::LEAST_BYTES`].
    pub fn new(key: &[u8]) -> Result<Self, ShortKeyError> {
        let short = ShortKeyError(key.len());
        if key.len() < Self::LEAST_BYTES {
            return Err(short);
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| short)
    }

    /// The pseudonym of a text: `anon_` and 128 bits of its HMAC-SHA256 in hex. The same text has the same pseudonym under the same key, so that
    /// calls of one person can still be joined.
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
    /// A view for logs: one line of JSON in which ids, times, words and figures stand, and `"***"` for what may say who somebody is or what was said:
    /// numbers of callers, texts for people, references, free-form data, words that no list has, and any text above 256 bytes. Of unknown members and
    /// of maps with free names only the count is shown: `"***":2`.
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

    /// Replaces `caller_id`, `from` and `to` of the call, and a differing `from_` beside them, by keyed pseudonyms.
    ///
    /// Nothing else changes: the provider's own payload in `custom.provider_specific`, the texts for people and what is named in
    /// `artifacts` may hold the numbers too. A checksum in `audit.checksum` no longer matches afterwards. Doing it twice makes pseudonyms of
    /// pseudonyms.
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

    /// The members that may show text. What is added to the model is hidden until it is named here.
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

    /// A copy of a message in which every text, word and name that is not the model's own is marked.
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
    fn a_line_for_logs_stays_short() {
        let mut message = VcpMessage::from_json(FULL).unwrap();
        message.vcp_payload.call.call_id = "x".repeat(1_000_000);
        assert!(message.redacted().to_string().len() < 10_000);
    }

    #[test]
    fn pseudonyms_depend_on_text_and_key() {
        let key = AnonymisationKey::new(&[7; 32]).unwrap();
        let other = AnonymisationKey::new(&[8; 32]).unwrap();
        // Worked out with Python: hmac.new(bytes([7]*32), b"+15550100", "sha256").hexdigest()[:32].
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
        message.anonymise(&key);
        let json = message.to_json();
        assert!(json.contains(&format!("\"from_\":\"{}\"", key.pseudonym("+15550199"))), "{json}");
        assert!(!json.contains("+15550199"));
    }
}
