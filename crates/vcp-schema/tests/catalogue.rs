//! `schema/error-codes.json` is the catalogue for other languages; it is made from the table in `code.rs`.

use std::{fs, path::Path};
use vcp_schema::ErrorCode;

/// Set `UPDATE_SCHEMA=1` to write the file anew.
#[test]
fn the_published_catalogue_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/error-codes.json");
    let entries: Vec<serde_json::Value> = ErrorCode::ALL
        .iter()
        .map(|code| {
            serde_json::json!({
                "code": code, "name": code.name(), "severity": code.severity(), "summary": code.summary(), "help": code.help(),
                "reference": code.reference(), "since": "0.1.0",
            })
        })
        .collect();
    let text = format!("{}\n", serde_json::to_string_pretty(&serde_json::json!({ "codes": entries })).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "run with UPDATE_SCHEMA=1 and read the difference");
}
