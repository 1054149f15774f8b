//! The making of texts that a case describes instead of spelling out.

use std::{collections::BTreeMap, fs, io, path::Path};
use vcp_schema::json::{members, string};

/// The base messages of the suite, by name.
#[derive(Debug, Clone, Default)]
pub struct Bases(BTreeMap<String, String>);

impl Bases {
    /// Reads the base messages of a folder. The name of a message is that of its file.
    ///
    /// # Errors
    ///
    /// The folder or a file cannot be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut bases = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
                bases.insert(name.to_owned(), fs::read_to_string(&path)?.trim().to_owned());
            }
        }
        Ok(Self(bases))
    }

    /// Makes the input of a request from the `input` of a case: each recipe becomes its text.
    ///
    /// # Errors
    ///
    /// Returns a message if `input` is not an object, or if a recipe cannot be followed.
    pub fn input(&self, input: &str) -> Result<String, String> {
        let mut made = Vec::new();
        for (name, value) in members::all(input).ok_or("`input` must be an object")? {
            let value = match &*name {
                "input_text" | "body_text" => self.quoted(value)?,
                "messages" if value.starts_with('[') => list(value, |text| self.quoted(text))?,
                "events" if value.starts_with('[') => list(value, |event| self.event(event))?,
                _ => value.to_owned(),
            };
            made.push(format!("{}:{value}", string::quoted(&name)));
        }
        Ok(format!("{{{}}}", made.join(",")))
    }

    fn event(&self, event: &str) -> Result<String, String> {
        if event.starts_with('{') { self.input(event) } else { Ok(event.to_owned()) }
    }

    /// Returns a text as a JSON string. Anything but a recipe is returned unchanged.
    fn quoted(&self, value: &str) -> Result<String, String> {
        if value.starts_with('{') { Ok(string::quoted(&self.text(value)?)) } else { Ok(value.to_owned()) }
    }

    /// Follows a recipe.
    fn text(&self, recipe: &str) -> Result<String, String> {
        let wrong = || format!("no recipe: {recipe}");
        let parts = members::all(recipe).ok_or_else(wrong)?;
        let part = |name: &str| parts.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        match (part("json"), part("base"), part("parts")) {
            (Some(json), None, None) => Ok(json.to_owned()),
            (None, Some(name), None) => {
                let name = string::decode(name).ok_or_else(wrong)?;
                let base = self.0.get(&*name).ok_or_else(|| format!("no base message `{name}`"))?;
                part("patch").map_or_else(|| Ok(base.clone()), |patch| patched(base, patch))
            }
            (None, None, Some(parts)) => members::elements(parts).map(|part| joined(part).ok_or_else(wrong)).collect(),
            _ => Err(wrong()),
        }
    }
}

fn list(json: &str, made: impl Fn(&str) -> Result<String, String>) -> Result<String, String> {
    let elements: Result<Vec<String>, String> = members::elements(json).map(made).collect();
    Ok(format!("[{}]", elements?.join(",")))
}

/// The most bytes of a part that is repeated. The longest input of the suite has 16 MiB.
const LONGEST: usize = 1 << 28;

/// Returns a part: a string, or one that is repeated.
fn joined(part: &str) -> Option<String> {
    if part.starts_with('"') {
        return string::decode(part).map(Into::into);
    }
    let text = string::decode(members::get(part, "repeat")?)?;
    let times: usize = members::get(part, "times")?.parse().ok()?;
    text.len().checked_mul(times).filter(|length| *length <= LONGEST)?;
    Some(text.repeat(times))
}

/// Applies a JSON Patch (RFC 6902) of `add`, `replace` and `remove`. Its paths lead through
/// objects.
fn patched(base: &str, patch: &str) -> Result<String, String> {
    members::elements(patch).try_fold(base.to_owned(), |json, operation| {
        let text = |name: &str| members::get(operation, name).and_then(string::decode);
        let (op, path) = text("op").zip(text("path")).ok_or("a patch needs `op` and `path`")?;
        let value = members::get(operation, "value");
        let way: Vec<String> = path.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
        let is_known = match &*op {
            "remove" => value.is_none(),
            "add" | "replace" => value.is_some(),
            _ => false,
        };
        let changed = if is_known { set(&json, &way, value, &op) } else { None };
        changed.ok_or_else(|| format!("the patch cannot {op} `{path}`"))
    })
}

/// Returns an object with a member that is added, replaced or removed.
fn set(json: &str, way: &[String], value: Option<&str>, op: &str) -> Option<String> {
    let (name, rest) = way.split_first()?;
    let mut all = members::all(json)?;
    let at = all.iter().position(|(known, _)| known == name);
    let new;
    match (at, value) {
        (Some(at), _) if !rest.is_empty() => {
            new = set(all.get(at)?.1, rest, value, op)?;
            all.get_mut(at)?.1 = &new;
        }
        (Some(at), Some(value)) => all.get_mut(at)?.1 = value,
        (Some(at), None) => drop(all.remove(at)),
        (None, Some(value)) if rest.is_empty() && op == "add" => all.push((name.as_str().into(), value)),
        (None, _) => return None,
    }
    let members: Vec<String> = all.iter().map(|(name, value)| format!("{}:{value}", string::quoted(name))).collect();
    Some(format!("{{{}}}", members.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases() -> Bases {
        Bases([("small".to_owned(), r#"{"a":{"b":1.50},"c/d":[]}"#.to_owned())].into())
    }

    fn made(recipe: &str) -> Result<String, String> {
        bases().text(recipe)
    }

    #[test]
    fn a_part_that_is_repeated_too_often_is_refused() {
        for times in ["9999999999999999999", "1000000000"] {
            assert!(made(&format!(r#"{{"parts":[{{"repeat":"xxxxxxxx","times":{times}}}]}}"#)).is_err());
        }
    }

    #[test]
    fn recipes_become_texts() {
        assert_eq!(made(r#"{"json": {"x": 1.0}}"#).unwrap(), r#"{"x": 1.0}"#);
        assert_eq!(made(r#"{"base": "small"}"#).unwrap(), r#"{"a":{"b":1.50},"c/d":[]}"#);
        let patch = r#"[{"op":"add","path":"/a/n","value":1e2},{"op":"remove","path":"/c~1d"},{"op":"replace","path":"/a/b","value":null}]"#;
        assert_eq!(made(&format!(r#"{{"base":"small","patch":{patch}}}"#)).unwrap(), r#"{"a":{"b":null,"n":1e2}}"#);
        assert_eq!(made(r#"{"parts":["[",{"repeat":"1,","times":3},"1]"]}"#).unwrap(), "[1,1,1,1]");
        let input = bases().input(r#"{"provider":"p","input_text":{"json":{}},"messages":["x",{"base":"small"}]}"#);
        let expected = r#"{"provider":"p","input_text":"{}","messages":["x","{\"a\":{\"b\":1.50},\"c/d\":[]}"]}"#;
        assert_eq!(input.unwrap(), expected);
    }

    #[test]
    fn a_wrong_recipe_is_an_error() {
        for recipe in [
            r#"{"base":"none"}"#,
            r#"{"base":"small","json":{}}"#,
            r#"{"base":"small","patch":[{"op":"replace","path":"/x","value":1}]}"#,
            r#"{"base":"small","patch":[{"op":"remove","path":"/x"}]}"#,
            r#"{"base":"small","patch":[{"op":"move","path":"/a","value":1}]}"#,
            r#"{"parts":[{"repeat":"x"}]}"#,
            "{}",
        ] {
            assert!(made(recipe).is_err(), "{recipe}");
        }
    }
}
