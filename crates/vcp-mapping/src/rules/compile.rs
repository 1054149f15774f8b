//! The checking and compiling of rule files. Every fault is reported, not only the first.

use super::{
    faults::{Faults, RuleError, nearest, suggestion},
    form::{
        ClockForm, Condition, Conversation, Detect, Event, FieldRule, ModelUsage, ProviderFile, Rows, RuleFile, Source,
        Transfers, Transform, ValueType, WordChange,
    },
    paths::{InList, NodeId, Nodes, PathTree, ROOT},
    plan::{
        Check, Function, Inside, Member, NO_ROLE, Plan, ReadyChange, ReadyConversation, ReadyEvent, ReadyModels,
        ReadyRows, ReadyRule, ReadySource, ReadyTransfers, Shape, SourceKind, Test, members_of_rows, parts_of_criteria,
        parts_of_rows,
    },
    provider::Provider,
    secrets::Secrets,
    target::{FieldName, Place, Target, name},
};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use vcp_schema::{CapabilityType, FieldPath, ModelRole};

/// The words of the table of a criterion.
const CRITERION_WORDS: [&str; 3] = ["true", "false", "none"];

/// The name of a provider's file in faults.
const PROVIDER_FILE: &str = "provider.json";

/// Checks and compiles the text of a provider's file and of its rule files. `functions` are those
/// that the transform `function` can call.
///
/// # Errors
///
/// Every fault of the files.
pub(crate) fn compile(
    provider: &str,
    rules: &[&str],
    functions: &[(&'static str, Function)],
) -> Result<Provider, RuleError> {
    let mut faults = Faults::new();
    faults.file(PROVIDER_FILE);
    let file: Option<ProviderFile> = parse(provider, &mut faults);
    let mut files = Vec::new();
    for (index, text) in rules.iter().enumerate() {
        faults.file(&format!("rule file {index}"));
        files.extend(parse::<RuleFile>(text, &mut faults));
    }
    let Some(file) = file.filter(|_| faults.is_empty()) else {
        return Err(faults.into_error());
    };
    let mut compiler = Compiler { file: &file, functions, tree: PathTree::new(), faults, used: BTreeSet::new() };
    let shapes = compiler.shapes(&files);
    compiler.faults.file(PROVIDER_FILE);
    let listed = || file.secrets.iter().map(String::as_str);
    let audio = file.audio.as_ref().map(|path| format!("$.{path}"));
    let secrets_and_audio = Secrets::new(listed().chain(audio.as_deref()));
    compiler.check_secrets(&secrets_and_audio);
    compiler.check_tables();
    let secrets = Secrets::new(listed());
    let rooted_secrets = secrets.rooted().map(|(name, leaf_only)| (compiler.wanted(ROOT, &name), leaf_only)).collect();
    let Compiler { tree, faults, .. } = compiler;
    if !faults.is_empty() {
        return Err(faults.into_error());
    }
    let data = FieldPath::from_dotted("vcp_payload.custom.provider_specific").name(&file.provider).name("data");
    let fields = files.iter().flat_map(fields_of).collect();
    let own_fields = [data.to_string().into(), "$.audit.event_type".into()];
    let audio = Secrets::new(audio.as_deref());
    Ok(Provider { tree, shapes, secrets, rooted_secrets, secrets_and_audio, audio, fields, own_fields, file })
}

/// Reads a file. A fault names the key, and the nearest one that exists.
fn parse<T: DeserializeOwned>(text: &str, faults: &mut Faults) -> Option<T> {
    match serde_json::from_str(text) {
        Ok(file) => Some(file),
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            let mut names = message.split('`').skip(1).step_by(2);
            let given = names.next().filter(|_| message.starts_with("unknown"));
            let near = given.map(|given| suggestion(given, names)).unwrap_or_default();
            faults.add(place_of(text, &error), format!("{message}{near}"));
            None
        }
    }
}

/// Returns the line and the column of an error. A column counts characters. That of serde counts
/// bytes.
fn place_of(text: &str, error: &serde_json::Error) -> String {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let bytes = error.column().saturating_sub(1);
    let column = 1 + line.char_indices().take_while(|(at, _)| *at < bytes).count();
    format!("line {}, column {column}", error.line())
}

/// Returns the place of an element in a list. A list with one element can be written without its
/// brackets, so its element has the place of the list.
fn element(place: &str, at: usize, length: usize) -> String {
    if length > 1 { format!("{place}[{at}]") } else { place.to_owned() }
}

/// Returns the fields that a rule file writes.
fn fields_of(file: &RuleFile) -> BTreeSet<String> {
    let of_rules = file.rules.iter().map(|rule| rule.to.as_str());
    let of_conversation = file.conversation.iter().take(1).flat_map(|conversation| {
        let calls = conversation.calls.as_ref().map(|_| name::CAPABILITIES);
        [name::TRANSCRIPT, "outcomes.objective.metrics.total_turns"].into_iter().chain(calls)
    });
    let of_models = [name::SELECTION, name::ATTRIBUTION].into_iter().filter(|_| !file.models.is_empty());
    let of_criteria = file.criteria.iter().map(|_| name::CRITERIA);
    of_rules.chain(of_conversation).chain(of_models).chain(of_criteria).map(str::to_owned).collect()
}

struct Compiler<'f> {
    file: &'f ProviderFile,
    functions: &'f [(&'static str, Function)],
    tree: PathTree,
    faults: Faults,
    /// The tables that something uses.
    used: BTreeSet<&'f str>,
}

