//! Mapping one delivery into a draft.

use crate::{
    Options,
    conversation::Reader,
    draft::Draft,
    error::MapError,
    mask::{MASK, Secrets},
    models,
    provider::{Plan, Provider, ReadyEvent, ReadyRule, ReadySource, Shape},
    report::{How, Problem, UnknownWord, Written},
    rules::{Gives, Transform},
    target::{Place, Target},
    transform::{self, Made, Setting, Value},
    trie::{NodeId, Walked},
};
use std::{borrow::Cow, sync::Arc};
use vcp_schema::{
    ErrorCode, RawJson, Timestamp, VcpMessage,
    json::{string, text},
};

/// A value, and how it was found.
struct Sourced<'p> {
    value: Value<'p>,
    how: How,
    source: Option<Arc<str>>,
    transform: Option<Transform>,
    /// The provider's own word.
    word: Option<String>,
}

/// One delivery, walked.
pub(crate) struct Delivery<'p, 'm> {
    provider: &'m Provider,
    walked: Walked<'p, 'm>,
    text: &'p str,
    options: Options,
}

/// What a delivery turns out to be.
pub(crate) enum Recognised<'m> {
    Call { event: String, ready: &'m ReadyEvent },
    NotACall { event: String, known: bool },
}

impl<'p, 'm> Delivery<'p, 'm> {
    /// Walks a text, which must be an object.
    pub(crate) fn walk(provider: &'m Provider, text: &'p str, options: Options) -> Result<Self, serde_json::Error> {
        Ok(Self { provider, walked: provider.trie.walk(text)?, text, options })
    }

