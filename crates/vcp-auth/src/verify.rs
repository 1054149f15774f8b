//! The check itself.

use crate::{AddressList, AuthError, Headers, ReplayKey, Request, Scheme, Secret, mac, scheme::Claim};
use chrono::{DateTime, Utc};
use std::fmt;
use zeroize::Zeroizing;

/// Checks deliveries of one scheme against one or more secrets. Make it once, use it for every delivery.
#[derive(Clone)]
pub struct Verifier {
    scheme: Option<Scheme>,
    keys: Vec<Key>,
    tolerance_ms: Option<i64>,
    addresses: Option<AddressList>,
}

/// A secret, and what it is for the scheme.
#[derive(Clone)]
struct Key {
    secret: Secret,
    key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.secrets().map(Secret::id).collect();
        f.debug_struct("Verifier").field("scheme", &self.scheme).field("keys", &ids).finish_non_exhaustive()
    }
}

/// A body that was checked. Only a check can make one, or [`Verified::dangerously_trusted`]. Shown by the length of the body, which may have secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified<'b> {
    body: &'b [u8],
    /// `None` when it was trusted unchecked.
    proven: Option<Box<Proven>>,
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("bytes", &self.body.len())
            .field("scheme", &self.scheme())
            .field("key_id", &self.key_id())
            .field("signed_at", &self.signed_at())
            .finish_non_exhaustive()
    }
}

impl<'b> Verified<'b> {
    /// Calls a body verified that nobody checked: for input from your own archive, or from a provider that cannot sign
    /// where you decided that this is fine. Whoever can reach your endpoint can then forge calls.
    #[must_use]
    pub fn dangerously_trusted(body: &'b [u8]) -> Self {
        Self { body, proven: None }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &'b [u8] {
        self.body
    }

    /// The scheme that was checked; `None` when the body was trusted unchecked.
    #[must_use]
    pub fn scheme(&self) -> Option<&Scheme> {
        self.proven.as_ref().map(|proven| &proven.scheme)
    }

