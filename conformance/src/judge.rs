//! The comparison of an answer with a case.

use crate::{
    case::{Case, Fault},
    json::{same, spelling},
};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::collections::BTreeMap;
use vcp_schema::json::members;

/// An answer line of a testee.
#[derive(Debug, Deserialize)]
struct Answer<'a> {
    seq: Option<u64>,
    #[serde(borrow)]
    ok: Option<&'a RawValue>,
    error: Option<Fault>,
    unsupported: Option<String>,
}

/// The result of comparing an answer with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The answer is as expected.
    Met,
    /// The testee does not support the operation. Holds the text of its answer.
    Unsupported(String),
    /// The answer is not as expected. Holds the reason.
    Failed(String),
    /// The answer is not of the protocol. Holds the reason.
    NotOfTheProtocol(String),
}

impl Case {
    /// Compares an answer line with the case. `seq` is the number of the request, and `reports`
    /// says whether the testee writes reports.
    #[must_use]
    pub fn judge(&self, seq: u64, answer: &str, reports: bool) -> Verdict {
        let parsed = match serde_json::from_str::<Answer<'_>>(answer) {
            Ok(parsed) => parsed,
            Err(error) => return Verdict::NotOfTheProtocol(format!("the answer is not of the protocol: {error}")),
        };
        if parsed.seq != Some(seq) {
            let given = parsed.seq.map_or("none".to_owned(), |seq| seq.to_string());
            return Verdict::NotOfTheProtocol(format!("the answer has the seq {given} instead of {seq}"));
        }
        let given = [parsed.ok.is_some(), parsed.error.is_some(), parsed.unsupported.is_some()];
        if given.iter().filter(|is_given| **is_given).count() != 1 {
            let reason = "the answer needs exactly one of `ok`, `error` and `unsupported`";
            return Verdict::NotOfTheProtocol(reason.to_owned());
        }
        if let Some(why) = parsed.unsupported {
            return Verdict::Unsupported(why);
        }
        self.difference(parsed.ok, parsed.error.as_ref(), reports).map_or(Verdict::Met, Verdict::Failed)
    }

    /// Returns the first difference between the expected answer and the given one.
    fn difference(&self, ok: Option<&RawValue>, error: Option<&Fault>, reports: bool) -> Option<String> {
        let expect = &self.expect;
        if let Some(expected) = &expect.error {
            let fits = |error: &&Fault| {
                expected.code == error.code
                    && (expected.field_path.is_none() || expected.field_path == error.field_path)
            };
            return error.filter(fits).is_none().then(|| format!("the error should be {}", shown(expected)));
        }
        let Some(ok) = ok else { return Some("there should be no error".to_owned()) };
        let answer = object(ok.get());
        if let Some(event) = &expect.skipped {
            let given: Option<String> = answer.get("not_a_call").and_then(|name| serde_json::from_str(name.get()).ok());
            return (given.as_ref() != Some(event)).then(|| format!("`not_a_call` should be `{event}`"));
        }
        if let Some(valid) = expect.valid {
            let given: Option<bool> = answer.get("valid").and_then(|valid| serde_json::from_str(valid.get()).ok());
            if given != Some(valid) {
                return Some(format!("`valid` should be {valid}"));
            }
        }
        if let Some(expected) = &expect.findings {
            let found: Vec<Fault> =
                answer.get("findings").and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default();
            let extra = without(&found, expected).map(|fault| format!("the finding {} is wrong", shown(fault)));
            return without(expected, &found).map(|fault| format!("the finding {} is missing", shown(fault))).or(extra);
        }
        let value = expect.value.as_deref().and_then(|value| wrong_value(value, &answer));
        let report = expect.report.as_deref().filter(|_| reports);
        value.or_else(|| report.and_then(|report| wrong_report(report, &answer)))
    }
}

fn shown(fault: &Fault) -> String {
    let parts = [Some(&fault.code), fault.severity.as_ref(), fault.field_path.as_ref()];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Returns the first of some faults that is not among others. Each fault counts once.
fn without<'f>(faults: &'f [Fault], others: &[Fault]) -> Option<&'f Fault> {
    let mut others: Vec<&Fault> = others.iter().collect();
    faults.iter().find(|fault| match others.iter().position(|other| other == fault) {
        Some(at) => {
            others.swap_remove(at);
            false
        }
        None => true,
    })
}

type Object = BTreeMap<String, Box<RawValue>>;

fn object(json: &str) -> Object {
    serde_json::from_str(json).unwrap_or_default()
}

/// Returns a message about the first expected member that the answer lacks or has with another
/// value.
fn wrong_value(expected: &RawValue, answer: &Object) -> Option<String> {
    let message =
        answer.get("message_text").and_then(|text| serde_json::from_str::<String>(text.get()).ok()).unwrap_or_default();
    let Ok(expected) = serde_json::from_str::<Object>(expected.get()) else {
        return Some("the expectation cannot be read".to_owned());
    };
    expected.into_iter().find_map(|(name, value)| match name.as_str() {
        "message" => (!same(value.get(), &message)).then(|| format!("the message should be {value}")),
        "message_json" => {
            let json: String = serde_json::from_str(value.get()).unwrap_or_default();
            (!same(&json, &message)).then(|| format!("the message should be {json}"))
        }
        "fields" => object(value.get()).into_iter().find_map(|(pointer, value)| {
            // A null also fits an absent member.
            let given = members::pointer(&message, &pointer).unwrap_or("null");
            (!same(value.get(), given)).then(|| format!("`{pointer}` of the message should be {value}, not {given}"))
        }),
        "data_text" => object(value.get()).into_iter().find_map(|(pointer, value)| {
            let text: String = serde_json::from_str(value.get()).unwrap_or_default();
            let given = members::pointer(&message, &pointer).unwrap_or_default();
            (spelling(given) != spelling(&text))
                .then(|| format!("`{pointer}` of the message should be spelled {text}, not {given}"))
        }),
        _ => {
            // An optional member may be null or absent.
            let given = answer.get(&name).map_or("null", |given| given.get());
            (!same(value.get(), given)).then(|| format!("`{name}` should be {value}, not {given}"))
        }
    })
}

/// Returns a message about the first list of the report that differs as a set.
fn wrong_report(expected: &RawValue, answer: &Object) -> Option<String> {
    object(expected.get()).into_iter().find_map(|(name, list)| {
        let given = answer.get(&name).map_or("[]", |given| given.get());
        let mut given_left: Vec<&str> = members::elements(given).collect();
        let missing = members::elements(list.get()).find(|wanted| {
            match given_left.iter().position(|given| same(wanted, given)) {
                Some(at) => {
                    given_left.swap_remove(at);
                    false
                }
                None => true,
            }
        });
        match (missing, given_left.first()) {
            (Some(entry), _) => Some(format!("`{name}` of the report lacks {entry}")),
            (None, Some(entry)) => Some(format!("`{name}` of the report should not have {entry}")),
            (None, None) => None,
        }
    })
}

/// Returns the features that a testee names in its answer to `hello`.
#[must_use]
pub fn features(hello: &str) -> Vec<String> {
    let ok = serde_json::from_str::<Map<String, Value>>(hello).unwrap_or_default();
    let list = ok.get("ok").and_then(|ok| ok.get("features")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|feature| feature.as_str().map(str::to_owned)).collect()
}
