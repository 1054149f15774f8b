//! A test that nothing is silent (`DECISIONS.md` 5.9). Whatever is removed from a delivery, added
//! to it, or given another type, changes the message or the report, or is listed as without
//! meaning.
//!
//! The payload that a message keeps is left out of the comparison, and so are ids made of its hash.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    thread,
};
use vcp_mapping::{MapReport, Mapped, Mapper, Mapping, rules::RuleFile};

/// The number of leaves that are tried of those whose pointers differ only in positions of lists.
const OF_A_KIND: usize = 2;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A delivery: its provider, its name, and its payload.
type Delivery = (String, String, Value);

/// Returns the deliveries that ship with the project, and the payloads of the conformance cases.
fn deliveries() -> Vec<Delivery> {
    let mapper = Mapper::new();
    let mut found = Vec::new();
    for provider in fs::read_dir(root().join("../../examples/deliveries")).unwrap() {
        let provider = provider.unwrap();
        for file in fs::read_dir(provider.path()).unwrap() {
            let path = file.unwrap().path();
            let payload = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            found.push((provider.file_name().to_string_lossy().into_owned(), name, payload));
        }
    }
    for file in fs::read_dir(root().join("../../conformance/cases/map")).unwrap() {
        let cases: Value = serde_json::from_str(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        for case in cases["cases"].as_array().unwrap() {
            let input = &case["input"];
            let (Some(provider), Some(text)) = (input["provider"].as_str(), input["input_text"].as_str()) else {
                continue;
            };
            if let (Ok(provider), Ok(payload)) = (mapper.provider_name(provider), serde_json::from_str(text)) {
                found.push((provider.to_owned(), case["id"].as_str().unwrap().to_owned(), payload));
            }
        }
    }
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    found
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
fn said(mapping: &Result<Mapping, vcp_mapping::MapError>) -> String {
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

/// Collects the paths of the leaves, and those of the objects.
fn places(value: &Value, path: &mut Vec<String>, leaves: &mut Vec<Vec<String>>, objects: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(members) => {
            objects.push(path.clone());
            for (name, value) in members {
                path.push(name.clone());
                places(value, path, leaves, objects);
                path.pop();
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                path.push(at.to_string());
                places(value, path, leaves, objects);
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

fn remove(payload: &mut Value, path: &[String]) {
    let (last, above) = path.split_last().unwrap();
    match at(payload, above) {
        Value::Array(list) => drop(list.remove(last.parse().unwrap())),
        Value::Object(members) => drop(members.remove(last)),
        other => panic!("{other}"),
    }
}

/// Returns the changes of a delivery that are silent.
fn silent(mapper: &Mapper, (provider, name, payload): &Delivery, ignored: &[Vec<String>]) -> Vec<String> {
    let map =
        |payload: &Value| mapper.map(provider, payload.to_string().as_bytes(), "2026-11-21T12:00:00Z".parse().unwrap());
    let before = map(payload);
    let Ok(Mapping::Call(mapped)) = &before else { return Vec::new() };
    let (mut leaves, mut objects) = (Vec::new(), Vec::new());
    places(payload, &mut Vec::new(), &mut leaves, &mut objects);
    let said_before = said(&before);
    let mut found = Vec::new();
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    let mut is_enough = |generic: &str| {
        let tried = tried.entry(generic.to_owned()).or_default();
        *tried += 1;
        *tried > OF_A_KIND
    };
    for path in &leaves {
        let (generic, exact) = (pointer(payload, path, true), pointer(payload, path, false));
        if is_enough(&generic)
            || lists(&mapped.report, [&generic, &exact])
            || ignored.iter().any(|ignored| is_ignored(payload, path, ignored))
        {
            continue;
        }
        let mut without = payload.clone();
        remove(&mut without, path);
        let mut other = payload.clone();
        let leaf = at(&mut other, path);
        *leaf = if leaf.is_string() { json!(["odd"]) } else { json!("odd") };
        for (change, changed) in [("removed", without), ("another type", other)] {
            if said(&map(&changed)) == said_before && !has_problem(&mapped.report, [&generic, &exact]) {
                found.push(format!("{provider} {name}: {exact} {change}"));
            }
        }
    }
    for path in &objects {
        let mut new = path.clone();
        new.push("brand_new".to_owned());
        let (generic, exact) = (pointer(payload, &new, true), pointer(payload, &new, false));
        if is_enough(&generic)
            || lists(&mapped.report, [&generic, &exact])
            || ignored.iter().any(|ignored| is_ignored(payload, path, ignored))
        {
            continue;
        }
        let mut changed = payload.clone();
        at(&mut changed, path)["brand_new"] = json!("seen");
        if said(&map(&changed)) == said_before {
            found.push(format!("{provider} {name}: {exact} added"));
        }
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
                    let ignored = ignored_of.entry(&delivery.0).or_insert_with(|| ignored(&delivery.0));
                    silent(&mapper, delivery, ignored)
                })
                .collect::<Vec<_>>()
            })
        });
        parts.collect::<Vec<_>>().into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{} silent changes:\n{}", found.len(), found.join("\n"));
}
