"""The forms of rows of a conversation (RULES.md 9.6)."""

from dataclasses import dataclass

from ..texts import fold, trim
from .conditions import path_conditions, read_conditions
from .paths import Path, parse_path


@dataclass(frozen=True)
class Clock:
    """A member with a time: an absolute time, or seconds in the call."""

    path: Path
    in_call: bool
    scale: int


@dataclass(frozen=True)
class WordTimes:
    """A list of words in a row, and the members with their times."""

    path: Path
    start: Path
    end: Path


@dataclass(frozen=True)
class CallKeys:
    """The keys of `calls`."""

    lists: tuple
    id: Path | None
    name: Path | None
    kind: Path | None
    row_name: Path | None
    types: dict
    cut_short: tuple


@dataclass(frozen=True)
class ResultKeys:
    """The keys of `results`."""

    lists: tuple
    same_row: bool
    id: Path | None
    name: Path | None
    message: tuple
    success: tuple
    error: tuple
    failed: tuple
    missing: tuple
    seconds: Path | None


@dataclass(frozen=True)
class Form:
    """The keys of a form."""

    lists: tuple
    role: tuple
    all_rows: str | None
    roles: dict
    text: Path | None
    text_parts: tuple
    silence: tuple
    not_spoken: tuple
    words_of: dict
    start: Clock | None
    end: Clock | None
    words: WordTimes | None
    speech_ms: Path | None
    latency: tuple
    cut_off: Path | None
    cut_off_of: str | None
    order_by: tuple
    continues: bool
    begins_at: Path | None
    calls: CallKeys | None
    results: ResultKeys | None
    seen: frozenset


def listed(value):
    """Makes a tuple of a value, a list, or an absent key."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def path_or_none(text):
    """Reads a path, if the key is there."""
    return parse_path(text) if text else None


def paths(value):
    """Reads a path or a list of paths."""
    return tuple(parse_path(text) for text in listed(value))


def read_clock(data):
    """Reads a clock, if the key is there."""
    if not data:
        return None
    in_call = data.get("as") == "seconds_in_call"
    return Clock(parse_path(data["path"]), in_call, data.get("scale") or 0)


def read_words(data):
    """Reads the key `words`, if it is there."""
    if not data:
        return None
    return WordTimes(*(parse_path(data[key]) for key in ("path", "start", "end")))


def read_calls(data):
    """Reads the key `calls`, if it is there."""
    if not data:
        return None
    return CallKeys(
        lists=paths(data.get("list")),
        id=path_or_none(data.get("id")),
        name=path_or_none(data.get("name")),
        kind=path_or_none(data.get("kind")),
        row_name=path_or_none(data.get("row_name")),
        types=data.get("types") or {},
        cut_short=read_conditions(data.get("cut_short")),
    )


def read_results(data):
    """Reads the key `results`, if it is there."""
    if not data:
        return None
    return ResultKeys(
        lists=paths(data.get("list")),
        same_row=bool(data.get("same_row")),
        id=path_or_none(data.get("id")),
        name=path_or_none(data.get("name")),
        message=paths(data.get("message")),
        success=paths(data.get("success")),
        error=paths(data.get("error")),
        failed=read_conditions(data.get("failed")),
        missing=read_conditions(data.get("missing")),
        seconds=path_or_none(data.get("seconds")),
    )


def read_form(data, lists):
    """Reads a form. Its lists of rows were read before, with their twins."""
    calls, results = read_calls(data.get("calls")), read_results(data.get("results"))
    roles = data.get("roles") or {}
    keys = dict(
        role=paths(data.get("role")),
        text=path_or_none(data.get("text")),
        text_parts=paths(data.get("text_parts")),
        not_spoken=read_conditions(data.get("not_spoken")),
        words_of={parse_path(key): listed(v) for key, v in (data.get("words_of") or {}).items()},
        start=read_clock(data.get("start")),
        end=read_clock(data.get("end")),
        words=read_words(data.get("words")),
        speech_ms=path_or_none(data.get("speech_ms")),
        latency=paths(data.get("latency")),
        cut_off=path_or_none(data.get("cut_off")),
        order_by=paths(data.get("order_by")),
    )
    return Form(
        **keys,
        lists=tuple(lists),
        all_rows=data.get("all_rows"),
        cut_off_of=data.get("cut_off_of"),
        roles={fold(trim(word)): roles[word] for word in sorted(roles)[::-1]},
        silence=listed(data.get("silence")),
        continues=bool(data.get("continues")),
        begins_at=path_or_none(data.get("begins_at")),
        calls=calls,
        results=results,
        seen=seen_names(keys, calls, results),
    )


def seen_names(keys, calls, results):
    """Returns the first names of the members that are seen of a row that is a call itself."""
    seen = [*keys["role"], *keys["text_parts"], *keys["latency"], *keys["order_by"]]
    seen += [keys["text"], keys["speech_ms"], keys["cut_off"], *keys["words_of"]]
    seen += [part.path for part in (keys["start"], keys["end"], keys["words"]) if part]
    seen += condition_paths(keys["not_spoken"])
    if calls:
        seen += [calls.row_name, *calls.lists]
        if not calls.lists:
            seen += [calls.id, calls.name, calls.kind, *condition_paths(calls.cut_short)]
    if results and (results.same_row and calls and not calls.lists or not results.same_row):
        seen += results.lists if results.lists and not results.same_row else all_of(results)
    return frozenset(path.head[0] for path in seen if path)


def all_of(results):
    """Returns the paths of every member of `results`."""
    conditions = condition_paths(results.failed) + condition_paths(results.missing)
    several = [*results.message, *results.success, *results.error]
    return [results.id, results.name, results.seconds, *several, *conditions]


def condition_paths(conditions):
    """Returns the paths that conditions test."""
    return [condition.path for condition in path_conditions(conditions)]
