//! The walk over a payload, which finds in one pass the members that rules read.

use super::{
    names::{Names, Order},
    unread::{Lists, Tally, below},
};
use crate::{
    report::Counted,
    rules::{
        columns::Column,
        known::Known,
        paths::{InList, Node, NodeId, Nodes, PathTree, ROOT, Row, RowMembers, is_empty},
        plan::Inside,
        watched::Seen,
    },
};
use std::{cell::RefCell, collections::HashSet, rc::Rc, sync::Arc};
use vcp_schema::json::{
    members,
    reader::{NotJson, Reader},
    string::Quoted,
};

/// The cells at which a piece of a list is full.
const PIECE: usize = 4096;

/// The rows of a list: the texts of their members, row by row.
#[derive(Default)]
pub(crate) struct RowsFound<'p> {
    /// The cells of earlier rows. Long lists are kept in pieces, which are never copied to grow.
    full: Vec<Vec<Option<&'p str>>>,
    cells: Vec<Option<&'p str>>,
    /// The counts of the members of each cell. Empty if the rows were read without them.
    tallies: Vec<Tally<'p>>,
    /// `true` if a row repeats a member, so that `tallies` count it twice.
    repeats: bool,
    /// `true` if a row has none of the members. Only the first such row is kept, because each cell
    /// takes more memory than `{}` in the text.
    has_blank: bool,
    /// The number of elements that are not objects.
    odd: usize,
    /// The members that the reader of the rows does not look at.
    others: Names<'p>,
    order: Order,
}

impl<'p> RowsFound<'p> {
    /// Returns the rows. Each has `members` cells.
    pub(crate) fn iter(&self, members: usize) -> impl Iterator<Item = &[Option<&'p str>]> {
        self.full.iter().chain([&self.cells]).flat_map(move |cells| cells.chunks_exact(members.max(1)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.full.is_empty() && self.cells.is_empty() && self.odd == 0
    }

    /// Returns whether an element of the list is not an object.
    pub(crate) fn has_others(&self) -> bool {
        self.odd > 0
    }

    /// Reads the next value, which is a list of rows. Counts the members inside cells, if `parts`
    /// are given. Calls `seen` with the name of each member.
    fn read<F: FnMut(Quoted<'p>)>(
        json: &mut Reader<'p>,
        members: &RowMembers,
        parts: Option<&Known>,
        seen: &mut F,
    ) -> Result<Self, NotJson> {
        let part = |member: &str| parts?.member_if_known(member);
        let parts: Vec<Option<&Known>> = members.0.iter().map(|member| part(member)).collect();
        let mut found = Self::default();
        if parts.iter().any(Option::is_some) {
            found.tallies.resize_with(members.0.len(), Tally::default);
        }
        let mut more = json.enter()?;
        while more {
            if json.peek() == b'{' {
                found.read_row(json, members, &parts, seen)?;
            } else {
                json.value(&mut *seen)?;
                found.odd += 1;
            }
            more = json.more(b']')?;
        }
        Ok(found)
    }

    fn read_row<F: FnMut(Quoted<'p>)>(
        &mut self,
        json: &mut Reader<'p>,
        members: &RowMembers,
        parts: &[Option<&Known>],
        seen: &mut F,
    ) -> Result<(), NotJson> {
        if self.cells.len() >= PIECE {
            let next = Vec::with_capacity(PIECE + members.0.len());
            self.full.push(std::mem::replace(&mut self.cells, next));
        }
        let start = self.cells.len();
        self.cells.resize(start + members.0.len(), None);
        let (mut more, mut at) = (json.enter()?, 0);
        while more {
            let name = json.name()?;
            seen(name);
            let known = |at| members.0.get(at).map(AsRef::as_ref);
            let place = self.order.place(name, at, known, Some(&mut self.others));
            let part = place.and_then(|place| Some(((*parts.get(place)?)?, self.tallies.get_mut(place)?)));
            let text = match part {
                Some((known, tally)) => tally.walk(known, json, seen)?,
                None => json.value(&mut *seen)?,
            };
            if let Some(cell) = place.and_then(|place| self.cells.get_mut(start + place)) {
                self.repeats |= cell.replace(text).is_some();
            }
            (more, at) = (json.more(b'}')?, at + 1);
        }
        let is_blank = self.cells.iter().skip(start).all(Option::is_none);
        if is_blank && std::mem::replace(&mut self.has_blank, true) {
            self.cells.truncate(start);
        }
        Ok(())
    }
}

/// The result of the walk at a node.
#[derive(Clone, Copy, Default)]
struct Found<'p> {
    present: bool,
    object: bool,
    /// The JSON text, if the walk kept it.
    text: Option<&'p str>,
    /// The number of the step at which the member was met last, for document order.
    order: usize,
}

/// The rows of a list, and the names of their members.
struct KeptRows<'p> {
    node: NodeId,
    members: Arc<RowMembers>,
    rows: Rc<RowsFound<'p>>,
}

