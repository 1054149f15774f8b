//! Message authentication codes and their encodings.

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use std::str::FromStr;
use vcp_schema::UnknownNameError;
use zeroize::Zeroizing;

/// The HMAC algorithm of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum HmacAlgorithm {
    /// HMAC-SHA1, 20 bytes. Use it only if the provider supports nothing better.
    Sha1,
    /// HMAC-SHA256, 32 bytes.
    #[default]
    Sha256,
    /// HMAC-SHA512, 64 bytes.
    Sha512,
}

/// The text encoding of a signature in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// Lower-case hexadecimal digits.
    #[default]
    Hex,
    /// Base64 with the standard alphabet and padding.
    Base64,
}

impl HmacAlgorithm {
    /// All algorithms.
    pub const ALL: &'static [Self] = &[Self::Sha1, Self::Sha256, Self::Sha512];

    /// Returns the name: `sha1`, `sha256` or `sha512`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Returns whether one of `digests` is the digest of `parts` under `key`.
    ///
    /// Compares in constant time.
    pub(crate) fn matches(self, key: &[u8], parts: &[impl AsRef<[u8]>], digests: &[Vec<u8>]) -> bool {
        fn one<M: Mac + KeyInit + Clone>(key: &[u8], parts: &[impl AsRef<[u8]>], digests: &[Vec<u8>]) -> bool {
            let Ok(mac) = <M as KeyInit>::new_from_slice(key) else { return false };
            let mac = parts.iter().fold(mac, |mac, part| mac.chain_update(part.as_ref()));
            // Checks all digests, so that the time does not show which one matches.
            digests.iter().fold(false, |any, digest| any | mac.clone().verify_slice(digest).is_ok())
        }
        match self {
            Self::Sha1 => one::<Hmac<Sha1>>(key, parts, digests),
            Self::Sha256 => one::<Hmac<Sha256>>(key, parts, digests),
            Self::Sha512 => one::<Hmac<Sha512>>(key, parts, digests),
        }
    }

    /// Computes the digest of the parts.
    pub(crate) fn digest(self, key: &[u8], parts: &[impl AsRef<[u8]>]) -> Vec<u8> {
        fn one<M: Mac + KeyInit>(key: &[u8], parts: &[impl AsRef<[u8]>]) -> Vec<u8> {
            // HMAC accepts keys of any length, so this error cannot occur.
            let Ok(mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
            parts.iter().fold(mac, |mac, part| mac.chain_update(part.as_ref())).finalize().into_bytes().to_vec()
        }
        match self {
            Self::Sha1 => one::<Hmac<Sha1>>(key, parts),
            Self::Sha256 => one::<Hmac<Sha256>>(key, parts),
            Self::Sha512 => one::<Hmac<Sha512>>(key, parts),
        }
    }

    /// Decodes a digest. Returns `None` if the text is invalid or the digest has the wrong length.
    pub(crate) fn read(self, encoding: Encoding, text: &[u8]) -> Option<Vec<u8>> {
        let digest = match encoding {
            Encoding::Hex => hex(text)?,
            Encoding::Base64 => base64(text)?,
        };
        (digest.len() == self.length()).then(|| digest.to_vec())
    }
}

/// Reads the name that [`HmacAlgorithm::as_str`] returns. Case is ignored.
///
/// ```
/// use vcp_auth::HmacAlgorithm;
/// assert_eq!("SHA512".parse::<HmacAlgorithm>(), Ok(HmacAlgorithm::Sha512));
/// let error = "md5".parse::<HmacAlgorithm>().unwrap_err().to_string();
/// assert_eq!(error, "the HMAC algorithm `md5` is not known: use sha1, sha256 or sha512");
/// ```
impl FromStr for HmacAlgorithm {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        named("HMAC algorithm", name, Self::ALL, |algorithm| algorithm.as_str())
    }
}

impl Encoding {
    /// All encodings.
    pub const ALL: &'static [Self] = &[Self::Hex, Self::Base64];

    /// Returns the name: `hex` or `base64`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn spell(self, digest: &[u8]) -> String {
        match self {
            Self::Hex => digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            Self::Base64 => Base64::encode_string(digest),
        }
    }
}

