//! The webhook: verify, map, store, answer.

use crate::{TIME_LIMIT, database::Database};
use axum::{
    extract::{FromRef, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use metrics::{counter, histogram};
use serde_json::json;
use std::{sync::Arc, time::Instant};
use tracing::{Instrument as _, Span, field::Empty, info_span};
use vcp_axum::{Delivery, Endpoint, Rejection, refusal, trace_id};
use vcp_sdk::{Received, Receiver};
use vcp_store::{StoreError, Stored};

/// The findings of a delivery that are logged.
const MOST_FINDINGS: usize = 10;

#[derive(Clone, FromRef)]
pub(crate) struct Service {
    endpoint: Endpoint,
    receiver: Arc<Receiver>,
    database: Database,
}

impl Service {
    pub(crate) fn new(receiver: Receiver, database: Database) -> Self {
        let endpoint = Endpoint::new(receiver.clone(), Utc::now);
        Self { endpoint, receiver: Arc::new(receiver), database }
    }
}

/// Watches a request from its head to its answer: gives it a span, limits its time, and counts it.
pub(crate) async fn watch(State(service): State<Service>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    // A name that a sender made up is no label.
    let provider = service.receiver.provider_called(name).unwrap_or("unknown").to_owned();
    let trace_id = trace_id(request.headers()).map(str::to_owned);
    let span = info_span!("delivery", provider, trace_id, event = Empty, call_id = Empty);
    let answered = tokio::time::timeout(TIME_LIMIT, next.run(request)).instrument(span.clone()).await;
    let response = answered.unwrap_or_else(|_| {
        span.in_scope(|| tracing::warn!("not stored in {} s", TIME_LIMIT.as_secs()));
        let told = json!({"code": "TOO_SLOW", "message": "the delivery took too long: send it again"});
        refusal(StatusCode::SERVICE_UNAVAILABLE, told, trace_id.as_deref())
    });
    let status = response.status().as_u16().to_string();
    counter!("vcp_deliveries_total", "provider" => provider.clone(), "status" => status).increment(1);
    histogram!("vcp_delivery_seconds", "provider" => provider).record(begun.elapsed());
    response
}

/// Receives a delivery. Answers 200 only after it is stored.
///
/// Logs hold ids and outcomes, but nothing that was said, and nobody's number.
pub(crate) async fn receive(State(service): State<Service>, delivery: Result<Delivery, Rejection>) -> Response {
    let delivery = match delivery {
        Ok(delivery) => delivery,
        Err(rejection) => {
            tracing::warn!(status = rejection.status().as_u16(), "refused: {rejection}");
            return rejection.into_response();
        }
    };
    Span::current().record("event", shortened(delivery.received.event()));
    let call = match delivery.received {
        Received::Call(call) => call,
        Received::Ignored(other) => {
            let (provider, known) = (delivery.provider, other.known);
            counter!("vcp_ignored_total", "provider" => provider, "known" => known.to_string()).increment(1);
            if known {
                tracing::info!("no call record");
            } else {
                tracing::warn!("not kept: an event that is not known, and may be a new kind of call record");
            }
            return StatusCode::OK.into_response();
        }
    };
    Span::current().record("call_id", shortened(&call.message.vcp_payload.call.call_id));
    for finding in call.findings.iter().take(MOST_FINDINGS) {
        tracing::info!(code = %finding.code, place = %finding.path.shortened(), "finding: {}", finding.message);
    }
    match service.database.store(&service.receiver, &call).await {
        Ok(stored) => {
            let outcome = match stored {
                Stored::Created => "created",
                Stored::Replayed => "replayed",
                _ => "merged",
            };
            counter!("vcp_stored_total", "provider" => delivery.provider, "outcome" => outcome).increment(1);
            tracing::info!(outcome, findings = call.findings.len(), "stored");
            StatusCode::OK.into_response()
        }
        Err(error) => {
            tracing::error!(status = error.http_status(), "not stored: {error}");
            let told = match &error {
                StoreError::Merge(error) => json!(error),
                StoreError::Unreadable(_) => json!({"code": "DAMAGED", "message": "the record of the call is damaged"}),
                _ => json!({"code": "NOT_STORED", "message": "the delivery was not stored: send it again"}),
            };
            let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            refusal(status, told, delivery.trace_id.as_deref())
        }
    }
}

/// Returns the beginning of a text that a sender chose.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(100).map_or(text, |(end, _)| text.get(..end).unwrap_or_default())
}
