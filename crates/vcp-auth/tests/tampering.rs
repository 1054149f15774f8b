//! Nothing that was changed is verified, and nothing that is sent panics.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use vcp_auth::{Algorithm, Encoding, HmacScheme, Outcome, Request, Scheme, Secret, Verifier, sign};

const KEY: &str = "key_not_a_real_secret";

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// The schemes whose secret stands in a header, with settings and without.
fn schemes() -> Vec<Scheme> {
    let own = HmacScheme::new("x-sign").timestamp("x-time").message_id("x-id");
    let mut schemes: Vec<Scheme> = Scheme::ALL.iter().filter(|scheme| scheme.header().is_some()).cloned().collect();
    schemes.extend([
        Scheme::Hmac(HmacScheme::new("x-signature").timestamp("x-timestamp")),
        Scheme::Hmac(
            own.payload_format("{id}:{timestamp}:{body}")
                .unwrap()
                .algorithm(Algorithm::Sha512)
                .encoding(Encoding::Base64),
        ),
        Scheme::Hmac(HmacScheme::new("x-hub-signature").prefix("sha1=").algorithm(Algorithm::Sha1)),
        Scheme::Header { name: "x-vapi-secret".into(), bearer: false },
    ]);
    schemes
}

fn signed(scheme: &Scheme, body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let none: [(&str, &str); 0] = [];
    let headers = sign::headers(scheme, &Secret::new("k", KEY), &Request::new(&none, body), now());
    headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
}

fn is_verified(scheme: &Scheme, key: &[u8], headers: &[(String, Vec<u8>)], body: &[u8]) -> bool {
    let verifier = Verifier::new(scheme.clone(), vec![Secret::new("k", key)]).unwrap();
    matches!(verifier.verify(headers, body, now()), Ok(Outcome::Verified(_)))
}

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(schemes())
}

/// Whether the body counts for the scheme at all.
fn signs_the_body(scheme: &Scheme) -> bool {
    !matches!(scheme, Scheme::Header { .. })
}

fn flip(bytes: &[u8], at: prop::sample::Index, bit: u32) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    let at = at.index(flipped.len());
    flipped[at] ^= 1 << bit;
    flipped
}

proptest! {
    #[test]
    fn what_was_signed_is_verified(scheme in scheme(), body in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(is_verified(&scheme, KEY.as_bytes(), &signed(&scheme, &body), &body));
    }

    #[test]
    fn one_bit_of_body_header_or_key_is_enough(scheme in scheme(), body in prop::collection::vec(any::<u8>(), 1..300), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let headers = signed(&scheme, &body);
        prop_assert!(!signs_the_body(&scheme) || !is_verified(&scheme, KEY.as_bytes(), &headers, &flip(&body, at, bit)));
        for (which, (_, value)) in headers.iter().enumerate() {
            let mut changed = headers.clone();
            changed[which].1 = flip(value, at, bit);
            prop_assert!(!is_verified(&scheme, KEY.as_bytes(), &changed, &body), "{:?} {:?}", scheme, changed);
        }
        prop_assert!(!is_verified(&scheme, &flip(KEY.as_bytes(), at, bit), &headers, &body));
    }

    #[test]
    fn no_header_panics(scheme in scheme(), value in prop::collection::vec(any::<u8>(), 0..200), text in "[vtd0=,a-f9 -]{0,90}") {
        for value in [value, text.into_bytes()] {
            let headers: Vec<(String, Vec<u8>)> = signed(&scheme, b"body").into_iter().map(|(name, _)| (name, value.clone())).collect();
            prop_assert!(!is_verified(&scheme, KEY.as_bytes(), &headers, b"body"));
        }
    }

    #[test]
    fn no_url_panics(url in ".{0,60}", token in "[a-z%2F/?=&#]{0,20}") {
        let none: [(&str, &str); 0] = [];
        for scheme in [Scheme::UrlToken { param: "t".into() }, Scheme::PathToken] {
            let verifier = Verifier::new(scheme, vec![Secret::new("k", KEY)]).unwrap();
            for url in [url.clone(), format!("https://example.com/{token}?t={token}")] {
                let outcome = verifier.check(&Request::new(&none, b"").url(&url), now());
                prop_assert!(!matches!(outcome, Ok(Outcome::Verified(_))));
            }
        }
    }
}
