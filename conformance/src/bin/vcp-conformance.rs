//! The program `vcp-conformance`: runs the suite against any program that speaks the protocol
//! `vcp-conformance/1`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};
use vcp_conformance::{
    case::{self, Case, Level},
    mutants::{self, Caught, MutantTable, Score, Source},
    output::{self, Difference},
    pack,
    recipe::Bases,
    run::{self, Counts, ExpectedFailures, Outcome, Results, Settings},
    smoke, template,
};
use vcp_validate::visible;

/// Runs the conformance cases of the Voice Context Protocol.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 as expected, 1 a case or a check failed, 2 the command could not be followed."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the cases against a program.
    #[command(after_help = "Example: vcp-conformance run --level must -- python3 my_testee.py")]
    Run(Run),
    /// Check a new adapter step by step, before the cases are run.
    #[command(after_help = "Example: vcp-conformance smoke -- node my_testee.js")]
    Smoke {
        /// The time that each answer may take, in seconds.
        #[arg(long, default_value_t = 10.0)]
        timeout: f64,
        /// The program and its arguments.
        #[arg(last = true, required = true)]
        program: Vec<String>,
    },
    /// List the cases.
    #[command(after_help = "Example: vcp-conformance list --filter verify::retell")]
    List(Choice),
    /// Print the beginning of a new case.
    #[command(after_help = "Example: vcp-conformance new-case parse::numbers::plus_sign --op parse")]
    NewCase {
        /// The id of the case: area::topic::name.
        id: String,
        /// The operation of the case.
        #[arg(long)]
        op: String,
        #[command(flatten)]
        suite: Suite,
    },
    /// Show which cases changed between two results that `run --json` wrote. Fails if one passed
    /// before, and fails or is left out now.
    #[command(after_help = "Example: vcp-conformance diff before.json after.json")]
    Diff {
        /// The earlier results.
        before: PathBuf,
        /// The later results.
        after: PathBuf,
    },
    /// Plant faults in copies of a testee, and show which the cases catch. Fails if one is not
    /// caught, or if more than a third are caught by one case only.
    #[command(
        after_help = "Example: VCP_SUITE=. vcp-conformance mutants --testee conformance/testees/python -- python3 {}/testee.py"
    )]
    Mutants(Mutants),
    /// Write the suite as an archive, with a manifest, for teams that do not use Rust.
    #[command(after_help = "Example: vcp-conformance pack target")]
    Pack {
        /// The folder for the archive.
        folder: PathBuf,
        #[command(flatten)]
        suite: Suite,
    },
    /// Write one HTML page for results that `run --json` wrote.
    #[command(after_help = "Example: vcp-conformance report page.html rust.json python.json")]
    Report {
        /// The page.
        page: PathBuf,
        /// The results.
        #[arg(required = true)]
        results: Vec<PathBuf>,
    },
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    choice: Choice,
    /// The time that each answer may take, in seconds.
    #[arg(long, default_value_t = 10.0)]
    timeout: f64,
    /// The number of processes that run at the same time.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// A file that lists the cases that are expected to fail, with reasons.
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
    /// Write the results as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the results as a JUnit file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    program: Vec<String>,
}

#[derive(Args)]
struct Mutants {
    #[command(flatten)]
    choice: Choice,
    /// The table of faults. Without it, `mutants.json` of the suite.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// The folder of the testee, which is copied.
    #[arg(long, value_name = "FOLDER")]
    testee: PathBuf,
    /// Only faults whose name contains this text.
    #[arg(long, value_name = "TEXT", default_value = "")]
    mutant: String,
    /// The time that each answer may take, in seconds.
    #[arg(long, default_value_t = 10.0)]
    timeout: f64,
    /// The number of faults that are tried at the same time.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Write the result as a page.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// The program and its arguments. `{}` is the folder of the copy.
    #[arg(last = true, required = true)]
    program: Vec<String>,
}

#[derive(Args)]
struct Choice {
    /// Only cases whose id contains this text. May be given several times.
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Only cases of this level.
    #[arg(long)]
    level: Option<LevelName>,
    /// Only cases that need this feature.
    #[arg(long)]
    feature: Option<String>,
    #[command(flatten)]
    suite: Suite,
}

