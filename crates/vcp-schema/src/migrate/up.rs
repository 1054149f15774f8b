//! The rules from an older dialect to 0.5 (`DECISIONS.md` 2.2–2.4).

use super::{
    MigrateError, UpgradeOptions,
    report::Tell,
    tree::{Arena, Node, Said, concat, path, quoted},
};
use crate::{
    Capability, Dialect, ErrorCode, FieldPath, Timestamp,
    describe::{Described, Range},
    json::members,
    structure::{self, Fault},
};

/// The length of a list, in bytes, from which it is checked before it is opened.
const LARGE: usize = 16 * 1024;

/// The words of older dialects, and their words in 0.5.
pub(super) const STATUS_WORDS: &[(&str, &str)] = &[("filtered", "unknown"), ("failed", "failure")];
pub(super) const GAP_WORDS: &[(&str, &str)] = &[
    ("mild_misalignment", "minor_deviation"),
    ("minor", "minor_deviation"),
    ("significant_gap", "major_deviation"),
    ("moderate", "major_deviation"),
    ("major", "major_deviation"),
];
/// The places of members that have another name in 0.5: first the old place, then the new one.
pub(super) type Renames = &'static [(&'static str, &'static str)];

pub(super) const ARTIFACTS: Renames = &[
    ("/vcp_payload/artifacts/recording_url", "/vcp_payload/artifacts/audio_recording_ref"),
    ("/vcp_payload/artifacts/transcript_url", "/vcp_payload/artifacts/transcript_ref"),
];
pub(super) const PROVENANCE: Renames = &[
    ("/vcp_payload/provenance/captured_at", "/vcp_payload/provenance/created_at"),
    ("/vcp_payload/provenance/captured_by", "/vcp_payload/provenance/created_by"),
    ("/vcp_payload/provenance/processing_chain", "/vcp_payload/provenance/transformation_history"),
];
pub(super) const CONSENT: Renames = &[("/vcp_payload/consent/consent_timestamp", "/vcp_payload/consent/granted_at")];

/// The default members of a section, with their values as JSON texts.
pub(super) type Defaults<'t, const N: usize> = [(&'static str, &'t str); N];

/// The default sections, which an upgrade adds if the source does not have them.
pub(super) struct Assumed<'t> {
    pub(super) model_selection: Defaults<'t, 3>,
    pub(super) perception_gap: Defaults<'t, 2>,
    pub(super) attribution: Defaults<'t, 2>,
    pub(super) hcr: Defaults<'t, 3>,
}

