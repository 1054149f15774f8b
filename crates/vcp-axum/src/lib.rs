//! An axum extractor for the webhooks of voice-AI providers. The handler gets the verified VCP
//! message. If the delivery is refused, the sender gets the matching HTTP status.
//!
//! ```
//! use axum::{Router, routing::post};
//! use vcp_axum::{Delivery, Endpoint};
//! use vcp_sdk::{Receiver, Secret};
//!
//! async fn webhook(delivery: Delivery) {
//!     let Some(call) = delivery.received.into_call() else { return };
//!     println!("{}", call.message.redacted());
//! }
//!
//! let key = Secret::new("primary", "key_from_the_dashboard");
//! let receiver = Receiver::new().secret("retell", key)?;
//! let endpoint = Endpoint::new(receiver, chrono::Utc::now);
//! let app: Router =
//!     Router::new().route("/webhook/{provider}", post(webhook)).with_state(endpoint);
//! # Ok::<(), vcp_sdk::ConfigError>(())
//! ```
//!
//! The handler returns nothing, so axum answers 200. A provider that gets another answer sends the
//! delivery again; [`vcp_sdk::keys`] says how to recognise it.
//!
//! A refused delivery is answered with one of these statuses:
//!
//! | status | reason |
//! |---|---|
//! | 400 | the body is not JSON, or it broke off |
//! | 401 | the delivery was not verified |
//! | 404 | the provider is not known |
//! | 413 | the body is longer than the limit |
//! | 422 | the body cannot be mapped, or the message is not valid |
//! | 500 | the route names no provider, the verifier is set up incorrectly, or the clock is wrong |
//!
//! The body of the answer is `{"error": {"code", "message", "field_path"?, "context"?}}`. With
//! status 401, the sender gets the code but not the reason. You find the reason in
//! [`Rejection::error`].
//!
//! If the request has a trace id (the header `traceparent`), it is in the `context` of the answer
//! and of every finding, as `trace_id` (consistency framework §9.2). [`Delivery::trace_id`] and
//! [`Rejection::trace_id`] have it for your logs.
//!
//! To log or [diagnose](Rejection::diagnose) refused deliveries, write a handler that takes a
//! `Result<Delivery, Rejection>`.
//!
//! A body is read to its end before it is verified, so put a layer with a time limit before the
//! route. [`Endpoint::max_bytes`] limits the length of the body. axum's `DefaultBodyLimit` has no
//! effect here. A delivery of more than 256 kB is verified and mapped on a thread for blocking
//! work, so that it does not hold up others. Limit the number of requests at a time, because each
//! may take the memory of a body before it is verified.
//!
//! `axum::serve` does not stop a sender that never ends the head of its request, or that reads
//! nothing of its answers. The feature `server` has a server that does.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::disallowed_methods)]

