//! The first checks of a new adapter, each with advice.

use crate::{
    process::{Process, shortened},
    run::Abilities,
};
use serde_json::Value;
use std::{fmt::Write as _, time::Duration};
use vcp_validate::visible;

/// The request of a check, and the test that its answer must pass.
struct Check {
    about: &'static str,
    request: &'static str,
    is_good: fn(&Value) -> bool,
    advice: &'static str,
}

const CHECKS: [Check; 6] = [
    Check {
        about: "a line that is not JSON gets an error",
        request: "this is no request",
        is_good: |answer| answer.get("seq") == Some(&Value::Null) && is_text(answer, "/error/code"),
        advice: r#"answer {"seq": null, "error": {"code": "VCP_E007"}} and go on"#,
    },
    Check {
        about: "an unknown operation is unsupported",
        request: r#"{"seq":4294967297,"op":"no_such_operation"}"#,
        is_good: |answer| has_seq(answer, 4_294_967_297) && is_text(answer, "/unsupported"),
        advice: r#"answer {"seq": …, "unsupported": "a reason"} with the seq of the request"#,
    },
    Check {
        about: "a request without an operation gets an error",
        request: r#"{"seq":6}"#,
        is_good: |answer| has_seq(answer, 6) && is_text(answer, "/error/code"),
        advice: r#"answer {"seq": 6, "error": {"code": "VCP_E007"}} with the seq of the request"#,
    },
    Check {
        about: "another protocol is unsupported",
        request: r#"{"seq":6,"op":"hello","protocol":2}"#,
        is_good: |answer| has_seq(answer, 6) && is_text(answer, "/unsupported"),
        advice: r#"answer {"seq": 6, "unsupported": "a reason"} to a `hello` whose `protocol` is not 1"#,
    },
    Check {
        about: "an operation without its input gets an error",
        request: r#"{"seq":7,"op":"parse"}"#,
        is_good: |answer| has_seq(answer, 7) && (is_text(answer, "/error/code") || is_text(answer, "/unsupported")),
        advice: r#"answer {"seq": 7, "error": {"code": "VCP_E005"}}, or `unsupported`"#,
    },
    Check {
        about: "a message with characters beyond ASCII comes back",
        request: r#"{"seq":8,"op":"parse","input_text":"{\"vcp_version\":\"0.5\",\"vcp_payload\":{\"call\":{\"call_id\":\"Grüße 你好 😀\",\"session_id\":\"s\",\"provider\":\"retell\",\"start_time\":\"2026-10-14T12:00:00Z\"},\"model_selection\":{\"policy_id\":\"p\",\"resolved_at\":\"2026-10-14T12:00:00Z\",\"roles\":{}},\"outcomes\":{\"objective\":{\"status\":\"success\"},\"perception_gap\":{\"gap_score\":0,\"gap_class\":\"aligned\"},\"model_outcome_attribution\":{\"roles\":{},\"kpis\":{}}},\"hcr\":{\"audience\":\"a\",\"headline\":\"h\",\"outcome_status\":\"success\"},\"artifacts\":{},\"custom\":{},\"provenance\":{\"source_system\":\"x\",\"created_at\":\"2026-10-14T12:00:00Z\"}},\"audit\":{\"received_at\":\"2026-10-14T12:00:00Z\",\"schema_version\":\"0.5\"}}"}"#,
        is_good: |answer| {
            let message = answer.pointer("/ok/message_text").and_then(Value::as_str);
            let message: Option<Value> = message.and_then(|text| serde_json::from_str(text).ok());
            let id = message.as_ref().and_then(|message| message.pointer("/vcp_payload/call/call_id"));
            is_text(answer, "/unsupported") || id.is_some_and(|id| id == "Grüße 你好 😀")
        },
        advice: "read and write UTF-8, and give the message as the text `message_text`",
    },
];

fn is_text(answer: &Value, pointer: &str) -> bool {
    answer.pointer(pointer).is_some_and(Value::is_string)
}

fn has_seq(answer: &Value, seq: u64) -> bool {
    answer.get("seq").and_then(Value::as_u64) == Some(seq)
}

/// Checks a program. Returns what was found, for people, and whether all is fine.
#[must_use]
pub fn check(command: &[String], timeout: Duration) -> (String, bool) {
    let (mut text, mut is_fine) = (String::new(), true);
    let mut process = Process::new(command.to_vec(), timeout);
    let mut ask = |request: &str| match process.ask(request) {
        Ok(answer) => answer.map_err(|no_answer| no_answer.reason),
        Err(error) => Err(format!("the program cannot be started: {error}")),
    };
    let hello = ask(r#"{"seq":0,"op":"hello","protocol":1}"#).and_then(|answer| Abilities::read(&answer));
    match hello {
        Ok((_, abilities)) => {
            let _ =
                writeln!(text, "fine: the program answers `hello`; operations: {}", visible(&abilities.ops.join(", ")));
        }
        Err(reason) => {
            let reason = reason.replace('\n', "\n    ");
            let _ = writeln!(text, "wrong: the program does not answer `hello`\n  {reason}");
            let _ =
                writeln!(text, "  read one JSON line from standard input, write one to standard output, and flush it");
            return (text, false);
        }
    }
    for Check { about, request, is_good, advice } in &CHECKS {
        let wrong = match ask(request) {
            Ok(answer) => match serde_json::from_str::<Value>(&answer) {
                Ok(value) if is_good(&value) => None,
                _ => Some(format!("the answer was: {}", shortened(&answer))),
            },
            Err(reason) => Some(reason),
        };
        let wrong = wrong.map(|reason| reason.replace('\n', "\n    "));
        is_fine &= wrong.is_none();
        let _ = match wrong {
            None => writeln!(text, "fine: {about}"),
            Some(reason) => writeln!(text, "wrong: {about}\n  {reason}\n  {advice}"),
        };
    }
    (text, is_fine)
}
