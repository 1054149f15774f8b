//! The reading of one event.

use crate::{
    engine::{transform, value::Made},
    report::Problem,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};
use vcp_schema::{
    ErrorCode,
    json::{members, string},
};

/// An object, by its members. A present member that cannot be used is noted as a problem.
pub(super) struct Object<'e, 'n> {
    members: HashMap<String, &'e str>,
    /// The JSON Pointer of the object.
    pointer: String,
    problems: &'n RefCell<Vec<Problem>>,
}

impl<'e, 'n> Object<'e, 'n> {
    /// Reads an object. Any other value is noted, and read as an empty object.
    pub(super) fn read(json: &'e str, pointer: String, problems: &'n RefCell<Vec<Problem>>) -> Self {
        let members = members::last(json).unwrap_or_else(|| {
            problems.borrow_mut().push(Problem::new(ErrorCode::Type, pointer.as_str(), "an object is wanted here"));
            Vec::new()
        });
        Self {
            members: members.into_iter().map(|(name, value)| (name.into_owned(), value)).collect(),
            pointer,
            problems,
        }
    }

    /// Notes that a member cannot be used.
    pub(super) fn problem(&self, name: &str, code: ErrorCode, message: &str) {
        self.problems.borrow_mut().push(Problem::new(code, format!("{}/{name}", self.pointer), message));
    }

    /// Returns a member that is present and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'e str> {
        self.members.get(name).copied().filter(|json| *json != "null")
    }

    /// Returns whether a member is present and null.
    pub(super) fn is_null(&self, name: &str) -> bool {
        self.members.get(name) == Some(&"null")
    }

    /// Returns a member as an object. An absent member is an empty object.
    pub(super) fn object(&self, name: &str) -> Self {
        Self::read(self.get(name).unwrap_or("{}"), format!("{}/{name}", self.pointer), self.problems)
    }

    /// Returns the objects of a list. Of the elements that are not objects, only the first is
    /// noted, so that a long list cannot make many problems.
    pub(super) fn objects(&self, name: &str) -> impl Iterator<Item = Self> {
        let elements = members::list(self.get(name).unwrap_or("[]")).unwrap_or_else(|| {
            self.problem(name, ErrorCode::Type, "a list is wanted here");
            Vec::new()
        });
        let is_noted = Cell::new(false);
        elements.into_iter().enumerate().filter_map(move |(at, json)| {
            let at = format!("{name}/{at}");
            if json.starts_with('{') {
                return Some(Self::read(json, format!("{}/{at}", self.pointer), self.problems));
            }
            if !is_noted.replace(true) {
                self.problem(&at, ErrorCode::Type, "an object is wanted here");
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
