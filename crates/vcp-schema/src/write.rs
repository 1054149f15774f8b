//! Writing: types straight to JSON text, members in the order of the specification (decisions 1.12).

use crate::{OrderedMap, RawJson, RawObject, Timestamp, VcpVersion, wire::Name, words};
use std::fmt::Write as _;

/// JSON text under construction.
pub(crate) struct Writer {
    out: String,
    first: bool,
    /// Whether personal and free-form values are replaced by [`MASK`].
    masked: bool,
    /// Whether every value could be written.
    exact: bool,
}

/// What stands for a value that is not shown.
const MASK: &str = "\"***\"";

/// A type that is written as JSON text.
pub(crate) trait ToWire {
    fn write(&self, json: &mut Writer);
}

/// The JSON text of a value. `capacity` is a guess at its length.
pub(crate) fn to_text(value: &impl ToWire, capacity: usize) -> String {
    Writer::run(value, capacity, false).out
}

/// As [`to_text`]; `None` when a float is not finite, which JSON cannot say.
pub(crate) fn to_exact_text(value: &impl ToWire) -> Option<String> {
    let json = Writer::run(value, 4096, false);
    json.exact.then_some(json.out)
}

/// As [`to_text`], with personal and free-form values and those of unknown members masked.
pub(crate) fn to_masked_text(value: &impl ToWire) -> String {
    Writer::run(value, 4096, true).out
}

impl Writer {
    fn run(value: &impl ToWire, capacity: usize, masked: bool) -> Self {
        let mut json = Self { out: String::with_capacity(capacity), first: true, masked, exact: true };
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

    /// A member whose name needs no escapes.
    pub(crate) fn member(&mut self, name: &'static str, value: &impl ToWire, personal: bool) {
        self.comma();
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        if personal && self.masked { self.raw(MASK) } else { value.write(self) }
    }

    pub(crate) fn members<K: Name, V: ToWire>(&mut self, members: &OrderedMap<K, V>) {
        for (name, value) in members.iter() {
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

    /// A string, escaped as `serde_json` does: only what must be.
    fn text(&mut self, text: &str) {
        self.out.push('"');
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0x08 => "\\b",
                0x0c => "\\f",
                0..0x20 => "",
                _ => continue,
            };
            self.out.push_str(text.get(plain..at).unwrap_or_default());
            plain = at + 1;
            if escape.is_empty() {
                let _ = write!(self.out, "\\u{byte:04x}");
            } else {
                self.out.push_str(escape);
            }
        }
        self.out.push_str(text.get(plain..).unwrap_or_default());
        self.out.push('"');
    }
}

impl ToWire for String {
    fn write(&self, json: &mut Writer) {
        json.text(self);
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
    /// The shortest text that reads back as the same double. JSON has no NaN and no infinity: they become null, which no
    /// float field accepts, so that reading and validation report them.
    fn write(&self, json: &mut Writer) {
        if self.is_finite() {
            let _ = write!(json.out, "{self:?}");
        } else {
            json.exact = false;
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

macro_rules! word_write {
    ($($Type:ident)*) => { $(
        impl ToWire for words::$Type {
            fn write(&self, json: &mut Writer) {
                json.text(self.as_str());
            }
        }
    )* };
}

word_write! { ChannelType CallDirection CapabilityType ModelRole OutcomeStatus GapClass AlertLevel ConsentStatus }

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
