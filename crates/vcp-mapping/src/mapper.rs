//! Mapping one delivery.

use crate::{
    conversation::Reader,
    error::MapError,
    mask::Secrets,
    models::{self, Models},
    provider::{Plan, Provider, ReadyRule, ReadySource, Shape},
    registry::Registry,
    report::{How, Problem, Report, UnknownWord, Written},
    rules::{Gives, Transform},
    skeleton,
    target::{Place, Target},
    transform::{self, Made, Setting, Value},
    trie::{NodeId, Walked},
};
use std::{borrow::Cow, sync::Arc};
use vcp_schema::{
    CustomProviderData, ErrorCode, FieldPath, Limits, OrderedMap, RawJson, RawObject, Timestamp, VcpMessage, structure,
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
        let limits = Limits { text_bytes: self.options.max_bytes, ..Limits::default() };
        let text = structure::utf8(payload, &limits)?.trim_matches([' ', '\t', '\n', '\r']);
        if !text.starts_with('{') {
            structure::well_formed(text, &limits)?;
            return Err(MapError::new(
                ErrorCode::Mapping,
                FieldPath::root(),
                format!("the payload of a `{}` delivery is an object", provider.name()),
            ));
        }
        let walked = provider.trie.walk(text).map_err(|error| match structure::well_formed(text, &limits) {
            Err(malformed) => MapError::from(malformed),
            Ok(()) => MapError::new(ErrorCode::Mapping, FieldPath::root(), error.to_string()),
        })?;
        let received_at = received_at.to_utc().unwrap_or(received_at);
        let run = Run { provider, walked, text, received_at, mapper: self };
        run.map()
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
        let known = self.registry.get(name).ok_or_else(|| self.unknown(name))?;
        let (length, limit) = (payload.len(), self.options.max_bytes);
        if length > limit {
            let message = format!("the payload has {length} bytes, more than the limit of {limit}");
            return Err(MapError::new(ErrorCode::Limit, FieldPath::root(), message));
        }
        Ok(known)
    }

    fn unknown(&self, name: &str) -> MapError {
        let known: Vec<&str> = self.registry.providers().map(Provider::name).collect();
        let shown: String = name.chars().take(32).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let message = format!("the provider `{shown}` is not known: use one of {}", known.join(", "));
        MapError::new(ErrorCode::UnknownProvider, FieldPath::root(), message)
    }
}

/// A value, and how it was found.
struct Sourced<'p> {
    value: Value<'p>,
    how: How,
    source: Option<Arc<str>>,
    transform: Option<Transform>,
    /// The provider's own word.
    word: Option<String>,
}

/// A message in the making.
struct Draft<'p> {
    message: VcpMessage,
    report: Report,
    /// By field of the plan: how a rule wrote it, if one did.
    written: Vec<Option<How>>,
    free: Vec<(Place, Vec<String>, Cow<'p, str>)>,
    models: Models,
    /// Members that were read in vain.
    unused: Vec<Arc<str>>,
}

impl Draft<'_> {
    fn is_written(&self, field: usize) -> bool {
        self.how(field).is_some()
    }

    fn how(&self, field: usize) -> Option<How> {
        self.written.get(field).copied().flatten()
    }

    /// Prompt and completion tokens, when both are written.
    fn tokens(&self) -> Option<(i64, i64)> {
        let metric = |wanted: &str| {
            let is_wanted = |names: &[String]| matches!(names, [name] if name == wanted);
            let found = self.free.iter().find(|(place, names, _)| *place == Place::Metrics && is_wanted(names));
            found.and_then(|(.., json)| json.parse::<i64>().ok())
        };
        metric("prompt_tokens").zip(metric("completion_tokens"))
    }
}

/// One delivery being mapped.
struct Run<'p, 'm> {
    provider: &'m Provider,
    walked: Walked<'p, 'm>,
    text: &'p str,
    received_at: Timestamp,
    mapper: &'m Mapper,
}

