//! Checking the sizes of rule files, before they are compiled.

use crate::rules::{
    faults::Faults,
    form::ProviderFile,
    limits::{ALL_BYTES, COMPILED_BYTES, FILE_BYTES, TEXT_BYTES},
};
use std::collections::BTreeSet;
use vcp_schema::json::tokens::{TokenKind, Tokens};

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

/// Checks the length of all files, before any is read.
pub(super) fn check_all(provider: &str, rules: &[&str], faults: &mut Faults) {
    let bytes: usize = rules.iter().map(|text| text.len()).sum::<usize>() + provider.len();
    if bytes > ALL_BYTES {
        let message = format!("the files of the provider have {bytes} bytes together: the limit is {ALL_BYTES}");
        faults.add("its end", message);
    }
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
