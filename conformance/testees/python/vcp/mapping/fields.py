"""The fields of a message that a delivery has written (RULES.md 8)."""

from dataclasses import dataclass, field, replace

LIST_TARGETS = ("outcomes.perceived", "provenance.compliance_flags")
METRICS = "outcomes.objective.metrics."
KPIS = "outcomes.model_outcome_attribution.kpis."
CHOSEN_ROLES = "model_selection.roles."
FIGURE_ROLES = "outcomes.model_outcome_attribution.roles."
INTEGRATIONS = "custom.integrations."
PROVIDER_SPECIFIC = "custom.provider_specific."


@dataclass(frozen=True)
class Value:
    """A value with its evidence, and the pointer of the member that gave it."""

    value: object
    derived: bool = False
    pointer: str | None = None


@dataclass
class Model:
    """What is known of the model of a role (MAPPING.md 7)."""

    name: str
    minutes: object = None
    tokens_processed: int | None = None
    cost_usd: object = None
    errors: int | None = None
    fallback_used: bool = False


@dataclass
class Fields:
    """The fields that were written, by their targets."""

    values: dict = field(default_factory=dict)
    lists: dict = field(default_factory=dict)
    models: dict = field(default_factory=dict)
    llm_is_v2v: bool = False
    written: set = field(default_factory=set)
    sources: set = field(default_factory=set)
    not_attributed: list = field(default_factory=list)
    scored_criteria: list = field(default_factory=list)
    transfers: list = field(default_factory=list)

    def write(self, target, value):
        """Writes a value of a rule. Says whether there was a place for it."""
        if target in LIST_TARGETS:
            self.lists.setdefault(target, []).append(value.value)
        elif is_role_target(target):
            if not self.write_role(target, value.value):
                if value.pointer:
                    self.not_attributed.append(value.pointer)
                return False
        else:
            self.values.pop(target, None)
            self.values[target] = value
        self.written.add(target)
        if value.pointer:
            self.sources.add(value.pointer)
        return True

    def write_role(self, target, value):
        """Writes what is known of the model of a role, if the role has a name."""
        role, figure = target.removeprefix(CHOSEN_ROLES).removeprefix(FIGURE_ROLES).split(".", 1)
        if figure == "chosen":
            self.models.setdefault(role, Model(value)).name = value
            return True
        if role == "LLM" and self.llm_is_v2v:
            role = "V2V"
        if role not in self.models:
            return False
        setattr(self.models[role], figure, value == "true" if figure == "fallback_used" else value)
        return True

    def value(self, target):
        """Returns the value of a target, or None."""
        found = self.values.get(target)
        return found.value if found else None

    def was_read(self, target):
        """Says whether a target was written with evidence that is read, and not derived."""
        found = self.values.get(target)
        return found is not None and not found.derived

    def pointer(self, target):
        """Returns the pointer of the member that gave a target, or the empty pointer."""
        found = self.values.get(target)
        return (found.pointer or "") if found else ""

    def below(self, prefix):
        """Returns the values whose targets start with a prefix, without the prefix."""
        return {
            target.removeprefix(prefix): value.value
            for target, value in self.values.items()
            if target.startswith(prefix)
        }

    def start_if_read(self):
        """Returns the start of the call in nanoseconds if it was read (RULES.md 6.4)."""
        if not self.was_read("call.start_time"):
            return None
        return self.value("call.start_time").nanoseconds


def is_role_target(target):
    """Says whether a target is about the model of a role."""
    return target.startswith((CHOSEN_ROLES, FIGURE_ROLES))


def joined_models(models):
    """Returns the models by role. V2V and LLM with one name are one model (MAPPING.md 7)."""
    v2v, llm = models.get("V2V"), models.get("LLM")
    if v2v is None or llm is None or v2v.name != llm.name:
        return models
    joined = Model(v2v.name)
    for role, model in models.items():
        if role in ("V2V", "LLM"):
            known = {name: part for name, part in vars(model).items() if part is not None}
            fallback = joined.fallback_used or model.fallback_used
            joined = replace(joined, **{**known, "fallback_used": fallback})
    return {role: joined if role == "V2V" else m for role, m in models.items() if role != "LLM"}
