//! The signature schemes, each in its own file.

use crate::{Algorithm, AuthError, Request, Secret, mac};
use std::borrow::Cow;
use zeroize::Zeroizing;

pub(crate) mod bland;
pub(crate) mod elevenlabs;
pub(crate) mod hmac;
pub(crate) mod retell;
pub(crate) mod standard_webhooks;
pub(crate) mod token;

pub use hmac::HmacScheme;

/// How a provider signs its deliveries (decisions 6.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `x-retell-signature: v=<ms>,d=<hex>`; HMAC-SHA256 of body and `v`. At most 300 s old or ahead, both inclusive.
    Retell,
    /// `elevenlabs-signature: t=<s>,v0=<hex>`; HMAC-SHA256 of `t`, a dot and the body. At most 1800 s old and 300 s ahead,
    /// both inclusive. Several `v0` parts: any valid one is enough.
    ElevenLabs,
    /// Standard Webhooks as OpenAI signs: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64>`, several separated by spaces; HMAC-SHA256 of id,
    /// timestamp and body with dots between. The key is what the base64 behind `whsec_` spells, else the text of the secret. At most 300 s old or ahead.
    StandardWebhooks,
    /// `x-webhook-signature: <hex>`; HMAC-SHA256 of the body. Has no time: a delivery can be sent again for ever.
    Bland,
    /// HMAC with settings of your own, such as Vapi's.
    Hmac(HmacScheme),
    /// A header that holds the secret itself, behind `Bearer ` or bare: Vapi's `x-vapi-secret`, a relay's `authorization`.
    Header {
        /// The name of the header.
        name: Cow<'static, str>,
        /// Whether the secret stands behind `Bearer `.
        bearer: bool,
    },
    /// A parameter of the URL that holds the secret, for providers that can do nothing else.
    UrlToken {
        /// The name of the parameter.
        param: Cow<'static, str>,
    },
    /// The last piece of the path of the URL is the secret.
    PathToken,
}

impl Scheme {
    /// `Authorization: Bearer <secret>`.
    pub const BEARER: Self = Self::Header { name: Cow::Borrowed("authorization"), bearer: true };

    /// The schemes that need no settings.
    pub const ALL: &'static [Self] = &[
        Self::Retell,
        Self::ElevenLabs,
        Self::StandardWebhooks,
        Self::Bland,
        Self::BEARER,
        Self::UrlToken { param: Cow::Borrowed("token") },
        Self::PathToken,
    ];

    /// The name in the conformance protocol and in reports: `retell`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Retell => "retell",
            Self::ElevenLabs => "elevenlabs",
            Self::StandardWebhooks => "standard_webhooks",
            Self::Bland => "bland",
            Self::Hmac(_) => "hmac",
            Self::Header { bearer: true, .. } => "bearer",
            Self::Header { bearer: false, .. } => "header",
            Self::UrlToken { .. } => "url_token",
            Self::PathToken => "path_token",
        }
    }

    /// The scheme with this name, for those that need no settings.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|scheme| scheme.name().eq_ignore_ascii_case(name)).cloned()
    }

    /// The scheme by which a provider signs when nothing else is set there, by its name in VCP, case ignored. `None` for Vapi, where the user chooses, and Assistable, which signs nothing.
    #[must_use]
    pub fn of_provider(provider: &str) -> Option<Self> {
        const SIGNING: [(&str, Scheme); 5] = [
            ("retell", Scheme::Retell),
            ("elevenlabs", Scheme::ElevenLabs),
            ("openai_realtime", Scheme::StandardWebhooks),
            ("openai", Scheme::StandardWebhooks),
            ("bland", Scheme::Bland),
        ];
        SIGNING.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(provider)).map(|(_, scheme)| scheme)
    }

    /// The header that carries the signature or the secret.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        match self {
            Self::Retell => Some(retell::HEADER),
            Self::ElevenLabs => Some(elevenlabs::HEADER),
            Self::StandardWebhooks => Some(standard_webhooks::SIGNATURE),
            Self::Bland => Some(bland::HEADER),
            Self::Hmac(scheme) => Some(scheme.header()),
            Self::Header { name, .. } => Some(name),
            Self::UrlToken { .. } | Self::PathToken => None,
        }
    }

    /// The key that a secret is for this scheme.
    pub(crate) fn key(&self, secret: &Secret) -> Result<Zeroizing<Vec<u8>>, AuthError> {
        let raw = secret.bytes();
        if raw.is_empty() {
            return Err(AuthError::Configuration { reason: "a secret is empty" });
        }
        let in_base64 = match self {
            Self::StandardWebhooks => raw.strip_prefix(standard_webhooks::PREFIX.as_bytes()),
            Self::Hmac(scheme) if scheme.secret_is_base64() => Some(raw),
            _ => None,
        };
        let Some(text) = in_base64 else { return Ok(Zeroizing::new(raw.to_vec())) };
        let key = mac::base64(text).filter(|key| !key.is_empty());
        key.ok_or(AuthError::Configuration { reason: "a secret is not the base64 that the scheme wants" })
    }

    /// What a request claims, its structure checked.
    pub(crate) fn claim<'r>(&'r self, request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
        match self {
            Self::Retell => retell::claim(request),
            Self::ElevenLabs => elevenlabs::claim(request),
            Self::StandardWebhooks => standard_webhooks::claim(request),
            Self::Bland => bland::claim(request),
            Self::Hmac(scheme) => scheme.claim(request),
            Self::Header { name, bearer } => token::in_header(request, name, *bearer),
            Self::UrlToken { param } => token::in_query(request, param),
            Self::PathToken => token::in_path(request),
        }
    }
}

