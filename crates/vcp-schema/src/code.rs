//! The catalogue of `VCP_E###` codes.
//!
//! The enum, `schema/error-codes.json` and `schema/error-codes.md` are made from one table.

use crate::UnknownNameError;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// The severity of a finding. There are these three and there
/// will be no fourth, so that a caller can match all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A remark. The message is correct.
    Info,
    /// A suspicious value. The message can still be used.
    Warning,
    /// A violation of the specification.
    Error,
}

impl Severity {
    /// All severities, from the least to the most severe.
    pub const ALL: &'static [Severity] = &[Self::Info, Self::Warning, Self::Error];

    /// Returns the word: `info`, `warning` or `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Reads the word that [`Severity::as_str`] returns.
///
/// ```
/// use vcp_schema::Severity;
/// assert_eq!("warning".parse::<Severity>(), Ok(Severity::Warning));
/// ```
impl FromStr for Severity {
    type Err = UnknownNameError;

    fn from_str(word: &str) -> Result<Self, UnknownNameError> {
        UnknownNameError::find("severity", word, Self::ALL, Self::as_str)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! catalogue {
    ($( $code:literal $Variant:ident $name:literal $Severity:ident $since:literal $reference:literal $summary:literal $help:literal; )*) => {
        /// A stable code, shared by all VCP implementations. A number is never reused.
        ///
        /// The form `VCP_E###` and the first five codes come from the consistency framework §9.1.
        /// [`ErrorCode::reference`] names the source of each code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(
                #[doc = concat!(
                    "`", $code, "` `", $name, "`: ", $summary, ".\n\n",
                    "Remedy: ", $help, ".\n\n",
                    "Severity: ", stringify!($Severity), ". Since ", $since, ". Source: ", $reference, ".",
                )]
                $Variant,
            )*
        }

        impl ErrorCode {
            /// All codes, in ascending order.
            pub const ALL: &'static [ErrorCode] = &[$( Self::$Variant, )*];

            /// Returns the code as text, such as `VCP_E001`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$Variant => $code, )* }
            }

            /// Returns the name in capitals, such as `SCHEMA_VALIDATION_FAILED`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $( Self::$Variant => $name, )* }
            }

            /// Returns the meaning of the code in one sentence.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $( Self::$Variant => $summary, )* }
            }

            /// Returns advice on how to correct the fault, in one sentence.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self { $( Self::$Variant => $help, )* }
            }

            /// Returns the default severity of a finding with this code. A profile can override it.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $( Self::$Variant => Severity::$Severity, )* }
            }

            /// Returns the first release of these crates that has the code.
            #[must_use]
            pub fn since(self) -> &'static str {
                match self { $( Self::$Variant => $since, )* }
            }

            /// Returns the sections that define the code, in the specification and in
            /// `conformance/DECISIONS.md`.
            #[must_use]
            pub fn reference(self) -> &'static str {
                match self { $( Self::$Variant => $reference, )* }
            }
        }
    };
}

