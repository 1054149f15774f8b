//! The enumerations of the specification.
//!
//! A word that the specification does not list is kept and written back. It does not prevent
//! reading. Validation reports it as `VCP_E004` (`DECISIONS.md` 1.8).

use crate::describe::WordType;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A word that the specification does not list.
///
/// Only the `From<&str>` of an enumeration can make it, so it never holds a listed word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownWord(Box<str>);

impl UnknownWord {
    /// Returns the word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! words {
    ($( $(#[doc = $doc:literal])* $Type:ident { $( $(#[$vmeta:meta])* $Variant:ident = $word:literal, )* } )*) => { $(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $Type {
            $( $(#[$vmeta])* #[doc = concat!("\n\nOn the wire: `", $word, "`.")] $Variant, )*
            /// A word that the specification does not list, kept unchanged.
            Other(UnknownWord),
        }

        impl $Type {
            /// The listed words, in the order of the specification.
            pub const WORDS: &'static [&'static str] = &[$( $word, )*];

            pub(crate) const TYPE: &'static WordType =
                &WordType { name: stringify!($Type), doc: concat!($($doc),*), words: Self::WORDS };

            /// Returns the word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self { $( Self::$Variant => $word, )* Self::Other(word) => word.as_str() }
            }

            /// Returns whether the specification lists the word.
            #[must_use]
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }
        }

        impl From<&str> for $Type {
            fn from(word: &str) -> Self {
                match word { $( $word => Self::$Variant, )* other => Self::Other(UnknownWord(other.into())) }
            }
        }

        impl From<String> for $Type {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }

        impl fmt::Display for $Type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl PartialEq<str> for $Type {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl crate::read::FromWire for $Type {
            fn read<'de, D: Deserializer<'de>>(json: D, _: &crate::read::Budget) -> Result<Self, D::Error> {
                Self::deserialize(json)
            }
        }

        impl crate::describe::sealed::Sealed for $Type {}
        impl crate::describe::Described for $Type {
            const KIND: crate::describe::Kind = crate::describe::Kind::Word(Self::TYPE);
        }

        impl crate::write::ToWire for $Type {
            fn write(&self, json: &mut crate::write::Writer) {
                json.word(self.as_str(), self.is_known());
            }
        }

        impl crate::checksum::legacy::ToPython for $Type {
            fn dump(&self, dump: &mut crate::checksum::legacy::Dump) {
                dump.text(self.as_str());
            }
        }

        impl crate::model::plain::Plain for $Type {
            fn is_plain(&self) -> bool {
                self.is_known()
            }
        }

        crate::model::unknown::without_members! { $Type }

        crate::model::numbers::without_numbers! { $Type }

        impl crate::model::size::Measure for $Type {
            fn add_to(&self, size: &mut crate::model::size::Size) {
                size.text(self.as_str());
            }
        }

        impl Serialize for $Type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $Type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::read::deserialize_text(deserializer, |word| Some(Self::from(word)))
            }
        }
    )* };
}

