//! The signature schemes, each in its own file.

use crate::{AuthError, HmacAlgorithm, Request, Secret, Signing, SigningFacts, mac};
use std::{borrow::Cow, str::FromStr};
use vcp_schema::UnknownNameError;
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

/// A scheme by which a provider signs its deliveries (`DECISIONS.md` 6.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Retell's scheme, with the header `x-retell-signature: v=<ms>,d=<hex>`.
    ///
    /// - Signature: HMAC-SHA256 of the body followed by `v`.
    /// - Window: at most 300 s old and at most 300 s ahead, both inclusive.
    Retell,
    /// The scheme of ElevenLabs, with the header `elevenlabs-signature: t=<s>,v0=<hex>`.
    ///
    /// - Signature: HMAC-SHA256 of `t`, a dot and the body. If the header has several `v0` parts,
    ///   one valid part is enough.
    /// - Window: at most 1800 s old and at most 300 s ahead, both inclusive.
    ElevenLabs,
    /// Standard Webhooks, as OpenAI uses it.
    ///
    /// - Headers: `webhook-id`, `webhook-timestamp` (in seconds) and
    ///   `webhook-signature: v1,<base64>`. The last may hold several entries, separated by spaces.
    ///   One valid entry is enough.
    /// - Signature: HMAC-SHA256 of id, timestamp and body, joined by dots.
    /// - Key: the decoded base64 after `whsec_`. A secret without `whsec_` is the key itself.
    /// - Window: at most 300 s old and at most 300 s ahead, both inclusive.
    StandardWebhooks,
    /// Bland's scheme, with the header `x-webhook-signature: <hex>`.
    ///
    /// - Signature: HMAC-SHA256 of the body.
    /// - Window: none. A delivery can be replayed at any later time.
    Bland,
    /// Twilio's scheme, with the header `x-twilio-signature: <base64>`.
    ///
    /// - Signature: HMAC-SHA1, or HMAC-SHA256 with a shared key, of the URL and the parameters of
    ///   the form. If the body is not a form, the URL holds the hash of the body.
    /// - Window: none. A delivery can be replayed at any later time.
    ///
    /// The URL and the parameters are signed without separators, so the signature stays valid if
    /// text moves:
    ///
    /// - between the name and the value of a parameter, if a sender can choose both;
    /// - between the end of the URL and the first parameters. A signed delivery fits a longer URL
    ///   with an empty body.
    ///
    /// Compare the URL with the one that you configured. Do not take it from the request.
    Twilio,
    /// LiveKit's scheme, with the header `authorization: <JWT>`.
    ///
    /// - Signature: HS256 over the token, which holds the hash of the body.
    /// - Secret: its id is the API key. The token must name this key as its issuer.
    /// - Window: from `nbf` and `iat` to `exp`, with 60 s of leeway. The end is exclusive.
    LiveKit,
    /// HMAC with your own settings, such as those for Vapi.
    Hmac(HmacScheme),
    /// A header that holds the secret itself, with or without `Bearer ` before the secret.
    ///
    /// Examples are Vapi's `x-vapi-secret` and the `authorization` of a relay.
    Header {
        /// The name of the header.
        name: Cow<'static, str>,
        /// `true` if the header holds `Bearer ` before the secret.
        bearer: bool,
    },
    /// A parameter of the URL that holds the secret, for providers that support nothing better.
    UrlToken {
        /// The name of the parameter.
        param: Cow<'static, str>,
    },
    /// The secret as the last segment of the URL's path.
    PathToken,
}

impl Scheme {
    /// The scheme of `Authorization: Bearer <secret>`.
    pub const BEARER: Self = Self::Header { name: Cow::Borrowed("authorization"), bearer: true };

    /// The schemes that need no settings.
    ///
    /// The token schemes have their usual names here: `authorization` for the header and `token`
    /// for the parameter of the URL.
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

    /// Returns the name in the conformance protocol and in reports, such as `retell`.
    ///
    /// A scheme of [`Scheme::ALL`] can be read from its name: `"retell".parse::<Scheme>()`. The
    /// names `hmac` and `header` cannot be read, because these schemes need settings.
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

