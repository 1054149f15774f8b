//! The diagnosis of deliveries that were not verified, for operators.

use crate::{
    AuthError, Request, Scheme, Secret, Verifier, mac,
    scheme::{Claim, Time},
};
use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded};
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use std::fmt;
use vcp_schema::json::{
    string::{self, Quoted},
    tokens::{TokenKind, Tokens},
};
use zeroize::Zeroizing;

/// A finding of a diagnosis. `Display` writes one line that says what to do.
///
/// Hints are for operators. Never send them to the sender, because they help a forger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// The verifier has no scheme and no secret.
    NothingConfigured,
    /// The delivery has no signature.
    Unsigned,
    /// The delivery is signed, but a part of the signature is missing.
    Incomplete {
        /// The name of the missing header, or the missing part of the URL.
        header: String,
    },
    /// The delivery has the form of another scheme.
    OtherScheme {
        /// The [name](Scheme::name) of that scheme.
        scheme: &'static str,
    },
    /// The signature was made with a secret that this verifier does not have.
    OtherKey {
        /// The id of that secret.
        id: String,
    },
    /// The signature was made with another spelling of a secret.
    SecretSpelling {
        /// The id of the secret.
        id: String,
        /// The spelling that matches.
        how: &'static str,
    },
    /// The body was parsed and serialised again, or changed in another way, after it was signed.
    BodyRewritten {
        /// The form of the body that matches.
        how: &'static str,
    },
    /// The signature is of another body, and no usual change of the body explains it.
    BodyChanged,
    /// No secret that was tried matches in any spelling. The likely cause is a wrong secret.
    WrongSecret,
    /// The body is empty. Other code has probably read it before.
    BodyEmpty,
    /// The signature was made for another URL.
    OtherUrl {
        /// The form of the URL that matches.
        how: &'static str,
    },
    /// The signature is valid, but its time is not in the unit of the scheme.
    TimeUnit {
        /// The unit of the time in the delivery: `seconds` or `milliseconds`.
        found: &'static str,
        /// The unit of the scheme: `seconds` or `milliseconds`.
        wanted: &'static str,
    },
    /// The signature is valid, but its time is out of bounds.
    ///
    /// The clocks differ, or the delivery was delayed or replayed.
    ClockSkew {
        /// The seconds from signing, or from the expiry of a token, to the check, rounded down.
        ///
        /// Negative if the time of signing is in the future.
        seconds: i64,
    },
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingConfigured => f.write_str("no secret is configured: add one"),
            Self::Unsigned => f.write_str(
                "the delivery is not signed: turn signing on at the provider, and see that no proxy drops the header",
            ),
            Self::Incomplete { header } => {
                write!(f, "it is signed, but `{header}` is missing: see that no proxy drops it")
            }
            Self::OtherScheme { scheme } => {
                write!(f, "it is signed as the scheme `{scheme}` signs: check which provider sends here")
            }
            Self::OtherKey { id } => write!(f, "it is signed with the secret `{id}`: configure that one here"),
            Self::SecretSpelling { id, how } => {
                write!(f, "it matches with the secret `{id}` {how}: correct the secret")
            }
            Self::BodyRewritten { how } => write!(
                f,
                "it matches with the body {how}: verify the raw bytes, before anything parses or changes them"
            ),
            Self::BodyChanged => f.write_str("the signed body is another one: verify the raw bytes received"),
            Self::WrongSecret => f.write_str(
                "no secret matches, so the secret is probably wrong: copy it again from the provider, and see that nothing changes the body",
            ),
            Self::BodyEmpty => f.write_str("the body is empty: verify before anything else reads it"),
            Self::OtherUrl { how } => {
                write!(f, "it matches with the URL {how}: give the URL that the provider requested")
            }
            Self::TimeUnit { found, wanted } => {
                write!(f, "the signature is good, and its time is in {found} instead of {wanted}: correct the sender")
            }
            Self::ClockSkew { seconds: seconds @ 0.. } => write!(
                f,
                "the signature is good and {seconds} s old: correct the clock, look for a queue before this check, or it was sent again"
            ),
            Self::ClockSkew { seconds } => {
                write!(f, "the signature is good and {} s ahead: correct the clock", seconds.saturating_neg())
            }
        }
    }
}

