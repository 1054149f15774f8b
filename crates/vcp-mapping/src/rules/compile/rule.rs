//! Compiling rules: fields, sources and flags.

use super::{Compiler, element};
use crate::rules::{
    check::Check,
    form::{Condition, FieldRule, RuleFile, Source, Transform, ValueType, WordChange},
    paths::NodeId,
    plan::{Function, ReadyChange, ReadyRule, ReadySource, SourceKind, groups_of_checks},
    target::{DELIVERIES, FieldName, Place, SESSION, TRANSFERS, Target},
};
use std::collections::{BTreeSet, HashMap};
use vcp_schema::FieldPath;

/// The remedy of a source that copies a secret.
const MASKING: &str = "copy it with `json` or `function`, which mask it";

/// The names beside the data of a provider that the engine and merges write.
const RESERVED: [&str; 4] = ["data", DELIVERIES, SESSION, TRANSFERS];

impl<'f> Compiler<'f> {
    /// Compiles a rule. The number of its field is set by the caller.
    pub(super) fn rule(
        &mut self,
        file: &'f RuleFile,
        rule: &'f FieldRule,
        place: &str,
        at: NodeId,
        before: &[FieldName],
        lists: &mut BTreeSet<&'f str>,
    ) -> Option<ReadyRule> {
        let target = Target::parse(&rule.to);
        match &target {
            None => {
                let near = self.faults.suggestion(&rule.to, Target::names());
                self.faults
                    .add(format!("{place}.to"), format!("`{}` is not a field that rules can write{near}", rule.to));
            }
            Some(Target::Free(Place::ProviderSpecific, names)) => {
                let mut names = names.iter();
                let is_own = names.next() == Some(&self.file.provider);
                let fault = match names.next() {
                    _ if !is_own => Some("is beside another provider's data"),
                    None => Some("needs a name behind the provider"),
                    Some(name) if RESERVED.contains(&name) => {
                        Some("has a name that mapping uses itself: choose another")
                    }
                    Some(_) => None,
                };
                if let Some(fault) = fault {
                    self.faults.add(format!("{place}.to"), format!("`{}` {fault}", rule.to));
                }
            }
            Some(_) => {}
        }
        if rule.from.is_empty() {
            self.faults.add(format!("{place}.from"), "this list needs at least one source");
        }
        let mut sources = Vec::new();
        for (index, source) in rule.from.iter().enumerate() {
            if self.is_full() {
                break;
            }
            let place = element(&format!("{place}.from"), index, rule.from.len());
            let twins = |source: &Source| {
                file.twins.as_ref().map_or_else(|| vec![source.clone()], |twins| twins.of_source(source))
            };
            let Some(name) = &source.list else {
                sources.extend(self.twins(&twins(source), &place, at, before, target.as_ref()));
                continue;
            };
            let Source {
                path,
                value,
                list: _,
                transform: _,
                table,
                word,
                function,
                members,
                rows,
                scale,
                derived,
                precise,
                when: _,
                except,
                note: _,
                spec: _,
            } = source;
            let others = [
                path.is_some(),
                value.is_some(),
                table.is_some(),
                word.is_some(),
                function.is_some(),
                !members.is_empty(),
                !rows.is_empty(),
                scale.is_some(),
                derived.is_some(),
                *precise,
                !except.is_empty(),
            ];
            if others.contains(&true) {
                self.faults.add(&place, "beside `use` only `as` and `when` have an effect: remove the others");
            }
            let Some((name, list)) = file.lists.get_key_value(name) else {
                let near = self.faults.suggestion(name, file.lists.keys().map(String::as_str));
                self.faults.add(place, format!("there is no list `{name}`{near}"));
                continue;
            };
            lists.insert(name);
            for (index, listed) in list.iter().enumerate() {
                if self.is_full() {
                    break;
                }
                let place = format!("lists.{name}[{index}]");
                let listed = Source {
                    transform: source.transform.or(listed.transform),
                    when: source.when.iter().chain(&listed.when).cloned().collect(),
                    ..listed.clone()
                };
                sources.extend(self.twins(&twins(&listed), &place, at, before, target.as_ref()));
            }
        }
        let when = self.tests(&rule.when, &format!("{place}.when"), at, before);
        let words = target.as_ref().and_then(Target::words);
        let twins = |change: &WordChange| {
            file.twins.as_ref().map_or_else(|| vec![change.clone()], |twins| twins.of_change(change))
        };
        let mut changes = Vec::new();
        for (index, change) in rule.change.iter().enumerate() {
            let place = element(&format!("{place}.change"), index, rule.change.len());
            changes.extend(twins(change).iter().map(|change| self.change(change, &place, at, words)));
        }
        number_flags(&mut changes);
        let id =
            format!("{}/{}[{}]", file.provider, file.name, place.trim_start_matches("rules[").trim_end_matches(']'));
        Some(ReadyRule {
            target: target?,
            id: id.into(),
            field: 0,
            sources,
            when,
            required: rule.required,
            change: changes,
        })
    }

