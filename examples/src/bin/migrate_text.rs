//! How do I migrate one message of 0.3 or 0.4 to 0.5, and back?
//!
//! ```sh
//! cargo run --bin migrate_text
//! ```
#![allow(clippy::print_stdout, reason = "a command-line program prints")]

use std::error::Error;
use vcp_sdk::schema::migrate::{self, Downgrade, UpgradeOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let old = include_str!("../../../crates/vcp-schema/src/jsonschema/example-0.3-production.json");
    let upgraded = migrate::upgrade(old, &UpgradeOptions::default())?;
    println!("{} → 0.5", upgraded.from);
    for change in upgraded.report.changes() {
        println!("  {}", serde_json::to_string(change)?);
    }
    // The message keeps what 0.5 has no place for, so that it can go back.
    let down = migrate::downgrade(&upgraded.message, Downgrade::Reversible)?;
    println!("back to {}: the same message: {}", down.dialect, migrate::equivalent(old, &down.text));
    Ok(())
}