impl Verifier {
    /// Finds out why a delivery is not verified, by trying what would match.
    ///
    /// Tries:
    ///
    /// - the secrets in `others`;
    /// - other spellings of the secrets;
    /// - the body as it may have been before other code changed it;
    /// - the URL as the provider may have requested it.
    ///
    /// Returns no hints if the delivery is verified, or if no cause is found.
    ///
    /// This function is slow. Call it only for a delivery that you investigate. Never send its
    /// result to the sender.
    ///
    /// ```
    /// use vcp_auth::{Hint, Request, Scheme, Secret, Verifier};
    /// let headers = [(
    ///     "x-retell-signature",
    ///     "v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e",
    /// )];
    /// let key = Secret::new("production", "key_of_production");
    /// let verifier = Verifier::new(Scheme::Retell, vec![key])?;
    /// let request = Request::new(&headers, br#"{"event":"call_ended"}"#);
    /// let others = [Secret::new("staging", "test-api-key")];
    /// let hints = verifier.diagnose(&request, "2023-11-14T22:13:21Z".parse()?, &others);
    /// assert_eq!(hints, [Hint::OtherKey { id: "staging".to_owned() }]);
    /// let hint = hints[0].to_string();
    /// assert_eq!(hint, "it is signed with the secret `staging`: configure that one here");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn diagnose(&self, request: &Request<'_>, now: DateTime<Utc>, others: &[Secret]) -> Vec<Hint> {
        let Some(scheme) = self.scheme() else { return vec![Hint::NothingConfigured] };
        let Err(error) = self.check(request, now) else { return Vec::new() };
        let Ok(claim) = scheme.claim(request) else {
            return match error {
                AuthError::HeaderMissing { header } => unsigned(scheme, request, &header),
                _ => Vec::new(),
            };
        };
        match error {
            AuthError::TooOld { age_ms, .. } => self.off_time(&claim, now, age_ms),
            AuthError::TooNew { ahead_ms, .. } => self.off_time(&claim, now, ahead_ms.saturating_neg()),
            AuthError::NoMatch { .. } => {
                let mut hints = self.other_secrets(scheme, &claim, others);
                hints.extend(self.other_requests(scheme, request));
                if hints.is_empty() { otherwise(request.body(), Hint::WrongSecret) } else { hints }
            }
            AuthError::BodyHash { .. } => {
                let hints = self.other_requests(scheme, request);
                if hints.is_empty() { otherwise(request.body(), Hint::BodyChanged) } else { hints }
            }
            _ => Vec::new(),
        }
    }

    fn off_time(&self, claim: &Claim<'_>, now: DateTime<Utc>, age_ms: i64) -> Vec<Hint> {
        let now_ms = now.timestamp_millis();
        let fits = |signed_ms: Option<i64>| {
            let each =
                |signed_ms| claim.times.iter().map(move |time| Time { signed_ms, ..time.within(self.tolerance_ms()) });
            signed_ms.is_some_and(|signed_ms| each(signed_ms).all(|time| time.check(now_ms).is_ok()))
        };
        let (seconds, milliseconds) = ("seconds", "milliseconds");
        if fits(claim.signed_ms.and_then(|signed_ms| signed_ms.checked_mul(1000))) {
            return vec![Hint::TimeUnit { found: seconds, wanted: milliseconds }];
        }
        if fits(claim.signed_ms.map(|signed_ms| signed_ms / 1000)) {
            return vec![Hint::TimeUnit { found: milliseconds, wanted: seconds }];
        }
        vec![Hint::ClockSkew { seconds: age_ms.div_euclid(1000) }]
    }

    /// Returns hints about the secrets that match, in this or in another spelling.
    fn other_secrets(&self, scheme: &Scheme, claim: &Claim<'_>, others: &[Secret]) -> Vec<Hint> {
        let other = others.iter().filter(|secret| scheme.key(secret).is_ok_and(|key| claim.matches(&key)));
        let mut hints: Vec<Hint> = other.map(|secret| Hint::OtherKey { id: secret.id().to_owned() }).collect();
        if hints.is_empty() {
            for secret in self.secrets().chain(others) {
                let fitting = spellings(secret.bytes()).into_iter().find(|(_, key)| claim.matches(key));
                hints.extend(fitting.map(|(how, _)| Hint::SecretSpelling { id: secret.id().to_owned(), how }));
            }
        }
        hints
    }

    /// Returns hints about the changes to the request with which one of our secrets matches.
    fn other_requests(&self, scheme: &Scheme, request: &Request<'_>) -> Vec<Hint> {
        let mut hints = Vec::new();
        let fits = |how: &str| {
            rewritten(request.body(), how).is_some_and(|body| self.is_signed(scheme, &request.with_body(&body)))
        };
        let body = REWRITES.iter().find(|(name, _)| fits(name));
        hints.extend(body.map(|(_, how)| Hint::BodyRewritten { how }));
        let tried = request.url_given().map(urls).unwrap_or_default();
        let url = tried.into_iter().find(|(_, url)| self.is_signed(scheme, &request.url(url)));
        hints.extend(url.map(|(how, _)| Hint::OtherUrl { how }));
        hints
    }

    /// Returns whether one of our secrets signed the request, at any time.
    fn is_signed(&self, scheme: &Scheme, request: &Request<'_>) -> bool {
        scheme.claim(request).is_ok_and(|claim| self.signer(&claim, request.body()).is_ok())
    }
}

