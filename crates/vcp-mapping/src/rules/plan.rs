//! Rule files that were checked and compiled: what the engine runs.

use super::{
    check::Check,
    columns::Columns,
    form::{
        Clock, ClockForm, Condition, Conversation, Criteria, ModelUsage, ToolCalls, ToolResults, Transfers, Transform,
    },
    known::{Form, Known},
    paths::{InList, NodeId, Nodes, PathTree, ROOT, RowMembers},
    target::{FieldName, Target},
};
use crate::shared::SharedText;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    slice,
    sync::Arc,
};

/// A function of a provider's code: it makes JSON of the JSON text of an object, or nothing.
pub(crate) type Function = fn(&str) -> Option<String>;

/// A way to recognise a delivery, with the plans of its events.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) has: Vec<NodeId>,
    pub(crate) has_any: Vec<NodeId>,
    pub(crate) filled: Vec<NodeId>,
    pub(crate) lacks: Vec<NodeId>,
    pub(crate) event: String,
    pub(crate) event_from: Option<NodeId>,
    /// The events that are call records.
    pub(crate) events: BTreeMap<String, ReadyEvent>,
}

/// An event that is a call record.
#[derive(Debug)]
pub(crate) struct ReadyEvent {
    pub(crate) plan: Arc<Plan>,
    /// The conditions under which the delivery is not a call record. Empty: it always is one.
    pub(crate) unless: Vec<Test>,
    /// The parts of the idempotency key, each with its alternatives.
    pub(crate) key: Vec<Vec<NodeId>>,
    /// `true` if each delivery holds everything that the one before held.
    pub(crate) replaces: bool,
    /// The stage of the call.
    pub(crate) rank: u8,
    /// The members with the time of the event. The first that is a time is used.
    pub(crate) time: Vec<NodeId>,
    /// `true` if an event without a time has that of its receipt.
    pub(crate) receipt_is_time: bool,
    /// The members that the published schema requires.
    pub(crate) required: Vec<NodeId>,
}

/// The rules of a rule file, for records at one place.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The place of the record.
    pub(crate) at: NodeId,
    pub(crate) rules: Vec<ReadyRule>,
    /// The fields that the rules write.
    pub(crate) fields: Vec<FieldName>,
    pub(crate) models: Vec<ReadyModels>,
    pub(crate) conversations: Vec<ReadyConversation>,
    pub(crate) transfers: Vec<ReadyTransfers>,
    pub(crate) criteria: Vec<(NodeId, Criteria)>,
    /// The members that rules without conditions look at.
    pub(crate) looked_at: Nodes,
    /// The members whose text rules without conditions take.
    pub(crate) taken: Nodes,
    /// The parts that are read of values that are not read as a whole.
    pub(crate) inside: Inside,
    /// The members that the recognition of the delivery, conditions and flags test.
    pub(crate) tested: Vec<(Member, Check)>,
    /// The words of members that are only tested.
    pub(crate) words: Vec<(Member, Vec<String>)>,
    /// The pointers of the members that are known and without meaning. A position in a list is `*`.
    pub(crate) ignored: HashSet<String>,
}

impl Plan {
    /// Returns whether a member is known and without meaning, or is in such a member.
    pub(crate) fn ignores(&self, pointer: &str) -> bool {
        !self.ignored.is_empty()
            && (self.ignored.contains(pointer)
                || pointer
                    .match_indices('/')
                    .any(|(at, _)| pointer.get(..at).is_some_and(|up| self.ignored.contains(up))))
    }

    /// Returns the number of a field, if a rule writes it.
    pub(crate) fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| *field.name == *name)
    }
}

/// The parts of values that are read, by their nodes.
pub(crate) type Inside = BTreeMap<NodeId, Known>;

/// A rule.
#[derive(Debug)]
pub(crate) struct ReadyRule {
    pub(crate) target: Target,
    /// The provider, the rule file and the number of the rule.
    pub(crate) id: SharedText,
    /// The number of the field in the plan.
    pub(crate) field: usize,
    pub(crate) sources: Vec<ReadySource>,
    /// The conditions, which must all hold.
    pub(crate) when: Vec<Test>,
    pub(crate) required: bool,
    pub(crate) change: Vec<ReadyChange>,
}

