//! The items of a session: their texts, and the tools that they call.

use super::{Item, Kind, Object, Session};
use crate::rules::paths::is_empty;
use std::rc::Rc;
use vcp_schema::{ErrorCode, Timestamp};

/// The types of items that the API documents.
const KINDS: [&str; 7] = [
    "message",
    "function_call",
    "function_call_output",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
];

/// The roles of messages that the API documents.
const ROLES: [&str; 3] = ["user", "assistant", "system"];

impl Session {
    /// Returns the item with an id, which a member of an object has. Adds one of this kind if the
    /// id is new. Sets the kind if it is not known yet. An item of another kind with the same id is
    /// a problem, and is not used.
    fn with_id(&mut self, id: String, (object, member): (&Object<'_, '_>, &str), kind: Kind) -> Option<&mut Item> {
        // The session is refused after this event, which may have many more items.
        if self.is_full() {
            return None;
        }
        let next = self.items.len();
        let at = *self.places.entry(id).or_insert(next);
        if at == next {
            self.push(kind);
        }
        let item = self.items.get_mut(at)?;
        if item.kind == Kind::Other {
            item.kind = kind;
        } else if kind != Kind::Other && kind != item.kind {
            object.problem(member, ErrorCode::Mapping, "an item of another kind has this id: it is not used");
            return None;
        }
        Some(item)
    }

    /// Adds an empty item.
    pub(super) fn push(&mut self, kind: Kind) {
        if self.is_full() {
            return;
        }
        if matches!(kind, Kind::Tool | Kind::Result) {
            self.last_line = None;
        }
        self.items.push(Item { kind, ..Item::default() });
    }

    /// Returns the item that an event names. An event that names none is a problem.
    pub(super) fn named(&mut self, event: &Object<'_, '_>, kind: Kind) -> Option<&mut Item> {
        let Some(id) = event.filled("item_id") else {
            event.problem("item_id", ErrorCode::Missing, "the event names no item");
            return None;
        };
        self.with_id(id, (event, "item_id"), kind)
    }

    /// Adds the complete text of a part of an item.
    pub(super) fn said(&mut self, event: &Object<'_, '_>, kind: Kind, member: &str, response: Option<Rc<str>>) {
        let Some(text) = event.filled(member) else { return };
        let part = event.count("content_index").unwrap_or(0);
        if let Some(item) = self.named(event, kind) {
            item.whole.insert(part, text);
            item.response = item.response.take().or(response);
        }
    }

    /// Appends a delta to the text of a part of an item.
    pub(super) fn grows(&mut self, at: Timestamp, event: &Object<'_, '_>, kind: Kind, response: Option<Rc<str>>) {
        let Some(more) = event.text("delta") else { return };
        let part = event.count("content_index").unwrap_or(0);
        if let Some(item) = self.named(event, kind) {
            item.growing.entry(part).or_default().push_str(&more);
            item.response = item.response.take().or(response);
            if kind == Kind::Agent {
                item.start.get_or_insert(at);
            }
        }
    }

    /// Adds the description of an item that a response made.
    pub(super) fn made(&mut self, at: Timestamp, item: &Object<'_, '_>, response: Option<Rc<str>>) {
        if let Some(item) = self.item(at, item, response) {
            item.is_made = true;
        }
    }

    /// Adds the description of an item, and returns the item.
    pub(super) fn item(
        &mut self,
        at: Timestamp,
        item: &Object<'_, '_>,
        response: Option<Rc<str>>,
    ) -> Option<&mut Item> {
        let (Some(id), Some(kind)) = (item.filled("id"), item.text("type")) else { return None };
        let role = item.text("role");
        let is_message = kind == "message";
        if !KINDS.contains(&&*kind) {
            item.unknown("type", &kind);
        }
        if let Some(role) = role.as_deref().filter(|role| is_message && !ROLES.contains(role)) {
            item.unknown("role", role);
        }
        let of_kind = match (&*kind, role.as_deref()) {
            ("message", Some("user")) => Kind::User,
            ("message", Some("assistant")) => Kind::Agent,
            ("function_call" | "mcp_call", _) => Kind::Tool,
            ("function_call_output", _) => Kind::Result,
            _ => Kind::Other,
        };
        let known = self.with_id(id, (item, "id"), of_kind)?;
        known.is_made |= response.is_some();
        known.response = known.response.take().or(response);
        known.described = true;
        match of_kind {
            Kind::User | Kind::Agent => {
                for (part, content) in (0..).zip(item.objects("content")) {
                    let kind = content.text("type").unwrap_or_default();
                    known.heard |= matches!(&*kind, "output_audio" | "audio");
                    known.has_speech |= kind == "input_audio";
                    if let Some(text) = content.filled("transcript").or_else(|| content.filled("text")) {
                        known.whole.insert(part, text);
                    }
                }
            }
            Kind::Tool | Kind::Result => {
                known.start.get_or_insert(at);
                let id = if kind == "mcp_call" { item.filled("id") } else { item.filled("call_id") };
                for (name, value) in [("call_id", id), ("name", item.filled("name")), ("type", Some(kind.to_string()))]
                {
                    if let Some(value) = value {
                        known.tool.insert(name.to_owned(), value.into());
                    }
                }
                if matches!(&*kind, "function_call" | "mcp_call") {
                    // A call that never left this state was not made. The items of MCP calls have
                    // no status.
                    let is_cut_short = match item.text("status").as_deref() {
                        Some(status) => matches!(status, "incomplete" | "in_progress"),
                        None => item.is_broken("arguments"),
                    };
                    // An event may have told that it was. Descriptions can come late.
                    let cut_short = known.tool.entry("cut_short").or_insert(is_cut_short.into());
                    if !is_cut_short {
                        *cut_short = false.into();
                    }
                }
                let has_failed = item.text("status").as_deref() == Some("failed");
                if kind == "mcp_call" && (has_failed || item.text("output").is_some() || item.get("error").is_some()) {
                    let error = item.get("error").filter(|error| !is_empty(error));
                    if error.is_some_and(|error| !error.starts_with(['{', '"'])) {
                        item.problem("error", ErrorCode::Type, "an object or a string is wanted here");
                    }
                    known.ends(has_failed || error.is_some());
                    // Some servers send the message alone.
                    let message = match error {
                        Some(error) if error.starts_with('{') => item.object("error").filled("message"),
                        Some(error) if error.starts_with('"') => item.filled("error"),
                        _ => None,
                    };
                    if let Some(message) = message {
                        known.tool.insert("message".to_owned(), message.into());
                    }
                }
            }
            Kind::Other => {}
        }
        Some(known)
    }
}
