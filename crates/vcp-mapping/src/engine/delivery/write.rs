//! Writing the value of a rule into a draft, with the flags that change a word.

use super::{Delivery, Sourced};
use crate::{
    engine::{
        draft::{self, Draft, Evidence},
        transform,
        value::Value,
    },
    error::MapError,
    report::{How, Problem, Written},
    rules::{
        Transform,
        paths::is_empty,
        plan::{Plan, ReadyRule, ReadySource},
        target::{Place, Target, name},
    },
    shared::SharedText,
};
use std::borrow::Cow;
use vcp_schema::{ErrorCode, FieldPath, Timestamp, VcpMessage};

/// The word for the status of a call that is not over.
const UNKNOWN: &str = "unknown";

impl<'p> Delivery<'p, '_> {
    /// Writes the value of a rule.
    pub(super) fn put(
        &self,
        rule: &ReadyRule,
        found: Option<Sourced<'p>>,
        plan: &Plan,
        draft: &mut Draft<'p>,
    ) -> Result<(), MapError> {
        let Some(field) = plan.fields.get(rule.field) else { return Ok(()) };
        // The flags count even if only another delivery has the word.
        if draft.merges {
            self.note_flags(rule, found.is_some(), draft);
        }
        // Weaker evidence does not replace the word of an earlier delivery, and flags still change
        // it.
        let evidence = found.as_ref().map(|found| Evidence::new(found.how, found.precise));
        // An empty text says less than the one of an earlier delivery, or of its rows.
        let is_blank =
            found.as_ref().is_some_and(|found| matches!(&found.value, Value::Text(text) if text.trim().is_empty()));
        let has_rows_text =
            || field.name == name::TRANSCRIPT && draft.message.vcp_payload.artifacts.extras.get("transcript").is_some();
        let is_weaker = is_blank && (draft.before(&field.name).is_some() || has_rows_text())
            || evidence.is_some_and(|evidence| draft.has_better(&field.name, evidence))
            || field.name == name::TRANSCRIPT && draft.has_precise_rows;
        let is_there = found.is_some();
        let found = found.filter(|_| !is_weaker || !matches!(rule.target, Target::Field(_)));
        let found = found.or_else(|| self.word_before(rule, &field.name, draft));
        let Some(mut found) = found else {
            if rule.required && !is_there {
                let node = rule.sources.iter().find_map(ReadySource::node);
                let path = node.map(|node| self.provider.tree.path(node)).unwrap_or_default();
                let message = "the provider's rules require this member, and it is missing or null";
                return Err(MapError::new(ErrorCode::Missing, path, message));
            }
            return Ok(());
        };
        if let Some(evidence) = evidence.filter(|_| draft.merges && !is_weaker) {
            draft.evidence.insert(field.name.clone(), evidence);
        }
        if let (Value::Text(word), false) = (&found.value, rule.change.is_empty()) {
            draft.words.insert(field.name.clone(), word.to_string());
        }
        let changed_by = self.change(rule, &mut found, draft);
        if let Some(earlier) = draft.before(&field.name)
            && !draft.is_written(rule.field)
            && !replaces(&rule.target, earlier, &found, &mut draft.message)
        {
            return Ok(());
        }
        let written = match (&rule.target, found.value) {
            (Target::Field(field), value) => draft::write(field, &mut draft.message, value),
            // Nothing can be attributed to a role without a model.
            (Target::Model(role, part), value) => {
                if !draft.models.note(role, *part, &value) {
                    draft.unused.extend(found.source);
                    return Ok(());
                }
                true
            }
            (Target::Free(place, names), value) => {
                let json = match value {
                    Value::Json(json) => Some(json),
                    Value::Float(number) => Some(Cow::Owned(number.to_string())),
                    Value::Integer(number) => Some(Cow::Owned(number.to_string())),
                    Value::Text(_) | Value::Time(_) => None,
                };
                if let (Place::Integrations, Some(_), Some(json)) = (place, names.only(), &json)
                    && !json.starts_with('{')
                {
                    let (source, message) = (found.source.unwrap_or_default(), "an object is wanted here");
                    draft.report.problems.push(Problem::new(ErrorCode::Type, source, message));
                    return Ok(());
                }
                let limit = self.options.limits.text_bytes;
                let added = json.map(|json| draft.add_free(*place, names.clone(), json, limit));
                added
                    .transpose()
                    .map_err(|length| {
                        let message =
                            format!("the message has at least {length} bytes, more than the limit of {limit}");
                        MapError::new(ErrorCode::Limit, FieldPath::root(), message)
                    })?
                    .is_some()
            }
        };
        // Compiling refuses a rule whose value does not fit its field.
        debug_assert!(written, "{}", rule.id);
        draft.mark(rule.field, found.how);
        draft.report.written.push(Written {
            target: field.path.clone(),
            how: found.how,
            source: found.source,
            transform: found.transform,
            word: found.word,
            changed_by,
            rule: Some(rule.id.clone()),
        });
        Ok(())
    }

    /// Returns the word of an earlier delivery, if this one has a flag that may change it.
    fn word_before(&self, rule: &ReadyRule, field: &str, draft: &Draft<'p>) -> Option<Sourced<'p>> {
        let has_flag = rule.change.iter().any(|change| self.any(&change.member, |json| json != "null"));
        let word = draft.words.get(field).filter(|_| has_flag)?.clone();
        let value = Value::Text(word.into());
        Some(Sourced { value, how: How::Derived, source: None, transform: None, word: None, precise: false })
    }

    /// Notes the flags of a rule that this delivery sets or takes back. If it has a word, it also
    /// takes back that the call was not over.
    fn note_flags(&self, rule: &ReadyRule, has_word: bool, draft: &mut Draft<'p>) {
        let mut set = Vec::new();
        for change in &rule.change {
            let flag = (rule.id.clone(), change.flag);
            if self.any(&change.member, |json| transform::fits(&change.is, json)) {
                set.push(flag);
            } else if (has_word && change.by == UNKNOWN) || self.any(&change.member, |json| !is_empty(json)) {
                draft.flags.remove(&flag);
            }
        }
        draft.flags.extend(set);
    }

    /// Changes a word by the flags of its rule. A flag of an earlier delivery counts until a later
    /// one has another value for it or, if it changes the word to `unknown`, until a later one has
    /// a word. Returns the pointers of the flags that changed the word. A changed word is reported
    /// as derived.
    fn change(&self, rule: &ReadyRule, found: &mut Sourced<'p>, draft: &Draft<'p>) -> Vec<SharedText> {
        let Value::Text(word) = &mut found.value else { return Vec::new() };
        let mut changed_by = Vec::new();
        for change in &rule.change {
            // Looking for a flag inside lists takes time.
            if change.replaces.iter().all(|replaced| *replaced != *word) {
                continue;
            }
            let is_set = if draft.merges {
                draft.flags.contains(&(rule.id.clone(), change.flag))
            } else {
                self.any(&change.member, |json| transform::fits(&change.is, json))
            };
            if is_set {
                *word = Cow::Owned(change.by.clone());
                found.how = How::Derived;
                changed_by.push(self.provider.tree.pointer(change.member.node));
            }
        }
        changed_by
    }
}

/// Returns whether a value replaces that of an earlier delivery. Makes room for it if it does.
fn replaces(target: &Target, earlier: How, found: &Sourced<'_>, message: &mut VcpMessage) -> bool {
    use Transform::{EndMinusDuration, EndMinusStart, EndTime, StartPlusDuration};
    let is_worked_out = matches!(found.transform, Some(EndTime | EndMinusDuration | EndMinusStart | StartPlusDuration))
        && found.source.is_none();
    match target {
        // A value that is computed from other fields does not replace a value that was read.
        _ if is_worked_out && earlier == How::Read => false,
        // A derived start must not move behind the end. Of several, the earliest is used. A start
        // that was read is kept.
        Target::Field(field) if field.path == name::START_TIME && found.how == How::Derived => {
            let is_earlier = |time: Timestamp| time.unix_nanos() < message.vcp_payload.call.start_time.unix_nanos();
            earlier == How::Derived && matches!(found.value, Value::Time(time) if is_earlier(time))
        }
        Target::Field(field) if field.path == name::PERCEIVED => {
            message.vcp_payload.outcomes.perceived.clear();
            true
        }
        _ => true,
    }
}
