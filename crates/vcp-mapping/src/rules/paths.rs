//! The members that rules look at, as a tree of names.

use super::{known::Known, limits, watched::Watched};
use crate::shared::SharedText;
use std::{slice, sync::Arc};
use vcp_schema::{
    FieldPath,
    json::{
        SPACE, members,
        string::{self, Quoted},
        tokens::{Token, TokenKind, Tokens},
    },
};

/// A member that rules look at.
pub(crate) type NodeId = usize;

/// The root of the payload.
pub(crate) const ROOT: NodeId = 0;

/// A node of the tree.
#[derive(Debug)]
pub(crate) struct Node {
    /// `true` if its text is wanted, and not only its members.
    pub(crate) wanted: bool,
    pub(crate) parent: Option<NodeId>,
    pub(crate) members: Vec<(Box<str>, NodeId)>,
    pub(crate) pointer: SharedText,
    /// The wanted members of its rows, if it is a list of rows.
    pub(crate) rows: Option<Arc<RowMembers>>,
    /// The parts of a row that are read, if all events read the same ones.
    pub(crate) row_parts: Option<Known>,
}

/// The names of the members of rows that are looked at.
#[derive(Debug)]
pub(crate) struct RowMembers(pub(crate) Vec<Box<str>>);

impl RowMembers {
    /// Returns the place of the member that a dotted path begins with, and the rest of the path.
    pub(crate) fn place<'n>(&self, dotted: &'n str) -> Option<(usize, &'n str)> {
        let place = |name: &str| self.0.iter().position(|known| **known == *name);
        // Nearly all names have no dot.
        place(dotted).map(|at| (at, "")).or_else(|| {
            let (name, rest) = dotted.split_once('.')?;
            Some((place(name)?, rest))
        })
    }

    /// Returns whether the member that a dotted path begins with is kept.
    pub(crate) fn has(&self, dotted: &str) -> bool {
        self.place(dotted).is_some()
    }
}

/// The members that rules look at.
#[derive(Debug)]
pub(crate) struct PathTree {
    pub(crate) nodes: Vec<Node>,
    /// The names that the walk watches for at every depth.
    pub(crate) watched: Watched,
    /// `true` if a member was left out because of a limit.
    pub(crate) is_full: bool,
}

impl PathTree {
    pub(crate) fn new() -> Self {
        let root =
            Node { wanted: false, parent: None, members: Vec::new(), pointer: "".into(), rows: None, row_parts: None };
        Self { nodes: vec![root], watched: Watched::default(), is_full: false }
    }

    /// Returns the node of a dotted path from another node, and makes it if it is not there.
    pub(crate) fn node(&mut self, from: NodeId, dotted: &str) -> NodeId {
        dotted.split('.').filter(|name| !name.is_empty()).fold(from, |node, name| self.child(node, name))
    }

    fn child(&mut self, node: NodeId, name: &str) -> NodeId {
        let next = self.nodes.len();
        let Some(parent) = self.nodes.get_mut(node) else { return ROOT };
        if let Some((_, child)) = parent.members.iter().find(|(n, _)| **n == *name) {
            return *child;
        }
        let pointer = format!("{}{}", parent.pointer, FieldPath::root().name(name).pointer());
        if next >= limits::MEMBERS || pointer.len() > limits::POINTER_BYTES {
            self.is_full = true;
            return node;
        }
        parent.members.push((name.into(), next));
        self.nodes.push(Node {
            wanted: false,
            parent: Some(node),
            members: Vec::new(),
            pointer: pointer.into(),
            rows: None,
            row_parts: None,
        });
        next
    }

    /// Asks for the text of a node.
    pub(crate) fn want(&mut self, node: NodeId) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.wanted = true;
        }
    }

    /// Asks for the rows of a node. The first reader of a list says which members are kept.
    pub(crate) fn want_rows(&mut self, node: NodeId, members: &Arc<RowMembers>) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.rows.get_or_insert_with(|| members.clone());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns the path of a node. Only errors and masked members need it, so no node keeps it.
    pub(crate) fn path(&self, node: NodeId) -> FieldPath {
        let Some(parent) = self.nodes.get(node).and_then(|node| node.parent) else { return FieldPath::root() };
        let members = self.nodes.get(parent).into_iter().flat_map(|parent| &parent.members);
        let name = members.clone().find(|(_, child)| *child == node).map_or("", |(name, _)| name);
        self.path(parent).name(name)
    }

    /// Returns the path of a member, without its positions in lists.
    pub(crate) fn path_of(&self, node: NodeId, inside: Option<&InList>) -> FieldPath {
        inside.into_iter().flat_map(InList::names).fold(self.path(node), FieldPath::name)
    }

    pub(crate) fn pointer(&self, node: NodeId) -> SharedText {
        self.nodes.get(node).map(|node| node.pointer.clone()).unwrap_or_default()
    }
}

