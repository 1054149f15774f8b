//! The output of the program: standard output, and files that appear only when they are complete.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Prints a text and a line break to standard output. It is no error if the reader has stopped
/// reading.
pub(crate) fn print(text: &str) -> Result<(), String> {
    finish(writeln!(io::stdout().lock(), "{text}"))
}

fn finish(written: io::Result<()>) -> Result<(), String> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write: {error}")),
        _ => Ok(()),
    }
}

/// A writer of lines, to standard output or to a file.
///
/// The file is named `FILE.part` until [`Lines::finish`]. A file that exists is not overwritten.
pub(crate) struct Lines {
    out: Box<dyn Write>,
    file: Option<(PathBuf, PathBuf)>,
    nobody_reads: bool,
}

impl Lines {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else {
            return Ok(Self { out: Box::new(BufWriter::new(io::stdout())), file: None, nobody_reads: false });
        };
        let shown = path.display();
        if path.exists() {
            return Err(format!("`{shown}` exists: move it away, or name another file"));
        }
        let mut part = OsString::from(path);
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|e| format!("cannot write `{}`: {e}", part.display()))?;
        Ok(Self { out: Box::new(BufWriter::new(file)), file: Some((part, path.to_owned())), nobody_reads: false })
    }

    /// Writes a line. Returns false once nobody reads any more.
    pub(crate) fn line(&mut self, text: &str) -> Result<bool, String> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.write_all(b"\n")) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.nobody_reads = true,
            Err(error) => return Err(format!("cannot write: {error}")),
            Ok(()) => {}
        }
        Ok(!self.nobody_reads)
    }

    /// Completes the output. The file gets its name.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        finish(self.out.flush())?;
        match self.file {
            Some((part, path)) => {
                fs::rename(&part, &path).map_err(|e| format!("cannot write `{}`: {e}", path.display()))
            }
            None => Ok(()),
        }
    }
}
