//! The trial of rule files on sample deliveries.

use crate::{
    MapError, Mapper, Mapping, Registry, RuleError, SharedText,
    engine::{delivery::Recognised, models::Used, transform},
    rules::{
        FieldRule, Provider, RuleFile, Source,
        paths::{InList, below, is_empty},
        plan::{members_of_calls, members_of_results, members_of_rows, values_of_criteria, values_of_models},
        secrets::Secrets,
        target::FieldName,
    },
};
use chrono::DateTime;
use serde::Serialize;
use std::collections::BTreeSet;
use vcp_schema::json::members;

/// A part of rule files that matched nothing in any sample. It may be misspelled, or the samples
/// may lack it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unmatched {
    /// An event that is a call record and of which there is no sample.
    Event(String),
    /// A rule that gave no value, by its file and the field that it writes, such as
    /// `call: call.to`.
    Rule(String),
    /// A path that gives no value in any sample, by its file and the path, such as
    /// `call: callee.number`. The paths are those of sources, lists, transfers, criteria, models
    /// and words, and of the key and the time of an event.
    Path(String),
    /// A member of rows, of tool calls, of results, of models or of criteria that none of them has.
    RowMember(String),
    /// A pattern of `secrets` that masked nothing.
    Secret(String),
    /// A table in which no word was found.
    Table(String),
}

/// The result of a trial of rule files.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Lint {
    /// The parts of the files that matched nothing.
    pub unmatched: Vec<Unmatched>,
    /// The samples that could not be mapped, by their number from 0.
    pub failed: Vec<(usize, MapError)>,
}

impl Registry {
    /// Checks the files of a provider, and tries them on sample deliveries.
    ///
    /// The trial finds what checking cannot: a path, a row member or a secret that is misspelled
    /// matches nothing in any sample. Each sample is one delivery. Not tried are conditions, ignored
    /// members, and events that are assembled into a session.
    ///
    /// ```
    /// use vcp_mapping::{Registry, Unmatched};
    /// let provider = r#"{"provider":"parrot",
    ///     "info":{"name":"P","company":"P","website":"w","docs_url":"d","api_base_url":"a"},
    ///     "detect":[{"has":["event"],"event_from":"event"}],
    ///     "events":{"done":{"rules":"call"}},"secrets":["$.tokn"]}"#;
    /// let rules = r#"{"provider":"parrot","name":"call",
    ///     "rules":[{"to":"call.call_id","from":{"path":"id"}}]}"#;
    /// let delivery = br#"{"event":"done","id":"p1","token":"t"}"#;
    /// let lint = Registry::lint(provider, &[rules], &[delivery])?;
    /// assert_eq!(lint.unmatched, [Unmatched::Secret("$.tokn".to_owned())]);
    /// # Ok::<(), vcp_mapping::RuleError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Every fault of the files.
    pub fn lint(provider: &str, rules: &[&str], samples: &[&[u8]]) -> Result<Lint, RuleError> {
        let mut registry = Self::empty();
        registry.register_json(provider, rules)?;
        let mapper = Mapper::with_registry(registry);
        let files: Vec<RuleFile> = rules.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        let mut lint = Lint::default();
        let mut matched = BTreeSet::new();
        let mut all = BTreeSet::new();
        for provider in mapper.registry().providers() {
            all.extend(parts(provider, &files));
            for (number, sample) in samples.iter().enumerate() {
                if let Err(error) = try_sample(&mapper, provider, &files, sample, &mut matched) {
                    lint.failed.push((number, error));
                }
            }
        }
        lint.unmatched = all.difference(&matched).cloned().collect();
        Ok(lint)
    }
}

