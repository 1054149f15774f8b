//! Mapping the conversation of a delivery.

use super::{Delivery, Reading};
use crate::{
    MapError,
    engine::{
        clock,
        conversation::{MEMBERS_OF_CALL, Talk, Times},
        draft::Draft,
    },
    report::{Consulted, How, Problem, UnlistedWord, Written},
    rules::{
        paths::NodeId,
        target::{FieldName, name},
    },
    shared::SharedText,
};
use vcp_schema::{ErrorCode, FieldPath, RawJson, json::string};

impl<'p> Delivery<'p, '_> {
    /// Reads the rows of the conversation. Returns the place of the first list that has any, and
    /// whether its form is precise.
    ///
    /// # Errors
    ///
    /// `VCP_E008`: there are more tool calls, or more results, than a message can have members.
    fn rows(
        &self,
        reading: &mut Reading<'_>,
        draft: &mut Draft<'p>,
    ) -> Result<Option<(Talk<'p>, SharedText, bool)>, MapError> {
        let (mut talk, mut source, mut read, mut precise) = (Talk::default(), None, Vec::new(), false);
        for reader in &reading.plan.conversations {
            let continues = reader.rules.continues;
            let offset = reader.begins_at.and_then(|node| self.offset(node, draft));
            let times = match offset {
                _ if !continues => Times::OfTheCall,
                Some(offset) => Times::Later(offset),
                None => Times::Unknown,
            };
            let mut continued = false;
            for list in &reader.lists {
                let is_wanted = !talk.has_turns() || list.tools || (continues && !continued);
                if !self.all_hold(&list.when, reading.event, draft) {
                    continue;
                }
                reading.look_at([list.at]);
                let pointer = self.provider.tree.pointer(list.at);
                if !is_wanted {
                    if self.walked.is_filled(list.at) {
                        reading.supersede(list.at, pointer);
                    }
                    continue;
                }
                let text = self.walked.text(list.at);
                if text.is_some_and(|text| text != "null" && !text.starts_with('[')) {
                    // A conversation may have its rows in an object, as another list says.
                    if !self.walked.is_object(list.at) {
                        let problem = Problem::new(ErrorCode::Type, pointer, "a list of rows is wanted here");
                        draft.report.problems.push(problem);
                    }
                    continue;
                }
                // Some providers send the same list twice.
                if text.is_some() && read.iter().any(|other| self.walked.text(*other) == text) {
                    reading.supersede(list.at, pointer);
                    continue;
                }
                read.push(list.at);
                let Some(found) = self.walked.rows(list.at, &reader.members) else { continue };
                if found.has_others() {
                    let problem = Problem::new(ErrorCode::Type, pointer.clone(), "a row is not an object");
                    draft.report.problems.push(problem);
                }
                let rows = reader.read(&found, &|way| self.walked.lacks(way), self.options.limits.members);
                if rows.too_many {
                    return Err(self.too_many_tools());
                }
                let faults =
                    [(rows.lacks_role, "a row has a text and no role"), (rows.lacks_name, "a tool call has no name")];
                for (_, message) in faults.into_iter().filter(|(has_fault, _)| *has_fault) {
                    draft.report.problems.push(Problem::new(ErrorCode::Missing, format!("{pointer}/*"), message));
                }
                let unlisted = |word: &String| UnlistedWord { source: pointer.clone(), word: word.clone() };
                draft.report.unknown_words.extend(rows.unknown_roles.iter().map(unlisted));
                for (name, word) in &rows.unknown_words {
                    let place = format!("{pointer}/*{}", FieldPath::from_dotted(name).pointer());
                    draft.report.note_word(place.into(), word.clone());
                }
                if source.is_none() || talk.gains_from(&rows) {
                    source = Some(pointer);
                    precise = reader.rules.precise;
                }
                continued = true;
                talk.add(rows, list, times);
            }
        }
        Ok(source.map(|source| (talk, source, precise)))
    }

    fn too_many_tools(&self) -> MapError {
        let limit = self.options.limits.members;
        let message = format!("the message has more members than the limit of {limit}, because of its tool calls");
        MapError::new(ErrorCode::Limit, FieldPath::root(), message)
    }

    /// Reads the time in the call at which rows begin.
    fn offset(&self, node: NodeId, draft: &mut Draft<'p>) -> Option<i128> {
        let json = self.walked.text(node).filter(|json| *json != "null")?;
        let (source, offset) = (self.provider.tree.pointer(node), clock::seconds(json));
        match offset {
            Some(_) => draft.report.consulted.push(Consulted { source, word: None }),
            None => draft.report.problems.push(Problem::new(ErrorCode::Type, source, "a number is wanted here")),
        }
        offset
    }

    /// Writes the values of the rows of the conversation that no rule has written.
    ///
    /// # Errors
    ///
    /// `VCP_E008`: the message would have more members than the limit.
    pub(super) fn converse(&self, reading: &mut Reading<'_>, draft: &mut Draft<'p>) -> Result<(), MapError> {
        let plan = reading.plan;
        let Some((mut talk, source, precise)) = self.rows(reading, draft)? else { return Ok(()) };
        if talk.join() {
            let message = "a result of a tool has no call: it counts as a call";
            draft.report.problems.push(Problem::new(ErrorCode::Mapping, source.clone(), message));
        }
        // Such a message is refused in the end. Here it has not taken its memory yet.
        if talk.calls() > self.options.limits.members / MEMBERS_OF_CALL {
            return Err(self.too_many_tools());
        }
        let note = |draft: &mut Draft<'_>, target: SharedText, how: How| {
            draft.report.written.push(Written { source: Some(source.clone()), ..Written::without_source(target, how) });
        };
        let extras = &draft.message.vcp_payload.artifacts.extras;
        // A provider may send an empty text beside the rows.
        let has_text = extras.get("transcript").is_some_and(|text| has_text(text.as_str()));
        let has_transcript = has_text && plan.field(name::TRANSCRIPT).is_some_and(|field| draft.is_written(field));
        // Rows that are no better do not replace those of an earlier delivery.
        let gives_way = draft.has_precise_rows && !precise;
        draft.has_precise_rows |= precise && talk.has_turns();
        if !has_transcript
            && !gives_way
            && let Some(text) = talk.transcript()
        {
            draft.message.vcp_payload.artifacts.extras.insert("transcript".to_owned(), RawJson::from_text(&text));
            let target = FieldName::path_of(name::TRANSCRIPT);
            draft.report.written.retain(|written| written.target != target);
            note(draft, target, How::Derived);
        }
        let start_read = draft.how(plan, name::START_TIME) == Some(How::Read);
        let calls = talk.capabilities(draft.message.vcp_payload.call.start_time, start_read);
        if !calls.is_empty() {
            note(draft, FieldName::path_of(name::CAPABILITIES), How::Read);
        }
        for (at, _) in calls.iter().enumerate().filter(|(_, call)| !call.is_timed) {
            let target = format!("{}[{at}].invoked_at", FieldName::path_of(name::CAPABILITIES)).into();
            let written = Written::without_source(target, How::Default);
            draft.report.written.push(Written { source: Some(source.clone()), ..written });
        }
        draft.join(calls);
        let call = &draft.message.vcp_payload.call;
        let (metrics, problems) = talk.metrics(call.duration_sec, call.end_time);
        let has_calls = talk.calls() > 0;
        let problem = |message: &'static str| Problem::new(ErrorCode::Unreadable, source.clone(), message);
        draft.report.problems.extend(problems.into_iter().map(problem));
        let metrics = if gives_way { Vec::new() } else { metrics };
        for metric in draft.measure(metrics, talk.has_turns() && !gives_way, has_calls) {
            note(draft, FieldName::path_of_metric(metric), How::Derived);
        }
        Ok(())
    }
}

/// Returns whether a JSON string has more than white space, also behind escapes.
fn has_text(json: &str) -> bool {
    // Nearly every text begins with a letter. A long one is not decoded for this.
    json.trim_start_matches('"').starts_with(char::is_alphanumeric)
        || string::decode_lossy(json).is_some_and(|text| !text.trim().is_empty())
}
