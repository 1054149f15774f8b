//! The comparison of an answer with a case.

use crate::{
    case::{Case, Fault},
    json::{same, spelling},
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;
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
        if parsed.ok.is_some_and(|ok| serde_json::from_str::<Object>(ok.get()).is_err()) {
            return Verdict::NotOfTheProtocol("`ok` must be an object".to_owned());
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
            let found = answer.get("findings").and_then(|list| serde_json::from_str::<Vec<Fault>>(list.get()).ok());
            let Some(found) = found else { return Some("`findings` is missing, or cannot be read".to_owned()) };
            return match difference_of_sets(expected, &found, |a, b| a == b) {
                (Some(fault), _) => Some(format!("the finding {} is missing", shown(fault))),
                (None, Some(fault)) => Some(format!("the finding {} is wrong", shown(fault))),
                (None, None) => None,
            };
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

/// Compares two lists without regard to order. Returns the first element that is missing, and the
/// first that nobody expects. Each element counts once.
fn difference_of_sets<'l, T>(
    expected: &'l [T],
    given: &'l [T],
    is_same: impl Fn(&T, &T) -> bool,
) -> (Option<&'l T>, Option<&'l T>) {
    let mut left: Vec<&T> = given.iter().collect();
    let missing = expected.iter().find(|wanted| match left.iter().position(|given| is_same(wanted, given)) {
        Some(at) => {
            left.remove(at);
            false
        }
        None => true,
    });
    (missing, left.first().copied())
}

type Object = BTreeMap<String, Box<RawValue>>;

fn object(json: &str) -> Object {
    serde_json::from_str(json).unwrap_or_default()
}

/// Returns a message about the first expected member that the answer lacks or has with another
/// value.
fn wrong_value(expected: &RawValue, answer: &Object) -> Option<String> {
    let message = answer.get("message_text").and_then(|text| serde_json::from_str::<String>(text.get()).ok());
    let message = message.filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    let is_of_message = |name: &str| ["message", "message_json", "fields", "data_text"].contains(&name);
    let Ok(expected) = serde_json::from_str::<Object>(expected.get()) else {
        return Some("the expectation cannot be read".to_owned());
    };
    if message.is_none() && expected.keys().any(|name| is_of_message(name)) {
        return Some("`message_text` is missing, or is no text with JSON".to_owned());
    }
    let message = message.unwrap_or_default();
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
        // That of `normalize` can be null, but is not optional.
        "value" if !answer.contains_key("value") => Some("`value` is missing".to_owned()),
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
        let (wanted, given): (Vec<&str>, Vec<&str>) =
            (members::elements(list.get()).collect(), members::elements(given).collect());
        match difference_of_sets(&wanted, &given, |a, b| same(a, b)) {
            (Some(entry), _) => Some(format!("`{name}` of the report lacks {entry}")),
            (None, Some(entry)) => Some(format!("`{name}` of the report should not have {entry}")),
            (None, None) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(expect: &str, answer: &str, reports: bool) -> Verdict {
        let case = format!(
            r#"{{"id":"a::b::c","title":"t","basis":[],"level":"must","op":"map","input":{{}},"expect":{expect}}}"#
        );
        serde_json::from_str::<Case>(&case).unwrap().judge(1, answer, reports)
    }

    #[test]
    fn an_answer_that_is_not_of_the_protocol_is_told_apart() {
        for answer in [
            "",
            "not json",
            "[]",
            r#"{"ok":{}}"#,
            r#"{"seq":2,"ok":{}}"#,
            r#"{"seq":"1","ok":{}}"#,
            r#"{"seq":1}"#,
            r#"{"seq":1,"ok":{},"error":{"code":"VCP_E001"}}"#,
            r#"{"seq":1,"ok":{},"unsupported":"x"}"#,
            r#"{"seq":1,"error":"VCP_E001"}"#,
            r#"{"seq":1,"ok":[]}"#,
            r#"{"seq":1,"ok":"{}"}"#,
        ] {
            let verdict = judge(r#"{"value":{"event":null}}"#, answer, true);
            assert!(matches!(verdict, Verdict::NotOfTheProtocol(_)), "{answer}: {verdict:?}");
        }
        let verdict = judge(r#"{"value":{"event":null}}"#, r#"{"seq":1,"unsupported":"map"}"#, true);
        assert_eq!(verdict, Verdict::Unsupported("map".to_owned()));
    }

    #[test]
    fn every_part_of_an_expectation_is_compared() {
        let message = r#""message_text":"{\"a\":{\"n\":1.50,\"t\":\"\\u00e9\"},\"b\":null}""#;
        for (expect, answer, is_met) in [
            (r#"{"value":{"message":{"b":null,"a":{"t":"é","n":1.5}}}}"#.to_owned(), message.to_owned(), true),
            (r#"{"value":{"message":{"a":{"t":"é","n":1.5}}}}"#.to_owned(), message.to_owned(), false),
            (r#"{"value":{"fields":{"/a/n":1.5,"/c":null}}}"#.to_owned(), message.to_owned(), true),
            (r#"{"value":{"fields":{"/a/n":1.5001}}}"#.to_owned(), message.to_owned(), false),
            (r#"{"value":{"data_text":{"/a/n":"1.50"}}}"#.to_owned(), message.to_owned(), true),
            (r#"{"value":{"data_text":{"/a/n":"1.5"}}}"#.to_owned(), message.to_owned(), false),
            (r#"{"value":{"event":"e"}}"#.to_owned(), r#""event":"e""#.to_owned(), true),
            (r#"{"value":{"event":"e"}}"#.to_owned(), r#""event":"f""#.to_owned(), false),
            (r#"{"valid":true}"#.to_owned(), r#""valid":false"#.to_owned(), false),
            (r#"{"valid":true,"findings":[]}"#.to_owned(), r#""valid":true,"findings":[]"#.to_owned(), true),
            (r#"{"valid":true,"findings":[]}"#.to_owned(), r#""valid":true"#.to_owned(), false),
            (r#"{"valid":true,"findings":[]}"#.to_owned(), r#""valid":true,"findings":[{"kode":1}]"#.to_owned(), false),
            (r#"{"value":{"fields":{"/a":null}}}"#.to_owned(), r#""message_text":"{}""#.to_owned(), true),
            (r#"{"value":{"fields":{"/a":null}}}"#.to_owned(), String::new(), false),
            (r#"{"value":{"value":null}}"#.to_owned(), r#""value":null"#.to_owned(), true),
            (r#"{"value":{"value":null}}"#.to_owned(), String::new(), false),
            (r#"{"skipped":"x"}"#.to_owned(), r#""not_a_call":"x""#.to_owned(), true),
            (r#"{"skipped":"x"}"#.to_owned(), r#""not_a_call":"y""#.to_owned(), false),
            (r#"{"error":{"code":"VCP_E001"}}"#.to_owned(), r#""event":"e""#.to_owned(), false),
        ] {
            let verdict = judge(&expect, &format!(r#"{{"seq":1,"ok":{{{answer}}}}}"#), true);
            assert_eq!(verdict == Verdict::Met, is_met, "{expect} {answer}: {verdict:?}");
        }
    }

    #[test]
    fn reports_are_compared_as_sets_if_there_are_reports() {
        let expect = r#"{"report":{"unread":["/a","/b","/b"]}}"#;
        let answer = |list: &str| format!(r#"{{"seq":1,"ok":{{"unread":{list}}}}}"#);
        assert_eq!(judge(expect, &answer(r#"["/b","/a","/b"]"#), true), Verdict::Met);
        for wrong in [r#"["/a","/b"]"#, r#"["/a","/b","/b","/c"]"#, r#"["/a","/a","/b"]"#, "[]", "null"] {
            assert!(matches!(judge(expect, &answer(wrong), true), Verdict::Failed(_)), "{wrong}");
            assert_eq!(judge(expect, &answer(wrong), false), Verdict::Met, "{wrong}");
        }
    }
}
