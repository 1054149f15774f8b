//! Compiling conditions.

use super::{Compiler, element};
use crate::rules::{check::Check, form::Condition, paths::NodeId, plan::Test, target::FieldName};

impl Compiler<'_> {
    pub(super) fn tests(
        &mut self,
        conditions: &[Condition],
        place: &str,
        at: NodeId,
        before: &[FieldName],
    ) -> Vec<Test> {
        let one = |(index, condition)| self.test(condition, &element(place, index, conditions.len()), at, before);
        conditions.iter().enumerate().filter_map(one).collect()
    }

    pub(super) fn test(
        &mut self,
        condition: &Condition,
        place: &str,
        at: NodeId,
        before: &[FieldName],
    ) -> Option<Test> {
        if !self.count(1 + condition.is.len()) || !self.is_one_condition(condition, place) {
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
            let near = self.faults.suggestion(event, self.file.events.keys().map(String::as_str));
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
                    let near = self.faults.suggestion(name, before.iter().map(|field| &*field.name));
                    self.faults.add(place, format!("no rule before this one writes `{name}`{near}"));
                }
            }
        }
        Some(Test::Written(fields))
    }

    pub(super) fn is_one_condition(&mut self, condition: &Condition, place: &str) -> bool {
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
}
