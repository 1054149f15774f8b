//! The inputs of the program: files, directories and standard input, read line by line.

use flate2::bufread::MultiGzDecoder;
use std::{
    fmt,
    fs::{self, File},
    io::{self, BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};
use vcp_sdk::schema::Limits;

/// A file or standard input.
#[derive(Debug)]
pub(crate) struct Source {
    /// The path. `-` means standard input.
    path: PathBuf,
    /// The size in bytes. `None` for standard input and for what is no file, such as a pipe.
    pub(crate) size: Option<u64>,
    /// The time of its last change. `None` if it is no file, and if the system does not tell.
    pub(crate) modified: Option<SystemTime>,
}

/// An item that is read from a source.
#[derive(Debug)]
pub(crate) enum Line {
    /// A line, or the whole file if the source is one message.
    Text(Vec<u8>),
    /// A line (or a whole message) that was longer than the limit and was skipped.
    TooLong,
    /// The bytes that were read before reading failed, and the error. No item follows.
    Cut(Vec<u8>, io::Error),
}

impl Source {
    fn file(path: &Path, about: &fs::Metadata) -> Self {
        let size = about.is_file().then_some(about.len());
        Self { path: path.to_owned(), size, modified: size.and(about.modified().ok()) }
    }

    /// Returns the path as text for people.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Returns the path. `-` means standard input.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether the whole file is one message, which is decided by its name: `.json`,
    /// `.json.gz` or `.json.zst`.
    pub(crate) fn is_one_message(&self) -> bool {
        ends(&self.path, &[".json", ".json.gz", ".json.zst"])
    }

    /// Opens the source. Calls `count` with the number of bytes of each read, before decompression.
    ///
    /// # Errors
    ///
    /// Returns an error if the source cannot be opened or its first bytes cannot be read.
    pub(crate) fn open<'c>(&self, count: impl Fn(u64) + 'c) -> io::Result<Lines<'c>> {
        let raw: Box<dyn Read> =
            if self.path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(&self.path)?) };
        let mut raw = BufReader::with_capacity(1 << 16, Counted { raw, count });
        // A pipe may give fewer bytes at first.
        let mut begun = Vec::new();
        raw.by_ref().take(4).read_to_end(&mut begun)?;
        let (is_gzip, is_zstd) = (begun.starts_with(GZIP), begun.starts_with(ZSTD) || is_skippable(&begun));
        let raw = Cursor::new(begun).chain(raw);
        let source: Box<dyn BufRead + 'c> = if is_gzip {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(raw)))
        } else if is_zstd {
            let mut frames = zstd::Decoder::with_buffer(raw)?;
            frames.window_log_max(ZSTD_WINDOW)?;
            Box::new(BufReader::with_capacity(1 << 16, frames))
        } else {
            Box::new(raw)
        };
        Ok(Lines { source, is_one_message: self.is_one_message(), has_begun: false, is_at_end: false })
    }
}

/// The first bytes of a gzip file and of a zstd file.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The logarithm of the largest window of a zstd file in bytes: 128 MiB. That is the largest window
/// of the usual levels (RFC 8878 recommends at least 8 MiB).
const ZSTD_WINDOW: u32 = 27;

/// Returns whether a zstd file begins with a frame to skip (RFC 8878, section 3.1.2).
fn is_skippable(begun: &[u8]) -> bool {
    matches!(begun, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

fn ends(path: &Path, ends: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    ends.iter().any(|end| name.ends_with(end))
}

/// The sources to read, and the entries of directories that are not read.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The sources, in the order of the arguments. Those of a directory are in the order of names.
    pub(crate) sources: Vec<Source>,
    /// The number of entries in directories that were skipped, because they have another name or
    /// are not files.
    pub(crate) passed_over: u64,
    /// The entries of directories that cannot be read.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// Prints how many entries of directories were skipped, if there were any.
pub(crate) fn note_skipped(entries: u64) {
    if entries > 0 {
        let entries = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
        tell!("{entries} skipped: {NAMES}");
    }
}

/// The names of files that are read from directories.
const NAMES: &str = "only .json, .ndjson and .jsonl files are read, plain or with .gz or .zst";

/// A file or directory that cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The path as text for people.
    pub(crate) name: String,
    /// The error.
    pub(crate) error: io::Error,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot be read: {}", self.name, self.error)
    }
}

