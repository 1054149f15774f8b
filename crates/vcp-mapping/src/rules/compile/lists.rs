//! Compiling the readers of lists: conversations, models and transfers.

use super::{Compiler, copies::UNMASKED, element};
use crate::rules::{
    form::{ClockForm, Condition, Conversation, ModelUsage, Transfers},
    paths::{InList, NodeId},
    plan::{
        NO_ROLE, ReadyTransfers, groups_of_checks, members_of_calls, members_of_results, members_of_rows,
        values_of_models,
    },
    target::FieldName,
};
use vcp_schema::{CapabilityType, ModelRole};

impl Compiler<'_> {
    pub(super) fn transfers(
        &mut self,
        rules: &Transfers,
        place: &str,
        at: NodeId,
        before: &[FieldName],
    ) -> ReadyTransfers {
        if rules.to.is_empty() {
            self.faults.add(format!("{place}.to"), "name the member with the number or address");
        }
        let names = rules.to.iter().chain(&rules.at).chain(&rules.outcome);
        let Some(path) = &rules.list else {
            if rules.row_at.is_some() {
                self.faults.add(format!("{place}.row_at"), "only a transfer in a `list` has a row");
            }
            let mut members = Vec::new();
            for name in names {
                let member = self.path(at, name, place, true);
                self.check_not_secret(place, &self.tree.path_of(member.node, member.inside.as_ref()), UNMASKED);
                members.push((name.clone(), member));
            }
            let when = self.tests(&rules.when, &format!("{place}.when"), at, before);
            return ReadyTransfers { rules: rules.clone(), list: None, when, checks: Vec::new(), members };
        };
        let list = self.path(at, path, &format!("{place}.list"), true);
        let row = self.tree.path_of(list.node, list.inside.as_ref());
        self.check_none_secret(place, &row, names);
        self.check_none_secret(place, &self.tree.path(list.node), rules.row_at.iter().map(|clock| &clock.path));
        self.check_row_conditions(&rules.when, &format!("{place}.when"));
        let (when, checks) = (Vec::new(), groups_of_checks(&rules.when));
        self.check_members(place, rules.to.iter().chain(&rules.at).chain(&rules.outcome));
        self.check_members(place, rules.row_at.iter().map(|clock| &clock.path));
        self.check_members(place, checks.iter().flatten().map(|(path, _)| path));
        let wanted = checks.iter().flatten().filter(|(_, check)| check.wants());
        self.in_lists.extend(wanted.flat_map(|(path, _)| path.split('.').map(str::to_owned)));
        ReadyTransfers { rules: rules.clone(), list: Some(list), when, checks, members: Vec::new() }
    }

    /// Checks the roles of models. Returns the role of all, if they have one.
    pub(super) fn check_models(&mut self, usage: &ModelUsage, place: &str) -> Option<&'static str> {
        if usage.path.is_empty() {
            self.faults.add(place, "`path` gives the place of the models");
        }
        self.check_members(place, values_of_models(usage));
        self.count(usage.v2v_names.len());
        if usage.v2v_names.iter().any(|part| part.trim().is_empty()) {
            self.faults.add(place, "`v2v_names` has an empty part: every name would contain it");
        }
        self.check_effect(place, "cost_scale", "cost", usage.cost_scale.is_some() && usage.cost.is_empty());
        match (&usage.role, &usage.role_table) {
            (Some(role), None) => {
                self.check_effect(place, "v2v_names", "role_table", !usage.v2v_names.is_empty() && role != "LLM");
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

    pub(super) fn check_conversation(&mut self, conversation: &Conversation, place: &str) {
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
        self.check_members(place, &members_of_rows(conversation));
        self.check_members(place, conversation.calls.iter().flat_map(members_of_calls).collect::<Vec<_>>().iter());
        self.check_members(place, conversation.results.iter().flat_map(members_of_results).collect::<Vec<_>>().iter());
        self.check_row_conditions(&conversation.not_spoken, &format!("{place}.not_spoken"));
        if let Some(calls) = &conversation.calls {
            self.check_row_conditions(&calls.cut_short, &format!("{place}.calls.cut_short"));
        }
        if let Some(results) = &conversation.results {
            self.check_row_conditions(&results.missing, &format!("{place}.results.missing"));
            self.check_row_conditions(&results.failed, &format!("{place}.results.failed"));
        }
        let of_calls = conversation.calls.iter().flat_map(|calls| &calls.list);
        let of_results = conversation.results.iter().flat_map(|results| &results.list);
        for list in of_calls.chain(of_results) {
            if let Err(fault) = InList::split(list) {
                self.faults.add(place, format!("`{list}` is not a path: {fault}"));
            }
        }
        for path in &conversation.text_parts {
            let fault = match InList::split(path) {
                Ok((_, Some(_))) => continue,
                Ok((_, None)) => "parts are in a list: write `list[].member`",
                Err(fault) => fault,
            };
            self.faults.add(format!("{place}.text_parts"), format!("`{path}` is not a path to parts: {fault}"));
        }
        if conversation.begins_at.is_some() && !conversation.continues {
            self.faults.add(format!("{place}.begins_at"), "only rows with `continues` take it");
        }
        let has_types =
            conversation.calls.as_ref().is_some_and(|calls| !calls.types.is_empty() && calls.kind.is_none());
        let same_row = conversation.results.as_ref().is_some_and(|results| results.same_row);
        let has_list = conversation.results.as_ref().is_some_and(|results| !results.list.is_empty());
        self.check_effect(
            place,
            "cut_off_of",
            "cut_off",
            conversation.cut_off_of.is_some() && conversation.cut_off.is_none(),
        );
        self.check_effect(place, "calls.types", "calls.kind", has_types);
        self.check_effect(place, "results.same_row", "calls", same_row && conversation.calls.is_none());
        if same_row && has_list {
            self.faults
                .add(format!("{place}.results.list"), "with `same_row` the results are beside the calls: remove it");
        }
        for word in conversation.calls.iter().flat_map(|calls| calls.types.values()) {
            self.check_word(&format!("{place}.calls.types"), word, Some(CapabilityType::WORDS));
        }
    }

    /// Checks the names of members of an object, such as a row. They lead into no list.
    pub(super) fn check_members<'n>(&mut self, place: &str, names: impl IntoIterator<Item = &'n String>) {
        for name in names {
            if name.contains('[') || name.split('.').any(|part| part.is_empty() || part.trim() != part) {
                self.faults.add(
                    place,
                    format!("`{name}` is not a member: names are separated by single dots, without brackets"),
                );
            }
        }
    }

    /// Adds a fault for a key that has no effect without another one, if that is absent.
    pub(super) fn check_effect(&mut self, place: &str, key: &str, other: &str, is_dead: bool) {
        if is_dead {
            let message = format!("without `{other}` it has no effect: add `{other}`, or remove it");
            self.faults.add(format!("{place}.{key}"), message);
        }
    }

    /// Checks conditions on members of a row.
    pub(super) fn check_row_conditions(&mut self, conditions: &[Condition], place: &str) {
        for (index, condition) in conditions.iter().enumerate() {
            let place = element(place, index, conditions.len());
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
    }
}
