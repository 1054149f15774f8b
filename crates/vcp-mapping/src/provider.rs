//! A provider ready for use: its files checked and turned into what the mapper runs.

use crate::{
    Options,
    conversation::Reader,
    error::RuleError,
    mask::Secrets,
    models,
    rules::{
        Change, Conversation, Event, Gives, ModelUsage, ProviderFile, ProviderInfo, Rule, RuleFile, Source, Table,
        Transform, WebhookSchema,
    },
    target::{Place, Target},
    trie::{NodeId, ROOT, Trie},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use vcp_schema::{CapabilityType, ModelRole};

/// A provider: its facts and its rules.
#[derive(Debug)]
pub struct Provider {
    file: ProviderFile,
    pub(crate) trie: Trie,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) secrets: Secrets,
    /// Where those secrets are that have one place each, and whether only a leaf there is masked.
    pub(crate) rooted_secrets: Vec<(NodeId, bool)>,
    pub(crate) secrets_and_audio: Secrets,
    pub(crate) audio: Secrets,
    /// The fields that rules can write, from `vcp_payload` down.
    fields: BTreeSet<String>,
    /// The fields that every message of the provider has from the payload as a whole, as JSONPaths.
    pub(crate) own_fields: [Arc<str>; 2],
}

/// One way to recognise a delivery, with the plans of its events.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) has: Vec<NodeId>,
    pub(crate) any: Vec<NodeId>,
    pub(crate) filled: Vec<NodeId>,
    pub(crate) lacks: Vec<NodeId>,
    pub(crate) name: String,
    pub(crate) from: Option<NodeId>,
    /// The events that are call records.
    pub(crate) events: BTreeMap<String, ReadyEvent>,
}

/// An event that is a call record.
#[derive(Debug)]
pub(crate) struct ReadyEvent {
    pub(crate) plan: Arc<Plan>,
    /// The member with which it is none.
    pub(crate) unless: Option<NodeId>,
    /// The members that make its key.
    pub(crate) key: Vec<NodeId>,
    /// How far in the life of its call it is.
    pub(crate) rank: u8,
    /// The member with the time of the event.
    pub(crate) time: Option<NodeId>,
    /// The members that the published schema requires.
    pub(crate) required: Vec<NodeId>,
}

/// The rules of a rule file, for records that stand at one place.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Where the record stands.
    pub(crate) at: NodeId,
    pub(crate) rules: Vec<ReadyRule>,
    /// The fields that the rules write, as JSONPaths of the message.
    pub(crate) fields: Vec<Arc<str>>,
    /// Where the models stand that were used.
    pub(crate) models: Vec<models::Reader>,
    /// How its rows are read, and the number of what reading them writes.
    pub(crate) conversation: Option<Reader>,
    /// What rules without conditions look at.
    pub(crate) looked_at: Nodes,
    /// What rules without conditions take the text of.
    pub(crate) taken: Nodes,
}

/// A set of members.
#[derive(Debug, Clone)]
pub(crate) struct Nodes(Vec<bool>);

impl Nodes {
    /// None of so many.
    pub(crate) fn new(length: usize) -> Self {
        Self(vec![false; length])
    }

    pub(crate) fn extend(&mut self, nodes: impl IntoIterator<Item = NodeId>) {
        for node in nodes {
            if let Some(place) = self.0.get_mut(node) {
                *place = true;
            }
        }
    }

    pub(crate) fn contains(&self, node: NodeId) -> bool {
        self.0.get(node).copied().unwrap_or_default()
    }
}

#[derive(Debug)]
pub(crate) struct ReadyRule {
    pub(crate) target: Target,
    pub(crate) id: Arc<str>,
    /// The field, in the plan's list.
    pub(crate) field: usize,
    pub(crate) sources: Vec<ReadySource>,
    pub(crate) value: Option<String>,
    pub(crate) event: Option<Vec<String>>,
    /// Fields, in the plan's list, that must have been written.
    pub(crate) after: Vec<usize>,
    pub(crate) when: Vec<(NodeId, Vec<String>)>,
    pub(crate) required: bool,
    pub(crate) change: Vec<(NodeId, Change)>,
}

#[derive(Debug)]
pub(crate) struct ReadySource {
    /// `None` for a transform that needs no member.
    pub(crate) node: Option<NodeId>,
    pub(crate) transform: Transform,
    pub(crate) with: String,
    pub(crate) derived: bool,
    pub(crate) needs: Vec<(NodeId, String)>,
    pub(crate) needs_for: Vec<String>,
    pub(crate) except: Vec<String>,
}

