//! The output of messages, with checkpoints from which an interrupted run can continue.
//!
//! An output file is named `FILE.part` until it is complete. `FILE.checkpoint` holds the last
//! checkpoint.

use super::{Args, Target, tally::Tally};
use crate::{
    clock,
    input::{self, Folder, Source},
    output::{WRITTEN, identity, publish},
};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::mpsc::{SyncSender, TrySendError, sync_channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The minimum time between two checkpoints.
const INTERVAL: Duration = Duration::from_secs(1);

/// The most bytes of a checkpoint that are read. Each input takes its path and about 95 bytes.
const LARGEST_CHECKPOINT: u64 = 1 << 28;

/// The progress of a run: the number of finished sources, and the number of finished lines of the
/// next source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) sources: usize,
    pub(crate) lines: u64,
    /// The hash of these lines, if the source is no file, whose size and time would tell of another
    /// content.
    #[serde(default)]
    pub(crate) hash: Option<u64>,
}

/// The arguments of a run. A run with other arguments cannot continue from its checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Run {
    /// The inputs, with their sizes and the times of their last change. JSON cannot hold every path
    /// and every time, so each is the text that Rust shows.
    inputs: Vec<String>,
    to: String,
    missing_time: Option<String>,
    failures: Option<String>,
    prove: bool,
}

/// The content of `FILE.checkpoint`.
#[derive(Debug, Serialize, Deserialize)]
struct Checkpoint {
    run: Run,
    position: Position,
    output: Option<Written>,
    failures: Option<Written>,
    tally: Tally,
}

/// The part of a file that the run has written.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Written {
    bytes: u64,
    /// The identity of the file, so that another file of that name is not cut.
    file: Option<String>,
}

/// A writer of checkpoints on a separate thread, so that the main thread does not wait for the
/// disk.
struct Keeper {
    checkpoints: SyncSender<Checkpoint>,
    thread: JoinHandle<Result<(), String>>,
}

impl Keeper {
    /// Writes the first checkpoint, and starts the thread that writes the others.
    fn begin(target: &Path, files: Vec<File>, first: &Checkpoint) -> Result<Self, String> {
        let path = with_ending(target, ".checkpoint");
        let new = with_ending(target, ".checkpoint.new");
        let keep = move |checkpoint: &Checkpoint| {
            // The data must be on the disk before a checkpoint that refers to it.
            files.iter().try_for_each(File::sync_data).map_err(|e| format!("cannot write: {e}"))?;
            let write = || {
                // A link of this name is not followed.
                let mut file = OpenOptions::new().create_new(true).write(true).open(&new)?;
                file.write_all(&serde_json::to_vec(checkpoint)?)?;
                file.sync_all()?;
                fs::rename(&new, &path)
            };
            write().map_err(|e| format!("cannot write `{}`: {e}", new.display()))
        };
        keep(first)?;
        let (checkpoints, waiting) = sync_channel(0);
        let work = move || waiting.iter().try_for_each(|checkpoint| keep(&checkpoint));
        let thread = thread::Builder::new().spawn(work).map_err(|e| format!("cannot start a thread: {e}"))?;
        Ok(Self { checkpoints, thread })
    }

