//! A test that nothing is silent (`DECISIONS.md` 5.9). Whatever is removed from a delivery, added
//! to it, or given another type, changes the message or the report, or is listed as without
//! meaning.
//!
//! The payload that a message keeps is left out of the comparison, and so are ids made of its hash.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, mem,
    path::PathBuf,
    thread,
};
use vcp_mapping::{MapError, MapReport, Mapped, Mapper, Mapping, SessionEvent, rules::RuleFile};
use vcp_schema::Timestamp;

/// The number of leaves that are tried of those whose pointers differ only in positions of lists.
const OF_A_KIND: usize = 2;
/// The name of an added member.
const NEW: &str = "brand_new";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A delivery, or the events of a session as the member `events`.
struct Delivery {
    provider: String,
    name: String,
    payload: Value,
    is_session: bool,
}

impl Delivery {
    fn new(provider: &str, name: String, payload: Value) -> Self {
        Self { provider: provider.to_owned(), name, payload, is_session: false }
    }

    /// Maps the payload, or another one in its place. The events of a session come second by
    /// second.
    fn map(&self, mapper: &Mapper, payload: &Value) -> Result<Mapping, MapError> {
        let received: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        if !self.is_session {
            return mapper.map(&self.provider, payload.to_string().as_bytes(), received);
        }
        let bodies: Vec<String> = payload["events"].as_array().unwrap().iter().map(Value::to_string).collect();
        let timed = (0..).zip(&bodies);
        let events = timed.map(|(at, body)| SessionEvent::new(received + TimeDelta::seconds(at), body.as_bytes()));
        let mapped = mapper.assemble(&self.provider, &events.collect::<Vec<_>>())?;
        Ok(Mapping::Call(Box::new(mapped)))
    }

    /// Returns the pointer of a place without positions. The events of a session differ by type.
    fn kind_of_place(&self, path: &[String]) -> String {
        let event = path.get(1).filter(|_| self.is_session).and_then(|at| at.parse::<usize>().ok());
        let kind = event.map(|at| self.payload["events"][at]["type"].to_string()).unwrap_or_default();
        pointer(&self.payload, path, true) + &kind
    }
}

/// Returns the payloads that ship with the project, and those of the conformance cases.
fn deliveries() -> Vec<Delivery> {
    let mapper = Mapper::new();
    let mut found = Vec::new();
    for provider in fs::read_dir(root().join("../../examples/deliveries")).unwrap() {
        let provider = provider.unwrap();
        for file in fs::read_dir(provider.path()).unwrap() {
            let path = file.unwrap().path();
            let payload = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            found.push(Delivery::new(&provider.file_name().to_string_lossy(), name, payload));
        }
    }
    let cases =
        ["map", "assemble"].map(|operation| fs::read_dir(root().join("../../conformance/cases").join(operation)));
    for file in cases.into_iter().flat_map(Result::unwrap) {
        let cases: Value = serde_json::from_str(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        for case in cases["cases"].as_array().unwrap() {
            let (name, input) = (case["id"].as_str().unwrap().to_owned(), &case["input"]);
            let Some(Ok(provider)) = input["provider"].as_str().map(|provider| mapper.provider_name(provider)) else {
                continue;
            };
            if let Some(payload) = payload(&input["input_text"]) {
                found.push(Delivery::new(provider, name, payload));
            } else if let Some(events) = input["events"].as_array() {
                let event = |event: &Value| payload(&event["input_text"]);
                let Some(events) = events.iter().map(event).collect::<Option<Vec<_>>>() else { continue };
                found.push(Delivery { is_session: true, ..Delivery::new(provider, name, json!({"events": events})) });
            }
        }
    }
    found.sort_by(|a, b| (&a.provider, &a.name).cmp(&(&b.provider, &b.name)));
    found
}

/// Returns the payload that a case gives as JSON or as text.
fn payload(given: &Value) -> Option<Value> {
    given["json"].as_object().cloned().map(Value::Object).or_else(|| serde_json::from_str(given.as_str()?).ok())
}

/// The ignored members of a provider: their steps from the root, for each place of the record.
/// A step into a list is `[]` or `[member=word]`.
fn ignored(provider: &str) -> Vec<Vec<String>> {
    let folder = root().join("rules").join(provider);
    let file = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let about: Value = serde_json::from_str(&file("provider.json")).unwrap();
    let places: BTreeSet<&str> = about["detect"]
        .as_array()
        .unwrap()
        .iter()
        .chain(about["events"].as_object().unwrap().values())
        .map(|value| value["at"].as_str().unwrap_or_default())
        .collect();
    let mut found = Vec::new();
    for path in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
        if path.ends_with("provider.json") {
            continue;
        }
        let rules: RuleFile = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for ignored in rules.ignored.keys() {
            for place in &places {
                let whole = ignored.strip_prefix("$.").map_or_else(|| format!("{place}.{ignored}"), str::to_owned);
                found.push(steps(&whole));
            }
        }
    }
    found
}

