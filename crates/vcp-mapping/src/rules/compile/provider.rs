//! Compiling the file of a provider: its shapes, events, secrets and tables.

use super::{Compiler, PROVIDER_FILE, copies::UNMASKED};
use crate::rules::{
    form::{Detect, Event, RuleFile},
    paths::{NodeId, ROOT},
    plan::{Plan, ReadyEvent, Shape},
    secrets::Secrets,
};
use std::{collections::BTreeMap, sync::Arc};

impl<'f> Compiler<'f> {
    pub(super) fn shapes(&mut self, files: &'f [RuleFile]) -> Vec<Shape> {
        let provider = self.file;
        for (name, event) in &provider.events {
            self.check_event(name, event, files);
        }
        if provider.events.values().filter(|event| event.assembled).count() > 1 {
            self.faults.file(PROVIDER_FILE);
            self.faults.add("events", "at most one event is `assembled`");
        }
        if provider.detect.is_empty() {
            self.faults.file(PROVIDER_FILE);
            self.faults.add("detect", "give at least one way to recognise a delivery");
        }
        for file in files {
            self.faults.file(&file.name);
            if file.provider != provider.provider {
                let message = format!("the file is for `{}`, not for `{}`", file.provider, provider.provider);
                self.faults.add("provider", message);
            }
            if !provider.events.values().any(|event| event.rules.as_ref() == Some(&file.name)) {
                self.faults.add("name", format!("no event has `\"rules\": \"{}\"`", file.name));
            }
        }
        let mut shapes = Vec::new();
        for (index, detect) in provider.detect.iter().enumerate() {
            self.faults.file(PROVIDER_FILE);
            self.check_detect(index, detect);
            let at = self.tree.node(ROOT, &detect.at);
            let nodes = |compiler: &mut Self, paths: &[String]| -> Vec<NodeId> {
                paths.iter().map(|path| compiler.member(ROOT, path)).collect()
            };
            let has = nodes(self, &detect.has);
            let has_any = nodes(self, &detect.has_any);
            let lacks = nodes(self, &detect.lacks);
            let filled: Vec<NodeId> = detect.filled.iter().map(|path| self.wanted(ROOT, path)).collect();
            let event_from = detect.event_from.as_ref().map(|path| self.wanted(ROOT, path));
            if let Some(node) = event_from {
                let place = format!("detect[{index}].event_from");
                self.check_not_secret(&place, &self.tree.path(node), UNMASKED);
            }
            let looked_at: Vec<NodeId> =
                has.iter().chain(&has_any).chain(&filled).chain(&event_from).copied().collect();
            let mut plans: BTreeMap<(&str, NodeId), Arc<Plan>> = BTreeMap::new();
            let mut events = BTreeMap::new();
            for (name, event) in &provider.events {
                let at = event.at.as_ref().map_or(at, |path| self.tree.node(ROOT, path));
                let Some(file) = files.iter().find(|file| Some(&file.name) == event.rules.as_ref()) else { continue };
                let plan = match plans.get(&(file.name.as_str(), at)) {
                    Some(plan) => plan.clone(),
                    None => {
                        let plan = Arc::new(self.plan(file, at, &looked_at));
                        plans.insert((&file.name, at), plan.clone());
                        plan
                    }
                };
                let unless = self.tests(&event.unless, &format!("events.{name}.unless"), at, &[]);
                let mut value = |key: &str, path: &String| {
                    let node = self.wanted(at, path);
                    self.faults.file(PROVIDER_FILE);
                    self.check_not_secret(&format!("events.{name}.{key}"), &self.tree.path(node), UNMASKED);
                    node
                };
                let key = event.key.iter();
                let key = key.map(|paths| paths.iter().map(|path| value("key", path)).collect()).collect();
                let time = event.time.iter().map(|path| value("time", path)).collect();
                let required = event.schema.iter().flat_map(|schema| &schema.required);
                let required = required.map(|path| self.member(at, path)).collect();
                let receipt_is_time = event.fetched || event.assembled;
                let Event { replaces, rank, .. } = *event;
                let ready = ReadyEvent { plan, unless, key, replaces, rank, time, receipt_is_time, required };
                events.insert(name.clone(), ready);
            }
            shapes.push(Shape { has, has_any, filled, lacks, event: detect.event.clone(), event_from, events });
        }
        shapes
    }

