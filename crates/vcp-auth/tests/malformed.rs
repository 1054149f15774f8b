//! The outcome of every fault in every scheme.
//!
//! Each fault has its code. A faulty delivery is accepted only where the table says `ok`.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "helpers of tests")]

use chrono::{DateTime, Utc};
use std::fmt::Write as _;
use vcp_auth::{AuthError, Encoding, HmacScheme, Request, Scheme, Secret, Verifier, sign};

/// The outcome of each fault (lines) in each scheme (columns).
///
/// - `ok`: the delivery is verified, because the fault has no effect in this scheme.
/// - `-`: the fault does not apply to this scheme.
const TABLE: &str = "
                     retell elevenlabs standard_webhooks bland twilio livekit hmac bearer header url_token path_token
nothing              ok     ok         ok                ok    ok     ok      ok   ok     ok     ok        ok
absent               E202   E202       E202              E202  E202   E202    E202 E202   E202   E202      E202
empty                E203   E203       E203              E203  E203   E203    E203 E203   E203   E203      E202
repeated             E203   E203       E203              E203  E203   E203    E203 E203   E203   E203      -
1 MB                 E203   E203       E203              E203  E203   E203    E203 E204   E204   E204      E204
1 MB of commas       E203   ok         E203              E203  E203   E203    E203 E204   E204   E204      E204
not ascii            E203   E203       E203              E203  E203   E203    E203 E204   E204   E204      E204
not utf-8            E203   E203       E203              E203  E203   E203    E203 E204   E204   -         -
space before         E203   E203       ok                E203  E203   E203    E203 E203   E204   E204      E204
space behind         E203   E203       ok                E203  E203   E203    E203 E204   E204   E204      E204
tab inside           E203   E203       E203              ok    E203   E203    ok   E203   E204   E204      E204
line break behind    E203   E203       E203              E203  E203   E203    E203 E204   E204   E204      E204
nul behind           E203   E203       E203              E203  E203   E203    E203 E204   E204   E204      E204
upper case           E203   E203       E203              E203  E203   E203    E203 E203   E204   E204      E204
a letter less        E203   E203       E203              E203  E203   E203    E203 E204   E204   E204      E204
a letter more        E203   E203       E203              E203  E203   E203    E203 E204   E204   E204      E204
no hex, no base64    E203   E203       E203              E203  E203   E203    E203 -      -      -         -
time absent          E203   E203       E203              -     -      -       E203 -      -      -         -
time 0               E204   E204       E204              -     -      -       E204 -      -      -         -
time i64 max         E204   E203       E203              -     -      -       E203 -      -      -         -
time i64 min         E203   E203       E203              -     -      -       E203 -      -      -         -
time beyond i64      E203   E203       E203              -     -      -       E203 -      -      -         -
time in other unit   E204   E204       E204              -     -      -       E204 -      -      -         -
time leading zero    E203   E204       E204              -     -      -       E204 -      -      -         -
time with plus       E203   E203       E203              -     -      -       E203 -      -      -         -
time decimal         E203   E203       E203              -     -      -       E203 -      -      -         -
time exponent        E203   E203       E203              -     -      -       E203 -      -      -         -
time in words        E203   E203       E203              -     -      -       E203 -      -      -         -
body empty           E204   E204       E204              E204  E208   E208    E204 ok     ok     ok        ok
body 50 MB           E204   E204       E204              E204  E208   E208    E204 ok     ok     ok        ok
body not utf-8       E204   E204       E204              E204  E208   E208    E204 ok     ok     ok        ok
body line break      E204   E204       E204              E204  E208   E208    E204 ok     ok     ok        ok
";

const KEY: &str = "key_not_a_real_secret";
const BODY: &[u8] = b"{\"event\":\"call_ended\"}";

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn schemes() -> Vec<Scheme> {
    let hmac = HmacScheme::new("x-signature").timestamp("x-timestamp").encoding(Encoding::Hex);
    vec![
        Scheme::Retell,
        Scheme::ElevenLabs,
        Scheme::StandardWebhooks,
        Scheme::Bland,
        Scheme::Twilio,
        Scheme::LiveKit,
        Scheme::Hmac(hmac),
        Scheme::BEARER,
        Scheme::Header { name: "x-secret".into(), bearer: false },
        Scheme::UrlToken { param: "token".into() },
        Scheme::PathToken,
    ]
}

