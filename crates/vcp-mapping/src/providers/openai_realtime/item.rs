//! The items of a conversation.

use serde_json::{Map, Value};
use std::{collections::BTreeMap, rc::Rc};
use vcp_schema::Timestamp;

/// The kind of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Agent,
    Tool,
    Result,
    /// Not known yet, or neither speech nor a tool.
    #[default]
    Other,
}

/// An item of the conversation.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) kind: Kind,
    /// The complete texts, by the index of the part.
    pub(super) whole: BTreeMap<i64, String>,
    /// The texts that are joined from deltas, by the index of the part.
    pub(super) growing: BTreeMap<i64, String>,
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
    /// `true` if the item was truncated.
    pub(super) cut_off: bool,
    /// `true` if the item is a line of the Live API, which does not tell that speech was cut off.
    pub(super) is_line: bool,
    /// The id of the response that the item belongs to.
    pub(super) response: Option<Rc<str>>,
    /// `true` if a response made the item, also if it has no id.
    pub(super) is_made: bool,
    /// `true` if an event described the whole item.
    pub(super) described: bool,
    /// The id of the item in front of this one, if the user's speech was committed with it.
    pub(super) previous: Option<String>,
    /// The time at which the first audio of the item arrived.
    pub(super) heard_at: Option<Timestamp>,
    /// `true` if a part of the item is audio.
    pub(super) heard: bool,
    /// `true` if the user's speech was committed as this item, or is a part of it.
    pub(super) has_speech: bool,
    /// `true` if a transcription of the item was completed without a text.
    pub(super) transcribed: bool,
    /// The members of a tool call or of its result.
    pub(super) tool: Map<String, Value>,
}

impl Item {
    /// Returns the text of all parts. A complete text replaces the joined one.
    pub(super) fn text(&self) -> String {
        let mut parts: BTreeMap<_, &str> = self.growing.iter().map(|(part, text)| (part, text.as_str())).collect();
        parts.extend(self.whole.iter().map(|(part, text)| (part, text.as_str())));
        parts.into_values().collect::<Vec<_>>().join(" ")
    }

    /// Notes that the tool call has ended. A failure that was reported stays.
    pub(super) fn ends(&mut self, has_failed: bool) {
        let error = self.tool.entry("error").or_insert(false.into());
        if has_failed {
            *error = true.into();
        }
        self.tool.insert("cut_short".to_owned(), false.into());
    }

    /// Returns whether the item was described, and no response or speech made it. A program writes
    /// such items as text.
    pub(super) fn is_history(&self) -> bool {
        self.described && !self.heard && !self.is_made && self.growing.is_empty() && self.start.is_none()
    }

    /// Returns whether the item is speech of the user whose text nobody knows.
    pub(super) fn is_unheard(&self) -> bool {
        self.kind == Kind::User && self.has_speech && !self.transcribed && !self.is_spoken()
    }

    /// Returns whether the item is speech with a text.
    pub(super) fn is_spoken(&self) -> bool {
        let joined = self.growing.iter().filter(|(part, _)| !self.whole.contains_key(part)).map(|(_, text)| text);
        let mut texts = self.whole.values().chain(joined);
        matches!(self.kind, Kind::User | Kind::Agent) && texts.any(|text| !text.trim().is_empty())
    }
}
