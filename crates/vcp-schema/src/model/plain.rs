//! The check behind `VcpMessage::is_plain`. It looks at the typed message, not at its text.

use crate::{Capability, OrderedMap, RawObject, Timestamp, VcpVersion, read::Name};

/// A type whose values [`crate::VcpMessage::is_plain`] can check.
pub(crate) trait Plain {
    fn is_plain(&self) -> bool;
}

macro_rules! always_plain {
    ($($Type:ty)*) => { $(
        impl Plain for $Type {
            fn is_plain(&self) -> bool {
                true
            }
        }
    )* };
}

always_plain! { String bool i64 Timestamp VcpVersion RawObject }

impl Plain for f64 {
    fn is_plain(&self) -> bool {
        self.is_finite()
    }
}

impl<T: Plain> Plain for Option<T> {
    fn is_plain(&self) -> bool {
        self.as_ref().is_none_or(Plain::is_plain)
    }
}

impl<T: Plain> Plain for Vec<T> {
    fn is_plain(&self) -> bool {
        self.iter().all(Plain::is_plain)
    }
}

impl<K: Name, V: Plain> Plain for OrderedMap<K, V> {
    fn is_plain(&self) -> bool {
        self.iter()
            .all(|(name, value)| K::WORDS.is_none_or(|list| list.words.contains(&name.as_name())) && value.is_plain())
    }
}

impl Plain for Capability {
    fn is_plain(&self) -> bool {
        self.invocation().is_none_or(Plain::is_plain)
    }
}