    /// Waits for the last checkpoint. Returns an error if one could not be written.
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

/// A file that grows by whole lines. It is locked, so that two runs never write the same file.
struct Growing {
    file: File,
    bytes: u64,
}

impl Growing {
    /// Creates a file, or opens the file of an interrupted run.
    ///
    /// `left` is the part that the interrupted run wrote until its checkpoint. The file is cut to
    /// this length, because the bytes behind it may end with an incomplete line.
    fn open(path: &Path, left: Option<Written>) -> Result<Self, String> {
        let Some(Written { bytes, file: written }) = left else {
            return match OpenOptions::new().create_new(true).write(true).open(path) {
                Ok(file) => lock(&file, path).map(|()| Self { file, bytes: 0 }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
                Err(e) => Err(format!("cannot write `{}`: {e}", path.display())),
            };
        };
        let cannot = |e: io::Error| format!("cannot resume `{}`: {e}", path.display());
        if fs::symlink_metadata(path).is_ok_and(|about| !about.is_file()) {
            return Err(cannot(io::Error::other(
                "it is no regular file: remove it and its checkpoint, and start again",
            )));
        }
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(cannot)?;
        lock(&file, path)?;
        // The other run may have finished between opening and locking. Then this is its result.
        if !path.exists() {
            return Err(format!("`{}` was finished by another run: nothing is left to do", path.display()));
        }
        let mut cut = || {
            if identity(file.metadata()) != written {
                return Err(io::Error::other(
                    "it is not the file that the interrupted run wrote: move it away, remove the checkpoint, and start again",
                ));
            }
            if file.metadata()?.len() < bytes {
                return Err(io::Error::other("it is shorter than its checkpoint says: remove both, and start again"));
            }
            if let Some(last) = bytes.checked_sub(1) {
                let mut end = [0];
                file.seek(SeekFrom::Start(last))?;
                file.read_exact(&mut end)?;
                if end != *b"\n" {
                    return Err(io::Error::other("its checkpoint is within a line: remove both, and start again"));
                }
            }
            file.set_len(bytes)?;
            file.seek(SeekFrom::End(0))
        };
        cut().map_err(cannot)?;
        Ok(Self { file, bytes })
    }

    /// Returns the part that was written so far.
    fn so_far(&self) -> Written {
        Written { bytes: self.bytes, file: identity(self.file.metadata()) }
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), String> {
        self.bytes += lines.len() as u64;
        self.file.write_all(lines).map_err(|e| format!("cannot write: {e}"))
    }

    fn sync(&self) -> Result<(), String> {
        self.file.sync_data().map_err(|e| format!("cannot write: {e}"))
    }
}

/// Returns whether a file also has another name. A run that was stopped while it ended leaves such
/// a file, and continuing it would change the complete one.
fn has_two_names(path: &Path) -> bool {
    #[cfg(unix)]
    return fs::metadata(path).is_ok_and(|file| std::os::unix::fs::MetadataExt::nlink(&file) > 1);
    #[cfg(not(unix))]
    return false;
}

/// Locks a file until it is closed. Returns an error if another run has locked it.
fn lock(file: &File, path: &Path) -> Result<(), String> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(format!("`{}` {WRITTEN}", path.display())),
        // A file system without locks.
        Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(e)) => Err(format!("cannot lock `{}`: {e}", path.display())),
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
            inputs: sources
                .iter()
                .map(|source| format!("{:?}, size {:?}, changed {:?}", source.path(), source.size, source.modified))
                .collect(),
            to: to.to_owned(),
            missing_time: args.missing_time.map(|time| time.to_rfc3339()),
            failures: args.failures.as_ref().map(|path| format!("{path:?}")),
            prove: args.prove,
        };
        are_apart(args, sources)?;
        let before = match &args.output {
            Some(target) => earlier(target, args.resume, &run)?,
            None => None,
        };
        let left =
            |written: fn(&Checkpoint) -> &Option<Written>| before.as_ref().and_then(|before| written(before).clone());
        let messages = match &args.output {
            Some(target) => Messages::File {
                growing: Growing::open(&with_ending(target, ".part"), left(|before| &before.output))?,
                target: target.clone(),
            },
            None if args.dry_run => Messages::None,
            None => Messages::Standard(io::stdout()),
        };
        // The messages come first: if they cannot be continued, the failures stay as they are.
        let mut made: Vec<PathBuf> = args.output.iter().map(|target| with_ending(target, ".part")).collect();
        let failures = args.failures.as_deref().map(|path| Growing::open(path, left(|before| &before.failures)));
        let is_new = before.is_none();
        let begun = failures.transpose().and_then(|failures| {
            made.extend(args.failures.clone());
            made.extend(args.output.iter().map(|target| with_ending(target, ".checkpoint.new")));
            Self::begin(messages, failures, before, run)
        });
        if is_new && begun.is_err() {
            // A run that cannot begin leaves none of the files that it made.
            made.iter().for_each(|path| drop(fs::remove_file(path)));
        }
        begun
    }

    /// Writes the first checkpoint.
    fn begin(
        messages: Messages,
        failures: Option<Growing>,
        before: Option<Checkpoint>,
        run: Run,
    ) -> Result<Self, String> {
        let is_new = before.is_none();
        let (position, tally) = before.map(|before| (before.position, before.tally)).unwrap_or_default();
        let mut output =
            Self { messages, failures, keeper: None, run, last_checkpoint: clock::instant(), position, tally };
        if let Messages::File { growing, target } = &output.messages {
            if !is_new {
                // The interrupted run may have left it.
                let _ = fs::remove_file(with_ending(target, ".checkpoint.new"));
            }
            let files =
                [Some(growing), output.failures.as_ref()].into_iter().flatten().map(|grows| grows.file.try_clone());
            let files = files.collect::<io::Result<_>>().map_err(|e| format!("cannot write: {e}"))?;
            output.keeper = Some(Keeper::begin(target, files, &output.so_far())?);
        }
        Ok(output)
    }

    /// Writes whole lines. Returns `false` if the reader of standard output has stopped reading.
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

    /// Sets the position. Writes a checkpoint if the last one is old enough.
    pub(crate) fn checkpoint(&mut self, position: Position) -> Result<(), String> {
        self.position = position;
        if self.last_checkpoint.elapsed() < INTERVAL {
            return Ok(());
        }
        self.last_checkpoint = clock::instant();
        let Some(keeper) = &self.keeper else { return Ok(()) };
        match keeper.checkpoints.try_send(self.so_far()) {
            // The thread ends early only after an error, which `Keeper::end` returns.
            Err(TrySendError::Disconnected(_)) => self.keeper.take().map_or(Ok(()), Keeper::end),
            // If the last checkpoint is still being written, this one is skipped.
            Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
        }
    }

    /// Returns a checkpoint of everything that was written so far.
    fn so_far(&self) -> Checkpoint {
        let messages = if let Messages::File { growing, .. } = &self.messages { Some(growing) } else { None };
        Checkpoint {
            run: self.run.clone(),
            position: self.position,
            output: messages.map(Growing::so_far),
            failures: self.failures.as_ref().map(Growing::so_far),
            tally: self.tally.clone(),
        }
    }

    /// Completes the output: gives the file its final name and removes the checkpoint.
    pub(crate) fn finish(self) -> Result<Tally, String> {
        self.keeper.map_or(Ok(()), Keeper::end)?;
        if let Some(failures) = &self.failures {
            failures.sync()?;
        }
        if let Messages::File { growing, target } = &self.messages {
            growing.sync()?;
            if !publish(&with_ending(target, ".part"), &growing.file, target)? {
                let target = target.display();
                return Err(format!("`{target}` appeared during the run: move it away, and use --resume"));
            }
            // The run is complete, so a checkpoint that cannot be removed is not an error.
            let _ = fs::remove_file(with_ending(target, ".checkpoint"));
        }
        Ok(self.tally)
    }
}

