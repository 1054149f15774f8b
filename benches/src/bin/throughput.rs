//! `throughput`, a program that measures one operation on files.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program prints")]

use clap::Parser;
use std::{
    path::PathBuf,
    process::ExitCode,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};
use vcp_benches::{Delivery, Op, Times, memory_beyond_output, prepare};

/// Time one operation on files. Compare figures only with others of the same run on the same
/// machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The operation: scan, value, parse, fits, serialize, upgrade, downgrade, jcs, legacy,
    /// reference, validate, map, verify, receive, receive-json, assemble, merge, copy, sha256 or
    /// hmac.
    /// Files for assemble have one event on each line, and files for merge one message.
    #[arg(long)]
    op: Op,
    /// The provider of the deliveries. For map, verify and receive.
    #[arg(long)]
    provider: Option<String>,
    /// The secret. For verify and receive. Signs the body if no signature header is given.
    #[arg(long)]
    secret: Option<String>,
    /// A header of the delivery, as `NAME: VALUE`. May be given several times.
    #[arg(long)]
    header: Vec<String>,
    /// Print one JSON line per file.
    #[arg(long)]
    json: bool,
    /// The number of threads that run the operation at the same time.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// The time to measure each file, in milliseconds.
    #[arg(long, default_value_t = 500)]
    millis: u64,
    /// The files.
    #[arg(required = true)]
    file: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let header = |text: &String| {
        let (name, value) =
            text.split_once(':').ok_or_else(|| format!("the header `{text}` has no colon: write `Name: value`"))?;
        Ok::<_, String>((name.trim().to_owned(), value.trim().to_owned()))
    };
    let headers = args.header.iter().map(header).collect::<Result<Vec<_>, _>>()?;
    let delivery = Delivery { provider: args.provider.clone(), secret: args.secret.clone(), headers };
    let name = args.op.name();
    for file in &args.file {
        let bytes = std::fs::read(file).map_err(|e| format!("cannot read `{}`: {e}", file.display()))?;
        let (length, kept) = (bytes.len(), bytes.clone());
        let budget = Duration::from_millis(args.millis);
        let at_once = match args.threads {
            0 | 1 => None,
            threads => {
                let ns = ns_of_threads(args.op, &bytes, &delivery, threads, budget);
                Some(ns.map_err(|e| format!("`{}`: {e}", file.display()))?)
            }
        };
        let mut operation = prepare(args.op, bytes, &delivery).map_err(|e| format!("`{}`: {e}", file.display()))?;
        let Times { median_ns, p99_ns } = Times::of(&mut operation, budget);
        let memory = allocation_counter::measure(&mut operation);
        let beyond = (args.op == Op::Map).then(|| memory_beyond_output(&delivery, &kept)).transpose()?;
        if args.json {
            let line = serde_json::json!({
                "op": name,
                "file": file.display().to_string(),
                "bytes": length,
                "median_ns": median_ns,
                "p99_ns": p99_ns,
                "allocations": memory.count_total,
                "allocated_bytes": memory.bytes_total,
                "peak_bytes": memory.bytes_max,
                "beyond_bytes": beyond,
                "threads": args.threads,
                "ns_at_once": at_once,
            });
            println!("{line}");
        } else {
            println!(
                "{name} {}: {length} bytes, {median_ns:.0} ns, {} allocations of {} bytes",
                file.display(),
                memory.count_total,
                memory.bytes_total
            );
            if let Some(ns) = at_once {
                println!(
                    "  {} threads at the same time: {ns:.0} ns, {:.2} times as fast",
                    args.threads,
                    median_ns / ns
                );
            }
        }
    }
    Ok(())
}

/// Returns the time of one run in ns if threads run the operation at the same time: the time that
/// passed, divided by the runs of all threads.
fn ns_of_threads(op: Op, bytes: &[u8], delivery: &Delivery, threads: usize, budget: Duration) -> Result<f64, String> {
    let start_line = Barrier::new(threads);
    let runs_of_one = || {
        let prepared = prepare(op, bytes.to_vec(), delivery);
        start_line.wait();
        let (mut operation, start) = (prepared?, Instant::now());
        let mut runs = 0_u32;
        while start.elapsed() < budget {
            operation();
            runs += 1;
        }
        Ok::<_, String>(f64::from(runs) / start.elapsed().as_secs_f64())
    };
    let per_second = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(runs_of_one)).collect();
        let each = running.into_iter().map(|thread| thread.join().map_err(|_| "a thread failed".to_owned())?);
        each.sum::<Result<f64, String>>()
    })?;
    Ok(1e9 / per_second)
}
