"""The message of a delivery, with its defaults (MAPPING.md 4, 5.5, 7 and 11)."""

import hashlib

from ..scores import perception_gap
from ..times import time_in_range
from .fields import INTEGRATIONS, KPIS, METRICS, PROVIDER_SPECIFIC, joined_models
from .json_out import FreeForm, Raw, write_json

CALL_MEMBERS = (
    "parent_session_id",
    "correlation_id",
    "channel",
    "direction",
    "from",
    "to",
    "caller_id",
    "geographic_region",
)
ALWAYS_DEFAULT = {
    "model_selection": ("policy_id", "resolved_at"),
    "hcr": ("audience", "headline"),
    "provenance": (
        "source_system",
        "created_at",
        "created_by",
        "transformation_history",
        "data_retention_policy",
    ),
}


class MessageWriter:
    """Writes the message of a delivery."""

    def __init__(self, delivery, fields, conversation, options, received_at):
        """Keeps what the message is made of."""
        self.delivery, self.fields, self.conversation = delivery, fields, conversation
        self.options, self.now = options, received_at.text()
        self.provider = delivery.provider.name
        self.defaults = []
        self.models = joined_models(fields.models)

    def write(self, metrics, kept_data):
        """Returns the message. `kept_data` is the text of the payload with secrets masked."""
        call = self.call()
        outcomes = self.outcomes(metrics)
        for section, members in ALWAYS_DEFAULT.items():
            self.defaults += [f"{section}.{member}" for member in members]
        payload = {
            "call": call,
            "model_selection": self.model_selection(),
            "outcomes": outcomes,
            "hcr": self.hcr(outcomes["objective"]["status"]),
            "artifacts": self.known("artifacts", ("audio_recording_ref", "transcript_ref")),
            "custom": self.custom(kept_data),
            "provenance": self.provenance(),
        }
        self.add_transcript(payload["artifacts"])
        consent = self.consent(call["call_id"])
        if consent:
            payload["consent"] = consent
        audit = {"received_at": self.now, "schema_version": "0.5"}
        audit["event_type"] = self.delivery.event.name
        return {"vcp_version": "0.5", "vcp_payload": payload, "audit": audit}

    def known(self, section, members):
        """Returns the members of a section that a rule wrote."""
        values = {name: self.fields.value(f"{section}.{name}") for name in members}
        return {name: value for name, value in values.items() if value is not None}

    def or_default(self, target, default):
        """Returns the value of a rule, or notes that the default is used."""
        value = self.fields.value(target)
        if value is None or (value == "" and target.endswith("_id")):
            self.defaults.append(target)
            return default
        return value

    def call(self):
        """Writes `call`. A call without an id gets one (decision 5.4)."""
        session_id = self.fields.value("call.session_id")
        call_id = self.or_default("call.call_id", session_id or self.payload_id())
        session = f"sess_{self.provider}_{call_id[:8]}"
        call = {
            "call_id": call_id,
            "session_id": self.or_default("call.session_id", session),
            "provider": self.provider,
            "start_time": self.or_default("call.start_time", Raw(f'"{self.now}"')),
            **self.known("call", ("end_time", "duration_sec", *CALL_MEMBERS)),
        }
        call["capabilities_invoked"] = [
            self.capability(index, tool, call["start_time"])
            for index, tool in enumerate(self.conversation.calls)
        ]
        return call

    def payload_id(self):
        """Makes an id of the text of the payload (MAPPING.md 4)."""
        digest = bytearray(hashlib.sha256(self.delivery.root.text().encode("utf-8")).digest()[:16])
        digest[6] = digest[6] & 0x0F | 0x80
        digest[8] = digest[8] & 0x3F | 0x80
        text = bytes(digest).hex()
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def capability(self, index, tool, call_start):
        """Writes an entry of `capabilities_invoked` (MAPPING.md 5.5)."""
        invoked_at = self.time_of(tool)
        if invoked_at is None:
            self.defaults.append(f"call.capabilities_invoked[{index}].invoked_at")
        failed = tool.cut_short or (tool.result is not None and not tool.result.succeeded)
        entry = {
            "capability_id": tool.name,
            "capability_type": tool.type,
            "invoked_at": call_start if invoked_at is None else invoked_at,
            "success": not failed,
        }
        if tool.result and tool.result.duration_ms is not None:
            entry["duration_ms"] = tool.result.duration_ms
        if tool.result and tool.result.message is not None:
            entry["error_message"] = tool.result.message
        entry["metadata"] = FreeForm({} if tool.id is None else {"call_id": tool.id})
        if tool.result is None:
            entry["metadata"]["result"] = "missing"
        return entry

    def time_of(self, tool):
        """Returns the time of a tool call, or None."""
        if tool.time is None or tool.time.time is not None:
            return tool.time.time if tool.time else None
        start = self.fields.start_if_read()
        if start is None:
            return None
        return time_in_range(start + tool.time.in_call)

    def model_selection(self):
        """Writes `model_selection`."""
        roles = {
            role: {
                "chosen": model.name,
                "alternatives": [],
                "reason": [],
                "fallback_used": model.fallback_used,
            }
            for role, model in self.models.items()
        }
        policy = f"{self.provider}_default"
        return {"policy_id": policy, "resolved_at": self.now, "roles": roles}

    def outcomes(self, metrics):
        """Writes `outcomes`."""
        status = self.or_default("outcomes.objective.status", "unknown")
        score = self.fields.value("outcomes.user_satisfaction_score")
        gap = perception_gap([] if score is None else [score], status)
        if gap is None:
            gap = {"gap_score": 0.0, "gap_class": "aligned"}
            self.defaults += [f"outcomes.perception_gap.{name}" for name in gap]
        written = nested(self.fields.below(METRICS))
        objective = {
            "status": status,
            "scored_criteria": self.fields.scored_criteria,
            "metrics": FreeForm({**metrics, **written}),
        }
        return {
            "perceived": self.fields.lists.get("outcomes.perceived", []),
            "objective": objective,
            "perception_gap": gap,
            "model_outcome_attribution": self.attribution(),
            **self.known("outcomes", ("user_satisfaction_score",)),
        }

    def attribution(self):
        """Writes `model_outcome_attribution` (MAPPING.md 7)."""
        section = "outcomes.model_outcome_attribution"
        return {
            "roles": {role: self.figures(role, model) for role, model in self.models.items()},
            "kpis": FreeForm(self.fields.below(KPIS)),
            **self.known(section, ("total_cost_usd",)),
        }

    def figures(self, role, model):
        """Writes the figures of a model."""
        minutes, duration = model.minutes, self.fields.value("call.duration_sec")
        if minutes is None and duration is not None:
            minutes = duration / 60
        if minutes is None:
            section = "outcomes.model_outcome_attribution"
            self.defaults.append(f"{section}.roles.{role}.minutes")
            minutes = 0.0
        figures = {"model_id": model.name, "minutes": minutes, "errors": model.errors or 0}
        for name in ("tokens_processed", "cost_usd"):
            if getattr(model, name) is not None:
                figures[name] = getattr(model, name)
        return figures

    def hcr(self, status):
        """Writes `hcr`."""
        return {
            "audience": "system",
            "headline": f"{self.provider} call processed",
            "outcome_status": status,
            "key_points": [],
            "impact_metrics": {},
            **self.known("hcr", ("summary",)),
        }

    def add_transcript(self, artifacts):
        """Adds the transcript, which is an unknown member of `artifacts`."""
        transcript = self.fields.value("artifacts.transcript")
        if transcript is not None:
            artifacts["transcript"] = transcript

    def custom(self, kept_data):
        """Writes `custom` (MAPPING.md 11)."""
        prefix = f"{PROVIDER_SPECIFIC}{self.provider}."
        own = {"data": Raw(kept_data), **nested(self.fields.below(prefix))}
        if self.fields.transfers:
            own["transfers"] = Raw(write_json(self.fields.transfers))
        custom = {"provider_specific": {self.provider: own}}
        integrations = nested(self.fields.below(INTEGRATIONS))
        if integrations:
            custom["integrations"] = integrations
        return custom

    def consent(self, call_id):
        """Writes `consent`, or returns None (MAPPING.md 4, "Consent")."""
        option = self.options.consent_default
        status, granted_at = (self.fields.value(f"consent.{n}") for n in ("status", "granted_at"))
        is_fact = status is not None or granted_at is not None
        if not is_fact and option == "omit":
            return None
        is_default = status is None
        if is_default:
            status = "granted" if option == "granted" else "pending"
        scope = ["recording", "analytics"] if status == "granted" else []
        self.defaults.append("consent.consent_id")
        self.defaults += ["consent.status"] if is_default else []
        self.defaults += [] if is_fact and status != "granted" else ["consent.scope"]
        self.defaults.append("consent.version")
        consent = {"consent_id": f"consent_{call_id}", "status": status, "scope": scope}
        consent["version"] = "1.0"
        return {**consent, **({} if granted_at is None else {"granted_at": granted_at})}

    def provenance(self):
        """Writes `provenance`."""
        flags = self.fields.lists.get("provenance.compliance_flags")
        if flags is None:
            self.defaults.append("provenance.compliance_flags")
        history = [f"received_from_{self.provider}_webhook", "mapped_to_vcp_v0.5"]
        return {
            "source_system": f"{self.provider}_webhook_api",
            "created_at": self.now,
            "created_by": f"{self.provider}_webhook_processor",
            "transformation_history": history,
            "data_retention_policy": "standard_30_days",
            "compliance_flags": flags or [],
        }


def nested(values):
    """Makes objects of names with dots. A later value replaces an earlier one (RULES.md 8)."""
    tree = FreeForm()
    for names, value in values.items():
        *outer, last = names.split(".")
        place = tree
        for name in outer:
            if not isinstance(place.get(name), FreeForm):
                place[name] = FreeForm()
            place = place[name]
        place[last] = value
    return tree
