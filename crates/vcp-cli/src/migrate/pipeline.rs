//! The threads of a migration.
//!
//! - One thread reads lines into batches.
//! - Workers migrate the batches, by default one worker per core.
//! - The main thread writes the results.
//!
//! Batches are sent to the workers in turn, and results are taken from them in turn. This keeps the
//! order. The channels hold few batches, which limits the memory.

use super::{
    Args, Target,
    output::{Output, Position},
    tally::Tally,
};
use crate::{
    clock,
    input::{self, Line, Source, Sources},
    output, progress,
};
use indicatif::ProgressBar;
use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};
use vcp_sdk::{
    auth::ReplayKey,
    schema::{
        Dialect, Limits, VcpMessage,
        migrate::{self, Downgrade, MigrationReport, UpgradeOptions},
        ndjson,
    },
};

/// The maximum number of lines of a batch, and the size in bytes at which a batch is complete.
const BATCH_LINES: usize = 64;
const BATCH_BYTES: usize = 1 << 20;

/// The number of batches that can wait before and after each worker.
const WAITING: usize = 2;

/// Consecutive lines of one source that are to be migrated.
struct Batch {
    source: usize,
    lines: Vec<(u64, Line)>,
    bytes: usize,
    end: Position,
    /// A difference between the source and the lines that an interrupted run had read.
    differs: Option<&'static str>,
}

/// The result of a batch.
struct Done {
    lines: Vec<u8>,
    failures: Vec<u8>,
    /// The reasons why lines failed, one text per line.
    reasons: Vec<String>,
    tally: Tally,
    end: Position,
    /// The reason why the run ends.
    fatal: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<Tally, String> {
    let begun = clock::instant();
    let Sources { sources, passed_over, unreadable } = input::sources(&args.input)?;
    let mut output = Output::open(args, &sources)?;
    for reason in &unreadable {
        tell!("{reason}");
    }
    let before = output.tally.messages();
    let bar = progress::bar(&sources);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = args.threads.map_or(cores, usize::from);

    let cannot = |e| format!("cannot start a thread: {e}: use fewer `--threads`, and --resume if --output is set");
    thread::scope(|scope| {
        let (mut to_workers, mut from_workers) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (batches, waiting) = sync_channel::<Batch>(WAITING);
            let (finished, done) = sync_channel::<Done>(WAITING);
            to_workers.push(batches);
            from_workers.push(done);
            let sources = &sources;
            let work = move || work(args, sources, &waiting, &finished);
            thread::Builder::new().spawn_scoped(scope, work).map_err(cannot)?;
        }
        let (sources, bar, start) = (&sources, &bar, output.position);
        let read = move || read(sources, start, bar, &to_workers);
        thread::Builder::new().spawn_scoped(scope, read).map_err(cannot)?;
        if let Err(why) = write(&from_workers, &mut output, bar) {
            // The reading thread may be waiting for input that never comes, so it cannot be joined.
            why.exit();
        }
        Ok::<(), String>(())
    })?;
    bar.finish_and_clear();

    input::note_skipped(passed_over);
    let mut tally = output.finish()?;
    // A checkpoint does not have these, because each run looks at the folders again.
    tally.failed = tally.failed.saturating_add(unreadable.len() as u64);
    tally.summary(begun.elapsed(), before).split('\n').for_each(output::tell);
    Ok(tally)
}

/// The reason why writing ended early.
enum Stop {
    /// The reader of standard output has stopped reading.
    NobodyReads,
    Failed(String),
}