/// A source.
#[derive(Debug)]
pub(crate) struct ReadySource {
    pub(crate) kind: SourceKind,
    pub(crate) transform: Transform,
    /// The name of the table of the transform `word`.
    pub(crate) table: Option<String>,
    /// The word of the transform `present`.
    pub(crate) word: String,
    pub(crate) function: Option<Function>,
    /// The members of rows that the transform reads.
    pub(crate) members: Vec<String>,
    /// The checks of rows. Each is a list of which one must pass.
    pub(crate) rows: Vec<Vec<(String, Check)>>,
    pub(crate) scale: i32,
    pub(crate) derived: bool,
    pub(crate) precise: bool,
    pub(crate) when: Vec<Test>,
    pub(crate) except: Vec<String>,
    /// The number of sources behind this one that are the same source at a twin of its path.
    pub(crate) twins_behind: usize,
}

/// The kind of a source.
#[derive(Debug)]
pub(crate) enum SourceKind {
    /// A member.
    Member(Member),
    /// A constant word.
    Constant(String),
    /// Other fields of the message.
    Fields,
}

/// A member of the payload, and the way into it if it is a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) node: NodeId,
    pub(crate) inside: Option<InList>,
    /// The JSON Pointer. A position in a list is `*`.
    pub(crate) pointer: SharedText,
}

/// A place where transfers are reported.
#[derive(Debug)]
pub(crate) struct ReadyTransfers {
    pub(crate) rules: Transfers,
    /// The list, and the way into it. `None` if the record itself has the transfer.
    pub(crate) list: Option<Member>,
    /// The conditions on the record.
    pub(crate) when: Vec<Test>,
    /// The checks of an element of the list. Each is a list of which one must pass.
    pub(crate) checks: Vec<Vec<(String, Check)>>,
    /// The members of the record, by their names in the rule file.
    pub(crate) members: Vec<(String, Member)>,
}

impl ReadyTransfers {
    /// Returns the parts of an element that are read.
    pub(crate) fn parts(&self) -> Known {
        let mut known = Known::default();
        for (path, check) in self.checks.iter().flatten() {
            check.add_inside(&mut known, path);
        }
        self.rules.to.iter().chain(&self.rules.outcome).for_each(|name| known.add_as(name, Form::Scalar));
        self.rules.at.iter().for_each(|name| known.add_as(name, Form::Time));
        known
    }
}

/// Returns the parts of a criterion that are read.
pub(crate) fn parts_of_criteria(rules: &Criteria) -> Known {
    let mut known = Known::default();
    rules.id.iter().for_each(|name| known.add_as(name, Form::Text));
    known.add_as(&rules.result, Form::Word);
    rules.score.iter().chain(&rules.max_score).for_each(|name| known.add_as(name, Form::Number));
    known
}

/// A flag that changes a word.
#[derive(Debug)]
pub(crate) struct ReadyChange {
    /// The number of the flag. The same flag at several places has one number.
    pub(crate) flag: usize,
    /// The last name of its path.
    pub(crate) name: String,
    pub(crate) member: Member,
    pub(crate) is: Check,
    pub(crate) replaces: Vec<String>,
    pub(crate) by: String,
}

/// A condition on members of the payload.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Event(Vec<String>),
    /// The numbers of fields of the plan.
    Written(Vec<usize>),
    Member(Member, Check),
    AnyOf(Vec<Test>),
}

impl Clock {
    /// Returns the form of its member.
    pub(crate) fn form(&self) -> Form {
        if self.form == ClockForm::Time { Form::Time } else { Form::Number }
    }
}

/// Returns the form of the values that a transform takes.
fn form_for(transform: Transform) -> Option<Form> {
    use Transform::*;
    match transform {
        Text | Id | Phone => Some(Form::Scalar),
        Word | SentimentWord => Some(Form::Word),
        Time => Some(Form::Time),
        EpochMs | EpochS | FromMillis | FromSeconds | FromMinutes | SecondsAsMinutes | Count | Number | Round3 => {
            Some(Form::Number)
        }
        _ => None,
    }
}

