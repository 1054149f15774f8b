//! `vcp rules`: rule files of a provider of your own.

use crate::{
    input, output,
    providers::{Files, json_files},
};
use chrono::DateTime;
use clap::Subcommand;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use vcp_sdk::{Mapper, Mapping, Registry, mapping::Unmatched};

/// Write, check and test the rule files of a provider of your own.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: vcp rules new parrot && vcp rules test parrot && vcp map --rules parrot --provider parrot body.json"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a folder with rule files to begin with, a sample delivery and what is expected of it.
    #[command(after_help = "Example: vcp rules new parrot")]
    New {
        /// The folder. Its name is the name of the provider.
        folder: PathBuf,
    },
    /// Check the rule files of a folder, and show the parts that match nothing in the samples.
    #[command(after_help = "Example: vcp rules lint parrot")]
    Lint {
        /// The folder. Samples are `samples/*.json` in it.
        folder: PathBuf,
    },
    /// Map the samples of a folder and compare the messages with `samples/*.expected.json`.
    #[command(after_help = "Example: vcp rules test parrot")]
    Test {
        /// The folder.
        folder: PathBuf,
        /// Write the messages as expected from now on.
        #[arg(long)]
        update: bool,
    },
    /// List the fields that rules can write.
    #[command(after_help = "Example: vcp rules targets")]
    Targets,
}

const PROVIDER: &str = r#"{
  "provider": "NAME",
  "info": {
    "name": "NAME",
    "company": "NAME",
    "website": "https://example.com",
    "docs_url": "https://example.com/docs",
    "api_base_url": "https://api.example.com"
  },
  "detect": [{"has": ["event"], "event_from": "event"}],
  "events": {"call.finished": {"rules": "call", "key": ["id"]}},
  "tables": {
    "reason": {"words": {"hangup": "success", "no_answer": "timeout"}, "complete": true}
  }
}
"#;

const CALL: &str = r#"{
  "provider": "NAME",
  "name": "call",
  "rules": [
    {"to": "call.call_id", "from": {"path": "id", "as": "id"}},
    {"to": "call.start_time", "from": {"path": "started_at", "as": "time"}},
    {"to": "call.duration_sec", "from": {"path": "seconds", "as": "from_seconds"}},
    {"to": "outcomes.objective.status", "from": {"path": "reason", "table": "reason"}}
  ]
}
"#;

const SAMPLE: &str = r#"{"event": "call.finished", "id": "c1", "started_at": "2026-10-14T12:00:00Z", "seconds": 61, "reason": "hangup"}
"#;

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    match &args.command {
        Command::New { folder } => new(folder),
        Command::Lint { folder } => lint(folder),
        Command::Test { folder, update } => test(folder, *update),
        Command::Targets => targets(),
    }
}

fn new(folder: &Path) -> Result<bool, String> {
    let name = folder.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        return Err("the name of the folder is the name of the provider: use letters, digits, `_` and `-`".to_owned());
    }
    if Registry::builtin().get(&name).is_some() {
        return Err(format!("`{name}` is a provider that vcp knows: name the folder otherwise"));
    }
    if folder.exists() {
        return Err(format!("`{}` exists: name another folder", folder.display()));
    }
    let samples = folder.join("samples");
    let write = |path: PathBuf, text: &str| output::replace(&path, text.replace("NAME", &name).as_bytes());
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let made = parent.map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::create_dir(folder));
    made.and_then(|()| fs::create_dir(&samples)).map_err(|e| format!("cannot make `{}`: {e}", folder.display()))?;
    let make = || {
        write(folder.join("provider.json"), PROVIDER)?;
        write(folder.join("call.json"), CALL)?;
        write(samples.join("finished.json"), SAMPLE)?;
        test(folder, true)
    };
    // A folder that is not complete would have to be removed by hand.
    make().inspect_err(|_| drop(fs::remove_dir_all(folder)))
}

/// The most bytes of all samples together, and of all expected messages. Comparing a message takes
/// some 40 times its bytes.
const MOST_BYTES: u64 = 16 << 20;

/// Returns the samples of a folder: their paths and texts. A folder may have none.
fn samples(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    let folder = folder.join("samples");
    if fs::symlink_metadata(&folder).is_ok_and(|about| about.is_symlink()) {
        return Err(format!("`{}` is a link: put the samples into the folder", folder.display()));
    }
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut paths = json_files(&folder)?;
    paths.retain(|path| !path.to_string_lossy().ends_with(".expected.json"));
    let mut files = input::Folder::with_limit(MOST_BYTES);
    paths.into_iter().map(|path| files.read(&path).map(|text| (path, text))).collect()
}