/// A payload, after the walk.
pub(crate) struct Walked<'p, 't> {
    tree: &'t PathTree,
    found: Vec<Found<'p>>,
    /// The members that no rule names, each with its step, its object, and its name.
    unread: Vec<(usize, NodeId, Quoted<'p>)>,
    /// The rows of lists.
    rows: Vec<KeptRows<'p>>,
    /// The rows of further lists, once they were asked for.
    further_rows: RefCell<Vec<KeptRows<'p>>>,
    /// The names of members at every depth that are watched for.
    seen: Seen,
    /// `true` if a member that rules look at was repeated in its object.
    repeats: bool,
}

impl PathTree {
    /// Walks a payload, which must be an object.
    pub(crate) fn walk<'p>(&self, payload: &'p str) -> Result<Walked<'p, '_>, NotJson> {
        let mut walker = Walker {
            walked: Walked {
                tree: self,
                found: vec![Found::default(); self.nodes.len()],
                unread: Vec::new(),
                rows: Vec::new(),
                further_rows: RefCell::default(),
                seen: Seen::default(),
                repeats: false,
            },
            json: Reader::new(payload),
            order: 0,
        };
        if walker.json.peek() != b'{' {
            return Err(NotJson);
        }
        let root = self.nodes.first().ok_or(NotJson)?;
        walker.members(ROOT, root)?;
        walker.json.end()?;
        Ok(walker.walked)
    }
}

/// The walk, which reads the text from the front.
struct Walker<'p, 't> {
    walked: Walked<'p, 't>,
    json: Reader<'p>,
    /// The number of the step.
    order: usize,
}

impl<'p> Walker<'p, '_> {
    /// Reads the members of an object.
    fn members(&mut self, id: NodeId, node: &Node) -> Result<(), NotJson> {
        if let Some(found) = self.walked.found.get_mut(id) {
            (found.present, found.object) = (true, true);
        }
        let tree = self.walked.tree;
        let mut more = self.json.enter()?;
        while more {
            let name = self.json.name()?;
            self.walked.seen.note(name, &tree.watched);
            let child = node.members.iter().find(|(known, _)| name.is(known)).map(|(_, child)| *child);
            match child.and_then(|child| Some((child, tree.nodes.get(child)?))) {
                Some((id, node)) => self.member(id, node)?,
                None => {
                    self.order += 1;
                    self.walked.unread.push((self.order, id, name));
                    self.json.value(|name| self.walked.seen.note(name, &tree.watched))?;
                }
            }
            more = self.json.more(b'}')?;
        }
        Ok(())
    }

    /// Reads the value of a member that rules look at.
    fn member(&mut self, id: NodeId, node: &Node) -> Result<(), NotJson> {
        self.walked.forget(id);
        self.order += 1;
        if let Some(found) = self.walked.found.get_mut(id) {
            (found.present, found.order) = (true, self.order);
        }
        let watched = &self.walked.tree.watched;
        let (start, first) = (self.json.offset(), self.json.peek());
        match &node.rows {
            _ if first == b'{' && !node.members.is_empty() => {
                self.members(id, node)?;
                if !node.wanted && node.rows.is_none() {
                    return Ok(());
                }
            }
            Some(members) if first == b'[' => {
                let seen = &mut self.walked.seen;
                let seen = &mut |name: Quoted<'p>| seen.note(name, watched);
                let rows = RowsFound::read(&mut self.json, members, node.row_parts.as_ref(), seen)?;
                self.walked.rows.push(KeptRows { node: id, members: members.clone(), rows: Rc::new(rows) });
            }
            _ => drop(self.json.value(|name| self.walked.seen.note(name, watched))?),
        }
        if let Some(found) = self.walked.found.get_mut(id) {
            found.text = Some(self.json.since(start));
        }
        Ok(())
    }
}

