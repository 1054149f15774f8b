//! Rule files that were checked and compiled: what the engine runs.

use super::{
    form::{Clock, Conversation, ModelUsage, ToolCalls, ToolResults, Transform},
    paths::{InList, NodeId, Nodes, PathTree, ROOT, RowMembers},
    target::{FieldName, Target},
};
use crate::shared::SharedText;
use std::{
    collections::{BTreeMap, HashMap},
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
    /// The member with which the delivery is not a call record.
    pub(crate) unless: Option<NodeId>,
    /// The members of the idempotency key.
    pub(crate) key: Vec<NodeId>,
    /// The stage of the call.
    pub(crate) rank: u8,
    /// The member with the time of the event.
    pub(crate) time: Option<NodeId>,
    /// The members that the published schema requires.
    pub(crate) required: Vec<NodeId>,
}

/// The rules of a rule file, for records at one place.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The place of the record.
    pub(crate) at: NodeId,
    pub(crate) rules: Vec<ReadyRule>,
    /// The fields that the rules write.
    pub(crate) fields: Vec<FieldName>,
    pub(crate) models: Vec<ReadyModels>,
    pub(crate) conversation: Option<ReadyConversation>,
    /// The members that rules without conditions look at.
    pub(crate) looked_at: Nodes,
    /// The members whose text rules without conditions take.
    pub(crate) taken: Nodes,
}

impl Plan {
    /// Returns the number of a field, if a rule writes it.
    pub(crate) fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| *field.name == *name)
    }
}

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
    pub(crate) when: Vec<Test<NodeId>>,
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
    /// The members of rows of the transforms `earliest` and `latest`.
    pub(crate) members: Vec<String>,
    pub(crate) scale: i32,
    pub(crate) derived: bool,
    pub(crate) when: Vec<Test<NodeId>>,
    pub(crate) except: Vec<String>,
}

/// The kind of a source.
#[derive(Debug)]
pub(crate) enum SourceKind {
    /// A member, and the way into it if it is a list.
    Member(NodeId, Option<InList>),
    /// A constant word.
    Constant(String),
    /// Other fields of the message.
    Fields,
}

/// A flag that changes a word.
#[derive(Debug)]
pub(crate) struct ReadyChange {
    pub(crate) node: NodeId,
    pub(crate) is: Vec<String>,
    pub(crate) replaces: Vec<String>,
    pub(crate) by: String,
}

/// A condition on members at places of type `P`.
#[derive(Debug, Clone)]
pub(crate) enum Test<P> {
    Event(Vec<String>),
    /// The numbers of fields of the plan.
    Written(Vec<usize>),
    Is(P, Vec<String>),
    Contains(P, String),
    Filled(P),
    Present(P, bool),
    AnyOf(Vec<Test<P>>),
}

impl<P: Copy> Test<P> {
    /// Adds the places that the condition looks at.
    pub(crate) fn places(&self, places: &mut Vec<P>) {
        match self {
            Self::Event(_) | Self::Written(_) => {}
            Self::Is(place, _) | Self::Contains(place, _) | Self::Filled(place) | Self::Present(place, _) => {
                places.push(*place);
            }
            Self::AnyOf(tests) => tests.iter().for_each(|test| test.places(places)),
        }
    }
}

impl ReadySource {
    /// Returns the member whose text is taken.
    pub(crate) fn node(&self) -> Option<NodeId> {
        match self.kind {
            SourceKind::Member(node, _) => Some(node),
            SourceKind::Constant(_) | SourceKind::Fields => None,
        }
    }
}

impl ReadyRule {
    /// Returns the members that all deliveries' values come from.
    pub(crate) fn taken(&self) -> impl Iterator<Item = NodeId> {
        self.sources.iter().filter(|source| source.when.is_empty()).filter_map(ReadySource::node)
    }

    /// Returns the members of its conditions.
    pub(crate) fn tested(&self) -> Vec<NodeId> {
        let mut places = Vec::new();
        let tests = self.when.iter().chain(self.sources.iter().flat_map(|source| &source.when));
        tests.for_each(|test| test.places(&mut places));
        places
    }
}

/// A list or object of models.
#[derive(Debug)]
pub(crate) struct ReadyModels {
    /// The place of the list or object.
    pub(crate) at: NodeId,
    /// The role of all models, if they have one.
    pub(crate) role: Option<&'static str>,
    /// The name of the table of roles.
    pub(crate) role_table: Option<String>,
    pub(crate) cost_scale: i32,
    /// The members of a model.
    pub(crate) members: PathTree,
    pub(crate) name: Option<NodeId>,
    pub(crate) cost: Vec<NodeId>,
    pub(crate) prompt: Vec<NodeId>,
    pub(crate) completion: Vec<NodeId>,
}

