//! Nothing that was changed is verified, and nothing that is sent panics.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use vcp_auth::{Outcome, Scheme, Secret, Verifier, sign};

const KEY: &str = "key_not_a_real_secret";

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn signed(scheme: Scheme, body: &[u8]) -> String {
    match scheme {
        Scheme::Retell => sign::retell(KEY, body, now()),
        _ => sign::elevenlabs(KEY, body, now()),
    }
}

fn is_verified(scheme: Scheme, key: &[u8], value: &[u8], body: &[u8]) -> bool {
    let verifier = Verifier::new(scheme, vec![Secret::new("k", key)]).unwrap();
    matches!(verifier.verify(&[(scheme.header(), value)], body, now()), Ok(Outcome::Verified(_)))
}

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(Scheme::ALL)
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
        prop_assert!(is_verified(scheme, KEY.as_bytes(), signed(scheme, &body).as_bytes(), &body));
    }

    #[test]
    fn one_bit_of_body_header_or_key_is_enough(scheme in scheme(), body in prop::collection::vec(any::<u8>(), 1..300), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let value = signed(scheme, &body);
        prop_assert!(!is_verified(scheme, KEY.as_bytes(), value.as_bytes(), &flip(&body, at, bit)));
        prop_assert!(!is_verified(scheme, KEY.as_bytes(), &flip(value.as_bytes(), at, bit), &body));
        prop_assert!(!is_verified(scheme, &flip(KEY.as_bytes(), at, bit), value.as_bytes(), &body));
    }

    #[test]
    fn no_header_panics(scheme in scheme(), value in prop::collection::vec(any::<u8>(), 0..200), text in "[vtd0=,a-f9-]{0,90}") {
        prop_assert!(!is_verified(scheme, KEY.as_bytes(), &value, b"body"));
        prop_assert!(!is_verified(scheme, KEY.as_bytes(), text.as_bytes(), b"body"));
    }
}
