//! The signature schemes, each in its own file.

use crate::{Algorithm, AuthError, Request, Secret, mac};
use std::borrow::Cow;
use zeroize::Zeroizing;

pub(crate) mod bland;
pub(crate) mod elevenlabs;
pub(crate) mod hmac;
pub(crate) mod livekit;
pub(crate) mod retell;
pub(crate) mod standard_webhooks;
pub(crate) mod token;
pub(crate) mod twilio;

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
    /// `x-twilio-signature: <base64>`; HMAC-SHA1, or SHA-256 with a shared key, of the URL and the parameters of the form; of a body that is no form the URL holds
    /// the hash. Has no time. Name and value of a parameter stand together without a separator, so that who can choose them can shift letters from one to the other.
    Twilio,
    /// `authorization: <JWT>`, HS256, as LiveKit signs; the token holds the hash of the body. The id of the secret is the API key, which the token must name.
    /// Good from `nbf` to `exp`, with 60 s to spare.
    LiveKit,
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
        Self::Twilio,
        Self::LiveKit,
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
            Self::Twilio => "twilio",
            Self::LiveKit => "livekit",
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
        const SIGNING: [(&str, Scheme); 7] = [
            ("retell", Scheme::Retell),
            ("elevenlabs", Scheme::ElevenLabs),
            ("openai_realtime", Scheme::StandardWebhooks),
            ("openai", Scheme::StandardWebhooks),
            ("bland", Scheme::Bland),
            ("twilio", Scheme::Twilio),
            ("livekit", Scheme::LiveKit),
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
            Self::Twilio => Some(twilio::HEADER),
            Self::LiveKit => Some(livekit::HEADER),
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
            Self::Twilio => twilio::claim(request),
            Self::LiveKit => livekit::claim(request),
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
    /// The id that the key must have.
    pub(crate) issuer: Option<String>,
    /// What the body must hash to (SHA-256), where that is signed instead of the body, and where it stands.
    pub(crate) body_hash: Option<(&'static str, Vec<u8>)>,
    /// What is wrong with what was signed, told once it is known that it was signed.
    pub(crate) fault: Option<&'static str>,
    /// When it was signed, if it says so.
    pub(crate) signed_ms: Option<i64>,
    /// Bounds of time.
    pub(crate) times: Vec<Time>,
}

pub(crate) enum Proof<'r> {
    /// Digests over texts, of which one that matches one is enough.
    Digests { algorithm: Algorithm, digests: Vec<Vec<u8>>, texts: Vec<Text<'r>> },
    /// The secret itself.
    Token(Cow<'r, [u8]>),
}

/// A text that is signed, in parts.
pub(crate) type Text<'r> = Vec<Cow<'r, [u8]>>;

/// A time, and how long ago it may be and how far ahead, both inclusive. In milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    pub(crate) signed_ms: i64,
    pub(crate) oldest_ms: i64,
    pub(crate) newest_ms: i64,
}

impl<'r> Claim<'r> {
    /// Digests of one text.
    pub(crate) fn signed(
        place: impl Into<Cow<'r, str>>,
        algorithm: Algorithm,
        digests: Vec<Vec<u8>>,
        parts: impl IntoIterator<Item = &'r [u8]>,
    ) -> Self {
        let texts = vec![parts.into_iter().map(Cow::Borrowed).collect()];
        Self::of(place, Proof::Digests { algorithm, digests, texts })
    }

    pub(crate) fn of(place: impl Into<Cow<'r, str>>, proof: Proof<'r>) -> Self {
        let place = place.into();
        Self { place, proof, issuer: None, body_hash: None, fault: None, signed_ms: None, times: Vec::new() }
    }

    /// Signed at a time, which bounds how long that is good.
    pub(crate) fn at(mut self, time: Option<Time>) -> Self {
        self.signed_ms = time.map(|time| time.signed_ms);
        self.times.extend(time);
        self
    }

    /// What is signed besides the body, and whether the body as it is: of a form, the parameters are signed, and not how they are spelled.
    pub(crate) fn signed_for_replay(&self, body: &[u8]) -> (Vec<u8>, bool) {
        let Proof::Digests { texts, .. } = &self.proof else { return (Vec::new(), true) };
        let parts = || texts.first().into_iter().flatten();
        let is_body = |part: &&Cow<'_, [u8]>| std::ptr::eq(part.as_ref(), body);
        let besides = parts().filter(|part| !is_body(part)).flat_map(|part| part.iter().copied());
        (besides.collect(), self.body_hash.is_some() || parts().any(|part| is_body(&part)))
    }

    /// Whether this key makes it true. Compares in constant time.
    pub(crate) fn matches(&self, key: &[u8]) -> bool {
        match &self.proof {
            Proof::Digests { algorithm, digests, texts } => {
                texts.iter().any(|parts| algorithm.matches(key, parts, digests))
            }
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

    /// The same with another window. One that differs in its directions keeps that for the future, and one of a token, open in one direction, is as it is.
    pub(crate) fn within(mut self, tolerance_ms: Option<i64>) -> Self {
        let Some(tolerance_ms) = tolerance_ms else { return self };
        if self.oldest_ms == self.newest_ms {
            self.newest_ms = tolerance_ms;
        }
        if self.oldest_ms < i64::MAX && self.newest_ms < i64::MAX {
            self.oldest_ms = tolerance_ms;
        }
        self
    }

    /// Until when it is good, in milliseconds.
    pub(crate) fn until_ms(self) -> i64 {
        self.signed_ms.saturating_add(self.oldest_ms)
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
