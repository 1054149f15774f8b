//! The payload that a message keeps, with its secrets masked.

use super::Delivery;
use crate::{
    engine::mask::{MASK, mask},
    rules::secrets::Secrets,
};
use std::borrow::Cow;
use vcp_schema::json::text;

impl<'p> Delivery<'p, '_> {
    /// Returns the kept text of the payload, and the pointers of the masked members.
    pub(crate) fn kept(&self) -> (Cow<'p, str>, Vec<String>) {
        match self.provider.masked(&self.options) {
            None => (Cow::Borrowed(self.text), Vec::new()),
            Some(secrets) => self
                .mask_rooted(secrets)
                .unwrap_or_else(|| mask(self.text, secrets.occurring_in(self.text, self.walked.seen()))),
        }
    }

    /// Masks the secrets that the walk found, without reading the text again. Returns `None` if
    /// there may be others.
    fn mask_rooted(&self, secrets: &Secrets) -> Option<(Cow<'p, str>, Vec<String>)> {
        let is_all =
            std::ptr::eq(secrets, &self.provider.secrets) && secrets.are_rooted_in(self.text, self.walked.seen());
        if !is_all || self.walked.has_repeats() {
            return None;
        }
        let mut found = Vec::new();
        for (node, leaf_only) in &self.provider.rooted_secrets {
            if self.walked.is_below_a_list(*node) {
                return None;
            }
            match self.walked.text(*node) {
                Some(text) if text.starts_with(['{', '[']) => leaf_only.then_some(())?,
                Some(text) if !matches!(text, "true" | "false" | "null") => {
                    found.push((text::offset(self.text, text), text.len(), *node));
                }
                _ => {}
            }
        }
        if found.is_empty() {
            return Some((Cow::Borrowed(self.text), Vec::new()));
        }
        found.sort_unstable();
        let hidden: usize = found.iter().map(|(_, length, _)| length).sum();
        // The length is exact, so that a long text is not copied once more.
        let length = (self.text.len() - hidden) + found.len() * MASK.len();
        let (mut data, mut copied, mut masked) = (String::with_capacity(length), 0, Vec::new());
        for (at, length, node) in found {
            data.push_str(self.text.get(copied..at)?);
            data.push_str(MASK);
            copied = at + length;
            masked.push(self.provider.tree.pointer(node).to_string());
        }
        data.push_str(self.text.get(copied..)?);
        Some((Cow::Owned(data), masked))
    }
}
