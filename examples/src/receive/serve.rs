//! A webhook endpoint: `POST /webhook/{provider}` answers with the message, or the error, as JSON.

use crate::{Args, with_secret};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::{DateTime, SubsecRound as _, Utc};
use std::{net::SocketAddr, process::ExitCode, sync::Arc};
use vcp_sdk::{ErrorCode, Headers, ReceiveError, Received, Receiver, mapping::Registry};

/// The longest body that is read; the SDK's own default.
const MAX_BYTES: usize = 16 * 1024 * 1024;

struct Endpoint {
    receiver: Receiver,
    now: Option<DateTime<Utc>>,
}

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
            receiver = receiver.allow_unauthenticated(name);
        } else {
            eprintln!("{name}: refused, no secret (--secret {name}=… or --allow-unauthenticated)");
        }
    }
    let endpoint = Arc::new(Endpoint { receiver, now: args.now });
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

/// The headers of a request, for the SDK.
struct RequestHeaders<'a>(&'a HeaderMap);

impl Headers for RequestHeaders<'_> {
    fn value(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.0.get_all(name).iter().nth(nth).map(|value| value.as_bytes())
    }
}

async fn webhook(
    State(endpoint): State<Arc<Endpoint>>,
    provider: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let Ok(Path(provider)) = provider else {
        return elsewhere().await;
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BYTES).await else {
        let message = format!("the body is longer than {MAX_BYTES} bytes, or was cut off");
        return json(413, serde_json::json!({"error": {"code": ErrorCode::Limit, "message": message}}).to_string());
    };
    let now = endpoint.now.unwrap_or_else(|| Utc::now().trunc_subsecs(3));
    match endpoint.receiver.receive(&provider, &RequestHeaders(&parts.headers), &body, now) {
        Ok(Received::Call(call)) => json(200, call.message.to_json()),
        Ok(Received::Ignored { event, .. }) => json(200, serde_json::json!({"ignored": event}).to_string()),
        Err(error) => {
            // What comes from outside goes into a log escaped.
            eprintln!("{provider:?}: {error}");
            failed(&error)
        }
    }
}

async fn elsewhere() -> Response {
    json(404, serde_json::json!({"error": {"message": "post deliveries to /webhook/{provider}"}}).to_string())
}

fn failed(error: &ReceiveError) -> Response {
    json(error.http_status(), serde_json::json!({ "error": error }).to_string())
}

fn json(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "application/json")], Body::from(body)).into_response()
}
