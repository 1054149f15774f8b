//! The models of a call: the chosen model of each role, its tokens and its cost (`DECISIONS.md`
//! 5.8).

use super::{transform, value::Value};
use crate::{
    report::{How, MapReport, Written},
    rules::{
        Table,
        paths::NodeId,
        plan::ReadyModels,
        target::{FieldName, ModelPart, name},
    },
    shared::SharedText,
};
use std::{borrow::Cow, collections::HashSet};
use vcp_schema::{
    Decimal, FieldPath, ModelAttributionRole, ModelRole, ModelRoleInfo, OrderedMap, VcpMessage,
    json::{members, string},
};

/// The role of a language model.
const LLM: &str = "LLM";

/// The role of a model that hears and speaks.
const V2V: &str = "V2V";

/// The known models.
#[derive(Default)]
pub(crate) struct Models {
    /// By role, in the order in which rules name them.
    known: Vec<(&'static str, Model)>,
    /// `true` if a list names a model that hears and speaks, and its use as that of a language
    /// model. The provider's settings name it as a language model, too.
    speaks: bool,
    /// The roles of which a cost is a line, because its entry names no model.
    unnamed: Vec<&'static str>,
}

/// A model, with its usage.
#[derive(Default)]
struct Model {
    chosen: String,
    minutes: Option<f64>,
    tokens: Option<i64>,
    /// In USD.
    cost: Option<f64>,
    errors: Option<i64>,
    /// `true` if it stands in for another model.
    is_fallback: bool,
    /// `true` if a list of models that were used names it.
    was_used: bool,
}

impl Model {
    /// Sets a part, if the value has its type. Returns whether it has.
    fn set(&mut self, part: ModelPart, value: &Value<'_>) -> bool {
        match (part, value) {
            (ModelPart::Minutes, Value::Float(minutes)) => self.minutes = Some(*minutes),
            (ModelPart::Tokens, Value::Integer(tokens)) => self.tokens = Some(*tokens),
            (ModelPart::Cost, Value::Float(cost)) => self.cost = Some(*cost),
            (ModelPart::Errors, Value::Integer(errors)) => self.errors = Some(*errors),
            (ModelPart::FallbackUsed, Value::Text(word)) => self.is_fallback = word == "true",
            _ => return false,
        }
        true
    }

    /// Takes the figures that are not known yet from another model.
    fn fill_from(&mut self, other: &Self) {
        self.minutes = self.minutes.or(other.minutes);
        self.tokens = self.tokens.or(other.tokens);
        self.cost = self.cost.or(other.cost);
        self.errors = self.errors.or(other.errors);
    }

    /// Sets a figure that is not known yet. Returns whether it was set.
    fn fill(&mut self, part: ModelPart, value: &Value<'_>) -> bool {
        let is_known = match part {
            ModelPart::Minutes => self.minutes.is_some(),
            ModelPart::Tokens => self.tokens.is_some(),
            ModelPart::Cost => self.cost.is_some(),
            ModelPart::Errors => self.errors.is_some(),
            ModelPart::Chosen | ModelPart::FallbackUsed => true,
        };
        !is_known && self.set(part, value)
    }
}

impl Models {
    /// Notes a part of the model of a role. A figure of the language model that is another model
    /// goes to that model, if it has none.
    ///
    /// Returns `false` if the role has no model yet, if the value does not have the type of the
    /// part, or if a list of models has said more.
    pub(crate) fn note(&mut self, role: &'static str, part: ModelPart, value: &Value<'_>) -> bool {
        let is_line = matches!(part, ModelPart::Cost) && self.unnamed.contains(&role);
        // The settings say nothing further of a language model that was used, or that is another.
        let is_setting = self.speaks && role == LLM;
        if is_line || is_setting && (self.of(LLM).is_some() || matches!(part, ModelPart::Chosen)) {
            return false;
        }
        if let (ModelPart::Chosen, Value::Text(chosen)) = (part, value) {
            self.put(role, Model { chosen: chosen.to_string(), ..Model::default() });
            return true;
        }
        let role = if is_setting { V2V } else { role };
        let Some((_, model)) = self.known.iter_mut().find(|(of, _)| *of == role) else { return false };
        if is_setting {
            return model.fill(part, value);
        }
        model.set(part, value)
    }

