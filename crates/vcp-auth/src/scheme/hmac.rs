//! HMAC with settings.
//!
//! The settings cover those of Vapi's HMAC credentials, and suffice for most other providers.

use super::{Claim, Time, digits, malformed, only};
use crate::{AuthError, Encoding, HmacAlgorithm, Request};

/// The settings of an HMAC signature.
///
/// The default is HMAC-SHA256 of the body, written in hexadecimal digits.
///
/// ```
/// use vcp_auth::{HmacScheme, Scheme};
/// // Vapi's defaults.
/// let vapi = HmacScheme::new("x-signature").timestamp("x-timestamp");
/// // As GitHub signs.
/// let github = HmacScheme::new("x-hub-signature-256").prefix("sha256=");
/// // Signs the method and the URL too.
/// let own = HmacScheme::new("x-sign")
///     .timestamp("x-time")
///     .payload_format("{method}\n{url}\n{timestamp}\n{body}")?;
/// let without_body = HmacScheme::new("x-sign").payload_format("{method}");
/// assert!(without_body.is_err(), "the body is not signed");
/// # Ok::<(), vcp_auth::AuthError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HmacScheme {
    header: String,
    prefix: String,
    timestamp: Option<String>,
    message_id: Option<String>,
    algorithm: HmacAlgorithm,
    encoding: Encoding,
    /// The format of the signed text. `None` for the default format.
    payload: Option<Vec<Part>>,
    secret_is_base64: bool,
}

/// A part of the signed text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Text(String),
    Body,
    Timestamp,
    MessageId,
    Method,
    Url,
}

/// Returns whether a value is directly next to an id. Text is never empty.
fn touches_id(pair: &[Part]) -> bool {
    pair.contains(&Part::MessageId) && !pair.iter().any(|part| matches!(part, Part::Text(_)))
}

/// Returns whether a part of the format puts a digit, or another time, directly next to a time.
fn adds_digits(pair: &[Part]) -> bool {
    match pair {
        [Part::Timestamp, Part::Timestamp] => true,
        [Part::Timestamp, Part::Text(behind)] => behind.starts_with(|c: char| c.is_ascii_digit()),
        [Part::Text(before), Part::Timestamp] => before.ends_with(|c: char| c.is_ascii_digit()),
        _ => false,
    }
}

const PLACEHOLDERS: [(&str, Part); 6] = [
    ("{body}", Part::Body),
    ("{timestamp}", Part::Timestamp),
    ("{id}", Part::MessageId),
    ("{svix-id}", Part::MessageId),
    ("{method}", Part::Method),
    ("{url}", Part::Url),
];

impl HmacScheme {
    /// Creates a scheme whose `header` holds the HMAC-SHA256 of the body in hexadecimal digits.
    #[must_use]
    pub fn new(header: impl Into<String>) -> Self {
        Self {
            header: header.into(),
            prefix: String::new(),
            timestamp: None,
            message_id: None,
            algorithm: HmacAlgorithm::Sha256,
            encoding: Encoding::Hex,
            payload: None,
            secret_is_base64: false,
        }
    }

    /// Sets the header that holds the time of signing.
    ///
    /// - The time is in seconds since the epoch. A time of 13 digits is in milliseconds.
    /// - The time is signed before the body, with a dot between them, unless
    ///   [`HmacScheme::payload_format`] sets another format.
    /// - A delivery may be at most 300 s old and at most 300 s ahead, both inclusive.
    #[must_use]
    pub fn timestamp(mut self, header: impl Into<String>) -> Self {
        self.timestamp = Some(header.into());
        self
    }

    /// Sets the header that holds the id of the message, for `{id}` in the format.
    ///
    /// The format must then contain `{id}`; otherwise [`Verifier::new`](crate::Verifier::new)
    /// returns `VCP_E210`.
    #[must_use]
    pub fn message_id(mut self, header: impl Into<String>) -> Self {
        self.message_id = Some(header.into());
        self
    }

