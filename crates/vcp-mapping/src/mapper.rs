//! The mapper, which maps one delivery or the events of one session.

use crate::{
    engine::{
        defaults,
        delivery::{Delivery, Recognised},
        draft::Draft,
        mask::mask,
        plausible,
    },
    error::MapError,
    key::IdempotencyKey,
    options::MapOptions,
    registry::Registry,
    report::{How, MapReport, Problem, UnlistedWord, Written},
    rules::{Provider, watched::Seen},
    session::{Digest, SessionEvent, as_events, as_payload, time_of_receipt},
};
use chrono::{DateTime, Utc};
use std::{borrow::Cow, collections::HashSet, fmt};
use vcp_schema::{
    ErrorCode, FieldPath, Limits, Timestamp, UnknownNameError, VcpMessage,
    json::{self, members, text},
};

/// A mapper of providers' deliveries to messages. Make it once and use it for every delivery.
///
/// ```
/// use vcp_mapping::{Mapper, Mapping};
///
/// let body = br#"{"event":"call_ended","call":{"call_id":"c1","call_type":"phone_call",
///     "start_timestamp":1714608475945,
///     "end_timestamp":1714608491736,"disconnection_reason":"user_hangup"}}"#;
/// let now = "2026-11-21T12:00:00Z".parse()?;
/// let Mapping::Call(mapped) = Mapper::new().map("retell", body, now)? else { panic!() };
/// let call = &mapped.message.vcp_payload.call;
/// assert_eq!(call.start_time.to_string(), "2024-05-02T00:07:55.945Z");
/// assert_eq!(call.duration_sec, Some(16));
/// assert_eq!(mapped.message.vcp_payload.outcomes.objective.status.as_str(), "success");
/// let why = mapped.report.explain("$.vcp_payload.outcomes.objective.status").unwrap();
/// assert_eq!(why.source.as_deref(), Some("/call/disconnection_reason"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Mapper {
    registry: Registry,
    options: MapOptions,
    names: defaults::Names,
}

/// The result of mapping a delivery. A caller answers each of the two in its own way, so there will
/// be no third.
#[derive(Clone, PartialEq)]
pub enum Mapping {
    /// The delivery states facts about one call.
    Call(Box<Mapped>),
    /// The delivery is not a call record: a request that wants an answer, live audio, a log, a
    /// batch event, or an unknown event.
    NotACall {
        /// The name of the event.
        event: String,
        /// `true` if the provider's file lists the event.
        known: bool,
    },
}

/// Shows no content of the call. The name of an event, which the sender chose, is cut after 64
/// characters.
impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(mapped) => f.debug_tuple("Call").field(mapped).finish(),
            Self::NotACall { event, known } => {
                let event: String = event.chars().take(64).collect();
                f.debug_struct("NotACall").field("event", &event).field("known", known).finish()
            }
        }
    }
}

/// A delivery as a message.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Mapped {
    /// The message.
    pub message: VcpMessage,
    /// The name of the event.
    pub event: String,
    /// A key that is equal for resends of one delivery: `<provider>:<event>:<id>`, and further
    /// parts of the provider. `None` if the payload has no id, or if each delivery of the event
    /// replaces the one before it (live transcripts).
    ///
    /// Some providers send several deliveries of an event with the same parts, such as a status
    /// that Vapi reports again. Merge these instead of keeping one.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The source of every value.
    pub report: MapReport,
}