fn unsigned(scheme: &Scheme, request: &Request<'_>, missing: &str) -> Vec<Hint> {
    if scheme.header().is_some_and(|header| request.header(header, 0).is_some()) {
        return vec![Hint::Incomplete { header: missing.to_owned() }];
    }
    let other = Scheme::ALL.iter().filter(|other| other.header().is_some() && other.header() != scheme.header());
    match other.clone().find(|other| other.claim(request).is_ok()) {
        Some(other) => vec![Hint::OtherScheme { scheme: other.name() }],
        None => vec![Hint::Unsigned],
    }
}

/// Returns the keys that other spellings of a secret give, each with the words for the hint.
fn spellings(secret: &[u8]) -> Vec<(&'static str, Zeroizing<Vec<u8>>)> {
    let trimmed = secret.trim_ascii();
    let bare = trimmed.strip_prefix(b"whsec_").unwrap_or(trimmed);
    let text = std::str::from_utf8(bare).unwrap_or_default();
    let decoded = [mac::decode::<Base64>(text), mac::decode::<Base64Unpadded>(text)];
    let for_urls = [mac::decode::<Base64Url>(text), mac::decode::<Base64UrlUnpadded>(text)];
    let mut found = Vec::new();
    if trimmed != secret {
        found.push(("without the white space around it", Zeroizing::new(trimmed.to_vec())));
    }
    if bare != trimmed {
        found.push(("without `whsec_`", Zeroizing::new(bare.to_vec())));
    }
    found.extend(decoded.into_iter().chain(for_urls).flatten().map(|key| ("decoded from base64", key)));
    found.extend(
        mac::hex(&Zeroizing::new(bare.to_ascii_lowercase())).map(|key| ("decoded from hexadecimal digits", key)),
    );
    found.push(("as it is, not decoded", Zeroizing::new(secret.to_vec())));
    found.retain(|(_, key)| !key.is_empty());
    found
}