impl Test {
    /// Adds the members that the condition tests.
    pub(crate) fn members(&self, members: &mut Vec<(Member, Check)>) {
        match self {
            Self::Event(_) | Self::Written(_) => {}
            Self::Member(member, check) => members.push((member.clone(), check.clone())),
            Self::AnyOf(tests) => tests.iter().for_each(|test| test.members(members)),
        }
    }
}

impl ReadySource {
    /// Returns the member that is read.
    pub(crate) fn member(&self) -> Option<&Member> {
        match &self.kind {
            SourceKind::Member(member) => Some(member),
            SourceKind::Constant(_) | SourceKind::Fields => None,
        }
    }

    /// Returns the node of the member that is read.
    pub(crate) fn node(&self) -> Option<NodeId> {
        self.member().map(|member| member.node)
    }

    /// Returns the node of the member if it is read as a whole.
    pub(crate) fn whole(&self) -> Option<NodeId> {
        let is_part = self.transform == Transform::Present || !self.members.is_empty();
        self.member().filter(|member| member.inside.is_none() && !is_part).map(|member| member.node)
    }

    /// Adds the parts of a value that the source reads, if it does not read the whole value.
    pub(crate) fn add_inside(&self, inside: &mut Inside) {
        let Some(member) = self.member() else { return };
        if let Some(way) = &member.inside {
            let known = inside.entry(member.node).or_default().at(&way.path());
            // The members of a value of which only the presence counts are unread.
            known.whole |= self.transform != Transform::Present;
            known.form = known.form.or_else(|| form_for(self.transform));
        }
        for name in &self.members {
            inside.entry(member.node).or_default().each().add(name);
        }
        for (name, check) in self.rows.iter().flatten() {
            check.add_inside(inside.entry(member.node).or_default().each(), name);
        }
    }
}

impl ReadyRule {
    /// Returns its sources from a number on.
    pub(crate) fn from(&self, number: usize) -> &[ReadySource] {
        self.sources.get(number..).unwrap_or_default()
    }

    /// Returns the sources behind a source that read its twins.
    pub(crate) fn twins_behind(&self, number: usize) -> &[ReadySource] {
        let twins = self.sources.get(number).map_or(0, |source| source.twins_behind);
        self.from(number + 1).get(..twins).unwrap_or_default()
    }

    /// Returns its sources without conditions.
    pub(crate) fn open_sources(&self) -> impl Iterator<Item = &ReadySource> {
        self.sources.iter().filter(|source| source.when.is_empty())
    }

    /// Returns the members that it looks at, if its conditions hold.
    pub(crate) fn looked_at(&self) -> impl Iterator<Item = NodeId> {
        let flags = self.change.iter().map(|change| change.member.node);
        self.open_sources().filter_map(ReadySource::node).chain(flags)
    }

    /// Returns the members that it takes as a whole, if its conditions hold.
    pub(crate) fn taken(&self) -> impl Iterator<Item = NodeId> {
        self.open_sources().filter_map(ReadySource::whole)
    }

    /// Returns the members that its conditions and flags test.
    pub(crate) fn tested(&self) -> Vec<(Member, Check)> {
        let mut tested = Vec::new();
        let tests = self.when.iter().chain(self.sources.iter().flat_map(|source| &source.when));
        tests.for_each(|test| test.members(&mut tested));
        tested.extend(self.change.iter().map(|change| (change.member.clone(), change.is.clone())));
        tested
    }
}

/// The word of a table of roles for an entry that is no model of the conversation.
pub(crate) const NO_ROLE: &str = "none";

/// A list or object of models.
#[derive(Debug)]
pub(crate) struct ReadyModels {
    /// The place of the list or object.
    pub(crate) at: NodeId,
    /// The role of all models, if they have one.
    pub(crate) role: Option<&'static str>,
    /// The name of the table of roles.
    pub(crate) role_table: Option<String>,
    /// Parts of the names of models that hear and speak, in lower case.
    pub(crate) v2v_names: Vec<String>,
    pub(crate) cost_scale: i32,
    /// The members of a model.
    pub(crate) members: PathTree,
    /// The parts of a model that are read.
    pub(crate) known: Known,
    pub(crate) name: Vec<NodeId>,
    pub(crate) kind: Option<NodeId>,
    pub(crate) minutes: Option<NodeId>,
    pub(crate) cost: Vec<NodeId>,
    pub(crate) prompt: Vec<NodeId>,
    pub(crate) completion: Vec<NodeId>,
}

