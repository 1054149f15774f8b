//! `vcp schema`: the JSON Schemas and the catalogue of codes.

use crate::output;
use vcp_sdk::{
    ErrorCode,
    schema::{Dialect, jsonschema},
};

/// Print the JSON Schema of a version, or the catalogue of codes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: vcp schema 0.5 > vcp-0.5.schema.json")]
pub(crate) struct Args {
    /// The schema, or `codes` for all VCP_E### codes with their help.
    #[arg(default_value = "0.5", value_parser = ["0.5", "0.4", "0.3", "0.3-production", "codes"])]
    what: String,
}

pub(crate) fn run(args: &Args) -> Result<bool, String> {
    if args.what == "codes" {
        for code in ErrorCode::ALL {
            output::block(&format!(
                "{code} {} ({}): {}\n  {}",
                code.name(),
                code.severity(),
                code.summary(),
                code.help()
            ))?;
        }
        return Ok(true);
    }
    let dialect: Dialect = args.what.parse().map_err(|e| format!("{e}"))?;
    output::data(&serde_json::to_string_pretty(&jsonschema::of(dialect)).map_err(|e| e.to_string())?)?;
    Ok(true)
}
