//! The scheme of ElevenLabs.
//!
//! - Header: `t=<epoch s>,v0=<64 lower-case hexadecimal digits>`, without spaces. The parts may be
//!   in any order. Unknown parts are ignored.
//! - Signed text: the text of `t`, a dot and the raw body.
//! - Key: the text of the secret.

use super::{Claim, Time, digits, malformed, only};
use crate::{AuthError, Encoding, HmacAlgorithm, Request};

pub(crate) const HEADER: &str = "elevenlabs-signature";
const OLDEST_MS: i64 = 1_800_000;
/// The greatest distance of `t` into the future, in milliseconds.
///
/// The SDKs have no such bound. Without a bound, a signature could be valid for ever
/// (`DECISIONS.md` 6.2).
const NEWEST_MS: i64 = 300_000;

pub(crate) fn claim<'r>(request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
    let malformed = |reason| malformed(HEADER, reason);
    let mut time = None;
    let mut digests = Vec::new();
    for part in only(request, HEADER)?.split(|b| *b == b',') {
        if let Some(text) = part.strip_prefix(b"t=") {
            if time.replace(text).is_some() {
                return Err(malformed("it has two `t` parts"));
            }
        } else if let Some(hex) = part.strip_prefix(b"v0=") {
            digests.extend(HmacAlgorithm::Sha256.read(Encoding::Hex, hex));
        }
    }
    let time = time.ok_or_else(|| malformed("it has no `t=<seconds>` part"))?;
    let seconds = digits(time).ok_or_else(|| malformed("`t` is not a number of seconds"))?;
    if digests.is_empty() {
        return Err(malformed("it has no `v0=<64 lower-case hexadecimal digits>` part"));
    }
    let signed_ms = seconds.checked_mul(1000).ok_or_else(|| malformed("`t` is out of range"))?;
    let time_of_signing = Time { signed_ms, oldest_ms: OLDEST_MS, newest_ms: NEWEST_MS };
    let parts = [time, b".", request.body()];
    Ok(Claim::signed(HEADER, HmacAlgorithm::Sha256, digests, parts).at(Some(time_of_signing)))
}