#[cfg(feature = "server")]
pub mod server;
mod trace;

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{
        FromRef, FromRequest, FromRequestParts, OriginalUri, RawPathParams, Request, rejection::RawPathParamsRejection,
    },
    http::{StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
#[cfg(feature = "server")]
pub use axum_server;
use chrono::{DateTime, SubsecRound as _, Utc};
use http_body_util::{BodyExt as _, LengthLimitError};
use serde_json::json;
use std::{error::Error as _, fmt, net::IpAddr, sync::Arc};
use tokio::runtime::Handle;
pub use trace::trace_id;
use vcp_sdk::{Code, ErrorCode, Finding, ReceiveError, Received, Receiver, auth, schema::Limits};

/// The length in bytes of a body above which others would wait too long for it.
const LARGE: usize = 256 * 1024;

/// An endpoint at which deliveries arrive. Use it as the state of the router, or as a part of it.
#[derive(Clone)]
pub struct Endpoint {
    receiver: Arc<Receiver>,
    provider: Option<Arc<str>>,
    max_bytes: usize,
    public_url: Option<Arc<str>>,
    source: Option<fn(&Parts) -> Option<IpAddr>>,
    clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

/// Writes the settings, but no secret and not the rules of the mapper.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("receiver", &self.receiver)
            .field("provider", &self.provider)
            .field("max_bytes", &self.max_bytes)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Creates an endpoint for routes with a parameter `{provider}`. It accepts bodies of at most
    /// 16 MiB.
    ///
    /// `clock` returns the current time and is usually `chrono::Utc::now`. The time is cut to
    /// milliseconds.
    #[must_use]
    pub fn new(receiver: Receiver, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self {
            receiver: Arc::new(receiver),
            provider: None,
            max_bytes: Limits::default().text_bytes,
            public_url: None,
            source: None,
            clock: Arc::new(move || clock().trunc_subsecs(3)),
        }
    }

    /// Sets the only provider of this endpoint, for a route without a parameter.
    #[must_use]
    pub fn provider(mut self, provider: &str) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// Sets the length of the longest body that is accepted, in bytes. A longer body is answered
    /// with status 413. If the request announces its length, the answer is sent without reading the
    /// body. The limit of the receiver's mapper ([`vcp_sdk::MapOptions::limits`]) applies as well.
    #[must_use]
    pub fn max_bytes(mut self, most: usize) -> Self {
        self.max_bytes = most;
        self
    }

    /// Sets the part before the path of the URL that providers request, such as
    /// `https://hooks.example.com`. Behind proxies, this is the URL of the outermost proxy. Schemes
    /// that sign the URL (Twilio) need it. A token in the URL is found without it.
    ///
    /// The path and the query are those of the request. Twilio signs the URL and the parameters
    /// without separators. For Twilio, configure a URL without a query, and refuse requests with
    /// another query than `bodySHA256` in a layer before the endpoint.
    #[must_use]
    pub fn public_url(mut self, origin: &str) -> Self {
        self.public_url = Some(origin.trim_end_matches('/').into());
        self
    }

    /// Sets the function that finds the sender's address, for lists of addresses.
    /// [`vcp_sdk::auth::Request::source`] explains which address to return.
    ///
    /// ```
    /// use axum::{extract::ConnectInfo, http::request::Parts};
    /// # use vcp_sdk::Receiver;
    /// // Without a proxy, the sender is the peer of the connection.
    /// // `into_make_service_with_connect_info` adds its address to the request.
    /// type Peer = ConnectInfo<std::net::SocketAddr>;
    /// let peer = |parts: &Parts| Some(parts.extensions.get::<Peer>()?.0.ip());
    /// let endpoint = vcp_axum::Endpoint::new(Receiver::new(), chrono::Utc::now).source(peer);
    /// ```
    #[must_use]
    pub fn source(mut self, source: fn(&Parts) -> Option<IpAddr>) -> Self {
        self.source = Some(source);
        self
    }
}

/// A delivery that was received: verified, mapped and validated. It must be the last argument of a
/// handler, because it consumes the body.
///
/// The fields can be moved out: `delivery.received`.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// The call record, or an event that is not one.
    pub received: Received,
    /// The name of the provider in VCP, such as `openai_realtime` for a route that names `OpenAI`.
    pub provider: String,
    /// The body as it was received, for your own archive. It has the secrets that the message
    /// masks.
    pub body: Bytes,
    /// The trace id of the request, see [`trace_id`].
    pub trace_id: Option<String>,
}

/// Writes the provider, a short form of what was received, and the length of the body. Leaves out
/// all that was said, and who said it.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("provider", &self.provider)
            .field("received", &self.received)
            .field("body_bytes", &self.body.len())
            .field("trace_id", &self.trace_id)
            .finish_non_exhaustive()
    }
}

/// A delivery that was refused, with its error and its request. `Debug` and `Display` leave out the
/// headers, the URL, the body and the message, because these hold secrets and the data of a call.
pub struct Rejection(Box<Refused>);

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("error", self.error())
            .field("provider", &self.provider())
            .field("body_bytes", &self.body().len())
            .field("received_at", &self.received_at())
            .field("trace_id", &self.trace_id())
            .finish_non_exhaustive()
    }
}

/// Writes the provider and the error. The provider is escaped and cut after 40 characters, so that
/// it is safe in a log.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider: String = self.provider().chars().take(40).collect();
        write!(f, "{provider:?}: {}", self.error())
    }
}

impl std::error::Error for Rejection {}

struct Refused {
    error: RejectionError,
    provider: String,
    parts: Parts,
    body: Bytes,
    received_at: DateTime<Utc>,
}

/// The reason for refusing a delivery.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RejectionError {
    /// The receiver refused the delivery.
    Refused(ReceiveError),
    /// The body is longer than a limit. Code `VCP_E008`.
    TooLong {
        /// The limit of the endpoint in bytes. `None` if the limit is that of a layer before the
        /// route, which does not say how high it is.
        max_bytes: Option<usize>,
    },
    /// The body broke off before its end. Code `VCP_E007`.
    Broken,
    /// The route has no parameter `{provider}`, and no provider is set with [`Endpoint::provider`].
    /// Code `VCP_E210`.
    NoProvider,
}