catalogue! {
    "VCP_E001" Unreadable "SCHEMA_VALIDATION_FAILED" Error "0.1.0" "consistency framework 9.1; conformance/DECISIONS.md 4.3"
        "a value has the right JSON type but cannot be read" "correct the value: a timestamp follows RFC 3339, an integer has no fraction and fits 64 bits, a number fits a double";
    "VCP_E002" Mapping "PROVIDER_MAPPING_FAILED" Error "0.1.0" "consistency framework 9.1; conformance/DECISIONS.md 5.2"
        "a provider's payload cannot be mapped" "check that the payload is complete and comes from the named provider";
    "VCP_E003" Migration "VERSION_MIGRATION_FAILED" Error "0.1.0" "consistency framework 9.1; conformance/DECISIONS.md 2.7"
        "a message cannot be migrated to another version" "correct the message at the path of the error, then migrate again";
    "VCP_E004" Type "FIELD_TYPE_MISMATCH" Error "0.1.0" "consistency framework 9.1; conformance/DECISIONS.md 1.3, 1.8, 4.3"
        "a value has the wrong JSON type or is not one of the listed words" "use the type or one of the words that the specification gives for this member";
    "VCP_E005" Missing "REQUIRED_FIELD_MISSING" Error "0.1.0" "consistency framework 9.1; conformance/DECISIONS.md 4.3"
        "a required member is absent or null" "add the member with a value that is not null";
    "VCP_E006" Version "UNSUPPORTED_VERSION" Error "0.1.0" "conformance/DECISIONS.md 1.8, 2.1, 4.3"
        "the version is unknown, contradictory or not supported here" "use a supported version, or upgrade the message first";
    "VCP_E007" Malformed "MALFORMED_JSON" Error "0.1.0" "conformance/DECISIONS.md 1.1, 4.3"
        "the text is not well-formed JSON, or a modelled object has a member twice" "send UTF-8 JSON without a byte order mark, and each member only once";
    "VCP_E008" Limit "LIMIT_EXCEEDED" Error "0.1.0" "conformance/DECISIONS.md 4.7"
        "a limit is exceeded, such as the limit on size, depth or number of members" "send less, or raise the limit (default: 16 MiB of text, depth 128, 100 000 members)";
    "VCP_E009" UnknownProvider "UNKNOWN_PROVIDER" Error "0.1.0" "conformance/DECISIONS.md 4.3, 5.5"
        "no rules are registered for this provider" "use a registered provider, or register rules of your own";
    "VCP_E101" EndBeforeStart "END_BEFORE_START" Error "0.1.0" "schema-v0.5 validation rules; conformance/DECISIONS.md 4.4"
        "the call ends before it starts" "correct `end_time` or `start_time`";
    "VCP_E102" ConsentRevoked "CONSENT_REVOKED" Error "0.1.0" "schema-v0.5 validation rules; conformance/DECISIONS.md 4.4"
        "consent has been revoked" "do not process this message";
    "VCP_E103" CapabilityBeforeStart "CAPABILITY_BEFORE_START" Warning "0.1.0" "schema-v0.5 validation rules; conformance/DECISIONS.md 4.4"
        "a capability was invoked before the call started" "correct `invoked_at` or `start_time`";
    "VCP_E104" ConsentExpired "CONSENT_EXPIRED" Warning "0.1.0" "schema-v0.5 validation rules; conformance/DECISIONS.md 4.4"
        "consent has expired" "renew the consent before processing this message";
    "VCP_E105" ConsentIn03 "CONSENT_IN_0_3" Error "0.1.0" "conformance/DECISIONS.md 4.5"
        "a 0.3 message has consent or provenance, which came with later versions" "upgrade the message, or leave the section out";
    "VCP_E106" ScoreRange "SCORE_OUT_OF_RANGE" Error "0.1.0" "conformance/DECISIONS.md 4.5"
        "a score, share or confidence is outside 0 to 1" "give the value as a fraction of 1";
    "VCP_E107" Negative "NEGATIVE_QUANTITY" Error "0.1.0" "conformance/DECISIONS.md 4.5"
        "a duration, count or cost is negative" "give 0 or more, or leave the value out when it is not known";
    "VCP_E108" DurationMismatch "DURATION_MISMATCH" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "the duration differs from end minus start by more than a second" "correct `duration_sec`, `start_time` or `end_time`";
    "VCP_E109" SchemaVersion "SCHEMA_VERSION_MISMATCH" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "`audit.schema_version` is not the version of the message" "set it to `vcp_version`";
    "VCP_E110" LegacyChannel "LEGACY_CHANNEL" Info "0.1.0" "conformance/DECISIONS.md 4.5"
        "the channel holds a direction, as older producers wrote it" "write the medium as `channel` and the direction as `direction`";
    "VCP_E111" ChannelContradiction "CHANNEL_DIRECTION_CONTRADICTION" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "the direction in `channel` contradicts `direction`" "correct `channel` or `direction`";
    "VCP_E112" EmptyScope "CONSENT_WITHOUT_SCOPE" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "consent is granted with an empty scope" "list in `scope` the purposes that consent is granted for";
    "VCP_E113" DeniedArtifact "ARTIFACT_WITHOUT_CONSENT" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "the message has a recording or a transcript although consent was denied" "remove it, or correct the consent";
    "VCP_E114" ConsentTimes "CONSENT_GRANTED_AFTER_EXPIRY" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "consent was granted after it expired" "correct `granted_at` or `expires_at`";
    "VCP_E115" ProcessedBeforeReceived "PROCESSED_BEFORE_RECEIVED" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "the record was processed before it was received" "correct `processed_at` or `received_at`";
    "VCP_E116" RoleCosts "ROLE_COSTS_EXCEED_TOTAL" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "the costs of the roles exceed the total by more than 0.0005 US dollars" "correct the total, or the costs of the roles";
    "VCP_E117" StatusMismatch "OUTCOME_STATUS_MISMATCH" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "`hcr.outcome_status` differs from the objective status" "set `hcr.outcome_status` to the value of `outcomes.objective.status`";
    "VCP_E118" ChecksumMismatch "CHECKSUM_MISMATCH" Error "0.1.0" "conformance/DECISIONS.md 4.5"
        "the checksum does not match the message" "find out what changed the message, or compute the checksum again";
    "VCP_E119" ReferenceScheme "UNKNOWN_REFERENCE_SCHEME" Info "0.1.0" "conformance/DECISIONS.md 4.5"
        "an artifact reference has an unknown scheme" "use s3, gs, azure, http, https, internal or local";
    "VCP_E120" NoOffset "TIMESTAMP_WITHOUT_OFFSET" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "a timestamp has no offset and is taken as UTC" "write times with `Z` or an offset";
    "VCP_E121" PhoneNumber "PHONE_NUMBER_NOT_E164" Info "0.1.0" "conformance/DECISIONS.md 4.5"
        "a telephone number is not in E.164 format" "write `+`, then the country code and the number, in digits only";
    "VCP_E122" FromContradiction "FROM_CONTRADICTION" Error "0.1.0" "conformance/DECISIONS.md 4.5"
        "`from` and `from_` differ" "keep `from`, and leave `from_` out";
    "VCP_E123" DeepData "DEEP_FREE_FORM_DATA" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "free-form data is nested more than 128 levels deep, which other readers refuse" "reduce the nesting to at most 128 levels";
    "VCP_E124" NotFinite "NUMBER_NOT_FINITE" Error "0.1.0" "conformance/DECISIONS.md 4.5"
        "a number is NaN or infinite, which JSON cannot write" "set a finite number, or leave the value out";
    "VCP_E125" EmptyIdentifier "EMPTY_IDENTIFIER" Warning "0.1.0" "conformance/DECISIONS.md 4.5"
        "a required identifier is empty" "give the identifier: `call_id`, `session_id`, `provider`, `capability_id` or `consent_id`";
    "VCP_E201" AuthNothing "AUTH_NOTHING_TO_VERIFY" Error "0.1.0" "conformance/DECISIONS.md 6.1"
        "no secret is configured to verify this delivery" "configure a secret, or allow unauthenticated deliveries explicitly";
    "VCP_E202" AuthHeaderMissing "AUTH_HEADER_MISSING" Error "0.1.0" "conformance/DECISIONS.md 6.1"
        "the signature header is missing" "check that the provider signs its deliveries and that a proxy does not drop the header";
    "VCP_E203" AuthHeaderMalformed "AUTH_HEADER_MALFORMED" Error "0.1.0" "conformance/DECISIONS.md 6.1"
        "the signature header is malformed" "check that the header arrives as the provider sent it";
    "VCP_E204" AuthNoMatch "AUTH_NO_MATCHING_KEY" Error "0.1.0" "conformance/DECISIONS.md 6.1"
        "the signature matches none of the keys" "check the secret, and pass the body as the raw bytes received, not as JSON that was parsed and written again";
    "VCP_E205" AuthTooOld "AUTH_TOO_OLD" Error "0.1.0" "conformance/DECISIONS.md 6.1"
        "the signature is too old" "check the clock and the delay of this delivery";
    "VCP_E206" AuthTooNew "AUTH_TOO_NEW" Error "0.1.0" "conformance/DECISIONS.md 6.1"
        "the signature is from the future" "check the clock";
    "VCP_E207" AuthAddress "AUTH_ADDRESS_NOT_ALLOWED" Error "0.1.0" "conformance/DECISIONS.md 6.1, 6.4"
        "the delivery comes from an address that is not allowed" "check the list, and pass the address of the sender, not that of a proxy";
    "VCP_E208" AuthBodyHash "AUTH_BODY_HASH" Error "0.1.0" "conformance/DECISIONS.md 6.1"
        "the body does not match the signed hash" "pass the body as the raw bytes received, not as JSON that was parsed and written again";
    "VCP_E209" AuthClaims "AUTH_TOKEN_CLAIMS" Error "0.1.0" "conformance/DECISIONS.md 6.1"
        "the token has a valid signature, but a claim is missing or wrong" "check that the id of the secret is the API key that the provider names";
    "VCP_E210" AuthConfiguration "AUTH_CONFIGURATION" Error "0.1.0" "conformance/DECISIONS.md 6.1"
        "the verifier is not configured correctly" "correct the setting that the error message names";
}

