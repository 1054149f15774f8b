//! Retell's scheme.
//!
//! - Header: exactly `v=<epoch ms>,d=<64 lower-case hexadecimal digits>`.
//! - Signed text: the raw body followed by the digits of `v`.
//! - Key: the text of the API key.

use super::{Claim, Time, digits, malformed, only};
use crate::{AuthError, Encoding, HmacAlgorithm, Request};

pub(crate) const HEADER: &str = "x-retell-signature";

pub(crate) fn claim<'r>(request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
    let form = || malformed(HEADER, "it is not `v=<milliseconds>,d=<64 lower-case hexadecimal digits>`");
    let rest = only(request, HEADER)?.strip_prefix(b"v=").ok_or_else(form)?;
    let comma = rest.iter().position(|b| *b == b',').ok_or_else(form)?;
    let (time, rest) = rest.split_at(comma);
    let hex = rest.strip_prefix(b",d=").ok_or_else(form)?;
    // Both SDKs parse `v` and hash it without leading zeros. A `v` with leading zeros would
    // therefore have two readings (`DECISIONS.md` 6.2).
    if time.len() > 1 && time.starts_with(b"0") {
        return Err(malformed(HEADER, "`v` has leading zeros"));
    }
    let signed_ms = digits(time).ok_or_else(form)?;
    let digest = HmacAlgorithm::Sha256.read(Encoding::Hex, hex).ok_or_else(form)?;
    let claim = Claim::signed(HEADER, HmacAlgorithm::Sha256, vec![digest], [request.body(), time]);
    Ok(claim.at(Some(Time::within_window(signed_ms))))
}
