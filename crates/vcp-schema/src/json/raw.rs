//! Free-form data and unknown members, kept as JSON text (`DECISIONS.md` 1.5–1.7).

use super::{
    limits::Limits,
    members, string,
    text::{offset, parse, well_formed},
    trim,
};
use crate::{ErrorCode, FieldPath, ParseError};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, ser::Error as _};
use serde_json::{Map, Value, value::RawValue};
use std::fmt;

macro_rules! raw_text {
    ($(#[$meta:meta])* $Type:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $Type(Box<str>);

        impl $Type {
            /// Returns the JSON text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text of the value at a JSON Pointer (RFC 6901), such as `/calls/0/id`.
            ///
            /// If a name is repeated in its object, its last value counts (`DECISIONS.md` 1.1). The
            /// empty pointer is the whole value. Returns `None` if there is no such value, or if
            /// the pointer is not valid.
            #[must_use]
            pub fn pointer(&self, pointer: &str) -> Option<&str> {
                members::pointer(&self.0, pointer)
            }

            /// Reads the text into any type, such as `serde_json::Value`.
            ///
            /// # Errors
            ///
            /// - `VCP_E001`: the text holds a lone surrogate or a number out of range.
            /// - `VCP_E004`: the text does not fit the type.
            /// - `VCP_E008`: the value exceeds the default [`Limits`].
            pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ParseError> {
                parse(&self.0, &Limits::default())
            }

            /// Returns the value as a `serde_json` tree.
            ///
            /// # Errors
            ///
            /// - `VCP_E001`: the text holds a lone surrogate or a number out of range.
            /// - `VCP_E008`: the value exceeds the default [`Limits`].
            pub fn to_value(&self) -> Result<Value, ParseError> {
                self.parse()
            }
        }

        impl fmt::Debug for $Type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Display for $Type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $Type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde_json::from_str::<&RawValue>(&self.0).map_err(S::Error::custom)?.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $Type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::read::deserialize_via_text(deserializer, Self::from_json)
            }
        }
    };
}

raw_text! {
    /// Any JSON value, kept byte for byte as its text, so that no number, escape or order changes.
    ///
    /// Two values are equal if their texts are equal.
    ///
    /// ```
    /// use vcp_schema::RawJson;
    /// let raw = RawJson::from_json("[1.10, 123456789012345678901234567890]")?;
    /// assert_eq!(raw.as_str(), "[1.10, 123456789012345678901234567890]");
    /// assert_eq!(RawJson::from(serde_json::json!({"a": 1})).as_str(), r#"{"a":1}"#);
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    RawJson
}

raw_text! {
    /// A JSON object (`Dict[str, Any]` in the specification), kept as its text. The default is
    /// `{}`.
    ///
    /// ```
    /// use vcp_schema::RawObject;
    /// let raw = RawObject::from_json(r#"{"score": 0.50, "tag": "a"}"#)?;
    /// assert_eq!(raw.get("score"), Some("0.50"));
    /// assert_eq!(raw.get("other"), None);
    /// assert!(RawObject::from_json("[]").is_err());
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    RawObject
}

impl RawJson {
    /// Reads any JSON value.
    ///
    /// # Errors
    ///
    /// - `VCP_E007`: the text is not JSON.
    /// - `VCP_E008`: the text is longer than the default limit.
    pub fn from_json(text: &str) -> Result<Self, ParseError> {
        well_formed(text, &Limits::default())?;
        Ok(Self(trim(text).into()))
    }

    /// Returns a JSON string with this content.
    ///
    /// ```
    /// assert_eq!(vcp_schema::RawJson::from_text("a\"b").as_str(), r#""a\"b""#);
    /// ```
    #[must_use]
    pub fn from_text(content: &str) -> Self {
        Self(string::quoted(content).into())
    }

    /// Takes text that is known to be JSON, and does not check it.
    ///
    /// This is for code that has just read the text, such as a mapper. The text must have no white
    /// space around it. A message with text that is not JSON cannot be read back.
    #[must_use]
    pub fn from_trusted_text(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }
}

impl RawObject {
    /// Reads a JSON object.
    ///
    /// # Errors
    ///
    /// - `VCP_E004`: the text is not an object.
    /// - `VCP_E007`: the text is not JSON.
    /// - `VCP_E008`: the text is longer than the default limit.
    pub fn from_json(text: &str) -> Result<Self, ParseError> {
        well_formed(text, &Limits::default())?;
        let inner = trim(text);
        if inner.starts_with('{') {
            Ok(Self(inner.into()))
        } else {
            let (at, message) = (offset(text, inner), "an object is wanted here".to_owned());
            Err(ParseError::in_text(ErrorCode::Type, FieldPath::root(), message, text.as_bytes(), at))
        }
    }

    /// Takes text that is known to be a JSON object, and does not check it.
    ///
    /// This is for code that has just read the text, such as a mapper. The text must have no white
    /// space around it. A message with text that is not a JSON object cannot be read back.
    ///
    /// # Panics
    ///
    /// Only in debug builds, if the text does not start with `{` and end with `}`.
    #[must_use]
    pub fn from_trusted_text(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        debug_assert!(text.starts_with('{') && text.ends_with('}'), "not the text of an object");
        Self(text)
    }