impl ReadyModels {
    /// Prepares reading at a place. The rule file is known to have no fault.
    pub(crate) fn new(rules: &ModelUsage, at: NodeId, role: Option<&'static str>) -> Self {
        let (mut members, mut known) = (PathTree::new(), Known::default());
        let texts = rules.name.iter().chain(&rules.kind);
        texts.for_each(|name| known.add_as(name, Form::Text));
        let tokens = rules.prompt_tokens.iter().chain(&rules.completion_tokens);
        rules.cost.iter().chain(&rules.minutes).chain(tokens).for_each(|name| known.add_as(name, Form::Number));
        let mut wanted = |path: &String| {
            let node = members.node(ROOT, path);
            members.want(node);
            node
        };
        let name = rules.name.iter().map(&mut wanted).collect();
        let [kind, minutes] = [&rules.kind, &rules.minutes].map(|path| path.as_ref().map(&mut wanted));
        let [cost, prompt, completion] = [&rules.cost, &rules.prompt_tokens, &rules.completion_tokens]
            .map(|paths| paths.iter().map(&mut wanted).collect::<Vec<_>>());
        let (role_table, cost_scale) = (rules.role_table.clone(), rules.cost_scale.unwrap_or_default());
        let v2v_names = rules.v2v_names.iter().map(|part| part.to_lowercase()).collect();
        Self {
            at,
            role,
            role_table,
            v2v_names,
            cost_scale,
            members,
            known,
            name,
            kind,
            minutes,
            cost,
            prompt,
            completion,
        }
    }
}

/// The reading of rows.
#[derive(Debug)]
pub(crate) struct ReadyConversation {
    pub(crate) lists: Vec<ReadyRows>,
    pub(crate) rules: Conversation,
    pub(crate) columns: Columns,
    /// The members of rows that are looked at.
    pub(crate) members: Arc<RowMembers>,
    pub(crate) calls: Option<Part>,
    pub(crate) results: Option<Part>,
    /// The checks of members of a result. One that passes does not count as a result.
    pub(crate) missing: Vec<(String, Check)>,
    /// The checks of members of a result. One that passes is that of a tool that failed.
    pub(crate) failed: Vec<(String, Check)>,
    /// The checks of members of a tool call. One that passes was cut short.
    pub(crate) cut_short: Vec<(String, Check)>,
    /// The member of the record with the time at which rows that continue begin.
    pub(crate) begins_at: Option<NodeId>,
}

/// A list of rows.
#[derive(Debug)]
pub(crate) struct ReadyRows {
    pub(crate) at: NodeId,
    /// `true` if tool calls are in the list.
    pub(crate) tools: bool,
    /// `true` if the list never holds speech.
    pub(crate) speechless: bool,
    pub(crate) when: Vec<Test>,
}

/// The members of a tool call or result.
#[derive(Debug)]
pub(crate) struct Part {
    /// The lists in a row that hold them, and the ways into them. They are rows themselves without
    /// one.
    pub(crate) lists: Vec<(String, Option<InList>)>,
    pub(crate) tree: PathTree,
    pub(crate) nodes: HashMap<String, NodeId>,
}

impl Part {
    fn new(lists: &[String], members: &[String]) -> Self {
        let mut tree = PathTree::new();
        let mut nodes = HashMap::new();
        for member in members {
            let node = tree.node(ROOT, member);
            tree.want(node);
            nodes.insert(member.clone(), node);
        }
        let way = |path: &String| InList::split(path).ok().map(|(list, inside)| (list.to_owned(), inside));
        Self { lists: lists.iter().filter_map(way).collect(), tree, nodes }
    }
}

