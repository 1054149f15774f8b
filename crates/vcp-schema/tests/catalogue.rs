//! The published catalogue of codes. `schema/error-codes.json` is for other languages, and
//! `schema/error-codes.md` is for people. Both are made from the table in `code.rs`.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

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

/// Set `UPDATE_SCHEMA=1` to write the files again.
#[test]
fn the_published_catalogue_is_up_to_date() {
    let codes = ErrorCode::ALL
        .iter()
        .map(|code| Entry {
            code: code.as_str(),
            name: code.name(),
            severity: code.severity(),
            summary: code.summary(),
            help: code.help(),
            reference: code.reference(),
            since: code.since(),
        })
        .collect();
    compare("error-codes.json", &format!("{}\n", serde_json::to_string_pretty(&Catalogue { codes }).unwrap()));
}

#[test]
fn the_page_of_codes_is_up_to_date() {
    let mut page = "# Codes\n\nThe codes are the same in every implementation. The number of a code is never used for another\ncode. This page is made from `crates/vcp-schema/src/code.rs`.\n\n\
                    | code | severity | meaning | remedy | reference | since |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for code in ErrorCode::ALL {
        page += &format!(
            "| `{code}` `{}` | {} | {} | {} | {} | {} |\n",
            code.name(),
            code.severity(),
            code.summary(),
            code.help(),
            code.reference(),
            code.since()
        );
    }
    compare("error-codes.md", &page);
}

fn compare(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema").join(file);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "run with UPDATE_SCHEMA=1 and read the difference");
}