/// The forms that a body may have had when it was signed: name, and words for the hint.
const REWRITES: [(&str, &str); 10] = [
    ("no end", "without the line break at its end"),
    ("end", "with a line break at its end"),
    ("no mark", "without the byte order mark before it"),
    ("lf", "with line feeds alone"),
    ("compact", "without white space between its tokens"),
    ("compact unicode", "written as JavaScript writes it"),
    ("compact ascii", "without white space and in ASCII"),
    ("spaced", "with spaces behind commas and colons"),
    ("spaced unicode", "with spaces behind commas and colons, and not in ASCII"),
    ("spaced ascii", "written as Python writes it"),
];

fn rewritten(body: &[u8], how: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let changed = match how {
        "no end" => text.trim_end_matches(['\r', '\n']).to_owned(),
        "end" => format!("{text}\n"),
        "no mark" => text.strip_prefix('\u{feff}')?.to_owned(),
        "lf" => text.replace("\r\n", "\n"),
        _ => json(text, how)?,
    };
    (changed != text).then(|| changed.into_bytes())
}

/// Rewrites the white space and the strings of a JSON text. Keeps all tokens in their order.
///
/// Returns `None` if the text is not JSON.
fn json(text: &str, how: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let is_spaced = how.starts_with("spaced");
    let mut out = String::with_capacity(text.len() * 2);
    for token in Tokens::new(text) {
        match token.kind {
            TokenKind::String if how.ends_with("unicode") => string::push(&mut out, &string::decode(token.text)?),
            TokenKind::String if how.ends_with("ascii") => {
                out.push('"');
                string::units(Quoted::of(token.text)?.raw).for_each(|unit| string::push_ascii(&mut out, unit));
                out.push('"');
            }
            TokenKind::Comma | TokenKind::Colon if is_spaced => out.extend([token.text, " "]),
            TokenKind::Space => {}
            _ => out.push_str(token.text),
        }
    }
    Some(out)
}

/// Returns the likely cause if no attempt matches.
fn otherwise(body: &[u8], cause: Hint) -> Vec<Hint> {
    vec![if body.is_empty() { Hint::BodyEmpty } else { cause }]
}

