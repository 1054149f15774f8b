//! The receiver, which verifies, maps and validates a delivery.

use crate::{ConfigError, Finding, ReceiveError, Timestamp, Validator, VcpMessage};
use chrono::{DateTime, Utc};
use std::fmt;
use vcp_auth::{AuthError, Headers, ReplayKey, Request, Scheme, Secret, Verified, Verifier};
use vcp_mapping::{IdempotencyKey, MapReport, Mapper, Mapping};

/// A receiver of deliveries. Create it once and use it for every delivery.
#[derive(Clone, Default)]
pub struct Receiver {
    mapper: Mapper,
    validator: Validator,
    verifiers: Vec<(String, Verifier)>,
    unauthenticated: Vec<String>,
    replay_keys: bool,
}

/// Writes how deliveries are verified, but no secret and not the rules of the mapper.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("verifiers", &self.verifiers)
            .field("unauthenticated", &self.unauthenticated)
            .field("replay_keys", &self.replay_keys)
            .finish_non_exhaustive()
    }
}

/// A delivery that was received. There are two kinds and there will be no third, because a caller
/// answers each in its own way.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// The delivery is a call record.
    Call(Box<ReceivedCall>),
    /// The delivery is not a call record. Answer 200 and discard it, or send the answer that the
    /// provider expects. If `known` is `false`, keep the body: the event may be a new kind of call
    /// record.
    ///
    /// Making that answer is the task of your program. It has the body that it passed to the
    /// receiver. These events ask for an answer, for example:
    ///
    /// - Vapi: `assistant-request`, `tool-calls`, `transfer-destination-request`,
    ///   `handoff-destination-request`, `knowledge-base-request`, `voice-request`,
    /// - Retell: `call_inbound`, `chat_inbound`,
    /// - Assistable: `pre_call`, `tool_call`.
    Ignored(Box<Ignored>),
}

impl Received {
    /// Returns the name of the event.
    #[must_use]
    pub fn event(&self) -> &str {
        match self {
            Self::Call(call) => &call.event,
            Self::Ignored(other) => &other.event,
        }
    }

    /// Returns the way in which the delivery was verified, if it was.
    #[must_use]
    pub fn authenticity(&self) -> &Authenticity {
        match self {
            Self::Call(call) => &call.authenticity,
            Self::Ignored(other) => &other.authenticity,
        }
    }

    /// Returns the replay key; see [`ReceivedCall::replay_key`].
    #[must_use]
    pub fn replay_key(&self) -> Option<ReplayKey> {
        match self {
            Self::Call(call) => call.replay_key,
            Self::Ignored(other) => other.replay_key,
        }
    }

    /// Returns the last instant at which the signature is accepted; see
    /// [`ReceivedCall::good_until`].
    #[must_use]
    pub fn good_until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Call(call) => call.good_until,
            Self::Ignored(other) => other.good_until,
        }
    }

    /// Returns the call record. `None` if the delivery is not one.
    #[must_use]
    pub fn into_call(self) -> Option<ReceivedCall> {
        match self {
            Self::Call(call) => Some(*call),
            Self::Ignored(_) => None,
        }
    }
}

/// A delivery that was verified and is not a call record.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Ignored {
    /// The name of the event. If the event is not known, the name is text that the sender chose.
    pub event: String,
    /// `true` if the provider's table of events lists this event.
    pub known: bool,
    /// The way in which the delivery was verified, if it was.
    pub authenticity: Authenticity,
    /// The replay key of this delivery; see [`ReceivedCall::replay_key`].
    pub replay_key: Option<ReplayKey>,
    /// The last instant at which the signature is accepted; see [`ReceivedCall::good_until`].
    pub good_until: Option<DateTime<Utc>>,
}

/// Writes the event and the authenticity. The event is cut after 64 characters.
impl fmt::Debug for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event: String = self.event.chars().take(64).collect();
        f.debug_struct("Ignored")
            .field("event", &event)
            .field("known", &self.known)
            .field("authenticity", &self.authenticity)
            .finish_non_exhaustive()
    }
}

/// A call record that was received: verified, normalised and validated.
///
/// Two of its keys recognise a delivery that arrives again, in different ways.
/// [`keys`](crate::keys) says which of them to use for what.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ReceivedCall {
    /// The message. Validation found no error in it.
    pub message: VcpMessage,
    /// The name of the event.
    pub event: String,
    /// The warnings and notes of validation.
    pub findings: Vec<Finding>,
    /// The report, which names the source of every value in the message.
    pub report: MapReport,
    /// The way in which the delivery was verified, if it was.
    pub authenticity: Authenticity,
    /// The key by which a [`ReplayGuard`](vcp_auth::ReplayGuard) recognises this delivery. It is
    /// computed only from the signed parts, or from the body if nothing was verified. The same
    /// signed bytes have the same key. `None` unless [`Receiver::replay_keys`] was called.
    ///
    /// [`keys`](crate::keys) compares it with `idempotency_key`.
    pub replay_key: Option<ReplayKey>,
    /// The last instant at which the signature is accepted (inclusive). Remember the delivery until
    /// then to reject replays. `None` if the signature has no time limit or was not checked.
    pub good_until: Option<DateTime<Utc>>,
    /// A key that stays the same when the provider resends this delivery, also if it signs it
    /// again. The form is `<provider>:<event>:<id>`, with further parts for some providers. `None`
    /// if the payload has no id, or if each delivery of the event replaces the one before it (live
    /// transcripts).
    ///
    /// [`keys`](crate::keys) compares it with `replay_key`.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Writes the event, the outcome, the number of findings and the authenticity. Leaves out all that