impl ReadyRule {
    /// Whether it is for some deliveries only.
    pub(crate) fn is_conditional(&self) -> bool {
        self.event.is_some() || !self.after.is_empty() || !self.when.is_empty()
    }

    /// The members that it looks at for a value.
    pub(crate) fn sources(&self) -> impl Iterator<Item = NodeId> {
        let needs = self.sources.iter().flat_map(|source| source.needs.iter().map(|(node, _)| *node));
        self.taken().chain(needs).chain(self.change.iter().map(|(node, _)| *node))
    }

    /// The members whose text it takes.
    pub(crate) fn taken(&self) -> impl Iterator<Item = NodeId> {
        self.sources.iter().filter_map(|source| source.node)
    }
}

impl Plan {
    /// The field with this path below `vcp_payload`, if a rule writes it.
    pub(crate) fn field(&self, below: &str) -> Option<usize> {
        self.fields.iter().position(|path| path.strip_prefix("$.vcp_payload.") == Some(below))
    }
}

impl Provider {
    /// A provider from the text of its file and of its rule files (see `schema/mapping-rules.schema.json`).
    ///
    /// # Errors
    ///
    /// Every fault of the files at once.
    pub fn from_json(provider: &str, rules: &[&str]) -> Result<Self, RuleError> {
        let mut faults = Vec::new();
        let file: Option<ProviderFile> =
            serde_json::from_str(provider).map_err(|e| faults.push(format!("provider file: {e}"))).ok();
        let mut files = Vec::new();
        for (index, text) in rules.iter().enumerate() {
            match serde_json::from_str::<RuleFile>(text) {
                Ok(file) => files.push(file),
                Err(e) => faults.push(format!("rule file {index}: {e}")),
            }
        }
        let Some(file) = file.filter(|_| faults.is_empty()) else {
            return Err(RuleError { faults });
        };
        let listed = || file.secrets.iter().map(String::as_str);
        let audio = file.audio.as_ref().map(|path| format!("$.{path}"));
        let secrets_and_audio = Secrets::new(listed().chain(audio.as_deref()));
        if secrets_and_audio.is_too_long() {
            faults.push("`secrets` and `audio` have more than 64 entries together".to_owned());
        }
        for pattern in file.secrets.iter().filter(|pattern| !Secrets::new([pattern.as_str()]).are_sound()) {
            faults.push(format!(
                "`secrets`: `{pattern}` does not work: names are plain ASCII, `*` goes into the last name, `**` right before it"
            ));
        }
        if let Some(name) = file.ended_reasons.as_ref().filter(|name| !file.tables.contains_key(*name)) {
            faults.push(format!("`ended_reasons`: there is no table `{name}`"));
        }
        let mut compiler = Compiler { file: &file, trie: Trie::new(), faults };
        let shapes = compiler.shapes(&files);
        let secrets = Secrets::new(listed());
        let rooted_secrets =
            secrets.rooted().map(|(name, leaf_only)| (compiler.wanted(ROOT, &name), leaf_only)).collect();
        let Compiler { trie, faults, .. } = compiler;
        if !faults.is_empty() {
            return Err(RuleError { faults });
        }
        let audio = Secrets::new(audio.as_deref());
        let data = vcp_schema::FieldPath::from_dotted("vcp_payload.custom.provider_specific")
            .name(&file.provider)
            .name("data");
        let fields = files.iter().flat_map(fields_of).collect();
        let own_fields = [data.to_string().into(), "$.audit.event_type".into()];
        Ok(Self { trie, shapes, secrets, rooted_secrets, secrets_and_audio, audio, fields, own_fields, file })
    }

    /// The name of the provider in VCP.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.provider
    }

    /// The published facts.
    #[must_use]
    pub fn info(&self) -> &ProviderInfo {
        &self.file.info
    }

    /// The events that are known, and whether each is a call record.
    pub fn events(&self) -> impl Iterator<Item = (&str, bool)> {
        self.file.events.iter().map(|(name, event)| (name.as_str(), event.rules.is_some()))
    }

    /// The published schema of the deliveries of an event, if the guide has one.
    #[must_use]
    pub fn schema(&self, event: &str) -> Option<&WebhookSchema> {
        self.event(event)?.schema.as_ref()
    }

    /// The fields of a message that the rules can write, from `vcp_payload` down.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }

    /// The name and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.file.provider).chain(&self.file.aliases).map(String::as_str)
    }

    /// Whether the provider goes by this name, case ignored.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// What is masked in kept payloads by these options; `None` when nothing is.
    pub(crate) fn masked(&self, options: Options) -> Option<&Secrets> {
        match (options.keep_secrets, options.keep_audio) {
            (false, true) => Some(&self.secrets),
            (false, false) => Some(&self.secrets_and_audio),
            (true, false) => Some(&self.audio),
            (true, true) => None,
        }
    }

    /// The event that an assembler makes, by its name, with what is done with it.
    pub(crate) fn assembled(&self) -> Option<(&str, &ReadyEvent)> {
        let (name, _) = self.file.events.iter().find(|(_, event)| event.assembled)?;
        let ready = self.shapes.iter().find_map(|shape| shape.events.get(name))?;
        Some((name, ready))
    }

    /// The table for the words with which the provider says how a call ended.
    pub(crate) fn ended_reasons(&self) -> Option<&Table> {
        self.file.ended_reasons.as_deref().and_then(|name| self.table(name))
    }

    pub(crate) fn event(&self, name: &str) -> Option<&Event> {
        self.file.events.get(name)
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.file.tables.get(name)
    }
}

