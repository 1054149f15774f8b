//! The limits of rule files. A file from outside must not take the memory of the program.

use super::{faults::Faults, form::ProviderFile};
use std::collections::BTreeSet;
use vcp_schema::json::{
    string,
    tokens::{TokenKind, Tokens},
};

/// The most bytes of one file. The longest of this crate has 54 kB.
const FILE_BYTES: usize = 128 << 10;

/// The most bytes that are compiled. The text of a file counts once for each way to recognise a
/// delivery, and that of a rule file also once for each place of the record.
const COMPILED_BYTES: usize = 512 << 10;

/// The most names in one path. Each list counts as a name. The longest path of this crate has 11.
const NAMES: usize = 16;

/// Checks the length of a file and of the paths in it, before it is read. Returns whether it is
/// within the limits.
pub(super) fn check_text(text: &str, faults: &mut Faults) -> bool {
    if text.len() > FILE_BYTES {
        faults.add("its end", format!("the file has {} bytes: the limit is {FILE_BYTES}", text.len()));
        return false;
    }
    let (mut tokens, mut before) = (Tokens::new(text), "");
    while let Some(token) = tokens.next() {
        if token.kind != TokenKind::String {
            continue;
        }
        let is_remark = matches!(before, r#""note""# | r#""spec""#);
        before = token.text;
        if is_remark {
            continue;
        }
        let names = 1 + string::decode_lossy(token.text).map_or(0, |path| path.matches(['.', '[']).count());
        if names > NAMES {
            let line = 1 + text.get(..tokens.offset()).map_or(0, |before| before.matches('\n').count());
            faults.add(format!("line {line}"), format!("a path has {names} names: the limit is {NAMES}"));
            return false;
        }
    }
    true
}

/// Checks how much would be compiled. `texts` are the names and lengths of the rule files.
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
