//! The members of values that rules read in part: those that are read, those that are unread, and
//! those of another form than the rules expect.

use super::{transform, value::Made};
use crate::{
    report::{Counted, Problem},
    rules::{
        known::{Form, Known},
        paths,
    },
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt,
};
use vcp_schema::{
    ErrorCode, FieldPath,
    json::{
        members::{self, Name},
        string::Quoted,
    },
};

/// The names of unread members, each with the number of objects that had it.
#[derive(Default, Clone)]
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

    /// Adds the counts of other names.
    fn join(&mut self, other: Self) {
        other.list.into_iter().for_each(|(name, count)| self.add(name, count));
    }

    /// Counts a name.
    pub(crate) fn note(&mut self, name: &Quoted<'p>) {
        if let Some((expected, count)) = self.list.get_mut(self.next)
            && name.is(expected)
        {
            (self.next, *count) = (self.next + 1, *count + 1);
            return;
        }
        self.add(name.decode_lossy(), 1);
    }

    fn add(&mut self, text: Cow<'p, str>, times: usize) {
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

/// The counts of the members of the values at one place.
#[derive(Default)]
pub(crate) struct Tally<'p> {
    /// The number of values that are not null.
    read: usize,
    /// The number of values that do not have their form.
    odd: usize,
    /// The number of values that are of another type than the rules expect.
    others: usize,
    names: Names<'p>,
    /// The tallies of the known members, by their place among them.
    members: BTreeMap<usize, Tally<'p>>,
    each: Option<Box<Tally<'p>>>,
}

impl<'p> Tally<'p> {
    /// Adds a value.
    pub(crate) fn add(&mut self, known: &Known, json: &'p str) {
        if known.whole && !known.is_read_by_members(json) {
            return self.add_whole(known, json);
        }
        // The text was walked before, so it is JSON. Reading can still fail at a string with a lone
        // surrogate, or at a number that is out of range, where neither is expected.
        let mut found = Self::default();
        let inside = Inside { known, tally: &mut found, careful: false };
        match inside.deserialize(&mut serde_json::Deserializer::from_str(json)) {
            Ok(()) => self.join(found),
            Err(_) => self.add_text(known, json),
        }
    }

    /// Adds a value that is read as a whole.
    fn add_whole(&mut self, known: &Known, json: &str) {
        if json != "null" {
            self.read += 1;
            self.odd += usize::from(known.form.is_some_and(|form| !has_form(form, json)));
        }
    }

    /// Adds a value. Takes longer than `add`, and does not fail.
    fn add_text(&mut self, known: &Known, json: &'p str) {
        if known.whole && !known.is_read_by_members(json) {
            self.add_whole(known, json);
        } else if json.starts_with(['{', '[']) {
            let inside = Inside { known, tally: self, careful: true };
            let _ = inside.deserialize(&mut serde_json::Deserializer::from_str(json));
        } else if json != "null" {
            self.others += 1;
        }
    }

    /// Adds the counts of another tally.
    fn join(&mut self, other: Self) {
        self.read += other.read;
        self.odd += other.odd;
        self.others += other.others;
        self.names.join(other.names);
        for (at, tally) in other.members {
            self.members.entry(at).or_default().join(tally);
        }
        if let Some(each) = other.each {
            self.each.get_or_insert_default().join(*each);
        }
    }

    /// Adds the members to lists. A position in a list is `*`.
    pub(crate) fn list(&self, known: &Known, pointer: &str, list: &mut Lists) {
        if self.others > 0 {
            list.unread.push(Counted { pointer: pointer.to_owned(), count: self.others });
        }
        if self.read > 0 {
            list.read.push(Counted { pointer: pointer.to_owned(), count: self.read });
        }
        if let (Some(form), 1..) = (known.form, self.odd) {
            list.problems.push(Problem::new(ErrorCode::Type, pointer, form.wanted()));
        }
        list.unread.extend(self.names.iter().map(|(name, count)| Counted { pointer: below(pointer, name), count }));
        for (at, (name, known)) in known.members.iter().enumerate() {
            if let Some(tally) = self.members.get(&at) {
                tally.list(known, &below(pointer, name), list);
            }
        }
        if let (Some(known), Some(tally)) = (&known.each, &self.each) {
            tally.list(known, &format!("{pointer}/*"), list);
        }
    }
}

/// The members inside values that rules read in part.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) unread: Vec<Counted>,
    pub(crate) read: Vec<Counted>,
    pub(crate) problems: Vec<Problem>,
}

/// Returns whether a value has a form.
fn has_form(form: Form, json: &str) -> bool {
    match (form, json.as_bytes().first()) {
        (_, Some(b'{' | b'[')) => false,
        (Form::Text, first) => first == Some(&b'"'),
        (Form::Scalar, first) => !matches!(first, Some(b't' | b'f')),
        (Form::Word, first) => matches!(first, Some(b'"' | b't' | b'f')),
        (Form::Flag, _) => transform::word_of(json).is_some_and(|word| matches!(&*word, "true" | "false")),
        (_, Some(b't' | b'f')) => false,
        (Form::Number, Some(b'"')) => transform::decimal(json).is_ok(),
        (Form::Time, Some(b'"')) => !matches!(transform::time(json), Made::Problem(..)),
        (Form::Key, Some(b'"')) => {
            transform::decimal(json).is_ok() || !matches!(transform::time(json), Made::Problem(..))
        }
        (Form::Number | Form::Time | Form::Key, _) => true,
    }
}

/// Returns the pointer of a member.
pub(crate) fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}{}", FieldPath::root().name(name).pointer())
}

