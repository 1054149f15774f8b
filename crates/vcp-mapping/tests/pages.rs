//! A test of the pages about the providers. They are made from the rule files, so that they cannot
//! become outdated. `UPDATE_PAGES=1 cargo test -p vcp-mapping --test pages` writes them.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};
use vcp_mapping::rules::{Condition, ProviderFile, RuleFile, Source, Table};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the file of each provider, and its rule files in the order of their names.
fn files() -> Vec<(ProviderFile, Vec<RuleFile>)> {
    let mut found = Vec::new();
    for folder in fs::read_dir(root().join("rules")).unwrap() {
        let folder = folder.unwrap().path();
        let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
        let mut paths: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        paths.sort();
        paths.retain(|path| !path.ends_with("provider.json"));
        let rules = paths.iter().map(|path| serde_json::from_str(&read(path)).unwrap()).collect();
        found.push((serde_json::from_str(&read(&folder.join("provider.json"))).unwrap(), rules));
    }
    found.sort_by(|(a, _): &(ProviderFile, _), (b, _)| a.provider.cmp(&b.provider));
    found
}

/// Returns a text as code in a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn codes<'t>(texts: impl IntoIterator<Item = &'t String>) -> String {
    texts.into_iter().map(|text| code(text)).collect::<Vec<_>>().join(", ")
}

