//! The operations that are measured. Each is checked once before it is timed, so that no wrong
//! result is measured.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use std::{
    hint::black_box,
    str::FromStr,
    time::{Duration, Instant},
};
use vcp_sdk::{
    Mapper, Mapping, Profile, Received, Receiver, Secret, Validator, VcpMessage,
    auth::{Request, Scheme, Verifier, sign},
    mapping::SessionEvent,
    schema::{
        checksum::{Algorithm, Verdict},
        migrate::{self, Downgrade, UpgradeOptions},
    },
};

pub mod conversation;
pub mod gate;
pub mod inputs;

/// An operation that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Scans bytes with `serde_json` and keeps nothing: the least that any reader costs.
    Scan,
    /// Reads bytes into a `serde_json` tree.
    Value,
    /// Reads a message from bytes.
    Parse,
    /// Checks whether bytes are a message, without building it, as a JSON Schema validator does.
    Fits,
    /// Writes a message as text.
    Serialize,
    /// Upgrades a message of any version to 0.5, from text to text.
    Upgrade,
    /// Reads a message from bytes and downgrades it to 0.3 text, reversibly.
    Downgrade,
    /// Computes the checksum of a message over RFC 8785.
    Jcs,
    /// Computes the checksum of a message as the Python reference does.
    Legacy,
    /// Reads a message from bytes and validates it with the reference profile.
    Reference,
    /// Reads a message from bytes and validates it with all rules.
    Validate,
    /// Maps a delivery to a message.
    Map,
    /// Verifies the signature of a delivery.
    Verify,
    /// Verifies, maps and validates a delivery.
    Receive,
    /// Verifies, maps and validates a delivery, and writes its message as text.
    ReceiveJson,
    /// Makes one message of the events of a session, one event on each line.
    Assemble,
    /// Merges the messages of one call, one message on each line.
    Merge,
    /// Copies bytes.
    Copy,
    /// Computes the SHA-256 of bytes.
    Sha256,
    /// Computes the HMAC-SHA256 of bytes, as bare verification does.
    Hmac,
}

impl Op {
    /// The operations with their names.
    pub const ALL: [(&'static str, Op); 20] = [
        ("scan", Op::Scan),
        ("value", Op::Value),
        ("parse", Op::Parse),
        ("fits", Op::Fits),
        ("serialize", Op::Serialize),
        ("upgrade", Op::Upgrade),
        ("downgrade", Op::Downgrade),
        ("jcs", Op::Jcs),
        ("legacy", Op::Legacy),
        ("reference", Op::Reference),
        ("validate", Op::Validate),
        ("map", Op::Map),
        ("verify", Op::Verify),
        ("receive", Op::Receive),
        ("receive-json", Op::ReceiveJson),
        ("assemble", Op::Assemble),
        ("merge", Op::Merge),
        ("copy", Op::Copy),
        ("sha256", Op::Sha256),
        ("hmac", Op::Hmac),
    ];

    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, op)| *op == self).map_or("", |(name, _)| *name)
    }
}

impl FromStr for Op {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(|(name, _)| name).join(", ");
        Self::ALL
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, op)| *op)
            .ok_or_else(|| format!("no operation `{name}`: use one of {}", known()))
    }
}

/// The provider of a delivery, and the data to sign it.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// The provider.
    pub provider: Option<String>,
    /// The secret. It signs the body if `headers` have no signature header.
    pub secret: Option<String>,
    /// The headers of the request.
    pub headers: Vec<(String, String)>,
}

impl Delivery {
    /// Creates a delivery of a provider, without headers and with a fixed secret. The body is
    /// signed if the provider has a fixed signature scheme.
    #[must_use]
    pub fn of(provider: &str) -> Self {
        Self {
            provider: Some(provider.to_owned()),
            secret: Some("key_not_a_real_secret".to_owned()),
            headers: Vec::new(),
        }
    }

    fn provider(&self) -> Result<&str, String> {
        self.provider.as_deref().ok_or_else(|| "the operation needs --provider".to_owned())
    }

