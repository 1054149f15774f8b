"""The reverse rules, which undo an upgrade as far as rules can (MIGRATION.md, section 4.2)."""

from .dialects import VERSION_OF
from .equality import same
from .json_text import is_set
from .pointers import escape
from .report import Entry
from .tree import is_list, new_string
from .upgrade_rules import CALL, DIRECTIONS, PROVENANCE, history_step, section_defaults

CONSENT = "/vcp_payload/consent"


def reverse(root, dialect):
    """Apply the reverse rules to a written message, an `Object` that is open by the model.

    Return the entries for the report of a return, and those that every downgrade has.
    """
    rules = ReverseRules(root, dialect)
    if dialect == "0.3":
        rules.to_specified()
    else:
        rules.to_inner_audit()
    return rules.entries, [entry for entry in rules.entries if entry.target is not None]


class ReverseRules:
    """The rules, applied to a message that can be changed."""

    def __init__(self, root, dialect):
        self.root, self.dialect = root, dialect
        self.version = VERSION_OF[dialect]
        self.payload = root.get("vcp_payload")
        self.call = self.payload.get("call")
        self.entries = []

    def to_specified(self):
        """Apply the rules for the dialect `0.3`."""
        self.state_version()
        self.capabilities()
        for name in ("consent", "provenance"):
            self.leave_out(self.payload, name, "/vcp_payload")
        self.schema_version("/audit/schema_version")
        self.payload.remove("audit")

    def to_inner_audit(self):
        """Apply the rules for `0.3-production` and `0.4`."""
        self.state_version()
        self.schema_version("/vcp_payload/audit/schema_version")
        self.capabilities()
        self.providers()
        self.channel()
        self.assumed_sections()
        self.artifacts()
        self.provenance()
        if self.dialect == "0.4":
            self.consent()
        self.audit_and_call_id()

    def note(self, kind, source, target):
        """Add an entry to the report."""
        self.entries.append(Entry(kind, source, target))

    def left_out(self, place):
        """Note a value of the upgrade that is left out again (*R* in the tables)."""
        self.note("assumed", place, None)

    def leave_out(self, parent, name, pointer):
        """Remove a member if it is there."""
        if parent.remove(name) is not None:
            self.left_out(f"{pointer}/{name}")

    def rename(self, parent, old, new, pointer):
        """Rename a member of the object at a pointer."""
        if parent.rename(old, new):
            self.note("renamed", f"{pointer}/{old}", f"{pointer}/{new}")

    def state_version(self):
        """Assign the version of the dialect."""
        self.root.assign("vcp_version", new_string(self.version))
        self.note("derived", "/vcp_version", "/vcp_version")

    def schema_version(self, target):
        """Replace the schema version, and remove the checksum."""
        audit = self.root.get("audit")
        if audit.get("schema_version").string() == "0.5":
            audit.assign("schema_version", new_string(self.version))
            self.note("derived", "/audit/schema_version", target)
        audit.remove("checksum")

    def capabilities(self):
        """Replace each object in `capabilities_invoked` by its id."""
        items = self.call.get("capabilities_invoked").items
        for index, item in enumerate(items):
            if item.kind != "object":
                continue
            place = f"{CALL}/capabilities_invoked/{index}"
            self.note("renamed", f"{place}/capability_id", place)
            for member in item.members():
                if member.name != "capability_id":
                    self.left_out(f"{place}/{escape(member.name)}")
            items[index] = item.get("capability_id")

    def providers(self):
        """Replace each provider by its data (rule 4)."""
        for member in self.provider_members():
            place = f"/vcp_payload/custom/provider_specific/{escape(member.name)}"
            member.value = member.value.get("data")
            self.note("renamed", f"{place}/data", place)

    def provider_members(self):
        """List the members of `provider_specific`."""
        return self.payload.get("custom").get("provider_specific").members()

    def channel(self):
        """Undo medium and direction (rule 5)."""
        channel, direction = self.call.get("channel"), self.call.get("direction")
        if channel is None or channel.string() != "phone" or direction is None:
            return
        if self.dialect == "0.4":
            if direction.string() in DIRECTIONS:
                self.left_out(f"{CALL}/channel")
                self.note("derived", f"{CALL}/direction", f"{CALL}/channel")
                self.call.assign("channel", direction)
                self.call.remove("direction")
        elif direction.string() == self.first_channel():
            self.leave_out(self.call, "channel", CALL)
            self.leave_out(self.call, "direction", CALL)

    def first_channel(self):
        """Return the first `channel` in the data of a provider that is a string."""
        channels = (member.value.get("channel") for member in self.provider_members())
        texts = (channel.string() for channel in channels if channel is not None)
        return next((text for text in texts if text is not None), None)

    def assumed_sections(self):
        """Leave out the sections that are as an upgrade assumes them (rule 6)."""
        defaults = section_defaults(self.payload)
        outcomes = self.payload.get("outcomes")
        for name in ("model_selection", "hcr"):
            if _is_as_assumed(self.payload.get(name), defaults[name]):
                self.leave_out(self.payload, name, "/vcp_payload")
        for name in ("perception_gap", "model_outcome_attribution"):
            if _is_as_assumed(outcomes.get(name), defaults[name]):
                self.leave_out(outcomes, name, "/vcp_payload/outcomes")

    def artifacts(self):
        """Rename the references (rule 7)."""
        artifacts, pointer = self.payload.get("artifacts"), "/vcp_payload/artifacts"
        self.rename(artifacts, "audio_recording_ref", "recording_url", pointer)
        self.rename(artifacts, "transcript_ref", "transcript_url", pointer)

    def provenance(self):
        """Undo the history and the provenance (rules 8 and 9)."""
        provenance = self.payload.get("provenance")
        history = provenance.get("transformation_history")
        if is_list(history) and history.items:
            if history.items[-1].string() == history_step(self.dialect):
                history.items.pop()
                if self.dialect == "0.4":
                    self.left_out(f"{PROVENANCE}/transformation_history/{len(history.items)}")
        if self.dialect == "0.3-production":
            self.leave_out(self.payload, "provenance", "/vcp_payload")
            return
        self.rename(provenance, "created_at", "captured_at", PROVENANCE)
        self.rename(provenance, "created_by", "captured_by", PROVENANCE)
        self.rename(provenance, "transformation_history", "processing_chain", PROVENANCE)

    def consent(self):
        """Undo the consent (rule 10)."""
        consent = self.payload.get("consent")
        if not is_set(consent):
            return
        for name in ("consent_id", "status", "scope", "version"):
            self.leave_out(consent, name, CONSENT)
        self.rename(consent, "granted_at", "consent_timestamp", CONSENT)

    def audit_and_call_id(self):
        """Move `audit` into the payload, and copy `call_id` to the root (rules 11 to 13)."""
        audit = self.root.remove("audit")
        if audit.rename("processed_at", "normalized_at"):
            self.note("renamed", "/audit/processed_at", "/vcp_payload/audit/normalized_at")
        self.payload.assign("audit", audit)
        self.note("renamed", "/audit", "/vcp_payload/audit")
        if self.root.get("call_id") is None:
            self.root.assign("call_id", self.call.get("call_id"))
            self.note("derived", f"{CALL}/call_id", "/call_id")


def _is_as_assumed(section, default):
    """Tell whether a section has just the members of its default, or empty ones beside them."""
    for name, text in default.items():
        value = section.get(name)
        if value is None or not same(value.text(), text):
            return False
    others = (member.value for member in section.members() if member.name not in default)
    return all(_is_empty(value) for value in others)


def _is_empty(value):
    """Tell whether a value is an empty list or object."""
    return any(same(value.text(), empty) for empty in ("[]", "{}"))
