//! The form of a provider's file.

#[cfg(feature = "jsonschema")]
use super::values::OneOrList;
use super::{
    condition::Condition,
    values::{OneOrMany, is_default},
};
use std::collections::BTreeMap;

object! {
    /// A provider's file: the facts about it, how its deliveries are told apart, its word tables
    /// and its secrets.
    ProviderFile {
        /// The name of the provider in VCP, such as `retell`.
        pub provider: String,
        /// Other names of the provider.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub aliases: Vec<String>,
        /// The published facts.
        pub info: ProviderInfo,
        /// The ways to recognise a delivery. The first that fits gives the event its name.
        pub detect: Vec<Detect>,
        /// The known events.
        pub events: BTreeMap<String, Event>,
        /// Patterns of members whose leaves are masked in the kept payload. Members such as
        /// `password` and `api_key` are masked without being listed.
        ///
        /// A pattern is the names from some object downward, such as `tool_details.headers`. It
        /// applies from the root with `$.`, and anywhere else without. `*` in the last name stands
        /// for any run of characters, and case is then ignored. The name `**` before the last name
        /// stands for any number of names. Lists between the names do not count. With `!` at the
        /// end only the member itself is masked, if it is a string or a number, and nothing below
        /// it. To copy a secret without masking it is a fault of the file.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub secrets: Vec<String>,
        /// The member that holds audio as text. An option leaves it out of the kept payload.
        pub audio: Option<String>,
        /// The places at which an answer of the provider's API has a list of calls. Such an answer
        /// is refused, because each call is a delivery of its own (`VCP_E002`).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub lists_of_calls: Vec<String>,
        /// The table for the words with which the provider says how a call ended.
        pub ended_reasons: Option<String>,
        /// The word tables, by name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub tables: BTreeMap<String, Table>,
    }
}

object! {
    /// The published facts about a provider (provider integration guide).
    ProviderInfo {
        /// The name of the product.
        pub name: String,
        /// The name of the company.
        pub company: String,
        /// The address of the web site.
        pub website: String,
        /// The address of the documentation.
        pub docs_url: String,
        /// The base address of the API.
        pub api_base_url: String,
        /// The address of the status page.
        pub status_page: Option<String>,
        /// The address of the change log.
        pub changelog_url: Option<String>,
        /// The specification's claim of how deliveries are authenticated. `vcp-auth` has what
        /// providers really do, and checks that.
        pub webhook_auth: Option<WebhookAuth>,
    }
}

object! {
    /// The specification's claim of how a provider authenticates its deliveries (provider
    /// integration guide, "Authentication").
    WebhookAuth {
        /// The method: `signature_header`, `hmac_sha256`, `api_key_header` or `bearer_token`.
        pub method: String,
        /// The name of the header.
        pub header_name: String,
        /// `true` if a secret is required.
        pub secret_key_required: bool,
        /// The addresses from which deliveries come.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub ip_addresses: Vec<String>,
    }
}

object! {
    /// A way to recognise a delivery and to name its event. All conditions must hold, and there
    /// must be at least one.
    #[derive(Default)]
    Detect {
        /// Members that must all be present. They may be null.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub has: Vec<String>,
        /// Members of which one must be present.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub has_any: Vec<String>,
        /// Members that must be present and neither null nor empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub filled: Vec<String>,
        /// Members that must be absent.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub lacks: Vec<String>,
        /// The name of the event, or its beginning if `event_from` is given.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        pub event: String,
        /// The member whose word is the name of the event, or the end of it.
        pub event_from: Option<String>,
        /// The path of the object from which the paths of the rules start. Empty: the root. `at` of
        /// an event takes precedence.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        pub at: String,
    }
}

object! {
    /// An event of a provider.
    #[derive(Default)]
    Event {
        /// The rule file that maps the event. Absent: the event is not a call record.
        pub rules: Option<String>,
        /// The object from which the paths of the rules start, if it is not that of the detection.
        pub at: Option<String>,
        /// The conditions under which the delivery is not a call record after all. All must hold.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub unless: Vec<Condition>,
        /// The published schema of the deliveries.
        pub schema: Option<WebhookSchema>,
        /// `true` if an assembler makes the event of the events of a session. It is then not a
        /// delivery, and its rules start from the digest, at `$.session`.
        #[serde(default, skip_serializing_if = "is_default")]
        pub assembled: bool,
        /// `true` if the record is fetched from the provider's API. Without a time of its own, it
        /// has the time of its receipt.
        #[serde(default, skip_serializing_if = "is_default")]
        pub fetched: bool,
        /// `true` if each delivery holds everything that the one before held, as a live transcript
        /// does. A merge can then leave out those between the first and the last. Such an event has
        /// a `time` in its payload, and no `key`.
        #[serde(default, skip_serializing_if = "is_default")]
        pub replaces: bool,
        /// The stage of the call at which the event is sent. A delivery of a higher rank knows
        /// more.
        #[serde(default, skip_serializing_if = "is_default")]
        pub rank: u8,
        /// The members with the time of the event itself. The first that the transform `time` can
        /// read is used. Of an event that a provider sends without a time, it is the time of what
        /// happened, such as the end of the call.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub time: Vec<String>,
        /// The members that distinguish deliveries and stay the same when one is sent again. The
        /// first is the id, without which there is no key. A list inside it has alternatives: the
        /// first that is filled is used. Empty: there is no key.
        #[serde_as(as = "Vec<OneOrMany>")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "Vec<OneOrList<String>>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub key: Vec<Vec<String>>,
    }
}

object! {
    /// The published schema of a delivery (provider integration guide, "Webhook Schema"). A
    /// required member that a delivery lacks is reported and is not an error.
    #[derive(Default, Eq)]
    WebhookSchema {
        /// Members that are always present.
        pub required: Vec<String>,
        /// Members that may be present.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub optional: Vec<String>,
    }
}

object! {
    /// A word table.
    #[derive(Default)]
    Table {
        /// Whole words. Booleans are the words `true` and `false`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub words: BTreeMap<String, String>,
        /// Beginnings of words, in order. They are tried after the whole words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub begins: Vec<(String, String)>,
        /// Parts of words, in order. They are tried after the beginnings. `a*b` is `a` with `b`
        /// somewhere after it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub contains: Vec<(String, String)>,
        /// The result for any other word that is not empty.
        pub otherwise: Option<String>,
        /// `true` if case is ignored.
        #[serde(default, skip_serializing_if = "is_default")]
        pub ignore_case: bool,
        /// `true` if the table should have every word. A word that it does not have is then
        /// reported.
        #[serde(default, skip_serializing_if = "is_default")]
        pub complete: bool,
    }
}
