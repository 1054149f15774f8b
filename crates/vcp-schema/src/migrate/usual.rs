//! The usual older message, read in the pass that makes sure that it is JSON. To find out the dialect first, and read then, takes half as long again,
//! which is a tenth of an upgrade.

use super::{
    Seen,
    tree::{Arena, List, Members, Name, Node, are_distinct},
};
use crate::{
    Dialect,
    describe::{Kind, ObjectType},
};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Reads a message of an older dialect that shows before the payload, whose names are spelled without escapes and stand once, and whose objects and lists
/// are such. `None` says nothing of a text: then it is for [`super::detect`] and [`Node::read`], which give the same for these messages.
pub(super) fn read<'t>(arena: &'t Arena, text: &'t str) -> Option<(Dialect, Node<'t>)> {
    let mut json = serde_json::Deserializer::from_str(text);
    let message = json.deserialize_map(Message { arena }).ok()?;
    json.end().ok()?;
    Some(message)
}

fn unusual<E: Error>() -> E {
    E::custom("an unusual message")
}

struct Message<'t> {
    arena: &'t Arena,
}

impl<'t> Visitor<'t> for Message<'t> {
    type Value = (Dialect, Node<'t>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let arena = self.arena;
        let (mut seen, mut guess) = (Seen::default(), None);
        let mut members = Members::with_capacity_in(4, arena);
        while let Some(name) = map.next_key::<&str>()? {
            let value = if name == "vcp_payload" {
                let dialect = seen.dialect().ok().filter(|dialect| *dialect != Dialect::V05).ok_or_else(unusual)?;
                guess = Some(dialect);
                let payload = dialect.message().field(name).ok_or_else(unusual)?;
                let mut payload = map.next_value_seed(Read { arena, kind: &payload.kind })?;
                seen.inner_audit = payload.get("audit").is_some();
                payload
            } else {
                let value = map.next_value::<&RawValue>()?.get();
                seen.add(name, value);
                Node::text(arena, value)
            };
            members.push((Name::known(name), value));
        }
        let dialect = seen.dialect().map_err(|_| unusual())?;
        if dialect == Dialect::V05
            || guess != Some(dialect)
            || !are_distinct(members.iter().map(|(name, _)| name.plain()))
        {
            return Err(unusual());
        }
        for (name, value) in &mut members {
            match (name.field_from(dialect.message(), 0), &value) {
                (None, _) => name.order = Name::UNKNOWN,
                (Some((_, field)), Node::Raw(text, _)) => *value = Node::read(arena, text, &field.kind),
                _ => {}
            }
        }
        Ok((dialect, Node::Object(members)))
    }
}

/// A value below the payload.
struct Read<'t> {
    arena: &'t Arena,
    kind: &'static Kind,
}

impl<'t> Read<'t> {
    fn below(&self, kind: &'static Kind) -> Self {
        Self { arena: self.arena, kind }
    }

    fn object<A: MapAccess<'t>>(&self, object: &'static ObjectType, mut map: A) -> Result<Node<'t>, A::Error> {
        let mut members = Members::with_capacity_in(8, self.arena);
        let (mut seen, mut next, mut has_unknown) = (0_u64, 0, false);
        while let Some(name) = map.next_key::<&str>()? {
            let mut key = Name::known(name);
            let kind = if let Some((at, field)) = object.field_from(next, name) {
                let bit = 1 << at;
                if seen & bit != 0 {
                    return Err(unusual());
                }
                (seen, next) = (seen | bit, at + 1);
                &field.kind
            } else {
                (key.order, has_unknown) = (Name::UNKNOWN, true);
                &Kind::FreeForm
            };
            members.push((key, map.next_value_seed(self.below(kind))?));
        }
        let unknown = || members.iter().filter(|(name, _)| name.is_unknown()).map(|(name, _)| name.plain());
        if has_unknown && !are_distinct(unknown()) { Err(unusual()) } else { Ok(Node::Object(members)) }
    }
}

impl<'t> DeserializeSeed<'t> for Read<'t> {
    type Value = Node<'t>;

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<Node<'t>, D::Error> {
        match self.kind {
            Kind::Object(_) | Kind::Map(..) | Kind::List(_) => json.deserialize_option(self),
            kind => {
                let text = <&RawValue>::deserialize(json)?.get();
                // What may be a text or more was read to its end now.
                let may_be_more = matches!(kind, Kind::TextOr(_) | Kind::OrNull(_)) && text.starts_with(['{', '[']);
                Ok(if may_be_more { Node::read(self.arena, text, kind) } else { Node::Raw(text, self.arena) })
            }
        }
    }
}

impl<'t> Visitor<'t> for Read<'t> {
    type Value = Node<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, a list or null")
    }

    fn visit_none<E: Error>(self) -> Result<Node<'t>, E> {
        Ok(Node::Raw("null", self.arena))
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'t>, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'t>>(self, json: D) -> Result<Node<'t>, D::Error> {
        if matches!(self.kind, Kind::List(_)) { json.deserialize_seq(self) } else { json.deserialize_map(self) }
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut elements: A) -> Result<Node<'t>, A::Error> {
        let Kind::List(kind) = self.kind else { return Err(unusual()) };
        let mut list = List::new_in(self.arena);
        while let Some(element) = elements.next_element_seed(self.below(kind))? {
            list.push(element);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Node<'t>, A::Error> {
        let kind = match self.kind {
            Kind::Object(object) => return self.object(object, map),
            Kind::Map(_, kind) => *kind,
            _ => return Err(unusual()),
        };
        let mut members = Members::new_in(self.arena);
        while let Some(name) = map.next_key::<&str>()? {
            members.push((Name::known(name), map.next_value_seed(self.below(kind))?));
        }
        let names = members.iter().map(|(name, _)| name.plain());
        if are_distinct(names) { Ok(Node::Object(members)) } else { Err(unusual()) }
    }
}