/// Reads a whole file, or standard input if the path is `-`. The limit is that of a delivery.
pub(crate) fn whole(path: &Path) -> Result<Vec<u8>, String> {
    let limit = Limits::default().text_bytes as u64;
    if path == Path::new("-") {
        up_to(path, Ok(io::stdin().lock()), limit)
    } else {
        up_to(path, File::open(path), limit)
    }
}

/// Reads all bytes. It is an error if there are more than `limit`. `path` is for the error.
fn up_to(path: &Path, source: io::Result<impl Read>, limit: u64) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let mut text = Vec::new();
    let read = source.and_then(|source| source.take(limit + 1).read_to_end(&mut text));
    let read = read.map_err(|e| format!("cannot read `{shown}`: {e}"))?;
    if read as u64 > limit {
        return Err(format!("`{shown}` is longer than the limit of {limit} bytes"));
    }
    Ok(text)
}

/// Returns what is wrong with a JSON text and where, without a value of the text.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // These errors name a member of our own type. Other errors of types quote the value.
    if !error.is_data() || ["missing field", "duplicate field"].iter().any(|begin| text.starts_with(begin)) {
        return text;
    }
    format!("a value has another type than is wanted, at line {} column {}", error.line(), error.column())
}

/// A reader of the files of a folder that may come from somebody else.
pub(crate) struct Folder {
    /// The bytes that may still be read.
    left: u64,
}

impl Folder {
    /// Makes a reader of files that have at most `bytes` together.
    pub(crate) fn with_limit(bytes: u64) -> Self {
        Self { left: bytes }
    }

