//! The writer, which writes the types of the model as JSON text. Members have the order of the
//! specification (`DECISIONS.md` 1.12).

use crate::{ErrorCode, Extras, OrderedMap, RawJson, RawObject, Timestamp, VcpVersion, json::string, read::Name};
use std::fmt::Write as _;

/// A JSON text while it is written.
pub(crate) struct Writer {
    out: String,
    /// `true` if the next member or element is the first, so that it needs no comma.
    first: bool,
    /// `true` if personal and free-form values are replaced by [`MASK`].
    masked: bool,
    /// The first value that JSON cannot represent.
    fault: Option<WriteFault>,
}

/// The reason why JSON cannot represent a message. Only a message that code has set can have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteFault {
    /// A float is NaN or infinite.
    NotFinite,
    /// An unknown member has the name of a modelled member.
    Shadowed,
}

/// The text that replaces a masked value.
const MASK: &str = "\"***\"";

/// The length in bytes above which a text is masked in a line for logs.
const LONGEST_SHOWN: usize = 256;

/// A type that is written as JSON text.
pub(crate) trait ToWire {
    fn write(&self, json: &mut Writer);
}

impl WriteFault {
    pub(crate) fn code(self) -> ErrorCode {
        match self {
            Self::NotFinite => ErrorCode::Unreadable,
            Self::Shadowed => ErrorCode::Malformed,
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::NotFinite => "a float of the message is NaN or infinite",
            Self::Shadowed => "an unknown member has the name of a modelled one",
        }
    }
}

/// Returns the JSON text of a value. `capacity` is an estimate of its length in bytes.
pub(crate) fn to_text(value: &(impl ToWire + ?Sized), capacity: usize) -> String {
    Writer::run(value, capacity, false).out
}

/// Returns the JSON text of a value, or the first content that JSON cannot represent.
pub(crate) fn to_exact_text(value: &impl ToWire) -> Result<String, WriteFault> {
    let json = Writer::run(value, 4096, false);
    json.fault.map_or(Ok(json.out), Err)
}

/// Returns the JSON text of a value with masks for personal values, free-form values and the values
/// of unknown members.
pub(crate) fn to_masked_text(value: &impl ToWire) -> String {
    Writer::run(value, 4096, true).out
}

impl Writer {
    fn run(value: &(impl ToWire + ?Sized), capacity: usize, masked: bool) -> Self {
        let mut json = Self { out: String::with_capacity(capacity), first: true, masked, fault: None };
        value.write(&mut json);
        json
    }

    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.nest('{', '}', members);
    }

    fn nest(&mut self, open: char, close: char, content: impl FnOnce(&mut Self)) {
        self.out.push(open);
        self.first = true;
        content(self);
        self.first = false;
        self.out.push(close);
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
    }

    /// Writes a member. The name must need no escapes.
    pub(crate) fn member(&mut self, name: &'static str, value: &impl ToWire, personal: bool) {
        self.comma();
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        if personal && self.masked { self.raw(MASK) } else { value.write(self) }
    }

    /// Writes the unknown members of an object whose modelled members have the names `modelled`.
    pub(crate) fn unknown(&mut self, members: &Extras, modelled: &[&str]) {
        if members.keys().any(|name| modelled.contains(&name.as_str())) {
            self.fault.get_or_insert(WriteFault::Shadowed);
        }
        self.members(members);
    }

    /// Writes members. If masked, shows only names that the specification lists, and the number of
    /// other members.
    fn members<K: Name, V: ToWire>(&mut self, members: &OrderedMap<K, V>) {
        let masked = self.masked;
        let is_shown = |name: &K| !masked || K::WORDS.is_some_and(|list| list.words.contains(&name.as_name()));
        let hidden = members.keys().filter(|name| !is_shown(name)).count();
        if hidden > 0 {
            self.comma();
            self.raw(MASK);
            let _ = write!(self.out, ":{hidden}");
        }
        for (name, value) in members.iter().filter(|(name, _)| is_shown(name)) {
            self.comma();
            self.text(name.as_name());
            self.out.push(':');
            value.write(self);
        }
    }

    fn raw(&mut self, json: &str) {
        self.out.push_str(json);
    }

    fn free_form(&mut self, json: &str) {
        self.raw(if self.masked { MASK } else { json });
    }

    /// Writes a word. If masked, shows only a listed word.
    pub(crate) fn word(&mut self, word: &str, is_listed: bool) {
        if self.masked && !is_listed { self.raw(MASK) } else { self.text(word) }
    }

    fn text(&mut self, text: &str) {
        string::push(&mut self.out, text);
    }
}

