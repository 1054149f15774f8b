//! Mapping one delivery.

use crate::{
    delivery::{Delivery, Recognised},
    draft::Draft,
    error::MapError,
    provider::Provider,
    registry::Registry,
    report::{How, Problem, Report, UnknownWord, Written},
    session::{Digest, SessionEvent},
    skeleton,
};
use std::{borrow::Cow, collections::HashSet};
use vcp_schema::{
    ErrorCode, FieldPath, Limits, Timestamp, VcpMessage,
    json::{self, members, text},
};

/// What is put under `consent` when the provider says nothing (decisions 5.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ConsentDefault {
    /// Granted for recording and analytics, as the specification builds it.
    #[default]
    Granted,
    /// Pending, for nothing.
    Pending,
    /// No consent record.
    Omit,
}

/// How deliveries are mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// What is put under `consent` when the provider says nothing.
    pub consent_default: ConsentDefault,
    /// Keep the secrets that payloads carry (decisions 5.10). They are masked otherwise.
    pub keep_secrets: bool,
    /// Keep audio that payloads carry as text. It is masked otherwise.
    pub keep_audio: bool,
    /// The longest payload, in bytes.
    pub max_bytes: usize,
}

impl Default for Options {
    /// Consent as published, secrets masked, audio kept, 16 MiB.
    fn default() -> Self {
        Self {
            consent_default: ConsentDefault::Granted,
            keep_secrets: false,
            keep_audio: true,
            max_bytes: Limits::default().text_bytes,
        }
    }
}

/// Maps deliveries of providers to messages. Make it once, use it for every delivery.
///
/// ```
/// use vcp_mapping::{Mapper, Mapping};
///
/// let body = br#"{"event":"call_ended","call":{"call_id":"c1","call_type":"phone_call","start_timestamp":1714608475945,
///     "end_timestamp":1714608491736,"disconnection_reason":"user_hangup"}}"#;
/// let Mapping::Call(mapped) = Mapper::new().map("retell", body, "2026-11-21T12:00:00Z".parse()?)? else { panic!() };
/// let call = &mapped.message.vcp_payload.call;
/// assert_eq!(call.start_time.to_string(), "2024-05-02T00:07:55.945Z");
/// assert_eq!(call.duration_sec, Some(16));
/// assert_eq!(mapped.message.vcp_payload.outcomes.objective.status.as_str(), "success");
/// let why = mapped.report.explain("$.vcp_payload.outcomes.objective.status").unwrap();
/// assert_eq!(why.source.as_deref(), Some("/call/disconnection_reason"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Mapper {
    registry: Registry,
    options: Options,
    names: skeleton::Names,
}

/// What a delivery is.
#[derive(Debug, Clone, PartialEq)]
pub enum Mapping {
    /// It states facts about one call.
    Call(Box<Mapped>),
    /// It is no call record: a request that wants an answer, live audio, a log, a batch event, or an event that is not known.
    NotACall {
        /// The name of the event.
        event: String,
        /// Whether the provider's table has the event.
        known: bool,
    },
}

/// A delivery as a message.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Mapped {
    /// The message.
    pub message: VcpMessage,
    /// The name of the event.
    pub event: String,
    /// What is the same when the provider sends this delivery again, and differs from any other (decisions 5.11):
    /// `<provider>:<event>:<id>`, and further parts of the provider's own. Absent where the payload has no id, or where each delivery of the event replaces the
    /// one before it (live transcripts).
    pub idempotency_key: Option<String>,
    /// Where every value came from.
    pub report: Report,
}

impl Default for Mapper {
    fn default() -> Self {
        Self::new()
    }
}

impl Mapper {
    /// The six providers, default options.
    #[must_use]
    pub fn new() -> Self {
        Self::with_registry(Registry::builtin())
    }

    /// The providers of a registry, default options.
    #[must_use]
    pub fn with_registry(registry: Registry) -> Self {
        Self { registry, options: Options::default(), names: skeleton::Names::new() }
    }