impl<'p> Run<'p, '_> {
    fn map(&self) -> Result<Mapping, MapError> {
        let Some((shape, event)) = self.detect()? else {
            return Ok(Mapping::NotACall { event: "unknown".to_owned(), known: false });
        };
        if self.provider.event(&event).is_none() {
            return Ok(Mapping::NotACall { event, known: false });
        }
        let Some(ready) = shape.events.get(&event) else {
            return Ok(Mapping::NotACall { event, known: true });
        };
        let plan = &ready.plan;
        if !self.walked.is_object(plan.at) {
            if ready.unless.is_some_and(|node| self.walked.is_present(node)) {
                return Ok(Mapping::NotACall { event, known: true });
            }
            let message = format!("a `{event}` delivery has its record here, as an object");
            return Err(MapError::new(ErrorCode::Mapping, self.provider.trie.path(plan.at), message));
        }
        self.call(plan, event, &ready.key)
    }

    /// The key of a delivery, from these members.
    fn key(&self, event: &str, members: &[NodeId]) -> Option<String> {
        let text = |node: &NodeId| transform::scalar(self.walked.text(*node)?);
        let (id, others) = members.split_first()?;
        let id = text(id).filter(|id| !id.is_empty())?;
        let first = format!("{}:{event}:{id}", self.provider.name());
        // What is not there leaves its place empty, so that nothing else stands in it.
        let key = others.iter().map(text).fold(first, |key, part| key + ":" + &part.unwrap_or_default());
        Some(key)
    }

    /// The shape of the payload and the name of its event.
    fn detect(&self) -> Result<Option<(&Shape, String)>, MapError> {
        for shape in &self.provider.shapes {
            let has_all = shape.has.iter().all(|node| self.walked.is_present(*node));
            let has_one = shape.any.is_empty() || shape.any.iter().any(|node| self.walked.is_present(*node));
            let is_filled = shape.filled.iter().all(|node| self.is_filled(*node, ""));
            let lacks = !shape.lacks.iter().any(|node| self.walked.is_present(*node));
            if !has_all || !has_one || !is_filled || !lacks {
                continue;
            }
            let Some(node) = shape.from else {
                return Ok(Some((shape, shape.name.clone())));
            };
            let word = self.walked.text(node).and_then(transform::string);
            let Some(word) = word else {
                let message = "the name of the event is a string";
                return Err(MapError::new(ErrorCode::Mapping, self.provider.trie.path(node), message));
            };
            if word.trim().is_empty() {
                return Ok(None);
            }
            return Ok(Some((shape, format!("{}{}", shape.name, word.trim()))));
        }
        Ok(None)
    }

    fn call(&self, plan: &Plan, event: String, key: &[NodeId]) -> Result<Mapping, MapError> {
        let (name, options) = (self.provider.name(), &self.mapper.options);
        let mut draft = Draft {
            message: skeleton::message(name, &event, self.received_at, options.consent_default),
            report: Report::default(),
            written: vec![None; plan.fields.len()],
            free: Vec::new(),
            models: Models::default(),
            unused: Vec::new(),
        };
        for reader in &plan.models {
            self.use_models(reader, plan, &mut draft);
        }
        for rule in &plan.rules {
            self.apply(rule, plan, &event, &mut draft)?;
        }
        if let Some(reader) = &plan.conversation {
            self.converse(reader, plan, &mut draft);
        }
        let Draft { mut message, mut report, written, free, models, unused } = draft;
        models.write(&mut message, &mut report);
        let is_written =
            |field: &str| plan.field(field).is_some_and(|field| written.get(field).is_some_and(Option::is_some));
        skeleton::finish(&mut message, &mut report, is_written, &self.mapper.names, self.text, options.consent_default);
        report
            .written
            .extend(self.provider.own_fields.iter().map(|path| Written::without_source(path.clone(), How::Derived)));
        report.unread = self.walked.unread(&plan.looked_at, &plan.taken);
        let is_used = |pointer: &Arc<str>| report.written.iter().any(|written| written.source.as_ref() == Some(pointer));
        report.unread.extend(unused.iter().filter(|pointer| !is_used(pointer)).map(ToString::to_string));

        let secrets = match (options.keep_secrets, options.keep_audio) {
            (false, true) => Some(&self.provider.secrets),
            (false, false) => Some(&self.provider.secrets_and_audio),
            (true, false) => Some(&self.provider.audio),
            (true, true) => None,
        };
        let (data, masked) = match secrets {
            None => (Cow::Borrowed(self.text), Vec::new()),
            Some(secrets) => self.mask_rooted(secrets).unwrap_or_else(|| secrets.mask(self.text)),
        };
        report.masked = masked;
        let data = CustomProviderData::builder().data(RawObject::from_trusted_text(data)).build();
        message.vcp_payload.custom.provider_specific.insert(name.to_owned(), data);
        place_free_data(&mut message, name, free);
        let idempotency_key = self.key(&event, key);
        Ok(Mapping::Call(Box::new(Mapped { message, event, idempotency_key, report })))
    }

    fn apply(&self, rule: &ReadyRule, plan: &Plan, event: &str, draft: &mut Draft<'p>) -> Result<(), MapError> {
        if !self.applies(rule, event, draft) || (draft.is_written(rule.field) && !rule.target.collects()) {
            return Ok(());
        }
        let Some(mut found) = self.value(rule, plan, draft) else {
            if rule.required {
                let path = rule
                    .sources
                    .iter()
                    .find_map(|s| s.node)
                    .map(|node| self.provider.trie.path(node))
                    .unwrap_or_default();
                return Err(MapError::new(ErrorCode::Missing, path, "the required member is absent or null"));
            }
            return Ok(());
        };
        let changed_by = self.change(rule, &mut found);
        let written = match (&rule.target, found.value) {
            (Target::Field(field), value) => field.write(&mut draft.message, value),
            // To a role without a model nothing can be attributed.
            (Target::Model(role, part), value) => {
                if !draft.models.note(role, *part, &value) {
                    draft.unused.extend(found.source);
                    return Ok(());
                }
                true
            }
            (Target::Free(place, names), value) => {
                let json = match value {
                    Value::Json(json) => Some(json),
                    Value::Float(number) => Some(Cow::Owned(number.to_string())),
                    Value::Integer(number) => Some(Cow::Owned(number.to_string())),
                    Value::Text(_) | Value::Time(_) => None,
                };
                json.map(|json| draft.free.push((*place, names.clone(), json))).is_some()
            }
        };
        // A rule whose value does not fit its field is a fault of the rule file, found when it is read.
        debug_assert!(written, "{}", rule.id);
        if let Some(flag) = draft.written.get_mut(rule.field) {
            *flag = Some(found.how);
        }
        draft.report.written.push(Written {
            target: plan.fields.get(rule.field).cloned().unwrap_or_default(),
            how: found.how,
            source: found.source,
            transform: found.transform,
            word: found.word,
            changed_by,
            rule: Some(rule.id.clone()),
        });
        Ok(())
    }

    /// Writes the models of a list, and what they did and cost.
    fn use_models(&self, reader: &models::Reader, plan: &Plan, draft: &mut Draft<'p>) {
        let Some(json) = self.walked.text(reader.at).filter(|json| *json != "null") else { return };
        let source = self.provider.trie.pointer(reader.at);
        let used = reader.read(json, reader.table().and_then(|name| self.provider.table(name)));
        let problem = |message: &&str| Problem {
            code: if json.starts_with(['[', '{']) { ErrorCode::Unreadable } else { ErrorCode::Type },
            source: source.clone(),
            message: (*message).to_owned(),
        };
        draft.report.problems.extend(used.problems.iter().map(problem));
        draft.models.add(&used);
        let mut metrics = Vec::new();
        for (name, count) in [("prompt_tokens", used.prompt_tokens), ("completion_tokens", used.completion_tokens)] {
            if let Some(count) = count {
                draft.free.push((Place::Metrics, vec![name.to_owned()], Cow::Owned(count.to_string())));
                metrics.push(format!("outcomes.objective.metrics.{name}"));
            }
        }
        for field in used.roles.iter().flat_map(models::UsedRole::fields).chain(metrics) {
            if let Some(flag) = plan.field(&field).and_then(|field| draft.written.get_mut(field)) {
                *flag = Some(How::Read);
            }
            let target = format!("$.vcp_payload.{field}").into();
            draft
                .report
                .written
                .push(Written { source: Some(source.clone()), ..Written::without_source(target, How::Read) });
        }
    }

    /// The text with secrets masked where the walk found them, without another look at it; `None` when there may be more of them elsewhere.
    fn mask_rooted(&self, secrets: &Secrets) -> Option<(Cow<'p, str>, Vec<String>)> {
        let is_all = std::ptr::eq(secrets, &self.provider.secrets) && secrets.are_rooted_in(self.text);
        if !is_all || self.walked.has_repeats() {
            return None;
        }
        let mut found = Vec::new();
        for (node, leaf_only) in &self.provider.rooted_secrets {
            if self.walked.is_below_a_list(*node) {
                return None;
            }
            match self.walked.text(*node) {
                Some(text) if text.starts_with(['{', '[']) => leaf_only.then_some(())?,
                Some(text) if !matches!(text, "true" | "false" | "null") => {
                    found.push((structure::offset(self.text, text), text.len(), *node));
                }
                _ => {}
            }
        }
        if found.is_empty() {
            return Some((Cow::Borrowed(self.text), Vec::new()));
        }
        const MASK: &str = "\"***\"";
        found.sort_unstable();
        let hidden: usize = found.iter().map(|(_, length, _)| length).sum();
        // Exact, so that a long text is not copied once more.
        let length = (self.text.len() - hidden) + found.len() * MASK.len();
        let (mut data, mut copied, mut masked) = (String::with_capacity(length), 0, Vec::new());
        for (at, length, node) in found {
            data.push_str(self.text.get(copied..at)?);
            data.push_str(MASK);
            copied = at + length;
            masked.push(self.provider.trie.pointer(node).to_string());
        }
        data.push_str(self.text.get(copied..)?);
        Some((Cow::Owned(data), masked))
    }

    /// Writes what the rows of the conversation tell and no rule has written.
    fn converse(&self, reader: &Reader, plan: &Plan, draft: &mut Draft<'p>) {
        let mut read = None;
        for (list, knows_tools) in &reader.lists {
            let source = self.provider.trie.pointer(*list);
            if self.walked.text(*list).is_some_and(|text| text != "null" && !text.starts_with('[')) {
                let message = "a list of rows is wanted here".to_owned();
                draft.report.problems.push(Problem { code: ErrorCode::Type, source, message });
                continue;
            }
            let Some(rows) = self.walked.rows(*list, reader.members()) else { continue };
            let talk = reader.read(&rows, *knows_tools);
            let unknown =
                talk.unknown_roles.iter().map(|word| UnknownWord { source: source.clone(), word: word.clone() });
            draft.report.unknown_words.extend(unknown);
            // A list in which nobody spoke and nothing was done yields to one that tells more.
            let is_empty = talk.is_empty();
            if read.is_none() || !is_empty {
                read = Some((talk, source));
            }
            if !is_empty {
                break;
            }
        }
        let Some((talk, source)) = read else { return };
        let how_of = |draft: &Draft<'_>, field: &str| plan.field(field).and_then(|field| draft.how(field));
        let note = |draft: &mut Draft<'_>, target: &str, how: How| {
            let target = format!("$.vcp_payload.{target}").into();
            draft.report.written.push(Written { source: Some(source.clone()), ..Written::without_source(target, how) });
        };
        if how_of(draft, "artifacts.transcript").is_none()
            && let Some(text) = talk.transcript()
        {
            draft.message.vcp_payload.artifacts.extras.insert("transcript".to_owned(), RawJson::from_text(&text));
            note(draft, "artifacts.transcript", How::Derived);
        }
        let start_read = how_of(draft, "call.start_time") == Some(How::Read);
        let capabilities = talk.capabilities(draft.message.vcp_payload.call.start_time, start_read);
        if !capabilities.is_empty() {
            note(draft, "call.capabilities_invoked", How::Read);
        }
        for (at, (capability, is_timed)) in capabilities.into_iter().enumerate() {
            if !is_timed {
                note(draft, &format!("call.capabilities_invoked[{at}].invoked_at"), How::Default);
            }
            draft.message.vcp_payload.call.capabilities_invoked.push(capability.into());
        }
        // The provider's own latency is one thing: half of it is not worked out.
        let has_latency =
            draft.free.iter().any(|(_, names, _)| names.iter().any(|name| name.starts_with("agent_latency_ms")));
        for (name, number) in talk.metrics() {
            if name.starts_with("agent_latency_ms") && has_latency {
                continue;
            }
            draft.free.push((Place::Metrics, vec![name.to_owned()], Cow::Owned(number)));
            note(draft, &format!("outcomes.objective.metrics.{name}"), How::Derived);
        }
    }

    fn applies(&self, rule: &ReadyRule, event: &str, draft: &Draft<'_>) -> bool {
        let is_one_of = |words: &[String], word: &str| words.iter().any(|w| w == word);
        let word = |node| self.walked.text(node).and_then(transform::word_of);
        rule.event.as_ref().is_none_or(|events| is_one_of(events, event))
            && rule.after.iter().all(|field| draft.is_written(*field))
            && rule.when.iter().all(|(node, words)| word(*node).is_some_and(|word| is_one_of(words, &word)))
    }

    /// The first value that a source gives.
    fn value(&self, rule: &ReadyRule, plan: &Plan, draft: &mut Draft<'p>) -> Option<Sourced<'p>> {
        if let Some(constant) = &rule.value {
            let value = Value::Text(constant.clone().into());
            return Some(Sourced { value, how: How::Derived, source: None, transform: None, word: None });
        }
        let call = &draft.message.vcp_payload.call;
        let start_how = plan.field("call.start_time").and_then(|field| draft.how(field));
        let start = start_how.map(|how| (call.start_time, how == How::Read));
        let (end, duration) = (call.end_time, call.duration_sec);
        let needs_tokens = rule.sources.iter().any(|source| source.transform == Transform::TotalTokens);
        let tokens = if needs_tokens { draft.tokens() } else { None };
        let report = &mut draft.report;
        for source in &rule.sources {
            let table = self.provider.table(&source.with).filter(|_| source.transform == Transform::Word);
            let setting = Setting { table, with: &source.with, start, end, duration, tokens };
            let how = if source.derived { How::Derived } else { How::Read };
            let transform = Some(source.transform);
            let Some(node) = source.node else {
                if let Some(value) = transform::derive(source.transform, setting) {
                    return Some(Sourced { value, how, source: None, transform, word: None });
                }
                continue;
            };
            let Some(json) = self.walked.text(node).filter(|json| *json != "null") else { continue };
            if !self.is_backed(source, json) {
                continue;
            }
            let pointer = self.provider.trie.pointer(node);
            let by_word = matches!(source.transform, Transform::Word | Transform::Sentiment);
            let word = || by_word.then(|| transform::word_of(json).map(Cow::into_owned)).flatten();
            let made = match self.without_secrets(source, node, json) {
                Some(masked) => made(source, &masked, setting).into_owned(),
                None => made(source, json, setting),
            };
            match made {
                Made::Value(value) => {
                    if matches!(value, Value::Text(_)) && transform::is_lossy(json) {
                        let message = "a lone surrogate was replaced by U+FFFD".to_owned();
                        report.problems.push(Problem { code: ErrorCode::Unreadable, source: pointer.clone(), message });
                    }
                    return Some(Sourced { value, how, source: Some(pointer), transform, word: word() });
                }
                Made::Guessed(value, unlisted) => {
                    report.unknown_words.push(UnknownWord { source: pointer.clone(), word: unlisted });
                    return Some(Sourced { value, how, source: Some(pointer), transform, word: word() });
                }
                Made::Unlisted(word) => report.unknown_words.push(UnknownWord { source: pointer, word }),
                Made::Problem(code, what) => {
                    report.problems.push(Problem { code, source: pointer, message: what.to_owned() })
                }
                Made::Nothing => {}
            }
        }
        None
    }

    /// The text of a member that is copied beside `data`, when there are secrets in it that are not kept.
    fn without_secrets(&self, source: &ReadySource, node: NodeId, json: &str) -> Option<String> {
        if source.transform.gives() != Gives::Json || self.mapper.options.keep_secrets {
            return None;
        }
        self.provider.secrets.mask_at(&self.provider.trie.path(node), json)
    }

    /// Whether a source has the evidence that it needs.
    fn is_backed(&self, source: &ReadySource, json: &str) -> bool {
        let is_doubtful = source.needs_for.is_empty()
            || transform::string(json)
                .is_some_and(|word| source.needs_for.iter().any(|w| w.eq_ignore_ascii_case(word.trim())));
        source.needs.is_empty() || !is_doubtful || source.needs.iter().any(|(node, part)| self.is_filled(*node, part))
    }

    /// Whether a member is neither absent nor null nor empty, and has a part in its text.
    fn is_filled(&self, node: usize, part: &str) -> bool {
        let is_empty = |json: &str| {
            json == "null" || json.trim_matches(['[', ']', '{', '}', '"', ' ', '\t', '\n', '\r']).is_empty()
        };
        self.walked.text(node).is_some_and(|json| !is_empty(json) && json.contains(part))
    }

    /// Lets flags change a word; says which did. What they changed is no longer what was read.
    fn change(&self, rule: &ReadyRule, found: &mut Sourced<'p>) -> Vec<Arc<str>> {
        let Value::Text(word) = &mut found.value else { return Vec::new() };
        let mut changed_by = Vec::new();
        for (node, change) in &rule.change {
            let flag = self.walked.text(*node).and_then(transform::word_of);
            let acts = flag.is_some_and(|flag| change.is.iter().any(|is| is.eq_ignore_ascii_case(&flag)));
            if acts && change.from.iter().any(|from| *from == *word) {
                *word = Cow::Owned(change.to.clone());
                found.how = How::Derived;
                changed_by.push(self.provider.trie.pointer(*node));
            }
        }
        changed_by
    }
}

