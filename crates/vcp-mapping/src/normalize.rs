//! Conversions of single values from a provider's payload to VCP (`DECISIONS.md` 5.7 and 5.8).
//! Nothing is guessed: an unknown value is returned unchanged or gives no value.

use crate::{
    engine::transform::sentiment_score,
    rules::{Hit, Provider},
};
use vcp_schema::{CallDirection, OutcomeStatus};

/// Returns the direction that a word names: `inbound` or `incoming`, `outbound` or `outgoing`, in
/// any case and with any white space around it (consistency framework 5.2). Any other word is
/// `None`.
///
/// ```
/// use vcp_mapping::normalize::direction;
/// use vcp_schema::CallDirection;
/// assert_eq!(direction("Inbound "), Some(CallDirection::Inbound));
/// assert_eq!(direction("outgoing"), Some(CallDirection::Outbound));
/// assert_eq!(direction("sideways"), None);
/// ```
#[must_use]
pub fn direction(word: &str) -> Option<CallDirection> {
    const WORDS: [(&str, CallDirection); 4] = [
        ("inbound", CallDirection::Inbound),
        ("incoming", CallDirection::Inbound),
        ("outbound", CallDirection::Outbound),
        ("outgoing", CallDirection::Outbound),
    ];
    let word = word.trim();
    WORDS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, direction)| direction)
}

/// Returns the score of a sentiment word, from 0 to 1. The seven words of the Assistable guide have
/// a score, in any case and with any white space around them: `very_positive`, `positive`,
/// `slightly_positive`, `neutral`, `slightly_negative`, `negative` and `very_negative`. Any other
/// word is `None`.
///
/// ```
/// use vcp_mapping::normalize::sentiment;
/// assert_eq!(sentiment("Positive"), Some(0.8));
/// assert_eq!(sentiment("mixed"), None);
/// ```
#[must_use]
pub fn sentiment(word: &str) -> Option<f64> {
    sentiment_score(word)
}

/// Returns the outcome that a provider's word for the end of a call means, by the provider's table.
///
/// The outcome is `unknown` if the table gives none for the word, or if the provider has no such
/// table. A mapped message can have another outcome, because mapping also uses other members of the
/// payload.
///
/// ```
/// use vcp_mapping::{Registry, normalize::ended_reason};
/// let registry = Registry::builtin();
/// let retell = registry.get("retell").unwrap();
/// assert_eq!(ended_reason(retell, "dial_busy").as_str(), "timeout");
/// assert_eq!(ended_reason(retell, "abducted").as_str(), "unknown");
/// ```
#[must_use]
pub fn ended_reason(provider: &Provider, word: &str) -> OutcomeStatus {
    match provider.ended_reasons().map(|table| table.look_up(word.trim())) {
        Some(Hit { word: Some(word), .. }) => OutcomeStatus::from(word),
        _ => OutcomeStatus::Unknown,
    }
}

/// Returns a telephone number in E.164, by the numbering plans of Google's libphonenumber.
///
/// `region` (ISO 3166, such as `US`) is the country of national numbers. Without it, only
/// international numbers are converted.
///
/// A text that is not an international telephone number is returned unchanged:
///
/// - SIP addresses,
/// - words such as `anonymous`, and numbers with letters,
/// - short codes,
/// - numbers with an extension,
/// - numbers that are in no numbering plan,
/// - texts of more than 64 bytes.
///
/// ```
/// use vcp_mapping::normalize::phone;
/// assert_eq!(phone("+1 (202) 555-0143", None), "+12025550143");
/// assert_eq!(phone("030 123456", Some("DE")), "+4930123456");
/// let others = ["030 123456", "911", "anonymous", "sip:+12025550143@example.com"];
/// for unchanged in others.into_iter().chain(["+1 202 555 0143 x12", "+999123"]) {
///     assert_eq!(phone(unchanged, None), unchanged);
/// }
/// ```
#[cfg(feature = "phone")]
#[must_use]
pub fn phone<'t>(number: &'t str, region: Option<&str>) -> std::borrow::Cow<'t, str> {
    // Telephone numbers are shorter, and parsing a long text takes time.
    const LONGEST: usize = 64;
    let text = number.trim();
    // A letter in place of a digit would give the number of somebody else.
    let has_letter = text.strip_prefix("tel:").unwrap_or(text).contains(|c: char| c.is_ascii_alphabetic());
    if has_letter || text.contains('@') || number.len() > LONGEST {
        return number.into();
    }
    let region = region.and_then(|region| region.to_ascii_uppercase().parse().ok());
    match phonenumber::parse(region, text) {
        Ok(parsed) if parsed.is_valid() && parsed.extension().is_none() => {
            parsed.format().mode(phonenumber::Mode::E164).to_string().into()
        }
        _ => number.into(),
    }
}
