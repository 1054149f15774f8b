//! `gate`, a program that fails if operations need more instructions or allocations than before.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program prints")]

use clap::{Parser, Subcommand};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Duration,
};
use vcp_benches::{
    Times,
    gate::{self, Counted, Counts, Limits, Machine, Plant, counted, failures, nothing_raised},
};

/// Fail if operations need more instructions or allocations than before: more than 2 % further
/// instructions, or 1 % further allocations. Needs valgrind.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Task,
    /// The file of limits.
    #[arg(long, global = true, default_value = "benches/limits.json")]
    limits: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Compare with the file of limits.
    Check {
        /// The revision to compare with where the limits do not count, because they were made with
        /// another toolchain or processor. Growth that the limits accept is accepted.
        #[arg(long)]
        or_base: Option<String>,
    },
    /// Compare with another revision of this repository, which is built for it.
    Base {
        /// The revision.
        revision: String,
    },
    /// Show that a slowdown and an allocation fail.
    SelfTest,
    /// Write the file of limits anew.
    Update {
        /// The reason, which goes into the file.
        #[arg(long)]
        reason: String,
    },
    /// Print the counts as JSON.
    Count,
    /// Run one benchmark once.
    #[command(hide = true)]
    Run {
        name: String,
        #[arg(long)]
        slowdown: Option<u64>,
    },
    /// Print the features of the processor.
    #[command(hide = true)]
    Features,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.command {
        Task::Check { or_base } => check(&args.limits, or_base.as_deref()),
        Task::Base { revision } => base(revision, None),
        Task::SelfTest => self_test(),
        Task::Update { reason } => update(&args.limits, reason),
        Task::Count => count_all().and_then(|counts| {
            let json = serde_json::to_string(&counts).map_err(|e| e.to_string())?;
            println!("{json}");
            Ok(())
        }),
        Task::Run { name, slowdown } => run(name, slowdown.map(Plant::Slowdown)),
        Task::Features => {
            println!("{}", features().join(" "));
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, plant: Option<Plant>) -> Result<(), String> {
    let mut operation = gate::operation(name, plant)?;
    counted(&mut operation);
    Ok(())
}

/// Counts a benchmark.
fn count(name: &str, plant: Option<Plant>) -> Result<Counts, String> {
    let program = env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let mut operation = gate::operation(name, plant)?;
    let allocations = allocation_counter::measure(&mut operation).count_total;
    let number;
    let mut arguments = vec!["run", name];
    if let Some(Plant::Slowdown(instructions)) = plant {
        number = instructions.to_string();
        arguments.extend(["--slowdown", &number]);
    }
    Ok(Counts { bytes: gate::length(name)?, instructions: gate::instructions(&program, &arguments)?, allocations })
}

fn count_all() -> Result<Counted, String> {
    gate::names().into_iter().map(|name| count(&name, None).map(|counts| (name, counts))).collect()
}

/// Returns the features of the processor that decide which code runs in the C library and in
/// crates.
fn features() -> Vec<String> {
    macro_rules! detected {
        ($($feature:tt)*) => {
            [$(($feature, std::arch::is_x86_feature_detected!($feature))),*]
        };
    }
    #[cfg(target_arch = "x86_64")]
    let features = detected!("sse4.2" "avx" "avx2" "bmi2" "ermsb" "sha" "avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    let features: [(&str, bool); 0] = [];
    features.iter().filter(|(_, has)| *has).map(|(name, _)| (*name).to_owned()).collect()
}

/// Returns the first line that a command prints.
fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

fn machine() -> Result<Machine, String> {
    let valgrind = first_line("valgrind", &["--version"])
        .ok_or("valgrind cannot run: install it with the package manager of the system")?;
    let program = env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let program = program.to_string_lossy().into_owned();
    let features = first_line("valgrind", &["--quiet", "--tool=none", &program, "features"]).unwrap_or_default();
    Ok(Machine {
        rustc: env!("VCP_RUSTC").to_owned(),
        target: format!("{} {}", env::consts::ARCH, env::consts::OS),
        features: features.split_whitespace().map(str::to_owned).collect(),
        libc: first_line("getconf", &["GNU_LIBC_VERSION"]).unwrap_or_default(),
        valgrind,
    })
}

fn read(file: &Path) -> Result<Limits, String> {
    let text = fs::read_to_string(file).map_err(|e| format!("cannot read `{}`: {e}", file.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("`{}` is not a file of limits: {e}", file.display()))
}

/// Ends with the failures, if there are any.
fn judge(failures: Vec<String>, advice: &str) -> Result<(), String> {
    if failures.is_empty() { Ok(()) } else { Err(format!("{}\n{advice}", failures.join("\n"))) }
}

/// Prints counts beside others, with the time of one run.
fn show(before: &Counted, now: &Counted) -> Result<(), String> {
    println!("{:44} {:>13} {:>8} {:>12} {:>10}", "benchmark", "instructions", "", "allocations", "µs");
    for (name, counts) in now {
        let change = before.get(name).map_or("new".to_owned(), |before| {
            format!("{:+.2} %", (counts.instructions as f64 / before.instructions.max(1) as f64 - 1.0) * 100.0)
        });
        let micros = Times::of(&mut gate::operation(name, None)?, Duration::from_millis(10)).median_ns / 1000.0;
        println!("{name:44} {:>13} {change:>8} {:>12} {micros:>10.1}", counts.instructions, counts.allocations);
    }
    println!("Times are shown for information. They do not fail.");
    Ok(())
}

fn check(file: &Path, or_base: Option<&str>) -> Result<(), String> {
    let (limits, here) = (read(file)?, machine()?);
    if limits.made_with != here {
        let differs = format!("the limits were made with {:?}, and here is {here:?}", limits.made_with);
        let Some(revision) = or_base else {
            return Err(format!("{differs}: compare with another revision instead, `gate base REVISION`"));
        };
        eprintln!("!! NOT COMPARED with the limits: {differs}. Comparing with `{revision}`.");
        return base(revision, Some(&limits));
    }
    let now = count_all()?;
    show(&limits.limits, &now)?;
    let mut failures = failures(&limits.limits, &now, &nothing_raised);
    let without = now.keys().filter(|name| !limits.limits.contains_key(*name));
    failures.extend(without.map(|name| format!("{name}: the benchmark has no limit")));
    judge(failures, "make it cheaper, or accept it with a reason: `gate update --reason TEXT`")
}

fn update(file: &Path, reason: &str) -> Result<(), String> {
    if reason.trim().is_empty() {
        return Err("a reason is needed: say why the counts changed".to_owned());
    }
    let known = if file.exists() { Some(read(file)?) } else { None };
    let mut reasons = known.map(|limits| limits.reasons).unwrap_or_default();
    reasons.insert(0, reason.trim().to_owned());
    let limits = Limits { made_with: machine()?, reasons, limits: count_all()? };
    let text = serde_json::to_string_pretty(&limits).map_err(|e| e.to_string())? + "\n";
    fs::write(file, text).map_err(|e| format!("cannot write `{}`: {e}", file.display()))
}

/// Runs a command, which must succeed, and returns its output.
fn must(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| format!("cannot run {command:?}: {e}"))?;
    if !output.status.success() {
        return Err(format!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Compares with another revision. `accepted` are the limits of this revision: growth that they
/// have since that revision is accepted.
fn base(revision: &str, accepted: Option<&Limits>) -> Result<(), String> {
    let program = env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let folder = program.parent().and_then(Path::parent).ok_or("this program is in no folder")?.join("gate-base");
    let (tree, target) = (folder.join("tree"), folder.join("target"));
    // Left over from a run that was stopped.
    let remove = || {
        let _ = fs::remove_dir_all(&tree);
        let _ = Command::new("git").args(["worktree", "prune"]).output();
    };
    remove();
    must(Command::new("git").args(["worktree", "add", "--force", "--detach"]).arg(&tree).arg(revision))?;
    let built = must(
        Command::new("cargo")
            .args(["build", "--release", "--locked", "-p", "vcp-benches", "--bin", "gate", "--target-dir"])
            .arg(&target)
            .current_dir(&tree),
    );
    let before = built.and_then(|_| must(Command::new(target.join("release/gate")).arg("count")));
    let limits_before = read(&tree.join("benches/limits.json"));
    remove();
    let before = before.map_err(|e| format!("the gate of `{revision}` cannot run: {e}"))?;
    let mut before: Counted = serde_json::from_str(&before).map_err(|e| format!("counts of `{revision}`: {e}"))?;
    let now = count_all()?;
    show(&before, &now)?;
    before.retain(|name, counts| {
        let is_same = now.get(name).is_none_or(|now| now.bytes == counts.bytes);
        if !is_same {
            eprintln!("!! NOT COMPARED: {name}, because its input has changed");
        }
        is_same
    });
    if before.is_empty() {
        return Err(format!("`{revision}` has no benchmark to compare with"));
    }
    let raised = |name: &str| {
        // Limits of two machines differ for other reasons.
        let before = limits_before.as_ref().ok();
        let before = before.filter(|before| accepted.is_some_and(|limits| limits.made_with == before.made_with));
        let then = before.and_then(|limits| limits.limits.get(name));
        let Some((now, then)) = accepted.and_then(|limits| limits.limits.get(name)).zip(then) else {
            return nothing_raised(name);
        };
        let factor = |now: u64, then: u64| now as f64 / then.max(1) as f64;
        (factor(now.instructions, then.instructions), factor(now.allocations, then.allocations))
    };
    judge(failures(&before, &now, &raised), &format!("these counts grew since `{revision}`"))
}

/// Plants a slowdown and allocations, and expects that each fails.
fn self_test() -> Result<(), String> {
    for name in ["map vapi/small", "serialize message/example"] {
        let clean = count(name, None)?;
        let before: Counted = [(name.to_owned(), clean)].into();
        let verdict = |plant: Option<Plant>| {
            Ok::<_, String>(failures(&before, &[(name.to_owned(), count(name, plant)?)].into(), &nothing_raised))
        };
        let again = verdict(None)?;
        if !again.is_empty() {
            return Err(format!("the same code failed:\n{}", again.join("\n")));
        }
        let slow = Plant::Slowdown(clean.instructions * 3 / 100);
        let more = Plant::Allocations(clean.allocations / 100 + 1);
        for (plant, what) in [(slow, "instructions"), (more, "allocations")] {
            let found = verdict(Some(plant))?;
            if !found.iter().any(|failure| failure.contains(what)) {
                return Err(format!("{plant:?} was planted in `{name}`, and the gate did not fail"));
            }
            println!("planted {plant:?}: {}", found.join("; "));
        }
    }
    Ok(())
}