    pub(super) fn change(
        &mut self,
        change: &WordChange,
        place: &str,
        at: NodeId,
        words: Option<&[&str]>,
    ) -> ReadyChange {
        for word in change.replaces.iter().chain([&change.by]) {
            self.check_word(place, word, words);
        }
        self.count(change.is.len() + change.replaces.len());
        let member = self.path(at, &change.path, place, true);
        ReadyChange {
            flag: 0,
            name: change.path.rsplit('.').next().unwrap_or_default().to_owned(),
            member,
            is: if change.is.is_empty() { Check::Filled(true) } else { Check::Is(change.is.clone()) },
            replaces: change.replaces.clone(),
            by: change.by.clone(),
        }
    }

    /// Compiles a source and those at twins of its path.
    fn twins(
        &mut self,
        twins: &[Source],
        place: &str,
        at: NodeId,
        before: &[FieldName],
        target: Option<&Target>,
    ) -> Vec<ReadySource> {
        let behind = (0..twins.len()).rev();
        let ready = twins.iter().zip(behind).filter_map(|(source, twins_behind)| {
            Some(ReadySource { twins_behind, ..self.source(source, place, at, before, target)? })
        });
        ready.collect()
    }

    pub(super) fn source(
        &mut self,
        source: &Source,
        place: &str,
        at: NodeId,
        before: &[FieldName],
        target: Option<&Target>,
    ) -> Option<ReadySource> {
        // All of these are copied for each use of a list and each twin.
        let words = source.members.len() + source.except.len();
        if !self.count(1 + words + parts_of(&source.when) + parts_of(&source.rows)) {
            return None;
        }
        let transform = source.transform();
        let words = target.and_then(Target::words);
        let gives = if source.value.is_some() { ValueType::Word } else { transform.gives() };
        if let Some(target) = target.filter(|target| !target.takes(gives)) {
            let what = if source.value.is_some() { "`value`".to_owned() } else { format!("`{}`", transform.name()) };
            self.faults.add(place, format!("the field takes {}, and {what} gives {}", target.types(), gives.name()));
        }
        let kind = match (&source.path, &source.value) {
            (Some(path), None) if !transform.needs_no_member() => {
                let member = self.path(at, path, place, true);
                // Neither of these gives a part of the value.
                let is_harmless = matches!(transform, Transform::Count | Transform::Present);
                if transform.gives() != ValueType::Json && !is_harmless {
                    let path = self.tree.path_of(member.node, member.inside.as_ref());
                    self.check_not_secret(place, &path, MASKING);
                    for name in &source.members {
                        self.check_not_secret(place, &name.split('.').fold(path.clone(), FieldPath::name), MASKING);
                    }
                }
                SourceKind::Member(member)
            }
            (None, Some(word)) => {
                let settings = [
                    source.transform.is_some(),
                    source.table.is_some(),
                    source.word.is_some(),
                    source.function.is_some(),
                    !source.members.is_empty(),
                    source.scale.is_some(),
                    !source.except.is_empty(),
                ];
                if settings.contains(&true) {
                    self.faults
                        .add(place, "beside `value` only `derived` and `when` have an effect: remove the others");
                    return None;
                }
                self.check_word(place, word, words);
                SourceKind::Constant(word.clone())
            }
            (None, None) if transform.needs_no_member() => SourceKind::Fields,
            (Some(_), None) => {
                self.faults.add(place, format!("`{}` works on other fields: leave `path` out", transform.name()));
                return None;
            }
            _ => {
                let message = "a source has `path`, `value`, `use`, or a transform that works on other fields";
                self.faults.add(place, message);
                return None;
            }
        };
        let function = self.check_settings(source, transform, place, words);
        Some(ReadySource {
            kind,
            transform,
            table: source.table.clone(),
            word: source.word.clone().unwrap_or_default(),
            function,
            members: source.members.clone(),
            rows: groups_of_checks(&source.rows),
            scale: source.scale.unwrap_or_default(),
            derived: source.is_derived(),
            precise: source.precise,
            when: self.tests(&source.when, &format!("{place}.when"), at, before),
            except: source.except.clone(),
            twins_behind: 0,
        })
    }