/// Returns the members of rows that the file names, with dots.
pub(crate) fn members_of_rows(rules: &Conversation) -> Vec<String> {
    let mut names = rules.role.clone();
    names.extend(Some(rules.text.clone()).filter(|text| !text.is_empty()));
    let top = |path: &String| path.split('[').next().unwrap_or_default().to_owned();
    names.extend(rules.text_parts.iter().map(top).chain(rules.speech_ms.clone()).chain(rules.latency.iter().cloned()));
    names.extend(rules.cut_off.clone());
    names.extend(rules.order_by.iter().cloned());
    names.extend([&rules.start, &rules.end].into_iter().flatten().map(|clock: &Clock| clock.path.clone()));
    names.extend(rules.words.iter().map(|words| words.path.clone()));
    names.extend(checks(&rules.not_spoken).map(|(path, _)| path));
    names.extend(rules.words_of.keys().cloned());
    names.extend(rules.calls.iter().flat_map(|calls| match &*calls.list {
        [] => members_of_calls(calls).into_iter().chain(own_results(rules)).collect::<Vec<_>>(),
        lists => lists.iter().map(top).chain(calls.row_name.clone()).collect(),
    }));
    names.extend(rules.results.iter().flat_map(|results| match &*results.list {
        _ if results.same_row => Vec::new(),
        [] => members_of_results(results),
        lists => lists.iter().map(top).collect(),
    }));
    names
}

/// Returns the parts of a row that are read, with their forms.
pub(crate) fn parts_of_rows(rules: &Conversation) -> Known {
    let mut known = Known::default();
    rules.role.iter().for_each(|name| known.add_as(name, Form::Scalar));
    if !rules.text.is_empty() {
        known.add_as(&rules.text, Form::Text);
    }
    rules.text_parts.iter().for_each(|path| known.add_as(path, Form::Text));
    rules.speech_ms.iter().chain(&rules.latency).for_each(|name| known.add_as(name, Form::Number));
    rules.cut_off.iter().for_each(|name| known.add_as(name, Form::Flag));
    for clock in [&rules.start, &rules.end].into_iter().flatten() {
        known.add_as(&clock.path, clock.form());
    }
    if let Some(words) = &rules.words {
        let word = known.at(&words.path).each();
        [&words.start, &words.end].into_iter().for_each(|name| word.add_as(name, Form::Number));
    }
    rules.order_by.iter().for_each(|name| known.add_as(name, Form::Key));
    for (path, check) in checks(&rules.not_spoken) {
        check.add_inside(&mut known, &path);
    }
    if let Some(calls) = &rules.calls {
        calls.row_name.iter().for_each(|name| known.add_as(name, Form::Text));
        each_part(&mut known, &calls.list, |part| {
            let texts = [Some(&calls.name), calls.id.as_ref(), calls.kind.as_ref(), calls.row_name.as_ref()];
            texts.into_iter().flatten().for_each(|name| part.add_as(name, Form::Text));
            checks(&calls.cut_short).for_each(|(path, check)| check.add_inside(part, &path));
        });
    }
    if let Some(results) = &rules.results {
        each_part(&mut known, results.lists_beside(rules.calls.as_ref()), |part| {
            let texts = [Some(&results.id), results.name.as_ref()];
            texts.into_iter().flatten().for_each(|name| part.add_as(name, Form::Text));
            results.success.iter().chain(&results.error).for_each(|name| part.add_as(name, Form::Flag));
            results.seconds.iter().for_each(|name| part.add_as(name, Form::Number));
            results.message.iter().for_each(|name| part.add_as(name, Form::Text));
            checks(&results.failed).for_each(|(path, check)| check.add_inside(part, &path));
            // The text of a result is unread, also where it is compared with a stand-in.
            checks(&results.missing).for_each(|(path, _)| _ = part.at(&path));
        });
    }
    known
}

/// Calls `add` with the parts of a tool call or result: those of the row, or of an element of each
/// list.
fn each_part(row: &mut Known, lists: &[String], mut add: impl FnMut(&mut Known)) {
    match lists {
        [] => add(row),
        lists => lists.iter().for_each(|list| add(row.at(list).each())),
    }
}

/// Returns the checks of conditions that must all hold. Of each list, one check must pass.
pub(crate) fn groups_of_checks(conditions: &[Condition]) -> Vec<Vec<(String, Check)>> {
    conditions.iter().map(|condition| checks(slice::from_ref(condition)).collect()).collect()
}

