//! The merging of several deliveries of one call into one message (`DECISIONS.md` 5.11).

use crate::{
    MapError, Mapper,
    engine::{
        defaults,
        delivery::{Delivery, Recognised},
    },
    report::MapReport,
    rules::{
        Provider,
        plan::ReadyEvent,
        target::{DELIVERIES, SESSION},
    },
    session::as_payload,
};
use sha2::{Digest, Sha256};
use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
    mem,
};
use vcp_schema::{
    ConsentRecord, ConsentStatus, ErrorCode, FieldPath, RawJson, RawObject, Timestamp, VcpMessage,
    json::{members, string},
};

/// The largest number of deliveries that are merged. No call has more, and the time of a merge can
/// grow with the square of their number.
const MOST_DELIVERIES: usize = 10_000;

/// A delivery that a message keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    /// The time of receipt, in UTC. Another program may have spelled it in another way, and a merge
    /// must not depend on the spelling.
    received_at: Timestamp,
    /// The payload as JSON text.
    data: String,
    /// The digest of a session as JSON text, if the provider has sessions.
    session: Option<String>,
}

impl Kept {
    /// Returns the element of `deliveries` for this delivery.
    fn to_json(&self, event: &str) -> String {
        let session = self.session.as_ref().map(|digest| format!(",\"session\":{digest}")).unwrap_or_default();
        let (event, data) = (RawJson::from_text(event), &self.data);
        format!("{{\"event\":{},\"received_at\":\"{}\",\"data\":{data}{session}}}", event.as_str(), self.received_at)
    }

    /// Returns the SHA-256 of the name of its event and of its payload.
    fn digest(&self, event: &str) -> [u8; 32] {
        [event, "\n", &self.data].iter().fold(Sha256::new(), |sha, part| sha.chain_update(part)).finalize().into()
    }

    /// Returns the payload that the rules read.
    fn payload(&self) -> Cow<'_, str> {
        self.session.as_deref().map_or(Cow::Borrowed(&self.data), |digest| Cow::Owned(as_payload(digest)))
    }
}

/// The sort key of a delivery among those of its call:
///
/// 1. the time of the event, in nanoseconds since 1970, or none,
/// 2. the rank of its event,
/// 3. the time of receipt, in nanoseconds since 1970,
/// 4. the SHA-256 of its event name and payload.
type Place = (Option<i128>, u8, i128, [u8; 32]);

