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
pub struct ShortKey(usize);

impl AnonymisationKey {
    /// The length that a key needs at least, in bytes.
    pub const LEAST_BYTES: usize = 16;

    /// A key of random bytes.
    ///
    /// # Errors
    ///
    /// When it is shorter than [`Self::LEAST_BYTES`].
    pub fn new(key: &[u8]) -> Result<Self, ShortKey> {
        let short = ShortKey(key.len());
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
    /// A view for logs: one line of JSON in which ids, times, words, figures and names of members stand, and `"***"` for what may say who
    /// somebody is or what was said: numbers of callers, texts for people, references, free-form data, unknown members.
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
    use crate::describe::{self, Kind, ObjectType};
    use serde_json::Value;

    const FULL: &str = include_str!("../tests/data/full.json");

    /// Whether the text values that the masked line shows are those of fields that may be shown.
    fn shown(value: &Value, kind: &Kind, seen: &mut Vec<String>) {
        match (kind, value) {
            (_, Value::String(text)) if text == "***" => {}
            (Kind::Object(object), Value::Object(members)) => {
                for (name, value) in members {
                    match object.field(name) {
                        Some(field) if !field.personal => shown(value, &field.kind, seen),
                        _ => assert_eq!(value, "***", "{name}"),
                    }
                }
            }
            (Kind::Map(_, kind), Value::Object(members)) => members.values().for_each(|v| shown(v, kind, seen)),
            (Kind::List(kind), Value::Array(list)) => list.iter().for_each(|v| shown(v, kind, seen)),
            (Kind::TextOr(kind), Value::Object(_)) => shown(value, kind, seen),
            (Kind::FreeForm, _) => panic!("free-form data is shown"),
            (_, value) => seen.push(value.to_string()),
        }
    }

    #[test]
    fn the_view_for_logs_shows_no_personal_and_no_free_form_value() {
        let message = VcpMessage::from_json(FULL).unwrap();
        let line: Value = serde_json::from_str(&message.redacted().to_string()).unwrap();
        let mut seen = Vec::new();
        let root: &'static ObjectType = describe::message();
        shown(&line, &Kind::Object(root), &mut seen);
        assert!(seen.contains(&format!("\"{}\"", message.vcp_payload.call.call_id)));
        assert!(seen.len() > 50, "{seen:?}");
        let call = &message.vcp_payload.call;
        for number in [&call.from, &call.to, &call.caller_id].into_iter().flatten() {
            assert!(!line.to_string().contains(number.as_str()));
        }
        assert_eq!(format!("{:?}", message.redacted()), message.redacted().to_string());
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