impl<'p> Walked<'p, '_> {
    /// Returns the text of a member, if the walk kept it. Of a repeated member, returns the last
    /// text.
    pub(crate) fn text(&self, node: NodeId) -> Option<&'p str> {
        self.found.get(node)?.text
    }

    /// Returns the names of members at every depth that are watched for.
    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Returns the rows of a list that the walk read.
    fn kept(&self, node: NodeId) -> Option<&KeptRows<'p>> {
        self.rows.iter().find(|kept| kept.node == node)
    }

    /// Calls `found` with the elements of a list, until it returns `true`. Returns whether it did.
    /// `inside` is the way into the elements, and `others` are further members that are asked for.
    pub(crate) fn any_element(
        &self,
        node: NodeId,
        inside: Option<&InList>,
        others: &[&str],
        found: &mut dyn FnMut(Row<'_, 'p>) -> bool,
    ) -> bool {
        let are_kept = |kept: &&KeptRows<'p>| {
            inside.is_some_and(|inside| inside.reads_only(&kept.members))
                && others.iter().all(|name| kept.members.has(name))
        };
        if inside.is_some_and(|inside| self.lacks(inside)) {
            return false;
        }
        if let Some(KeptRows { members, rows, .. }) = self.kept(node).filter(are_kept) {
            let lists = inside.and_then(|inside| Column::new(members, inside.inner_list()?));
            // Most rows have an empty list.
            let has_some = |row: &&[Option<&str>]| {
                lists.as_ref().is_none_or(|lists| lists.get(row).is_some_and(|list| list != "[]"))
            };
            return rows.iter(members.0.len()).filter(has_some).any(|row| found(Row::Kept(row, members)));
        }
        let Some(list) = self.text(node) else { return false };
        members::elements(list).any(|element| found(Row::Text(element)))
    }

    /// Returns whether a name of a way into a list is nowhere in the payload.
    pub(crate) fn lacks(&self, inside: &InList) -> bool {
        inside.names().any(|name| !self.may_have(name))
    }

    /// Returns whether a member with a name may be in the payload. A name that is not watched for
    /// may be.
    pub(crate) fn may_have(&self, name: &str) -> bool {
        self.seen.may_have(name, &self.tree.watched)
    }

    /// Returns whether a member is there, and neither null nor empty.
    pub(crate) fn is_filled(&self, node: NodeId) -> bool {
        self.text(node).is_some_and(|json| !is_empty(json))
    }

    /// Returns the rows of a list, unless the list is absent or has no rows.
    pub(crate) fn rows(&self, node: NodeId, members: &Arc<RowMembers>) -> Option<Rc<RowsFound<'p>>> {
        let found = self.kept(node).filter(|kept| kept.members.0 == members.0).map(|kept| kept.rows.clone());
        let read = || {
            let list = self.text(node).filter(|text| text.starts_with('['))?;
            let rows = Rc::new(RowsFound::read(&mut Reader::new(list), members, None, &mut |_| {}).ok()?);
            let kept = KeptRows { node, members: members.clone(), rows: rows.clone() };
            self.further_rows.borrow_mut().push(kept);
            Some(rows)
        };
        found.or_else(read).filter(|rows| !rows.is_empty())
    }

    /// Returns whether a member is below a list. The walk does not enter lists.
    pub(crate) fn is_below_a_list(&self, node: NodeId) -> bool {
        let parent = self.tree.nodes.get(node).and_then(|node| node.parent);
        parent.is_some_and(|parent| {
            self.text(parent).is_some_and(|text| text.starts_with('[')) || self.is_below_a_list(parent)
        })
    }

    /// Returns whether a member that rules look at was repeated in its object.
    pub(crate) fn has_repeats(&self) -> bool {
        self.repeats
    }

    /// Returns whether a member is present. It may be null.
    pub(crate) fn is_present(&self, node: NodeId) -> bool {
        self.found.get(node).is_some_and(|found| found.present)
    }

    /// Returns whether a member is an object.
    pub(crate) fn is_object(&self, node: NodeId) -> bool {
        self.found.get(node).is_some_and(|found| found.object)
    }

    /// Forgets a member and everything in it, because it appears again in its object.
    fn forget(&mut self, node: NodeId) {
        if !self.is_present(node) {
            return;
        }
        if let Some(found) = self.found.get_mut(node) {
            *found = Found::default();
        }
        self.rows.retain(|kept| kept.node != node);
        self.repeats = true;
        let children: Vec<NodeId> =
            self.tree.nodes.get(node).map(|n| n.members.iter().map(|(_, c)| *c).collect()).unwrap_or_default();
        children.into_iter().for_each(|child| self.forget(child));
    }

    /// Returns whether a member that was met at a step belongs to the last object at its node.
    fn is_current(&self, order: usize, node: NodeId) -> bool {
        self.found.get(node).is_some_and(|found| found.present && order > found.order)
    }

    /// Returns whether a rule took the whole text of a node or of a node above it.
    fn is_taken(&self, node: NodeId, taken: &Nodes) -> bool {
        let here = taken.contains(node) && self.text(node).is_some();
        here || self
            .tree
            .nodes
            .get(node)
            .and_then(|node| node.parent)
            .is_some_and(|parent| self.is_taken(parent, taken))
    }

    /// Returns the unread members in document order. A member is unread if no rule looked at it and
    /// no rule took a text that contains it.
    ///
    /// Returns the members inside lists that are read, and those of another form, as well.
    pub(crate) fn lists(&self, reach: &Reach<'_>) -> Lists {
        let mut lists = Lists::default();
        let mut unread: Vec<(usize, Counted)> = self
            .unread
            .iter()
            .filter(|(order, node, _)| self.is_current(*order, *node) && !self.is_taken(*node, reach.taken))
            .map(|(order, node, name)| {
                let pointer = below(&self.tree.pointer(*node), &name.decode_lossy());
                (*order, Counted::once(pointer))
            })
            .collect();
        for (node, found) in self.found.iter().enumerate().filter(|(_, found)| found.present && !found.object) {
            if self.is_taken(node, reach.taken) {
                continue;
            }
            let pointer = self.tree.pointer(node);
            if !reach.looked_at.contains(node) {
                unread.push((found.order, Counted::once(&*pointer)));
            } else if !reach.superseded.contains(node) {
                let known = reach.inside.get(&node);
                self.look_inside(node, known.unwrap_or(&Known::default()), &pointer, &mut lists);
                unread.extend(lists.unread.drain(..).map(|unread| (found.order, unread)));
            }
        }
        unread.sort_by_key(|(order, _)| *order);
        // A repeated member is one entry.
        let mut seen = HashSet::with_capacity(unread.len());
        let is_first: Vec<bool> = unread.iter().map(|(_, unread)| seen.insert(unread.pointer.as_str())).collect();
        let first = unread.into_iter().zip(is_first).filter(|(_, is_first)| *is_first);
        lists.unread = first.map(|((_, unread), _)| unread).collect();
        lists
    }

    /// Adds the members inside a value that rules read in part.
    fn look_inside(&self, node: NodeId, known: &Known, pointer: &str, lists: &mut Lists) {
        let further = self.further_rows.borrow();
        let kept = self.kept(node).or_else(|| further.iter().find(|kept| kept.node == node));
        let kept = kept.filter(|KeptRows { members, .. }| {
            known.each.as_ref().is_none_or(|row| row.members.iter().all(|(name, _)| members.0.contains(name)))
        });
        let (Some(KeptRows { members: columns, rows, .. }), Some(row)) = (kept, known.each.as_deref()) else {
            let mut tally = Tally::default();
            // Where members are read, a value without members is not understood.
            let has_members = self.tree.nodes.get(node).is_some_and(|node| !node.members.is_empty());
            let is_partial = has_members || known.each.is_some() || !known.members.is_empty();
            if let Some(text) = self.text(node).filter(|text| is_partial || text.starts_with(['{', '['])) {
                tally.add(known, text);
            }
            return tally.list(known, pointer, lists);
        };
        let pointer = format!("{pointer}/*");
        let is_known = |name: &str| row.member_if_known(name).is_some();
        if rows.odd > 0 {
            lists.unread.push(Counted { pointer: pointer.clone(), count: rows.odd });
        }
        let others = rows.others.iter().filter(|(name, _)| !is_known(name));
        lists.unread.extend(others.map(|(name, count)| Counted { pointer: below(&pointer, name), count }));
        for (name, known) in &row.members {
            let Some(at) = columns.0.iter().position(|column| column == name) else { continue };
            let pointer = below(&pointer, name);
            if let Some(tally) = rows.tallies.get(at).filter(|_| !rows.repeats) {
                tally.list(known, &pointer, lists);
                continue;
            }
            let mut tally = Tally::default();
            for cell in rows.iter(columns.0.len()).filter_map(|row| row.get(at).copied().flatten()) {
                tally.add(known, cell);
            }
            tally.list(known, &pointer, lists);
        }
    }
}

