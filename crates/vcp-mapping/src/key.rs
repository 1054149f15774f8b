//! The key that recognises an event that is delivered again.

use serde::{Serialize, Serializer};
use std::fmt;

/// The idempotency key of a delivery: the same event of the same call has the same key, also if the
/// provider signs it again.
///
/// The form is `<provider>:<event>:<id>`, with further parts for some providers (`DECISIONS.md`
/// 5.11). Use it as a unique column beside the record. It does not protect from an attacker who
/// sends captured bytes again: the replay key of `vcp-auth`, which has another type, is for that.
///
/// `Debug` does not show the key, because ids can be personal data.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub(crate) fn new(key: String) -> Self {
        Self(key)
    }

    /// Returns the key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for IdempotencyKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(***)")
    }
}

impl Serialize for IdempotencyKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
