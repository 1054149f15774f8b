//! The payload that a message keeps, with its secrets masked.

use super::Delivery;
use crate::{
    engine::mask::{MASK, mask},
    rules::secrets::{Pattern, Rooted, occurring},
};
use std::borrow::Cow;
use vcp_schema::json::text;

impl<'p> Delivery<'p, '_> {
    /// Returns the kept text of the payload, and the pointers of the masked members.
    pub(crate) fn kept(&self) -> (Cow<'p, str>, Vec<String>) {
        let (Some(secrets), seen) = (self.provider.masked(&self.options), self.walked.seen()) else {
            return (Cow::Borrowed(self.text), Vec::new());
        };
        let named = secrets.named_in(self.text, seen);
        let others = named.iter().copied().filter(|pattern| !pattern.is_rooted() && !self.is_all_rooted(pattern));
        let others: Vec<&Pattern> = others.collect();
        // The walk found the secrets that have one place, but not the audio.
        let is_walked = std::ptr::eq(secrets, &self.provider.secrets) && !seen.has_escape();
        // A name that the walk saw needs no search.
        let has_others = others.iter().any(|pattern| pattern.fits_everywhere().is_some());
        if is_walked
            && !has_others
            && occurring(others, self.text).is_empty()
            && let Some(kept) = self.mask_rooted()
        {
            return kept;
        }
        mask(self.text, if has_others { named } else { secrets.occurring_in(self.text, seen) })
    }

    /// Returns whether each member with the name of a pattern has a place at which the walk found
    /// it.
    fn is_all_rooted(&self, pattern: &Pattern) -> bool {
        pattern.fits_everywhere().is_some_and(|place| {
            let rooted =
                self.provider.rooted_secrets.iter().filter(|rooted| rooted.watched == Some(place) && !rooted.leaf_only);
            let found = rooted.filter(|rooted| self.walked.is_present(rooted.node)).count();
            u32::try_from(found) == Ok(self.walked.seen().count(place))
        })
    }

    /// Masks the secrets that the walk found, without reading the text again. Returns `None` if
    /// there may be others.
    fn mask_rooted(&self) -> Option<(Cow<'p, str>, Vec<String>)> {
        if self.walked.has_repeats() {
            return None;
        }
        let mut found = Vec::new();
        for &Rooted { node, leaf_only, .. } in &self.provider.rooted_secrets {
            if self.walked.is_below_a_list(node) {
                return None;
            }
            match self.walked.text(node) {
                Some(text) if text.starts_with(['{', '[']) => leaf_only.then_some(())?,
                Some(text) if !matches!(text, "true" | "false" | "null") => {
                    found.push((text::offset(self.text, text), text.len(), node));
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
