//! The form of a file of rules.

#[cfg(feature = "jsonschema")]
use super::values::OneOrList;
use super::{
    condition::Condition,
    conversation::{Conversation, Rows},
    lists::{Criteria, Transfers},
    transform::Transform,
    values::{OneOrMany, is_default},
};
#[cfg(feature = "jsonschema")]
use crate::rules::target::WritableField;
use std::collections::BTreeMap;

object! {
    /// A rule file: how a family of events becomes a message.
    RuleFile {
        /// The provider.
        pub provider: String,
        /// The name by which events refer to the file.
        pub name: String,
        /// Named lists of sources, for rules that share them.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub lists: BTreeMap<String, Vec<Source>>,
        /// The members that have a redacted twin.
        pub twins: Option<Twins>,
        /// The members that are known and without meaning for the message, each with the reason.
        /// They are not reported as unread, and neither is anything in them. A path goes into a
        /// list with `[]`, but not with `[member=word]`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub ignored: BTreeMap<String, String>,
        /// The words of members that only conditions and flags test. Case is ignored. Any other
        /// word is reported.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub words: BTreeMap<String, Vec<String>>,
        /// The rules, in order. Each field of the message has one rule.
        pub rules: Vec<FieldRule>,
        /// The lists or objects of the payload that hold the models of the call.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub models: Vec<ModelUsage>,
        /// The places where the provider reports that the call was transferred.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Transfers>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub transfers: Vec<Transfers>,
        /// The lists or objects of evaluated criteria.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Criteria>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub criteria: Vec<Criteria>,
        /// The forms of the rows of the conversation, if there are any. Turns are those of the
        /// first form that has any, and of forms that continue it.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Conversation>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub conversation: Vec<Conversation>,
    }
}

object! {
    /// The redacted twins of members. Where a rule or a conversation reads a member, its twin fills
    /// in if the member gives nothing (`DECISIONS.md` 5.8).
    Twins {
        /// The twin of each member, by the path of the member.
        pub of: BTreeMap<String, String>,
        /// The conditions under which a twin comes before its member. All must hold.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub first: Vec<Condition>,
    }
}

impl Twins {
    /// Returns the path of the twin of a member, or of a member below one that has a twin.
    fn path(&self, path: &str) -> Option<String> {
        self.of.iter().find_map(|(of, twin)| {
            let rest = path.strip_prefix(of.as_str())?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then(|| format!("{twin}{rest}"))
        })
    }

    /// Returns a source with those of its twin: before it where the twin comes first, and after it.
    pub(crate) fn of_source(&self, source: &Source) -> Vec<Source> {
        let Some(path) = source.path.as_deref().and_then(|path| self.path(path)) else { return vec![source.clone()] };
        // A condition on the member itself holds for its twin.
        let own = |condition: &Condition| Condition {
            path: condition.path.as_deref().map(|path| self.path(path).unwrap_or_else(|| path.to_owned())),
            ..condition.clone()
        };
        let twin = Source { path: Some(path), when: source.when.iter().map(own).collect(), ..source.clone() };
        let first = Source { when: twin.when.iter().chain(&self.first).cloned().collect(), ..twin.clone() };
        vec![first, source.clone(), twin]
    }

    /// Returns a list of rows with those of its twin, as [`Twins::of_source`] does.
    pub(crate) fn of_rows(&self, rows: &Rows) -> Vec<Rows> {
        let Some(path) = self.path(&rows.path) else { return vec![rows.clone()] };
        let twin = Rows { path, ..rows.clone() };
        let first = Rows { when: rows.when.iter().chain(&self.first).cloned().collect(), ..twin.clone() };
        vec![first, rows.clone(), twin]
    }

    /// Returns a path with that of its twin.
    pub(crate) fn of_path(&self, path: &str) -> Vec<String> {
        [path.to_owned()].into_iter().chain(self.path(path)).collect()
    }

    /// Returns a flag with that of its twin.
    pub(crate) fn of_change(&self, change: &WordChange) -> Vec<WordChange> {
        self.of_path(&change.path).into_iter().map(|path| WordChange { path, ..change.clone() }).collect()
    }
}

object! {
    /// A rule: how one field of the message gets its value.
    FieldRule {
        /// The field, from `vcp_payload` down, such as `call.call_id`.
        #[cfg_attr(feature = "jsonschema", schemars(with = "WritableField"))]
        pub to: String,
        /// The sources, in order. The first that gives a value is used. A field that is a list
        /// takes the value of every source.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Source>"))]
        pub from: Vec<Source>,
        /// The conditions of the rule. All must hold.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub when: Vec<Condition>,
        /// `true` if the delivery cannot be mapped without a value (`VCP_E005`).
        #[serde(default, skip_serializing_if = "is_default")]
        pub required: bool,
        /// The flags that change the word afterwards, in order.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<WordChange>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub change: Vec<WordChange>,
    }
}

