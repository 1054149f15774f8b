//! A check that a text is a message, without building the message.
//!
//! It accepts the same texts as [`crate::read`], follows the description of the model, and keeps no
//! values.

use crate::{
    Timestamp,
    describe::{Kind, ObjectType, Presence},
    json::{is_number, number, reader::Reader, string::Quoted},
    read::Budget,
};
use std::borrow::Cow;

/// Returns whether a text is a value of this kind. The caller has checked the length of the text.
pub(crate) fn fits(text: &str, kind: &'static Kind, members: usize) -> bool {
    let mut check = Check { json: Reader::new(text), budget: Budget::new(members) };
    check.value(kind).is_some() && check.json.end().is_ok()
}

/// A check of a text. Its functions read the next value, and return `None` if it does not fit.
struct Check<'t> {
    json: Reader<'t>,
    /// The number of members and elements that may still be read.
    budget: Budget,
}

impl<'t> Check<'t> {
    fn value(&mut self, kind: &'static Kind) -> Option<()> {
        match kind {
            Kind::OrNull(kind) => self.value_or_null(kind),
            Kind::Object(object) => self.object(object),
            Kind::Map(_, kind) => self.map(kind),
            Kind::List(kind) => self.list(kind),
            Kind::TextOr(kind) if self.json.peek() == b'{' => self.value(kind),
            Kind::TextOr(_) | Kind::Text | Kind::Word(_) => self.text().map(drop),
            Kind::Boolean => must(matches!(self.raw()?, "true" | "false")),
            Kind::Timestamp => must(self.text()?.parse::<Timestamp>().is_ok()),
            Kind::Version(version) => must(self.text()? == version.as_str()),
            Kind::Integer => must(number::integer(self.raw()?).is_ok()),
            Kind::Float => {
                let text = self.raw()?;
                // Fewer than 300 digits without an exponent cannot exceed a double.
                let is_small = || text.len() < 300 && !text.contains(['e', 'E']);
                must(is_number(text) && (is_small() || text.parse::<f64>().is_ok_and(f64::is_finite)))
            }
            Kind::FreeForm => must(self.raw()?.starts_with('{')),
        }
    }

    fn value_or_null(&mut self, kind: &'static Kind) -> Option<()> {
        if self.json.peek() == b'n' { self.raw().map(drop) } else { self.value(kind) }
    }

    /// Reads a value as text.
    fn raw(&mut self) -> Option<&'t str> {
        self.json.value(|_| {}).ok()
    }

    fn text(&mut self) -> Option<Cow<'t, str>> {
        Quoted::of(self.raw()?)?.decode()
    }

    fn list(&mut self, kind: &'static Kind) -> Option<()> {
        must(self.json.peek() == b'[')?;
        let mut more = self.json.enter().ok()?;
        while more {
            self.value(kind)?;
            self.budget.pay()?;
            more = self.json.more(b']').ok()?;
        }
        Some(())
    }

    fn map(&mut self, kind: &'static Kind) -> Option<()> {
        let mut names = Names::default();
        self.members(|check, name| {
            check.value(kind)?;
            names.0.push(name);
            Some(())
        })?;
        names.are_distinct()
    }

    fn object(&mut self, object: &'static ObjectType) -> Option<()> {
        // Bit `n` is set once member `n` was read.
        let (mut seen, mut next) = (0_u64, 0_u8);
        let mut unknown = Names::default();
        self.members(|check, name| {
            let Some((at, field)) = object.field_from(next, &name) else {
                check.raw()?;
                unknown.0.push(name);
                return Some(());
            };
            if field.name != name {
                // Reading either uses the alias as the member or keeps it as an unknown member.
                unknown.0.push(name);
                return check.value_or_null(&Kind::Text);
            }
            next = at + 1;
            must(seen & 1 << at == 0)?;
            seen |= 1 << at;
            match field.presence {
                Presence::Optional => check.value_or_null(&field.kind),
                _ => check.value(&field.kind),
            }
        })?;
        must(object.missing(seen) == 0)?;
        unknown.are_distinct()
    }

    /// Reads the members of an object. `member` gets each name and reads its value.
    fn members(&mut self, mut member: impl FnMut(&mut Self, Cow<'t, str>) -> Option<()>) -> Option<()> {
        must(self.json.peek() == b'{')?;
        let mut more = self.json.enter().ok()?;
        while more {
            let name = self.json.name().ok()?.decode()?;
            self.budget.pay()?;
            member(self, name)?;
            more = self.json.more(b'}').ok()?;
        }
        Some(())
    }
}

/// Returns `None` unless the value is good.
fn must(is_good: bool) -> Option<()> {
    is_good.then_some(())
}

/// Names that must be distinct.
#[derive(Default)]
struct Names<'t>(Vec<Cow<'t, str>>);

impl Names<'_> {
    fn are_distinct(mut self) -> Option<()> {
        self.0.sort_unstable();
        must(self.0.windows(2).all(|pair| pair.first() != pair.last()))
    }
}
