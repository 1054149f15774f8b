//! Signing, for tests of your own endpoint (decisions 6.6). Real deliveries are signed by the provider.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write as _;

/// The value of `x-retell-signature` for this body.
///
/// ```
/// let now = "2023-11-14T22:13:20Z".parse().unwrap();
/// let value = vcp_auth::sign::retell("test-api-key", br#"{"event":"call_ended"}"#, now);
/// assert_eq!(value, "v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e");
/// ```
#[must_use]
pub fn retell(secret: &str, body: &[u8], now: DateTime<Utc>) -> String {
    let time = now.timestamp_millis().to_string();
    format!("v={time},d={}", hmac_hex(secret, &[body, time.as_bytes()]))
}

/// The value of `elevenlabs-signature` for this body.
#[must_use]
pub fn elevenlabs(secret: &str, body: &[u8], now: DateTime<Utc>) -> String {
    let time = now.timestamp().to_string();
    format!("t={time},v0={}", hmac_hex(secret, &[time.as_bytes(), b".", body]))
}

fn hmac_hex(secret: &str, parts: &[&[u8]]) -> String {
    // HMAC takes keys of any length, so the error cannot happen.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    let digest = parts.iter().fold(mac, |mac, part| mac.chain_update(part)).finalize().into_bytes();
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
