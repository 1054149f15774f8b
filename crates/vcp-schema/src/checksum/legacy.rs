//! The text that the published Python reference hashes (`DECISIONS.md` 3). It is
//! `json.dumps(message.model_dump(), sort_keys=True, default=str)` of the modelled fields, byte by
//! byte.
//!
//! The text is written straight from the message. The order of the members is computed at compile
//! time.

use super::{ChecksumError, python};
use crate::json::text;
use crate::{
    Capability, ErrorCode, FieldPath, OrderedMap, RawJson, RawObject, Timestamp, VcpMessage, VcpVersion, read::Name,
    write::WriteFault,
};
use std::fmt::Write as _;

/// Returns the text of a message. The depth may be at most `deepest`.
pub(super) fn text(message: &VcpMessage, deepest: usize) -> Result<String, ChecksumError> {
    let mut dump = Dump { out: String::with_capacity(8192), depth: 0, deepest, fault: None };
    message.dump(&mut dump);
    dump.fault.map_or(Ok(dump.out), Err)
}

/// The Python text while it is built.
pub(crate) struct Dump {
    out: String,
    depth: usize,
    deepest: usize,
    /// The first fault that was found.
    fault: Option<ChecksumError>,
}

/// A type that can be written as the Python reference writes it.
pub(crate) trait ToPython {
    fn dump(&self, dump: &mut Dump);
}

/// A modelled member of `M`. `name` includes the quotes and the colon. `value` writes the value.
pub(crate) struct Member<M> {
    name: &'static str,
    value: fn(&M, &mut Dump),
}

impl<M> Clone for Member<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Member<M> {}

impl<M> Member<M> {
    pub(crate) const fn new(name: &'static str, value: fn(&M, &mut Dump)) -> Self {
        Self { name, value }
    }
}

/// Returns the members sorted by their names.
#[expect(clippy::indexing_slicing, reason = "run by the compiler, which has no iterators there")]
pub(crate) const fn sorted<M, const N: usize>(mut members: [Member<M>; N]) -> [Member<M>; N] {
    let mut at = 1;
    while at < N {
        let mut to = at;
        while to > 0 && is_before(members[to].name.as_bytes(), members[to - 1].name.as_bytes()) {
            let moved = members[to];
            members[to] = members[to - 1];
            members[to - 1] = moved;
            to -= 1;
        }
        at += 1;
    }
    members
}

#[expect(clippy::indexing_slicing, reason = "run by the compiler, which has no iterators there")]
const fn is_before(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at < b.len() && (at == a.len() || a[at] < b[at])
}

impl Dump {
    /// Writes the modelled members of an object, except `checksum`. Unknown members are left out.
    pub(crate) fn object<M>(&mut self, object: &M, members: &[Member<M>]) {
        let others = members.iter().filter(|member| member.name != "\"checksum\": ");
        self.nest('{', '}', others, |dump, member| {
            dump.out.push_str(member.name);
            (member.value)(object, dump);
        });
    }

    fn nest<T>(&mut self, open: char, close: char, content: impl Iterator<Item = T>, write: impl Fn(&mut Self, T)) {
        self.depth += 1;
        self.out.push(open);
        let mut separator = "";
        for item in content {
            self.out.push_str(separator);
            separator = ", ";
            write(self, item);
        }
        self.out.push(close);
        self.depth -= 1;
    }

    fn free_form(&mut self, json: &str) {
        // The printer recurses, so the depth must be checked first.
        let left = self.deepest.checked_sub(self.depth);
        if left.is_none_or(|left| text::is_deeper_than(json, left)) {
            let message = format!("the message is nested deeper than {}", self.deepest);
            self.fail(ErrorCode::Limit, message);
        } else {
            python::free_form(json, &mut self.out);
        }
    }

