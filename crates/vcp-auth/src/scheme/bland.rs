//! Bland: 64 lower-case hex digits, nothing else. Signed is the raw body; the key is the secret's text. There is no time.

use super::{Claim, malformed, only};
use crate::{Algorithm, AuthError, Encoding, Request};

pub(crate) const HEADER: &str = "x-webhook-signature";

pub(crate) fn claim<'r>(request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
    let digest = Algorithm::Sha256.read(Encoding::Hex, only(request, HEADER)?);
    let digest = digest.ok_or_else(|| malformed(HEADER, "it is not 64 lower-case hexadecimal digits"))?;
    Ok(Claim::signed(HEADER, Algorithm::Sha256, vec![digest], [request.body()]))
}
