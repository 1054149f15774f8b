//! The parts of a request that verification needs.

use crate::Headers;
use std::net::IpAddr;

/// A delivery as it was received.
///
/// Most schemes need only the headers and the body.
///
/// ```
/// use vcp_auth::Request;
/// let headers = [("x-signature", "00")];
/// let url = "https://example.com/hooks?token=t";
/// let request = Request::new(&headers, b"{}").method("POST").url(url);
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
    /// Creates a request from its headers and the raw bytes of its body.
    #[must_use]
    pub fn new(headers: &'r impl Headers, body: &'r [u8]) -> Self {
        Self { headers, body, method: None, url: None, source: None }
    }

    /// Sets the method, for schemes that sign it.
    #[must_use]
    pub fn method(self, method: &'r str) -> Self {
        Self { method: Some(method), ..self }
    }

    /// Sets the URL, for schemes that sign it or read a token from it.
    ///
    /// Use the URL that the provider requested. Behind a proxy, this is the URL outside the proxy.
    #[must_use]
    pub fn url(self, url: &'r str) -> Self {
        Self { url: Some(url), ..self }
    }

    /// Sets the address of the sender, for [`Verifier::allow_from`](crate::Verifier::allow_from).
    ///
    /// You decide which address this is:
    ///
    /// - Without a proxy, use the peer of the connection.
    /// - Behind your own proxies, each of which appends its peer to `x-forwarded-for`, read the
    ///   entries from right to left. The first entry that is not one of your proxies is the sender.
    ///   Ignore all entries to the left of the sender: the sender can write anything there.
    /// - If requests can reach your server without your proxy, trust no entry.
    ///
    /// For example, behind one proxy the sender of a request with
    /// `x-forwarded-for: 100.20.5.228, 203.0.113.9` is `203.0.113.9`.
    #[must_use]
    pub fn source(self, source: IpAddr) -> Self {
        Self { source: Some(source), ..self }
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &'r [u8] {
        self.body
    }

    /// Returns the request with another body.
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
    /// Writes only the length of the body.
    ///
    /// Headers and URL may hold secrets, and the body describes a private call.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("body_bytes", &self.body.len()).finish_non_exhaustive()
    }
}
