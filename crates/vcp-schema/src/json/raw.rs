//! Free-form data and unknown members, kept as JSON text (decisions 1.5–1.7).

use super::{
    limits::Limits,
    members, string,
    text::{parse, well_formed},
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
            /// The JSON text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Reads the text into any type, `serde_json::Value` for one.
            ///
            /// # Errors
            ///
            /// `VCP_E008` beyond the default [`Limits`], `VCP_E004` when the text does not fit the type.
            pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ParseError> {
                parse(&self.0, &Limits::default())
            }

            /// The value as JSON.
            ///
            /// # Errors
            ///
            /// `VCP_E008` beyond the default [`Limits`], `VCP_E001` for a lone surrogate or a number out of range.
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
    /// Any JSON value, kept as the text it was: byte for byte, so that no number, escape or order changes.
    ///
    /// Equal when the texts are equal.
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
    /// A JSON object (`Dict[str, Any]` in the specification), kept as the text it was. The default is `{}`.
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
    /// `VCP_E007` when the text is not JSON, `VCP_E008` when it is longer than the default limit.
    pub fn from_json(text: &str) -> Result<Self, ParseError> {
        well_formed(text, &Limits::default())?;
        Ok(Self(trim(text).into()))
    }

    /// A JSON string with this content.
    ///
    /// ```
    /// assert_eq!(vcp_schema::RawJson::from_text("a\"b").as_str(), r#""a\"b""#);
    /// ```
    #[must_use]
    pub fn from_text(content: &str) -> Self {
        Self(string::quoted(content).into())
    }

    /// Takes text that is known to be JSON, without surrounding white space and without reading it again: for code that has just read it, such as a mapper.
    /// Text that is no JSON makes a message that cannot be read back.
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
    /// `VCP_E007` when the text is not JSON, `VCP_E004` when it is no object, `VCP_E008` when it is longer than the
    /// default limit.
    pub fn from_json(text: &str) -> Result<Self, ParseError> {
        well_formed(text, &Limits::default())?;
        let inner = trim(text);
        if inner.starts_with('{') {
            Ok(Self(inner.into()))
        } else {
            let (at, message) = (super::text::offset(text, inner), "an object is wanted here".to_owned());
            Err(ParseError::in_text(ErrorCode::Type, FieldPath::root(), message, text.as_bytes(), at))
        }
    }

    /// Takes text that is known to be a JSON object, without reading it again: for code that has just read it, such as a
    /// mapper. Text that is no JSON object makes a message that cannot be read back.
    #[must_use]
    pub fn from_trusted_text(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        debug_assert!(text.starts_with('{') && text.ends_with('}'), "not the text of an object");
        Self(text)
    }

    /// The text of a member; the last one where the name stands twice (decisions 1.1).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        members::get(&self.0, name)
    }

    /// The members in order, each with its text.
    #[must_use]
    pub fn members(&self) -> Vec<(std::borrow::Cow<'_, str>, &str)> {
        members::all(&self.0).unwrap_or_default()
    }

    /// Whether there is no member.
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
