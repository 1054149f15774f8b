//! Retell: `v=<epoch ms>,d=<64 lower-case hex>`, nothing before, between or after. Signed is the raw body followed by the
//! digits of `v`; the key is the API key's text.

use super::{Claim, digest, digits};
use crate::AuthError;

pub(crate) const HEADER: &str = "x-retell-signature";
const WINDOW_MS: i64 = 300_000;

pub(crate) fn parse(value: &[u8]) -> Result<Claim<'_>, AuthError> {
    let malformed = |reason| AuthError::HeaderMalformed { header: HEADER, reason };
    let form = || malformed("it is not `v=<milliseconds>,d=<64 lower-case hexadecimal digits>`");
    let rest = value.strip_prefix(b"v=").ok_or_else(form)?;
    let comma = rest.iter().position(|b| *b == b',').ok_or_else(form)?;
    let (time, rest) = rest.split_at(comma);
    let hex = rest.strip_prefix(b",d=").ok_or_else(form)?;
    // Both SDKs hash the number written anew, without leading zeros; one header then has two readings (decisions 6.2).
    if time.len() > 1 && time.starts_with(b"0") {
        return Err(malformed("`v` has leading zeros"));
    }
    Ok(Claim {
        signed_ms: digits(time).ok_or_else(form)?,
        digests: vec![digest(hex).ok_or_else(form)?],
        before: [b"", b""],
        after: time,
        oldest_ms: WINDOW_MS,
        newest_ms: WINDOW_MS,
    })
}