    /// Returns the scheme, the secret, the headers for a body, and a time at which the signature is
    /// accepted.
    fn signed(&self, body: &[u8]) -> Result<Signed, String> {
        let provider = self.provider()?;
        let scheme =
            Scheme::of_provider(provider).ok_or_else(|| format!("`{provider}` has no fixed signature scheme"))?;
        let secret = Secret::new("bench", self.secret.as_deref().ok_or("the operation needs --secret")?);
        let is_signature = |name: &str| scheme.header().is_some_and(|header| name.eq_ignore_ascii_case(header));
        let given = self.headers.iter().find(|(name, _)| is_signature(name));
        let (headers, now) = match given {
            Some((_, value)) => (self.headers.clone(), signed_at(value).ok_or("the signature header has no time")?),
            None => {
                let now = DateTime::from_timestamp(1_795_262_400, 0).unwrap_or_default();
                let signed = sign::headers(&scheme, &secret, &Request::new(&self.headers, body), now);
                (self.headers.iter().cloned().chain(signed).collect(), now)
            }
        };
        Ok(Signed { scheme, secret, headers, now })
    }
}

/// A signature and the time `now` at which it is accepted.
struct Signed {
    scheme: Scheme,
    secret: Secret,
    headers: Vec<(String, String)>,
    now: DateTime<Utc>,
}

/// Returns the time in a signature header: its first number. A number above 10¹¹ is in
/// milliseconds, any other in seconds.
fn signed_at(value: &str) -> Option<DateTime<Utc>> {
    let digits: String = value.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let number: i64 = digits.parse().ok()?;
    if number > 100_000_000_000 { DateTime::from_timestamp_millis(number) } else { DateTime::from_timestamp(number, 0) }
}