fn exists(path: &Path) -> String {
    format!("`{}` exists: move it away, or name another file", path.display())
}

/// Checks that no input is overwritten and that no file is written twice.
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
        return Err("--failures and --output name the same file: use two different files".to_owned());
    }
    written.extend(failures);
    match sources.iter().map(Source::path).find(|path| written.contains(&place(path))) {
        Some(path) => Err(format!("`{}` would be read and written: name another file", path.display())),
        None => Ok(()),
    }
}

/// Returns the checkpoint of an interrupted run if the run is to be resumed.
///
/// Returns an error if the target exists, if an interrupted run left files and `resume` is not set,
/// or if the checkpoint is invalid or of a run with other arguments.
fn earlier(target: &Path, resume: bool, run: &Run) -> Result<Option<Checkpoint>, String> {
    let (part, path) = (with_ending(target, ".part"), with_ending(target, ".checkpoint"));
    if has_two_names(&part) {
        let (part, path) = (part.display(), path.display());
        return Err(format!(
            "the run that wrote `{part}` was complete, and the file has its name: remove `{part}` and `{path}`"
        ));
    }
    if target.exists() {
        return Err(exists(target));
    }
    match (part.exists(), path.exists()) {
        (false, false) => {
            let new = with_ending(target, ".checkpoint.new");
            return if fs::symlink_metadata(&new).is_ok() { Err(exists(&new)) } else { Ok(None) };
        }
        (true, false) => {
            let part = part.display();
            return Err(format!("`{part}` has no checkpoint, so no run can continue it: remove it, and start again"));
        }
        (_, true) if !resume => {
            let left = if part.exists() { part } else { path };
            return Err(format!(
                "`{}` is from a run that has not ended: if it was interrupted, use --resume, or remove the file",
                left.display()
            ));
        }
        (_, true) => {}
    }
    let text = Folder::with_limit(LARGEST_CHECKPOINT).read(&path)?;
    let checkpoint: Checkpoint = serde_json::from_slice(&text)
        .map_err(|e| format!("`{}` is not a checkpoint: {}", path.display(), input::reason(&e)))?;
    if checkpoint.run != *run {
        return Err(format!(
            "`{}` is from a run with other inputs, --to, --missing-time, --failures or --prove: use the same, or remove it",
            path.display()
        ));
    }
    if checkpoint.output.is_none() || checkpoint.failures.is_some() != run.failures.is_some() {
        return Err(format!("`{}` is not a checkpoint: it says nothing of a file: remove it", path.display()));
    }
    if checkpoint.position.sources > run.inputs.len() {
        return Err(format!("`{}` is not a checkpoint: it is beyond the last input: remove it", path.display()));
    }
    Ok(Some(checkpoint))
}