/// Returns every part of the files that a sample can match.
fn parts(provider: &Provider, files: &[RuleFile]) -> BTreeSet<Unmatched> {
    let file = provider.file();
    let mut parts = BTreeSet::new();
    let tried = file.events.iter().filter(|(_, event)| event.rules.is_some() && !event.assembled);
    parts.extend(tried.clone().map(|(name, _)| Unmatched::Event(name.clone())));
    parts.extend(file.secrets.iter().cloned().map(Unmatched::Secret));
    let is_tried = |rules: &&RuleFile| tried.clone().any(|(_, event)| event.rules.as_ref() == Some(&rules.name));
    for (name, event) in tried.clone() {
        parts.extend(event.key.iter().flatten().chain(&event.time).map(|path| of_path(name, path)));
    }
    for rules in files.iter().filter(is_tried) {
        parts.extend(paths(rules).map(|path| of_path(&rules.name, &path)));
        parts.extend(tables(rules).cloned().map(Unmatched::Table));
        parts.extend(rules.rules.iter().map(|rule| Unmatched::Rule(of_rule(rules, rule))));
        for conversation in &rules.conversation {
            parts.extend(members_of_rows(conversation).into_iter().map(Unmatched::RowMember));
            let calls = conversation.calls.iter().flat_map(members_of_calls);
            let results = conversation.results.iter().flat_map(members_of_results);
            parts.extend(calls.chain(results).map(Unmatched::RowMember));
        }
        let sources = sources(rules).flat_map(|source| source.members.iter().cloned());
        let entries = entries(rules).flat_map(|(_, members)| members);
        parts.extend(sources.chain(entries).map(Unmatched::RowMember));
    }
    parts
}

/// Returns the sources of a rule file, also those in its lists.
fn sources(file: &RuleFile) -> impl Iterator<Item = &Source> {
    file.rules.iter().flat_map(|rule| &rule.from).chain(file.lists.values().flatten())
}

/// Returns the lists or objects with entries that a rule file reads, with the members of an entry.
fn entries(file: &RuleFile) -> impl Iterator<Item = (&str, Vec<String>)> {
    let models = file.models.iter().map(|models| (&*models.path, values_of_models(models).cloned().collect()));
    let criteria = file.criteria.iter().map(|form| (&*form.path, values_of_criteria(form).cloned().collect()));
    let transfers = file.transfers.iter().filter_map(|transfers| {
        let (list, clock) = (transfers.list.as_ref()?, transfers.row_at.as_ref()?);
        Some((list.split('[').next().unwrap_or_default(), vec![clock.path.clone()]))
    });
    models.chain(criteria).chain(transfers)
}

/// Returns the tables that a rule file uses.
fn tables(file: &RuleFile) -> impl Iterator<Item = &String> {
    let of_models = file.models.iter().filter_map(|usage| usage.role_table.as_ref());
    let of_criteria = file.criteria.iter().map(|criteria| &criteria.table);
    sources(file).filter_map(|source| source.table.as_ref()).chain(of_models).chain(of_criteria)
}

/// Returns the paths of a rule file that give values. Those of a list lead into its elements.
fn paths(file: &RuleFile) -> impl Iterator<Item = String> {
    let sources = sources(file).filter_map(|source| source.path.clone());
    let conversations = file.conversation.iter();
    let rows =
        conversations.flat_map(|form| form.rows.iter().map(|rows| rows.path.clone()).chain(form.begins_at.clone()));
    let transfers = file.transfers.iter().flat_map(|transfers| {
        let members = transfers.to.iter().chain(&transfers.at).chain(&transfers.outcome);
        members
            .map(|member| transfers.list.as_ref().map_or_else(|| member.clone(), |list| format!("{list}[].{member}")))
    });
    let others =
        file.criteria.iter().map(|criteria| &criteria.path).chain(file.models.iter().map(|models| &models.path));
    sources.chain(rows).chain(transfers).chain(others.chain(file.words.keys()).cloned())
}

/// Returns a path in [`Unmatched`]. `owner` is a rule file or an event.
fn of_path(owner: &str, path: &str) -> Unmatched {
    Unmatched::Path(format!("{owner}: {path}"))
}

