//! Faults that are planted in a testee, to learn whether the cases catch them.

use crate::{
    case::Case,
    recipe::Bases,
    run::{self, Outcome, Settings},
};
use serde::Deserialize;
use std::{
    fmt::Write as _,
    fs, io,
    path::{Component, Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A table of faults.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutantTable {
    /// The faults.
    pub mutants: Vec<Mutant>,
}

/// A fault: a change of one place in the source of a testee.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// The name.
    pub name: String,
    /// The mistake that an implementer would make.
    pub mistake: String,
    /// The file, from the folder of the testee. It is inside the folder.
    pub file: PathBuf,
    /// The text that is replaced. The file has it once.
    pub find: String,
    /// The text that replaces it.
    pub replace: String,
    /// The beginning of the ids of the cases that are run.
    pub cases: String,
}

/// The cases that caught a fault.
#[derive(Debug)]
pub struct Caught<'m> {
    /// The fault.
    pub mutant: &'m Mutant,
    /// The ids of the cases that failed.
    pub by: Vec<String>,
}

/// The folder of a testee, and the way to start the testee there.
#[derive(Debug, Clone, Copy)]
pub struct Source<'s> {
    /// The folder, which is copied.
    pub folder: &'s Path,
    /// The folder for the copies.
    pub work: &'s Path,
    /// The way to start the program. `{}` in an argument is the folder of the copy.
    pub settings: &'s Settings,
}

/// Plants each fault in a copy of a testee and runs the cases. Calls `done` after each fault.
///
/// # Errors
///
/// Returns a message if the testee fails without a fault, or if a fault cannot be planted.
pub fn run<'m>(
    table: &'m MutantTable,
    source: Source<'_>,
    cases: &[Case],
    bases: &Bases,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Caught<'m>>, String> {
    let copy = source.copy("sound", None)?;
    let sound = run::run(cases, bases, &source.in_copy(&copy), &|| {})?;
    if let Some(failed) = sound.cases.iter().find(|result| result.outcome == Outcome::Failed) {
        let reason = failed.reason.as_deref().unwrap_or_default();
        return Err(format!("the testee fails without a fault: {}: {reason}", failed.id));
    }
    let (next, caught) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || -> Result<(), String> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = table.mutants.get(at) else { return Ok(()) };
            let copy = source.copy(&at.to_string(), Some(mutant))?;
            let chosen: Vec<&Case> = cases.iter().filter(|case| case.id.starts_with(&mutant.cases)).collect();
            let by = match run::run(&chosen, bases, &source.in_copy(&copy), &|| {}) {
                Ok(results) => {
                    let failed = results.cases.into_iter().filter(|result| result.outcome == Outcome::Failed);
                    failed.map(|result| result.id).collect()
                }
                // A testee that does not start is caught by every case.
                Err(_) => chosen.iter().map(|case| case.id.clone()).collect(),
            };
            fs::remove_dir_all(&copy).map_err(|error| format!("{}: {error}", copy.display()))?;
            if let Ok(mut caught) = caught.lock() {
                caught.push((at, Caught { mutant, by }));
            }
            done();
        }
    };
    run::in_threads(source.settings.jobs, work)?.into_iter().collect::<Result<(), String>>()?;
    let mut caught = caught.into_inner().unwrap_or_default();
    caught.sort_by_key(|(at, _)| *at);
    Ok(caught.into_iter().map(|(_, caught)| caught).collect())
}

impl Source<'_> {
    /// Copies the testee to the folder `name` and plants a fault. Returns the folder of the copy.
    fn copy(&self, name: &str, mutant: Option<&Mutant>) -> Result<PathBuf, String> {
        let to = self.work.join(name);
        copy_folder(self.folder, &to).map_err(|error| format!("{}: {error}", to.display()))?;
        let Some(mutant) = mutant else { return Ok(to) };
        let path = to.join(&mutant.file);
        let fail = |reason: &dyn std::fmt::Display| format!("`{}`: {}: {reason}", mutant.name, mutant.file.display());
        if !mutant.file.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(fail(&"the file must be in the folder of the testee"));
        }
        let text = fs::read_to_string(&path).map_err(|error| fail(&error))?;
        match text.matches(&mutant.find).count() {
            1 => fs::write(&path, text.replace(&mutant.find, &mutant.replace)).map_err(|error| fail(&error))?,
            count => return Err(fail(&format!("the text to replace is there {count} times, and must be there once"))),
        }
        Ok(to)
    }

    fn in_copy(&self, copy: &Path) -> Settings {
        let folder = copy.to_string_lossy();
        let command = self.settings.command.iter().map(|argument| argument.replace("{}", &folder)).collect();
        Settings { command, jobs: 1, ..self.settings.clone() }
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            // Python's compiled files would hide the fault.
            if entry.file_name() != "__pycache__" {
                copy_folder(&entry.path(), &target)?;
            }
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The score of the cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// The number of faults.
    pub all: usize,
    /// The faults that at least one case caught.
    pub caught: usize,
    /// The faults that only one case caught.
    pub by_one: usize,
}

impl Score {
    /// Counts.
    #[must_use]
    pub fn of(caught: &[Caught<'_>]) -> Self {
        Self {
            all: caught.len(),
            caught: caught.iter().filter(|caught| !caught.by.is_empty()).count(),
            by_one: caught.iter().filter(|caught| caught.by.len() == 1).count(),
        }
    }

    /// Returns whether every fault was caught, and no more than a third by only one case.
    #[must_use]
    pub fn is_good(self) -> bool {
        self.caught == self.all && self.by_one * 3 <= self.all
    }
}

/// Returns the result as a page.
#[must_use]
pub fn page(caught: &[Caught<'_>]) -> String {
    let Score { all, caught: number, by_one } = Score::of(caught);
    let mut text = format!(
        "# Faults that the cases catch\n\n`vcp-conformance mutants` plants each fault in the testee in Python, runs \
         the cases, and\nwrites this page.\n\nCaught: {number} of {all}. Caught by one case only: {by_one}.\n\n\
         | fault | mistake | caught by | such as |\n|---|---|---|---|\n"
    );
    for Caught { mutant, by } in caught {
        let example = by.first().map(|id| format!("`{id}`")).unwrap_or_default();
        let _ = writeln!(text, "| `{}` | {} | {} | {example} |", mutant.name, mutant.mistake, by.len());
    }
    text
}
