//! The versions of the protocol (schema-v0.5, "Version Support and Compatibility").

use crate::UnknownNameError;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A version of the protocol.
///
/// A message of any other version is refused with `VCP_E006`.
///
/// ```
/// use vcp_schema::VcpVersion;
/// assert_eq!("0.5".parse::<VcpVersion>(), Ok(VcpVersion::V05));
/// let error = "0.6".parse::<VcpVersion>().unwrap_err();
/// assert_eq!(error.to_string(), "the version `0.6` is not known: use 0.3, 0.4 or 0.5");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
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
}

/// Reads the word on the wire, such as `0.5`.
impl FromStr for VcpVersion {
    type Err = UnknownNameError;

    fn from_str(word: &str) -> Result<Self, UnknownNameError> {
        UnknownNameError::find("version", word, Self::ALL, Self::as_str)
    }
}

impl Serialize for VcpVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for VcpVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::read::deserialize_text(deserializer, |word| word.parse().ok())
    }
}

impl fmt::Display for VcpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