#[derive(Args)]
struct Suite {
    /// The folder of the suite, which has `cases` and `bases`. Without it, `conformance` or the
    /// current folder.
    #[arg(long, value_name = "FOLDER")]
    suite: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LevelName {
    Must,
    May,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Must => Self::Must,
            LevelName::May => Self::May,
        }
    }
}

impl Suite {
    fn folder(&self) -> Result<PathBuf, String> {
        let candidates = self
            .suite
            .iter()
            .cloned()
            .chain(["conformance", "."].into_iter().map(PathBuf::from).filter(|_| self.suite.is_none()));
        candidates.into_iter().find(|folder| folder.join("cases").is_dir()).ok_or_else(|| {
            let places = match &self.suite {
                Some(folder) => format!("`{}`", folder.display()),
                None => "`conformance` or in the current folder".to_owned(),
            };
            format!("no folder `cases` in {places}: name the folder of the suite with --suite")
        })
    }

    fn cases(&self) -> Result<Vec<Case>, String> {
        let files = case::read_all(&self.folder()?.join("cases"))?;
        Ok(files.into_iter().flat_map(|(_, file)| file.cases).collect())
    }
}

impl Choice {
    fn has(&self, case: &Case) -> bool {
        let level = self.level.map(Level::from);
        (self.filter.is_empty() || self.filter.iter().any(|text| case.id.contains(text.as_str())))
            && level.is_none_or(|level| case.level == level)
            && self.feature.as_ref().is_none_or(|feature| case.lacks(&[]) == Some(feature))
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Run(run) => run_cases(&run),
        Command::Smoke { timeout, program } => seconds(timeout).and_then(|timeout| {
            let (text, is_fine) = smoke::check(&program, timeout);
            print(&text).map(|()| is_fine)
        }),
        Command::List(choice) => list(&choice),
        Command::NewCase { id, op, suite } => new_case(&id, &op, &suite),
        Command::Diff { before, after } => diff(&before, &after),
        Command::Mutants(mutants) => plant(&mutants),
        Command::Pack { folder, suite } => suite
            .folder()
            .and_then(|suite| pack::pack(&suite, &folder))
            .and_then(|path| print(&format!("{}\n", path.display())).map(|()| true)),
        Command::Report { page, results } => report(&page, &results),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            // There is no other place to tell it.
            let _ = writeln!(io::stderr().lock(), "error: {}", visible(&message));
            ExitCode::from(2)
        }
    }
}

/// Prints lines for people. What a program under test wrote cannot move the cursor or hide a line.
/// A reader that stopped reading is no fault.
fn print(text: &str) -> Result<(), String> {
    let lines: Vec<_> = text.split('\n').map(visible).collect();
    match io::stdout().lock().write_all(lines.join("\n").as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write: {error}")),
        _ => Ok(()),
    }
}

fn seconds(timeout: f64) -> Result<Duration, String> {
    let timeout = Duration::try_from_secs_f64(timeout).map_err(|error| format!("--timeout: {error}"))?;
    if timeout.is_zero() { Err("--timeout: must be more than 0 seconds".to_owned()) } else { Ok(timeout) }
}

fn run_cases(arguments: &Run) -> Result<bool, String> {
    let settings =
        Settings { command: arguments.program.clone(), timeout: seconds(arguments.timeout)?, jobs: arguments.jobs };
    let bases = arguments.choice.suite.folder()?.join("bases");
    let bases = Bases::read(&bases).map_err(|error| format!("{}: {error}", bases.display()))?;
    let all = arguments.choice.suite.cases()?;
    let ids: BTreeSet<String> = all.iter().map(|case| case.id.clone()).collect();
    let cases: Vec<Case> = all.into_iter().filter(|case| arguments.choice.has(case)).collect();
    if cases.is_empty() {
        return Err("no case fits: use `list` to see the ids".to_owned());
    }
    let expected = arguments.expected.as_deref().map(read_json::<ExpectedFailures>).transpose()?.unwrap_or_default();
    let bar = bar(cases.len(), "cases");
    let results = run::run(&cases, &bases, &settings, &|| bar.inc(1));
    bar.finish_and_clear();
    let mut results = results?;
    let wrong = results.expect(&expected, &ids);
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&results).map_err(|error| error.to_string())?;
        write(path, &text)?;
    }
    if let Some(path) = &arguments.junit {
        write(path, &output::junit(&results).map_err(|error| error.to_string())?)?;
    }
    print(&output::summary(&results))?;
    wrong.iter().try_for_each(|message| print(&format!("\n{}\n", visible(message))))?;
    Ok(Counts::of(results.cases.iter()).failed == 0 && wrong.is_empty())
}

