//! Checking that no secret is copied without being masked.

use super::Compiler;
use crate::rules::{
    form::{Conversation, Criteria, ModelUsage},
    paths::InList,
    plan::{values_of_calls, values_of_results},
};
use vcp_schema::{FieldPath, Step};

/// The remedy of a copy that nothing masks.
pub(super) const UNMASKED: &str = "its copy is not masked, so name another member";

impl Compiler<'_> {
    /// Checks that a member is no secret. `remedy` ends the text of the fault.
    pub(super) fn check_not_secret(&mut self, place: &str, path: &FieldPath, remedy: &str) {
        let names =
            path.steps().iter().filter_map(|step| if let Step::Name(name) = step { Some(&**name) } else { None });
        if self.secrets.cover(&names.collect::<Vec<_>>()) {
            self.faults.add(place, format!("`{path}` is a secret: {remedy}"));
        }
    }

    /// Checks that no member of an object, or of the elements of a list, is a secret.
    pub(super) fn check_none_secret<'p>(
        &mut self,
        place: &str,
        object: &FieldPath,
        members: impl IntoIterator<Item = &'p String>,
    ) {
        for member in members {
            self.check_not_secret(place, &within(object, member), UNMASKED);
        }
    }
}

/// Returns the path of a member within another one, without positions in lists.
fn within(object: &FieldPath, member: &str) -> FieldPath {
    let (names, inside) = InList::split(member).unwrap_or_default();
    let inside = inside.iter().flat_map(InList::names);
    names.split('.').chain(inside).fold(object.clone(), FieldPath::name)
}

/// Returns the members of rows from which values come. Conditions and the order of rows give none.
pub(super) fn values_of_rows(rules: &Conversation) -> Vec<String> {
    let mut members: Vec<String> = rules.role.iter().chain(&rules.text_parts).chain(&rules.latency).cloned().collect();
    members.extend(Some(&rules.text).filter(|text| !text.is_empty()).into_iter().chain(rules.words_of.keys()).cloned());
    members.extend(rules.speech_ms.iter().chain(&rules.cut_off).cloned());
    members.extend([&rules.start, &rules.end].into_iter().flatten().map(|clock| clock.path.clone()));
    if let Some(words) = &rules.words {
        members.extend([&words.start, &words.end].map(|name| in_list(&words.path, name)));
    }
    if let Some(calls) = &rules.calls {
        members.extend(in_lists(&calls.list, values_of_calls(calls)));
        members.extend(calls.row_name.clone());
    }
    if let Some(results) = &rules.results {
        members.extend(in_lists(results.lists_beside(rules.calls.as_ref()), values_of_results(results)));
    }
    members
}

/// Returns the members of models from which values come.
pub(super) fn values_of_models(usage: &ModelUsage) -> impl Iterator<Item = &String> {
    let names = usage.name.iter().chain(&usage.kind).chain(&usage.minutes);
    names.chain(&usage.cost).chain(&usage.prompt_tokens).chain(&usage.completion_tokens)
}

/// Returns the members of criteria from which values come.
pub(super) fn values_of_criteria(criteria: &Criteria) -> impl Iterator<Item = &String> {
    [&criteria.result].into_iter().chain(&criteria.id).chain(&criteria.score).chain(&criteria.max_score)
}

/// Returns the paths of members of the elements of lists. Without lists, the members are their own
/// paths.
fn in_lists<'p>(lists: &[String], members: impl Iterator<Item = &'p String>) -> Vec<String> {
    let paths_of = |member: &String| match lists {
        [] => vec![member.clone()],
        lists => lists.iter().map(|list| in_list(list, member)).collect(),
    };
    members.flat_map(paths_of).collect()
}

fn in_list(list: &str, member: &str) -> String {
    format!("{list}[].{member}")
}
