//! Functions that sign deliveries as the providers do, for tests of your own endpoint.
//!
//! This module needs the feature `testing`.

use crate::{
    Encoding, HmacAlgorithm, Request, Scheme, Secret,
    scheme::{bland, elevenlabs, livekit, retell, standard_webhooks, token, twilio},
};
use chrono::{DateTime, Utc};

/// Returns the headers that sign `request` with `scheme` at the time `now`.
///
/// Returns no headers if:
///
/// - the scheme puts the secret into the URL (use [`url`]);
/// - the scheme cannot use the secret, for example because it is empty;
/// - the format of a [`Scheme::Hmac`] contains the method or the URL, and `request` lacks it;
/// - the scheme is [`Scheme::Twilio`], and `request` has no whole URL with `https://`;
/// - the scheme is [`Scheme::Twilio`], and the form has more than 1000 parameters.
///
/// ```
/// use vcp_auth::{Request, Scheme, Secret, Verifier, sign};
/// let (now, secret) = ("2026-11-21T12:00:00Z".parse()?, Secret::new("k", "whsec_c2VjcmV0"));
/// let headers = sign::headers(&Scheme::StandardWebhooks, &secret, &Request::new(&(), b"{}"), now);
/// let verifier = Verifier::new(Scheme::StandardWebhooks, vec![secret])?;
/// assert_eq!(verifier.verify(&headers, b"{}", now)?.key_id(), Some("k"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn headers(scheme: &Scheme, secret: &Secret, request: &Request<'_>, now: DateTime<Utc>) -> Vec<(String, String)> {
    let Ok(key) = scheme.key(secret) else { return Vec::new() };
    let (body, seconds) = (request.body(), now.timestamp());
    let signed = |encoding: Encoding, parts: &[&[u8]]| encoding.spell(&HmacAlgorithm::Sha256.digest(&key, parts));
    let one = |name: &str, value: String| vec![(name.to_owned(), value)];
    let token = std::str::from_utf8(&key);
    match scheme {
        Scheme::Retell => {
            let time = now.timestamp_millis().to_string();
            one(retell::HEADER, format!("v={time},d={}", signed(Encoding::Hex, &[body, time.as_bytes()])))
        }
        Scheme::ElevenLabs => {
            let time = seconds.to_string();
            let digest = signed(Encoding::Hex, &[time.as_bytes(), b".", body]);
            one(elevenlabs::HEADER, format!("t={time},v0={digest}"))
        }
        Scheme::StandardWebhooks => {
            // An event that is sent again keeps its id.
            let (hash, time) = (signed(Encoding::Hex, &[body]), seconds.to_string());
            let id = format!("wh_{}", hash.get(..32).unwrap_or_default());
            let digest = signed(Encoding::Base64, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
            vec![
                (standard_webhooks::ID.to_owned(), id),
                (standard_webhooks::TIMESTAMP.to_owned(), time),
                (standard_webhooks::SIGNATURE.to_owned(), format!("v1,{digest}")),
            ]
        }
        Scheme::Bland => one(bland::HEADER, signed(Encoding::Hex, &[body])),
        Scheme::Twilio => {
            let Some(parts) = twilio::signed(request) else { return Vec::new() };
            one(twilio::HEADER, Encoding::Base64.spell(&HmacAlgorithm::Sha1.digest(&key, &parts)))
        }
        Scheme::LiveKit => one(livekit::HEADER, livekit::sign(secret.id(), &key, body, seconds)),
        Scheme::Hmac(scheme) => scheme.sign(&key, request, seconds),
        Scheme::Header { name, bearer } => {
            let Ok(token) = token else { return Vec::new() };
            one(name, format!("{}{token}", if *bearer { "Bearer " } else { "" }))
        }
        Scheme::UrlToken { .. } | Scheme::PathToken => Vec::new(),
    }
}

