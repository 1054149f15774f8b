//! The providers, and the generations of their payloads.

use crate::scenario::named;
use std::{fmt, str::FromStr};
use vcp_auth::{Scheme, Signing};
use vcp_schema::UnknownNameError;

macro_rules! generations {
    ($( $(#[doc = $doc:literal])+ $Name:ident = $name:literal of $provider:literal, )*) => {
        /// A generation of the payloads of a provider.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Generation {
            $( $(#[doc = $doc])+ $Name, )*
        }

        impl Generation {
            /// All generations. The first one of a provider is the present one.
            pub const ALL: &'static [Self] = &[$( Self::$Name, )*];

            /// Returns the name, such as `vapi-2024`. That of a present generation is the name of
            /// the provider.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $( Self::$Name => $name, )*
                }
            }

            /// Returns the name of the provider in VCP, such as `vapi`.
            #[must_use]
            pub fn provider(self) -> &'static str {
                match self {
                    $( Self::$Name => $provider, )*
                }
            }
        }
    };
}

generations! {
    /// Retell since 2026: with the time of the event and `data_storage_setting`.
    Retell = "retell" of "retell",
    /// Retell of 2025: without the time of the event, with `opt_out_sensitive_data_storage`.
    Retell2025 = "retell-2025" of "retell",
    /// Vapi since 2025: times and length of the call are given.
    Vapi = "vapi" of "vapi",
    /// Vapi of 2024: the rows are beside the artifact, and the call has no times.
    Vapi2024 = "vapi-2024" of "vapi",
    /// Bland.
    Bland = "bland" of "bland",
    /// ElevenLabs since 2026: with costs in US dollars and the result of the call.
    ElevenLabs = "elevenlabs" of "elevenlabs",
    /// ElevenLabs of 2025: with costs in credits only.
    ElevenLabs2025 = "elevenlabs-2025" of "elevenlabs",
    /// OpenAI Realtime.
    OpenAiRealtime = "openai_realtime" of "openai_realtime",
    /// OpenAI Realtime with the names of events of its beta.
    OpenAiRealtimeBeta = "openai_realtime-beta" of "openai_realtime",
    /// OpenAI's Live API.
    OpenAiLive = "openai_realtime-live" of "openai_realtime",
    /// Assistable since 2026.
    Assistable = "assistable" of "assistable",
    /// Assistable of 2025: with the completion of the task.
    Assistable2025 = "assistable-2025" of "assistable",
    /// Assistable of 2024: all values are texts.
    Assistable2024 = "assistable-2024" of "assistable",
}

impl Generation {
    /// Returns the scheme by which deliveries are signed: [`scheme`] of the provider.
    #[must_use]
    pub fn scheme(self) -> Scheme {
        scheme(self.provider())
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Generation {
    type Err = UnknownNameError;

    /// Reads the name of a generation or of a provider.
    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        named("provider", name, Self::ALL, Self::name)
    }
}

/// Returns the scheme by which synthetic deliveries of a provider are signed.
///
/// That is the scheme of [`vcp_auth::providers()`], if the provider has only one. Vapi lets its users
/// choose: here it sends the secret in `x-vapi-secret`. A provider that signs nothing, and a provider
/// that is not listed there, has the secret in the URL, as the parameter `token`.
///
/// ```
/// assert_eq!(vcp_synthetic::scheme("openai"), vcp_auth::Scheme::StandardWebhooks);
/// ```
#[must_use]
pub fn scheme(provider: &str) -> Scheme {
    let mut known = vcp_auth::providers();
    match known.find(|facts| facts.name == provider || facts.aliases.contains(&provider)).map(|facts| &facts.signing) {
        Some(Signing::Fixed(scheme)) => scheme.clone(),
        Some(Signing::Chosen) => Scheme::Header { name: "x-vapi-secret".into(), bearer: false },
        _ => Scheme::UrlToken { param: "token".into() },
    }
}