/// Shows no content of the call. The message and the idempotency key can hold personal data.
impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapped")
            .field("event", &self.event)
            .field("written", &self.report.written.len())
            .field("unread", &self.report.unread.len())
            .field("problems", &self.report.problems.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Mapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapper")
            .field("registry", &self.registry)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Default for Mapper {
    fn default() -> Self {
        Self::new()
    }
}

impl Mapper {
    /// Makes a mapper for the six built-in providers, with default options.
    #[must_use]
    pub fn new() -> Self {
        Self::with_registry(Registry::builtin())
    }

    /// Makes a mapper for the providers of a registry, with default options.
    #[must_use]
    pub fn with_registry(registry: Registry) -> Self {
        Self { registry, options: MapOptions::default(), names: defaults::Names::new() }
    }

    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: MapOptions) -> Self {
        self.options = options;
        self
    }

    /// Returns the options.
    #[must_use]
    pub fn as_options(&self) -> &MapOptions {
        &self.options
    }

    /// Returns the providers.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Maps the body of one delivery. `now` is the time of receipt. The same body and time give the
    /// same bytes.
    ///
    /// # Errors
    ///
    /// - `VCP_E001`: `now` is outside the years 1 to 9999, or within a leap second.
    /// - `VCP_E002`: the body does not have the provider's shape.
    /// - `VCP_E005`: a member that the provider's rules require is missing.
    /// - `VCP_E007`: the body is not JSON.
    /// - `VCP_E008`: the body, or the message made of it, exceeds a limit.
    /// - `VCP_E009`: the provider is unknown.
    pub fn map(&self, provider: &str, payload: &[u8], now: DateTime<Utc>) -> Result<Mapping, MapError> {
        let received_at = time_of_receipt(now)?;
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

    /// Makes one message of the events of a session, for providers that announce no end of a call.
    ///
    /// The `data` of the message is `{"events": […]}`, in the order of receipt. The digest of the
    /// events is beside it, as `session`. The sources of the report lead there. The time of receipt
    /// is that of the last event.
    ///
    /// Give all events of a session together. A merge of messages that were made of parts of a
    /// session keeps the later part only.
    ///
    /// ```
    /// use vcp_mapping::{Mapper, SessionEvent};
    /// let events = [
    ///     (
    ///         "2026-10-14T12:00:00Z",
    ///         r#"{"type":"session.created","session":{"id":"sess_1","model":"gpt-realtime"}}"#,
    ///     ),
    ///     (
    ///         "2026-10-14T12:00:42Z",
    ///         r#"{"type":"response.done","response":{"status":"completed",
    ///             "usage":{"input_tokens":63,"output_tokens":22}}}"#,
    ///     ),
    /// ];
    /// let events: Vec<_> = events
    ///     .iter()
    ///     .map(|(at, body)| Ok(SessionEvent::new(at.parse()?, body.as_bytes())))
    ///     .collect::<Result<_, chrono::ParseError>>()?;
    /// let mapped = Mapper::new().assemble("openai", &events)?;
    /// assert_eq!(mapped.message.vcp_payload.call.duration_sec, Some(42));
    /// assert_eq!(mapped.message.vcp_payload.outcomes.objective.status.as_str(), "success");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - `VCP_E001`: a time of receipt is outside the years 1 to 9999, or within a leap second.
    /// - `VCP_E002`: an event is not an object, there are no events, they are of more than one
    ///   session, or the provider has no sessions.
    /// - `VCP_E007`: an event is not JSON.
    /// - `VCP_E008`: the events together, or the message made of them, exceed a limit, or a session
    ///   of OpenAI has more than 20 000 items.
    /// - `VCP_E009`: the provider is unknown.
    pub fn assemble(&self, provider: &str, events: &[SessionEvent<'_>]) -> Result<Mapped, MapError> {
        let provider = self.provider(provider, &[])?;
        let refuse = |message: String| MapError::new(ErrorCode::Mapping, FieldPath::root(), message);
        let (Some(assembler), Some((event, ready))) = (self.registry.assembler(provider), provider.assembled()) else {
            return Err(refuse(format!("the calls of `{}` are not sessions of events", provider.name())));
        };
        let length = events.iter().map(|event| event.body.len() + 1).sum();
        self.within(length)?;
        let mut texts = Vec::with_capacity(events.len());
        for (at, event) in events.iter().enumerate() {
            let path = FieldPath::root().name("events").index(at);
            let text = self.object(event.body, &path, || "an event is an object".to_owned())?;
            text::well_formed(text, &self.limits()).map_err(|error| MapError::from(error).below(&path))?;
            time_of_receipt(event.received_at).map_err(|error| error.below(&path))?;
            texts.push((event.received_at, text));
        }
        // Sorting takes memory also for events that are in order.
        if !texts.is_sorted_by_key(|(at, _)| *at) {
            texts.sort_by_key(|(at, _)| *at);
        }
        let Some((received_at, _)) = texts.last().copied() else {
            return Err(refuse("a session has events, and there are none".to_owned()));
        };
        let kept = as_events(&texts, length);
        let Digest { members: session, problems, unknown_words, unread, read } = assembler.digest(&texts)?;
        let digest = as_payload(&serde_json::Value::Object(session).to_string());

        let delivery = self.walk(provider, &digest)?;
        let mut draft = self.draft(provider, event, time_of_receipt(received_at)?);
        delivery.read(event, ready, &mut draft)?;
        let (kept_digest, _) = delivery.kept();
        for (_, session) in members::last(&kept_digest).unwrap_or_default() {
            draft.keep_session(provider.name(), session);
        }
        draft.report.problems.extend(problems);
        draft.report.unknown_words.extend(unknown_words);
        draft.report.unread.extend(unread.into_iter().filter(|unread| !ready.plan.ignores(&unread.pointer)));
        draft.report.in_lists.extend(read.into_iter().filter(|read| !ready.plan.ignores(&read.pointer)));
        let seen = self.look_over(provider, &texts, &mut draft.report)?;
        let (data, masked) = match provider.masked(&self.options) {
            Some(secrets) => mask(&kept, secrets.occurring_in(&kept, &seen)),
            None => (Cow::Borrowed(kept.as_str()), Vec::new()),
        };
        let key = delivery.key(event, ready);
        self.finish(provider, draft, event.to_owned(), data, masked, &kept, key)
    }

    /// Reports the events of a session that the provider's file does not list. Returns the watched
    /// names of all events.
    fn look_over(
        &self,
        provider: &Provider,
        events: &[(DateTime<Utc>, &str)],
        report: &mut MapReport,
    ) -> Result<Seen, MapError> {
        let mut seen = Seen::default();
        let mut unlisted = HashSet::new();
        let mut known: HashSet<String> = report.problems.iter().map(|problem| problem.source.to_string()).collect();
        for (at, (_, text)) in events.iter().enumerate() {
            let delivery = self.walk(provider, text)?;
            seen.add(delivery.seen());
            match delivery.recognise() {
                Ok(Recognised::NotACall { event, known: false }) => {
                    // A word is told once, with its first event.
                    if unlisted.insert(event.clone()) {
                        report.unknown_words.push(UnlistedWord { source: format!("/events/{at}").into(), word: event });
                    }
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
        Ok(seen)
    }

    /// Returns a body as the text of an object.
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
        Delivery::walk(provider, text, self.options).map_err(|_| match text::well_formed(text, &self.limits()) {
            Err(malformed) => MapError::from(malformed),
            Ok(()) => MapError::new(ErrorCode::Mapping, FieldPath::root(), "the payload is not JSON"),
        })
    }

    pub(crate) fn limits(&self) -> Limits {
        self.options.limits
    }

    /// Makes a draft of defaults.
    pub(crate) fn draft<'p>(&self, provider: &Provider, event: &str, received_at: Timestamp) -> Draft<'p> {
        let received_at = received_at.to_utc().unwrap_or(received_at);
        Draft::new(defaults::message(provider.name(), event, received_at, self.options.consent_default))
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
        idempotency_key: Option<IdempotencyKey>,
    ) -> Result<Mapped, MapError> {
        let (message, mut report) = self.close(draft, data, text);
        plausible::look_over(&message, &mut report);
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

    /// Finishes the message of a draft.
    pub(crate) fn close(&self, draft: Draft<'_>, data: Cow<'_, str>, text: &str) -> (VcpMessage, MapReport) {
        draft.close(data, text, &self.names, self.options.consent_default)
    }

    /// Returns the name in VCP of a provider, given by its name or an alias in any case. A server
    /// can refuse an unknown provider with it before it reads a body.
    ///
    /// # Errors
    ///
    /// `VCP_E009`: the provider is unknown.
    pub fn provider_name(&self, provider: &str) -> Result<&str, MapError> {
        self.known(provider).map(Provider::name)
    }

    /// Checks the length of a body, which can be done before its signature is checked.
    ///
    /// # Errors
    ///
    /// `VCP_E008`: the body is longer than the limit of text.
    pub fn check_length(&self, body: &[u8]) -> Result<(), MapError> {
        self.within(body.len())
    }

    fn provider(&self, name: &str, payload: &[u8]) -> Result<&Provider, MapError> {
        let known = self.known(name)?;
        self.within(payload.len())?;
        Ok(known)
    }

    pub(crate) fn known(&self, name: &str) -> Result<&Provider, MapError> {
        let unknown =
            |error: UnknownNameError| MapError::new(ErrorCode::UnknownProvider, FieldPath::root(), error.to_string());
        self.registry.find(name).map_err(unknown)
    }

    fn within(&self, length: usize) -> Result<(), MapError> {
        let limit = self.options.limits.text_bytes;
        if length <= limit {
            return Ok(());
        }
        let message = format!("the payload has {length} bytes, more than the limit of {limit}");
        Err(MapError::new(ErrorCode::Limit, FieldPath::root(), message))
    }
}
