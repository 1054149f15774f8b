//! JSON with members in the order in which they were added and numbers in the spelling of the
//! provider. `serde_json::Value` keeps neither.

use std::fmt;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// A number, as it is spelled.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Makes an object: `object! {"a": 1, "b": "text"}`. A value of `Option` can be null.
macro_rules! object {
    ($( $name:literal : $value:expr ),* $(,)?) => {
        $crate::json::Json::Object(vec![$( ($name.to_owned(), $crate::json::Json::from($value)) ),*])
    };
}
pub(crate) use object;

impl Json {
    /// Adds members behind those of the object. Any other value stays as it is.
    pub(crate) fn with(mut self, more: Json) -> Self {
        if let (Json::Object(members), Json::Object(more)) = (&mut self, more) {
            members.extend(more);
        }
        self
    }

    /// Adds members if the condition holds.
    pub(crate) fn with_if(self, condition: bool, more: impl FnOnce() -> Json) -> Self {
        if condition { self.with(more()) } else { self }
    }

    /// Returns a number with `decimals` decimals, without zeros at its end.
    pub(crate) fn decimal(units: u64, decimals: usize) -> Self {
        let scale = 10u64.saturating_pow(u32::try_from(decimals).unwrap_or(0));
        let fraction = format!("{:0decimals$}", units % scale);
        let text = format!("{}.{fraction}", units / scale);
        Json::Number(text.trim_end_matches('0').trim_end_matches('.').to_owned())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(text) => f.write_str(text),
            Json::Text(text) => f.write_str(&quoted(text)),
            Json::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (at, (name, value)) in members.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{}:{value}", quoted(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::Text(text.to_owned())
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Json::Text(text.clone())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Json::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Json::Bool(value)
    }
}

macro_rules! integers {
    ($($Type:ty)*) => {
        $(impl From<$Type> for Json {
            fn from(number: $Type) -> Self {
                Json::Number(number.to_string())
            }
        })*
    };
}
integers!(i32 u32 u64 i64 usize);

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Json::Null, Into::into)
    }
}

impl From<&Option<String>> for Json {
    fn from(text: &Option<String>) -> Self {
        Json::from(text.as_deref())
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Self {
        Json::List(items.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn json_is_written_in_order_with_exact_numbers() {
        let json = object! {"b": 1, "a": "x\n\"", "none": None::<u64>, "list": vec![true, false]};
        let json = json.with(object! {"n": Json::decimal(12_340, 3)});
        assert_eq!(json.to_string(), r#"{"b":1,"a":"x\n\"","none":null,"list":[true,false],"n":12.34}"#);
        assert_eq!(Json::decimal(5_000, 3).to_string(), "5");
        assert_eq!(Json::decimal(7, 6).to_string(), "0.000007");
    }
}