/// What a request claims.
pub(crate) struct Claim<'r> {
    /// Where it stands, for errors.
    pub(crate) place: Cow<'r, str>,
    pub(crate) proof: Proof<'r>,
    /// When it was signed and for how long that is good, if it says so.
    pub(crate) time: Option<Time>,
}

pub(crate) enum Proof<'r> {
    /// Digests, of which one that matches is enough, over the parts.
    Digests { algorithm: Algorithm, digests: Vec<Vec<u8>>, parts: Vec<&'r [u8]> },
    /// The secret itself.
    Token(Cow<'r, [u8]>),
}

/// When something was signed, and how old it may be and how far ahead, both inclusive. In milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    pub(crate) signed_ms: i64,
    pub(crate) oldest_ms: i64,
    pub(crate) newest_ms: i64,
}

impl Claim<'_> {
    /// Whether this key makes it true. Compares in constant time.
    pub(crate) fn matches(&self, key: &[u8]) -> bool {
        match &self.proof {
            Proof::Digests { algorithm, digests, parts } => algorithm.matches(key, parts, digests),
            Proof::Token(token) => mac::is_same(key, token),
        }
    }
}

impl Time {
    /// The window that most schemes have: 300 s in both directions.
    pub(crate) const WINDOW_MS: i64 = 300_000;

    pub(crate) fn within_window(signed_ms: i64) -> Self {
        Self { signed_ms, oldest_ms: Self::WINDOW_MS, newest_ms: Self::WINDOW_MS }
    }

    /// Whether it is of the right time.
    pub(crate) fn check(self, now_ms: i64) -> Result<(), AuthError> {
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

/// The one value of a header.
pub(crate) fn only<'r>(request: &Request<'r>, name: &str) -> Result<&'r [u8], AuthError> {
    let missing = || AuthError::HeaderMissing { header: name.to_owned().into() };
    let value = request.header(name, 0).ok_or_else(missing)?;
    if request.header(name, 1).is_some() {
        return Err(malformed(name, "it stands more than once"));
    }
    Ok(value)
}

pub(crate) fn malformed(header: &str, reason: &'static str) -> AuthError {
    AuthError::HeaderMalformed { header: header.to_owned().into(), reason }
}

/// A number that is nothing but digits and fits 64 bits.
pub(crate) fn digits(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
