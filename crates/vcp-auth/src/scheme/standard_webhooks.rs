//! Standard Webhooks, as OpenAI's own SDKs check them.
//!
//! - Header: `webhook-signature` holds entries separated by single spaces. An entry is
//!   `v1,<base64>` or the base64 alone.
//! - Signed text: the text of the id, the text of the timestamp and the raw body, joined by dots.
//! - A form that only one of the SDKs accepts is refused (`DECISIONS.md` 6.2).

use super::{Claim, Time, digits, malformed, only};
use crate::{AuthError, Encoding, HmacAlgorithm, Request};

pub(crate) const ID: &str = "webhook-id";
pub(crate) const TIMESTAMP: &str = "webhook-timestamp";
pub(crate) const SIGNATURE: &str = "webhook-signature";
/// The prefix of a secret in base64.
pub(crate) const PREFIX: &str = "whsec_";

pub(crate) fn claim<'r>(request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
    let (id, time, signature) = (only(request, ID)?, only(request, TIMESTAMP)?, only(request, SIGNATURE)?);
    if id.is_empty() {
        return Err(malformed(ID, "it is empty"));
    }
    // The signed text has no other mark between the id and the time.
    if id.contains(&b'.') {
        return Err(malformed(ID, "it has a full stop, so a part of it could be the time or the body"));
    }
    let seconds = digits(time).ok_or_else(|| malformed(TIMESTAMP, "it is not a number of seconds"))?;
    let signed_ms = seconds.checked_mul(1000).ok_or_else(|| malformed(TIMESTAMP, "it is out of range"))?;
    if !signature.is_ascii() {
        return Err(malformed(SIGNATURE, "it has characters beyond ASCII"));
    }
    let entries = signature.split(|b| *b == b' ').map(|entry| entry.strip_prefix(b"v1,").unwrap_or(entry));
    let digests: Vec<_> = entries.filter_map(|entry| HmacAlgorithm::Sha256.read(Encoding::Base64, entry)).collect();
    if digests.is_empty() {
        return Err(malformed(SIGNATURE, "it has no `v1,<base64 of 32 bytes>` entry"));
    }
    let parts = [id, b".", time, b".", request.body()];
    Ok(Claim::signed(SIGNATURE, HmacAlgorithm::Sha256, digests, parts).at(Some(Time::within_window(signed_ms))))
}
