//! The verification of deliveries.

use crate::{AddressList, AuthError, Headers, ReplayKey, Request, Scheme, Secret, mac, scheme::Claim};
use chrono::{DateTime, Utc};
use std::fmt;
use zeroize::Zeroizing;

/// A verifier. It checks that deliveries were signed with one of its secrets, as its scheme says.
///
/// Create it once and use it for every delivery.
#[derive(Clone)]
pub struct Verifier {
    scheme: Option<Scheme>,
    keys: Vec<Key>,
    tolerance_ms: Option<i64>,
    addresses: Option<AddressList>,
}

/// A secret, and the key that the scheme derives from it.
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

/// A body that was verified.
///
/// Only a successful check or [`Verified::dangerously_trusted`] creates this type. `Debug` shows
/// the length of the body, not its text, because the body may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified<'b> {
    body: &'b [u8],
    /// The result of the check. `None` if the body was trusted without a check.
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
    /// Treats a body as verified without a check.
    ///
    /// Use this for input from your own archive. Use it for a provider that cannot sign only if you
    /// accept the risk: anyone who can reach your endpoint can then forge calls.
    #[must_use]
    pub fn dangerously_trusted(body: &'b [u8]) -> Self {
        Self { body, proven: None }
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &'b [u8] {
        self.body
    }

    /// Returns the scheme of the signature, or `None` if the body was trusted without a check.
    #[must_use]
    pub fn scheme(&self) -> Option<&Scheme> {
        self.proven.as_ref().map(|proven| &proven.scheme)
    }

    /// Returns the id of the secret that matched.
    ///
    /// Returns `None` if the body was trusted without a check.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.proven.as_ref().map(|proven| proven.key_id.as_str())
    }

    /// Returns the time of signing.
    ///
    /// For [`Scheme::LiveKit`] this is `nbf`, or `iat` if the token has no `nbf`. Returns `None` if
    /// the delivery states no time of signing, or if the body was trusted without a check.
    #[must_use]
    pub fn signed_at(&self) -> Option<DateTime<Utc>> {
        self.proven.as_ref()?.signed_at
    }

    /// Returns the last instant at which the signature is accepted (inclusive).
    ///
    /// Remember the delivery until then to reject a replay; see [`replay`](crate::replay). Returns
    /// `None` if the signature has no time limit, or if the body was trusted without a check.
    #[must_use]
    pub fn good_until(&self) -> Option<DateTime<Utc>> {
        self.proven.as_ref()?.good_until
    }

    /// Returns a key that identifies this delivery, for [`replay`](crate::replay) detection.
    ///
    /// The key is computed only from the signed parts and the name of the scheme. A replayed
    /// delivery has the same key, even if its unsigned parts were changed. For a body that was
    /// trusted without a check, the key is computed from the body alone.
    ///
    /// A text that is sent to several of your endpoints can have the same key at each of them. Use
    /// [`ReplayKey::of`] to combine the key with the name of the endpoint.
    #[must_use]
    pub fn replay_key(&self) -> ReplayKey {
        let Some(Proven { scheme, signed: (besides, has_body), .. }) = self.proven.as_deref() else {
            return ReplayKey::of([self.body]);
        };
        ReplayKey::of([scheme.name().as_bytes(), besides, if *has_body { self.body } else { &[] }])
    }
}

impl Verifier {
    /// Creates a verifier for a scheme and its secrets.
    ///
    /// A delivery is verified if one of the secrets matches. The secrets may be in any order.
    ///
    /// # Errors
    ///
    /// `VCP_E210` if:
    ///
    /// - `secrets` is empty;
    /// - a secret is empty, or does not have the form that the scheme requires;
    /// - the settings of the scheme do not fit together.
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
    /// `VCP_E210` if:
    ///
    /// - the secret is empty, or does not have the form that the scheme requires;
    /// - the verifier has no scheme (see [`Verifier::nothing`]).
    pub fn add(&mut self, secret: &Secret) -> Result<(), AuthError> {
        let Some(scheme) = &self.scheme else {
            return Err(AuthError::Configuration { reason: "it has no scheme" });
        };
        let key = scheme.key(secret)?;
        self.keys.push(Key { secret: secret.clone(), key });
        Ok(())
    }

