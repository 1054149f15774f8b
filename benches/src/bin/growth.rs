//! `growth`, a program that shows how time and memory grow with the length of the input.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program prints")]

use clap::Parser;
use std::{process::ExitCode, time::Duration};
use vcp_benches::{
    Delivery, Op, Times,
    conversation::{PROVIDERS, conversation, session},
    message_of, prepare,
};

/// The lengths of the inputs, in bytes.
const LENGTHS: [usize; 7] = [1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000, 4_000_000];

/// The lengths from which on the fixed cost of an operation no longer counts.
const LONG: f64 = 50_000.0;

/// Show how time and memory grow with the length of the input, from 1 kB to 4 MB. Fails if the time
/// grows faster than the length: with its power 1.3, fitted to the lengths above 50 kB.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The greatest power that passes.
    #[arg(long, default_value_t = 1.3)]
    most: f64,
    /// The time to measure each length, in milliseconds.
    #[arg(long, default_value_t = 200)]
    millis: u64,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<bool, String> {
    let mut passed = true;
    println!("Times in µs for inputs of {LENGTHS:?} bytes, roughly. Memory is the peak of the longest.\n");
    println!(
        "| operation | input |{} memory, bytes a byte | power |",
        LENGTHS.map(|length| format!(" {} kB |", length / 1000)).concat()
    );
    println!("|{}", "---|".repeat(LENGTHS.len() + 4));
    for (op, kind) in PROVIDERS
        .iter()
        .flat_map(|provider| [(Op::Map, *provider), (Op::ReceiveJson, *provider)])
        .chain([Op::Parse, Op::Validate, Op::Serialize, Op::Jcs, Op::Legacy, Op::Downgrade].map(|op| (op, "message")))
        .chain([(Op::Assemble, "openai_realtime")])
    {
        // Checksums refuse messages with more than 100 000 members.
        let longest = if matches!(op, Op::Jcs | Op::Legacy) { 1_000_000 } else { usize::MAX };
        let mut points = Vec::new();
        for length in LENGTHS.into_iter().filter(|length| *length <= longest) {
            let (bytes, delivery) = input(kind, length)?;
            let real = bytes.len();
            let mut operation = prepare(op, bytes, &delivery)?;
            let ns = Times::of(&mut operation, Duration::from_millis(args.millis)).median_ns;
            let peak = allocation_counter::measure(&mut operation).bytes_max;
            points.push((real, ns, peak));
        }
        let long = points.iter().map(|(length, ns, _)| (*length as f64, *ns)).filter(|(length, _)| *length > LONG);
        let power = power(&long.collect::<Vec<_>>());
        passed &= power <= args.most;
        let time = |at| points.get(at).map_or("–".to_owned(), |(_, ns, _)| format!("{:.1}", ns / 1000.0));
        let times: String = (0..LENGTHS.len()).map(|at| format!(" {} |", time(at))).collect();
        let memory = points.last().map_or(0.0, |(length, _, peak)| *peak as f64 / *length as f64);
        println!("| {} | {kind} |{times} {memory:.2} | {power:.2} |", op.name());
        if power > args.most {
            eprintln!("error: `{}` of `{kind}` grows with the power {power:.2} of its length", op.name());
        }
    }
    Ok(passed)
}

/// Returns an input of about this length.
fn input(kind: &str, length: usize) -> Result<(Vec<u8>, Delivery), String> {
    let of = |provider: &str| conversation(provider, length).ok_or_else(|| format!("no provider `{provider}`"));
    Ok(match kind {
        "message" => (message_of("retell", &of("retell")?)?.into_bytes(), Delivery::default()),
        // An event has about 165 bytes.
        "openai_realtime" => (session(length / 165).join(&b'\n'), Delivery::of(kind)),
        provider => (of(provider)?, Delivery::of(provider)),
    })
}

/// Returns the slope of the line through the logarithms of points: 1 if the cost is linear.
fn power(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x_mean, y_mean) = (mean(|(x, _)| *x), mean(|(_, y)| *y));
    let above: f64 = logs.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    let below: f64 = logs.iter().map(|(x, _)| (x - x_mean).powi(2)).sum();
    above / below
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn powers_of_known_curves() {
        for wanted in [0.5, 1.0, 2.0] {
            let points: Vec<(f64, f64)> = (1..6).map(|x| (f64::from(x), 3.0 * f64::from(x).powf(wanted))).collect();
            assert!((power(&points) - wanted).abs() < 1e-9, "{wanted}");
        }
    }
}
