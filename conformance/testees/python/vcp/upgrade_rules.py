"""The rules of an upgrade, and what they refuse (MIGRATION.md, sections 2.2 and 2.3)."""

from . import perceived
from .consent import upgrade_consent
from .dialects import VERSION_OF
from .json_text import encode, is_set, read_json
from .pointers import escape
from .report import Entry
from .tree import Object, is_list, new_string, refused

STATUS_WORDS = {"filtered": "unknown", "failed": "failure"}
GAP_WORDS = {
    "mild_misalignment": "minor_deviation",
    "minor": "minor_deviation",
    "significant_gap": "major_deviation",
    "moderate": "major_deviation",
    "major": "major_deviation",
}
DIRECTIONS = ("inbound", "outbound")
CALL = "/vcp_payload/call"
OUTCOMES = "/vcp_payload/outcomes"
PROVENANCE = "/vcp_payload/provenance"
MOST_NAMED_CAPABILITIES = 20_000


def history_step(dialect):
    """Return the step that rule 32 appends."""
    return f"upgraded_from_v{VERSION_OF[dialect]}"


def section_defaults(payload):
    """Return the defaults of the rules 12, 13, 15 and 17 for a payload, as JSON by member."""
    call = payload.get("call")
    provider = call.get("provider").string()
    status = payload.get("outcomes").get("objective").get("status").text()
    return {
        "perception_gap": {"gap_score": "0.0", "gap_class": '"aligned"'},
        "model_outcome_attribution": {"roles": "{}", "kpis": "{}"},
        "model_selection": {
            "policy_id": encode(f"{provider}_default"),
            "resolved_at": call.get("start_time").text(),
            "roles": "{}",
        },
        "hcr": {
            "audience": '"system"',
            "headline": encode(f"{provider} call processed"),
            "outcome_status": status,
        },
    }