impl ReadyModels {
    /// Prepares reading at a place. The rule file is known to have no fault.
    pub(crate) fn new(rules: &ModelUsage, at: NodeId, role: Option<&'static str>) -> Self {
        let mut members = PathTree::new();
        let mut wanted = |path: &String| {
            let node = members.node(ROOT, path);
            members.want(node);
            node
        };
        let name = rules.name.as_ref().map(&mut wanted);
        let [cost, prompt, completion] = [&rules.cost, &rules.prompt_tokens, &rules.completion_tokens]
            .map(|paths| paths.iter().map(&mut wanted).collect::<Vec<_>>());
        let (role_table, cost_scale) = (rules.role_table.clone(), rules.cost_scale.unwrap_or_default());
        Self { at, role, role_table, cost_scale, members, name, cost, prompt, completion }
    }
}

/// The reading of rows.
#[derive(Debug)]
pub(crate) struct ReadyConversation {
    /// The lists, and whether tool calls are in them.
    pub(crate) lists: Vec<(NodeId, bool)>,
    pub(crate) rules: Conversation,
    /// The members of rows that are looked at.
    pub(crate) members: Arc<RowMembers>,
    pub(crate) calls: Option<Part>,
    pub(crate) results: Option<Part>,
}

/// The members of a tool call or result.
#[derive(Debug)]
pub(crate) struct Part {
    /// The list in a row that holds them. They are rows themselves without one.
    pub(crate) list: Option<String>,
    pub(crate) tree: PathTree,
    pub(crate) nodes: HashMap<String, NodeId>,
}

impl Part {
    fn new(list: &Option<String>, members: &[String]) -> Self {
        let mut tree = PathTree::new();
        let mut nodes = HashMap::new();
        for member in members {
            let node = tree.node(ROOT, member);
            tree.want(node);
            nodes.insert(member.clone(), node);
        }
        Self { list: list.clone(), tree, nodes }
    }
}

/// Returns the members of rows that the file names, with dots.
pub(crate) fn members_of_rows(rules: &Conversation) -> Vec<String> {
    let mut names = vec![rules.role.clone(), rules.text.clone()];
    names.extend(rules.cut_off.clone());
    names.extend(rules.order_by.iter().cloned());
    names.extend([&rules.start, &rules.end].into_iter().flatten().map(|clock: &Clock| clock.path.clone()));
    names.extend(rules.words.iter().map(|words| words.path.clone()));
    names.extend(rules.not_spoken.iter().flat_map(|condition| {
        condition.any_of.iter().chain([condition]).filter_map(|condition| condition.path.clone())
    }));
    names.extend(rules.calls.iter().flat_map(|calls| match &calls.list {
        Some(list) => [Some(list), calls.row_name.as_ref()].into_iter().flatten().cloned().collect(),
        None => members_of_calls(calls),
    }));
    names.extend(rules.results.iter().flat_map(|results| match &results.list {
        Some(list) => vec![list.clone()],
        None => members_of_results(results),
    }));
    names
}

/// Returns the members of a tool call that the file names.
pub(crate) fn members_of_calls(calls: &ToolCalls) -> Vec<String> {
    let names = [Some(&calls.name), calls.id.as_ref(), calls.kind.as_ref(), calls.row_name.as_ref()];
    names.into_iter().flatten().cloned().collect()
}

/// Returns the members of a result that the file names.
pub(crate) fn members_of_results(results: &ToolResults) -> Vec<String> {
    let one = [Some(&results.id), results.success.as_ref(), results.error.as_ref(), results.seconds.as_ref()];
    one.into_iter().flatten().chain(&results.message).cloned().collect()
}

impl ReadyConversation {
    /// Prepares the reading of rows. `list` finds the node of a list by its path.
    pub(crate) fn new(rules: &Conversation, mut list: impl FnMut(&str) -> NodeId) -> Self {
        let mut wanted: Vec<Box<str>> = Vec::new();
        for name in members_of_rows(rules) {
            let top = name.split('.').next().unwrap_or_default();
            if !top.is_empty() && wanted.iter().all(|known| **known != *top) {
                wanted.push(top.into());
            }
        }
        Self {
            lists: rules.rows.iter().map(|rows| (list(&rows.path), rows.tools)).collect(),
            members: Arc::new(RowMembers(wanted)),
            calls: rules.calls.as_ref().map(|calls| Part::new(&calls.list, &members_of_calls(calls))),
            results: rules.results.as_ref().map(|results| Part::new(&results.list, &members_of_results(results))),
            rules: rules.clone(),
        }
    }
}