/// A set of members.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nodes(Vec<bool>);

impl Nodes {
    /// Makes an empty set for a tree of `length` nodes.
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

/// The part of a path that goes into a list: `[]` or `[member=word]`, then names, then perhaps into
/// a list again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InList {
    /// The member and the word of the wanted element. `None` for any element.
    element: Option<(String, String)>,
    /// The dotted names from the element down.
    below: String,
    /// The way into a list at the end of these names.
    then: Option<Box<InList>>,
}

impl InList {
    /// Splits a path at its first list. Returns `None` for the second part if the path has no list.
    ///
    /// # Errors
    ///
    /// A description of the fault.
    pub(crate) fn split(path: &str) -> Result<(&str, Option<Self>), &'static str> {
        let Some((list, rest)) = path.split_once('[') else { return Ok((path, None)) };
        let Some((element, below)) = rest.split_once(']') else { return Err("`[` without `]`") };
        let element = match element.split_once('=') {
            None if element.is_empty() => None,
            Some((member, word)) if !member.is_empty() && !word.is_empty() => {
                Some((member.to_owned(), word.to_owned()))
            }
            _ => return Err("a list in a path is `[]` or `[member=word]`"),
        };
        let (below, then) = Self::split(below)?;
        if list.is_empty() || below.contains(']') || !(below.is_empty() || below.starts_with('.')) {
            return Err("a path goes into a list as `list[].member` or `list[member=word].member`");
        }
        let below = below.trim_start_matches('.').to_owned();
        Ok((list, Some(Self { element, below, then: then.map(Box::new) })))
    }

    /// Returns the way as a path, such as `[name=From].value`.
    pub(crate) fn path(&self) -> String {
        let element = self.element.as_ref().map(|(member, word)| format!("{member}={word}")).unwrap_or_default();
        let dot = if self.below.is_empty() { "" } else { "." };
        let then = self.then.as_ref().map(|then| then.path()).unwrap_or_default();
        format!("[{element}]{dot}{}{then}", self.below)
    }

    /// Returns the way as the end of a JSON Pointer, such as `/*/value`.
    pub(crate) fn pointer(&self) -> String {
        let below = FieldPath::from_dotted(&self.below).pointer();
        format!("/*{below}{}", self.then.as_ref().map(|then| then.pointer()).unwrap_or_default())
    }

    /// Calls `found` for each value in the text of a list, until it returns `true`. Returns whether
    /// it did.
    pub(crate) fn any<'p>(&self, list: &'p str, found: &mut dyn FnMut(&'p str) -> bool) -> bool {
        members::elements(list).any(|element| self.any_within(Row::Text(element), found))
    }

    /// Does the same for one element of the list.
    pub(crate) fn any_within<'p>(&self, element: Row<'_, 'p>, found: &mut dyn FnMut(&'p str) -> bool) -> bool {
        let is_picked = |(member, word): &(String, String)| is_word(element.get(member), slice::from_ref(word));
        if !self.element.as_ref().is_none_or(is_picked) {
            return false;
        }
        element.get(&self.below).is_some_and(|value| match &self.then {
            Some(then) => then.any(value, found),
            None => found(value),
        })
    }

    /// Returns whether the members that the way reads of an element are among those of rows.
    pub(crate) fn reads_only(&self, members: &RowMembers) -> bool {
        let pick = self.element.as_ref().map(|(member, _)| member);
        !self.below.is_empty() && [Some(&self.below), pick].into_iter().flatten().all(|name| members.has(name))
    }

    /// Returns the dotted path, in an element, of the list which the way leads into.
    pub(crate) fn inner_list(&self) -> Option<&str> {
        self.then.as_ref().map(|_| self.below.as_str())
    }

    /// Returns the names of the way.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.below.split('.').filter(|name| !name.is_empty());
        let then: Box<dyn Iterator<Item = &str>> = match &self.then {
            Some(then) => Box::new(then.names()),
            None => Box::new(std::iter::empty()),
        };
        names.chain(then)
    }

    /// Finds the first value in the text of a list that is filled.
    pub(crate) fn find<'p>(&self, list: &'p str) -> Option<&'p str> {
        let mut filled = None;
        self.any(list, &mut |value| {
            filled = Some(value).filter(|value| !is_empty(value));
            filled.is_some()
        });
        filled
    }
}

