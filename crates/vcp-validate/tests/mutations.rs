//! Tests that put one fault at every place of a message. The faults are made from the published
//! schemas. Each must be the only finding, with the right code, path and position in the text.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, reason = "a test program")]

use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};
use vcp_schema::{Dialect, VcpMessage};
use vcp_validate::{Profile, Validator};

/// A fault that is put into the example.
struct Mutant {
    what: String,
    code: &'static str,
    /// The path of the fault: names, and indexes as text.
    place: Vec<String>,
    change: Change,
}

enum Change {
    Drop,
    Set(Value),
    Rename(&'static str),
}

/// A schema file.
struct Schema(Value);

impl Schema {
    fn of(dialect: Dialect) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../schema/vcp-{dialect}.schema.json"));
        Self(serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap())
    }

    fn example(&self) -> &Value {
        &self.0["examples"][0]
    }

    /// Returns the alternatives of a schema, with references resolved. A value may fit any of them.
    fn choices<'s>(&'s self, schema: &'s Value) -> Vec<&'s Value> {
        match (schema["$ref"].as_str(), schema["anyOf"].as_array()) {
            (Some(name), _) => self.choices(&self.0["$defs"][name.trim_start_matches("#/$defs/")]),
            (None, Some(any)) => any.iter().flat_map(|one| self.choices(one)).collect(),
            (None, None) => vec![schema],
        }
    }

    fn types<'s>(&'s self, schema: &'s Value) -> Vec<&'s str> {
        let of = |schema: &'s Value| match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            other => panic!("no type: {other}"),
        };
        self.choices(schema).into_iter().flat_map(of).collect()
    }

    fn lists_words(&self, schema: &Value) -> bool {
        self.choices(schema).iter().any(|choice| choice.get("enum").is_some())
    }

    /// Adds all faults at and below a value of the example to `made`.
    fn mutants(&self, schema: &Value, value: &Value, place: &[String], made: &mut Vec<Mutant>) {
        let add = |made: &mut Vec<Mutant>, what: &str, code, change| {
            made.push(Mutant { what: what.to_owned(), code, place: place.to_vec(), change });
        };
        let types = self.types(schema);
        for (kind, wrong) in [
            ("boolean", json!(true)),
            ("string", json!("x")),
            ("number", json!(0.5)),
            ("array", json!([])),
            ("object", json!({})),
        ] {
            let fits = types.contains(&kind) || (kind == "number" && types.contains(&"integer"));
            if !fits {
                add(made, &format!("a {kind}"), "VCP_E004", Change::Set(wrong));
            }
        }
        if types.contains(&"integer") {
            add(made, "a fraction", "VCP_E001", Change::Set(json!(1.5)));
            add(made, "beyond 64 bits", "VCP_E001", Change::Set(json!(9_223_372_036_854_775_808_u64)));
        }
        if schema["description"].as_str().is_some_and(|text| text.contains("RFC 3339")) {
            for wrong in ["", "yesterday", "2026-02-30T00:00:00Z", "2026-10-14"] {
                add(made, "no time", "VCP_E001", Change::Set(json!(wrong)));
            }
        }
        if self.lists_words(schema) {
            add(made, "another word", "VCP_E004", Change::Set(json!("no such word")));
        }
        if schema.get("const").is_some() {
            add(made, "another version", "VCP_E006", Change::Set(json!("9.9")));
        }
        let choices = self.choices(schema);
        match value {
            Value::Object(members) => {
                let object = choices.iter().find(|choice| self.types(choice).contains(&"object")).unwrap();
                self.mutants_of_members(object, members, place, made);
            }
            Value::Array(list) => {
                if let Some(items) = choices.iter().find_map(|choice| choice.get("items")) {
                    for (at, inner) in list.iter().enumerate() {
                        self.mutants(items, inner, &[place, &[at.to_string()]].concat(), made);
                    }
                }
            }
            _ => {}
        }
    }

    fn mutants_of_members(
        &self,
        object: &Value,
        members: &serde_json::Map<String, Value>,
        place: &[String],
        made: &mut Vec<Mutant>,
    ) {
        let below = |name: &str| [place, &[name.to_owned()]].concat();
        for (name, schema) in object["properties"].as_object().into_iter().flatten() {
            // The example has every member except `from_`, the second name of `from`.
            assert!(members.contains_key(name) || name == "from_", "the example lacks {name} of {place:?}");
            let inner = members.get(name).unwrap_or(&Value::Null);
            let is_required = object["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
            let mut add = |what: &str, code, change| {
                made.push(Mutant { what: what.to_owned(), code, place: below(name), change });
            };
            if is_required {
                add("gone", "VCP_E005", Change::Drop);
                add("misspelt", "VCP_E005", Change::Rename("misspelt"));
            }
            if !self.types(schema).contains(&"null") {
                add("null", if is_required { "VCP_E005" } else { "VCP_E004" }, Change::Set(Value::Null));
            }
            self.mutants(schema, inner, &below(name), made);
        }
        let Some(schema) = object.get("additionalProperties").filter(|schema| schema.is_object()) else { return };
        for (name, inner) in members {
            if object.get("propertyNames").is_some_and(|names| self.lists_words(names)) {
                let (what, change) = ("another word for a name".to_owned(), Change::Rename("no such name"));
                made.push(Mutant { what, code: "VCP_E004", place: below(name), change });
            }
            if !inner.is_null() {
                self.mutants(schema, inner, &below(name), made);
            }
        }
    }
}

