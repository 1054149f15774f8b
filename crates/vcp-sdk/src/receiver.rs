//! The receiver, which verifies, maps and validates a delivery.

use crate::{ErrorCode, Finding, ReceiveError, Timestamp, Validator, VcpMessage};
use chrono::{DateTime, Utc};
use vcp_auth::{AuthError, Headers, ReplayKey, Request, Scheme, Secret, Verified, Verifier};
use vcp_mapping::{MapError, Mapper, Mapping, Provider, Report};
use vcp_schema::FieldPath;

/// A receiver of deliveries. Create it once and use it for every delivery.
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
    /// The delivery is a call record.
    Call(Box<ReceivedCall>),
    /// The delivery is not a call record. Answer 200 and discard it, or send the answer that the
    /// provider expects.
    Ignored {
        /// The name of the event.
        event: String,
        /// `true` if the provider's table of events lists this event.
        known: bool,
        /// The replay key of this delivery; see [`ReceivedCall::replay_key`].
        replay_key: Option<ReplayKey>,
    },
}

/// A call record that was received: verified, normalised and validated.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReceivedCall {
    /// The message. Validation found no error in it.
    pub message: VcpMessage,
    /// The name of the event.
    pub event: String,
    /// The warnings and notes of validation.
    pub findings: Vec<Finding>,
    /// The report, which names the source of every value in the message.
    pub report: Report,
    /// The way in which the delivery was verified, if it was.
    pub authenticity: Authenticity,
    /// The key by which a [`ReplayGuard`](vcp_auth::ReplayGuard) recognises this delivery. It is
    /// computed only from the signed parts, or from the body if nothing was verified. `None` unless
    /// [`Receiver::replay_keys`] was called.
    pub replay_key: Option<ReplayKey>,
    /// The last instant at which the signature is accepted (inclusive). Remember the delivery until
    /// then to reject replays. `None` if the signature has no time limit or was not checked.
    pub good_until: Option<DateTime<Utc>>,
    /// A key that stays the same when the provider resends this delivery. `None` if the payload has
    /// no id, or if each delivery of the event replaces the one before it (live transcripts).
    pub idempotency_key: Option<String>,
}

