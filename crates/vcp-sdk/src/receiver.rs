//! The whole path: verify, map, validate.

use crate::{ErrorCode, Finding, ReceiveError, Timestamp, Validator, VcpMessage};
use chrono::{DateTime, Utc};
use vcp_auth::{AuthError, Headers, ReplayKey, Request, Scheme, Secret, Verified, Verifier};
use vcp_mapping::{MapError, Mapper, Mapping, Provider, Report};
use vcp_schema::FieldPath;

/// Receives deliveries. Make it once, use it for every delivery.
#[derive(Debug, Clone, Default)]
pub struct Receiver {
    mapper: Mapper,
    validator: Validator,
    verifiers: Vec<(String, Verifier)>,
    unauthenticated: Vec<String>,
    replay_keys: bool,
}

/// A delivery that was received.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// A call record.
    Call(Box<ReceivedCall>),
    /// No call record: answer 200 and forget it, or answer what the provider wants to know.
    Ignored {
        /// The name of the event.
        event: String,
        /// Whether the provider's table has the event.
        known: bool,
        /// What tells this delivery from others; see [`ReceivedCall::replay_key`].
        replay_key: Option<ReplayKey>,
    },
}

/// A call record that was received: verified, normalised and validated.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReceivedCall {
    /// The message. It has no finding of severity error.
    pub message: VcpMessage,
    /// The name of the event.
    pub event: String,
    /// Warnings and notes of validation.
    pub findings: Vec<Finding>,
    /// Where every value came from.
    pub report: Report,
    /// Who vouches for it.
    pub authenticity: Authenticity,
    /// What tells this delivery from others, by all that was signed: for a [`ReplayGuard`](vcp_auth::ReplayGuard). Only where [`Receiver::replay_keys`] asks for it.
    pub replay_key: Option<ReplayKey>,
    /// Until when the signature is good, and the delivery to be remembered; `None` where nothing bounds it.
    pub good_until: Option<DateTime<Utc>>,
    /// What the provider sends the same of when it sends a delivery again, where it has such a thing.
    pub idempotency_key: Option<String>,
}

/// Who vouches for a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authenticity {
    /// The holder of a secret.
    Verified {
        /// How it was checked.
        scheme: Scheme,
        /// The id of the secret.
        key_id: String,
        /// When it was signed.
        signed_at: Option<DateTime<Utc>>,
    },
    /// Nobody: there was nothing to verify with, and the caller said that this is fine.
    Unauthenticated,
}

impl From<&Verified<'_>> for Authenticity {
    fn from(verified: &Verified<'_>) -> Self {
        match (verified.scheme(), verified.key_id()) {
            (Some(scheme), Some(key_id)) => {
                Self::Verified { scheme: scheme.clone(), key_id: key_id.to_owned(), signed_at: verified.signed_at() }
            }
            _ => Self::Unauthenticated,
        }
    }
}

impl Receiver {
    /// The six providers, no secrets: every delivery is refused until there is something to verify it with.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another mapper: other options, other providers.
    #[must_use]
    pub fn mapper(mut self, mapper: Mapper) -> Self {
        self.mapper = mapper;
        self
    }