    /// Other options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The providers.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Maps the body of one delivery. The same body and time give the same bytes (decisions 5.1).
    ///
    /// # Errors
    ///
    /// `VCP_E009` unknown provider, `VCP_E008` too long, `VCP_E007` not JSON, `VCP_E002` not the provider's shape, `VCP_E005` a
    /// member that the provider's rules require is missing.
    pub fn map(&self, provider: &str, payload: &[u8], received_at: Timestamp) -> Result<Mapping, MapError> {
        let provider = self.provider(provider, payload)?;
        let text = self.object(payload, &FieldPath::root(), || {
            format!("the payload of a `{}` delivery is an object", provider.name())
        })?;
        let delivery = self.walk(provider, text)?;
        let (event, ready) = match delivery.recognise()? {
            Recognised::Call { event, ready } => (event, ready),
            Recognised::NotACall { event, known } => return Ok(Mapping::NotACall { event, known }),
        };
        let mut draft = self.draft(provider, &event, received_at);
        delivery.read(&event, ready, &mut draft)?;
        let (data, masked) = delivery.kept();
        let idempotency_key = delivery.key(&event, ready);
        self.finish(provider, draft, event, data, masked, text, idempotency_key)
            .map(|mapped| Mapping::Call(Box::new(mapped)))
    }

