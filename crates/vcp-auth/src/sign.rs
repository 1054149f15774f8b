//! Functions that sign deliveries as the providers do, for tests of your own endpoint.
//!
//! This module needs the feature `testing`.

use crate::{
    Algorithm, Encoding, Request, Scheme, Secret,
    scheme::{livekit, standard_webhooks, twilio},
};
use chrono::{DateTime, Utc};

/// Returns the headers that sign `request` with `scheme` at the time `now`.
///
/// Returns no headers if:
///
/// - the scheme puts the secret into the URL (use [`url`]);
/// - the scheme cannot use the secret;
/// - the format of a [`Scheme::Hmac`] contains the method or the URL, and `request` lacks it.
///
/// [`Scheme::Twilio`] signs an empty URL if `request` has no URL.
///
/// ```
/// use vcp_auth::{Request, Scheme, Secret, Verifier, sign};
/// let (now, secret) = ("2026-11-21T12:00:00Z".parse()?, Secret::new("k", "whsec_c2VjcmV0"));
/// let headers = sign::headers(&Scheme::StandardWebhooks, &secret, &Request::new(&[("", ""); 0], b"{}"), now);
/// let verifier = Verifier::new(Scheme::StandardWebhooks, vec![secret])?;
/// assert_eq!(verifier.verify(&headers, b"{}", now)?.key_id(), Some("k"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn headers(scheme: &Scheme, secret: &Secret, request: &Request<'_>, now: DateTime<Utc>) -> Vec<(String, String)> {
    let Ok(key) = scheme.key(secret) else { return Vec::new() };
    let (body, seconds) = (request.body(), now.timestamp());
    let signed = |encoding: Encoding, parts: &[&[u8]]| encoding.spell(&Algorithm::Sha256.digest(&key, parts));
    let one = |name: &str, value: String| vec![(name.to_owned(), value)];
    let text = || String::from_utf8_lossy(&key).into_owned();
    match scheme {
        Scheme::Retell => {
            let time = now.timestamp_millis().to_string();
            one("x-retell-signature", format!("v={time},d={}", signed(Encoding::Hex, &[body, time.as_bytes()])))
        }
        Scheme::ElevenLabs => {
            let time = seconds.to_string();
            let digest = signed(Encoding::Hex, &[time.as_bytes(), b".", body]);
            one("elevenlabs-signature", format!("t={time},v0={digest}"))
        }
        Scheme::StandardWebhooks => {
            let (id, time) = (format!("wh_{seconds}"), seconds.to_string());
            let digest = signed(Encoding::Base64, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
            vec![
                (standard_webhooks::ID.to_owned(), id),
                (standard_webhooks::TIMESTAMP.to_owned(), time),
                (standard_webhooks::SIGNATURE.to_owned(), format!("v1,{digest}")),
            ]
        }
        Scheme::Bland => one("x-webhook-signature", signed(Encoding::Hex, &[body])),
        Scheme::Twilio => {
            let digest = Algorithm::Sha1.digest(&key, &twilio::signed(request));
            one(twilio::HEADER, Encoding::Base64.spell(&digest))
        }
        Scheme::LiveKit => one(livekit::HEADER, livekit::sign(secret.id(), &key, body, seconds)),
        Scheme::Hmac(scheme) => scheme.sign(&key, request, seconds),
        Scheme::Header { name, bearer: true } => one(name, format!("Bearer {}", text())),
        Scheme::Header { name, bearer: false } => one(name, text()),
        Scheme::UrlToken { .. } | Scheme::PathToken => Vec::new(),
    }
}

/// Returns the URL with the secret added, if the scheme puts the secret into the URL.
///
/// For all other schemes, returns `url` unchanged.
///
/// ```
/// use vcp_auth::{Scheme, Secret, sign};
/// let (scheme, secret) = (Scheme::UrlToken { param: "token".into() }, Secret::new("k", "a b"));
/// assert_eq!(sign::url(&scheme, &secret, "https://example.com/hook"), "https://example.com/hook?token=a%20b");
/// assert_eq!(sign::url(&Scheme::PathToken, &secret, "https://example.com/hook"), "https://example.com/hook/a%20b");
/// ```
#[must_use]
pub fn url(scheme: &Scheme, secret: &Secret, url: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escaped = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    let token: String = secret.bytes().iter().map(escaped).collect();
    match scheme {
        Scheme::UrlToken { param } => format!("{url}{}{param}={token}", if url.contains('?') { '&' } else { '?' }),
        Scheme::PathToken => format!("{}/{token}", url.trim_end_matches('/')),
        _ => url.to_owned(),
    }
}

/// Returns the URL that Twilio requests to deliver a body that is not a form.
///
/// The query of this URL holds the hash of the body. Pass the URL to [`headers`] and to the check.
///
/// ```
/// use vcp_auth::{Request, Scheme, Secret, Verifier, sign};
/// let (now, secret) = ("2026-11-21T12:00:00Z".parse()?, Secret::new("k", "auth-token"));
/// let (none, body) = ([("", ""); 0], b"{}");
/// let url = sign::twilio_url("https://example.com/hook", body);
/// let headers = sign::headers(&Scheme::Twilio, &secret, &Request::new(&none, body).url(&url), now);
/// let verifier = Verifier::new(Scheme::Twilio, vec![secret])?;
/// assert_eq!(verifier.check(&Request::new(&headers, body).url(&url), now)?.key_id(), Some("k"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn twilio_url(url: &str, body: &[u8]) -> String {
    twilio::with_body_hash(url, body)
}

/// Returns the value of `x-retell-signature` for this body. Empty if `secret` is empty.
///
/// ```
/// let value = vcp_auth::sign::retell("test-api-key", br#"{"event":"call_ended"}"#, "2023-11-14T22:13:20Z".parse()?);
/// assert_eq!(value, "v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn retell(secret: &str, body: &[u8], now: DateTime<Utc>) -> String {
    value(&Scheme::Retell, secret, body, now)
}

/// Returns the value of `elevenlabs-signature` for this body. Empty if `secret` is empty.
#[must_use]
pub fn elevenlabs(secret: &str, body: &[u8], now: DateTime<Utc>) -> String {
    value(&Scheme::ElevenLabs, secret, body, now)
}

fn value(scheme: &Scheme, secret: &str, body: &[u8], now: DateTime<Utc>) -> String {
    let none: [(&str, &str); 0] = [];
    let headers = headers(scheme, &Secret::new("", secret), &Request::new(&none, body), now);
    headers.into_iter().next().map(|(_, value)| value).unwrap_or_default()
}
