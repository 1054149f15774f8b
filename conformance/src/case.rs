//! Conformance cases, and the comparison of an answer with a case.

use crate::json::same;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use std::collections::BTreeMap;

/// A file of cases on one topic. `schemas/cases.schema.json` is its JSON Schema.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// The faults against which the topic protects.
    pub about: String,
    /// The explanations of the flags of the cases. Each says what a wrong answer means.
    #[serde(default)]
    pub notes: Map<String, Value>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// A conformance case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The id, `area::topic::name`. It is never changed and never used again.
    pub id: String,
    /// The title: what the case shows, in one line.
    pub title: String,
    /// The reference to the rule that the case tests: a section of `DECISIONS.md`
    /// (`decisions 1.5`) or of the specification.
    pub spec: String,
    /// The flags of the case. [`CaseFile::notes`] explains them.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The optional features that the testee needs for this case.
    #[serde(default)]
    pub features: Vec<String>,
    /// The operation of the protocol.
    pub op: String,
    /// The members of the request other than `seq` and `op`.
    pub input: Box<RawValue>,
    /// The expected answer.
    pub expect: Expect,
}

/// The expected answer to a case.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expect {
    /// The members that `ok` must have, with their values. Null also fits an absent member.
    ///
    /// - `message` is compared with `message_text` as JSON.
    /// - `message_json` is the same, given as text.
    /// - `fields` is compared with single members of the message, by JSON Pointer.
    Value(Box<RawValue>),
    /// All findings, in any order.
    Findings(Vec<Fault>),
    /// The error. Its place is compared only if the case gives one.
    Error(Fault),
    /// The name of an event that is not a call record.
    Skipped(String),
}

/// The parts of an error or finding on which implementations must agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// The code, `VCP_E###`.
    pub code: String,
    /// The severity (`error`, `warning` or `info`). Only findings have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The place, as a JSONPath.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_path: Option<String>,
}

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
}

impl Case {
    /// Returns the request line for this case, without a line break.
    ///
    /// # Errors
    ///
    /// Returns a message if `input` is not an object.
    pub fn request(&self, seq: u64) -> Result<String, String> {
        let members = self.input.get().trim().strip_prefix('{').ok_or("`input` is an object")?;
        let comma = if members.trim() == "}" { "" } else { "," };
        let line = format!("{{\"seq\":{seq},\"op\":{}{comma}{members}", Value::from(self.op.as_str()));
        // Here a line break can only be white space between tokens.
        Ok(line.replace(['\r', '\n'], " "))
    }

    /// Compares an answer line with the case. `seq` is the number of the request.
    #[must_use]
    pub fn judge(&self, seq: u64, answer: &str) -> Verdict {
        let Ok(parsed) = serde_json::from_str::<Answer<'_>>(answer) else {
            return Verdict::Failed(format!("the answer is not of the protocol: {answer}"));
        };
        if parsed.seq != Some(seq) {
            return Verdict::Failed(format!("the answer is for request {:?}, not {seq}", parsed.seq));
        }
        if let Some(why) = parsed.unsupported {
            return Verdict::Unsupported(why);
        }
        let wrong = |what: String| Verdict::Failed(format!("{what}\nanswer: {answer}"));
        match (&self.expect, parsed.ok, parsed.error) {
            (Expect::Error(expected), None, Some(error)) => {
                let place_fits = expected.field_path.is_none() || expected.field_path == error.field_path;
                if expected.code == error.code && place_fits {
                    Verdict::Met
                } else {
                    wrong(format!("expected the error {expected:?}"))
                }
            }
            (Expect::Findings(expected), Some(ok), None) => {
                let found = serde_json::from_str::<Found>(ok.get()).map(|found| sorted(found.findings));
                if found.is_ok_and(|found| found == sorted(expected.clone())) {
                    Verdict::Met
                } else {
                    wrong(format!("expected {expected:?}"))
                }
            }
            (Expect::Skipped(event), Some(ok), None) => {
                let answer = serde_json::from_str::<Map<String, Value>>(ok.get()).unwrap_or_default();
                if answer.get("not_a_call").and_then(Value::as_str) == Some(event) {
                    Verdict::Met
                } else {
                    wrong(format!("expected not_a_call `{event}`"))
                }
            }
            (Expect::Value(expected), Some(ok), None) => difference(expected, ok).map_or(Verdict::Met, wrong),
            _ => wrong(format!("expected {:?}", self.expect)),
        }
    }
}

#[derive(Deserialize)]
struct Found {
    findings: Vec<Fault>,
}

fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort();
    faults
}

type Object = BTreeMap<String, Box<RawValue>>;

fn object(json: &str) -> Object {
    serde_json::from_str(json).unwrap_or_default()
}

/// Returns a message about the first expected member that the answer lacks or has with another
/// value. Returns `None` if there is no such member.
fn difference(expected: &RawValue, ok: &RawValue) -> Option<String> {
    let answer = object(ok.get());
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
        "fields" if object(value.get()).is_empty() => Some("`fields` cannot be read, or names nothing".to_owned()),
        "fields" => object(value.get()).into_iter().find_map(|(pointer, value)| {
            // A null also fits an absent member.
            let given = at(&message, &pointer);
            let fits = same(value.get(), given.as_deref().unwrap_or("null"));
            (!fits).then(|| format!("`{pointer}` of the message should be {value}"))
        }),
        _ => {
            // An optional member may be null or absent.
            let given = answer.get(&name).map_or("null", |given| given.get());
            let fits = same(value.get(), given);
            (!fits).then(|| format!("`{name}` should be {value}"))
        }
    })
}

/// Returns the text of the value at a JSON Pointer. The pointer must lead through objects only.
fn at(json: &str, pointer: &str) -> Option<String> {
    pointer.split('/').skip(1).try_fold(json.to_owned(), |json, name| {
        let name = name.replace("~1", "/").replace("~0", "~");
        object(&json).remove(&name).map(|value| value.get().to_owned())
    })
}