/// Returns the name of a rule in [`Unmatched`].
fn of_rule(file: &RuleFile, rule: &FieldRule) -> String {
    format!("{}: {}", file.name, rule.to)
}

/// Maps a sample, and notes the parts of the files that it matches.
fn try_sample(
    mapper: &Mapper,
    provider: &Provider,
    files: &[RuleFile],
    sample: &[u8],
    matched: &mut BTreeSet<Unmatched>,
) -> Result<(), MapError> {
    // The trial depends on no time.
    let Mapping::Call(mapped) = mapper.map(provider.name(), sample, DateTime::UNIX_EPOCH)? else { return Ok(()) };
    let text = std::str::from_utf8(sample).unwrap_or_default();
    let file = provider.file();
    matched.insert(Unmatched::Event(mapped.event.clone()));
    let masks = |pattern: &&String| !Secrets::new([pattern.as_str()]).mask(text).1.is_empty();
    matched.extend(file.secrets.iter().filter(masks).cloned().map(Unmatched::Secret));

    let delivery = mapper.walk(provider, text)?;
    let Recognised::Call { event, ready } = delivery.recognise()? else { return Ok(()) };
    let rules = file.events.get(&event).and_then(|event| event.rules.as_ref());
    let Some(rules) = files.iter().find(|file| Some(&file.name) == rules) else { return Ok(()) };
    let names = provider.tree.path(ready.plan.at);
    let record = names.pointer().split('/').skip(1).try_fold(text, members::get).unwrap_or_default();
    let find = |path: &str| match path.strip_prefix("$.") {
        Some(absolute) => below(text, absolute),
        None => below(record, path),
    };

    let twins = |path: &str| rules.twins.as_ref().map_or_else(|| vec![path.to_owned()], |twins| twins.of_path(path));
    let has = |path: &String| twins(path).iter().any(|path| value_at(path, &find).is_some_and(|json| !is_empty(json)));
    matched.extend(paths(rules).filter(has).map(|path| of_path(&rules.name, &path)));
    let of_event = file.events.get(&event).into_iter().flat_map(|event| event.key.iter().flatten().chain(&event.time));
    matched.extend(of_event.filter(|path| has(path)).map(|path| of_path(&event, path)));
    for rule in &rules.rules {
        let path = FieldName::new(&rule.to).path;
        if mapped.report.written.iter().any(|written| written.target == path && written.rule.is_some()) {
            matched.insert(Unmatched::Rule(of_rule(rules, rule)));
        }
    }
    for source in sources(rules) {
        for path in source.path.iter().flat_map(|path| twins(path)) {
            let Some(json) = value_at(&path, &find) else { continue };
            let word = transform::word_of(json);
            let has_word = |name: &&String| word.as_ref().is_some_and(|word| has_word(provider, name, word));
            matched.extend(source.table.iter().filter(has_word).cloned().map(Unmatched::Table));
            let elements: Vec<&str> = members::elements(json).collect();
            matched.extend(
                source.members.iter().filter(|name| is_member(&elements, name)).cloned().map(Unmatched::RowMember),
            );
        }
    }
    for (path, names) in entries(rules) {
        let entries: Vec<&str> =
            twins(path).iter().filter_map(|path| value_at(path, &find)).flat_map(entries_of).collect();
        matched.extend(names.into_iter().filter(|name| is_member(&entries, name)).map(Unmatched::RowMember));
    }
    for criteria in &rules.criteria {
        let entries = twins(&criteria.path).into_iter().filter_map(|path| value_at(&path, &find)).flat_map(entries_of);
        let mut words = entries.filter_map(|entry| transform::word_of(below(entry, &criteria.result)?));
        if words.any(|word| has_word(provider, &criteria.table, &word)) {
            matched.insert(Unmatched::Table(criteria.table.clone()));
        }
    }
    for (usage, reader) in rules.models.iter().zip(&ready.plan.models) {
        let (Some(name), Some(json)) = (&usage.role_table, find(&usage.path)) else { continue };
        let mut used = Used::default();
        let _ = reader.read(json, &SharedText::default(), provider.table(name), &mut used);
        if !used.roles.is_empty() {
            matched.insert(Unmatched::Table(name.clone()));
        }
    }
    for conversation in &rules.conversation {
        let paths_of_rows: Vec<String> = conversation.rows.iter().flat_map(|rows| twins(&rows.path)).collect();
        let rows: Vec<&str> = paths_of_rows.iter().filter_map(|path| find(path)).flat_map(members::elements).collect();
        let mut note = |objects: &[&str], names: Vec<String>| {
            matched.extend(names.into_iter().filter(|name| is_member(objects, name)).map(Unmatched::RowMember));
        };
        note(&rows, members_of_rows(conversation));
        let inside = |lists: &[String]| {
            let mut elements = if lists.is_empty() { rows.clone() } else { Vec::new() };
            for (row, list) in rows.iter().flat_map(|row| lists.iter().map(move |list| (row, list))) {
                let Ok((list, inside)) = InList::split(list) else { continue };
                let Some(json) = below(row, list) else { continue };
                let mut add = |list| {
                    elements.extend(members::elements(list));
                    false
                };
                match inside {
                    Some(inside) => drop(inside.any(json, &mut add)),
                    None => drop(add(json)),
                }
            }
            elements
        };
        if let Some(calls) = &conversation.calls {
            note(&inside(&calls.list), members_of_calls(calls));
        }
        if let Some(results) = &conversation.results {
            note(&inside(results.lists_beside(conversation.calls.as_ref())), members_of_results(results));
        }
    }
    Ok(())
}