impl fmt::Display for RejectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::TooLong { max_bytes: Some(most) } => {
                write!(f, "{}: the body is longer than the limit of {most} bytes", self.code())
            }
            Self::TooLong { max_bytes: None } => {
                write!(f, "{}: the body is longer than the limit of a layer before the route", self.code())
            }
            Self::Broken => write!(f, "{}: the body broke off", self.code()),
            Self::NoProvider => {
                let text = "the route has no parameter `{provider}`: add it, or call `Endpoint::provider`";
                write!(f, "{}: {text}", self.code())
            }
        }
    }
}

impl RejectionError {
    /// Returns the code, which is also in the answer.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(error) => error.code(),
            Self::TooLong { .. } => ErrorCode::Limit.into(),
            Self::Broken => ErrorCode::Malformed.into(),
            Self::NoProvider => ErrorCode::AuthConfiguration.into(),
        }
    }
}

impl std::error::Error for RejectionError {}

impl Rejection {
    /// Returns the reason for refusing the delivery.
    #[must_use]
    pub fn error(&self) -> &RejectionError {
        &self.0.error
    }

    /// Returns the provider that the endpoint or the route names. Empty for
    /// [`RejectionError::NoProvider`].
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.0.provider
    }

    /// Returns the request without its body.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// Returns the body. Empty if the body was not read, was longer than [`Endpoint::max_bytes`] or
    /// broke off.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// Returns the trace id of the request, see [`trace_id`].
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        trace_id(&self.0.parts.headers)
    }

    /// Returns the time of receipt, by the clock of the endpoint. It was read after the body was
    /// read, or when the delivery was refused before that.
    #[must_use]
    pub fn received_at(&self) -> DateTime<Utc> {
        self.0.received_at
    }

    /// Returns possible reasons why the delivery was not verified. This is slow and meant for
    /// operators; see [`Verifier::diagnose`](auth::Verifier::diagnose).
    ///
    /// The delivery is diagnosed as of [`Rejection::received_at`], so it can be done at any later
    /// time.
    ///
    /// `endpoint` is the endpoint that refused the delivery. `others` are further secrets of yours
    /// to try. Returns [`Hint::NothingConfigured`](auth::Hint::NothingConfigured) if the receiver
    /// has no verifier for the provider.
    #[must_use]
    pub fn diagnose(&self, endpoint: &Endpoint, others: &[auth::Secret]) -> Vec<auth::Hint> {
        let Some(verifier) = endpoint.receiver.verifier_of(self.provider()) else {
            return vec![auth::Hint::NothingConfigured];
        };
        let url = endpoint.url(self.parts());
        verifier.diagnose(&endpoint.request(self.parts(), &url, self.body()), self.received_at(), others)
    }

    /// Returns the HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.error() {
            RejectionError::Refused(error) => {
                StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            RejectionError::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            RejectionError::Broken => StatusCode::BAD_REQUEST,
            RejectionError::NoProvider => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Makes the answer for the sender. If the delivery was not verified, the answer has the code but
/// not the reason.
impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let told = |message: &str| json!({"code": self.error().code().as_str(), "message": message});
        let error = match self.error() {
            RejectionError::Refused(error) => json!(error),
            RejectionError::TooLong { .. } => told("the body is too long"),
            RejectionError::Broken => told("the body broke off"),
            RejectionError::NoProvider => told("this endpoint is not set up"),
        };
        refusal(self.status(), error, self.trace_id())
    }
}

/// Makes an answer in the form of those to refused deliveries, for a delivery that you could not
/// store.
///
/// `error` is an object such as `{"code", "message"}`. The trace id is added to its `context`.
///
/// ```
/// use axum::http::StatusCode;
/// let error = serde_json::json!({"code": "NOT_STORED", "message": "send it again"});
/// let answer = vcp_axum::refusal(StatusCode::SERVICE_UNAVAILABLE, error, None);
/// assert_eq!(answer.status(), 503);
/// ```
#[must_use]
pub fn refusal(status: StatusCode, mut error: serde_json::Value, trace_id: Option<&str>) -> Response {
    if let (Some(trace_id), Some(members)) = (trace_id, error.as_object_mut()) {
        match members.get_mut("context").and_then(serde_json::Value::as_object_mut) {
            Some(context) => drop(context.insert("trace_id".to_owned(), trace_id.into())),
            None => drop(members.insert("context".to_owned(), json!({ "trace_id": trace_id }))),
        }
    }
    let body = Body::from(json!({ "error": error }).to_string());
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

impl<S> FromRequest<S> for Delivery
where
    S: Send + Sync,
    Endpoint: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let endpoint = Endpoint::from_ref(state);
        let (mut parts, body) = request.into_parts();
        let provider = match &endpoint.provider {
            Some(provider) => Some(provider.to_string()),
            None => named(&mut parts, state).await,
        };
        let reject = |error, provider, parts, body, received_at| {
            Err(Rejection(Box::new(Refused { error, provider, parts, body, received_at })))
        };
        let Some(provider) = provider else {
            return reject(RejectionError::NoProvider, String::new(), parts, Bytes::new(), endpoint.now());
        };
        let (name, body) = match endpoint.read(&provider, body).await {
            Ok(read) => read,
            Err(error) => return reject(error, provider, parts, Bytes::new(), endpoint.now()),
        };
        let now = endpoint.now();
        let trace_id = trace_id(&parts.headers).map(str::to_owned);
        let (parts, received) = endpoint.receive(&provider, parts, &body, now).await;
        match received {
            Ok(mut received) => {
                if let Received::Call(call) = &mut received {
                    trace(&mut call.findings, trace_id.as_deref());
                }
                Ok(Self { received, provider: name, body, trace_id })
            }
            Err(mut error) => {
                if let ReceiveError::Invalid { findings, .. } = &mut error {
                    trace(findings, trace_id.as_deref());
                }
                reject(RejectionError::Refused(error), provider, parts, body, now)
            }
        }
    }
}

