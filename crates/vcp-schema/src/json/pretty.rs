//! Layout of JSON text for people.

use super::tokens::{TokenKind, Tokens};

/// The deepest nesting that is laid out in separate lines.
const DEEPEST_LINE: usize = 128;

/// Lays out JSON text with one member a line, indented by two spaces. Numbers and strings keep
/// their text.
///
/// Values nested deeper than 128 stay on one line, so that hostile nesting does not produce much
/// white space. The text must be JSON, such as the text of a message or a raw value.
///
/// ```
/// let text = vcp_schema::pretty(r#"{"a":[1.10,{}],"b":"x, y"}"#);
/// assert_eq!(text, "{\n  \"a\": [\n    1.10,\n    {}\n  ],\n  \"b\": \"x, y\"\n}");
/// ```
#[must_use]
pub fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let line = |out: &mut String, depth: usize| {
        if depth <= DEEPEST_LINE {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    };
    let mut tokens = Tokens::new(json).filter(|token| token.kind != TokenKind::Space).peekable();
    while let Some(token) = tokens.next() {
        match token.kind {
            TokenKind::Open => {
                out.push_str(token.text);
                if let Some(close) = tokens.next_if(|next| next.kind == TokenKind::Close) {
                    out.push_str(close.text);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            TokenKind::Close => {
                if depth <= DEEPEST_LINE {
                    line(&mut out, depth.saturating_sub(1));
                }
                depth = depth.saturating_sub(1);
                out.push_str(token.text);
            }
            TokenKind::Comma => {
                out.push_str(token.text);
                line(&mut out, depth);
            }
            TokenKind::Colon => out.push_str(": "),
            _ => out.push_str(token.text),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn strings_are_left_alone() {
        assert_eq!(pretty(r#" { "a\"{" : "\\" , "b":[ ] } "#), "{\n  \"a\\\"{\": \"\\\\\",\n  \"b\": []\n}");
    }

    #[test]
    fn deep_text_stays_short() {
        let deep = format!("{}1,2{}", "[".repeat(20_000), "]".repeat(20_000));
        let text = pretty(&deep);
        assert!(text.len() < 100_000, "{}", text.len());
        assert_eq!(text.split_whitespace().collect::<String>(), deep);
    }

    #[test]
    fn lays_out_as_serde_json_does() {
        let value = serde_json::json!({"a": {"b": [1, 2, {"c": null}], "d": {}}, "e": "f"});
        assert_eq!(pretty(&value.to_string()), serde_json::to_string_pretty(&value).unwrap());
    }
}
