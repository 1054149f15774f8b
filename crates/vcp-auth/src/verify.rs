//! The check itself.

use crate::{AuthError, Headers, Request, Scheme, Secret};
use chrono::{DateTime, Utc};
use std::fmt;
use zeroize::Zeroizing;

/// Checks deliveries of one scheme against one or more secrets. Make it once, use it for every delivery.
#[derive(Clone)]
pub struct Verifier {
    scheme: Option<Scheme>,
    keys: Vec<Key>,
    tolerance_ms: Option<i64>,
}

/// What a secret is for the scheme.
#[derive(Clone)]
struct Key {
    id: String,
    key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("Verifier").field("scheme", &self.scheme).field("keys", &ids).finish_non_exhaustive()
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a delivery with nothing to verify it with is not verified"]
pub enum Outcome<'b> {
    /// The delivery is from the holder of a secret.
    Verified(Verified<'b>),
    /// No secret is configured, or the provider signs nothing: nobody knows who sent this. Never a success
    /// (decisions 6.1, `VCP_E201`).
    NothingToVerify,
}

/// A body that was checked. Only a check can make one, or [`Verified::dangerously_trusted`]. Shown by the length of the body, which may have secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified<'b> {
    body: &'b [u8],
    scheme: Option<Scheme>,
    key_id: Option<String>,
    signed_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("bytes", &self.body.len())
            .field("scheme", &self.scheme)
            .field("key_id", &self.key_id)
            .field("signed_at", &self.signed_at)
            .finish_non_exhaustive()
    }
}

impl<'b> Verified<'b> {
    /// Calls a body verified that nobody checked: for input from your own archive, or from a provider that cannot sign
    /// where you decided that this is fine. Whoever can reach your endpoint can then forge calls.
    #[must_use]
    pub fn dangerously_trusted(body: &'b [u8]) -> Self {
        Self { body, scheme: None, key_id: None, signed_at: None }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &'b [u8] {
        self.body
    }

    /// The scheme that was checked; `None` when the body was trusted unchecked.
    #[must_use]
    pub fn scheme(&self) -> Option<&Scheme> {
        self.scheme.as_ref()
    }

    /// The id of the secret that matched.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// When the delivery was signed.
    #[must_use]
    pub fn signed_at(&self) -> Option<DateTime<Utc>> {
        self.signed_at
    }
}

impl Verifier {
    /// A verifier for a scheme with these secrets, in any order: a delivery is verified when one matches.
    ///
    /// # Errors
    ///
    /// `VCP_E210` when there is no secret or an empty one, or the settings of the scheme do not fit together.
    pub fn new(scheme: Scheme, secrets: Vec<Secret>) -> Result<Self, AuthError> {
        if let Scheme::Hmac(settings) = &scheme {
            settings.check()?;
        }
        if secrets.is_empty() {
            return Err(AuthError::Configuration { reason: "it has no secret" });
        }
        let mut verifier = Self { scheme: Some(scheme), ..Self::nothing() };
        secrets.iter().try_for_each(|secret| verifier.add(secret))?;
        Ok(verifier)
    }

    /// Adds a secret.
    ///
    /// # Errors
    ///
    /// `VCP_E210` when it is empty, not of the form that the scheme wants, or there is no scheme.
    pub fn add(&mut self, secret: &Secret) -> Result<(), AuthError> {
        let Some(scheme) = &self.scheme else {
            return Err(AuthError::Configuration { reason: "it has no scheme" });
        };
        let key = scheme.key(secret)?;
        self.keys.push(Key { id: secret.id().to_owned(), key });
        Ok(())
    }

    /// How old a signature may be, and how far ahead, in seconds, 1 to 86 400; without it, what the provider's own SDKs allow. Schemes without a time have no
    /// use for it. ElevenLabs stays at 300 s ahead.
    ///
    /// # Errors
    ///
    /// `VCP_E210` outside these bounds: less refuses everything, and more makes a signature seen once good for days.
    pub fn tolerance(mut self, seconds: u32) -> Result<Self, AuthError> {
        if !(1..=86_400).contains(&seconds) {
            return Err(AuthError::Configuration { reason: "the tolerance is 1 to 86400 seconds" });
        }
        self.tolerance_ms = Some(i64::from(seconds) * 1000);
        Ok(self)
    }

    /// A verifier that has nothing to verify with and always says so.
    #[must_use]
    pub fn nothing() -> Self {
        Self { scheme: None, keys: Vec::new(), tolerance_ms: None }
    }

    /// The scheme, if there is one.
    #[must_use]
    pub fn scheme(&self) -> Option<&Scheme> {
        self.scheme.as_ref()
    }

    /// Checks one delivery: the header's structure, then the signature, then the time.
    ///
    /// The body is the raw bytes received. A body parsed and written again has other bytes and does not verify.
    ///
    /// # Errors
    ///
    /// `VCP_E202` header missing, `VCP_E203` header malformed or repeated, `VCP_E204` no key matches, `VCP_E205` too old,
    /// `VCP_E206` too new.
    pub fn verify<'b>(
        &self,
        headers: &(impl Headers + ?Sized),
        body: &'b [u8],
        now: DateTime<Utc>,
    ) -> Result<Outcome<'b>, AuthError> {
        self.verify_request(&Request::new(&headers, body), now).map(|checked| checked.outcome(body))
    }

    /// As [`Verifier::verify`], for schemes that look at the URL or the method too.
    ///
    /// # Errors
    ///
    /// As [`Verifier::verify`]; `VCP_E210` when the scheme needs a part of the request that is not given.
    pub fn check<'b>(&self, request: &Request<'b>, now: DateTime<Utc>) -> Result<Outcome<'b>, AuthError> {
        self.verify_request(request, now).map(|checked| checked.outcome(request.body()))
    }

    fn verify_request(&self, request: &Request<'_>, now: DateTime<Utc>) -> Result<Checked, AuthError> {
        let Some(scheme) = &self.scheme else { return Ok(Checked(None)) };
        let claim = scheme.claim(request)?;
        let key = self.keys.iter().find(|key| claim.matches(&key.key));
        let no_match = || AuthError::NoMatch { header: claim.place.clone().into_owned().into(), keys: self.keys.len() };
        let key = key.ok_or_else(no_match)?;
        let time = claim.time.map(|mut time| {
            if let Some(tolerance_ms) = self.tolerance_ms {
                // A scheme whose bounds differ keeps the one for the future.
                let is_even = time.newest_ms == time.oldest_ms;
                time.oldest_ms = tolerance_ms;
                time.newest_ms = if is_even { tolerance_ms } else { time.newest_ms };
            }
            time
        });
        time.map_or(Ok(()), |time| time.check(now.timestamp_millis()))?;
        let signed_at = time.and_then(|time| DateTime::from_timestamp_millis(time.signed_ms));
        Ok(Checked(Some((scheme.clone(), key.id.clone(), signed_at))))
    }
}

/// A check that did not fail: how, by which key, and when it was signed.
struct Checked(Option<(Scheme, String, Option<DateTime<Utc>>)>);

impl Checked {
    fn outcome(self, body: &[u8]) -> Outcome<'_> {
        match self.0 {
            None => Outcome::NothingToVerify,
            Some((scheme, key_id, signed_at)) => {
                Outcome::Verified(Verified { body, scheme: Some(scheme), key_id: Some(key_id), signed_at })
            }
        }
    }
}