impl Mapper {
    /// Merges the messages of one call into one message.
    ///
    /// - A value of a later delivery replaces that of an earlier delivery.
    /// - Tool calls are joined by their ids.
    /// - Members that mapping does not produce are carried over.
    ///
    /// The result does not depend on the order of the messages, on their grouping, or on repeats.
    /// [`MapOptions::keep_replaced`] states an exception.
    ///
    /// [`MapOptions::keep_replaced`]: crate::MapOptions::keep_replaced
    ///
    /// The payloads that the messages keep are mapped again, with the options of this mapper. If
    /// several payloads differ, the result keeps them in
    /// `custom.provider_specific.<provider>.deliveries`. A value that was changed by hand is reset
    /// to that of the payloads. It is carried over where no payload has a value and mapping writes
    /// a default that is the same for all deliveries, such as the status of the call. Consent is
    /// carried over as a whole record, and the strictest record wins. If all messages are equal,
    /// the result is that message, unchanged.
    ///
    /// ```
    /// use vcp_mapping::{Mapper, Mapping};
    /// let mapper = Mapper::new();
    /// let now = "2026-11-21T12:00:00Z".parse()?;
    /// let message = |body: &str| match mapper.map("retell", body.as_bytes(), now)? {
    ///     Mapping::Call(mapped) => Ok(mapped.message),
    ///     Mapping::NotACall { event, .. } => {
    ///         Err(Box::<dyn std::error::Error>::from(format!("{event} is not a call")))
    ///     }
    /// };
    /// let ended = message(
    ///     r#"{"event":"call_ended","call":{"call_id":"c1","duration_ms":90000,
    ///         "disconnection_reason":"user_hangup"}}"#,
    /// )?;
    /// let analyzed = message(
    ///     r#"{"event":"call_analyzed","call":{"call_id":"c1",
    ///         "call_analysis":{"user_sentiment":"Positive"}}}"#,
    /// )?;
    /// let call = mapper.merge(&[analyzed, ended])?;
    /// assert_eq!(call.vcp_payload.call.duration_sec, Some(90));
    /// assert_eq!(call.vcp_payload.outcomes.user_satisfaction_score, Some(0.8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - `VCP_E002`: there are no messages, they are of different calls or providers, or a message
    ///   does not keep the payload that it was made of, or keeps one of another call.
    /// - `VCP_E008`: there are more than 10 000 deliveries, or the result exceeds a limit.
    /// - `VCP_E009`: the provider is not registered.
    ///
    /// Any error of mapping a kept payload is returned as well.
    pub fn merge(&self, messages: &[VcpMessage]) -> Result<VcpMessage, MapError> {
        let at = |place: &str| FieldPath::from_dotted(place);
        let refuse = |place: &str, message: &str| MapError::new(ErrorCode::Mapping, at(place), message);
        let Some((first, others)) = messages.split_first() else {
            return Err(refuse("", "there is nothing to merge"));
        };
        let call = &first.vcp_payload.call;
        if others.iter().any(|other| other.vcp_payload.call.call_id != call.call_id) {
            return Err(refuse("vcp_payload.call.call_id", "the messages are of different calls"));
        }
        if others.iter().any(|other| other.vcp_payload.call.provider != call.provider) {
            return Err(refuse("vcp_payload.call.provider", "the messages are of different providers"));
        }
        if others.iter().all(|other| other == first) {
            // Equal messages can differ in their text, because 0.0 equals -0.0.
            let same = others.iter().fold(first, |a, b| if b.to_json() > a.to_json() { b } else { a });
            self.readable(same)?;
            return Ok(same.clone());
        }
        let provider = self.known(&call.provider)?;
        let mut all = Vec::new();
        let mut carried: Option<Carried> = None;
        // The consent record that was written by hand. It is one value: parts of two records
        // together would be a consent that nobody gave.
        let mut consent: Option<ConsentRecord> = None;
        let beyond = Beyond(provider);
        for message in messages {
            let kept = kept(message, provider).ok_or_else(|| {
                refuse("vcp_payload.custom.provider_specific", "the message does not keep the payload it was made of")
            })?;
            if all.len() + kept.len() > MOST_DELIVERIES {
                let message = format!("there are more deliveries than the limit of {MOST_DELIVERIES}");
                return Err(MapError::new(ErrorCode::Limit, FieldPath::root(), message));
            }
            let (mut base, report) = self.made_of(provider, &kept, &call.call_id)?;
            let mut own = message.clone();
            if !tells_consent(&base, &report) {
                let (own, base) = (own.vcp_payload.consent.take(), base.vcp_payload.consent.take());
                // Granted consent by default is not carried over to a mapper with other options.
                let is_default = own == base || defaults::has_default_consent(message);
                consent = strictest(consent, own.filter(|_| !is_default));
            }
            // The kept payloads are the longest part, and are not compared.
            forget_payloads(&mut own, provider);
            forget_payloads(&mut base, provider);
            carried = union(carried, beyond.object(&own.to_json(), &base.to_json(), &[]), 0);
            all.extend(kept);
        }
        let (mut made, _) = self.made_of(provider, &all, &call.call_id)?;
        // Do not carry over a value at a place that any delivery wrote, even if a later delivery
        // removed it. Otherwise merging (a, b) then c could differ from a then (b, c).
        for kept in &all {
            if carried.is_none() && consent.is_none() {
                break;
            }
            let (alone, report) = self.made_of(provider, std::slice::from_ref(kept), &call.call_id)?;
            if tells_consent(&alone, &report) {
                consent = None;
            }
            let of_alone: HashSet<&str> = report.defaults().collect();
            let is_default = |place: &[&str]| {
                defaults::is_constant(place) && of_alone.contains(format!("$.{}", place.join(".")).as_str())
            };
            carried.take_if(|more| !keep_untold(more, &alone.to_json(), &[], &is_default));
        }
        made.vcp_payload.consent = consent.or(made.vcp_payload.consent.take());
        let Some(carried) = carried else {
            self.readable(&made)?;
            return Ok(made);
        };
        let limits = self.limits();
        let text = beyond.fill(&made.to_json(), &carried, &[]);
        let mut merged = vcp_schema::ReadOptions::default().limits(limits).from_json(&text).map_err(|error| {
            let code = if error.code() == ErrorCode::Limit { ErrorCode::Limit } else { ErrorCode::Mapping };
            MapError::new(code, error.path().clone(), format!("merged, {}", error.message()))
        })?;
        // The status can be carried over, and the status of the summary follows it.
        let payload = &mut merged.vcp_payload;
        payload.hcr.outcome_status = payload.outcomes.objective.status.clone();
        Ok(merged)
    }