    fn of(&self, role: &str) -> Option<&Model> {
        self.known.iter().find(|(known, _)| *known == role).map(|(_, model)| model)
    }

    /// Notes the models of a list, role by role.
    pub(crate) fn add(&mut self, used: &Used) {
        self.speaks |= used.has_speech;
        let setting = self.known.iter().position(|(role, model)| *role == LLM && self.speaks && !model.was_used);
        let setting = setting.map(|at| self.known.remove(at).1);
        for role in &used.roles {
            let amount = |sum: &Option<(Amount, _)>| sum.as_ref().and_then(|(sum, _)| sum.amount());
            let model = Model {
                chosen: role.chosen.clone(),
                minutes: amount(&role.minutes),
                tokens: role.tokens.as_ref().map(|(sum, _)| *sum),
                cost: amount(&role.cost),
                was_used: true,
                ..Model::default()
            };
            self.put(role.role, model);
        }
        if let (Some(setting), Some((_, v2v))) = (setting, self.known.iter_mut().find(|(role, _)| *role == V2V)) {
            v2v.fill_from(&setting);
        }
        for role in &used.unnamed {
            let has_cost = used.roles.iter().any(|used| used.role == *role && used.cost.is_some());
            self.known
                .iter_mut()
                .filter(|(known, _)| known == role && !has_cost)
                .for_each(|(_, model)| model.cost = None);
        }
        self.unnamed.extend(&used.unnamed);
    }

    /// Sets the model of a role. A model with another name replaces the known one, unless only the
    /// known one is named by its use: a provider may have another name for it in its settings. A
    /// model with the same name replaces only the figures that it has.
    fn put(&mut self, role: &'static str, model: Model) {
        match self.known.iter_mut().find(|(known, _)| *known == role) {
            Some((_, known)) if known.chosen == model.chosen => {
                let mut model = model;
                model.fill_from(known);
                model.is_fallback |= known.is_fallback;
                model.was_used |= known.was_used;
                *known = model;
            }
            Some((_, known)) if known.was_used && !model.was_used => {}
            Some((_, known)) => *known = model,
            None => self.known.push((role, model)),
        }
    }

    /// Counts a speech-to-speech model once. Some providers name it as the language model, too.
    fn count_once(&mut self, report: &mut MapReport) {
        let chosen = |role: &str| self.of(role).map(|model| &model.chosen);
        let is_setting = self.speaks && chosen(LLM).is_none();
        if chosen(V2V).is_none() || !is_setting && chosen(V2V) != chosen(LLM) {
            return;
        }
        self.known.iter_mut().filter(|(role, _)| *role == LLM).for_each(|(role, _)| *role = V2V);
        for (role, model) in std::mem::take(&mut self.known) {
            self.put(role, model);
        }
        let mut known = HashSet::new();
        report.written.retain_mut(|written| {
            if written.target.contains(".roles.LLM.") {
                written.target = written.target.replace(".roles.LLM.", ".roles.V2V.").into();
            }
            !written.target.contains(".roles.V2V.") || known.insert(written.target.clone())
        });
    }

