//! The rules from an older dialect to 0.5 (decisions 2.2–2.4).

use super::{
    MigrateError,
    report::{ChangeKind, MigrationReport},
    tree::{Node, quoted},
};
use crate::{Dialect, FieldPath, Timestamp};

/// Words of older dialects and what they are in 0.5.
pub(super) const STATUS_WORDS: &[(&str, &str)] = &[("filtered", "unknown"), ("failed", "failure")];
pub(super) const GAP_WORDS: &[(&str, &str)] = &[
    ("mild_misalignment", "minor_deviation"),
    ("minor", "minor_deviation"),
    ("significant_gap", "major_deviation"),
    ("moderate", "major_deviation"),
    ("major", "major_deviation"),
];
pub(super) const ARTIFACT_NAMES: &[(&str, &str)] =
    &[("recording_url", "audio_recording_ref"), ("transcript_url", "transcript_ref")];
pub(super) const PROVENANCE_NAMES: &[(&str, &str)] =
    &[("captured_at", "created_at"), ("captured_by", "created_by"), ("processing_chain", "transformation_history")];

/// The sections that upgrading assumes where the source has none.
pub(super) struct Assumed {
    pub(super) model_selection: String,
    pub(super) perception_gap: String,
    pub(super) attribution: String,
    pub(super) hcr: String,
}

impl Assumed {
    pub(super) fn new(provider: &str, start_time: &str, status: &str) -> Self {
        Self {
            model_selection: format!(
                r#"{{"policy_id":{},"resolved_at":{},"roles":{{}}}}"#,
                quoted(&format!("{provider}_default")),
                quoted(start_time)
            ),
            perception_gap: r#"{"gap_score":0.0,"gap_class":"aligned"}"#.to_owned(),
            attribution: r#"{"roles":{},"kpis":{}}"#.to_owned(),
            hcr: format!(
                r#"{{"audience":"system","headline":{},"outcome_status":{}}}"#,
                quoted(&format!("{provider} call processed")),
                quoted(status)
            ),
        }
    }
}

struct Upgrade<'r> {
    dialect: Dialect,
    now: Option<Timestamp>,
    report: &'r mut MigrationReport,
}

/// Turns a message of an older dialect into 0.5.
pub(super) fn upgrade(
    root: &mut Node<'_>,
    dialect: Dialect,
    now: Option<Timestamp>,
    report: &mut MigrationReport,
) -> Result<(), MigrateError> {
    Upgrade { dialect, now, report }.message(root)
}

fn dotted(pointer: &str) -> String {
    pointer.replace('/', ".")
}

