//! What the fuzz targets share: providers, times, and a mutator that knows JSON.

mod mutator;

pub use mutator::{mutate_json, mutate_parts};

use std::sync::LazyLock;
use vcp_mapping::{Mapper, Mapping, Provider};
use vcp_schema::{Timestamp, VcpMessage};

/// The byte that separates the parts of an input. JSON text has it in no place.
pub const SEPARATOR: u8 = 0x1e;

/// A mapper with the six providers.
pub static MAPPER: LazyLock<Mapper> = LazyLock::new(Mapper::new);

/// The providers by name, as `fuzz/seed` sorts them: `0` to `5` choose them.
static PROVIDERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut names: Vec<&str> = MAPPER.registry().providers().map(Provider::name).collect();
    names.sort_unstable();
    names
});

/// The time of receipt of every delivery.
pub static RECEIVED_AT: LazyLock<Timestamp> =
    LazyLock::new(|| "2026-11-21T12:00:00Z".parse().expect("this is a timestamp"));

/// Splits an input into the provider that its first byte chooses, and the rest.
pub fn provider(data: &[u8]) -> Option<(&'static str, &[u8])> {
    let (first, rest) = data.split_first()?;
    Some((PROVIDERS[usize::from(*first) % PROVIDERS.len()], rest))
}

/// Returns the message of a delivery, if it is a call.
pub fn message(provider: &str, body: &[u8]) -> Option<VcpMessage> {
    match MAPPER.map(provider, body, RECEIVED_AT.instant()) {
        Ok(Mapping::Call(mapped)) => Some(mapped.message),
        _ => None,
    }
}

/// Checks that a message can be read back from its text.
///
/// # Panics
///
/// The message changed, or cannot be read.
pub fn assert_readable(message: &VcpMessage) {
    let text = message.to_json();
    match VcpMessage::from_json(&text) {
        Ok(read) => assert_eq!(read, *message, "the message changed when it was read back: {text}"),
        Err(error) => panic!("the message cannot be read back: {error}: {text}"),
    }
}
