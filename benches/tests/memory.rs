//! A test of the memory that mapping uses beyond its output.

use vcp_benches::{
    Delivery,
    conversation::{PROVIDERS, conversation},
    memory_beyond_output,
};

#[test]
fn mapping_takes_at_most_the_payload_and_64_kb_beyond_its_output() {
    for (provider, bytes) in
        PROVIDERS.iter().flat_map(|provider| [4_000, 100_000, 1_000_000].map(|bytes| (provider, bytes)))
    {
        let body = conversation(provider, bytes).unwrap();
        let beyond = memory_beyond_output(&Delivery::of(provider), &body).unwrap();
        let length = body.len() as u64;
        println!("{provider}, {length} bytes: {beyond} beyond");
        // The rows of ElevenLabs have the most members that rules read.
        let most = if *provider == "elevenlabs" { length * 3 / 2 } else { length };
        assert!(beyond <= most + (64 << 10), "{provider}: {length} bytes take {beyond}");
    }
}