impl Stop {
    /// Ends the program without waiting for other threads.
    fn exit(self) -> ! {
        match self {
            Self::NobodyReads => std::process::exit(1),
            Self::Failed(message) => {
                tell!("error: {message}");
                std::process::exit(2)
            }
        }
    }
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

/// Reads the sources from `start` on and sends batches to the workers. Ends early if a worker no
/// longer accepts batches.
fn read(sources: &[Source], start: Position, bar: &ProgressBar, workers: &[SyncSender<Batch>]) {
    let mut turn = workers.iter().cycle();
    let mut send = |batch| turn.next().is_some_and(|worker| worker.send(batch).is_ok());
    for (index, source) in sources.iter().enumerate() {
        if index < start.sources {
            bar.inc(source.size.unwrap_or(0));
            continue;
        }
        let skip = if index == start.sources { start.lines } else { 0 };
        let new = |number| Batch {
            source: index,
            lines: Vec::new(),
            bytes: 0,
            end: Position { sources: index, lines: number, hash: None },
            differs: None,
        };
        let mut number = 0;
        let mut batch = new(number);
        let mut hash = source.size.is_none().then_some(0);
        match source.open(|bytes| bar.inc(bytes)) {
            Ok(lines) => {
                for line in lines {
                    number += 1;
                    if let (Some(hash), Line::Text(text)) = (&mut hash, &line) {
                        *hash = hash_of(*hash, text);
                    }
                    if number == skip && hash != start.hash {
                        batch.differs = Some("has other lines than those that the interrupted run read");
                        send(batch);
                        return;
                    }
                    if number <= skip {
                        continue;
                    }
                    batch.bytes += if let Line::Text(text) = &line { text.len() } else { 0 };
                    batch.lines.push((number, line));
                    if batch.lines.len() >= BATCH_LINES || batch.bytes >= BATCH_BYTES {
                        batch.end.lines = number;
                        batch.end.hash = hash;
                        if !send(std::mem::replace(&mut batch, new(number))) {
                            return;
                        }
                    }
                }
                batch.differs = (number < skip).then_some("ends before the place at which the run was interrupted");
            }
            // The run can be taken up again when the source can be opened.
            Err(_) if skip > 0 => {
                batch.differs = Some("cannot be opened, and the interrupted run read a part of it");
                send(batch);
                return;
            }
            Err(error) => batch.lines.push((1, Line::Cut(Vec::new(), error))),
        }
        batch.end = Position { sources: index + 1, lines: 0, hash: None };
        if !send(batch) {
            return;
        }
    }
}

/// Returns the hash of lines from the hash of all but the last, and the last.
fn hash_of(before: u64, line: &[u8]) -> u64 {
    let key = ReplayKey::of([&before.to_le_bytes(), line]);
    key.as_ref().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// Writes the results of the workers, in turn.
fn write(workers: &[Receiver<Done>], output: &mut Output, bar: &ProgressBar) -> Result<(), Stop> {
    let begun = clock::instant();
    let before = output.tally.messages();
    let mut shown = begun;
    for worker in workers.iter().cycle() {
        // If the next worker has no more results, none of them has.
        let Ok(done) = worker.recv() else { break };
        if let Some(message) = done.fatal {
            return Err(Stop::Failed(message));
        }
        for reason in &done.reasons {
            bar.suspend(|| tell!("{reason}"));
        }
        if !output.write(&done.lines, &done.failures)? {
            return Err(Stop::NobodyReads);
        }
        output.tally.add(done.tally);
        output.checkpoint(done.end)?;
        if shown.elapsed() > Duration::from_millis(100) {
            shown = clock::instant();
            let rate = (output.tally.messages() - before) as f64 / begun.elapsed().as_secs_f64();
            bar.set_message(format!(", {} messages, {rate:.0}/s", output.tally.messages()));
        }
    }
    Ok(())
}

fn work(args: &Args, sources: &[Source], batches: &Receiver<Batch>, finished: &SyncSender<Done>) {
    let options = UpgradeOptions::default().missing_time(args.missing_time).unordered(true);
    while let Ok(batch) = batches.recv() {
        let mut done = Done {
            lines: Vec::with_capacity(2 * batch.bytes),
            failures: Vec::new(),
            reasons: Vec::new(),
            tally: Tally::default(),
            end: batch.end,
            fatal: batch.differs.map(|how| {
                let name = sources.get(batch.source).map(Source::name).unwrap_or_default();
                format!("`{name}` {how}: give the same input")
            }),
        };
        let source = sources.get(batch.source);
        let name = source.map(Source::name).unwrap_or_default();
        let is_one_message = source.is_some_and(Source::is_one_message);
        for (number, line) in batch.lines {
            let (text, cut) = match line {
                Line::Text(text) if text.trim_ascii().is_empty() && !is_one_message => continue,
                Line::Text(text) => (text, None),
                Line::Cut(text, error) => (text, Some(format!("cannot be read further: {error}"))),
                Line::TooLong => {
                    let most = Limits::default().text_bytes;
                    done.reasons.push(format!(
                        "{name}:{number}: VCP_E008: longer than the limit of {most} bytes: skipped, and not written to --failures"
                    ));
                    done.tally.failed += 1;
                    continue;
                }
            };
            match cut.map_or_else(|| migrate(args, &options, &text), Err) {
                Ok(migrated) => {
                    done.tally.migrated(migrated.from, migrated.to, &migrated.report);
                    done.lines.extend_from_slice(ndjson::one_line(migrated.text).as_bytes());
                    done.lines.push(b'\n');
                }
                Err(reason) => {
                    done.reasons.push(format!("{name}:{number}: {reason}"));
                    done.tally.failed += 1;
                    let text = text.strip_suffix(b"\n").unwrap_or(&text);
                    let one_line = text.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte });
                    done.failures.extend(one_line);
                    if !text.is_empty() {
                        done.failures.push(b'\n');
                    }
                }
            }
        }
        if finished.send(done).is_err() {
            return;
        }
    }
}

struct Migrated {
    text: String,
    from: Dialect,
    to: Dialect,
    report: MigrationReport,
}

fn migrate(args: &Args, options: &UpgradeOptions, line: &[u8]) -> Result<Migrated, String> {
    let text = std::str::from_utf8(line).map_err(|e| format!("VCP_E007 at $: the text is not UTF-8: {e}"))?;
    let as_it_was = |dialect| Migrated {
        text: text.trim().to_owned(),
        from: dialect,
        to: dialect,
        report: MigrationReport::default(),
    };
    let migrated = match args.to {
        Target::V05 => {
            let upgraded = migrate::upgrade_text(text, options).map_err(|e| e.to_string())?;
            if upgraded.from == Dialect::V05 {
                return Ok(as_it_was(Dialect::V05));
            }
            if args.prove {
                let message = VcpMessage::from_json(&upgraded.text).map_err(|e| e.to_string())?;
                let back = migrate::downgrade(&message, Downgrade::Reversible).map_err(|e| e.to_string())?;
                prove(text, &back.text)?;
            }
            Migrated { text: upgraded.text, from: upgraded.from, to: Dialect::V05, report: upgraded.report }
        }
        Target::V03 => {
            let from = migrate::detect(text, &options.limits).map_err(|e| e.to_string())?;
            if from != Dialect::V05 {
                return Ok(as_it_was(from));
            }
            let message = VcpMessage::from_json(text).map_err(|e| e.to_string())?;
            let down = migrate::downgrade(&message, Downgrade::Reversible).map_err(|e| e.to_string())?;
            if args.prove {
                let back = migrate::upgrade(&down.text, options).map_err(|e| e.to_string())?;
                prove(&message.to_json(), &back.message.to_json())?;
            }
            Migrated { text: down.text, from, to: down.dialect, report: down.report }
        }
    };
    Ok(migrated)
}

fn prove(original: &str, back: &str) -> Result<(), String> {
    if migrate::equivalent(original, back) {
        return Ok(());
    }
    Err("the message differs after migrating it back: please report this".to_owned())
}