class UpgradeRules:
    """The rules, applied to a message that can be changed. `now` is the text of a time or None."""

    def __init__(self, root, dialect, now):
        self.root, self.dialect, self.now = root, dialect, now
        self.version = VERSION_OF[dialect]
        self.has_inner_audit = dialect in ("0.3-production", "0.4")  # P4 in the table
        self.source_audit = "/audit"
        self.entries = []

    def run(self):
        """Apply all rules in the order of the table."""
        self.version_and_audit()
        self.identifiers()
        self.channel()
        self.outcomes()
        self.selection_and_summary()
        self.artifacts_and_providers()
        self.audit()
        if self.dialect == "0.4":
            upgrade_consent(self)
        self.provenance()
        self.capabilities()

    def note(self, kind, source, target):
        """Add an entry to the report."""
        self.entries.append(Entry(kind, source, target))

    def section(self, parent, name, pointer):
        """Open an object that is set, or refuse another type."""
        section = parent.open(name)
        if section is None or section.kind != "object":
            raise refused(pointer)
        return section

    def string(self, parent, name, pointer):
        """Return a string that is set, or refuse another type."""
        value = parent.get(name)
        if not is_set(value) or value.string() is None:
            raise refused(pointer)
        return value.string()

    def rename(self, parent, old, new, pointer, source_pointer=None):
        """Rename a member of the object at a pointer."""
        if parent.rename(old, new):
            self.note("renamed", f"{source_pointer or pointer}/{old}", f"{pointer}/{new}")

    def assume(self, parent, name, value, pointer):
        """Assign a default to a member that is unset."""
        if not is_set(parent.get(name)):
            parent.assign(name, value)
            self.note("assumed", None, f"{pointer}/{name}")

    def replace_word(self, parent, name, words, pointer):
        """Replace a word by that of 0.5."""
        value = parent.get(name)
        word = value.string() if is_set(value) else None
        if word in words:
            parent.assign(name, new_string(words[word]))
            self.note("derived", f"{pointer}/{name}", f"{pointer}/{name}")

    def complete(self, parent, name, default, pointer):
        """Complete a section from its default, and return the section."""
        place = f"{pointer}/{name}"
        if not is_set(parent.get(name)):
            members = ",".join(f"{encode(key)}:{value}" for key, value in default.items())
            self.assume(parent, name, read_json("{" + members + "}"), pointer)
            return parent.open(name)
        section = self.section(parent, name, place)
        for key, value in default.items():
            self.assume(section, key, read_json(value), place)
        return section

    def version_and_audit(self):
        """Apply the rules 1 and 2."""
        self.root.assign("vcp_version", new_string("0.5"))
        self.note("derived", "/vcp_version", "/vcp_version")
        self.payload = self.section(self.root, "vcp_payload", "/vcp_payload")
        if not self.has_inner_audit:
            return
        audit = self.payload.remove("audit")
        if is_set(audit):
            self.root.assign("audit", audit)
            self.note("renamed", "/vcp_payload/audit", "/audit")
        if is_set(audit) or not is_set(self.root.get("audit")):
            self.source_audit = "/vcp_payload/audit"

    def identifiers(self):
        """Apply the rules 3 to 6."""
        self.call = self.section(self.payload, "call", CALL)
        self.rename(self.call, "from_", "from", CALL)
        if self.has_inner_audit:
            self.move_call_id()
        call_id = self.string(self.call, "call_id", f"{CALL}/call_id")
        self.provider = self.string(self.call, "provider", f"{CALL}/provider")
        self.assume_now(self.call, "start_time", CALL, CALL)
        self.start_time = self.call.get("start_time")
        session = new_string(f"sess_{self.provider}_{call_id[:8]}")
        self.assume(self.call, "session_id", session, CALL)

    def move_call_id(self):
        """Apply rule 4: the `call_id` at the root."""
        outer, inner = self.root.get("call_id"), self.call.get("call_id")
        if outer is None or outer.string() is None:
            return
        if not is_set(inner):
            self.call.assign("call_id", outer)
            self.note("renamed", "/call_id", f"{CALL}/call_id")
        elif inner.string() == outer.string():
            self.note("derived", "/call_id", f"{CALL}/call_id")
        else:
            return
        self.root.remove("call_id")

    def assume_now(self, parent, name, pointer, source_pointer):
        """Assign `now` to a required time that is unset (section 2.5)."""
        if self.now is not None:
            self.assume(parent, name, new_string(self.now), pointer)
        self.string(parent, name, f"{source_pointer}/{name}")

    def channel(self):
        """Apply rule 7: the legacy channel."""
        channel = self.call.get("channel")
        if not self.has_inner_audit or not is_set(channel) or is_set(self.call.get("direction")):
            return
        if channel.string() in DIRECTIONS:
            self.assign_direction(channel.string(), f"{CALL}/channel")

    def assign_direction(self, direction, source):
        """Assign medium and direction of a telephone call."""
        self.call.assign("direction", new_string(direction))
        self.call.assign("channel", new_string("phone"))
        self.note("derived", source, f"{CALL}/channel")
        self.note("derived", source, f"{CALL}/direction")

    def outcomes(self):
        """Apply the rules 8 to 14."""
        if not is_set(self.payload.get("outcomes")):
            self.payload.assign("outcomes", Object([]))
        outcomes = self.section(self.payload, "outcomes", OUTCOMES)
        objective = self.complete(outcomes, "objective", {"status": '"unknown"'}, OUTCOMES)
        self.string(objective, "status", f"{OUTCOMES}/objective/status")
        if self.has_inner_audit:
            self.perceived_texts(outcomes)
        self.replace_word(objective, "status", STATUS_WORDS, f"{OUTCOMES}/objective")
        self.defaults = section_defaults(self.payload)
        gap = self.complete_by_name(outcomes, "perception_gap", OUTCOMES)
        self.complete_by_name(outcomes, "model_outcome_attribution", OUTCOMES)
        self.replace_word(gap, "gap_class", GAP_WORDS, f"{OUTCOMES}/perception_gap")

    def complete_by_name(self, parent, name, pointer):
        """Complete a section from the default of its name."""
        return self.complete(parent, name, self.defaults[name], pointer)

    def perceived_texts(self, outcomes):
        """Apply rule 10: the objects of `perceived`, and the satisfaction of the caller."""
        items = outcomes.open("perceived")
        items = items.items if is_list(items) else []
        satisfaction = None
        for index, item in enumerate(items):
            if item.kind == "object":
                place = f"{OUTCOMES}/perceived/{index}"
                items[index] = new_string(perceived.text_of(item))
                self.note("derived", place, place)
                satisfaction = perceived.satisfaction_of(item, place) or satisfaction
        if satisfaction and not is_set(outcomes.get("user_satisfaction_score")):
            score, place = satisfaction
            outcomes.assign("user_satisfaction_score", score)
            target = f"{OUTCOMES}/user_satisfaction_score"
            self.note("derived", f"{place}/sentiment/score", target)

    def selection_and_summary(self):
        """Apply the rules 15 to 18."""
        selection = self.complete_by_name(self.payload, "model_selection", "/vcp_payload")
        roles = selection.open("roles") if self.has_inner_audit else None
        for role in roles.members() if roles and roles.kind == "object" else []:
            if role.value.kind == "null":
                roles.remove(role.name)
        hcr = self.complete_by_name(self.payload, "hcr", "/vcp_payload")
        self.replace_word(hcr, "outcome_status", STATUS_WORDS, "/vcp_payload/hcr")

    def artifacts_and_providers(self):
        """Apply the rules 19 to 21."""
        for name in ("artifacts", "custom"):
            self.assume(self.payload, name, Object([]), "/vcp_payload")
        if not self.has_inner_audit:
            return
        pointer = "/vcp_payload/artifacts"
        artifacts = self.section(self.payload, "artifacts", pointer)
        self.rename(artifacts, "recording_url", "audio_recording_ref", pointer)
        self.rename(artifacts, "transcript_url", "transcript_ref", pointer)
        custom = self.section(self.payload, "custom", "/vcp_payload/custom")
        if is_set(custom.get("provider_specific")):
            self.providers(custom)

    def providers(self, custom):
        """Apply rule 21: wrap the data of each provider, and find the direction."""
        pointer = "/vcp_payload/custom/provider_specific"
        specific = self.section(custom, "provider_specific", pointer)
        directions = {}
        for member in specific.members():
            place = f"{pointer}/{escape(member.name)}"
            if member.value.kind != "object":
                raise refused(place)
            channel = member.value.get("channel")
            if channel is not None and channel.string() in DIRECTIONS:
                directions[member.name] = (channel.string(), f"{place}/channel")
            wrapped = read_json('{"data":' + member.value.text() + "}")
            specific.assign(member.name, wrapped)
            self.note("renamed", place, f"{place}/data")
        is_open = not any(is_set(self.call.get(name)) for name in ("channel", "direction"))
        if directions and is_open:
            first = next(iter(directions.values()))
            self.assign_direction(*directions.get(self.provider, first))

    def audit(self):
        """Apply the rules 22 to 26."""
        if not is_set(self.root.get("audit")):
            self.root.assign("audit", Object([]))
        audit = self.section(self.root, "audit", self.source_audit)
        self.assume_now(audit, "received_at", "/audit", self.source_audit)
        self.received_at = audit.get("received_at")
        version = audit.get("schema_version")
        self.assume(audit, "schema_version", new_string("0.5"), "/audit")
        if is_set(version) and version.string() == self.version:
            audit.assign("schema_version", new_string("0.5"))
            source = f"{self.source_audit}/schema_version"
            self.note("derived", source, "/audit/schema_version")
        if self.has_inner_audit:
            self.rename(audit, "normalized_at", "processed_at", "/audit", self.source_audit)
        audit.remove("checksum")

    def provenance(self):
        """Apply the rules 28 to 32."""
        if not is_set(self.payload.get("provenance")):
            self.payload.assign("provenance", Object([]))
        provenance = self.section(self.payload, "provenance", PROVENANCE)
        if self.dialect == "0.4":
            self.rename(provenance, "captured_at", "created_at", PROVENANCE)
            self.rename(provenance, "captured_by", "created_by", PROVENANCE)
            self.rename(provenance, "processing_chain", "transformation_history", PROVENANCE)
        received_at = f"{self.source_audit}/received_at"
        self.derive(provenance, "source_system", self.call.get("provider"), f"{CALL}/provider")
        self.derive(provenance, "created_at", self.received_at, received_at)
        if not is_set(provenance.get("transformation_history")):
            provenance.assign("transformation_history", read_json("[]"))
        history = provenance.open("transformation_history")
        if is_list(history):
            target = f"{PROVENANCE}/transformation_history/{len(history.items)}"
            history.items.append(new_string(history_step(self.dialect)))
            self.note("derived", "/vcp_version", target)

    def derive(self, provenance, name, value, source):
        """Assign a value from another place to a member that is unset."""
        if not is_set(provenance.get(name)):
            provenance.assign(name, value)
            self.note("derived", source, f"{PROVENANCE}/{name}")

    def capabilities(self):
        """Apply rule 33."""
        pointer = f"{CALL}/capabilities_invoked"
        if not is_set(self.call.get("capabilities_invoked")):
            return
        capabilities = self.call.open("capabilities_invoked")
        if not is_list(capabilities):
            raise refused(pointer)
        names = [i for i, item in enumerate(capabilities.items) if item.string() is not None]
        if len(names) > MOST_NAMED_CAPABILITIES:
            raise refused(pointer, "VCP_E008")
        rest = f'"invoked_at":{self.start_time.text()},"success":true'
        for index in names:
            place, name = f"{pointer}/{index}", capabilities.items[index].text()
            text = f'{{"capability_id":{name},"capability_type":"tool_call",{rest}}}'
            capabilities.items[index] = read_json(text)
            self.note("renamed", place, f"{place}/capability_id")
            for member in ("capability_type", "invoked_at", "success"):
                self.note("assumed", None, f"{place}/{member}")