/// Returns the value at a path, which may lead into lists. Of several, it is the first one that is
/// filled.
fn value_at<'s>(path: &str, find: &impl Fn(&str) -> Option<&'s str>) -> Option<&'s str> {
    let (list, inside) = InList::split(path).ok()?;
    let json = find(list)?;
    inside.map_or(Some(json), |inside| inside.find(json))
}

/// Returns the entries of a list or of an object.
fn entries_of(json: &str) -> Vec<&str> {
    match json.as_bytes().first() {
        Some(b'{') => members::last(json).unwrap_or_default().into_iter().map(|(_, entry)| entry).collect(),
        _ => members::elements(json).collect(),
    }
}

/// Returns whether an object has a member that is not null.
fn is_member(objects: &[&str], name: &str) -> bool {
    objects.iter().any(|object| below(object, name).is_some_and(|json| json != "null"))
}

/// Returns whether a table has a word.
fn has_word(provider: &Provider, table: &str, word: &str) -> bool {
    provider.table(table).is_some_and(|table| table.look_up(word.trim()).word.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVIDER: &str = r#"{"provider":"p","info":{"name":"P","company":"P","website":"w","docs_url":"d","api_base_url":"a"},
        "detect":[{"has":["event"],"event_from":"event"}],"events":{"done":{"rules":"call"},"late":{"rules":"call"}},
        "secrets":["key","kex"],"tables":{"t":{"words":{"ok":"success"}},"u":{"words":{"x":"phone"}}}}"#;

    /// Results beside their calls are in the elements of the list of calls.
    #[test]
    fn results_beside_calls_in_a_list_are_read() {
        let provider = r#"{"provider":"p","info":{"name":"P","company":"P","website":"w","docs_url":"d","api_base_url":"a"},
            "detect":[{"has":["id"],"event":"done"}],"events":{"done":{"rules":"call"}}}"#;
        let rules = r#"{"provider":"p","name":"call","rules":[{"to":"call.call_id","from":{"path":"id"}}],
            "conversation":{"rows":{"path":"rows"},"role":"who","roles":{"bot":"agent"},"text":"said",
                "calls":{"list":"calls","id":"id","name":"name"},
                "results":{"id":"id","same_row":true,"success":"ok"}}}"#;
        let sample =
            br#"{"id":"1","rows":[{"who":"bot","said":"a","calls":[{"id":"t","name":"f","ok":false,"no":1}]}]}"#;
        let lint = Registry::lint(provider, &[rules], &[sample]).unwrap();
        assert_eq!(lint.unmatched, []);
        let mut registry = Registry::empty();
        registry.register_json(provider, &[rules]).unwrap();
        let mapped = Mapper::with_registry(registry).map("p", sample, "2026-11-21T12:00:00Z".parse().unwrap());
        let Ok(Mapping::Call(mapped)) = mapped else { panic!("not a call") };
        let unread: Vec<&str> = mapped.report.unread.iter().map(|member| &*member.pointer).collect();
        assert_eq!(unread, ["/rows/*/calls/*/no"]);
    }

    /// A second source that is misspelled is seen, too, and so is a path that is in no rule.
    #[test]
    fn every_path_that_gives_a_value_is_tried() {
        let provider = r#"{"provider":"p","info":{"name":"P","company":"P","website":"w","docs_url":"d","api_base_url":"a"},
            "detect":[{"has":["id"],"event":"done"}],
            "events":{"done":{"rules":"call","key":["id",["leg","lek"]],"time":["sent","sint"]}},
            "tables":{"t":{"words":{"yes":"true"}}}}"#;
        let rules = r#"{"provider":"p","name":"call","rules":[
                {"to":"call.call_id","from":[{"path":"id"},{"path":"idd"}]},
                {"to":"call.to","from":[{"path":"people[kind=to].number"},{"path":"people[kind=too].number"}]}],
            "transfers":{"list":"moves","to":["to","too"],"outcome":"end"},
            "criteria":[{"path":"marks","result":"met","table":"t"},{"path":"markz","result":"met","table":"t"}],
            "models":[{"path":"cost","name":"name","role":"LLM"},{"path":"coast","name":"name","role":"TTS"}],
            "words":{"medium":["x"],"median":["x"]},
            "conversation":[{"rows":{"path":"rows"},"all_rows":"user","text":"said"},
                {"rows":{"path":"rowz"},"all_rows":"user","text":"said"}]}"#;
        let sample = br#"{"id":"1","leg":"l","sent":"2026-11-21T12:00:00Z","people":[{"kind":"to","number":"n"}],
            "moves":[{"to":"m","end":"e"}],"marks":[{"id":"a","met":"yes"}],"cost":[{"name":"n"}],"medium":"x",
            "rows":[{"said":"a"}]}"#;
        let lint = Registry::lint(provider, &[rules], &[sample]).unwrap();
        let wrong = [
            "call: coast",
            "call: idd",
            "call: markz",
            "call: median",
            "call: moves[].too",
            "call: people[kind=too].number",
            "call: rowz",
            "done: lek",
            "done: sint",
        ];
        let paths: Vec<Unmatched> = wrong.iter().map(|path| Unmatched::Path((*path).to_owned())).collect();
        assert_eq!(lint.unmatched, paths);
    }

    /// Members of entries are tried in lists and in objects, and a twin counts as its member.
    #[test]
    fn members_of_entries_and_twins_are_tried() {
        let provider = r#"{"provider":"p","info":{"name":"P","company":"P","website":"w","docs_url":"d","api_base_url":"a"},
            "detect":[{"has":["id"],"event":"done"}],"events":{"done":{"rules":"call"}},
            "tables":{"t":{"words":{"yes":"true"}},"u":{"words":{"yes":"true"}},"v":{"words":{"ok":"success"}}}}"#;
        let rules = r#"{"provider":"p","name":"call","rules":[
                {"to":"call.call_id","from":{"path":"id"}},
                {"to":"call.start_time","from":{"path":"legs","as":"earliest","members":["at","at2"]}},
                {"to":"outcomes.objective.status","from":{"path":"how","table":"v"}}],
            "twins":{"of":{"rows":"rows2","how":"how2"}},
            "transfers":{"list":"moves","to":"to","row_at":{"path":"sex","as":"seconds_in_call"}},
            "criteria":[{"path":"marks","id":"id","result":"met","table":"t","score":"scor"},
                {"path":"more","result":"met","table":"u"}],
            "models":[{"path":"cost","name":"name","role":"LLM","minutes":"minutez"}],
            "conversation":{"rows":{"path":"rows"},"role":"who","roles":{"a":"agent"},"text":"said"}}"#;
        let sample = br#"{"id":"1","how2":"ok","legs":[{"at":"2026-11-21T12:00:00Z"}],"moves":[{"to":"m","sec":1}],
            "marks":{"k":{"id":"a","met":"yes","score":1}},"more":[{"met":"no"}],"cost":[{"name":"n","minutes":1}],
            "rows2":[{"who":"a","said":"x"}]}"#;
        let lint = Registry::lint(provider, &[rules], &[sample]).unwrap();
        let row = |name: &str| Unmatched::RowMember(name.to_owned());
        assert_eq!(
            lint.unmatched,
            [row("at2"), row("minutez"), row("scor"), row("sex"), Unmatched::Table("u".to_owned())]
        );
    }

    /// Members of tool rows may have dots. One that is misspelled is seen.
    #[test]
    fn a_trial_shows_what_is_misspelled() {
        let rules = r#"{"provider":"p","name":"call","rules":[
                {"to":"call.call_id","from":{"path":"id"}},
                {"to":"call.to","from":{"path":"too"}},
                {"to":"outcomes.objective.metrics.hold-time","from":{"path":"held","as":"number"}},
                {"to":"call.channel","from":{"path":"medium","as":"word","table":"u"}},
                {"to":"outcomes.objective.status","from":{"path":"how","as":"word","table":"t"}}],
            "conversation":{"rows":{"path":"rows"},"role":"who","roles":{"bot":"agent","tool":"tool_call","back":"tool_result"},"text":"said",
                "calls":{"id":"tool.id","name":"tool.name"},
                "results":{"id":"tool.id","success":"outcome.okay","error":"outcome.bad"}}}"#;
        let sample = br#"{"event":"done","id":"1","how":"ok","medium":"y","key":"k","to":"x","held":3,"rows":[
            {"who":"tool","tool":{"id":"t1","name":"book"}},{"who":"back","tool":{"id":"t1"},"outcome":{"bad":true}},
            {"who":"bot","said":"hello"}]}"#;
        let lint = Registry::lint(PROVIDER, &[rules], &[sample, b"[]"]).unwrap();
        let names = |name: &str| name.to_owned();
        assert_eq!(
            lint.unmatched,
            [
                Unmatched::Event(names("late")),
                Unmatched::Rule(names("call: call.channel")),
                Unmatched::Rule(names("call: call.to")),
                Unmatched::Path(names("call: too")),
                Unmatched::RowMember(names("outcome.okay")),
                Unmatched::Secret(names("kex")),
                Unmatched::Table(names("u")),
            ]
        );
        assert_eq!(lint.failed.len(), 1);

        let mut registry = Registry::empty();
        registry.register_json(PROVIDER, &[rules]).unwrap();
        let mapper = Mapper::with_registry(registry);
        let Ok(Mapping::Call(mapped)) = mapper.map("p", sample, "2026-11-21T12:00:00Z".parse().unwrap()) else {
            panic!("not a call")
        };
        let call = mapped.message.vcp_payload.call.capabilities_invoked[0].invocation().unwrap();
        assert_eq!((call.capability_id.as_str(), call.success), ("book", false));
    }
}
