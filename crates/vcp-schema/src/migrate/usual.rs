//! The fast path for common older messages. It parses a message and detects its dialect in one
//! pass over the text. A separate pass for the dialect adds about 10 % to the time of an upgrade.

use super::{
    detect::Seen,
    tree::{Arena, Builder, Members, Name, Node, are_distinct, is_leaf, repeated},
};
use crate::{
    Dialect,
    describe::{Kind, ObjectType},
    json::cursor::Cursor,
    read::Budget,
};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Reads the common form of an older message in one pass. Returns `None` unless all of this holds:
///
/// - The dialect is known before `vcp_payload` is reached.
/// - No name of a member has escapes or appears twice in its object. Free-form data may have both.
/// - Every modelled object or list has the expected type, or is null.
/// - There are at most `members` members. This limits the memory that invalid JSON can take.
///
/// `None` does not mean that the text is invalid. Use [`super::detect`] and [`Node::read`] then.
/// For the common form they give the same result.
pub(super) fn read<'t>(arena: &'t Arena, text: &'t str, members: usize) -> Option<(Dialect, Node<'t>)> {
    let mut json = serde_json::Deserializer::from_str(text);
    let budget = Budget::new(members);
    let message = json.deserialize_map(Message(&Builder::new(arena, &budget))).ok()?;
    json.end().ok()?;
    Some(message)
}

fn unusual<E: Error>() -> E {
    E::custom("an unusual message")
}

/// Opens a value that was read as text.
fn open<'t, E: Error>(builder: &Builder<'_, 't>, text: &'t str, kind: &Kind) -> Result<Node<'t>, E> {
    let node = builder.read(&mut Cursor::new(text), kind, false).ok_or_else(unusual)?;
    if repeated(&node).is_none() { Ok(node) } else { Err(unusual()) }
}

/// A visitor of the members of a message. The kinds of the members before the payload are known
/// once the dialect is known.
struct Message<'b, 't>(&'b Builder<'b, 't>);

impl<'t> Visitor<'t> for Message<'_, 't> {
    type Value = (Dialect, Node<'t>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self(builder) = self;
        let arena = builder.arena;
        let (mut seen, mut guess) = (Seen::default(), None);
        let mut members = Members::with_capacity_in(4, arena);
        while let Some(name) = map.next_key::<&str>()? {
            let value = if name == "vcp_payload" {
                let dialect = seen.dialect().ok().filter(|dialect| *dialect != Dialect::V05).ok_or_else(unusual)?;
                guess = Some(dialect);
                let payload = dialect.message().field(name).ok_or_else(unusual)?;
                let mut payload = map.next_value_seed(Read { builder, kind: &payload.kind })?;
                seen.inner_audit = payload.get("audit").is_some();
                payload
            } else {
                let value = map.next_value::<&RawValue>()?.get();
                seen.add(name, value);
                Node::Raw(value, arena)
            };
            builder.budget.member()?;
            members.push((Name::known(name), value));
        }
        let dialect = seen.dialect().map_err(|_| unusual())?;
        if guess != Some(dialect) || !are_distinct(members.iter().map(|(name, _)| name.plain())) {
            return Err(unusual());
        }
        for (name, value) in &mut members {
            match (name.field_from(dialect.message(), 0), &value) {
                (None, _) => name.order = Name::UNKNOWN,
                (Some((_, field)), Node::Raw(text, _)) => *value = open(builder, text, &field.kind)?,
                _ => {}
            }
        }
        Ok((dialect, Node::Object(members)))
    }
}

/// A reader of the payload and the values below it.
struct Read<'b, 't> {
    builder: &'b Builder<'b, 't>,
    kind: &'static Kind,
}

impl<'t> Read<'_, 't> {
    fn below(&self, kind: &'static Kind) -> Self {
        Self { kind, ..*self }
    }

    fn object<A: MapAccess<'t>>(&self, object: &'static ObjectType, mut map: A) -> Result<Node<'t>, A::Error> {
        let mut members = Members::with_capacity_in(8, self.builder.arena);
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
            self.builder.budget.member()?;
            let value = map.next_value_seed(self.below(kind))?;
            members.push((key, value));
        }
        let unknown = || members.iter().filter(|(name, _)| name.is_unknown()).map(|(name, _)| name.plain());
        if has_unknown && !are_distinct(unknown()) { Err(unusual()) } else { Ok(Node::Object(members)) }
    }
}

