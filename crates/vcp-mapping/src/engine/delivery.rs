//! Mapping one delivery into a draft.

mod converse;
mod keep;
mod lists;
mod rest;
mod write;

use super::{
    draft::Draft,
    mask::mask_at,
    models::{Used, UsedRole},
    transform::{self, Setting},
    value::{Made, Value},
    walk::Walked,
};
use crate::{
    error::MapError,
    key::IdempotencyKey,
    options::MapOptions,
    report::{Consulted, How, Problem, UnlistedWord, Written},
    rules::{
        Provider, Transform, ValueType,
        check::Check,
        paths::{NodeId, Nodes, is_empty},
        plan::{Member, Plan, ReadyEvent, ReadyRule, ReadySource, Shape, SourceKind, Test},
        target::{FieldName, Names, Place, name},
        watched::Seen,
    },
    shared::SharedText,
};
use std::borrow::Cow;
use vcp_schema::{
    ErrorCode, FieldPath,
    json::{reader::NotJson, string},
};

/// The place of the costs that belong to no role.
const KPIS: &str = "vcp_payload.outcomes.model_outcome_attribution.kpis";

/// A value and its source.
struct Sourced<'p> {
    value: Value<'p>,
    how: How,
    source: Option<SharedText>,
    transform: Option<Transform>,
    /// The provider's own word.
    word: Option<String>,
    /// `true` if the value is a precise cause.
    precise: bool,
}

/// The result of looking for a value.
enum Found<'p> {
    /// A value, and the number of its source.
    Value(Box<Sourced<'p>>, usize),
    /// The number of the next source, which is computed from other fields.
    Later(usize),
    Nothing,
}

impl<'p> Found<'p> {
    fn value(
        value: Value<'p>,
        how: How,
        source: Option<SharedText>,
        transform: Option<Transform>,
        word: Option<String>,
        at: usize,
    ) -> Self {
        Self::Value(Box::new(Sourced { value, how, source, transform, word, precise: false }), at)
    }
}

/// The state while one delivery is read.
struct Reading<'r> {
    event: &'r str,
    plan: &'r Plan,
    /// The members that rules look at.
    looked_at: Cow<'r, Nodes>,
    /// The members of which rules take the whole text.
    taken: Cow<'r, Nodes>,
    /// The members that gave way to a better source, with their pointers.
    superseded: Vec<(NodeId, SharedText)>,
    /// The pointers of members that gave a part of a value, besides the sources of fields.
    used: Vec<SharedText>,
}

impl Reading<'_> {
    fn look_at(&mut self, nodes: impl IntoIterator<Item = NodeId>) {
        self.looked_at.to_mut().extend(nodes);
    }

    /// Notes that a member gave way to a better source.
    fn supersede(&mut self, node: NodeId, pointer: SharedText) {
        self.look_at([node]);
        self.superseded.push((node, pointer));
    }
}

/// A delivery, after the walk over its payload.
pub(crate) struct Delivery<'p, 'm> {
    provider: &'m Provider,
    walked: Walked<'p, 'm>,
    text: &'p str,
    options: MapOptions,
}

/// The kind of a delivery.
pub(crate) enum Recognised<'m> {
    /// A call record.
    Call { event: String, ready: &'m ReadyEvent },
    /// Another event. `known` says whether the provider's file lists it.
    NotACall { event: String, known: bool },
}

impl<'p, 'm> Delivery<'p, 'm> {
    /// Walks a text, which must be an object.
    pub(crate) fn walk(provider: &'m Provider, text: &'p str, options: MapOptions) -> Result<Self, NotJson> {
        Ok(Self { provider, walked: provider.tree.walk(text)?, text, options })
    }

    /// Returns the watched names of the payload.
    pub(crate) fn seen(&self) -> &Seen {
        self.walked.seen()
    }

