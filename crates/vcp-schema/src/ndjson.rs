//! NDJSON: archives, queues and logs with one message per line.
//!
//! ```
//! use vcp_schema::ndjson::{Reader, Writer};
//! # let text = include_str!("../tests/data/minimal.json").replace('\n', " ");
//! let archive = format!("{text}\n{{\"vcp_version\":\"0.5\"}}\n\n{text}");
//! let mut writer = Writer::new(Vec::new());
//! for message in Reader::new(archive.as_bytes()) {
//!     match message {
//!         Ok(message) => writer.write(&message)?,
//!         Err(error) => assert_eq!(
//!             error.to_string(),
//!             "line 2, column 21: VCP_E005 at $.vcp_payload: `vcp_payload` is missing"
//!         ),
//!     }
//! }
//! assert_eq!(writer.into_inner().split(|byte| *byte == b'\n').count(), 3);
//! # Ok::<(), std::io::Error>(())
//! ```

use crate::{
    Limits, ReadError, ReadOptions, VcpMessage,
    json::text::{self, too_long},
};
use std::{
    fmt,
    io::{self, BufRead, Write},
};

/// An iterator that reads messages, one per line.
///
/// - A line that cannot be read gives one error. Reading continues with the next line.
/// - An error of the source ends the iteration.
/// - Blank lines are skipped.
/// - A line ends with `\n`, `\r\n` or the end of the source.
/// - A line beyond the limit on the length of the text gives `VCP_E008`. It is not kept in memory.
pub struct Reader<R> {
    source: R,
    limits: Limits,
    line: Vec<u8>,
    number: u64,
    failed: bool,
}

/// Leaves out the text of the line, which may contain personal data.
impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("limits", &self.limits).field("number", &self.number).finish_non_exhaustive()
    }
}

/// A line that is not blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line<'r> {
    /// The number of the line, from 1. Blank lines count.
    pub number: u64,
    /// The text of the line, without the line break.
    pub text: &'r str,
}

/// A line that could not be read.
#[derive(Debug)]
pub struct LineError {
    line: u64,
    error: ReadError,
}

impl LineError {
    /// Returns the number of the line, from 1. Blank lines count.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Returns the error. Its position in the text counts from the start of the line.
    #[must_use]
    pub fn error(&self) -> &ReadError {
        &self.error
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        match &self.error {
            ReadError::Io(error) => write!(f, "line {line}: {error}"),
            ReadError::Parse(error) => {
                let column = error.position().map_or(1, |at| at.column);
                let (code, path, message) = (error.code(), error.path().shortened(), error.message());
                write!(f, "line {line}, column {column}: {code} at {path}: {message}")
            }
        }
    }
}

impl std::error::Error for LineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl<R: BufRead> Reader<R> {
    /// Makes a reader with the default [`Limits`], which apply to each line separately.
    #[must_use]
    pub fn new(source: R) -> Self {
        Self::with_limits(source, Limits::default())
    }

    /// Makes a reader with the given limits, which apply to each line separately.
    #[must_use]
    pub fn with_limits(source: R, limits: Limits) -> Self {
        Self { source, limits, line: Vec::new(), number: 0, failed: false }
    }

    /// Returns the next line that is not blank as text, or `None` at the end.
    ///
    /// Use it if the lines contain something other than 0.5 messages.
    ///
    /// # Errors
    ///
    /// - `VCP_E008` if the line is too long.
    /// - `VCP_E007` if the line is not UTF-8.
    /// - [`ReadError::Io`] if the source fails. After that, every call returns `None`.
    pub fn next_line(&mut self) -> Option<Result<Line<'_>, LineError>> {
        loop {
            if self.failed {
                return None;
            }
            self.number += 1;
            match self.fill() {
                Ok(Filled::End) => return None,
                Ok(Filled::Line) if self.line.trim_ascii().is_empty() => {}
                Ok(Filled::Line) => break,
                Ok(Filled::TooLong) => return Some(Err(self.error(ReadError::Parse(too_long(&self.limits))))),
                Err(error) => {
                    self.failed = true;
                    return Some(Err(self.error(ReadError::Io(error))));
                }
            }
        }
        let number = self.number;
        Some(match text::utf8(&self.line, &self.limits) {
            Ok(text) => Ok(Line { number, text }),
            Err(error) => Err(LineError { line: number, error: error.into() }),
        })
    }

    fn error(&self, error: ReadError) -> LineError {
        LineError { line: self.number, error }
    }

    /// Reads one line into the buffer, without its line break.
    fn fill(&mut self) -> io::Result<Filled> {
        self.line.clear();
        let (mut any, mut fits) = (false, true);
        loop {
            let chunk = match self.source.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            any |= !chunk.is_empty();
            let end = memchr::memchr(b'\n', chunk);
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            // One byte more, because the `\r` of `\r\n` is not part of the text.
            fits &= self.line.len() + part.len() <= self.limits.text_bytes.saturating_add(1);
            if fits {
                self.line.extend_from_slice(part);
            }
            let (read, ended) = (part.len() + usize::from(end.is_some()), end.is_some() || chunk.is_empty());
            self.source.consume(read);
            if ended {
                self.line.pop_if(|last| *last == b'\r');
                fits &= self.line.len() <= self.limits.text_bytes;
                return Ok(match (any, fits) {
                    (false, _) => Filled::End,
                    (true, true) => Filled::Line,
                    (true, false) => Filled::TooLong,
                });
            }
        }
    }
}

