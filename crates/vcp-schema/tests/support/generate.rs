//! JSON texts of messages, made from the description of a dialect. Members are present, absent or
//! null, and in any order. There are unknown members, awkward strings, known and unknown words, and
//! all spellings of numbers and timestamps.

use std::fmt::Write as _;
use vcp_schema::describe::{Kind, ObjectType, Presence};

/// The spellings of integers, with their values.
pub(crate) const INTEGERS: &[(&str, i64)] = &[
    ("0", 0),
    ("185", 185),
    ("-0", 0),
    ("185.0", 185),
    ("1.85e2", 185),
    ("1850E-1", 185),
    ("-7", -7),
    ("9223372036854775807", i64::MAX),
    ("-9223372036854775808", i64::MIN),
    ("9223372036854775807.000", i64::MAX),
    ("0.0", 0),
    ("-0e0", 0),
];

const FLOATS: &[&str] = &[
    "0",
    "0.5",
    "-0",
    "-0.0",
    "1",
    "250.0",
    "0.00002",
    "1e-400",
    "5e-324",
    "1.7976931348623157E+308",
    "123456789012345678901234567890",
    "0.1000000000000000055511151231257827",
    "9007199254740993",
    "-1e16",
    "1760443200123456.25",
    "1583184681842214.2",
];

/// Numbers for free-form data. None of them may change its value.
const NUMBERS: &[&str] =
    &["0", "7", "-0", "1.10", "1E+300", "-1E-400", "123456789012345678901234567890", "0.30000000000000000000001"];

/// Strings as JSON may spell them, without the quotes.
const STRINGS: &[&str] = &[
    "",
    "a",
    "\\u0041",
    "é",
    "\\u00e9",
    "😀",
    "\\ud83d\\ude00",
    "\\\"",
    "\\\\",
    "\\/",
    "/",
    "\\n\\r\\t\\b\\f",
    "\\u0000",
    "\u{7f}",
    "\u{2028}",
    "\u{feff}",
    "\u{10ffff}",
    "\\uffff",
    "null",
    "from_",
    "a b",
    "{\\\"a\\\":1}",
    "%s'; --",
];

const TIMES: &[&str] = &[
    "2026-10-14T12:00:00Z",
    "2026-10-14 12:00:00",
    "2026-10-14T12:00:00",
    "2026-10-14t12:00:00.5z",
    "2026-10-14T12:00:00.123456789+14:00",
    "2026-10-14 12:00:00.100-00:00",
    "2024-02-29T23:59:59+00:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
];

const SPACES: &[&str] = &["", "", "", " ", "\n", "\r\n\t"];

/// A source of random bytes. It gives zeros after its end.
pub(crate) struct Source<'b>(pub(crate) &'b [u8]);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// Returns a number below `n`.
    fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n
    }

    fn one<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// Returns the text of a message that can be read.
pub(crate) fn message(object: &ObjectType, bytes: &[u8]) -> String {
    let mut maker = Maker { source: Source(bytes), out: String::new(), depth: 0 };
    maker.space();
    maker.object(object);
    maker.space();
    maker.out
}

struct Maker<'b> {
    source: Source<'b>,
    out: String,
    depth: usize,
}