fn steps(path: &str) -> Vec<String> {
    let spaced = path.replace('[', ".[");
    let mut steps: Vec<String> = Vec::new();
    for part in spaced.split('.').filter(|part| !part.is_empty()) {
        match steps.last_mut() {
            Some(open) if open.starts_with('[') && !open.ends_with(']') => {
                open.push('.');
                open.push_str(part);
            }
            _ => steps.push(part.to_owned()),
        }
    }
    steps
}

/// Returns whether the leaf at `path` is under ignored steps.
fn is_ignored(payload: &Value, path: &[String], ignored: &[String]) -> bool {
    let mut here = payload;
    if path.len() < ignored.len() {
        return false;
    }
    for (name, step) in path.iter().zip(ignored) {
        let next = match here {
            Value::Array(list) => list.get(name.parse::<usize>().unwrap()),
            _ => here.get(name),
        };
        if let Some(element) = step.strip_prefix('[') {
            let Some((member, word)) = element.trim_end_matches(']').split_once('=') else {
                here = next.unwrap_or(&Value::Null);
                continue;
            };
            let is = next.and_then(|next| next.get(member)).and_then(Value::as_str);
            if !is.is_some_and(|is| is.eq_ignore_ascii_case(word)) {
                return false;
            }
        } else if name != step {
            return false;
        }
        here = next.unwrap_or(&Value::Null);
    }
    true
}

/// Returns the pointer of a path, with `*` for positions if `generic` is set.
fn pointer(payload: &Value, path: &[String], generic: bool) -> String {
    let mut here = payload;
    let mut pointer = String::new();
    for name in path {
        let is_list = here.is_array();
        pointer.push('/');
        pointer.push_str(&if is_list && generic { "*".to_owned() } else { name.replace('~', "~0").replace('/', "~1") });
        here = match here {
            Value::Array(list) => list.get(name.parse::<usize>().unwrap()).unwrap_or(&Value::Null),
            _ => here.get(name).unwrap_or(&Value::Null),
        };
    }
    pointer
}

/// Returns what a mapping says, without the kept payload and what is made of its hash.
fn said(mapping: &Result<Mapping, MapError>) -> String {
    let mapped: &Mapped = match mapping {
        Ok(Mapping::Call(mapped)) => mapped,
        Ok(Mapping::NotACall { event, known }) => return format!("{event} {known}"),
        Err(error) => return error.to_string(),
    };
    let mut message: Value = serde_json::from_str(&mapped.message.to_json()).unwrap();
    let payload = &mut message["vcp_payload"];
    for kept in payload["custom"]["provider_specific"].as_object_mut().unwrap().values_mut() {
        kept.as_object_mut().unwrap().remove("data");
    }
    if mapped.report.defaults().any(|field| field == "$.vcp_payload.call.call_id") {
        for (part, member) in [("call", "call_id"), ("call", "session_id"), ("consent", "consent_id")] {
            payload[part][member] = json!("hash");
        }
    }
    let key = &mapped.idempotency_key;
    format!("{message} {key:?} {}", serde_json::to_string(&mapped.report).unwrap())
}

/// Returns whether a report lists a pointer, or something that contains it.
fn lists(report: &MapReport, pointers: [&str; 2]) -> bool {
    let listed = report.unread.iter().map(|unread| &*unread.pointer);
    let listed = listed.chain(report.superseded.iter().map(|pointer| &**pointer));
    let mut listed = listed.chain(report.masked.iter().map(String::as_str));
    listed.any(|listed| pointers.iter().any(|pointer| *pointer == listed || pointer.starts_with(&format!("{listed}/"))))
}

/// Returns whether a report has a problem at one of the pointers of a leaf, or at the value that
/// contains it.
fn has_problem(report: &MapReport, pointers: [&str; 2]) -> bool {
    let above = pointers.map(|pointer| pointer.rsplit_once('/').map_or("", |(above, _)| above));
    report.problems.iter().any(|problem| pointers.iter().chain(&above).any(|pointer| *pointer == &*problem.source))
}

/// Returns whether a report says that the event which contains a place is not used.
fn is_in_unused_event(report: &MapReport, path: &[String]) -> bool {
    let event = path.iter().take(2).map(|name| format!("/{name}")).collect::<String>();
    report.problems.iter().any(|problem| *problem.source == *event)
}

/// Collects the paths of the leaves, and those of the objects and lists.
fn places(value: &Value, path: &mut Vec<String>, leaves: &mut Vec<Vec<String>>, containers: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(members) => {
            containers.push(path.clone());
            for (name, value) in members {
                path.push(name.clone());
                places(value, path, leaves, containers);
                path.pop();
            }
        }
        Value::Array(list) => {
            containers.push(path.clone());
            for (at, value) in list.iter().enumerate() {
                path.push(at.to_string());
                places(value, path, leaves, containers);
                path.pop();
            }
        }
        Value::Null => {}
        Value::String(text) if text.trim().is_empty() => {}
        _ => leaves.push(path.clone()),
    }
}

