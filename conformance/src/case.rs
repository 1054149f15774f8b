//! Cases: what they look like, and whether an answer meets one.

use crate::json::same;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use std::collections::BTreeMap;

/// A file of cases on one topic (`schemas/cases.schema.json`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// What the topic protects against.
    pub about: String,
    /// The flags of cases, explained: what a wrong answer means.
    #[serde(default)]
    pub notes: Map<String, Value>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// `area::topic::name`; never changed, never used again.
    pub id: String,
    /// What it shows, in one line.
    pub title: String,
    /// The decision or the section of the specification that it comes from.
    pub spec: String,
    /// Flags explained in the file's notes.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Optional capabilities that it needs.
    #[serde(default)]
    pub features: Vec<String>,
    /// The operation of the protocol.
    pub op: String,
    /// The other members of the request.
    pub input: Box<RawValue>,
    /// What must come back.
    pub expect: Expect,
}

/// What must come back: exactly one of these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expect {
    /// These members of `ok`. `message` stands for `message_text`, compared as JSON; `message_json` for the same, given as text;
    /// `fields` for some of its members, by JSON Pointer.
    Value(Box<RawValue>),
    /// Exactly these findings, in any order.
    Findings(Vec<Fault>),
    /// This error.
    Error(Fault),
    /// Not a call record: the name of the event.
    Skipped(String),
}

/// An error or a finding, as far as implementations must agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// The code.
    pub code: String,
    /// The severity; findings only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_path: Option<String>,
}

/// An answer of a testee.
#[derive(Debug, Deserialize)]
struct Answer<'a> {
    seq: Option<u64>,
    #[serde(borrow)]
    ok: Option<&'a RawValue>,
    error: Option<Fault>,
    unsupported: Option<String>,
}

/// How an answer compares with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Met,
    /// The testee says that it does not support the operation.
    Unsupported(String),
    /// Otherwise; why.
    Failed(String),
}

impl Case {
    /// The request line for this case.
    ///
    /// # Errors
    ///
    /// When `input` is no object.
    pub fn request(&self, seq: u64) -> Result<String, String> {
        let members = self.input.get().trim().strip_prefix('{').ok_or("`input` is an object")?;
        let comma = if members.trim() == "}" { "" } else { "," };
        let line = format!("{{\"seq\":{seq},\"op\":{}{comma}{members}", Value::from(self.op.as_str()));
        // Line breaks stand only between tokens here.
        Ok(line.replace(['\r', '\n'], " "))
    }

    /// Compares an answer with the case.
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

/// The first expected member that the answer does not have as expected.
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
            let fits = at(&message, &pointer).is_some_and(|given| same(value.get(), &given));
            (!fits).then(|| format!("`{pointer}` of the message should be {value}"))
        }),
        _ => {
            // An optional member of the answer may be null or absent.
            let given = answer.get(&name).map_or("null", |given| given.get());
            let fits = same(value.get(), given);
            (!fits).then(|| format!("`{name}` should be {value}"))
        }
    })
}

/// The text of a member of objects, by JSON Pointer.
fn at(json: &str, pointer: &str) -> Option<String> {
    pointer.split('/').skip(1).try_fold(json.to_owned(), |json, name| {
        let name = name.replace("~1", "/").replace("~0", "~");
        object(&json).remove(&name).map(|value| value.get().to_owned())
    })
}
