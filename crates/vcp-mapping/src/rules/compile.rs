//! The checking and compiling of rule files. Every fault is reported, not only the first.

mod condition;
mod copies;
mod distinct;
mod lists;
mod provider;
mod reach;
mod rule;
mod size;

use super::{
    faults::{Faults, RuleError, nearest},
    form::{ProviderFile, Rows, RuleFile},
    limits,
    paths::{InList, NodeId, PathTree, ROOT},
    plan::{
        Function, Member, Plan, ReadyConversation, ReadyModels, ReadyRows, ReadyRule, values_of_criteria,
        values_of_models,
    },
    provider::Provider,
    secrets::{GENERAL, Secrets},
    target::{FieldName, name},
    watched::Watched,
};
use crate::shared::SharedText;
use copies::{UNMASKED, values_of_rows};
use distinct::Distinct;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use vcp_schema::FieldPath;

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
    size::check_all(provider, rules, &mut faults);
    if !faults.is_empty() {
        return Err(faults.into_error());
    }
    let file: Option<ProviderFile> = parse(provider, &mut faults);
    let mut files = Vec::new();
    for (index, text) in rules.iter().enumerate() {
        faults.file(&name_of(text).unwrap_or_else(|| format!("rule file {index}")));
        files.extend(parse::<RuleFile>(text, &mut faults));
    }
    if let Some(file) = file.as_ref().filter(|_| faults.is_empty()) {
        faults.file(PROVIDER_FILE);
        let lengths: Vec<(&str, usize)> =
            files.iter().zip(rules).map(|(file, text): (&RuleFile, _)| (&*file.name, text.len())).collect();
        size::check_compiled(file, provider.len(), &lengths, &mut faults);
    }
    let Some(file) = file.filter(|_| faults.is_empty()) else {
        return Err(faults.into_error());
    };
    let general = GENERAL.iter().copied().filter(|name| file.secrets.iter().all(|listed| listed != name));
    let listed = || file.secrets.iter().map(String::as_str).chain(general.clone());
    let mut compiler = Compiler {
        file: &file,
        functions,
        secrets: Secrets::new(listed()),
        tree: PathTree::new(),
        faults,
        used: BTreeSet::new(),
        in_lists: BTreeSet::new(),
        parts: 0,
    };
    let shapes = compiler.shapes(&files);
    compiler.faults.file(PROVIDER_FILE);
    let audio = file.audio.as_ref().map(|path| format!("$.{path}"));
    let mut secrets_and_audio = Secrets::new(listed().chain(audio.as_deref()));
    compiler.check_secrets();
    compiler.check_tables();
    let mut secrets = std::mem::take(&mut compiler.secrets);
    let lists_of_calls = file.lists_of_calls.iter().map(|path| compiler.wanted(ROOT, path)).collect();
    let watched = Watched::new(secrets.names().chain(compiler.in_lists.iter().map(String::as_str)));
    secrets.watch(&watched);
    secrets_and_audio.watch(&watched);
    let rooted_secrets = secrets.rooted(&watched, |name| compiler.wanted(ROOT, name));
    compiler.faults.file(PROVIDER_FILE);
    if compiler.tree.is_full {
        let message = format!(
            "the rules read more than {} members, or one whose path has more than {} bytes",
            limits::MEMBERS,
            limits::POINTER_BYTES
        );
        compiler.faults.add("its end", message);
    }
    if compiler.is_full() {
        let message = format!("the rules have more than {} sources, conditions and paths", limits::PARTS);
        compiler.faults.add("its end", message);
    }
    let Compiler { mut tree, faults, .. } = compiler;
    let plans: Vec<&Plan> = shapes.iter().flat_map(|shape| shape.events.values()).map(|event| &*event.plan).collect();
    for (at, node) in tree.nodes.iter_mut().enumerate().filter(|(_, node)| node.rows.is_some()) {
        let mut parts = plans.iter().filter_map(|plan| plan.inside.get(&at)?.each.as_deref());
        let first = parts.next();
        node.row_parts = first.filter(|first| parts.all(|other| other == *first)).cloned();
    }
    tree.watched = watched;
    if !faults.is_empty() {
        return Err(faults.into_error());
    }
    let data = FieldPath::from_dotted("vcp_payload.custom.provider_specific").name(&file.provider).name("data");
    let fields = files.iter().flat_map(fields_of).collect();
    let own_fields = [data.to_string().into(), "$.audit.event_type".into()];
    let audio = Secrets::new(audio.as_deref());
    Ok(Provider {
        lists_of_calls,
        tree,
        shapes,
        secrets,
        rooted_secrets,
        secrets_and_audio,
        audio,
        fields,
        own_fields,
        file,
    })
}

