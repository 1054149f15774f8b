//! The dialects in which VCP messages are written: 0.5, and those before it as data (decisions 2.1).

mod older;

use crate::{
    VcpVersion,
    describe::{self, ObjectType},
};
use std::fmt;

/// A dialect of VCP. There is one a version, but for 0.3: what the specification says, and what production systems wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// 0.3 as the specification has it: the 0.5 tree without `consent` and `provenance`, capabilities as strings, `audit` at the root.
    Spec03,
    /// 0.3 as production systems wrote it: `call_id` at the root, `audit` inside `vcp_payload`.
    Production03,
    /// 0.4: like production 0.3, with `provenance` and `consent` of its own.
    V04,
    /// 0.5, the dialect of this crate's types.
    V05,
}

impl Dialect {
    /// All dialects, oldest first.
    pub const ALL: &'static [Dialect] = &[Self::Spec03, Self::Production03, Self::V04, Self::V05];

    /// The name, as in the names of the published schemas: `0.3`, `0.3-production`, `0.4`, `0.5`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spec03 => "0.3",
            Self::Production03 => "0.3-production",
            Self::V04 => "0.4",
            Self::V05 => "0.5",
        }
    }

    /// The dialect with this name, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dialect| dialect.as_str() == word)
    }

    /// The version that its messages claim.
    #[must_use]
    pub fn version(self) -> VcpVersion {
        match self {
            Self::Spec03 | Self::Production03 => VcpVersion::V03,
            Self::V04 => VcpVersion::V04,
            Self::V05 => VcpVersion::V05,
        }
    }

    /// The description of its messages.
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

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