    /// Sets how old a signature may be and how far ahead, in seconds (1 to 86 400, inclusive).
    ///
    /// By default, the limits of the [`Scheme`] apply, which follow the provider's own SDKs.
    ///
    /// Some schemes use the tolerance in part or not at all:
    ///
    /// - For [`Scheme::ElevenLabs`], the limit ahead stays at 300 s.
    /// - For [`Scheme::LiveKit`], nothing changes: the token sets its own window.
    /// - Schemes without a time ignore the tolerance.
    ///
    /// # Errors
    ///
    /// `VCP_E210` if `seconds` is out of range. Less than 1 s would refuse every delivery. More
    /// than a day would keep a captured signature valid for days.
    pub fn tolerance(mut self, seconds: u32) -> Result<Self, AuthError> {
        if !(1..=86_400).contains(&seconds) {
            return Err(AuthError::Configuration { reason: "the tolerance is 1 to 86400 seconds" });
        }
        self.tolerance_ms = Some(i64::from(seconds) * 1000);
        Ok(self)
    }

    /// Refuses deliveries from all addresses that are not on the list.
    ///
    /// By default, deliveries may come from any address.
    ///
    /// The address is checked first. Set it with [`Request::source`] and call [`Verifier::check`].
    /// [`Verifier::verify`] has no address to check, so it returns `VCP_E210`.
    #[must_use]
    pub fn allow_from(mut self, addresses: AddressList) -> Self {
        self.addresses = Some(addresses);
        self
    }

    /// Creates a verifier without a scheme and without secrets.
    ///
    /// Its checks return `VCP_E201`, unless an address list refuses the delivery first.
    #[must_use]
    pub fn nothing() -> Self {
        Self { scheme: None, keys: Vec::new(), tolerance_ms: None, addresses: None }
    }

    /// Returns the scheme, or `None` if the verifier has no scheme (see [`Verifier::nothing`]).
    #[must_use]
    pub fn scheme(&self) -> Option<&Scheme> {
        self.scheme.as_ref()
    }

    /// Checks one delivery, given its headers and its body.
    ///
    /// The checks run in this order:
    ///
    /// 1. the address, if [`Verifier::allow_from`] is set;
    /// 2. the structure of the header;
    /// 3. the signature, then the signed claims about the signer and the body;
    /// 4. the time, with `now` as the current time.
    ///
    /// `body` must be the raw bytes received. A body that was parsed and serialised again has other
    /// bytes and is not verified.
    ///
    /// # Errors
    ///
    /// - `VCP_E201`: the verifier has no scheme to check with.
    /// - `VCP_E202`: the header is missing.
    /// - `VCP_E203`: the header is malformed or repeated.
    /// - `VCP_E204`: no key matches.
    /// - `VCP_E205`: the signature is too old, or the token has expired.
    /// - `VCP_E206`: the time of signing is too far in the future.
    /// - `VCP_E207`: the address is not on the list.
    /// - `VCP_E208`: the signed hash is not the hash of the body.
    /// - `VCP_E209`: the claims of the token are not valid.
    /// - `VCP_E210`: the scheme or the address list needs a part of the request that was not given.
    pub fn verify<'b>(
        &self,
        headers: &(impl Headers + ?Sized),
        body: &'b [u8],
        now: DateTime<Utc>,
    ) -> Result<Verified<'b>, AuthError> {
        Ok(self.proven(&Request::new(&headers, body), now)?.of(body))
    }

    /// Checks one delivery, given as a [`Request`].
    ///
    /// Use this instead of [`Verifier::verify`] if the scheme needs the URL or the method, or if
    /// [`Verifier::allow_from`] is set.
    ///
    /// # Errors
    ///
    /// The same as for [`Verifier::verify`].
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

    /// Returns the secret that signed a claim.
    ///
    /// # Errors
    ///
    /// - `VCP_E204`: no key matches.
    /// - `VCP_E209`: the signed content has a fault, or names another issuer.
    /// - `VCP_E208`: the signed hash is not the hash of the body.
    pub(crate) fn signer(&self, claim: &Claim<'_>, body: &[u8]) -> Result<&Secret, AuthError> {
        let header = || claim.place.clone().into_owned();
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

/// The result of a successful check.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Proven {
    scheme: Scheme,
    key_id: String,
    signed_at: Option<DateTime<Utc>>,
    good_until: Option<DateTime<Utc>>,
    /// The signed bytes without the body, and whether the bytes of the body are covered.
    signed: (Vec<u8>, bool),
}

impl Proven {
    fn of(self, body: &[u8]) -> Verified<'_> {
        Verified { body, proven: Some(Box::new(self)) }
    }
}
