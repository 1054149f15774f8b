//! LiveKit's scheme, as LiveKit's own receivers check it.
//!
//! - Header: a JWT in `authorization`, without `Bearer `.
//! - Signature: HS256 with the API secret. The issuer is the API key.
//! - Body: the token holds the SHA-256 of the body in standard base64.
//!
//! Forms that only some JWT libraries accept are refused: other algorithms, padding, an audience,
//! and headers that change the signed text.

use super::{Claim, Time, malformed, only};
#[cfg(feature = "testing")]
use crate::Encoding;
use crate::{AuthError, HmacAlgorithm, Request, mac};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};

pub(crate) const HEADER: &str = "authorization";
/// The greatest difference between clocks, in milliseconds.
const LEEWAY_MS: i64 = 60_000;

/// The header of a token. A member may be absent but not null, because the SDKs refuse null too.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    alg: String,
    #[serde(deserialize_with = "there")]
    kid: Option<String>,
    /// The names of extensions that a reader must understand. None is supported.
    #[serde(deserialize_with = "there")]
    crit: Option<IgnoredAny>,
    #[serde(deserialize_with = "there")]
    b64: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    #[serde(deserialize_with = "there")]
    iss: Option<String>,
    #[serde(deserialize_with = "there")]
    sub: Option<String>,
    #[serde(deserialize_with = "there")]
    jti: Option<String>,
    #[serde(deserialize_with = "there")]
    exp: Option<i64>,
    #[serde(deserialize_with = "there")]
    nbf: Option<i64>,
    #[serde(deserialize_with = "there")]
    iat: Option<i64>,
    #[serde(deserialize_with = "there")]
    aud: Option<IgnoredAny>,
    #[serde(deserialize_with = "there")]
    sha256: Option<String>,
}

fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<Option<T>, D::Error> {
    T::deserialize(json).map(Some)
}

pub(crate) fn claim<'r>(request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
    let malformed = |reason| malformed(HEADER, reason);
    let form = || malformed("it is not a bare JSON Web Token of three parts");
    let token = std::str::from_utf8(only(request, HEADER)?).map_err(|_| form())?;
    let (signed, signature) = token.rsplit_once('.').ok_or_else(form)?;
    let (header, claims) = signed.split_once('.').ok_or_else(form)?;
    let header: Header = part(header).ok_or_else(form)?;
    if header.alg != "HS256" || header.crit.is_some() || header.b64.is_some() {
        return Err(malformed("its algorithm is not HS256, or it has `crit` or `b64`"));
    }
    let claims: Claims = part(claims).ok_or_else(form)?;
    let digest = bytes(signature).filter(|digest| digest.len() == 32).ok_or_else(form)?;
    let claim = Claim::signed(HEADER, HmacAlgorithm::Sha256, vec![digest], [signed.as_bytes()]);
    Ok(filled(claim, claims))
}

/// Reads a part of a token: a JSON object in URL-safe base64 without padding.
fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    let bytes = bytes(text)?;
    // Without this check, serde would also read a struct from a JSON list.
    let json = std::str::from_utf8(&bytes).ok().filter(|json| json.trim_ascii_start().starts_with('{'))?;
    serde_json::from_str(json).ok()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
    (Base64UrlUnpadded::encode_string(&bytes) == text).then_some(bytes)
}

/// Fills a claim from the claims of its token.
///
/// A fault is stored, not returned: it is reported only after the signature has matched.
fn filled<'r>(mut claim: Claim<'r>, claims: Claims) -> Claim<'r> {
    let milliseconds = |seconds: Option<i64>| seconds.map(|seconds| seconds.checked_mul(1000));
    let (expires, begins) = (milliseconds(claims.exp), [milliseconds(claims.iat), milliseconds(claims.nbf)]);
    let hash = claims.sha256.map(|text| mac::base64(text.as_bytes()).map(|hash| hash.to_vec()));
    claim.fault = match (&claims.iss, &hash, expires) {
        _ if claims.aud.is_some() => Some("it has an audience (`aud`), which is not accepted"),
        (None, ..) => Some("it has no `iss`"),
        (_, None, _) => Some("it has no `sha256` of the body"),
        (_, Some(None), _) => Some("its `sha256` is not base64"),
        (.., None) => Some("it has no `exp`"),
        _ if expires == Some(None) || begins.contains(&Some(None)) => Some("one of its times is out of range"),
        _ => None,
    };
    claim.issuer = claims.iss;
    claim.body_hash = hash.flatten().map(|hash| ("the `sha256` of the token", hash));
    // `Time` bounds are inclusive, but the SDK's bound for `exp` is exclusive.
    let until = |signed_ms| Time { signed_ms, oldest_ms: LEEWAY_MS - 1, newest_ms: i64::MAX };
    let from = |signed_ms| Time { signed_ms, oldest_ms: i64::MAX, newest_ms: LEEWAY_MS };
    claim.times.extend(expires.flatten().map(until));
    claim.times.extend(begins.iter().copied().flatten().flatten().map(from));
    claim.signed_ms = begins.iter().copied().flatten().flatten().next_back();
    claim
}

/// Creates a token that signs a body and is valid for five minutes.
#[cfg(feature = "testing")]
pub(crate) fn sign(issuer: &str, key: &[u8], body: &[u8], now_seconds: i64) -> String {
    let spell = |json: serde_json::Value| Base64UrlUnpadded::encode_string(json.to_string().as_bytes());
    let hash = Encoding::Base64.spell(&mac::sha256(body));
    let claims =
        serde_json::json!({"iss": issuer, "nbf": now_seconds, "exp": now_seconds.saturating_add(300), "sha256": hash});
    let signed = format!("{}.{}", spell(serde_json::json!({"alg": "HS256", "typ": "JWT"})), spell(claims));
    let digest = HmacAlgorithm::Sha256.digest(key, &[signed.as_bytes()]);
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&digest))
}