    /// Returns the one scheme with which a provider signs.
    ///
    /// `provider` is the provider's name in VCP, or an alias. Case is ignored. Returns `None` for:
    ///
    /// - a provider whose user chooses the scheme, such as Vapi;
    /// - a provider that does not sign, such as Assistable;
    /// - a provider that is not listed by [`providers`](crate::providers()).
    ///
    /// ```
    /// use vcp_auth::Scheme;
    /// assert_eq!(Scheme::of_provider("OpenAI"), Some(Scheme::StandardWebhooks));
    /// assert_eq!(Scheme::of_provider("vapi"), None);
    /// ```
    #[must_use]
    pub fn of_provider(provider: &str) -> Option<Self> {
        SigningFacts::of(provider)?.scheme().cloned()
    }

    /// Returns the scheme with which the deliveries of a provider are verified if you choose no
    /// other.
    ///
    /// - The one scheme of the provider, if it has one.
    /// - For Vapi, whose users choose, the secret in `x-vapi-secret`.
    /// - For any other provider, the secret in the URL as the parameter `token`.
    ///
    /// `provider` is the provider's name in VCP, or an alias. Case is ignored.
    ///
    /// ```
    /// use vcp_auth::Scheme;
    /// assert_eq!(Scheme::usual("OpenAI"), Scheme::StandardWebhooks);
    /// assert_eq!(Scheme::usual("my_provider"), Scheme::UrlToken { param: "token".into() });
    /// ```
    #[must_use]
    pub fn usual(provider: &str) -> Self {
        match SigningFacts::of(provider).map(|facts| &facts.signing) {
            Some(Signing::Fixed(scheme)) => scheme.clone(),
            Some(Signing::Chosen) => Self::Header { name: "x-vapi-secret".into(), bearer: false },
            Some(Signing::Unsigned) | None => Self::UrlToken { param: "token".into() },
        }
    }

    /// Returns the name of the header that holds the signature or the secret.
    ///
    /// Returns `None` if the URL holds the secret.
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

    /// Returns the key that this scheme derives from a secret.
    ///
    /// # Errors
    ///
    /// `VCP_E210` if the secret or the key is empty, or if the secret is not the base64 that the
    /// scheme requires.
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

    /// Reads the claim of a request and checks its structure.
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

/// Reads the name of a scheme that needs no settings, as [`Scheme::name`] returns it. Case is
/// ignored.
///
/// ```
/// use vcp_auth::Scheme;
/// assert_eq!("ElevenLabs".parse::<Scheme>(), Ok(Scheme::ElevenLabs));
/// let error = "svix".parse::<Scheme>().unwrap_err().to_string();
/// assert!(error.starts_with("the signature scheme `svix` is not known: use retell, "));
/// ```
impl FromStr for Scheme {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        mac::named("signature scheme", name, Self::ALL, Self::name)
    }
}

/// The claim of a request that the provider sent it, not yet proven.
pub(crate) struct Claim<'r> {
    /// The place of the proof in the request, for errors.
    pub(crate) place: Cow<'r, str>,
    pub(crate) proof: Proof<'r>,
    /// The id that the secret must have. `None` if any id will do.
    pub(crate) issuer: Option<String>,
    /// The place and the value of the signed SHA-256 of the body.
    ///
    /// `None` if the scheme signs the body itself.
    pub(crate) body_hash: Option<(&'static str, Vec<u8>)>,
    /// A fault in the signed content. It is reported only after the signature has matched.
    pub(crate) fault: Option<&'static str>,
    /// The time of signing in milliseconds since the epoch, if the request states it.
    pub(crate) signed_ms: Option<i64>,
    /// The bounds in time. All must hold.
    pub(crate) times: Vec<Time>,
}

