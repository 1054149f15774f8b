//! A message in the making, from one delivery or several.

use super::{defaults, joined::Joined, lists::Transfer, models::Models, value::Value};
use crate::{
    options::ConsentDefault,
    report::{How, MapReport, Written},
    rules::{
        plan::Plan,
        target::{Field, FieldName, Names, Place, SESSION, Set, TRANSFERS, name},
    },
    shared::SharedText,
};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};
use vcp_schema::{
    CapabilityInvocation, ConsentStatus, CustomProviderData, OrderedMap, RawJson, RawObject, VcpMessage, json::string,
};

/// A message in the making. Deliveries of one call are read into it one after the other. A value of
/// a later delivery replaces that of an earlier one (`DECISIONS.md` 5.11).
pub(crate) struct Draft<'p> {
    pub(crate) message: VcpMessage,
    pub(crate) report: MapReport,
    /// The free-form values: place, names, and JSON text. If one place has several, the last is
    /// used.
    pub(crate) free: Vec<(Place, Names, Cow<'p, str>)>,
    pub(crate) models: Models,
    /// The pointers of the members that were read and belong to no known model.
    pub(crate) unused: Vec<SharedText>,
    /// For each field of the plan, the way in which this delivery wrote it.
    written: Vec<Option<How>>,
    /// For each field of earlier deliveries, by name, the way in which it was written.
    before: OrderedMap<SharedText, How>,
    /// For each field, by name, the best evidence that gave its value so far.
    pub(crate) evidence: HashMap<SharedText, Evidence>,
    /// The words of fields before flags changed them, by name, for flags of later deliveries.
    pub(crate) words: HashMap<SharedText, String>,
    /// `true` if several deliveries are merged.
    pub(crate) merges: bool,
    /// The flags that are set, by their rule and their place among its flags.
    pub(crate) flags: HashSet<(SharedText, usize)>,
    /// The number of free-form values of earlier deliveries.
    earlier: usize,
    /// The length in bytes of the free-form values that rules gave for this delivery.
    free_bytes: usize,
    /// `true` if the turns so far are from a form of rows that is better than others.
    pub(crate) has_precise_rows: bool,
    /// `true` if a delivery had turns.
    has_turns: bool,
    /// `true` if the provider reported latencies of its own.
    has_latency: bool,
    /// The tool calls of all deliveries.
    calls: Joined<Call>,
    /// The transfers of all deliveries.
    transfers: Joined<Transfer>,
}

/// The kind of evidence for a value, from the weakest (`DECISIONS.md` 5.7, 5.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// A value that was worked out.
    Derived,
    /// A value that was read.
    Read,
    /// A precise cause.
    Precise,
}

impl Evidence {
    pub(crate) fn new(how: How, precise: bool) -> Self {
        match how {
            _ if precise => Self::Precise,
            How::Read => Self::Read,
            How::Derived | How::Default => Self::Derived,
        }
    }
}

/// Writes a value into a field. Returns whether the value is of a type that the field takes.
pub(crate) fn write(field: &Field, message: &mut VcpMessage, value: Value<'_>) -> bool {
    match (field.set, value) {
        (Set::Text(set), Value::Text(text)) => set(message, text.into_owned()),
        (Set::Word(_, set), Value::Text(word)) => set(message, &word),
        (Set::Time(set), Value::Time(time)) => set(message, time),
        (Set::Integer(set), Value::Integer(integer)) => set(message, integer),
        (Set::Float(set), Value::Float(float)) => set(message, float),
        _ => return false,
    }
    true
}

/// A tool that was called.
pub(crate) struct Call {
    pub(crate) id: Option<String>,
    pub(crate) capability: CapabilityInvocation,
    /// `true` if the payload has the time of the call.
    pub(crate) is_timed: bool,
    /// `true` if the payload has the result of the call.
    pub(crate) has_result: bool,
}

impl<'p> Draft<'p> {
    /// Makes a draft from a message of defaults.
    pub(crate) fn new(message: VcpMessage) -> Self {
        /// The number of free-form values of a usual delivery.
        const FEW: usize = 32;
        Self {
            message,
            report: MapReport { written: Vec::with_capacity(2 * FEW), ..MapReport::default() },
            free: Vec::with_capacity(FEW),
            models: Models::default(),
            unused: Vec::new(),
            written: Vec::new(),
            before: OrderedMap::new(),
            evidence: HashMap::new(),
            words: HashMap::new(),
            merges: false,
            flags: HashSet::new(),
            earlier: 0,
            free_bytes: 0,
            has_precise_rows: false,
            has_turns: false,
            has_latency: false,
            calls: Joined::default(),
            transfers: Joined::default(),
        }
    }