fn lint(folder: &Path) -> Result<bool, String> {
    let files = Files::read(folder)?;
    let samples = samples(folder)?;
    let texts: Vec<&[u8]> = samples.iter().map(|(_, text)| text.as_slice()).collect();
    let lint = Registry::lint(&files.provider, &files.rules(), &texts).map_err(|e| e.to_string());
    // The commands that map add the provider to those that vcp knows.
    let lint = match lint.and_then(|lint| files.register(&mut Registry::builtin()).map(|()| lint)) {
        Ok(lint) => lint,
        Err(error) => {
            tell!("{error}");
            return Ok(false);
        }
    };
    for (number, error) in &lint.failed {
        let name = samples.get(*number).map(|(path, _)| path.display().to_string()).unwrap_or_default();
        tell!("{name}: {error}");
    }
    for part in &lint.unmatched {
        let (what, name) = match part {
            Unmatched::Event(name) => ("no sample of the event", name),
            Unmatched::Rule(name) => ("a rule that gave no value", name),
            Unmatched::Path(name) => ("a path that gives no value", name),
            Unmatched::RowMember(name) => ("a member that no row or entry has", name),
            Unmatched::Secret(name) => ("a secret that masked nothing", name),
            Unmatched::Table(name) => ("a table in which no word was found", name),
            _ => continue,
        };
        output::line(&format!("{what}: {name}"))?;
    }
    let good = lint.failed.is_empty() && lint.unmatched.is_empty();
    if good {
        output::line("every event, rule, path, member, secret and table matches a sample")?;
    }
    Ok(good)
}

fn test(folder: &Path, update: bool) -> Result<bool, String> {
    let files = Files::read(folder)?;
    let mut registry = Registry::empty();
    files.register(&mut registry)?;
    let name = files.name()?;
    let mapper = Mapper::with_registry(registry);
    let mut good = true;
    let samples = samples(folder)?;
    if samples.is_empty() {
        let folder = folder.join("samples");
        return Err(format!("`{}` has no sample: put the bodies of deliveries there as .json files", folder.display()));
    }
    let mut expectations = input::Folder::with_limit(MOST_BYTES);
    for (path, text) in samples {
        let expected = path.with_extension("expected.json");
        let shown = path.display();
        // A link could lead out of the folder.
        if fs::symlink_metadata(&expected).is_ok_and(|file| !file.is_file()) {
            return Err(format!("`{}` is no regular file: remove it", expected.display()));
        }
        // A fixed time of receipt, so that every run gives the same message.
        let message = match mapper.map(&name, &text, DateTime::UNIX_EPOCH).map_err(|e| format!("{shown}: {e}"))? {
            Mapping::Call(mapped) => vcp_sdk::schema::pretty(&mapped.message.to_json()) + "\n",
            _ => "null\n".to_owned(),
        };
        if update {
            output::replace(&expected, message.as_bytes())?;
            output::line(&format!("{shown}: written to {}", expected.display()))?;
            continue;
        }
        if !expected.exists() {
            return Err(format!("there is no `{}`: make it with --update", expected.display()));
        }
        let wanted = expectations.read(&expected)?;
        let value =
            |text: &[u8]| serde_json::from_slice::<Value>(text).map_err(|e| format!("{}: {e}", expected.display()));
        let mut differences = Vec::new();
        if wanted != message.as_bytes() {
            compare(&value(&wanted)?, &value(message.as_bytes())?, "", &mut differences);
        }
        good &= differences.is_empty();
        let verdict = if differences.is_empty() { "as expected" } else { "differs" };
        output::line(&format!("{shown}: {verdict}"))?;
        for difference in differences {
            output::line(&format!("  {difference}"))?;
        }
    }
    Ok(good)
}

/// Adds a line for each place at which two values differ.
fn compare(wanted: &Value, given: &Value, at: &str, differences: &mut Vec<String>) {
    match (wanted, given) {
        (Value::Object(wanted), Value::Object(given)) => {
            for name in wanted.keys().chain(given.keys().filter(|name| !wanted.contains_key(*name))) {
                let at = format!("{at}/{name}");
                match (wanted.get(name), given.get(name)) {
                    (Some(wanted), Some(given)) => compare(wanted, given, &at, differences),
                    (Some(wanted), None) => differences.push(format!("{at}: {wanted} was expected, and is absent")),
                    (None, Some(given)) => differences.push(format!("{at}: nothing was expected, and is {given}")),
                    (None, None) => {}
                }
            }
        }
        (wanted, given) if wanted != given => differences.push(format!("{at}: {wanted} was expected, and is {given}")),
        _ => {}
    }
}

fn targets() -> Result<bool, String> {
    for target in Registry::targets() {
        output::line(&format!("{}: {}", target.name, target.takes))?;
    }
    Ok(true)
}
