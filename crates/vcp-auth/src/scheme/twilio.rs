//! Twilio's scheme, as Twilio's own validators check it.
//!
//! - Header: the base64 of an HMAC-SHA1. The settings header can select HMAC-SHA256 with a shared
//!   key instead.
//! - Signed text: the URL as Twilio requested it, then the parameters of the form, sorted by name.
//!   Names and values follow each other without a separator.
//! - Body: if the body is not a form, the query of the URL holds its SHA-256.
//!
//! Twilio's own library believes the content type, which is not signed: it accepts the signature of
//! a JSON body for an empty form. Here the hash is checked whenever no parameter is signed.

use super::{Claim, Proof, malformed, only, token};
use crate::{AuthError, Encoding, HmacAlgorithm, Request, mac};
use std::borrow::Cow;

pub(crate) const HEADER: &str = "x-twilio-signature";
pub(crate) const SETTINGS: &str = "x-twilio-webhooks-signature-settings";
/// The parameter of the query that holds the hash of a body that is not a form.
pub(crate) const BODY_HASH: &str = "bodySHA256";

pub(crate) fn claim<'r>(request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
    let algorithm = algorithm(request)?;
    let digest = algorithm.read(Encoding::Base64, only(request, HEADER)?);
    let digest = digest.ok_or_else(|| malformed(HEADER, "it is not the base64 of a digest of the algorithm"))?;
    let url = whole_url(request)?;
    let kind = kind(request)?;
    let has_hash = token::query_values(url, BODY_HASH).next().is_some();
    let is_form = kind == Kind::Form || (kind == Kind::Untold && !has_hash);
    let params = if is_form { params(request.body())? } else { Vec::new() };
    // A signature without parameters covers the URL alone, whatever the content type says, which is
    // not signed. So the hash in the URL must be that of the body, also of an empty form.
    let body_hash = if params.is_empty() { body_hash(url)? } else { None };
    if kind == Kind::Other && body_hash.is_none() && !request.body().is_empty() {
        return Err(AuthError::HeaderMissing { header: BODY_HASH.into() });
    }
    let texts = urls(url).into_iter().map(|url| {
        let url = match url {
            Cow::Borrowed(url) => Cow::Borrowed(url.as_bytes()),
            Cow::Owned(url) => Cow::Owned(url.into_bytes()),
        };
        vec![url, Cow::Owned(params.clone())]
    });
    let proof = Proof::Digests { algorithm, digests: vec![digest], texts: texts.collect() };
    let body_hash = body_hash.map(|hash| ("`bodySHA256` in the URL", hash));
    Ok(Claim { body_hash, ..Claim::of(HEADER, proof) })
}

/// Returns the hash of the body that the URL holds, or `None` if it holds none. Twilio repeats it
/// in the URL of some requests.
fn body_hash(url: &str) -> Result<Option<Vec<u8>>, AuthError> {
    let mut hashes = token::query_values(url, BODY_HASH);
    let Some(hash) = hashes.next() else { return Ok(None) };
    if hashes.any(|other| other != hash) {
        return Err(malformed(BODY_HASH, "it appears more than once, with different values"));
    }
    let hash = mac::hex(hash.as_bytes()).filter(|hash| hash.len() == 32);
    hash.map(|hash| Some(hash.to_vec()))
        .ok_or_else(|| malformed(BODY_HASH, "it is not 64 lower-case hexadecimal digits"))
}

/// Returns the URL of a request without its fragment.
///
/// # Errors
///
/// `VCP_E210` if the request has no URL, or only the path of a URL, which may hold another URL.
fn whole_url<'r>(request: &Request<'r>) -> Result<&'r str, AuthError> {
    let reason = "the scheme needs the whole URL of the request, with `https://`";
    let url = token::url(request)?;
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    let is_whole = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_whole { Ok(url) } else { Err(AuthError::Configuration { reason }) }
}

/// Returns the algorithm that the settings header selects. Without a selection it is SHA-1.
fn algorithm(request: &Request<'_>) -> Result<HmacAlgorithm, AuthError> {
    if request.header(SETTINGS, 0).is_none() {
        return Ok(HmacAlgorithm::Sha1);
    }
    let parts = only(request, SETTINGS)?.split(|b| *b == b',');
    let mut found = parts.filter_map(|part| part.trim_ascii().strip_prefix(b"algorithm="));
    match (found.next(), found.next()) {
        (None | Some(b"HMAC_SHA1"), None) => Ok(HmacAlgorithm::Sha1),
        (Some(b"HMAC_SHA256"), None) => Ok(HmacAlgorithm::Sha256),
        _ => Err(malformed(SETTINGS, "its `algorithm` is neither `HMAC_SHA1` nor `HMAC_SHA256`")),
    }
}

