//! A run of the suite against a program.

use crate::{
    case::{Case, Level},
    judge::Verdict,
    process::{NoAnswer, Process, Trouble, beginning, shortened},
    recipe::Bases,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// The way to run a program.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The time that each answer may take.
    pub timeout: Duration,
    /// The number of processes that run at the same time.
    pub jobs: usize,
}

/// The results of a run. They are written as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Results {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The answer of the program to `hello`.
    pub implementation: Value,
    /// The results of the cases, in the order of their ids.
    pub cases: Vec<CaseResult>,
}

/// The result of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseResult {
    /// The id of the case.
    pub id: String,
    /// The title of the case.
    pub title: String,
    /// The level of the case.
    pub level: Level,
    /// The outcome.
    pub outcome: Outcome,
    /// The kind of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The reason for a failure or for leaving the case out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The request, if the case failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The expectation, as JSON, if the case failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The answer, if the case failed and one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// The outcome of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer is as expected.
    Passed,
    /// The answer is not as expected, or none came.
    Failed,
    /// The case failed, as the list of expected failures says.
    FailedAsExpected,
    /// The program does not support the case.
    Skipped,
}

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The answer differs from what the case expects.
    Difference,
    /// The answer is not of the protocol.
    Junk,
    /// The program ended.
    Crash,
    /// No answer came in time.
    Hang,
    /// The program wrote more than it was asked for.
    Flood,
    /// The program closed its output.
    Closed,
    /// The case passed, although it was expected to fail.
    UnexpectedSuccess,
}

impl From<Trouble> for Kind {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Crash => Self::Crash,
            Trouble::Hang => Self::Hang,
            Trouble::Flood => Self::Flood,
            Trouble::Closed => Self::Closed,
        }
    }
}

/// The list of cases that are expected to fail.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFailures {
    /// The cases.
    pub failures: Vec<ExpectedFailure>,
}

/// A case that is expected to fail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFailure {
    /// The id of the case.
    pub id: String,
    /// The reason.
    pub reason: String,
    /// A link to more about it.
    #[serde(default)]
    pub link: Option<String>,
}

/// The operations and features of a program, from its answer to `hello`.
#[derive(Debug, Clone, Default)]
pub struct Abilities {
    /// The operations.
    pub ops: Vec<String>,
    /// The features.
    pub features: Vec<String>,
}

impl Abilities {
    /// Reads the answer to `hello`.
    ///
    /// # Errors
    ///
    /// Returns a message if the answer has no list `ops`.
    pub fn read(hello: &str) -> Result<(Value, Self), String> {
        let answer: Value = serde_json::from_str(hello)
            .map_err(|error| format!("the answer to `hello` is not JSON ({error}): {}", shortened(hello)))?;
        if answer.get("seq").and_then(Value::as_u64) != Some(0) {
            return Err(format!("the answer to `hello` has not the `seq` 0 of the request: {}", shortened(hello)));
        }
        let ok = answer.get("ok").ok_or_else(|| format!("the answer to `hello` has no `ok`: {}", shortened(hello)))?;
        let texts = |name: &str| -> Option<Vec<String>> {
            ok.get(name)?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let ops = texts("ops").ok_or("`ops` in the answer to `hello` must be a list of texts")?;
        Ok((ok.clone(), Self { ops, features: texts("features").unwrap_or_default() }))
    }
}

/// Runs cases against a program. Calls `done` after each case.
///
/// # Errors
///
/// Returns a message if the program cannot be started, or does not answer `hello`.
pub fn run<C: Borrow<Case> + Sync>(
    cases: &[C],
    bases: &Bases,
    settings: &Settings,
    done: &(dyn Fn() + Sync),
) -> Result<Results, String> {
    let mut process = Process::new(settings.command.clone(), settings.timeout);
    let program = settings.command.first().map(String::as_str).unwrap_or_default();
    let fail = |reason: &dyn std::fmt::Display| format!("`{program}`: {reason}");
    let hello = process.ask(r#"{"seq":0,"op":"hello","protocol":1}"#).map_err(|error| fail(&error))?;
    let (implementation, abilities) =
        Abilities::read(&hello.map_err(|no_answer| fail(&no_answer))?).map_err(|e| fail(&e))?;
    drop(process);
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        let mut process = Process::new(settings.command.clone(), settings.timeout);
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = run_case(case.borrow(), bases, &abilities, &mut process);
            if let Ok(mut results) = results.lock() {
                results.push(result);
            }
            done();
        }
    };
    in_threads(settings.jobs, work)?;
    let mut cases = results.into_inner().unwrap_or_default();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Results { command: settings.command.clone(), implementation, cases })
}

/// Does work in `jobs` threads, or in fewer if the system refuses more. Returns when all have
/// ended.
pub(crate) fn in_threads<T: Send>(jobs: usize, work: impl Fn() -> T + Sync) -> Result<Vec<T>, String> {
    thread::scope(|scope| {
        let mut running = Vec::new();
        for _ in 0..jobs.max(1) {
            match thread::Builder::new().spawn_scoped(scope, &work) {
                Ok(thread) => running.push(thread),
                Err(error) if running.is_empty() => return Err(format!("cannot start a thread: {error}")),
                Err(_) => break,
            }
        }
        running.into_iter().map(|thread| thread.join().map_err(|_| "a thread failed".to_owned())).collect()
    })
}

