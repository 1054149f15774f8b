//! RFC 8785, by `serde_json_canonicalizer`; here is only what it cannot say: where a value is that has no such form.

use super::ChecksumError;
use crate::{ErrorCode, FieldPath, PathNode, VcpMessage, structure, wire, write};
use serde::Deserialize;
use serde_json::Value;

/// The canonical form of a message, nowhere nested deeper than `deepest`, with no more than `most` members.
pub(super) fn text(message: &VcpMessage, deepest: usize, most: usize) -> Result<String, ChecksumError> {
    let error = |code, message: String| Err(ChecksumError::new(code, FieldPath::root(), message));
    let text = match write::to_exact_text(message) {
        Ok(text) => text,
        Err(fault) => return error(fault.code(), fault.message().to_owned()),
    };
    let extent = structure::extent(&text);
    if extent.depth > deepest {
        return error(ErrorCode::Limit, format!("the message is nested deeper than {deepest}"));
    }
    if extent.members > most {
        return error(ErrorCode::Limit, format!("the message has more than {most} members"));
    }
    canonical(&text)
}

fn canonical(message: &str) -> Result<String, ChecksumError> {
    let mut json = serde_json::Deserializer::from_str(message);
    json.disable_recursion_limit();
    let canonical = Value::deserialize(&mut json).and_then(|mut value| {
        if let Some(audit) = value.get_mut("audit").and_then(Value::as_object_mut) {
            audit.remove("checksum");
        }
        serde_json_canonicalizer::to_string(&value)
    });
    canonical.map_err(|error| {
        let culprit = find(message, &PathNode::root());
        culprit.unwrap_or_else(|| {
            ChecksumError::new(ErrorCode::Unreadable, PathNode::root().to_path(), format!("no canonical form: {error}"))
        })
    })
}

/// The first value without a canonical form.
fn find(json: &str, path: &PathNode<'_>) -> Option<ChecksumError> {
    let error = |message| Some(ChecksumError::new(ErrorCode::Unreadable, path.to_path(), message));
    match json.as_bytes().first()? {
        b'{' => match wire::raw_members(json) {
            Some(members) => members.iter().find_map(|(name, value)| find(value, &path.name(name))),
            None => error("the name of a member holds a lone surrogate"),
        },
        b'[' => wire::raw_elements(json)?.into_iter().enumerate().find_map(|(at, value)| find(value, &path.index(at))),
        b'"' if serde_json::from_str::<String>(json).is_err() => error("the string holds a lone surrogate"),
        b'-' | b'0'..=b'9' if !json.parse().is_ok_and(f64::is_finite) => {
            error("the number is out of the range of doubles")
        }
        _ => None,
    }
}