/// Returns the URLs that the provider may have requested, each with the words for the hint.
fn urls(url: &str) -> Vec<(&'static str, String)> {
    let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let with = |path: &str| query.map_or(path.to_owned(), |query| format!("{path}?{query}"));
    let mut found = Vec::new();
    found.extend(url.strip_prefix("http://").map(|rest| ("with `https`", format!("https://{rest}"))));
    found.extend(url.strip_prefix("https://").map(|rest| ("with `http`", format!("http://{rest}"))));
    found.push(match path.strip_suffix('/') {
        Some(path) => ("without the slash at the end of its path", with(path)),
        None => ("with a slash at the end of its path", with(&format!("{path}/"))),
    });
    found.extend(query.map(|_| ("without its query", path.to_owned())));
    found
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use super::*;
    use crate::{HmacScheme, sign};
    use chrono::TimeDelta;

    const BODY: &str = r#"{"name": "Zo\u00eb","n":[1.50, {}],"ok" :true}"#;

    fn now() -> DateTime<Utc> {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    /// Returns the hints for the body `received`, when `signed` is the body that was signed.
    fn hints(scheme: &Scheme, secret: &str, signed: &str, received: &str, key: &str) -> Vec<Hint> {
        let url = "https://example.com/hook";
        let request = Request::new(&(), signed.as_bytes()).url(url);
        let headers = sign::headers(scheme, &Secret::new("k", secret), &request, now());
        let verifier = Verifier::new(scheme.clone(), vec![Secret::new("k", key)]).unwrap();
        verifier.diagnose(
            &Request::new(&headers, received.as_bytes()).url(url),
            now(),
            &[Secret::new("other", "second")],
        )
    }

    #[test]
    fn a_good_delivery_has_no_hint() {
        assert_eq!(hints(&Scheme::Bland, "first", BODY, BODY, "first"), []);
    }

    #[test]
    fn a_body_that_was_written_anew() {
        for (signed, received, how) in [
            ("{}", "{}\n", "without the line break at its end"),
            ("{}\n", "{}", "with a line break at its end"),
            ("{}", "\u{feff}{}", "without the byte order mark before it"),
            ("{\n}", "{\r\n}", "with line feeds alone"),
            (
                r#"{"a":"\/é\u00e9","b":1.50}"#,
                "{\"a\": \"\\/é\\u00e9\",\n \"b\": 1.50}",
                "without white space between its tokens",
            ),
            (r#"{"a":"Zoë","b":[1,2]}"#, r#"{"a": "Zo\u00eb", "b": [1, 2]}"#, "written as JavaScript writes it"),
            (r#"{"a":"Zo\u00eb"}"#, r#"{"a": "Zoë"}"#, "without white space and in ASCII"),
            (r#"{"a": [1, 2]}"#, r#"{"a":[1,2]}"#, "with spaces behind commas and colons"),
            (r#"{"a": "Zoë"}"#, r#"{"a":"Zo\u00eb"}"#, "with spaces behind commas and colons, and not in ASCII"),
            (r#"{"a": "Zo\u00eb \ud83d\ude00"}"#, r#"{"a":"Zoë 😀"}"#, "written as Python writes it"),
        ] {
            for scheme in [Scheme::Retell, Scheme::ElevenLabs, Scheme::StandardWebhooks, Scheme::Bland, Scheme::LiveKit]
            {
                assert_eq!(
                    hints(&scheme, "first", signed, received, "first"),
                    [Hint::BodyRewritten { how }],
                    "{signed:?}"
                );
            }
        }
        let pretty = "{\n  \"b\": 1\n}";
        assert_eq!(hints(&Scheme::Bland, "first", "{\"a\":2}", pretty, "first"), [Hint::WrongSecret]);
        assert_eq!(hints(&Scheme::Bland, "first", "{}", "", "first"), [Hint::BodyEmpty]);
        assert_eq!(hints(&Scheme::Bland, "first", "{}", "{\"a\":1}", "first"), [Hint::WrongSecret]);
    }

    #[test]
    fn another_secret_or_another_spelling_of_it() {
        let spelling = |how| [Hint::SecretSpelling { id: "k".to_owned(), how }];
        assert_eq!(hints(&Scheme::Retell, "second", BODY, BODY, "first"), [Hint::OtherKey { id: "other".to_owned() }]);
        let said = |signing: &str, configured: &str| hints(&Scheme::Bland, signing, BODY, BODY, configured);
        assert_eq!(said("first", "first\n"), spelling("without the white space around it"));
        assert_eq!(said("ZZZ", "whsec_ZZZ"), spelling("without `whsec_`"));
        assert_eq!(said("first", "Zmlyc3Q="), spelling("decoded from base64"));
        assert_eq!(said("first", "Zmlyc3Q"), spelling("decoded from base64"));
        assert_eq!(said("first", "6669727374"), spelling("decoded from hexadecimal digits"));
        let text = Scheme::Hmac(HmacScheme::new("x-s"));
        let headers = sign::headers(&text, &Secret::new("k", "Zmlyc3Q="), &Request::new(&(), b"{}"), now());
        let decoding =
            Verifier::new(Scheme::Hmac(HmacScheme::new("x-s").base64_secret()), vec![Secret::new("k", "Zmlyc3Q=")]);
        let said = decoding.unwrap().diagnose(&Request::new(&headers, b"{}"), now(), &[]);
        assert_eq!(said, spelling("as it is, not decoded"));
    }

    #[test]
    fn another_url() {
        let signed = "https://example.com/hook?a=1";
        let headers =
            sign::headers(&Scheme::Twilio, &Secret::new("k", "first"), &Request::new(&(), b"A=1").url(signed), now());
        let verifier = Verifier::new(Scheme::Twilio, vec![Secret::new("k", "first")]).unwrap();
        let said = |url| verifier.diagnose(&Request::new(&headers, b"A=1").url(url), now(), &[]);
        assert_eq!(said(signed), []);
        assert_eq!(said("http://example.com/hook?a=1"), [Hint::OtherUrl { how: "with `https`" }]);
        assert_eq!(
            said("https://example.com/hook/?a=1"),
            [Hint::OtherUrl { how: "without the slash at the end of its path" }]
        );
        assert_eq!(said("https://example.com/other?a=1"), [Hint::WrongSecret]);
    }

    #[test]
    fn another_unit_and_another_clock() {
        let key = || vec![Secret::new("k", "first")];
        let said = |scheme: Scheme, header: &str, at: DateTime<Utc>| {
            let headers = sign::headers(&scheme, &Secret::new("k", "first"), &Request::new(&(), b"{}"), at);
            let value = headers.into_iter().find(|(name, _)| name == header).unwrap();
            Verifier::new(scheme, key()).unwrap().diagnose(&Request::new(&[value], b"{}"), now(), &[])
        };
        let (s, ms) = ("seconds", "milliseconds");
        // One sender writes seconds instead of milliseconds, and the other the reverse.
        let early = DateTime::from_timestamp_millis(now().timestamp()).unwrap();
        assert_eq!(said(Scheme::Retell, "x-retell-signature", early), [Hint::TimeUnit { found: s, wanted: ms }]);
        let late = DateTime::from_timestamp(now().timestamp_millis(), 0).unwrap();
        assert_eq!(said(Scheme::ElevenLabs, "elevenlabs-signature", late), [Hint::TimeUnit { found: ms, wanted: s }]);
        let skewed = |seconds| said(Scheme::Retell, "x-retell-signature", now() - TimeDelta::seconds(seconds));
        assert_eq!(skewed(301), [Hint::ClockSkew { seconds: 301 }]);
        assert_eq!(skewed(-301), [Hint::ClockSkew { seconds: -301 }]);
        let headers = sign::headers(&Scheme::LiveKit, &Secret::new("k", "first"), &Request::new(&(), b"{}"), now());
        let verifier = Verifier::new(Scheme::LiveKit, key()).unwrap();
        let said = verifier.diagnose(&Request::new(&headers, b"{}"), now() + TimeDelta::seconds(460), &[]);
        assert_eq!(said, [Hint::ClockSkew { seconds: 160 }], "160 s after the end of the token");
    }

    #[test]
    fn no_signature() {
        let verifier = Verifier::new(Scheme::Retell, vec![Secret::new("k", "first")]).unwrap();
        assert_eq!(verifier.diagnose(&Request::new(&(), b"{}"), now(), &[]), [Hint::Unsigned]);
        let value = sign::elevenlabs("first", b"{}", now());
        let other = [("elevenlabs-signature", value.as_str())];
        assert_eq!(
            verifier.diagnose(&Request::new(&other, b"{}"), now(), &[]),
            [Hint::OtherScheme { scheme: "elevenlabs" }]
        );
        let bearer = [("authorization", "Bearer x")];
        assert_eq!(
            verifier.diagnose(&Request::new(&bearer, b"{}"), now(), &[]),
            [Hint::OtherScheme { scheme: "bearer" }]
        );
        let part = [("webhook-signature", "v1,x"), ("webhook-timestamp", "1")];
        let standard = Verifier::new(Scheme::StandardWebhooks, vec![Secret::new("k", "first")]).unwrap();
        let missing = Hint::Incomplete { header: "webhook-id".to_owned() };
        assert_eq!(standard.diagnose(&Request::new(&part, b"{}"), now(), &[]), [missing]);
        assert_eq!(Verifier::nothing().diagnose(&Request::new(&(), b"{}"), now(), &[]), [Hint::NothingConfigured]);
    }

    #[test]
    fn hints_hold_no_secret() {
        for hint in hints(&Scheme::Bland, "first", BODY, BODY, "Zmlyc3Q=") {
            assert!(!format!("{hint} {hint:?}").contains("Zmly"), "{hint}");
        }
    }
}
