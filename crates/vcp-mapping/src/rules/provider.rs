//! A provider that is ready for use.

use super::{
    form::{Event, ProviderFile, ProviderInfo, Table, WebhookSchema},
    paths::{NodeId, PathTree},
    plan::{ReadyEvent, Shape},
    secrets::{Rooted, Secrets},
};
use crate::{options::MapOptions, shared::SharedText};
use std::{collections::BTreeSet, fmt};

/// A provider: the facts about it and its rules.
pub struct Provider {
    pub(super) file: ProviderFile,
    pub(crate) tree: PathTree,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) secrets: Secrets,
    /// The places of lists of calls.
    pub(crate) lists_of_calls: Vec<NodeId>,
    /// The secrets that have one place each.
    pub(crate) rooted_secrets: Vec<Rooted>,
    pub(super) secrets_and_audio: Secrets,
    pub(super) audio: Secrets,
    /// The fields that rules can write, from `vcp_payload` down.
    pub(super) fields: BTreeSet<String>,
    /// The JSONPaths of the fields that every message of the provider has from the payload as a
    /// whole.
    pub(crate) own_fields: [SharedText; 2],
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.file.provider)
            .field("events", &self.file.events.len())
            .finish_non_exhaustive()
    }
}

impl Provider {
    /// Returns the name of the provider in VCP.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.provider
    }

    /// Returns the published facts.
    #[must_use]
    pub fn info(&self) -> &ProviderInfo {
        &self.file.info
    }

    /// Returns the known events, and whether each is a call record.
    pub fn events(&self) -> impl Iterator<Item = (&str, bool)> {
        self.file.events.iter().map(|(name, event)| (name.as_str(), event.rules.is_some()))
    }

    /// Returns the published schema of the deliveries of an event, if the guide has one.
    #[must_use]
    pub fn schema(&self, event: &str) -> Option<&WebhookSchema> {
        self.event(event)?.schema.as_ref()
    }

    /// Returns the fields of a message that the rules can write, from `vcp_payload` down.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }

    /// Returns the name and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.file.provider).chain(&self.file.aliases).map(String::as_str)
    }

    /// Returns whether the provider has this name or alias, case ignored.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Returns the secrets that these options mask, or `None` if they mask nothing.
    pub(crate) fn masked(&self, options: &MapOptions) -> Option<&Secrets> {
        match (options.keep_secrets, options.keep_audio) {
            (false, true) => Some(&self.secrets),
            (false, false) => Some(&self.secrets_and_audio),
            (true, false) => Some(&self.audio),
            (true, true) => None,
        }
    }

    /// Returns the name of the event that an assembler makes, and its plan.
    pub(crate) fn assembled(&self) -> Option<(&str, &ReadyEvent)> {
        let (name, _) = self.file.events.iter().find(|(_, event)| event.assembled)?;
        let ready = self.shapes.iter().find_map(|shape| shape.events.get(name))?;
        Some((name, ready))
    }

    /// Returns the table for the words with which the provider says how a call ended.
    pub(crate) fn ended_reasons(&self) -> Option<&Table> {
        self.file.ended_reasons.as_deref().and_then(|name| self.table(name))
    }

    pub(crate) fn event(&self, name: &str) -> Option<&Event> {
        self.file.events.get(name)
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.file.tables.get(name)
    }

    pub(crate) fn file(&self) -> &ProviderFile {
        &self.file
    }
}
