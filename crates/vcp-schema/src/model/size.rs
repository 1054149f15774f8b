//! The size of a message as text, without writing it.

use crate::{Capability, OrderedMap, RawJson, RawObject, Timestamp, VcpVersion, read::Name};

/// The size of a message, counted as its reader counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    /// A lower bound of the length of the text, in bytes.
    pub(crate) least: usize,
    /// An upper bound of the length of the text, in bytes.
    pub(crate) bytes: usize,
    /// The exact number of members and elements that a reader builds.
    pub(crate) members: usize,
}

impl Size {
    /// Adds a member: its name, the quotes, the colon and the comma.
    pub(crate) fn member(&mut self, name: &str) {
        self.members += 1;
        // The first member has no comma.
        self.add(name.len() + 3, name.len().saturating_mul(6).saturating_add(4));
    }

    /// Adds an element and its comma.
    fn element(&mut self) {
        self.members += 1;
        self.add(0, 1);
    }

    /// Adds a string. An escape takes at most six bytes for one.
    pub(crate) fn text(&mut self, text: &str) {
        self.add(text.len() + 2, text.len().saturating_mul(6).saturating_add(2));
    }

    /// Adds a value whose length is between two bounds.
    pub(crate) fn add(&mut self, least: usize, most: usize) {
        // No more than the message takes in memory, so this is within a word.
        self.least += least;
        self.bytes = self.bytes.saturating_add(most);
    }
}

/// A type whose size is known without writing it.
pub(crate) trait Measure {
    fn add_to(&self, size: &mut Size);
}

macro_rules! measure {
    ($($Type:ty, |$value:ident| $least:expr, $most:expr;)*) => { $(
        impl Measure for $Type {
            fn add_to(&self, size: &mut Size) {
                let $value = self;
                size.add($least, $most);
            }
        }
    )* };
}

measure! {
    bool, |_value| 4, 5;
    i64, |_value| 1, 20;
    f64, |_value| 3, 25;
    // The longest time has nine digits of a fraction and an offset.
    Timestamp, |_value| 1, 40;
    VcpVersion, |_value| 5, 5;
    RawJson, |json| json.as_str().len(), json.as_str().len();
    RawObject, |json| json.as_str().len(), json.as_str().len();
}

impl Measure for String {
    fn add_to(&self, size: &mut Size) {
        size.text(self);
    }
}

impl<T: Measure> Measure for Vec<T> {
    fn add_to(&self, size: &mut Size) {
        size.add(2, 2);
        for element in self {
            size.element();
            element.add_to(size);
        }
    }
}

impl<K: Name, V: Measure> Measure for OrderedMap<K, V> {
    fn add_to(&self, size: &mut Size) {
        size.add(2, 2);
        for (name, value) in self.iter() {
            size.member(name.as_name());
            value.add_to(size);
        }
    }
}

impl Measure for Capability {
    fn add_to(&self, size: &mut Size) {
        match self {
            Self::Name(name) => name.add_to(size),
            Self::Invocation(invocation) => invocation.add_to(size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, VcpMessage};

    #[test]
    fn the_length_of_the_text_is_between_the_bounds() {
        let mut messages: Vec<VcpMessage> = [
            include_str!("../../tests/data/minimal.json"),
            include_str!("../../tests/data/full.json"),
            include_str!("../jsonschema/example-0.5.json"),
        ]
        .map(|text| VcpMessage::from_json(text).unwrap())
        .into();
        let mut short = messages[0].clone();
        short.vcp_payload.outcomes.user_satisfaction_score = Some(f64::NAN);
        short.vcp_payload.call.call_id = "\u{1}\u{2}".to_owned();
        messages.push(short);
        for message in messages {
            let (mut size, length) = (Size::default(), message.to_json().len());
            message.add_to(&mut size);
            assert!((size.least..=size.bytes).contains(&length), "{length} is not within {size:?}");
            let within = |bytes| message.check_limits(&Limits::default().text_bytes(bytes)).is_ok();
            assert!(within(length) && !within(length - 1) && !within(size.least - 1));
        }
    }
}
