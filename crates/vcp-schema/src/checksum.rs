//! Checksums of a message (`DECISIONS.md` 3). A checksum is SHA-256 over a canonical form of the
//! message without `audit.checksum`.
//!
//! - [`Algorithm::Jcs`]: the canonical form is RFC 8785 of the message as [`VcpMessage::to_json`]
//!   writes it, with its unknown members. The checksum is `jcs-sha256:` and 64 hex digits.
//! - [`Algorithm::Legacy`]: the canonical form is the text that the published Python reference
//!   hashes. It has only the modelled fields, as `json.dumps(…, sort_keys=True)` prints them. The
//!   checksum is 64 hex digits.
//!
//! Use [`Algorithm::Jcs`] for new checksums. Any language has a library for it, and it covers the
//! whole message. [`Algorithm::Legacy`] exists so that existing records can be verified.
//!
//! Numbers in free-form data that are not integers are rounded to the nearest double. Two such
//! numbers that differ only beyond a double share a checksum. [`Algorithm::Jcs`] rounds all numbers
//! in this way.
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

use crate::{Limits, VcpMessage, located_error};
use sha2::{Digest, Sha256};

/// The method by which a checksum is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Algorithm {
    /// SHA-256 of the RFC 8785 form, written as `jcs-sha256:…`. Use it for new checksums.
    #[default]
    Jcs,
    /// The checksum of the published Python reference: SHA-256 in bare hex.
    Legacy,
}

impl Algorithm {
    /// Returns the name: `jcs` or `legacy`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jcs => "jcs",
            Self::Legacy => "legacy",
        }
    }

    /// Returns the algorithm with this name, or `None` if the name is unknown.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Jcs, Self::Legacy].into_iter().find(|algorithm| algorithm.as_str() == word)
    }

    /// Returns the text before the hex digits.
    fn prefix(self) -> &'static str {
        match self {
            Self::Jcs => "jcs-sha256:",
            Self::Legacy => "",
        }
    }

    /// Returns the algorithm of a checksum, by its prefix. Returns `None` if the prefix is unknown.
    fn of(checksum: &str) -> Option<Self> {
        if checksum.starts_with(Self::Jcs.prefix()) {
            Some(Self::Jcs)
        } else {
            (!checksum.contains(':')).then_some(Self::Legacy)
        }
    }
}

/// The result of [`VcpMessage::verify_checksum`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The checksum matches the message.
    Match(Algorithm),
    /// The checksum does not match the message. The algorithm is `None` if the prefix of the
    /// checksum is unknown.
    Mismatch(Option<Algorithm>),
    /// The message has no checksum, so nothing was verified.
    Absent,
}

located_error! {
    /// The reason why a checksum cannot be computed. The code is `VCP_E001`, `VCP_E007` or
    /// `VCP_E008`. The path is the place in the message.
    ChecksumError
}

impl VcpMessage {
    /// Computes the value for `audit.checksum`. Ignores any checksum already there.
    ///
    /// The cost grows with the length of the message times its depth, which is at most 128.
    ///
    /// # Errors
    ///
    /// - `VCP_E001`: the message has a float that is not finite. With [`Algorithm::Jcs`] also:
    ///   free-form data or an unknown member holds a number outside the range of doubles or a lone
    ///   surrogate.
    /// - `VCP_E007`: an unknown member has the name of a modelled one. Only code can build such a
    ///   message.
    /// - `VCP_E008`: free-form data makes the message deeper than 128. With [`Algorithm::Jcs`],
    ///   which sorts the members, also: the message has more than 100 000 members (see
    ///   [`VcpMessage::checksum_with`]).
    pub fn checksum(&self, algorithm: Algorithm) -> Result<String, ChecksumError> {
        self.checksum_with(algorithm, &Limits::default())
    }

    /// Computes the value for `audit.checksum` within these limits.
    ///
    /// Only `limits.members` and `limits.depth` are used. A depth above 128 counts as 128.
    ///
    /// # Errors
    ///
    /// The errors of [`VcpMessage::checksum`].
    pub fn checksum_with(&self, algorithm: Algorithm, limits: &Limits) -> Result<String, ChecksumError> {
        let digest = Sha256::digest(self.canonical_text(algorithm, limits)?);
        let mut text = String::with_capacity(algorithm.prefix().len() + 2 * digest.len());
        text.push_str(algorithm.prefix());
        for digit in digest.iter().flat_map(|byte| [byte >> 4, byte & 0xf]) {
            text.extend(char::from_digit(digit.into(), 16));
        }
        Ok(text)
    }

    /// Returns the text that is hashed, for comparison with another implementation. The limits are
    /// those of [`VcpMessage::checksum_with`].
    ///
    /// # Errors
    ///
    /// The errors of [`VcpMessage::checksum`].
    pub fn canonical_text(&self, algorithm: Algorithm, limits: &Limits) -> Result<String, ChecksumError> {
        // The writers recurse, so a higher limit could overflow the stack.
        let deepest = limits.depth.min(Limits::default().depth);
        match algorithm {
            Algorithm::Legacy => legacy::text(self, deepest),
            Algorithm::Jcs => jcs::text(self, deepest, limits.members),
        }
    }

    /// Compares `audit.checksum` with the message. The prefix of the checksum selects the
    /// algorithm.
    ///
    /// A message without a checksum gives [`Verdict::Absent`], which is not a match.
    ///
    /// # Errors
    ///
    /// The errors of [`VcpMessage::checksum`].
    pub fn verify_checksum(&self) -> Result<Verdict, ChecksumError> {
        self.verify_checksum_with(&Limits::default())
    }

    /// Compares `audit.checksum` with the message, within these limits.
    ///
    /// Only `limits.members` and `limits.depth` are used. A depth above 128 counts as 128.
    ///
    /// # Errors
    ///
    /// The errors of [`VcpMessage::checksum`].
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
