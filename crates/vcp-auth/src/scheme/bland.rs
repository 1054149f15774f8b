//! Bland's scheme.
//!
//! - Header: exactly 64 lower-case hexadecimal digits.
//! - Signed text: the raw body. No time is signed.
//! - Key: the text of the secret.

use super::{Claim, malformed, only};
use crate::{AuthError, Encoding, HmacAlgorithm, Request};

pub(crate) const HEADER: &str = "x-webhook-signature";

pub(crate) fn claim<'r>(request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
    let digest = HmacAlgorithm::Sha256.read(Encoding::Hex, only(request, HEADER)?);
    let digest = digest.ok_or_else(|| malformed(HEADER, "it is not 64 lower-case hexadecimal digits"))?;
    Ok(Claim::signed(HEADER, HmacAlgorithm::Sha256, vec![digest], [request.body()]))
}