    /// Checks the settings that go with some transforms only. Returns the function to call.
    pub(super) fn check_settings(
        &mut self,
        source: &Source,
        transform: Transform,
        place: &str,
        words: Option<&[&str]>,
    ) -> Option<Function> {
        let is_rows = matches!(transform, Transform::Earliest | Transform::Latest | Transform::Span);
        for (key, is_given, is_needed) in [
            ("table", source.table.is_some(), transform == Transform::Word),
            ("word", source.word.is_some(), transform == Transform::Present),
            ("function", source.function.is_some(), transform == Transform::Function),
            ("members", !source.members.is_empty(), is_rows),
        ] {
            // Figures are read from a list of numbers, or from members of rows.
            let may_have =
                key == "members" && matches!(transform, Transform::Mean | Transform::Median | Transform::P95);
            if is_given != is_needed && !may_have {
                let needs = if is_needed { "needs" } else { "takes no" };
                self.faults.add(place, format!("`{}` {needs} `{key}`", transform.name()));
            }
        }
        if !source.rows.is_empty() && !is_rows {
            self.faults.add(place, format!("`{}` takes no `rows`", transform.name()));
        }
        self.check_row_conditions(&source.rows, &format!("{place}.rows"));
        if source.scale.is_some() && !transform.takes_scale() {
            self.faults.add(place, format!("`{}` takes no `scale`", transform.name()));
        }
        if let Some(name) = &source.table {
            self.table(name, place, words);
        }
        if let Some(word) = &source.word {
            self.check_word(place, word, words);
        }
        let name = source.function.as_ref()?;
        let function = self.functions.iter().find(|(known, _)| known == name).map(|(_, function)| *function);
        if function.is_none() {
            let near = self.faults.suggestion(name, self.functions.iter().map(|(name, _)| *name));
            self.faults.add(place, format!("there is no function `{name}`{near}"));
        }
        function
    }
}

/// Returns the number of conditions and of their words.
fn parts_of(conditions: &[Condition]) -> usize {
    let parts = |condition: &Condition| {
        1 + condition.is.len() + condition.event.len() + condition.written.len() + parts_of(&condition.any_of)
    };
    conditions.iter().map(parts).sum()
}

/// Numbers the flags of a rule. The same member of several objects is one flag.
fn number_flags(changes: &mut [ReadyChange]) {
    let mut numbers: HashMap<(String, Check, String), usize> = HashMap::new();
    for (at, change) in changes.iter_mut().enumerate() {
        change.flag = match &change.member.inside {
            Some(_) => at,
            None => *numbers.entry((change.name.clone(), change.is.clone(), change.by.clone())).or_insert(at),
        };
    }
}
