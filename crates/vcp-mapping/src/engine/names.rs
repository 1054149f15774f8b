//! The names of members in values that repeat them, such as rows.

use std::{borrow::Cow, collections::HashMap};
use vcp_schema::json::string::Quoted;

/// The names of unread members, each with the number of objects that had it.
#[derive(Default)]
pub(crate) struct Names<'p> {
    list: Vec<(Cow<'p, str>, usize)>,
    /// The places of the names, if there are many.
    places: HashMap<Cow<'p, str>, usize>,
    /// The place of the name that is expected next, because rows repeat the order of their members.
    next: usize,
}

impl<'p> Names<'p> {
    /// The number of names up to which a search by comparison is used.
    const FEW: usize = 32;

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.list.iter().map(|(name, count)| (&**name, *count))
    }

    /// Counts a name if it is the one that is expected next. Returns whether it is.
    fn note_again(&mut self, name: Quoted<'p>) -> bool {
        match self.list.get_mut(self.next) {
            Some((expected, count)) if name.is(expected) => {
                (self.next, *count) = (self.next + 1, *count + 1);
                true
            }
            _ => false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Counts a name so many times.
    pub(crate) fn add(&mut self, text: Cow<'p, str>, times: usize) {
        if let Some((_, count)) = self.list.get_mut(self.next).filter(|(expected, _)| *expected == text) {
            (self.next, *count) = (self.next + 1, *count + times);
            return;
        }
        let known = if self.places.is_empty() {
            self.list.iter().position(|(known, _)| *known == text)
        } else {
            self.places.get(&text).copied()
        };
        let at = known.unwrap_or(self.list.len());
        self.next = at + 1;
        if let Some((_, count)) = self.list.get_mut(at) {
            *count += times;
            return;
        }
        self.list.push((text, times));
        if self.list.len() > Self::FEW {
            let known = if self.places.is_empty() { 0 } else { at };
            let new = self.list.iter().enumerate().skip(known).map(|(at, (name, _))| (name.clone(), at));
            self.places.extend(new);
        }
    }
}

/// The places of the members of the last object among known names, in the order of the members.
/// Rows repeat that order, so that one comparison finds the place of a member.
#[derive(Default)]
pub(super) struct Order(Vec<Option<usize>>);

impl Order {
    /// Returns the place of a member among known names. `at` is the number of the member in its
    /// object. A name that is not known is counted in `others`.
    pub(super) fn place<'p, 'n>(
        &mut self,
        name: Quoted<'p>,
        at: usize,
        known: impl Fn(usize) -> Option<&'n str>,
        others: Option<&mut Names<'p>>,
    ) -> Option<usize> {
        /// An object with more members is no pattern for others.
        const LONG: usize = 64;
        let last = self.0.get(at).copied();
        let is_here = |place: &usize| known(*place).is_some_and(|known| name.is(known));
        if let Some(place) = last.flatten().filter(is_here) {
            return Some(place);
        }
        let mut others = others;
        if last == Some(None) && others.as_deref_mut().is_some_and(|others| others.note_again(name)) {
            return None;
        }
        let place = (0..).map_while(&known).position(|known| name.is(known));
        if let (None, Some(others)) = (place, others) {
            others.add(name.decode_lossy(), 1);
        }
        match self.0.get_mut(at) {
            Some(last) => *last = place,
            None if at < LONG => self.0.push(place),
            None => {}
        }
        place
    }
}