/// A delivery: its URL, its headers and its body.
#[derive(Clone, PartialEq)]
struct Delivery {
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Delivery {
    fn signed(scheme: &Scheme, body: &[u8]) -> Self {
        let url = match scheme {
            Scheme::Twilio => sign::twilio_url("https://example.com/hook", body),
            _ => sign::url(scheme, &Secret::new("k", KEY), "https://example.com/hook"),
        };
        let headers = sign::headers(scheme, &Secret::new("k", KEY), &Request::new(&(), body).url(&url), now());
        let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        Self { url, headers, body: body.to_vec() }
    }

    fn check(&self, scheme: &Scheme, key: &str) -> Result<(), AuthError> {
        let verifier = Verifier::new(scheme.clone(), vec![Secret::new("k", key)])?;
        verifier.check(&Request::new(&self.headers, &self.body).url(&self.url), now()).map(drop)
    }

    /// Changes the text of the signature header, or of the token in the URL if there is no header.
    fn signature(mut self, scheme: &Scheme, change: impl Fn(&str) -> Vec<u8>) -> Self {
        match self.headers.iter_mut().find(|(name, _)| Some(name.as_str()) == scheme.header()) {
            Some((_, value)) => *value = change(std::str::from_utf8(value).unwrap()),
            None => self.url = self.url.replace(KEY, &String::from_utf8_lossy(&change(KEY))),
        }
        self
    }

    /// Replaces the text of the time of signing and keeps the signature.
    ///
    /// Returns `None` if the scheme has no such text.
    fn time(self, scheme: &Scheme, text: &str) -> Option<Self> {
        let (seconds, millis) = (now().timestamp().to_string(), now().timestamp_millis().to_string());
        let mut changed = self.clone();
        for (_, value) in &mut changed.headers {
            let old = String::from_utf8(value.clone()).unwrap();
            let new = old
                .replace(&format!("v={millis}"), &format!("v={text}"))
                .replace(&format!("t={seconds}"), &format!("t={text}"));
            *value = if old == seconds { text.as_bytes().to_vec() } else { new.into_bytes() };
        }
        (changed != self && *scheme != Scheme::LiveKit).then_some(changed)
    }
}

/// Returns the faults: a name, and the delivery with the fault, or `None` if it does not apply.
fn malformations(scheme: &Scheme) -> Vec<(&'static str, Option<Delivery>)> {
    let good = Delivery::signed(scheme, BODY);
    let with = |change: &dyn Fn(&str) -> Vec<u8>| Some(good.clone().signature(scheme, change));
    let in_header = scheme.header().is_some();
    let is_token = matches!(scheme, Scheme::Header { .. } | Scheme::UrlToken { .. } | Scheme::PathToken);
    let of_digest = |change: Option<Delivery>| change.filter(|_| !is_token);
    let without = || {
        let mut bare = good.clone();
        bare.headers.clear();
        bare.url = "https://example.com/".to_owned();
        bare
    };
    let twice = || {
        let mut twice = good.clone();
        twice.headers.extend(good.headers.clone());
        twice.url = good.url.replace("?token=", &format!("?token={KEY}&token="));
        twice
    };
    let body = |body: &[u8]| Delivery { body: body.to_vec(), ..good.clone() };
    let time = |text: &str| good.clone().time(scheme, text);
    vec![
        ("nothing", Some(good.clone())),
        ("absent", Some(without())),
        ("empty", with(&|_| Vec::new())),
        ("repeated", (*scheme != Scheme::PathToken).then(twice)),
        ("1 MB", with(&|text| [text.as_bytes(), &vec![b'a'; 1 << 20]].concat())),
        ("1 MB of commas", with(&|text| [text.as_bytes(), &vec![b','; 1 << 20]].concat())),
        ("not ascii", with(&|text| format!("{text}é").into_bytes())),
        ("not utf-8", with(&|text| [text.as_bytes(), b"\xff"].concat()).filter(|_| in_header)),
        ("space before", with(&|text| format!(" {text}").into_bytes())),
        ("space behind", with(&|text| format!("{text} ").into_bytes())),
        ("tab inside", with(&|text| text.replacen(['=', '.', '_', ' '], "\t", 1).into_bytes())),
        ("line break behind", with(&|text| format!("{text}\n").into_bytes())),
        ("nul behind", with(&|text| format!("{text}\0").into_bytes())),
        ("upper case", with(&|text| text.to_uppercase().into_bytes())),
        ("a letter less", with(&|text| text.as_bytes()[..text.len() - 1].to_vec())),
        ("a letter more", with(&|text| format!("{text}0").into_bytes())),
        ("no hex, no base64", of_digest(with(&|text| format!("{}!", &text[..text.len() - 1]).into_bytes()))),
        ("time absent", time("")),
        ("time 0", time("0")),
        ("time i64 max", time("9223372036854775807")),
        ("time i64 min", time("-9223372036854775808")),
        ("time beyond i64", time("9223372036854775808")),
        ("time in other unit", time(if *scheme == Scheme::Retell { "1795262400" } else { "1795262400000" })),
        ("time leading zero", time(if *scheme == Scheme::Retell { "01795262400000" } else { "01795262400" })),
        ("time with plus", time(if *scheme == Scheme::Retell { "+1795262400000" } else { "+1795262400" })),
        ("time decimal", time(if *scheme == Scheme::Retell { "1795262400000.0" } else { "1795262400.0" })),
        ("time exponent", time("1e9")),
        ("time in words", time("2026-11-21T12:00:00Z")),
        ("body empty", Some(body(b""))),
        ("body 50 MB", Some(body(&vec![b' '; 50 << 20]))),
        ("body not utf-8", Some(body(b"\xff\xfe"))),
        ("body line break", Some(body(&[BODY, b"\n"].concat()))),
    ]
}

fn cell(outcome: Result<(), AuthError>) -> String {
    outcome.map_or_else(|error| error.code().as_str().trim_start_matches("VCP_").to_owned(), |()| "ok".to_owned())
}

#[test]
fn every_scheme_and_everything_that_can_be_wrong() {
    let schemes = schemes();
    let tables: Vec<_> = schemes.iter().map(malformations).collect();
    let mut shown = format!("\n{:20}", "");
    schemes.iter().for_each(|scheme| write!(shown, " {}", scheme.name()).unwrap());
    for (row, (name, _)) in tables[0].iter().enumerate() {
        write!(shown, "\n{name:20}").unwrap();
        for (scheme, table) in schemes.iter().zip(&tables) {
            let cell =
                table[row].1.as_ref().map_or_else(|| "-".to_owned(), |delivery| cell(delivery.check(scheme, KEY)));
            write!(shown, " {cell:0$}", scheme.name().len()).unwrap();
        }
        shown.truncate(shown.trim_end().len());
    }
    shown.push('\n');
    assert!(shown == TABLE, "{shown}");
}

#[test]
fn secrets_that_are_none_are_mistakes_of_configuration() {
    for scheme in schemes() {
        let refused = |secrets: Vec<Secret>| match Verifier::new(scheme.clone(), secrets) {
            Err(error) => cell(Err(error)),
            Ok(_) => "ok".to_owned(),
        };
        assert_eq!(refused(vec![]), "E210", "{scheme:?}");
        assert_eq!(refused(vec![Secret::new("k", "")]), "E210", "{scheme:?}");
        assert_eq!(refused(vec![Secret::new("a", KEY), Secret::new("b", "")]), "E210", "{scheme:?}");
    }
    for malformed in ["whsec_", "whsec_?", "whsec_AAA", "whsec_AA=="] {
        let made = Verifier::new(Scheme::StandardWebhooks, vec![Secret::new("k", malformed)]);
        assert_eq!(made.is_ok(), malformed == "whsec_AA==", "{malformed}");
    }
}

#[test]
fn what_is_wrong_is_told_without_the_secret_and_in_one_line() {
    for scheme in schemes() {
        for (name, delivery) in malformations(&scheme) {
            let Some(Err(error)) = delivery.map(|delivery| delivery.check(&scheme, KEY)) else { continue };
            let text = format!("{error} {error:?}");
            assert!(
                !text.contains(KEY) && !text.contains('\n') && text.len() < 600,
                "{name} of {}: {text}",
                scheme.name()
            );
        }
    }
}

#[test]
fn nothing_that_is_shown_holds_a_secret_or_a_body() {
    for scheme in schemes() {
        let delivery = Delivery::signed(&scheme, BODY);
        let (secret, request) =
            (Secret::new("k", KEY), Request::new(&delivery.headers, &delivery.body).url(&delivery.url));
        let verifier = Verifier::new(scheme.clone(), vec![secret.clone()]).unwrap();
        let verified = verifier.check(&request, now()).unwrap();
        let shown = format!(
            "{secret:?} {request:?} {verifier:?} {verified:?} {:?}",
            verifier.diagnose(&request, now(), std::slice::from_ref(&secret))
        );
        assert!(!shown.contains(KEY) && !shown.contains("call_ended"), "{shown}");
    }
}
