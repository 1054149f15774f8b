//! The sessions of OpenAI's Realtime and Live APIs.
//!
//! No webhook reports the end of a session. No single event has the whole call, and most events
//! have no time. The record is therefore made of all events, with their times of receipt.

use crate::{
    MapError,
    report::Problem,
    session::{Assemble, Digest, time_of_receipt},
};
use chrono::{DateTime, Utc};
use std::{cell::RefCell, collections::HashMap};
use vcp_schema::{ErrorCode, FieldPath};

mod content;
mod event;
mod item;
mod session;

use content::ContentDigest;
use event::{Notes, Object};
use session::Session;

/// The assembler for sessions of OpenAI's Realtime API, with its beta names, and of its Live API.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OpenAi;

impl Assemble for OpenAi {
    fn digest(&self, events: &[(DateTime<Utc>, &str)]) -> Result<Digest, MapError> {
        let (mut session, notes) = (Session::default(), RefCell::new(Notes::new()));
        // The position of the first event with each id.
        let mut seen: HashMap<String, usize> = HashMap::new();
        // The content of the first events of which another text has the id.
        let mut known: HashMap<usize, ContentDigest> = HashMap::new();
        for (at, (received_at, text)) in events.iter().enumerate() {
            let event = Object::event(text, at, &notes);
            let first = event.filled("event_id").map_or(at, |id| *seen.entry(id).or_insert(at));
            if first == at {
                session.event(time_of_receipt(*received_at)?, &event).map_err(|(names, problem)| {
                    let event = FieldPath::root().name("events").index(at);
                    MapError::new(ErrorCode::Mapping, names.iter().fold(event, |path, name| path.name(*name)), problem)
                })?;
            } else {
                let first_text = events.get(first).map_or("", |(_, text)| *text);
                let mut is_same =
                    || *known.entry(first).or_insert_with(|| ContentDigest::of(first_text)) == ContentDigest::of(text);
                if first_text.trim() != text.trim() && !is_same() {
                    event.unusable(ErrorCode::Mapping, "another event has the same id: this event is not used");
                }
                event.pass_over();
            }
            if session.is_full() {
                let message = format!("the session has more than {} items", Session::ITEMS);
                return Err(MapError::new(ErrorCode::Limit, FieldPath::root().name("events").index(at), message));
            }
        }
        let has_unheard = session.has_unheard();
        let members = session.digest();
        let mut notes = notes.into_inner();
        if has_unheard {
            let message = "speech of the user was not transcribed: it is in no turn and in no metric";
            notes.problems.push(Problem::new(ErrorCode::Missing, "/events/*", message));
        }
        let [unread, read] = notes.counts();
        let Notes { problems, unknown_words, .. } = notes;
        Ok(Digest { members, problems, unknown_words, unread, read })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn digest(events: &[(&str, &str)]) -> Value {
        let events: Vec<(DateTime<Utc>, &str)> =
            events.iter().map(|(at, text)| (format!("2026-10-14T12:00:{at}Z").parse().unwrap(), *text)).collect();
        OpenAi.digest(&events).unwrap().members.into()
    }

    #[test]
    fn turns_stand_in_the_order_of_their_items() {
        let digest = digest(&[
            ("00", r#"{"type":"session.created","session":{"id":"sess_1","model":"gpt-realtime"}}"#),
            ("01", r#"{"type":"input_audio_buffer.speech_started","item_id":"u1"}"#),
            ("02.500", r#"{"type":"input_audio_buffer.speech_stopped","item_id":"u1"}"#),
            (
                "03",
                r#"{"type":"response.output_audio_transcript.delta","item_id":"a1","response_id":"r1","delta":"It is "}"#,
            ),
            ("03", r#"{"type":"output_audio_buffer.started","response_id":"r1"}"#),
            ("03.2", r#"{"type":"response.output_audio_transcript.delta","item_id":"a1","delta":"foggy"}"#),
            (
                "04",
                r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"u1","transcript":"How is it?"}"#,
            ),
            ("05", r#"{"type":"output_audio_buffer.cleared","response_id":"r1"}"#),
        ]);
        assert_eq!(digest["latency_ms"], serde_json::json!([500]));
        assert_eq!(
            digest["rows"],
            serde_json::json!([
                {"role": "user", "text": "How is it?", "start": "2026-10-14T12:00:01Z", "end": "2026-10-14T12:00:02.500Z"},
                {"role": "assistant", "text": "It is foggy", "cut_off": true, "start": "2026-10-14T12:00:03Z", "end": "2026-10-14T12:00:05Z"},
            ])
        );
    }

    #[test]
    fn a_sum_of_seconds_that_is_too_large_is_reported() {
        let transcribed = r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"i",
            "transcript":"a","usage":{"type":"duration","seconds":1e308}}"#;
        let other = transcribed.replace("\"i\"", "\"j\"");
        let at: DateTime<Utc> = "2026-10-14T12:00:00Z".parse().unwrap();
        let events = [(at, transcribed), (at, &other)];
        let digest = OpenAi.digest(&events).unwrap();
        let problems: Vec<String> = digest.problems.iter().map(|problem| format!("{problem:?}")).collect();
        assert!(problems.iter().any(|problem| problem.contains("/events/1/usage/seconds")), "{problems:?}");
        assert_eq!(digest.members.get("transcription_minutes"), None);
    }

    #[test]
    fn the_end_is_what_the_last_event_says() {
        let done = r#"{"type":"response.done","response":{"id":"r","status":"completed"}}"#;
        let cancelled = r#"{"type":"response.done","response":{"id":"r","status":"cancelled","status_details":{"reason":"turn_detected"}}}"#;
        let idle = r#"{"type":"input_audio_buffer.timeout_triggered"}"#;
        let of = |events: &[&str]| digest(&events.iter().map(|event| ("00", *event)).collect::<Vec<_>>());
        assert_eq!(of(&[done, cancelled])["last_response"]["status"], "completed");
        assert_eq!(of(&[done, idle])["ending"], "input_audio_buffer.timeout_triggered");
        assert_eq!(of(&[idle, done])["ending"], Value::Null);
        assert_eq!(of(&[r#"{"type":"error","error":{"type":"server_error"}}"#])["ending"], "server_error");
        assert_eq!(of(&[r#"{"type":"error","error":{"type":"invalid_request_error"}}"#])["ending"], Value::Null);
    }

    fn problems(events: &[&str]) -> Vec<(String, ErrorCode)> {
        let events: Vec<_> = events.iter().map(|text| ("2026-10-14T12:00:00Z".parse().unwrap(), *text)).collect();
        let problems = OpenAi.digest(&events).unwrap().problems;
        problems.into_iter().map(|problem| (problem.source.to_string(), problem.code)).collect()
    }

    #[test]
    fn what_is_not_of_the_form_is_noted() {
        use ErrorCode::{Type, Unreadable};
        let far = r#"{"type":"session.input_transcript.delta","delta":"x","start_ms":99999999999999999}"#;
        for (odd, place, code) in [
            ("[]", "", Type),
            (r#"{"type":7}"#, "/type", Type),
            (r#"{"type":"response.done","response":{"output":{}}}"#, "/response/output", Type),
            (r#"{"type":"response.done","response":{"output":[7]}}"#, "/response/output/0", Type),
            (r#"{"type":"response.done","response":{"usage":[]}}"#, "/response/usage", Type),
            (
                r#"{"type":"response.done","response":{"usage":{"input_tokens":-1}}}"#,
                "/response/usage/input_tokens",
                Unreadable,
            ),
            (far, "/start_ms", Unreadable),
        ] {
            assert_eq!(problems(&[odd]), [(format!("/events/0{place}"), code)], "{odd}");
        }
        assert_eq!(problems(&["{}", r#"{"type":"response.done"}"#]), []);
        let most = r#"{"type":"response.done","response":{"usage":{"input_tokens":9223372036854775807}}}"#;
        assert_eq!(problems(&[most, most]), [("/events/1/response/usage/input_tokens".to_owned(), Unreadable)]);
        assert_eq!(digest(&[("00", most), ("01", most)])["input_tokens"], Value::Null);
    }

    #[test]
    fn an_event_counts_once_and_a_session_is_one() {
        let done = r#"{"type":"response.done","event_id":"e1","response":{"usage":{"input_tokens":5}}}"#;
        let twice = digest(&[("00", done), ("01", done)]);
        assert_eq!((&twice["input_tokens"], &twice["ended_at"]), (&5.into(), &"2026-10-14T12:00:00Z".into()));
        let event = |id: &str| format!(r#"{{"type":"session.updated","session":{{"id":"{id}"}}}}"#);
        let (a, b) = (event("a"), event("b"));
        let at = "2026-10-14T12:00:00Z".parse().unwrap();
        let error = OpenAi.digest(&[(at, &a), (at, &b)]).unwrap_err();
        assert_eq!(error.to_string(), "VCP_E002 at $.events[1].session.id: the events are of more than one session");
    }

    #[test]
    fn a_response_that_is_no_part_of_the_conversation_says_nothing_of_it() {
        let digest = digest(&[
            ("00", r#"{"type":"response.done","response":{"id":"r1","status":"completed"}}"#),
            ("01", r#"{"type":"input_audio_buffer.speech_stopped","item_id":"u1"}"#),
            ("01", r#"{"type":"response.created","response":{"id":"r2","conversation_id":null}}"#),
            ("02", r#"{"type":"response.output_text.delta","item_id":"x1","response_id":"r2","delta":"apart"}"#),
            ("02", r#"{"type":"response.done","response":{"id":"r2","status":"failed","conversation_id":null}}"#),
        ]);
        assert_eq!(digest["latency_ms"], Value::Null);
        assert_eq!(digest["last_response"]["status"], "completed");
        assert_eq!(digest["rows"], serde_json::json!([]));
    }

    #[test]
    fn the_items_of_a_response_share_its_playing() {
        let text = |id: &str, text: &str| {
            format!(
                r#"{{"type":"response.output_audio_transcript.done","item_id":"{id}","response_id":"r1","transcript":"{text}"}}"#
            )
        };
        let (one, two) = (text("a1", "one"), text("a2", "two"));
        let digest = digest(&[
            ("01", r#"{"type":"output_audio_buffer.started","response_id":"r1"}"#),
            ("02", &one),
            ("03", &two),
            ("05", r#"{"type":"output_audio_buffer.stopped","response_id":"r1"}"#),
            ("06", r#"{"type":"output_audio_buffer.started"}"#),
        ]);
        assert_eq!(
            digest["rows"],
            serde_json::json!([
                {"role": "assistant", "text": "one", "cut_off": false, "start": "2026-10-14T12:00:01Z"},
                {"role": "assistant", "text": "two", "cut_off": false, "end": "2026-10-14T12:00:05Z"},
            ])
        );
    }
}