/// Adds the trace id to the context of findings.
fn trace(findings: &mut [Finding], trace_id: Option<&str>) {
    let Some(id) = trace_id else { return };
    for finding in findings {
        finding.context.push(("trace_id", id.to_owned()));
    }
}

impl Endpoint {
    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Reads a body. Returns the name of its provider in VCP, and the body. Refuses an unknown
    /// provider and a body that announces that it is too long before reading.
    async fn read(&self, provider: &str, mut body: Body) -> Result<(String, Bytes), RejectionError> {
        let name = self.receiver.provider_called(provider).map_err(RejectionError::Refused)?.to_owned();
        let too_long = || RejectionError::TooLong { max_bytes: Some(self.max_bytes) };
        if body.size_hint().lower() > self.max_bytes as u64 {
            return Err(too_long());
        }
        let mut whole = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
                let is_too_long = causes.any(|cause| cause.is::<LengthLimitError>());
                if is_too_long { RejectionError::TooLong { max_bytes: None } } else { RejectionError::Broken }
            })?;
            // The bytes are copied, because each frame holds a buffer of 8 kB, also for one byte.
            if let Ok(data) = frame.into_data() {
                if whole.len() + data.len() > self.max_bytes {
                    return Err(too_long());
                }
                whole.extend_from_slice(&data);
            }
        }
        Ok((name, whole.into()))
    }

    /// Verifies, maps and validates a delivery. Gives the parts of the request back. If the body is
    /// large and there is a Tokio runtime, this is done on one of its threads for blocking work.
    async fn receive(
        &self,
        provider: &str,
        parts: Parts,
        body: &Bytes,
        now: DateTime<Utc>,
    ) -> (Parts, Result<Received, ReceiveError>) {
        let (endpoint, provider, bytes) = (self.clone(), provider.to_owned(), body.clone());
        let receive = move || {
            let url = endpoint.url(&parts);
            let request = endpoint.request(&parts, &url, &bytes);
            let received = endpoint.receiver.receive_request(&provider, &request, now);
            (parts, received)
        };
        match Handle::try_current() {
            Ok(runtime) if body.len() > LARGE => match runtime.spawn_blocking(receive).await {
                Ok(received) => received,
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime is being stopped, so nobody waits for an answer.
                    Err(_) => std::future::pending().await,
                },
            },
            _ => receive(),
        }
    }

    /// Returns the URL that the provider requested. Without `public_url`, it begins with the path.
    fn url(&self, parts: &Parts) -> String {
        // A nested router removes its prefix from the path of `parts.uri`.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        format!("{}{path}", self.public_url.as_deref().unwrap_or_default())
    }

    fn request<'r>(&self, parts: &'r Parts, url: &'r str, body: &'r [u8]) -> auth::Request<'r> {
        let request = auth::Request::new(&parts.headers, body).method(parts.method.as_str()).url(url);
        let source = self.source.and_then(|source| source(parts));
        source.map_or(request, |source| request.source(source))
    }
}

/// Returns the provider that the route names. A name that is not UTF-8 becomes U+FFFD, which names
/// no provider.
async fn named(parts: &mut Parts, state: &(impl Send + Sync)) -> Option<String> {
    match RawPathParams::from_request_parts(parts, state).await {
        Ok(params) => params.iter().find(|(name, _)| *name == "provider").map(|(_, provider)| provider.to_owned()),
        Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => Some(char::REPLACEMENT_CHARACTER.to_string()),
        Err(_) => None,
    }
}