    /// What the delivery is.
    pub(crate) fn recognise(&self) -> Result<Recognised<'m>, MapError> {
        let Some((shape, event)) = self.detect()? else {
            return Ok(Recognised::NotACall { event: "unknown".to_owned(), known: false });
        };
        if self.provider.event(&event).is_none_or(|event| event.assembled) {
            return Ok(Recognised::NotACall { event, known: false });
        }
        let Some(ready) = shape.events.get(&event) else {
            return Ok(Recognised::NotACall { event, known: true });
        };
        if !self.walked.is_object(ready.plan.at) {
            if ready.unless.is_some_and(|node| self.walked.is_present(node)) {
                return Ok(Recognised::NotACall { event, known: true });
            }
            let message = format!("a `{event}` delivery has its record here, as an object");
            return Err(MapError::new(ErrorCode::Mapping, self.provider.trie.path(ready.plan.at), message));
        }
        Ok(Recognised::Call { event, ready })
    }

    /// The key of the delivery.
    pub(crate) fn key(&self, event: &str, ready: &ReadyEvent) -> Option<String> {
        let text = |node: &NodeId| transform::scalar(self.walked.text(*node)?);
        let (id, others) = ready.key.split_first()?;
        let id = text(id).filter(|id| !id.is_empty())?;
        let first = format!("{}:{event}:{id}", self.provider.name());
        // What is not there leaves its place empty, so that nothing else stands in it.
        let key = others.iter().map(text).fold(first, |key, part| key + ":" + &part.unwrap_or_default());
        Some(key)
    }

    /// The time of the event itself, in nanoseconds since 1970, if the delivery has one.
    pub(crate) fn time(&self, ready: &ReadyEvent) -> Option<i128> {
        match transform::time(self.walked.text(ready.time?)?) {
            Made::Value(Value::Time(time)) => Some(time.unix_nanos()),
            _ => None,
        }
    }

    /// Reads the record into a draft.
    pub(crate) fn read(&self, event: &str, ready: &ReadyEvent, draft: &mut Draft<'p>) -> Result<(), MapError> {
        let plan = &*ready.plan;
        draft.begin(plan);
        for reader in &plan.models {
            self.use_models(reader, plan, draft);
        }
        let (mut looked_at, mut taken) = (Cow::Borrowed(&plan.looked_at), Cow::Borrowed(&plan.taken));
        for rule in &plan.rules {
            if !self.applies(rule, event, draft) {
                continue;
            }
            if rule.is_conditional() {
                looked_at.to_mut().extend(rule.sources());
                taken.to_mut().extend(rule.taken());
            }
            self.apply(rule, plan, draft)?;
        }
        draft.note_latency();
        if let Some(reader) = &plan.conversation {
            self.converse(reader, plan, draft);
        }
        draft.end(plan);
        let lacks = ready.required.iter().filter(|node| !self.walked.is_present(**node));
        draft.report.missing = lacks.map(|node| self.provider.trie.pointer(*node)).collect();
        let written = &draft.report.written;
        let is_used = |pointer: &Arc<str>| written.iter().any(|written| written.source.as_ref() == Some(pointer));
        draft.report.unread = self.walked.unread(&looked_at, &taken);
        draft.report.unread.extend(draft.unused.iter().filter(|pointer| !is_used(pointer)).map(ToString::to_string));
        Ok(())
    }

    /// The text of the payload as it is kept, and what of it is masked.
    pub(crate) fn kept(&self) -> (Cow<'p, str>, Vec<String>) {
        match self.provider.masked(self.options) {
            None => (Cow::Borrowed(self.text), Vec::new()),
            Some(secrets) => self.mask_rooted(secrets).unwrap_or_else(|| secrets.mask(self.text)),
        }
    }

    /// The shape of the payload and the name of its event.
    fn detect(&self) -> Result<Option<(&'m Shape, String)>, MapError> {
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
            let word = self.walked.text(node).and_then(string::decode_lossy);
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

    fn apply(&self, rule: &ReadyRule, plan: &Plan, draft: &mut Draft<'p>) -> Result<(), MapError> {
        if draft.is_written(rule.field) && !rule.target.collects() {
            return Ok(());
        }
        let path = plan.fields.get(rule.field).cloned().unwrap_or_default();
        let found = self.value(rule, plan, draft).or_else(|| self.word_before(rule, &path, draft));
        let Some(mut found) = found else {
            if rule.required {
                let path = rule
                    .sources
                    .iter()
                    .find_map(|s| s.node)
                    .map(|node| self.provider.trie.path(node))
                    .unwrap_or_default();
                return Err(MapError::new(
                    ErrorCode::Missing,
                    path,
                    "the provider's rules require this member, and it is missing or null",
                ));
            }
            return Ok(());
        };
        if let (Value::Text(word), false) = (&found.value, rule.change.is_empty()) {
            draft.words.insert(path.clone(), word.to_string());
        }
        let changed_by = self.change(rule, &mut found);
        if let Some(earlier) = draft.before(&path)
            && !draft.is_written(rule.field)
            && !replaces(&rule.target, earlier, &found, &mut draft.message)
        {
            return Ok(());
        }
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
                if let (Place::Integrations, 1, Some(json)) = (place, names.len(), &json)
                    && !json.starts_with('{')
                {
                    let (source, message) = (found.source.unwrap_or_default(), "an object is wanted here");
                    draft.report.problems.push(Problem::new(ErrorCode::Type, source, message));
                    return Ok(());
                }
                json.map(|json| draft.free.push((*place, names.clone(), json))).is_some()
            }
        };
        // A rule whose value does not fit its field is a fault of the rule file, found when it is read.
        debug_assert!(written, "{}", rule.id);
        draft.mark(rule.field, found.how);
        draft.report.written.push(Written {
            target: path,
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
        let code = if json.starts_with(['[', '{']) { ErrorCode::Unreadable } else { ErrorCode::Type };
        let problem = |message: &&str| Problem::new(code, source.clone(), *message);
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
            if let Some(field) = plan.field(&field) {
                draft.mark(field, How::Read);
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
                    found.push((text::offset(self.text, text), text.len(), *node));
                }
                _ => {}
            }
        }
        if found.is_empty() {
            return Some((Cow::Borrowed(self.text), Vec::new()));
        }
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
                draft.report.problems.push(Problem::new(ErrorCode::Type, source, "a list of rows is wanted here"));
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
        let note = |draft: &mut Draft<'_>, target: &str, how: How| {
            let target = format!("$.vcp_payload.{target}").into();
            draft.report.written.push(Written { source: Some(source.clone()), ..Written::without_source(target, how) });
        };
        let has_transcript = plan.field("artifacts.transcript").is_some_and(|field| draft.is_written(field));
        if !has_transcript && let Some(text) = talk.transcript() {
            draft.message.vcp_payload.artifacts.extras.insert("transcript".to_owned(), RawJson::from_text(&text));
            note(draft, "artifacts.transcript", How::Derived);
        }
        let start_read = draft.how(plan, "call.start_time") == Some(How::Read);
        let calls = talk.capabilities(draft.message.vcp_payload.call.start_time, start_read);
        if !calls.is_empty() {
            note(draft, "call.capabilities_invoked", How::Read);
        }
        for (at, _) in calls.iter().enumerate().filter(|(_, call)| !call.is_timed) {
            note(draft, &format!("call.capabilities_invoked[{at}].invoked_at"), How::Default);
        }
        draft.join(calls);
        for name in draft.measure(talk.metrics()) {
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
        let start_how = draft.how(plan, "call.start_time");
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
                    if matches!(value, Value::Text(_)) && string::is_lossy(json) {
                        let message = "a lone surrogate was replaced by U+FFFD";
                        report.problems.push(Problem::new(ErrorCode::Unreadable, pointer.clone(), message));
                    }
                    return Some(Sourced { value, how, source: Some(pointer), transform, word: word() });
                }
                Made::Guessed(value, unlisted) => {
                    report.unknown_words.push(UnknownWord { source: pointer.clone(), word: unlisted });
                    return Some(Sourced { value, how, source: Some(pointer), transform, word: word() });
                }
                Made::Unlisted(word) => report.unknown_words.push(UnknownWord { source: pointer, word }),
                Made::Problem(code, what) => report.problems.push(Problem::new(code, pointer, what)),
                Made::Nothing => {}
            }
        }
        None
    }

    /// The text of a member that is copied beside `data`, when there are secrets in it that are not kept.
    fn without_secrets(&self, source: &ReadySource, node: NodeId, json: &str) -> Option<String> {
        if source.transform.gives() != Gives::Json || self.options.keep_secrets {
            return None;
        }
        self.provider.secrets.mask_at(&self.provider.trie.path(node), json)
    }

    /// Whether a source has the evidence that it needs.
    fn is_backed(&self, source: &ReadySource, json: &str) -> bool {
        let is_doubtful = source.needs_for.is_empty()
            || string::decode_lossy(json)
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

    /// The word that an earlier delivery told, where this one has a flag that may change it.
    fn word_before(&self, rule: &ReadyRule, path: &str, draft: &Draft<'p>) -> Option<Sourced<'p>> {
        let has_flag = rule.change.iter().any(|(node, _)| self.walked.text(*node).is_some_and(|json| json != "null"));
        let word = draft.words.get(path).filter(|_| has_flag)?.clone();
        Some(Sourced { value: Value::Text(word.into()), how: How::Derived, source: None, transform: None, word: None })
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

/// Whether a value replaces what an earlier delivery told of a field, and makes room for it where it does.
fn replaces(target: &Target, earlier: How, found: &Sourced<'_>, message: &mut VcpMessage) -> bool {
    use Transform::{End, EndMinusDuration, EndMinusStart, StartPlusDuration};
    let is_worked_out = matches!(found.transform, Some(End | EndMinusDuration | EndMinusStart | StartPlusDuration))
        && found.source.is_none();
    match target {
        // What follows from other fields is no better than what was read.
        _ if is_worked_out && earlier == How::Read => false,
        // A start that is only evidence must not move behind the end: of several the earliest is the nearest, and one that was read is better.
        Target::Field(field) if field.path == "call.start_time" && found.how == How::Derived => {
            let is_earlier = |time: Timestamp| time.unix_nanos() < message.vcp_payload.call.start_time.unix_nanos();
            earlier == How::Derived && matches!(found.value, Value::Time(time) if is_earlier(time))
        }
        Target::Field(field) if field.path == "outcomes.perceived" => {
            message.vcp_payload.outcomes.perceived.clear();
            true
        }
        _ => true,
    }
}

/// The value of a source whose member is there, unless its text stands for none.
fn made<'p>(source: &ReadySource, json: &'p str, setting: Setting<'_>) -> Made<'p> {
    if !source.except.is_empty()
        && string::decode_lossy(json).is_some_and(|text| source.except.iter().any(|e| *e == *text))
    {
        return Made::Nothing;
    }
    transform::apply(source.transform, json, setting)
}