fn changed(value: &Value, place: &[String], change: &Change) -> Value {
    let [at, rest @ ..] = place else {
        let Change::Set(value) = change else { panic!("the root has no name") };
        return value.clone();
    };
    match value {
        Value::Array(list) => {
            let (mut list, index) = (list.clone(), at.parse::<usize>().unwrap());
            list[index] = changed(&list[index], rest, change);
            Value::Array(list)
        }
        Value::Object(members) => {
            let each = members.iter().filter_map(|(name, inner)| match change {
                _ if name != at => Some((name.clone(), inner.clone())),
                Change::Drop if rest.is_empty() => None,
                Change::Rename(to) if rest.is_empty() => Some(((*to).to_owned(), inner.clone())),
                _ => Some((name.clone(), changed(inner, rest, change))),
            });
            let mut members: serde_json::Map<String, Value> = each.collect();
            if let (Change::Set(value), []) = (change, rest) {
                members.insert(at.clone(), value.clone());
            }
            Value::Object(members)
        }
        other => panic!("{other} has no {at}"),
    }
}

fn pointer(place: &[String]) -> String {
    place.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

/// Checks the findings of a mutant. The error says how they differ from the expected ones.
fn verdict(schema: &Schema, mutant: &Mutant) -> Result<(), String> {
    let Mutant { code, change, .. } = mutant;
    let mut place = mutant.place.clone();
    let text = serde_json::to_string_pretty(&changed(schema.example(), &place, change)).unwrap();
    if let (Change::Rename(to), "VCP_E004") = (change, *code) {
        *place.last_mut().unwrap() = (*to).to_owned();
    }
    let report = Validator::new().profile(Profile::Reference).validate_json(&text, None);
    if VcpMessage::is_readable(&text) != report.message.is_some() {
        return Err("the reader that builds nothing says otherwise".to_owned());
    }
    let found: Vec<_> = report.findings.iter().map(|f| (f.code.as_str(), f.path.pointer())).collect();
    if found != [(*code, pointer(&place))] {
        return Err(format!("{found:?} instead of {code}"));
    }
    // The position is that of the value. For a missing member it is the end of its object.
    let position = report.findings[0].position.unwrap();
    let rest = &text[position.offset..];
    let is_there = match (*code, change) {
        ("VCP_E005", Change::Drop | Change::Rename(_)) => rest.starts_with('}'),
        (_, Change::Set(value)) => rest.starts_with(&serde_json::to_string(value).unwrap()[..1]),
        _ => true,
    };
    let line = text.lines().nth(position.line - 1).unwrap();
    let column = line.chars().skip(position.column - 1).collect::<String>();
    if is_there && Some(column.as_str()) == rest.lines().next() {
        Ok(())
    } else {
        Err(format!("found at {position:?}, before `{}`", rest.lines().next().unwrap()))
    }
}

#[test]
fn every_fault_is_found_at_its_exact_place() {
    let mut wrong = Vec::new();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for dialect in Dialect::ALL {
        let schema = Schema::of(*dialect);
        let clean = Validator::new().profile(Profile::Reference).validate_json(&schema.example().to_string(), None);
        assert_eq!((clean.findings, clean.dialect), (vec![], *dialect), "the example of {dialect}");
        let mut mutants = Vec::new();
        schema.mutants(&schema.0, schema.example(), &[], &mut mutants);
        for mutant in mutants {
            // A message without a valid version is validated as 0.5.
            if *dialect != Dialect::V05 && mutant.place == ["vcp_version"] && mutant.code != "VCP_E006" {
                continue;
            }
            *count.entry(mutant.code).or_default() += 1;
            if let Err(said) = verdict(&schema, &mutant) {
                wrong.push(format!("{dialect}: {} at {}: {said}", mutant.what, pointer(&mutant.place)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count:?} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count["VCP_E001"] > 100 && count["VCP_E004"] > 1000 && count["VCP_E005"] > 300, "{count:?}");
}