    /// Maps deliveries into one message, which keeps them. The same delivery counts once. Of
    /// the report, only the defaults are of use.
    fn made_of(&self, provider: &Provider, kept: &[Kept], call_id: &str) -> Result<(VcpMessage, MapReport), MapError> {
        let payloads: Vec<Cow<'_, str>> = kept.iter().map(Kept::payload).collect();
        let mut deliveries = Vec::new();
        for (kept, payload) in kept.iter().zip(&payloads) {
            let delivery = self.walk(provider, payload)?;
            let (event, ready) = recognise(provider, &delivery, kept)?;
            // A single delivery is not compared with others.
            let is_alone = payloads.len() == 1;
            let digest = if is_alone { <[u8; 32]>::default() } else { kept.digest(&event) };
            let received = kept.received_at.unix_nanos();
            let time = delivery.time(ready).or_else(|| ready.receipt_is_time.then_some(received));
            let place: Place = (time, ready.rank, received, digest);
            deliveries.push((place, kept, delivery, event, ready));
        }
        // Copies of one delivery get a fixed order, which does not depend on the order of the
        // messages.
        let written = |kept: &Kept| (kept.session.clone(), kept.received_at.to_string());
        deliveries.sort_by(|(a, of_a, ..), (b, of_b, ..)| a.cmp(b).then_with(|| written(of_a).cmp(&written(of_b))));
        // A delivery that was received again counts once, with its first receipt.
        let mut seen = HashSet::new();
        deliveries.retain(|((.., digest), ..)| seen.insert(*digest));
        if !self.as_options().keep_replaced {
            // The first is kept for its time of receipt, from which a start can be derived. Only
            // the time of the event counts, because a delivery can be received again later.
            let mut bounds: HashMap<String, (i128, i128)> = HashMap::new();
            for ((time, ..), .., event, _) in deliveries.iter().filter(|(.., ready)| ready.replaces) {
                let Some(time) = *time else { continue };
                bounds.entry(event.clone()).or_insert((time, time)).1 = time;
            }
            deliveries.retain(|((time, ..), .., event, _)| match (time, bounds.get(event)) {
                (Some(time), Some((first, last))) => time == first || time == last,
                _ => true,
            });
        }
        let Some((_, last, _, event, _)) = deliveries.last() else {
            return Err(MapError::new(ErrorCode::Mapping, FieldPath::root(), "there is nothing to merge"));
        };
        let mut draft = self.draft(provider, event, last.received_at);
        draft.merges = true;
        if let Some(earliest) =
            deliveries.iter().map(|(_, kept, ..)| kept.received_at).min_by_key(Timestamp::unix_nanos)
        {
            draft.message.vcp_payload.call.start_time = earliest;
        }
        for (_, kept, delivery, event, ready) in &deliveries {
            delivery.read(event, ready, &mut draft)?;
            if let Some(digest) = &kept.session {
                draft.keep_session(provider.name(), digest);
            }
            draft.forget_report();
            let of_payload = &draft.message.vcp_payload.call.call_id;
            if !of_payload.is_empty() && of_payload != call_id {
                let at = FieldPath::from_dotted("vcp_payload.custom.provider_specific");
                return Err(MapError::new(ErrorCode::Mapping, at, "the kept payload is of another call"));
            }
        }
        // The id may have been computed from a payload that has no id.
        draft.message.vcp_payload.call.call_id = call_id.to_owned();
        let data = last.data.clone();
        let list: Vec<String> = deliveries.iter().map(|(_, kept, _, event, _)| kept.to_json(event)).collect();
        let (mut message, report) = self.close(draft, data.into(), "");
        if deliveries.len() > 1
            && let Some(own) = message.vcp_payload.custom.provider_specific.get_mut(provider.name())
        {
            own.extras.insert(DELIVERIES.to_owned(), RawJson::from_trusted_text(format!("[{}]", list.join(","))));
        }
        Ok((message, report))
    }
}