/// The kind of body that the `content-type` header states. `Untold` if there is no such header.
#[derive(Debug, PartialEq)]
enum Kind {
    Form,
    Other,
    Untold,
}

fn kind(request: &Request<'_>) -> Result<Kind, AuthError> {
    const HEADER: &str = "content-type";
    if request.header(HEADER, 0).is_none() {
        return Ok(Kind::Untold);
    }
    let media_type = only(request, HEADER)?.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    let is_form = media_type.eq_ignore_ascii_case(b"application/x-www-form-urlencoded");
    Ok(if is_form { Kind::Form } else { Kind::Other })
}

/// Returns the parameters of a form as Twilio signs them: decoded, sorted, and without repeats.
fn params(body: &[u8]) -> Result<Vec<u8>, AuthError> {
    // Twilio sends a few dozen. Without a bound, any sender could make us sort millions.
    const MOST: usize = 1000;
    let pairs = body.split(|b| *b == b'&').filter(|pair| !pair.is_empty());
    let mut params: Vec<(Vec<u8>, Vec<u8>)> = pairs
        .take(MOST + 1)
        .map(|pair| {
            let end = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(end);
            (form_unescaped(name), form_unescaped(value.strip_prefix(b"=").unwrap_or_default()))
        })
        .collect();
    if params.len() > MOST {
        return Err(malformed("the form", "it has more than 1000 parameters"));
    }
    params.sort_unstable();
    params.dedup();
    Ok(params.into_iter().flat_map(|(name, value)| [name, value]).flatten().collect())
}

fn form_unescaped(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    token::unescaped(&spaced).into_owned()
}

/// Returns the URL with and without a port, because proxies add or remove the port.
fn urls(url: &str) -> Vec<Cow<'_, str>> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.into()] };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let colon = authority.rfind(':').filter(|at| authority.rfind([']', '@']).is_none_or(|other| other < *at));
    match colon {
        Some(at) => vec![format!("{scheme}://{}{path}", authority.get(..at).unwrap_or_default()).into(), url.into()],
        None => {
            let is_secure = ["https", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            let port = if is_secure { 443 } else { 80 };
            vec![url.into(), format!("{scheme}://{authority}:{port}{path}").into()]
        }
    }
}

/// Adds the hash of a body that is not a form to a URL, as Twilio does.
#[cfg(feature = "testing")]
pub(crate) fn with_body_hash(url: &str, body: &[u8]) -> String {
    token::with_param(url, BODY_HASH, &Encoding::Hex.spell(&mac::sha256(body)))
}

/// Returns the signed text of a request, in parts. Its URL must be the one that Twilio requested.
///
/// Returns `None` if the request has no whole URL, or if its form has too many parameters.
#[cfg(feature = "testing")]
pub(crate) fn signed(request: &Request<'_>) -> Option<[Vec<u8>; 2]> {
    let url = whole_url(request).ok()?;
    let is_hashed = kind(request) != Ok(Kind::Form) && token::query_values(url, BODY_HASH).next().is_some();
    Some([url.as_bytes().to_vec(), if is_hashed { Vec::new() } else { params(request.body()).ok()? }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_sorted_and_decoded() {
        let signed = |body: &str| String::from_utf8(params(body.as_bytes()).unwrap()).unwrap();
        assert_eq!(signed("b=2&a=%31+x&b=1&b=2&&c&=d"), "da1 xb1b2c");
        assert_eq!(signed("a=%C3%A9&%=%zz"), "%%zzaé");
        assert_eq!(signed(""), "");
        assert!(params("a&".repeat(1000).as_bytes()).is_ok() && params("a&".repeat(1001).as_bytes()).is_err());
    }

    #[test]
    fn with_and_without_a_port() {
        for (url, other) in [
            ("https://a.b/c?d", "https://a.b:443/c?d"),
            ("http://a.b", "http://a.b:80"),
            ("wss://a.b/c", "wss://a.b:443/c"),
            ("ws://a.b/c", "ws://a.b:80/c"),
            ("https://a.b:8443/c", "https://a.b/c"),
            ("https://[::1]/c", "https://[::1]:443/c"),
            ("https://[::1]:1/c", "https://[::1]/c"),
            ("https://u:p@a.b/c", "https://u:p@a.b:443/c"),
        ] {
            assert!(urls(url).iter().any(|tried| tried == url), "{url}");
            assert!(urls(url).iter().any(|tried| tried == other), "{other}");
        }
    }
}