/// was said, and who said it.
impl fmt::Debug for ReceivedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = &self.message.vcp_payload.outcomes.objective.status;
        f.debug_struct("ReceivedCall")
            .field("event", &self.event)
            .field("status", &if status.is_known() { status.as_str() } else { "***" })
            .field("findings", &self.findings.len())
            .field("authenticity", &self.authenticity)
            .finish_non_exhaustive()
    }
}

/// The authenticity of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
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

    /// Replaces the mapper, for other options or other providers. Call it before you add a secret
    /// for a provider that only this mapper has.
    #[must_use]
    pub fn mapper(mut self, mapper: Mapper) -> Self {
        self.mapper = mapper;
        self
    }

    /// Returns the mapper, for example to assemble the events of a session or to list the
    /// providers.
    #[must_use]
    pub fn as_mapper(&self) -> &Mapper {
        &self.mapper
    }

    /// Replaces the validator.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validator = validator;
        self
    }

    /// Returns the validator.
    #[must_use]
    pub fn as_validator(&self) -> &Validator {
        &self.validator
    }

    /// Returns the VCP name of a provider, for a setting.
    fn configured(&self, provider: &str) -> Result<String, ConfigError> {
        Ok(self.mapper.registry().find(provider)?.name().to_owned())
    }

    /// Adds a secret for a provider that has one fixed signature scheme: Retell, ElevenLabs, OpenAI
    /// or Bland. A provider may have several secrets, for rotation. A delivery is verified if one
    /// of them matches.
    ///
    /// # Errors
    ///
    /// `VCP_E009` if the provider is not known. The error names the known provider that is most
    /// like it.
    ///
    /// `VCP_E210` if
    /// - the provider has no fixed scheme (use [`Receiver::secret_for`]),
    /// - the provider already has a secret for another scheme,
    /// - the secret is empty or malformed.
    pub fn secret(self, provider: &str, secret: Secret) -> Result<Self, ConfigError> {
        let name = self.configured(provider)?;
        let reason = "this provider has no fixed signature scheme: name yours with `secret_for`";
        let scheme = Scheme::of_provider(&name).ok_or(AuthError::Configuration { reason })?;
        self.secret_for(&name, scheme, secret)
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
    ///     .secret_for(
    ///         "assistable",
    ///         Scheme::UrlToken { param: "token".into() },
    ///         Secret::new("url", "not-a-real-token"),
    ///     )?;
    /// # Ok::<(), vcp_sdk::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `VCP_E009` if the provider is not known. The error names the known provider that is most
    /// like it.
    ///
    /// `VCP_E210` if
    /// - the provider already has a secret for another scheme,
    /// - the secret is empty or malformed,
    /// - the settings of the scheme do not fit together.
    pub fn secret_for(mut self, provider: &str, scheme: Scheme, secret: Secret) -> Result<Self, ConfigError> {
        let name = self.configured(provider)?;
        match self.verifiers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, verifier)) if verifier.scheme().is_none() => {
                let reason = "the provider has a verifier without a scheme: give the secret to that verifier";
                return Err(AuthError::Configuration { reason }.into());
            }
            Some((_, verifier)) if verifier.scheme() != Some(&scheme) => {
                return Err(AuthError::Configuration { reason: "the provider has a secret for another scheme" }.into());
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
    /// let key = Secret::new("primary", "not-a-real-key");
    /// let verifier = Verifier::new(Scheme::Retell, vec![key])?.tolerance(60)?;
    /// let addresses = AddressList::published("retell").expect("Retell publishes its address");
    /// let receiver = Receiver::new().verifier("retell", verifier.allow_from(addresses))?;
    /// # Ok::<(), vcp_sdk::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `VCP_E009` if the provider is not known. The error names the known provider that is most
    /// like it.
    pub fn verifier(mut self, provider: &str, verifier: Verifier) -> Result<Self, ConfigError> {
        let name = self.configured(provider)?;
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
        Ok(self.mapper.provider_name(provider)?)
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
    ///
    /// # Errors
    ///
    /// `VCP_E009` if the provider is not known. The error names the known provider that is most
    /// like it.
    pub fn allow_unauthenticated(mut self, provider: &str) -> Result<Self, ConfigError> {
        let name = self.configured(provider)?;
        self.unauthenticated.push(name);
        Ok(self)
    }

    /// Computes the replay key of every delivery, for a [`ReplayGuard`](vcp_auth::ReplayGuard).
    /// Costs one more SHA-256 of the body. [`keys`](crate::keys) has an example with all answers.
    ///
    /// ```
    /// use vcp_sdk::{Receiver, Received, auth::{MemoryGuard, ReplayGuard, Seen}};
    /// # use chrono::{DateTime, TimeDelta, Utc};
    /// fn is_new(guard: &MemoryGuard, received: &Received, now: DateTime<Utc>) -> bool {
    ///     let until = received.good_until().unwrap_or(now + TimeDelta::hours(24));
    ///     let key = received.replay_key();
    ///     key.is_some_and(|key| guard.remember(key, until, now) == Ok(Seen::First))
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
    /// 1. `now` outside the years 1 to 9999, or within a leap second: `VCP_E001` (500),
    /// 2. unknown provider: `VCP_E009` (404),
    /// 3. body too long: `VCP_E008` (413),
    /// 4. not verified: `VCP_E201`–`VCP_E209` (401); verifier set up incorrectly: `VCP_E210` (500),
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
        check_clock(now)?;
        let verified = self.verify(provider, request, now)?;
        let (authenticity, good_until) = (Authenticity::from(&verified), verified.good_until());
        match self.map(provider, &verified, now)? {
            Mapping::NotACall { event, known } => {
                let replay_key = self.replay_key(&verified);
                Ok(Received::Ignored(Box::new(Ignored { event, known, authenticity, replay_key, good_until })))
            }
            Mapping::Call(mapped) => {
                let findings = self.validate(&mapped.message, now);
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
                    good_until,
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
    /// Errors 2 to 4 of [`Receiver::receive`]: unknown provider (404), body too long (413), not
    /// verified (401) or verifier set up incorrectly (500).
    pub fn verify<'b>(
        &self,
        provider: &str,
        request: &Request<'b>,
        now: DateTime<Utc>,
    ) -> Result<Verified<'b>, ReceiveError> {
        let name = self.mapper.provider_name(provider)?;
        self.mapper.check_length(request.body())?;
        let trusted = || {
            let is_fine = self.unauthenticated.iter().any(|allowed| allowed == name);
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
    /// Errors 1, 2, 3, 5 and 6 of [`Receiver::receive`]: `now` outside the years 1 to 9999 (500),
    /// unknown provider (404), body too long (413), body not JSON (400), body not mappable (422).
    pub fn map(&self, provider: &str, verified: &Verified<'_>, now: DateTime<Utc>) -> Result<Mapping, ReceiveError> {
        check_clock(now)?;
        Ok(self.mapper.map(provider, verified.body(), now)?)
    }

    /// Validates a message: the third step of [`Receiver::receive`]. With the time of receipt as
    /// `now`, the findings are the same as there.
    #[must_use]
    pub fn validate(&self, message: &VcpMessage, now: DateTime<Utc>) -> Vec<Finding> {
        self.validator.validate(message, Some(now))
    }

    /// Combines the messages of one call into one message; see [`Mapper::merge`]. The order of the
    /// messages does not matter.
    ///
    /// ```
    /// # use vcp_sdk::{ReceiveError, Receiver, VcpMessage};
    /// /// Returns the record of a call after one more of its deliveries.
    /// fn updated(
    ///     receiver: &Receiver,
    ///     kept: VcpMessage,
    ///     new: VcpMessage,
    /// ) -> Result<VcpMessage, ReceiveError> {
    ///     receiver.merge(&[kept, new])
    /// }
    /// # let receiver = Receiver::new().allow_unauthenticated("retell")?;
    /// # let message = |body: &[u8]| {
    /// #     let now = "2026-11-21T12:00:00Z".parse().unwrap();
    /// #     let received = receiver.receive("retell", &(), body, now);
    /// #     received.unwrap().into_call().unwrap().message
    /// # };
    /// # let ended = message(
    /// #     br#"{"event":"call_ended","call":{"call_id":"c1","duration_ms":90000,
    /// #         "disconnection_reason":"user_hangup"}}"#,
    /// # );
    /// # let analyzed = message(
    /// #     br#"{"event":"call_analyzed","call":{"call_id":"c1",
    /// #         "call_analysis":{"user_sentiment":"Positive"}}}"#,
    /// # );
    /// # let call = updated(&receiver, ended, analyzed)?;
    /// # assert_eq!(call.vcp_payload.call.duration_sec, Some(90));
    /// # assert_eq!(call.vcp_payload.outcomes.user_satisfaction_score, Some(0.8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - `VCP_E002` (422): there are no messages, they are of different calls or providers, or one
    ///   does not keep its payload.
    /// - `VCP_E008` (413): there are more than 10 000 deliveries, or the message would be too long.
    /// - `VCP_E009` (404): the mapper does not have the provider.
    pub fn merge(&self, messages: &[VcpMessage]) -> Result<VcpMessage, ReceiveError> {
        Ok(self.mapper.merge(messages)?)
    }
}

/// Refuses a time of receipt that no message can hold.
fn check_clock(now: DateTime<Utc>) -> Result<(), ReceiveError> {
    Timestamp::from_datetime(now).map(|_| ()).ok_or(ReceiveError::Clock { now })
}
