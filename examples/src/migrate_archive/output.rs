//! Where messages go. A file is `FILE.part` until it is whole; `FILE.checkpoint` says how far it goes, so that a run can be taken up again.

use crate::{Args, Target, tally::Tally};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How often a checkpoint is written.
const INTERVAL: Duration = Duration::from_secs(1);

/// How far the work goes: so many sources are done, and so many lines of the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) sources: usize,
    pub(crate) lines: u64,
}

/// What `FILE.checkpoint` holds.
#[derive(Debug, Serialize, Deserialize)]
struct Checkpoint {
    /// What the run was asked for: another run cannot go on with it.
    inputs: Vec<String>,
    to: String,
    position: Position,
    output_bytes: u64,
    failures_bytes: u64,
    tally: Tally,
}

pub(crate) struct Output {
    messages: Messages,
    failures: Option<Growing>,
    inputs: Vec<String>,
    to: String,
    last_checkpoint: Instant,
    pub(crate) position: Position,
    pub(crate) tally: Tally,
}

enum Messages {
    None,
    Standard(io::Stdout),
    File { growing: Growing, target: PathBuf },
}

/// A file that grows by whole lines.
struct Growing {
    file: File,
    bytes: u64,
}

impl Growing {
    fn open(path: &Path, bytes: u64) -> Result<Self, String> {
        let open = || {
            let mut file = OpenOptions::new().create(true).read(true).write(true).truncate(false).open(path)?;
            // What stands behind the last checkpoint may end with half a line.
            file.set_len(bytes)?;
            file.seek(SeekFrom::End(0))?;
            Ok(Self { file, bytes })
        };
        open().map_err(|e: io::Error| format!("cannot write `{}`: {e}", path.display()))
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), String> {
        self.bytes += lines.len() as u64;
        self.file.write_all(lines).map_err(|e| format!("cannot write: {e}"))
    }

    fn sync(&self) -> Result<(), String> {
        self.file.sync_data().map_err(|e| format!("cannot write: {e}"))
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

impl Output {
    pub(crate) fn open(args: &Args, inputs: Vec<String>) -> Result<Self, String> {
        let to = match args.to {
            Target::V03 => "0.3",
            Target::V05 => "0.5",
        };
        let before = match &args.output {
            Some(target) => earlier(target, args.resume, &inputs, to)?,
            None => None,
        };
        let (output_bytes, failures_bytes) =
            before.as_ref().map_or((0, 0), |before| (before.output_bytes, before.failures_bytes));
        if before.is_none()
            && let Some(path) = args.failures.as_deref().filter(|path| path.exists())
        {
            return Err(format!("`{}` exists: move it away, or name another file", path.display()));
        }
        let messages = match &args.output {
            Some(target) => Messages::File {
                growing: Growing::open(&with_ending(target, ".part"), output_bytes)?,
                target: target.clone(),
            },
            None if args.dry_run => Messages::None,
            None => Messages::Standard(io::stdout()),
        };
        let failures = args.failures.as_deref().map(|path| Growing::open(path, failures_bytes)).transpose()?;
        let (position, tally) = before.map(|before| (before.position, before.tally)).unwrap_or_default();
        Ok(Self { messages, failures, inputs, to: to.to_owned(), last_checkpoint: Instant::now(), position, tally })
    }

    /// Writes whole lines. Gives `false` when nobody reads them any more.
    pub(crate) fn write(&mut self, lines: &[u8], failures: &[u8]) -> Result<bool, String> {
        if let Some(file) = &mut self.failures {
            file.write(failures)?;
        }
        match &mut self.messages {
            Messages::None => Ok(true),
            Messages::File { growing, .. } => growing.write(lines).map(|()| true),
            Messages::Standard(out) => match out.write_all(lines).and_then(|()| out.flush()) {
                Ok(()) => Ok(true),
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
                Err(e) => Err(format!("cannot write to standard output: {e}")),
            },
        }
    }

    /// Notes how far the work goes, now and then.
    pub(crate) fn checkpoint(&mut self, position: Position) -> Result<(), String> {
        self.position = position;
        let Messages::File { growing, target } = &self.messages else { return Ok(()) };
        if self.last_checkpoint.elapsed() < INTERVAL {
            return Ok(());
        }
        self.last_checkpoint = Instant::now();
        growing.sync()?;
        if let Some(failures) = &self.failures {
            failures.sync()?;
        }
        let checkpoint = Checkpoint {
            inputs: self.inputs.clone(),
            to: self.to.clone(),
            position,
            output_bytes: growing.bytes,
            failures_bytes: self.failures.as_ref().map_or(0, |failures| failures.bytes),
            tally: self.tally.clone(),
        };
        let path = with_ending(target, ".checkpoint");
        let write = || {
            let new = with_ending(target, ".checkpoint.new");
            let mut file = File::create(&new)?;
            serde_json::to_writer(&mut file, &checkpoint)?;
            file.sync_all()?;
            fs::rename(new, &path)
        };
        write().map_err(|e| format!("cannot write `{}`: {e}", path.display()))
    }

    /// All is written: the file gets its name.
    pub(crate) fn finish(self) -> Result<Tally, String> {
        if let Some(failures) = &self.failures {
            failures.sync()?;
        }
        if let Messages::File { growing, target } = &self.messages {
            growing.sync()?;
            fs::rename(with_ending(target, ".part"), target)
                .map_err(|e| format!("cannot write `{}`: {e}", target.display()))?;
            // It may never have come to one.
            let _ = fs::remove_file(with_ending(target, ".checkpoint"));
        }
        Ok(self.tally)
    }
}

/// What an interrupted run left.
fn earlier(target: &Path, resume: bool, inputs: &[String], to: &str) -> Result<Option<Checkpoint>, String> {
    let (part, path) = (with_ending(target, ".part"), with_ending(target, ".checkpoint"));
    if target.exists() {
        return Err(format!("`{}` exists: move it away, or name another file", target.display()));
    }
    if !resume {
        let Some(left) = [part, path].into_iter().find(|path| path.exists()) else { return Ok(None) };
        return Err(format!("`{}` is of an interrupted run: go on with --resume, or remove it", left.display()));
    }
    if !path.exists() {
        // It was interrupted before the first checkpoint, if at all.
        return Ok(None);
    }
    let text = fs::read(&path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
    let checkpoint: Checkpoint =
        serde_json::from_slice(&text).map_err(|e| format!("`{}` is no checkpoint: {e}", path.display()))?;
    let reaches = fs::metadata(&part).map_or(0, |about| about.len());
    if checkpoint.inputs != inputs || checkpoint.to != to {
        return Err(format!("`{}` is of a run with other inputs: give the same, or remove it", path.display()));
    }
    if reaches < checkpoint.output_bytes {
        return Err(format!("`{}` is shorter than its checkpoint says: remove both, and begin anew", part.display()));
    }
    Ok(Some(checkpoint))
}
