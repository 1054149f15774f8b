//! The text that a message should be written as. It is computed from the source and the description
//! alone, as a second implementation of `DECISIONS.md` 1.1–1.13.

use super::generate::INTEGERS;
use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;
use vcp_schema::describe::{Kind, ObjectType, Presence};

/// Returns the text that should be written for the text of a value.
pub(crate) fn text(json: &str, kind: &Kind) -> String {
    match kind {
        Kind::Text | Kind::Word(_) | Kind::Version(_) => string(&unquoted(json)),
        Kind::Timestamp => {
            let time = unquoted(json);
            string(&format!("{}{}", &time[..10], time[10..].replacen(' ', "T", 1)))
        }
        Kind::Integer => match INTEGERS.iter().find(|(spelling, _)| *spelling == json) {
            Some((_, value)) => value.to_string(),
            None => json.to_owned(),
        },
        Kind::Float if json == "-0" => "0.0".to_owned(),
        // The shortest digits, as JavaScript prints them, with a point.
        Kind::Float => serde_json::to_string(&json.parse::<f64>().unwrap()).unwrap(),
        Kind::Boolean | Kind::FreeForm => json.to_owned(),
        Kind::List(element) => list(elements(json).iter().map(|e| text(e.get(), element))),
        Kind::Map(_, value) => object(members(json).iter().map(|(name, json)| (name.clone(), text(json.get(), value)))),
        Kind::Object(described) => modelled(json, described),
        Kind::TextOr(other) => text(json, if json.starts_with('"') { &Kind::Text } else { other }),
        other => panic!("no text of {other:?} is expected"),
    }
}

fn modelled(json: &str, described: &ObjectType) -> String {
    let members = members(json);
    let given = |name: &str| {
        members.iter().find(|(given, _)| given == name).map(|(_, json)| json.get()).filter(|json| *json != "null")
    };
    let mut written = Vec::new();
    let mut unknown: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    for field in described.fields() {
        unknown.retain(|name| *name != field.name);
        let mut value = given(field.name).map(|json| text(json, &field.kind));
        if let Some(alias) = field.alias {
            let second = given(alias).map(|json| text(json, &field.kind));
            // If both are given and differ, the name is used, and the alias stays as an unknown
            // member.
            if value.is_none() || second.is_none() || value == second {
                unknown.retain(|name| *name != alias);
            }
            value = value.or(second);
        }
        if field.presence == Presence::Defaulted && value.is_none() {
            value = Some(match field.kind {
                Kind::List(_) => "[]".to_owned(),
                Kind::Map(..) | Kind::FreeForm => "{}".to_owned(),
                Kind::Boolean => "false".to_owned(),
                Kind::Integer => "0".to_owned(),
                other => panic!("no default of {other:?}"),
            });
        }
        written.extend(value.map(|value| (field.name.to_owned(), value)));
    }
    for (name, json) in &members {
        if unknown.contains(&name.as_str()) {
            written.push((name.clone(), json.get().to_owned()));
        }
    }
    object(written.into_iter())
}

fn unquoted(json: &str) -> String {
    serde_json::from_str(json).unwrap()
}

fn string(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn list(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(","))
}

fn object(members: impl Iterator<Item = (String, String)>) -> String {
    let members: Vec<String> = members.map(|(name, value)| format!("{}:{value}", string(&name))).collect();
    format!("{{{}}}", members.join(","))
}

fn elements(json: &str) -> Vec<Box<RawValue>> {
    serde_json::from_str(json).unwrap()
}

/// Returns the members of an object in their order.
pub(crate) fn members(json: &str) -> Vec<(String, Box<RawValue>)> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Box<RawValue>)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_map(Members).unwrap()
}