/// Returns an operation on given bytes that can be run any number of times. Runs it once before and
/// checks the result.
///
/// # Errors
///
/// A description of the failure, if the operation does not succeed on these bytes.
pub fn prepare(op: Op, bytes: Vec<u8>, delivery: &Delivery) -> Result<Box<dyn FnMut()>, String> {
    let received_at: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().map_err(|e| format!("{e}"))?;
    let message = |bytes: &[u8]| VcpMessage::from_slice(bytes).map_err(|e| e.to_string());
    Ok(match op {
        Op::Scan => {
            // One value, or one on each line.
            let scan = |bytes: &[u8]| {
                let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
                values.try_for_each(|value| value.map(drop))
            };
            scan(&bytes).map_err(|e| e.to_string())?;
            Box::new(move || drop(black_box(scan(black_box(&bytes)))))
        }
        Op::Value => {
            serde_json::from_slice::<serde_json::Value>(&bytes).map_err(|e| e.to_string())?;
            Box::new(move || drop(black_box(serde_json::from_slice::<serde_json::Value>(black_box(&bytes)))))
        }
        Op::Parse => {
            message(&bytes)?;
            Box::new(move || drop(black_box(VcpMessage::from_slice(black_box(&bytes)))))
        }
        Op::Fits => {
            let fits = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(VcpMessage::is_readable);
            if !fits(&bytes) || fits(&[]) {
                return Err("the message does not fit".to_owned());
            }
            Box::new(move || assert!(fits(black_box(&bytes))))
        }
        Op::Serialize => {
            let message = message(&bytes)?;
            let again = VcpMessage::from_json(&message.to_json()).map_err(|e| e.to_string())?;
            if again != message {
                return Err("what is written is not what was read".to_owned());
            }
            Box::new(move || drop(black_box(black_box(&message).to_json())))
        }
        Op::Upgrade => {
            let options = UpgradeOptions::default();
            let text = String::from_utf8(bytes).map_err(|e| e.to_string())?;
            let upgraded = migrate::upgrade_text(&text, &options).map_err(|e| e.to_string())?;
            message(upgraded.text.as_bytes())?;
            Box::new(move || drop(black_box(migrate::upgrade_text(black_box(&text), &options))))
        }
        Op::Downgrade => {
            let down = migrate::downgrade(&message(&bytes)?, Downgrade::Reversible).map_err(|e| e.to_string())?;
            let up = migrate::upgrade(&down.text, &UpgradeOptions::default()).map_err(|e| e.to_string())?;
            if up.message != message(&bytes)? {
                return Err("the message does not come back".to_owned());
            }
            Box::new(move || {
                let message = VcpMessage::from_slice(black_box(&bytes));
                drop(black_box(message.map(|message| migrate::downgrade(&message, Downgrade::Reversible))));
            })
        }
        Op::Jcs | Op::Legacy => {
            let algorithm = if op == Op::Jcs { Algorithm::Jcs } else { Algorithm::Legacy };
            let mut message = message(&bytes)?;
            message.audit.checksum = Some(message.checksum(algorithm).map_err(|e| e.to_string())?);
            match message.verify_checksum().map_err(|e| e.to_string())? {
                Verdict::Match(found) if found == algorithm => {}
                other => return Err(format!("{other:?}")),
            }
            Box::new(move || drop(black_box(black_box(&message).checksum(algorithm))))
        }
        Op::Reference | Op::Validate => {
            let profile = if op == Op::Reference { Profile::Reference } else { Profile::Canonical };
            let validator = Validator::new().profile(profile);
            let report = validator.validate_slice(&bytes, None);
            if let Some(finding) = report.findings.iter().find(|_| !report.is_valid()) {
                return Err(format!("the message is not valid: {finding}"));
            }
            Box::new(move || drop(black_box(validator.validate_slice(black_box(&bytes), None))))
        }
        Op::Map => {
            let (mapper, provider) = (Mapper::new(), delivery.provider()?.to_owned());
            match mapper.map(&provider, &bytes, received_at) {
                Ok(Mapping::Call(_)) => {}
                Ok(Mapping::NotACall { event, .. }) => return Err(format!("`{event}` is not a call record")),
                Err(error) => return Err(error.to_string()),
            }
            Box::new(move || drop(black_box(mapper.map(&provider, black_box(&bytes), received_at))))
        }
        Op::Verify => {
            let Signed { scheme, secret, headers, now } = delivery.signed(&bytes)?;
            let verifier = Verifier::new(scheme, vec![secret]).map_err(|e| e.to_string())?;
            match verifier.verify(&headers, &bytes, now) {
                Ok(_) => {}
                other => return Err(format!("{other:?}")),
            }
            Box::new(move || assert!(verifier.verify(&headers, black_box(&bytes), now).is_ok()))
        }
        Op::Copy => Box::new(move || drop(black_box(black_box(&bytes).clone()))),
        Op::Sha256 => Box::new(move || {
            black_box(Sha256::digest(black_box(&bytes)));
        }),
        Op::Hmac => Box::new(move || {
            let mac =
                Hmac::<Sha256>::new_from_slice(b"not-a-real-secret").map(|mac| mac.chain_update(black_box(&bytes)));
            let _ = black_box(mac.map(|mac| mac.finalize().into_bytes()));
        }),
        Op::Assemble => {
            let (mapper, provider) = (Mapper::new(), delivery.provider()?.to_owned());
            let events: Vec<SessionEvent<'_>> =
                lines(&bytes).map(|line| SessionEvent::new(received_at, line)).collect();
            mapper.assemble(&provider, &events).map_err(|e| e.to_string())?;
            Box::new(move || {
                let events: Vec<_> = lines(&bytes).map(|line| SessionEvent::new(received_at, line)).collect();
                drop(black_box(mapper.assemble(&provider, black_box(&events))));
            })
        }
        Op::Merge => {
            let mapper = Mapper::new();
            let messages: Vec<VcpMessage> = lines(&bytes).map(message).collect::<Result<_, _>>()?;
            mapper.merge(&messages).map_err(|e| e.to_string())?;
            Box::new(move || drop(black_box(mapper.merge(black_box(&messages)))))
        }
        Op::Receive | Op::ReceiveJson => {
            let provider = delivery.provider()?.to_owned();
            let (receiver, headers, now) = match Scheme::of_provider(&provider) {
                Some(_) => {
                    let Signed { secret, headers, now, .. } = delivery.signed(&bytes)?;
                    (Receiver::new().secret(&provider, secret).map_err(|e| e.to_string())?, headers, now)
                }
                None => {
                    let receiver = Receiver::new().allow_unauthenticated(&provider).map_err(|e| e.to_string())?;
                    (receiver, Vec::new(), received_at)
                }
            };
            match receiver.receive(&provider, &headers, &bytes, now) {
                Ok(Received::Call(_)) => {}
                Ok(Received::Ignored(other)) => return Err(format!("`{}` is not a call record", other.event)),
                Err(error) => return Err(error.to_string()),
            }
            let writes = op == Op::ReceiveJson;
            Box::new(move || {
                let received = receiver.receive(&provider, &headers, black_box(&bytes), now);
                if let (true, Ok(Received::Call(call))) = (writes, &received) {
                    black_box(call.message.to_json());
                }
                drop(black_box(received));
            })
        }
    })
}

