//! What of a request signatures look at.

use crate::Headers;
use std::net::IpAddr;

/// A delivery as it was received. Most schemes look at headers and body only.
///
/// ```
/// use vcp_auth::Request;
/// let headers = [("x-signature", "00")];
/// let request = Request::new(&headers, b"{}").method("POST").url("https://example.com/hooks?token=t");
/// assert_eq!(request.body(), b"{}");
/// ```
#[derive(Clone, Copy)]
pub struct Request<'r> {
    headers: &'r dyn Headers,
    body: &'r [u8],
    method: Option<&'r str>,
    url: Option<&'r str>,
    source: Option<IpAddr>,
}

impl<'r> Request<'r> {
    /// A request with these headers and the raw bytes of its body.
    #[must_use]
    pub fn new(headers: &'r impl Headers, body: &'r [u8]) -> Self {
        Self { headers, body, method: None, url: None, source: None }
    }

    /// The method, for schemes that sign it.
    #[must_use]
    pub fn method(self, method: &'r str) -> Self {
        Self { method: Some(method), ..self }
    }

    /// The URL as the provider requested it, for schemes that sign it or find a token in it. Behind a proxy that is the outer one.
    #[must_use]
    pub fn url(self, url: &'r str) -> Self {
        Self { url: Some(url), ..self }
    }

    /// The address that it comes from, for [`Verifier::allow_from`](crate::Verifier::allow_from). Which that is, you decide.
    ///
    /// Without a proxy it is the peer of the connection. Behind proxies of yours, each of which appends its peer to `x-forwarded-for`, go through the entries from the right: the
    /// first that is not one of your own proxies is the sender. What stands left of it the sender wrote, and may be anything: of `x-forwarded-for: 100.20.5.228, 203.0.113.9`, seen behind one
    /// proxy, the sender is `203.0.113.9`. If requests can reach your server past the proxy, no entry counts.
    #[must_use]
    pub fn source(self, source: IpAddr) -> Self {
        Self { source: Some(source), ..self }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &'r [u8] {
        self.body
    }

    /// The same with another body.
    pub(crate) fn with_body<'b>(&self, body: &'b [u8]) -> Request<'b>
    where
        'r: 'b,
    {
        Request { body, ..*self }
    }

    pub(crate) fn method_given(&self) -> Option<&'r str> {
        self.method
    }

    pub(crate) fn url_given(&self) -> Option<&'r str> {
        self.url
    }

    pub(crate) fn source_given(&self) -> Option<IpAddr> {
        self.source
    }

    pub(crate) fn header(&self, name: &str, nth: usize) -> Option<&'r [u8]> {
        self.headers.value(name, nth)
    }
}

impl std::fmt::Debug for Request<'_> {
    /// Headers and URL may hold secrets, and the body is somebody's call.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("body_bytes", &self.body.len()).finish_non_exhaustive()
    }
}
