//! The webhook endpoint: `POST /webhook/{provider}` answers with the message or the error as JSON.

use crate::{Args, with_secret};
use axum::{
    Router,
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::Utc;
use std::{net::SocketAddr, process::ExitCode};
use vcp_axum::{Delivery, Endpoint, Rejection};
use vcp_sdk::{Received, Receiver, mapping::Registry};

pub(crate) fn run(address: SocketAddr, args: &Args) -> Result<ExitCode, String> {
    let mut receiver = Receiver::new();
    let mut guarded = Vec::new();
    for (number, secret) in args.secret.iter().enumerate() {
        let (provider, text) =
            secret.split_once('=').ok_or("with --serve a secret names its provider: --secret retell=key_…")?;
        receiver = with_secret(receiver, provider, number, text)?;
        guarded.push(provider.to_lowercase());
    }
    for provider in Registry::builtin().providers() {
        let name = provider.name();
        if guarded.iter().any(|known| provider.is_called(known)) {
            eprintln!("{name}: signatures are checked");
        } else if args.allow_unauthenticated {
            eprintln!("{name}: nothing to verify with, anybody can post");
            receiver = receiver.allow_unauthenticated(name).map_err(|e| e.to_string())?;
        } else {
            eprintln!("{name}: refused, no secret (--secret {name}=… or --allow-unauthenticated)");
        }
    }
    let now = args.now;
    let endpoint = Endpoint::new(receiver, move || now.unwrap_or_else(Utc::now));
    let router = Router::new()
        .route("/webhook/{provider}", post(webhook).fallback(elsewhere))
        .fallback(elsewhere)
        .with_state(endpoint);
    let runtime = tokio::runtime::Runtime::new().map_err(|e| format!("cannot start: {e}"))?;
    runtime.block_on(async {
        let listener =
            tokio::net::TcpListener::bind(address).await.map_err(|e| format!("cannot listen on {address}: {e}"))?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        eprintln!("listening: POST http://{address}/webhook/{{provider}}");
        let stop = async { drop(tokio::signal::ctrl_c().await) };
        axum::serve(listener, router).with_graceful_shutdown(stop).await.map_err(|e| e.to_string())
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn webhook(delivery: Result<Delivery, Rejection>) -> Response {
    match delivery.map(|delivery| delivery.received) {
        Ok(Received::Call(call)) => json(200, call.message.to_json()),
        Ok(Received::Ignored(other)) => json(200, serde_json::json!({"ignored": other.event}).to_string()),
        Err(rejection) => {
            eprintln!("{rejection}");
            rejection.into_response()
        }
    }
}

async fn elsewhere() -> Response {
    json(404, serde_json::json!({"error": {"message": "post deliveries to /webhook/{provider}"}}).to_string())
}

fn json(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "application/json")], Body::from(body)).into_response()
}
