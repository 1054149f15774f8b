//! No block of memory is given back with a secret in it.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};
use vcp_auth::{HmacScheme, Request, Scheme, Secret, Verifier, sign};

/// What no block may hold. The second is what the third, which is base64, spells.
const SECRETS: [&[u8]; 3] =
    [b"a secret that nobody has", b"another that nobody has!", b"YW5vdGhlciB0aGF0IG5vYm9keSBoYXMh"];

static LEFT: AtomicUsize = AtomicUsize::new(0);

/// Looks into every block that is given back.
struct Looking;

// SAFETY: all of it is the system's allocator; blocks are read while they are still ours.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that what was never written is not read.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        if SECRETS.iter().any(|secret| bytes.windows(secret.len()).any(|window| window == *secret)) {
            LEFT.fetch_add(1, Ordering::Relaxed);
        }
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Looking = Looking;

#[test]
fn secrets_are_wiped() {
    // That it can fail.
    drop(SECRETS[0].to_vec());
    assert_eq!(LEFT.swap(0, Ordering::Relaxed), 1, "a secret that is not wiped is seen");

    let now = "2026-11-21T12:00:00Z".parse().expect("a time");
    let none: [(&str, &str); 0] = [];
    let own = Scheme::Hmac(HmacScheme::new("x-signature").base64_secret());
    for scheme in Scheme::ALL.iter().chain([&own]) {
        let spelled = if *scheme == own { SECRETS[2] } else { SECRETS[0] };
        let url = sign::twilio_url("https://example.com/hook", b"{}");
        // What is sent is no secret of ours to wipe: for tokens another one.
        let sent = Secret::new(
            "k",
            if matches!(scheme.name(), "bearer" | "url_token" | "path_token") { b"x" } else { spelled },
        );
        let headers = sign::headers(scheme, &sent, &Request::new(&none, b"{}").url(&url), now);
        let mut verifier = Verifier::new(scheme.clone(), vec![Secret::new("k", spelled)]).expect("a secret");
        verifier.add(&Secret::new("l", spelled)).expect("a secret");
        let request = Request::new(&headers, b"{}").url(&url);
        let _ = verifier.clone().check(&request, now).is_ok();
        let _ = verifier.diagnose(&Request::new(&headers, b"{ }").url(&url), now, &[Secret::new("m", spelled)]);
        drop((verifier, sent));
        assert_eq!(LEFT.swap(0, Ordering::Relaxed), 0, "{}", scheme.name());
    }
    // In the form in which OpenAI has them.
    let standard = [b"whsec_".as_slice(), SECRETS[2]].concat();
    let verifier = Verifier::new(Scheme::StandardWebhooks, vec![Secret::new("k", &standard)]).expect("a secret");
    let _ = verifier.diagnose(&Request::new(&[("webhook-signature", "x")], b"{}"), now, &[]);
    drop(verifier);
    assert_eq!(LEFT.swap(0, Ordering::Relaxed), 0);
    drop(standard);
}