/// Creates a progress bar, which is hidden if standard error is not a terminal.
fn bar(length: usize, of: &str) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template(&format!("{{bar:32}} {{pos}} of {{len}} {of}, {{eta}} left"));
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}

fn plant(arguments: &Mutants) -> Result<bool, String> {
    let suite = arguments.choice.suite.folder()?;
    let settings =
        Settings { command: arguments.program.clone(), timeout: seconds(arguments.timeout)?, jobs: arguments.jobs };
    let mut table: MutantTable = read_json(arguments.table.as_deref().unwrap_or(&suite.join("mutants.json")))?;
    table.mutants.retain(|mutant| mutant.name.contains(&arguments.mutant));
    if table.mutants.is_empty() {
        return Err(format!("no fault has `{}` in its name: see `conformance/mutants.json`", arguments.mutant));
    }
    let cases: Vec<Case> =
        arguments.choice.suite.cases()?.into_iter().filter(|case| arguments.choice.has(case)).collect();
    let bases = Bases::read(&suite.join("bases")).map_err(|error| format!("{}: {error}", suite.display()))?;
    let work = tempfile::tempdir().map_err(|error| format!("no folder for copies can be made: {error}"))?;
    let source = Source { folder: &arguments.testee, work: work.path(), settings: &settings };
    let bar = bar(table.mutants.len(), "faults");
    let caught = mutants::run(&table, source, &cases, &bases, &|| bar.inc(1));
    bar.finish_and_clear();
    let caught = caught?;
    for Caught { mutant, by } in &caught {
        if by.len() < 2 {
            let by = by.first().map_or_else(|| "not caught".to_owned(), |id| format!("only caught by {id}"));
            print(&format!("{}: {by}: {}\n", mutant.name, mutant.mistake))?;
        }
    }
    let score = Score::of(&caught);
    print(&format!("caught: {} of {}, by one case only: {}\n", score.caught, score.all, score.by_one))?;
    if let Some(path) = &arguments.page {
        write(path, &mutants::page(&caught))?;
    }
    Ok(score.is_good())
}

fn list(choice: &Choice) -> Result<bool, String> {
    for case in choice.suite.cases()?.iter().filter(|case| choice.has(case)) {
        let level = if case.level == Level::Must { "must" } else { "may" };
        print(&format!("{}\t{level}\t{}\n", case.id, case.title))?;
    }
    Ok(true)
}

fn new_case(id: &str, op: &str, suite: &Suite) -> Result<bool, String> {
    let lock = suite.folder()?.join("ids.lock");
    let lock = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    if lock.lines().any(|known| known.trim_start_matches('-') == id) {
        return Err(format!("the id `{id}` is used or retired: choose another"));
    }
    print(&template::new_case(id, op)?)?;
    Ok(true)
}

fn diff(before: &Path, after: &Path) -> Result<bool, String> {
    let (before, after): (Results, Results) = (read_json(before)?, read_json(after)?);
    let difference = Difference::new(&before, &after);
    print(&difference.text())?;
    // A case that passed and is no longer run is worse too.
    let has_lost = difference.gone.iter().any(|result| result.outcome == Outcome::Passed);
    Ok(difference.worse.is_empty() && !has_lost)
}

fn report(page: &Path, results: &[PathBuf]) -> Result<bool, String> {
    // Without the name of a page, the first results would be taken for it.
    if page.extension().is_none_or(|extension| extension != "html") {
        return Err(format!("`{}` is to be a page: name a file that ends with .html", page.display()));
    }
    let runs = results.iter().map(|path| read_json(path)).collect::<Result<Vec<Results>, _>>()?;
    write(page, &output::html(&runs).map_err(|error| error.to_string())?)?;
    Ok(true)
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    output::replace(path, |file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}
