//! The signature schemes, each in its own file.

use crate::AuthError;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub(crate) mod elevenlabs;
pub(crate) mod retell;

/// How a provider signs its deliveries (decisions 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `x-retell-signature: v=<ms>,d=<hex>`; HMAC-SHA256 of body and `v`. At most 300 s old or ahead, both inclusive.
    Retell,
    /// `elevenlabs-signature: t=<s>,v0=<hex>`; HMAC-SHA256 of `t`, a dot and the body. At most 1800 s old and 300 s ahead,
    /// both inclusive. Several `v0` parts: any valid one is enough.
    ElevenLabs,
}

impl Scheme {
    /// All schemes.
    pub const ALL: &'static [Scheme] = &[Self::Retell, Self::ElevenLabs];

    /// The name in the conformance protocol and in reports: `retell`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Retell => "retell",
            Self::ElevenLabs => "elevenlabs",
        }
    }

    /// The scheme with this name, which is also the name of the provider that uses it by default. `None` for providers
    /// whose schemes this release does not check.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }

    /// The header that carries the signature.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::Retell => retell::HEADER,
            Self::ElevenLabs => elevenlabs::HEADER,
        }
    }
}

/// A signature as it stands in a header, its structure checked.
pub(crate) struct Claim<'h> {
    /// The digests offered; one that matches is enough.
    pub(crate) digests: Vec<[u8; 32]>,
    /// What is hashed before the body, and after it.
    pub(crate) before: [&'h [u8]; 2],
    pub(crate) after: &'h [u8],
    /// When it was signed, in milliseconds since 1970.
    pub(crate) signed_ms: i64,
    /// How old it may be and how far ahead, in milliseconds, both inclusive.
    pub(crate) oldest_ms: i64,
    pub(crate) newest_ms: i64,
}

impl Claim<'_> {
    /// Whether this key gives one of the digests. Compares in constant time.
    pub(crate) fn matches(&self, key: &[u8], body: &[u8]) -> bool {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else {
            return false;
        };
        let [prefix, separator] = self.before;
        let mac = [prefix, separator, body, self.after].into_iter().fold(mac, Mac::chain_update);
        self.digests.iter().any(|digest| mac.clone().verify_slice(digest).is_ok())
    }

    /// Whether it is of the right time.
    pub(crate) fn check_time(&self, now_ms: i64) -> Result<(), AuthError> {
        let age_ms = now_ms.saturating_sub(self.signed_ms);
        if age_ms > self.oldest_ms {
            return Err(AuthError::TooOld { age_ms, limit_ms: self.oldest_ms });
        }
        let ahead_ms = self.signed_ms.saturating_sub(now_ms);
        if ahead_ms > self.newest_ms {
            return Err(AuthError::TooNew { ahead_ms, limit_ms: self.newest_ms });
        }
        Ok(())
    }
}

/// The 32 bytes that 64 lower-case hexadecimal digits spell.
pub(crate) fn digest(hex: &[u8]) -> Option<[u8; 32]> {
    let nibble = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    if hex.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

/// A number that is nothing but digits and fits 64 bits.
pub(crate) fn digits(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
