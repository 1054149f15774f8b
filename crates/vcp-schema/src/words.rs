//! The enumerations of the specification. A word that is in no list is kept, written back, and is a finding
//! (`VCP_E004`), never a parse failure (decisions 1.8).

use crate::describe::WordType;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A word that the specification does not list. It can only be made by an enumeration's `From<&str>`, so a listed word is
/// never held as an unknown one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownWord(Box<str>);

impl UnknownWord {
    /// The word.
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
            /// A word that the specification does not list, kept as it is.
            Other(UnknownWord),
        }

        impl $Type {
            /// The listed words, in the order of the specification.
            pub const WORDS: &'static [&'static str] = &[$( $word, )*];

            pub(crate) const TYPE: &'static WordType =
                &WordType { name: stringify!($Type), doc: concat!($($doc),*), words: Self::WORDS };

            /// The word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self { $( Self::$Variant => $word, )* Self::Other(word) => word.as_str() }
            }

            /// Whether the specification lists the word.
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

        impl Serialize for $Type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $Type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::deserialize_text(deserializer, |word| Some(Self::from(word)))
            }
        }
    )* };
}

words! {
    /// The medium of a call (schema-v0.5 §1, "Channel and Direction Support").
    ChannelType {
        /// Telephone network or SIP.
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
        /// Legacy: the direction instead of the medium, as 0.4 wrote it (decisions 1.10).
        Inbound = "inbound",
        /// Legacy: the direction instead of the medium, as 0.4 wrote it (decisions 1.10).
        Outbound = "outbound",
    }

    /// Who called whom, seen from the operator of the agent (schema-v0.5 §1).
    CallDirection {
        /// A person called the agent.
        Inbound = "inbound",
        /// The agent called a person.
        Outbound = "outbound",
    }

    /// What kind of thing a capability is (schema-v0.5 §1, "Capability Invocations").
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

    /// The part a model plays in a voice pipeline (schema-v0.5 §2).
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

    /// How a call came out (schema-v0.5 §3; the meaning of each word for every provider: decisions 5.7).
    OutcomeStatus {
        /// Ended normally, by either side.
        Success = "success",
        /// Could not be placed because of the destination, or the person opted out.
        Failure = "failure",
        /// Transferred, cut short by an operator, or a call back was asked for.
        Partial = "partial",
        /// Nobody was reached, or time ran out.
        Timeout = "timeout",
        /// Something technical broke.
        Error = "error",
        /// Cannot be determined.
        Unknown = "unknown",
    }

    /// How far the caller's view and the objective outcome are apart (decisions 1.13).
    GapClass {
        /// They agree.
        Aligned = "aligned",
        /// A little apart.
        MinorDeviation = "minor_deviation",
        /// Far apart.
        MajorDeviation = "major_deviation",
        /// They contradict each other.
        Contradictory = "contradictory",
    }

    /// How urgently a person should look (schema-v0.5 §4).
    AlertLevel {
        /// For information.
        Info = "info",
        /// Should be looked at.
        Warning = "warning",
        /// Must be looked at.
        Critical = "critical",
    }

    /// Whether the person agreed to the processing of their data (schema-v0.5 §7).
    ConsentStatus {
        /// Given.
        Granted = "granted",
        /// Refused.
        Denied = "denied",
        /// Not known yet.
        Pending = "pending",
        /// Given once, over now.
        Expired = "expired",
        /// Given once, taken back. The data must not be processed (`VCP_E102`).
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
