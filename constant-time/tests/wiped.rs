//! A test that no block of memory is freed while it still holds a secret.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};
use vcp_auth::{HmacScheme, Request, Scheme, Secret, Verifier, sign};

/// The texts of which no freed block may hold a part. The third is the base64 of the second. The
/// last two are the padded base64 and the hexadecimal digits of the fourth.
const SECRETS: [&[u8]; 6] = [
    b"a secret that nobody has",
    b"another that nobody has!",
    b"YW5vdGhlciB0aGF0IG5vYm9keSBoYXMh",
    b"a key of 32 bytes, as is usual..",
    b"YSBrZXkgb2YgMzIgYnl0ZXMsIGFzIGlzIHVzdWFsLi4=",
    b"61206b6579206f662033322062797465732c20617320697320757375616c2e2e",
];

/// The length of the shortest part that counts.
const PART: usize = 12;

static LEFT: AtomicUsize = AtomicUsize::new(0);

/// An allocator that searches every freed block for the secrets.
struct Looking;

// SAFETY: The system's allocator does all the work. A block is read before it is freed.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that `dealloc` reads no uninitialised bytes.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        let mut parts = SECRETS.iter().flat_map(|secret| secret.windows(PART));
        // Most blocks are zeroed, or too short.
        let may_hold = bytes.len() >= PART && bytes.iter().any(|byte| *byte != 0);
        if may_hold && parts.any(|part| bytes.windows(PART).any(|window| window == part)) {
            LEFT.fetch_add(1, Ordering::Relaxed);
        }
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Looking = Looking;

#[test]
fn secrets_are_wiped() {
    // The test can fail: an unwiped secret is found.
    drop(SECRETS[0].to_vec());
    assert_eq!(LEFT.swap(0, Ordering::Relaxed), 1, "a secret that is not wiped is seen");

    let now = "2026-11-21T12:00:00Z".parse().expect("a time");
    let own = Scheme::Hmac(HmacScheme::new("x-signature").base64_secret());
    for scheme in Scheme::ALL.iter().chain([&own]) {
        let spelled = if *scheme == own { SECRETS[2] } else { SECRETS[0] };
        let url = sign::twilio_url("https://example.com/hook", b"{}");
        // The headers to send are not wiped, so token schemes send another text than the secret.
        let sent = Secret::new(
            "k",
            if matches!(scheme.name(), "bearer" | "url_token" | "path_token") { b"x" } else { spelled },
        );
        let headers = sign::headers(scheme, &sent, &Request::new(&(), b"{}").url(&url), now);
        let mut verifier = Verifier::new(scheme.clone(), vec![Secret::new("k", spelled)]).expect("a secret");
        verifier.add(&Secret::new("l", spelled)).expect("a secret");
        let request = Request::new(&headers, b"{}").url(&url);
        let _ = verifier.clone().check(&request, now).is_ok();
        let _ = verifier.diagnose(&Request::new(&headers, b"{ }").url(&url), now, &[Secret::new("m", spelled)]);
        drop((verifier, sent));
        assert_eq!(LEFT.swap(0, Ordering::Relaxed), 0, "{}", scheme.name());
    }
    // A secret in the form that OpenAI issues, with `whsec_`.
    let standard = Vec::leak([b"whsec_".as_slice(), SECRETS[2]].concat());
    let verifier = Verifier::new(Scheme::StandardWebhooks, vec![Secret::new("k", &*standard)]).expect("a secret");
    let _ = verifier.diagnose(&Request::new(&[("webhook-signature", "x")], b"{}"), now, &[]);
    drop(verifier);
    assert_eq!(LEFT.swap(0, Ordering::Relaxed), 0);

    // Secrets whose first spelling is not the right one, or that are wrong at their end.
    let own = Scheme::Hmac(HmacScheme::new("x-signature").encoding(vcp_auth::Encoding::Base64));
    let wrong = sign::headers(&own, &Secret::new("k", "other"), &Request::new(&(), b"{}"), now);
    for spelled in [SECRETS[4], SECRETS[5], SECRETS[3]] {
        for end in [b"".as_slice(), b"!", b"_", b" ", b"\n"] {
            // Never freed, so that only other copies are seen.
            let spelled = Vec::leak([spelled, end].concat());
            for scheme in [own.clone(), Scheme::Hmac(HmacScheme::new("x-signature").base64_secret())] {
                // Some are no secret of the scheme.
                let Ok(verifier) = Verifier::new(scheme, vec![Secret::new("k", &*spelled)]) else { continue };
                let _ = verifier.diagnose(&Request::new(&wrong, b"{}"), now, &[]);
            }
            assert_eq!(LEFT.swap(0, Ordering::Relaxed), 0, "a secret that ends with {end:?}");
        }
    }
}
