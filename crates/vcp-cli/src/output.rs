//! The output of the program: standard output, and files that appear only when they are complete.

use crate::records::{Fault, Unused};
use std::{
    ffi::OsString,
    fmt::Display,
    fs::{self, File, TryLockError},
    io::{self, BufWriter, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};
use vcp_sdk::{
    mapping::{MapReport, Problem, UnlistedWord},
    validate::visible,
};

/// Returns the beginning of a text for a cell of a table or a part of a line. A text that is longer
/// than `most` characters ends with `…`, because a long cell widens every row of its table.
pub(crate) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", visible(text.get(..end).unwrap_or_default())),
        None => visible(text).into_owned(),
    }
}

/// Returns a line for each part of a delivery that was not used, and for each unknown word.
pub(crate) fn unused(report: &MapReport) -> impl Iterator<Item = String> {
    let problem = |problem: &Problem| format!("not used: {} at {}: {}", problem.code, problem.source, problem.message);
    let word = |word: &UnlistedWord| format!("unknown word at {}: `{}`", word.source, word.word);
    report.problems.iter().map(problem).chain(report.unknown_words.iter().map(word))
}

/// Prints a line for people to standard output. What is not safe on a terminal is replaced, line
/// breaks too. It is no error if the reader has stopped reading.
pub(crate) fn line(text: &str) -> Result<(), String> {
    data(&visible(text))
}

/// Prints several lines for people, as [`line()`] does. A value among them that could have line
/// breaks of its own must be made [`visible`] before.
pub(crate) fn block(text: &str) -> Result<(), String> {
    text.split('\n').try_for_each(line)
}

/// Prints data for programs to standard output, unchanged, and a line break.
pub(crate) fn data(text: &str) -> Result<(), String> {
    finish(writeln!(io::stdout().lock(), "{text}"))
}

/// Prints a line for people to standard error, as [`line()`] does. It is no error if it cannot be
/// written, because there is no other place to tell it.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(text));
}

/// Formats a line for people and prints it to standard error.
macro_rules! tell {
    ($($format:tt)*) => { $crate::output::tell(&format!($($format)*)) };
}

/// Returns a number with its noun, such as `1 message` or `2 messages`.
pub(crate) fn counted<N: Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    format!("{count} {noun}{}", if count == N::from(1) { "" } else { "s" })
}

fn finish(written: io::Result<()>) -> Result<(), String> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write: {error}")),
        _ => Ok(()),
    }
}

/// A writer of lines, to standard output or to a file.
///
/// The file is named `FILE.part` until [`Lines::finish`], and removed if that is not reached. A
/// file that exists is not overwritten.
pub(crate) struct Lines {
    out: Box<dyn Write>,
    file: Option<Unfinished>,
}

/// A file that is not complete yet. It is locked where that is possible.
struct Unfinished {
    part: PathBuf,
    file: File,
    path: PathBuf,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After `finish` there is no such file any more.
        if is_named(&self.file, &self.part) {
            drop(fs::remove_file(&self.part));
        }
    }
}

impl Lines {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else {
            return Ok(Self { out: Box::new(BufWriter::new(io::stdout())), file: None });
        };
        if path.exists() {
            return Err(format!("`{}` exists: move it away, or name another file", path.display()));
        }
        let mut part = OsString::from(path);
        part.push(".part");
        let part = PathBuf::from(part);
        let cannot = |error: io::Error| format!("cannot write `{}`: {error}", part.display());
        let file = File::create_new(&part).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                // A run that writes the file has locked it.
                let is_locked = File::options()
                    .write(true)
                    .open(&part)
                    .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
                let (part, what) =
                    (part.display(), if is_locked { WRITTEN } else { "is from a run that was stopped: remove it" });
                format!("`{part}` {what}")
            }
            _ => cannot(error),
        })?;
        // The lock is for the message above. A file system may have none.
        let _ = file.try_lock();
        let out = file.try_clone().map(BufWriter::new);
        let unfinished = Unfinished { part, file, path: path.to_owned() };
        let out = Box::new(out.map_err(|error| format!("cannot write `{}`: {error}", unfinished.part.display()))?);
        Ok(Self { out, file: Some(unfinished) })
    }

    /// Writes a line. Breaks off once nobody reads any more.
    pub(crate) fn line(&mut self, text: &str) -> Result<ControlFlow<()>, Fault> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.write_all(b"\n")) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(error) => Err(Fault::Command(format!("cannot write: {error}"))),
            Ok(()) => Ok(ControlFlow::Continue(())),
        }
    }

    /// Completes the output of what was read. Returns whether every record was used. If a source
    /// could not be read completely, that is an error, and the file is removed.
    pub(crate) fn finish_read(mut self, read: &Unused) -> Result<bool, String> {
        finish(self.out.flush())?;
        let are_all_used = read.verdict()?;
        self.finish().map(|()| are_all_used)
    }

    /// Completes the output. The file gets its name.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        finish(self.out.flush())?;
        let Some(Unfinished { part, file, path }) = &self.file else { return Ok(()) };
        // The file must not get its name before its content is on the disk.
        file.sync_all().map_err(|error| format!("cannot write `{}`: {error}", part.display()))?;
        publish(part, file, path)?
            .then_some(())
            .ok_or_else(|| format!("`{}` appeared during the run: move it away, and run again", path.display()))
    }
}

/// Gives a complete file, which is named `part`, its name. Returns `false` if a file with that name
/// exists.
///
/// # Errors
///
/// Returns a message if `part` is another file, or if the file cannot get its name.
pub(crate) fn publish(part: &Path, file: &File, path: &Path) -> Result<bool, String> {
    if !is_named(file, part) {
        let part = part.display();
        return Err(format!("`{part}` was moved or replaced during the run: move it back, or run again"));
    }
    let cannot = |e: io::Error| format!("cannot write `{}`: {e}", path.display());
    // A link never replaces a file. A file system may have no links.
    match fs::hard_link(part, path) {
        Ok(()) => fs::remove_file(part).map(|()| true).map_err(cannot),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(_) if path.exists() => Ok(false),
        Err(_) => fs::rename(part, path).map(|()| true).map_err(cannot),
    }
}

/// Replaces the content of a file, or makes the file. Until the new content is complete, the file
/// stays as it is.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), String> {
    let mut part = OsString::from(path);
    part.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(part);
    let write = |mut file: File| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    let written = File::create_new(&part).and_then(|file| write(file).inspect_err(|_| drop(fs::remove_file(&part))));
    written.map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

/// Returns whether a path names an open file.
fn is_named(file: &File, path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|named| identity(Ok(named)) == identity(file.metadata()))
}

/// Returns what tells a file from any other: its number and the time of its creation, because
/// numbers are used again. The number of the device is left out, because it can be another one
/// after a restart. `None` where files have no numbers.
pub(crate) fn identity(about: io::Result<fs::Metadata>) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let about = about.ok()?;
        Some(format!("{}, {:?}", about.ino(), about.created().ok()))
    }
    #[cfg(not(unix))]
    None
}

/// The fault of a file that another run has locked, behind its name.
pub(crate) const WRITTEN: &str = "is being written by another run: wait for it, or stop it";
