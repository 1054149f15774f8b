//! The gate: counts of instructions and allocations, which must not grow.
//!
//! Times differ from run to run and from machine to machine. Counts hardly do.

use crate::{Op, inputs, prepare};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, hint::black_box, process::Command};

/// The growth of instructions that passes, as a factor.
pub const INSTRUCTIONS: f64 = 1.02;

/// The growth of allocations that passes, as a factor.
pub const ALLOCATIONS: f64 = 1.01;

/// The counts of one run of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// The length of the input. Counts of different inputs are not compared.
    pub bytes: usize,
    /// The instructions, counted by callgrind.
    pub instructions: u64,
    /// The allocations.
    pub allocations: u64,
}

/// Counts by the names of benchmarks, such as `map vapi/100k`.
pub type Counted = BTreeMap<String, Counts>;

/// The circumstances that decide about counts: the same code counts some per cent more or less with
/// another compiler, or where the processor has other instructions for strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The compiler.
    pub rustc: String,
    /// The architecture and the operating system.
    pub target: String,
    /// The features of the processor that valgrind shows to a program.
    pub features: Vec<String>,
    /// The C library.
    pub libc: String,
    /// The version of valgrind.
    pub valgrind: String,
}

/// The file of limits, `benches/limits.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The machine on which the limits were made.
    pub made_with: Machine,
    /// The reasons of all changes, the last one first.
    pub reasons: Vec<String>,
    /// The counts that were measured then.
    pub limits: Counted,
}

/// A part of the work that a test of the gate adds to every operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// So many further instructions, more or less.
    Slowdown(u64),
    /// So many further allocations.
    Allocations(u64),
}

impl Plant {
    fn run(self) {
        match self {
            // Each round has about four instructions.
            Self::Slowdown(instructions) => {
                let mut sum = 0_u64;
                for at in 0..instructions / 4 {
                    sum = black_box(sum.wrapping_add(at));
                }
            }
            Self::Allocations(count) => (0..count).for_each(|at| drop(black_box(Box::new(at)))),
        }
    }
}

/// Returns the names of the benchmarks that are gated. The longest and those that only measure
/// others are left out.
#[must_use]
pub fn names() -> Vec<String> {
    let is_floor = |op: Op| matches!(op, Op::Scan | Op::Value | Op::Copy | Op::Sha256 | Op::Hmac);
    let is_long = |name: &str| name.ends_with("/1m") || name == "session/5000";
    let gated = inputs::benchmarks().into_iter().filter(|(op, name)| !is_floor(*op) && !is_long(name));
    gated.map(|(op, name)| format!("{} {name}", op.name())).collect()
}

/// Returns the length of the input of a benchmark.
///
/// # Errors
///
/// A description, if there is no such benchmark.
pub fn length(name: &str) -> Result<usize, String> {
    let (_, input) = name.split_once(' ').ok_or_else(|| format!("no benchmark `{name}`"))?;
    inputs::named(input).map(|input| input.bytes.len())
}

/// Returns the operation of a benchmark, by its name.
///
/// # Errors
///
/// A description, if there is no such benchmark, or if its answer is wrong.
pub fn operation(name: &str, plant: Option<Plant>) -> Result<Box<dyn FnMut()>, String> {
    let (op, input) = name.split_once(' ').ok_or_else(|| format!("no benchmark `{name}`"))?;
    let input = inputs::named(input)?;
    let mut operation = prepare(op.parse()?, input.bytes, &input.delivery).map_err(|e| format!("`{name}`: {e}"))?;
    Ok(match plant {
        None => operation,
        Some(plant) => Box::new(move || {
            operation();
            plant.run();
        }),
    })
}

/// Runs an operation once. Callgrind counts what happens in here, and nothing else.
#[inline(never)]
pub fn counted(operation: &mut dyn FnMut()) {
    operation();
    // No jump out of here at the end, which callgrind would not notice.
    black_box(());
}