    /// Returns the kind of the delivery. Refuses a payload without the record that its event has.
    pub(crate) fn recognise(&self) -> Result<Recognised<'m>, MapError> {
        let Some((shape, event)) = self.detect()? else {
            self.refuse_lists()?;
            return Ok(Recognised::NotACall { event: "unknown".to_owned(), known: false });
        };
        if self.provider.event(&event).is_none_or(|event| event.assembled) {
            return Ok(Recognised::NotACall { event, known: false });
        }
        let Some(ready) = shape.events.get(&event) else {
            return Ok(Recognised::NotACall { event, known: true });
        };
        if !ready.unless.is_empty() && ready.unless.iter().all(|test| self.holds(test, &event, None)) {
            return Ok(Recognised::NotACall { event, known: true });
        }
        if !self.walked.is_object(ready.plan.at) {
            let message = format!("a `{event}` delivery has its record here, as an object");
            return Err(MapError::new(ErrorCode::Mapping, self.provider.tree.path(ready.plan.at), message));
        }
        Ok(Recognised::Call { event, ready })
    }

    /// Refuses a list of calls. Each call is a delivery of its own.
    fn refuse_lists(&self) -> Result<(), MapError> {
        let is_list = |node: &&NodeId| self.walked.text(**node).is_some_and(|json| json.starts_with('['));
        let Some(node) = self.provider.lists_of_calls.iter().find(is_list) else { return Ok(()) };
        let message = "this is a list of calls: map each call by itself";
        Err(MapError::new(ErrorCode::Mapping, self.provider.tree.path(*node), message))
    }

    /// Returns the idempotency key of the delivery.
    pub(crate) fn key(&self, event: &str, ready: &ReadyEvent) -> Option<IdempotencyKey> {
        let text = |part: &Vec<NodeId>| {
            let mut texts = part.iter().filter_map(|node| transform::scalar(self.walked.text(*node)?));
            texts.find(|text| !text.is_empty())
        };
        let (id, others) = ready.key.split_first()?;
        let id = text(id)?;
        let first = format!("{}:{event}:{id}", self.provider.name());
        // An absent part leaves its place empty, so that no other part can take it.
        let key = others.iter().map(text).fold(first, |key, part| key + ":" + &part.unwrap_or_default());
        Some(IdempotencyKey::new(key))
    }

    /// Returns the time of the event itself, in nanoseconds since 1970.
    pub(crate) fn time(&self, ready: &ReadyEvent) -> Option<i128> {
        ready.time.iter().find_map(|node| match transform::time(self.walked.text(*node)?) {
            Made::Value(Value::Time(time)) => Some(time.unix_nanos()),
            _ => None,
        })
    }

    /// Reads the record into a draft.
    ///
    /// Values that are computed from other fields come last, so that rules need no order for them.
    pub(crate) fn read(&self, event: &str, ready: &ReadyEvent, draft: &mut Draft<'p>) -> Result<(), MapError> {
        let plan = &*ready.plan;
        draft.begin(plan);
        self.use_models(plan, draft);
        let mut reading = Reading {
            event,
            plan,
            looked_at: Cow::Borrowed(&plan.looked_at),
            taken: Cow::Borrowed(&plan.taken),
            superseded: Vec::new(),
            used: Vec::new(),
        };
        let mut later = Vec::new();
        for rule in &plan.rules {
            if !self.all_hold(&rule.when, event, draft) {
                continue;
            }
            if !rule.when.is_empty() {
                reading.look_at(rule.looked_at());
                reading.taken.to_mut().extend(rule.taken());
            }
            if let Some(from) = self.apply(rule, 0, &mut reading, draft)? {
                later.push((rule, from));
            }
        }
        for (rule, from) in later {
            // The next source may be computed from other fields as well.
            let mut from = Some(from);
            while let Some(at) = from {
                from = self.apply_computed(rule, at, &mut reading, draft)?;
            }
        }
        self.use_lists(&mut reading, draft);
        draft.note_latency();
        if !plan.conversations.is_empty() {
            self.converse(&mut reading, draft)?;
        }
        draft.end(plan);
        let lacks = ready.required.iter().filter(|node| !self.walked.is_present(**node));
        draft.report.missing = lacks.map(|node| self.provider.tree.pointer(*node)).collect();
        self.report_rest(&reading, draft);
        Ok(())
    }

    /// Finds the shape of the payload and the name of its event.
    fn detect(&self) -> Result<Option<(&'m Shape, String)>, MapError> {
        for shape in &self.provider.shapes {
            let has_all = shape.has.iter().all(|node| self.walked.is_present(*node));
            let has_one = shape.has_any.is_empty() || shape.has_any.iter().any(|node| self.walked.is_present(*node));
            let is_filled = shape.filled.iter().all(|node| self.walked.text(*node).is_some_and(|json| !is_empty(json)));
            let lacks = !shape.lacks.iter().any(|node| self.walked.is_present(*node));
            if !has_all || !has_one || !is_filled || !lacks {
                continue;
            }
            let Some(node) = shape.event_from else {
                return Ok(Some((shape, shape.event.clone())));
            };
            let word = self.walked.text(node).and_then(string::decode_lossy);
            let Some(word) = word else {
                let message = "the name of the event is a string";
                return Err(MapError::new(ErrorCode::Mapping, self.provider.tree.path(node), message));
            };
            if word.trim().is_empty() {
                return Ok(None);
            }
            return Ok(Some((shape, format!("{}{}", shape.event, word.trim()))));
        }
        Ok(None)
    }

    /// Applies a rule, from the source `from` on. If the next source is computed from other fields,
    /// stops and returns its number.
    fn apply(
        &self,
        rule: &ReadyRule,
        from: usize,
        reading: &mut Reading<'_>,
        draft: &mut Draft<'p>,
    ) -> Result<Option<usize>, MapError> {
        if draft.is_written(rule.field) && !rule.target.collects() {
            self.supersede(rule.from(from), reading, draft);
            return Ok(None);
        }
        let mut at = from;
        // A list takes each value once.
        let mut values = Vec::new();
        loop {
            match self.value(rule, at, false, reading, draft) {
                Found::Later(at) => return Ok(Some(at)),
                Found::Value(found, source) => {
                    if !rule.target.collects() {
                        self.supersede(rule.from(source + 1), reading, draft);
                        return self.put(rule, Some(*found), reading.plan, draft).map(|()| None);
                    }
                    if !values.contains(&found.value) {
                        values.push(found.value.clone());
                        self.put(rule, Some(*found), reading.plan, draft)?;
                    }
                    // A twin has the same fact, perhaps in other words.
                    let twins = rule.twins_behind(source);
                    self.supersede(twins, reading, draft);
                    at = source + 1 + twins.len();
                }
                Found::Nothing if at > from => return Ok(None),
                Found::Nothing => return self.put(rule, None, reading.plan, draft).map(|()| None),
            }
        }
    }

    /// Applies a source that is computed from other fields. Returns the next such source if this
    /// one gave nothing.
    fn apply_computed(
        &self,
        rule: &ReadyRule,
        at: usize,
        reading: &mut Reading<'_>,
        draft: &mut Draft<'p>,
    ) -> Result<Option<usize>, MapError> {
        match self.value(rule, at, true, reading, draft) {
            Found::Value(found, source) => {
                self.supersede(rule.from(source + 1), reading, draft);
                self.put(rule, Some(*found), reading.plan, draft).map(|()| None)
            }
            _ => self.apply(rule, at + 1, reading, draft),
        }
    }

    /// Reads the lists of models, and writes the models with their tokens and costs.
    fn use_models(&self, plan: &Plan, draft: &mut Draft<'p>) {
        let mut used = Used::default();
        for reader in &plan.models {
            let Some(json) = self.walked.text(reader.at).filter(|json| *json != "null") else { continue };
            let list = self.provider.tree.pointer(reader.at);
            let table = reader.role_table.as_deref().and_then(|name| self.provider.table(name));
            let noted = reader.read(json, &list, table, &mut used);
            let code = if json.starts_with(['[', '{']) { ErrorCode::Unreadable } else { ErrorCode::Type };
            let problem = |message: &&str| Problem::new(code, list.clone(), *message);
            draft.report.problems.extend(noted.problems.iter().map(problem));
            let unlisted = |(word, ()): (&String, &())| UnlistedWord { source: list.clone(), word: word.clone() };
            draft.report.unknown_words.extend(noted.unknown.iter().map(unlisted));
            draft.report.superseded.extend(noted.others.iter().map(|place| format!("{list}{place}").into()));
        }
        let read = |target: SharedText, list: &SharedText| Written {
            source: Some(list.clone()),
            ..Written::without_source(target, How::Read)
        };
        for (kind, cost, list) in used.lines() {
            let name = format!("cost_usd.{kind}");
            draft.report.written.push(read(FieldPath::from_dotted(KPIS).name(&name).to_string().into(), list));
            draft.free.push((Place::Kpis, [name].into(), Cow::Owned(cost.to_string())));
        }
        // Rules would count these again.
        for field in used.closed().iter().filter_map(|field| plan.field(field)) {
            draft.mark(field, How::Read);
        }
        draft.models.add(&used);
        let mut metrics = Vec::new();
        for (metric, sum) in [("prompt_tokens", &used.prompt_tokens), ("completion_tokens", &used.completion_tokens)] {
            if let Some((count, list)) = sum {
                draft.free.push((Place::Metrics, Names::Own(metric), Cow::Owned(count.to_string())));
                metrics.push((format!("{}.{metric}", name::METRICS), list));
            }
        }
        for (field, list) in used.roles.iter().flat_map(UsedRole::fields).chain(metrics) {
            if let Some(field) = plan.field(&field) {
                draft.mark(field, How::Read);
            }
            draft.report.written.push(read(FieldName::path_of(&field), list));
        }
    }

    fn all_hold(&self, tests: &[Test], event: &str, draft: &Draft<'_>) -> bool {
        tests.iter().all(|test| self.holds(test, event, Some(draft)))
    }

    /// Returns whether a condition holds.
    fn holds(&self, test: &Test, event: &str, draft: Option<&Draft<'_>>) -> bool {
        match test {
            Test::Event(events) => events.iter().any(|known| known == event),
            Test::Written(fields) => draft.is_some_and(|draft| fields.iter().all(|field| draft.is_written(*field))),
            // Presence alone needs no text.
            Test::Member(Member { node, inside: None, .. }, Check::Present(present)) => {
                self.walked.is_present(*node) == *present
            }
            Test::Member(member, check) => self.any(member, |json| transform::fits(check, json)) == check.wants(),
            Test::AnyOf(tests) => tests.iter().any(|test| self.holds(test, event, draft)),
        }
    }

    /// Returns whether a member, or any value of a list, passes a test.
    fn any(&self, member: &Member, mut test: impl FnMut(&'p str) -> bool) -> bool {
        match &member.inside {
            Some(inside) => {
                self.walked.any_element(member.node, Some(inside), &[], &mut |row| inside.any_within(row, &mut test))
            }
            None => self.walked.text(member.node).is_some_and(test),
        }
    }

    /// Returns a member that is present. Of a list, returns the first value that is filled.
    fn find(&self, member: &Member) -> Option<&'p str> {
        if member.inside.is_none() {
            return self.walked.text(member.node);
        }
        let mut filled = None;
        self.any(member, |value| {
            filled = Some(value).filter(|value| !is_empty(value));
            filled.is_some()
        });
        filled
    }

    /// Returns the first value that a source gives, from the source `from` on. A source that is
    /// computed from other fields is used only if it is the first one and `is_now` is set.
    fn value(
        &self,
        rule: &ReadyRule,
        from: usize,
        is_now: bool,
        reading: &mut Reading<'_>,
        draft: &mut Draft<'p>,
    ) -> Found<'p> {
        for (at, source) in rule.sources.iter().enumerate().skip(from) {
            if !source.when.is_empty() {
                if !self.all_hold(&source.when, reading.event, draft) {
                    continue;
                }
                reading.look_at(source.node());
                reading.taken.to_mut().extend(source.whole());
            }
            let member = match &source.kind {
                SourceKind::Constant(word) => {
                    let value = Value::Text(word.clone().into());
                    return Found::value(value, How::Derived, None, None, None, at);
                }
                SourceKind::Fields if is_now && at == from => {
                    let how = if source.derived { How::Derived } else { How::Read };
                    let setting = self.setting(source, reading.plan, draft);
                    let Some(value) = transform::derive(source.transform, setting) else { return Found::Nothing };
                    return Found::value(value, how, None, Some(source.transform), None, at);
                }
                SourceKind::Fields => return Found::Later(at),
                SourceKind::Member(member) => member,
            };
            if member.inside.is_some() && !self.is_list(member.node, draft) {
                continue;
            }
            let Some(json) = self.find(member).filter(|json| *json != "null") else { continue };
            if let Some(found) = self.read_member(source, member, json, reading.plan, draft) {
                return Found::Value(Box::new(found), at);
            }
        }
        Found::Nothing
    }

    /// Returns whether a member is a list. Another value is a problem, unless it is null.
    fn is_list(&self, node: NodeId, draft: &mut Draft<'p>) -> bool {
        let Some(json) = self.walked.text(node).filter(|json| *json != "null") else { return false };
        let is_list = json.starts_with('[');
        if !is_list {
            let source = self.provider.tree.pointer(node);
            draft.report.problems.push(Problem::new(ErrorCode::Type, source, "a list is wanted here"));
        }
        is_list
    }

    /// Reads the value of a member that is present.
    fn read_member(
        &self,
        source: &ReadySource,
        member: &Member,
        json: &'p str,
        plan: &Plan,
        draft: &mut Draft<'p>,
    ) -> Option<Sourced<'p>> {
        let pointer = member.pointer.clone();
        let setting = self.setting(source, plan, draft);
        let by_word = matches!(source.transform, Transform::Word | Transform::Sentiment);
        let word = || by_word.then(|| transform::word_of(json).map(Cow::into_owned)).flatten();
        let made = match self.without_secrets(source, member, json) {
            Some(masked) => made(source, &masked, setting).into_owned(),
            None => made(source, json, setting),
        };
        let how = if source.derived { How::Derived } else { How::Read };
        let report = &mut draft.report;
        let value = match made {
            Made::Value(value) => {
                if matches!(value, Value::Text(_)) && string::is_lossy(json) {
                    let message = "a lone surrogate was replaced by U+FFFD";
                    report.problems.push(Problem::new(ErrorCode::Unreadable, pointer.clone(), message));
                }
                value
            }
            Made::Guessed(value, unlisted) => {
                report.note_word(pointer.clone(), unlisted);
                value
            }
            Made::Unlisted(word) => {
                report.note_word(pointer, word);
                return None;
            }
            Made::Problem(code, message) => {
                report.problems.push(Problem::new(code, pointer, message));
                return None;
            }
            Made::Nothing => {
                if !is_empty(json) {
                    let word = transform::word_of(json).map(Cow::into_owned);
                    report.consulted.push(Consulted { source: pointer, word });
                }
                return None;
            }
        };
        let (transform, precise) = (Some(source.transform), source.precise);
        Some(Sourced { value, how, source: Some(pointer), transform, word: word(), precise })
    }

    /// Returns the parts of the message, and of the source, that its transform may use.
    fn setting<'s>(&'s self, source: &'s ReadySource, plan: &Plan, draft: &Draft<'_>) -> Setting<'s> {
        let call = &draft.message.vcp_payload.call;
        let is_computed = matches!(source.kind, SourceKind::Fields);
        let start_how = if is_computed { draft.how(plan, name::START_TIME) } else { None };
        Setting {
            table: source.table.as_deref().and_then(|name| self.provider.table(name)),
            word: &source.word,
            function: source.function,
            members: &source.members,
            rows: &source.rows,
            scale: source.scale,
            start: start_how.map(|how| (call.start_time, how == How::Read)),
            end: call.end_time,
            end_was_read: is_computed && draft.how(plan, name::END_TIME) == Some(How::Read),
            duration: call.duration_sec,
            tokens: if source.transform == Transform::TotalTokens { draft.tokens() } else { None },
        }
    }

    /// Returns the text of a member that is copied beside `data`, if it has secrets that are
    /// masked.
    fn without_secrets(&self, source: &ReadySource, member: &Member, json: &str) -> Option<String> {
        if source.transform.gives() != ValueType::Json || self.options.keep_secrets {
            return None;
        }
        let named = self.provider.secrets.named_in(self.text, self.walked.seen());
        mask_at(&self.provider.tree.path_of(member.node, member.inside.as_ref()), json, named)
    }
}

/// Returns the value of a member that is present. A text that the rule excepts gives no value.
fn made<'p>(source: &ReadySource, json: &'p str, setting: Setting<'_>) -> Made<'p> {
    let is_exception = |text: &str| source.except.iter().any(|except| except.eq_ignore_ascii_case(text.trim()));
    if !source.except.is_empty() && transform::spelled_word(json).is_some_and(|text| is_exception(&text)) {
        return Made::Nothing;
    }
    transform::apply(source.transform, json, setting)
}
