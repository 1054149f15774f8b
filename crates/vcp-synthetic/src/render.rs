//! Renders calls as the providers deliver them. A file for each provider.

pub(crate) mod assistable;
pub(crate) mod bland;
pub(crate) mod elevenlabs;
pub(crate) mod openai_realtime;
pub(crate) mod retell;
pub(crate) mod vapi;

use crate::{Call, Delivery, Generation, json::Json, random::Random};
use chrono::{DateTime, SecondsFormat, Utc};

pub(crate) fn deliveries(call: &Call, generation: Generation) -> Vec<Delivery> {
    match generation {
        Generation::Retell | Generation::Retell2025 => retell::deliveries(call, generation),
        Generation::Vapi | Generation::Vapi2024 => vapi::deliveries(call, generation),
        Generation::Bland => bland::deliveries(call),
        Generation::ElevenLabs | Generation::ElevenLabs2025 => elevenlabs::deliveries(call, generation),
        Generation::OpenAiRealtime | Generation::OpenAiRealtimeBeta => openai_realtime::realtime(call, generation),
        Generation::OpenAiLive => openai_realtime::live(call),
        Generation::Assistable | Generation::Assistable2025 | Generation::Assistable2024 => {
            assistable::deliveries(call, generation)
        }
    }
}

pub(crate) fn id(call: &Call, generation: Generation) -> String {
    let mut random = Random::new(call.seed, generation.provider());
    match generation {
        Generation::Retell | Generation::Retell2025 | Generation::Assistable2025 | Generation::Assistable2024 => {
            format!("call_{}", random.hex(27))
        }
        Generation::Vapi => random.uuid('7'),
        Generation::Vapi2024 | Generation::Bland => random.uuid('4'),
        Generation::ElevenLabs | Generation::ElevenLabs2025 => {
            format!("conv_{}", random.text(b"0123456789abcdefghjkmnpqrstvwxyz", 28))
        }
        Generation::OpenAiRealtime | Generation::OpenAiRealtimeBeta if openai_realtime::has_webhook(call) => {
            format!("rtc_{}", random.hex(32))
        }
        Generation::OpenAiRealtime | Generation::OpenAiRealtimeBeta => openai_realtime::session_id(call, generation),
        Generation::OpenAiLive => openai_realtime::session_id(call, generation),
        Generation::Assistable => format!("call_{}", random.uuid('4')),
    }
}

/// Writes a time with milliseconds and `Z`.
pub(crate) fn with_millis(time: DateTime<Utc>) -> Json {
    Json::from(time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Writes milliseconds as seconds.
pub(crate) fn seconds(ms: u64) -> Json {
    Json::decimal(ms, 3)
}

/// Rounds milliseconds half up to whole seconds.
pub(crate) fn whole_seconds(ms: u64) -> u64 {
    (ms + 500) / 1000
}

/// Writes millionths of a US dollar as US dollars.
pub(crate) fn dollars(millionths: u64) -> Json {
    Json::decimal(millionths, 6)
}