/// Returns the checks of members of a row. One is enough, as in `any_of`.
pub(crate) fn checks(conditions: &[Condition]) -> impl Iterator<Item = (String, Check)> {
    let conditions = conditions.iter().flat_map(|condition| condition.any_of.iter().chain([condition]));
    conditions.filter_map(|condition| Some((condition.path.clone()?, Check::new(condition))))
}

/// Returns the members of a tool call that the file names.
pub(crate) fn members_of_calls(calls: &ToolCalls) -> Vec<String> {
    values_of_calls(calls).cloned().chain(checks(&calls.cut_short).map(|(path, _)| path)).collect()
}

/// Returns the members of a tool call from which values come.
pub(crate) fn values_of_calls(calls: &ToolCalls) -> impl Iterator<Item = &String> {
    [&calls.name].into_iter().chain(&calls.id).chain(&calls.kind).chain(&calls.row_name)
}

/// Returns the members of models from which values come.
pub(crate) fn values_of_models(usage: &ModelUsage) -> impl Iterator<Item = &String> {
    let names = usage.name.iter().chain(&usage.kind).chain(&usage.minutes);
    names.chain(&usage.cost).chain(&usage.prompt_tokens).chain(&usage.completion_tokens)
}

/// Returns the members of criteria from which values come.
pub(crate) fn values_of_criteria(criteria: &Criteria) -> impl Iterator<Item = &String> {
    [&criteria.result].into_iter().chain(&criteria.id).chain(&criteria.score).chain(&criteria.max_score)
}

/// Returns the members of the results that stand beside their calls.
fn own_results(rules: &Conversation) -> Vec<String> {
    rules.results.iter().filter(|results| results.same_row).flat_map(members_of_results).collect()
}

/// Returns the members of a result that the file names.
pub(crate) fn members_of_results(results: &ToolResults) -> Vec<String> {
    let tested = checks(&results.missing).chain(checks(&results.failed)).map(|(path, _)| path);
    values_of_results(results).cloned().chain(tested).collect()
}

/// Returns the members of a result from which values come.
pub(crate) fn values_of_results(results: &ToolResults) -> impl Iterator<Item = &String> {
    let one = [&results.id].into_iter().chain(&results.name).chain(&results.success).chain(&results.seconds);
    one.chain(&results.error).chain(&results.message)
}

impl ReadyConversation {
    /// Prepares the reading of rows.
    pub(crate) fn new(rules: &Conversation, lists: Vec<ReadyRows>, begins_at: Option<NodeId>) -> Self {
        let mut wanted: Vec<Box<str>> = Vec::new();
        for name in members_of_rows(rules) {
            let top = name.split('.').next().unwrap_or_default();
            if !top.is_empty() && wanted.iter().all(|known| **known != *top) {
                wanted.push(top.into());
            }
        }
        let mut text_parts: Vec<(String, Vec<InList>)> = Vec::new();
        let ways = rules.text_parts.iter().filter_map(|path| InList::split(path).ok());
        for (list, way) in ways.filter_map(|(list, inside)| Some((list, inside?))) {
            match text_parts.iter_mut().find(|(known, _)| known == list) {
                Some((_, ways)) => ways.push(way),
                None => text_parts.push((list.to_owned(), vec![way])),
            }
        }
        let members = RowMembers(wanted);
        Self {
            lists,
            columns: Columns::new(rules, &members, text_parts, checks(&rules.not_spoken)),
            missing: rules.results.iter().flat_map(|results| checks(&results.missing)).collect(),
            failed: rules.results.iter().flat_map(|results| checks(&results.failed)).collect(),
            cut_short: rules.calls.iter().flat_map(|calls| checks(&calls.cut_short)).collect(),
            begins_at,
            members: Arc::new(members),
            calls: rules.calls.as_ref().map(|calls| {
                let members: Vec<String> = members_of_calls(calls).into_iter().chain(own_results(rules)).collect();
                Part::new(&calls.list, &members)
            }),
            results: rules
                .results
                .as_ref()
                .filter(|results| !results.same_row)
                .map(|results| Part::new(&results.list, &members_of_results(results))),
            rules: rules.clone(),
        }
    }
}