/// The authenticity of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authenticity {
    /// A configured secret matched, so the sender holds that secret.
    Verified {
        /// The scheme that was checked.
        scheme: Scheme,
        /// The id of the secret that matched.
        key_id: String,
        /// The time of signing. `None` if the signature states no time.
        signed_at: Option<DateTime<Utc>>,
    },
    /// The delivery was accepted without verification, because the caller allowed it.
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
    /// Creates a receiver for the six built-in providers, without secrets.
    ///
    /// It refuses all deliveries of a provider until a secret or a verifier is added for it, or
    /// until [`Receiver::allow_unauthenticated`] is called.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the mapper, for other options or other providers.
    #[must_use]
    pub fn mapper(mut self, mapper: Mapper) -> Self {
        self.mapper = mapper;
        self
    }

    /// Replaces the validator.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validator = validator;
        self
    }

    /// Adds a secret for a provider that has one fixed signature scheme: Retell, ElevenLabs, OpenAI
    /// or Bland. A provider may have several secrets, for rotation. A delivery is verified if one
    /// of them matches.
    ///
    /// # Errors
    ///
    /// `VCP_E210` if
    /// - the provider is not known,
    /// - the provider has no fixed scheme (use [`Receiver::secret_for`]),
    /// - the provider already has a secret for another scheme,
    /// - the secret is empty or malformed.
    pub fn secret(self, provider: &str, secret: Secret) -> Result<Self, AuthError> {
        let name = self.mapper.registry().get(provider).map(Provider::name);
        let Some(name) = name else {
            return Err(AuthError::Configuration { reason: "the provider is not known" });
        };
        let Some(scheme) = Scheme::of_provider(name) else {
            return Err(AuthError::Configuration {
                reason: "this provider has no fixed signature scheme: name yours with `secret_for`",
            });
        };
        self.secret_for(provider, scheme, secret)
    }

    /// Adds a secret for a provider, together with its signature scheme. Use it for
    /// - Vapi, with the scheme that you set up there,
    /// - Assistable, with a token in the URL,
    /// - a provider that you added yourself.
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
    /// `VCP_E210` if
    /// - the provider is not known,
    /// - the provider already has a secret for another scheme,
    /// - the secret is empty or malformed,
    /// - the settings of the scheme do not fit together.
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

    /// Sets the verifier of a provider, for example one with a tolerance or a list of addresses.
    /// Replaces the secrets that were added for this provider before.
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
    /// `VCP_E210` if the provider is not known.
    pub fn verifier(mut self, provider: &str, verifier: Verifier) -> Result<Self, AuthError> {
        let Some(name) = self.mapper.registry().get(provider).map(|p| p.name().to_owned()) else {
            return Err(AuthError::Configuration { reason: "the provider is not known" });
        };
        self.verifiers.retain(|(known, _)| *known != name);
        self.verifiers.push((name, verifier));
        Ok(self)
    }

    /// Returns the VCP name of a provider, given in any case or by an alias. A server can use this
    /// to refuse an unknown provider before it reads the body.
    ///
    /// # Errors
    ///
    /// [`ReceiveError::UnknownProvider`] (`VCP_E009`, status 404).
    pub fn provider_called(&self, provider: &str) -> Result<&str, ReceiveError> {
        Ok(self.mapper.check(provider, b"")?)
    }

    /// Returns the verifier of a provider, for example to [diagnose](Verifier::diagnose) a refused
    /// delivery. `None` if the provider is not known or has neither a secret nor a verifier.
    #[must_use]
    pub fn verifier_of(&self, provider: &str) -> Option<&Verifier> {
        let name = self.mapper.registry().get(provider)?.name();
        self.verifiers.iter().find(|(known, _)| known == name).map(|(_, verifier)| verifier)
    }

    /// Accepts deliveries of this provider without verification, so that anybody can send them.
    ///
    /// A secret for the provider takes precedence: unsigned deliveries are then refused. A list of
    /// addresses in the provider's verifier still applies.
    #[must_use]
    pub fn allow_unauthenticated(mut self, provider: &str) -> Self {
        self.unauthenticated.push(provider.to_owned());
        self
    }

    /// Computes the replay key of every delivery, for a [`ReplayGuard`](vcp_auth::ReplayGuard).
    /// Costs one more SHA-256 of the body.
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

    /// Verifies, maps and validates one delivery. `body` is the raw bytes received. `now` is the
    /// time of receipt.
    ///
    /// # Errors
    ///
    /// The first that applies, with its HTTP status:
    /// 1. unknown provider: `VCP_E009` (404),
    /// 2. body too long: `VCP_E008` (413),
    /// 3. not verified: `VCP_E201`–`VCP_E209` (401); verifier set up incorrectly: `VCP_E210` (500),
    /// 4. `now` outside the years 1 to 9999: `VCP_E001` (422),
    /// 5. body not JSON: `VCP_E007` (400),
    /// 6. body not mappable: `VCP_E002` or another (422),
    /// 7. message not valid: the code of the first error (422).
    pub fn receive(
        &self,
        provider: &str,
        headers: &(impl Headers + ?Sized),
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Received, ReceiveError> {
        self.receive_request(provider, &Request::new(&headers, body), now)
    }

    /// Does the same as [`Receiver::receive`] for a request that can hold more than headers and
    /// body. Use it if the scheme checks the URL or the method, or if the verifier has a list of
    /// addresses.
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

    /// Verifies a delivery: the first step of [`Receiver::receive`].
    ///
    /// # Errors
    ///
    /// Errors 1 to 3 of [`Receiver::receive`]: unknown provider (404), body too long (413), not
    /// verified (401) or verifier set up incorrectly (500).
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

    /// Maps the body of a verified delivery: the second step of [`Receiver::receive`].
    ///
    /// # Errors
    ///
    /// Unknown provider (404), body too long (413), body not JSON (400), body not mappable (422).
    pub fn map(
        &self,
        provider: &str,
        verified: &Verified<'_>,
        received_at: Timestamp,
    ) -> Result<Mapping, ReceiveError> {
        Ok(self.mapper.map(provider, verified.body(), received_at)?)
    }

    /// Validates a message: the third step of [`Receiver::receive`]. Uses the time that was set on
    /// the validator, whereas [`Receiver::receive`] uses the time of receipt.
    #[must_use]
    pub fn validate(&self, message: &VcpMessage) -> Vec<Finding> {
        self.validator.validate(message)
    }
}

fn out_of_range() -> ReceiveError {
    let message = "the time of receipt is outside the years 1 to 9999";
    ReceiveError::Unmappable(MapError::new(ErrorCode::Unreadable, FieldPath::root(), message))
}