    /// Sets the text that the header holds before the signature. The default is no text.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the algorithm. The default is [`HmacAlgorithm::Sha256`].
    #[must_use]
    pub fn algorithm(mut self, algorithm: HmacAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Sets the encoding of the signature. The default is [`Encoding::Hex`].
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Treats secrets as the base64 of the key. By default, the text of a secret is the key.
    #[must_use]
    pub fn base64_secret(mut self) -> Self {
        self.secret_is_base64 = true;
        self
    }

    /// Sets the format of the signed text.
    ///
    /// The placeholders are `{body}`, `{timestamp}`, `{id}` (or `{svix-id}`), `{method}` and
    /// `{url}`. All else, other braces included, is literal text.
    ///
    /// # Errors
    ///
    /// `VCP_E210` if the format lacks `{body}`. [`Verifier::new`](crate::Verifier::new) checks
    /// that the format fits the other settings, that no other value is directly next to an
    /// `{id}`, and that no digit is directly next to a `{timestamp}`. A delivery whose id contains
    /// the text next to it is refused, because parts of the id could be moved. So is a delivery
    /// in which a digit of another value is directly next to the time.
    ///
    /// If a body may have a digit at the side of the time, write text between the two. Otherwise
    /// such a delivery is refused, and an attacker could move three digits from the body into the
    /// time, which is then read as milliseconds.
    ///
    /// Text can also move between `{url}` and the value behind it. If the format has `{url}`, give
    /// the URL that you configured, and not the URL of the request.
    pub fn payload_format(mut self, format: &str) -> Result<Self, AuthError> {
        let mut parts = Vec::new();
        let mut rest = format;
        while !rest.is_empty() {
            let next = PLACEHOLDERS
                .iter()
                .filter_map(|(name, part)| Some((rest.find(name)?, name, part)))
                .min_by_key(|found| found.0);
            let (text, part, length) = match next {
                Some((at, name, part)) => (rest.get(..at), Some(part.clone()), at + name.len()),
                None => (Some(rest), None, rest.len()),
            };
            parts.extend(text.filter(|text| !text.is_empty()).map(|text| Part::Text(text.to_owned())));
            parts.extend(part);
            rest = rest.get(length..).unwrap_or_default();
        }
        if !parts.contains(&Part::Body) {
            let reason = "the payload format has no `{body}`, so anybody could change it";
            return Err(AuthError::Configuration { reason });
        }
        self.payload = Some(parts);
        Ok(self)
    }

    /// Checks that the settings fit together.
    ///
    /// # Errors
    ///
    /// `VCP_E210` if the format lacks a value that has a header, or has a placeholder without one.
    pub(crate) fn check(&self) -> Result<(), AuthError> {
        const UNSIGNED_ID: &str =
            "a header for the id is set and the payload format has no `{id}`, so anybody could change it";
        let Some(parts) = &self.payload else {
            let is_signed = self.message_id.is_none();
            return if is_signed { Ok(()) } else { Err(AuthError::Configuration { reason: UNSIGNED_ID }) };
        };
        let reason = match (parts.contains(&Part::Timestamp), &self.timestamp) {
            (true, None) => "the payload format has a `{timestamp}`, and no header for it is set",
            (false, Some(_)) => {
                "a header for the time is set and the payload format has no `{timestamp}`, so anybody could change it"
            }
            _ if parts.contains(&Part::MessageId) && self.message_id.is_none() => {
                "the payload format has an `{id}`, and no header for it is set"
            }
            _ if self.message_id.is_some() && !parts.contains(&Part::MessageId) => UNSIGNED_ID,
            _ if parts.windows(2).any(touches_id) => {
                "the payload format has nothing between `{id}` and another value, so parts of the id could be moved"
            }
            _ if parts.windows(2).any(adds_digits) => {
                "the payload format has a digit or another time next to `{timestamp}`, so digits could be moved"
            }
            _ => return Ok(()),
        };
        Err(AuthError::Configuration { reason })
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    pub(crate) fn secret_is_base64(&self) -> bool {
        self.secret_is_base64
    }

    pub(crate) fn claim<'r>(&'r self, request: &Request<'r>) -> Result<Claim<'r>, AuthError> {
        let value = only(request, &self.header)?;
        let spelled = value.strip_prefix(self.prefix.as_bytes());
        let spelled = spelled.ok_or_else(|| malformed(&self.header, "it does not begin with the configured prefix"))?;
        let digest = self.algorithm.read(self.encoding, spelled);
        let digest = digest
            .ok_or_else(|| malformed(&self.header, "it is not a signature of the configured algorithm and encoding"))?;
        let time = match &self.timestamp {
            None => None,
            Some(header) => {
                let text = only(request, header)?;
                Some(signed_ms(text).ok_or_else(|| malformed(header, "it is not a time in seconds or milliseconds"))?)
            }
        };
        let claim = Claim::signed(self.header.as_str(), self.algorithm, vec![digest], self.parts(request)?);
        Ok(claim.at(time.map(Time::within_window)))
    }

    /// Returns the signed text, in parts.
    fn parts<'r>(&'r self, request: &Request<'r>) -> Result<Vec<&'r [u8]>, AuthError> {
        let header = |name: &Option<String>| match name {
            Some(name) => only(request, name),
            None => Ok([].as_slice()),
        };
        let given =
            |value: Option<&'r str>, reason| value.map(str::as_bytes).ok_or(AuthError::Configuration { reason });
        let part = |part: &'r Part| match part {
            Part::Text(text) => Ok(text.as_bytes()),
            Part::Body => Ok(request.body()),
            Part::Timestamp => header(&self.timestamp),
            Part::MessageId => header(&self.message_id),
            Part::Method => given(request.method_given(), "the scheme needs the method of the request"),
            Part::Url => given(request.url_given(), "the scheme needs the URL of the request"),
        };
        match (&self.payload, &self.timestamp) {
            (Some(parts), _) => {
                let values = parts.iter().map(part).collect::<Result<Vec<_>, _>>()?;
                self.check_ids(parts, &values)?;
                self.check_times(parts, &values)?;
                Ok(values)
            }
            (None, Some(_)) => Ok(vec![part(&Part::Timestamp)?, b".", request.body()]),
            (None, None) => Ok(vec![request.body()]),
        }
    }

    /// Checks that no id could begin or end elsewhere in the signed text.
    fn check_ids(&self, parts: &[Part], values: &[&[u8]]) -> Result<(), AuthError> {
        let Some(header) = &self.message_id else { return Ok(()) };
        for (at, id) in values.iter().enumerate().filter(|(at, _)| parts.get(*at) == Some(&Part::MessageId)) {
            // Only text is next to an id, or nothing.
            let [before, behind] =
                [at.checked_sub(1), Some(at + 1)].map(|at| at.and_then(|at| values.get(at)).copied());
            if is_ambiguous(id, before.unwrap_or_default(), behind.unwrap_or_default()) {
                let reason = "it contains the text next to it, so a part of it could be moved";
                return Err(malformed(header, reason));
            }
        }
        Ok(())
    }

    /// Checks that no time could begin or end elsewhere in the signed text, because a digit is
    /// next to it.
    fn check_times(&self, parts: &[Part], values: &[&[u8]]) -> Result<(), AuthError> {
        let Some(header) = &self.timestamp else { return Ok(()) };
        for at in (0..parts.len()).filter(|at| parts.get(*at) == Some(&Part::Timestamp)) {
            let before = values.iter().take(at).rev().find_map(|value| value.last());
            let behind = values.iter().skip(at + 1).find_map(|value| value.first());
            if [before, behind].into_iter().flatten().any(u8::is_ascii_digit) {
                return Err(malformed(header, "a digit is next to it in the signed text, so digits could be moved"));
            }
        }
        Ok(())
    }

    /// Returns the headers that sign a request.
    ///
    /// These are the signature, and the time and the id if the settings name headers for them.
    ///
    /// Returns no headers if `request` lacks a part that the format contains.
    #[cfg(feature = "testing")]
    pub(crate) fn sign(&self, key: &[u8], request: &Request<'_>, now_seconds: i64) -> Vec<(String, String)> {
        let mut headers: Vec<(String, String)> = Vec::new();
        headers.extend(self.timestamp.iter().map(|name| (name.clone(), now_seconds.to_string())));
        headers.extend(self.message_id.iter().map(|name| (name.clone(), format!("msg_{now_seconds}"))));
        let mut signed = Request::new(&headers, request.body());
        signed = request.method_given().map_or(signed, |method| signed.method(method));
        signed = request.url_given().map_or(signed, |url| signed.url(url));
        let Ok(parts) = self.parts(&signed) else { return Vec::new() };
        let digest = self.encoding.spell(&self.algorithm.digest(key, &parts));
        headers.push((self.header.clone(), format!("{}{digest}", self.prefix)));
        headers
    }
}

/// Returns whether an id could begin or end elsewhere, because the text in front of it or behind it
/// also occurs further inside.
fn is_ambiguous(id: &[u8], before: &[u8], behind: &[u8]) -> bool {
    let has = |text: &[u8], part: &[u8]| !part.is_empty() && text.windows(part.len()).any(|window| window == part);
    // Without the last byte, the text behind does not count at its own place. Likewise in front.
    let (begun, ended) = ([before, id].concat(), [id, behind].concat());
    has(begun.get(1..).unwrap_or_default(), before) || has(ended.split_last().map_or(&[], |(_, rest)| rest), behind)
}

/// Parses a time, in milliseconds if the text has 13 digits, otherwise in seconds.
///
/// Returns milliseconds.
fn signed_ms(text: &[u8]) -> Option<i64> {
    const DIGITS_OF_MILLISECONDS: usize = 13;
    let number = digits(text)?;
    if text.len() == DIGITS_OF_MILLISECONDS { Some(number) } else { number.checked_mul(1000) }
}