/// Finds the event of a kept delivery. Refuses a payload that is not a call record.
fn recognise<'m>(
    provider: &'m Provider,
    delivery: &Delivery<'_, 'm>,
    kept: &Kept,
) -> Result<(String, &'m ReadyEvent), MapError> {
    let refuse = |message: String| {
        Err(MapError::new(ErrorCode::Mapping, FieldPath::from_dotted("vcp_payload.custom.provider_specific"), message))
    };
    if kept.session.is_some() {
        return match provider.assembled() {
            Some((event, ready)) => Ok((event.to_owned(), ready)),
            None => refuse(format!("the calls of `{}` are not sessions of events", provider.name())),
        };
    }
    match delivery.recognise()? {
        Recognised::Call { event, ready } => Ok((event, ready)),
        Recognised::NotACall { event, .. } => refuse(format!("the kept payload, `{event}`, is not a call record")),
    }
}

/// Returns the deliveries that a message keeps. Returns `None` if it has no data of the provider,
/// or if `deliveries` does not have the form that a merge writes.
fn kept(message: &VcpMessage, provider: &Provider) -> Option<Vec<Kept>> {
    let own = message.vcp_payload.custom.provider_specific.get(provider.name())?;
    if let Some(list) = own.extras.get(DELIVERIES) {
        return members::list(list.as_str())?.into_iter().map(kept_delivery).collect();
    }
    let has_sessions = provider.assembled().is_some();
    Some(vec![Kept {
        received_at: in_utc(message.audit.received_at),
        data: own.data.as_str().to_owned(),
        session: own.extras.get(SESSION).filter(|_| has_sessions).map(|digest| digest.as_str().to_owned()),
    }])
}

/// Writes a time in UTC, if its year there has four digits.
fn in_utc(time: Timestamp) -> Timestamp {
    time.to_utc().unwrap_or(time)
}

/// Removes the payloads that a message keeps.
fn forget_payloads(message: &mut VcpMessage, provider: &Provider) {
    if let Some(own) = message.vcp_payload.custom.provider_specific.get_mut(provider.name()) {
        own.data = RawObject::default();
        own.extras.remove(DELIVERIES);
    }
}

/// Reads an element of `deliveries`.
fn kept_delivery(json: &str) -> Option<Kept> {
    let members = members::last(json)?;
    let get = |wanted: &str| members.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    Some(Kept {
        received_at: in_utc(string::decode_lossy(get("received_at")?)?.parse().ok()?),
        data: get("data").filter(|data| data.starts_with('{'))?.to_owned(),
        session: get(SESSION).map(str::to_owned),
    })
}

/// Members of a message that mapping did not make.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Carried {
    /// A whole value, as JSON text.
    Value(String),
    /// The members of an object, in the order of their names. Most objects are small, and a list
    /// of one member takes less memory than a tree.
    Below(Vec<(String, Carried)>),
}

impl Carried {
    /// Takes an object apart into its members, unless members would be lost: a name is repeated, or
    /// has a lone surrogate. `depth` is the number of names on its path.
    ///
    /// Objects stay whole as long as nothing else has their place, because members take memory.
    fn open(self, depth: usize) -> Self {
        let Self::Value(value) = &self else { return self };
        match members::last(value) {
            Some(members) if !members.is_empty() && depth <= DEEPEST && is_plain(value, members.len()) => {
                Self::below(members.into_iter().map(|(name, value)| (name.into_owned(), Self::Value(value.to_owned()))))
            }
            _ => self,
        }
    }