/// A reader of one value, whose parts are known or unread.
struct Inside<'s, 'k, 'p> {
    known: &'k Known,
    tally: &'s mut Tally<'p>,
    /// `true` if each part is read as text first, whatever it holds.
    careful: bool,
}

impl<'p> Inside<'_, '_, 'p> {
    /// Reads the text of an object.
    fn visit(self, text: &'p str) -> Result<(), serde_json::Error> {
        serde_json::Deserializer::from_str(text).deserialize_any(self)
    }

    /// Adds a value of another type than an object or a list.
    fn other<E>(self) -> Result<(), E> {
        self.tally.others += 1;
        Ok(())
    }
}

impl<'p> DeserializeSeed<'p> for Inside<'_, '_, 'p> {
    type Value = ();

    fn deserialize<D: Deserializer<'p>>(self, json: D) -> Result<(), D::Error> {
        if self.known.whole && self.known.form.is_none() && self.known.members.is_empty() {
            self.tally.read += 1;
            return IgnoredAny::deserialize(json).map(drop);
        }
        if self.known.whole {
            let text = <&RawValue>::deserialize(json)?.get();
            if !self.known.is_read_by_members(text) {
                self.tally.add_whole(self.known, text);
                return Ok(());
            }
            return self.visit(text).map_err(serde::de::Error::custom);
        }
        json.deserialize_any(self)
    }
}

impl<'p> Visitor<'p> for Inside<'_, '_, 'p> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'p>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Name)? {
            let member = self.known.members.iter().enumerate().find(|(_, (known, _))| name.is(known));
            let (known, tally) = match (member, &self.known.each) {
                (Some((at, (_, known))), _) => (known, self.tally.members.entry(at).or_default()),
                (None, Some(each)) => (&**each, &mut **self.tally.each.get_or_insert_default()),
                (None, None) => {
                    self.tally.names.note(&name);
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if self.careful {
                tally.add_text(known, map.next_value::<&RawValue>()?.get());
            } else {
                map.next_value_seed(Inside { known, tally, careful: false })?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'p>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some(each) = self.known.each.as_deref() else {
            self.tally.others += 1;
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        let tally = self.tally.each.get_or_insert_default();
        let picks = &self.known.picks;
        if !picks.is_empty() {
            while let Some(element) = seq.next_element::<&RawValue>()? {
                let is_picked = picks.iter().any(|(member, word)| paths::has_word(element.get(), member, word));
                if is_picked || !element.get().starts_with('{') {
                    tally.add_text(each, element.get());
                    continue;
                }
                // Of any other element, only the word was read.
                for (name, value) in members::last(element.get()).unwrap_or_default() {
                    let known = each.members.iter().enumerate().find(|(_, (known, _))| ***known == *name);
                    match known.filter(|_| picks.iter().any(|(member, _)| **member == *name)) {
                        Some((at, (_, known))) => tally.members.entry(at).or_default().add_whole(known, value),
                        None => tally.names.add(name, 1),
                    }
                }
            }
            return Ok(());
        }
        if self.careful {
            while let Some(element) = seq.next_element::<&RawValue>()? {
                tally.add_text(each, element.get());
            }
            return Ok(());
        }
        while seq.next_element_seed(Inside { known: each, tally, careful: false })?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.other()
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.other()
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.other()
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.other()
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.other()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unread(paths: &[&str], json: &str) -> Vec<(String, usize)> {
        let mut known = Known::default();
        paths.iter().for_each(|path| known.add(path));
        let (mut tally, mut list) = (Tally::default(), Lists::default());
        tally.add(&known, json);
        tally.list(&known, "", &mut list);
        list.unread.into_iter().map(|unread| (unread.pointer, unread.count)).collect()
    }

    #[test]
    fn members_are_unread_at_every_depth() {
        let rows = r#"[{"role":"a","x":1,"tool":{"id":7,"age":[1]}},{"role":"b","x":2,"y/z":{},"tool":"odd"},7,null]"#;
        let expected = [("/*", 1), ("/*/x", 2), ("/*/y~1z", 1), ("/*/tool", 1), ("/*/tool/age", 1)];
        let expected: Vec<(String, usize)> = expected.map(|(pointer, count)| (pointer.to_owned(), count)).to_vec();
        assert_eq!(unread(&["[].role", "[].tool.id"], rows), expected);
        assert_eq!(unread(&["[].role", "[].x", "[].tool", "[].y/z"], rows), [("/*".to_owned(), 1)]);
        assert_eq!(unread(&["[]"], rows), []);
        assert_eq!(unread(&["a"], r#"{"a":[{"b":1}],"c":"\ud800"}"#), [("/c".to_owned(), 1)]);
    }

    #[test]
    fn an_element_that_nobody_picks_is_unread() {
        let headers = r#"[{"name":"From","value":1,"x":2},{"name":"Via","value":3},null,7]"#;
        let expected = [("/*".to_owned(), 1), ("/*/x".to_owned(), 1), ("/*/value".to_owned(), 1)];
        assert_eq!(unread(&["[name=from].value", "[name=to].value"], headers), expected);
        assert_eq!(unread(&["[name=from].value", "[].value"], headers), [("/*".to_owned(), 1), ("/*/x".to_owned(), 1)]);
    }

    #[test]
    fn many_names_take_linear_time() {
        let members: Vec<String> = (0..50_000).map(|at| format!("\"m{at}\":1")).collect();
        let row = format!("{{{}}}", members.join(","));
        let found = unread(&["[].a"], &format!("[{row},{row}]"));
        assert_eq!((found.len(), found[40_000].1), (50_000, 2));
    }
}
