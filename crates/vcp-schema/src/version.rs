//! The versions of the protocol (schema-v0.5, "Version Support and Compatibility").

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A version of the protocol.
///
/// The list is closed. A message of any other version is refused with `VCP_E006`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VcpVersion {
    /// Version 0.3, the foundation.
    V03,
    /// Version 0.4, which added provenance and consent.
    V04,
    /// Version 0.5, the version of the types in this crate.
    V05,
}

impl VcpVersion {
    /// All versions, oldest first.
    pub const ALL: &'static [VcpVersion] = &[Self::V03, Self::V04, Self::V05];

    /// Returns the word on the wire, such as `0.5`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V03 => "0.3",
            Self::V04 => "0.4",
            Self::V05 => "0.5",
        }
    }

    /// Returns the version with this word, or `None` if it is unknown.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.as_str() == word)
    }
}

impl Serialize for VcpVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for VcpVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::read::deserialize_text(deserializer, Self::from_word)
    }
}

impl fmt::Display for VcpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
