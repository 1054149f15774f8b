//! Conformance cases.

use crate::recipe::Bases;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use serde_with::skip_serializing_none;
use std::{
    fs,
    path::{Path, PathBuf},
};

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
    /// The title: the behaviour that the case protects, in one line.
    pub title: String,
    /// The texts that the case rests on: `decision 1.5`, or an entry of `SOURCES.md`.
    pub basis: Vec<String>,
    /// The level of the case.
    pub level: Level,
    /// The flags of the case. [`CaseFile::notes`] explains them.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The optional features that the testee needs for this case.
    #[serde(default)]
    pub features: Vec<String>,
    /// The operation of the protocol.
    pub op: String,
    /// The members of the request other than `seq` and `op`. A text may be a recipe.
    pub input: Box<RawValue>,
    /// The expected answer.
    pub expect: Expect,
}

/// The level of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every implementation must pass.
    Must,
    /// An implementation may do otherwise.
    May,
}

/// The expected answer to a case: either a value, a report or both, or findings, or an error, or an
/// event that is skipped.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The members that `ok` must have, with their values. Null also fits an absent member.
    ///
    /// - `message` is compared with `message_text` as JSON.
    /// - `message_json` is the same, given as text.
    /// - `fields` is compared with single members of the message, by JSON Pointer.
    /// - `data_text` is compared with the spelling of members of the message, by JSON Pointer.
    pub value: Option<Box<RawValue>>,
    /// The lists of the report, each compared as a set. A testee without the feature `report` is
    /// not asked for them.
    pub report: Option<Box<RawValue>>,
    /// The verdict of a validation.
    pub valid: Option<bool>,
    /// All findings, in any order.
    pub findings: Option<Vec<Fault>>,
    /// The error. Its place is compared only if the case gives one.
    pub error: Option<Fault>,
    /// The name of an event that is not a call record.
    pub skipped: Option<String>,
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

impl Case {
    /// The feature of testees that write reports.
    pub const REPORT: &str = "report";

    /// Returns the request line for this case, without a line break.
    ///
    /// # Errors
    ///
    /// Returns a message if `input` is not an object, or if a recipe cannot be followed.
    pub fn request(&self, seq: u64, bases: &Bases) -> Result<String, String> {
        let input = bases.input(self.input.get())?;
        let members = input.strip_prefix('{').unwrap_or_default();
        let comma = if members == "}" { "" } else { "," };
        let line = format!("{{\"seq\":{seq},\"op\":{}{comma}{members}", Value::from(self.op.as_str()));
        // Here a line break can only be white space between tokens.
        Ok(line.replace(['\r', '\n'], " "))
    }

    /// Returns the first feature that the case needs and the testee lacks.
    #[must_use]
    pub fn lacks<'c>(&'c self, features: &[String]) -> Option<&'c str> {
        let lacks = |feature: &&str| features.iter().all(|known| known != feature);
        let only_report = self.expect.report.is_some() && self.expect.value.is_none();
        let needs = self.features.iter().map(String::as_str).chain(only_report.then_some(Self::REPORT));
        needs.into_iter().find(lacks)
    }
}

/// Reads all case files of a folder, in the order of their paths.
///
/// # Errors
///
/// Returns a message with the path if the folder or a file cannot be read.
pub fn read_all(folder: &Path) -> Result<Vec<(PathBuf, CaseFile)>, String> {
    let fail = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| fail(&folder, &error))? {
            let path = entry.map_err(|error| fail(&folder, &error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).map_err(|error| fail(&path, &error))?;
        let file = serde_json::from_str(&text).map_err(|error| fail(&path, &error))?;
        Ok((path, file))
    };
    paths.into_iter().map(read).collect()
}