    /// Begins a delivery.
    pub(crate) fn begin(&mut self, plan: &Plan) {
        self.written = vec![None; plan.fields.len()];
        (self.earlier, self.free_bytes) = (self.free.len(), 0);
    }

    /// Adds a free-form value that a rule gave. Returns the length of those of this delivery in
    /// bytes if it is above a limit. The message would be refused for it in the end, but only after
    /// more copies were made.
    pub(crate) fn add_free(
        &mut self,
        place: Place,
        names: Names,
        json: Cow<'p, str>,
        limit: usize,
    ) -> Result<(), usize> {
        self.free_bytes += json.len();
        self.free.push((place, names, json));
        if self.free_bytes <= limit {
            return Ok(());
        }
        // Of several values for one place, or for places inside each other, only the last counts.
        let mut new = self.free.get(self.earlier..).unwrap_or_default();
        let mut length = 0;
        while let Some(((place, names, json), later)) = new.split_first() {
            let is_inside = |others: &Names| names.iter().zip(others.iter()).all(|(name, other)| name == other);
            let is_replaced = later.iter().any(|(other, others, _)| other == place && is_inside(others));
            length += if is_replaced { 0 } else { json.len() };
            new = later;
        }
        if length > limit { Err(length) } else { Ok(()) }
    }

    /// Finishes a delivery. Clears a dependent field if this delivery changed the field that it
    /// depends on: the satisfaction score when only `perceived` is new, and `consent.granted_at`
    /// when consent is no longer granted.
    pub(crate) fn end(&mut self, plan: &Plan) {
        let wrote = |field: &str| plan.field(field).is_some_and(|field| self.is_written(field));
        let (perceived, score) = (wrote(name::PERCEIVED), wrote(name::SATISFACTION));
        let granted_at = wrote(name::CONSENT_GRANTED_AT);
        if perceived && !score {
            self.message.vcp_payload.outcomes.user_satisfaction_score = None;
        }
        if let Some(consent) = &mut self.message.vcp_payload.consent
            && consent.status != ConsentStatus::Granted
            && !granted_at
        {
            consent.granted_at = None;
        }
        let written = plan.fields.iter().zip(self.written.drain(..));
        self.before.extend(written.filter_map(|(field, how)| Some((field.name.clone(), how?))));
    }

    /// Returns whether this delivery wrote a field of the plan.
    pub(crate) fn is_written(&self, field: usize) -> bool {
        self.written.get(field).is_some_and(Option::is_some)
    }

    /// Notes how this delivery wrote a field of the plan.
    pub(crate) fn mark(&mut self, field: usize, how: How) {
        if let Some(flag) = self.written.get_mut(field) {
            *flag = Some(how);
        }
    }

    /// Returns how an earlier delivery wrote a field, by its name.
    pub(crate) fn before(&self, path: &str) -> Option<How> {
        self.before.get(path).copied()
    }

    /// Returns whether an earlier delivery gave better evidence for a field, by its name.
    pub(crate) fn has_better(&self, path: &str, evidence: Evidence) -> bool {
        self.before(path).is_some() && self.evidence.get(path).is_some_and(|known| *known > evidence)
    }

    /// Returns how this delivery or an earlier one wrote a field, by its name.
    pub(crate) fn how(&self, plan: &Plan, field: &str) -> Option<How> {
        let now = plan.field(field).and_then(|field| self.written.get(field).copied().flatten());
        now.or_else(|| self.before(field))
    }

    /// Adds the metrics of the rows that no rule wrote. Returns the names that were written.
    ///
    /// Latency figures are replaced as a set. If the provider reports any, none are computed. New
    /// figures drop those of earlier deliveries. Turns drop all that earlier turns gave. Rows
    /// without turns or without tool calls do not count to 0 what earlier rows had.
    pub(crate) fn measure(
        &mut self,
        mut metrics: Vec<(&'static str, String)>,
        has_turns: bool,
        has_calls: bool,
    ) -> Vec<&'static str> {
        let (keeps_turns, keeps_calls) = (self.has_turns && !has_turns, !self.calls.is_empty() && !has_calls);
        metrics.retain(|(name, _)| !(keeps_turns && OF_TURNS.contains(name) || keeps_calls && OF_CALLS.contains(name)));
        self.has_turns |= has_turns;
        if has_turns {
            self.forget_earlier(|names| matches!(names, Names::Own(name) if OF_TURNS.contains(name)));
        }
        let written = self.free.get(self.earlier..).unwrap_or_default();
        let by_rules =
            || written.iter().filter(|(place, ..)| *place == Place::Metrics).flat_map(|(_, names, _)| names.iter());
        let is_new = |name: &str| by_rules().all(|known| known != name) && (!is_latency(name) || !self.has_latency);
        let metrics: Vec<_> = metrics.into_iter().filter(|(name, _)| is_new(name)).collect();
        if metrics.iter().any(|(name, _)| is_latency(name)) {
            self.forget_earlier(|names| names.iter().any(is_latency));
        }
        let names = metrics.iter().map(|(name, _)| *name).collect();
        self.free
            .extend(metrics.into_iter().map(|(name, number)| (Place::Metrics, Names::Own(name), Cow::Owned(number))));
        names
    }

