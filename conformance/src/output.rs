//! The results of runs for people and for CI: a summary, a JUnit file, and a comparison.

use crate::{
    case::Level,
    run::{CaseResult, Counts, Outcome, Results},
};
use comfy_table::{CellAlignment, Table, presets::NOTHING};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::Write as _,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};
use vcp_validate::visible;

/// Replaces the content of a file, or makes the file. Until `write` has written the new content
/// completely, the file stays as it is. A pipe, a device or a link is written directly.
///
/// # Errors
///
/// The errors of `write` and of the operating system.
pub fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let before = fs::symlink_metadata(path).ok();
    if before.as_ref().is_some_and(|about| !about.is_file()) {
        return write(&mut File::create(path)?);
    }
    let mut part = OsString::from(path);
    part.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(part);
    let mut file = File::create_new(&part)?;
    let written = before.map_or(Ok(()), |before| file.set_permissions(before.permissions()));
    let written = written.and_then(|()| write(&mut file)).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&part, path)).inspect_err(|_| drop(fs::remove_file(&part)))
}

/// The failures that a summary shows in full.
const SHOWN: usize = 40;

/// Returns a summary of a run for people.
#[must_use]
pub fn summary(results: &Results) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["area", "passed", "failed", "expected to fail", "skipped"]);
    let row = |name: &str, counts: Counts| {
        let counts = [counts.passed, counts.failed, counts.failed_as_expected, counts.skipped];
        std::iter::once(name.to_owned()).chain(counts.map(|count| count.to_string())).collect::<Vec<_>>()
    };
    for (area, cases) in results.areas() {
        table.add_row(row(area, Counts::of(cases.into_iter())));
    }
    table.add_row(row("all", Counts::of(results.cases.iter())));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let table: Vec<String> =
        table.to_string().lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()).collect();
    let mut text = format!("{}\n\n{}\n", visible(&results.name()), table.join("\n"));
    for (level, name) in [(Level::Must, "must"), (Level::May, "may")] {
        let counts = Counts::of(results.cases.iter().filter(|result| result.level == level));
        let ran = counts.passed + counts.failed + counts.failed_as_expected;
        let _ = write!(text, "\n{name}: {} of {ran} passed", counts.passed);
    }
    text.push('\n');
    let failed: Vec<&CaseResult> = results.cases.iter().filter(|result| result.outcome == Outcome::Failed).collect();
    for result in failed.iter().take(SHOWN) {
        let reason = result.reason.as_deref().unwrap_or_default().replace('\n', "\n    ");
        let (id, title) = (visible(&result.id), visible(&result.title));
        let _ = write!(text, "\n{id}\n  {title}\n  {}\n", crate::process::shortened(&reason));
    }
    if failed.len() > SHOWN {
        let _ = writeln!(text, "\nand {} more: `--json FILE` writes all", failed.len() - SHOWN);
    }
    text
}

/// Returns a run as a JUnit file.
///
/// # Errors
///
/// The file cannot be written as XML.
pub fn junit(results: &Results) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new(results.name());
    for (area, cases) in results.areas() {
        let mut suite = TestSuite::new(area);
        for result in cases {
            let reason = result.reason.clone().unwrap_or_default();
            let mut status = match result.outcome {
                Outcome::Passed => TestCaseStatus::success(),
                Outcome::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
                Outcome::FailedAsExpected | Outcome::Skipped => TestCaseStatus::skipped(),
            };
            status.set_message(reason);
            suite.add_test_case(TestCase::new(&*result.id, status));
        }
        report.add_test_suite(suite);
    }
    report.to_string()
}

/// The differences between two runs.
#[derive(Debug, Default)]
pub struct Difference<'r> {
    /// The cases that failed or were left out before, and pass now.
    pub better: Vec<&'r CaseResult>,
    /// The cases that passed before, and do not now.
    pub worse: Vec<&'r CaseResult>,
    /// The cases that only the later run has.
    pub new: Vec<&'r CaseResult>,
    /// The cases that only the earlier run has.
    pub gone: Vec<&'r CaseResult>,
}

impl<'r> Difference<'r> {
    /// Compares a run with an earlier one.
    #[must_use]
    pub fn new(before: &'r Results, after: &'r Results) -> Self {
        let by_id = |results: &'r Results| -> BTreeMap<&'r str, &'r CaseResult> {
            results.cases.iter().map(|result| (result.id.as_str(), result)).collect()
        };
        let (before, after) = (by_id(before), by_id(after));
        let mut difference = Self::default();
        for (id, result) in &after {
            let passes = result.outcome == Outcome::Passed;
            match before.get(id).map(|before| before.outcome == Outcome::Passed) {
                None => difference.new.push(result),
                Some(false) if passes => difference.better.push(result),
                Some(true) if !passes => difference.worse.push(result),
                Some(_) => {}
            }
        }
        difference.gone = before.iter().filter(|(id, _)| !after.contains_key(*id)).map(|(_, result)| *result).collect();
        difference
    }

    /// Returns the differences for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let lists = [
            ("passes now", &self.better),
            ("does not pass any more", &self.worse),
            ("is new", &self.new),
            ("is gone", &self.gone),
        ];
        for (title, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            let _ = writeln!(text, "{title}: {}", list.len());
            for result in list {
                let _ = writeln!(text, "  {}  {}", visible(&result.id), visible(&result.title));
            }
        }
        if text.is_empty() { "no difference\n".to_owned() } else { text }
    }
}

/// Returns a page with the results of several runs. It needs no other file.
///
/// # Errors
///
/// The results cannot be written as JSON.
pub fn html(runs: &[Results]) -> serde_json::Result<String> {
    let named = |results: &Results| {
        let mut value = serde_json::to_value(results)?;
        if let Some(members) = value.as_object_mut() {
            members.insert("name".to_owned(), results.name().into());
        }
        Ok(value)
    };
    let runs = runs.iter().map(named).collect::<serde_json::Result<Vec<_>>>()?;
    // No text of a case may end the script.
    let data = serde_json::to_string(&runs)?.replace('<', "\\u003c");
    Ok(include_str!("report.html").replace("@DATA@", &data))
}

#[cfg(test)]
mod tests {
    use super::replace;
    use std::{
        fs,
        io::{self, Write as _},
    };

    #[test]
    fn a_file_that_cannot_be_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        replace(&path, |file| file.write_all(b"first")).unwrap();
        let failed = replace(&path, |file| {
            file.write_all(b"half of the sec")?;
            Err(io::Error::other("no space"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no space");
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        replace(&path, |file| file.write_all(b"second")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        #[cfg(unix)]
        {
            let link = folder.path().join("latest.json");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            replace(&link, |file| file.write_all(b"3rd")).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "3rd", "a link stays a link");
        }
    }
}
