//! Printing JSON with its members sorted. All canonical forms share this step.

use crate::json::{cursor::Cursor, string::Quoted};

/// The rules of a canonical form for names, strings and numbers.
pub(super) trait Style {
    /// The separator between two members or elements.
    const COMMA: &'static str;
    /// The separator between a name and its value.
    const COLON: &'static str;
    /// The key by which names are sorted. Equal names have equal keys.
    type Key<'t>: Ord;

    /// Returns the key of a name, which is given in its JSON spelling without the quotes.
    fn key<'t>(&mut self, name: &'t str) -> Self::Key<'t>;
    /// Prints a string, which is given in its JSON spelling without the quotes.
    fn string(&mut self, json: &str, out: &mut String);
    /// Prints a number, `true`, `false` or `null`.
    fn atom(&mut self, token: &str, out: &mut String);
}

/// A printer of well-formed JSON that is within the limit on depth. Of several members with the
/// same name it prints the last.
pub(super) struct Sorted<'t, 'o, S> {
    json: Cursor<'t>,
    pub(super) style: S,
    out: &'o mut String,
}

impl<'t, 'o, S: Style> Sorted<'t, 'o, S> {
    pub(super) fn new(json: &'t str, style: S, out: &'o mut String) -> Self {
        Self { json: Cursor::new(json), style, out }
    }

    /// Prints the next value, without the member at the path `without`.
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

    /// Prints the values in the order in which they are read, then sorts them.
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