/// The most characters of a wrong answer that are kept. Thousands of answers can be wrong.
const MOST_KEPT: usize = 1 << 16;

/// Runs one case.
fn run_case(case: &Case, bases: &Bases, abilities: &Abilities, process: &mut Process) -> CaseResult {
    let result = |outcome, kind, reason| CaseResult {
        id: case.id.clone(),
        title: case.title.clone(),
        level: case.level,
        outcome,
        kind,
        reason,
        request: None,
        expected: None,
        answer: None,
    };
    let skipped = |reason: String| result(Outcome::Skipped, None, Some(reason));
    if !abilities.ops.contains(&case.op) {
        return skipped(format!("the operation `{}` is not supported", case.op));
    }
    if let Some(feature) = case.lacks(&abilities.features) {
        return skipped(format!("the feature `{feature}` is not supported"));
    }
    // The numbers of requests need not follow each other.
    let seq = 1 + case.id.bytes().fold(0_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_000);
    let request = match case.request(seq, bases) {
        Ok(request) => request,
        Err(reason) => return result(Outcome::Failed, Some(Kind::Difference), Some(reason)),
    };
    let answer = match process.ask(&request) {
        Ok(answer) => answer,
        Err(error) => Err(NoAnswer { trouble: Trouble::Crash, reason: error.to_string() }),
    };
    let (kind, reason) = match &answer {
        Err(no_answer) => (no_answer.trouble.into(), no_answer.reason.clone()),
        Ok(answer) => match case.judge(seq, answer, abilities.features.iter().any(|name| name == Case::REPORT)) {
            Verdict::Met => return result(Outcome::Passed, None, None),
            Verdict::Unsupported(why) => return skipped(why),
            Verdict::Failed(reason) => (Kind::Difference, reason),
            Verdict::NotOfTheProtocol(reason) => {
                // The answer may still come, and would be taken for that of the next case.
                process.stop();
                (Kind::Junk, reason)
            }
        },
    };
    CaseResult {
        request: Some(request),
        expected: serde_json::to_string_pretty(&case.expect).ok(),
        answer: answer.ok().map(|answer| beginning(&answer, MOST_KEPT)),
        ..result(Outcome::Failed, Some(kind), Some(reason))
    }
}

/// The number of cases with each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Cases that passed.
    pub passed: usize,
    /// Cases that failed, and those that passed although they were expected to fail.
    pub failed: usize,
    /// Cases that failed as expected.
    pub failed_as_expected: usize,
    /// Cases that were left out.
    pub skipped: usize,
}

impl Counts {
    /// Counts the outcomes of some results.
    #[must_use]
    pub fn of<'r>(results: impl Iterator<Item = &'r CaseResult>) -> Self {
        let mut counts = Self::default();
        for result in results {
            match result.outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Failed => counts.failed += 1,
                Outcome::FailedAsExpected => counts.failed_as_expected += 1,
                Outcome::Skipped => counts.skipped += 1,
            }
        }
        counts
    }
}

impl Results {
    /// Applies a list of expected failures. A listed case that passes becomes a failure. Returns a
    /// message for each entry that names no case of this run.
    pub fn expect(&mut self, expected: &ExpectedFailures, all: &BTreeSet<String>) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut seen = BTreeSet::new();
        for entry in &expected.failures {
            if !all.contains(&entry.id) {
                wrong.push(format!("`{}` is expected to fail, but there is no such case", entry.id));
            }
            if !seen.insert(&entry.id) {
                wrong.push(format!("`{}` is listed twice", entry.id));
            }
            if entry.reason.trim().is_empty() {
                wrong.push(format!("`{}` is expected to fail without a reason", entry.id));
            }
            let Some(result) = self.cases.iter_mut().find(|result| result.id == entry.id) else { continue };
            match result.outcome {
                Outcome::Failed => {
                    result.outcome = Outcome::FailedAsExpected;
                    result.reason = Some(entry.reason.clone());
                }
                Outcome::Passed => {
                    result.outcome = Outcome::Failed;
                    result.kind = Some(Kind::UnexpectedSuccess);
                    result.reason =
                        Some("passes, but is listed as expected to fail: remove it from the list".to_owned());
                }
                Outcome::Skipped => wrong.push(format!("`{}` is expected to fail, but was skipped", entry.id)),
                Outcome::FailedAsExpected => {}
            }
        }
        wrong
    }

    /// Returns the results of each area, the first part of the ids.
    #[must_use]
    pub fn areas(&self) -> BTreeMap<&str, Vec<&CaseResult>> {
        let mut areas: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
        for result in &self.cases {
            areas.entry(result.id.split("::").next().unwrap_or_default()).or_default().push(result);
        }
        areas
    }

    /// Returns the name of the implementation, with its version and language.
    #[must_use]
    pub fn name(&self) -> String {
        let text = |name: &str| self.implementation.get(name).and_then(Value::as_str);
        let name = text("implementation").unwrap_or("unnamed implementation");
        let version = text("version").map(|version| format!(" {version}")).unwrap_or_default();
        let language = text("language").map(|language| format!(" ({language})")).unwrap_or_default();
        format!("{name}{version}{language}")
    }
}
