//! JSON printed again with its members in order, which is what all canonical forms have in common.

use crate::scan::{Cursor, Quoted};

/// What a canonical form says of names, strings and numbers.
pub(super) trait Style {
    /// Between two members or elements.
    const COMMA: &'static str;
    /// Between a name and its value.
    const COLON: &'static str;
    /// What names are sorted by; equal for equal names.
    type Key<'t>: Ord;

    /// Of a name as it stands between its quotes.
    fn key<'t>(&mut self, name: &'t str) -> Self::Key<'t>;
    /// Prints a string that is given as it stands between its quotes.
    fn string(&mut self, json: &str, out: &mut String);
    /// Prints a number, `true`, `false` or `null`.
    fn atom(&mut self, token: &str, out: &mut String);
}

/// Prints well-formed JSON, which is not too deep; of members with the same name the last one.
pub(super) struct Sorted<'t, 'o, S> {
    json: Cursor<'t>,
    pub(super) style: S,
    out: &'o mut String,
}

impl<'t, 'o, S: Style> Sorted<'t, 'o, S> {
    pub(super) fn new(json: &'t str, style: S, out: &'o mut String) -> Self {
        Self { json: Cursor::new(json), style, out }
    }

    /// The value that comes next, without the member at this path.
    pub(super) fn value(&mut self, without: &[&str]) {
        match self.json.peek() {
            b'{' => self.object(without),
            b'[' => self.list(),
            b'"' => self.style.string(self.json.string().raw, self.out),
            _ => self.style.atom(self.json.value(), self.out),
        }
    }

    fn list(&mut self) {
        self.json.enter();
        self.out.push('[');
        let mut separator = "";
        while self.json.element() {
            self.out.push_str(separator);
            separator = S::COMMA;
            self.value(&[]);
        }
        self.out.push(']');
    }

    /// Prints the values as they come, then puts them into their order.
    fn object(&mut self, without: &[&str]) {
        let start = self.out.len();
        let mut members = Vec::new();
        self.json.enter();
        while let Some(Quoted { raw: name, .. }) = self.json.name() {
            let below = match without {
                [first, below @ ..] if *first == name => below,
                _ => &[],
            };
            if below.is_empty() && without == [name] {
                self.json.value();
                continue;
            }
            let begin = self.out.len();
            self.value(below);
            members.push((self.style.key(name), name, begin - start..self.out.len() - start));
        }
        let values = self.out.split_off(start);
        members.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        self.out.push('{');
        let mut separator = "";
        for (at, (key, name, value)) in members.iter().enumerate() {
            if members.get(at + 1).is_some_and(|(next, ..)| next == key) {
                continue;
            }
            self.out.push_str(separator);
            separator = S::COMMA;
            self.style.string(name, self.out);
            self.out.push_str(S::COLON);
            self.out.push_str(values.get(value.clone()).unwrap_or_default());
        }
        self.out.push('}');
    }
}