    /// Notes whether rules wrote a latency of this delivery. If so, drops those of earlier
    /// deliveries.
    pub(crate) fn note_latency(&mut self) {
        let new = self.free.get(self.earlier..).unwrap_or_default();
        if new.iter().any(|(_, names, _)| names.iter().any(is_latency)) {
            self.forget_earlier(|names| names.iter().any(is_latency));
            self.has_latency = true;
        }
    }

    /// Drops those metrics of earlier deliveries that `is_old` picks.
    fn forget_earlier(&mut self, is_old: impl Fn(&Names) -> bool) {
        let (earlier, mut at, mut dropped) = (self.earlier, 0, 0);
        // Of a single delivery, nothing is earlier.
        if earlier == 0 {
            return;
        }
        self.free.retain(|(place, names, _)| {
            at += 1;
            let stays = at > earlier || *place != Place::Metrics || !is_old(names);
            dropped += usize::from(!stays);
            stays
        });
        self.earlier -= dropped;
    }

    /// Returns the number of all tokens: the metric that a rule wrote last, or the sum of prompt
    /// and completion tokens.
    pub(crate) fn tokens(&self) -> Option<i64> {
        let metric = |wanted: &str| {
            let is_wanted =
                |(place, names, _): &(Place, Names, _)| *place == Place::Metrics && names.only() == Some(wanted);
            let at = self.free.iter().rposition(is_wanted)?;
            let (.., json) = self.free.get(at)?;
            Some((at, json.parse::<i64>().ok()?))
        };
        let (prompt, completion, total) =
            (metric("prompt_tokens"), metric("completion_tokens"), metric("total_tokens"));
        match (prompt.zip(completion), total) {
            (Some(((at, _), _)), Some((total_at, total))) if total_at > at => Some(total),
            (Some(((_, prompt), (_, completion))), _) => prompt.checked_add(completion),
            (None, total) => total.map(|(_, total)| total),
        }
    }

    /// Clears the report, for a result that has none.
    pub(crate) fn forget_report(&mut self) {
        self.report = MapReport::default();
        self.unused.clear();
    }

    /// Keeps the digest of a session beside its events, so that a merge can read it.
    pub(crate) fn keep_session(&mut self, provider: &str, digest: &str) {
        let names = [provider.to_owned(), SESSION.to_owned()].into();
        let target = FieldName::new(&format!("{}.{provider}.{SESSION}", name::PROVIDER_SPECIFIC)).path;
        self.free.push((Place::ProviderSpecific, names, Cow::Owned(digest.to_owned())));
        self.report.written.push(Written::without_source(target, How::Derived));
    }

    /// Joins the tool calls of this delivery with the known ones by id. Calls without an id replace
    /// all known ones without an id.
    pub(crate) fn join(&mut self, calls: Vec<Call>) {
        if !self.merges {
            return self.calls.set(calls);
        }
        self.calls.add(
            calls,
            |call| call.id.as_deref(),
            |known, call| {
                // A known result or time is kept if the new call has none.
                let is_timed = call.is_timed || known.is_timed;
                let invoked_at = if call.is_timed { &call } else { &*known }.capability.invoked_at;
                if call.has_result || !known.has_result {
                    *known = call;
                }
                (known.is_timed, known.capability.invoked_at) = (is_timed, invoked_at);
            },
        );
    }

    /// Adds the transfers of this delivery to those of earlier deliveries. The same transfer keeps
    /// its first time, and has the outcome of the last delivery that gives one.
    pub(crate) fn add_transfers(&mut self, transfers: Vec<Transfer>) {
        self.transfers.add(transfers, |transfer| Some(&transfer.to), Transfer::update);
    }

