//! Where messages go. A file is `FILE.part` until it is whole; `FILE.checkpoint` says how far it goes, so that a run can be taken up again.

use crate::{Args, Target, tally::Tally};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::mpsc::{SyncSender, TrySendError, sync_channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use vcp_examples::input::Source;

/// How often a checkpoint is written.
const INTERVAL: Duration = Duration::from_secs(1);

/// How far the work goes: so many sources are done, and so many lines of the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) sources: usize,
    pub(crate) lines: u64,
}

/// What a run was asked for: another run cannot go on with its checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Run {
    /// The inputs, with their sizes.
    inputs: Vec<(PathBuf, Option<u64>)>,
    to: String,
    now: Option<String>,
    failures: Option<PathBuf>,
}

/// What `FILE.checkpoint` holds.
#[derive(Debug, Serialize, Deserialize)]
struct Checkpoint {
    run: Run,
    position: Position,
    output_bytes: u64,
    failures_bytes: u64,
    tally: Tally,
}

/// Writes checkpoints on a thread of its own: the disk may take its time, and nobody has to wait for it.
struct Keeper {
    checkpoints: SyncSender<Checkpoint>,
    thread: JoinHandle<Result<(), String>>,
}

impl Keeper {
    /// Writes the first checkpoint now, and the others when they come.
    fn begin(target: &Path, files: Vec<File>, first: &Checkpoint) -> Result<Self, String> {
        let path = with_ending(target, ".checkpoint");
        let new = with_ending(target, ".checkpoint.new");
        let keep = move |checkpoint: &Checkpoint| {
            // What a checkpoint tells of is on the disk before it is.
            files.iter().try_for_each(File::sync_data).map_err(|e| format!("cannot write: {e}"))?;
            let write = || {
                let mut file = File::create(&new)?;
                file.write_all(&serde_json::to_vec(checkpoint)?)?;
                file.sync_all()?;
                fs::rename(&new, &path)
            };
            write().map_err(|e| format!("cannot write `{}`: {e}", new.display()))
        };
        keep(first)?;
        let (checkpoints, waiting) = sync_channel(0);
        let thread = thread::spawn(move || waiting.iter().try_for_each(|checkpoint| keep(&checkpoint)));
        Ok(Self { checkpoints, thread })
    }

    /// Waits for the last checkpoint; says whether all could be written.
    fn end(self) -> Result<(), String> {
        drop(self.checkpoints);
        self.thread.join().unwrap_or_else(|_| Err("cannot write checkpoints".to_owned()))
    }
}