/// Reads the name that [`Encoding::as_str`] returns. Case is ignored.
///
/// ```
/// use vcp_auth::Encoding;
/// assert_eq!("hex".parse::<Encoding>(), Ok(Encoding::Hex));
/// ```
impl FromStr for Encoding {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        named("signature encoding", name, Self::ALL, |encoding| encoding.as_str())
    }
}

/// Returns the value with a name. Case is ignored. `kind` says in a few words what is named.
///
/// # Errors
///
/// Returns an error that lists the names of `all` if none of them is `name`.
pub(crate) fn named<T: Clone>(
    kind: &'static str,
    name: &str,
    all: &[T],
    name_of: impl Fn(&T) -> &'static str,
) -> Result<T, UnknownNameError> {
    let found = all.iter().find(|value| name_of(value).eq_ignore_ascii_case(name));
    found.cloned().ok_or_else(|| UnknownNameError::new(kind, name, &all.iter().map(name_of).collect::<Vec<_>>()))
}

/// Decodes lower-case hexadecimal digits. Returns `None` for any other text. The bytes are wiped
/// when they are dropped, also those of a text that is wrong at its end.
pub(crate) fn hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nibble = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.chunks(2) {
        let [high, low] = pair else { return None };
        bytes.push(nibble(*high)? << 4 | nibble(*low)?);
    }
    Some(bytes)
}

/// Decodes padded base64. Returns `None` for any other text.
///
/// Accepts only one text for the same bytes. Takes the same time for all secrets of one length.
pub(crate) fn base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = std::str::from_utf8(text).ok()?;
    let bytes = decode::<Base64>(text)?;
    (*Zeroizing::new(Base64::encode_string(&bytes)) == *text).then_some(bytes)
}

/// Decodes base64. Returns `None` for any other text. The bytes are wiped when they are dropped,
/// also those of a text that is wrong at its end.
pub(crate) fn decode<E: base64ct::Encoding>(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let length = E::decode(text, &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

/// Computes the SHA-256 of some bytes, without a key.
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// Computes the SHA-256 of parts.
///
/// Hashes the length before each part, so that the boundaries between parts affect the result.
pub(crate) fn sha256_of_parts(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> [u8; 32] {
    let each = |hash: Sha256, part: &[u8]| hash.chain_update((part.len() as u64).to_be_bytes()).chain_update(part);
    parts.into_iter().fold(Sha256::new(), |hash, part| each(hash, part.as_ref())).finalize().into()
}

/// Returns whether a token is the secret. Compares in constant time for all lengths.
pub(crate) fn is_same(secret: &[u8], token: &[u8]) -> bool {
    let expected = HmacAlgorithm::Sha256.digest(secret, &[secret]);
    HmacAlgorithm::Sha256.matches(secret, &[token], &[expected])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case() {
        for algorithm in HmacAlgorithm::ALL {
            assert_eq!(algorithm.as_str().to_uppercase().parse(), Ok(*algorithm));
        }
        for encoding in Encoding::ALL {
            assert_eq!(encoding.as_str().to_uppercase().parse(), Ok(*encoding));
        }
        assert!("".parse::<HmacAlgorithm>().is_err() && "sha256 ".parse::<HmacAlgorithm>().is_err());
        let error = "base32".parse::<Encoding>().unwrap_err();
        assert_eq!(error, UnknownNameError::new("signature encoding", "base32", &["hex", "base64"]));
    }

    #[test]
    fn one_spelling_only() {
        assert_eq!(hex(b"00ff10").as_deref(), Some(&vec![0, 255, 16]));
        for odd in ["0", "0F", "0g", "é"] {
            assert!(hex(odd.as_bytes()).is_none(), "{odd}");
        }
        assert_eq!(base64(b"AAE=").as_deref(), Some(&vec![0, 1]));
        for odd in ["AAE", "AAF=", "AA E=", "AA_=", "AAE=\n"] {
            assert!(base64(odd.as_bytes()).is_none(), "{odd}");
        }
    }

    #[test]
    fn tokens_are_compared_whole() {
        assert!(is_same(b"secret", b"secret"));
        for other in ["", "secre", "secret ", "Secret", "secrets"] {
            assert!(!is_same(b"secret", other.as_bytes()), "{other}");
        }
    }
}