/// The proof that a request contains.
pub(crate) enum Proof<'r> {
    /// Digests, and the texts that may have been signed. One digest that fits one text is enough.
    Digests { algorithm: HmacAlgorithm, digests: Vec<Vec<u8>>, texts: Vec<Text<'r>> },
    /// The secret itself.
    Token(Cow<'r, [u8]>),
}

/// A signed text, in parts.
pub(crate) type Text<'r> = Vec<Cow<'r, [u8]>>;

/// A time and its bounds: how old and how far ahead of now it may be, both inclusive.
///
/// The time is in milliseconds since the epoch. The bounds are in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    pub(crate) signed_ms: i64,
    pub(crate) oldest_ms: i64,
    pub(crate) newest_ms: i64,
}

impl<'r> Claim<'r> {
    /// Creates a claim of digests over one text.
    pub(crate) fn signed(
        place: impl Into<Cow<'r, str>>,
        algorithm: HmacAlgorithm,
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

    /// Sets the time of signing, and adds its bounds.
    pub(crate) fn at(mut self, time: Option<Time>) -> Self {
        self.signed_ms = time.map(|time| time.signed_ms);
        self.times.extend(time);
        self
    }

    /// Returns the signed bytes without the body, and whether the bytes of the body are covered.
    ///
    /// The bytes of a form are not covered: Twilio signs its parameters, not their spelling. For a
    /// token, returns no bytes and `true`.
    pub(crate) fn signed_for_replay(&self, body: &[u8]) -> (Vec<u8>, bool) {
        let Proof::Digests { texts, .. } = &self.proof else { return (Vec::new(), true) };
        let parts = || texts.first().into_iter().flatten();
        let is_body = |part: &&Cow<'_, [u8]>| std::ptr::eq(part.as_ref(), body);
        let besides = parts().filter(|part| !is_body(part)).flat_map(|part| part.iter().copied());
        (besides.collect(), self.body_hash.is_some() || parts().any(|part| is_body(&part)))
    }

    /// Returns whether the proof was made with this key. Compares in constant time.
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
    /// The bound of most schemes, in milliseconds: 300 s in both directions.
    pub(crate) const WINDOW_MS: i64 = 300_000;

    pub(crate) fn within_window(signed_ms: i64) -> Self {
        Self { signed_ms, oldest_ms: Self::WINDOW_MS, newest_ms: Self::WINDOW_MS }
    }

    /// Replaces the bounds by a tolerance.
    ///
    /// - If both bounds are equal, both change.
    /// - If they differ, only the greatest age changes.
    /// - If one direction is unlimited, as for a token, nothing changes.
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

    /// Returns the last time within the bounds, in milliseconds since the epoch (inclusive).
    pub(crate) fn until_ms(self) -> i64 {
        self.signed_ms.saturating_add(self.oldest_ms)
    }

    /// Checks that `now_ms` is within the bounds.
    ///
    /// # Errors
    ///
    /// `VCP_E205` if the time is too old, `VCP_E206` if the time is too far ahead.
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

/// Returns the value of a header that must appear exactly once.
///
/// # Errors
///
/// `VCP_E202` if the header is missing, `VCP_E203` if it appears more than once.
pub(crate) fn only<'r>(request: &Request<'r>, name: &str) -> Result<&'r [u8], AuthError> {
    let missing = || AuthError::HeaderMissing { header: name.to_owned() };
    let value = request.header(name, 0).ok_or_else(missing)?;
    if request.header(name, 1).is_some() {
        return Err(malformed(name, "it appears more than once"));
    }
    Ok(value)
}

pub(crate) fn malformed(header: &str, reason: &'static str) -> AuthError {
    AuthError::HeaderMalformed { header: header.to_owned(), reason }
}

/// Parses a number that consists of digits only. Returns `None` for other texts and on overflow.
pub(crate) fn digits(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_read_in_any_case() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.name().to_uppercase().parse(), Ok(scheme.clone()));
        }
        for name in ["", "hmac", "header", "svix"] {
            assert_eq!(name.parse::<Scheme>().unwrap_err().known().len(), Scheme::ALL.len(), "{name}");
        }
    }
}