    /// Writes the models into the message. A model without minutes was used for the whole call.
    pub(crate) fn write(mut self, message: &mut VcpMessage, report: &mut MapReport) {
        self.count_once(report);
        let payload = &mut message.vcp_payload;
        // The seconds of a call are exact in a double.
        let call = payload.call.duration_sec.map(|seconds| seconds as f64 / 60.0);
        for (role, model) in self.known {
            let mut note = |member: &str, how: How| {
                let target = FieldName::path_of(&format!("{}.{role}.{member}", name::ATTRIBUTION));
                report.written.push(Written::without_source(target, how));
            };
            note("model_id", How::Derived);
            if model.minutes.is_none() {
                note("minutes", if call.is_some() { How::Derived } else { How::Default });
            }
            let attribution = ModelAttributionRole::builder()
                .model_id(model.chosen.as_str())
                .minutes(model.minutes.or(call).unwrap_or(0.0))
                .maybe_tokens_processed(model.tokens)
                .maybe_cost_usd(model.cost)
                .errors(model.errors.unwrap_or_default())
                .build();
            let info = ModelRoleInfo::builder().chosen(model.chosen).fallback_used(model.is_fallback).build();
            payload.model_selection.roles.insert(ModelRole::from(role), info);
            payload.outcomes.model_outcome_attribution.roles.insert(ModelRole::from(role), attribution);
        }
    }
}

/// The most kinds of models without a role. Each entry is looked for among them, so many would take
/// quadratic time.
const MOST_KINDS: usize = 256;

/// The models of all lists of a delivery that have a role, and the sums of their tokens.
#[derive(Debug, Default)]
pub(crate) struct Used {
    pub(crate) roles: Vec<UsedRole>,
    pub(crate) prompt_tokens: Option<Tokens>,
    pub(crate) completion_tokens: Option<Tokens>,
    /// The costs of entries without a role, by their kind, with the first list that has the kind.
    lines: OrderedMap<String, (Amount, SharedText)>,
    /// The roles of entries whose costs are lines, because they name no model.
    unnamed: Vec<&'static str>,
    /// `true` if an entry of a language model has the name of one that hears and speaks.
    has_speech: bool,
}

/// A number of tokens, with the first list that has some.
pub(crate) type Tokens = (i64, SharedText);

/// The parts of a list of models that the report lists.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// The pointers, below the list, of the names of further models of a role.
    pub(crate) others: Vec<String>,
    /// The kinds that the table of roles does not have.
    pub(crate) unknown: OrderedMap<String, ()>,
    /// `true` if there are more kinds than are kept.
    too_many: bool,
    /// The parts that could not be used.
    pub(crate) problems: Vec<&'static str>,
}

impl Used {
    /// Adds a cost to the line of a kind. Returns `false` if there are too many kinds.
    fn add_line(&mut self, kind: &str, cost: Amount, list: &SharedText) -> bool {
        let is_full = self.lines.len() >= MOST_KINDS;
        match self.lines.get_mut(kind) {
            Some((known, _)) => known.0 = known.0.saturating_add(cost.0),
            None if is_full => return false,
            None => drop(self.lines.insert(kind.to_owned(), (cost, list.clone()))),
        }
        true
    }

    /// Returns the names of the fields that rules must not write, relative to `vcp_payload`: the
    /// costs that are lines, and the parts of the language model that is another model, or has
    /// figures of its own.
    pub(crate) fn closed(&self) -> Vec<String> {
        let of_lines = self.unnamed.iter().map(|role| format!("{}.{role}.cost_usd", name::ATTRIBUTION));
        let mut closed: Vec<String> = of_lines.collect();
        if self.has_speech {
            let of = |name: &str| self.roles.iter().find(|role| role.role == name);
            let v2v = of(V2V).filter(|_| of(LLM).is_none());
            let figures = [
                ("minutes", v2v.is_none_or(|v2v| v2v.minutes.is_some())),
                ("tokens_processed", v2v.is_none_or(|v2v| v2v.tokens.is_some())),
                ("cost_usd", v2v.is_none_or(|v2v| v2v.cost.is_some())),
                ("errors", v2v.is_none()),
            ];
            closed.extend(["chosen", "fallback_used"].map(|part| format!("{}.{LLM}.{part}", name::SELECTION)));
            let known = figures.into_iter().filter(|(_, is_known)| *is_known);
            closed.extend(known.map(|(figure, _)| format!("{}.{LLM}.{figure}", name::ATTRIBUTION)));
        }
        closed
    }

