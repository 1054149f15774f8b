//! A delivery of a provider.

use crate::{Call, Generation, json::Json, render};
use chrono::{DateTime, Utc};
use vcp_auth::{Request, Secret, sign};

/// A delivery of a provider, or an event of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The generation of the payload.
    pub generation: Generation,
    /// The name of the event, as the mapping names it.
    pub event: &'static str,
    /// The time at which the provider sent it.
    pub sent_at: DateTime<Utc>,
    /// The body.
    pub body: String,
    /// `false` for an event of a session, which arrives by a socket and is not signed.
    pub is_webhook: bool,
}

impl Delivery {
    pub(crate) fn new(generation: Generation, event: &'static str, sent_at: DateTime<Utc>, body: &Json) -> Self {
        Self { generation, event, sent_at, body: body.to_string(), is_webhook: true }
    }

    /// Returns the headers of the delivery, signed with a secret at the time at which it was sent.
    ///
    /// Empty for an event of a session, and for a scheme that puts the secret into the URL (use
    /// [`Delivery::url`]).
    #[must_use]
    pub fn headers(&self, secret: &str) -> Vec<(String, String)> {
        self.headers_at(secret, self.sent_at)
    }

    /// Returns the headers of the delivery, signed with a secret at another time.
    #[must_use]
    pub fn headers_at(&self, secret: &str, now: DateTime<Utc>) -> Vec<(String, String)> {
        if !self.is_webhook {
            return Vec::new();
        }
        let request = Request::new(&(), self.body.as_bytes());
        sign::headers(&self.generation.scheme(), &Secret::new("synthetic", secret), &request, now)
    }

    /// Returns the URL with the secret added, if the scheme of the provider puts it there.
    #[must_use]
    pub fn url(&self, secret: &str, url: &str) -> String {
        sign::url(&self.generation.scheme(), &Secret::new("synthetic", secret), url)
    }
}

impl Call {
    /// Renders the call as a provider delivers it. Returns every delivery, in the order of sending.
    ///
    /// For OpenAI these are the webhook and the events of the session. The list is empty if the
    /// provider knows nothing of the call: OpenAI of a call that was not answered, and Bland of a
    /// call on the web.
    #[must_use]
    pub fn deliveries(&self, generation: Generation) -> Vec<Delivery> {
        render::deliveries(self, generation)
    }

    /// Returns the id that the provider gives to the call.
    #[must_use]
    pub fn id(&self, generation: Generation) -> String {
        render::id(self, generation)
    }
}