    /// Makes one message of the events of a session, for providers that announce no end of a call (decisions 5.11). Its `data` is `{"events": […]}`, in the
    /// order of receipt; beside it stands the digest of the events, `session`, where the sources of the report lead. The message is received with the last
    /// event.
    ///
    /// ```
    /// use vcp_mapping::{Mapper, SessionEvent};
    /// let events = [
    ///     ("2026-10-14T12:00:00Z", r#"{"type":"session.created","session":{"id":"sess_1","model":"gpt-realtime"}}"#),
    ///     ("2026-10-14T12:00:42Z", r#"{"type":"response.done","response":{"status":"completed","usage":{"input_tokens":63,"output_tokens":22}}}"#),
    /// ];
    /// let events: Vec<_> = events
    ///     .iter()
    ///     .map(|(at, body)| Ok(SessionEvent { received_at: at.parse()?, body: body.as_bytes() }))
    ///     .collect::<Result<_, vcp_schema::TimestampError>>()?;
    /// let mapped = Mapper::new().assemble("openai", &events)?;
    /// assert_eq!(mapped.message.vcp_payload.call.duration_sec, Some(42));
    /// assert_eq!(mapped.message.vcp_payload.outcomes.objective.status.as_str(), "success");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `VCP_E009` unknown provider, `VCP_E008` too long together, `VCP_E007` an event is not JSON, `VCP_E002` an event is no object, there are none, they are
    /// of more than one session, or the provider has no sessions.
    pub fn assemble(&self, provider: &str, events: &[SessionEvent<'_>]) -> Result<Mapped, MapError> {
        let provider = self.provider(provider, &[])?;
        let refuse = |message: String| MapError::new(ErrorCode::Mapping, FieldPath::root(), message);
        let (Some(assembler), Some((event, ready))) = (self.registry.assembler(provider), provider.assembled()) else {
            return Err(refuse(format!("the calls of `{}` are no sessions of events", provider.name())));
        };
        let length = events.iter().map(|event| event.body.len() + 1).sum();
        self.within(length)?;
        let mut texts = Vec::new();
        for (at, event) in events.iter().enumerate() {
            let path = FieldPath::root().name("events").index(at);
            let text = self.object(event.body, &path, || "an event is an object".to_owned())?;
            text::well_formed(text, &self.limits()).map_err(|error| MapError::from(error).below(&path))?;
            texts.push((event.received_at.to_utc().unwrap_or(event.received_at), text));
        }
        texts.sort_by_key(|(at, _)| at.unix_nanos());
        let Some((received_at, _)) = texts.last().copied() else {
            return Err(refuse("a session has events, and there are none".to_owned()));
        };
        let list: Vec<&str> = texts.iter().map(|(_, text)| *text).collect();
        let kept = format!("{{\"events\":[{}]}}", list.join(","));
        let Digest { members: session, problems } = assembler.digest(&texts)?;
        let digest = sessions(&serde_json::Value::Object(session).to_string());

        let delivery = self.walk(provider, &digest)?;
        let mut draft = self.draft(provider, event, received_at);
        delivery.read(event, ready, &mut draft)?;
        let (kept_digest, _) = delivery.kept();
        for (_, session) in members::last(&kept_digest).unwrap_or_default() {
            draft.keep_session(provider.name(), session);
        }
        draft.report.problems.extend(problems);
        self.look_over(provider, &texts, &mut draft.report)?;
        let (data, masked) = match provider.masked(self.options) {
            Some(secrets) => secrets.mask(&kept),
            None => (Cow::Borrowed(kept.as_str()), Vec::new()),
        };
        let key = delivery.key(event, ready);
        self.finish(provider, draft, event.to_owned(), data, masked, &kept, key)
    }

    /// Reports the events of a session that the provider's table does not have.
    fn look_over(
        &self,
        provider: &Provider,
        events: &[(Timestamp, &str)],
        report: &mut Report,
    ) -> Result<(), MapError> {
        let mut known: HashSet<String> = report.problems.iter().map(|problem| problem.source.to_string()).collect();
        for (at, (_, text)) in events.iter().enumerate() {
            match self.walk(provider, text)?.recognise() {
                Ok(Recognised::NotACall { event, known: false }) => {
                    report.unknown_words.push(UnknownWord { source: format!("/events/{at}").into(), word: event });
                }
                Err(error) => {
                    let source = format!("/events/{at}{}", error.path().pointer());
                    if known.insert(source.clone()) {
                        report.problems.push(Problem::new(error.code(), source, error.message()));
                    }
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// A body as the text of an object.
    fn object<'p>(
        &self,
        body: &'p [u8],
        path: &FieldPath,
        otherwise: impl Fn() -> String,
    ) -> Result<&'p str, MapError> {
        let malformed = |error| MapError::from(error).below(path);
        let text = json::trim(text::utf8(body, &self.limits()).map_err(malformed)?);
        if !text.starts_with('{') {
            text::well_formed(text, &self.limits()).map_err(malformed)?;
            return Err(MapError::new(ErrorCode::Mapping, path.clone(), otherwise()));
        }
        Ok(text)
    }

    pub(crate) fn walk<'p, 'm>(&self, provider: &'m Provider, text: &'p str) -> Result<Delivery<'p, 'm>, MapError> {
        Delivery::walk(provider, text, self.options).map_err(|error| match text::well_formed(text, &self.limits()) {
            Err(malformed) => MapError::from(malformed),
            Ok(()) => MapError::new(ErrorCode::Mapping, FieldPath::root(), error.to_string()),
        })
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { text_bytes: self.options.max_bytes, ..Limits::default() }
    }

    /// A draft of defaults.
    pub(crate) fn draft<'p>(&self, provider: &Provider, event: &str, received_at: Timestamp) -> Draft<'p> {
        let received_at = received_at.to_utc().unwrap_or(received_at);
        Draft::new(skeleton::message(provider.name(), event, received_at, self.options.consent_default))
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of the result")]
    fn finish(
        &self,
        provider: &Provider,
        draft: Draft<'_>,
        event: String,
        data: Cow<'_, str>,
        masked: Vec<String>,
        text: &str,
        idempotency_key: Option<String>,
    ) -> Result<Mapped, MapError> {
        let (message, mut report) = self.close(draft, data, text);
        report
            .written
            .extend(provider.own_fields.iter().map(|path| Written::without_source(path.clone(), How::Derived)));
        report.masked = masked;
        self.readable(&message)?;
        Ok(Mapped { message, event, idempotency_key, report })
    }

    /// Checks that a message can be read back within the limits of this mapper.
    pub(crate) fn readable(&self, message: &VcpMessage) -> Result<(), MapError> {
        Ok(message.check_limits(&self.limits())?)
    }

    /// The message of a draft.
    pub(crate) fn close(&self, draft: Draft<'_>, data: Cow<'_, str>, text: &str) -> (VcpMessage, Report) {
        draft.close(data, text, &self.names, self.options.consent_default)
    }

    /// The name in VCP of a provider, once the body is known not to be too long: what can be said before a signature is checked.
    ///
    /// # Errors
    ///
    /// `VCP_E009` unknown provider, `VCP_E008` too long.
    pub fn check(&self, provider: &str, payload: &[u8]) -> Result<&str, MapError> {
        self.provider(provider, payload).map(Provider::name)
    }

    fn provider(&self, name: &str, payload: &[u8]) -> Result<&Provider, MapError> {
        let known = self.known(name)?;
        self.within(payload.len())?;
        Ok(known)
    }

    pub(crate) fn known(&self, name: &str) -> Result<&Provider, MapError> {
        self.registry.get(name).ok_or_else(|| self.unknown(name))
    }

    fn within(&self, length: usize) -> Result<(), MapError> {
        let limit = self.options.max_bytes;
        if length <= limit {
            return Ok(());
        }
        let message = format!("the payload has {length} bytes, more than the limit of {limit}");
        Err(MapError::new(ErrorCode::Limit, FieldPath::root(), message))
    }

    fn unknown(&self, name: &str) -> MapError {
        let known: Vec<&str> = self.registry.providers().map(Provider::name).collect();
        let shown: String = name.chars().take(32).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let message = format!("the provider `{shown}` is not known: use one of {}", known.join(", "));
        MapError::new(ErrorCode::UnknownProvider, FieldPath::root(), message)
    }
}

/// What the rules of a session read: its digest, below `session`.
pub(crate) fn sessions(digest: &str) -> String {
    format!("{{\"session\":{digest}}}")
}