    /// Returns the costs of entries without a role, in USD, by their kind, with their list.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&str, f64, &SharedText)> {
        self.lines.iter().filter_map(|(kind, (cost, list))| Some((kind.as_str(), cost.amount()?, list)))
    }
}

impl Noted {
    fn add_unknown(&mut self, kind: &str) {
        if self.unknown.len() < MOST_KINDS {
            self.unknown.insert(kind.to_owned(), ());
        } else {
            self.too_many |= self.unknown.get(kind).is_none();
        }
    }
}

/// A role of the lists, with its first model and the sums over all its models.
#[derive(Debug, Default)]
pub(crate) struct UsedRole {
    pub(crate) role: &'static str,
    /// The name of the model, with its list.
    chosen: String,
    list: SharedText,
    /// The sums, with the first list that has an amount.
    cost: Option<(Amount, SharedText)>,
    minutes: Option<(Amount, SharedText)>,
    tokens: Option<Tokens>,
}

impl UsedRole {
    /// Returns the names of the fields that are written, relative to `vcp_payload`, with the list
    /// of each.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (String, &SharedText)> {
        let chosen = (format!("{}.{}.chosen", name::SELECTION, self.role), &self.list);
        let figure = |figure: &str, list| (format!("{}.{}.{figure}", name::ATTRIBUTION, self.role), list);
        let cost = self.cost.as_ref().map(|(_, list)| figure("cost_usd", list));
        let tokens = self.tokens.as_ref().map(|(_, list)| figure("tokens_processed", list));
        let minutes = self.minutes.as_ref().map(|(_, list)| figure("minutes", list));
        [Some(chosen), cost, tokens, minutes].into_iter().flatten()
    }
}

/// An amount in 10^-18 of its unit, so that sums are exact.
#[derive(Debug, Default, Clone, Copy)]
struct Amount(i128);

impl Amount {
    const PLACES: i32 = 18;
    /// The largest amount, so that sums stay far from the ends of the type.
    const MOST: i128 = 1_000_000_000_000;

    /// Reads an amount, multiplied by 10^`scale`.
    fn read(json: &str, scale: i32) -> Option<Self> {
        let amount = transform::decimal(json).ok()??;
        let units = amount.scaled(Self::PLACES.saturating_add(scale)).rounded(0).to_i128()?;
        let most = Self::MOST * 10_i128.pow(Self::PLACES.unsigned_abs());
        (0..=most).contains(&units).then_some(Self(units))
    }

    /// Returns the amount in its unit.
    fn amount(self) -> Option<f64> {
        format!("{}e-{}", self.0, Self::PLACES).parse::<Decimal>().ok()?.to_f64()
    }
}

impl ReadyModels {
    /// Returns whether the model with a name hears and speaks.
    fn speaks(&self, name: &str) -> bool {
        let name = if self.v2v_names.is_empty() { return false } else { name.to_lowercase() };
        self.v2v_names.iter().any(|part| name.contains(part))
    }