impl<'t> DeserializeSeed<'t> for Read<'_, 't> {
    type Value = Node<'t>;

    fn deserialize<D: Deserializer<'t>>(self, json: D) -> Result<Node<'t>, D::Error> {
        match self.kind {
            Kind::List(element) if is_leaf(element) => match <&RawValue>::deserialize(json)?.get() {
                text if text.starts_with('[') || text == "null" => Ok(Node::Raw(text, self.builder.arena)),
                _ => Err(unusual()),
            },
            Kind::List(_) | Kind::Object(_) | Kind::Map(..) => json.deserialize_option(self),
            kind => {
                let text = <&RawValue>::deserialize(json)?.get();
                let may_be_more = matches!(kind, Kind::TextOr(_) | Kind::OrNull(_)) && text.starts_with(['{', '[']);
                if may_be_more { open(self.builder, text, kind) } else { Ok(Node::Raw(text, self.builder.arena)) }
            }
        }
    }
}

impl<'t> Visitor<'t> for Read<'_, 't> {
    type Value = Node<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, a list or null")
    }

    fn visit_none<E: Error>(self) -> Result<Node<'t>, E> {
        Ok(Node::Raw("null", self.builder.arena))
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'t>, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'t>>(self, json: D) -> Result<Node<'t>, D::Error> {
        if matches!(self.kind, Kind::List(_)) { json.deserialize_seq(self) } else { json.deserialize_map(self) }
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut elements: A) -> Result<Node<'t>, A::Error> {
        let Kind::List(kind) = self.kind else { return Err(unusual()) };
        let start = self.builder.begin_list();
        while let Some(element) = elements.next_element_seed(self.below(kind))? {
            self.builder.budget.member()?;
            self.builder.add_element(element);
        }
        Ok(self.builder.end_list(start))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Node<'t>, A::Error> {
        let kind = match self.kind {
            Kind::Object(object) => return self.object(object, map),
            Kind::Map(_, kind) => *kind,
            _ => return Err(unusual()),
        };
        let mut members = Members::new_in(self.builder.arena);
        while let Some(name) = map.next_key::<&str>()? {
            self.builder.budget.member()?;
            let value = map.next_value_seed(self.below(kind))?;
            members.push((Name::known(name), value));
        }
        let names = members.iter().map(|(name, _)| name.plain());
        if are_distinct(names) { Ok(Node::Object(members)) } else { Err(unusual()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, json::members, migrate::detect};

    /// Returns the shape of a tree as text: the values, whether they are opened, and which names
    /// are unknown.
    fn shape(node: &Node<'_>) -> String {
        match node {
            // A list without objects may be opened or not.
            Node::Raw(text, _) if text.starts_with('[') && !text.contains('{') => {
                format!("[{}]", members::elements(text).collect::<Vec<_>>().join(" , "))
            }
            Node::Raw(text, _) => (*text).to_owned(),
            Node::List(list) => format!("[{}]", list.iter().map(shape).collect::<Vec<_>>().join(" , ")),
            Node::Object(members) => {
                let member = |(name, node): &(Name<'_>, Node<'_>)| {
                    format!("{}{}: {}", name.key(), if name.is_unknown() { "?" } else { "" }, shape(node))
                };
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(" , "))
            }
        }
    }

    /// Returns whether a text is read in one pass. If so, checks that the result is the same as
    /// with detection and reading.
    fn is_usual(text: &str) -> bool {
        let arena = Arena::new();
        let Some((dialect, node)) = read(&arena, text, Limits::default().members) else { return false };
        assert_eq!(detect(text, &Limits::default()).ok(), Some(dialect), "{text}");
        let kind = Kind::Object(dialect.message());
        let other = Node::read(&arena, text, &kind, usize::MAX).unwrap();
        assert_eq!(repeated(&other), None, "{text}");
        assert_eq!(shape(&node), shape(&other), "{text}");
        true
    }

    const EXAMPLES: [&str; 3] = [
        include_str!("../jsonschema/example-0.3.json"),
        include_str!("../jsonschema/example-0.3-production.json"),
        include_str!("../jsonschema/example-0.4.json"),
    ];

    #[test]
    fn one_pass_gives_what_detecting_and_reading_give() {
        for text in EXAMPLES {
            assert!(is_usual(text));
            let mut usual = 0;
            for (at, byte) in text.bytes().enumerate() {
                let others = ["", "\"", "{", "}", "[", "]", ",", ":", "\\", "0", " ", "null"];
                for other in others.iter().cycle().skip(5 * at % others.len()).take(2) {
                    if let (Some(before), Some(behind)) = (text.get(..at), text.get(at + 1..)) {
                        usual += usize::from(is_usual(&[before, other, behind].concat()));
                    }
                }
                if byte == b'{' {
                    for member in [
                        r#""vcp_version":"0.3","#,
                        r#""vcp_version":"0.5","#,
                        r#""vcp_payload":{},"#,
                        r#""audit":{},"#,
                        r#""audit":null,"#,
                        r#""call_id":"b","#,
                        r#""call_id":null,"#,
                        r#""hcr":null,"#,
                        r#""from_":"+1","from":"+2","#,
                        r#""x":{"y":[]},"#,
                        r#""":1,"":2,"#,
                        r#""\u0078":1,"#,
                    ] {
                        let text = [text.get(..=at).unwrap(), member, text.get(at + 1..).unwrap()].concat();
                        usual += usize::from(is_usual(&text));
                    }
                }
            }
            assert!(usual > text.len() / 2, "{usual}");
        }
    }

    #[test]
    fn what_is_unusual_is_left() {
        for text in ["", "null", "{}", r#"{"vcp_version":"0.3"}"#, r#"{"vcp_payload":{},"vcp_version":"0.3"}"#] {
            assert!(!is_usual(text), "{text}");
        }
        assert!(is_usual(r#"{"vcp_version":"0.3","vcp_payload":{}}"#));
        assert!(is_usual(r#"{"vcp_version":"0.3","vcp_payload":null}"#));
        assert!(!is_usual(r#"{"vcp_version":"0.5","vcp_payload":{}}"#));
        // The dialect is known only after the payload was read.
        assert!(!is_usual(r#"{"vcp_version":"0.3","vcp_payload":{"audit":{}}}"#));
        assert!(is_usual(r#"{"vcp_version":"0.3","call_id":"a","vcp_payload":{"audit":{}}}"#));
        // A value that is opened after it was read may have a repeated member as well.
        assert!(!is_usual(r#"{"vcp_version":"0.3","vcp_payload":{},"audit":{"a":1,"a":1}}"#));
        let roles = |role| {
            format!(
                r#"{{"vcp_version":"0.3","call_id":"a","vcp_payload":{{"model_selection":{{"roles":{{"llm":{role}}}}}}}}}"#
            )
        };
        assert!(is_usual(&roles(r#"{"a":1}"#)) && is_usual(&roles("null")));
        assert!(!is_usual(&roles(r#"{"a":1,"a":1}"#)));
    }

    #[test]
    fn no_more_is_built_than_a_message_may_have() {
        let twelve = |item: fn(u32) -> String| (0..12).map(item).collect::<Vec<_>>().join(",");
        let payload = |inner: String| format!(r#"{{"vcp_version":"0.4","call_id":"a","vcp_payload":{{{inner}}}}}"#);
        let members = twelve(|at| format!(r#""m{at}":{at}"#));
        for text in [
            payload(format!(r#""hcr":{{{members}}}"#)),
            payload(format!(r#""custom":{{"provider_specific":{{{members}}}}}"#)),
            payload(format!(r#""model_selection":{{"roles":{{"llm":{{{members}}}}}}}"#)),
            format!(r#"{{"vcp_version":"0.3","vcp_payload":{{}},"audit":{{{members}}}}}"#),
        ] {
            assert!(read(&Arena::new(), &text, 40).is_some(), "{text}");
            assert!(read(&Arena::new(), &text, 12).is_none(), "{text}");
        }
    }
}