    /// Reports an unknown member that has the name of a modelled one. Other unknown members are
    /// left out.
    pub(crate) fn unknown<'n>(&mut self, mut names: impl Iterator<Item = &'n String>, modelled: &[&str]) {
        if names.any(|name| modelled.contains(&name.as_str())) {
            self.fail(WriteFault::Shadowed.code(), WriteFault::Shadowed.message());
        }
    }

    /// Writes a text as Python writes a string.
    pub(crate) fn text(&mut self, text: &str) {
        python::quoted(text, &mut self.out);
    }

    fn fail(&mut self, code: ErrorCode, message: impl Into<String>) {
        self.fault.get_or_insert_with(|| ChecksumError::new(code, FieldPath::root(), message));
    }
}

macro_rules! to_python {
    ($($Type:ty, |$value:ident, $dump:ident| $write:expr;)*) => { $(
        impl ToPython for $Type {
            fn dump(&self, $dump: &mut Dump) {
                let $value = self;
                $write;
            }
        }
    )* };
}

to_python! {
    String, |text, dump| python::quoted(text, &mut dump.out);
    bool, |yes, dump| dump.out.push_str(if *yes { "true" } else { "false" });
    i64, |number, dump| write!(dump.out, "{number}").unwrap_or_default();
    f64, |number, dump| {
        if !number.is_finite() {
            dump.fail(WriteFault::NotFinite.code(), WriteFault::NotFinite.message());
        }
        python::float(*number, &mut dump.out);
    };
    Timestamp, |time, dump| {
        dump.out.push('"');
        dump.out.push_str(time.in_python().as_str());
        dump.out.push('"');
    };
    VcpVersion, |version, dump| python::quoted(version.as_str(), &mut dump.out);
    RawJson, |json, dump| dump.free_form(json.as_str());
    RawObject, |json, dump| dump.free_form(json.as_str());
    Capability, |capability, dump| match capability {
        Capability::Name(name) => name.dump(dump),
        Capability::Invocation(invocation) => invocation.dump(dump),
    };
}

impl<T: ToPython> ToPython for Option<T> {
    fn dump(&self, dump: &mut Dump) {
        match self {
            Some(value) => value.dump(dump),
            None => dump.out.push_str("null"),
        }
    }
}

impl<T: ToPython> ToPython for Vec<T> {
    fn dump(&self, dump: &mut Dump) {
        dump.nest('[', ']', self.iter(), |dump, element| element.dump(dump));
    }
}

impl<K: Name, V: ToPython> ToPython for OrderedMap<K, V> {
    fn dump(&self, dump: &mut Dump) {
        let mut members: Vec<(&str, &V)> = self.iter().map(|(name, value)| (name.as_name(), value)).collect();
        // The bytes of UTF-8 sort in the same order as the code points.
        members.sort_by_key(|(name, _)| *name);
        dump.nest('{', '}', members.into_iter(), |dump, (name, value)| {
            python::quoted(name, &mut dump.out);
            dump.out.push_str(": ");
            value.dump(dump);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Audit;

    #[test]
    fn members_stand_in_order_without_the_checksum() {
        let audit =
            Audit::builder().received_at("2026-10-14T12:00:00Z".parse::<Timestamp>().unwrap()).schema_version("0.5");
        let mut dump = Dump { out: String::new(), depth: 0, deepest: 128, fault: None };
        audit.checksum("00").build().dump(&mut dump);
        assert_eq!(
            dump.out,
            "{\"processed_at\": null, \"processing_duration_ms\": null, \"received_at\": \"2026-10-14 12:00:00+00:00\", \
             \"schema_version\": \"0.5\", \"validation_errors\": null}"
        );
        assert_eq!(dump.fault, None);
    }

    #[test]
    fn names_sort_as_python_sorts_them() {
        for (a, b) in [("call", "call_id"), ("A", "a"), ("", "a"), ("aging", "ahead")] {
            assert!(is_before(a.as_bytes(), b.as_bytes()) && !is_before(b.as_bytes(), a.as_bytes()));
            assert!(!is_before(a.as_bytes(), a.as_bytes()));
        }
    }
}