    /// Adds the models of a list or object to those of other lists. `list` is its pointer. `table`
    /// gives the roles if the rules do not name one.
    pub(crate) fn read(&self, json: &str, list: &SharedText, table: Option<&Table>, used: &mut Used) -> Noted {
        let mut noted = Noted::default();
        let Some(models) = entries(json) else {
            noted.problems.push("a list or an object of models is wanted here");
            return noted;
        };
        for (name, model) in models {
            let Ok(walked) = self.members.walk(model) else { continue };
            let text = |node: &NodeId| {
                let text = walked.text(*node).and_then(string::decode_lossy)?;
                Some(text.trim().to_owned()).filter(|text| !text.is_empty())
            };
            let (name, place) = if self.name.is_empty() {
                let place = name.as_ref().map(|name| FieldPath::root().name(&**name).pointer());
                (name.map(Cow::into_owned), place)
            } else {
                let named = self.name.iter().find_map(|node| Some((text(node)?, self.members.pointer(*node))));
                named.map(|(name, pointer)| (name, format!("/*{pointer}"))).unzip()
            };
            let kind = if self.kind.is_some() { self.kind.as_ref().and_then(text) } else { name.clone() };
            let Some(kind) = kind else {
                if self.cost.iter().any(|cost| walked.text(*cost).is_some_and(|json| json != "null")) {
                    noted.problems.push("a cost has no kind");
                }
                continue;
            };
            let hit = table.map(|table| table.look_up(&kind));
            if hit.as_ref().is_some_and(|hit| hit.unlisted && hit.word.is_none()) {
                noted.add_unknown(&kind);
            }
            let role = self.role.or_else(|| hit?.word.and_then(known_role));
            let speaks = || name.as_ref().is_some_and(|name| self.speaks(name));
            let is_speech = role == Some(LLM) && speaks();
            used.has_speech |= is_speech;
            let role = if is_speech { Some(V2V) } else { role };
            let there = |node: &NodeId| walked.text(*node).filter(|json| *json != "null");
            let (Some(role), Some(name)) = (role, name) else {
                for json in self.cost.iter().filter_map(there) {
                    match Amount::read(json, self.cost_scale) {
                        Some(cost) => {
                            noted.too_many |= !used.add_line(&kind, cost, list);
                            used.unnamed.extend(role.filter(|role| !used.unnamed.contains(role)));
                        }
                        None => noted.problems.push("a cost of a model is not a number, 0 or more"),
                    }
                }
                continue;
            };
            let other = name.clone();
            let known = used.roles.iter().position(|known| known.role == role);
            let at = known.unwrap_or_else(|| {
                used.roles.push(UsedRole { role, list: list.clone(), chosen: name, ..UsedRole::default() });
                used.roles.len() - 1
            });
            let Some(of_role) = used.roles.get_mut(at) else { continue };
            let is_other = known.is_some() && of_role.chosen != other;
            // Only a list can repeat a place, and it has few.
            let is_new = |place: &String| self.name.is_empty() || !noted.others.contains(place);
            let place = place.filter(|place| is_other && is_new(place));
            noted.others.extend(place);
            for json in self.minutes.iter().filter_map(there) {
                match Amount::read(json, 0) {
                    Some(minutes) => {
                        add(&mut of_role.minutes, minutes, list);
                    }
                    None => noted.problems.push("the minutes of a model are not a number, 0 or more"),
                }
            }
            for json in self.cost.iter().filter_map(there) {
                match Amount::read(json, self.cost_scale) {
                    Some(cost) => {
                        add(&mut of_role.cost, cost, list);
                    }
                    None => noted.problems.push("a cost of a model is not a number, 0 or more"),
                }
            }
            for (members, sum) in
                [(&self.prompt, &mut used.prompt_tokens), (&self.completion, &mut used.completion_tokens)]
            {
                for json in members.iter().filter_map(there) {
                    let count = transform::whole(json).ok().flatten();
                    let add = |sum: &Option<Tokens>| match sum {
                        Some((sum, list)) => Some((sum.checked_add(count?)?, list.clone())),
                        None => Some((count?, list.clone())),
                    };
                    match (add(sum), add(&of_role.tokens)) {
                        (Some(all), Some(of_model)) => (*sum, of_role.tokens) = (Some(all), Some(of_model)),
                        _ => noted.problems.push("a number of tokens of a model is not a whole number, 0 or more"),
                    }
                }
            }
        }
        noted.problems.dedup();
        if noted.too_many {
            noted.problems.push("there are more than 256 kinds: the others are not used");
        }
        noted
    }
}

