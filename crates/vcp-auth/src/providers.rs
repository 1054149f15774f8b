//! The facts about how each provider really signs its deliveries.
//!
//! This table is the only place for these facts. The rule files of `vcp-mapping` hold the claim of
//! the specification instead, which is wrong for some providers.

use crate::Scheme;

/// The facts about how one provider signs its deliveries, as [`providers()`] lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningFacts {
    /// The name of the provider in VCP, such as `openai_realtime`.
    pub name: &'static str,
    /// The other names by which the provider is found, such as `openai`.
    pub aliases: &'static [&'static str],
    /// The way in which the provider signs.
    pub signing: Signing,
    /// The addresses and networks that the provider publishes for its deliveries, as texts that
    /// [`AddressList::new`](crate::AddressList::new) reads. Empty if it publishes none.
    pub addresses: &'static [&'static str],
    /// A few sentences that say what to configure and what to look out for. Never empty.
    ///
    /// If the provider has no scheme of its own, the note says why. If the specification claims
    /// something else than this entry, the note says what.
    pub note: &'static str,
}

/// The way in which a provider signs its deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signing {
    /// The provider always signs with this scheme.
    Fixed(Scheme),
    /// The user chooses the scheme at the provider.
    Chosen,
    /// The provider does not sign, and sends no secret in a header.
    Unsigned,
}

static PROVIDERS: [SigningFacts; 8] = [
    SigningFacts {
        name: "retell",
        aliases: &[],
        signing: Signing::Fixed(Scheme::Retell),
        addresses: &["100.20.5.228"],
        note: "The secret is the API key that has the webhook badge in the dashboard. Other API keys do not match.",
    },
    SigningFacts {
        name: "vapi",
        aliases: &[],
        signing: Signing::Chosen,
        addresses: &["167.150.224.0/23"],
        note: "The user chooses a credential at Vapi: HMAC (by default in `x-signature`, with the time in \
            `x-timestamp`), a secret in `x-vapi-secret`, a bearer token in `authorization`, or none, which is the \
            default. Vapi sends from its published addresses only if static addresses are turned on there \
            (`staticIpAddressesEnabled`).",
    },
    SigningFacts {
        name: "bland",
        aliases: &[],
        signing: Signing::Fixed(Scheme::Bland),
        addresses: &[],
        note: "The specification claims a bearer token in `authorization`. Bland documents no such token: it signs the \
            body in `x-webhook-signature`, and that signature is checked. Bland signs only after you have created a \
            signing secret there.",
    },
    SigningFacts {
        name: "elevenlabs",
        aliases: &[],
        signing: Signing::Fixed(Scheme::ElevenLabs),
        addresses: &[
            "34.67.146.145",
            "34.59.11.47",
            "35.204.38.71",
            "34.147.113.54",
            "35.185.187.110",
            "35.247.157.189",
            "34.77.234.246",
            "34.140.184.144",
            "34.93.26.174",
            "34.93.252.69",
            "34.87.23.17",
            "34.126.179.103",
        ],
        note: "The specification lists only the first six addresses. The other six are those of the data-residency \
            regions. A webhook that uses OAuth 2 or mutual TLS instead of HMAC has no signature.",
    },
    SigningFacts {
        name: "openai_realtime",
        aliases: &["openai"],
        signing: Signing::Fixed(Scheme::StandardWebhooks),
        addresses: &[],
        note: "Configure the secret with its `whsec_`: without it, the key is another one. Only webhooks are signed. \
            The events of a session come over the connection of the session.",
    },
    SigningFacts {
        name: "assistable",
        aliases: &[],
        signing: Signing::Unsigned,
        addresses: &[],
        note: "The specification claims an API key in `authorization`. Assistable sends no signature and no secret. \
            Only the URL can be set there, so put a secret into it (`Scheme::UrlToken` or `Scheme::PathToken`).",
    },
    SigningFacts {
        name: "twilio",
        aliases: &[],
        signing: Signing::Fixed(Scheme::Twilio),
        addresses: &[],
        note: "The secret is the auth token of the account. The URL is signed, so a check needs the URL that Twilio \
            requested (`Request::url`).",
    },
    SigningFacts {
        name: "livekit",
        aliases: &[],
        signing: Signing::Fixed(Scheme::LiveKit),
        addresses: &[],
        note: "The secret is the API secret, and its id must be the API key.",
    },
];

/// Returns the facts about how each known provider signs its deliveries.
///
/// ```
/// use vcp_auth::{Signing, providers};
/// for facts in providers() {
///     println!("{}: {}", facts.name, facts.note);
/// }
/// let mut unsigned = providers().filter(|facts| facts.signing == Signing::Unsigned);
/// assert_eq!(unsigned.next().map(|facts| facts.name), Some("assistable"));
/// ```
pub fn providers() -> impl Iterator<Item = &'static SigningFacts> {
    PROVIDERS.iter()
}

impl SigningFacts {
    /// Returns the facts about a provider, or `None` if [`providers()`] does not list it.
    ///
    /// `provider` is the provider's name in VCP, or an alias. Case is ignored.
    ///
    /// ```
    /// use vcp_auth::SigningFacts;
    /// let openai = SigningFacts::of("OpenAI").unwrap();
    /// assert_eq!((openai.name, openai.header()), ("openai_realtime", Some("webhook-signature")));
    /// ```
    #[must_use]
    pub fn of(provider: &str) -> Option<&'static Self> {
        providers().find(|facts| facts.is_called(provider))
    }

    /// Returns the scheme with which the provider always signs.
    ///
    /// Returns `None` if the user chooses the scheme, or if the provider does not sign.
    #[must_use]
    pub fn scheme(&self) -> Option<&Scheme> {
        match &self.signing {
            Signing::Fixed(scheme) => Some(scheme),
            Signing::Chosen | Signing::Unsigned => None,
        }
    }

    /// Returns the name of the header that holds the signature, or `None` if there is no
    /// [scheme](Self::scheme).
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        self.scheme()?.header()
    }

    fn is_called(&self, name: &str) -> bool {
        std::iter::once(&self.name).chain(self.aliases).any(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_own_entry() {
        for facts in providers() {
            for name in std::iter::once(&facts.name).chain(facts.aliases) {
                assert_eq!(SigningFacts::of(&name.to_uppercase()), Some(facts), "{name}");
                assert_eq!(Scheme::of_provider(name).as_ref(), facts.scheme(), "{name}");
            }
            assert!(!facts.note.is_empty() && !facts.note.contains("  "), "{}", facts.name);
        }
        assert_eq!(SigningFacts::of("nobody"), None);
    }

    #[test]
    fn a_fixed_scheme_has_a_header() {
        for facts in providers() {
            assert_eq!(facts.header().is_some(), matches!(facts.signing, Signing::Fixed(_)), "{}", facts.name);
        }
    }
}
