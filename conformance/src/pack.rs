//! The suite as an archive, which is used without Rust.

use crate::{
    case::{self, Level},
    output,
};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// The parts of the repository that the archive has. Links between its pages stay valid.
const PARTS: [&str; 13] = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "conformance/VERSION",
    "conformance/ids.lock",
    "conformance/mutants.json",
    "conformance/bases",
    "conformance/cases",
    "conformance/runners",
    "conformance/schemas",
    "conformance/testees",
    "crates/vcp-mapping/rules",
    "schema",
    "conformance",
];

/// The description of an archive, in its file `manifest.json`.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// The name of the suite.
    pub name: &'static str,
    /// The version of the suite.
    pub version: String,
    /// The protocol of testees.
    pub protocol: &'static str,
    /// The licence.
    pub licence: &'static str,
    /// The number of cases of each area and level.
    pub cases: BTreeMap<String, Counts>,
    /// The SHA-256 of the list of files, each line with its own SHA-256, two spaces and its path.
    pub digest: String,
}

/// The number of cases of an area.
#[derive(Debug, Default, Serialize)]
pub struct Counts {
    /// The cases that every implementation passes.
    pub must: usize,
    /// The other cases.
    pub may: usize,
}

/// Writes the archive into a folder. Returns its path.
///
/// # Errors
///
/// Returns a message with a path if a file cannot be read or written.
pub fn pack(suite: &Path, folder: &Path) -> Result<PathBuf, String> {
    let fail = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let root = suite.join("..");
    let read = |path: &str| {
        let path = root.join(path);
        fs::read(&path).map_err(|error| fail(&path, &error))
    };
    let mut paths = Vec::new();
    for part in PARTS {
        collect(&root, Path::new(part), part == "conformance", &mut paths)
            .map_err(|error| fail(Path::new(part), &error))?;
    }
    paths.sort();
    paths.dedup();
    let version = String::from_utf8_lossy(&read("conformance/VERSION")?).trim().to_owned();
    let (mut list, mut files) = (String::new(), Vec::new());
    for path in paths {
        let bytes = read(&path)?;
        let _ = writeln!(list, "{}  {path}", hex(&Sha256::digest(&bytes)));
        files.push((path, bytes));
    }
    let manifest = Manifest {
        name: "vcp-conformance",
        protocol: "vcp-conformance/1",
        licence: "MIT OR Apache-2.0",
        cases: counts(&suite.join("cases"))?,
        digest: hex(&Sha256::digest(list.as_bytes())),
        version,
    };
    let json = serde_json::to_string_pretty(&manifest).map_err(|error| error.to_string())?;
    files.push(("manifest.json".to_owned(), format!("{json}\n").into_bytes()));
    let name = format!("vcp-conformance-{}", manifest.version);
    let path = folder.join(format!("{name}.tar.gz"));
    output::replace(&path, |file| write(file, &name, &files)).map_err(|error| fail(&path, &error))?;
    Ok(path)
}

/// Adds the files below a part, as paths from the root, or only its own pages.
fn collect(root: &Path, part: &Path, only_pages: bool, paths: &mut Vec<String>) -> io::Result<()> {
    let whole = root.join(part);
    if !whole.is_dir() {
        paths.push(part.to_string_lossy().replace('\\', "/"));
        return Ok(());
    }
    for entry in fs::read_dir(&whole)? {
        let name = entry?.file_name();
        let inner = part.join(&name);
        let is_made = matches!(name.to_str(), Some("__pycache__" | "node_modules" | "dist"));
        let is_page = inner.extension().is_some_and(|extension| extension == "md");
        if !is_made && (!only_pages || is_page) {
            collect(root, &inner, false, paths)?;
        }
    }
    Ok(())
}

fn counts(cases: &Path) -> Result<BTreeMap<String, Counts>, String> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for case in case::read_all(cases)?.into_iter().flat_map(|(_, file)| file.cases) {
        let area = counts.entry(case.id.split("::").next().unwrap_or_default().to_owned()).or_default();
        match case.level {
            Level::Must => area.must += 1,
            Level::May => area.may += 1,
        }
    }
    Ok(counts)
}

/// Writes the files with fixed times and owners, so that the same files give the same archive.
fn write(file: &mut fs::File, name: &str, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::best()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len().try_into().unwrap_or(u64::MAX));
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{name}/{path}"), bytes.as_slice())?;
    }
    archive.into_inner()?.finish().map(drop)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
