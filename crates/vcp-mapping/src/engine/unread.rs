//! The members of values that rules read in part: those that are read, those that are unread, and
//! those of another form than the rules expect.

use super::{
    names::{Names, Order},
    transform,
    value::Made,
};
use crate::{
    report::{Counted, Problem},
    rules::{
        known::{Form, Known},
        paths,
    },
};
use vcp_schema::{
    ErrorCode, FieldPath,
    json::{
        members,
        reader::{NotJson, Reader},
        string::Quoted,
    },
};

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
    order: Order,
    /// `true` if members of an element that nobody picks are among `names`.
    has_passed_over: bool,
    /// The tallies of the known members, in their order. Empty if there was no object.
    members: Vec<Tally<'p>>,
    each: Option<Box<Tally<'p>>>,
}

impl<'p> Tally<'p> {
    /// Adds a value, whose text is known to be JSON.
    pub(crate) fn add(&mut self, known: &Known, json: &'p str) {
        if known.takes_whole(json.as_bytes().first()) {
            return self.add_whole(known, json);
        }
        // JSON that was read before is still JSON.
        let _ = self.walk(known, &mut Reader::new(json), &mut |_| {});
    }

    /// Adds the next value of a text, and returns its text. Calls `seen` with the name of each
    /// member.
    pub(super) fn walk<F: FnMut(Quoted<'p>)>(
        &mut self,
        known: &Known,
        json: &mut Reader<'p>,
        seen: &mut F,
    ) -> Result<&'p str, NotJson> {
        let (start, first) = (json.offset(), json.peek());
        match (first, known.each.as_deref()) {
            _ if known.takes_whole(Some(&first)) => {
                let text = json.value(&mut *seen)?;
                self.add_whole(known, text);
            }
            (b'{', each) => self.walk_object(known, each, json, seen)?,
            (b'[', Some(each)) => {
                let tally = self.each.get_or_insert_default();
                let mut more = json.enter()?;
                while more {
                    if known.picks.is_empty() {
                        tally.walk(each, json, seen)?;
                    } else {
                        tally.add_picked(each, &known.picks, json.value(&mut *seen)?);
                    }
                    more = json.more(b']')?;
                }
            }
            _ => self.others += usize::from(json.value(&mut *seen)? != "null"),
        }
        Ok(json.since(start))
    }

    /// Adds the members of the next object of a text.
    fn walk_object<F: FnMut(Quoted<'p>)>(
        &mut self,
        known: &Known,
        each: Option<&Known>,
        json: &mut Reader<'p>,
        seen: &mut F,
    ) -> Result<(), NotJson> {
        if self.members.is_empty() {
            self.members.resize_with(known.members.len(), Self::default);
        }
        // Known names may be among the others, so that the last object is no pattern.
        if self.has_passed_over {
            self.order = Order::default();
        }
        let (mut more, mut at) = (json.enter()?, 0);
        while more {
            let name = json.name()?;
            seen(name);
            let others = if each.is_some() { None } else { Some(&mut self.names) };
            let place = self.order.place(name, at, |at| known.members.get(at).map(|(name, _)| &**name), others);
            let member = place.and_then(|at| Some((self.members.get_mut(at)?, &known.members.get(at)?.1)));
            match (member, each) {
                (Some((tally, known)), _) => drop(tally.walk(known, json, seen)?),
                (None, Some(each)) => drop(self.each.get_or_insert_default().walk(each, json, seen)?),
                (None, None) => drop(json.value(&mut *seen)?),
            }
            (more, at) = (json.more(b'}')?, at + 1);
        }
        Ok(())
    }

    /// Adds an element of a list of which some are picked by a word.
    fn add_picked(&mut self, known: &Known, picks: &[(Box<str>, Vec<Box<str>>)], element: &'p str) {
        let is_picked = picks.iter().any(|(member, words)| paths::is_word(paths::below(element, member), words));
        if is_picked || !element.starts_with('{') {
            return self.add(known, element);
        }
        // Of any other element, only the word was read.
        self.members.resize_with(known.members.len(), Self::default);
        for (name, value) in members::last(element).unwrap_or_default() {
            let mut members = known.members.iter().zip(&mut self.members);
            match members.find(|((own, _), _)| **own == *name && picks.iter().any(|(member, _)| **member == *name)) {
                Some(((_, known), tally)) => tally.add_whole(known, value),
                None => {
                    self.has_passed_over = true;
                    self.names.add(name, 1);
                }
            }
        }
    }

    /// Adds a value that is read as a whole.
    fn add_whole(&mut self, known: &Known, json: &str) {
        if json != "null" {
            self.read += 1;
            self.odd += usize::from(known.form.is_some_and(|form| !has_form(form, json)));
        }
    }

    /// Returns whether nothing was added.
    fn is_empty(&self) -> bool {
        (self.read, self.odd, self.others) == (0, 0, 0)
            && self.names.is_empty()
            && self.members.is_empty()
            && self.each.is_none()
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
        for ((name, known), tally) in known.members.iter().zip(&self.members) {
            if !tally.is_empty() {
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
            // No number has a colon.
            (!json.contains(':') && transform::decimal(json).is_ok())
                || !matches!(transform::time(json), Made::Problem(..))
        }
        (Form::Number | Form::Time | Form::Key, _) => true,
    }
}

/// Returns the pointer of a member.
pub(crate) fn below(pointer: &str, name: &str) -> String {
    let mut below = String::with_capacity(pointer.len() + 1 + name.len());
    below.push_str(pointer);
    if name.contains(['~', '/']) {
        below.push_str(&FieldPath::root().name(name).pointer());
    } else {
        below.push('/');
        below.push_str(name);
    }
    below
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
        let headers_with_more =
            r#"[{"name":"Via","x":1,"value":3},{"name":"From","x":1,"y":2},{"name":"From","x":1,"value":5}]"#;
        let expected = [("/*/x".to_owned(), 3), ("/*/value".to_owned(), 1), ("/*/y".to_owned(), 1)];
        assert_eq!(unread(&["[name=from].value"], headers_with_more), expected);
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
