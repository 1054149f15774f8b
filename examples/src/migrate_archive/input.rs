//! Where messages come from, one after the other.

use flate2::bufread::MultiGzDecoder;
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};
use vcp_sdk::schema::Limits;

/// A file, or standard input.
pub(crate) struct Source {
    /// `-` for standard input.
    path: PathBuf,
    /// Its size in bytes; unknown for standard input.
    pub(crate) size: Option<u64>,
}

/// What was found in a source.
pub(crate) enum Line {
    /// A line, or a whole file with one message.
    Text(Vec<u8>),
    /// A line beyond the limit, which was passed over.
    TooLong,
}

impl Source {
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether the whole file is one message.
    fn is_one_message(&self) -> bool {
        ends(&self.path, &[".json", ".json.gz"])
    }

    /// Opens it; `count` is told of the bytes that are read from it.
    pub(crate) fn open<'c>(&self, count: impl Fn(u64) + 'c) -> io::Result<Lines<'c>> {
        let raw: Box<dyn Read> =
            if self.path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(&self.path)?) };
        let mut raw = BufReader::with_capacity(1 << 16, Counted { raw, count });
        let is_gzip = raw.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let source: Box<dyn BufRead + 'c> =
            if is_gzip { Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(raw))) } else { Box::new(raw) };
        Ok(Lines { source, is_one_message: self.is_one_message() })
    }
}

fn ends(path: &Path, ends: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    ends.iter().any(|end| name.ends_with(end))
}

/// The sources that the arguments name, directories in the order of their names, and how many files there were passed over.
pub(crate) fn sources(paths: &[PathBuf]) -> Result<(Vec<Source>, u64), String> {
    let (mut sources, mut passed_over) = (Vec::new(), 0);
    let standard = [PathBuf::from("-")];
    for path in if paths.is_empty() { &standard } else { paths } {
        if path == Path::new("-") {
            sources.push(Source { path: path.clone(), size: None });
        } else {
            add(path, true, &mut sources, &mut passed_over)
                .map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
        }
    }
    Ok((sources, passed_over))
}

fn add(path: &Path, is_named: bool, sources: &mut Vec<Source>, passed_over: &mut u64) -> io::Result<()> {
    let about = fs::metadata(path)?;
    if about.is_dir() {
        let mut inside: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
        inside.sort();
        return inside.iter().try_for_each(|path| add(path, false, sources, passed_over));
    }
    let is_ours = ends(path, &[".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz"]);
    if is_named || is_ours {
        sources.push(Source { path: path.to_owned(), size: Some(about.len()) });
    } else {
        *passed_over += 1;
    }
    Ok(())
}

struct Counted<R, C> {
    raw: R,
    count: C,
}

impl<R: Read, C: Fn(u64)> Read for Counted<R, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buffer)?;
        (self.count)(read as u64);
        Ok(read)
    }
}

/// The lines of a source.
pub(crate) struct Lines<'c> {
    source: Box<dyn BufRead + 'c>,
    is_one_message: bool,
}

impl Iterator for Lines<'_> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<io::Result<Line>> {
        let longest = Limits::default().text_bytes;
        let mut text = Vec::new();
        let mut bounded = self.source.by_ref().take(longest as u64 + 2);
        let read =
            if self.is_one_message { bounded.read_to_end(&mut text) } else { bounded.read_until(b'\n', &mut text) };
        match read {
            Err(error) => return Some(Err(error)),
            Ok(0) => return None,
            Ok(_) => {}
        }
        let ended = text.ends_with(b"\n");
        if text.len() <= longest || (ended && text.len() == longest + 1) {
            return Some(Ok(Line::Text(text)));
        }
        // The rest of it is not held.
        let rest = if self.is_one_message || !ended { self.pass_over() } else { Ok(()) };
        Some(rest.map(|()| Line::TooLong))
    }
}

impl Lines<'_> {
    /// Passes over the rest of a line, or of a file that is one message.
    fn pass_over(&mut self) -> io::Result<()> {
        if self.is_one_message {
            return io::copy(&mut self.source, &mut io::sink()).map(drop);
        }
        self.source.skip_until(b'\n').map(drop)
    }
}