impl<'f> Compiler<'f> {
    fn shapes(&mut self, files: &'f [RuleFile]) -> Vec<Shape> {
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
        // The faults of a rule file are the same for each shape.
        let mut checked = BTreeSet::new();
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
                        let before = self.faults.len();
                        let plan = Arc::new(self.plan(file, at, &looked_at));
                        if !checked.insert(&file.name) {
                            self.faults.truncate(before);
                        }
                        plans.insert((&file.name, at), plan.clone());
                        plan
                    }
                };
                let unless = self.tests(&event.unless, &format!("events.{name}.unless"), at, &[]);
                let key = event.key.iter().map(|path| self.wanted(at, path)).collect();
                let time = event.time.as_ref().map(|path| self.wanted(at, path));
                let required = event.schema.iter().flat_map(|schema| &schema.required);
                let required = required.map(|path| self.member(at, path)).collect();
                let receipt_is_time = event.fetched || event.assembled;
                let rank = event.rank;
                events.insert(name.clone(), ReadyEvent { plan, unless, key, rank, time, receipt_is_time, required });
            }
            shapes.push(Shape { has, has_any, filled, lacks, event: detect.event.clone(), event_from, events });
        }
        shapes
    }

    fn check_event(&mut self, name: &str, event: &Event, files: &[RuleFile]) {
        self.faults.file(PROVIDER_FILE);
        if let Some(rules) = event.rules.as_ref().filter(|rules| files.iter().all(|file| file.name != **rules)) {
            let near = suggestion(rules, files.iter().map(|file| file.name.as_str()));
            self.faults.add(format!("events.{name}.rules"), format!("there is no rule file `{rules}`{near}"));
        }
        if event.assembled && event.rules.is_none() {
            self.faults.add(format!("events.{name}"), "an `assembled` event needs `rules`");
        }
    }

    fn check_detect(&mut self, index: usize, detect: &Detect) {
        if detect.event.is_empty() && detect.event_from.is_none() {
            self.faults.add(format!("detect[{index}]"), "name the event with `event` or `event_from`");
        }
        if detect.has.is_empty() && detect.has_any.is_empty() && detect.filled.is_empty() {
            let message = "a way without `has`, `has_any` or `filled` fits every delivery: name a member";
            self.faults.add(format!("detect[{index}]"), message);
        }
    }

    fn check_secrets(&mut self, secrets: &Secrets) {
        if secrets.is_too_long() {
            self.faults.add("secrets", "`secrets` and `audio` have more than 64 entries together");
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

    fn check_tables(&mut self) {
        if let Some(name) = &self.file.ended_reasons {
            self.table(name, "ended_reasons", None);
        }
        for name in self.file.tables.keys() {
            if !self.used.contains(name.as_str()) {
                self.faults.add(format!("tables.{name}"), "no rule uses this table: remove it, or use it");
            }
        }
    }

    /// Checks that a table exists and gives words of a list.
    fn table(&mut self, name: &str, place: &str, words: Option<&[&str]>) {
        let tables = &self.file.tables;
        match tables.get_key_value(name) {
            Some((name, table)) => {
                self.used.insert(name);
                table.results().for_each(|word| self.check_word(place, word, words));
            }
            None => {
                let near = suggestion(name, tables.keys().map(String::as_str));
                self.faults.add(place, format!("there is no table `{name}`{near}"));
            }
        }
    }

    /// Returns the node of a path: from the root with `$.`, else from the place of the record.
    fn member(&mut self, at: NodeId, path: &str) -> NodeId {
        match path.strip_prefix("$.") {
            Some(absolute) => self.tree.node(ROOT, absolute),
            None => self.tree.node(at, path),
        }
    }

    fn wanted(&mut self, at: NodeId, path: &str) -> NodeId {
        let node = self.member(at, path);
        self.tree.want(node);
        node
    }

    /// Returns the node of a path in a rule, and the way into it if it is a list.
    fn path(&mut self, at: NodeId, path: &str, place: &str, needs_text: bool) -> Member {
        let (list, inside) = match InList::split(path) {
            Ok(parts) => parts,
            Err(fault) => {
                self.faults.add(place, format!("`{path}` is not a path: {fault}"));
                return Member { node: at, inside: None };
            }
        };
        let names = list.strip_prefix("$.").unwrap_or(list);
        if names.split('.').any(|name| name.is_empty() || name.trim() != name) {
            self.faults.add(place, format!("`{path}` is not a path: names are separated by single dots"));
        }
        let node = if needs_text { self.wanted(at, list) } else { self.member(at, list) };
        Member { node, inside }
    }

    fn plan(&mut self, file: &'f RuleFile, at: NodeId, detection: &[NodeId]) -> Plan {
        self.faults.file(&file.name);
        let mut fields: Vec<FieldName> = Vec::new();
        let mut rules = Vec::new();
        let mut lists = BTreeSet::new();
        for (index, rule) in file.rules.iter().enumerate() {
            let place = format!("rules[{index}]");
            if let Some(other) = fields.iter().position(|field| *field.name == *rule.to) {
                let message = format!("`{}` has a rule already, `rules[{other}]`: put the sources into one", rule.to);
                self.faults.add(&place, message);
                continue;
            }
            let ready = self.rule(file, rule, &place, at, &fields, &mut lists);
            fields.push(FieldName::new(&rule.to));
            rules.extend(ready.map(|ready| ReadyRule { field: fields.len() - 1, ..ready }));
        }
        for name in file.lists.keys().filter(|name| !lists.contains(name.as_str())) {
            self.faults.add(format!("lists.{name}"), "no rule uses this list: remove it, or use it");
        }
        let mut conversations = Vec::new();
        for (number, conversation) in file.conversation.iter().enumerate() {
            let place = element("conversation", number, file.conversation.len());
            self.check_conversation(conversation, &place);
            let rows = |rows: Rows| ReadyRows {
                at: self.member(at, &rows.path),
                tools: rows.tools,
                when: self.tests(&rows.when, &format!("{place}.rows.when"), at, &fields),
            };
            let twins =
                |rows: &Rows| file.twins.as_ref().map_or_else(|| vec![rows.clone()], |twins| twins.of_rows(rows));
            let lists = conversation.rows.iter().flat_map(twins).map(rows).collect();
            let reader = ReadyConversation::new(conversation, lists);
            // The first list is nearly always the one that is read. The others are read from their
            // texts.
            let first = reader.lists.iter().position(|rows| rows.when.is_empty()).filter(|_| number == 0);
            for (index, rows) in reader.lists.iter().enumerate() {
                if Some(index) == first {
                    self.tree.want_rows(rows.at, &reader.members);
                } else {
                    self.tree.want(rows.at);
                }
            }
            conversations.push(reader);
        }
        let models = file.models.iter().enumerate().map(|(index, usage)| {
            let role = self.check_models(usage, &format!("models[{index}]"));
            ReadyModels::new(usage, self.wanted(at, &usage.path), role)
        });
        let models: Vec<ReadyModels> = models.collect();
        let transfers = file
            .transfers
            .iter()
            .enumerate()
            .map(|(index, transfers)| {
                self.transfers(transfers, &element("transfers", index, file.transfers.len()), at, &fields)
            })
            .collect();
        let mut criteria = Vec::new();
        for (index, rules) in file.criteria.iter().enumerate() {
            self.table(&rules.table, &element("criteria", index, file.criteria.len()), Some(&CRITERION_WORDS));
            criteria.push((self.wanted(at, &rules.path), rules.clone()));
        }
        let ignored = file.ignored.iter().filter_map(|(path, reason)| self.ignored(at, path, reason)).collect();
        self.finish(
            Plan { at, rules, fields, models, conversations, transfers, criteria, ignored, ..Plan::default() },
            detection,
        )
    }

    fn transfers(&mut self, rules: &Transfers, place: &str, at: NodeId, before: &[FieldName]) -> ReadyTransfers {
        if rules.to.is_empty() {
            self.faults.add(format!("{place}.to"), "name the member with the number or address");
        }
        let Some(list) = &rules.list else {
            let names = rules.to.iter().chain(&rules.at).chain(&rules.outcome);
            let members = names.map(|name| (name.clone(), self.path(at, name, place, true))).collect();
            let when = self.tests(&rules.when, &format!("{place}.when"), at, before);
            return ReadyTransfers { rules: rules.clone(), list: None, when, checks: Vec::new(), members };
        };
        let list = self.path(at, list, &format!("{place}.list"), true);
        for (index, condition) in rules.when.iter().enumerate() {
            let place = element(&format!("{place}.when"), index, rules.when.len());
            if self.is_one_condition(condition, &place) && condition.path.is_none() {
                self.faults.add(place, "a condition of an element tests its members");
            }
        }
        let checks = rules.when.iter().filter_map(|condition| Some((condition.path.clone()?, Check::new(condition))));
        let (when, checks) = (Vec::new(), checks.collect());
        ReadyTransfers { rules: rules.clone(), list: Some(list), when, checks, members: Vec::new() }
    }

    /// Returns the pointer of an ignored member, unless it is ignored in some elements of a list
    /// only.
    fn ignored(&mut self, at: NodeId, path: &str, reason: &str) -> Option<String> {
        let place = format!("ignored.{path}");
        if reason.trim().is_empty() {
            self.faults.add(&place, "give the reason");
        }
        let (list, inside) = match InList::split(path) {
            Ok(parts) => parts,
            Err(fault) => {
                self.faults.add(&place, format!("`{path}` is not a path: {fault}"));
                return None;
            }
        };
        let from = if list.starts_with("$.") { FieldPath::root() } else { self.tree.path(at) };
        let names = list.trim_start_matches("$.").split('.').filter(|name| !name.is_empty());
        let pointer = names.fold(from, FieldPath::name).pointer();
        if path.contains('=') {
            return None;
        }
        Some(format!("{pointer}{}", inside.map(|inside| inside.pointer()).unwrap_or_default()))
    }

    /// Works out which members a plan looks at, which it takes as a whole, and which in part.
    fn finish(&self, plan: Plan, detection: &[NodeId]) -> Plan {
        let (mut looked_at, mut taken) = (Nodes::new(self.tree.len()), Nodes::new(self.tree.len()));
        let mut inside = Inside::default();
        let mut tested: Vec<(Member, Check)> = Vec::new();
        for rule in &plan.rules {
            if rule.when.is_empty() {
                looked_at.extend(rule.looked_at());
                taken.extend(rule.taken());
            }
            rule.sources.iter().for_each(|source| source.add_inside(&mut inside));
            tested.extend(rule.tested());
        }
        for reader in &plan.conversations {
            for rows in &reader.lists {
                inside.entry(rows.at).or_default().each().join(parts_of_rows(&reader.rules));
                looked_at.extend(rows.when.is_empty().then_some(rows.at));
                rows.when.iter().for_each(|test| test.members(&mut tested));
            }
        }
        for reader in &plan.transfers {
            if let Some(list) = &reader.list {
                let known = inside.entry(list.node).or_default();
                let way = list.inside.as_ref().map(InList::path).unwrap_or_default();
                known.at(&way).each().join(reader.parts());
            }
            looked_at.extend(reader.list.iter().map(|member| member.node));
            reader.when.iter().for_each(|test| test.members(&mut tested));
        }
        for (node, rules) in &plan.criteria {
            inside.entry(*node).or_default().each().join(parts_of_criteria(rules));
            looked_at.extend([*node]);
        }
        for reader in &plan.models {
            inside.entry(reader.at).or_default().each().join(reader.known.clone());
            looked_at.extend([reader.at]);
        }
        for (member, check) in &tested {
            looked_at.extend([member.node]);
            if let Some(way) = &member.inside {
                check.add_inside(inside.entry(member.node).or_default(), &way.path());
            }
        }
        looked_at.extend(detection.iter().copied());
        let member = |node: &NodeId| (Member { node: *node, inside: None }, Check::Is(Vec::new()));
        tested.extend(detection.iter().map(member));
        let mut once: Vec<(Member, Check)> = Vec::new();
        for (member, check) in tested {
            match once.iter_mut().find(|(known, _)| *known == member) {
                // A check of the word tells more than one of presence.
                Some((_, known)) if matches!(check, Check::Is(_)) => *known = check,
                Some(_) => {}
                None => once.push((member, check)),
            }
        }
        Plan { looked_at, taken, inside, tested: once, ..plan }
    }

    /// Compiles a rule. The number of its field is set by the caller.
    fn rule(
        &mut self,
        file: &'f RuleFile,
        rule: &'f FieldRule,
        place: &str,
        at: NodeId,
        before: &[FieldName],
        lists: &mut BTreeSet<&'f str>,
    ) -> Option<ReadyRule> {
        let target = Target::parse(&rule.to);
        match &target {
            None => {
                let near = suggestion(&rule.to, Target::names());
                self.faults
                    .add(format!("{place}.to"), format!("`{}` is not a field that rules can write{near}", rule.to));
            }
            Some(Target::Free(Place::ProviderSpecific, names)) if names.first() != Some(&self.file.provider) => {
                let message = format!("`{}` is beside another provider's data", rule.to);
                self.faults.add(format!("{place}.to"), message);
            }
            Some(_) => {}
        }
        if rule.from.is_empty() {
            self.faults.add(format!("{place}.from"), "this list needs at least one source");
        }
        let mut sources = Vec::new();
        for (index, source) in rule.from.iter().enumerate() {
            let place = element(&format!("{place}.from"), index, rule.from.len());
            let twins = |source: &Source| {
                file.twins.as_ref().map_or_else(|| vec![source.clone()], |twins| twins.of_source(source))
            };
            let Some(name) = &source.list else {
                for source in twins(source) {
                    sources.extend(self.source(&source, &place, at, before, target.as_ref()));
                }
                continue;
            };
            let Source {
                path,
                value,
                list: _,
                transform: _,
                table,
                word,
                function,
                members,
                scale,
                derived,
                precise,
                when: _,
                except,
                note: _,
                spec: _,
            } = source;
            let others = [
                path.is_some(),
                value.is_some(),
                table.is_some(),
                word.is_some(),
                function.is_some(),
                !members.is_empty(),
                scale.is_some(),
                derived.is_some(),
                *precise,
                !except.is_empty(),
            ];
            if others.contains(&true) {
                self.faults.add(&place, "beside `use` only `as` and `when` have an effect: remove the others");
            }
            let Some((name, list)) = file.lists.get_key_value(name) else {
                let near = suggestion(name, file.lists.keys().map(String::as_str));
                self.faults.add(place, format!("there is no list `{name}`{near}"));
                continue;
            };
            lists.insert(name);
            for (index, listed) in list.iter().enumerate() {
                let place = format!("lists.{name}[{index}]");
                let listed = Source {
                    transform: source.transform.or(listed.transform),
                    when: source.when.iter().chain(&listed.when).cloned().collect(),
                    ..listed.clone()
                };
                for source in twins(&listed) {
                    sources.extend(self.source(&source, &place, at, before, target.as_ref()));
                }
            }
        }
        let when = self.tests(&rule.when, &format!("{place}.when"), at, before);
        let words = target.as_ref().and_then(Target::words);
        let twins = |change: &WordChange| {
            file.twins.as_ref().map_or_else(|| vec![change.clone()], |twins| twins.of_change(change))
        };
        let mut changes = Vec::new();
        for (index, change) in rule.change.iter().enumerate() {
            let place = element(&format!("{place}.change"), index, rule.change.len());
            changes.extend(twins(change).iter().map(|change| self.change(change, &place, at, words)));
        }
        let id =
            format!("{}/{}[{}]", file.provider, file.name, place.trim_start_matches("rules[").trim_end_matches(']'));
        Some(ReadyRule {
            target: target?,
            id: id.into(),
            field: 0,
            sources,
            when,
            required: rule.required,
            change: changes,
        })
    }

    fn change(&mut self, change: &WordChange, place: &str, at: NodeId, words: Option<&[&str]>) -> ReadyChange {
        for word in change.replaces.iter().chain([&change.by]) {
            self.check_word(place, word, words);
        }
        let member = self.path(at, &change.path, place, true);
        ReadyChange {
            member,
            is: Check::Is(change.is.clone()),
            replaces: change.replaces.clone(),
            by: change.by.clone(),
        }
    }

    fn source(
        &mut self,
        source: &Source,
        place: &str,
        at: NodeId,
        before: &[FieldName],
        target: Option<&Target>,
    ) -> Option<ReadySource> {
        let transform = source.transform();
        let words = target.and_then(Target::words);
        let gives = if source.value.is_some() { ValueType::Word } else { transform.gives() };
        if let Some(target) = target.filter(|target| !target.takes(gives)) {
            let what = if source.value.is_some() { "`value`".to_owned() } else { format!("`{}`", transform.name()) };
            self.faults.add(place, format!("the field takes {}, and {what} gives {}", target.types(), gives.name()));
        }
        let kind = match (&source.path, &source.value) {
            (Some(path), None) if !transform.needs_no_member() => SourceKind::Member(self.path(at, path, place, true)),
            (None, Some(word)) => {
                let settings = [
                    source.transform.is_some(),
                    source.table.is_some(),
                    source.word.is_some(),
                    source.function.is_some(),
                    !source.members.is_empty(),
                    source.scale.is_some(),
                    !source.except.is_empty(),
                ];
                if settings.contains(&true) {
                    self.faults
                        .add(place, "beside `value` only `derived` and `when` have an effect: remove the others");
                    return None;
                }
                self.check_word(place, word, words);
                SourceKind::Constant(word.clone())
            }
            (None, None) if transform.needs_no_member() => SourceKind::Fields,
            (Some(_), None) => {
                self.faults.add(place, format!("`{}` works on other fields: leave `path` out", transform.name()));
                return None;
            }
            _ => {
                let message = "a source has `path`, `value`, `use`, or a transform that works on other fields";
                self.faults.add(place, message);
                return None;
            }
        };
        let function = self.check_settings(source, transform, place, words);
        Some(ReadySource {
            kind,
            transform,
            table: source.table.clone(),
            word: source.word.clone().unwrap_or_default(),
            function,
            members: source.members.clone(),
            scale: source.scale.unwrap_or_default(),
            derived: source.is_derived(),
            precise: source.precise,
            when: self.tests(&source.when, &format!("{place}.when"), at, before),
            except: source.except.clone(),
        })
    }

    /// Checks the settings that go with some transforms only. Returns the function to call.
    fn check_settings(
        &mut self,
        source: &Source,
        transform: Transform,
        place: &str,
        words: Option<&[&str]>,
    ) -> Option<Function> {
        let is_rows = matches!(transform, Transform::Earliest | Transform::Latest | Transform::Span);
        for (key, is_given, is_needed) in [
            ("table", source.table.is_some(), transform == Transform::Word),
            ("word", source.word.is_some(), transform == Transform::Present),
            ("function", source.function.is_some(), transform == Transform::Function),
            ("members", !source.members.is_empty(), is_rows),
        ] {
            // Figures are read from a list of numbers, or from members of rows.
            let may_have =
                key == "members" && matches!(transform, Transform::Mean | Transform::Median | Transform::P95);
            if is_given != is_needed && !may_have {
                let needs = if is_needed { "needs" } else { "takes no" };
                self.faults.add(place, format!("`{}` {needs} `{key}`", transform.name()));
            }
        }
        if source.scale.is_some() && !transform.takes_scale() {
            self.faults.add(place, format!("`{}` takes no `scale`", transform.name()));
        }
        if let Some(name) = &source.table {
            self.table(name, place, words);
        }
        if let Some(word) = &source.word {
            self.check_word(place, word, words);
        }
        let name = source.function.as_ref()?;
        let function = self.functions.iter().find(|(known, _)| known == name).map(|(_, function)| *function);
        if function.is_none() {
            let near = suggestion(name, self.functions.iter().map(|(name, _)| *name));
            self.faults.add(place, format!("there is no function `{name}`{near}"));
        }
        function
    }

    fn tests(&mut self, conditions: &[Condition], place: &str, at: NodeId, before: &[FieldName]) -> Vec<Test> {
        let one = |(index, condition)| self.test(condition, &element(place, index, conditions.len()), at, before);
        conditions.iter().enumerate().filter_map(one).collect()
    }

    fn test(&mut self, condition: &Condition, place: &str, at: NodeId, before: &[FieldName]) -> Option<Test> {
        if !self.is_one_condition(condition, place) {
            return None;
        }
        if let Some(path) = &condition.path {
            // Presence needs no text, and the text of a whole record would be scanned once more.
            let needs_text = condition.present.is_none() || path.contains('[');
            let member = self.path(at, path, place, needs_text);
            return Some(Test::Member(member, Check::new(condition)));
        }
        if !condition.any_of.is_empty() {
            return Some(Test::AnyOf(self.tests(&condition.any_of, &format!("{place}.any_of"), at, before)));
        }
        for event in condition.event.iter().filter(|event| !self.file.events.contains_key(*event)) {
            let near = suggestion(event, self.file.events.keys().map(String::as_str));
            self.faults.add(place, format!("there is no event `{event}`{near}"));
        }
        if !condition.event.is_empty() {
            return Some(Test::Event(condition.event.clone()));
        }
        let mut fields = Vec::new();
        for name in &condition.written {
            match before.iter().position(|field| *field.name == **name) {
                Some(field) => fields.push(field),
                None => {
                    let near = suggestion(name, before.iter().map(|field| &*field.name));
                    self.faults.add(place, format!("no rule before this one writes `{name}`{near}"));
                }
            }
        }
        Some(Test::Written(fields))
    }

    fn is_one_condition(&mut self, condition: &Condition, place: &str) -> bool {
        let Condition { event, written, path, is, contains, present, any_of, filled, note: _, spec: _ } = condition;
        let kinds = [!event.is_empty(), !written.is_empty(), path.is_some(), !any_of.is_empty()];
        let tests = [!is.is_empty(), contains.is_some(), present.is_some(), filled.is_some()];
        let count = |flags: &[bool]| flags.iter().filter(|flag| **flag).count();
        if count(&kinds) != 1 {
            self.faults.add(place, "a condition has one of `event`, `written`, `path` and `any_of`");
            return false;
        }
        if count(&tests) > usize::from(path.is_some()) {
            self.faults
                .add(place, "a condition with `path` has at most one of `is`, `contains`, `present` and `filled`");
            return false;
        }
        true
    }

    /// Checks the roles of models. Returns the role of all, if they have one.
    fn check_models(&mut self, usage: &ModelUsage, place: &str) -> Option<&'static str> {
        if usage.path.is_empty() {
            self.faults.add(place, "`path` gives the place of the models");
        }
        let members = usage.name.iter().chain(&usage.cost).chain(&usage.prompt_tokens).chain(&usage.completion_tokens);
        if members.into_iter().any(String::is_empty) {
            self.faults.add(place, "a member has no name");
        }
        match (&usage.role, &usage.role_table) {
            (Some(role), None) => {
                self.check_word(place, role, Some(ModelRole::WORDS));
                ModelRole::WORDS.iter().find(|known| *known == role).copied()
            }
            (None, Some(name)) => {
                let words: Vec<&str> = ModelRole::WORDS.iter().copied().chain([NO_ROLE]).collect();
                self.table(name, place, Some(&words));
                None
            }
            _ => {
                self.faults.add(place, "give either `role` or `role_table`");
                None
            }
        }
    }

    fn check_conversation(&mut self, conversation: &Conversation, place: &str) {
        for (key, clock) in [("start", &conversation.start), ("end", &conversation.end)] {
            if clock.as_ref().is_some_and(|clock| clock.scale.is_some() && clock.form == ClockForm::Time) {
                self.faults.add(format!("{place}.{key}.scale"), "only `seconds_in_call` takes a scale");
            }
        }
        if conversation.rows.is_empty() || conversation.rows.iter().any(|rows| rows.path.is_empty()) {
            self.faults.add(place, "`rows` names the lists, each with a path");
        }
        if conversation.roles.is_empty() && conversation.all_rows.is_none() {
            self.faults
                .add(place, "`roles` gives the meaning of the words of `role`, or `all_rows` the kind of all rows");
        }
        for name in members_of_rows(conversation) {
            if name.split('.').any(|part| part.is_empty() || part.trim() != part) {
                self.faults.add(place, format!("`{name}` is not a member: names are separated by single dots"));
            }
        }
        for (index, condition) in conversation.not_spoken.iter().enumerate() {
            let place = element(&format!("{place}.not_spoken"), index, conversation.not_spoken.len());
            let alternatives = condition.any_of.iter().chain([condition]);
            if alternatives.clone().any(|test| !test.event.is_empty() || !test.written.is_empty()) {
                self.faults.add(&place, "a condition of a row tests members of the row");
            }
            for test in alternatives {
                self.is_one_condition(test, &place);
            }
            if condition.any_of.iter().any(|test| !test.any_of.is_empty()) {
                self.faults.add(&place, "`any_of` within `any_of`: write one list");
            }
        }
        for word in conversation.calls.iter().flat_map(|calls| calls.types.values()) {
            self.check_word(&format!("{place}.calls.types"), word, Some(CapabilityType::WORDS));
        }
    }

    fn check_word(&mut self, place: &str, word: &str, words: Option<&[&str]>) {
        if let Some(words) = words.filter(|words| !words.contains(&word)) {
            let near = nearest(word, words.iter().copied());
            let hint = near.map_or_else(|| words.join(", "), |near| format!("did you mean `{near}`?"));
            self.faults.add(place, format!("`{word}` is not a word of the field: {hint}"));
        }
    }
}