object! {
    /// A source of a value: a member (`path`), a constant (`value`), other fields of the message (a
    /// transform that needs no member), or a named list of sources (`use`).
    #[derive(Default)]
    Source {
        /// The member.
        ///
        /// Names are separated by dots and start from the event's object, or from the root with
        /// `$.`. `items[].name` is the member `name` of the first element of the list that has it
        /// filled. `items[kind=fax].name` is that of the first element whose member `kind` is the
        /// word `fax`, case ignored.
        pub path: Option<String>,
        /// A constant word.
        pub value: Option<String>,
        /// The name of a list of sources of this file. `as` and `when` then apply to each of them.
        #[serde(rename = "use")]
        pub list: Option<String>,
        /// The transform that makes a value of the member's text. Absent: `word` if `table` is
        /// given, `function` if `function` is given, else `text`.
        #[serde(rename = "as")]
        pub transform: Option<Transform>,
        /// The table of the transform `word`.
        pub table: Option<String>,
        /// The word that the transform `present` gives.
        pub word: Option<String>,
        /// The function of the transform `function`. Providers' code defines these.
        pub function: Option<String>,
        /// The members of rows that the transforms `earliest`, `latest` and `span` read. `mean`,
        /// `median` and `p95` can read members of rows too.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub members: Vec<String>,
        /// The conditions on a row, for `earliest`, `latest` and `span`. All must hold. Other rows
        /// are not read.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub rows: Vec<Condition>,
        /// The power of ten by which a number is multiplied: `-2` for cents, `-6` for millionths.
        pub scale: Option<i32>,
        /// `true` if the value is only evidence for the field and is reported as derived. Absent:
        /// `true` for a transform that needs no member, else `false`.
        pub derived: Option<bool>,
        /// `true` if the value is a precise cause, such as the type of an error. When deliveries
        /// are merged, only another precise value replaces it.
        #[serde(default, skip_serializing_if = "is_default")]
        pub precise: bool,
        /// The conditions of the source. All must hold.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<Condition>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub when: Vec<Condition>,
        /// Texts that stand for no value. Case and white space around them are ignored.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub except: Vec<String>,
    }
}

impl Source {
    /// Returns the transform that the source names or implies.
    #[must_use]
    pub fn transform(&self) -> Transform {
        let implied = match (&self.table, &self.function) {
            (Some(_), _) => Transform::Word,
            (None, Some(_)) => Transform::Function,
            (None, None) => Transform::default(),
        };
        self.transform.unwrap_or(implied)
    }

    /// Returns whether the value is only evidence for the field.
    #[must_use]
    pub fn is_derived(&self) -> bool {
        self.derived.unwrap_or_else(|| self.transform().needs_no_member())
    }
}

object! {
    /// A flag that changes a word afterwards, such as one that lowers a success.
    WordChange {
        /// The member.
        pub path: String,
        /// The words at which it acts, case ignored. Booleans are the words `true` and `false`.
        /// Without words, it acts if the member is filled.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub is: Vec<String>,
        /// The words of the field that are replaced.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        pub replaces: Vec<String>,
        /// The word that replaces the word of the field. `unknown` says that the call is not over.
        /// Such a flag ends with the next word of a later delivery.
        pub by: String,
    }
}

object! {
    /// A list of models that were used, or an object that holds them by their names, with what each
    /// did and cost.
    ///
    /// The first model of a role is the chosen one. The costs, tokens and minutes of other models
    /// of that role are added to it. Models are written before any rule applies. Members of a model
    /// are named with dots.
    ModelUsage {
        /// The path of the list or object.
        pub path: String,
        /// The members with the name of a model. The first that is filled is used. Absent: each
        /// model is a member by its name.
        #[serde_as(as = "OneOrMany")]
        #[cfg_attr(feature = "jsonschema", schemars(with = "OneOrList<String>"))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub name: Vec<String>,
        /// The member whose word gives the role by `role_table`, and names a line of costs. Absent:
        /// the name of the model.
        pub kind: Option<String>,
        /// The role of all models here, such as `LLM`. Give either this or `role_table`.
        pub role: Option<String>,
        /// The table that gives the role by the kind. The word `none` means that an entry is no
        /// model of the conversation. The costs of an entry without a role are written to `kpis` as
        /// `cost_usd.<kind>`.
        pub role_table: Option<String>,
        /// Parts of the names of models that hear and speak. A model with the role `LLM` whose name
        /// contains one of them has the role `V2V`. Case is ignored.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub v2v_names: Vec<String>,
        /// The member with the minutes of use.
        pub minutes: Option<String>,
        /// The members with costs, which are added up. Costs are in USD after scaling.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub cost: Vec<String>,
        /// The power of ten by which costs are multiplied: `-2` for cents.
        pub cost_scale: Option<i32>,
        /// The members with numbers of tokens that went in, which are added up.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub prompt_tokens: Vec<String>,
        /// The members with numbers of tokens that came out, which are added up.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub completion_tokens: Vec<String>,
    }
}
