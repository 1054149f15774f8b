//! Checksums of a message (decisions 3): SHA-256 over a canonical form of the message without `audit.checksum`.
//!
//! | algorithm | canonical form | text in `audit.checksum` |
//! |---|---|---|
//! | [`Algorithm::Jcs`] | RFC 8785 of the message as [`VcpMessage::to_json`] writes it, unknown members included | `jcs-sha256:` and 64 hex digits |
//! | [`Algorithm::Legacy`] | what the published Python reference hashes: modelled fields only, as `json.dumps(…, sort_keys=True)` prints them | 64 hex digits |
//!
//! Write [`Algorithm::Jcs`]: any language has a library for it, and it covers the whole message. The other is there so that
//! existing records can be verified. In both, numbers of free-form data that are no integers go through the nearest double (in `Jcs` all
//! numbers do), so two numbers that differ only beyond it share a checksum.
//!
//! ```
//! use vcp_schema::{VcpMessage, checksum::{Algorithm, Verdict}};
//! # let text = include_str!("../tests/data/minimal.json");
//! let mut message = VcpMessage::from_json(text)?;
//! assert_eq!(message.verify_checksum()?, Verdict::Absent);
//! message.audit.checksum = Some(message.checksum(Algorithm::Jcs)?);
//! assert_eq!(message.verify_checksum()?, Verdict::Match(Algorithm::Jcs));
//! message.vcp_payload.call.provider = "vapi".to_owned();
//! assert_eq!(message.verify_checksum()?, Verdict::Mismatch(Some(Algorithm::Jcs)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod jcs;
pub(crate) mod legacy;
mod python;
mod sorted;

use crate::{Limits, VcpMessage, error::located_error};
use sha2::{Digest, Sha256};

/// How a checksum is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Algorithm {
    /// SHA-256 of the RFC 8785 form, `jcs-sha256:…`. What to write.
    #[default]
    Jcs,
    /// What the published Python reference writes: SHA-256 in bare hex.
    Legacy,
}

impl Algorithm {
    /// The name: `jcs` or `legacy`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jcs => "jcs",
            Self::Legacy => "legacy",
        }
    }

    /// The algorithm with this name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Jcs, Self::Legacy].into_iter().find(|algorithm| algorithm.as_str() == word)
    }

    /// What stands before the hex digits.
    fn prefix(self) -> &'static str {
        match self {
            Self::Jcs => "jcs-sha256:",
            Self::Legacy => "",
        }
    }

    /// The algorithm that made a checksum, by its prefix; `None` for a prefix that nobody knows.
    fn of(checksum: &str) -> Option<Self> {
        if checksum.starts_with(Self::Jcs.prefix()) {
            Some(Self::Jcs)
        } else {
            (!checksum.contains(':')).then_some(Self::Legacy)
        }
    }
}

/// What [`VcpMessage::verify_checksum`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The message is what the checksum was made of.
    Match(Algorithm),
    /// It is not, or the checksum is of no known algorithm (`None`).
    Mismatch(Option<Algorithm>),
    /// There is no checksum: nothing was verified.
    Absent,
}

located_error! {
    /// Why a message has no checksum: `VCP_E001`, `VCP_E007` or `VCP_E008`, and the place in the message.
    ChecksumError
}

impl VcpMessage {
    /// The checksum that belongs into `audit.checksum`. One that is there already is left out of account.
    ///
    /// # Errors
    ///
    /// `VCP_E008` when free-form data is nested so that the message is deeper than 128 or, for [`Algorithm::Jcs`], which puts members into order, has
    /// more than 100 000 members (see [`VcpMessage::checksum_with`]). `VCP_E001` for what has no such form: a float that is not finite, and for
    /// [`Algorithm::Jcs`] a number outside the range of doubles or a lone surrogate in free-form data or unknown members. `VCP_E007` when code gave
    /// an unknown member the name of a modelled one.
    ///
    /// The cost grows with the length of the message times its depth, which is at most 128.
    pub fn checksum(&self, algorithm: Algorithm) -> Result<String, ChecksumError> {
        self.checksum_with(algorithm, &Limits::default())
    }

    /// The checksum, within the given limit on members. The depth cannot be raised above 128.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::checksum`].
    pub fn checksum_with(&self, algorithm: Algorithm, limits: &Limits) -> Result<String, ChecksumError> {
        let digest = Sha256::digest(self.canonical_text(algorithm, limits)?);
        let mut text = String::with_capacity(algorithm.prefix().len() + 2 * digest.len());
        text.push_str(algorithm.prefix());
        for digit in digest.iter().flat_map(|byte| [byte >> 4, byte & 0xf]) {
            text.extend(char::from_digit(digit.into(), 16));
        }
        Ok(text)
    }

    /// The text that is hashed, for comparison with another implementation.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::checksum`].
    pub fn canonical_text(&self, algorithm: Algorithm, limits: &Limits) -> Result<String, ChecksumError> {
        // The writers recurse: a higher limit would not be safe on every stack.
        let deepest = limits.depth.min(Limits::default().depth);
        match algorithm {
            Algorithm::Legacy => legacy::text(self, deepest),
            Algorithm::Jcs => jcs::text(self, deepest, limits.members),
        }
    }

    /// Whether the message is what its `audit.checksum` was made of. The algorithm is known by its prefix; an absent checksum is an answer of
    /// its own, not a match.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::checksum`].
    pub fn verify_checksum(&self) -> Result<Verdict, ChecksumError> {
        self.verify_checksum_with(&Limits::default())
    }

    /// As [`VcpMessage::verify_checksum`], within the given limit on members. The depth cannot be raised above 128.
    ///
    /// # Errors
    ///
    /// As [`VcpMessage::checksum`].
    pub fn verify_checksum_with(&self, limits: &Limits) -> Result<Verdict, ChecksumError> {
        let Some(found) = &self.audit.checksum else {
            return Ok(Verdict::Absent);
        };
        let Some(algorithm) = Algorithm::of(found) else {
            return Ok(Verdict::Mismatch(None));
        };
        let matches = self.checksum_with(algorithm, limits)? == *found;
        Ok(if matches { Verdict::Match(algorithm) } else { Verdict::Mismatch(Some(algorithm)) })
    }
}
