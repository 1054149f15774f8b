//! The output of the program: standard output, and files that appear only when they are complete.

use crate::records::{Fault, Unused};
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};
use vcp_sdk::validate::visible;

/// Returns the beginning of a text for a cell of a table or a part of a line. A text that is longer
/// than `most` characters ends with `…`, because a long cell widens every row of its table.
pub(crate) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", visible(text.get(..end).unwrap_or_default())),
        None => visible(text).into_owned(),
    }
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

/// A file that is not complete yet.
struct Unfinished {
    part: PathBuf,
    path: PathBuf,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After `finish` there is no such file any more.
        drop(fs::remove_file(&self.part));
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
        let file = File::create_new(&part).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                format!("`{}` exists: another run writes it, or was stopped: remove it", part.display())
            }
            _ => format!("cannot write `{}`: {error}", part.display()),
        })?;
        let unfinished = Unfinished { part, path: path.to_owned() };
        Ok(Self { out: Box::new(BufWriter::new(file)), file: Some(unfinished) })
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
        let Some(Unfinished { part, path }) = &self.file else { return Ok(()) };
        publish(part, path)?
            .then_some(())
            .ok_or_else(|| format!("`{}` appeared during the run: move it away, and run again", path.display()))
    }
}

/// Gives a complete file its name. Returns `false` if a file with that name exists.
pub(crate) fn publish(part: &Path, path: &Path) -> Result<bool, String> {
    let cannot = |e: io::Error| format!("cannot write `{}`: {e}", path.display());
    // A link never replaces a file. A file system may have no links.
    match fs::hard_link(part, path) {
        Ok(()) => fs::remove_file(part).map(|()| true).map_err(cannot),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(_) if path.exists() => Ok(false),
        Err(_) => fs::rename(part, path).map(|()| true).map_err(cannot),
    }
}
