//! The dialects in which VCP messages are written (`DECISIONS.md` 2.1). The types of this crate
//! describe 0.5. Tables of data describe the older dialects.

mod older;

use crate::{
    UnknownNameError, VcpVersion,
    describe::{self, ObjectType},
};
use std::{fmt, str::FromStr};

/// A dialect of VCP. Version 0.3 has two dialects: the one of the specification, and the one that
/// production systems wrote. Every other version has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// 0.3 as the specification defines it. It is the 0.5 tree without `consent` and `provenance`.
    /// Capabilities are strings, and `audit` is at the root.
    Spec03,
    /// 0.3 as production systems wrote it. `call_id` is at the root, and `audit` is inside
    /// `vcp_payload`.
    Production03,
    /// 0.4. It is like [`Self::Production03`], and has `provenance` and `consent` in a form that
    /// differs from 0.5.
    V04,
    /// 0.5, the dialect of this crate's types.
    V05,
}

impl Dialect {
    /// All dialects, oldest first.
    pub const ALL: &'static [Dialect] = &[Self::Spec03, Self::Production03, Self::V04, Self::V05];

    /// Returns the name, as in the names of the published schemas: `0.3`, `0.3-production`, `0.4`
    /// or `0.5`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spec03 => "0.3",
            Self::Production03 => "0.3-production",
            Self::V04 => "0.4",
            Self::V05 => "0.5",
        }
    }

    /// Returns the version that the messages of this dialect give in `vcp_version`.
    #[must_use]
    pub fn version(self) -> VcpVersion {
        match self {
            Self::Spec03 | Self::Production03 => VcpVersion::V03,
            Self::V04 => VcpVersion::V04,
            Self::V05 => VcpVersion::V05,
        }
    }

    /// Returns the description of the messages of this dialect.
    ///
    /// ```
    /// use vcp_schema::Dialect;
    /// let has = |dialect: Dialect, member| dialect.message().field(member).is_some();
    /// assert!(has(Dialect::Spec03, "audit") && !has(Dialect::Production03, "audit"));
    /// ```
    #[must_use]
    pub fn message(self) -> &'static ObjectType {
        match self {
            Self::Spec03 => &older::SPEC_03,
            Self::Production03 => &older::PRODUCTION_03,
            Self::V04 => &older::V04,
            Self::V05 => describe::message(),
        }
    }
}

/// Reads the name that [`Dialect::as_str`] returns.
impl FromStr for Dialect {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        UnknownNameError::find("dialect", name, Self::ALL, Self::as_str)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