    /// Finishes the message. `data` is the kept payload. A missing call id is computed from `text`.
    pub(crate) fn close(
        mut self,
        data: Cow<'_, str>,
        text: &str,
        names: &defaults::Names,
        consent: ConsentDefault,
    ) -> (VcpMessage, MapReport) {
        let provider = self.message.vcp_payload.call.provider.clone();
        let start = self.message.vcp_payload.call.start_time;
        for call in self.calls.into_elements() {
            let mut capability = call.capability;
            if !call.is_timed {
                capability.invoked_at = start;
            }
            self.message.vcp_payload.call.capabilities_invoked.push(capability.into());
        }
        self.models.write(&mut self.message, &mut self.report);
        let before = self.before;
        let is_written = |field: &str| before.get(field).is_some();
        defaults::finish(&mut self.message, &mut self.report, is_written, names, text, consent);
        let data = CustomProviderData::builder().data(RawObject::from_trusted_text(data)).build();
        self.message.vcp_payload.custom.provider_specific.insert(provider.clone(), data);
        let list: Vec<String> = self.transfers.into_elements().map(|transfer| transfer.text()).collect();
        if !list.is_empty() {
            let names = [provider.clone(), TRANSFERS.to_owned()].into();
            self.free.push((Place::ProviderSpecific, names, Cow::Owned(format!("[{}]", list.join(",")))));
        }
        place_free_data(&mut self.message, &provider, &self.free);
        (self.message, self.report)
    }
}

/// The metrics that tool calls give.
const OF_CALLS: [&str; 2] = ["tool_calls", "tool_errors"];

/// The metrics that turns give.
const OF_TURNS: [&str; 13] = [
    "total_turns",
    "user_turns",
    "agent_turns",
    "user_talk_sec",
    "agent_talk_sec",
    "user_wpm",
    "agent_wpm",
    "talk_ratio",
    "user_interruptions",
    "agent_interruptions",
    "agent_latency_ms_avg",
    "agent_latency_ms_p50",
    "agent_latency_ms_p95",
];

/// Returns whether a metric is a latency figure.
fn is_latency(name: &str) -> bool {
    name.starts_with("agent_latency_ms")
}

/// Puts free-form values into their places: metrics, key figures, members beside `data`, and
/// integrations.
fn place_free_data(message: &mut VcpMessage, provider: &str, free: &[(Place, Names, Cow<'_, str>)]) {
    let all_of = |wanted: Place| {
        let mut map = OrderedMap::new();
        for (_, names, json) in free.iter().filter(|(place, ..)| *place == wanted) {
            insert(&mut map, names.iter(), json);
        }
        map
    };
    let outcomes = &mut message.vcp_payload.outcomes;
    let (metrics, kpis) = (all_of(Place::Metrics), all_of(Place::Kpis));
    if !metrics.is_empty() {
        outcomes.objective.metrics = RawObject::from_trusted_text(Node::Object(metrics).text());
    }
    if !kpis.is_empty() {
        outcomes.model_outcome_attribution.kpis = RawObject::from_trusted_text(Node::Object(kpis).text());
    }
    for (system, node) in all_of(Place::Integrations).iter() {
        let object = RawObject::from_trusted_text(node.text());
        message.vcp_payload.custom.integrations.get_or_insert_default().insert((*system).to_owned(), object);
    }
    let Some(Node::Object(members)) = all_of(Place::ProviderSpecific).remove(&provider) else { return };
    let Some(target) = message.vcp_payload.custom.provider_specific.get_mut(provider) else { return };
    for (name, node) in members.iter() {
        target.extras.insert((*name).to_owned(), RawJson::from_trusted_text(node.text()));
    }
}

/// Free-form data under construction.
enum Node<'f> {
    Leaf(&'f str),
    Object(OrderedMap<&'f str, Node<'f>>),
}

impl Node<'_> {
    fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        let members = match self {
            Self::Leaf(json) => return out.push_str(json),
            Self::Object(members) => members,
        };
        for (at, (name, node)) in members.iter().enumerate() {
            out.push(if at == 0 { '{' } else { ',' });
            string::push(out, name);
            out.push(':');
            node.write(out);
        }
        out.push_str(if members.is_empty() { "{}" } else { "}" });
    }
}

/// Inserts a value at a path of names. Creates the objects on the way.
fn insert<'f>(map: &mut OrderedMap<&'f str, Node<'f>>, mut names: impl Iterator<Item = &'f str>, json: &'f str) {
    let Some(mut name) = names.next() else { return };
    let mut map = map;
    for next in names {
        if !matches!(map.get(&name), Some(Node::Object(_))) {
            map.insert(name, Node::Object(OrderedMap::new()));
        }
        let Some(Node::Object(inner)) = map.get_mut(&name) else { return };
        (map, name) = (inner, next);
    }
    map.insert(name, Node::Leaf(json));
}
