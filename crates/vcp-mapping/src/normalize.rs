//! Single values of providers' payloads in VCP's terms (decisions 5.7, 5.8). What is not known stays as it is or gives nothing: never a guess.

use crate::{Provider, table::Hit};
use vcp_schema::{CallDirection, OutcomeStatus};

/// The direction that a word says: `inbound` or `outbound`, case and white space around it ignored.
///
/// ```
/// use vcp_mapping::normalize::direction;
/// use vcp_schema::CallDirection;
/// assert_eq!(direction("Inbound "), Some(CallDirection::Inbound));
/// assert_eq!(direction("sideways"), None);
/// ```
#[must_use]
pub fn direction(word: &str) -> Option<CallDirection> {
    let word = word.trim();
    [CallDirection::Inbound, CallDirection::Outbound]
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(word))
}

/// The score of a sentiment word: the seven words of the Assistable guide, case ignored. Others have none (decisions 5.8).
///
/// ```
/// use vcp_mapping::normalize::sentiment;
/// assert_eq!(sentiment("Positive"), Some(0.8));
/// assert_eq!(sentiment("mixed"), None);
/// ```
#[must_use]
pub fn sentiment(word: &str) -> Option<f64> {
    const SCORES: [(&str, f64); 7] = [
        ("very_positive", 1.0),
        ("positive", 0.8),
        ("slightly_positive", 0.6),
        ("neutral", 0.5),
        ("slightly_negative", 0.4),
        ("negative", 0.2),
        ("very_negative", 0.0),
    ];
    let word = word.trim();
    SCORES.iter().find(|(listed, _)| listed.eq_ignore_ascii_case(word)).map(|(_, score)| *score)
}

/// The outcome that a provider's word for the end of a call means, by its table; `unknown` for a word that the table does not have, and for a provider without
/// such words. A message may say otherwise, where other members of the payload do.
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

/// A telephone number in E.164, by the numbering plans of Google's libphonenumber. `region` (ISO 3166, `US`) is for numbers that are given as they are
/// dialled at home; without it only international ones are known.
///
/// What is not a number that can be called from anywhere passes unchanged: SIP addresses, `anonymous`, short codes, numbers with an extension, and numbers that
/// no plan has.
///
/// ```
/// use vcp_mapping::normalize::phone;
/// assert_eq!(phone("+1 (202) 555-0143", None), "+12025550143");
/// assert_eq!(phone("030 123456", Some("DE")), "+4930123456");
/// for unchanged in ["030 123456", "911", "anonymous", "sip:+12025550143@example.com", "+1 202 555 0143 x12", "+999123"] {
///     assert_eq!(phone(unchanged, None), unchanged);
/// }
/// ```
#[cfg(feature = "phone")]
#[must_use]
pub fn phone<'t>(number: &'t str, region: Option<&str>) -> std::borrow::Cow<'t, str> {
    // Beyond this nothing is a number, and parsing is not for free.
    const LONGEST: usize = 64;
    let is_address = number.contains('@') || number.get(..3).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sip"));
    if is_address || number.len() > LONGEST {
        return number.into();
    }
    let region = region.and_then(|region| region.to_ascii_uppercase().parse().ok());
    match phonenumber::parse(region, number.trim()) {
        Ok(parsed) if parsed.is_valid() && parsed.extension().is_none() => {
            parsed.format().mode(phonenumber::Mode::E164).to_string().into()
        }
        _ => number.into(),
    }
}
