//! The webhook: verify, map, store, answer.

use crate::database::Database;
use axum::{
    Json,
    extract::{FromRef, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use metrics::{counter, histogram};
use serde_json::json;
use std::time::Instant;
use tracing::{Instrument as _, Span, field::Empty, info_span};
use vcp_axum::{Delivery, Endpoint, Rejection};
use vcp_sdk::{Received, Receiver};
use vcp_store::{StoreError, Stored};

#[derive(Clone, FromRef)]
pub(crate) struct Service {
    endpoint: Endpoint,
    receiver: Receiver,
    database: Database,
}

impl Service {
    pub(crate) fn new(receiver: Receiver, database: Database) -> Self {
        Self { endpoint: Endpoint::new(receiver.clone(), Utc::now), receiver, database }
    }
}

/// Answers 200 only after the delivery is stored. With any other status, the provider sends it
/// again.
///
/// Logs hold ids and outcomes, but nothing that was said, and nobody's number.
pub(crate) async fn receive(State(service): State<Service>, delivery: Result<Delivery, Rejection>) -> Response {
    let begun = Instant::now();
    let (provider, trace_id) = match &delivery {
        Ok(delivery) => (delivery.provider.clone(), delivery.trace_id.clone()),
        // The sender chooses the name, so it is no label.
        Err(rejection) => ("refused".to_owned(), rejection.trace_id().map(str::to_owned)),
    };
    let span = info_span!("delivery", provider, trace_id, event = Empty, call_id = Empty);
    let (outcome, response) = handle(service, delivery, trace_id.as_deref()).instrument(span).await;
    counter!("vcp_deliveries_total", "provider" => provider.clone(), "outcome" => outcome).increment(1);
    histogram!("vcp_delivery_seconds", "provider" => provider).record(begun.elapsed());
    response
}

async fn handle(
    service: Service,
    delivery: Result<Delivery, Rejection>,
    trace_id: Option<&str>,
) -> (&'static str, Response) {
    let delivery = match delivery {
        Ok(delivery) => delivery,
        Err(rejection) => {
            tracing::warn!(status = rejection.status().as_u16(), "refused: {rejection}");
            return ("refused", rejection.into_response());
        }
    };
    Span::current().record("event", shortened(delivery.received.event()));
    let call = match delivery.received {
        Received::Call(call) => call,
        Received::Ignored(_) => {
            tracing::info!("no call record");
            return ("ignored", StatusCode::OK.into_response());
        }
    };
    Span::current().record("call_id", shortened(&call.message.vcp_payload.call.call_id));
    for finding in &call.findings {
        tracing::info!(code = %finding.code, place = %finding.path.shortened(), "finding: {}", finding.message);
    }
    match service.database.store(&service.receiver, &call, Utc::now()).await {
        Ok(stored) => {
            let outcome = match stored {
                Stored::Created => "created",
                Stored::Replayed => "replayed",
                _ => "merged",
            };
            tracing::info!(outcome, status = call.message.status().as_str(), "stored");
            (outcome, StatusCode::OK.into_response())
        }
        Err(error) => {
            tracing::error!(status = error.http_status(), "not stored: {error}");
            ("not_stored", refusal(&error, trace_id))
        }
    }
}

/// Returns the answer for a delivery that was not stored, in the form of the other errors.
fn refusal(error: &StoreError, trace_id: Option<&str>) -> Response {
    let mut told = match error {
        StoreError::Merge(error) => json!(error),
        _ => json!({"message": "the delivery was not stored: send it again"}),
    };
    if let (Some(trace_id), Some(members)) = (trace_id, told.as_object_mut()) {
        members.insert("context".to_owned(), json!({ "trace_id": trace_id }));
    }
    let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(json!({ "error": told }))).into_response()
}

/// Returns the beginning of a text that a sender chose.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(100).map_or(text, |(end, _)| text.get(..end).unwrap_or_default())
}