fn at<'v>(payload: &'v mut Value, path: &[String]) -> &'v mut Value {
    path.iter().fold(payload, |here, name| match here {
        Value::Array(list) => &mut list[name.parse::<usize>().unwrap()],
        _ => &mut here[name],
    })
}

/// Returns whether two values have the same type, or the same meaning: a boolean and its word, a
/// number and a time.
fn is_same(before: &Value, after: &Value) -> bool {
    let is_time = |value: &Value| value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok());
    match (before, after) {
        (Value::String(word), Value::Bool(flag)) => *word == flag.to_string(),
        (_, Value::Number(_)) if is_time(before) => true,
        _ => mem::discriminant(before) == mem::discriminant(after),
    }
}

fn remove(payload: &mut Value, path: &[String]) {
    let (last, above) = path.split_last().unwrap();
    match at(payload, above) {
        Value::Array(list) => drop(list.remove(last.parse().unwrap())),
        Value::Object(members) => drop(members.remove(last)),
        other => panic!("{other}"),
    }
}

/// Returns the changes of a delivery that are silent.
fn silent(mapper: &Mapper, delivery: &Delivery, ignored: &[Vec<String>]) -> Vec<String> {
    let Delivery { provider, name, payload, .. } = delivery;
    let map = |payload: &Value| delivery.map(mapper, payload);
    let before = map(payload);
    let Ok(Mapping::Call(mapped)) = &before else { return Vec::new() };
    let (mut leaves, mut containers) = (Vec::new(), Vec::new());
    places(payload, &mut Vec::new(), &mut leaves, &mut containers);
    let report = &mapped.report;
    let said_before = said(&before);
    let (mut found, mut tried) = (Vec::new(), BTreeMap::<String, usize>::new());
    let mut try_at = |path: &[String], changes: &dyn Fn() -> Vec<(String, Value)>| {
        let tried = tried.entry(delivery.kind_of_place(path)).or_default();
        *tried += 1;
        let pointers = [true, false].map(|generic| pointer(payload, path, generic));
        let pointers = pointers.each_ref().map(String::as_str);
        if *tried > OF_A_KIND
            || lists(report, pointers)
            || ignored.iter().any(|ignored| is_ignored(payload, path, ignored))
            || (delivery.is_session && is_in_unused_event(report, path))
        {
            return;
        }
        // A problem of another member says nothing of a new one.
        let is_new = path.last().is_some_and(|name| name == NEW);
        for (change, changed) in changes() {
            if said(&map(&changed)) == said_before && (is_new || !has_problem(report, pointers)) {
                found.push(format!("{provider} {name}: {} {change}", pointers[1]));
            }
        }
    };
    let with = |path: &[String], value: Value| {
        let mut changed = payload.clone();
        *at(&mut changed, path) = value;
        changed
    };
    for path in &leaves {
        try_at(path, &|| {
            let mut without = payload.clone();
            remove(&mut without, path);
            let before = at(&mut payload.clone(), path).clone();
            let others = [json!("odd"), json!(424_242), json!(true), json!(["odd"]), json!({"odd": 1})];
            let others = others.into_iter().filter(|other| !is_same(&before, other));
            let others = others.map(|value| (format!("is {value}"), with(path, value)));
            [("removed".to_owned(), without)].into_iter().chain(others).collect()
        });
    }
    // An event that is no object is refused, and so is what is no list of events.
    let first = if delivery.is_session { 3 } else { 1 };
    for path in containers.iter().filter(|path| path.len() >= first) {
        try_at(path, &|| vec![("is a string".to_owned(), with(path, json!("odd")))]);
    }
    let is_object = |path: &&Vec<String>| at(&mut payload.clone(), path).is_object();
    for path in containers.iter().filter(is_object).filter(|path| !delivery.is_session || !path.is_empty()) {
        let new = [path.as_slice(), &[NEW.to_owned()]].concat();
        try_at(&new, &|| vec![("added".to_owned(), with(&new, json!("seen")))]);
    }
    found
}

#[test]
fn no_change_of_a_delivery_is_silent() {
    let deliveries = deliveries();
    assert!(deliveries.len() > 400, "{}", deliveries.len());
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let found: Vec<String> = thread::scope(|scope| {
        let parts = (0..threads).map(|part| {
            let deliveries = &deliveries;
            scope.spawn(move || {
                let (mapper, mut ignored_of) = (Mapper::new(), BTreeMap::new());
                let part = deliveries.iter().skip(part).step_by(threads);
                part.flat_map(|delivery| {
                    let ignored = ignored_of.entry(&delivery.provider).or_insert_with(|| ignored(&delivery.provider));
                    silent(&mapper, delivery, ignored)
                })
                .collect::<Vec<_>>()
            })
        });
        parts.collect::<Vec<_>>().into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{} silent changes:\n{}", found.len(), found.join("\n"));
}