impl Maker<'_> {
    fn space(&mut self) {
        let space = *self.source.one(SPACES);
        self.out.push_str(space);
    }

    fn push(&mut self, choices: &[&str]) {
        let choice = *self.source.one(choices);
        self.out.push_str(choice);
    }

    fn quoted(&mut self, text: &str) {
        let _ = write!(self.out, "\"{text}\"");
    }

    fn string(&mut self) {
        self.out.push('"');
        for _ in 0..=self.source.below(3) {
            self.push(STRINGS);
        }
        self.out.push('"');
    }

    fn value(&mut self, kind: &Kind) {
        match kind {
            Kind::Text => self.string(),
            Kind::Integer => {
                let (spelling, _) = *self.source.one(INTEGERS);
                self.out.push_str(spelling);
            }
            Kind::Float => self.push(FLOATS),
            Kind::Boolean => self.push(&["false", "true"]),
            Kind::Timestamp => {
                let time = *self.source.one(TIMES);
                self.quoted(time);
            }
            Kind::Version(version) => self.quoted(version.as_str()),
            Kind::Word(list) => match self.source.byte() {
                0..=223 => {
                    let word = *self.source.one(list.words);
                    self.quoted(word);
                }
                _ => self.string(),
            },
            Kind::FreeForm => self.members(|maker| maker.anything()),
            Kind::List(element) => {
                let length = self.source.below(4);
                self.list(length, |maker| maker.value(element));
            }
            Kind::Map(words, value) => {
                let names: Vec<String> = match words {
                    Some(list) => list.words.iter().map(|word| (*word).to_owned()).chain(["xyz".to_owned()]).collect(),
                    None => (0..4).map(|n| format!("{}{n}", self.source.one(STRINGS))).collect(),
                };
                let first = self.source.below(names.len());
                let count = self.source.below(4);
                let chosen = names.iter().cycle().skip(first).take(count.min(names.len()));
                self.open('{');
                for (at, name) in chosen.enumerate() {
                    self.name(at, name);
                    self.value(value);
                }
                self.close('}');
            }
            Kind::Object(object) => self.object(object),
            Kind::TextOr(other) => match self.source.below(3) {
                0 => self.string(),
                _ => self.value(other),
            },
            Kind::OrNull(value) => match self.source.below(3) {
                0 => self.out.push_str("null"),
                _ => self.value(value),
            },
            other => panic!("no values of {other:?} are made"),
        }
    }

    fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.space();
    }

    fn close(&mut self, bracket: char) {
        self.space();
        self.out.push(bracket);
    }

    fn name(&mut self, at: usize, name: &str) {
        if at > 0 {
            self.out.push(',');
            self.space();
        }
        self.quoted(name);
        self.space();
        self.out.push(':');
        self.space();
    }

    fn list(&mut self, length: usize, mut element: impl FnMut(&mut Self)) {
        self.open('[');
        for at in 0..length {
            if at > 0 {
                self.out.push(',');
                self.space();
            }
            element(self);
        }
        self.close(']');
    }

    /// Writes the members of a free-form object. A name may appear twice.
    fn members(&mut self, mut value: impl FnMut(&mut Self)) {
        self.open('{');
        for at in 0..self.source.below(4) {
            let name = match self.source.byte() {
                1 => "\\ud800",
                _ => *self.source.one(STRINGS),
            };
            self.name(at, name);
            value(self);
        }
        self.close('}');
    }

    /// Writes any JSON value.
    fn anything(&mut self) {
        self.depth += 1;
        match (self.source.byte(), self.depth) {
            (1, _) => self.push(&["1e400", "\"\\udfff\"", "\"\\ud800x\""]),
            (2, 1) => {
                // Free-form data is kept as text, so any depth may pass.
                let depth = usize::from(self.source.byte());
                let _ = write!(self.out, "{}{}", "[".repeat(depth + 1), "]".repeat(depth + 1));
            }
            (0..=40, _) => self.out.push_str("null"),
            (41..=80, _) => self.push(&["true", "false"]),
            (81..=140, _) => self.push(NUMBERS),
            (141..=170, 1..4) => {
                let length = self.source.below(4);
                self.list(length, |maker| maker.anything());
            }
            (171..=200, 1..4) => self.members(|maker| maker.anything()),
            _ => self.string(),
        }
        self.depth -= 1;
    }

    fn object(&mut self, object: &ObjectType) {
        let mut names: Vec<String> = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        for field in object.fields() {
            for name in [Some(field.name), field.alias].into_iter().flatten() {
                let presence = if name == field.name { field.presence } else { Presence::Optional };
                let text = match (presence, self.source.below(8)) {
                    (Presence::Required, _) | (_, 3..) => self.apart(|maker| maker.value(&field.kind)),
                    (Presence::Optional, 2) => "null".to_owned(),
                    _ => continue,
                };
                names.push(name.to_owned());
                texts.push(text);
            }
        }
        for at in 0..self.source.below(3) {
            names.push(format!("{}x{at}", self.source.one(STRINGS)));
            texts.push(self.apart(Self::anything));
        }
        // The order starts anywhere and runs forwards or backwards.
        let start = self.source.below(names.len().max(1));
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.rotate_left(start);
        if self.source.below(2) == 1 {
            order.reverse();
        }
        self.open('{');
        for (nth, at) in order.into_iter().enumerate() {
            self.name(nth, &names[at]);
            self.out.push_str(&texts[at]);
        }
        self.close('}');
    }

    /// Returns the text that `make` writes, without adding it to the output.
    fn apart(&mut self, make: impl FnOnce(&mut Self)) -> String {
        let before = std::mem::take(&mut self.out);
        make(self);
        std::mem::replace(&mut self.out, before)
    }
}
