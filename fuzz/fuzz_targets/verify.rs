//! A scheme, headers, a URL and a body, which a sender without the secret chose. Nothing is
//! verified, and the diagnosis ends. What is signed is verified, and with another body it is not.

#![no_main]

use chrono::{DateTime, TimeDelta};
use libfuzzer_sys::fuzz_target;
use vcp_auth::{AuthError, HmacScheme, MemoryGuard, ReplayGuard, Request, Scheme, Secret, Seen, Verifier, sign};
use vcp_fuzz::SEPARATOR;

/// A secret that no input has by chance.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

fn scheme(choice: u8) -> Scheme {
    match choice % 9 {
        0 => Scheme::Retell,
        1 => Scheme::ElevenLabs,
        2 => Scheme::StandardWebhooks,
        3 => Scheme::Bland,
        4 => Scheme::Twilio,
        5 => Scheme::LiveKit,
        6 => Scheme::Hmac(HmacScheme::new("x-signature").timestamp("x-timestamp")),
        7 => Scheme::UrlToken { param: "token".into() },
        _ => Scheme::Header { name: "authorization".into(), bearer: true },
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let mut parts = rest.split(|byte| *byte == SEPARATOR);
    let [url, value, more, body] = [(); 4].map(|()| parts.next().unwrap_or_default());
    let (url, value, more) =
        (String::from_utf8_lossy(url), String::from_utf8_lossy(value), String::from_utf8_lossy(more));
    let scheme = scheme(*choice);
    let secret = Secret::new("key", SECRET);
    let verifier = Verifier::new(scheme.clone(), vec![secret.clone()]).expect("the scheme takes the secret");
    let now = DateTime::from_timestamp(1_795_262_400, 0).expect("this is a time");

    // A sender without the secret.
    let name = scheme.header().unwrap_or("x-signature").to_owned();
    let headers = [
        (name, value.clone().into_owned()),
        ("x-timestamp".to_owned(), more.clone().into_owned()),
        ("webhook-id".to_owned(), "id".to_owned()),
        ("webhook-timestamp".to_owned(), more.clone().into_owned()),
        ("content-type".to_owned(), more.into_owned()),
    ];
    let request = Request::new(&headers, body).url(&url);
    let verified = verifier.check(&request, now);
    assert!(verified.is_err(), "a delivery was verified that nobody signed");
    let hints = verifier.diagnose(&request, now, &[]);
    assert!(hints.len() < 1_000);

    // The provider, and somebody who changes the body.
    let url = "https://example.com/hook";
    let request = Request::new(&(), body).url(url);
    let signed = sign::headers(&scheme, &secret, &request, now);
    let request = Request::new(&signed, body).url(url);
    if let Ok(verified) = verifier.check(&request, now) {
        let guard = MemoryGuard::new(10);
        let until = verified.good_until().unwrap_or(now + TimeDelta::days(1));
        assert_eq!(guard.remember(verified.replay_key(), until, now), Ok(Seen::First));
        assert_eq!(guard.remember(verified.replay_key(), until, now), Ok(Seen::Again));
        let mut changed = body.to_vec();
        // Twilio signs the set of parameters, so a repeated parameter changes nothing.
        changed.extend_from_slice(b"&zz9=1");
        let request = Request::new(&signed, &changed).url(url);
        let is_token = matches!(scheme, Scheme::Header { .. } | Scheme::UrlToken { .. });
        let result: Result<_, AuthError> = verifier.check(&request, now);
        let has_it = body.windows(3).any(|part| part == b"zz9");
        assert!(has_it || result.is_ok() == is_token, "another body has the same signature");
    }
});
