//! The options of mapping.

use vcp_schema::Limits;

/// The consent record of a message whose provider says nothing about consent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsentDefault {
    /// Consent is granted for recording and analytics, as the specification builds it.
    #[default]
    Granted,
    /// Consent is pending, with an empty scope.
    Pending,
    /// There is no consent record.
    Omit,
}

/// The options of mapping.
///
/// ```
/// use vcp_mapping::{ConsentDefault, MapOptions, Mapper};
/// let mapper = Mapper::new().options(MapOptions::default().consent_default(ConsentDefault::Omit));
/// # let _ = mapper;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapOptions {
    /// The consent record if the provider says nothing.
    pub consent_default: ConsentDefault,
    /// `true` if secrets in payloads are kept. Otherwise they are masked.
    pub keep_secrets: bool,
    /// `true` if audio that payloads hold as text is kept. Otherwise it is masked.
    pub keep_audio: bool,
    /// `true` if a merge keeps every delivery of a live transcript. Otherwise it keeps the first
    /// and the last.
    pub keep_replaced: bool,
    /// The limits on payloads and on the messages made of them.
    pub limits: Limits,
}

impl Default for MapOptions {
    /// Returns the defaults: consent as the specification's mapping states it, secrets masked,
    /// audio and every merged delivery kept, and the default limits.
    fn default() -> Self {
        Self {
            consent_default: ConsentDefault::Granted,
            keep_secrets: false,
            keep_audio: true,
            keep_replaced: true,
            limits: Limits::default(),
        }
    }
}

impl MapOptions {
    /// Sets the consent record for a provider that says nothing about consent.
    #[must_use]
    pub fn consent_default(mut self, consent: ConsentDefault) -> Self {
        self.consent_default = consent;
        self
    }

    /// Sets whether secrets in payloads are kept.
    #[must_use]
    pub fn keep_secrets(mut self, keep: bool) -> Self {
        self.keep_secrets = keep;
        self
    }

    /// Sets whether audio in payloads is kept.
    #[must_use]
    pub fn keep_audio(mut self, keep: bool) -> Self {
        self.keep_audio = keep;
        self
    }

    /// Sets whether a merge keeps every delivery of a live transcript: of an event with `replaces`
    /// in the rule file, such as Vapi's `conversation-update`. Each of them holds the whole
    /// conversation so far. Some hundred of them can be above the limit of 16 MiB.
    ///
    /// Otherwise [`Mapper::merge`](crate::Mapper::merge) keeps the first and the last delivery of
    /// such an event, by the time of the event. Deliveries without that time, or with the same
    /// first or last time, are all kept. A message that is merged with no other stays as it is.
    ///
    /// A value that only a delivery between them had is lost, also a denial of consent, or the
    /// conversation if the last delivery has none. A value
    /// that was written by hand, and the consent of a mapper with other options, can then depend on
    /// the grouping of the messages and on repeats.
    #[must_use]
    pub fn keep_replaced(mut self, keep: bool) -> Self {
        self.keep_replaced = keep;
        self
    }

    /// Sets the limits on payloads and on the messages made of them.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