/// Returns the URL with the secret added, if the scheme puts the secret into the URL.
///
/// - [`Scheme::UrlToken`]: the secret is a parameter of the query. A parameter with the same name
///   is replaced. All other parameters are kept.
/// - [`Scheme::PathToken`]: the secret is the last segment of the path. The query is kept.
/// - All other schemes, and an empty secret: `url` is returned unchanged.
///
/// A fragment (`#top`) stays at the end.
///
/// ```
/// use vcp_auth::{Scheme, Secret, sign};
/// let (scheme, secret) = (Scheme::UrlToken { param: "token".into() }, Secret::new("k", "a b"));
/// let url = "https://example.com/hook?a=1";
/// assert_eq!(sign::url(&scheme, &secret, url), "https://example.com/hook?a=1&token=a%20b");
/// assert_eq!(sign::url(&Scheme::PathToken, &secret, url), "https://example.com/hook/a%20b?a=1");
/// ```
#[must_use]
pub fn url(scheme: &Scheme, secret: &Secret, url: &str) -> String {
    if secret.bytes().is_empty() {
        return url.to_owned();
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escaped = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    let text: String = secret.bytes().iter().map(escaped).collect();
    match scheme {
        Scheme::UrlToken { param } => token::with_param(url, param, &text),
        Scheme::PathToken => token::with_segment(url, &text),
        _ => url.to_owned(),
    }
}

/// Returns the URL that Twilio requests to deliver a body that is not a form.
///
/// The query of this URL holds the hash of the body. A fragment stays at the end. Pass the URL to
/// [`headers`] and to the check.
///
/// ```
/// use vcp_auth::{Request, Scheme, Secret, Verifier, sign};
/// let (now, secret) = ("2026-11-21T12:00:00Z".parse()?, Secret::new("k", "auth-token"));
/// let body = b"{}";
/// let url = sign::twilio_url("https://example.com/hook", body);
/// let headers = sign::headers(&Scheme::Twilio, &secret, &Request::new(&(), body).url(&url), now);
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
/// let (body, now) = (br#"{"event":"call_ended"}"#, "2023-11-14T22:13:20Z".parse()?);
/// let value = vcp_auth::sign::retell("test-api-key", body, now);
/// assert_eq!(
///     value,
///     "v=1700000000000,\
///      d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e"
/// );
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
    let headers = headers(scheme, &Secret::new("", secret), &Request::new(&(), body), now);
    headers.into_iter().next().map(|(_, value)| value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthError, Verifier};

    const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

    fn now() -> DateTime<Utc> {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn secret() -> Secret {
        Secret::new("k", "a/b c?d")
    }

    fn check(scheme: &Scheme, request: &Request<'_>) -> Result<(), AuthError> {
        Verifier::new(scheme.clone(), vec![secret()]).unwrap().check(request, now()).map(drop)
    }

    #[test]
    fn an_event_of_openai_keeps_its_id() {
        let (secret, seconds) =
            (Secret::new("k", "whsec_c2VjcmV0"), |seconds| DateTime::from_timestamp(seconds, 0).unwrap());
        let id = |body: &[u8], at: i64| {
            headers(&Scheme::StandardWebhooks, &secret, &Request::new(&(), body), seconds(at)).remove(0)
        };
        assert_eq!(id(b"{}", 1), id(b"{}", 2));
        assert_ne!(id(b"{}", 1), id(b"[]", 1));
    }

    #[test]
    fn twilio_signs_no_empty_or_partial_url() {
        let signed = |request: &Request<'_>| headers(&Scheme::Twilio, &secret(), request, now());
        let request = Request::new(&FORM, b"A=1");
        assert_eq!(signed(&request), []);
        assert_eq!(signed(&request.url("")), []);
        assert_eq!(signed(&request.url("/hook")), []);
        assert_eq!(signed(&request.url("https://example.com/hook")).len(), 1);
    }

    #[test]
    fn twilio_signs_no_form_that_is_too_long() {
        let signed = |count: usize| {
            let form = "A=1&".repeat(count);
            headers(
                &Scheme::Twilio,
                &secret(),
                &Request::new(&FORM, form.as_bytes()).url("https://example.com/hook"),
                now(),
            )
        };
        assert_eq!((signed(1000).len(), signed(1001).len()), (1, 0));
    }

    #[test]
    fn twilio_urls_are_verified_with_a_query_or_a_fragment() {
        for url in ["https://example.com", "https://example.com/hook?a=1", "https://example.com/hook?#top?b"] {
            for url in [twilio_url(url, b"{}"), twilio_url(&twilio_url(url, b"[]"), b"{}")] {
                let signed = headers(&Scheme::Twilio, &secret(), &Request::new(&(), b"{}").url(&url), now());
                assert_eq!(check(&Scheme::Twilio, &Request::new(&signed, b"{}").url(&url)), Ok(()), "{url}");
            }
        }
        assert!(twilio_url("https://example.com/hook?a=1#top", b"").ends_with("#top"));
    }

    #[test]
    fn a_token_goes_where_the_verifier_finds_it() {
        for (plain, with_param, with_segment) in [
            ("https://a.b", "https://a.b?t=a%2Fb%20c%3Fd", "https://a.b/a%2Fb%20c%3Fd"),
            ("https://a.b/", "https://a.b/?t=a%2Fb%20c%3Fd", "https://a.b/a%2Fb%20c%3Fd"),
            ("https://a.b/c/?", "https://a.b/c/?t=a%2Fb%20c%3Fd", "https://a.b/c/a%2Fb%20c%3Fd?"),
            ("https://a.b/c?d=/e/", "https://a.b/c?d=/e/&t=a%2Fb%20c%3Fd", "https://a.b/c/a%2Fb%20c%3Fd?d=/e/"),
            ("https://a.b/c?t=old&d", "https://a.b/c?d&t=a%2Fb%20c%3Fd", "https://a.b/c/a%2Fb%20c%3Fd?t=old&d"),
            ("https://a.b/c#e?f/g", "https://a.b/c?t=a%2Fb%20c%3Fd#e?f/g", "https://a.b/c/a%2Fb%20c%3Fd#e?f/g"),
            ("https://a.b/c?d#e", "https://a.b/c?d&t=a%2Fb%20c%3Fd#e", "https://a.b/c/a%2Fb%20c%3Fd?d#e"),
            ("/c?d", "/c?d&t=a%2Fb%20c%3Fd", "/c/a%2Fb%20c%3Fd?d"),
        ] {
            for (scheme, expected) in
                [(Scheme::UrlToken { param: "t".into() }, with_param), (Scheme::PathToken, with_segment)]
            {
                let url = url(&scheme, &secret(), plain);
                assert_eq!(url, expected);
                assert_eq!(check(&scheme, &Request::new(&(), b"").url(&url)), Ok(()), "{url}");
                assert_eq!(headers(&scheme, &secret(), &Request::new(&(), b""), now()), []);
            }
        }
        assert_eq!(url(&Scheme::PathToken, &Secret::new("k", ""), "https://a.b/c"), "https://a.b/c");
        assert_eq!(url(&Scheme::Retell, &secret(), "https://a.b/c"), "https://a.b/c");
    }

    #[test]
    fn a_secret_that_fits_in_no_header_gives_no_header() {
        for bytes in [b"".as_slice(), b"\xff"] {
            assert_eq!(headers(&Scheme::BEARER, &Secret::new("k", bytes), &Request::new(&(), b""), now()), []);
        }
    }
}
