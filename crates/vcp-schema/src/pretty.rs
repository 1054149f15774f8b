//! JSON text laid out for people.

/// The deepest nesting that gets lines of its own.
const DEEPEST_LINE: usize = 128;

/// JSON text with one member a line, indented by two spaces. No value changes: numbers and strings stay the text they were.
///
/// What is deeper than 128 stays on one line, so that hostile nesting does not become much white space. The text must be JSON, as
/// the text of messages and raw values is.
///
/// ```
/// assert_eq!(vcp_schema::pretty(r#"{"a":[1.10,{}],"b":"x, y"}"#), "{\n  \"a\": [\n    1.10,\n    {}\n  ],\n  \"b\": \"x, y\"\n}");
/// ```
#[must_use]
pub fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let line = |out: &mut String, depth: usize| {
        if depth > DEEPEST_LINE {
            return;
        }
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                if let Some(close) = chars.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                if depth <= DEEPEST_LINE {
                    line(&mut out, depth.saturating_sub(1));
                }
                depth = depth.saturating_sub(1);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
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
