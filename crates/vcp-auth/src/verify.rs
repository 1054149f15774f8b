//! The check itself.

use crate::{AuthError, Headers, Scheme, Secret, scheme};
use chrono::{DateTime, Utc};

/// Checks deliveries of one scheme against one or more secrets. Make it once, use it for every delivery.
#[derive(Debug, Clone)]
pub struct Verifier {
    scheme: Option<Scheme>,
    secrets: Vec<Secret>,
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

/// A body that was checked. Only a check can make one, or [`Verified::dangerously_trusted`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<'b> {
    body: &'b [u8],
    scheme: Option<Scheme>,
    key_id: Option<String>,
    signed_at: Option<DateTime<Utc>>,
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
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
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
    /// `VCP_E210` when there is no secret or an empty one.
    pub fn new(scheme: Scheme, secrets: Vec<Secret>) -> Result<Self, AuthError> {
        if secrets.is_empty() {
            return Err(AuthError::Configuration { reason: "it has no secret" });
        }
        let mut verifier = Self { scheme: Some(scheme), secrets: Vec::with_capacity(secrets.len()) };
        secrets.into_iter().try_for_each(|secret| verifier.add(secret))?;
        Ok(verifier)
    }

    /// Adds a secret.
    ///
    /// # Errors
    ///
    /// `VCP_E210` when it is empty.
    pub fn add(&mut self, secret: Secret) -> Result<(), AuthError> {
        if secret.bytes().is_empty() {
            return Err(AuthError::Configuration { reason: "a secret is empty" });
        }
        self.secrets.push(secret);
        Ok(())
    }

    /// A verifier that has nothing to verify with and always says so.
    #[must_use]
    pub fn nothing() -> Self {
        Self { scheme: None, secrets: Vec::new() }
    }

    /// The scheme, if there is one.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
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
        let Some(scheme) = self.scheme else {
            return Ok(Outcome::NothingToVerify);
        };
        let header = scheme.header();
        let value = headers.value(header, 0).ok_or(AuthError::HeaderMissing { header })?;
        if headers.value(header, 1).is_some() {
            return Err(AuthError::HeaderMalformed { header, reason: "it stands more than once" });
        }
        let claim = match scheme {
            Scheme::Retell => scheme::retell::parse(value)?,
            Scheme::ElevenLabs => scheme::elevenlabs::parse(value)?,
        };
        let key = self.secrets.iter().find(|secret| claim.matches(secret.bytes(), body));
        let key = key.ok_or(AuthError::NoMatch { header, keys: self.secrets.len() })?;
        claim.check_time(now.timestamp_millis())?;
        Ok(Outcome::Verified(Verified {
            body,
            scheme: Some(scheme),
            key_id: Some(key.id().to_owned()),
            signed_at: DateTime::from_timestamp_millis(claim.signed_ms),
        }))
    }
}
