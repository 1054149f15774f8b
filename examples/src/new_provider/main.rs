//! `new_provider`: a provider that nobody has yet, in data: its events, its rules, its signature and its conformance case.
#![allow(clippy::print_stdout, reason = "a command-line program prints")]

use std::error::Error;
use vcp_conformance::{
    case::{Case, Verdict},
    testee::Testee,
};
use vcp_sdk::{
    Mapper, Received, Receiver, Registry, Secret,
    auth::{HmacScheme, Request, Scheme, sign},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::builtin();
    registry.register_json(include_str!("provider.json"), &[include_str!("call.json")])?;
    let mapper = Mapper::with_registry(registry);

    // It behaves as its case says.
    let case: Case = serde_json::from_str(include_str!("case.json"))?;
    match case.judge(1, &Testee::with_mapper(mapper.clone()).answer(case.request(1)?.as_bytes())) {
        Verdict::Met => println!("{}: as expected", case.id),
        other => return Err(format!("{}: {other:?}", case.id).into()),
    }

    // And its signature is checked: HMAC-SHA256 of time and body, as its documentation says.
    let scheme = Scheme::Hmac(HmacScheme::new("x-parrot-signature").timestamp("x-parrot-time"));
    let (now, secret) = ("2026-11-21T12:00:00Z".parse()?, Secret::new("primary", "not-a-real-secret"));
    let receiver = Receiver::new().mapper(mapper).secret_for("parrot", scheme.clone(), secret.clone())?;
    let body = br#"{"event":"call.finished","id":"p2","reason":"no_answer"}"#;
    let headers = sign::headers(&scheme, &secret, &Request::new(&[("", ""); 0], body), now);
    if let Received::Call(call) = receiver.receive("parrot", &headers, body, now)? {
        println!("{}", call.message.redacted());
    }
    match receiver.receive("parrot", &headers, b"{}", now) {
        Err(error) => println!("another body: {error}"),
        Ok(_) => return Err("a forged body was taken".into()),
    }
    Ok(())
}