impl Upgrade<'_> {
    fn derived(&mut self, source: &str, target: &str) {
        self.report.add(ChangeKind::Derived, Some(source), Some(target));
    }

    fn renamed(&mut self, source: &str, target: &str) {
        self.report.add(ChangeKind::Renamed, Some(source), Some(target));
    }

    fn assumed(&mut self, target: &str) {
        self.report.add(ChangeKind::Assumed, None, Some(target));
    }

    /// A text that must be there.
    fn required(node: &mut Node<'_>, path: &str, name: &str) -> Result<String, MigrateError> {
        let is_there = node.get(name).is_some();
        node.text_of(name).ok_or_else(|| {
            let path = FieldPath::from_dotted(&format!("{}.{name}", dotted(path)));
            let message = if is_there { "a string is wanted here" } else { "the required member is absent or null" };
            MigrateError::shape(path, message)
        })
    }

    /// Sets a member that is absent or null.
    fn fill(&mut self, node: &mut Node<'_>, path: &str, name: &str, value: &str) {
        if node.get(name).is_none() {
            node.set(name, Node::made(value));
            self.assumed(&format!("{path}/{name}"));
        }
    }

    fn fill_text(&mut self, node: &mut Node<'_>, path: &str, name: &str, value: &str) {
        self.fill(node, path, name, &quoted(value));
    }

    /// A time that must be there: that of the message, else the parameter.
    fn time(&mut self, node: &mut Node<'_>, from: &str, path: &str, name: &str) -> Result<String, MigrateError> {
        match (node.get(name).is_some(), self.now) {
            (true, _) => {}
            (false, Some(now)) => self.fill_text(node, path, name, &now.to_string()),
            (false, None) => {
                let place = FieldPath::from_dotted(&format!("{}.{name}", dotted(from)));
                return Err(MigrateError::shape(
                    place,
                    "no time is given here, and nothing else tells it: pass one as `now`",
                ));
            }
        }
        Self::required(node, from, name)
    }

    fn word(&mut self, node: &mut Node<'_>, path: &str, name: &str, words: &[(&str, &str)]) {
        let Some(word) = node.text_of(name) else { return };
        if let Some((_, new)) = words.iter().find(|(old, _)| *old == word) {
            node.set(name, Node::string(new));
            self.derived(&format!("{path}/{name}"), &format!("{path}/{name}"));
        }
    }

    fn rename(&mut self, node: &mut Node<'_>, path: &str, names: &[(&str, &str)]) {
        for (from, to) in names {
            if node.rename(from, to) {
                self.renamed(&format!("{path}/{from}"), &format!("{path}/{to}"));
            }
        }
    }

    fn is_spec(&self) -> bool {
        self.dialect == Dialect::Spec03
    }

    fn message(&mut self, root: &mut Node<'_>) -> Result<(), MigrateError> {
        root.object("")?;
        root.set("vcp_version", Node::string("0.5"));
        self.derived("/vcp_version", "/vcp_version");
        let Some(payload) = root.get("vcp_payload") else {
            return Err(MigrateError::shape(
                FieldPath::from_dotted("vcp_payload"),
                "the required member is absent or null",
            ));
        };
        payload.object("vcp_payload")?;
        let audit = if self.is_spec() { None } else { payload.take("audit") };
        let mut payload = std::mem::replace(payload, Node::made("null"));
        if let Some(audit) = audit {
            root.set("audit", audit);
            self.renamed("/vcp_payload/audit", "/audit");
        }
        self.payload(&mut payload, root)?;
        root.set("vcp_payload", payload);
        Ok(())
    }

    fn payload(&mut self, payload: &mut Node<'_>, root: &mut Node<'_>) -> Result<(), MigrateError> {
        let Some(call) = payload.get("call") else {
            return Err(MigrateError::shape(
                FieldPath::from_dotted("vcp_payload.call"),
                "the required member is absent or null",
            ));
        };
        let path = "/vcp_payload/call";
        call.object("vcp_payload.call")?;
        if !self.is_spec()
            && let Some(outer) = root.text_of("call_id")
        {
            if call.get("call_id").is_none() {
                call.set("call_id", Node::string(&outer));
                self.renamed("/call_id", "/vcp_payload/call/call_id");
                root.take("call_id");
            } else if call.text_of("call_id").as_ref() == Some(&outer) {
                self.derived("/call_id", "/vcp_payload/call/call_id");
                root.take("call_id");
            }
        }
        let call_id = Self::required(call, path, "call_id")?;
        let provider = Self::required(call, path, "provider")?;
        let start_time = self.time(call, path, path, "start_time")?;
        let start: String = call_id.chars().take(8).collect();
        self.fill_text(call, path, "session_id", &format!("sess_{provider}_{start}"));
        self.capabilities(call, &start_time)?;
        if !self.is_spec() {
            self.channel(call);
        }

        if payload.get("outcomes").is_none() {
            payload.set("outcomes", Node::made("{}"));
        }
        let status = match payload.get("outcomes") {
            Some(outcomes) => self.outcomes(outcomes)?,
            None => String::new(),
        };
        let assumed = Assumed::new(&provider, &start_time, &status);
        self.section(payload, "model_selection", &assumed.model_selection)?;
        if let Some(roles) = payload.get("model_selection").and_then(|selection| selection.get("roles"))
            && let Some(roles) = roles.open()
        {
            roles.retain(|(_, role)| self.is_spec() || !role.is_null());
        }
        let path = "/vcp_payload/outcomes";
        if let Some(outcomes) = payload.get("outcomes") {
            for (name, default) in
                [("perception_gap", &assumed.perception_gap), ("model_outcome_attribution", &assumed.attribution)]
            {
                self.part(outcomes, path, name, default)?;
            }
            if let Some(gap) = outcomes.get("perception_gap") {
                self.word(gap, "/vcp_payload/outcomes/perception_gap", "gap_class", GAP_WORDS);
            }
        }
        self.section(payload, "hcr", &assumed.hcr)?;
        if let Some(hcr) = payload.get("hcr") {
            self.word(hcr, "/vcp_payload/hcr", "outcome_status", STATUS_WORDS);
        }
        for name in ["artifacts", "custom"] {
            self.fill(payload, "/vcp_payload", name, "{}");
        }
        if !self.is_spec() {
            if let Some(artifacts) = payload.get("artifacts") {
                artifacts.object("vcp_payload.artifacts")?;
                self.rename(artifacts, "/vcp_payload/artifacts", ARTIFACT_NAMES);
            }
            self.provider_specific(payload, &provider)?;
        }
        let received_at = self.audit(root)?;
        if self.dialect == Dialect::V04 {
            self.consent(payload, &call_id)?;
        }
        self.provenance(payload, &provider, &received_at)
    }

    /// A section with the members that 0.5 requires.
    fn section(&mut self, payload: &mut Node<'_>, name: &str, default: &str) -> Result<(), MigrateError> {
        self.part(payload, "/vcp_payload", name, default)
    }

    fn part(&mut self, parent: &mut Node<'_>, path: &str, name: &str, default: &str) -> Result<(), MigrateError> {
        if parent.get(name).is_none() {
            self.fill(parent, path, name, default);
            return Ok(());
        }
        let Some(node) = parent.get(name) else { return Ok(()) };
        let path = format!("{path}/{name}");
        node.object(&dotted(&path))?;
        let mut default = Node::text(default);
        for (name, value) in default.open().into_iter().flatten() {
            self.fill(node, &path, &name.decoded().unwrap_or_default(), &value.to_text());
        }
        Ok(())
    }

    fn capabilities(&mut self, call: &mut Node<'_>, start_time: &str) -> Result<(), MigrateError> {
        let path = "/vcp_payload/call/capabilities_invoked";
        let Some(list) = call.get("capabilities_invoked") else { return Ok(()) };
        let Some(list) = list.open_list() else {
            return Err(MigrateError::shape(FieldPath::from_dotted(&dotted(path)), "a list is wanted here"));
        };
        for (at, entry) in list.iter_mut().enumerate() {
            let Some(name) = entry.as_text() else { continue };
            *entry = Node::made(format!(
                r#"{{"capability_id":{},"capability_type":"tool_call","invoked_at":{},"success":true}}"#,
                quoted(&name),
                quoted(start_time)
            ));
            self.renamed(&format!("{path}/{at}"), &format!("{path}/{at}/capability_id"));
            for name in ["capability_type", "invoked_at", "success"] {
                self.assumed(&format!("{path}/{at}/{name}"));
            }
        }
        Ok(())
    }

    /// A legacy channel is the direction of a telephone call.
    fn channel(&mut self, call: &mut Node<'_>) {
        let Some(word) = call.text_of("channel").filter(|word| matches!(word.as_str(), "inbound" | "outbound")) else {
            return;
        };
        if call.get("direction").is_none() {
            call.set("direction", Node::string(&word));
            call.set("channel", Node::string("phone"));
            self.derived("/vcp_payload/call/channel", "/vcp_payload/call/direction");
            self.derived("/vcp_payload/call/channel", "/vcp_payload/call/channel");
        }
    }

    /// The outcomes; gives the objective status.
    fn outcomes(&mut self, outcomes: &mut Node<'_>) -> Result<String, MigrateError> {
        outcomes.object("vcp_payload.outcomes")?;
        self.part(outcomes, "/vcp_payload/outcomes", "objective", r#"{"status":"unknown"}"#)?;
        if !self.is_spec() {
            self.perceived(outcomes);
        }
        let Some(objective) = outcomes.get("objective") else { return Ok(String::new()) };
        self.word(objective, "/vcp_payload/outcomes/objective", "status", STATUS_WORDS);
        Self::required(objective, "/vcp_payload/outcomes/objective", "status")
    }

    /// Objects become one readable string each; the last score of the caller is the satisfaction.
    fn perceived(&mut self, outcomes: &mut Node<'_>) {
        let path = "/vcp_payload/outcomes/perceived";
        let mut satisfaction = None;
        for (at, entry) in outcomes.get("perceived").and_then(Node::open_list).into_iter().flatten().enumerate() {
            if !entry.is_object() {
                continue;
            }
            let by = entry.text_of("by");
            let number = |node: Option<&mut Node<'_>>| node.and_then(|n| n.as_number().map(str::to_owned));
            let score = number(entry.get("sentiment").and_then(|sentiment| sentiment.get("score")));
            let confidence = number(entry.get("confidence")).map(|confidence| format!("(confidence {confidence})"));
            let said = match (&by, &score) {
                (Some(by), Some(score)) => Some(format!("{by}: {score}")),
                (by, score) => by.clone().or_else(|| score.clone()),
            };
            let parts: Vec<String> = said.into_iter().chain(confidence).collect();
            *entry = Node::string(&parts.join(" "));
            self.derived(&format!("{path}/{at}"), &format!("{path}/{at}"));
            let in_range = |score: &String| score.parse::<f64>().is_ok_and(|score| (0.0..=1.0).contains(&score));
            if by.as_deref() == Some("caller") && score.as_ref().is_some_and(in_range) {
                satisfaction = score.map(|score| (at, score));
            }
        }
        if let Some((at, score)) = satisfaction
            && outcomes.get("user_satisfaction_score").is_none()
        {
            outcomes.set("user_satisfaction_score", Node::made(score));
            self.derived(&format!("{path}/{at}/sentiment/score"), "/vcp_payload/outcomes/user_satisfaction_score");
        }
    }

    /// What production systems kept for a provider becomes its `data`; a direction there is the call's.
    fn provider_specific(&mut self, payload: &mut Node<'_>, provider: &str) -> Result<(), MigrateError> {
        let path = "/vcp_payload/custom/provider_specific";
        let Some(custom) = payload.get("custom") else { return Ok(()) };
        custom.object("vcp_payload.custom")?;
        let Some(providers) = custom.get("provider_specific") else { return Ok(()) };
        let mut direction = None;
        for (name, node) in providers.object(&dotted(path))? {
            let here = super::patch::step(path, &name.decoded().unwrap_or_default());
            let data = std::mem::replace(node, Node::made("{}"));
            let mut probe = data.clone();
            let word = probe.text_of("channel").filter(|word| matches!(word.as_str(), "inbound" | "outbound"));
            if let Some(word) = word
                && (direction.is_none() || name.is(provider))
            {
                direction = Some((format!("{here}/channel"), word));
            }
            node.set("data", data);
            self.renamed(&here, &format!("{here}/data"));
        }
        let Some(call) = payload.get("call") else { return Ok(()) };
        if let Some((source, word)) = direction
            && call.get("channel").is_none()
            && call.get("direction").is_none()
        {
            call.set("channel", Node::string("phone"));
            call.set("direction", Node::string(&word));
            self.derived(&source, "/vcp_payload/call/channel");
            self.derived(&source, "/vcp_payload/call/direction");
        }
        Ok(())
    }

    /// The audit; gives the time of receipt.
    fn audit(&mut self, root: &mut Node<'_>) -> Result<String, MigrateError> {
        if root.get("audit").is_none() {
            root.set("audit", Node::made("{}"));
        }
        let from = if self.is_spec() { "/audit" } else { "/vcp_payload/audit" };
        let Some(audit) = root.get("audit") else { return Ok(String::new()) };
        audit.object(&dotted(from))?;
        let received_at = self.time(audit, from, "/audit", "received_at")?;
        let version = self.dialect.version();
        match audit.text_of("schema_version") {
            None => self.fill_text(audit, "/audit", "schema_version", "0.5"),
            Some(word) if word == version.as_str() => {
                audit.set("schema_version", Node::string("0.5"));
                self.derived(&format!("{from}/schema_version"), "/audit/schema_version");
            }
            Some(_) => {}
        }
        if !self.is_spec() && audit.rename("normalized_at", "processed_at") {
            self.renamed(&format!("{from}/normalized_at"), "/audit/processed_at");
        }
        // It was of the older text; it comes back with it.
        audit.take("checksum");
        Ok(received_at)
    }

    fn consent(&mut self, payload: &mut Node<'_>, call_id: &str) -> Result<(), MigrateError> {
        let path = "/vcp_payload/consent";
        let Some(consent) = payload.get("consent") else { return Ok(()) };
        consent.object("vcp_payload.consent")?;
        let flag = |consent: &mut Node<'_>, name: &str| consent.get(name).map(|node| node.to_text());
        for name in ["recording_consent", "sharing_allowed"] {
            if flag(consent, name).is_some_and(|value| !matches!(value.as_str(), "true" | "false")) {
                let place = FieldPath::from_dotted("vcp_payload.consent").name(name);
                return Err(MigrateError::shape(place, "a boolean is wanted here"));
            }
        }
        let given = flag(consent, "recording_consent");
        let shared = flag(consent, "sharing_allowed").as_deref() == Some("true");
        let (status, scope) = match given.as_deref() {
            Some("true") if shared => ("granted", r#"["recording","sharing"]"#),
            Some("true") => ("granted", r#"["recording"]"#),
            Some(_) => ("denied", "[]"),
            None => ("pending", "[]"),
        };
        self.fill_text(consent, path, "consent_id", &format!("consent_{call_id}"));
        self.fill_text(consent, path, "version", "0.4");
        for (name, value) in [("status", format!("\"{status}\"")), ("scope", scope.to_owned())] {
            if consent.get(name).is_none() {
                consent.set(name, Node::made(value));
                match given {
                    Some(_) => self.derived(&format!("{path}/recording_consent"), &format!("{path}/{name}")),
                    None => self.assumed(&format!("{path}/{name}")),
                }
            }
        }
        if status == "granted" {
            self.rename(consent, path, &[("consent_timestamp", "granted_at")]);
        }
        Ok(())
    }

    fn provenance(&mut self, payload: &mut Node<'_>, provider: &str, received_at: &str) -> Result<(), MigrateError> {
        let path = "/vcp_payload/provenance";
        if payload.get("provenance").is_none() {
            payload.set("provenance", Node::made("{}"));
        }
        let step = format!("upgraded_from_v{}", self.dialect.version());
        let Some(provenance) = payload.get("provenance") else { return Ok(()) };
        provenance.object("vcp_payload.provenance")?;
        if self.dialect == Dialect::V04 {
            self.rename(provenance, path, PROVENANCE_NAMES);
        }
        if provenance.get("source_system").is_none() {
            provenance.set("source_system", Node::string(provider));
            self.derived("/vcp_payload/call/provider", &format!("{path}/source_system"));
        }
        if provenance.get("created_at").is_none() {
            provenance.set("created_at", Node::string(received_at));
            let from = if self.is_spec() { "/audit/received_at" } else { "/vcp_payload/audit/received_at" };
            self.derived(from, &format!("{path}/created_at"));
        }
        if provenance.get("transformation_history").is_none() {
            provenance.set("transformation_history", Node::made("[]"));
        }
        if let Some(history) = provenance.get("transformation_history").and_then(Node::open_list) {
            history.push(Node::string(&step));
            let at = history.len() - 1;
            self.report.add(
                ChangeKind::Derived,
                Some("/vcp_version"),
                Some(&format!("{path}/transformation_history/{at}")),
            );
        }
        Ok(())
    }
}