/// Adds an amount to a sum. `list` is its list.
fn add(sum: &mut Option<(Amount, SharedText)>, amount: Amount, list: &SharedText) {
    let (sum, _) = sum.get_or_insert_with(|| (Amount::default(), list.clone()));
    sum.0 = sum.0.saturating_add(amount.0);
}

/// Returns a role of the specification by its word.
fn known_role(word: &str) -> Option<&'static str> {
    ModelRole::WORDS.iter().find(|known| **known == word).copied()
}

/// The JSON text of a model, after its name if the models are the members of an object.
type Entry<'p> = (Option<Cow<'p, str>>, &'p str);

/// Returns the elements of a list, or the members of an object with their names.
fn entries(json: &str) -> Option<impl Iterator<Item = Entry<'_>>> {
    let named = members::last(json);
    let is_either = named.is_some() || json.trim_start().starts_with('[');
    // A list has no members, and an object has no elements.
    let named = named.into_iter().flatten().map(|(name, value)| (Some(name), value));
    is_either.then(|| named.chain(members::elements(json).map(|element| (None, element))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{ModelUsage, paths::ROOT};

    fn read(rules: &str, json: &str) -> (Used, Noted) {
        let table: Table = serde_json::from_str(r#"{"contains": [["tts", "TTS"], ["gpt", "LLM"]]}"#).unwrap();
        let rules: ModelUsage = serde_json::from_str(rules).unwrap();
        let role = rules.role.as_deref().and_then(known_role);
        let mut used = Used::default();
        let noted = ReadyModels::new(&rules, ROOT, role).read(json, &"/x".into(), Some(&table), &mut used);
        (used, noted)
    }

    #[test]
    fn models_of_one_role_are_one() {
        let (used, noted) = read(
            r#"{"path": "x", "name": "product", "role_table": "t", "cost": ["cost"], "cost_scale": -2}"#,
            r#"[{"product": "a_tts", "cost": 4.2}, {"product": "gpt_4o", "cost": "0.36"}, {"product": "line", "cost": 9},
                {"product": "gpt_5", "cost": 0.04}, {"product": "gpt_6", "cost": -1}, {"cost": 1}, null, 7]"#,
        );
        let roles: Vec<_> = used
            .roles
            .iter()
            .map(|role| (role.role, role.chosen.as_str(), role.cost.as_ref().and_then(|(cost, _)| cost.amount())))
            .collect();
        assert_eq!(roles, [("TTS", "a_tts", Some(0.042)), ("LLM", "gpt_4o", Some(0.004))]);
        assert_eq!(noted.problems, ["a cost of a model is not a number, 0 or more", "a cost has no kind"]);
    }

    #[test]
    fn models_by_their_names() {
        let rules = r#"{"path": "x", "role": "LLM", "cost": ["in.price", "out.price"], "prompt_tokens": ["in.tokens"], "completion_tokens": ["out.tokens"]}"#;
        let (used, noted) = read(
            rules,
            r#"{"m1": {"in": {"tokens": 10, "price": 0.0011286}, "out": {"tokens": 2, "price": 6.8e-05}}, "m2": {"in": {"tokens": "x"}}}"#,
        );
        let tokens = |sum: &Option<Tokens>| sum.as_ref().map(|(sum, _)| *sum);
        assert_eq!((tokens(&used.prompt_tokens), tokens(&used.completion_tokens)), (Some(10), Some(2)));
        let role = used.roles.first().unwrap();
        let cost = role.cost.as_ref().and_then(|(cost, _)| cost.amount());
        assert_eq!((role.chosen.as_str(), cost, tokens(&role.tokens)), ("m1", Some(0.001_196_6), Some(12)));
        assert_eq!(noted.problems, ["a number of tokens of a model is not a whole number, 0 or more"]);
        assert_eq!(read(rules, "7").1.problems, ["a list or an object of models is wanted here"]);
        assert!(read(rules, "{}").0.roles.is_empty());
    }
}
