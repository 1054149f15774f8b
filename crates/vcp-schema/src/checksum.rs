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
//! Both algorithms round decimal numbers in free-form data to the nearest double. Two numbers that
//! round to the same double give the same checksum. [`Algorithm::Jcs`] rounds integers too.
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

use crate::{Limits, UnknownNameError, VcpMessage, located_error};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

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
    /// All algorithms, with the one for new checksums first.
    pub const ALL: &'static [Algorithm] = &[Self::Jcs, Self::Legacy];

    /// Returns the name: `jcs` or `legacy`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jcs => "jcs",
            Self::Legacy => "legacy",
        }
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

/// Reads the name that [`Algorithm::as_str`] returns.
///
/// ```
/// use vcp_schema::checksum::Algorithm;
/// assert_eq!("legacy".parse::<Algorithm>(), Ok(Algorithm::Legacy));
/// let error = "md5".parse::<Algorithm>().unwrap_err();
/// assert_eq!(error.to_string(), "the checksum algorithm `md5` is not known: use jcs or legacy");
/// ```
impl FromStr for Algorithm {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        UnknownNameError::find("checksum algorithm", name, Self::ALL, Self::as_str)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The result of [`VcpMessage::verify_checksum`]. It is complete: a checksum matches, differs or is
/// absent.
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

/// The options of computing and verifying a checksum.
///
/// The functions of [`VcpMessage`] of similar names use the default options.
///
/// ```
/// use vcp_schema::{Limits, VcpMessage, checksum::{Algorithm, ChecksumOptions}};
/// # let text = include_str!("../tests/data/minimal.json");
/// let message = VcpMessage::from_json(text)?;
/// let options = ChecksumOptions::default().limits(Limits::default().members(1_000_000));
/// assert_eq!(options.checksum(&message, Algorithm::Jcs)?, message.checksum(Algorithm::Jcs)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ChecksumOptions {
    /// The limits on the message. Only `members` and `depth` are used. A depth above 128 counts as
    /// 128.
    pub limits: Limits,
}

impl ChecksumOptions {
    /// Sets the limits on the message. Only `members` and `depth` are used. A depth above 128
    /// counts as 128.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Computes the value for `audit.checksum`. Ignores any checksum already there.
    ///
    /// # Errors
    ///
    /// The errors of [`VcpMessage::checksum`].
    pub fn checksum(&self, message: &VcpMessage, algorithm: Algorithm) -> Result<String, ChecksumError> {
        let digest = Sha256::digest(self.canonical_text(message, algorithm)?);
        let mut text = String::with_capacity(algorithm.prefix().len() + 2 * digest.len());
        text.push_str(algorithm.prefix());
        for digit in digest.iter().flat_map(|byte| [byte >> 4, byte & 0xf]) {
            text.extend(char::from_digit(digit.into(), 16));
        }
        Ok(text)
    }

    /// Returns the text that is hashed, for comparison with another implementation.
    ///
    /// # Errors
    ///
    /// The errors of [`VcpMessage::checksum`].
    pub fn canonical_text(&self, message: &VcpMessage, algorithm: Algorithm) -> Result<String, ChecksumError> {
        // The writers recurse, so a higher limit could overflow the stack.
        let deepest = self.limits.depth.min(Limits::default().depth);
        match algorithm {
            Algorithm::Legacy => legacy::text(message, deepest),
            Algorithm::Jcs => jcs::text(message, deepest, self.limits.members),
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
    pub fn verify(&self, message: &VcpMessage) -> Result<Verdict, ChecksumError> {
        let Some(found) = &message.audit.checksum else {
            return Ok(Verdict::Absent);
        };
        let Some(algorithm) = Algorithm::of(found) else {
            return Ok(Verdict::Mismatch(None));
        };
        let matches = self.checksum(message, algorithm)? == *found;
        Ok(if matches { Verdict::Match(algorithm) } else { Verdict::Mismatch(Some(algorithm)) })
    }
}

impl VcpMessage {
    /// Computes the value for `audit.checksum`. Ignores any checksum already there.
    ///
    /// The cost grows with the length of the message times its depth, which is at most 128. To set
    /// limits, use [`ChecksumOptions::checksum`].
    ///
    /// # Errors
    ///
    /// - `VCP_E001`: the message has a float that is not finite. With [`Algorithm::Jcs`] also:
    ///   free-form data or an unknown member holds a number outside the range of doubles or a lone
    ///   surrogate.
    /// - `VCP_E007`: an unknown member has the name of a modelled one. Only code can build such a
    ///   message.
    /// - `VCP_E008`: free-form data makes the message deeper than 128. With [`Algorithm::Jcs`],
    ///   which sorts the members, also: the message has more than 100 000 members.
    pub fn checksum(&self, algorithm: Algorithm) -> Result<String, ChecksumError> {
        ChecksumOptions::default().checksum(self, algorithm)
    }

    /// Returns the text that is hashed, for comparison with another implementation. To set limits,
    /// use [`ChecksumOptions::canonical_text`].
    ///
    /// # Errors
    ///
    /// The errors of [`VcpMessage::checksum`].
    pub fn canonical_text(&self, algorithm: Algorithm) -> Result<String, ChecksumError> {
        ChecksumOptions::default().canonical_text(self, algorithm)
    }

    /// Compares `audit.checksum` with the message. The prefix of the checksum selects the
    /// algorithm. To set limits, use [`ChecksumOptions::verify`].
    ///
    /// A message without a checksum gives [`Verdict::Absent`], which is not a match.
    ///
    /// # Errors
    ///
    /// The errors of [`VcpMessage::checksum`].
    pub fn verify_checksum(&self) -> Result<Verdict, ChecksumError> {
        ChecksumOptions::default().verify(self)
    }
}