impl ToWire for str {
    fn write(&self, json: &mut Writer) {
        let is_hidden = json.masked && (self.len() > LONGEST_SHOWN || may_hold_number(self));
        if is_hidden { json.raw(MASK) } else { json.text(self) }
    }
}

/// Returns whether a text may hold the number of a telephone or of a card. Some providers write
/// such numbers into the names of tools.
#[cold]
fn may_hold_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let is_part = |c: char| c.is_ascii_digit() || " -./()".contains(c);
    let is_international = |rest: &str| digits(rest.split(|c| !is_part(c)).next().unwrap_or_default()) >= 6;
    text.split('+').skip(1).any(is_international) || (text.contains(char::is_whitespace) && digits(text) >= 7)
}

impl ToWire for String {
    fn write(&self, json: &mut Writer) {
        self.as_str().write(json);
    }
}

impl ToWire for bool {
    fn write(&self, json: &mut Writer) {
        json.raw(if *self { "true" } else { "false" });
    }
}

impl ToWire for i64 {
    fn write(&self, json: &mut Writer) {
        let _ = write!(json.out, "{self}");
    }
}

impl ToWire for f64 {
    /// Writes the shortest digits that read back as the same double. Of two equally short and near
    /// texts, writes the one whose last digit is even, as Python and JavaScript do. Rust's own
    /// formatting takes the other.
    ///
    /// JSON has no NaN and no infinity. They are written as null, which no float field accepts, so
    /// that reading and validation report them.
    fn write(&self, json: &mut Writer) {
        if self.is_finite() {
            json.raw(zmij::Buffer::new().format_finite(*self));
        } else {
            json.fault.get_or_insert(WriteFault::NotFinite);
            json.raw("null");
        }
    }
}

impl ToWire for Timestamp {
    fn write(&self, json: &mut Writer) {
        let _ = write!(json.out, "\"{self}\"");
    }
}

impl ToWire for VcpVersion {
    fn write(&self, json: &mut Writer) {
        json.text(self.as_str());
    }
}

impl ToWire for RawJson {
    fn write(&self, json: &mut Writer) {
        json.free_form(self.as_str());
    }
}

impl ToWire for RawObject {
    fn write(&self, json: &mut Writer) {
        json.free_form(self.as_str());
    }
}

impl<T: ToWire> ToWire for Vec<T> {
    fn write(&self, json: &mut Writer) {
        json.nest('[', ']', |json| {
            for element in self {
                json.comma();
                element.write(json);
            }
        });
    }
}

impl<K: Name, V: ToWire> ToWire for OrderedMap<K, V> {
    fn write(&self, json: &mut Writer) {
        json.object(|json| json.members(self));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_is_escaped_as_serde_json_does(text in any::<String>()) {
            prop_assert_eq!(to_text(&text, 0), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn doubles_read_back(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
            let text = to_text(&value, 0);
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
            prop_assert!(serde_json::from_str::<f64>(&text).is_ok(), "{} is no JSON number", text);
        }
    }

    #[test]
    fn lists_and_maps() {
        let map: OrderedMap<String, Vec<i64>> =
            [("a\"".to_owned(), vec![1, -2]), ("b".to_owned(), vec![])].into_iter().collect();
        assert_eq!(to_text(&map, 0), r#"{"a\"":[1,-2],"b":[]}"#);
    }
}
