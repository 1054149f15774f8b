//! Word tables.

use super::form::Table;

/// The result of a look-up.
pub(crate) struct Hit<'t> {
    pub(crate) word: Option<&'t str>,
    /// The table should have listed the word and does not.
    pub(crate) unlisted: bool,
}

impl Table {
    /// Looks a word up: first the whole words, then beginnings, then parts, then the result for any
    /// other word. An empty word is in no table.
    pub(crate) fn look_up(&self, word: &str) -> Hit<'_> {
        if word.is_empty() {
            return Hit { word: None, unlisted: false };
        }
        if let Some(found) = self.whole(word) {
            return Hit { word: Some(found), unlisted: false };
        }
        let folded = if self.ignore_case { word.to_lowercase() } else { word.to_owned() };
        let fits = |part: &str, test: fn(&str, &str) -> bool| {
            if self.ignore_case { test(&folded, &part.to_lowercase()) } else { test(&folded, part) }
        };
        let begins = self.begins.iter().find(|(part, _)| fits(part, |w, p| w.starts_with(p)));
        let listed = begins.is_some();
        let found = begins.or_else(|| self.contains.iter().find(|(part, _)| fits(part, contains_in_order)));
        Hit { word: found.map(|(_, to)| to.as_str()).or(self.otherwise.as_deref()), unlisted: self.complete && !listed }
    }

    /// Returns whether the table lists a word as a whole.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.whole(word).is_some()
    }

    fn whole(&self, word: &str) -> Option<&str> {
        if let Some(to) = self.words.get(word) {
            return Some(to);
        }
        let is_same = |(listed, _): &(&String, &String)| same_but_for_case(listed, word);
        if self.ignore_case { self.words.iter().find(is_same).map(|(_, to)| to.as_str()) } else { None }
    }

    /// Returns every word that the table can give.
    pub(crate) fn results(&self) -> impl Iterator<Item = &str> {
        let parts = self.begins.iter().chain(&self.contains).map(|(_, to)| to);
        self.words.values().chain(parts).chain(&self.otherwise).map(String::as_str)
    }
}

/// Returns whether two words are the same in lower case.
fn same_but_for_case(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() { a.eq_ignore_ascii_case(b) } else { a.to_lowercase() == b.to_lowercase() }
}

/// Returns whether a text has all the parts that `*` separates, one after the other.
fn contains_in_order(text: &str, parts: &str) -> bool {
    parts.split('*').try_fold(text, |rest, part| rest.split_once(part).map(|(_, after)| after)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(json: &str) -> Table {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn order_of_look_up() {
        let table =
            table(r#"{"words": {"ab": "1"}, "begins": [["a", "2"]], "contains": [["b", "3"]], "otherwise": "4"}"#);
        for (word, to) in [("ab", Some("1")), ("ax", Some("2")), ("xb", Some("3")), ("x", Some("4")), ("", None)] {
            assert_eq!(table.look_up(word).word, to, "{word}");
        }
    }

    #[test]
    fn parts_in_order() {
        let table = table(r#"{"contains": [["number*invalid", "1"]]}"#);
        assert_eq!(table.look_up("the number is invalid").word, Some("1"));
        assert_eq!(table.look_up("invalid key number").word, None);
    }

    #[test]
    fn case_and_completeness() {
        let table = table(
            r#"{"words": {"Busy": "timeout"}, "contains": [["Error", "error"]], "ignore_case": true, "complete": true}"#,
        );
        assert_eq!(table.look_up("bUSY").word, Some("timeout"));
        let hit = table.look_up("some-ERROR");
        assert!(hit.word == Some("error") && hit.unlisted, "found by a part of the word, so the table lacks it");
        assert!(table.has("BUSY") && !table.has("Busyy"));
        let umlaut = self::table(r#"{"words": {"über": "1", "kilo": "2"}, "ignore_case": true}"#);
        assert!(umlaut.has("ÜBER") && umlaut.has("\u{212a}ILO"), "the Kelvin sign is a k in lower case");
        let hit = table.look_up("odd");
        assert!(hit.word.is_none() && hit.unlisted);
    }
}
