//! The inputs that are measured, by their names, and the benchmarks that run on them.

use crate::{
    Delivery, Op,
    conversation::{PROVIDERS, conversation, deliveries, session},
    message_of,
};

/// The sizes of conversations, in bytes, by their names.
pub const SIZES: [(&str, usize); 4] = [("small", 4_000), ("median", 20_000), ("100k", 100_000), ("1m", 1_000_000)];

macro_rules! delivery {
    ($provider:literal, $name:literal) => {
        (
            concat!($provider, "/", $name),
            include_bytes!(concat!("../../examples/deliveries/", $provider, "/", $name, ".json")).as_slice(),
        )
    };
}

/// A usual delivery of each provider.
const DELIVERIES: [(&str, &[u8]); 7] = [
    delivery!("retell", "call_started"),
    delivery!("retell", "call_analyzed"),
    delivery!("vapi", "end_of_call_report"),
    delivery!("bland", "post_call"),
    delivery!("elevenlabs", "post_call_transcription"),
    delivery!("openai_realtime", "realtime_call_incoming"),
    delivery!("assistable", "post_call"),
];

/// An input.
#[derive(Debug, Clone)]
pub struct Input {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The provider, with data for a signature. Without a provider for messages.
    pub delivery: Delivery,
}

/// Returns an input by its name, such as `vapi/100k`. The same name gives the same bytes.
///
/// # Errors
///
/// A description, if there is no such input.
pub fn named(name: &str) -> Result<Input, String> {
    let unknown = || format!("no input `{name}`: `inputs FOLDER` writes all of them");
    let (group, rest) = name.split_once('/').ok_or_else(unknown)?;
    let of = |provider: &str, bytes: Vec<u8>| Input { bytes, delivery: Delivery::of(provider) };
    let message = |bytes: Vec<u8>| Input { bytes, delivery: Delivery::default() };
    let size = |wanted: &str| SIZES.iter().find(|(known, _)| *known == wanted).map(|(_, bytes)| *bytes);
    if let Some((_, bytes)) = DELIVERIES.iter().find(|(known, _)| *known == name) {
        return Ok(of(group, bytes.to_vec()));
    }
    match (group, rest) {
        ("message", "example") => {
            Ok(message(include_bytes!("../../crates/vcp-schema/src/jsonschema/example-0.5.json").to_vec()))
        }
        ("message", "production-0.3") => {
            Ok(message(include_bytes!("../../crates/vcp-schema/src/jsonschema/example-0.3-production.json").to_vec()))
        }
        ("message", "100k") => {
            let payload = conversation("retell", 80_000).ok_or_else(unknown)?;
            Ok(message(message_of("retell", &payload)?.into_bytes()))
        }
        ("merge", "retell") => {
            let messages: Result<Vec<_>, _> =
                deliveries(100_000).iter().map(|payload| message_of("retell", payload)).collect();
            Ok(message(messages?.join("\n").into_bytes()))
        }
        ("session", count) => {
            let events = session(count.parse().map_err(|_| unknown())?);
            Ok(of("openai_realtime", events.join(&b'\n')))
        }
        ("pathological", kind) => Ok(of("retell", pathological(kind).ok_or_else(unknown)?)),
        (provider, rest) if PROVIDERS.contains(&provider) => {
            let bytes = size(rest).ok_or_else(unknown)?;
            Ok(of(provider, conversation(provider, bytes).ok_or_else(unknown)?))
        }
        _ => Err(unknown()),
    }
}

/// Returns a delivery that is made to take long: as bytes, about 200 kB.
fn pathological(kind: &str) -> Option<Vec<u8>> {
    let (extra, rows) = match kind {
        "deep" => (format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "[]".to_owned()),
        "members" => {
            let members: Vec<String> = (0..15_000).map(|at| format!("\"m{at}\":{at}")).collect();
            (format!("{{{}}}", members.join(",")), "[]".to_owned())
        }
        "rows" => ("0".to_owned(), format!("[{}]", vec!["{}"; 66_000].join(","))),
        "escapes" => ("0".to_owned(), format!("[{{\"role\":\"user\",\"content\":\"{}\"}}]", "\\u00e9".repeat(33_000))),
        "digits" => ("7".repeat(200_000), "[]".to_owned()),
        _ => return None,
    };
    let call = format!("\"call_id\":\"c1\",\"extra\":{extra},\"transcript_object\":{rows}");
    Some(format!("{{\"event\":\"call_ended\",\"call\":{{{call}}}}}").into_bytes())
}

/// Returns every benchmark: an operation on an input, with the name of the input.
#[must_use]
pub fn benchmarks() -> Vec<(Op, String)> {
    let mut all = Vec::new();
    let mut add = |name: &str, ops: &[Op]| all.extend(ops.iter().map(|op| (*op, name.to_owned())));
    for (name, _) in DELIVERIES {
        add(name, &[Op::Scan, Op::Map, Op::Receive]);
    }
    for provider in PROVIDERS {
        for (size, _) in SIZES {
            add(&format!("{provider}/{size}"), &[Op::Scan, Op::Map, Op::ReceiveJson]);
        }
    }
    add("retell/100k", &[Op::Copy, Op::Sha256, Op::Hmac, Op::Verify]);
    for kind in ["deep", "members", "rows", "escapes", "digits"] {
        add(&format!("pathological/{kind}"), &[Op::Scan, Op::Map]);
    }
    let messages =
        [Op::Scan, Op::Value, Op::Parse, Op::Fits, Op::Serialize, Op::Jcs, Op::Legacy, Op::Reference, Op::Validate];
    add("message/example", &messages);
    add("message/100k", &messages);
    add("message/example", &[Op::Sha256]);
    add("message/100k", &[Op::Downgrade]);
    add("message/production-0.3", &[Op::Scan, Op::Upgrade]);
    add("session/500", &[Op::Scan, Op::Assemble]);
    add("session/5000", &[Op::Scan, Op::Assemble]);
    add("merge/retell", &[Op::Scan, Op::Merge]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_exists_and_is_the_same_each_time() {
        for (_, name) in benchmarks() {
            let (one, two) = (named(&name).unwrap(), named(&name).unwrap());
            assert!(one.bytes == two.bytes && !one.bytes.is_empty(), "{name}");
        }
        for name in ["", "vapi", "vapi/", "vapi/2k", "session/x", "pathological/x", "message/x"] {
            assert!(named(name).is_err(), "{name}");
        }
    }
}
