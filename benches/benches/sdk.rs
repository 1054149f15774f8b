//! The cost of each operation, beside a plain scan of the same bytes.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark program")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use vcp_benches::{
    Delivery, Op,
    inputs::{Input, benchmarks, named},
    prepare,
};
use vcp_sdk::auth::{HmacScheme, Request, Scheme, Secret, Verifier, sign};

fn measure(criterion: &mut Criterion, name: &str, op: Op, input: Input) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(input.bytes.len() as u64));
    let mut operation = prepare(op, input.bytes, &input.delivery).expect("right before it is timed");
    group.bench_function(op.name(), |bencher| bencher.iter(&mut operation));
    group.finish();
}

/// Measures every operation on every input that it is for.
fn operations(criterion: &mut Criterion) {
    for (op, name) in benchmarks() {
        measure(criterion, &name, op, named(&name).expect("an input"));
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

/// Measures the user's own message.
fn yours(criterion: &mut Criterion) {
    let Some(file) = std::env::var_os("VCP_BENCH_MESSAGE") else { return };
    let bytes = std::fs::read(file).expect("a file");
    for op in [Op::Scan, Op::Value, Op::Parse, Op::Serialize, Op::Jcs, Op::Legacy, Op::Validate] {
        measure(criterion, "message/yours", op, Input { bytes: bytes.clone(), delivery: Delivery::default() });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(300)).measurement_time(std::time::Duration::from_secs(1));
    targets = operations, signatures, yours
}
criterion_main!(benches);