/// Returns whether a value is one of some words, in any case.
pub(crate) fn is_word(json: Option<&str>, words: &[impl AsRef<str>]) -> bool {
    let found = json.and_then(string::decode_lossy);
    found.is_some_and(|found| words.iter().any(|word| found.trim().eq_ignore_ascii_case(word.as_ref())))
}

/// An element of a list.
#[derive(Clone, Copy)]
pub(crate) enum Row<'r, 'p> {
    Text(&'p str),
    /// The members that the walk kept of a row.
    Kept(&'r [Option<&'p str>], &'r RowMembers),
}

impl<'p> Row<'_, 'p> {
    /// Returns the value of a dotted path.
    pub(crate) fn get(self, dotted: &str) -> Option<&'p str> {
        match self {
            Self::Text(json) => below(json, dotted),
            Self::Kept(row, members) => {
                let (at, rest) = members.place(dotted)?;
                let json = row.get(at).copied().flatten()?;
                if rest.is_empty() { Some(json) } else { below(json, rest) }
            }
        }
    }
}

/// Returns the value of a dotted path in the text of a value.
pub(crate) fn below<'p>(json: &'p str, dotted: &str) -> Option<&'p str> {
    dotted.split('.').filter(|name| !name.is_empty()).try_fold(json, members::get)
}

/// Returns whether a value is null, or has nothing in it: a string of white space only, an object
/// without members, or a list whose elements have nothing in them.
pub(crate) fn is_empty(json: &str) -> bool {
    let has_nothing = |token: Token<'_>| match token.kind {
        TokenKind::String => Quoted::of(token.text).is_some_and(|string| string.raw.trim_matches(SPACE).is_empty()),
        kind => !matches!(kind, TokenKind::Colon | TokenKind::Scalar),
    };
    json == "null" || Tokens::new(json).all(has_nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_have_nothing_in_them() {
        for json in ["null", "\"\"", "\" \"", "[]", "[ ]", "{}", "{ }", "[[]]", "[{}, \"\"]"] {
            assert!(is_empty(json), "{json}");
        }
        for json in ["0", "false", "\"[]\"", "\"{}\"", "\"null\"", "[null]", "[0]", "{\"\":\"\"}", "[[], 1]"] {
            assert!(!is_empty(json), "{json}");
        }
    }

    #[test]
    fn paths_into_lists() {
        let list =
            r#"[7, {"name":"Via","value":"x"}, {"name":"from"}, {"name":"From","value":{"a":"y"}}, {"value":""}]"#;
        for (path, found) in [
            ("l[name=from].value.a", Some("\"y\"")),
            ("l[].value", Some("\"x\"")),
            ("l[].value.a", Some("\"y\"")),
            ("l[name=to].value", None),
            ("l[]", Some("7")),
        ] {
            let (name, in_list) = InList::split(path).unwrap();
            assert_eq!((name, in_list.unwrap().find(list)), ("l", found), "{path}");
        }
        assert_eq!(InList::split("a.b"), Ok(("a.b", None)));
        let (_, nested) = InList::split("l[].a[k=x].b").unwrap();
        let list = r#"[{"a":[{"k":"y","b":1}]},{"a":7},{"a":[{"k":"X","b":null},{"k":"x","b":2}]}]"#;
        assert_eq!(nested.unwrap().find(list), Some("2"));
        for odd in ["a[", "a[x]", "a[=y]", "[]", "a[][].c", "a[]b", "a[].b[x]"] {
            assert!(InList::split(odd).is_err(), "{odd}");
        }
    }
}
