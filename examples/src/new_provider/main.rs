//! The program `new_provider`: adds the invented provider Parrot with data files: its events
//! (`provider.json`), its rules (`call.json`) and a conformance case (`case.json`).
#![allow(clippy::print_stdout, reason = "a command-line program prints")]

use std::error::Error;
use vcp_conformance::{case::Case, judge::Verdict, recipe::Bases, testee::Testee};
use vcp_sdk::{
    Mapper, Received, Receiver, Registry, Secret,
    auth::{HmacScheme, Request, Scheme, sign},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::builtin();
    registry.register_json(include_str!("provider.json"), &[include_str!("call.json")])?;
    let mapper = Mapper::with_registry(registry);

    // Mapping gives the result that the case expects.
    let case: Case = serde_json::from_str(include_str!("case.json"))?;
    let request = case.request(1, &Bases::default())?;
    match case.judge(1, &Testee::with_mapper(mapper.clone()).answer(request.as_bytes()), true) {
        Verdict::Met => println!("{}: as expected", case.id),
        other => return Err(format!("{}: {other:?}", case.id).into()),
    }

    // The signature is HMAC-SHA256 over time and body.
    let scheme = Scheme::Hmac(HmacScheme::new("x-parrot-signature").timestamp("x-parrot-time"));
    let (now, secret) = ("2026-11-21T12:00:00Z".parse()?, Secret::new("primary", "not-a-real-secret"));
    let receiver = Receiver::new().mapper(mapper).secret_for("parrot", scheme.clone(), secret.clone())?;
    let body = br#"{"event":"call.finished","id":"p2","reason":"no_answer"}"#;
    let headers = sign::headers(&scheme, &secret, &Request::new(&(), body), now);
    if let Received::Call(call) = receiver.receive("parrot", &headers, body, now)? {
        println!("{}", call.message.redacted());
    }
    match receiver.receive("parrot", &headers, b"{}", now) {
        Err(error) => println!("another body: {error}"),
        Ok(_) => return Err("a forged body was accepted".into()),
    }
    Ok(())
}
