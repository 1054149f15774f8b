//! The reading of one event.

use crate::{
    Counted,
    engine::{names::Names, transform, unread::below, value::Made},
    report::{Problem, UnlistedWord},
};
use serde::de::IgnoredAny;
use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::BTreeMap,
};
use vcp_schema::{
    ErrorCode,
    json::{members, string},
};

/// The parts of events that gave no value.
pub(super) struct Notes<'e> {
    pub(super) problems: Vec<Problem>,
    pub(super) unknown_words: Vec<UnlistedWord>,
    places: Vec<Place<'e>>,
}

/// A place of objects in events, with the number of objects there that had each member.
#[derive(Default)]
struct Place<'e> {
    /// The JSON Pointer. A position in a list is `*`.
    pointer: String,
    /// The members that were asked for.
    read: Names<'e>,
    unread: Names<'e>,
    /// The places of the members that are objects or, if `true`, lists of objects.
    inner: Vec<(&'static str, bool, PlaceId)>,
}

/// The number of a place.
type PlaceId = usize;

/// The place of the events themselves, which is the first.
const EVENT: PlaceId = 0;

impl Notes<'_> {
    pub(super) fn new() -> Self {
        let events = Place { pointer: "/events/*".to_owned(), ..Place::default() };
        Self { problems: Vec::new(), unknown_words: Vec::new(), places: vec![events] }
    }

    /// Returns the place of a member.
    fn inner(&mut self, place: PlaceId, name: &'static str, is_list: bool) -> PlaceId {
        let Some(outer) = self.places.get(place) else { return place };
        if let Some((.., known)) = outer.inner.iter().find(|(n, list, _)| *n == name && *list == is_list) {
            return *known;
        }
        let end = if is_list { "/*" } else { "" };
        let new = self.add(below(&outer.pointer, name) + end);
        if let Some(outer) = self.places.get_mut(place) {
            outer.inner.push((name, is_list, new));
        }
        new
    }

    fn add(&mut self, pointer: String) -> PlaceId {
        self.places.push(Place { pointer, ..Place::default() });
        self.places.len() - 1
    }

    fn pointer(&self, place: PlaceId) -> &str {
        self.places.get(place).map_or("", |place| &place.pointer)
    }

    /// Returns the unread members, and the members that were asked for, by their pointers.
    pub(super) fn counts(&self) -> [Vec<Counted>; 2] {
        let (mut unread, mut read) = (BTreeMap::new(), BTreeMap::new());
        for place in &self.places {
            for (names, counts) in [(&place.unread, &mut unread), (&place.read, &mut read)] {
                counts.extend(names.iter().map(|(name, count)| (below(&place.pointer, name), count)));
            }
        }
        [unread, read].map(|counts| counts.into_iter().map(|(pointer, count)| Counted { pointer, count }).collect())
    }
}

/// A member of an object.
struct Member<'e> {
    name: Cow<'e, str>,
    json: &'e str,
    /// `true` if it was asked for.
    asked: Cell<bool>,
}

/// An object, by its members. A present member that cannot be used is noted as a problem. When the
/// object is dropped, its members are noted as read or unread.
pub(super) struct Object<'e, 'n> {
    members: Vec<Member<'e>>,
    place: PlaceId,
    /// The positions in the lists around it, the outermost first.
    positions: Vec<usize>,
    notes: &'n RefCell<Notes<'e>>,
}

impl<'e, 'n> Object<'e, 'n> {
    /// Reads the event at a position.
    pub(super) fn event(json: &'e str, at: usize, notes: &'n RefCell<Notes<'e>>) -> Self {
        Self::read(json, EVENT, vec![at], notes)
    }

    /// Reads an object. Any other value is noted, and read as an empty object.
    fn read(json: &'e str, place: PlaceId, positions: Vec<usize>, notes: &'n RefCell<Notes<'e>>) -> Self {
        let members = members::last(json);
        let is_object = members.is_some();
        let member = |(name, json)| Member { name, json, asked: Cell::new(false) };
        let members = members.unwrap_or_default().into_iter().map(member).collect();
        let object = Self { members, place, positions, notes };
        if !is_object {
            object.unusable(ErrorCode::Type, "an object is wanted here");
        }
        object
    }

