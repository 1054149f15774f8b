//! The report on the members of a delivery that gave no value.

use super::{Delivery, Reading};
use crate::{
    engine::{draft::Draft, transform, unread::Lists, walk::Reach},
    report::{Consulted, Counted, Problem},
    rules::{
        check::Check,
        paths::Nodes,
        plan::{Plan, ReadySource},
    },
    shared::SharedText,
};
use std::{borrow::Cow, cmp::Ordering, collections::HashSet};
use vcp_schema::ErrorCode;

/// Pointers in the order of their length, then of their text. Hashes would take 1 % of a mapping
/// more.
struct Pointers(Vec<SharedText>);

impl Pointers {
    fn new(mut pointers: Vec<SharedText>) -> Self {
        pointers.sort_unstable_by(|a, b| Self::order(a, b));
        Self(pointers)
    }

    fn contains(&self, pointer: &str) -> bool {
        self.0.binary_search_by(|known| Self::order(known, pointer)).is_ok()
    }

    fn order(a: &str, b: &str) -> Ordering {
        a.len().cmp(&b.len()).then_with(|| a.cmp(b))
    }
}

impl<'p> Delivery<'p, '_> {
    /// Notes that sources of a rule gave way to a better one.
    pub(super) fn supersede(&self, sources: &[ReadySource], reading: &mut Reading<'_>, draft: &Draft<'p>) {
        for source in sources {
            let Some(member) = source.member() else { continue };
            let is_filled = match &member.inside {
                Some(_) => self.find(member).is_some(),
                None => self.walked.is_filled(member.node),
            };
            if is_filled && self.all_hold(&source.when, reading.event, draft) {
                reading.supersede(member.node, member.pointer.clone());
            }
        }
    }

    /// Reports the words of tested members that the rule file does not list.
    fn report_words(&self, plan: &Plan, draft: &mut Draft<'p>) {
        /// The largest number of unknown words of one member that are reported.
        const MOST: usize = 16;
        for (member, words) in &plan.words {
            let mut unknown = 0;
            self.any(member, |json| {
                if let Some(word) = transform::unlisted(json, words)
                    && draft.report.note_word(member.pointer.clone(), word.into_owned())
                {
                    unknown += 1;
                }
                unknown == MOST
            });
        }
    }

    /// Reports the members that gave no value: those that no rule read, those that gave way to a
    /// better source, and those that were only tested.
    pub(super) fn report_rest(&self, reading: &Reading<'_>, draft: &mut Draft<'p>) {
        let plan = reading.plan;
        let report = &mut draft.report;
        let sources = report.written.iter().filter_map(|written| written.source.clone());
        let mut written = Vec::with_capacity(report.written.len() + reading.used.len());
        written.extend(sources.chain(reading.used.iter().cloned()));
        let written = Pointers::new(written);
        let mut superseded = Nodes::new(self.provider.tree.len());
        let mut gave_way: HashSet<&str> = HashSet::new();
        for (node, pointer) in &reading.superseded {
            if !written.contains(pointer) && gave_way.insert(pointer) {
                superseded.extend([*node]);
                report.superseded.push(pointer.clone());
            }
        }
        let is_used = |pointer: &str| written.contains(pointer) || gave_way.contains(pointer);
        let (looked_at, taken) = (&reading.looked_at, &reading.taken);
        let reach = Reach { looked_at, taken, superseded: &superseded, inside: &plan.inside };
        let Lists { unread, read, problems } = self.walked.lists(&reach);
        (report.unread, report.in_lists) = (unread, read);
        report.problems.extend(problems);
        // Several readers may have met the same wrong type.
        let mut wrong: HashSet<SharedText> = HashSet::new();
        let is_new = |problem: &Problem| problem.code != ErrorCode::Type || wrong.insert(problem.source.clone());
        report.problems.retain(is_new);
        for pointer in draft.unused.iter().filter(|pointer| !is_used(pointer)) {
            if report.unread.iter().all(|unread| *unread.pointer != **pointer) {
                report.unread.push(Counted::once(&**pointer));
            }
        }
        report.unread.retain(|unread| !plan.ignores(&unread.pointer));
        report.in_lists.retain(|read| !plan.ignores(&read.pointer));
        report.consulted.retain(|consulted| !is_used(&consulted.source));
        self.report_words(plan, draft);
        let report = &mut draft.report;
        for (member, check) in &plan.tested {
            /// The largest number of words of one member that are reported.
            const MOST: usize = 64;
            let pointer = member.pointer.clone();
            if is_used(&pointer) || plan.ignores(&pointer) {
                continue;
            }
            let mut words: Vec<Option<String>> = Vec::new();
            let mut note = |json: &str| {
                let word = match check {
                    Check::Is(_) => transform::word_of(json).map(Cow::into_owned),
                    _ => None,
                };
                if json != "null" && !words.contains(&word) {
                    words.push(word);
                }
                words.len() == MOST
            };
            self.any(member, &mut note);
            if member.inside.is_none() && words.is_empty() && self.walked.is_object(member.node) {
                words.push(None);
            }
            report.consulted.extend(words.into_iter().map(|word| Consulted { source: pointer.clone(), word }));
        }
    }
}