/// The times of an operation, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The median of the samples.
    pub median_ns: f64,
    /// The 99th percentile of single runs.
    pub p99_ns: f64,
}

impl Times {
    /// Times an operation for a while. Each sample has as many runs as the clock needs.
    pub fn of(operation: &mut dyn FnMut(), budget: Duration) -> Self {
        let time = |operation: &mut dyn FnMut(), runs: u32| {
            let start = Instant::now();
            (0..runs).for_each(|_| operation());
            start.elapsed()
        };
        let mut runs = 1;
        while time(operation, runs) < Duration::from_micros(200) && runs < 1 << 20 {
            runs *= 2;
        }
        let start = Instant::now();
        let mut samples = Vec::new();
        while samples.len() < 15 || (start.elapsed() < budget && samples.len() < 10_000) {
            samples.push(time(operation, runs).as_secs_f64() * 1e9 / f64::from(runs));
        }
        let (start, mut single) = (Instant::now(), Vec::new());
        while single.len() < 100 || (start.elapsed() < budget && single.len() < 10_000) {
            single.push(time(operation, 1).as_secs_f64() * 1e9);
        }
        let rank = |mut samples: Vec<f64>, percent: usize| {
            samples.sort_by(f64::total_cmp);
            samples.get(samples.len() * percent / 100).copied().unwrap_or_default()
        };
        Self { median_ns: rank(samples, 50), p99_ns: rank(single, 99) }
    }
}

/// Returns the lines that are not empty.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
}

/// Maps a delivery and returns its message as text.
///
/// # Errors
///
/// A description of the failure, if the delivery cannot be mapped or is not a call record.
pub fn message_of(provider: &str, payload: &[u8]) -> Result<String, String> {
    let received_at = "2026-11-21T12:00:00Z".parse().map_err(|e| format!("{e}"))?;
    match Mapper::new().map(provider, payload, received_at) {
        Ok(Mapping::Call(mapped)) => Ok(mapped.message.to_json()),
        other => Err(format!("{other:?}")),
    }
}

/// Returns the greatest number of bytes that mapping a delivery takes beyond its output, which is
/// the message and the report.
///
/// # Errors
///
/// A description of the failure, if the delivery cannot be mapped or is not a call record.
pub fn memory_beyond_output(delivery: &Delivery, payload: &[u8]) -> Result<u64, String> {
    let (mapper, provider) = (Mapper::new(), delivery.provider()?);
    let received_at = "2026-11-21T12:00:00Z".parse().map_err(|e| format!("{e}"))?;
    let mut mapped = None;
    let used = allocation_counter::measure(|| mapped = Some(mapper.map(provider, payload, received_at)));
    match mapped {
        // The bytes that are still held are the output.
        Some(Ok(Mapping::Call(_))) => Ok(used.bytes_max.saturating_sub(u64::try_from(used.bytes_current).unwrap_or(0))),
        other => Err(format!("{other:?}")),
    }
}
