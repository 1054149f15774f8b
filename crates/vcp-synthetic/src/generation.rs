//! The providers, and the generations of their payloads.

use crate::named::named;
use vcp_auth::Scheme;

named! {
    "provider",
    /// A generation of the payloads of a provider.
    ///
    /// The present generation has the name of the provider. The names of others have a `-` and a
    /// word behind it, such as `vapi-2024`.
    Generation;
    /// Retell since 2026: with the time of the event and `data_storage_setting`.
    Retell = "retell",
    /// Retell of 2025: without the time of the event, with `opt_out_sensitive_data_storage`.
    Retell2025 = "retell-2025",
    /// Vapi since 2025: times and length of the call are given.
    Vapi = "vapi",
    /// Vapi of 2024: the rows are beside the artifact, and the call has no times.
    Vapi2024 = "vapi-2024",
    /// Bland: there is one generation.
    Bland = "bland",
    /// ElevenLabs since 2026: with costs in US dollars and the result of the call.
    ElevenLabs = "elevenlabs",
    /// ElevenLabs of 2025: with costs in credits only.
    ElevenLabs2025 = "elevenlabs-2025",
    /// OpenAI Realtime: the webhook of the call and the events of the session.
    OpenAiRealtime = "openai_realtime",
    /// OpenAI Realtime with the names of events of its beta.
    OpenAiRealtimeBeta = "openai_realtime-beta",
    /// OpenAI's Live API.
    OpenAiLive = "openai_realtime-live",
    /// Assistable since 2026: with rows of the conversation and of tools.
    Assistable = "assistable",
    /// Assistable of 2025: with the completion of the task.
    Assistable2025 = "assistable-2025",
    /// Assistable of 2024: all values are texts.
    Assistable2024 = "assistable-2024",
}

impl Generation {
    /// Returns the name of the provider in VCP, such as `vapi`.
    #[must_use]
    pub fn provider(self) -> &'static str {
        let name = self.name();
        name.split_once('-').map_or(name, |(provider, _)| provider)
    }

    /// Returns the scheme by which deliveries are signed: [`Scheme::usual`] of the provider.
    #[must_use]
    pub fn scheme(self) -> Scheme {
        Scheme::usual(self.provider())
    }
}