    /// Returns the text of a member. If the name is repeated, the last value counts (`DECISIONS.md`
    /// 1.1).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        members::get(&self.0, name)
    }

    /// Reads the member `name` of this object into a type of the caller's choice. Returns `None` if
    /// the member is absent or null. If the name is repeated, the last value counts.
    ///
    /// ```
    /// use vcp_schema::RawObject;
    /// let raw = RawObject::from_json(r#"{"score": 0.50, "tags": ["a"], "note": null}"#)?;
    /// assert_eq!(raw.get_as::<f64>("score")?, Some(0.5));
    /// assert_eq!(raw.get_as::<Vec<String>>("tags")?, Some(vec!["a".to_owned()]));
    /// assert_eq!(raw.get_as::<String>("note")?, None);
    /// assert_eq!(raw.get_as::<bool>("score").unwrap_err().path().to_string(), "$.score");
    /// # Ok::<(), vcp_schema::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The path is that of the member in this object, and the position is that in its text.
    ///
    /// - `VCP_E001`: the value holds a lone surrogate or a number out of range.
    /// - `VCP_E004`: the value does not fit the type.
    /// - `VCP_E008`: the value exceeds the default [`Limits`].
    pub fn get_as<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ParseError> {
        let Some(json) = self.get(name).filter(|json| *json != "null") else {
            return Ok(None);
        };
        parse(json, &Limits::default()).map(Some).map_err(|error| {
            let (path, message) = (FieldPath::root().name(name), error.message().to_owned());
            ParseError::in_text(error.code(), path, message, self.0.as_bytes(), offset(&self.0, json))
        })
    }

    /// Returns the members in order, each with the text of its value. Repeated names are kept.
    #[must_use]
    pub fn members(&self) -> Vec<(std::borrow::Cow<'_, str>, &str)> {
        members::all(&self.0).unwrap_or_default()
    }

    /// Returns whether the object has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        members::spelled(&self.0).next().is_none()
    }
}

impl Default for RawObject {
    fn default() -> Self {
        Self("{}".into())
    }
}

impl From<Value> for RawJson {
    fn from(value: Value) -> Self {
        Self(value.to_string().into())
    }
}

impl From<Map<String, Value>> for RawObject {
    fn from(map: Map<String, Value>) -> Self {
        Self(Value::Object(map).to_string().into())
    }
}

impl From<RawObject> for RawJson {
    fn from(object: RawObject) -> Self {
        Self(object.0)
    }
}

impl TryFrom<Value> for RawObject {
    type Error = ParseError;

    fn try_from(value: Value) -> Result<Self, ParseError> {
        Self::from_json(&value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keeps_text_through_serde() {
        let text = "{ \"a\" : [ 1.0e+2 , 18446744073709551616, \"\\ud800\" ] }";
        let raw: RawObject = serde_json::from_str(text).unwrap();
        assert_eq!(raw.as_str(), text);
        assert_eq!(serde_json::to_string(&raw).unwrap(), text);
    }

    #[test]
    fn last_duplicate_wins() {
        assert_eq!(RawObject::from_json(r#"{"a":1,"a":2}"#).unwrap().get("a"), Some("2"));
    }

    #[test]
    fn members_are_read_into_types() {
        let raw = RawObject::from_json("{\"a\": null,\n\"n\": 1e400, \"a\": \"x\", \"z\": null}").unwrap();
        assert_eq!(raw.get_as::<String>("a").unwrap().as_deref(), Some("x"));
        assert_eq!((raw.get_as::<i64>("z").unwrap(), raw.get_as::<i64>("other").unwrap()), (None, None));
        let error = raw.get_as::<u8>("a").unwrap_err();
        assert_eq!(error.to_string(), "VCP_E004 at $.a: the value does not fit the type asked for (line 2, column 18)");
        assert_eq!(raw.get_as::<f64>("n").unwrap_err().code(), crate::ErrorCode::Unreadable);
        let deep = RawObject::from_json(&format!("{{\"a\":{}{}}}", "[".repeat(129), "]".repeat(129))).unwrap();
        assert_eq!(deep.get_as::<Value>("a").unwrap_err().code(), crate::ErrorCode::Limit);
    }

    #[test]
    fn values_are_found_by_pointer() {
        let text = r#"{"a": [{"b": 1.50}], "a~b": {"c": 1, "c": 2}}"#;
        let (object, json) = (RawObject::from_json(text).unwrap(), RawJson::from_json(text).unwrap());
        for (pointer, value) in [("/a/0/b", Some("1.50")), ("/a~0b/c", Some("2")), ("/a/1", None), ("", Some(text))] {
            assert_eq!((object.pointer(pointer), json.pointer(pointer)), (value, value), "{pointer}");
        }
    }

    #[test]
    fn objects_only() {
        assert_eq!(RawObject::try_from(json!([1])).unwrap_err().code(), crate::ErrorCode::Type);
        assert_eq!(RawObject::from_json(" {} \n").unwrap(), RawObject::default());
    }

    #[test]
    fn depth_is_a_limit_of_parsing_only() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(RawJson::from_json(&deep(128)).unwrap().to_value().is_ok());
        let raw = RawJson::from_json(&deep(129)).unwrap();
        assert_eq!(raw.to_value().unwrap_err().code(), crate::ErrorCode::Limit);
        assert!(RawJson::from_json(&deep(1_000_000)).is_ok());
    }
}
