//! Schemes in which the request contains the secret itself.
//!
//! Anyone who sees one request can forge others.

use super::{Claim, Proof, malformed, only};
use crate::{AuthError, Request};
use std::borrow::Cow;

const BEARER: &[u8] = b"Bearer ";

pub(crate) fn in_header<'r>(request: &Request<'r>, name: &'r str, bearer: bool) -> Result<Claim<'r>, AuthError> {
    let value = only(request, name)?;
    let token = match (bearer, value.strip_prefix(BEARER)) {
        (true, Some(token)) => token,
        (true, None) => return Err(malformed(name, "it is not `Bearer <token>`")),
        (false, _) => value,
    };
    claim(name.into(), token.into())
}

/// Reads the token from a parameter of the query and decodes its percent escapes.
pub(crate) fn in_query<'r>(request: &Request<'r>, param: &'r str) -> Result<Claim<'r>, AuthError> {
    let place = || format!("?{param}=");
    let mut values = query_values(url(request)?, param);
    let value = values.next().ok_or_else(|| AuthError::HeaderMissing { header: place() })?;
    if values.next().is_some() {
        return Err(malformed(&place(), "it appears more than once"));
    }
    claim(place().into(), unescaped(value.as_bytes()))
}

/// Returns the values of a parameter in the query of a URL. Percent escapes are not decoded.
pub(super) fn query_values<'r>(url: &'r str, param: &'r str) -> impl Iterator<Item = &'r str> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(move |(name, _)| *name == param).map(|(_, value)| value)
}

/// Reads the token from the last segment of the path and decodes its percent escapes.
pub(crate) fn in_path<'r>(request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
    let url = url(request)?;
    let (path, _) = url.split_once('?').unwrap_or((url, ""));
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let piece = path.rsplit('/').next().filter(|piece| !piece.is_empty());
    let piece = piece.ok_or_else(|| AuthError::HeaderMissing { header: "the last piece of the path".into() })?;
    claim("the last piece of the path".into(), unescaped(piece.as_bytes()))
}

fn claim<'r>(place: Cow<'r, str>, token: Cow<'r, [u8]>) -> Result<Claim<'r>, AuthError> {
    if token.is_empty() {
        return Err(malformed(&place, "it is empty"));
    }
    Ok(Claim::of(place, Proof::Token(token)))
}

/// Returns the URL of a request without its fragment.
///
/// # Errors
///
/// `VCP_E210` if the request has no URL.
pub(super) fn url<'r>(request: &Request<'r>) -> Result<&'r str, AuthError> {
    let url =
        request.url_given().ok_or(AuthError::Configuration { reason: "the scheme needs the URL of the request" })?;
    Ok(split_fragment(url).0)
}

/// Splits a URL before its fragment. The fragment begins with `#`, or is empty.
fn split_fragment(url: &str) -> (&str, &str) {
    url.split_at(url.find('#').unwrap_or(url.len()))
}

/// Returns the URL with a parameter at the end of its query, before the fragment.
///
/// Removes other parameters with this name. `name` and `value` are added as they are.
#[cfg(feature = "testing")]
pub(crate) fn with_param(url: &str, name: &str, value: &str) -> String {
    let (url, fragment) = split_fragment(url);
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let is_other = |pair: &&str| !pair.is_empty() && pair.split('=').next() != Some(name);
    let kept: String = query.split('&').filter(is_other).flat_map(|pair| [pair, "&"]).collect();
    format!("{path}?{kept}{name}={value}{fragment}")
}

/// Returns the URL with a segment at the end of its path, before the query and the fragment.
///
/// `segment` is added as it is.
#[cfg(feature = "testing")]
pub(crate) fn with_segment(url: &str, segment: &str) -> String {
    let (path, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    format!("{}/{segment}{rest}", path.trim_end_matches('/'))
}

/// Decodes the percent escapes of a text. Invalid escapes stay unchanged.
pub(super) fn unescaped(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.filter(|_| *byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    Cow::Owned(out)
}