pub(crate) struct Output {
    messages: Messages,
    failures: Option<Growing>,
    keeper: Option<Keeper>,
    run: Run,
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
    /// A new file, or one that an interrupted run left, which is cut to what its checkpoint says: what stands behind may end with half a line.
    fn open(path: &Path, left: Option<u64>) -> Result<Self, String> {
        let Some(bytes) = left else {
            return match OpenOptions::new().create_new(true).write(true).open(path) {
                Ok(file) => Ok(Self { file, bytes: 0 }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
                Err(e) => Err(format!("cannot write `{}`: {e}", path.display())),
            };
        };
        let open = || {
            let mut file = OpenOptions::new().write(true).open(path)?;
            if file.metadata()?.len() < bytes {
                return Err(io::Error::other("it is shorter than its checkpoint says: begin anew"));
            }
            file.set_len(bytes)?;
            file.seek(SeekFrom::End(0))?;
            Ok(Self { file, bytes })
        };
        open().map_err(|e| format!("cannot go on with `{}`: {e}", path.display()))
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
    pub(crate) fn open(args: &Args, sources: &[Source]) -> Result<Self, String> {
        let to = match args.to {
            Target::V03 => "0.3",
            Target::V05 => "0.5",
        };
        let run = Run {
            inputs: sources.iter().map(|source| (source.path().to_owned(), source.size)).collect(),
            to: to.to_owned(),
            now: args.now.map(|now| now.to_string()),
            failures: args.failures.clone(),
        };
        are_apart(args, sources)?;
        let before = match &args.output {
            Some(target) => earlier(target, args.resume, &run)?,
            None => None,
        };
        let left = |bytes: fn(&Checkpoint) -> u64| before.as_ref().map(bytes);
        let failures = args
            .failures
            .as_deref()
            .map(|path| Growing::open(path, left(|before| before.failures_bytes)))
            .transpose()?;
        let messages = match &args.output {
            Some(target) => Messages::File {
                growing: Growing::open(&with_ending(target, ".part"), left(|before| before.output_bytes))?,
                target: target.clone(),
            },
            None if args.dry_run => Messages::None,
            None => Messages::Standard(io::stdout()),
        };
        let (position, tally) = before.map(|before| (before.position, before.tally)).unwrap_or_default();
        let mut output =
            Self { messages, failures, keeper: None, run, last_checkpoint: Instant::now(), position, tally };
        if let Messages::File { growing, target } = &output.messages {
            let files =
                [Some(growing), output.failures.as_ref()].into_iter().flatten().map(|grows| grows.file.try_clone());
            let files = files.collect::<io::Result<_>>().map_err(|e| format!("cannot write: {e}"))?;
            output.keeper = Some(Keeper::begin(target, files, &output.so_far())?);
        }
        Ok(output)
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
        if self.last_checkpoint.elapsed() < INTERVAL {
            return Ok(());
        }
        self.last_checkpoint = Instant::now();
        let Some(keeper) = &self.keeper else { return Ok(()) };
        match keeper.checkpoints.try_send(self.so_far()) {
            // It has ended, which it does only when it cannot go on: its end says why.
            Err(TrySendError::Disconnected(_)) => self.keeper.take().map_or(Ok(()), Keeper::end),
            // Where the one before is still being written, this one is left out.
            Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
        }
    }

    /// The checkpoint of what is written so far.
    fn so_far(&self) -> Checkpoint {
        let bytes = |growing: Option<&Growing>| growing.map_or(0, |growing| growing.bytes);
        let messages = if let Messages::File { growing, .. } = &self.messages { Some(growing) } else { None };
        Checkpoint {
            run: self.run.clone(),
            position: self.position,
            output_bytes: bytes(messages),
            failures_bytes: bytes(self.failures.as_ref()),
            tally: self.tally.clone(),
        }
    }

    /// All is written: the file gets its name.
    pub(crate) fn finish(self) -> Result<Tally, String> {
        self.keeper.map_or(Ok(()), Keeper::end)?;
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

fn exists(path: &Path) -> String {
    format!("`{}` exists: move it away, or name another file", path.display())
}

/// Refuses to write over what is read, or two things into one file.
fn are_apart(args: &Args, sources: &[Source]) -> Result<(), String> {
    let place = |path: &Path| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let parent = absolute.parent().and_then(|parent| parent.canonicalize().ok());
        parent.zip(absolute.file_name()).map(|(parent, name)| parent.join(name)).unwrap_or(absolute)
    };
    let endings = ["", ".part", ".checkpoint", ".checkpoint.new"];
    let mut written: Vec<PathBuf> =
        args.output.iter().flat_map(|path| endings.map(|ending| place(&with_ending(path, ending)))).collect();
    let failures = args.failures.as_deref().map(place);
    if failures.as_ref().is_some_and(|path| written.contains(path)) {
        return Err("--failures and --output go into one file: name two".to_owned());
    }
    written.extend(failures);
    match sources.iter().map(Source::path).find(|path| written.contains(&place(path))) {
        Some(path) => Err(format!("`{}` would be read and written: name another file", path.display())),
        None => Ok(()),
    }
}

/// What an interrupted run left.
fn earlier(target: &Path, resume: bool, run: &Run) -> Result<Option<Checkpoint>, String> {
    let (part, path) = (with_ending(target, ".part"), with_ending(target, ".checkpoint"));
    if target.exists() {
        return Err(exists(target));
    }
    if !resume {
        let Some(left) = [part, path].into_iter().find(|path| path.exists()) else { return Ok(None) };
        return Err(format!("`{}` is of an interrupted run: go on with --resume, or remove it", left.display()));
    }
    if !path.exists() {
        // Nothing was begun.
        return Ok(None);
    }
    let text = fs::read(&path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
    let checkpoint: Checkpoint =
        serde_json::from_slice(&text).map_err(|e| format!("`{}` is no checkpoint: {e}", path.display()))?;
    if checkpoint.run != *run {
        return Err(format!(
            "`{}` is of a run with other inputs, --to, --now or --failures: give the same, or remove it",
            path.display()
        ));
    }
    Ok(Some(checkpoint))
}
