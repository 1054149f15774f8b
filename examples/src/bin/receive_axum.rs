//! How do I receive webhooks behind axum?
//!
//! ```sh
//! cargo run --bin receive_axum
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program prints")]

use axum::{Router, http::StatusCode, response::IntoResponse as _, response::Response, routing::post};
use chrono::Utc;
use std::{env, error::Error};
use vcp_axum::{Delivery, Endpoint, Rejection};
use vcp_sdk::{Received, Receiver, Secret};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = env::var("WEBHOOK_SECRET_RETELL").unwrap_or_else(|_| "not-a-real-secret".to_owned());
    let receiver = Receiver::new().secret("retell", Secret::new("primary", secret))?;
    // The endpoint gets the time from you, so that tests can set it.
    let endpoint = Endpoint::new(receiver, Utc::now);
    let router = Router::new().route("/webhook/{provider}", post(webhook)).with_state(endpoint);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8787").await?;
    println!("listening: POST http://{}/webhook/retell", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

/// The extractor verifies, maps and validates. A refused delivery gets the right status.
async fn webhook(delivery: Result<Delivery, Rejection>) -> Response {
    match delivery.map(|delivery| delivery.received) {
        Ok(Received::Call(call)) => {
            // Logs hold no personal data: `redacted` shows ids, times and outcomes only.
            println!("{}", call.message.redacted());
            StatusCode::OK.into_response()
        }
        Ok(Received::Ignored(other)) => {
            println!("no call record: {}", other.event);
            StatusCode::OK.into_response()
        }
        Err(rejection) => {
            eprintln!("{rejection}");
            rejection.into_response()
        }
    }
}