impl<'t> Assumed<'t> {
    pub(super) fn new(arena: &'t Arena, provider: Said<'t>, start_time: Said<'t>, status: Said<'t>) -> Self {
        Self {
            model_selection: [
                ("policy_id", quoted(arena, concat(arena, &[provider.text, "_default"]))),
                ("resolved_at", start_time.json),
                ("roles", "{}"),
            ],
            perception_gap: [("gap_score", "0.0"), ("gap_class", r#""aligned""#)],
            attribution: [("roles", "{}"), ("kpis", "{}")],
            hcr: [
                ("audience", r#""system""#),
                ("headline", quoted(arena, concat(arena, &[provider.text, " call processed"]))),
                ("outcome_status", status.json),
            ],
        }
    }
}

struct Upgrade<'r, R> {
    dialect: Dialect,
    options: &'r UpgradeOptions,
    /// The place of `audit` in the source.
    audit: &'static str,
    report: &'r mut R,
}

/// Applies the rules to a message of an older dialect.
pub(super) fn upgrade(
    root: &mut Node<'_>,
    dialect: Dialect,
    options: &UpgradeOptions,
    report: &mut impl Tell,
) -> Result<(), MigrateError> {
    Upgrade { dialect, options, audit: "/audit", report }.message(root)
}

/// Returns the last step of a pointer.
pub(super) fn name_of(pointer: &'static str) -> &'static str {
    memchr::memrchr(b'/', pointer.as_bytes()).and_then(|at| pointer.get(at + 1..)).unwrap_or(pointer)
}

/// Renames a member of `node`, given by its places. Reports it if it has a value.
pub(super) fn rename(node: &mut Node<'_>, from: &'static str, to: &'static str, report: &mut impl Tell) {
    let (old, new) = (name_of(from), name_of(to));
    let has_value = node.get(old).is_some();
    if node.rename(old, new) && has_value {
        report.renamed(from, to);
    }
}

fn missing(pointer: &'static str) -> MigrateError {
    MigrateError::shape(path(pointer), &format!("`{}` is missing or null", name_of(pointer)))
}

/// Returns a required string.
fn required<'t>(node: &mut Node<'t>, pointer: &'static str) -> Result<Said<'t>, MigrateError> {
    let value = node.get(name_of(pointer)).ok_or_else(|| missing(pointer))?;
    value.said().ok_or_else(|| MigrateError::shape(path(pointer), "a string is wanted here"))
}

impl<R: Tell> Upgrade<'_, R> {
    /// Sets a member if it is absent or null, and reports the default.
    fn fill<'t>(&mut self, node: &mut Node<'t>, pointer: &'static str, json: &'t str) {
        if node.get(name_of(pointer)).is_none() {
            node.set_json(name_of(pointer), json);
            self.report.assumed(pointer);
        }
    }

    fn fill_text(&mut self, node: &mut Node<'_>, pointer: &'static str, content: &str) {
        if node.get(name_of(pointer)).is_none() {
            node.set_text(name_of(pointer), content);
            self.report.assumed(pointer);
        }
    }

    /// Returns a required time. If the message lacks it, `missing_time` is used. `from` is the
    /// place of the time in the source.
    fn time<'t>(
        &mut self,
        node: &mut Node<'t>,
        from: &'static str,
        pointer: &'static str,
    ) -> Result<Said<'t>, MigrateError> {
        if node.get(name_of(pointer)).is_none() {
            let refused = |message| MigrateError::shape(path(from), message);
            let absent = "the required time is absent: set the option `missing_time`";
            let time = self.options.missing_time.ok_or_else(|| refused(absent))?;
            let outside = "`missing_time` is outside the years 0001 to 9999";
            let time = Timestamp::try_from(time).map_err(|_| refused(outside))?;
            self.fill_text(node, pointer, &time.to_string());
        }
        required(node, from)
    }

    fn word(&mut self, node: &mut Node<'_>, pointer: &'static str, words: &[(&str, &str)]) {
        let Some(word) = node.text_of(name_of(pointer)) else { return };
        if let Some((_, new)) = words.iter().find(|(old, _)| *old == word) {
            node.set_text(name_of(pointer), new);
            self.report.derived(pointer, pointer);
        }
    }

    fn is_spec(&self) -> bool {
        self.dialect == Dialect::Spec03
    }

    fn message(&mut self, root: &mut Node<'_>) -> Result<(), MigrateError> {
        root.object("")?;
        root.set_text("vcp_version", "0.5");
        self.report.derived("/vcp_version", "/vcp_version");
        let payload = root.get("vcp_payload").ok_or_else(|| missing("/vcp_payload"))?;
        payload.object("/vcp_payload")?;
        let audit = if self.is_spec() { None } else { payload.take("audit") };
        let null = Node::text(payload.arena(), "null");
        let mut payload = std::mem::replace(payload, null);
        if let Some(audit) = audit.filter(|audit| !audit.is_null()) {
            self.audit = "/vcp_payload/audit";
            root.set("audit", audit);
            self.report.renamed("/vcp_payload/audit", "/audit");
        }
        self.payload(&mut payload, root)?;
        root.set("vcp_payload", payload);
        Ok(())
    }

    fn payload<'t>(&mut self, payload: &mut Node<'t>, root: &mut Node<'t>) -> Result<(), MigrateError> {
        let arena = payload.arena();
        let call = payload.get("call").ok_or_else(|| missing("/vcp_payload/call"))?;
        call.object("/vcp_payload/call")?;
        rename(call, "/vcp_payload/call/from_", "/vcp_payload/call/from", self.report);
        if !self.is_spec() {
            self.outer_call_id(root, call);
        }
        let call_id = required(call, "/vcp_payload/call/call_id")?.text;
        let provider = required(call, "/vcp_payload/call/provider")?;
        let start_time = self.time(call, "/vcp_payload/call/start_time", "/vcp_payload/call/start_time")?;
        let start = call_id.char_indices().nth(8).and_then(|(end, _)| call_id.get(..end)).unwrap_or(call_id);
        let session_id = concat(arena, &["sess_", provider.text, "_", start]);
        self.fill_text(call, "/vcp_payload/call/session_id", session_id);
        if !self.is_spec() {
            self.channel(call);
        }

        if payload.get("outcomes").is_none() {
            payload.set_json("outcomes", "{}");
        }
        let outcomes = payload.get("outcomes").ok_or_else(|| missing("/vcp_payload/outcomes"))?;
        let status = self.outcomes(outcomes)?;
        let assumed = Assumed::new(arena, provider, start_time, status);
        self.section(outcomes, "/vcp_payload/outcomes/perception_gap", &assumed.perception_gap)?;
        self.section(outcomes, "/vcp_payload/outcomes/model_outcome_attribution", &assumed.attribution)?;
        if let Some(gap) = outcomes.get("perception_gap") {
            self.word(gap, "/vcp_payload/outcomes/perception_gap/gap_class", GAP_WORDS);
        }
        self.section(payload, "/vcp_payload/model_selection", &assumed.model_selection)?;
        if let Some(roles) = payload.get("model_selection").and_then(|selection| selection.get("roles"))
            && let Some(roles) = roles.open()
        {
            roles.retain(|(_, role)| self.is_spec() || !role.is_null());
        }
        self.section(payload, "/vcp_payload/hcr", &assumed.hcr)?;
        if let Some(hcr) = payload.get("hcr") {
            self.word(hcr, "/vcp_payload/hcr/outcome_status", STATUS_WORDS);
        }
        for pointer in ["/vcp_payload/artifacts", "/vcp_payload/custom"] {
            self.fill(payload, pointer, "{}");
        }
        if !self.is_spec() {
            if let Some(artifacts) = payload.get("artifacts") {
                artifacts.object("/vcp_payload/artifacts")?;
                ARTIFACTS.iter().for_each(|(old, new)| rename(artifacts, old, new, self.report));
            }
            self.provider_specific(payload, provider.text)?;
        }
        let received_at = self.audit(root)?;
        if self.dialect == Dialect::V04 {
            self.consent(payload, call_id)?;
        }
        self.provenance(payload, provider, received_at)?;
        // Last, because it builds many nodes: a message that is refused takes less memory.
        payload.get("call").map_or(Ok(()), |call| self.capabilities(call, start_time.json))
    }

    /// Moves the `call_id` at the root into the call if the call has none. Removes it if the call
    /// has the same one.
    fn outer_call_id(&mut self, root: &mut Node<'_>, call: &mut Node<'_>) {
        let Some(outer) = root.text_of("call_id") else { return };
        let pointer = "/vcp_payload/call/call_id";
        if call.get("call_id").is_none() {
            call.set_text("call_id", outer);
            self.report.renamed("/call_id", pointer);
            root.take("call_id");
        } else if call.text_of("call_id") == Some(outer) {
            self.report.derived("/call_id", pointer);
            root.take("call_id");
        }
    }

    /// Adds a section if it is absent or null. Otherwise adds each of its required members that is
    /// absent or null.
    fn section<'t>(
        &mut self,
        parent: &mut Node<'t>,
        pointer: &'static str,
        default: &[(&'static str, &'t str)],
    ) -> Result<(), MigrateError> {
        let arena = parent.arena();
        let Some(node) = parent.get(name_of(pointer)) else {
            parent.set(name_of(pointer), Node::of(arena, default));
            self.report.assumed(pointer);
            return Ok(());
        };
        node.object(pointer)?;
        for (name, value) in default {
            if node.get(name).is_none() {
                node.set_json(name, value);
                self.report.assumed([pointer, "/", name].concat());
            }
        }
        Ok(())
    }

    fn capabilities<'t>(&mut self, call: &mut Node<'t>, start_time: &'t str) -> Result<(), MigrateError> {
        let pointer = "/vcp_payload/call/capabilities_invoked";
        let Some(list) = call.get("capabilities_invoked") else { return Ok(()) };
        let arena = list.arena();
        if let Node::Raw(text, _) = list
            && text.len() > LARGE
        {
            self.check_capabilities(text, pointer)?;
        }
        let list = list.open_list().ok_or_else(|| MigrateError::shape(path(pointer), "a list is wanted here"))?;
        for (at, entry) in list.iter_mut().enumerate() {
            let Some(name) = entry.said() else { continue };
            let members = [
                ("capability_id", name.json),
                ("capability_type", r#""tool_call""#),
                ("invoked_at", start_time),
                ("success", "true"),
            ];
            *entry = Node::of(arena, &members);
            self.report.renamed((pointer, at, ""), (pointer, at, "/capability_id"));
            for below in ["/capability_type", "/invoked_at", "/success"] {
                self.report.assumed((pointer, at, below));
            }
        }
        Ok(())
    }

    /// Checks a long list of capabilities before it is opened, because its nodes would take many
    /// times the memory of its text.
    fn check_capabilities(&self, text: &str, pointer: &str) -> Result<(), MigrateError> {
        /// A name becomes an object of four members.
        const MEMBERS: usize = 5;
        let limits = &self.options.limits;
        let names = members::elements(text).filter(|element| element.starts_with('"'));
        if names.take(limits.members / MEMBERS + 1).count() > limits.members / MEMBERS {
            let message = format!("upgraded, there are more than {} members", limits.members);
            return Err(MigrateError::new(ErrorCode::Limit, path(pointer), message));
        }
        let wanted = |fault: &Fault| fault.fatal;
        match structure::first_fault_of(text, &<Vec<Capability>>::KIND, limits, wanted) {
            Some(fault) => {
                let steps = fault.path.steps().iter().cloned();
                Err(MigrateError::new(ErrorCode::Migration, steps.fold(path(pointer), FieldPath::step), fault.message))
            }
            None => Ok(()),
        }
    }

    /// Turns a legacy channel into the direction of a telephone call.
    fn channel(&mut self, call: &mut Node<'_>) {
        let Some(word) = call.text_of("channel").and_then(direction) else { return };
        if call.get("direction").is_none() {
            call.set_text("direction", word);
            call.set_text("channel", "phone");
            self.report.derived("/vcp_payload/call/channel", "/vcp_payload/call/direction");
            self.report.derived("/vcp_payload/call/channel", "/vcp_payload/call/channel");
        }
    }

    /// Upgrades the outcomes. Returns the objective status.
    fn outcomes<'t>(&mut self, outcomes: &mut Node<'t>) -> Result<Said<'t>, MigrateError> {
        outcomes.object("/vcp_payload/outcomes")?;
        self.section(outcomes, "/vcp_payload/outcomes/objective", &[("status", r#""unknown""#)])?;
        if !self.is_spec() {
            self.perceived(outcomes);
        }
        let objective = outcomes.get("objective").ok_or_else(|| missing("/vcp_payload/outcomes/objective"))?;
        self.word(objective, "/vcp_payload/outcomes/objective/status", STATUS_WORDS);
        required(objective, "/vcp_payload/outcomes/objective/status")
    }

    /// Turns each object in `perceived` into a readable string. The last valid score of the caller
    /// becomes the satisfaction score.
    fn perceived(&mut self, outcomes: &mut Node<'_>) {
        let pointer = "/vcp_payload/outcomes/perceived";
        let mut satisfaction = None;
        let perceived = outcomes.get("perceived").filter(|list| list.holds_objects());
        for (at, entry) in perceived.and_then(Node::open_list).into_iter().flatten().enumerate() {
            if !entry.is_object() {
                continue;
            }
            let by = entry.text_of("by");
            let score = entry.get("sentiment").and_then(|sentiment| sentiment.get("score")?.as_number());
            let confidence = entry.get("confidence").and_then(|confidence| confidence.as_number());
            let arena = entry.arena();
            let said = match (by, score) {
                (Some(by), Some(score)) => Some(concat(arena, &[by, ": ", score])),
                (by, score) => by.or(score),
            };
            let said = match (said, confidence) {
                (said, None) => said.unwrap_or_default(),
                (None, Some(confidence)) => concat(arena, &["(confidence ", confidence, ")"]),
                (Some(said), Some(confidence)) => concat(arena, &[said, " (confidence ", confidence, ")"]),
            };
            *entry = Node::string(arena, said);
            self.report.derived((pointer, at, ""), (pointer, at, ""));
            let in_range = |score: &&str| score.parse::<f64>().is_ok_and(|score| Range::ZeroToOne.contains(score));
            if by == Some("caller")
                && let Some(score) = score.filter(in_range)
            {
                satisfaction = Some((at, score));
            }
        }
        if let Some((at, score)) = satisfaction
            && outcomes.get("user_satisfaction_score").is_none()
        {
            outcomes.set_json("user_satisfaction_score", score);
            let target = "/vcp_payload/outcomes/user_satisfaction_score";
            self.report.derived((pointer, at, "/sentiment/score"), target);
        }
    }

    /// Wraps the data of each provider in `data`. A direction in such data becomes the direction of
    /// the call, if the call has neither a channel nor a direction.
    fn provider_specific(&mut self, payload: &mut Node<'_>, provider: &str) -> Result<(), MigrateError> {
        let pointer = "/vcp_payload/custom/provider_specific";
        let Some(custom) = payload.get("custom") else { return Ok(()) };
        custom.object("/vcp_payload/custom")?;
        let Some(providers) = custom.get("provider_specific") else { return Ok(()) };
        let mut found = None;
        let providers = providers.object(pointer)?;
        if let Some((name, _)) = providers.iter().find(|(_, node)| !node.is_object()) {
            let path = path(pointer).name(name.key());
            return Err(MigrateError::shape(path, "an object is wanted here"));
        }
        for (name, node) in providers {
            let name = &*name;
            let empty = Node::text(node.arena(), "{}");
            let data = std::mem::replace(node, empty);
            // A clone is read, because reading would change the text of the data.
            if let Some(word) = data.clone().text_of("channel").and_then(direction)
                && (found.is_none() || name.is(provider))
            {
                found = Some((*name, word));
            }
            node.set("data", data);
            self.report.renamed((pointer, name, ""), (pointer, name, "/data"));
        }
        let Some(call) = payload.get("call") else { return Ok(()) };
        if let Some((source, word)) = found
            && call.get("channel").is_none()
            && call.get("direction").is_none()
        {
            call.set_text("channel", "phone");
            call.set_text("direction", word);
            for target in ["/vcp_payload/call/channel", "/vcp_payload/call/direction"] {
                self.report.derived((pointer, &source, "/channel"), target);
            }
        }
        Ok(())
    }

    /// Returns the place of a member of `audit` in the source.
    fn in_audit(&self, spec: &'static str, production: &'static str) -> &'static str {
        if self.audit == "/audit" { spec } else { production }
    }

    /// Upgrades `audit`. Returns the time of receipt.
    fn audit<'t>(&mut self, root: &mut Node<'t>) -> Result<Said<'t>, MigrateError> {
        if root.get("audit").is_none() {
            root.set_json("audit", "{}");
            if !self.is_spec() {
                // Errors name the place where the source should have it.
                self.audit = "/vcp_payload/audit";
            }
        }
        let audit = root.get("audit").ok_or_else(|| missing(self.audit))?;
        audit.object(self.audit)?;
        let from = self.in_audit("/audit/received_at", "/vcp_payload/audit/received_at");
        let received_at = self.time(audit, from, "/audit/received_at")?;
        match audit.text_of("schema_version") {
            None => self.fill_text(audit, "/audit/schema_version", "0.5"),
            Some(word) if word == self.dialect.version().as_str() => {
                audit.set_text("schema_version", "0.5");
                let from = self.in_audit("/audit/schema_version", "/vcp_payload/audit/schema_version");
                self.report.derived(from, "/audit/schema_version");
            }
            Some(_) => {}
        }
        if !self.is_spec() {
            let from = self.in_audit("/audit/normalized_at", "/vcp_payload/audit/normalized_at");
            rename(audit, from, "/audit/processed_at", self.report);
        }
        // The checksum belongs to the older message. A downgrade restores it.
        audit.take("checksum");
        Ok(received_at)
    }

    fn consent(&mut self, payload: &mut Node<'_>, call_id: &str) -> Result<(), MigrateError> {
        let Some(consent) = payload.get("consent") else { return Ok(()) };
        consent.object("/vcp_payload/consent")?;
        let mut flag = |pointer: &'static str| match consent.get(name_of(pointer)).map(|node| node.json()) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(MigrateError::shape(path(pointer), "a boolean is wanted here")),
        };
        let given = flag("/vcp_payload/consent/recording_consent")?;
        let shared = flag("/vcp_payload/consent/sharing_allowed")?;
        let (status, scope) = match (given, shared) {
            (Some(true), Some(true)) => ("granted", r#"["recording","sharing"]"#),
            (Some(true), _) => ("granted", r#"["recording"]"#),
            (Some(false), _) => ("denied", "[]"),
            (None, _) => ("pending", "[]"),
        };
        // A status that is there says whether there is a grant at all.
        let said = consent.text_of("status");
        let is_granted = said.unwrap_or(status) == "granted";
        let (scope, scope_from) = match said {
            Some(_) if !is_granted => ("[]", Some("/vcp_payload/consent/status")),
            _ => (scope, given.map(|_| "/vcp_payload/consent/recording_consent")),
        };
        let status_from = given.map(|_| "/vcp_payload/consent/recording_consent");
        self.fill_text(consent, "/vcp_payload/consent/consent_id", &["consent_", call_id].concat());
        self.fill_text(consent, "/vcp_payload/consent/version", "0.4");
        let status = quoted(consent.arena(), status);
        for (pointer, value, from) in
            [("/vcp_payload/consent/status", status, status_from), ("/vcp_payload/consent/scope", scope, scope_from)]
        {
            if consent.get(name_of(pointer)).is_none() {
                consent.set_json(name_of(pointer), value);
                match from {
                    Some(from) => self.report.derived(from, pointer),
                    None => self.report.assumed(pointer),
                }
            }
        }
        if is_granted {
            CONSENT.iter().for_each(|(old, new)| rename(consent, old, new, self.report));
        }
        Ok(())
    }

    fn provenance<'t>(
        &mut self,
        payload: &mut Node<'t>,
        provider: Said<'t>,
        received_at: Said<'t>,
    ) -> Result<(), MigrateError> {
        let pointer = "/vcp_payload/provenance";
        if payload.get("provenance").is_none() {
            payload.set_json("provenance", "{}");
        }
        let provenance = payload.get("provenance").ok_or_else(|| missing(pointer))?;
        provenance.object(pointer)?;
        if self.dialect == Dialect::V04 {
            PROVENANCE.iter().for_each(|(old, new)| rename(provenance, old, new, self.report));
        }
        if provenance.get("source_system").is_none() {
            provenance.set_json("source_system", provider.json);
            self.report.derived("/vcp_payload/call/provider", "/vcp_payload/provenance/source_system");
        }
        if provenance.get("created_at").is_none() {
            provenance.set_json("created_at", received_at.json);
            let from = self.in_audit("/audit/received_at", "/vcp_payload/audit/received_at");
            self.report.derived(from, "/vcp_payload/provenance/created_at");
        }
        if provenance.get("transformation_history").is_none() {
            provenance.set_json("transformation_history", "[]");
        }
        if let Some(history) = provenance.get("transformation_history")
            && let arena = history.arena()
            && let Some(history) = history.open_list()
        {
            let list = "/vcp_payload/provenance/transformation_history";
            self.report.derived("/vcp_version", (list, history.len(), ""));
            history.push(Node::string(arena, step(self.dialect)));
        }
        Ok(())
    }
}

/// Returns the word if it is a legacy channel that is in fact a direction.
pub(super) fn direction(word: &str) -> Option<&str> {
    Some(word).filter(|word| matches!(*word, "inbound" | "outbound"))
}

/// Returns the entry of `transformation_history` for an upgrade.
pub(super) fn step(dialect: Dialect) -> &'static str {
    if dialect == Dialect::V04 { "upgraded_from_v0.4" } else { "upgraded_from_v0.3" }
}
