//! The members of rows by their places, so that reading a row compares no names.

use super::{
    check::Check,
    form::Conversation,
    paths::{InList, RowMembers, below},
};

/// A member of rows: the place of the cell that its path begins with, and the rest of the path.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    at: usize,
    rest: Box<str>,
}

impl Column {
    pub(crate) fn new(members: &RowMembers, path: &str) -> Option<Self> {
        members.place(path).map(|(at, rest)| Self { at, rest: rest.into() })
    }

    /// Returns the value in a row, unless it is null.
    #[inline]
    pub(crate) fn get<'p>(&self, row: &[Option<&'p str>]) -> Option<&'p str> {
        let cell = row.get(self.at).copied().flatten()?;
        let value = if self.rest.is_empty() { cell } else { below(cell, &self.rest)? };
        Some(value).filter(|value| *value != "null")
    }
}

/// The members of rows that the reader of turns reads, by their keys in the rule file.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) role: Vec<Column>,
    pub(crate) text: Option<Column>,
    pub(crate) start: Option<Column>,
    pub(crate) end: Option<Column>,
    pub(crate) words: Option<Column>,
    pub(crate) speech_ms: Option<Column>,
    pub(crate) cut_off: Option<Column>,
    pub(crate) latency: Vec<Column>,
    pub(crate) order_by: Vec<Column>,
    /// The columns of `words_of`, in its order.
    pub(crate) words_of: Vec<Column>,
    /// The lists with parts of the text, and the ways into them.
    pub(crate) text_parts: Vec<(Column, Vec<InList>)>,
    /// The checks of members of a row. A row that passes one was not spoken.
    pub(crate) not_spoken: Vec<(Column, Check)>,
}

impl Columns {
    /// Finds the columns of a rule file. `members` has the members of all its paths.
    pub(crate) fn new(
        rules: &Conversation,
        members: &RowMembers,
        text_parts: Vec<(String, Vec<InList>)>,
        not_spoken: impl Iterator<Item = (String, Check)>,
    ) -> Self {
        let column = |path: &String| Column::new(members, path);
        let columns = |paths: &[String]| paths.iter().filter_map(column).collect();
        Self {
            role: columns(&rules.role),
            text: column(&rules.text),
            start: rules.start.as_ref().and_then(|clock| column(&clock.path)),
            end: rules.end.as_ref().and_then(|clock| column(&clock.path)),
            words: rules.words.as_ref().and_then(|words| column(&words.path)),
            speech_ms: rules.speech_ms.as_ref().and_then(column),
            cut_off: rules.cut_off.as_ref().and_then(column),
            latency: columns(&rules.latency),
            order_by: columns(&rules.order_by),
            words_of: rules.words_of.keys().filter_map(column).collect(),
            text_parts: text_parts.into_iter().filter_map(|(list, ways)| Some((column(&list)?, ways))).collect(),
            not_spoken: not_spoken.filter_map(|(path, check)| Some((column(&path)?, check))).collect(),
        }
    }
}
