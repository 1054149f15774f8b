//! Working out how far a plan reads a payload: the members that it looks at, takes as a whole,
//! takes in part, tests and ignores.

use super::Compiler;
use crate::rules::{
    check::Check,
    paths::{InList, NodeId, Nodes},
    plan::{Inside, Member, Plan, parts_of_criteria, parts_of_rows},
};
use vcp_schema::FieldPath;

impl Compiler<'_> {
    /// Returns the pointer of an ignored member, or `None` if its path has a fault.
    pub(super) fn ignored(&mut self, at: NodeId, path: &str, reason: &str) -> Option<String> {
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
            self.faults.add(&place, "a member is ignored in all elements of a list or in none: write `[]`");
            return None;
        }
        Some(format!("{pointer}{}", inside.map(|inside| inside.pointer()).unwrap_or_default()))
    }

    /// Works out which members a plan looks at, which it takes as a whole, and which in part.
    pub(super) fn finish(&self, plan: Plan, detection: &[NodeId]) -> Plan {
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
            looked_at.extend(reader.begins_at);
            taken.extend(reader.begins_at);
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
                reader.rules.row_at.iter().for_each(|clock| known.each().add_as(&clock.path, clock.form()));
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
        let member = |node: &NodeId| {
            (Member { node: *node, inside: None, pointer: self.tree.pointer(*node) }, Check::Is(Vec::new()))
        };
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
}
