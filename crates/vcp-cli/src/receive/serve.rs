//! The webhook endpoint: `POST /webhook/{provider}` answers with the message or the error as JSON.

use super::Args;
use crate::{clock, secret};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};
use std::{net::SocketAddr, time::Duration};
use vcp_axum::{Delivery, Endpoint, Rejection, axum_server::Handle};
use vcp_sdk::{Received, Receiver, Secret, auth::Scheme};

/// The longest time to wait for the rest of a head, or for the sender to read more of an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The time in which a delivery must have arrived and been handled.
const WHOLE_TIME: Duration = Duration::from_secs(20);

pub(super) fn run(address: SocketAddr, args: &Args) -> Result<bool, String> {
    let mapper = args.rules.mapper()?.options(args.consent.options());
    let names: Vec<String> = mapper.registry().providers().map(|provider| provider.name().to_owned()).collect();
    let mut receiver = Receiver::new().mapper(mapper);
    for name in &names {
        if let Some(text) = secret::of_environment(name)? {
            receiver = receiver
                .secret_for(name, Scheme::usual(name), Secret::new("environment", text))
                .map_err(|e| format!("{} cannot be used: {e}", secret::variable(name)))?;
            tell!("{name}: signatures are checked");
        } else if args.allow_unauthenticated {
            tell!("{name}: nothing to verify with, anybody can post");
            receiver = receiver.allow_unauthenticated(name).map_err(|e| e.to_string())?;
        } else {
            tell!("{name}: refused, no secret (set {}, or use --allow-unauthenticated)", secret::variable(name));
        }
    }
    let now = args.now.now;
    let endpoint = Endpoint::new(receiver, move || now.unwrap_or_else(clock::now));
    let router = Router::new()
        .route("/webhook/{provider}", post(webhook).fallback(elsewhere))
        .fallback(elsewhere)
        .layer(middleware::from_fn(in_time))
        .with_state(endpoint);
    let runtime = tokio::runtime::Runtime::new().map_err(|e| format!("cannot start: {e}"))?;
    runtime.block_on(async {
        let cannot = |e| format!("cannot listen on {address}: {e}");
        let listener = std::net::TcpListener::bind(address).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let handle = Handle::new();
        let server = vcp_axum::server::from_tcp(listener, PATIENCE).map_err(cannot)?.handle(handle.clone());
        tokio::spawn(async move {
            drop(tokio::signal::ctrl_c().await);
            handle.graceful_shutdown(Some(PATIENCE));
        });
        tell!("listening: POST http://{address}/webhook/{{provider}}");
        server.serve(router.into_make_service()).await.map_err(cannot)
    })?;
    Ok(true)
}

/// Cuts off a sender whose body arrives too slowly.
async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(WHOLE_TIME, next.run(request)).await.unwrap_or_else(|_| {
        let message = format!("the delivery did not arrive, or was not handled, within {} s", WHOLE_TIME.as_secs());
        tell!("{message}");
        json(408, serde_json::json!({"error": {"message": message}}).to_string())
    })
}

async fn webhook(delivery: Result<Delivery, Rejection>) -> Response {
    match delivery.map(|delivery| delivery.received) {
        Ok(Received::Call(call)) => json(200, call.message.to_json()),
        Ok(Received::Ignored(other)) => json(200, serde_json::json!({"ignored": other.event}).to_string()),
        Err(rejection) => {
            tell!("{rejection}");
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