    /// Marks all members as read. The event is a repetition.
    pub(super) fn pass_over(&self) {
        self.members.iter().for_each(|member| member.asked.set(true));
    }

    /// Returns the text of a member, and notes that it was asked for.
    fn member(&self, name: &str) -> Option<&'e str> {
        let member = self.members.iter().find(|member| member.name == name)?;
        member.asked.set(true);
        Some(member.json)
    }

    /// Returns the JSON Pointer of the object.
    fn pointer(&self) -> String {
        let place = self.notes.borrow().pointer(self.place).to_owned();
        self.positions.iter().fold(place, |pointer, at| pointer.replacen('*', &at.to_string(), 1))
    }

    /// Notes that a member cannot be used.
    pub(super) fn problem(&self, name: &str, code: ErrorCode, message: &str) {
        self.note(Problem::new(code, below(&self.pointer(), name), message));
    }

    /// Notes that the word of a member is not known.
    pub(super) fn unknown(&self, name: &str, word: &str) {
        let mut notes = self.notes.borrow_mut();
        let word = UnlistedWord { source: below(notes.pointer(self.place), name).into(), word: word.to_owned() };
        let known = &mut notes.unknown_words;
        /// The largest number of unknown words that are noted.
        const MOST: usize = 16;
        if known.len() < MOST && !known.contains(&word) {
            known.push(word);
        }
    }

    /// Notes that the object cannot be used.
    pub(super) fn unusable(&self, code: ErrorCode, message: &str) {
        self.note(Problem::new(code, self.pointer(), message));
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

    /// Returns whether a member is a string that holds no JSON. It stays unread otherwise.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        let is_json = |text: Cow<'_, str>| serde_json::from_str::<IgnoredAny>(&text).is_ok();
        let is_broken = |json: &str| string::decode_lossy(json).is_some_and(|text| !is_json(text));
        let broken = self.members.iter().find(|member| member.name == name && is_broken(member.json));
        broken.map(|member| member.asked.set(true)).is_some()
    }

    /// Returns a member as an object. An absent member is an empty object.
    pub(super) fn object(&self, name: &'static str) -> Self {
        let place = self.notes.borrow_mut().inner(self.place, name, false);
        Self::read(self.get(name).unwrap_or("{}"), place, self.positions.clone(), self.notes)
    }

    /// Returns the objects of a list. Of the elements that are not objects, only the first is
    /// noted, so that a long list cannot make many problems.
    pub(super) fn objects(&self, name: &'static str) -> impl Iterator<Item = Self> {
        let elements = members::list(self.get(name).unwrap_or("[]")).unwrap_or_else(|| {
            self.problem(name, ErrorCode::Type, "a list is wanted here");
            Vec::new()
        });
        let is_noted = Cell::new(false);
        let place = self.notes.borrow_mut().inner(self.place, name, true);
        elements.into_iter().enumerate().filter_map(move |(at, json)| {
            if json.starts_with('{') {
                let positions = self.positions.iter().copied().chain([at]).collect();
                return Some(Self::read(json, place, positions, self.notes));
            }
            if !is_noted.replace(true) {
                let pointer = format!("{}/{at}", below(&self.pointer(), name));
                self.note(Problem::new(ErrorCode::Type, pointer, "an object is wanted here"));
            }
            None
        })
    }

    /// Returns a member that is a string.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'e, str>> {
        let text = string::decode_lossy(self.get(name)?);
        if text.is_none() {
            self.problem(name, ErrorCode::Type, "a string is wanted here");
        }
        text
    }

    /// Returns a member that is a string with more than white space.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty()).map(Cow::into_owned)
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
        let Some(place) = notes.places.get_mut(self.place) else { return };
        for Member { name, json, asked } in self.members.drain(..) {
            if !asked.get() {
                place.unread.add(name, 1);
            } else if json != "null" {
                place.read.add(name, 1);
            }
        }
    }
}
