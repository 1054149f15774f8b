//! `schema/error-codes.json` is the catalogue for other languages; it is made from the table in `code.rs`.

use serde::Serialize;
use std::{fs, path::Path};
use vcp_schema::{ErrorCode, Severity};

#[derive(Serialize)]
struct Catalogue {
    codes: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    summary: &'static str,
    help: &'static str,
    reference: &'static str,
    since: &'static str,
}

/// Set `UPDATE_SCHEMA=1` to write the file anew.
#[test]
fn the_published_catalogue_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/error-codes.json");
    let codes = ErrorCode::ALL
        .iter()
        .map(|code| Entry {
            code: code.as_str(),
            name: code.name(),
            severity: code.severity(),
            summary: code.summary(),
            help: code.help(),
            reference: code.reference(),
            since: "0.1.0",
        })
        .collect();
    let text = format!("{}\n", serde_json::to_string_pretty(&Catalogue { codes }).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "run with UPDATE_SCHEMA=1 and read the difference");
}
