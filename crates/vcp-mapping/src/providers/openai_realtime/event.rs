//! The reading of one event.

use crate::{
    engine::{transform, unread::below, value::Made},
    report::{Problem, UnlistedWord},
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
};
use vcp_schema::{
    ErrorCode,
    json::{members, string},
};

/// The parts of events that gave no value.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) problems: Vec<Problem>,
    pub(super) unknown_words: Vec<UnlistedWord>,
    /// The number of objects that had each unread member, by its pointer. A position in a list is
    /// `*`.
    pub(super) unread: BTreeMap<String, usize>,
    /// The same for the members that were asked for.
    pub(super) read: BTreeMap<String, usize>,
}

/// An object, by its members. A present member that cannot be used is noted as a problem. When the
/// object is dropped, its members are noted as read or unread.
pub(super) struct Object<'e, 'n> {
    /// The text of each member, and whether it was asked for.
    members: HashMap<String, (&'e str, Cell<bool>)>,
    /// The JSON Pointer of the object.
    pointer: String,
    /// The same with `*` for positions in lists.
    place: String,
    notes: &'n RefCell<Notes>,
}

impl<'e, 'n> Object<'e, 'n> {
    /// Reads an object. Any other value is noted, and read as an empty object.
    pub(super) fn read(json: &'e str, pointer: String, place: String, notes: &'n RefCell<Notes>) -> Self {
        let members = members::last(json).unwrap_or_else(|| {
            let problem = Problem::new(ErrorCode::Type, pointer.as_str(), "an object is wanted here");
            notes.borrow_mut().problems.push(problem);
            Vec::new()
        });
        let members = members.into_iter().map(|(name, value)| (name.into_owned(), (value, Cell::new(false))));
        Self { members: members.collect(), pointer, place, notes }
    }

    /// Marks all members as read. The event is a repetition.
    pub(super) fn pass_over(&self) {
        self.members.values().for_each(|(_, asked)| asked.set(true));
    }

    /// Returns the text of a member, and notes that it was asked for.
    fn member(&self, name: &str) -> Option<&'e str> {
        let (json, asked) = self.members.get(name)?;
        asked.set(true);
        Some(json)
    }

    /// Notes that a member cannot be used.
    pub(super) fn problem(&self, name: &str, code: ErrorCode, message: &str) {
        self.note(Problem::new(code, below(&self.pointer, name), message));
    }

    /// Notes that the word of a member is not known.
    pub(super) fn unknown(&self, name: &str, word: &str) {
        let word = UnlistedWord { source: below(&self.place, name).into(), word: word.to_owned() };
        let known = &mut self.notes.borrow_mut().unknown_words;
        /// The largest number of unknown words that are noted.
        const MOST: usize = 16;
        if known.len() < MOST && !known.contains(&word) {
            known.push(word);
        }
    }

    /// Notes that the object cannot be used.
    pub(super) fn unusable(&self, code: ErrorCode, message: &str) {
        self.note(Problem::new(code, self.pointer.as_str(), message));
    }

    fn note(&self, problem: Problem) {
        self.notes.borrow_mut().problems.push(problem);
    }

    /// Returns a member that is present and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'e str> {
        self.member(name).filter(|json| *json != "null")
    }

    /// Returns whether a member is present and null.
    pub(super) fn is_null(&self, name: &str) -> bool {
        self.member(name) == Some("null")
    }

    /// Returns a member as an object. An absent member is an empty object.
    pub(super) fn object(&self, name: &str) -> Self {
        let (pointer, place) = (below(&self.pointer, name), below(&self.place, name));
        Self::read(self.get(name).unwrap_or("{}"), pointer, place, self.notes)
    }

    /// Returns the objects of a list. Of the elements that are not objects, only the first is
    /// noted, so that a long list cannot make many problems.
    pub(super) fn objects(&self, name: &str) -> impl Iterator<Item = Self> {
        let elements = members::list(self.get(name).unwrap_or("[]")).unwrap_or_else(|| {
            self.problem(name, ErrorCode::Type, "a list is wanted here");
            Vec::new()
        });
        let is_noted = Cell::new(false);
        let (list, place) = (below(&self.pointer, name), format!("{}/*", below(&self.place, name)));
        elements.into_iter().enumerate().filter_map(move |(at, json)| {
            let pointer = format!("{list}/{at}");
            if json.starts_with('{') {
                return Some(Self::read(json, pointer, place.clone(), self.notes));
            }
            if !is_noted.replace(true) {
                self.note(Problem::new(ErrorCode::Type, pointer, "an object is wanted here"));
            }
            None
        })
    }

    /// Returns a member that is a string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = string::decode_lossy(self.get(name)?);
        if text.is_none() {
            self.problem(name, ErrorCode::Type, "a string is wanted here");
        }
        text.map(|text| text.into_owned())
    }

    /// Returns a member that is a string with more than white space.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    /// Returns a member that is a number of seconds, 0 or more.
    pub(super) fn seconds(&self, name: &str) -> Option<f64> {
        let json = self.get(name)?;
        let seconds = transform::decimal(json).ok().flatten().filter(|number| !number.is_negative());
        let seconds = seconds.and_then(|number| number.to_f64());
        if seconds.is_none() {
            self.problem(name, ErrorCode::Unreadable, "a number of seconds, 0 or more, is wanted here");
        }
        seconds
    }

    /// Returns a member that is a whole number, 0 or more.
    pub(super) fn count(&self, name: &str) -> Option<i64> {
        transform::whole(self.get(name)?).unwrap_or_else(|made| {
            if let Made::Problem(code, message) = made {
                self.problem(name, code, message);
            }
            None
        })
    }
}

impl Drop for Object<'_, '_> {
    fn drop(&mut self) {
        let mut notes = self.notes.borrow_mut();
        for (name, (json, asked)) in &self.members {
            let of_kind = if asked.get() { &mut notes.read } else { &mut notes.unread };
            if !asked.get() || *json != "null" {
                *of_kind.entry(below(&self.place, name)).or_default() += 1;
            }
        }
    }
}
