//! The limits of rule files. A file from outside must not take the memory of the program, or minutes.

use super::{faults::Faults, form::ProviderFile};
use std::collections::BTreeSet;
use vcp_schema::json::tokens::{TokenKind, Tokens};

/// The most bytes of one file. The longest of this crate has 54 kB.
const FILE_BYTES: usize = 128 << 10;

/// The most bytes of one text in a file: a path, a name, a word, a remark. The longest of this crate
/// has 121.
const TEXT_BYTES: usize = 512;

/// The most bytes that are compiled. The text of a file counts once for each way to recognise a
/// delivery, and that of a rule file also once for each place of the record.
const COMPILED_BYTES: usize = 512 << 10;

/// The most parts of all plans together: sources, conditions, paths, members that recognise a
/// delivery, and members of models and tools. A list counts each time that it is used.
pub(super) const PARTS: usize = 20_000;

/// The most members in a tree of paths. Each is looked for among its siblings.
pub(super) const MEMBERS: usize = 4_096;

/// The most bytes of the JSON Pointer of a member, with the place of the record.
pub(super) const POINTER_BYTES: usize = 2 * TEXT_BYTES;

/// The most faults that are listed.
pub(super) const FAULTS: usize = 100;

/// The number of faults after which no nearest name is looked for.
pub(super) const SUGGESTIONS: usize = 50;

/// Checks the length of a file and of the texts in it, before it is read. Returns whether it is
/// within the limits.
pub(super) fn check_text(text: &str, faults: &mut Faults) -> bool {
    if text.len() > FILE_BYTES {
        faults.add("its end", format!("the file has {} bytes: the limit is {FILE_BYTES}", text.len()));
        return false;
    }
    let mut tokens = Tokens::new(text);
    let long = tokens.by_ref().find(|token| token.kind == TokenKind::String && token.text.len() > TEXT_BYTES + 2);
    if let Some(long) = long {
        let line = 1 + text.get(..tokens.offset()).map_or(0, |before| before.matches('\n').count());
        let message = format!("a text has {} bytes: the limit is {TEXT_BYTES}", long.text.len() - 2);
        faults.add(format!("line {line}"), message);
    }
    long.is_none()
}

/// Checks how much would be compiled. `files` are the names and lengths of the rule files.
pub(super) fn check_compiled(
    provider: &ProviderFile,
    provider_bytes: usize,
    files: &[(&str, usize)],
    faults: &mut Faults,
) {
    let places: BTreeSet<_> = provider.events.values().map(|event| (&event.rules, &event.at)).collect();
    let length = |name: &String| files.iter().filter(|(file, _)| file == name).map(|(_, bytes)| bytes).sum::<usize>();
    let each: usize = places.iter().filter_map(|(rules, _)| rules.as_ref()).map(length).sum();
    let bytes = provider.detect.len().saturating_mul(provider_bytes + each);
    if bytes > COMPILED_BYTES {
        let message = format!("`detect` and `events` need {bytes} bytes of rules: the limit is {COMPILED_BYTES}");
        faults.add("detect", message);
    }
}
