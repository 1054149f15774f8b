//! JSON Schemas (draft 2020-12) of the messages. Requires the feature `jsonschema`.
//!
//! The schemas are made from the descriptions in [`crate::describe`]. A schema gives the members of
//! a message, which of them are required, and the JSON type of each. It is no stricter than the
//! reader in these points:
//!
//! - Enumerations also accept any other word (`DECISIONS.md` 1.8).
//! - The form of timestamps and the ranges of numbers are only described. So a message
//!   with a wrong value fits the schema, and only the validator reports the value.
//! - Unknown members are allowed everywhere (`DECISIONS.md` 1.7).
//!
//! Every type of the model also implements [`schemars::JsonSchema`], so that types of your own can
//! contain it.

use crate::{
    Dialect, OrderedMap, RawJson, VcpVersion,
    describe::{self, Field, Kind, ObjectType, Presence, WordType},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;

/// Returns the JSON Schema of a dialect, as published in `schema/vcp-<dialect>.schema.json`.
#[must_use]
pub fn of(dialect: Dialect) -> Schema {
    let example: Value = serde_json::from_str(example(dialect)).unwrap_or_default();
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut root = Maker { generator: &mut generator }.object(dialect.message(), Some(&example));
    let title = match dialect {
        Dialect::Production03 => "VCP 0.3 message, production dialect".to_owned(),
        dialect => format!("VCP {dialect} message"),
    };
    root.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    root.insert("$id".to_owned(), format!("urn:vcp:schema:{dialect}").into());
    root.insert("title".to_owned(), title.into());
    root.insert("examples".to_owned(), json!([example]));
    root.insert("$defs".to_owned(), generator.take_definitions(true).into());
    root
}

/// Returns an example message of the dialect with every member. People and numbers are invented.
fn example(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Spec03 => include_str!("jsonschema/example-0.3.json"),
        Dialect::Production03 => include_str!("jsonschema/example-0.3-production.json"),
        Dialect::V04 => include_str!("jsonschema/example-0.4.json"),
        Dialect::V05 => include_str!("jsonschema/example-0.5.json"),
    }
}

/// Returns the schema of one type of the model, for [`schemars::JsonSchema`].
pub(crate) fn of_kind(kind: &Kind, generator: &mut SchemaGenerator) -> Schema {
    let mut maker = Maker { generator };
    match kind {
        Kind::Object(object) => maker.object(object, None),
        Kind::Word(list) => words(list),
        kind => maker.value(kind, None),
    }
}

macro_rules! leaves {
    ($($Type:ident: $is_inline:literal;)*) => { $(
        impl JsonSchema for crate::$Type {
            fn inline_schema() -> bool {
                $is_inline
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($Type).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                of_kind(&describe::kind::<Self>(), generator)
            }
        }
    )* };
}

leaves! {
    Timestamp: true;
    RawObject: true;
    Capability: true;
    ChannelType: false;
    CallDirection: false;
    CapabilityType: false;
    ModelRole: false;
    OutcomeStatus: false;
    GapClass: false;
    AlertLevel: false;
    ConsentStatus: false;
}

impl JsonSchema for RawJson {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RawJson".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

impl JsonSchema for VcpVersion {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "VcpVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = Self::ALL.iter().map(|version| version.as_str()).collect();
        json_schema!({"type": "string", "enum": words})
    }
}

impl<K, V: JsonSchema> JsonSchema for OrderedMap<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OrderedMap_of_{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": generator.subschema_for::<V>()})
    }
}

/// A maker of schemas. Objects and enumerations become definitions of the generator.
struct Maker<'g> {
    generator: &'g mut SchemaGenerator,
}

