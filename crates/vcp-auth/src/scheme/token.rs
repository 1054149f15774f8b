//! Schemes in which the secret itself is sent. Whoever sees one request can make others.

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

/// The value of a parameter of the query, percent escapes resolved.
pub(crate) fn in_query<'r>(request: &Request<'r>, param: &'r str) -> Result<Claim<'r>, AuthError> {
    let url = url(request)?;
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let place = || format!("?{param}=");
    let is_it = |pair: &&str| pair.split_once('=').map_or(*pair, |(name, _)| name) == param;
    let mut values = query.split('&').filter(is_it).map(|pair| pair.split_once('=').map_or("", |(_, value)| value));
    let value = values.next().ok_or_else(|| AuthError::HeaderMissing { header: place().into() })?;
    if values.next().is_some() {
        return Err(malformed(&place(), "it stands more than once"));
    }
    claim(place().into(), unescaped(value))
}

/// The last piece of the path, percent escapes resolved.
pub(crate) fn in_path<'r>(request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
    let url = url(request)?;
    let (path, _) = url.split_once('?').unwrap_or((url, ""));
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let piece = path.rsplit('/').next().filter(|piece| !piece.is_empty());
    let piece = piece.ok_or_else(|| AuthError::HeaderMissing { header: "the last piece of the path".into() })?;
    claim("the last piece of the path".into(), unescaped(piece))
}

fn claim<'r>(place: Cow<'r, str>, token: Cow<'r, [u8]>) -> Result<Claim<'r>, AuthError> {
    if token.is_empty() {
        return Err(malformed(&place, "it is empty"));
    }
    Ok(Claim { place, proof: Proof::Token(token), time: None })
}

/// The URL without its fragment.
fn url<'r>(request: &Request<'r>) -> Result<&'r str, AuthError> {
    let url =
        request.url_given().ok_or(AuthError::Configuration { reason: "the scheme needs the URL of the request" })?;
    Ok(url.split_once('#').map_or(url, |(url, _)| url))
}

fn unescaped(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let bytes = text.as_bytes();
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