/// The extent to which rules read a payload.
pub(crate) struct Reach<'r> {
    /// The members that rules look at.
    pub(crate) looked_at: &'r Nodes,
    /// The members of which rules take the whole text.
    pub(crate) taken: &'r Nodes,
    /// The members that gave way to a better source.
    pub(crate) superseded: &'r Nodes,
    /// The parts that rules read of values that they do not read as a whole.
    pub(crate) inside: &'r Inside,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unread(walked: &Walked<'_, '_>, looked_at: &Nodes) -> Vec<String> {
        let none = Nodes::new(0);
        let reach = Reach { looked_at, taken: &none, superseded: &none, inside: &Inside::new() };
        walked.lists(&reach).unread.into_iter().map(|unread| unread.pointer).collect()
    }

    fn all(tree: &PathTree) -> Nodes {
        let mut nodes = Nodes::new(tree.len());
        nodes.extend(0..tree.len());
        nodes
    }

    fn tree() -> (PathTree, NodeId, NodeId) {
        let mut tree = PathTree::new();
        let (id, name) = (tree.node(ROOT, "call.id"), tree.node(ROOT, "call.agent.name"));
        tree.want(id);
        tree.want(name);
        (tree, id, name)
    }

    #[test]
    fn finds_what_is_wanted_and_names_the_rest() {
        let (tree, id, name) = tree();
        let walked = tree.walk(r#"{"x/y":[1],"call":{"id":"a","agent":{"name":1.50,"age":3},"b":{}}}"#).unwrap();
        assert_eq!((walked.text(id), walked.text(name)), (Some("\"a\""), Some("1.50")));
        assert_eq!(unread(&walked, &all(&tree)), ["/x~1y", "/call/agent/age", "/call/b"]);
        assert_eq!(
            unread(&walked, &Nodes::new(0)),
            ["/x~1y", "/call/id", "/call/agent/name", "/call/agent/age", "/call/b"]
        );
    }

    #[test]
    fn takes_other_types_where_an_object_was_expected() {
        let (tree, id, name) = tree();
        let walked = tree.walk(r#"{"call":{"id":"a","agent":null}}"#).unwrap();
        assert_eq!((walked.text(id), walked.text(name)), (Some("\"a\""), None));
        let walked = tree.walk(r#"{"call":12e5}"#).unwrap();
        assert_eq!((walked.text(id), unread(&walked, &Nodes::new(0))), (None, vec!["/call".to_owned()]));
    }

    #[test]
    fn the_last_of_two_wins_whole() {
        let (tree, id, name) = tree();
        let walked = tree.walk(r#"{"call":{"id":"a","x":1,"agent":{"name":"n"}},"call":{"id":"b"}}"#).unwrap();
        assert_eq!((walked.text(id), walked.text(name)), (Some("\"b\""), None));
        assert_eq!(unread(&walked, &all(&tree)), [""; 0]);
    }

    #[test]
    fn many_repeated_members_are_walked_in_linear_time() {
        let (tree, ..) = tree();
        let payload = format!("{{{}{}\"z\":1}}", "\"a\":1,".repeat(50_000), "\"call\":{\"x\":1},".repeat(50_000));
        let walked = tree.walk(&payload).unwrap();
        assert_eq!(unread(&walked, &all(&tree)), ["/a", "/call/x", "/z"]);
    }

    #[test]
    fn null_for_an_object_is_a_value_that_is_read() {
        let (tree, id, name) = tree();
        let walked = tree.walk(r#"{"call":{"id":"a","agent":null}}"#).unwrap();
        assert_eq!((walked.text(id), walked.text(name)), (Some("\"a\""), None));
        assert_eq!(walked.text(tree.nodes[name].parent.unwrap()), Some("null"));
        assert!(tree.walk("null").is_err());
        assert!(tree.walk(r#"{"call":7}"#).is_ok(), "another type is read with care");
    }

    #[test]
    fn odd_names_are_names() {
        let (tree, id, _) = tree();
        let walked = tree.walk(r#"{"\ud800":1,"call":{"i\u0064":"a"}}"#).unwrap();
        assert_eq!(walked.text(id), Some("\"a\""));
        assert_eq!(unread(&walked, &all(&tree)).len(), 1);
    }

    #[test]
    fn deep_payloads_are_walked_without_recursion() {
        let (tree, id, _) = tree();
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let payload = format!(r#"{{"deep":{deep},"call":{{"id":{deep},"x":{deep}}}}}"#);
        assert_eq!(tree.walk(&payload).unwrap().text(id).map(str::len), Some(400_000));
    }
}
