"""The parts of a row that are read, by the keys of its form (MAPPING.md 3, `unread`)."""

from .conditions import path_conditions


def read(part, path, form):
    """Notes that a member is read, if the key is there."""
    if path:
        part.at(path).read_as(form)


def read_all(part, paths, form):
    """Notes that several members are read."""
    for path in paths:
        read(part, path, form)


def form_of_condition(condition):
    """Returns the form that a condition reads, or None."""
    if condition.test == "contains":
        return "any"
    if condition.test != "is":
        return None
    return "word" if {"true", "false"} & set(condition.words) else "text"


def read_conditions(part, conditions):
    """Notes the members that conditions with `is` and `contains` read."""
    for condition in path_conditions(conditions):
        form = form_of_condition(condition)
        if form:
            read(part, condition.path, form)


def read_clock(part, clock):
    """Notes the member of a clock, if the key is there."""
    if clock:
        read(part, clock.path, "number" if clock.in_call else "time")


def read_row(row, form):
    """Notes the parts of a row."""
    read_all(row, form.role, "scalar")
    read(row, form.text, "text")
    read_all(row, form.text_parts, "text")
    read(row, form.speech_ms, "number")
    read_all(row, form.latency, "number")
    if form.words:
        word = row.at(form.words.path).element()
        read_all(word, (form.words.start, form.words.end), "number")
    read(row, form.cut_off, "flag")
    read_clock(row, form.start)
    read_clock(row, form.end)
    read_all(row, form.order_by, "key")
    if form.calls:
        read_calls(row, form.calls)
    if form.results:
        read_results(row, form)
    read_conditions(row, form.not_spoken)


def places_of(row, lists):
    """Returns the parts of the elements of lists in a row, or the row itself without a list."""
    return [row.at(path).element() for path in lists] or [row]


def read_calls(row, calls):
    """Notes the parts of tool calls."""
    for place in places_of(row, calls.lists):
        read_all(place, (calls.name, calls.id, calls.kind, calls.row_name), "text")
        read_conditions(place, calls.cut_short)
    read(row, calls.row_name, "text")


def read_results(row, form):
    """Notes the parts of results. With `same_row` they are beside the calls."""
    results = form.results
    lists = results.lists
    if results.same_row:
        lists = form.calls.lists if form.calls else ()
    for place in places_of(row, lists):
        read_all(place, (results.id, results.name, *results.message), "text")
        read_all(place, (*results.success, *results.error), "flag")
        read(place, results.seconds, "number")
        read_conditions(place, results.failed)