    /// Creates an object of members with different names.
    fn below(members: impl Iterator<Item = (String, Self)>) -> Self {
        let mut members: Vec<_> = members.collect();
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self::Below(members)
    }
}

/// The depth down to which objects are compared member by member. Deeper values are compared as a
/// whole. Modelled fields are not as deep.
const DEEPEST: usize = 64;

/// A comparison that finds the members that mapping did not make, and puts them back.
struct Beyond<'m>(&'m Provider);

impl Beyond<'_> {
    /// Returns the members that `own` has beyond `base`. `path` is the place of both objects.
    fn object(&self, own: &str, base: &str, path: &[&str]) -> Option<Carried> {
        let base: BTreeMap<Cow<'_, str>, &str> = members::last(base)?.into_iter().collect();
        let mut found = Vec::new();
        for (name, value) in members::last(own)? {
            let whole = || Carried::Value(value.to_owned());
            let more = match base.get(&name) {
                _ if self.is_own(path, &name) => None,
                None => Some(whole()),
                _ if value == "null" => None,
                Some(known) if value == *known => None,
                Some(known) if defaults::is_constant(&[path, &[name.as_ref()]].concat()) => {
                    (!is_same_number(value, known)).then(whole)
                }
                Some(known) if known.starts_with('{') && value.starts_with('{') && path.len() < DEEPEST => {
                    self.object(value, known, &[path, &[name.as_ref()]].concat())
                }
                Some(known) => matches!(*known, "[]" | "null").then(whole),
            };
            if let Some(more) = more {
                found.push((name.into_owned(), more));
            }
        }
        (!found.is_empty()).then(|| Carried::below(found.into_iter()))
    }

    /// Returns the object `base` with the carried members. A carried member is used only where
    /// `base` has no value, `[]`, `null`, or a field with a constant default. `path` is the place
    /// of `base`.
    fn fill(&self, base: &str, carried: &Carried, path: &[&str]) -> String {
        let (Carried::Below(more), Some(members)) = (carried, members::last(base)) else { return base.to_owned() };
        let find = |name: &str| more.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok();
        let mut parts = Vec::new();
        let mut known = HashSet::new();
        for (name, value) in &members {
            let place = || [path, &[name.as_ref()]].concat();
            let is_open = || matches!(*value, "[]" | "null") || defaults::is_constant(&place());
            let value = match find(name).and_then(|at| more.get(at)).map(|(_, carried)| carried) {
                Some(Carried::Value(carried)) if is_open() => Cow::Borrowed(carried.as_str()),
                Some(below @ Carried::Below(_)) => {
                    Cow::Owned(self.fill(if is_open() { "{}" } else { value }, below, &place()))
                }
                Some(whole) if value.starts_with('{') => {
                    Cow::Owned(self.fill(value, &whole.clone().open(path.len() + 1), &place()))
                }
                _ => Cow::Borrowed(*value),
            };
            parts.push(format!("{}:{value}", RawJson::from_text(name).as_str()));
            known.insert(name.as_ref());
        }
        for (name, carried) in more.iter().filter(|(name, _)| !known.contains(name.as_str())) {
            let value = match carried {
                Carried::Value(value) => value.clone(),
                below @ Carried::Below(_) => self.fill("{}", below, &[path, &[name]].concat()),
            };
            parts.push(format!("{}:{value}", RawJson::from_text(name).as_str()));
        }
        format!("{{{}}}", parts.join(","))
    }

    /// Returns whether a merge does not carry over a member: the kept payloads, which it writes
    /// itself, and the checksum, which does not match the merged message.
    fn is_own(&self, path: &[&str], name: &str) -> bool {
        match path {
            ["vcp_payload", "custom", "provider_specific", of] if *of == self.0.name() => {
                matches!(name, "data" | DELIVERIES) || name == SESSION && self.0.assembled().is_some()
            }
            ["audit"] => name == "checksum",
            _ => false,
        }
    }
}

/// Returns whether two texts are one number.
fn is_same_number(a: &str, b: &str) -> bool {
    a.parse::<f64>().is_ok_and(|a| b.parse() == Ok(a))
}