    /// Reads a file. A link is refused, because it can lead out of the folder. A pipe or a device
    /// is refused, because reading it may not end.
    pub(crate) fn read(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        let about = fs::symlink_metadata(path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
        if !about.is_file() {
            return Err(format!("cannot read `{}`: it is no regular file", path.display()));
        }
        let text =
            up_to(path, File::open(path), self.left).map_err(|error| format!("{error}, with the files before it"))?;
        self.left -= text.len() as u64;
        Ok(text)
    }
}

/// Finds the sources that the arguments name. Without arguments, the source is standard input.
///
/// # Errors
///
/// Returns a message if an argument names a file or directory that does not exist or cannot be
/// accessed, or if a directory has no file to read.
pub(crate) fn sources(paths: &[PathBuf]) -> Result<Sources, String> {
    let mut found = Sources::default();
    let standard = [PathBuf::from("-")];
    for path in if paths.is_empty() { &standard } else { paths } {
        if path == Path::new("-") {
            found.sources.push(Source { path: path.clone(), size: None, modified: None });
            continue;
        }
        let about = fs::metadata(path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
        if about.is_dir() {
            let before = found.sources.len() + found.unreadable.len();
            found.directory(path);
            if found.sources.len() + found.unreadable.len() == before {
                return Err(format!("`{}` has no file to read: {NAMES}", path.display()));
            }
        } else {
            found.sources.push(Source::file(path, &about));
        }
    }
    Ok(found)
}

impl Sources {
    /// Adds the files of a directory and its subdirectories. Follows no links: whoever made the
    /// directory could have other files read, or files that never end. A link with the name of an
    /// archive counts as unreadable.
    fn directory(&mut self, path: &Path) {
        let inside = fs::read_dir(path).and_then(|entries| {
            let mut inside: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
            inside.sort();
            Ok(inside)
        });
        let unreadable = |path: &Path, error| Unreadable { name: path.display().to_string(), error };
        match inside {
            Ok(inside) => {
                for path in inside {
                    if let Err(error) = self.entry(&path) {
                        self.unreadable.push(unreadable(&path, error));
                    }
                }
            }
            Err(error) => self.unreadable.push(unreadable(path, error)),
        }
    }

    fn entry(&mut self, path: &Path) -> io::Result<()> {
        let is_ours = ["", ".gz", ".zst"]
            .iter()
            .any(|packed| [".json", ".ndjson", ".jsonl"].iter().any(|end| ends(path, &[&format!("{end}{packed}")])));
        let about = fs::symlink_metadata(path)?;
        if about.is_dir() {
            self.directory(path);
        } else if is_ours && about.is_symlink() {
            return Err(io::Error::other("a link can lead out of the directory: name it itself to read it"));
        } else if !is_ours || !about.is_file() {
            // Reading a pipe would wait for a writer, and a device may never end.
            self.passed_over += 1;
        } else {
            self.sources.push(Source::file(path, &about));
        }
        Ok(())
    }
}

/// Moves white space to `text`. Returns whether a name, or the end of an object, follows.
fn begins_with_member(source: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let rest = source.fill_buf()?;
        let spaces = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        text.extend(rest.iter().take(spaces));
        let next = rest.get(spaces).copied();
        let is_at_end = rest.is_empty();
        source.consume(spaces);
        if next.is_some() || is_at_end {
            return Ok(matches!(next, Some(b'"' | b'}')));
        }
    }
}

/// Returns whether a text that begins as one pretty-printed message is lines of messages after all:
/// the text is no JSON, and a later line is a JSON object.
fn are_lines(text: &[u8]) -> bool {
    let is_json = |text: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
    let objects = || text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{"));
    objects().nth(1).is_some() && !is_json(text) && objects().any(is_json)
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

/// An iterator over the lines of a source. See [`Source::open`].
pub(crate) struct Lines<'c> {
    source: Box<dyn BufRead + 'c>,
    is_one_message: bool,
    has_begun: bool,
    is_at_end: bool,
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.is_at_end {
            return None;
        }
        let longest = Limits::default().text_bytes;
        let mut text = Vec::new();
        let mut bounded = self.source.by_ref().take(longest as u64 + 2);
        let mut read =
            if self.is_one_message { bounded.read_to_end(&mut text) } else { bounded.read_until(b'\n', &mut text) };
        // If the first line is only a brace and a member follows, the input is one pretty-printed
        // message.
        if !std::mem::replace(&mut self.has_begun, true) && !self.is_one_message && text.trim_ascii() == b"{" {
            read = read.and_then(|begun| {
                self.is_one_message = begins_with_member(&mut bounded, &mut text)?;
                Ok(if self.is_one_message { begun + bounded.read_to_end(&mut text)? } else { begun })
            });
            // One damaged line must not take the records after it with it.
            if read.is_ok() && self.is_one_message && are_lines(&text) {
                self.is_one_message = false;
                let rest = std::mem::replace(&mut self.source, Box::new(io::empty()));
                self.source = Box::new(Cursor::new(text).chain(rest));
                return self.next();
            }
        }
        // A file with one message gives one item, even if it is empty.
        self.is_at_end = self.is_one_message || !matches!(read, Ok(1..));
        match read {
            Err(error) => return Some(Line::Cut(text, error)),
            Ok(0) if !self.is_one_message => return None,
            Ok(_) => {}
        }
        let ended = text.ends_with(b"\n");
        if text.len() <= longest || (ended && text.len() == longest + 1) {
            return Some(Line::Text(text));
        }
        if self.is_one_message {
            return Some(Line::TooLong);
        }
        // The rest of the line is read without keeping it in memory.
        let rest = if ended { Ok(()) } else { self.source.skip_until(b'\n').map(drop) };
        self.is_at_end |= rest.is_err();
        Some(rest.map_or_else(|error| Line::Cut(Vec::new(), error), |()| Line::TooLong))
    }
}
