//! Property tests: a changed delivery is not verified, and no input panics.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use vcp_auth::{Encoding, HmacAlgorithm, HmacScheme, Request, Scheme, Secret, Verifier, sign};

const KEY: &str = "key_not_a_real_secret";

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// Returns the schemes whose signature or secret is in a header, with and without settings.
fn schemes() -> Vec<Scheme> {
    let own = HmacScheme::new("x-sign").timestamp("x-time").message_id("x-id");
    let mut schemes: Vec<Scheme> = Scheme::ALL.iter().filter(|scheme| scheme.header().is_some()).cloned().collect();
    schemes.extend([
        Scheme::Hmac(HmacScheme::new("x-signature").timestamp("x-timestamp")),
        Scheme::Hmac(
            own.payload_format("{id}:{timestamp}:{body}")
                .unwrap()
                .algorithm(HmacAlgorithm::Sha512)
                .encoding(Encoding::Base64),
        ),
        Scheme::Hmac(HmacScheme::new("x-hub-signature").prefix("sha1=").algorithm(HmacAlgorithm::Sha1)),
        Scheme::Header { name: "x-vapi-secret".into(), bearer: false },
    ]);
    schemes
}

/// Signs a delivery and returns its URL and its headers.
fn signed(scheme: &Scheme, body: &[u8]) -> (String, Vec<(String, Vec<u8>)>) {
    let url = sign::twilio_url("https://example.com/hook", body);
    let headers = sign::headers(scheme, &Secret::new("k", KEY), &Request::new(&(), body).url(&url), now());
    (url, headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect())
}

fn is_verified(scheme: &Scheme, key: &[u8], (url, headers): &(String, Vec<(String, Vec<u8>)>), body: &[u8]) -> bool {
    let verifier = Verifier::new(scheme.clone(), vec![Secret::new("k", key)]).unwrap();
    verifier.check(&Request::new(headers, body).url(url), now()).is_ok()
}

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(schemes())
}

/// Returns whether the signature of the scheme covers the body.
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
        let delivery = signed(&scheme, &body);
        prop_assert!(!signs_the_body(&scheme) || !is_verified(&scheme, KEY.as_bytes(), &delivery, &flip(&body, at, bit)));
        for (which, (_, value)) in delivery.1.iter().enumerate() {
            let mut changed = delivery.clone();
            changed.1[which].1 = flip(value, at, bit);
            prop_assert!(!is_verified(&scheme, KEY.as_bytes(), &changed, &body), "{:?} {:?}", scheme, changed);
        }
        if let (Scheme::Twilio, Ok(url)) = (&scheme, String::from_utf8(flip(delivery.0.as_bytes(), at, bit))) {
            prop_assert!(!is_verified(&scheme, KEY.as_bytes(), &(url, delivery.1.clone()), &body));
        }
        prop_assert!(!is_verified(&scheme, &flip(KEY.as_bytes(), at, bit), &delivery, &body));
    }

    /// A form is signed by its parameters, not by their spelling.
    #[test]
    fn one_parameter_of_a_form_is_enough(names in prop::collection::vec("[a-z]{1,3}", 1..5), values in prop::collection::vec("[A-Z +%=&é]{0,4}", 5), at in any::<prop::sample::Index>()) {
        let spelled = |values: &[String]| {
            let escaped = |text: &str| text.bytes().map(|b| if b == b' ' { "+".to_owned() } else { format!("%{b:02X}") }).collect::<String>();
            names.iter().zip(values).map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
        };
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let (body, url) = (spelled(&values), "https://example.com/hook");
        let mut headers = sign::headers(&Scheme::Twilio, &Secret::new("k", KEY), &Request::new(&form, body.as_bytes()).url(url), now());
        headers.push((form[0].0.to_owned(), form[0].1.to_owned()));
        let verifier = Verifier::new(Scheme::Twilio, vec![Secret::new("k", KEY)]).unwrap();
        let is_good = |body: &str| verifier.check(&Request::new(&headers, body.as_bytes()).url(url), now()).is_ok();
        prop_assert!(is_good(&body));
        let mut changed = values.clone();
        changed[at.index(names.len())].push('!');
        prop_assert!(!is_good(&spelled(&changed)));
    }

    /// A changed delivery that is still verified has the same key.
    #[test]
    fn what_is_sent_again_has_the_same_key(scheme in scheme(), body in prop::collection::vec(any::<u8>(), 1..100), other in prop::collection::vec(any::<u8>(), 1..100)) {
        let key = |body: &[u8], add: Option<&str>| {
            let (url, mut headers) = signed(&scheme, body);
            if let (Some(add), Scheme::ElevenLabs) = (add, &scheme) {
                headers[0].1.extend(add.as_bytes());
            }
            let verifier = Verifier::new(scheme.clone(), vec![Secret::new("k", KEY)]).unwrap();
            verifier.check(&Request::new(&headers, body).url(&url), now()).unwrap().replay_key()
        };
        prop_assert_eq!(key(&body, None), key(&body, Some(",v0=00,x=1")));
        prop_assert_eq!(body == other, key(&body, None) == key(&other, None));
    }

    /// A form that is spelled differently has the same key.
    #[test]
    fn a_form_spelled_otherwise_has_the_same_key(order in Just(vec!["CallSid=CA1", "CallStatus=completed", "CallSid=CA1", "%43allSid=C%411", ""]).prop_shuffle(), port in prop::sample::select(vec!["", ":443", ":8443"])) {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let key = |body: &str, port: &str| {
            let request = Request::new(&form, b"CallSid=CA1&CallStatus=completed").url("https://example.com/hook");
            let mut headers = sign::headers(&Scheme::Twilio, &Secret::new("k", KEY), &request, now());
            headers.push((form[0].0.to_owned(), form[0].1.to_owned()));
            let verifier = Verifier::new(Scheme::Twilio, vec![Secret::new("k", KEY)]).unwrap();
            let url = format!("https://example.com{port}/hook");
            verifier.check(&Request::new(&headers, body.as_bytes()).url(&url), now()).unwrap().replay_key()
        };
        let spelled = format!("{}&CallStatus=completed", order.join("&"));
        let expected = key("CallSid=CA1&CallStatus=completed", "");
        prop_assert_eq!(key(&spelled, if port == ":8443" { "" } else { port }), expected);
    }

    #[test]
    fn no_header_panics(scheme in scheme(), value in prop::collection::vec(any::<u8>(), 0..200), text in "[vtd0=,a-f9 -]{0,90}") {
        for value in [value, text.into_bytes()] {
            let (url, mut headers) = signed(&scheme, b"body");
            headers.iter_mut().for_each(|(_, old)| old.clone_from(&value));
            prop_assert!(!is_verified(&scheme, KEY.as_bytes(), &(url, headers), b"body"));
        }
    }

    #[test]
    fn no_url_panics(url in ".{0,60}", token in "[a-z%2F/?=&#]{0,20}") {
        for scheme in [Scheme::UrlToken { param: "t".into() }, Scheme::PathToken] {
            let verifier = Verifier::new(scheme, vec![Secret::new("k", KEY)]).unwrap();
            for url in [url.clone(), format!("https://example.com/{token}?t={token}")] {
                let outcome = verifier.check(&Request::new(&(), b"").url(&url), now());
                prop_assert!(outcome.is_err());
            }
        }
    }
}
