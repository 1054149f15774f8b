//! The beginnings of new cases.

/// For each operation, an input and an expectation to begin with.
const TEMPLATES: [(&str, &str, &str); 11] = [
    ("parse", r#"{"input_text": {"base": "minimal", "patch": []}}"#, r#"{"value": {"fields": {}}}"#),
    (
        "validate",
        r#"{"input_text": {"base": "minimal", "patch": []}, "profile": "canonical"}"#,
        r#"{"valid": true, "findings": []}"#,
    ),
    (
        "map",
        r#"{"provider": "", "input_text": {"json": {}}, "received_at": "2026-11-21T12:00:00Z"}"#,
        r#"{"value": {"event": "", "fields": {}}}"#,
    ),
    ("assemble", r#"{"provider": "openai_realtime", "events": []}"#, r#"{"value": {"fields": {}}}"#),
    ("merge", r#"{"messages": []}"#, r#"{"value": {"fields": {}}}"#),
    ("normalize", r#"{"fn": "", "args": []}"#, r#"{"value": {"value": null}}"#),
    ("upgrade", r#"{"input_text": {"base": "production-0.3", "patch": []}}"#, r#"{"value": {"fields": {}}}"#),
    (
        "downgrade",
        r#"{"input_text": {"base": "minimal", "patch": []}, "mode": "reversible"}"#,
        r#"{"value": {"fields": {}}}"#,
    ),
    ("checksum", r#"{"input_text": {"base": "minimal"}, "algorithm": "jcs"}"#, r#"{"value": {"checksum": ""}}"#),
    ("verify_checksum", r#"{"input_text": {"base": "minimal", "patch": []}}"#, r#"{"value": {"result": ""}}"#),
    (
        "verify",
        r#"{"provider": "", "headers": [], "secrets": [], "now": "2026-11-21T12:00:00Z", "body_text": ""}"#,
        r#"{"error": {"code": "VCP_E204"}}"#,
    ),
];

/// Returns the beginning of a case, and says where it belongs.
///
/// # Errors
///
/// Returns a message if the id has not the form `area::topic::name`, or if the operation is
/// unknown.
pub fn new_case(id: &str, op: &str) -> Result<String, String> {
    let is_step =
        |step: &str| !step.is_empty() && step.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    let steps: Vec<&str> = id.split("::").collect();
    let (Some((_, file)), true) = (steps.split_last(), steps.len() >= 3 && steps.iter().all(|step| is_step(step)))
    else {
        return Err(format!("`{id}` is no id: use area::topic::name, in lower case"));
    };
    let Some((_, input, expect)) = TEMPLATES.iter().find(|(known, ..)| *known == op) else {
        let known = TEMPLATES.map(|(op, ..)| op).join(", ");
        return Err(format!("no operation `{op}`: use one of {known}"));
    };
    Ok(format!(
        "{{\n  \"id\": \"{id}\",\n  \"title\": \"\",\n  \"basis\": [\"decision \"],\n  \"level\": \"must\",\n  \
         \"op\": \"{op}\",\n  \"input\": {input},\n  \"expect\": {expect}\n}}\n\n\
         Put it into cases/{}.json, and its id into ids.lock.\n",
        file.join("/")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_json_and_a_wrong_id_is_refused() {
        for (op, ..) in TEMPLATES {
            let text = new_case("area::topic::name", op).unwrap();
            let json = text.split_once("\n\n").unwrap().0;
            assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{op}: {json}");
        }
        assert!(new_case("map::vapi::Upper", "map").is_err() && new_case("map::vapi", "map").is_err());
        assert!(new_case("map::vapi::new", "mop").unwrap_err().contains("map"));
    }
}
