"""Reading tool calls and results of rows (MAPPING.md 5.2, points 7 to 9, and 5.4)."""

from dataclasses import dataclass
from fractions import Fraction

from ..json_text import Value, is_set
from ..numbers import floor_half_up
from ..texts import trim
from ..times import SECOND, Time
from .conditions import one_passes, path_conditions
from .paths import find, values_at
from .readers import read_seconds
from .values import flag_of, string_of, word_of

FALSE_SPELLINGS = ("false", "0", '"false"')
UNKNOWN = "unknown"
TOOL_CALL = "tool_call"


@dataclass
class Moment:
    """A time of a row: an absolute time, or nanoseconds in the call."""

    time: Time | None = None
    in_call: int | None = None


@dataclass
class ToolResult:
    """The result of a tool call."""

    id: str | None
    name: str
    succeeded: bool
    message: str | None
    duration_ms: int | None
    time: Moment | None


@dataclass
class ToolCall:
    """A tool call."""

    name: str
    id: str | None
    type: str
    cut_short: bool
    time: Moment | None
    result: ToolResult | None = None


def read_calls(form, row, role, time):
    """Returns the tool calls of a row, and whether one lacks its name."""
    keys, calls, lacks_name = form.calls, [], False
    for element in elements_of(form, row, keys.lists, role == "tool_call"):
        name = string_at(element, keys.name)
        name = string_at(element, keys.row_name) if name is None else name
        if not name or not trim(name):
            lacks_name = True
            continue
        kind = word_at(element, keys.kind)
        call = ToolCall(
            name=trim(name),
            id=string_at(element, keys.id),
            type=keys.types.get(trim(kind or ""), TOOL_CALL),
            cut_short=one_passes(keys.cut_short, element),
            time=time,
        )
        if form.results and form.results.same_row:
            call.result = result_beside(form.results, element, time)
        calls.append(call)
    return calls, lacks_name


def read_results(form, row, role, time):
    """Returns the results of a row that are no part of a call."""
    elements = elements_of(form, row, form.results.lists, role == "tool_result")
    results = [read_result(form.results, element, time) for element in elements]
    return [result for result in results if result]


def elements_of(form, row, lists, is_one_itself):
    """Returns the elements of lists in a row, or the seen part of the row itself."""
    found = [value for path in lists for value in values_at(row, path)]
    elements = [element for value in found for element in value.elements()]
    if not elements and is_one_itself:
        return [seen_part(row, form.seen)]
    return [element for element in elements if element.kind == "object"]


def seen_part(row, seen):
    """Returns a row with only the members that are seen (RULES.md 9.6)."""
    members = [member for member in row.members() if member.name in seen]
    return Value("object", row.source, row.start, row.end, members)


def string_at(element, path):
    """Returns the string of a member, or None."""
    return string_of(find(element, path.head)) if path else None


def word_at(element, path):
    """Returns the word of a member, or None."""
    return word_of(find(element, path.head)) if path else None


def result_beside(keys, element, time):
    """Returns the result that is beside a call, or None."""
    tests = [condition.path for condition in path_conditions(keys.failed)]
    paths = [*keys.success, *keys.error, *keys.message, *tests]
    if not any(is_set(value) for path in paths for value in values_at(element, path)):
        return None
    return read_result(keys, element, time)


def read_result(keys, element, time):
    """Reads a result, or returns None if it is missing."""
    if one_passes(keys.missing, element):
        return None
    failed = (
        any(flag_of(find(element, path.head)) is False for path in keys.success)
        or any(flag_of(find(element, path.head)) is True for path in keys.error)
        or one_passes(keys.failed, element, FALSE_SPELLINGS)
    )
    texts = [string_at(element, path) for path in keys.message]
    message = next((text for text in texts if text and trim(text)), None)
    seconds = read_seconds(find(element, keys.seconds.head)) if keys.seconds else None
    return ToolResult(
        id=string_at(element, keys.id),
        name=trim(string_at(element, keys.name) or ""),
        succeeded=not failed,
        message=message if failed else None,
        duration_ms=None if seconds is None else milliseconds(seconds),
        time=time,
    )


def milliseconds(nanoseconds):
    """Returns whole milliseconds, rounded half up."""
    return floor_half_up(Fraction(nanoseconds, SECOND // 1000))


def join_results(calls, results):
    """Gives results to their calls. Returns all calls, and whether a result has none."""
    waiting = {}
    for result in results:
        waiting.setdefault(result.id, []).append(result)
    for call in calls:
        if call.result is None and call.id is not None and waiting.get(call.id):
            call.result = waiting[call.id].pop(0)
    ids = {call.id for call in calls if call.id is not None}
    given = {id(call.result) for call in calls if call.result}
    alone = [r for r in results if id(r) not in given and (r.id is None or r.id not in ids)]
    made = [
        ToolCall(result.name or UNKNOWN, result.id, TOOL_CALL, False, result.time, result)
        for result in alone
    ]
    return calls + made, bool(made)