words! {
    /// The medium of a call (schema-v0.5 §1, "Channel and Direction Support"). The words `inbound`
    /// and `outbound` are legacy: they name the direction of a telephone call.
    ChannelType {
        /// The telephone network or SIP.
        Phone = "phone",
        /// A web page.
        Web = "web",
        /// A mobile application.
        Mobile = "mobile",
        /// An embedded widget or device.
        Embed = "embed",
        /// A program.
        Api = "api",
        /// A bare WebSocket.
        Websocket = "websocket",
        /// The direction instead of the medium, as 0.4 wrote it. Use `channel` for the medium and
        /// `direction` for the direction.
        Inbound = "inbound",
        /// The direction instead of the medium, as 0.4 wrote it. Use `channel` for the medium and
        /// `direction` for the direction.
        Outbound = "outbound",
    }

    /// The direction of a call, seen from the operator of the agent (schema-v0.5 §1). `inbound`: a
    /// person called the agent. `outbound`: the agent called a person.
    CallDirection {
        /// A person called the agent.
        Inbound = "inbound",
        /// The agent called a person.
        Outbound = "outbound",
    }

    /// The type of a capability (schema-v0.5 §1, "Capability Invocations").
    CapabilityType {
        /// A tool that the model called.
        ToolCall = "tool_call",
        /// A function that the model called.
        FunctionCall = "function_call",
        /// A call to an API.
        ApiCall = "api_call",
        /// A webhook that the platform called.
        Webhook = "webhook",
        /// A built-in integration.
        Integration = "integration",
    }

    /// The role of a model in a voice pipeline (schema-v0.5 §2). `V2V` is voice to voice, `STT` is
    /// speech to text, `LLM` is large language model, `TTS` is text to speech, `VAD` is voice
    /// activity detection, `ASR` is automatic speech recognition.
    ModelRole {
        /// Voice to voice, end to end.
        V2V = "V2V",
        /// Speech to text.
        Stt = "STT",
        /// Large language model.
        Llm = "LLM",
        /// Text to speech.
        Tts = "TTS",
        /// Voice activity detection.
        Vad = "VAD",
        /// Automatic speech recognition.
        Asr = "ASR",
    }

    /// The outcome of a call (schema-v0.5 §3). Each word has the same meaning for every provider.
    /// `success`: ended normally, by either side. `partial`: transferred, ended early by an
    /// operator, or a callback was requested. `timeout`: no person was reached, or a time limit
    /// was exceeded. `failure`: not placed because of the destination, or the person opted out.
    /// `error`: a technical fault. `unknown`: cannot be determined.
    OutcomeStatus {
        /// The call ended normally, by either side.
        Success = "success",
        /// The call could not be placed because of the destination, or the person opted out.
        Failure = "failure",
        /// The call was transferred or ended early by an operator, or a callback was requested.
        Partial = "partial",
        /// No person was reached, or a time limit was exceeded.
        Timeout = "timeout",
        /// A technical fault occurred.
        Error = "error",
        /// The outcome cannot be determined.
        Unknown = "unknown",
    }

    /// The size of the gap between the perceived and the objective outcome. The mapper uses these
    /// ranges of `gap_score`. `aligned`: below 0.25. `minor_deviation`: 0.25 to below 0.5.
    /// `major_deviation`: 0.5 to below 0.75. `contradictory`: 0.75 or more.
    GapClass {
        /// The perceived and the objective outcome agree.
        Aligned = "aligned",
        /// The two outcomes differ a little.
        MinorDeviation = "minor_deviation",
        /// The two outcomes differ a lot.
        MajorDeviation = "major_deviation",
        /// The two outcomes contradict each other.
        Contradictory = "contradictory",
    }

    /// The urgency with which a person should look at a call (schema-v0.5 §4). `info`: for
    /// information. `warning`: should be looked at. `critical`: must be looked at.
    AlertLevel {
        /// For information.
        Info = "info",
        /// A person should look at the call.
        Warning = "warning",
        /// A person must look at the call.
        Critical = "critical",
    }

    /// The status of a person's consent to the processing of their data (schema-v0.5 §7).
    /// `granted`: given. `denied`: refused. `pending`: not known yet. `expired`: given, but no
    /// longer valid. `revoked`: given, then withdrawn, so that the data must not be processed.
    ConsentStatus {
        /// Consent was given.
        Granted = "granted",
        /// Consent was refused.
        Denied = "denied",
        /// The decision of the person is not known yet.
        Pending = "pending",
        /// Consent was given, but is no longer valid.
        Expired = "expired",
        /// Consent was given, then withdrawn. The data must not be processed (`VCP_E102`).
        Revoked = "revoked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_words_are_kept_and_known_ones_never_are_unknown() {
        let word = OutcomeStatus::from("exploded");
        assert!(!word.is_known());
        assert_eq!(word.as_str(), "exploded");
        for word in OutcomeStatus::WORDS {
            assert!(OutcomeStatus::from(*word).is_known());
            assert_eq!(OutcomeStatus::from(*word).as_str(), *word);
        }
        assert!(!OutcomeStatus::from("Success").is_known(), "words are case-sensitive");
    }

    #[test]
    fn words_pass_through_serde() {
        let word: ModelRole = serde_json::from_str("\"V2V\"").unwrap();
        assert_eq!(word, ModelRole::V2V);
        assert_eq!(serde_json::to_string(&word).unwrap(), "\"V2V\"");
        assert!(serde_json::from_str::<ModelRole>("7").is_err());
    }
}
