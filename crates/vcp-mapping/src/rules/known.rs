//! The parts of a value that rules read, at every depth. Any other part is unread (`DECISIONS.md`
//! 5.9).

/// The parts of a value that rules read.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Known {
    /// `true` if the whole value is read.
    pub(crate) whole: bool,
    /// The form that the whole value should have.
    pub(crate) form: Option<Form>,
    /// The parts of members, in the order of their names.
    pub(crate) members: Vec<(Box<str>, Known)>,
    /// The parts of the elements of a list, or of members whose names are not fixed.
    pub(crate) each: Option<Box<Known>>,
    /// The elements of the list that are read, by a member and its words. Empty if all are read.
    pub(crate) picks: Vec<(Box<str>, Vec<Box<str>>)>,
}

/// The form of a value inside a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A string.
    Text,
    /// A string or a number.
    Scalar,
    /// A string or a boolean.
    Word,
    /// A boolean, or a string that holds one.
    Flag,
    /// A number, or a string that holds one.
    Number,
    /// A time, as the transform `time` reads it.
    Time,
    /// A number or a time, by which rows are sorted.
    Key,
}

impl Form {
    /// Returns the description for people.
    pub(crate) fn wanted(self) -> &'static str {
        match self {
            Self::Text => "a string is wanted here",
            Self::Scalar => "a string or a number is wanted here",
            Self::Word => "a string or a boolean is wanted here",
            Self::Flag => "`true` or `false` is wanted here",
            Self::Number => "a number is wanted here",
            Self::Time => "a time is wanted here",
            Self::Key => "a number or a time is wanted here",
        }
    }
}

impl Known {
    /// Adds a path whose value should have a form. Of several forms, the first counts. `Text`
    /// replaces `Scalar`.
    pub(crate) fn add_as(&mut self, path: &str, form: Form) {
        let known = self.at(path);
        known.whole = true;
        known.form = match known.form {
            Some(Form::Scalar) if form == Form::Text => Some(form),
            known => known.or(Some(form)),
        };
    }

    /// Adds a path: names that are separated by dots, with `[]` or `[member=word]` behind a list.
    /// The value at its end is read as a whole. The member in brackets is read too.
    pub(crate) fn add(&mut self, path: &str) {
        self.at(path).whole = true;
    }

    /// Returns the parts of the value at the end of a path, and makes them if they are not there.
    pub(crate) fn at(&mut self, path: &str) -> &mut Self {
        let path = path.trim_start_matches('.');
        let end = path.find(['.', '[']).unwrap_or(path.len());
        match path.split_at(end) {
            ("", "") => self,
            ("", rest) => {
                let (element, rest) = rest.get(1..).and_then(|rest| rest.split_once(']')).unwrap_or_default();
                let Some((member, word)) = element.split_once('=') else { return self.each().at(rest) };
                // The list stays one of which all elements are read.
                if self.each.is_none() || !self.picks.is_empty() {
                    self.pick(member.into(), word.into());
                }
                let each = self.each.get_or_insert_default();
                each.add_as(member, Form::Text);
                each.at(rest)
            }
            (name, rest) => self.member(name).at(rest),
        }
    }

    /// Returns the parts of each element of a list. All elements are read.
    pub(crate) fn each(&mut self) -> &mut Self {
        self.picks.clear();
        self.each.get_or_insert_default()
    }

    /// Adds a word of a member by which elements are picked.
    fn pick(&mut self, member: Box<str>, word: Box<str>) {
        match self.picks.iter_mut().find(|(known, _)| *known == member) {
            Some((_, words)) if words.contains(&word) => {}
            Some((_, words)) => words.push(word),
            None => self.picks.push((member, vec![word])),
        }
    }

    /// Adds the parts that another reader of the same value reads.
    pub(crate) fn join(&mut self, other: Self) {
        self.whole |= other.whole;
        self.form = self.form.or(other.form);
        for (name, known) in other.members {
            self.member(&name).join(known);
        }
        let Some(each) = other.each else { return };
        match self.each.as_deref_mut() {
            None => (self.each, self.picks) = (Some(each), other.picks),
            Some(known) => {
                known.join(*each);
                if other.picks.is_empty() {
                    self.picks.clear();
                } else if !self.picks.is_empty() {
                    for (member, words) in other.picks {
                        words.into_iter().for_each(|word| self.pick(member.clone(), word));
                    }
                }
            }
        }
    }

    /// Returns whether a value that begins with a byte is read as a whole. One source may read the
    /// value as a text, and another one a member of it.
    pub(crate) fn takes_whole(&self, first: Option<&u8>) -> bool {
        self.whole && (self.members.is_empty() || first != Some(&b'{'))
    }

    /// Returns the parts of a member, if it has any.
    pub(crate) fn member_if_known(&self, name: &str) -> Option<&Self> {
        let at = self.members.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.members.get(at).map(|(_, known)| known)
    }

    fn member(&mut self, name: &str) -> &mut Self {
        let at = match self.members.binary_search_by(|(known, _)| (**known).cmp(name)) {
            Ok(at) => at,
            Err(at) => {
                self.members.insert(at, (name.into(), Self::default()));
                at
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the place was just found or made")]
        &mut self.members[at].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_make_a_tree() {
        let mut known = Known::default();
        known.add("a.b");
        known.add("a.list[].x");
        known.add("a.list[kind=fax].y.z");
        let [(a, known)] = known.members.as_slice() else { panic!("one member") };
        let [(b, whole), (list, listed)] = known.members.as_slice() else { panic!("two members") };
        assert_eq!((&**a, &**b, &**list, known.whole, whole.whole), ("a", "b", "list", false, true));
        let each = &listed.each.as_deref().unwrap().members;
        let names: Vec<(&str, bool)> = each.iter().map(|(name, known)| (&**name, known.whole)).collect();
        assert_eq!(names, [("kind", true), ("x", true), ("y", false)]);
    }

    #[test]
    fn elements_are_picked_unless_all_are_read() {
        let of = |paths: &[&str]| {
            let mut known = Known::default();
            paths.iter().for_each(|path| known.add(path));
            known.picks.iter().map(|(_, words)| words.len()).sum::<usize>()
        };
        assert_eq!(of(&["[a=x].b", "[a=y].b", "[a=x].c"]), 2);
        assert_eq!(of(&["[a=x].b", "[c=x].b"]), 2);
        assert_eq!(of(&["[a=x].b", "[].b"]), 0);
        assert_eq!(of(&["[].b", "[a=x].b"]), 0);
        let (mut all, mut picked) = (Known::default(), Known::default());
        all.add("[].c");
        picked.add("[a=x].b");
        picked.join(all.clone());
        assert_eq!(picked.picks, []);
        all.join(picked);
        assert_eq!(all.picks, []);
    }
}