    /// The id of the secret that matched.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.proven.as_ref().map(|proven| proven.key_id.as_str())
    }

    /// When the delivery was signed.
    #[must_use]
    pub fn signed_at(&self) -> Option<DateTime<Utc>> {
        self.proven.as_ref()?.signed_at
    }

    /// Until when this signature is good, that time included: how long a delivery must be remembered that is not to be taken twice. `None` when nothing was
    /// signed that bounds it.
    #[must_use]
    pub fn good_until(&self) -> Option<DateTime<Utc>> {
        self.proven.as_ref()?.good_until
    }

    /// What tells this delivery from others, by all that was signed and nothing else: the same for the same delivery sent again, whatever else is changed in it. See
    /// [`replay`](crate::replay). Deliveries of one text to several of your endpoints have one key: put the endpoint's name beside it with [`ReplayKey::of`].
    #[must_use]
    pub fn replay_key(&self) -> ReplayKey {
        let Some(Proven { scheme, signed: (besides, has_body), .. }) = self.proven.as_deref() else {
            return ReplayKey::of([self.body]);
        };
        ReplayKey::of([scheme.name().as_bytes(), besides, if *has_body { self.body } else { &[] }])
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
        self.keys.push(Key { secret: secret.clone(), key });
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

    /// Refuses deliveries from elsewhere than these addresses, before anything else is looked at. Off unless asked for.
    #[must_use]
    pub fn allow_from(mut self, addresses: AddressList) -> Self {
        self.addresses = Some(addresses);
        self
    }

    /// A verifier that has nothing to verify with and always says so.
    #[must_use]
    pub fn nothing() -> Self {
        Self { scheme: None, keys: Vec::new(), tolerance_ms: None, addresses: None }
    }

    /// The scheme, if there is one.
    #[must_use]
    pub fn scheme(&self) -> Option<&Scheme> {
        self.scheme.as_ref()
    }

    /// Checks one delivery: its address if there is a list, the header's structure, then the signature with what it says of the body and of who signed, then the time.
    ///
    /// The body is the raw bytes received. A body parsed and written again has other bytes and does not verify.
    ///
    /// # Errors
    ///
    /// `VCP_E201` nothing to verify with, `VCP_E202` header missing, `VCP_E203` header malformed or repeated, `VCP_E204` no key matches, `VCP_E205` too old,
    /// `VCP_E206` too new, `VCP_E207` another address, `VCP_E208` another body than the one whose hash was signed, `VCP_E209` a token that does not say what it must,
    /// `VCP_E210` when the scheme or the list needs a part of the request that is not given.
    pub fn verify<'b>(
        &self,
        headers: &(impl Headers + ?Sized),
        body: &'b [u8],
        now: DateTime<Utc>,
    ) -> Result<Verified<'b>, AuthError> {
        Ok(self.proven(&Request::new(&headers, body), now)?.of(body))
    }

    /// As [`Verifier::verify`], for schemes that look at the URL or the method too.
    ///
    /// # Errors
    ///
    /// As [`Verifier::verify`].
    pub fn check<'b>(&self, request: &Request<'b>, now: DateTime<Utc>) -> Result<Verified<'b>, AuthError> {
        Ok(self.proven(request, now)?.of(request.body()))
    }

    fn proven(&self, request: &Request<'_>, now: DateTime<Utc>) -> Result<Proven, AuthError> {
        if let Some(addresses) = &self.addresses {
            let reason = "there is a list of addresses, and the address of the request is not given";
            let address = request.source_given().ok_or(AuthError::Configuration { reason })?;
            if !addresses.contains(address) {
                return Err(AuthError::AddressNotAllowed { address });
            }
        }
        let scheme = self.scheme.as_ref().ok_or(AuthError::NothingToVerify)?;
        let claim = scheme.claim(request)?;
        let secret = self.signer(&claim, request.body())?;
        claim.times.iter().try_for_each(|time| time.within(self.tolerance_ms).check(now.timestamp_millis()))?;
        let good_until_ms = claim.times.iter().map(|time| time.within(self.tolerance_ms).until_ms()).min();
        Ok(Proven {
            scheme: scheme.clone(),
            key_id: secret.id().to_owned(),
            signed_at: claim.signed_ms.and_then(DateTime::from_timestamp_millis),
            good_until: good_until_ms.and_then(DateTime::from_timestamp_millis),
            signed: claim.signed_for_replay(request.body()),
        })
    }

    pub(crate) fn tolerance_ms(&self) -> Option<i64> {
        self.tolerance_ms
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.keys.iter().map(|key| &key.secret)
    }

    /// The secret whose holder signed a body.
    pub(crate) fn signer(&self, claim: &Claim<'_>, body: &[u8]) -> Result<&Secret, AuthError> {
        let header = || claim.place.clone().into_owned().into();
        let mut matching = self.keys.iter().filter(|key| claim.matches(&key.key)).map(|key| &key.secret).peekable();
        if matching.peek().is_none() {
            return Err(AuthError::NoMatch { header: header(), keys: self.keys.len() });
        }
        if let Some(reason) = claim.fault {
            return Err(AuthError::Claims { header: header(), reason });
        }
        let secret = matching.find(|secret| claim.issuer.as_ref().is_none_or(|issuer| issuer == secret.id()));
        let reason = "its `iss` is not the id of the secret, which is the API key";
        let secret = secret.ok_or_else(|| AuthError::Claims { header: header(), reason })?;
        match &claim.body_hash {
            Some((place, hash)) if mac::sha256(body) != *hash => Err(AuthError::BodyHash { place }),
            _ => Ok(secret),
        }
    }
}

/// How a body was checked, by which key, and of what time it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Proven {
    scheme: Scheme,
    key_id: String,
    signed_at: Option<DateTime<Utc>>,
    good_until: Option<DateTime<Utc>>,
    /// What was signed besides the body, and whether the body as it is was.
    signed: (Vec<u8>, bool),
}

impl Proven {
    fn of(self, body: &[u8]) -> Verified<'_> {
        Verified { body, proven: Some(Box::new(self)) }
    }
}