/// Runs a program under callgrind, and returns the instructions that it counted in [`counted`].
///
/// # Errors
///
/// A description, if valgrind cannot run, or counts nothing.
pub fn instructions(program: &std::path::Path, arguments: &[&str]) -> Result<u64, String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=vcp_benches::gate::counted*"])
        .arg(program)
        .args(arguments)
        .output()
        .map_err(|e| format!("cannot run valgrind: {e}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match count {
        Some(count) if output.status.success() && count > 0 => Ok(count),
        _ => Err(format!("valgrind counted nothing:\n{text}")),
    }
}

/// Returns the differences that fail, one line each. `before` are the counts that must not be
/// exceeded. `raised` returns the factor by which the growth of a benchmark was accepted.
#[must_use]
pub fn failures(before: &Counted, now: &Counted, raised: &dyn Fn(&str) -> (f64, f64)) -> Vec<String> {
    let mut failures = Vec::new();
    for (name, limit) in before {
        let Some(counts) = now.get(name) else {
            failures.push(format!("{name}: the benchmark is missing"));
            continue;
        };
        if counts.bytes != limit.bytes {
            failures.push(format!("{name}: the input has {} bytes, and not {}", counts.bytes, limit.bytes));
            continue;
        }
        if counts.instructions == 0 {
            failures.push(format!("{name}: no instruction was counted"));
        }
        if counts.allocations == 0 && limit.allocations > 0 {
            failures.push(format!("{name}: no allocation was counted"));
        }
        let (raised_instructions, raised_allocations) = raised(name);
        let pairs = [
            ("instructions", limit.instructions, counts.instructions, INSTRUCTIONS * raised_instructions.max(1.0)),
            ("allocations", limit.allocations, counts.allocations, ALLOCATIONS * raised_allocations.max(1.0)),
        ];
        for (what, limit, count, factor) in pairs {
            if count as f64 > limit as f64 * factor {
                let percent = (count as f64 / limit as f64 - 1.0) * 100.0;
                failures.push(format!("{name}: {count} {what}, {percent:.2} % more than {limit}"));
            }
        }
    }
    failures
}

/// Accepts no growth.
#[must_use]
pub fn nothing_raised(_: &str) -> (f64, f64) {
    (1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(instructions: u64, allocations: u64) -> Counted {
        [("map x".to_owned(), Counts { bytes: 1, instructions, allocations })].into()
    }

    #[test]
    fn growth_fails_beyond_its_limit() {
        let failed = |now: Counted| failures(&of(10_000, 100), &now, &nothing_raised);
        for now in [of(10_000, 100), of(10_200, 101), of(5, 1)] {
            assert_eq!(failed(now.clone()), [""; 0], "{now:?}");
        }
        assert_eq!(failed(of(10_201, 100)), ["map x: 10201 instructions, 2.01 % more than 10000"]);
        assert_eq!(failed(of(10_000, 102)), ["map x: 102 allocations, 2.00 % more than 100"]);
        assert_eq!(failed(of(0, 100)), ["map x: no instruction was counted"]);
        assert_eq!(failed(of(10_000, 0)), ["map x: no allocation was counted"]);
        let other = [("map x".to_owned(), Counts { bytes: 2, instructions: 1, allocations: 1 })].into();
        assert_eq!(failed(other), ["map x: the input has 2 bytes, and not 1"]);
        assert_eq!(failed(Counted::new()), ["map x: the benchmark is missing"]);
        assert_eq!(failures(&of(9, 0), &of(9, 1), &nothing_raised).len(), 1, "the first allocation is one too many");
    }

    #[test]
    fn accepted_growth_passes() {
        assert_eq!(failures(&of(10_000, 100), &of(12_000, 120), &|_| (1.2, 1.2)), [""; 0]);
        assert_eq!(failures(&of(10_000, 100), &of(12_500, 100), &|_| (1.2, 1.2)).len(), 1);
    }

    #[test]
    fn every_gated_benchmark_runs() {
        for name in names().into_iter().filter(|name| !name.contains("100k") && !name.contains("pathological")) {
            operation(&name, Some(Plant::Allocations(1))).unwrap()();
        }
        assert!(operation("map vapi/none", None).is_err());
    }
}