enum Filled {
    Line,
    TooLong,
    End,
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<VcpMessage, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let options = ReadOptions::default().limits(self.limits);
        let line = self.next_line()?;
        Some(line.and_then(|line| {
            let message = options.from_json(line.text);
            message.map_err(|error| LineError { line: line.number, error: error.into() })
        }))
    }
}

/// Returns JSON text as one line.
///
/// Replaces each CR and LF by a space. In JSON they occur only between tokens, so no value changes.
///
/// ```
/// assert_eq!(vcp_schema::ndjson::one_line("{\n\"a\":1\r\n}".to_owned()), "{ \"a\":1  }");
/// ```
#[must_use]
pub fn one_line(json: String) -> String {
    if memchr::memchr2(b'\r', b'\n', json.as_bytes()).is_some() { json.replace(['\r', '\n'], " ") } else { json }
}

/// A writer of messages, one per line.
#[derive(Debug)]
pub struct Writer<W> {
    target: W,
}

impl<W: Write> Writer<W> {
    /// Makes a writer to `target`. It writes each line at once, so `target` should be buffered.
    #[must_use]
    pub fn new(target: W) -> Self {
        Self { target }
    }

    /// Writes one message and a line break.
    ///
    /// The text is that of [`VcpMessage::to_json_line`].
    ///
    /// # Errors
    ///
    /// The error of the target.
    pub fn write(&mut self, message: &VcpMessage) -> io::Result<()> {
        let mut line = message.to_json_line();
        line.push('\n');
        self.target.write_all(line.as_bytes())
    }

    /// Flushes the target.
    ///
    /// # Errors
    ///
    /// The error of the target.
    pub fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }

    /// Returns the target.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorCode, RawObject};
    use std::io::{BufReader, Read};

    const MINIMAL: &str = include_str!("../tests/data/minimal.json");

    fn line() -> String {
        MINIMAL.replace('\n', "")
    }

    /// Returns the line number and the code of each result, with `ok` for a message.
    fn outcomes(source: impl BufRead, limits: Limits) -> Vec<(u64, String)> {
        let mut reader = Reader::with_limits(source, limits);
        let mut seen = Vec::new();
        while let Some(result) = reader.next() {
            seen.push(match result {
                Ok(_) => (reader.number, "ok".to_owned()),
                Err(error) => match error.error() {
                    ReadError::Io(io) => (error.line(), io.to_string()),
                    ReadError::Parse(parse) => (error.line(), parse.code().as_str().to_owned()),
                },
            });
        }
        seen
    }

    #[test]
    fn a_bad_line_does_not_end_the_stream() {
        let mut archive = format!("{0}\r\n\n  \t\n{{\n\n{0}\nnull\n", line()).into_bytes();
        archive.extend(b"\"\xff\"\n");
        archive.extend(line().as_bytes());
        let text = |archive: &[u8]| Reader::new(archive).next_line().map(|line| line.unwrap().text.to_owned());
        assert_eq!(text(b"a\r\n"), text(b"a\n"));
        let expected = [(1, "ok"), (4, "VCP_E007"), (6, "ok"), (7, "VCP_E004"), (8, "VCP_E007"), (9, "ok")];
        for capacity in [1, 7, 100_000] {
            let source = BufReader::with_capacity(capacity, archive.as_slice());
            let found = outcomes(source, Limits::default());
            assert_eq!(found, expected.map(|(at, what)| (at, what.to_owned())), "{capacity}");
        }
    }

    #[test]
    fn an_endless_line_takes_no_memory_and_the_next_line_is_read() {
        let limits = Limits::default().text_bytes(line().len());
        let archive = std::io::repeat(b'a').take(50_000_000).chain("\n".as_bytes()).chain(MINIMAL.as_bytes());
        let mut reader = Reader::with_limits(BufReader::new(archive), limits);
        let error = reader.next().unwrap().unwrap_err();
        assert!(matches!(error.error(), ReadError::Parse(e) if e.code() == ErrorCode::Limit));
        assert!(reader.line.capacity() <= 2 * limits.text_bytes);
        // The message spans several lines, and each is a fault.
        assert!(reader.all(|result| result.is_err()));
    }

    #[test]
    fn a_failing_source_is_an_error_and_the_end() {
        struct Broken(u8);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                match self.0 {
                    1 => Err(io::ErrorKind::Interrupted.into()),
                    2 => {
                        let text = line() + "\n{";
                        buffer[..text.len()].copy_from_slice(text.as_bytes());
                        Ok(text.len())
                    }
                    _ => Err(io::Error::other("the disk is gone")),
                }
            }
        }
        let found = outcomes(BufReader::new(Broken(0)), Limits::default());
        assert_eq!(found, [(1, "ok".to_owned()), (2, "the disk is gone".to_owned())]);
    }

    #[test]
    fn what_is_written_is_one_line_and_reads_back() {
        let mut message = VcpMessage::from_json(MINIMAL).unwrap();
        message.vcp_payload.custom.experimental =
            Some(RawObject::from_json("{\r\n \"a\": \"\\n\",\n\"b\":1}").unwrap());
        let mut writer = Writer::new(Vec::new());
        writer.write(&message).unwrap();
        writer.write(&message).unwrap();
        writer.flush().unwrap();
        let text = String::from_utf8(writer.into_inner()).unwrap();
        assert_eq!(text, format!("{0}\n{0}\n", message.to_json_line()));
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains(r#"{   "a": "\n", "b":1}"#), "{text}");
        assert_eq!(Reader::new(text.as_bytes()).filter(Result::is_ok).count(), 2);
    }
}
