"""The keys `models`, `transfers` and `criteria` of a rule file (RULES.md 9.3 to 9.5)."""

from dataclasses import dataclass

from .conditions import read_conditions
from .forms import Clock, path_or_none, paths, read_clock
from .paths import Path


@dataclass(frozen=True)
class ModelKeys:
    """A list of models."""

    path: Path
    name: tuple
    kind: Path | None
    role: str | None
    role_table: str | None
    v2v_names: tuple
    minutes: Path | None
    cost: tuple
    cost_scale: int
    prompt_tokens: tuple
    completion_tokens: tuple


@dataclass(frozen=True)
class TransferKeys:
    """A place of transfers. Without `list` the record itself has at most one."""

    list: Path | None
    when: tuple
    to: tuple
    at: Path | None
    row_at: Clock | None
    outcome: Path | None


@dataclass(frozen=True)
class CriteriaKeys:
    """A list of criteria."""

    path: Path
    id: Path | None
    result: Path | None
    table: str
    score: Path | None
    max_score: Path | None


def read_models(data):
    """Reads an entry of `models`."""
    return ModelKeys(
        path=path_or_none(data["path"]),
        name=paths(data.get("name")),
        kind=path_or_none(data.get("kind")),
        role=data.get("role"),
        role_table=data.get("role_table"),
        v2v_names=tuple(part.lower() for part in data.get("v2v_names") or ()),
        minutes=path_or_none(data.get("minutes")),
        cost=paths(data.get("cost")),
        cost_scale=data.get("cost_scale") or 0,
        prompt_tokens=paths(data.get("prompt_tokens")),
        completion_tokens=paths(data.get("completion_tokens")),
    )


def read_transfers(data):
    """Reads an entry of `transfers`."""
    return TransferKeys(
        list=path_or_none(data.get("list")),
        when=read_conditions(data.get("when")),
        to=paths(data.get("to")),
        at=path_or_none(data.get("at")),
        row_at=read_clock(data.get("row_at")),
        outcome=path_or_none(data.get("outcome")),
    )


def read_criteria(data):
    """Reads an entry of `criteria`."""
    return CriteriaKeys(
        path=path_or_none(data["path"]),
        id=path_or_none(data.get("id")),
        result=path_or_none(data.get("result")),
        table=data.get("table"),
        score=path_or_none(data.get("score")),
        max_score=path_or_none(data.get("max_score")),
    )
