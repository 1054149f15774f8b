//! The size of a message as text, without writing it.

use crate::{Capability, OrderedMap, RawJson, RawObject, Timestamp, VcpVersion, read::Name};

/// The size of a message, counted as its reader counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    /// A lower bound of the length of the text, in bytes: the free-form values and strings.
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
        self.bytes = self.bytes.saturating_add(2);
        self.text(name);
    }

    /// Adds an element and its comma.
    fn element(&mut self) {
        self.members += 1;
        self.bytes = self.bytes.saturating_add(1);
    }

    /// Adds a string. An escape takes at most six bytes for one.
    pub(crate) fn text(&mut self, text: &str) {
        self.least = self.least.saturating_add(text.len());
        self.raw(text.len().saturating_mul(6).saturating_add(2));
    }

    /// Adds a value that is written as it is.
    fn free(&mut self, json: &str) {
        self.least = self.least.saturating_add(json.len());
        self.raw(json.len());
    }

    /// Adds a value of at most this length.
    pub(crate) fn raw(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// A type whose size is known without writing it.
pub(crate) trait Measure {
    fn add_to(&self, size: &mut Size);
}

macro_rules! measure {
    ($($Type:ty, |$value:ident| $bytes:expr;)*) => { $(
        impl Measure for $Type {
            fn add_to(&self, size: &mut Size) {
                let $value = self;
                size.raw($bytes);
            }
        }
    )* };
}

measure! {
    bool, |_value| 5;
    i64, |_value| 20;
    f64, |_value| 25;
    // The longest time has nine digits of a fraction and an offset.
    Timestamp, |_value| 40;
    VcpVersion, |_value| 5;
}

impl Measure for RawJson {
    fn add_to(&self, size: &mut Size) {
        size.free(self.as_str());
    }
}

impl Measure for RawObject {
    fn add_to(&self, size: &mut Size) {
        size.free(self.as_str());
    }
}

impl Measure for String {
    fn add_to(&self, size: &mut Size) {
        size.text(self);
    }
}

impl<T: Measure> Measure for Vec<T> {
    fn add_to(&self, size: &mut Size) {
        size.raw(2);
        for element in self {
            size.element();
            element.add_to(size);
        }
    }
}

impl<K: Name, V: Measure> Measure for OrderedMap<K, V> {
    fn add_to(&self, size: &mut Size) {
        size.raw(2);
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
