//! How do I read a message: its outcome, its metrics and its transcript?
//!
//! ```sh
//! cargo run --bin read_message
//! ```
#![allow(clippy::print_stdout, reason = "a command-line program prints")]

use std::{env, error::Error, fs};
use vcp_sdk::VcpMessage;

fn main() -> Result<(), Box<dyn Error>> {
    let text = match env::args().nth(1) {
        Some(path) => fs::read_to_string(path)?,
        None => include_str!("../../../crates/vcp-schema/src/jsonschema/example-0.5.json").to_owned(),
    };
    let message = VcpMessage::from_json(&text)?;
    let call = &message.vcp_payload.call;
    println!("call {} of {}, started {}", call.call_id, call.provider, call.start_time);
    println!("outcome: {}, final: {}", message.status(), message.is_final());
    if let Some(usd) = message.total_cost_usd() {
        println!("cost: ${usd:.4}");
    }
    let metrics = message.metrics();
    if let (Some(turns), Some(latency)) = (metrics.total_turns(), metrics.agent_latency_ms_p95()) {
        println!("{turns} turns, 95 % of the answers within {latency} ms");
    }
    for tool in call.capabilities_invoked.iter().filter_map(|tool| tool.invocation()) {
        println!("tool {}: {}", tool.capability_id, if tool.success { "worked" } else { "failed" });
    }
    if let Some(transcript) = message.transcript() {
        println!("{transcript}");
    }
    Ok(())
}