/// Reads the text of a code, such as `VCP_E005`.
///
/// ```
/// use vcp_schema::ErrorCode;
/// assert_eq!("VCP_E005".parse::<ErrorCode>(), Ok(ErrorCode::Missing));
/// assert!("VCP_E999".parse::<ErrorCode>().is_err());
/// ```
impl FromStr for ErrorCode {
    type Err = UnknownNameError;

    fn from_str(code: &str) -> Result<Self, UnknownNameError> {
        UnknownNameError::find("error code", code, Self::ALL, Self::as_str)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_in_order() {
        assert!(ErrorCode::ALL.windows(2).all(|w| w[0].as_str() < w[1].as_str()));
        for code in ErrorCode::ALL {
            assert_eq!(code.as_str().parse::<ErrorCode>(), Ok(*code));
            assert_eq!(code.as_str().len(), "VCP_E000".len());
        }
        let error = "VCP_E999".parse::<ErrorCode>().unwrap_err().to_string();
        assert!(error.starts_with("the error code `VCP_E999` is not known: use VCP_E001, VCP_E002, "), "{error}");
        assert!(serde_json::from_str::<ErrorCode>("\"VCP_E999\"").unwrap_err().to_string().starts_with(&error));
    }

    #[test]
    fn severities_are_read_as_they_are_written() {
        for severity in Severity::ALL {
            assert_eq!(severity.to_string().parse::<Severity>(), Ok(*severity));
        }
        assert!("Error".parse::<Severity>().is_err(), "words are case-sensitive");
    }
}
