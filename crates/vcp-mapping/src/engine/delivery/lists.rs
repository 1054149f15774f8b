//! Mapping the transfers and the scored criteria of a delivery.

use super::{Delivery, Reading};
use crate::{
    engine::{
        draft::Draft,
        lists::{self, CriteriaFound, Transfer},
    },
    report::{How, Problem, UnlistedWord, Written},
    rules::{
        check::Check,
        plan::ReadyTransfers,
        target::{FieldName, TRANSFERS, name},
    },
    shared::SharedText,
};
use vcp_schema::{ErrorCode, json::members};

impl<'p> Delivery<'p, '_> {
    /// Adds the transfers and the criteria of the delivery to the draft.
    pub(super) fn use_lists(&self, reading: &mut Reading<'_>, draft: &mut Draft<'p>) {
        let mut found = Vec::new();
        for reader in &reading.plan.transfers {
            let Some((transfers, source)) = self.transfers(reader, !found.is_empty(), reading, draft) else { continue };
            let provider = self.provider.name();
            let target = FieldName::new(&format!("{}.{provider}.{TRANSFERS}", name::PROVIDER_SPECIFIC)).path;
            let written = Written::without_source(target, How::Read);
            draft.report.written.push(Written { source: Some(source), ..written });
            found.extend(transfers);
        }
        draft.add_transfers(found);
        let mut has_decided = false;
        for (node, rules) in &reading.plan.criteria {
            let Some(json) = self.walked.text(*node).filter(|json| *json != "null") else { continue };
            let Some(table) = self.provider.table(&rules.table) else { continue };
            let CriteriaFound { criteria, unlisted, lacks_name } = lists::criteria(rules, table, json);
            let source = self.provider.tree.pointer(*node);
            if lacks_name {
                let problem = Problem::new(ErrorCode::Missing, format!("{source}/*"), "a criterion has no name");
                draft.report.problems.push(problem);
            }
            let word = |word| UnlistedWord { source: source.clone(), word };
            draft.report.unknown_words.extend(unlisted.into_iter().map(word));
            if !criteria.is_empty() {
                has_decided = true;
                draft.message.vcp_payload.outcomes.objective.scored_criteria = criteria;
                let written = Written::without_source(FieldName::path_of(name::CRITERIA), How::Read);
                draft.report.written.push(Written { source: Some(source), ..written });
            } else if !has_decided && members::count(json, 1) > 0 {
                // An evaluation that decides nothing replaces an earlier one.
                draft.message.vcp_payload.outcomes.objective.scored_criteria = Vec::new();
            }
        }
    }

    /// Reads the transfers at one place. Returns `None` if there are none. `has_some` says whether
    /// another place has given transfers.
    fn transfers(
        &self,
        reader: &ReadyTransfers,
        has_some: bool,
        reading: &mut Reading<'_>,
        draft: &mut Draft<'p>,
    ) -> Option<(Vec<Transfer>, SharedText)> {
        if let Some(list) = &reader.list {
            if !self.is_list(list.node, draft) || !self.may_pass(&reader.checks) {
                return None;
            }
            let source = self.provider.tree.pointer(list.node);
            let was_read = draft.how(reading.plan, name::START_TIME) == Some(How::Read);
            let start = was_read.then_some(draft.message.vcp_payload.call.start_time);
            let (mut transfers, mut lacks_destination) = (Vec::new(), false);
            let row_at: Vec<&str> = reader.rules.row_at.iter().map(|clock| clock.path.as_str()).collect();
            self.walked.any_element(list.node, list.inside.as_ref(), &row_at, &mut |row| {
                lacks_destination |= reader.read(row, list.inside.as_ref(), start, &mut transfers);
                false
            });
            if lacks_destination {
                let place = format!("{}/*", list.pointer);
                let problem = Problem::new(ErrorCode::Missing, place, "a transfer has no destination");
                draft.report.problems.push(problem);
            }
            return (!transfers.is_empty()).then_some((transfers, source));
        }
        let member = |name: &str| reader.members.iter().find(|(known, _)| known == name).map(|(_, member)| member);
        let text = |name: &str| self.find(member(name)?);
        if !self.all_hold(&reader.when, reading.event, draft) {
            let is_filled = |name: &String| text(name).is_some_and(|json| !super::is_empty(json));
            for member in reader.rules.to.iter().filter(|name| has_some && is_filled(name)).filter_map(|to| member(to))
            {
                reading.supersede(member.node, member.pointer.clone());
            }
            return None;
        }
        let mut faults = Vec::new();
        let transfer = lists::transfer(&reader.rules, text, &mut faults);
        let pointer = |name: &str| member(name).map(|member| member.pointer.clone()).unwrap_or_default();
        let problems = faults.into_iter().map(|(name, code, message)| Problem::new(code, pointer(name), message));
        draft.report.problems.extend(problems);
        let (transfer, source) = transfer?;
        for (name, member) in &reader.members {
            if name == source || !reader.rules.to.contains(name) {
                reading.look_at([member.node]);
                reading.used.push(member.pointer.clone());
            } else if text(name).is_some_and(|json| !super::is_empty(json)) {
                reading.supersede(member.node, member.pointer.clone());
            }
        }
        Some((vec![transfer], pointer(source)))
    }

    /// Returns whether an element of the payload may pass some checks. It cannot if a check wants
    /// a member whose name is nowhere in the payload.
    fn may_pass(&self, checks: &[Vec<(String, Check)>]) -> bool {
        let may_have = |path: &str| path.split('.').all(|name| self.walked.may_have(name));
        checks.iter().all(|any| any.iter().any(|(path, check)| !check.wants() || may_have(path)))
    }
}
