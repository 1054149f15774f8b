//! Times other readers of JSON. Reads a list of jobs, `[work, file]`, as JSON from standard input,
//! and prints the list of their times in nanoseconds.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::{
    borrow::Cow,
    error::Error,
    hint::black_box,
    io::stdin,
    time::{Duration, Instant},
};

/// The rows of Vapi's conversations, as a plain derive reads them.
#[derive(Deserialize)]
struct Report<'p> {
    #[serde(borrow)]
    message: Message<'p>,
}

#[derive(Deserialize)]
struct Message<'p> {
    #[serde(borrow)]
    artifact: Artifact<'p>,
}

#[derive(Deserialize)]
struct Artifact<'p> {
    #[serde(borrow)]
    messages: Vec<Row<'p>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'p> {
    #[serde(borrow)]
    role: Cow<'p, str>,
    #[serde(borrow)]
    message: Cow<'p, str>,
    time: f64,
    end_time: f64,
    duration: f64,
    seconds_from_start: f64,
}

/// Reads the rows, adds their numbers and counts the words.
fn derive(body: &[u8]) -> Option<f64> {
    let report: Report<'_> = serde_json::from_slice(body).ok()?;
    let cost = |row: &Row<'_>| {
        let words = row.message.split_whitespace().count() + row.role.len();
        row.time + row.end_time + row.duration + row.seconds_from_start + words as f64
    };
    Some(report.message.artifact.messages.iter().map(cost).sum())
}

/// Runs work once. Returns whether it succeeded.
fn run(work: &str, body: &[u8]) -> bool {
    match work {
        "scan" => black_box(serde_json::from_slice::<IgnoredAny>(body)).is_ok(),
        "value" => black_box(serde_json::from_slice::<serde_json::Value>(body)).is_ok(),
        "derive" => black_box(derive(body)).is_some(),
        // simd-json writes into the text, so that it needs a copy.
        "simd-json tape" => black_box(simd_json::to_tape(&mut body.to_vec())).is_ok(),
        "sonic-rs value" => black_box(sonic_rs::from_slice::<sonic_rs::Value>(body)).is_ok(),
        "sonic-rs skip" => black_box(sonic_rs::from_slice::<IgnoredAny>(body)).is_ok(),
        _ => false,
    }
}

fn nanoseconds(budget: Duration, operation: impl Fn()) -> f64 {
    let time = |runs: u32| {
        let start = Instant::now();
        (0..runs).for_each(|_| operation());
        start.elapsed()
    };
    let mut runs = 1;
    while time(runs) < Duration::from_micros(200) && runs < 1 << 20 {
        runs *= 2;
    }
    let (start, mut samples) = (Instant::now(), Vec::new());
    while samples.len() < 5 || start.elapsed() < budget {
        samples.push(time(runs).as_secs_f64() * 1e9 / f64::from(runs));
    }
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let (jobs, millis): (Vec<(String, String)>, u64) = serde_json::from_reader(stdin())?;
    let mut times = Vec::new();
    for (work, file) in jobs {
        let body = std::fs::read(&file)?;
        if !run(&work, &body) {
            return Err(format!("{work} refuses {file}").into());
        }
        times.push(nanoseconds(Duration::from_millis(millis), || assert!(run(&work, black_box(&body)))));
    }
    println!("{}", serde_json::to_string(&times)?);
    Ok(())
}