    pub(super) fn check_event(&mut self, name: &str, event: &Event, files: &[RuleFile]) {
        self.faults.file(PROVIDER_FILE);
        if let Some(rules) = event.rules.as_ref().filter(|rules| files.iter().all(|file| file.name != **rules)) {
            let near = self.faults.suggestion(rules, files.iter().map(|file| file.name.as_str()));
            self.faults.add(format!("events.{name}.rules"), format!("there is no rule file `{rules}`{near}"));
        }
        if event.assembled && event.rules.is_none() {
            self.faults.add(format!("events.{name}"), "an `assembled` event needs `rules`");
        }
        for path in event.key.iter().flat_map(|part| part.iter()) {
            self.check_path(format!("events.{name}.key"), path);
        }
        let schema = event.schema.iter().flat_map(|schema| schema.required.iter().chain(&schema.optional));
        for (key, path) in event.time.iter().map(|path| ("time", path)).chain(schema.map(|path| ("schema", path))) {
            self.check_path(format!("events.{name}.{key}"), path);
        }
        if let Some(at) = &event.at {
            self.check_place(format!("events.{name}.at"), at);
        }
        if event.replaces && !event.key.is_empty() {
            let message = "an event that `replaces` has no key: remove `key`, or `replaces`";
            self.faults.add(format!("events.{name}"), message);
        }
        if event.replaces && event.time.is_empty() {
            let message = "an event that `replaces` needs a `time`, which orders its deliveries";
            self.faults.add(format!("events.{name}"), message);
        }
        if event.replaces && (event.fetched || event.assembled) {
            let message = "an event that `replaces` is neither `fetched` nor `assembled`: its time is in the payload";
            self.faults.add(format!("events.{name}"), message);
        }
    }

    /// Checks the place of a record, from the root of the payload. Empty is the root itself.
    fn check_place(&mut self, place: String, at: &str) {
        if at.starts_with('$') {
            self.faults.add(place, format!("`{at}` begins at the root in any case: leave `$.` out"));
        } else if !at.is_empty() {
            self.check_path(place, at);
        }
    }

    pub(super) fn check_detect(&mut self, index: usize, detect: &Detect) {
        for path in detect.has.iter().chain(&detect.has_any).chain(&detect.lacks).chain(&detect.filled) {
            self.check_path(format!("detect[{index}]"), path);
        }
        if let Some(path) = &detect.event_from {
            self.check_path(format!("detect[{index}].event_from"), path);
        }
        self.check_place(format!("detect[{index}].at"), &detect.at);
        if detect.event.is_empty() && detect.event_from.is_none() {
            self.faults.add(format!("detect[{index}]"), "name the event with `event` or `event_from`");
        }
        if detect.has.is_empty() && detect.has_any.is_empty() && detect.filled.is_empty() {
            let message = "a way without `has`, `has_any` or `filled` fits every delivery: name a member";
            self.faults.add(format!("detect[{index}]"), message);
        }
    }

    pub(super) fn check_secrets(&mut self) {
        for path in &self.file.lists_of_calls {
            self.check_path("lists_of_calls", path);
        }
        if let Some(audio) = &self.file.audio {
            self.check_place("audio".to_owned(), audio);
        }
        let own = self.file.secrets.len() + usize::from(self.file.audio.is_some());
        if own > Secrets::MOST {
            let message = format!("`secrets` and `audio` have more than {} entries together", Secrets::MOST);
            self.faults.add("secrets", message);
        }
        for (index, pattern) in self.file.secrets.iter().enumerate() {
            if !Secrets::new([pattern.as_str()]).are_sound() {
                let message = format!(
                    "`{pattern}` does not work: names are plain ASCII, `*` goes into the last name, `**` right before it"
                );
                self.faults.add(format!("secrets[{index}]"), message);
            }
        }
    }

    pub(super) fn check_tables(&mut self) {
        if let Some(name) = &self.file.ended_reasons {
            self.table(name, "ended_reasons", None);
        }
        for name in self.file.tables.keys() {
            if !self.used.contains(name.as_str()) {
                self.faults.add(format!("tables.{name}"), "no rule uses this table: remove it, or use it");
            }
        }
    }
}
