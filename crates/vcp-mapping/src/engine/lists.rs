//! The lists that a rule file writes: transfers and scored criteria (`DECISIONS.md` 5.8).

use super::{
    clock::{At, read_clock},
    transform,
    value::{Made, Value},
};
use crate::rules::{
    Criteria, Table, Transfers,
    paths::{InList, Row, below, is_empty},
    plan::ReadyTransfers,
};
use std::borrow::Cow;
use vcp_schema::{
    ErrorCode, RawJson, ScoredCriteria, Timestamp,
    json::{members, string},
};

/// A transfer of a call. Its parts are JSON texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(super) to: String,
    at: Option<String>,
    outcome: Option<String>,
}

impl Transfer {
    /// Returns the transfer as JSON text.
    pub(crate) fn text(&self) -> String {
        let part = |name: &str, json: &Option<String>| json.as_ref().map(|json| format!(",\"{name}\":{json}"));
        let others = [part("at", &self.at), part("outcome", &self.outcome)];
        format!("{{\"to\":{}{}}}", self.to, others.into_iter().flatten().collect::<String>())
    }

    /// Changes a transfer by a later delivery. The first time is kept, and the last outcome.
    pub(super) fn update(&mut self, later: Self) {
        self.at = self.at.take().or(later.at);
        self.outcome = later.outcome.or(self.outcome.take());
    }
}

/// A member that could not be used, with the code and the message of the problem.
pub(crate) type Fault<'r> = (&'r str, ErrorCode, &'static str);

/// Reads a transfer by its members. Returns it with the name of the member that gave `to`. A SIP
/// address of a telephone number is that number. Members that cannot be used are added to `faults`.
pub(crate) fn transfer<'p, 'r>(
    rules: &'r Transfers,
    member: impl Fn(&str) -> Option<&'p str>,
    faults: &mut Vec<Fault<'r>>,
) -> Option<(Transfer, &'r str)> {
    let filled = |name: &String| member(name).filter(|json| !is_empty(json));
    let mut text = |name: &'r String| {
        let text = transform::scalar(filled(name)?);
        if text.is_none() {
            faults.push((name, ErrorCode::Type, "a string is wanted here"));
        }
        text
    };
    let (to, source) = rules.to.iter().find_map(|name| Some((text(name)?, name.as_str())))?;
    // The same number has one form, so that deliveries about one transfer are merged.
    let to = quoted(transform::without_sip(&to));
    let outcome = rules.outcome.as_ref().and_then(&mut text).map(|outcome| quoted(&outcome));
    let at = rules.at.as_ref().and_then(|name| match transform::time(filled(name)?) {
        Made::Value(Value::Time(time)) => Some(quoted(&time.to_string())),
        Made::Problem(code, message) => {
            faults.push((name, code, message));
            None
        }
        _ => None,
    });
    Some((Transfer { to, at, outcome }, source))
}

/// Returns a text as JSON.
fn quoted(text: &str) -> String {
    RawJson::from_text(text).as_str().to_owned()
}

impl ReadyTransfers {
    /// Adds the transfers of an element of the list. `inside` is the way to lists inside it.
    /// `start` is the start of the call, if it was read. Returns whether a transfer has no
    /// destination.
    pub(crate) fn read(
        &self,
        row: Row<'_, '_>,
        inside: Option<&InList>,
        start: Option<Timestamp>,
        found: &mut Vec<Transfer>,
    ) -> bool {
        let time = || {
            let clock = self.rules.row_at.as_ref()?;
            let nanos = match read_clock(clock, row.get(&clock.path)?)? {
                At::Absolute(nanos) => nanos,
                At::InCall(nanos) => start?.unix_nanos() + nanos,
            };
            Some(quoted(&Timestamp::from_unix_nanos(nanos)?.to_string()))
        };
        let mut lacks_destination = false;
        let mut add = |element: &str| {
            let passes = |checks: &Vec<_>| transform::passes_one(checks, |member| below(element, member));
            if element.starts_with('{') && self.checks.iter().all(passes) {
                // The report lists members of another form by itself.
                match transfer(&self.rules, |name| below(element, name), &mut Vec::new()) {
                    Some((transfer, _)) => {
                        let at = transfer.at.clone().or_else(time);
                        found.push(Transfer { at, ..transfer });
                    }
                    None => lacks_destination = true,
                }
            }
        };
        match (inside, row) {
            (Some(inside), row) => {
                inside.any_within(row, &mut |inner| {
                    members::elements(inner).for_each(&mut add);
                    false
                });
            }
            (None, Row::Text(element)) => add(element),
            (None, Row::Kept(..)) => {}
        }
        lacks_destination
    }
}

/// Criteria that were read.
#[derive(Default)]
pub(crate) struct CriteriaFound {
    pub(crate) criteria: Vec<ScoredCriteria>,
    /// The words that the table does not have.
    pub(crate) unlisted: Vec<String>,
    /// `true` if a criterion has no name.
    pub(crate) lacks_name: bool,
}

/// Reads criteria from a list or an object.
pub(crate) fn criteria(rules: &Criteria, table: &Table, json: &str) -> CriteriaFound {
    let entries: Vec<(Option<Cow<'_, str>>, &str)> = match json.as_bytes().first() {
        Some(b'{') => {
            members::last(json).unwrap_or_default().into_iter().map(|(name, json)| (Some(name), json)).collect()
        }
        _ => members::elements(json).map(|json| (None, json)).collect(),
    };
    /// The largest number of unknown words that are reported.
    const MOST: usize = 16;
    let mut found = CriteriaFound::default();
    for (name, entry) in entries {
        let own = rules.id.as_ref().and_then(|id| string::decode_lossy(below(entry, id)?));
        let Some(word) = below(entry, &rules.result).and_then(transform::word_of) else { continue };
        let Some(id) = own.or(name) else {
            found.lacks_name = true;
            continue;
        };
        let hit = table.look_up(&word);
        let unlisted = &mut found.unlisted;
        if hit.unlisted && unlisted.len() < MOST && unlisted.iter().all(|known| *known != *word) {
            unlisted.push(word.to_string());
        }
        let met = match hit.word {
            Some("true") => true,
            Some("false") => false,
            _ => continue,
        };
        let number = |name: &Option<String>| {
            transform::decimal(below(entry, name.as_deref()?)?).ok()?.and_then(|number| number.to_f64())
        };
        let most = number(&rules.max_score).filter(|most| *most > 0.0).unwrap_or(1.0);
        let score = number(&rules.score).map(|score| score / most).filter(|score| (0.0..=1.0).contains(score));
        found.criteria.push(ScoredCriteria::builder().id(id.into_owned()).met(met).maybe_score(score).build());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(to: &str, at: Option<&str>, outcome: Option<&str>) -> Transfer {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Transfer { to: to.to_owned(), at: own(at), outcome: own(outcome) }
    }

    #[test]
    fn a_transfer_keeps_its_first_time_and_its_last_outcome() {
        let mut known = of("a", Some("1"), Some("ringing"));
        known.update(of("a", Some("2"), Some("bridged")));
        assert_eq!(known, of("a", Some("1"), Some("bridged")));
        known.update(of("a", None, None));
        assert_eq!(known, of("a", Some("1"), Some("bridged")));
    }
}