impl Maker<'_> {
    /// Returns the schema of a value, or a reference if the value has a definition. `example` is
    /// the value in the example message.
    fn value(&mut self, kind: &Kind, example: Option<&Value>) -> Schema {
        match kind {
            Kind::Text => json_schema!({"type": "string"}),
            Kind::Integer => json_schema!({"type": "integer"}),
            Kind::Float => json_schema!({"type": "number"}),
            Kind::Boolean => json_schema!({"type": "boolean"}),
            Kind::Timestamp => json_schema!({"type": "string"}),
            Kind::Version(version) => json_schema!({"type": "string", "const": version.as_str()}),
            Kind::Word(list) => self.definition(list.name, |_| words(list)),
            Kind::FreeForm => json_schema!({"type": "object"}),
            Kind::List(element) => {
                let items = self.value(element, example.and_then(|list| list.get(0)));
                json_schema!({"type": "array", "items": items})
            }
            Kind::Map(words, value) => {
                let first = example.and_then(Value::as_object).and_then(|map| map.values().find(|v| !v.is_null()));
                let mut map = json_schema!({"type": "object", "additionalProperties": self.value(value, first)});
                if let Some(list) = words {
                    map.insert("propertyNames".to_owned(), self.value(&Kind::Word(list), None).into());
                }
                map
            }
            Kind::Object(object) => self.definition(object.name, |maker| maker.object(object, example)),
            Kind::TextOr(other) => {
                json_schema!({"anyOf": [{"type": "string"}, self.value(other, example)]})
            }
            Kind::OrNull(value) => or_null(self.value(value, example)),
        }
    }

    /// Returns a reference to a definition. Makes the definition on first use.
    fn definition(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Schema) -> Schema {
        if !self.generator.definitions().contains_key(name) {
            self.generator.definitions_mut().insert(name.to_owned(), Value::Bool(true));
            let mut schema = make(self);
            schema.insert("title".to_owned(), name.into());
            self.generator.definitions_mut().insert(name.to_owned(), schema.into());
        }
        let path = self.generator.settings().definitions_path.trim_end_matches('/').to_owned();
        Schema::new_ref(format!("#{path}/{name}"))
    }

    fn object(&mut self, object: &ObjectType, example: Option<&Value>) -> Schema {
        let mut properties = serde_json::Map::new();
        let mut required = Vec::new();
        for field in object.fields() {
            properties
                .insert(field.name.to_owned(), self.member(field, example.and_then(|e| e.get(field.name))).into());
            if field.presence == Presence::Required {
                required.push(field.name);
            }
            if let Some(alias) = field.alias {
                let mut second = or_null(self.value(&field.kind, None));
                second.insert("deprecated".to_owned(), true.into());
                let description = format!(
                    "Alternative name of `{0}`, and written as `{0}`. If both are present and differ, both are kept.",
                    field.name
                );
                second.insert("description".to_owned(), description.into());
                properties.insert(alias.to_owned(), second.into());
            }
        }
        json_schema!({
            "description": object.doc.trim(),
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": true,
        })
    }

    fn member(&mut self, field: &Field, example: Option<&Value>) -> Schema {
        let mut schema = self.value(&field.kind, example);
        match field.presence {
            Presence::Optional => schema = or_null(schema),
            Presence::Defaulted => {
                let default = field.kind.default_json().and_then(|default| serde_json::from_str(default).ok());
                default.map(|default| schema.insert("default".to_owned(), default));
            }
            _ => {}
        }
        let note = match field.kind {
            Kind::Timestamp => {
                " An RFC 3339 timestamp. A space instead of `T` is accepted. Without an offset, the time is UTC."
            }
            Kind::Integer => " A signed 64-bit integer.",
            _ => "",
        };
        schema.insert("description".to_owned(), format!("{}{note}", field.doc.trim()).into());
        // A definition has its own examples.
        if let (None, Some(example)) = (schema.get("$ref").or_else(|| schema.get("anyOf")), example) {
            schema.insert("examples".to_owned(), json!([example]));
        }
        schema
    }
}

/// Returns a schema that also accepts null.
fn or_null(schema: Schema) -> Schema {
    match schema.get("type") {
        Some(Value::String(name)) => {
            let types = json!([name, "null"]);
            let mut schema = schema;
            schema.insert("type".to_owned(), types);
            schema
        }
        _ => json_schema!({"anyOf": [schema, {"type": "null"}]}),
    }
}

fn words(list: &WordType) -> Schema {
    json_schema!({
        "description": format!("{} Any other word is kept and reported as a finding (`VCP_E004`).", list.doc.trim()),
        "anyOf": [{"type": "string", "enum": list.words}, {"type": "string"}],
    })
}