    /// Another validator.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validator = validator;
        self
    }

    /// Adds a secret for a provider that signs in one way only: Retell, ElevenLabs, OpenAI or Bland. Several are fine, for rotation: a delivery is verified
    /// when one matches.
    ///
    /// # Errors
    ///
    /// `VCP_E210` when the provider is not known or lets its users choose (see [`Receiver::secret_for`]), or the secret is empty or malformed.
    pub fn secret(self, provider: &str, secret: Secret) -> Result<Self, AuthError> {
        let name = self.mapper.registry().get(provider).map(Provider::name);
        let Some(name) = name else {
            return Err(AuthError::Configuration { reason: "the provider is not known" });
        };
        let Some(scheme) = Scheme::of_provider(name) else {
            return Err(AuthError::Configuration {
                reason: "this provider has no signature of its own: say with `secret_for` what you set up there",
            });
        };
        self.secret_for(provider, scheme, secret)
    }

    /// Adds a secret for a provider, and says how it signs: what you set up at Vapi, a token in the URL for Assistable, a provider of your own.
    ///
    /// ```
    /// use vcp_sdk::{Receiver, Secret, auth::{HmacScheme, Scheme}};
    /// let vapi = Scheme::Hmac(HmacScheme::new("x-signature").timestamp("x-timestamp"));
    /// let receiver = Receiver::new()
    ///     .secret_for("vapi", vapi, Secret::new("2026-11", "not-a-real-secret"))?
    ///     .secret_for("assistable", Scheme::UrlToken { param: "token".into() }, Secret::new("url", "not-a-real-token"))?;
    /// # Ok::<(), vcp_sdk::AuthError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `VCP_E210` when the provider is not known, has a secret for another scheme already, or the secret is empty or malformed.
    pub fn secret_for(mut self, provider: &str, scheme: Scheme, secret: Secret) -> Result<Self, AuthError> {
        let Some(name) = self.mapper.registry().get(provider).map(|p| p.name().to_owned()) else {
            return Err(AuthError::Configuration { reason: "the provider is not known" });
        };
        match self.verifiers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, verifier)) if verifier.scheme() != Some(&scheme) => {
                return Err(AuthError::Configuration { reason: "the provider has a secret for another scheme" });
            }
            Some((_, verifier)) => verifier.add(&secret)?,
            None => self.verifiers.push((name, Verifier::new(scheme, vec![secret])?)),
        }
        Ok(self)
    }

    /// Sets the whole verifier of a provider, with a tolerance or a list of addresses, in the place of what secrets were added for it.
    ///
    /// ```
    /// use vcp_sdk::{Receiver, Secret, auth::{AddressList, Scheme, Verifier}};
    /// let verifier = Verifier::new(Scheme::Retell, vec![Secret::new("primary", "not-a-real-key")])?.tolerance(60)?;
    /// let addresses = AddressList::published("retell").expect("Retell publishes its address");
    /// let receiver = Receiver::new().verifier("retell", verifier.allow_from(addresses))?;
    /// # Ok::<(), vcp_sdk::AuthError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `VCP_E210` when the provider is not known.
    pub fn verifier(mut self, provider: &str, verifier: Verifier) -> Result<Self, AuthError> {
        let Some(name) = self.mapper.registry().get(provider).map(|p| p.name().to_owned()) else {
            return Err(AuthError::Configuration { reason: "the provider is not known" });
        };
        self.verifiers.retain(|(known, _)| *known != name);
        self.verifiers.push((name, verifier));
        Ok(self)
    }

    /// The name in VCP of a provider, whatever it is called: for a server that wants to answer before it has read a body.
    ///
    /// # Errors
    ///
    /// Unknown provider (404).
    pub fn provider_called(&self, provider: &str) -> Result<&str, ReceiveError> {
        Ok(self.mapper.check(provider, b"")?)
    }

    /// The verifier of a provider, if there is one: to [diagnose](Verifier::diagnose) a delivery that it refused.
    #[must_use]
    pub fn verifier_of(&self, provider: &str) -> Option<&Verifier> {
        let name = self.mapper.registry().get(provider)?.name();
        self.verifiers.iter().find(|(known, _)| known == name).map(|(_, verifier)| verifier)
    }

    /// Says that deliveries of this provider are fine though nobody can tell who sent them, from wherever its verifier allows. A secret for the provider takes
    /// precedence: with one, unsigned deliveries are refused.
    #[must_use]
    pub fn allow_unauthenticated(mut self, provider: &str) -> Self {
        self.unauthenticated.push(provider.to_owned());
        self
    }

    /// Gives every delivery what a [`ReplayGuard`](vcp_auth::ReplayGuard) knows it by. Costs one more SHA-256 of the body.
    ///
    /// ```
    /// use vcp_sdk::{Receiver, Received, auth::{MemoryGuard, ReplayGuard, Seen}};
    /// # use chrono::{DateTime, TimeDelta, Utc};
    /// fn is_new(guard: &MemoryGuard, received: &Received, now: DateTime<Utc>) -> bool {
    ///     let Received::Call(call) = received else { return true };
    ///     let until = call.good_until.unwrap_or(now + TimeDelta::hours(24));
    ///     call.replay_key.is_some_and(|key| guard.remember(key, until, now) == Ok(Seen::First))
    /// }
    /// let receiver = Receiver::new().replay_keys();
    /// # let _ = (receiver, is_new);
    /// ```
    #[must_use]
    pub fn replay_keys(mut self) -> Self {
        self.replay_keys = true;
        self
    }

    fn replay_key(&self, verified: &Verified<'_>) -> Option<ReplayKey> {
        self.replay_keys.then(|| verified.replay_key())
    }

    /// The whole path for one delivery. `body` is the raw bytes received, `now` the time of receipt.
    ///
    /// # Errors
    ///
    /// In this order: unknown provider (404), too long (413), not verified (401), not JSON (400), not mappable or not valid (422).
    pub fn receive(
        &self,
        provider: &str,
        headers: &(impl Headers + ?Sized),
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Received, ReceiveError> {
        self.receive_request(provider, &Request::new(&headers, body), now)
    }

    /// As [`Receiver::receive`], for providers whose scheme looks at the URL or the method too.
    ///
    /// # Errors
    ///
    /// As [`Receiver::receive`].
    pub fn receive_request(
        &self,
        provider: &str,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Received, ReceiveError> {
        let verified = self.verify(provider, request, now)?;
        let received_at = Timestamp::from_datetime(now).ok_or_else(out_of_range)?;
        match self.map(provider, &verified, received_at)? {
            Mapping::NotACall { event, known } => {
                Ok(Received::Ignored { event, known, replay_key: self.replay_key(&verified) })
            }
            Mapping::Call(mapped) => {
                let findings = self.validator.clone().now(now).validate(&mapped.message);
                let authenticity = Authenticity::from(&verified);
                if findings.iter().any(|finding| finding.severity == crate::Severity::Error) {
                    return Err(ReceiveError::Invalid { message: Box::new(mapped.message), findings });
                }
                let call = ReceivedCall {
                    message: mapped.message,
                    event: mapped.event,
                    findings,
                    report: mapped.report,
                    authenticity,
                    replay_key: self.replay_key(&verified),
                    good_until: verified.good_until(),
                    idempotency_key: mapped.idempotency_key,
                };
                Ok(Received::Call(Box::new(call)))
            }
        }
    }

    /// The first step alone: who sent this?
    ///
    /// # Errors
    ///
    /// Unknown provider (404), too long (413), not verified (401).
    pub fn verify<'b>(
        &self,
        provider: &str,
        request: &Request<'b>,
        now: DateTime<Utc>,
    ) -> Result<Verified<'b>, ReceiveError> {
        let name = self.mapper.check(provider, request.body())?;
        let trusted = || {
            let registry = self.mapper.registry();
            let is_fine =
                self.unauthenticated.iter().any(|allowed| registry.get(allowed).is_some_and(|p| p.name() == name));
            let refused = || ReceiveError::NothingToVerify { provider: name.to_owned() };
            is_fine.then(|| Verified::dangerously_trusted(request.body())).ok_or_else(refused)
        };
        let Some(verifier) = self.verifier_of(name) else { return trusted() };
        match verifier.check(request, now) {
            Err(AuthError::NothingToVerify) => trusted(),
            checked => checked.map_err(ReceiveError::Unauthenticated),
        }
    }

    /// The second step alone: what does it say?
    ///
    /// # Errors
    ///
    /// Unknown provider (404), too long (413), not JSON (400), not mappable (422).
    pub fn map(
        &self,
        provider: &str,
        verified: &Verified<'_>,
        received_at: Timestamp,
    ) -> Result<Mapping, ReceiveError> {
        Ok(self.mapper.map(provider, verified.body(), received_at)?)
    }

    /// The third step alone: is it right?
    #[must_use]
    pub fn validate(&self, message: &VcpMessage) -> Vec<Finding> {
        self.validator.validate(message)
    }
}

fn out_of_range() -> ReceiveError {
    let message = "the time of receipt is outside the years 1 to 9999";
    ReceiveError::Unmappable(MapError::new(ErrorCode::Unreadable, FieldPath::root(), message))
}
