//! How do I verify a webhook, and find out why one is refused?
//!
//! ```sh
//! cargo run --bin verify_only
//! ```
#![allow(clippy::print_stdout, reason = "a command-line program prints")]

use std::error::Error;
use vcp_sdk::auth::{Request, Scheme, Secret, Verifier, sign};

fn main() -> Result<(), Box<dyn Error>> {
    // During a change of the secret, both are accepted.
    let secrets = vec![Secret::new("new", "key_new"), Secret::new("old", "key_old")];
    let verifier = Verifier::new(Scheme::Retell, secrets)?;
    let (now, body) = ("2026-10-14T12:00:00Z".parse()?, br#"{"event":"call_ended"}"#);

    let headers = sign::headers(&Scheme::Retell, &Secret::new("", "key_old"), &Request::new(&(), body), now);
    let verified = verifier.verify(&headers, body, now)?;
    println!("verified with the secret `{}`", verified.key_id().unwrap_or("none"));

    // A framework that parses and writes the body again changes its bytes.
    let changed = br#"{"event": "call_ended"}"#;
    let request = Request::new(&headers, changed);
    if let Err(error) = verifier.check(&request, now) {
        println!("refused: {error}");
    }
    for hint in verifier.diagnose(&request, now, &[]) {
        println!("- {hint}");
    }
    Ok(())
}