/// The value of a source whose member is there, unless its text stands for none.
fn made<'p>(source: &ReadySource, json: &'p str, setting: Setting<'_>) -> Made<'p> {
    if !source.except.is_empty()
        && transform::string(json).is_some_and(|text| source.except.iter().any(|e| *e == *text))
    {
        return Made::Nothing;
    }
    transform::apply(source.transform, json, setting)
}

/// Puts free-form values where they belong: metrics, key figures, and members beside a provider's `data`.
fn place_free_data(message: &mut VcpMessage, provider: &str, free: Vec<(Place, Vec<String>, Cow<'_, str>)>) {
    let mut metrics = OrderedMap::new();
    let mut kpis = OrderedMap::new();
    let mut beside = OrderedMap::new();
    let mut integrations = OrderedMap::new();
    for (place, names, json) in free {
        let map: &mut OrderedMap<String, Node> = match place {
            Place::Metrics => &mut metrics,
            Place::Kpis => &mut kpis,
            Place::ProviderSpecific => &mut beside,
            Place::Integrations => &mut integrations,
        };
        insert(map, &names, &json);
    }
    let outcomes = &mut message.vcp_payload.outcomes;
    if !metrics.is_empty() {
        outcomes.objective.metrics = RawObject::from_trusted_text(text_of(&metrics));
    }
    if !kpis.is_empty() {
        outcomes.model_outcome_attribution.kpis = RawObject::from_trusted_text(text_of(&kpis));
    }
    for (system, node) in integrations.iter() {
        if let Ok(object) = RawObject::from_json(&node.text()) {
            message.vcp_payload.custom.integrations.get_or_insert_default().insert(system.clone(), object);
        }
    }
    let Some(Node::Object(members)) = beside.get(provider) else { return };
    let Some(target) = message.vcp_payload.custom.provider_specific.get_mut(provider) else { return };
    for (name, node) in members.iter() {
        if let Ok(json) = RawJson::from_json(&node.text()) {
            target.extras.insert(name.clone(), json);
        }
    }
}

/// Free-form data under construction.
enum Node {
    Leaf(String),
    Object(OrderedMap<String, Node>),
}

impl Node {
    fn text(&self) -> String {
        match self {
            Self::Leaf(json) => json.clone(),
            Self::Object(members) => text_of(members),
        }
    }
}

fn text_of(members: &OrderedMap<String, Node>) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, node)| format!("{}:{}", RawJson::from_text(name).as_str(), node.text())).collect();
    format!("{{{}}}", members.join(","))
}

fn insert(map: &mut OrderedMap<String, Node>, names: &[String], json: &str) {
    match names {
        [] => {}
        [name] => drop(map.insert(name.clone(), Node::Leaf(json.to_owned()))),
        [name, rest @ ..] => {
            if !matches!(map.get(name), Some(Node::Object(_))) {
                map.insert(name.clone(), Node::Object(OrderedMap::new()));
            }
            if let Some(Node::Object(inner)) = map.get_mut(name) {
                insert(inner, rest, json);
            }
        }
    }
}
