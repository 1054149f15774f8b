//! Checking that no secret is copied without being masked.

use super::Compiler;
use crate::rules::{
    form::Conversation,
    paths::InList,
    plan::{values_of_calls, values_of_results},
};
use std::collections::BTreeSet;
use vcp_schema::{FieldPath, Step};

/// The remedy of a copy that nothing masks.
pub(super) const UNMASKED: &str = "its copy is not masked, so name another member";

impl Compiler<'_> {
    /// Checks that a member is no secret. `remedy` ends the text of the fault.
    pub(super) fn check_not_secret(&mut self, place: &str, path: &FieldPath, remedy: &str) {
        if self.is_secret(path) {
            self.faults.add(place, format!("`{path}` is a secret: {remedy}"));
        }
    }

    /// Returns whether a pattern masks the member at a path.
    fn is_secret(&self, path: &FieldPath) -> bool {
        let names =
            path.steps().iter().filter_map(|step| if let Step::Name(name) = step { Some(&**name) } else { None });
        self.secrets.cover(&names.collect::<Vec<_>>())
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

    /// Does the same for the entries of a list, or of an object with any names.
    pub(super) fn check_none_secret_in_entries<'p>(
        &mut self,
        place: &str,
        entries: &FieldPath,
        members: impl IntoIterator<Item = &'p String>,
    ) {
        for member in members {
            // A pattern such as `pin.name` masks the member `name` of the entry `pin`.
            let names: BTreeSet<String> =
                member.split('.').flat_map(|name| self.secrets.around(name)).map(str::to_owned).collect();
            // A file can have many patterns, and many members.
            if !self.count(names.len()) {
                return;
            }
            self.check_not_secret(place, &within(entries, member), UNMASKED);
            for entry in names.into_iter().map(|name| entries.clone().name(name)) {
                // No file can avoid that an entry has the name of a secret as a whole.
                if !self.is_secret(&entry) && !self.is_secret(&entry.clone().name("any")) {
                    self.check_not_secret(place, &within(&entry, member), UNMASKED);
                }
            }
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