/// Returns whether all names of an object can be decoded and `distinct` counts all its members.
fn is_plain(object: &str, distinct: usize) -> bool {
    let mut count = 0;
    members::spelled(object).all(|(name, _)| {
        count += 1;
        name.decode().is_some()
    }) && count == distinct
}

/// Joins the members that two messages carry over. Of two values for one place, an object wins over
/// any other value, any value wins over `null`, and otherwise the text that sorts last wins. The
/// result does not depend on the order of the arguments. `depth` is the number of names on the path
/// of both.
fn union(a: Option<Carried>, b: Option<Carried>, depth: usize) -> Option<Carried> {
    let (a, b) = match (a, b) {
        (Some(Carried::Value(a)), Some(Carried::Value(b))) if a == b => return Some(Carried::Value(a)),
        (Some(a), Some(b)) => (a.open(depth), b.open(depth)),
        (a, b) => return a.or(b),
    };
    Some(match (a, b) {
        (Carried::Below(a), Carried::Below(b)) => {
            // Most objects are small, and have the same members.
            let mut both = Vec::with_capacity(a.len().max(b.len()));
            let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
            loop {
                let order = match (a.peek(), b.peek()) {
                    (Some((a, _)), Some((b, _))) => a.cmp(b),
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => break,
                };
                let of_a = a.next_if(|_| order.is_le());
                let of_b = b.next_if(|_| order.is_ge());
                both.extend(match (of_a, of_b) {
                    (Some((name, a)), Some((_, b))) => union(Some(a), Some(b), depth + 1).map(|both| (name, both)),
                    (a, b) => a.or(b),
                });
            }
            Carried::Below(both)
        }
        (Carried::Value(a), Carried::Value(b)) => Carried::Value(if b == "null" {
            a
        } else if a == "null" {
            b
        } else {
            a.max(b)
        }),
        (Carried::Value(_), below) | (below, Carried::Value(_)) => below,
    })
}

/// Returns whether a payload says something of consent.
fn tells_consent(made: &VcpMessage, report: &MapReport) -> bool {
    let Some(consent) = &made.vcp_payload.consent else { return false };
    consent.granted_at.is_some() || !report.defaults().any(|field| field == "$.vcp_payload.consent.status")
}

/// Returns the record that forbids more. Of two with one status, the text that sorts last wins.
fn strictest(a: Option<ConsentRecord>, b: Option<ConsentRecord>) -> Option<ConsentRecord> {
    let rank = |record: &Option<ConsentRecord>| {
        let strictness = record.as_ref().map(|record| strictness(&record.status));
        (strictness, record.as_ref().and_then(|record| serde_json::to_string(record).ok()))
    };
    if rank(&a) < rank(&b) { b } else { a }
}

/// Returns how much a status of consent forbids. A word that the specification lacks grants
/// nothing, so it is stricter than `granted` and `pending`.
fn strictness(status: &ConsentStatus) -> u8 {
    match status.as_str() {
        "granted" => 0,
        "pending" => 1,
        "expired" => 3,
        "denied" => 4,
        "revoked" => 5,
        _ => 2,
    }
}

/// Removes from the carried members the places at which `told` has a value that is no default.
/// Returns whether a member is left. `path` is the place of `told`.
///
/// Looks only at the members of `told`, so that many deliveries with few members stay cheap.
fn keep_untold(carried: &mut Carried, told: &str, path: &[&str], is_default: &dyn Fn(&[&str]) -> bool) -> bool {
    if matches!(told, "[]" | "null") {
        return true;
    }
    let Some(members) = members::last(told) else { return is_default(path) };
    *carried = mem::replace(carried, Carried::Below(Vec::new())).open(path.len());
    let Carried::Below(more) = carried else { return is_default(path) };
    let mut gone = HashSet::new();
    for (name, told) in members {
        let Ok(at) = more.binary_search_by(|(known, _)| known.as_str().cmp(&name)) else { continue };
        let Some((_, below)) = more.get_mut(at) else { continue };
        if !keep_untold(below, told, &[path, &[name.as_ref()]].concat(), is_default) {
            gone.insert(name.into_owned());
        }
    }
    if !gone.is_empty() {
        more.retain(|(name, _)| !gone.contains(name));
    }
    !more.is_empty()
}
