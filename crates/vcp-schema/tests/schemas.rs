//! Tests of the published schemas. They are those of the code, and their examples are complete.
#![cfg(feature = "jsonschema")]
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests")]

use serde_json::Value;
use std::{fs, path::PathBuf};
use vcp_schema::{
    Call, Capability, Dialect, ModelRole, OrderedMap, OutcomeStatus, RawJson, RawObject, Timestamp, VcpMessage,
    VcpVersion,
    checksum::{Algorithm, Verdict},
    describe::{Kind, ObjectType},
    jsonschema,
};

fn schema(dialect: Dialect) -> Value {
    jsonschema::of(dialect).into()
}

fn example(dialect: Dialect) -> Value {
    schema(dialect)["examples"][0].clone()
}

/// Set `UPDATE_SCHEMA=1` to write the files again.
#[test]
fn the_published_schemas_are_up_to_date() {
    for dialect in Dialect::ALL {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../schema/vcp-{dialect}.schema.json"));
        let text = format!("{}\n", serde_json::to_string_pretty(&jsonschema::of(*dialect)).unwrap());
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "run with UPDATE_SCHEMA=1 and read the difference");
    }
}

/// Checks that the example has a value for every member of the description.
fn is_whole(object: &ObjectType, example: &Value) {
    for field in object.fields() {
        let value = &example[field.name];
        assert!(!value.is_null(), "the example has no `{}` of `{}`", field.name, object.name);
        let inner = match field.kind {
            Kind::Object(inner) => Some((inner, value)),
            Kind::List(Kind::Object(inner) | Kind::TextOr(Kind::Object(inner))) => Some((*inner, &value[0])),
            Kind::Map(_, Kind::Object(inner) | Kind::OrNull(Kind::Object(inner))) => {
                value.as_object().unwrap().values().find(|v| !v.is_null()).map(|v| (*inner, v))
            }
            _ => None,
        };
        if let Some((inner, value)) = inner {
            is_whole(inner, value);
        }
    }
}

#[test]
fn the_examples_have_every_member_and_are_valid() {
    for dialect in Dialect::ALL {
        let example = example(*dialect);
        is_whole(dialect.message(), &example);
        let validator = ::jsonschema::validator_for(&schema(*dialect)).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(&example).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(faults.is_empty(), "{dialect}: {faults:?}");
        for other in Dialect::ALL.iter().filter(|other| *other != dialect) {
            assert!(!validator.is_valid(&self::example(*other)), "{dialect} takes {other}");
        }
    }
    let message = VcpMessage::from_value(&example(Dialect::V05)).unwrap();
    assert_eq!(message.verify_checksum().unwrap(), Verdict::Match(Algorithm::Jcs));
}

#[test]
fn every_definition_and_member_is_described() {
    for dialect in Dialect::ALL {
        let schema = schema(*dialect);
        let definitions = schema["$defs"].as_object().unwrap();
        assert!(definitions.len() > 15, "{dialect}");
        for (name, definition) in definitions.iter().chain([(&"root".to_owned(), &schema)]) {
            assert!(definition["description"].as_str().is_some_and(|text| text.len() > 10), "{dialect} {name}");
            assert!(definition["title"].is_string(), "{dialect} {name}");
            for (member, property) in definition["properties"].as_object().into_iter().flatten() {
                assert!(property["description"].as_str().is_some_and(|text| text.len() > 5), "{name}.{member}");
            }
        }
    }
}

#[test]
fn a_type_of_your_own_may_hold_one() {
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "for its schema")]
    struct Ticket {
        call: Call,
        status: OutcomeStatus,
        at: Timestamp,
        version: VcpVersion,
        roles: OrderedMap<ModelRole, RawJson>,
        capability: Capability,
        data: RawObject,
    }
    let schema = Value::from(schemars::schema_for!(Ticket));
    let validator = ::jsonschema::validator_for(&schema).unwrap();
    let call = example(Dialect::V05)["vcp_payload"]["call"].clone();
    let ticket = serde_json::json!({
        "call": call, "status": "odd", "at": "2026-10-14T12:00:00Z", "version": "0.4", "roles": {"TTS": 1}, "capability": "x", "data": {},
    });
    assert!(validator.is_valid(&ticket));
    let names = ["call", "status", "at", "version", "capability", "data", "roles"];
    for name in names {
        let mut wrong = ticket.clone();
        wrong[name] = serde_json::json!([7]);
        assert!(!validator.is_valid(&wrong), "{name}");
    }
}