/// The fields that a rule file writes.
fn fields_of(file: &RuleFile) -> BTreeSet<String> {
    let of_rules = file.rules.iter().map(|rule| rule.to.as_str());
    let of_conversation = file.conversation.iter().flat_map(|conversation| {
        let calls = conversation.calls.as_ref().map(|_| "call.capabilities_invoked");
        ["artifacts.transcript", "outcomes.objective.metrics.total_turns"].into_iter().chain(calls)
    });
    let of_models = ["model_selection.roles", "outcomes.model_outcome_attribution.roles"].into_iter();
    let of_models = of_models.filter(|_| !file.models.is_empty());
    of_rules.chain(of_conversation).chain(of_models).map(str::to_owned).collect()
}

struct Compiler<'f> {
    file: &'f ProviderFile,
    trie: Trie,
    faults: Vec<String>,
}

impl Compiler<'_> {
    fn shapes(&mut self, files: &[RuleFile]) -> Vec<Shape> {
        let provider = &self.file.provider;
        for file in files.iter().filter(|f| f.provider != *provider) {
            self.faults
                .push(format!("rule file `{}` is for provider `{}`, not `{provider}`", file.name, file.provider));
        }
        for (name, event) in &self.file.events {
            if let Some(rules) = event.rules.as_ref().filter(|rules| files.iter().all(|file| file.name != **rules)) {
                self.faults.push(format!("event `{name}` needs the rule file `{rules}`, which is not there"));
            }
        }
        if self.file.events.values().filter(|event| event.assembled).count() > 1 {
            self.faults.push("`events`: one event at most is `assembled`".to_owned());
        }
        for (name, _) in self.file.events.iter().filter(|(_, event)| event.assembled && event.rules.is_none()) {
            self.faults.push(format!("event `{name}` is `assembled` and needs `rules`"));
        }
        let mut shapes = Vec::new();
        for (index, detect) in self.file.detect.iter().enumerate() {
            if detect.name.is_empty() && detect.from.is_none() {
                self.faults.push(format!("`detect[{index}]` names no event: give `name` or `from`"));
            }
            let at = self.trie.node(ROOT, &detect.at);
            let has = self.nodes(ROOT, &detect.has);
            let any = self.nodes(ROOT, &detect.any);
            let lacks = self.nodes(ROOT, &detect.lacks);
            let filled: Vec<NodeId> = detect.filled.iter().map(|path| self.wanted(ROOT, path)).collect();
            let from = detect.from.as_ref().map(|path| self.wanted(ROOT, path));
            let looked_at: Vec<NodeId> = has.iter().chain(&any).chain(&filled).chain(&from).copied().collect();
            let mut plans: BTreeMap<(&str, NodeId), Arc<Plan>> = BTreeMap::new();
            let mut events = BTreeMap::new();
            for (name, event) in &self.file.events {
                let at = event.at.as_ref().map_or(at, |path| self.trie.node(ROOT, path));
                let Some(file) = files.iter().find(|file| Some(&file.name) == event.rules.as_ref()) else { continue };
                let plan = plans.entry((&file.name, at)).or_insert_with(|| Arc::new(self.plan(file, at, &looked_at)));
                let plan = plan.clone();
                let unless = event.unless.as_ref().map(|path| self.trie.node(ROOT, path));
                let key = event.key.iter().map(|path| self.wanted(at, path)).collect();
                let time = event.time.as_ref().map(|path| self.wanted(at, path));
                let required = event.schema.iter().flat_map(|schema| &schema.required);
                let required = required.map(|path| self.member(at, path)).collect();
                events.insert(name.clone(), ReadyEvent { plan, unless, key, rank: event.rank, time, required });
            }
            shapes.push(Shape { has, any, filled, lacks, name: detect.name.clone(), from, events });
        }
        shapes
    }

    fn nodes(&mut self, at: NodeId, paths: &[String]) -> Vec<NodeId> {
        paths.iter().map(|path| self.member(at, path)).collect()
    }

    /// The node of a path: from the root with `$.`, else from where the record stands.
    fn member(&mut self, at: NodeId, path: &str) -> NodeId {
        match path.strip_prefix("$.") {
            Some(absolute) => self.trie.node(ROOT, absolute),
            None => self.trie.node(at, path),
        }
    }

    fn wanted(&mut self, at: NodeId, path: &str) -> NodeId {
        let node = self.member(at, path);
        self.trie.want(node);
        node
    }

    fn plan(&mut self, file: &RuleFile, at: NodeId, detection: &[NodeId]) -> Plan {
        let mut rules = Vec::new();
        let mut fields = Vec::new();
        for (index, rule) in file.rules.iter().enumerate() {
            let id = format!("{}/{}[{index}]", file.provider, file.name);
            if let Some(rule) = self.rule(rule, &id, at, &mut fields) {
                rules.push(rule);
            }
        }
        let conversation = file.conversation.as_ref().map(|conversation| {
            self.check_conversation(conversation, &format!("{}/{}: `conversation`", file.provider, file.name));
            let reader = Reader::new(conversation, |path| self.member(at, path));
            // The first list is nearly always the one that is read; the others are found in their texts when it is not.
            for (at, (list, _)) in reader.lists.iter().enumerate() {
                match at {
                    0 => self.trie.want_rows(*list, reader.members()),
                    _ => self.trie.want(*list),
                }
            }
            reader
        });
        let models: Vec<_> = file
            .models
            .iter()
            .enumerate()
            .map(|(index, usage)| {
                self.check_models(usage, &format!("{}/{}: `models[{index}]`", file.provider, file.name));
                models::Reader::new(usage, self.wanted(at, &usage.path))
            })
            .collect();
        let rows = conversation.iter().flat_map(|reader| &reader.lists).map(|(list, _)| *list);
        let lists: Vec<NodeId> = rows.chain(models.iter().map(|reader| reader.at)).collect();
        let mut looked_at = Nodes::new(self.trie.len());
        let mut taken = Nodes::new(self.trie.len());
        let always = rules.iter().filter(|rule| !rule.is_conditional());
        for rule in always {
            looked_at.extend(rule.sources());
            taken.extend(rule.taken());
        }
        for rule in &rules {
            looked_at.extend(rule.when.iter().map(|(node, _)| *node));
        }
        looked_at.extend(detection.iter().copied().chain(lists.iter().copied()));
        taken.extend(lists);
        Plan { at, rules, fields, models, conversation, looked_at, taken }
    }

    fn check_models(&mut self, usage: &ModelUsage, id: &str) {
        if usage.path.is_empty() {
            self.faults.push(format!("{id}: `path` says where the models are"));
        }
        match (&usage.role, &usage.roles) {
            (Some(role), None) => self.check_word(id, role, Some(ModelRole::WORDS)),
            (None, Some(name)) => match self.file.tables.get(name) {
                Some(table) => table.results().for_each(|word| self.check_word(id, word, Some(ModelRole::WORDS))),
                None => self.faults.push(format!("{id}: there is no table `{name}`")),
            },
            _ => self.faults.push(format!("{id}: give either `role` or `roles`")),
        }
        let members = usage.name.iter().chain(&usage.cost).chain(&usage.prompt_tokens).chain(&usage.completion_tokens);
        if members.into_iter().any(String::is_empty) {
            self.faults.push(format!("{id}: a member has no name"));
        }
    }

    fn check_conversation(&mut self, conversation: &Conversation, id: &str) {
        if conversation.rows.is_empty() || conversation.rows.iter().any(|rows| rows.path.is_empty()) {
            self.faults.push(format!("{id}: `rows` names the lists, each with a path"));
        }
        let mut in_rows = vec![&conversation.role, &conversation.text];
        in_rows.extend(conversation.cut_off.as_ref());
        in_rows.extend(&conversation.order_by);
        in_rows.extend([&conversation.start, &conversation.end].into_iter().flatten().map(|clock| &clock.path));
        in_rows.extend(conversation.words.iter().map(|words| &words.path));
        in_rows.extend(conversation.calls.iter().flat_map(|calls| [&calls.list, &calls.row_name]).flatten());
        in_rows.extend(conversation.results.iter().filter_map(|results| results.list.as_ref()));
        for name in in_rows.into_iter().filter(|name| name.is_empty() || name.contains('.')) {
            self.faults.push(format!("{id}: `{name}` is a member of a row, named without dots"));
        }
        for word in conversation.calls.iter().flat_map(|calls| calls.types.values()) {
            self.check_word(id, word, Some(CapabilityType::WORDS));
        }
    }

    fn rule(&mut self, rule: &Rule, id: &str, at: NodeId, fields: &mut Vec<Arc<str>>) -> Option<ReadyRule> {
        let faults = self.faults.len();
        let target = Target::parse(&rule.to);
        if target.is_none() {
            self.faults.push(format!("{id}: `{}` is no field that rules can write", rule.to));
        }
        if rule.from.is_empty() == rule.value.is_none() {
            self.faults.push(format!("{id}: give either `from` or `value`"));
        }
        let words = target.as_ref().and_then(Target::words);
        for word in rule.value.iter().chain(rule.change.iter().map(|change| &change.to)) {
            self.check_word(id, word, words);
        }
        if target.as_ref().is_some_and(|target| !target.takes(Gives::Word)) && rule.value.is_some() {
            self.faults.push(format!("{id}: `value` is a word, which `{}` does not take", rule.to));
        }
        for transform in rule.from.iter().map(|source| source.transform) {
            if target.as_ref().is_some_and(|target| !target.takes(transform.gives())) {
                self.faults.push(format!("{id}: `{}` does not take what this transform gives", rule.to));
            }
        }
        if let Some(Target::Free(Place::ProviderSpecific, names)) = &target
            && names.first() != Some(&self.file.provider)
        {
            self.faults.push(format!("{id}: `{}` is beside another provider's data", rule.to));
        }
        let sources = rule.from.iter().map(|source| self.source(source, id, at, words)).collect();
        let event = rule.when.get("$event").cloned();
        let mut when = Vec::new();
        let mut after = Vec::new();
        for field in rule.when.get("$written").into_iter().flatten() {
            match fields.iter().position(|known| known.strip_prefix("$.vcp_payload.") == Some(field)) {
                Some(field) => after.push(field),
                None => self.faults.push(format!("{id}: no rule before writes `{field}`")),
            }
        }
        for (path, words) in rule.when.iter().filter(|(path, _)| !path.starts_with('$')) {
            when.push((self.wanted(at, path), words.clone()));
        }
        let mut change = Vec::new();
        for item in &rule.change {
            change.push((self.wanted(at, &item.path), item.clone()));
        }
        let path = vcp_schema::FieldPath::from_dotted(&format!("vcp_payload.{}", rule.to)).to_string();
        let field = fields.iter().position(|known| **known == *path).unwrap_or_else(|| {
            fields.push(path.into());
            fields.len() - 1
        });
        let ready = target.filter(|_| self.faults.len() == faults)?;
        Some(ReadyRule {
            target: ready,
            id: id.into(),
            field,
            sources,
            value: rule.value.clone(),
            event,
            after,
            when,
            required: rule.required,
            change,
        })
    }

    fn source(&mut self, source: &Source, id: &str, at: NodeId, words: Option<&[&str]>) -> ReadySource {
        let needs_none = source.transform.needs_no_source();
        if source.path.is_empty() != needs_none {
            self.faults.push(format!("{id}: a source has a path, or a transform that works on other fields"));
        }
        match (source.transform, source.with.as_deref()) {
            (Transform::Word, Some(name)) => match self.file.tables.get(name) {
                Some(table) => table.results().for_each(|word| self.check_word(id, word, words)),
                None => self.faults.push(format!("{id}: there is no table `{name}`")),
            },
            (Transform::Present, Some(word)) => self.check_word(id, word, words),
            (Transform::Word | Transform::SipHeader | Transform::Present, None) => {
                self.faults.push(format!("{id}: this transform needs `with`"))
            }
            (Transform::SipHeader, Some(_)) | (_, None) => {}
            (_, Some(_)) => self.faults.push(format!("{id}: this transform takes no `with`")),
        }
        let mut needs = Vec::new();
        for need in &source.needs {
            needs.push((self.wanted(at, &need.path), need.contains.clone()));
        }
        ReadySource {
            node: (!needs_none).then(|| self.wanted(at, &source.path)),
            transform: source.transform,
            with: source.with.clone().unwrap_or_default(),
            derived: source.derived,
            needs,
            needs_for: source.needs_for.clone(),
            except: source.except.clone(),
        }
    }

    fn check_word(&mut self, id: &str, word: &str, words: Option<&[&str]>) {
        if words.is_some_and(|words| !words.contains(&word)) {
            self.faults.push(format!("{id}: `{word}` is no word of the field"));
        }
    }
}