/// Returns the name that a rule file gives to itself, if the text is JSON.
fn name_of(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
    }
    Some(serde_json::from_str::<Named>(text).ok()?.name).filter(|name| name.len() <= limits::TEXT_BYTES)
}

/// Reads a file. A fault names the key, and the nearest one that exists.
fn parse<T: DeserializeOwned>(text: &str, faults: &mut Faults) -> Option<T> {
    if !size::check_text(text, faults) {
        return None;
    }
    match serde_json::from_str(text).and_then(|file| serde_json::from_str::<Distinct>(text).map(|_| file)) {
        Ok(file) => Some(file),
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            let mut names = message.split('`').skip(1).step_by(2);
            let given = names.next().filter(|_| message.starts_with("unknown"));
            let near = given.map(|given| faults.suggestion(given, names)).unwrap_or_default();
            // The nearest name says more than all names.
            let all = if near.is_empty() { None } else { message.split_once(", expected") };
            faults.add(place_of(text, &error), format!("{}{near}", all.map_or(message, |(fault, _)| fault)));
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
    secrets: Secrets,
    faults: Faults,
    /// The tables that something uses.
    used: BTreeSet<&'f str>,
    /// The names of members inside lists.
    in_lists: BTreeSet<String>,
    /// The number of parts of the plans so far.
    parts: usize,
}

/// Returns whether the names of a path are separated by single dots, without white space around
/// them.
fn has_single_dots(path: &str) -> bool {
    path.strip_prefix("$.").unwrap_or(path).split('.').all(|name| !name.is_empty() && name.trim() == name)
}

impl<'f> Compiler<'f> {
    /// Counts parts of plans. Returns whether they are within the limit.
    fn count(&mut self, parts: usize) -> bool {
        self.parts = self.parts.saturating_add(parts);
        !self.is_full()
    }

    fn is_full(&self) -> bool {
        self.parts > limits::PARTS
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
                let near = self.faults.suggestion(name, tables.keys().map(String::as_str));
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

    /// Checks a path that leads into no list.
    fn check_path(&mut self, place: impl Into<String>, path: &str) {
        if path.contains(['[', ']']) || !has_single_dots(path) {
            let message = format!("`{path}` is not a path here: names are separated by single dots, without lists");
            self.faults.add(place.into(), message);
        }
    }

    /// Returns the node of a path in a rule, and the way into it if it is a list.
    fn path(&mut self, at: NodeId, path: &str, place: &str, needs_text: bool) -> Member {
        self.count(1);
        let (list, inside) = match InList::split(path) {
            Ok(parts) => parts,
            Err(fault) => {
                self.faults.add(place, format!("`{path}` is not a path: {fault}"));
                return Member { node: at, inside: None, pointer: SharedText::default() };
            }
        };
        if !has_single_dots(list) {
            self.faults.add(place, format!("`{path}` is not a path: names are separated by single dots"));
        }
        let node = if needs_text { self.wanted(at, list) } else { self.member(at, list) };
        let mut pointer = self.tree.pointer(node);
        if let Some(inside) = &inside {
            self.in_lists.extend(inside.names().map(str::to_owned));
            pointer = format!("{pointer}{}", inside.pointer()).into();
        }
        Member { node, inside, pointer }
    }

    fn plan(&mut self, file: &'f RuleFile, at: NodeId, detection: &[NodeId]) -> Plan {
        self.faults.file(&file.name);
        self.count(detection.len() + file.ignored.len());
        if self.is_full() {
            return Plan { at, ..Plan::default() };
        }
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
                speechless: rows.speechless,
                when: self.tests(&rows.when, &format!("{place}.rows.when"), at, &fields),
            };
            let twins =
                |rows: &Rows| file.twins.as_ref().map_or_else(|| vec![rows.clone()], |twins| twins.of_rows(rows));
            let lists: Vec<ReadyRows> = conversation.rows.iter().flat_map(twins).map(rows).collect();
            for rows in conversation.rows.iter().filter(|rows| !rows.path.is_empty()) {
                self.check_path(format!("{place}.rows"), &rows.path);
            }
            if let Some(path) = &conversation.begins_at {
                self.check_path(format!("{place}.begins_at"), path);
            }
            let begins_at = conversation.begins_at.as_ref().map(|path| self.wanted(at, path));
            let values = values_of_rows(conversation);
            for rows in &lists {
                self.check_none_secret(&place, &self.tree.path(rows.at), &values);
            }
            let reader = ReadyConversation::new(conversation, lists, begins_at);
            let parts = reader.calls.iter().chain(&reader.results).flat_map(|part| &part.lists);
            let ways = parts.filter_map(|(_, inside)| inside.as_ref());
            self.in_lists.extend(ways.flat_map(|way| way.names().map(str::to_owned)));
            for part in reader.calls.iter().chain(&reader.results) {
                self.count(part.tree.len());
                self.tree.is_full |= part.tree.is_full;
            }
            for rows in &reader.lists {
                self.tree.want_rows(rows.at, &reader.members);
            }
            conversations.push(reader);
        }
        let models = file.models.iter().enumerate().map(|(index, usage)| {
            let role = self.check_models(usage, &format!("models[{index}]"));
            if !usage.path.is_empty() {
                self.check_path(format!("models[{index}].path"), &usage.path);
            }
            let node = self.wanted(at, &usage.path);
            self.check_none_secret_in_entries(
                &format!("models[{index}]"),
                &self.tree.path(node),
                values_of_models(usage),
            );
            let models = ReadyModels::new(usage, node, role);
            self.count(models.members.len());
            self.tree.is_full |= models.members.is_full;
            models
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
            let place = element("criteria", index, file.criteria.len());
            self.table(&rules.table, &place, Some(&CRITERION_WORDS));
            self.check_members(&place, values_of_criteria(rules));
            self.check_effect(&place, "max_score", "score", rules.max_score.is_some() && rules.score.is_none());
            self.check_path(format!("{place}.path"), &rules.path);
            let node = self.wanted(at, &rules.path);
            self.check_none_secret_in_entries(&place, &self.tree.path(node), values_of_criteria(rules));
            criteria.push((node, rules.clone()));
        }
        let mut words = Vec::new();
        for (path, known) in &file.words {
            let place = format!("words.{path}");
            if known.is_empty() {
                self.faults.add(&place, "list the words of the member");
            }
            let paths = file.twins.as_ref().map_or_else(|| vec![path.clone()], |twins| twins.of_path(path));
            for path in paths {
                let member = self.path(at, &path, &place, true);
                self.check_not_secret(&place, &self.tree.path_of(member.node, member.inside.as_ref()), UNMASKED);
                words.push((member, known.clone()));
            }
        }
        let ignored = file.ignored.iter().filter_map(|(path, reason)| self.ignored(at, path, reason)).collect();
        self.finish(
            Plan { at, rules, fields, models, conversations, transfers, criteria, words, ignored, ..Plan::default() },
            detection,
        )
    }

    fn check_word(&mut self, place: &str, word: &str, words: Option<&[&str]>) {
        if let Some(words) = words.filter(|words| !words.contains(&word)) {
            let near = nearest(word, words.iter().copied());
            let hint = near.map_or_else(|| words.join(", "), |near| format!("did you mean `{near}`?"));
            self.faults.add(place, format!("`{word}` is not a word of the field: {hint}"));
        }
    }
}
