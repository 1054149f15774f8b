//! The cost of each operation, beside a plain scan of the same bytes.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark program")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use vcp_benches::{Delivery, Op, message_of, prepare, with_rows};
use vcp_sdk::{
    VcpMessage,
    auth::{HmacScheme, Request, Scheme, Secret, Verifier, sign},
};

macro_rules! delivery {
    ($provider:literal, $name:literal) => {
        (
            $provider,
            $name,
            include_bytes!(concat!("../../examples/deliveries/", $provider, "/", $name, ".json")).as_slice(),
        )
    };
}

/// A usual delivery of each provider. Retell also has a short and a long one.
const DELIVERIES: [(&str, &str, &[u8]); 8] = [
    delivery!("retell", "call_started"),
    delivery!("retell", "call_analyzed"),
    delivery!("retell", "call_analyzed_long"),
    delivery!("vapi", "end_of_call_report"),
    delivery!("bland", "post_call"),
    delivery!("elevenlabs", "post_call_transcription"),
    delivery!("openai_realtime", "realtime_call_incoming"),
    delivery!("assistable", "post_call"),
];

fn measure(criterion: &mut Criterion, group: &str, bytes: &[u8], ops: &[Op], delivery: &Delivery) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    for op in ops {
        let mut operation = prepare(*op, bytes.to_vec(), delivery).expect("right before it is timed");
        group.bench_function(format!("{op:?}").to_lowercase(), |bencher| bencher.iter(&mut operation));
    }
    group.finish();
}

fn deliveries(criterion: &mut Criterion) {
    for (provider, name, body) in DELIVERIES {
        let signed = Scheme::of_provider(provider).is_some();
        let ops: &[Op] =
            if signed { &[Op::Scan, Op::Map, Op::Verify, Op::Receive] } else { &[Op::Scan, Op::Map, Op::Receive] };
        measure(criterion, &format!("{provider}/{name}"), body, ops, &Delivery::of(provider));
    }
}

/// Measures each scheme on a body of 100 kB, beside a plain HMAC-SHA256 of the same bytes (`bare`).
fn signatures(criterion: &mut Criterion) {
    let (now, body) = (chrono::DateTime::UNIX_EPOCH, vec![b'x'; 100_000]);
    let (url, key) = (sign::twilio_url("https://example.com/hook", &body), "not-a-real-secret");
    let mut group = criterion.benchmark_group("verify/100k");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("bare", |bencher| {
        bencher.iter(|| {
            let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("keys have any length");
            mac.chain_update(&body).finalize().into_bytes()
        });
    });
    let own = Scheme::Hmac(HmacScheme::new("x-signature").timestamp("x-timestamp"));
    for scheme in Scheme::ALL.iter().filter(|scheme| scheme.header().is_some()).chain([&own]) {
        let secret = || Secret::new("k", key);
        let headers = sign::headers(scheme, &secret(), &Request::new(&(), &body).url(&url), now);
        let verifier = Verifier::new(scheme.clone(), vec![secret()]).expect("a good secret");
        let request = Request::new(&headers, &body).url(&url);
        assert!(verifier.check(&request, now).is_ok(), "right before it is timed");
        group.bench_function(scheme.name(), |bencher| bencher.iter(|| verifier.check(&request, now).is_ok()));
    }
    group.finish();
}

/// Measures deliveries of 100 kB and 1 MB with long transcripts.
fn sizes(criterion: &mut Criterion) {
    let (provider, _, long) = DELIVERIES[2];
    for (name, percent) in [("100k", 42), ("1m", 462)] {
        let ops = [Op::Scan, Op::Map, Op::Receive];
        let payload = with_rows(long, percent).expect("a delivery with rows");
        measure(criterion, &format!("{provider}/{name}"), &payload, &ops, &Delivery::of(provider));
    }
}

fn messages(criterion: &mut Criterion) {
    let full = include_str!("../../crates/vcp-schema/tests/data/full.json").replace("1e400", "1");
    let mut full = VcpMessage::from_json(&full).expect("a message");
    full.audit.checksum = None;
    let full = full.to_json();
    let (_, _, long) = DELIVERIES[2];
    let mapped = |payload: &[u8]| message_of("retell", payload).expect("a call record");
    let mut messages = vec![
        ("full".to_owned(), full),
        ("100k".to_owned(), mapped(&with_rows(long, 37).expect("a delivery with rows"))),
        ("long".to_owned(), mapped(long)),
    ];
    // The user's own message.
    if let Some(file) = std::env::var_os("VCP_BENCH_MESSAGE") {
        messages.push(("yours".to_owned(), std::fs::read_to_string(file).expect("a file")));
    }
    for (name, text) in messages {
        let ops = [Op::Scan, Op::Value, Op::Parse, Op::Serialize, Op::Jcs, Op::Legacy, Op::Validate];
        measure(criterion, &format!("message/{name}"), text.as_bytes(), &ops, &Delivery::default());
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(300)).measurement_time(std::time::Duration::from_secs(1));
    targets = deliveries, signatures, sizes, messages
}
criterion_main!(benches);