/// Returns conditions as a phrase.
fn conditions(all: &[Condition]) -> String {
    let one = |condition: &Condition| {
        if !condition.any_of.is_empty() {
            let any: Vec<String> = condition.any_of.iter().map(|one| conditions(std::slice::from_ref(one))).collect();
            return format!("({})", any.join(" or "));
        }
        if !condition.event.is_empty() {
            return format!(
                "the event is {}",
                condition.event.iter().map(|e| code(e)).collect::<Vec<_>>().join(" or ")
            );
        }
        if !condition.written.is_empty() {
            return format!("{} is written", codes(&condition.written));
        }
        let path = code(condition.path.as_deref().unwrap_or_default());
        match (&condition.contains, condition.present, condition.filled) {
            _ if !condition.is.is_empty() => {
                format!("{path} is {}", condition.is.iter().map(|w| code(w)).collect::<Vec<_>>().join(" or "))
            }
            (Some(part), ..) => format!("{path} contains {}", code(part)),
            (None, Some(true), _) => format!("{path} is present"),
            (None, Some(false), _) => format!("{path} is absent"),
            (None, None, Some(false)) => format!("{path} is not filled"),
            (None, None, _) => format!("{path} is filled"),
        }
    };
    all.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// Describes a source in one cell.
fn source(source: &Source) -> String {
    let mut text = match (&source.path, &source.value, &source.list) {
        (Some(path), ..) => code(path),
        (None, Some(value), _) => format!("the word {}", code(value)),
        (None, None, Some(list)) => format!("the list {}", code(list)),
        (None, None, None) => "other fields".to_owned(),
    };
    let how = match (&source.table, &source.function, &source.word) {
        (Some(table), ..) => Some(format!("by table {}", code(table))),
        (None, Some(function), _) => Some(format!("by function {}", code(function))),
        (None, None, Some(word)) => Some(format!("gives {}", code(word))),
        (None, None, None) => source.transform.map(|transform| format!("as {}", code(&transform.name()))),
    };
    if let Some(how) = how {
        text = format!("{text} {how}");
    }
    if !source.members.is_empty() {
        text = format!("{text} of {}", codes(&source.members));
    }
    if let Some(scale) = source.scale {
        text = format!("{text}, times 10^{scale}");
    }
    if !source.except.is_empty() {
        text = format!("{text}, except {}", codes(&source.except));
    }
    if !source.when.is_empty() {
        text = format!("{text}, if {}", conditions(&source.when));
    }
    if source.is_derived() && source.value.is_none() {
        text.push_str(" (derived)");
    }
    text
}

/// Adds a table of words, with the words that the provider's table gives for them.
fn add_words(page: &mut String, table: &Table) {
    page.push_str("| provider's word | gives |\n|---|---|\n");
    for (word, status) in &table.words {
        page.push_str(&format!("| {} | {} |\n", code(word), code(status)));
    }
    for (part, status) in &table.begins {
        page.push_str(&format!("| begins with {} | {} |\n", code(part), code(status)));
    }
    for (part, status) in &table.contains {
        page.push_str(&format!("| contains {} | {} |\n", code(part), code(status)));
    }
    let other = table.otherwise.as_ref().map_or("nothing".to_owned(), |word| code(word));
    let reported = if table.complete { ", and is reported" } else { "" };
    page.push_str(&format!("| any other | {other}{reported} |\n"));
}

/// Returns JSON as text, with the members of objects in the order of their names.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(flat).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            sorted.iter().map(|(name, value)| format!("{name}: {}", flat(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Adds the rules of a file.
fn add_rules(page: &mut String, file: &RuleFile) {
    page.push_str(&format!("\n## Fields of `{}`\n\n", file.name));
    page.push_str("The first source that gives a value is used.\n\n| field | sources, in order |\n|---|---|\n");
    for rule in &file.rules {
        let mut cell = rule.from.iter().map(source).collect::<Vec<_>>().join("<br>");
        if !rule.when.is_empty() {
            cell = format!("if {}: {cell}", conditions(&rule.when));
        }
        for change in &rule.change {
            let is = change.is.iter().map(|w| code(w)).collect::<Vec<_>>().join(" or ");
            let (path, by) = (code(&change.path), code(&change.by));
            let test = if is.is_empty() { format!("{path}, if filled,") } else { format!("{path} = {is}") };
            cell = format!("{cell}<br>{test} turns {} into {by}", codes(&change.replaces));
        }
        page.push_str(&format!("| {} | {cell} |\n", code(&rule.to)));
    }
    for (name, sources) in &file.lists {
        let sources = sources.iter().map(source).collect::<Vec<_>>().join("; ");
        page.push_str(&format!("\nThe list {}: {sources}.\n", code(name)));
    }
    for models in &file.models {
        let by = models.role.as_deref().map(|role| format!("of the role {}", code(role)));
        let by = by.or_else(|| models.role_table.as_ref().map(|table| format!("with roles by table {}", code(table))));
        let costs = if models.cost.is_empty() { String::new() } else { format!(", costs {}", codes(&models.cost)) };
        page.push_str(&format!("\nModels {}: {}{costs}.\n", by.unwrap_or_default(), code(&models.path)));
    }
    for transfers in &file.transfers {
        let list = transfers.list.as_ref().map(|list| format!(" in {}", code(list))).unwrap_or_default();
        let row_at = transfers.row_at.as_ref().map(|clock| &clock.path);
        let others = transfers.at.iter().chain(row_at).chain(&transfers.outcome);
        let when =
            if transfers.when.is_empty() { String::new() } else { format!(", if {}", conditions(&transfers.when)) };
        let members = codes(transfers.to.iter().chain(others));
        page.push_str(&format!("\nTransfers{list}: {members}{when}.\n"));
    }
    for criteria in &file.criteria {
        page.push_str(&format!("\nCriteria: {}, by table {}.\n", code(&criteria.path), code(&criteria.table)));
    }
    if let Some(twins) = &file.twins {
        let pairs = twins.of.iter().map(|(of, twin)| format!("{} for {}", code(twin), code(of)));
        let pairs = pairs.collect::<Vec<_>>().join(", ");
        let first =
            if twins.first.is_empty() { String::new() } else { format!(", and first if {}", conditions(&twins.first)) };
        page.push_str(&format!("\nRedacted twins fill in{first}: {pairs}.\n"));
    }
    for rows in &file.conversation {
        let lists = rows.rows.iter().map(|rows| code(&rows.path)).collect::<Vec<_>>().join(", ");
        page.push_str(&format!("\n### Rows of {lists}\n\n| part | member |\n|---|---|\n"));
        let shape: Value = serde_json::to_value(rows).unwrap();
        let parts = [
            "role",
            "text",
            "text_parts",
            "start",
            "end",
            "words",
            "speech_ms",
            "latency",
            "cut_off",
            "order_by",
            "begins_at",
            "precise",
            "words_of",
            "all_rows",
            "roles",
            "silence",
            "calls",
            "results",
        ];
        for part in parts {
            if let Some(value) = shape.get(part).filter(|value| !value.as_str().is_some_and(str::is_empty)) {
                page.push_str(&format!("| `{part}` | {} |\n", code(&flat(value))));
            }
        }
        if !rows.not_spoken.is_empty() {
            let any: Vec<String> =
                rows.not_spoken.iter().map(|condition| conditions(std::slice::from_ref(condition))).collect();
            page.push_str(&format!("\nA row was not spoken if {}.\n", any.join(", or if ")));
        }
    }
    if !file.words.is_empty() {
        page.push_str("\n### Words of members that are only tested\n\n| member | words |\n|---|---|\n");
        for (path, words) in &file.words {
            page.push_str(&format!("| {} | {} |\n", code(path), codes(words)));
        }
    }
    if !file.ignored.is_empty() {
        page.push_str("\n### Members without meaning\n\n| member | reason |\n|---|---|\n");
        for (path, reason) in &file.ignored {
            page.push_str(&format!("| {} | {reason} |\n", code(path)));
        }
    }
}

/// Makes the page of a provider.
fn page(provider: &ProviderFile, rules: &[RuleFile]) -> String {
    let mut page = format!("# {}\n\n", provider.info.name);
    page.push_str("This page is made from the rule files. Paths start from the record, or from the root of the\n");
    page.push_str("payload with `$.`. A member that no rule names is listed in `unread` of the report, and stays in\n");
    page.push_str("the kept payload.\n\n## Events\n\n| event | rules | rank | key |\n|---|---|---|---|\n");
    for (name, event) in &provider.events {
        let rules = event.rules.as_deref().map_or("not a call record".to_owned(), code);
        let alternatives = |part: &Vec<String>| part.iter().map(|path| code(path)).collect::<Vec<_>>().join(" or ");
        let mut key = event.key.iter().map(alternatives).collect::<Vec<_>>().join(", ");
        if event.replaces {
            key.push_str("none: holds everything that the one before held");
        }
        page.push_str(&format!("| {} | {rules} | {} | {} |\n", code(name), event.rank, key));
    }
    for file in rules {
        add_rules(&mut page, file);
    }
    let reasons = provider.ended_reasons.as_ref();
    let (first, others): (Vec<_>, Vec<_>) = provider.tables.iter().partition(|(name, _)| Some(*name) == reasons);
    for (name, table) in first {
        page.push_str(&format!("\n## Ended reasons (table {})\n\n", code(name)));
        add_words(&mut page, table);
    }
    for (name, table) in others {
        page.push_str(&format!("\n## Table {}\n\n", code(name)));
        add_words(&mut page, table);
    }
    if !provider.secrets.is_empty() {
        page.push_str(&format!("\n## Masked members\n\n{}\n", codes(&provider.secrets)));
    }
    page
}

#[test]
fn the_pages_are_those_of_the_rule_files() {
    for (provider, rules) in files() {
        let path = root().join(format!("src/pages/{}.md", provider.provider));
        let made = page(&provider, &rules);
        if std::env::var_os("UPDATE_PAGES").is_some() {
            fs::write(&path, &made).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == made, "{} is outdated: run the test with UPDATE_PAGES=1", path.display());
    }
}

#[test]
fn every_rule_is_on_its_page() {
    for (provider, rules) in files() {
        let page = page(&provider, &rules);
        for rule in rules.iter().flat_map(|file| &file.rules) {
            assert!(page.contains(&code(&rule.to)), "{}: {}", provider.provider, rule.to);
            for path in rule.from.iter().filter_map(|source| source.path.as_ref()) {
                assert!(page.contains(&code(path)), "{}: {path}", provider.provider);
            }
        }
    }
}
